//! Receivable accounts: their settings as they come in.

use crate::domain::ledger::coded;
use serde::{Deserialize, Serialize};

coded! {
    /// What finalising an invoice uses at once of the account's credit.
    AutoApply {
        Off = "off",
        Prepayments = "prepayments",
        All = "all",
    }
}

/// A receivable account to be opened for a customer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NewReceivableAccount {
    /// Customer number.
    pub customer: String,
    /// Empty takes the next free number.
    pub number: String,
    pub currency: String,
    pub name: String,
}

/// The settings of a receivable account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AccountSettings {
    /// Number of the receivable account.
    pub account: String,
    pub name: String,
    pub auto_apply: String,
    pub surplus_choice: String,
    pub order_of_use: String,
    /// `yes`: runs and automatic use leave the account alone.
    pub on_hold: String,
}
