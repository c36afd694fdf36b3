//! The apply-credits run: what is asked for and what came of it.

use super::lineage::PostedLine;
use super::page::Page;
use crate::domain::credit::{CreditClass, OrderOfUse};
use crate::domain::ids::{CreditGrantId, CreditRunId, InvoiceId};
use crate::domain::ledger::coded;
use crate::domain::money::Money;
use chrono::{DateTime, NaiveDate, Utc};
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
    /// Pairs shown on the page the person commits from, each `grant:invoice`, or `grant:invoice:minor` with the
    /// amount shown in minor units.
    pub shown: Vec<String>,
    /// Those that stay in.
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

/// One run of the list of runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditRunRow {
    pub run: CreditRunId,
    pub number: i64,
    pub state: RunState,
    pub effective_on: NaiveDate,
    pub scope: RunScope,
    pub scope_value: String,
    pub applications: i64,
    /// One total per currency.
    pub totals: Vec<Money>,
    pub created_at: DateTime<Utc>,
    pub created_by: String,
}

/// A run as its page shows it, whatever became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditRunDetail {
    pub summary: CreditRunSummary,
    pub effective_on: NaiveDate,
    pub posting_on: NaiveDate,
    pub scope: RunScope,
    pub scope_value: String,
    /// `None`: each account's own.
    pub order_of_use: Option<OrderOfUse>,
    pub created_at: DateTime<Utc>,
    pub created_by: String,
    pub finished_at: Option<DateTime<Utc>>,
    pub undone_at: Option<DateTime<Utc>>,
    pub undone_by: Option<String>,
    /// How far a running run or a running undo has come.
    pub done: u32,
    pub total: u32,
}

/// What a run applied on one account, and what the account owes and holds now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppliedAccount {
    pub account: String,
    pub customer_name: String,
    pub applications: i64,
    pub total: Money,
    pub due: Money,
    pub credit: Money,
}

/// What a previewed run would do now: a page of accounts with their pairs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditRunPreview {
    pub accounts: Page<PreviewedAccount>,
    /// What the preview saw on all accounts, before anything was struck out.
    pub pairs: i64,
    pub totals: Vec<Money>,
}

/// One account of a preview.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviewedAccount {
    pub account: String,
    pub customer: String,
    pub customer_name: String,
    /// It changed since the preview and will be left alone.
    pub stale: bool,
    pub due_before: Money,
    pub due_after: Money,
    pub credit_before: Money,
    pub credit_after: Money,
    pub pairs: Vec<PreviewedPair>,
}

/// One application a run would make, or that was struck out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviewedPair {
    pub grant: CreditGrantId,
    pub grant_number: i64,
    pub class: CreditClass,
    pub invoice: InvoiceId,
    pub invoice_number: String,
    pub due_on: NaiveDate,
    pub amount: Money,
    /// Left of the grant and open of the invoice once this pair is applied.
    pub remaining_after: Money,
    pub open_after: Money,
    pub struck: bool,
    /// The four lines it would post; none when struck out.
    pub lines: Vec<PostedLine>,
}

impl PreviewedPair {
    /// How a commit names the pair with the amount shown.
    pub fn key(&self) -> String {
        format!("{}:{}:{}", self.grant, self.invoice, self.amount.minor)
    }
}
