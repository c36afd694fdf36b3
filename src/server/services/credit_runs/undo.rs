//! Undoing a whole run.

use super::{ACCOUNTS_PER_CHUNK, Done, Progress, summary};
use crate::domain::ids::{CreditRunId, ReceivableAccountId};
use crate::domain::ledger::EntrySource;
use crate::domain::rights::Right;
use crate::dto::credit_runs::{CreditRunSummary, CreditRunUndo, RunState};
use crate::dto::error::{AppError, Refusal};
use crate::server::context::Ctx;
use crate::server::services::applications::{Undo, undo_one};
use crate::server::services::expiry::Lapsing;
use crate::server::services::{calendar, id};
use crate::server::store::audit::{self, AuditEvent};
use crate::server::store::credit_runs::{self as store, AccountOutcome, StoredRun};
use crate::server::store::{Tx, accounts, applications};
use serde_json::json;
use uuid::Uuid;

/// Undoes a whole run: every application of it that still stands is undone by its contra entry; those that have
/// moved on are named and left alone. Undoing again finishes an undo that stopped and changes nothing else.
pub async fn undo(
    ctx: &Ctx,
    command: CreditRunUndo,
    progress: Progress<'_>,
) -> Result<CreditRunSummary, AppError> {
    let (run, _) = start_undo(ctx, &command).await?;
    work_off_undo(ctx, run, command.reason, progress).await
}

/// The first step of an undo: the run is being undone. Answers its id and how many accounts it has;
/// [`work_off_undo`] does them.
pub async fn start_undo(
    ctx: &Ctx,
    command: &CreditRunUndo,
) -> Result<(CreditRunId, u32), AppError> {
    ctx.actor.require(Right::ApplyCredits)?;
    let run: CreditRunId = id(&command.run)?;
    let tx = Tx::begin(ctx).await?;
    let stored = store::lock(&tx, run).await?.ok_or(AppError::NotFound)?;
    match stored.state {
        RunState::Done => store::set_state(&tx, ctx, run, RunState::Undoing).await?,
        RunState::Undoing | RunState::Undone => {}
        RunState::Preview | RunState::Running => return Err(Refusal::RunNotDone.of_act()),
    }
    let (accounts, _) = store::progress(&tx, run).await?;
    tx.commit(ctx).await?;
    Ok((run, accounts))
}

/// Undoes what still stands of a run that is being undone, then closes it.
pub async fn work_off_undo(
    ctx: &Ctx,
    run: CreditRunId,
    reason: String,
    progress: Progress<'_>,
) -> Result<CreditRunSummary, AppError> {
    ctx.actor.require(Right::ApplyCredits)?;
    let applied = Some(AccountOutcome::Applied);
    let tx = Tx::begin_reading(ctx).await?;
    let mut done = Done {
        accounts: 0,
        of: store::count_accounts(&tx, run, applied).await?,
    };
    drop(tx);
    progress(done);
    let mut after = Uuid::nil();
    loop {
        let tx = Tx::begin(ctx).await?;
        let stored = store::find(&tx, run).await?.ok_or(AppError::NotFound)?;
        if stored.state != RunState::Undoing {
            break;
        }
        let chunk = store::next_accounts(&tx, run, applied, after, ACCOUNTS_PER_CHUNK).await?;
        let Some(last) = chunk.last() else { break };
        after = last.account.0;
        let ids: Vec<ReceivableAccountId> = chunk.iter().map(|row| row.account).collect();
        undo_accounts(ctx, &tx, &stored, &ids, &reason).await?;
        tx.commit(ctx).await?;
        done.accounts += ids.len() as u64;
        progress(done);
    }
    close(ctx, run, &reason).await?;
    summary(ctx, run).await
}

async fn undo_accounts(
    ctx: &Ctx,
    tx: &Tx,
    run: &StoredRun,
    ids: &[ReceivableAccountId],
    reason: &str,
) -> Result<(), AppError> {
    let locked = accounts::lock_many(tx, ids).await?;
    let calendar = calendar(ctx, tx, None, EntrySource::Application, reason).await?;
    let unapplied_on = ctx.today().max(run.effective_on);
    let posting_on = calendar.system_posting_day(unapplied_on);
    let reason = Some(reason.to_owned());
    let undo = Undo {
        unapplied_on,
        posting_on,
        run: Some(run.id),
        reason,
        lapsing: Lapsing::ByRule,
    };
    let made = applications::of_run(tx, run.id, ids).await?;
    for account in &locked {
        for application in made
            .iter()
            .filter(|made| made.account == account.id && !made.unapplied)
        {
            undo_one(ctx, tx, account, application, &undo).await?;
        }
        tx.note(account.event());
    }
    accounts::refresh(tx, ids).await?;
    Ok(())
}

async fn close(ctx: &Ctx, run: CreditRunId, reason: &str) -> Result<(), AppError> {
    let tx = Tx::begin(ctx).await?;
    let stored = store::lock(&tx, run).await?.ok_or(AppError::NotFound)?;
    if stored.state != RunState::Undoing {
        return tx.commit(ctx).await;
    }
    store::set_state(&tx, ctx, run, RunState::Undone).await?;
    audit::record(
        &tx,
        ctx,
        AuditEvent {
            act: "credit_run.undone",
            subject_kind: "credit_run",
            subject_id: run.to_string(),
            customer: None,
            account: None,
            reason: Some(reason),
            details: json!({}),
        },
    )
    .await?;
    tx.commit(ctx).await
}
