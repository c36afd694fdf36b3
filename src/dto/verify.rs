//! What the check of the books finds.

use crate::domain::ledger::{LedgerRole, coded};
use crate::domain::money::Money;
use serde::{Deserialize, Serialize};

coded! {
    /// One thing that must hold everywhere in the books.
    BooksCheck {
        EntriesBalance = "entries_balance",
        LinesBelong = "lines_belong",
        ControlLines = "control_lines",
        Currencies = "currencies",
        SameAccount = "same_account",
        TieOut = "tie_out",
        InvoiceLedger = "invoice_ledger",
        GrantLedger = "grant_ledger",
        InvoiceTotals = "invoice_totals",
        InvoiceOpen = "invoice_open",
        InvoiceEntries = "invoice_entries",
        GrantAmounts = "grant_amounts",
        GrantRemainders = "grant_remainders",
        MovementEntries = "movement_entries",
        LapseEntries = "lapse_entries",
        CreditNoteTotals = "credit_note_totals",
        CreditNoteEntries = "credit_note_entries",
        CreditNoteLines = "credit_note_lines",
        PaymentEntries = "payment_entries",
        PaymentSplits = "payment_splits",
        ApplicationEntries = "application_entries",
        UndoneApplications = "undone_applications",
        Reservations = "reservations",
        RequestEntries = "request_entries",
        RequestSlices = "request_slices",
        CachedBalances = "cached_balances",
        PromotionBudgets = "promotion_budgets",
        PromotionGrants = "promotion_grants",
        NumberGaps = "number_gaps",
        NumberSeries = "number_series",
    }
}

impl BooksCheck {
    /// What must hold, as one English sentence for programs and the command line.
    pub fn rule(self) -> &'static str {
        match self {
            Self::EntriesBalance => {
                "Every journal entry has lines, and its debits equal its credits."
            }
            Self::LinesBelong => {
                "Every journal line belongs to an entry of the same receivable account, or to a transfer to its account."
            }
            Self::ControlLines => {
                "Every line on a control account names an invoice or grant of its account, on the ledger account that carries it."
            }
            Self::Currencies => {
                "Documents, grants and entries are in the currency of their receivable account."
            }
            Self::SameAccount => {
                "An application joins an invoice with a grant, payment or credit note of the same receivable account."
            }
            Self::TieOut => {
                "Per receivable account, each control account equals the open invoices and grant remainders it carries."
            }
            Self::InvoiceLedger => {
                "The journal lines that name an invoice add up to what is open of it."
            }
            Self::GrantLedger => {
                "The journal lines that name a grant add up to what is left of it."
            }
            Self::InvoiceTotals => "The lines and taxes of an invoice add up to its totals.",
            Self::InvoiceOpen => {
                "What is open of an invoice is its total less the applications that stand."
            }
            Self::InvoiceEntries => {
                "A finalised invoice has its journal entry, and a void one the contra of it."
            }
            Self::GrantAmounts => "The amount of a grant is what was issued into it.",
            Self::GrantRemainders => {
                "What is left of a grant follows from its movements and applications."
            }
            Self::MovementEntries => "A grant's movement is posted by the entry it names.",
            Self::LapseEntries => {
                "Every lapse has an entry of its own, and a lapse taken back the contra of it."
            }
            Self::CreditNoteTotals => "The lines and taxes of a credit note add up to its totals.",
            Self::CreditNoteEntries => {
                "An issued credit note has its entry; what it covered and gave as credit make its total; a void one has the contra."
            }
            Self::CreditNoteLines => {
                "Credit notes credit no more of an invoice's lines than was invoiced."
            }
            Self::PaymentEntries => {
                "The money side of a payment's entry is its amount; a reversal takes it back."
            }
            Self::PaymentSplits => {
                "What a payment settled, what became credit and what was kept make its amount."
            }
            Self::ApplicationEntries => {
                "Every application of credit has its entry of four lines, every slice of a payment or credit note its line."
            }
            Self::UndoneApplications => "Every undone application has its contra entry.",
            Self::Reservations => {
                "What is reserved of a grant is what requests under way take from it."
            }
            Self::RequestEntries => {
                "A posted adjustment, refund, transfer or write-off has its entry, and a reversed one the contra of it."
            }
            Self::RequestSlices => {
                "What a request takes from grants of its account makes its amount."
            }
            Self::CachedBalances => {
                "The cached balances of a receivable account equal its open invoices and grants."
            }
            Self::PromotionBudgets => {
                "What a promotion has given of its budget is what it granted less what was revoked."
            }
            Self::PromotionGrants => {
                "Every grant of a promotion has its credit and entry, over the amount noted; and no such credit is without."
            }
            Self::NumberGaps => "Saldo's own invoice and credit note numbers have no gaps.",
            Self::NumberSeries => "A number series stands at its last document.",
        }
    }
}

coded! {
    /// What a finding is about.
    FoundKind {
        Account = "account",
        Invoice = "invoice",
        CreditNote = "credit_note",
        Payment = "payment",
        Grant = "grant",
        Application = "application",
        Entry = "entry",
        Movement = "movement",
        Request = "request",
        Series = "series",
        Promotion = "promotion",
    }
}

/// One row of the books for which a check does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    pub check: BooksCheck,
    pub kind: FoundKind,
    /// The id of the row; series and year of a number series.
    pub id: String,
    /// How people name it: a document, account or entry number.
    pub name: String,
    /// Number of the receivable account it belongs to, where it belongs to one.
    pub account: Option<String>,
    /// The control account, where the check looks at one.
    pub role: Option<LedgerRole>,
    /// What it should be and what it is, where the check compares two amounts …
    pub expected: Option<Money>,
    pub found: Option<Money>,
    /// … or two numbers.
    pub expected_count: Option<i64>,
    pub found_count: Option<i64>,
}

impl Finding {
    /// What was found, in English, for programs and the command line.
    pub fn fact(&self) -> String {
        let role = self
            .role
            .map_or(String::new(), |role| format!(", {}", role.code()));
        let subject = format!("{} {}{role}", self.kind.code(), self.name);
        let compared = match (
            self.expected,
            self.found,
            self.expected_count,
            self.found_count,
        ) {
            (Some(expected), Some(found), ..) => format!(": expected {expected}, found {found}"),
            (_, _, Some(expected), Some(found)) => format!(": expected {expected}, found {found}"),
            _ => String::new(),
        };
        format!("{subject}{compared} (id {})", self.id)
    }

    /// The finding with the rule that does not hold.
    pub fn sentence(&self) -> String {
        format!("{}. {}", self.fact(), self.check.rule())
    }
}

/// How one check went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckOutcome {
    pub check: BooksCheck,
    pub findings: Vec<Finding>,
    /// There were more findings than are listed.
    pub more: bool,
}

/// What the check of the books looked at and found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifyReport {
    pub entries: u64,
    pub receivable_accounts: u64,
    pub invoices: u64,
    pub checks: Vec<CheckOutcome>,
}

impl VerifyReport {
    pub fn is_clean(&self) -> bool {
        self.checks
            .iter()
            .all(|outcome| outcome.findings.is_empty())
    }

    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.checks.iter().flat_map(|outcome| &outcome.findings)
    }
}
