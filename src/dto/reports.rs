//! Reports as of a date.

use crate::domain::ids::ReceivableAccountId;
use crate::domain::ledger::{LedgerKind, LedgerRole};
use crate::domain::money::{Currency, Money};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// What an aging report is asked for. As of today where no date is given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AgingFilter {
    pub as_of: String,
    /// Number or part of the name of a customer, or number of a receivable account.
    pub search: String,
    pub currency: String,
}

/// Open items and credit of one receivable account, or of all accounts in one currency.
///
/// `not_due + … + over_90 − credit_in_receivable = receivable`, which is the receivable ledger as of the date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgingAmounts {
    pub open_invoices: i64,
    pub not_due: Money,
    pub days_1_30: Money,
    pub days_31_60: Money,
    pub days_61_90: Money,
    pub over_90: Money,
    /// Everything open, whether due or not.
    pub open: Money,
    /// Overpayments and credit notes: they stand in the receivable ledger and lower it.
    pub credit_in_receivable: Money,
    /// The receivable ledger as of the date.
    pub receivable: Money,
    /// Credit carried in ledger accounts of its own.
    pub prepayments: Money,
    pub promotional_credit: Money,
    pub goodwill_credit: Money,
    /// Part of the credit in all these columns that has lapsed by the date while its lapse is not posted yet.
    pub lapsed_not_posted: Money,
}

/// One receivable account in the aging report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgingRow {
    pub account: ReceivableAccountId,
    pub account_number: String,
    pub customer_number: String,
    pub customer_name: String,
    pub amounts: AgingAmounts,
}

/// One currency in the aging report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgingTotal {
    pub currency: Currency,
    /// Customers with something open.
    pub customers: i64,
    pub amounts: AgingAmounts,
}

/// Aging by due date as of a day: accounts with something open or credit, and the totals of all of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgingReport {
    pub as_of: NaiveDate,
    pub rows: Vec<AgingRow>,
    /// How many accounts there are in all; `rows` may be a page of them.
    pub total_rows: u64,
    pub totals: Vec<AgingTotal>,
}

/// One ledger account in one currency in the trial balance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrialBalanceRow {
    pub role: LedgerRole,
    pub code: String,
    pub name: String,
    pub kind: LedgerKind,
    /// The balance, on the side on which it stands.
    pub debit: Option<Money>,
    pub credit: Option<Money>,
}

/// All ledger accounts of one currency; debits and credits are equal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrialBalanceCurrency {
    pub currency: Currency,
    pub rows: Vec<TrialBalanceRow>,
    pub debits: Money,
    pub credits: Money,
}

/// The trial balance at the end of a day, by accounting date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrialBalance {
    pub as_of: NaiveDate,
    pub currencies: Vec<TrialBalanceCurrency>,
}
