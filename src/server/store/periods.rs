//! Which days are closed, per kind of journal.

use super::Tx;
use super::entity::closed_periods::{ActiveModel, Column, Entity};
use crate::domain::ledger::JournalKind;
use chrono::NaiveDate;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, DbErr, EntityTrait};

/// The last closed day of a kind of journal, if any day is closed.
pub async fn closed_through(tx: &Tx, journal: JournalKind) -> Result<Option<NaiveDate>, DbErr> {
    let row = Entity::find_by_id(journal.code().to_owned())
        .one(&tx.connection)
        .await?;
    Ok(row.map(|row| row.closed_through))
}

/// Closes a kind of journal through a day.
pub async fn close(tx: &Tx, journal: JournalKind, through: NaiveDate) -> Result<(), DbErr> {
    let row = ActiveModel {
        journal: Set(journal.code().to_owned()),
        closed_through: Set(through),
    };
    let replace = OnConflict::column(Column::Journal)
        .update_column(Column::ClosedThrough)
        .to_owned();
    Entity::insert(row)
        .on_conflict(replace)
        .exec_without_returning(&tx.connection)
        .await?;
    Ok(())
}
