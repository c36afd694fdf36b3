//! What documents show of each other: where credit came from, what it paid, which entries say so, who did it.

use crate::domain::approval::RequestKind;
use crate::domain::credit::CreditClass;
use crate::domain::ids::{
    ApplicationId, CreditGrantId, CreditNoteId, CreditRequestId, CreditRunId, InvoiceId,
    JournalEntryId, PaymentId, PromotionId,
};
use crate::domain::ledger::{EntrySource, LineSource, Side};
use crate::domain::money::Money;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// The receivable account a document belongs to, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRef {
    /// Number of the receivable account.
    pub account: String,
    /// Customer number.
    pub customer: String,
    pub customer_name: String,
}

/// The document money or credit came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FundsOrigin {
    Payment {
        payment: PaymentId,
        number: i64,
        received_on: NaiveDate,
    },
    /// A negative invoice.
    Invoice {
        invoice: InvoiceId,
        number: String,
        issued_on: NaiveDate,
    },
    /// Given by a promotion.
    Promotion {
        promotion: PromotionId,
        code: String,
        name_en: String,
        name_de: String,
        granted_on: NaiveDate,
    },
    CreditNote {
        credit_note: CreditNoteId,
        number: String,
        issued_on: NaiveDate,
    },
    /// Goodwill, a transfer; or a write-off, which settles without money.
    Request {
        request: CreditRequestId,
        kind: RequestKind,
        number: i64,
        /// When it counted.
        effective_on: NaiveDate,
    },
}

/// A request, for a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestRef {
    pub request: CreditRequestId,
    pub kind: RequestKind,
    pub number: i64,
}

/// The grant an application was taken from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantRef {
    pub grant: CreditGrantId,
    pub number: i64,
    pub class: CreditClass,
}

/// One application: which funds settled how much of which invoice, and whether that was undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppliedSlice {
    pub application: ApplicationId,
    pub invoice: InvoiceId,
    pub invoice_number: String,
    /// `None`: straight from the payment or credit note, within its own entry.
    pub grant: Option<GrantRef>,
    pub origin: FundsOrigin,
    pub amount: Money,
    pub effective_on: NaiveDate,
    pub entry: JournalEntryId,
    pub entry_number: i64,
    /// The credit run that made it.
    pub run: Option<RunRef>,
    pub recorded_at: DateTime<Utc>,
    pub recorded_by: String,
    pub undone: Option<UndoneSlice>,
}

impl AppliedSlice {
    pub fn stands(&self) -> bool {
        self.undone.is_none()
    }
}

/// A credit run, for a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRef {
    pub run: CreditRunId,
    pub number: i64,
}

/// When, by whom and by which entry an application was undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoneSlice {
    pub unapplied_on: NaiveDate,
    pub unapplied_by: String,
    pub entry: JournalEntryId,
    pub entry_number: i64,
    /// The slice came back to a grant that had lapsed.
    pub reinstated: bool,
}

/// A journal entry with its lines, as documents show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostedEntry {
    pub entry: JournalEntryId,
    pub number: i64,
    pub source: EntrySource,
    pub effective_on: NaiveDate,
    pub posting_on: NaiveDate,
    /// Number of the entry this one takes back.
    pub reverses: Option<i64>,
    pub reason: Option<String>,
    pub lines: Vec<PostedLine>,
}

/// One line of an entry, with the account as the chart names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostedLine {
    pub code: String,
    pub name: String,
    pub side: Side,
    pub amount: Money,
    pub line_source: Option<LineSource>,
    /// Nets to zero within its entry and is left out of cash reports.
    pub wash: bool,
}

/// One act on a document, out of the audit trail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryItem {
    pub recorded_at: DateTime<Utc>,
    pub actor: String,
    /// Noun and verb: `payment.recorded`.
    pub act: String,
    pub reason: Option<String>,
}
