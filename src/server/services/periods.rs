//! Closing periods, per kind of journal.

use crate::domain::ledger::JournalKind;
use crate::domain::rights::Right;
use crate::dto::business::PeriodClosing;
use crate::dto::error::{AppError, Refusal};
use crate::dto::form::Reader;
use crate::server::context::Ctx;
use crate::server::store::audit::{self, AuditEvent};
use crate::server::store::{Tx, periods};
use chrono::Days;
use serde_json::json;

/// Nothing is posted on or before the day given in this kind of journal. Today stays open. An earlier day than
/// before opens days again and needs a reason. Waits until what is being posted to the journal is committed.
/// Source: domain rules, section 8.
pub async fn close(ctx: &Ctx, command: PeriodClosing) -> Result<(), AppError> {
    ctx.actor.require(Right::ClosePeriods)?;
    let mut reader = Reader::default();
    let journal = reader.choice("journal", &command.journal, JournalKind::from_code, None);
    let through = reader.date("closed_through", &command.closed_through);
    let reason = reader.text("reason", &command.reason, 2_000);
    let (journal, through) = reader.finish(journal.zip(through))?;
    let yesterday = ctx.today() - Days::new(1);
    if through > yesterday {
        return Err(Refusal::DateTooLate { last: yesterday }.at("closed_through"));
    }
    let tx = Tx::begin(ctx).await?;
    let before = periods::closed_through_alone(&tx, journal).await?;
    if before.is_some_and(|before| through < before) && reason.is_empty() {
        return Err(Refusal::ReasonRequired.at("reason"));
    }
    periods::close(&tx, journal, through).await?;
    let event = AuditEvent {
        act: "period.closed",
        subject_kind: "period",
        subject_id: journal.code().to_owned(),
        customer: None,
        account: None,
        reason: Some(&reason),
        details: json!({ "before": before, "after": through }),
    };
    audit::record(&tx, ctx, event).await?;
    tx.commit(ctx).await
}
