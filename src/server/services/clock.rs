//! Moving the business date of a server that was started with a test clock.

use crate::domain::rights::Right;
use crate::dto::error::{AppError, Refusal};
use crate::server::context::Ctx;
use crate::server::store::Tx;
use crate::server::store::audit::{self, AuditEvent};
use chrono::NaiveDate;
use serde_json::json;

/// The business date is `today` from now on. It never goes back; not found where the date is not fixed.
pub async fn advance(ctx: &Ctx, today: NaiveDate) -> Result<(), AppError> {
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
    if ctx.clock.move_to(today) {
        return Ok(());
    }
    // Another request was faster and went further.
    Err(Refusal::DateTooEarly { first: ctx.today() }.at("today"))
}
