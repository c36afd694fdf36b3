//! The apply-credits run: preview, strike out, commit, resume, undo. Source: domain rules, section 5.
//!
//! ```text
//! preview ── one row per account: its version, pairs and total as seen; nothing is posted
//! strike  ── pairs a person wants left out; what the credit goes on to pay instead is shown before it is done
//! commit  ── chunks of accounts, one transaction each: lock, compare with the preview, allocate, write
//! undo    ── chunks of accounts: every application of the run that still stands is undone
//! ```
//! A run that stopped half-way is finished by committing it again: accounts that are done keep their outcome. Two
//! who commit the same run at once share its accounts; each account is done once.

mod commit;
mod funds;
mod preview;
mod undo;

pub use commit::{commit, run, start, work_off};
pub use preview::{preview, previewed_pairs, strike};
pub use undo::{start_undo, undo, work_off_undo};

use super::calendar;
use crate::domain::credit::OrderOfUse;
use crate::domain::dates::{AccountingCalendar, last_of_previous_month};
use crate::domain::ids::CreditRunId;
use crate::domain::ledger::EntrySource;
use crate::domain::rights::Right;
use crate::dto::credit_runs::{CreditRunSummary, NewCreditRun, RunScope, RunState};
use crate::dto::error::{AppError, Refusal};
use crate::dto::form::Reader;
use crate::server::context::Ctx;
use crate::server::store::Tx;
use crate::server::store::audit::{self, AuditEvent};
use crate::server::store::credit_runs::{self as store, NewRun, StoredRun};
use serde_json::json;

/// Accounts per transaction. A run over more is worked off behind the page that started it.
pub const ACCOUNTS_PER_CHUNK: u32 = 500;

/// How far a run, or its undo, has come since it was started or gone on with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done {
    pub accounts: u64,
    /// Accounts there were to do; others may have become fewer or more meanwhile.
    pub of: u64,
}

/// Told at the start and after every chunk.
pub type Progress<'a> = &'a (dyn Fn(Done) + Send + Sync);

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

/// A run's row just written, or the one another request wrote under the same key.
enum Begun {
    Now(StoredRun),
    Earlier(StoredRun),
}

/// Writes the run's own row. A date in a closed period is refused; months back is normal for a run.
async fn begin(
    ctx: &Ctx,
    command: &NewCreditRun,
    id: CreditRunId,
    key: String,
    state: RunState,
) -> Result<Begun, AppError> {
    let read = read(ctx, command)?;
    let tx = Tx::begin(ctx).await?;
    if !store::scope_exists(&tx, read.scope, &read.scope_value).await? {
        return Err(Refusal::UnknownReference.at("scope_value"));
    }
    let posting_on = posting_day(ctx, &tx, read.effective_on).await?;
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
    if !store::insert(&tx, ctx, &run).await? {
        let earlier = store::find_by_key(&tx, &run.key).await?;
        return earlier.map(Begun::Earlier).ok_or(AppError::NotFound);
    }
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
    Ok(Begun::Now(stored))
}

/// The accounting day of a run of this date, which must be in an open period.
async fn posting_day(
    ctx: &Ctx,
    tx: &Tx,
    effective_on: chrono::NaiveDate,
) -> Result<chrono::NaiveDate, AppError> {
    let calendar = calendar(ctx, tx, None, EntrySource::Application, "").await?;
    let calendar = AccountingCalendar {
        backdating_days: ANY_DAYS_BACK,
        may_backdate: false,
        ..calendar
    };
    calendar
        .posting_day(effective_on)
        .map_err(|refusal| Refusal::from(refusal).at("effective_on"))
}

/// A run may be dated as far back as periods are open.
const ANY_DAYS_BACK: u32 = 100_000;

/// What a run did so far.
pub async fn summary(ctx: &Ctx, run: CreditRunId) -> Result<CreditRunSummary, AppError> {
    ctx.actor.require(Right::ReadJournal)?;
    let tx = Tx::begin_reading(ctx).await?;
    Ok(store::summary(&tx, run).await?)
}
