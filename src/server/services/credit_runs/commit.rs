//! Committing a run: chunk by chunk, each account once, whoever else works at it.

use super::funds::{self, AccountFunds};
use super::preview::{check_seen, struck_after};
use super::{ACCOUNTS_PER_CHUNK, Begun, Done, Progress, begin, posting_day, read, summary};
use crate::domain::allocation::{Allocation, StruckPairs};
use crate::domain::ids::{CreditGrantId, CreditRunId, InvoiceId, ReceivableAccountId};
use crate::domain::ledger::EntrySource;
use crate::domain::rights::Right;
use crate::dto::credit_runs::{CreditRunCommit, CreditRunSummary, NewCreditRun, RunState};
use crate::dto::error::{AppError, Refusal};
use crate::server::context::Ctx;
use crate::server::services::applications::{DatedApplications, planned};
use crate::server::services::{calendar, id};
use crate::server::store::audit::{self, AuditEvent};
use crate::server::store::credit_runs::{self as store, AccountOutcome, RunAccount, StoredRun};
use crate::server::store::{Tx, accounts, applications, grants, invoices, journal};
use chrono::NaiveDate;
use serde_json::json;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// Commits a previewed run without the pairs the person struck out. Accounts that changed since the preview are left
/// alone and named; the rest goes through. Committing again finishes a run that stopped and changes nothing else.
///
/// Refuses with `PeriodClosed` when the run's date has been closed since the preview, and with `PairsChanged` when striking out makes credit pay something that the preview did not show.
pub async fn commit(
    ctx: &Ctx,
    command: CreditRunCommit,
    progress: Progress<'_>,
) -> Result<CreditRunSummary, AppError> {
    let (run, _) = start(ctx, &command).await?;
    work_off(ctx, run, progress).await
}

/// The first step of a commit: the run is running, without the pairs struck out. Answers its id and how many
/// accounts it has; [`work_off`] does them.
pub async fn start(ctx: &Ctx, command: &CreditRunCommit) -> Result<(CreditRunId, u32), AppError> {
    ctx.actor.require(Right::ApplyCredits)?;
    let run_id: CreditRunId = id(&command.run)?;
    let tx = Tx::begin(ctx).await?;
    let run = store::lock(&tx, run_id).await?.ok_or(AppError::NotFound)?;
    match run.state {
        RunState::Preview => {
            posting_day(ctx, &tx, run.effective_on).await?;
            let before = store::struck(&tx, run_id).await?;
            let after = struck_after(before.clone(), command)?;
            check_seen(ctx, &tx, &run, &before, &after, command).await?;
            store::strike(&tx, run_id, &after).await?;
            store::set_state(&tx, ctx, run_id, RunState::Running).await?;
        }
        RunState::Running | RunState::Done => {}
        RunState::Undoing | RunState::Undone => return Err(Refusal::RunNotInPreview.of_act()),
    }
    let (accounts, _) = store::progress(&tx, run_id).await?;
    tx.commit(ctx).await?;
    Ok((run_id, accounts))
}

/// A run without a preview, as the command and jobs make it: finds, applies and finishes. The same key again gives
/// the first run's answer, finishing it first where it stopped half-way.
pub async fn run(
    ctx: &Ctx,
    command: NewCreditRun,
    progress: Progress<'_>,
) -> Result<CreditRunSummary, AppError> {
    ctx.actor.require(Right::ApplyCredits)?;
    let id = CreditRunId(Uuid::now_v7());
    let key = match command.key.trim() {
        "" => format!("fresh:{id}"),
        key => key.to_owned(),
    };
    let run = match begin(ctx, &command, id, key, RunState::Running).await? {
        Begun::Now(run) => run,
        Begun::Earlier(earlier) => {
            check_same(&earlier, &command, ctx)?;
            earlier
        }
    };
    work_off(ctx, run.id, progress).await
}

/// The same key with another scope or date is another request.
fn check_same(earlier: &StoredRun, command: &NewCreditRun, ctx: &Ctx) -> Result<(), AppError> {
    let asked = read(ctx, command)?;
    let same = earlier.effective_on == asked.effective_on
        && earlier.scope == asked.scope
        && earlier.scope_value == asked.scope_value
        && earlier.order_of_use == asked.order_of_use;
    if same {
        Ok(())
    } else {
        Err(AppError::KeyConflict)
    }
}

