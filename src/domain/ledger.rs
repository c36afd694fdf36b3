//! Double entry: sides, lines, balanced entries. What is posted when is in `posting`.
//!
//! ```text
//! JournalEntry ── source INV, PAY, ARP …, document, dates are added when it is written
//!   └─ JournalLine ── ledger role, side, positive amount
//!        └─ subject: receivable account, invoice or grant (always on control accounts)
//! ```

use super::ids::{CreditGrantId, InvoiceId, ReceivableAccountId};
use super::money::{Currency, MoneyError, sum_minor};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Maps an enum to and from the fixed text it is stored and sent as.
macro_rules! coded {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $code:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $code)] $variant,)* }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The text this is stored and sent as.
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// The value with this code, if there is one.
            pub fn from_code(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)* _ => None }
            }
        }
    };
}
pub(crate) use coded;

coded! {
    Side {
        Debit = "debit",
        Credit = "credit",
    }
}

impl Side {
    pub fn opposite(self) -> Self {
        match self {
            Self::Debit => Self::Credit,
            Self::Credit => Self::Debit,
        }
    }
}

coded! {
    /// What kind of event an entry records.
    EntrySource {
        Invoice = "INV",
        Payment = "PAY",
        CreditNote = "CRN",
        Refund = "REF",
        Transfer = "TRF",
        WriteOff = "WOF",
        Adjustment = "ADJ",
        Promotion = "PRM",
        Expiry = "EXP",
        Cash = "CSH",
        /// Accounts receivable payments: a grant applied to an invoice, or that undone.
        Application = "ARP",
    }
}

coded! {
    /// Kinds of journal; periods close per kind.
    JournalKind {
        Sales = "sales",
        Cash = "cash",
        Credit = "credit",
    }
}

impl EntrySource {
    /// The kind of journal whose closed period bounds entries of this source.
    pub fn journal(self) -> JournalKind {
        match self {
            Self::Invoice | Self::CreditNote | Self::WriteOff => JournalKind::Sales,
            Self::Payment | Self::Refund | Self::Cash => JournalKind::Cash,
            Self::Transfer
            | Self::Adjustment
            | Self::Promotion
            | Self::Expiry
            | Self::Application => JournalKind::Credit,
        }
    }
}

coded! {
    /// Whether an application's line stands on the receivable or on the bank side.
    LineSource {
        Receivable = "AR",
        Bank = "BNK",
    }
}

coded! {
    LedgerKind {
        Asset = "asset",
        Liability = "liability",
        Income = "income",
        Expense = "expense",
    }
}

impl LedgerKind {
    /// The side on which accounts of this kind grow.
    pub fn normal_side(self) -> Side {
        match self {
            Self::Asset | Self::Expense => Side::Debit,
            Self::Liability | Self::Income => Side::Credit,
        }
    }
}

coded! {
    /// What a ledger account is used for by Saldo. The chart gives each role one account with an editable code and name.
    LedgerRole {
        Bank = "bank",
        CashDesk = "cash_desk",
        PaymentClearing = "payment_clearing",
        Receivable = "receivable",
        CustomerPrepayments = "customer_prepayments",
        PromotionalCredit = "promotional_credit",
        GoodwillCredit = "goodwill_credit",
        SalesTaxPayable = "sales_tax_payable",
        Revenue = "revenue",
        SalesReturns = "sales_returns",
        PromotionExpense = "promotion_expense",
        GoodwillExpense = "goodwill_expense",
        BreakageIncome = "breakage_income",
        BadDebtExpense = "bad_debt_expense",
        CashOverShort = "cash_over_short",
        ExchangeGainLoss = "exchange_gain_loss",
        EarlyPaymentDiscount = "early_payment_discount",
        FeeIncome = "fee_income",
    }
}

impl LedgerRole {
    /// Control accounts tie to open items and grants: every line on one names its receivable account and subject.
    pub fn is_control(self) -> bool {
        matches!(
            self,
            Self::Receivable
                | Self::CustomerPrepayments
                | Self::PromotionalCredit
                | Self::GoodwillCredit
        )
    }

