//! Closing periods, per kind of journal; opening them to one person for a while; locking them for good.

use super::{id, required_reason};
use crate::domain::dates::ClosedDays;
use crate::domain::ids::{PeriodExceptionId, UserId};
use crate::domain::ledger::JournalKind;
use crate::domain::rights::Right;
use crate::dto::business::{PeriodClosing, PeriodExceptionEnd, PeriodLocking, PeriodOpening};
use crate::dto::error::{AppError, Refusal};
use crate::dto::form::Reader;
use crate::server::context::Ctx;
use crate::server::store::audit::{self, AuditEvent};
use crate::server::store::periods::{self, NewException};
use crate::server::store::{Tx, users};
use chrono::{Days, Duration, NaiveDate};
use serde_json::{Value, json};
use uuid::Uuid;

/// A period is opened to somebody for a week at most.
pub const MOST_HOURS: u32 = 168;

/// Nothing is posted on or before the day given in this kind of journal. Today stays open. An earlier day than
/// before opens days again and needs a reason; locked days stay closed. Waits until what is being posted to the
/// journal is committed. Source: domain rules, section 8.
pub async fn close(ctx: &Ctx, command: PeriodClosing) -> Result<(), AppError> {
    ctx.actor.require(Right::ClosePeriods)?;
    let mut reader = Reader::default();
    let journal = reader.choice("journal", &command.journal, JournalKind::from_code, None);
    let through = reader.date("closed_through", &command.closed_through);
    let reason = reader.text("reason", &command.reason, 2_000);
    let (journal, through) = reader.finish(journal.zip(through))?;
    check_past(ctx, "closed_through", through)?;
    let tx = Tx::begin(ctx).await?;
    let before = periods::closed_alone(&tx, journal).await?;
    let locked_through = before.and_then(|days| days.locked_through);
    if let Some(locked) = locked_through.filter(|locked| through < *locked) {
        return Err(Refusal::PeriodLocked { through: locked }.at("closed_through"));
    }
    if before.is_some_and(|days| through < days.closed_through) && reason.is_empty() {
        return Err(Refusal::ReasonRequired.at("reason"));
    }
    let after = ClosedDays {
        closed_through: through,
        locked_through,
    };
    periods::close(&tx, journal, after).await?;
    let before = before.map(|days| days.closed_through);
    let details = json!({ "before": before, "after": through });
    note(ctx, &tx, "period.closed", journal, Some(&reason), details).await?;
    tx.commit(ctx).await
}

/// Nobody opens the days up to the one given any more, by no exception; days that were open are closed. Cannot be
/// taken back. Source: domain rules, section 8.
pub async fn lock(ctx: &Ctx, command: PeriodLocking) -> Result<(), AppError> {
    ctx.actor.require(Right::ClosePeriods)?;
    let mut reader = Reader::default();
    let journal = reader.choice("journal", &command.journal, JournalKind::from_code, None);
    let through = reader.date("locked_through", &command.locked_through);
    let (journal, through) = reader.finish(journal.zip(through))?;
    check_past(ctx, "locked_through", through)?;
    let tx = Tx::begin(ctx).await?;
    let before = periods::closed_alone(&tx, journal).await?;
    let locked = before.and_then(|days| days.locked_through);
    if let Some(locked) = locked.filter(|locked| through < *locked) {
        return Err(Refusal::PeriodLocked { through: locked }.at("locked_through"));
    }
    let after = ClosedDays {
        closed_through: before.map_or(through, |days| days.closed_through.max(through)),
        locked_through: Some(through),
    };
    periods::close(&tx, journal, after).await?;
    let details = json!({ "before": locked, "after": through });
    note(ctx, &tx, "period.locked", journal, None, details).await?;
    tx.commit(ctx).await
}

/// Closed days from the one given are open to one person for some hours: what that person dates there is posted
/// there. Locked days stay closed. A reason is needed. Source: domain rules, section 8.
pub async fn open_to(ctx: &Ctx, command: PeriodOpening) -> Result<PeriodExceptionId, AppError> {
    ctx.actor.require(Right::ClosePeriods)?;
    let mut reader = Reader::default();
    let journal = reader.choice("journal", &command.journal, JournalKind::from_code, None);
    let user = reader.id::<UserId>("user", &command.user);
    let opens_from = reader.date("opens_from", &command.opens_from);
    let hours = reader.whole_number("hours", &command.hours, MOST_HOURS);
    let read = journal.zip(user).zip(opens_from).zip(hours);
    let (((journal, user), opens_from), hours) = reader.finish(read)?;
    if hours == 0 {
        return Err(Refusal::AmountNotPositive.at("hours"));
    }
    let reason = required_reason(&command.reason)?;
    let tx = Tx::begin(ctx).await?;
    check_openable(&tx, journal, opens_from).await?;
    let person = users::lock(&tx, user).await?;
    if !person.is_some_and(|person| !person.disabled && person.customer.is_none()) {
        return Err(Refusal::UnknownReference.at("user"));
    }
    let exception = NewException {
        id: PeriodExceptionId(Uuid::now_v7()),
        journal,
        user,
        opens_from,
        until: ctx.clock.now() + Duration::hours(hours.into()),
        reason: &reason,
    };
    periods::open_to(&tx, ctx, &exception).await?;
    let details = json!({ "user": user, "opens_from": opens_from, "until": exception.until });
    note(ctx, &tx, "period.opened", journal, Some(&reason), details).await?;
    tx.commit(ctx).await?;
    Ok(exception.id)
}

/// Only closed days that are not locked can be opened.
async fn check_openable(
    tx: &Tx,
    journal: JournalKind,
    opens_from: NaiveDate,
) -> Result<(), AppError> {
    let closed = periods::closed_alone(tx, journal).await?;
    let Some(days) = closed.filter(|days| opens_from <= days.closed_through) else {
        return Err(Refusal::PeriodOpen.at("opens_from"));
    };
    match days.locked_through {
        Some(locked) if opens_from <= locked => {
            Err(Refusal::PeriodLocked { through: locked }.at("opens_from"))
        }
        _ => Ok(()),
    }
}

/// What was opened to somebody is closed to them again before its time. Not found where it has run out.
pub async fn end_exception(ctx: &Ctx, command: PeriodExceptionEnd) -> Result<(), AppError> {
    ctx.actor.require(Right::ClosePeriods)?;
    let exception: PeriodExceptionId = id(&command.exception)?;
    let tx = Tx::begin(ctx).await?;
    let journal = periods::end_exception(&tx, ctx, exception).await?;
    let journal = journal.ok_or(AppError::NotFound)?;
    let details = json!({ "exception": exception });
    note(ctx, &tx, "period.exception_ended", journal, None, details).await?;
    tx.commit(ctx).await
}

/// Today stays open.
fn check_past(ctx: &Ctx, field: &str, through: NaiveDate) -> Result<(), AppError> {
    let yesterday = ctx.today() - Days::new(1);
    match through > yesterday {
        true => Err(Refusal::DateTooLate { last: yesterday }.at(field)),
        false => Ok(()),
    }
}

async fn note(
    ctx: &Ctx,
    tx: &Tx,
    act: &'static str,
    journal: JournalKind,
    reason: Option<&str>,
    details: Value,
) -> Result<(), AppError> {
    let event = AuditEvent {
        act,
        subject_kind: "period",
        subject_id: journal.code().to_owned(),
        customer: None,
        account: None,
        reason,
        details,
    };
    audit::record(tx, ctx, event).await?;
    Ok(())
}
