//! What the business can set for itself.

use super::payments::SURPLUS_TOLERANCE;
use crate::domain::rights::Right;
use crate::dto::business::BusinessSettings;
use crate::dto::error::AppError;
use crate::dto::form::Reader;
use crate::server::context::Ctx;
use crate::server::store::audit::{self, AuditEvent};
use crate::server::store::{Tx, settings};
use serde_json::json;

/// The setting that says how the business is called.
pub const BUSINESS_NAME: &str = "business_name";

/// The largest tolerance that can be set, in units of a currency: a tolerance is for differences.
const LARGEST_TOLERANCE: u32 = 1_000;

/// These are the settings from now on.
pub async fn save(ctx: &Ctx, command: BusinessSettings) -> Result<(), AppError> {
    ctx.actor.require(Right::ManageSettings)?;
    let mut reader = Reader::default();
    let name = reader.text("business_name", &command.business_name, 200);
    let tolerance = reader.whole_number(
        "surplus_tolerance",
        &command.surplus_tolerance,
        LARGEST_TOLERANCE,
    );
    let tolerance = reader.finish(tolerance)?.to_string();
    let tx = Tx::begin(ctx).await?;
    for (setting, value) in [(BUSINESS_NAME, &name), (SURPLUS_TOLERANCE, &tolerance)] {
        let before = settings::find(&tx, setting).await?;
        if before.as_ref() == Some(value) {
            continue;
        }
        settings::set(&tx, setting, value).await?;
        let event = AuditEvent {
            act: "setting.changed",
            subject_kind: "setting",
            subject_id: setting.to_owned(),
            customer: None,
            account: None,
            reason: None,
            details: json!({ "before": before, "after": value }),
        };
        audit::record(&tx, ctx, event).await?;
    }
    tx.commit(ctx).await
}
