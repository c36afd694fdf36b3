//! How the business is set up: its chart of accounts, its closed periods, its settings.

use crate::domain::ids::{PeriodExceptionId, UserId};
use crate::domain::ledger::{JournalKind, LedgerKind, LedgerRole};
use chrono::{DateTime, NaiveDate, Utc};
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

/// Locks days of a kind of journal for good.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PeriodLocking {
    /// A code of `JournalKind`.
    pub journal: String,
    /// The last locked day.
    pub locked_through: String,
}

/// Opens closed days of a kind of journal to one person for a while.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PeriodOpening {
    /// A code of `JournalKind`.
    pub journal: String,
    /// The person's id.
    pub user: String,
    /// The first day that is open to them.
    pub opens_from: String,
    /// For how many hours from now.
    pub hours: String,
    pub reason: String,
}

/// Ends what was opened to somebody before its time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PeriodExceptionEnd {
    pub exception: String,
}

/// How far a kind of journal is closed, and to whom it is open all the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeriodRow {
    pub journal: JournalKind,
    /// The last closed day; nothing while every day is open.
    pub closed_through: Option<NaiveDate>,
    /// The last day that nobody opens any more.
    pub locked_through: Option<NaiveDate>,
    /// Those that run now, the first to end first.
    pub exceptions: Vec<PeriodExceptionRow>,
}

/// Closed days that are open to one person for now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeriodExceptionRow {
    pub exception: PeriodExceptionId,
    pub user: UserId,
    pub name: String,
    pub opens_from: NaiveDate,
    pub until: DateTime<Utc>,
    pub reason: String,
    pub granted_by: String,
}

/// The closed periods, and the people to whom one can be opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeriodsOverview {
    pub periods: Vec<PeriodRow>,
    /// Staff by name; empty for who may not open any.
    pub people: Vec<(UserId, String)>,
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
