//! When credit lapses: what a policy gives a new grant, what lapses of a grant on which day, when notices are due.
//!
//! ```text
//! effective_on ── policy ──▶ expires_on, the last usable day ──▶ the day after: what is left lapses
//!                            └─ notice days: expires_on − lead
//! ```

use super::credit::{CreditClass, DEFAULT_PRIORITY};
use super::dates::{LAST_FUTURE_YEAR, last_of_month};
use super::ids::{ApplicationId, ExpiryPolicyVersionId};
use super::ledger::coded;
use super::money::Currency;
use chrono::{Days, Months, NaiveDate};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::fmt;
use thiserror::Error;
use uuid::Uuid;

/// Days before the last usable day on which a customer is told, where no policy says otherwise.
/// Source: domain rules, section 7.
pub const DEFAULT_NOTICE_LEADS: &[u32] = &[30, 7, 1];

/// The longest life, minimum life or lead a policy may have, in days (or months where it counts months): a century.
pub const LONGEST_DAYS: u32 = 36_500;
pub const LONGEST_MONTHS: u32 = 1_200;

coded! {
    /// How a policy counts to the last usable day.
    ExpiryCounting {
        /// So many days after the day the grant counts from.
        Days = "days",
        /// The end of the month, so many months after that of the day the grant counts from.
        EndOfMonth = "end_of_month",
        /// Grants under it never lapse.
        Never = "never",
    }
}

/// What a policy says: when a grant lapses, and the life it has at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpiryRule {
    pub counting: ExpiryCounting,
    /// Days or months, as `counting` says.
    pub length: u32,
    /// Days from the grant's own day to its last usable one, at least.
    pub minimum_life_days: u32,
}

impl ExpiryRule {
    /// The last usable day of a grant that counts from `effective_on`; `None` never lapses. Never earlier for a later
    /// grant. The minimum life moves a day later, an end of month to the next one that is late enough.
    pub fn last_usable_day(self, effective_on: NaiveDate) -> Option<NaiveDate> {
        let at_least = later(effective_on, self.minimum_life_days);
        let last = match self.counting {
            ExpiryCounting::Never => return None,
            ExpiryCounting::Days => later(effective_on, self.length).max(at_least),
            ExpiryCounting::EndOfMonth => {
                let month = effective_on
                    .checked_add_months(Months::new(self.length))
                    .unwrap_or(last_future_day());
                last_of_month(month.max(at_least).min(last_future_day()))
            }
        };
        Some(last.min(last_future_day()))
    }

    /// The latest day on which a grant may count from and still has its last usable day before `day`: it and all
    /// earlier ones have lapsed by then. `None` where no grant has.
    pub fn latest_lapsed_on(self, day: NaiveDate) -> Option<NaiveDate> {
        let lapsed = |effective_on: NaiveDate| {
            self.last_usable_day(effective_on)
                .is_some_and(|last| last < day)
        };
        // Lapsing is monotonic in the grant's own day, so that the border can be halved in on.
        let (mut lapsed_day, mut later_day) = (earliest_day(), day);
        if !lapsed(lapsed_day) {
            return None;
        }
        while (later_day - lapsed_day).num_days() > 1 {
            let middle = lapsed_day + (later_day - lapsed_day) / 2;
            if lapsed(middle) {
                lapsed_day = middle;
            } else {
                later_day = middle;
            }
        }
        Some(lapsed_day)
    }
}

fn later(day: NaiveDate, days: u32) -> NaiveDate {
    day.checked_add_days(Days::new(days.into()))
        .unwrap_or(last_future_day())
        .min(last_future_day())
}

fn last_future_day() -> NaiveDate {
    NaiveDate::from_ymd_opt(LAST_FUTURE_YEAR, 12, 31).expect("a date of the calendar")
}

/// Before every grant there can be.
fn earliest_day() -> NaiveDate {
    NaiveDate::from_ymd_opt(1000, 1, 1).expect("a date of the calendar")
}

/// A policy with the version of it that is in force on the day asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyInForce {
    pub version: ExpiryPolicyVersionId,
    pub class: CreditClass,
    /// Only customers with this tag.
    pub tag: Option<String>,
    /// Only accounts in this currency.
    pub currency: Option<Currency>,
    pub rule: ExpiryRule,
}

/// Whom and what a new grant is for, as policies ask.
#[derive(Clone, Copy, Debug)]
pub struct NewGrantFacts<'a> {
    pub class: CreditClass,
    pub currency: Currency,
    pub customer_tags: &'a [String],
    pub effective_on: NaiveDate,
}

