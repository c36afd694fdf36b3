//! Which server does a job now, and for which business days it is done.

use crate::dto::error::AppError;
use crate::server::context::Ctx;
use crate::server::store::{Tx, jobs as store};
use chrono::{Duration, NaiveDate};
use uuid::Uuid;

/// How long other servers leave a job alone when the one that does it has died.
const LEASE_SECONDS: i64 = 120;

/// The job is this server's for the next two minutes, unless another one is at it. Says whether it is.
pub async fn take_lease(ctx: &Ctx, job: &str, server: Uuid) -> Result<bool, AppError> {
    let tx = Tx::begin(ctx).await?;
    let lasting = Duration::seconds(LEASE_SECONDS);
    let taken = store::take_lease(&tx, ctx, job, server, lasting).await?;
    tx.commit(ctx).await?;
    Ok(taken)
}

/// This server lets go of the job.
pub async fn end_lease(ctx: &Ctx, job: &str, server: Uuid) -> Result<(), AppError> {
    let tx = Tx::begin(ctx).await?;
    store::end_lease(&tx, job, server).await?;
    tx.commit(ctx).await
}

/// The business days up to today for which the job is not done, in order; only today where it never was.
pub async fn missed(ctx: &Ctx, job: &str) -> Result<Vec<NaiveDate>, AppError> {
    let tx = Tx::begin_reading(ctx).await?;
    let today = ctx.today();
    let first = match store::done_through(&tx, job).await? {
        Some(done) => done.succ_opt().unwrap_or(NaiveDate::MAX),
        None => today,
    };
    Ok(first.iter_days().take_while(|day| *day <= today).collect())
}

/// The job is done for all days through `day`.
pub async fn set_done(ctx: &Ctx, job: &str, day: NaiveDate) -> Result<(), AppError> {
    let tx = Tx::begin(ctx).await?;
    store::set_done_through(&tx, ctx, job, day).await?;
    tx.commit(ctx).await
}
