//! What the business can set for itself.

use super::payments::SURPLUS_TOLERANCE;
use super::requests::{APPROVAL_LIMIT, TAX_RELIEF};
use crate::domain::approval::DEFAULT_APPROVAL_LIMIT;
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

/// The largest limit below which a request approves itself, in units of a currency.
const LARGEST_LIMIT: u32 = 1_000_000_000;

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
    let limit = match command.approval_limit.trim() {
        // A caller that does not know the setting leaves it as it is by default.
        "" => DEFAULT_APPROVAL_LIMIT.parse().ok(),
        text => reader.whole_number("approval_limit", text, LARGEST_LIMIT),
    };
    let relief = match command.bad_debt_tax_relief.trim() {
        "yes" => "yes".to_owned(),
        _ => String::new(),
    };
    let (tolerance, limit) = reader.finish(tolerance.zip(limit))?;
    let (tolerance, limit) = (tolerance.to_string(), limit.to_string());
    let tx = Tx::begin(ctx).await?;
    for (setting, value, default) in [
        (BUSINESS_NAME, &name, None),
        (SURPLUS_TOLERANCE, &tolerance, None),
        (APPROVAL_LIMIT, &limit, Some(DEFAULT_APPROVAL_LIMIT)),
        (TAX_RELIEF, &relief, Some("")),
    ] {
        let before = settings::find(&tx, setting).await?;
        if before.as_deref().or(default) == Some(value) {
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