/// The policy a new grant is born under. One for the customer's tag goes before one for everybody, one for the
/// currency before one for all; of several tags of a customer the one that lets the credit live longest decides.
pub fn governing<'a>(
    policies: &'a [PolicyInForce],
    facts: NewGrantFacts<'_>,
) -> Option<&'a PolicyInForce> {
    let applies = |policy: &&PolicyInForce| {
        policy.class == facts.class
            && policy
                .currency
                .is_none_or(|currency| currency == facts.currency)
            && (policy.tag.as_ref()).is_none_or(|tag| facts.customer_tags.contains(tag))
    };
    policies.iter().filter(applies).max_by_key(|policy| {
        let last = policy.rule.last_usable_day(facts.effective_on);
        (
            policy.tag.is_some(),
            policy.currency.is_some(),
            last.unwrap_or(NaiveDate::MAX),
            Reverse(policy.version),
        )
    })
}

/// What whoever made a grant said about its use; what they left open the policy decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GivenTerms {
    pub expires_on: Option<NaiveDate>,
    pub priority: Option<i32>,
}

/// The terms a grant is born with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct GrantTerms {
    /// The last usable day; `None` never lapses.
    pub expires_on: Option<NaiveDate>,
    pub priority: i32,
    /// The policy version that gave the date.
    pub policy_version: Option<ExpiryPolicyVersionId>,
}

impl GrantTerms {
    /// The given terms, and what `policy` adds where no date was given. A grant recorded so late that its policy would
    /// have let it lapse already may be used for the rest of `today`: nobody's money is gone before they hear of it.
    pub fn of(
        given: GivenTerms,
        policy: Option<&PolicyInForce>,
        effective_on: NaiveDate,
        today: NaiveDate,
    ) -> Self {
        let priority = given.priority.unwrap_or(DEFAULT_PRIORITY);
        let policy = policy.filter(|_| given.expires_on.is_none());
        let by_policy = policy.and_then(|policy| policy.rule.last_usable_day(effective_on));
        Self {
            expires_on: given.expires_on.or(by_policy.map(|last| last.max(today))),
            priority,
            policy_version: policy.map(|policy| policy.version),
        }
    }
}

/// The day a grant lapses: the one after its last usable day.
pub fn lapse_day(expires_on: NaiveDate) -> NaiveDate {
    expires_on
        .succ_opt()
        .expect("lapse dates end with the year 2199")
}

/// Whether a grant has lapsed by `day`, posted or not.
pub fn has_lapsed(expires_on: Option<NaiveDate>, day: NaiveDate) -> bool {
    expires_on.is_some_and(|last| last < day)
}

/// Credit that lapses: how much (in minor units) and on which day it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lapse {
    pub amount_minor: i64,
    pub effective_on: NaiveDate,
}

/// What lapses of a grant by itself, seen on `day`: all that is left but what requests have set aside, on the day
/// after its last usable one, however late that is noticed. A hold does not keep credit from lapsing: it keeps it
/// from being used.
pub fn scheduled_lapse(
    remaining_minor: i64,
    reserved_minor: i64,
    expires_on: Option<NaiveDate>,
    day: NaiveDate,
) -> Option<Lapse> {
    let amount_minor = remaining_minor - reserved_minor;
    let last = expires_on.filter(|last| *last < day)?;
    (amount_minor > 0).then(|| Lapse {
        amount_minor,
        effective_on: lapse_day(last),
    })
}

/// What lapses of a slice that came back to a grant on `returned_on`, seen `today`: the whole slice where the grant has
/// lapsed by then, on the day of its return, but not before the day the grant lapsed.
/// Source: domain rules, section 4.
pub fn returned_lapse(
    amount_minor: i64,
    expires_on: Option<NaiveDate>,
    returned_on: NaiveDate,
    today: NaiveDate,
) -> Option<Lapse> {
    let last = expires_on.filter(|last| *last < returned_on.max(today))?;
    Some(Lapse {
        amount_minor,
        effective_on: lapse_day(last).max(returned_on),
    })
}

/// Why credit lapsed. A grant lapses once per cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LapseCause {
    /// Its last usable day passed.
    Scheduled { expires_on: NaiveDate },
    /// Undoing this application brought a slice back to a grant that had lapsed.
    Returned(ApplicationId),
    /// A request that had set a slice aside let go of it after the grant had lapsed.
    Released(Uuid),
    /// Found left over on this day, after the scheduled lapse.
    LeftOver { on: NaiveDate },
}

