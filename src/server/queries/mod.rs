//! Read models: SQL straight to dto. No rules, no writes; each function checks who asks.

pub mod accounts;
pub mod api;
pub mod audit;
pub mod balances;
pub mod business;
pub mod credit_notes;
pub mod credit_runs;
pub mod credits;
pub mod customers;
pub mod dashboard;
pub mod demo;
pub mod expiry;
pub mod imports;
pub mod invoices;
pub mod journal;
pub mod lineage;
mod origins;
pub mod payments;
pub mod people;
pub mod prepaid;
pub mod promotions;
pub mod reports;
pub mod requests;
mod sql;
pub mod verify;

use super::context::Ctx;
use crate::domain::rights::Right;
use crate::dto::error::AppError;
use sql::Conditions;

/// Whether a write-off of a part of invoice `i` stands, in SQL.
const WRITTEN_OFF: &str =
    "EXISTS (SELECT 1 FROM applications w WHERE w.invoice_id = i.id AND w.write_off_id IS NOT NULL
    AND w.unapplied_on IS NULL)";

/// Lists show customers what is theirs and staff everything: narrows a list to what the actor may see.
/// `column` names the row's customer.
fn limit_to_sight(ctx: &Ctx, conditions: &mut Conditions, column: &str) -> Result<(), AppError> {
    match ctx.actor.customer() {
        Some(own) => conditions.equal(column, own.0),
        None => ctx.actor.require(Right::ReadCustomers)?,
    }
    Ok(())
}
