//! Applying and unapplying credit, holding grants.

use super::form::{AmountText, Typed};
use crate::domain::ids::ApplicationId;
use serde::{Deserialize, Serialize};

/// A grant (or part of it) to be applied to an invoice of the same receivable account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NewApplication {
    pub grant: String,
    pub invoice: String,
    pub amount: AmountText,
    /// Empty means today.
    pub effective_on: String,
    pub reason: String,
    pub idempotency_key: String,
}

impl Typed for NewApplication {
    fn number_texts(&mut self) -> Vec<&mut String> {
        vec![&mut self.amount.amount]
    }
}

/// The answer that a repeated request gets again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedApplication {
    pub application: ApplicationId,
}

/// Undoing one application.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Unapplication {
    pub application: String,
    /// Empty means today; not before the application's own date.
    pub unapplied_on: String,
    pub reason: String,
    pub idempotency_key: String,
}

/// Keeps a grant out of every use, or lets it be used again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GrantHold {
    pub grant: String,
    pub on_hold: bool,
    pub reason: String,
}
