//! What Saldo does by itself once a business day. Several servers on one database share the work under a lease: one
//! does a day's jobs, the others find them done. Days that were missed are made up for, in order. Every job may run
//! twice for the same day without effect.

use crate::dto::error::AppError;
use crate::server::context::{Actor, Ctx};
use crate::server::services::{clock, expiry, jobs};
use chrono::NaiveDate;
use std::time::Duration as Pause;
use uuid::Uuid;

/// The name under which the lease and the last day done are kept.
const JOB: &str = "daily";

/// How often the holder of the lease says that it is at work.
const RENEWED_EVERY: Pause = Pause::from_secs(30);

/// How long to wait before looking again, at most: for a lease that ran out, or a database that was away.
const LOOKS_AGAIN: Pause = Pause::from_secs(60);

/// Runs the jobs of every day until the server ends: those that were missed at once, then each day's at its turn.
pub async fn keep_up(ctx: Ctx) {
    let ctx = ctx.as_actor(Actor::System);
    let server = Uuid::now_v7();
    loop {
        if let Err(error) = catch_up(&ctx, server).await {
            tracing::error!(%error, "the daily jobs did not run to their end; they will be tried again");
        }
        tokio::time::sleep(until_next_look(&ctx)).await;
    }
}

/// To the turn of the business day, and no longer than a minute: another server may stop half-way.
fn until_next_look(ctx: &Ctx) -> Pause {
    let tomorrow = ctx.today().succ_opt().unwrap_or(NaiveDate::MAX);
    let left = ctx.clock.start_of(tomorrow) - ctx.clock.now();
    // A business date that stands still may be past already.
    left.to_std()
        .map_or(LOOKS_AGAIN, |left| left.min(LOOKS_AGAIN))
}

/// Runs the jobs of the days not done yet, unless another server is at it. Says whether this one was.
pub async fn catch_up(ctx: &Ctx, server: Uuid) -> Result<bool, AppError> {
    if jobs::missed(ctx, JOB).await?.is_empty() || !jobs::take_lease(ctx, JOB, server).await? {
        return Ok(false);
    }
    let renewing = async {
        loop {
            tokio::time::sleep(RENEWED_EVERY).await;
            if let Err(error) = jobs::take_lease(ctx, JOB, server).await {
                tracing::warn!(%error, "the lease of the daily jobs could not be renewed");
            }
        }
    };
    let result = tokio::select! {
        result = run_missed(ctx) => result,
        () = renewing => Ok(()),
    };
    jobs::end_lease(ctx, JOB, server).await?;
    result.map(|()| true)
}

async fn run_missed(ctx: &Ctx) -> Result<(), AppError> {
    // Asked again under the lease: another server may have just been done.
    for day in jobs::missed(ctx, JOB).await? {
        run_day(ctx, day).await?;
        jobs::set_done(ctx, JOB, day).await?;
    }
    Ok(())
}

/// The jobs of one business day, in order. Each may be repeated.
async fn run_day(ctx: &Ctx, day: NaiveDate) -> Result<(), AppError> {
    let lapsed = expiry::expire(ctx, day, &|_| {}).await?;
    if lapsed.grants > 0 {
        tracing::info!(%day, grants = lapsed.grants, "credit lapsed");
    }
    Ok(())
}

/// Moves the business date of a server with a test clock on and runs the jobs of every day that passes, in order.
pub async fn advance_clock(ctx: &Ctx, today: NaiveDate) -> Result<(), AppError> {
    let days = clock::advance(ctx, today).await?;
    let system = ctx.as_actor(Actor::System);
    for day in &days {
        clock::pass(ctx, *day)?;
        run_day(&system, *day).await?;
    }
    match days.last() {
        Some(last) => jobs::set_done(&system, JOB, *last).await,
        None => Ok(()),
    }
}
