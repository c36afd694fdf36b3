//! Applying and unapplying credit, holding grants.

use super::expiry::ExpiryChanged;
use super::form::{AmountText, Typed};
use super::lineage::{
    AccountRef, AppliedSlice, FundsOrigin, HistoryItem, PostedEntry, PostedLine, RequestRef,
};
use crate::domain::allocation::OpenItem;
use crate::domain::credit::{CreditClass, GrantStatus};
use crate::domain::ids::{ApplicationId, CreditGrantId, InvoiceId, JournalEntryId};
use crate::domain::ledger::coded;
use crate::domain::money::Money;
use chrono::{DateTime, NaiveDate, Utc};
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
    /// Where the grant has lapsed meanwhile: its new last usable day. Empty: the slice lapses the same day.
    pub new_expires_on: String,
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

/// What applying credit would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApplicationPreview {
    pub invoice: InvoiceId,
    pub invoice_number: String,
    pub amount: Money,
    pub effective_on: NaiveDate,
    pub posting_on: NaiveDate,
    /// What is left of the grant before and after.
    pub remaining_before: Money,
    pub remaining_after: Money,
    /// What is open of the invoice before and after.
    pub open_before: Money,
    pub open_after: Money,
    pub lines: Vec<PostedLine>,
}

coded! {
    /// Which grants a list shows.
    GrantsShown {
        /// With something left.
        Left = "left",
        OnHold = "on_hold",
        /// Lapsing within the next thirty days.
        Lapsing = "lapsing",
        Used = "used",
        All = "all",
    }
}

/// Filters of the list of credit grants; all of them stand in the URL.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GrantFilter {
    /// Customer or number.
    pub search: String,
    /// A code of `CreditClass`; empty for all.
    pub class: String,
    /// A code of `GrantsShown`; empty for those with something left.
    pub show: String,
    /// Number of the receivable account.
    pub account: String,
    /// Customer number.
    pub customer: String,
}

/// One grant of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantRow {
    pub grant: CreditGrantId,
    pub number: i64,
    pub on: AccountRef,
    pub class: CreditClass,
    pub origin: FundsOrigin,
    /// All that was ever issued into it.
    pub amount: Money,
    pub remaining: Money,
    /// What requests under way have set aside of it.
    pub reserved: Money,
    pub effective_on: NaiveDate,
    /// Last usable day; `None` never lapses.
    pub expires_on: Option<NaiveDate>,
    pub status: GrantStatus,
}

/// A grant with where it came from and what it paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantDetail {
    pub row: GrantRow,
    pub priority: i32,
    pub posting_on: NaiveDate,
    pub on_hold: bool,
    pub recorded_at: DateTime<Utc>,
    pub recorded_by: String,
    /// Its applications as recorded, undone ones included.
    pub slices: Vec<AppliedSlice>,
    /// Everything that changed its remainder, oldest first.
    pub movements: Vec<GrantMovement>,
    /// How its lapse date was changed, oldest first.
    pub expiry_changes: Vec<ExpiryChanged>,
    /// Empty for who may not read the journal.
    pub entries: Vec<PostedEntry>,
    /// Empty in the portal.
    pub history: Vec<HistoryItem>,
}

coded! {
    /// What changed a remainder.
    GrantMovementKind {
        Issued = "issued",
        TakenBack = "taken_back",
        Applied = "applied",
        Unapplied = "unapplied",
        Lapsed = "lapsed",
        Reinstated = "reinstated",
        Refunded = "refunded",
        Transferred = "transferred",
        WrittenOff = "written_off",
        Revoked = "revoked",
        Adjusted = "adjusted",
        Returned = "returned",
    }
}

impl GrantMovementKind {
    /// Whether the remainder grew.
    pub fn adds(self) -> bool {
        match self {
            Self::Issued | Self::Unapplied | Self::Reinstated | Self::Returned => true,
            Self::TakenBack
            | Self::Applied
            | Self::Lapsed
            | Self::Refunded
            | Self::Transferred
            | Self::WrittenOff
            | Self::Revoked
            | Self::Adjusted => false,
        }
    }
}

/// One change of a grant's remainder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantMovement {
    pub kind: GrantMovementKind,
    pub effective_on: NaiveDate,
    /// Positive; the kind says which way.
    pub amount: Money,
    pub remaining_after: Money,
    /// The invoice paid or reopened.
    pub invoice: Option<InvoiceRef>,
    /// The adjustment, refund, transfer or write-off that moved it.
    pub request: Option<RequestRef>,
    pub entry: JournalEntryId,
    pub entry_number: i64,
}

/// An invoice, for a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceRef {
    pub invoice: InvoiceId,
    pub number: String,
}

/// What the page that applies a grant starts from: the open invoices of its account, in their order of being paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApplicationStart {
    pub grant: GrantRow,
    pub items: Vec<OpenItem>,
    /// Open invoices beyond those listed.
    pub unlisted: u32,
}
