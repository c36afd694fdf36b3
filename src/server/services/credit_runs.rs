//! The apply-credits run: preview, strike out, commit, resume, undo. Source: domain rules, section 5.
//!
//! ```text
//! preview ── one row per account: its version, pairs and total as seen; nothing is posted
//! commit  ── chunks of accounts, one transaction each: lock, compare with the preview, allocate, write
//! undo    ── chunks of accounts: every application of the run that still stands is undone
//! ```
//! A run that stopped half-way is finished by committing it again: accounts that are done keep their outcome.

use super::applications::{DatedApplications, Undo, planned, undo_one};
use super::{calendar, id};
use crate::domain::allocation::{Allocation, OpenItem, StruckPairs, allocate};
use crate::domain::credit::OrderOfUse;
use crate::domain::dates::{AccountingCalendar, last_of_previous_month};
use crate::domain::ids::{CreditGrantId, CreditRunId, InvoiceId, ReceivableAccountId};
use crate::domain::ledger::EntrySource;
use crate::domain::rights::Right;
use crate::dto::credit_runs::{
    CreditRunCommit, CreditRunSummary, CreditRunUndo, NewCreditRun, RunScope, RunState,
};
use crate::dto::error::{AppError, Refusal};
use crate::dto::form::Reader;
use crate::server::context::Ctx;
use crate::server::store::accounts::{self, LockedAccount};
use crate::server::store::audit::{self, AuditEvent};
use crate::server::store::credit_runs::{
    self as store, AccountOutcome, NewRun, RunAccount, StoredRun,
};
use crate::server::store::grants::{self, StoredGrant};
use crate::server::store::journal;
use crate::server::store::{Tx, applications, invoices};
use serde_json::json;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// Accounts per transaction.
const ACCOUNTS_PER_CHUNK: u32 = 500;

/// Told after every chunk how many accounts are done.
pub type Progress<'a> = &'a (dyn Fn(u64) + Send + Sync);

