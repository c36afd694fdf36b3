//! The journal and the chart of accounts as they are read.

use crate::domain::ids::{CreditRunId, JournalEntryId};
use crate::domain::ledger::{EntrySource, LedgerKind, LedgerRole, LineSource, Side, coded};
use crate::domain::money::Money;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Which entries a journal list shows. All of it stands in the URL; empty means any.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct JournalFilter {
    /// First and last accounting day.
    pub from: String,
    pub to: String,
    /// A code of `EntrySource`.
    pub source: String,
    /// Number of a receivable account.
    pub account: String,
    /// Number of an invoice or payment, or the id of any document.
    pub document: String,
}

coded! {
    /// The kinds of document an entry belongs to.
    DocumentKind {
        Invoice = "invoice",
        Payment = "payment",
        Application = "application",
        /// A credit grant itself.
        Grant = "grant",
        /// What a promotion gave.
        Promotion = "promotion",
        CreditNote = "credit_note",
        Adjustment = "adjustment",
        Refund = "refund",
        Transfer = "transfer",
        WriteOff = "write_off",
    }
}

/// An entry in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryRow {
    pub id: JournalEntryId,
    pub number: i64,
    pub source: EntrySource,
    pub effective_on: NaiveDate,
    pub posting_on: NaiveDate,
    pub account_number: String,
    pub customer_name: String,
    pub document_kind: DocumentKind,
    pub document_id: Uuid,
    /// Number of the invoice or payment; of the invoice an application settles.
    pub document_number: String,
    /// Debits of the entry without wash lines counted twice: the amount it moves.
    pub amount: Money,
    /// It takes back an earlier entry.
    pub reverses: bool,
}

/// One line of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineRow {
    pub role: LedgerRole,
    pub code: String,
    pub name: String,
    pub side: Side,
    pub amount: Money,
    pub line_source: Option<LineSource>,
    pub wash: bool,
    /// The invoice or grant a line on a control account is about.
    pub invoice: Option<LineSubject>,
    pub grant: Option<LineSubject>,
}

/// An invoice or grant, with the number people know it by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineSubject {
    pub id: Uuid,
    pub number: String,
}

/// Another entry, linked from one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryLink {
    pub id: JournalEntryId,
    pub number: i64,
}

/// One entry with its lines and everything that says when, why and by whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryDetail {
    pub entry: EntryRow,
    pub lines: Vec<LineRow>,
    pub reverses: Option<EntryLink>,
    pub reversed_by: Vec<EntryLink>,
    pub run: Option<CreditRunId>,
    pub reason: Option<String>,
    pub recorded_at: DateTime<Utc>,
    pub recorded_by: String,
}

/// A ledger account of the chart with its balances at the end of a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChartRow {
    pub role: LedgerRole,
    pub code: String,
    pub name: String,
    pub kind: LedgerKind,
    /// One per currency, on the account's normal side; negative on the other.
    pub balances: Vec<Money>,
}
