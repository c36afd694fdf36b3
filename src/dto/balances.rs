//! What receivable accounts owe and hold.

use crate::domain::credit::CreditClass;
use crate::domain::ids::ReceivableAccountId;
use crate::domain::money::Money;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// What one receivable account owes and holds, in its currency, as of a business date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountBalance {
    pub account: ReceivableAccountId,
    pub number: String,
    /// Sum of the open items.
    pub due: Money,
    /// The part of `due` whose due date is before `as_of`.
    pub overdue: Money,
    /// Remainders of all grants that have not lapsed, also those on hold or not yet effective.
    pub credit: Money,
    /// `credit` by class, in class rank; classes that hold nothing are left out.
    pub credit_by_class: Vec<ClassCredit>,
    /// The part of `credit` that can be used now: effective, not lapsed, not on hold.
    pub available: Money,
    /// The part of `credit` that is kept out of use.
    pub on_hold: Money,
    /// `due` − `credit`: positive is owed by the customer.
    pub net: Money,
    pub as_of: NaiveDate,
    /// Moves on with every change of the account.
    pub version: i64,
}

/// Credit of one class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassCredit {
    pub class: CreditClass,
    pub amount: Money,
}
