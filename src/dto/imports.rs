//! Imports: what was read out of a file, what is wrong with it, and what became of it.

use super::error::Refusal;
use crate::domain::ids::ImportId;
use crate::domain::ledger::coded;
use crate::domain::money::{Currency, Money};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

coded! {
    /// What a file holds.
    ImportKind {
        Invoices = "invoices",
        Payments = "payments",
    }
}

coded! {
    ImportState {
        /// Being read; or reading broke off.
        Reading = "reading",
        /// Read and staged; nothing of it is in the books yet.
        Checked = "checked",
        Posted = "posted",
        /// Thrown away without being posted.
        Discarded = "discarded",
    }
}

coded! {
    /// How the bytes of the file were read.
    TextEncoding {
        Utf8 = "utf-8",
        Utf16 = "utf-16",
        /// Not valid UTF-8, so taken as what older Windows programs write.
        Windows1252 = "windows-1252",
    }
}

/// What is wrong, or worth knowing, about one field of one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportProblem {
    /// The same that is refused in a form.
    Refused(Refusal),
    /// The file has no column of this name.
    MissingColumn,
    /// The line has another number of fields than the header.
    UnevenLine { expected: u32, found: u32 },
    /// The date is not written as the mapping, or the rest of the file, writes dates.
    OtherDateFormat { expected: String },
    /// The number stood on an earlier line.
    RepeatedNumber { first_line: u32 },
    /// The whole line stood there before.
    RepeatedLine { first_line: u32 },
    /// A document that amounts to nothing.
    TotalIsZero,
    /// A document that amounts to less than nothing, where the mapping has no meaning for it.
    TotalIsNegative,
    /// What the lines add up to is not the total that is given.
    TotalDiffers { computed: Money },
    /// The lines of one document say different things here.
    DiffersWithinDocument { first: String },
    /// The account belongs to another customer.
    AccountOfOtherCustomer { customer: String },
    /// A credit that is said to be settled.
    CreditIsSettled,
    /// An earlier line, or what is in the books, leaves less of the invoice open.
    MoreThanOpen { open: Money },
    /// Another line of the same document cannot be imported.
    OtherLineRefused,
    /// Notice: rounded to the currency's decimals, as asked for.
    Rounded { to: Money },
    /// Notice: due before it was issued; kept as it is.
    DueBeforeIssued,
    /// Notice: the whole file was read as Windows-1252.
    ReadAsWindows1252,
}

impl ImportProblem {
    /// A stable code for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.code(),
            Self::MissingColumn => "missing_column",
            Self::UnevenLine { .. } => "uneven_line",
            Self::OtherDateFormat { .. } => "other_date_format",
            Self::RepeatedNumber { .. } => "repeated_number",
            Self::RepeatedLine { .. } => "repeated_line",
            Self::TotalIsZero => "total_is_zero",
            Self::TotalIsNegative => "total_is_negative",
            Self::TotalDiffers { .. } => "total_differs",
            Self::DiffersWithinDocument { .. } => "differs_within_document",
            Self::AccountOfOtherCustomer { .. } => "account_of_other_customer",
            Self::CreditIsSettled => "credit_is_settled",
            Self::MoreThanOpen { .. } => "more_than_open",
            Self::OtherLineRefused => "other_line_refused",
            Self::Rounded { .. } => "rounded",
            Self::DueBeforeIssued => "due_before_issued",
            Self::ReadAsWindows1252 => "read_as_windows_1252",
        }
    }

    /// Whether it keeps the line out; otherwise it is a notice.
    pub fn refuses(&self) -> bool {
        !matches!(
            self,
            Self::Rounded { .. } | Self::DueBeforeIssued | Self::ReadAsWindows1252
        )
    }
}

/// One problem with its place in the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportFinding {
    /// Counts from 1, the header included.
    pub line: u32,
    /// The column as the file names it; empty for the whole line or file.
    pub field: String,
    /// What stands there.
    pub given: String,
    pub problem: ImportProblem,
}

/// A number of documents and what they amount to, in one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountedMoney {
    pub count: u32,
    pub total: Money,
}

/// Adds a document to the count of its currency.
pub fn count_into(counts: &mut Vec<CountedMoney>, amount: Money) -> Result<(), Refusal> {
    match counts
        .iter_mut()
        .find(|counted| counted.total.currency == amount.currency)
    {
        Some(counted) => {
            counted.total = counted.total.plus(amount)?;
            counted.count += 1;
        }
        None => counts.push(CountedMoney {
            count: 1,
            total: amount,
        }),
    }
    Ok(())
}

/// What a file holds: counts and totals of what can be imported, and how much cannot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ImportSummary {
    /// Lines with anything in them, without the header.
    pub lines: u32,
    /// Documents the lines make, whether good or not.
    pub documents: u32,
    pub refused_lines: u32,
    pub refused_documents: u32,
    /// Documents the mapping leaves out by what a column says, for example drafts.
    pub left_out: u32,
    /// Documents that are in the books already.
    pub known: u32,
    /// Invoices to be imported, per currency.
    pub invoices: Vec<CountedMoney>,
    /// Documents with negative totals, which become credit; their totals are positive here.
    pub credits: Vec<CountedMoney>,
    pub payments: Vec<CountedMoney>,
    /// Customers and receivable accounts that the documents to be imported belong to, and how many of them are new.
    pub customers: u32,
    pub new_customers: u32,
    pub accounts: u32,
    pub new_accounts: u32,
    /// Further names of customers, kept as other names.
    pub aliases: u32,
    /// Findings in all, and how many of them are notices.
    pub findings: u32,
    pub notices: u32,
    /// Journal entries, once posted.
    pub first_entry: Option<i64>,
    pub last_entry: Option<i64>,
}

impl ImportSummary {
    /// Whether posting would add anything to the books.
    pub fn adds_something(&self) -> bool {
        !(self.invoices.is_empty() && self.credits.is_empty() && self.payments.is_empty())
    }
}

/// An import as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportRow {
    pub id: ImportId,
    pub number: i64,
    pub kind: ImportKind,
    pub mapping: String,
    pub file_name: String,
    pub encoding: TextEncoding,
    pub rounding: bool,
    pub state: ImportState,
    pub summary: ImportSummary,
    pub created_at: DateTime<Utc>,
    pub created_by: String,
    pub posted_at: Option<DateTime<Utc>>,
    pub posted_by: Option<String>,
}

/// An import with what is wrong in its file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportReport {
    pub import: ImportRow,
    /// The findings in the order of the file; at most as many as are kept.
    pub findings: Vec<ImportFinding>,
    pub total_findings: u64,
}

/// Posts what an import staged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ImportPosting {
    pub import: String,
    /// `good`: the good lines; otherwise all of them or nothing.
    pub lines: String,
}

/// Throws away what an import staged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ImportDiscarding {
    pub import: String,
}

/// A preset that a file can be read with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PresetRow {
    pub name: String,
    pub title: String,
    pub kind: ImportKind,
    /// The columns it needs.
    pub columns: Vec<String>,
    pub currency: Option<Currency>,
}

/// The largest file that is read, in megabytes of 1,048,576 bytes.
pub const MAX_FILE_MEGABYTES: u32 = 60;

/// The first date an import accepts; what is before is a year with two digits or a slip.
pub fn first_date() -> NaiveDate {
    NaiveDate::from_ymd_opt(1970, 1, 1).expect("a date of the calendar")
}