    /// Kind and code in the default chart.
    pub fn in_default_chart(self) -> (LedgerKind, &'static str) {
        use LedgerKind::{Asset, Expense, Income, Liability};
        match self {
            Self::Bank => (Asset, "1000"),
            Self::CashDesk => (Asset, "1010"),
            Self::PaymentClearing => (Asset, "1020"),
            Self::Receivable => (Asset, "1200"),
            Self::CustomerPrepayments => (Liability, "2100"),
            Self::PromotionalCredit => (Liability, "2110"),
            Self::GoodwillCredit => (Liability, "2120"),
            Self::SalesTaxPayable => (Liability, "2200"),
            Self::Revenue => (Income, "4000"),
            Self::SalesReturns => (Expense, "4100"),
            Self::BreakageIncome => (Income, "4200"),
            Self::FeeIncome => (Income, "4300"),
            Self::PromotionExpense => (Expense, "5100"),
            Self::GoodwillExpense => (Expense, "5110"),
            Self::BadDebtExpense => (Expense, "5200"),
            Self::CashOverShort => (Expense, "5300"),
            Self::EarlyPaymentDiscount => (Expense, "5400"),
            Self::ExchangeGainLoss => (Expense, "5500"),
        }
    }
}

/// What a line on a control account is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Subject {
    Invoice(InvoiceId),
    Grant(CreditGrantId),
}

/// One line of an entry. The amount is positive; the side carries the direction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalLine {
    pub role: LedgerRole,
    pub side: Side,
    pub amount_minor: i64,
    pub line_source: Option<LineSource>,
    /// A bank line that nets to zero within its entry; left out of cash reports.
    pub wash: bool,
    pub subject: Option<Subject>,
    /// Another receivable account than the entry's own: the receiving side of a transfer.
    pub account: Option<ReceivableAccountId>,
}

/// Why an entry cannot be posted: always a defect of the caller or an overflow, never a person's mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum LedgerError {
    #[error("debits {debits} and credits {credits} differ")]
    Unbalanced { debits: i64, credits: i64 },
    #[error("an entry needs lines")]
    Empty,
    #[error("line amounts are positive, this one is {0}")]
    AmountNotPositive(i64),
    #[error("a line on {0:?} must name its invoice or grant")]
    SubjectMissing(LedgerRole),
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// A balanced set of lines in one currency, of one receivable account; those of a transfer name both. Can only be made
/// balanced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalEntry {
    source: EntrySource,
    account: ReceivableAccountId,
    currency: Currency,
    lines: Vec<JournalLine>,
}

impl JournalEntry {
    /// An entry whose debits equal its credits, whose amounts are positive and whose control lines name a subject.
    pub fn balanced(
        source: EntrySource,
        account: ReceivableAccountId,
        currency: Currency,
        lines: Vec<JournalLine>,
    ) -> Result<Self, LedgerError> {
        if lines.is_empty() {
            return Err(LedgerError::Empty);
        }
        for line in &lines {
            if line.amount_minor <= 0 {
                return Err(LedgerError::AmountNotPositive(line.amount_minor));
            }
            if line.role.is_control() && line.subject.is_none() {
                return Err(LedgerError::SubjectMissing(line.role));
            }
        }
        let debits = side_total(&lines, Side::Debit)?;
        let credits = side_total(&lines, Side::Credit)?;
        if debits != credits {
            return Err(LedgerError::Unbalanced { debits, credits });
        }
        Ok(Self {
            source,
            account,
            currency,
            lines,
        })
    }

    /// The same lines with sides swapped, of the same source.
    pub fn contra(&self) -> Self {
        let lines = self
            .lines
            .iter()
            .map(|line| JournalLine {
                side: line.side.opposite(),
                ..line.clone()
            })
            .collect();
        Self {
            lines,
            ..self.clone()
        }
    }

    pub fn source(&self) -> EntrySource {
        self.source
    }

    pub fn account(&self) -> ReceivableAccountId {
        self.account
    }

    pub fn currency(&self) -> Currency {
        self.currency
    }

    pub fn lines(&self) -> &[JournalLine] {
        &self.lines
    }
}

fn side_total(lines: &[JournalLine], side: Side) -> Result<i64, MoneyError> {
    sum_minor(
        lines
            .iter()
            .filter(|l| l.side == side)
            .map(|l| l.amount_minor),
    )
}