/// Does every account of a running run that is not done yet, then closes the run.
pub async fn work_off(
    ctx: &Ctx,
    run: CreditRunId,
    progress: Progress<'_>,
) -> Result<CreditRunSummary, AppError> {
    ctx.actor.require(Right::ApplyCredits)?;
    let tx = Tx::begin(ctx).await?;
    let stored = store::lock(&tx, run).await?.ok_or(AppError::NotFound)?;
    let struck = store::struck(&tx, run).await?;
    let mut done = Done {
        accounts: 0,
        of: match stored.previewed {
            true => store::count_accounts(&tx, run, None).await?,
            false => store::count_candidates(&tx, &stored).await?,
        },
    };
    tx.commit(ctx).await?;
    if stored.state == RunState::Running {
        progress(done);
        let mut after = Uuid::nil();
        loop {
            let chunk = next_chunk(ctx, &stored, after).await?;
            let Some(last) = chunk.last() else { break };
            after = last.account.0;
            do_chunk(ctx, &stored, &chunk, &struck).await?;
            done.accounts += chunk.len() as u64;
            progress(done);
        }
        close(ctx, run).await?;
    }
    summary(ctx, run).await
}

/// One account to be done; `seen` is what a preview saw there.
#[derive(Clone, Copy)]
struct AccountToDo {
    account: ReceivableAccountId,
    seen: Option<RunAccount>,
}

async fn next_chunk(ctx: &Ctx, run: &StoredRun, after: Uuid) -> Result<Vec<AccountToDo>, AppError> {
    let tx = Tx::begin(ctx).await?;
    let chunk = if run.previewed {
        let seen = store::next_accounts(&tx, run.id, None, after, ACCOUNTS_PER_CHUNK).await?;
        seen.into_iter()
            .map(|seen| AccountToDo {
                account: seen.account,
                seen: Some(seen),
            })
            .collect()
    } else {
        let candidates = store::next_candidates(&tx, run, after, ACCOUNTS_PER_CHUNK).await?;
        candidates
            .into_iter()
            .map(|account| AccountToDo {
                account,
                seen: None,
            })
            .collect()
    };
    tx.commit(ctx).await?;
    Ok(chunk)
}

/// Does a chunk in one transaction; when that fails, account by account, so that one account stops no other.
async fn do_chunk(
    ctx: &Ctx,
    run: &StoredRun,
    chunk: &[AccountToDo],
    struck: &StruckPairs,
) -> Result<(), AppError> {
    if do_accounts(ctx, run, chunk, struck).await.is_ok() {
        return Ok(());
    }
    for one in chunk {
        let result = do_accounts(ctx, run, std::slice::from_ref(one), struck).await;
        match result {
            Ok(()) => {}
            // The database is gone: nothing more can be done now, and running again finishes the work.
            Err(AppError::Unavailable { incident }) => {
                return Err(AppError::Unavailable { incident });
            }
            Err(error) => note_failure(ctx, run, one, &error).await?,
        }
    }
    Ok(())
}

async fn note_failure(
    ctx: &Ctx,
    run: &StoredRun,
    one: &AccountToDo,
    error: &AppError,
) -> Result<(), AppError> {
    tracing::error!(run = %run.id, account = %one.account, %error, "an account of a credit run failed");
    let tx = Tx::begin(ctx).await?;
    accounts::lock(&tx, one.account).await?;
    if !store::done(&tx, run.id, &[one.account]).await?.is_empty() {
        return Ok(());
    }
    let row = one.seen.unwrap_or(RunAccount {
        account: one.account,
        version: 0,
        pairs: 0,
        total_minor: 0,
        outcome: None,
    });
    let failed = RunAccount {
        outcome: Some(AccountOutcome::Failed),
        ..row
    };
    store::put_accounts(&tx, run.id, &[failed]).await?;
    tx.commit(ctx).await
}

