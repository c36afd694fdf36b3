//! What Saldo does by itself once a business day. Several servers on one database share the work under a lease: one
//! does a day's jobs, the others find them done. Days that were missed are made up for, in order. Every job may run
//! twice for the same day without effect.

use crate::dto::error::AppError;
use crate::server::context::{Actor, Ctx};
use crate::server::services::{clock, expiry};
use crate::server::store::Tx;
use crate::server::store::jobs as store;
use chrono::{Duration, NaiveDate};
use std::time::Duration as Pause;
use uuid::Uuid;

/// The name under which the lease and the last day done are kept.
const JOB: &str = "daily";

/// How long the others leave the jobs alone when a server has died over them.
const LEASE_SECONDS: i64 = 120;

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
    if missed(ctx).await?.is_empty() || !take_lease(ctx, server).await? {
        return Ok(false);
    }
    let renewing = async {
        loop {
            tokio::time::sleep(RENEWED_EVERY).await;
            if let Err(error) = take_lease(ctx, server).await {
                tracing::warn!(%error, "the lease of the daily jobs could not be renewed");
            }
        }
    };
    let result = tokio::select! {
        result = run_missed(ctx) => result,
        () = renewing => Ok(()),
    };
    let tx = Tx::begin(ctx).await?;
    store::end_lease(&tx, JOB, server).await?;
    tx.commit(ctx).await?;
    result.map(|()| true)
}

async fn take_lease(ctx: &Ctx, server: Uuid) -> Result<bool, AppError> {
    let tx = Tx::begin(ctx).await?;
    let lasting = Duration::seconds(LEASE_SECONDS);
    let taken = store::take_lease(&tx, ctx, JOB, server, lasting).await?;
    tx.commit(ctx).await?;
    Ok(taken)
}

async fn run_missed(ctx: &Ctx) -> Result<(), AppError> {
    // Asked again under the lease: another server may have just been done.
    for day in missed(ctx).await? {
        run_day(ctx, day).await?;
        set_done(ctx, day).await?;
    }
    Ok(())
}

/// The days up to today whose jobs are not done, in order; only today where none ever was.
async fn missed(ctx: &Ctx) -> Result<Vec<NaiveDate>, AppError> {
    let tx = Tx::begin_reading(ctx).await?;
    let today = ctx.today();
    let first = match store::done_through(&tx, JOB).await? {
        Some(done) => done.succ_opt().unwrap_or(NaiveDate::MAX),
        None => today,
    };
    Ok(first.iter_days().take_while(|day| *day <= today).collect())
}

async fn set_done(ctx: &Ctx, day: NaiveDate) -> Result<(), AppError> {
    let tx = Tx::begin(ctx).await?;
    store::set_done_through(&tx, ctx, JOB, day).await?;
    tx.commit(ctx).await
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
        Some(last) => set_done(&system, *last).await,
        None => Ok(()),
    }
}