impl fmt::Display for LapseCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scheduled { expires_on } => write!(f, "scheduled:{expires_on}"),
            Self::Returned(application) => write!(f, "application:{application}"),
            Self::Released(request) => write!(f, "request:{request}"),
            Self::LeftOver { on } => write!(f, "left_over:{on}"),
        }
    }
}

/// Why a lapse date is refused, with the first or last date that would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ExpiryRefusal {
    #[error("before {first}")]
    TooEarly { first: NaiveDate },
    #[error("after {last}")]
    TooLate { last: NaiveDate },
}

/// Checks a last usable day somebody typed: not before `first`, up to the year 2199.
pub fn check_last_day(expires_on: NaiveDate, first: NaiveDate) -> Result<NaiveDate, ExpiryRefusal> {
    if expires_on < first {
        return Err(ExpiryRefusal::TooEarly { first });
    }
    let last = last_future_day();
    if expires_on > last {
        return Err(ExpiryRefusal::TooLate { last });
    }
    Ok(expires_on)
}

/// The days on which a customer is told that a grant is about to lapse, each with its lead, earliest first.
/// A lead before the grant's own day does not exist. Source: domain rules, section 7.
pub fn notice_days(
    effective_on: NaiveDate,
    expires_on: NaiveDate,
    leads: &[u32],
) -> Vec<(u32, NaiveDate)> {
    let mut days: Vec<(u32, NaiveDate)> = leads
        .iter()
        .filter_map(|lead| {
            let day = expires_on.checked_sub_days(Days::new((*lead).into()))?;
            (day >= effective_on).then_some((*lead, day))
        })
        .collect();
    days.sort_by_key(|(_, day)| *day);
    days.dedup();
    days
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn rule(counting: ExpiryCounting, length: u32, minimum_life_days: u32) -> ExpiryRule {
        ExpiryRule {
            counting,
            length,
            minimum_life_days,
        }
    }

    use ExpiryCounting::{Days as InDays, EndOfMonth, Never};

    #[rstest]
    #[case(rule(InDays, 0, 0), "2026-06-15", Some("2026-06-15"))]
    #[case(rule(InDays, 180, 0), "2026-06-15", Some("2026-12-12"))]
    #[case(rule(InDays, 10, 30), "2026-06-15", Some("2026-07-15"))]
    #[case(rule(InDays, 36_500, 0), "2180-01-01", Some("2199-12-31"))]
    #[case(rule(EndOfMonth, 0, 0), "2026-06-15", Some("2026-06-30"))]
    #[case(rule(EndOfMonth, 0, 0), "2026-06-30", Some("2026-06-30"))]
    #[case(rule(EndOfMonth, 1, 0), "2026-01-31", Some("2026-02-28"))]
    #[case(rule(EndOfMonth, 12, 0), "2027-02-10", Some("2028-02-29"))]
    #[case(rule(EndOfMonth, 0, 15), "2026-06-15", Some("2026-06-30"))]
    #[case(rule(EndOfMonth, 0, 16), "2026-06-15", Some("2026-07-31"))]
    #[case(rule(EndOfMonth, 1_200, 0), "2190-06-15", Some("2199-12-31"))]
    #[case(rule(Never, 0, 30), "2026-06-15", None)]
    fn a_policy_gives_the_last_usable_day(
        #[case] rule: ExpiryRule,
        #[case] effective_on: &str,
        #[case] expected: Option<&str>,
    ) {
        assert_eq!(rule.last_usable_day(day(effective_on)), expected.map(day));
    }

    #[rstest]
    #[case(rule(InDays, 180, 0), "2026-06-15", Some("2025-12-16"))]
    #[case(rule(InDays, 0, 0), "2026-06-15", Some("2026-06-14"))]
    #[case(rule(EndOfMonth, 0, 0), "2026-06-15", Some("2026-05-31"))]
    #[case(rule(EndOfMonth, 0, 0), "2026-06-30", Some("2026-05-31"))]
    #[case(rule(EndOfMonth, 0, 0), "2026-07-01", Some("2026-06-30"))]
    #[case(rule(Never, 0, 0), "2026-06-15", None)]
    fn a_simulation_knows_the_last_grant_that_has_lapsed(
        #[case] rule: ExpiryRule,
        #[case] on: &str,
        #[case] expected: Option<&str>,
    ) {
        assert_eq!(rule.latest_lapsed_on(day(on)), expected.map(day));
    }

    fn policy(id: u128, tag: Option<&str>, currency: Option<Currency>, days: u32) -> PolicyInForce {
        PolicyInForce {
            version: ExpiryPolicyVersionId(Uuid::from_u128(id)),
            class: CreditClass::Promotion,
            tag: tag.map(str::to_owned),
            currency,
            rule: rule(InDays, days, 0),
        }
    }

    #[rstest]
    #[case(&[], Currency::EUR, 1)]
    #[case(&[], Currency::USD, 2)]
    #[case(&["gold"], Currency::EUR, 3)]
    #[case(&["gold"], Currency::USD, 4)]
    // Of two tags the longer life decides.
    #[case(&["gold", "staff"], Currency::EUR, 5)]
    #[case(&["gold", "staff"], Currency::USD, 4)]
    fn the_most_particular_policy_governs(
        #[case] tags: &[&str],
        #[case] currency: Currency,
        #[case] expected: u128,
    ) {
        let policies = [
            policy(1, None, None, 10),
            policy(2, None, Some(Currency::USD), 10),
            policy(3, Some("gold"), None, 10),
            policy(4, Some("gold"), Some(Currency::USD), 10),
            policy(5, Some("staff"), None, 20),
        ];
        let tags: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
        let facts = NewGrantFacts {
            class: CreditClass::Promotion,
            currency,
            customer_tags: &tags,
            effective_on: day("2026-06-15"),
        };
        let governing = governing(&policies, facts).unwrap();
        assert_eq!(governing.version.0, Uuid::from_u128(expected));
    }

    #[test]
    fn a_policy_of_another_class_says_nothing() {
        let facts = NewGrantFacts {
            class: CreditClass::Prepayment,
            currency: Currency::EUR,
            customer_tags: &[],
            effective_on: day("2026-06-15"),
        };
        assert_eq!(governing(&[policy(1, None, None, 10)], facts), None);
    }

    #[rstest]
    // What was given goes before the policy; what was left open it decides.
    #[case(
        GivenTerms::default(),
        Some(30),
        "2026-06-15",
        Some("2026-07-15"),
        100,
        true
    )]
    #[case(GivenTerms { expires_on: Some(day("2036-01-01")), priority: Some(1) }, Some(30), "2026-06-15",
        Some("2036-01-01"), 1, false)]
    #[case(GivenTerms { expires_on: None, priority: Some(2) }, None, "2026-06-15", None, 2, false)]
    // Recorded late: usable for the rest of the day.
    #[case(
        GivenTerms::default(),
        Some(30),
        "2026-01-15",
        Some("2026-06-15"),
        100,
        true
    )]
    fn a_grant_is_born_with_terms(
        #[case] given: GivenTerms,
        #[case] days: Option<u32>,
        #[case] effective_on: &str,
        #[case] expires_on: Option<&str>,
        #[case] priority: i32,
        #[case] by_policy: bool,
    ) {
        let policy = days.map(|days| policy(1, None, None, days));
        let terms = GrantTerms::of(given, policy.as_ref(), day(effective_on), day("2026-06-15"));
        assert_eq!(terms.expires_on, expires_on.map(day));
        assert_eq!(
            (terms.priority, terms.policy_version.is_some()),
            (priority, by_policy)
        );
    }

    #[rstest]
    #[case(40, 0, Some("2026-01-31"), "2026-01-31", None)]
    #[case(40, 0, Some("2026-01-31"), "2026-02-01", Some((40, "2026-02-01")))]
    #[case(40, 0, Some("2026-01-31"), "2026-05-09", Some((40, "2026-02-01")))]
    #[case(40, 15, Some("2026-01-31"), "2026-02-01", Some((25, "2026-02-01")))]
    #[case(40, 40, Some("2026-01-31"), "2026-02-01", None)]
    #[case(0, 0, Some("2026-01-31"), "2026-02-01", None)]
    #[case(40, 0, None, "2199-12-31", None)]
    fn what_is_left_lapses_on_the_day_after_the_last_usable_one(
        #[case] remaining: i64,
        #[case] reserved: i64,
        #[case] expires_on: Option<&str>,
        #[case] on: &str,
        #[case] expected: Option<(i64, &str)>,
    ) {
        let lapse = scheduled_lapse(remaining, reserved, expires_on.map(day), day(on));
        let found = lapse.map(|lapse| (lapse.amount_minor, lapse.effective_on));
        assert_eq!(found, expected.map(|(minor, on)| (minor, day(on))));
    }

    #[rstest]
    // On the last usable day it comes back and may be used.
    #[case(Some("2026-01-31"), "2026-01-31", "2026-01-31", None)]
    #[case(Some("2026-01-31"), "2026-02-05", "2026-02-05", Some("2026-02-05"))]
    // Undone on a day before the lapse, seen after it: back then, gone with the rest.
    #[case(Some("2026-01-31"), "2026-01-25", "2026-02-05", Some("2026-02-01"))]
    // Undone on a day still to come, after the last usable one.
    #[case(Some("2026-01-30"), "2026-01-31", "2026-01-20", Some("2026-01-31"))]
    #[case(None, "2026-02-05", "2026-02-05", None)]
    fn a_slice_that_comes_back_to_a_lapsed_grant_lapses(
        #[case] expires_on: Option<&str>,
        #[case] returned_on: &str,
        #[case] today: &str,
        #[case] expected: Option<&str>,
    ) {
        let lapse = returned_lapse(60, expires_on.map(day), day(returned_on), day(today));
        assert_eq!(lapse.map(|lapse| lapse.effective_on), expected.map(day));
        assert!(lapse.is_none_or(|lapse| lapse.amount_minor == 60));
    }

    #[rstest]
    #[case("2026-06-15", "2026-12-31", &[30, 7, 1], &[(30, "2026-12-01"), (7, "2026-12-24"), (1, "2026-12-30")])]
    // A lead before the grant's own day does not exist; the day itself does.
    #[case("2026-06-15", "2026-06-22", &[30, 7, 1], &[(7, "2026-06-15"), (1, "2026-06-21")])]
    #[case("2026-06-15", "2026-06-15", &[30, 7, 1, 0], &[(0, "2026-06-15")])]
    #[case("2026-06-15", "2026-12-31", &[], &[])]
    fn notices_are_due_so_many_days_before(
        #[case] effective_on: &str,
        #[case] expires_on: &str,
        #[case] leads: &[u32],
        #[case] expected: &[(u32, &str)],
    ) {
        let expected: Vec<(u32, NaiveDate)> =
            expected.iter().map(|(lead, on)| (*lead, day(on))).collect();
        assert_eq!(
            notice_days(day(effective_on), day(expires_on), leads),
            expected
        );
    }

    #[test]
    fn a_lapse_date_keeps_its_bounds() {
        let first = day("2026-06-15");
        assert_eq!(check_last_day(first, first), Ok(first));
        let early = check_last_day(day("2026-06-14"), first);
        assert_eq!(early, Err(ExpiryRefusal::TooEarly { first }));
        let last = day("2199-12-31");
        assert_eq!(check_last_day(last, first), Ok(last));
        let late = check_last_day(day("2200-01-01"), first);
        assert_eq!(late, Err(ExpiryRefusal::TooLate { last }));
    }

    fn any_rule() -> impl Strategy<Value = ExpiryRule> {
        (0_usize..3, 0_u32..2_000, 0_u32..400).prop_map(|(counting, length, minimum)| {
            let counting = ExpiryCounting::ALL[counting];
            let length = match counting {
                ExpiryCounting::EndOfMonth => length % 60,
                _ => length,
            };
            rule(counting, length, minimum)
        })
    }

    proptest! {
        #[test]
        fn a_later_grant_never_lapses_earlier_and_none_before_its_minimum_life(
            rule in any_rule(), days in 0_u64..20_000, more in 0_u64..500,
        ) {
            let earlier = day("2000-01-01") + Days::new(days);
            let later = earlier + Days::new(more);
            if let (Some(first), Some(second)) = (rule.last_usable_day(earlier), rule.last_usable_day(later)) {
                prop_assert!(first <= second);
                prop_assert!(first >= earlier + Days::new(rule.minimum_life_days.into()));
            }
        }

        #[test]
        fn the_simulation_draws_the_line_between_lapsed_and_not(rule in any_rule(), days in 0_u64..20_000) {
            let on = day("2000-01-01") + Days::new(days);
            match rule.latest_lapsed_on(on) {
                None => prop_assert_eq!(rule.counting, Never),
                Some(border) => {
                    prop_assert!(has_lapsed(rule.last_usable_day(border), on));
                    prop_assert!(!has_lapsed(rule.last_usable_day(border + Days::new(1)), on));
                }
            }
        }

        #[test]
        fn reserved_and_lapsed_never_exceed_what_is_left(
            remaining in 0_i64..1_000_000, reserved_share in 0_i64..=100, days in 0_u64..100,
        ) {
            let reserved = remaining * reserved_share / 100;
            let lapse = scheduled_lapse(remaining, reserved, Some(day("2026-01-31")), day("2026-01-01") + Days::new(days));
            if let Some(lapse) = lapse {
                prop_assert_eq!(lapse.amount_minor + reserved, remaining);
            }
        }
    }
}
