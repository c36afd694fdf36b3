//! Credit grants: their classes, the order in which they are used, and what of them may be paid out.

use super::ids::CreditGrantId;
use super::ledger::{LedgerRole, coded};
use chrono::NaiveDate;
use std::cmp::Ordering;

/// The priority of a grant nobody gave one; smaller numbers are used first.
pub const DEFAULT_PRIORITY: i32 = 100;

/// The largest number a priority may be.
pub const LOWEST_PRIORITY: u32 = 1_000_000;

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

    /// Where credit of this class goes when it lapses: what the customer paid becomes income, what was given goes back
    /// to the expense it came from. Source: domain rules, section 7.
    pub fn lapses_to(self) -> LedgerRole {
        match self {
            Self::Overpayment | Self::CreditNote | Self::Prepayment => LedgerRole::BreakageIncome,
            Self::Goodwill => LedgerRole::GoodwillExpense,
            Self::Promotion => LedgerRole::PromotionExpense,
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

coded! {
    /// Why one grant is used before another.
    UseReason {
        /// Its priority is the smaller number.
        Priority = "priority",
        /// It lapses sooner, or lapses at all.
        LapsesSooner = "lapses_sooner",
        /// Credit of its class goes before that of the other's.
        Class = "class",
        /// It counts from an earlier day.
        Older = "older",
        /// It was recorded first.
        RecordedFirst = "recorded_first",
    }
}

impl OrderOfUse {
    /// The first thing in which `first` goes before `next`; both in this order.
    pub fn why_before(self, first: &UsableGrant, next: &UsableGrant) -> UseReason {
        let lapse = |grant: &UsableGrant| grant.expires_on.unwrap_or(NaiveDate::MAX);
        let priority = (first.priority < next.priority, UseReason::Priority);
        let lapses = (lapse(first) < lapse(next), UseReason::LapsesSooner);
        let class = (first.class.rank() < next.class.rank(), UseReason::Class);
        let older = (first.effective_on < next.effective_on, UseReason::Older);
        let asked: &[(bool, UseReason)] = match self {
            Self::LapsingFirst => &[priority, lapses, class, older],
            Self::OldestFirst => &[older],
            Self::OwnMoneyLast => &[priority, class, lapses, older],
        };
        let found = asked.iter().find(|(holds, _)| *holds);
        found.map_or(UseReason::RecordedFirst, |(_, reason)| *reason)
    }
}

coded! {
    /// What can be done with a grant now. Derived from the facts, never stored beside them.
    GrantStatus {
        Usable = "usable",
        /// Its date is still to come.
        NotYetEffective = "not_yet_effective",
        OnHold = "on_hold",
        /// Past its last usable day: with something left that is still to be posted as lapsed, or lapsed at the end.
        Lapsed = "lapsed",
        /// Applied to the last cent.
        Used = "used",
        /// Taken back with the document it came from.
        TakenBack = "taken_back",
    }
}

/// The facts a grant's status follows from.
#[derive(Clone, Copy, Debug)]
pub struct GrantFacts {
    pub remaining_minor: i64,
    /// What is left of the issue was taken back with its document.
    pub taken_back: bool,
    /// What lapsed of it and was not taken back.
    pub lapsed_minor: i64,
    pub on_hold: bool,
    pub effective_on: NaiveDate,
    pub expires_on: Option<NaiveDate>,
}

/// The status of a grant on `today`.
pub fn grant_status(facts: GrantFacts, today: NaiveDate) -> GrantStatus {
    if facts.remaining_minor == 0 {
        return match facts.taken_back {
            true => GrantStatus::TakenBack,
            false if facts.lapsed_minor > 0 => GrantStatus::Lapsed,
            false => GrantStatus::Used,
        };
    }
    if facts.expires_on.is_some_and(|last| last < today) {
        return GrantStatus::Lapsed;
    }
    if facts.on_hold {
        return GrantStatus::OnHold;
    }
    if facts.effective_on > today {
        return GrantStatus::NotYetEffective;
    }
    GrantStatus::Usable
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn facts() -> GrantFacts {
        GrantFacts {
            remaining_minor: 5,
            taken_back: false,
            lapsed_minor: 0,
            on_hold: false,
            effective_on: "2026-06-01".parse().unwrap(),
            expires_on: Some("2026-06-30".parse().unwrap()),
        }
    }

    fn grant(priority: i32, expires_on: Option<&str>, class: CreditClass, on: &str) -> UsableGrant {
        UsableGrant {
            id: CreditGrantId(uuid::Uuid::from_u128(1)),
            class,
            usable_minor: 1,
            effective_on: on.parse().unwrap(),
            expires_on: expires_on.map(|day| day.parse().unwrap()),
            priority,
            recorded_order: 1,
        }
    }

    use CreditClass::{Prepayment, Promotion};
    use OrderOfUse::{LapsingFirst, OldestFirst, OwnMoneyLast};

    #[rstest]
    #[case(
        LapsingFirst,
        grant(1, None, Prepayment, "2026-02-01"),
        UseReason::Priority
    )]
    #[case(
        LapsingFirst,
        grant(2, Some("2036-01-01"), Prepayment, "2026-02-01"),
        UseReason::LapsesSooner
    )]
    #[case(
        LapsingFirst,
        grant(2, None, Promotion, "2026-02-01"),
        UseReason::Class
    )]
    #[case(
        LapsingFirst,
        grant(2, None, Prepayment, "2026-01-01"),
        UseReason::Older
    )]
    #[case(
        LapsingFirst,
        grant(2, None, Prepayment, "2026-02-01"),
        UseReason::RecordedFirst
    )]
    #[case(
        OwnMoneyLast,
        grant(2, Some("2036-01-01"), Promotion, "2026-02-01"),
        UseReason::Class
    )]
    #[case(
        OldestFirst,
        grant(1, Some("2036-01-01"), Promotion, "2026-01-01"),
        UseReason::Older
    )]
    fn a_grant_goes_before_the_next_for_a_reason(
        #[case] order: OrderOfUse,
        #[case] first: UsableGrant,
        #[case] reason: UseReason,
    ) {
        let next = UsableGrant {
            recorded_order: 2,
            ..grant(2, None, Prepayment, "2026-02-01")
        };
        assert_eq!(order.compare(&first, &next), Ordering::Less);
        assert_eq!(order.why_before(&first, &next), reason);
    }

    #[rstest]
    #[case(facts(), "2026-06-30", GrantStatus::Usable)]
    #[case(facts(), "2026-07-01", GrantStatus::Lapsed)]
    #[case(facts(), "2026-05-31", GrantStatus::NotYetEffective)]
    #[case(GrantFacts { expires_on: None, ..facts() }, "2199-01-01", GrantStatus::Usable)]
    #[case(GrantFacts { on_hold: true, ..facts() }, "2026-06-15", GrantStatus::OnHold)]
    #[case(GrantFacts { remaining_minor: 0, ..facts() }, "2026-06-15", GrantStatus::Used)]
    #[case(GrantFacts { remaining_minor: 0, lapsed_minor: 2, ..facts() }, "2026-06-15", GrantStatus::Lapsed)]
    #[case(GrantFacts { remaining_minor: 0, taken_back: true, ..facts() }, "2026-06-15", GrantStatus::TakenBack)]
    fn a_grants_status_follows_from_its_facts(
        #[case] facts: GrantFacts,
        #[case] today: &str,
        #[case] expected: GrantStatus,
    ) {
        assert_eq!(grant_status(facts, today.parse().unwrap()), expected);
    }
}
