//! How the business is set up: its chart of accounts, its closed periods, its settings.

use crate::domain::ledger::{JournalKind, LedgerKind, LedgerRole};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// Another code and name for the account of a role.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LedgerAccountNaming {
    /// A code of `LedgerRole`.
    pub role: String,
    pub code: String,
    pub name: String,
}

/// An account of the chart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerAccountRow {
    pub role: LedgerRole,
    pub kind: LedgerKind,
    pub code: String,
    pub name: String,
}

/// Closes a kind of journal through a day, or opens days again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PeriodClosing {
    /// A code of `JournalKind`.
    pub journal: String,
    /// The last closed day. An earlier one than now opens days again, which needs a reason.
    pub closed_through: String,
    pub reason: String,
}

/// How far a kind of journal is closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeriodRow {
    pub journal: JournalKind,
    pub closed_through: Option<NaiveDate>,
}

/// What the business can set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BusinessSettings {
    pub business_name: String,
    /// The largest surplus that may be written off, in units of the payment's currency.
    pub surplus_tolerance: String,
    /// Up to which amount a request approves itself, in units of its currency.
    pub approval_limit: String,
    /// `yes`: the sales tax in a bad debt is taken back.
    pub bad_debt_tax_relief: String,
}

/// The settings as they stand, with what only the machine's configuration can change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BusinessFacts {
    pub settings: BusinessSettings,
    /// Name of the business time zone: `Europe/Berlin`.
    pub time_zone: String,
}
