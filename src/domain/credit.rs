//! Credit grants: their classes, the order in which they are used, and what of them may be paid out.

use super::ids::CreditGrantId;
use super::ledger::{LedgerRole, coded};
use chrono::NaiveDate;
use std::cmp::Ordering;

/// The priority of a grant nobody gave one; smaller numbers are used first.
pub const DEFAULT_PRIORITY: i32 = 100;

coded! {
    /// Where credit came from. Source: domain rules, section 4.
    CreditClass {
        Promotion = "promotion",
        Goodwill = "goodwill",
        CreditNote = "credit_note",
        Overpayment = "overpayment",
        Prepayment = "prepayment",
    }
}

impl CreditClass {
    /// The control account in which unused credit of this class stands.
    pub fn carried_in(self) -> LedgerRole {
        match self {
            Self::Overpayment | Self::CreditNote => LedgerRole::Receivable,
            Self::Prepayment => LedgerRole::CustomerPrepayments,
            Self::Goodwill => LedgerRole::GoodwillCredit,
            Self::Promotion => LedgerRole::PromotionalCredit,
        }
    }

    /// At equal priority and date the customer's own money goes last.
    pub fn rank(self) -> u8 {
        match self {
            Self::Promotion => 0,
            Self::Goodwill => 1,
            Self::CreditNote => 2,
            Self::Overpayment => 3,
            Self::Prepayment => 4,
        }
    }
}

coded! {
    /// The named policies for the order in which an account's grants are used.
    OrderOfUse {
        /// Priority, then what lapses first, then class rank, then age. The default.
        LapsingFirst = "lapsing_first",
        /// Effective date, then recorded order.
        OldestFirst = "oldest_first",
        /// Priority, then class rank, then what lapses first.
        OwnMoneyLast = "own_money_last",
    }
}

/// A grant with something left, as the order of use needs to see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsableGrant {
    pub id: CreditGrantId,
    pub class: CreditClass,
    /// Positive, in minor units of the account's currency; reserved slices are already taken off.
    pub usable_minor: i64,
    pub effective_on: NaiveDate,
    /// Last usable day; `None` never lapses.
    pub expires_on: Option<NaiveDate>,
    pub priority: i32,
    /// Position in the order in which grants were recorded.
    pub recorded_order: i64,
}

impl UsableGrant {
    /// Whether it may be used for something that counts on `effective_on`, seen from `today`:
    /// already effective, and lapsed neither on that date nor by today.
    pub fn is_usable(&self, effective_on: NaiveDate, today: NaiveDate) -> bool {
        let last_needed = effective_on.max(today);
        self.usable_minor > 0
            && self.effective_on <= effective_on
            && self
                .expires_on
                .is_none_or(|expires_on| expires_on >= last_needed)
    }
}

impl OrderOfUse {
    /// Smaller is used first. Total: recorded order decides what is left equal.
    pub fn compare(self, a: &UsableGrant, b: &UsableGrant) -> Ordering {
        let lapse = |grant: &UsableGrant| grant.expires_on.unwrap_or(NaiveDate::MAX);
        let by_priority = a.priority.cmp(&b.priority);
        let by_lapse = lapse(a).cmp(&lapse(b));
        let by_rank = a.class.rank().cmp(&b.class.rank());
        let by_age = (a.effective_on, a.recorded_order).cmp(&(b.effective_on, b.recorded_order));
        match self {
            Self::LapsingFirst => by_priority.then(by_lapse).then(by_rank).then(by_age),
            Self::OldestFirst => by_age,
            Self::OwnMoneyLast => by_priority.then(by_rank).then(by_lapse).then(by_age),
        }
    }
}
