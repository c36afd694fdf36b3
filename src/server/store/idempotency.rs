//! Answers kept under idempotency keys.

use super::Tx;
use super::entity::idempotency_keys::{ActiveModel, Column, Entity};
use chrono::{DateTime, Utc};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, DbErr, EntityTrait};

/// What was answered under a key, to which content.
pub struct KeptAnswer {
    pub fingerprint: String,
    pub answer: String,
    pub recorded_at: DateTime<Utc>,
}

pub async fn find(tx: &Tx, actor: &str, key: &str) -> Result<Option<KeptAnswer>, DbErr> {
    let row = Entity::find_by_id((actor.to_owned(), key.to_owned()))
        .one(&tx.connection)
        .await?;
    Ok(row.map(|row| KeptAnswer {
        fingerprint: row.fingerprint,
        answer: row.answer,
        recorded_at: row.recorded_at,
    }))
}

/// Keeps an answer; one that was kept under the same key and has aged out is replaced.
pub async fn keep(tx: &Tx, actor: &str, key: &str, kept: KeptAnswer) -> Result<(), DbErr> {
    let row = ActiveModel {
        actor: Set(actor.to_owned()),
        idempotency_key: Set(key.to_owned()),
        fingerprint: Set(kept.fingerprint),
        answer: Set(kept.answer),
        recorded_at: Set(kept.recorded_at),
    };
    let replace = OnConflict::columns([Column::Actor, Column::IdempotencyKey])
        .update_columns([Column::Fingerprint, Column::Answer, Column::RecordedAt])
        .to_owned();
    Entity::insert(row)
        .on_conflict(replace)
        .exec_without_returning(&tx.connection)
        .await?;
    Ok(())
}
