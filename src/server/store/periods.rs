//! Which days are closed, per kind of journal.
//!
//! Whoever posts shares a lock on the journal's period until their transaction ends, and whoever closes it holds that
//! lock alone: a day that was read as open stays open until what is posted on it is committed. Posters share it
//! after the locks on accounts, invoices and grants; who closes takes this lock only, so nobody waits in a circle.

use super::Tx;
use super::entity::closed_periods::{ActiveModel, Column, Entity};
use super::sql;
use crate::domain::ledger::JournalKind;
use chrono::NaiveDate;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ConnectionTrait, DatabaseBackend, DbErr, EntityTrait};

/// The first half of the key of PostgreSQL's advisory locks on periods; the second half is the journal.
const PERIOD_LOCKS: i32 = 0x5A1D0;

/// The last closed day of a kind of journal, if any day is closed. It stays so until the transaction ends.
pub async fn closed_through(tx: &Tx, journal: JournalKind) -> Result<Option<NaiveDate>, DbErr> {
    lock(tx, journal, "pg_advisory_xact_lock_shared").await?;
    read(tx, journal).await
}

/// As [`closed_through`], for whoever is about to change it: nobody posts to the journal meanwhile.
pub async fn closed_through_alone(
    tx: &Tx,
    journal: JournalKind,
) -> Result<Option<NaiveDate>, DbErr> {
    lock(tx, journal, "pg_advisory_xact_lock").await?;
    read(tx, journal).await
}

/// SQLite has one writer at a time. A lock of its own and not the row's: before the first closing there is no row,
/// and a row that everybody locks is written by everybody.
async fn lock(tx: &Tx, journal: JournalKind, function: &str) -> Result<(), DbErr> {
    if tx.connection.get_database_backend() != DatabaseBackend::Postgres {
        return Ok(());
    }
    let journal: i32 = match journal {
        JournalKind::Sales => 1,
        JournalKind::Cash => 2,
        JournalKind::Credit => 3,
    };
    let statement = format!("SELECT {function}($1, $2)");
    sql::execute(tx, &statement, vec![PERIOD_LOCKS.into(), journal.into()]).await?;
    Ok(())
}

async fn read(tx: &Tx, journal: JournalKind) -> Result<Option<NaiveDate>, DbErr> {
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
