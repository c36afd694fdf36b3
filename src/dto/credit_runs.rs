//! The apply-credits run: what is asked for and what came of it.

use crate::domain::ids::CreditRunId;
use crate::domain::ledger::coded;
use crate::domain::money::Money;
use serde::{Deserialize, Serialize};

coded! {
    /// Whose credit a run applies.
    RunScope {
        All = "all",
        Tag = "tag",
        Customer = "customer",
    }
}

coded! {
    RunState {
        Preview = "preview",
        Running = "running",
        Done = "done",
        Undoing = "undoing",
        Undone = "undone",
    }
}

/// A run to be previewed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NewCreditRun {
    /// Empty means the last day of the previous month.
    pub effective_on: String,
    /// A code of `RunScope`; empty means all.
    pub scope: String,
    /// The tag or the customer number, as the scope needs.
    pub scope_value: String,
    /// A code of `OrderOfUse`; empty means each account's own.
    pub order_of_use: String,
    /// The run's key; empty makes a fresh one.
    pub key: String,
}

/// Commits a previewed run without the struck pairs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CreditRunCommit {
    pub run: String,
    /// Pairs shown on the page the person commits from, each `grant:invoice`.
    pub shown: Vec<String>,
    /// Those of the shown pairs that stay in.
    pub kept: Vec<String>,
}

/// Undoes every application of a run that has not moved on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CreditRunUndo {
    pub run: String,
    pub reason: String,
}

/// What a run did, or would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditRunSummary {
    pub run: CreditRunId,
    pub number: i64,
    pub state: RunState,
    pub grants_used: i64,
    pub applications: i64,
    /// One total per currency, largest first.
    pub totals: Vec<Money>,
    pub first_entry: Option<i64>,
    pub last_entry: Option<i64>,
    /// Accounts left alone because they changed since the preview.
    pub stale_accounts: Vec<String>,
    /// Accounts that could not be done.
    pub failed_accounts: Vec<String>,
    /// After an undo: applications left alone because they had been undone before.
    pub left_alone: Vec<String>,
}
