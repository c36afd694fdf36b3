//! Moving the business date of a server that was started with a test clock.

use crate::domain::rights::Right;
use crate::dto::error::{AppError, Refusal};
use crate::server::context::Ctx;
use crate::server::store::Tx;
use crate::server::store::audit::{self, AuditEvent};
use chrono::NaiveDate;
use serde_json::json;

/// The business date is to be moved on to `today`: answers the days that pass, in order. The caller moves the clock
/// to each of them with [`pass`] and runs its jobs. The date never goes back; not found where it is not fixed.
pub async fn advance(ctx: &Ctx, today: NaiveDate) -> Result<Vec<NaiveDate>, AppError> {
    ctx.actor.require(Right::ManageSettings)?;
    if !ctx.clock.is_fixed() {
        return Err(AppError::NotFound);
    }
    let before = ctx.today();
    if today < before {
        return Err(Refusal::DateTooEarly { first: before }.at("today"));
    }
    let tx = Tx::begin(ctx).await?;
    audit::record(
        &tx,
        ctx,
        AuditEvent {
            act: "test_clock.advanced",
            subject_kind: "test_clock",
            subject_id: "test_clock".to_owned(),
            customer: None,
            account: None,
            reason: None,
            details: json!({ "before": before, "after": today }),
        },
    )
    .await?;
    tx.commit(ctx).await?;
    Ok(before
        .iter_days()
        .skip(1)
        .take_while(|day| *day <= today)
        .collect())
}

/// The business date is `day` from now on.
pub fn pass(ctx: &Ctx, day: NaiveDate) -> Result<(), AppError> {
    if ctx.clock.move_to(day) {
        return Ok(());
    }
    // Another request was faster and went further.
    Err(Refusal::DateTooEarly { first: ctx.today() }.at("today"))
}
