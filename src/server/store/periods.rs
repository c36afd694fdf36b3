//! Which days are closed, per kind of journal, and to whom they were opened again.
//!
//! Whoever posts shares a lock on the journal's period until their transaction ends, and whoever closes it holds that
//! lock alone: a day that was read as open stays open until what is posted on it is committed. Posters share it
//! after the locks on accounts, invoices and grants; who closes takes this lock only, so nobody waits in a circle.

use super::Tx;
use super::entity::closed_periods::{ActiveModel, Column, Entity};
use super::entity::period_exceptions;
use super::sql;
use crate::domain::dates::ClosedDays;
use crate::domain::ids::{PeriodExceptionId, UserId};
use crate::domain::ledger::JournalKind;
use crate::server::context::Ctx;
use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ConnectionTrait, DatabaseBackend, DbErr, EntityTrait, FromQueryResult,
};

/// The first half of the key of PostgreSQL's advisory locks on periods; the second half is the journal.
const PERIOD_LOCKS: i32 = 0x5A1D0;

/// The last closed day of a kind of journal for the actor, if any day is closed to them. It stays so until the
/// transaction ends; an exception that runs out meanwhile is no reason to stop.
pub async fn closed_through(
    tx: &Tx,
    ctx: &Ctx,
    journal: JournalKind,
) -> Result<Option<NaiveDate>, DbErr> {
    lock(tx, journal, "pg_advisory_xact_lock_shared").await?;
    let Some(closed) = read(tx, journal).await? else {
        return Ok(None);
    };
    let opens_from = match ctx.actor.user() {
        Some(user) => opens_from(tx, journal, user, ctx.clock.now()).await?,
        None => None,
    };
    Ok(Some(closed.closed_through_for(opens_from)))
}

/// The closed days of a kind of journal, for whoever is about to change them: nobody posts to the journal meanwhile.
pub async fn closed_alone(tx: &Tx, journal: JournalKind) -> Result<Option<ClosedDays>, DbErr> {
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

async fn read(tx: &Tx, journal: JournalKind) -> Result<Option<ClosedDays>, DbErr> {
    let row = Entity::find_by_id(journal.code().to_owned())
        .one(&tx.connection)
        .await?;
    Ok(row.map(|row| ClosedDays {
        closed_through: row.closed_through,
        locked_through: row.locked_through,
    }))
}

#[derive(FromQueryResult)]
struct OpensFrom {
    opens_from: Option<NaiveDate>,
}

/// The first day that exceptions open to a person now.
async fn opens_from(
    tx: &Tx,
    journal: JournalKind,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<Option<NaiveDate>, DbErr> {
    let sql = "SELECT MIN(opens_from) AS opens_from FROM period_exceptions
        WHERE user_id = $1 AND journal = $2 AND until > $3 AND ended_at IS NULL";
    let values = vec![user.0.into(), journal.code().into(), now.into()];
    let rows = sql::all::<OpensFrom>(tx, sql, values).await?;
    Ok(rows.into_iter().next().and_then(|row| row.opens_from))
}

/// The closed days of a kind of journal are these from now on.
pub async fn close(tx: &Tx, journal: JournalKind, days: ClosedDays) -> Result<(), DbErr> {
    let row = ActiveModel {
        journal: Set(journal.code().to_owned()),
        closed_through: Set(days.closed_through),
        locked_through: Set(days.locked_through),
    };
    let replace = OnConflict::column(Column::Journal)
        .update_columns([Column::ClosedThrough, Column::LockedThrough])
        .to_owned();
    Entity::insert(row)
        .on_conflict(replace)
        .exec_without_returning(&tx.connection)
        .await?;
    Ok(())
}

/// Closed days opened to one person for a while.
pub struct NewException<'a> {
    pub id: PeriodExceptionId,
    pub journal: JournalKind,
    pub user: UserId,
    pub opens_from: NaiveDate,
    pub until: DateTime<Utc>,
    pub reason: &'a str,
}

pub async fn open_to(tx: &Tx, ctx: &Ctx, exception: &NewException<'_>) -> Result<(), DbErr> {
    let row = period_exceptions::ActiveModel {
        id: Set(exception.id.0),
        journal: Set(exception.journal.code().to_owned()),
        user_id: Set(exception.user.0),
        opens_from: Set(exception.opens_from),
        until: Set(exception.until),
        reason: Set(exception.reason.to_owned()),
        granted_at: Set(ctx.clock.now()),
        granted_by: Set(ctx.actor.label()),
        ended_at: Set(None),
    };
    period_exceptions::Entity::insert(row)
        .exec_without_returning(&tx.connection)
        .await?;
    Ok(())
}

/// An exception ends now; the kind of journal it was for. `None` where there is none that still runs.
pub async fn end_exception(
    tx: &Tx,
    ctx: &Ctx,
    id: PeriodExceptionId,
) -> Result<Option<JournalKind>, DbErr> {
    let found = period_exceptions::Entity::find_by_id(id.0)
        .one(&tx.connection)
        .await?;
    let now = ctx.clock.now();
    let runs = |row: &period_exceptions::Model| row.ended_at.is_none() && row.until > now;
    let Some(row) = found.filter(runs) else {
        return Ok(None);
    };
    let ended = period_exceptions::ActiveModel {
        id: Set(id.0),
        ended_at: Set(Some(now)),
        ..Default::default()
    };
    period_exceptions::Entity::update(ended)
        .exec(&tx.connection)
        .await?;
    Ok(JournalKind::from_code(&row.journal))
}
