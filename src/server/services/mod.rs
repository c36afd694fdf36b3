//! Use cases: one public function per act, one transaction each.
//! permission → begin → lock → replay key → load → decide → write → commit.

pub mod applications;
pub mod chart;
pub mod clock;
pub mod credit_notes;
pub mod credit_runs;
pub mod customers;
pub mod expiry;
pub mod imports;
pub mod invoices;
pub mod jobs;
pub mod payments;
pub mod periods;
pub mod prepaid;
pub mod promotions;
mod replay;
pub mod requests;
pub mod settings;
pub mod setup;
pub mod tokens;
pub mod users;

use super::context::Ctx;
use super::store::accounts::LockedAccount;
use super::store::ledger_accounts::Chart;
use super::store::{Tx, periods as closed_periods};
use crate::domain::dates::{AccountingCalendar, BACKDATING_DAYS};
use crate::domain::ledger::{EntrySource, JournalEntry};
use crate::domain::money::Money;
use crate::domain::rights::Right;
use crate::dto::error::{AppError, Refusal};
use crate::dto::form::read_date;
use crate::dto::lineage::PostedLine;
use chrono::NaiveDate;

/// What decides the dates of an act on `account` that posts entries of `source`.
async fn calendar(
    ctx: &Ctx,
    tx: &Tx,
    account: Option<&LockedAccount>,
    source: EntrySource,
    reason: &str,
) -> Result<AccountingCalendar, AppError> {
    Ok(AccountingCalendar {
        today: ctx.today(),
        closed_through: closed_periods::closed_through(tx, ctx, source.journal()).await?,
        account_opened_on: account.and_then(|account| account.opened_on),
        backdating_days: BACKDATING_DAYS,
        may_backdate: ctx.actor.holds(Right::Backdate) && !reason.trim().is_empty(),
    })
}

/// A date a person typed, or today where they left it empty.
fn date_or_today(ctx: &Ctx, field: &str, text: &str) -> Result<NaiveDate, AppError> {
    match text.trim() {
        "" => Ok(ctx.today()),
        text => read_date(text).ok_or_else(|| Refusal::NotADate.at(field)),
    }
}

/// The reason an act needs.
fn required_reason(text: &str) -> Result<String, AppError> {
    match text.trim() {
        "" => Err(Refusal::ReasonRequired.at("reason")),
        reason => Ok(reason.to_owned()),
    }
}

/// An id out of a path or hidden field; wrong text names nothing that is there.
fn id<T: std::str::FromStr>(text: &str) -> Result<T, AppError> {
    text.trim().parse().map_err(|_| AppError::NotFound)
}

/// The lines of an entry that would be posted, with the accounts as the chart names them.
fn previewed_lines(chart: &Chart, entry: &JournalEntry) -> Vec<PostedLine> {
    let lines = entry.lines().iter().map(|line| {
        let (code, name) = chart.get(&line.role).cloned().unwrap_or_default();
        PostedLine {
            code,
            name,
            side: line.side,
            amount: Money::new(line.amount_minor, entry.currency()),
            line_source: line.line_source,
            wash: line.wash,
        }
    });
    lines.collect()
}
