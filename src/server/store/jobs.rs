//! Jobs of several servers on one database: who does one now, and how far it is done.

use super::Tx;
use super::sql;
use crate::server::context::Ctx;
use chrono::{Duration, NaiveDate};
use sea_orm::{DbErr, FromQueryResult};
use uuid::Uuid;

/// The job is the holder's for so long, unless another one holds it. Says whether it is.
pub async fn take_lease(
    tx: &Tx,
    ctx: &Ctx,
    job: &str,
    holder: Uuid,
    lasting: Duration,
) -> Result<bool, DbErr> {
    let now = ctx.clock.now();
    let statement = "INSERT INTO job_leases (job, holder, held_until) VALUES ($1, $2, $3)
        ON CONFLICT (job) DO UPDATE SET holder = excluded.holder, held_until = excluded.held_until
        WHERE job_leases.holder = excluded.holder OR job_leases.held_until < $4";
    let values = vec![
        job.into(),
        holder.into(),
        (now + lasting).into(),
        now.into(),
    ];
    Ok(sql::execute(tx, statement, values).await? > 0)
}

/// The holder lets go of the job.
pub async fn end_lease(tx: &Tx, job: &str, holder: Uuid) -> Result<(), DbErr> {
    let statement = "DELETE FROM job_leases WHERE job = $1 AND holder = $2";
    sql::execute(tx, statement, vec![job.into(), holder.into()]).await?;
    Ok(())
}

#[derive(FromQueryResult)]
struct DoneRow {
    done_through: NaiveDate,
}

/// The last business day the job was done for.
pub async fn done_through(tx: &Tx, job: &str) -> Result<Option<NaiveDate>, DbErr> {
    let statement = "SELECT done_through FROM daily_jobs WHERE job = $1";
    let rows = sql::all::<DoneRow>(tx, statement, vec![job.into()]).await?;
    Ok(rows.first().map(|row| row.done_through))
}

/// The job is done for all days through `day`. Never goes back.
pub async fn set_done_through(tx: &Tx, ctx: &Ctx, job: &str, day: NaiveDate) -> Result<(), DbErr> {
    let statement = "INSERT INTO daily_jobs (job, done_through, done_at) VALUES ($1, $2, $3)
        ON CONFLICT (job) DO UPDATE SET done_through = excluded.done_through, done_at = excluded.done_at
        WHERE daily_jobs.done_through < excluded.done_through";
    let values = vec![job.into(), day.into(), ctx.clock.now().into()];
    sql::execute(tx, statement, values).await?;
    Ok(())
}
