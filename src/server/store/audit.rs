//! The audit trail: who did what, when and why. Rows are never changed.

use super::Tx;
use super::entity::audit_events::{ActiveModel, Column, Entity};
use crate::domain::ids::{CustomerId, ReceivableAccountId};
use crate::server::context::Ctx;
use sea_orm::{ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};
use serde_json::Value;
use uuid::Uuid;

/// One act on one subject.
pub struct AuditEvent<'a> {
    /// Noun and verb, for example `payment.recorded`.
    pub act: &'a str,
    pub subject_kind: &'a str,
    pub subject_id: String,
    pub customer: Option<CustomerId>,
    pub account: Option<ReceivableAccountId>,
    pub reason: Option<&'a str>,
    /// What changed, for people and programs: before and after where there is a before.
    pub details: Value,
}

pub async fn record(tx: &Tx, ctx: &Ctx, event: AuditEvent<'_>) -> Result<(), DbErr> {
    let row = ActiveModel {
        id: Set(Uuid::now_v7()),
        recorded_at: Set(ctx.clock.now()),
        actor: Set(ctx.actor.label()),
        act: Set(event.act.to_owned()),
        subject_kind: Set(event.subject_kind.to_owned()),
        subject_id: Set(event.subject_id),
        customer_id: Set(event.customer.map(|id| id.0)),
        account_id: Set(event.account.map(|id| id.0)),
        reason: Set(event
            .reason
            .filter(|reason| !reason.is_empty())
            .map(str::to_owned)),
        details: Set(event.details.to_string()),
    };
    Entity::insert(row)
        .exec_without_returning(&tx.connection)
        .await?;
    Ok(())
}

/// Names of the fields that acts of this kind changed since the subject had `version`; each once, in the order of
/// the changes. Reads the `version` and `after` such acts leave in their details.
pub async fn changed_since(
    tx: &Tx,
    act: &str,
    subject_id: &str,
    version: i64,
) -> Result<Vec<String>, DbErr> {
    let rows = Entity::find()
        .filter(Column::SubjectId.eq(subject_id))
        .filter(Column::Act.eq(act))
        .order_by_asc(Column::RecordedAt)
        .all(&tx.connection)
        .await?;
    let mut names = Vec::new();
    for row in rows {
        let details: Value = serde_json::from_str(&row.details)
            .map_err(|_| DbErr::Type("audit_events.details holds no JSON".to_owned()))?;
        if details["version"]
            .as_i64()
            .is_none_or(|made| made <= version)
        {
            continue;
        }
        let after = details["after"].as_object().into_iter().flatten();
        for (name, _) in after {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
    }
    Ok(names)
}
