//! What staff see first.

use super::balances::ClassCredit;
use super::credits::GrantRow;
use super::invoices::InvoiceRow;
use super::payments::PaymentRow;
use crate::domain::money::Money;
use serde::{Deserialize, Serialize};

/// The state of the business at a glance, one part per currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dashboard {
    /// The most used currency first.
    pub currencies: Vec<CurrencyTotals>,
    /// The longest overdue first.
    pub overdue: Vec<InvoiceRow>,
    /// Credit that lapses within the next thirty days, soonest first.
    pub lapsing: Vec<GrantRow>,
    /// Newest first.
    pub payments: Vec<PaymentRow>,
}

/// What all customers together owe and hold in one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CurrencyTotals {
    pub due: Money,
    pub due_invoices: u64,
    pub overdue: Money,
    pub overdue_invoices: u64,
    pub credit: Money,
    pub credit_by_class: Vec<ClassCredit>,
    /// What usable credit could pay of open invoices on the same accounts now.
    pub applicable: Money,
    pub applicable_accounts: u64,
}