/// A preview is kept: every account on which credit could pay something, with what was seen there.
/// Nothing is posted. The preview's id is the run's key.
pub async fn preview(ctx: &Ctx, command: NewCreditRun) -> Result<CreditRunId, AppError> {
    ctx.actor.require(Right::ApplyCredits)?;
    let run = CreditRunId(Uuid::now_v7());
    let key = run.to_string();
    let stored = begin(ctx, &command, run, key, RunState::Preview).await?;
    let mut after = Uuid::nil();
    loop {
        let tx = Tx::begin(ctx).await?;
        let candidates = store::next_candidates(&tx, &stored, after, ACCOUNTS_PER_CHUNK).await?;
        let Some(last) = candidates.last() else { break };
        after = last.0;
        let plans = plan_chunk(ctx, &tx, &stored, &candidates, &StruckPairs::new()).await?;
        let seen: Vec<RunAccount> = plans
            .iter()
            .filter(|plan| !plan.pairs.is_empty())
            .map(|plan| plan.row(None))
            .collect();
        store::put_accounts(&tx, run, &seen).await?;
        tx.commit(ctx).await?;
    }
    Ok(run)
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
    let tx = Tx::begin(ctx).await?;
    let earlier = store::find_by_key(&tx, &key).await?;
    tx.commit(ctx).await?;
    let run = match earlier {
        Some(earlier) => {
            check_same(&earlier, &command, ctx)?;
            earlier
        }
        None => begin(ctx, &command, id, key, RunState::Running).await?,
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

struct ReadRun {
    effective_on: chrono::NaiveDate,
    scope: RunScope,
    scope_value: String,
    order_of_use: Option<OrderOfUse>,
}

fn read(ctx: &Ctx, command: &NewCreditRun) -> Result<ReadRun, AppError> {
    let mut reader = Reader::default();
    let effective_on = match command.effective_on.trim() {
        "" => Some(last_of_previous_month(ctx.today())),
        text => reader.date("effective_on", text),
    };
    let scope = reader.choice(
        "scope",
        &command.scope,
        RunScope::from_code,
        Some(RunScope::All),
    );
    let scope_value = match scope {
        Some(RunScope::All) | None => String::new(),
        Some(_) => reader.required("scope_value", &command.scope_value, 200),
    };
    let order_of_use = match command.order_of_use.trim() {
        "" => Some(None),
        text => reader
            .choice("order_of_use", text, OrderOfUse::from_code, None)
            .map(Some),
    };
    let read = (|| {
        Some(ReadRun {
            effective_on: effective_on?,
            scope: scope?,
            scope_value,
            order_of_use: order_of_use?,
        })
    })();
    reader.finish(read)
}

/// Writes the run's own row. A date in a closed period is refused; months back is normal for a run.
async fn begin(
    ctx: &Ctx,
    command: &NewCreditRun,
    id: CreditRunId,
    key: String,
    state: RunState,
) -> Result<StoredRun, AppError> {
    let read = read(ctx, command)?;
    let tx = Tx::begin(ctx).await?;
    let calendar = calendar(ctx, &tx, None, EntrySource::Application, "").await?;
    let posting_on = AccountingCalendar {
        backdating_days: ANY_DAYS_BACK,
        may_backdate: false,
        ..calendar
    }
    .posting_day(read.effective_on)
    .map_err(|refusal| Refusal::from(refusal).at("effective_on"))?;
    let run = NewRun {
        id,
        key,
        effective_on: read.effective_on,
        posting_on,
        scope: read.scope,
        scope_value: read.scope_value,
        order_of_use: read.order_of_use,
        state,
    };
    store::insert(&tx, ctx, &run).await?;
    audit::record(
        &tx,
        ctx,
        AuditEvent {
            act: if state == RunState::Preview {
                "credit_run.previewed"
            } else {
                "credit_run.started"
            },
            subject_kind: "credit_run",
            subject_id: id.to_string(),
            customer: None,
            account: None,
            reason: None,
            details: json!({
                "effective_on": run.effective_on,
                "scope": run.scope.code(),
                "scope_value": run.scope_value,
            }),
        },
    )
    .await?;
    let stored = store::lock(&tx, id).await?.ok_or(AppError::NotFound)?;
    tx.commit(ctx).await?;
    Ok(stored)
}

/// A run may be dated as far back as periods are open.
const ANY_DAYS_BACK: u32 = 100_000;

/// Commits a previewed run without the pairs the person struck out. Accounts that changed since the preview are left
/// alone and named; the rest goes through. Committing again finishes a run that stopped and changes nothing else.
pub async fn commit(
    ctx: &Ctx,
    command: CreditRunCommit,
    progress: Progress<'_>,
) -> Result<CreditRunSummary, AppError> {
    ctx.actor.require(Right::ApplyCredits)?;
    let run_id: CreditRunId = id(&command.run)?;
    let tx = Tx::begin(ctx).await?;
    let run = store::lock(&tx, run_id).await?.ok_or(AppError::NotFound)?;
    match run.state {
        RunState::Preview => {
            store::strike(&tx, run_id, &struck_pairs(&command)?).await?;
            store::set_state(&tx, ctx, run_id, RunState::Running).await?;
            tx.commit(ctx).await?;
        }
        RunState::Running | RunState::Done => tx.commit(ctx).await?,
        RunState::Undoing | RunState::Undone => return Err(Refusal::RunNotInPreview.of_act()),
    }
    work_off(ctx, run_id, progress).await
}

/// What was shown and not kept.
fn struck_pairs(command: &CreditRunCommit) -> Result<Vec<(CreditGrantId, InvoiceId)>, AppError> {
    let kept: HashSet<&String> = command.kept.iter().collect();
    let struck = command.shown.iter().filter(|pair| !kept.contains(pair));
    struck
        .map(|pair| {
            let (grant, invoice) = pair.split_once(':').ok_or(AppError::NotFound)?;
            Ok((id(grant)?, id(invoice)?))
        })
        .collect()
}

/// Does every account of a running run that is not done yet, then closes the run.
async fn work_off(
    ctx: &Ctx,
    run: CreditRunId,
    progress: Progress<'_>,
) -> Result<CreditRunSummary, AppError> {
    let tx = Tx::begin(ctx).await?;
    let stored = store::lock(&tx, run).await?.ok_or(AppError::NotFound)?;
    let struck = store::struck(&tx, run).await?;
    tx.commit(ctx).await?;
    if stored.state == RunState::Running {
        let mut after = Uuid::nil();
        let mut done = 0;
        loop {
            let chunk = next_chunk(ctx, &stored, after).await?;
            let Some(last) = chunk.last() else { break };
            after = last.account.0;
            do_chunk(ctx, &stored, &chunk, &struck).await?;
            done += chunk.len() as u64;
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
    let plans = plan_chunk(ctx, &tx, run, &ids, struck).await?;
    let unstruck = if struck.is_empty() {
        None
    } else {
        Some(plan_chunk(ctx, &tx, run, &ids, &StruckPairs::new()).await?)
    };
    let seen: HashMap<ReceivableAccountId, RunAccount> = chunk
        .iter()
        .filter_map(|one| one.seen.map(|seen| (one.account, seen)))
        .collect();
    let mut outcomes = Vec::with_capacity(plans.len());
    let mut to_write = Vec::with_capacity(plans.len());
    for (index, plan) in plans.iter().enumerate() {
        // A preview is compared with what would be done now without anything struck out.
        let as_previewed = unstruck.as_ref().map_or(plan, |unstruck| &unstruck[index]);
        let stale = seen
            .get(&plan.account.id)
            .is_some_and(|seen| as_previewed.row(None) != *seen);
        let outcome = match (stale, plan.pairs.is_empty()) {
            (true, _) => AccountOutcome::Stale,
            (false, true) => AccountOutcome::Nothing,
            (false, false) => AccountOutcome::Applied,
        };
        outcomes.push(plan.row(Some(outcome)));
        if outcome == AccountOutcome::Applied {
            to_write.push(plan);
        }
    }
    write_plans(ctx, &tx, run, &to_write).await?;
    store::put_accounts(&tx, run.id, &outcomes).await?;
    tx.commit(ctx).await
}

/// What a run would do on one account now.
struct AccountPlan {
    account: LockedAccount,
    pairs: Vec<Allocation>,
    grants: HashMap<CreditGrantId, StoredGrant>,
}

impl AccountPlan {
    fn row(&self, outcome: Option<AccountOutcome>) -> RunAccount {
        RunAccount {
            account: self.account.id,
            version: self.account.version,
            pairs: i32::try_from(self.pairs.len())
                .expect("an account has fewer than two thousand million pairs"),
            total_minor: self.pairs.iter().map(|pair| pair.amount_minor).sum(),
            outcome,
        }
    }
}

/// Locks accounts with their grants and invoices and allocates, in the order of the ids given.
async fn plan_chunk(
    ctx: &Ctx,
    tx: &Tx,
    run: &StoredRun,
    ids: &[ReceivableAccountId],
    struck: &StruckPairs,
) -> Result<Vec<AccountPlan>, AppError> {
    let locked = accounts::lock_many(tx, ids).await?;
    let mut items: HashMap<ReceivableAccountId, Vec<OpenItem>> = HashMap::new();
    for item in invoices::open_items(tx, ids, Some(run.effective_on)).await? {
        items.entry(item.account).or_default().push(item.item);
    }
    let mut funds: HashMap<ReceivableAccountId, Vec<StoredGrant>> = HashMap::new();
    for grant in grants::with_remainder(tx, ids).await? {
        if grant.usable.is_usable(run.effective_on, ctx.today()) {
            funds.entry(grant.account).or_default().push(grant);
        }
    }
    let plans = locked.into_iter().map(|account| {
        let grants = funds.remove(&account.id).unwrap_or_default();
        let items = items.remove(&account.id).unwrap_or_default();
        let order = run.order_of_use.unwrap_or(account.order_of_use);
        let usable = grants.iter().map(|grant| grant.usable.clone()).collect();
        let pairs = if account.on_hold {
            Vec::new()
        } else {
            allocate(usable, items, order, struck)
        };
        let grants = grants.into_iter().map(|grant| (grant.id, grant)).collect();
        AccountPlan {
            account,
            pairs,
            grants,
        }
    });
    Ok(plans.collect())
}

/// Writes what was planned for many accounts with a bounded number of statements.
async fn write_plans(
    ctx: &Ctx,
    tx: &Tx,
    run: &StoredRun,
    plans: &[&AccountPlan],
) -> Result<(), AppError> {
    if plans.is_empty() {
        return Ok(());
    }
    let dated = DatedApplications {
        effective_on: run.effective_on,
        posting_on: run.posting_on,
        run: Some(run.id),
    };
    let mut entries = Vec::new();
    let mut rows = Vec::new();
    for plan in plans {
        for pair in &plan.pairs {
            let (entry, row) = planned(&plan.account, *pair, &plan.grants[&pair.grant], dated)?;
            entries.push(entry);
            rows.push(row);
        }
        tx.note(plan.account.event());
    }
    journal::post(tx, ctx, &entries).await?;
    applications::insert(tx, ctx, &rows).await?;
    let pairs = || plans.iter().flat_map(|plan| &plan.pairs);
    let grants: HashSet<CreditGrantId> = pairs().map(|pair| pair.grant).collect();
    let items: HashSet<InvoiceId> = pairs().map(|pair| pair.invoice).collect();
    let ids: Vec<ReceivableAccountId> = plans.iter().map(|plan| plan.account.id).collect();
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

/// What a run did so far.
pub async fn summary(ctx: &Ctx, run: CreditRunId) -> Result<CreditRunSummary, AppError> {
    ctx.actor.require(Right::ApplyCredits)?;
    let tx = Tx::begin_reading(ctx).await?;
    Ok(store::summary(&tx, run).await?)
}

/// Undoes a whole run: every application of it that still stands is undone by its contra entry; those that have
/// moved on are named and left alone. Undoing again finishes an undo that stopped and changes nothing else.
pub async fn undo(
    ctx: &Ctx,
    command: CreditRunUndo,
    progress: Progress<'_>,
) -> Result<CreditRunSummary, AppError> {
    ctx.actor.require(Right::ApplyCredits)?;
    let run: CreditRunId = id(&command.run)?;
    let tx = Tx::begin(ctx).await?;
    let stored = store::lock(&tx, run).await?.ok_or(AppError::NotFound)?;
    match stored.state {
        RunState::Done => store::set_state(&tx, ctx, run, RunState::Undoing).await?,
        RunState::Undoing => {}
        RunState::Undone => {
            drop(tx);
            return summary(ctx, run).await;
        }
        RunState::Preview | RunState::Running => return Err(Refusal::RunNotDone.of_act()),
    }
    tx.commit(ctx).await?;
    let mut after = Uuid::nil();
    let mut done = 0;
    loop {
        let tx = Tx::begin(ctx).await?;
        let chunk = store::next_accounts(
            &tx,
            run,
            Some(AccountOutcome::Applied),
            after,
            ACCOUNTS_PER_CHUNK,
        )
        .await?;
        let Some(last) = chunk.last() else { break };
        after = last.account.0;
        let ids: Vec<ReceivableAccountId> = chunk.iter().map(|row| row.account).collect();
        undo_accounts(ctx, &tx, &stored, &ids, &command.reason).await?;
        tx.commit(ctx).await?;
        done += ids.len() as u64;
        progress(done);
    }
    finish_undo(ctx, run, &command.reason).await?;
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

async fn finish_undo(ctx: &Ctx, run: CreditRunId, reason: &str) -> Result<(), AppError> {
    let tx = Tx::begin(ctx).await?;
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