async fn do_accounts(
    ctx: &Ctx,
    run: &StoredRun,
    chunk: &[AccountToDo],
    struck: &StruckPairs,
) -> Result<(), AppError> {
    let tx = Tx::begin(ctx).await?;
    let ids: Vec<ReceivableAccountId> = chunk.iter().map(|one| one.account).collect();
    let found = funds::find(ctx, &tx, run, &ids).await?;
    // Asked once the accounts are locked: somebody else may be working off the same run.
    let done = store::done(&tx, run.id, &ids).await?;
    let posting_on = posting_on(ctx, &tx, run).await?;
    let seen: HashMap<ReceivableAccountId, RunAccount> = chunk
        .iter()
        .filter_map(|one| one.seen.map(|seen| (one.account, seen)))
        .collect();
    let mut outcomes = Vec::with_capacity(found.len());
    let mut to_write = Vec::with_capacity(found.len());
    for found in found
        .iter()
        .filter(|found| !done.contains(&found.account.id))
    {
        let as_previewed = found.row(&found.pairs(&StruckPairs::new()), None);
        let stale = seen
            .get(&found.account.id)
            .is_some_and(|seen| as_previewed != *seen);
        let pairs = found.pairs(struck);
        let outcome = match (stale, pairs.is_empty()) {
            (true, _) => AccountOutcome::Stale,
            (false, true) => AccountOutcome::Nothing,
            (false, false) => AccountOutcome::Applied,
        };
        outcomes.push(found.row(&pairs, Some(outcome)));
        if outcome == AccountOutcome::Applied {
            to_write.push(AccountPlan { found, pairs });
        }
    }
    write_plans(ctx, &tx, run, posting_on, &to_write).await?;
    store::put_accounts(&tx, run.id, &outcomes).await?;
    tx.commit(ctx).await
}

/// A period closed while the run is under way moves what is left of it to the first open day, as every act of the
/// system: a run that has begun is finished.
async fn posting_on(ctx: &Ctx, tx: &Tx, run: &StoredRun) -> Result<NaiveDate, AppError> {
    let calendar = calendar(ctx, tx, None, EntrySource::Application, "").await?;
    Ok(calendar.system_posting_day(run.effective_on))
}

/// What a run is to write on one account.
struct AccountPlan<'a> {
    found: &'a AccountFunds,
    pairs: Vec<Allocation>,
}

/// Writes what was planned for many accounts with a bounded number of statements.
async fn write_plans(
    ctx: &Ctx,
    tx: &Tx,
    run: &StoredRun,
    posting_on: NaiveDate,
    plans: &[AccountPlan<'_>],
) -> Result<(), AppError> {
    if plans.is_empty() {
        return Ok(());
    }
    let dated = DatedApplications {
        effective_on: run.effective_on,
        posting_on,
        run: Some(run.id),
    };
    let mut entries = Vec::new();
    let mut rows = Vec::new();
    for plan in plans {
        for pair in &plan.pairs {
            let grant = &plan.found.grants[&pair.grant];
            let (entry, row) = planned(&plan.found.account, *pair, grant, dated)?;
            entries.push(entry);
            rows.push(row);
        }
        tx.note(plan.found.account.event());
    }
    journal::post(tx, ctx, &entries).await?;
    applications::insert(tx, ctx, &rows).await?;
    let pairs = || plans.iter().flat_map(|plan| &plan.pairs);
    let grants: HashSet<CreditGrantId> = pairs().map(|pair| pair.grant).collect();
    let items: HashSet<InvoiceId> = pairs().map(|pair| pair.invoice).collect();
    let ids: Vec<ReceivableAccountId> = plans.iter().map(|plan| plan.found.account.id).collect();
    grants::refresh(tx, &grants.into_iter().collect::<Vec<_>>()).await?;
    invoices::refresh_open(tx, &items.into_iter().collect::<Vec<_>>()).await?;
    accounts::refresh(tx, &ids).await?;
    Ok(())
}

async fn close(ctx: &Ctx, run: CreditRunId) -> Result<(), AppError> {
    let tx = Tx::begin(ctx).await?;
    let stored = store::lock(&tx, run).await?.ok_or(AppError::NotFound)?;
    if stored.state != RunState::Running {
        return tx.commit(ctx).await;
    }
    store::set_state(&tx, ctx, run, RunState::Done).await?;
    let summary = store::summary(&tx, run).await?;
    audit::record(
        &tx,
        ctx,
        AuditEvent {
            act: "credit_run.done",
            subject_kind: "credit_run",
            subject_id: run.to_string(),
            customer: None,
            account: None,
            reason: None,
            details: json!({ "applications": summary.applications, "totals": summary.totals }),
        },
    )
    .await?;
    tx.commit(ctx).await
}
