//! Promotions: what one customer gets from one, decided from the promotion and the facts. Pure.
//!
//! ```text
//! draft ──activate──▶ active ◀──pause / activate──▶ paused
//!                        └──────────── end ───────────┴──▶ ended
//! ```
//! A promotion gives credit (tender, after tax). What lowers a price is a discount on the invoice, before tax, and is
//! never one of these. Source: domain rules, section 6.

use super::ledger::coded;
use super::money::{Currency, Money, MoneyError, round_to_minor, sum_minor, to_decimal};
use chrono::{Days, NaiveDate};
use rust_decimal::Decimal;
use thiserror::Error;

coded! {
    /// How much a promotion gives, and for what.
    PromotionKind {
        /// The same amount to everyone, for nothing in return.
        FixedCredit = "fixed_credit",
        /// A share of an invoice's total.
        InvoicePercentage = "invoice_percentage",
        /// A share of a top-up.
        TopUpPercentage = "top_up_percentage",
        /// A fixed amount for a top-up of at least the minimum: "pay 100, get 10".
        TopUpBonus = "top_up_bonus",
    }
}

coded! {
    /// The document a promotion gives something for.
    BasisKind {
        Invoice = "invoice",
        /// A prepayment.
        TopUp = "payment",
    }
}

impl PromotionKind {
    /// The document it needs; `None`: it gives without one.
    pub fn basis(self) -> Option<BasisKind> {
        match self {
            Self::FixedCredit => None,
            Self::InvoicePercentage => Some(BasisKind::Invoice),
            Self::TopUpPercentage | Self::TopUpBonus => Some(BasisKind::TopUp),
        }
    }

    /// Whether it gives a share rather than an amount.
    pub fn is_percentage(self) -> bool {
        matches!(self, Self::InvoicePercentage | Self::TopUpPercentage)
    }
}

coded! {
    /// Whom a promotion is for.
    Audience {
        All = "all",
        /// Customers with at least one of its tags.
        Tags = "tags",
        /// Customers by name.
        Customers = "customers",
    }
}

coded! {
    /// Whether it may meet other promotions on the same document.
    Stacking {
        /// It gives nothing where another promotion gave, and nothing else gives where it did.
        Exclusive = "exclusive",
        /// It may meet other combinable ones.
        Combinable = "combinable",
    }
}

coded! {
    PromotionState {
        Draft = "draft",
        Active = "active",
        Paused = "paused",
        Ended = "ended",
    }
}

coded! {
    /// What moves a promotion from state to state.
    PromotionAct {
        Activate = "activate",
        Pause = "pause",
        End = "end",
    }
}

impl PromotionState {
    /// The state after `act`, or `None` where that is not possible from here. Ended is final.
    pub fn after(self, act: PromotionAct) -> Option<Self> {
        match (self, act) {
            (Self::Draft | Self::Paused, PromotionAct::Activate) => Some(Self::Active),
            (Self::Active, PromotionAct::Pause) => Some(Self::Paused),
            (Self::Active | Self::Paused, PromotionAct::End) => Some(Self::Ended),
            _ => None,
        }
    }
}

/// How much: an amount, or a share in percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gives {
    /// In minor units, positive.
    Amount(i64),
    /// More than 0; 10 is ten percent.
    Percent(Decimal),
}

/// When credit that a promotion gave lapses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LapseRule {
    /// As the expiry policy for promotional credit says; never where there is none.
    ByPolicy,
    /// So many days after it was given.
    AfterDays(u32),
    /// On the same last day for everyone.
    On(NaiveDate),
}

impl LapseRule {
    /// The last usable day of credit given on `granted_on`; `None` leaves it to the policy.
    pub fn expires_on(self, granted_on: NaiveDate) -> Option<NaiveDate> {
        match self {
            Self::ByPolicy => None,
            Self::AfterDays(days) => granted_on.checked_add_days(Days::new(days.into())),
            Self::On(date) => Some(date),
        }
    }
}

/// A promotion as far as it decides what somebody gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    pub state: PromotionState,
    pub kind: PromotionKind,
    pub gives: Gives,
    pub currency: Currency,
    /// First and last day on which it gives.
    pub starts_on: NaiveDate,
    pub ends_on: Option<NaiveDate>,
    /// All it may give; `None`: no bound.
    pub budget_minor: Option<i64>,
    /// All one customer may get. `None`: a fixed credit once, everything else once per document.
    pub cap_minor: Option<i64>,
    /// The least the document must be over.
    pub minimum_minor: i64,
    pub stacking: Stacking,
    pub lapse: LapseRule,
}

/// The document something is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Basis {
    pub kind: BasisKind,
    pub amount_minor: i64,
    /// This promotion gave for this document before, and that stands.
    pub already_given: bool,
}

/// What is known about who asks and what was given so far, less what was revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    pub on: NaiveDate,
    pub currency: Currency,
    pub in_audience: bool,
    pub basis: Option<Basis>,
    /// Given to everyone.
    pub given_minor: i64,
    /// Given to this customer.
    pub given_to_customer_minor: i64,
    /// Other promotions that gave for the same document; without a document, those of which this receivable account
    /// still holds credit.
    pub beside: Vec<Stacking>,
}

/// Why a promotion gives nothing. In order of precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NotGiven {
    #[error("not in the audience")]
    NotInAudience,
    #[error("the promotion is not active")]
    NotActive,
    #[error("begins on {starts_on}")]
    NotYet { starts_on: NaiveDate },
    #[error("ended on {ended_on}")]
    Over { ended_on: NaiveDate },
    #[error("the promotion is in {expected}")]
    OtherCurrency { expected: Currency },
    #[error("it gives for another kind of document")]
    OtherBasis { needed: Option<BasisKind> },
    #[error("below the minimum of {minimum_minor}")]
    BelowMinimum { minimum_minor: i64 },
    #[error("given before")]
    AlreadyGiven,
    #[error("another promotion stands in the way")]
    NotCombinable,
    #[error("rounds to nothing")]
    NothingToGive,
    #[error("only {left_minor} left for this customer")]
    CapReached { left_minor: i64 },
    #[error("only {left_minor} left of the budget")]
    BudgetSpent { left_minor: i64 },
    #[error("amount out of range")]
    OutOfRange,
}

impl From<MoneyError> for NotGiven {
    fn from(_: MoneyError) -> Self {
        Self::OutOfRange
    }
}

/// What somebody gets now, in minor units and always positive.
///
/// Whole or not at all: where budget or cap do not hold the whole amount, nothing is given and what is left is named.
/// A part would not be what the promotion promised, and a customer who got 3.17 of 20.00 asks why. So the budget is
/// never exceeded, and what is left of it at the end is less than one grant.
pub fn decide(offer: &Offer, facts: &Facts) -> Result<i64, NotGiven> {
    if !facts.in_audience {
        return Err(NotGiven::NotInAudience);
    }
    check_window(offer, facts.on)?;
    if facts.currency != offer.currency {
        return Err(NotGiven::OtherCurrency {
            expected: offer.currency,
        });
    }
    check_basis(offer, facts)?;
    let stands_in_way =
        |other: &Stacking| offer.stacking == Stacking::Exclusive || *other == Stacking::Exclusive;
    if facts.beside.iter().any(stands_in_way) {
        return Err(NotGiven::NotCombinable);
    }
    let amount_minor = amount(offer, facts)?;
    check_bounds(offer, facts, amount_minor)?;
    Ok(amount_minor)
}

fn check_window(offer: &Offer, on: NaiveDate) -> Result<(), NotGiven> {
    if offer.state != PromotionState::Active {
        return Err(NotGiven::NotActive);
    }
    if on < offer.starts_on {
        return Err(NotGiven::NotYet {
            starts_on: offer.starts_on,
        });
    }
    let lapsed_on = match offer.lapse {
        LapseRule::On(date) => Some(date),
        LapseRule::ByPolicy | LapseRule::AfterDays(_) => None,
    };
    let last = [offer.ends_on, lapsed_on].into_iter().flatten().min();
    match last.filter(|last| on > *last) {
        Some(ended_on) => Err(NotGiven::Over { ended_on }),
        None => Ok(()),
    }
}

fn check_basis(offer: &Offer, facts: &Facts) -> Result<(), NotGiven> {
    let needed = offer.kind.basis();
    if facts.basis.map(|basis| basis.kind) != needed {
        return Err(NotGiven::OtherBasis { needed });
    }
    let Some(basis) = facts.basis else {
        let again = facts.given_to_customer_minor > 0 && offer.cap_minor.is_none();
        return if again {
            Err(NotGiven::AlreadyGiven)
        } else {
            Ok(())
        };
    };
    if basis.already_given {
        return Err(NotGiven::AlreadyGiven);
    }
    if basis.amount_minor <= 0 || basis.amount_minor < offer.minimum_minor {
        return Err(NotGiven::BelowMinimum {
            minimum_minor: offer.minimum_minor,
        });
    }
    Ok(())
}

/// What the promotion gives by its terms alone; a share is rounded once, half away from zero.
fn amount(offer: &Offer, facts: &Facts) -> Result<i64, NotGiven> {
    let minor = match (offer.gives, facts.basis) {
        (Gives::Amount(minor), _) => minor,
        (Gives::Percent(_), None) => 0,
        (Gives::Percent(percent), Some(basis)) => {
            let share = to_decimal(basis.amount_minor, offer.currency)
                .checked_mul(percent)
                .and_then(|product| product.checked_div(Decimal::ONE_HUNDRED))
                .ok_or(NotGiven::OutOfRange)?;
            round_to_minor(share, offer.currency)?
        }
    };
    if minor <= 0 {
        return Err(NotGiven::NothingToGive);
    }
    Ok(minor)
}

fn check_bounds(offer: &Offer, facts: &Facts, amount_minor: i64) -> Result<(), NotGiven> {
    if let Some(cap) = offer.cap_minor
        && sum_minor([facts.given_to_customer_minor, amount_minor])? > cap
    {
        let left_minor = cap.saturating_sub(facts.given_to_customer_minor).max(0);
        return Err(NotGiven::CapReached { left_minor });
    }
    if let Some(budget) = offer.budget_minor
        && sum_minor([facts.given_minor, amount_minor])? > budget
    {
        let left_minor = budget.saturating_sub(facts.given_minor).max(0);
        return Err(NotGiven::BudgetSpent { left_minor });
    }
    Ok(())
}

/// What a definition contradicts itself in; each belongs to one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TermsRefusal {
    #[error("ends before it starts")]
    EndsBeforeStart { first: NaiveDate },
    #[error("lapses before it ends")]
    LapsesBeforeEnd { first: NaiveDate },
    #[error("an amount must be positive")]
    AmountNotPositive,
    #[error("a percentage is more than 0 and at most 100")]
    PercentOutOfRange,
    #[error("the budget does not hold one grant")]
    BudgetBelowGrant { amount: Money },
    #[error("the cap does not hold one grant")]
    CapBelowGrant { amount: Money },
}

/// Checks that a promotion can give anything at all as it is defined.
pub fn check_terms(offer: &Offer) -> Result<(), TermsRefusal> {
    if let Some(ends_on) = offer.ends_on
        && ends_on < offer.starts_on
    {
        return Err(TermsRefusal::EndsBeforeStart {
            first: offer.starts_on,
        });
    }
    if let LapseRule::On(lapses_on) = offer.lapse {
        let first = offer.ends_on.unwrap_or(offer.starts_on);
        if lapses_on < first {
            return Err(TermsRefusal::LapsesBeforeEnd { first });
        }
    }
    match offer.gives {
        Gives::Amount(minor) if minor <= 0 => Err(TermsRefusal::AmountNotPositive),
        Gives::Amount(minor) => {
            let amount = Money::new(minor, offer.currency);
            if offer.budget_minor.is_some_and(|budget| budget < minor) {
                return Err(TermsRefusal::BudgetBelowGrant { amount });
            }
            if offer.cap_minor.is_some_and(|cap| cap < minor) {
                return Err(TermsRefusal::CapBelowGrant { amount });
            }
            Ok(())
        }
        Gives::Percent(percent) if percent <= Decimal::ZERO || percent > Decimal::ONE_HUNDRED => {
            Err(TermsRefusal::PercentOutOfRange)
        }
        Gives::Percent(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn offer() -> Offer {
        Offer {
            state: PromotionState::Active,
            kind: PromotionKind::FixedCredit,
            gives: Gives::Amount(20_00),
            currency: Currency::EUR,
            starts_on: day("2026-06-01"),
            ends_on: Some(day("2026-06-30")),
            budget_minor: None,
            cap_minor: None,
            minimum_minor: 0,
            stacking: Stacking::Combinable,
            lapse: LapseRule::AfterDays(30),
        }
    }

    fn bonus() -> Offer {
        Offer {
            kind: PromotionKind::TopUpBonus,
            gives: Gives::Amount(10_00),
            minimum_minor: 100_00,
            ..offer()
        }
    }

    fn share(percent: &str) -> Offer {
        Offer {
            kind: PromotionKind::InvoicePercentage,
            gives: Gives::Percent(percent.parse().unwrap()),
            ..offer()
        }
    }

    fn facts() -> Facts {
        Facts {
            on: day("2026-06-15"),
            currency: Currency::EUR,
            in_audience: true,
            basis: None,
            given_minor: 0,
            given_to_customer_minor: 0,
            beside: Vec::new(),
        }
    }

    fn over(kind: BasisKind, amount_minor: i64) -> Facts {
        Facts {
            basis: Some(Basis {
                kind,
                amount_minor,
                already_given: false,
            }),
            ..facts()
        }
    }

    #[rstest]
    // The window.
    #[case(offer(), facts(), Ok(20_00))]
    #[case(Offer { state: PromotionState::Draft, ..offer() }, facts(), Err(NotGiven::NotActive))]
    #[case(Offer { state: PromotionState::Paused, ..offer() }, facts(), Err(NotGiven::NotActive))]
    #[case(Offer { state: PromotionState::Ended, ..offer() }, facts(), Err(NotGiven::NotActive))]
    #[case(offer(), Facts { on: day("2026-05-31"), ..facts() }, Err(NotGiven::NotYet { starts_on: day("2026-06-01") }))]
    #[case(offer(), Facts { on: day("2026-06-01"), ..facts() }, Ok(20_00))]
    #[case(offer(), Facts { on: day("2026-06-30"), ..facts() }, Ok(20_00))]
    #[case(offer(), Facts { on: day("2026-07-01"), ..facts() }, Err(NotGiven::Over { ended_on: day("2026-06-30") }))]
    #[case(Offer { ends_on: None, ..offer() }, Facts { on: day("2099-01-01"), ..facts() }, Ok(20_00))]
    #[case(Offer { ends_on: None, lapse: LapseRule::On(day("2026-07-31")), ..offer() },
        Facts { on: day("2026-08-01"), ..facts() }, Err(NotGiven::Over { ended_on: day("2026-07-31") }))]
    // Who.
    #[case(offer(), Facts { in_audience: false, ..facts() }, Err(NotGiven::NotInAudience))]
    #[case(offer(), Facts { currency: Currency::USD, ..facts() }, Err(NotGiven::OtherCurrency { expected: Currency::EUR }))]
    // Once, unless the cap holds more.
    #[case(offer(), Facts { given_to_customer_minor: 20_00, ..facts() }, Err(NotGiven::AlreadyGiven))]
    #[case(Offer { cap_minor: Some(40_00), ..offer() }, Facts { given_to_customer_minor: 20_00, ..facts() }, Ok(20_00))]
    #[case(Offer { cap_minor: Some(39_99), ..offer() }, Facts { given_to_customer_minor: 20_00, ..facts() },
        Err(NotGiven::CapReached { left_minor: 19_99 }))]
    // The budget: exact, one cent short, spent.
    #[case(Offer { budget_minor: Some(100_00), ..offer() }, Facts { given_minor: 80_00, ..facts() }, Ok(20_00))]
    #[case(Offer { budget_minor: Some(100_00), ..offer() }, Facts { given_minor: 80_01, ..facts() },
        Err(NotGiven::BudgetSpent { left_minor: 19_99 }))]
    #[case(Offer { budget_minor: Some(100_00), ..offer() }, Facts { given_minor: 100_00, ..facts() },
        Err(NotGiven::BudgetSpent { left_minor: 0 }))]
    #[case(Offer { budget_minor: Some(i64::MAX), ..offer() }, Facts { given_minor: i64::MAX, ..facts() }, Err(NotGiven::OutOfRange))]
    // "Pay 100, get 10".
    #[case(bonus(), over(BasisKind::TopUp, 100_00), Ok(10_00))]
    #[case(bonus(), over(BasisKind::TopUp, 99_99), Err(NotGiven::BelowMinimum { minimum_minor: 100_00 }))]
    #[case(bonus(), over(BasisKind::TopUp, 1_000_00), Ok(10_00))]
    #[case(bonus(), facts(), Err(NotGiven::OtherBasis { needed: Some(BasisKind::TopUp) }))]
    #[case(bonus(), over(BasisKind::Invoice, 100_00), Err(NotGiven::OtherBasis { needed: Some(BasisKind::TopUp) }))]
    #[case(offer(), over(BasisKind::TopUp, 100_00), Err(NotGiven::OtherBasis { needed: None }))]
    // A share, rounded once, half away from zero.
    #[case(share("10"), over(BasisKind::Invoice, 163_99), Ok(16_40))]
    #[case(share("0.5"), over(BasisKind::Invoice, 1_00), Ok(1))]
    #[case(
        share("0.4"),
        over(BasisKind::Invoice, 1_00),
        Err(NotGiven::NothingToGive)
    )]
    #[case(share("10"), over(BasisKind::Invoice, 0), Err(NotGiven::BelowMinimum { minimum_minor: 0 }))]
    #[case(share("10"), over(BasisKind::Invoice, -5_00), Err(NotGiven::BelowMinimum { minimum_minor: 0 }))]
    #[case(Offer { cap_minor: Some(10_00), ..share("10") }, over(BasisKind::Invoice, 163_99),
        Err(NotGiven::CapReached { left_minor: 10_00 }))]
    fn what_one_customer_gets(
        #[case] offer: Offer,
        #[case] facts: Facts,
        #[case] expected: Result<i64, NotGiven>,
    ) {
        assert_eq!(decide(&offer, &facts), expected);
    }

    #[rstest]
    #[case(Stacking::Combinable, &[], Ok(20_00))]
    #[case(Stacking::Combinable, &[Stacking::Combinable], Ok(20_00))]
    #[case(Stacking::Combinable, &[Stacking::Combinable, Stacking::Exclusive], Err(NotGiven::NotCombinable))]
    #[case(Stacking::Exclusive, &[], Ok(20_00))]
    #[case(Stacking::Exclusive, &[Stacking::Combinable], Err(NotGiven::NotCombinable))]
    fn an_exclusive_promotion_stands_alone(
        #[case] own: Stacking,
        #[case] beside: &[Stacking],
        #[case] expected: Result<i64, NotGiven>,
    ) {
        let offer = Offer {
            stacking: own,
            ..offer()
        };
        let facts = Facts {
            beside: beside.to_vec(),
            ..facts()
        };
        assert_eq!(decide(&offer, &facts), expected);
    }

    #[test]
    fn a_document_gives_once() {
        let mut facts = over(BasisKind::TopUp, 100_00);
        facts.basis.as_mut().unwrap().already_given = true;
        assert_eq!(decide(&bonus(), &facts), Err(NotGiven::AlreadyGiven));
    }

    #[rstest]
    #[case(PromotionState::Draft, [Some(PromotionState::Active), None, None])]
    #[case(PromotionState::Active, [None, Some(PromotionState::Paused), Some(PromotionState::Ended)])]
    #[case(PromotionState::Paused, [Some(PromotionState::Active), None, Some(PromotionState::Ended)])]
    #[case(PromotionState::Ended, [None, None, None])]
    fn states_follow_each_other(
        #[case] from: PromotionState,
        #[case] expected: [Option<PromotionState>; 3],
    ) {
        let acts = [
            PromotionAct::Activate,
            PromotionAct::Pause,
            PromotionAct::End,
        ];
        assert_eq!(acts.map(|act| from.after(act)), expected);
    }

    #[rstest]
    #[case(offer(), Ok(()))]
    #[case(Offer { ends_on: Some(day("2026-05-31")), ..offer() }, Err(TermsRefusal::EndsBeforeStart { first: day("2026-06-01") }))]
    #[case(Offer { lapse: LapseRule::On(day("2026-06-29")), ..offer() }, Err(TermsRefusal::LapsesBeforeEnd { first: day("2026-06-30") }))]
    #[case(Offer { lapse: LapseRule::On(day("2026-06-30")), ..offer() }, Ok(()))]
    #[case(Offer { gives: Gives::Amount(0), ..offer() }, Err(TermsRefusal::AmountNotPositive))]
    #[case(Offer { budget_minor: Some(19_99), ..offer() }, Err(TermsRefusal::BudgetBelowGrant { amount: Money::new(20_00, Currency::EUR) }))]
    #[case(Offer { cap_minor: Some(19_99), ..offer() }, Err(TermsRefusal::CapBelowGrant { amount: Money::new(20_00, Currency::EUR) }))]
    #[case(share("0"), Err(TermsRefusal::PercentOutOfRange))]
    #[case(share("100"), Ok(()))]
    #[case(share("100.01"), Err(TermsRefusal::PercentOutOfRange))]
    fn a_definition_must_be_able_to_give(
        #[case] offer: Offer,
        #[case] expected: Result<(), TermsRefusal>,
    ) {
        assert_eq!(check_terms(&offer), expected);
    }

    #[rstest]
    #[case(LapseRule::ByPolicy, None)]
    #[case(LapseRule::AfterDays(0), Some("2026-06-15"))]
    #[case(LapseRule::AfterDays(30), Some("2026-07-15"))]
    #[case(LapseRule::On(day("2026-12-31")), Some("2026-12-31"))]
    fn credit_lapses_as_its_promotion_says(
        #[case] rule: LapseRule,
        #[case] expected: Option<&str>,
    ) {
        assert_eq!(rule.expires_on(day("2026-06-15")), expected.map(day));
    }

    /// Asks and takings back, each of one of four customers.
    #[derive(Clone, Debug)]
    enum Step {
        Ask { customer: usize, amount_minor: i64 },
        Revoke { customer: usize },
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let ask = (0..4_usize, 1..500_00_i64).prop_map(|(customer, amount_minor)| Step::Ask {
            customer,
            amount_minor,
        });
        let revoke = (0..4_usize).prop_map(|customer| Step::Revoke { customer });
        prop::collection::vec(prop_oneof![4 => ask, 1 => revoke], 1..80)
    }

    proptest! {
        #[test]
        fn neither_budget_nor_cap_is_ever_exceeded_in_any_order(
            steps in steps(),
            budget in 1..2_000_00_i64,
            cap in 1..600_00_i64,
            percent in 1..=100_u32,
        ) {
            let offer = Offer {
                kind: PromotionKind::TopUpPercentage,
                gives: Gives::Percent(percent.into()),
                budget_minor: Some(budget),
                cap_minor: Some(cap),
                ..offer()
            };
            let mut given: [Vec<i64>; 4] = Default::default();
            for step in steps {
                match step {
                    Step::Revoke { customer } => { given[customer].pop(); }
                    Step::Ask { customer, amount_minor } => {
                        let facts = Facts {
                            given_minor: given.iter().flatten().sum(),
                            given_to_customer_minor: given[customer].iter().sum(),
                            ..over(BasisKind::TopUp, amount_minor)
                        };
                        match decide(&offer, &facts) {
                            Ok(minor) => {
                                prop_assert!(minor > 0);
                                given[customer].push(minor);
                            }
                            // What is left is named, and it is less than what would have been given.
                            Err(NotGiven::CapReached { left_minor }) =>
                                prop_assert_eq!(left_minor, cap - facts.given_to_customer_minor),
                            Err(NotGiven::BudgetSpent { left_minor }) =>
                                prop_assert_eq!(left_minor, budget - facts.given_minor),
                            Err(other) => prop_assert_eq!(other, NotGiven::NothingToGive),
                        }
                    }
                }
                let total: i64 = given.iter().flatten().sum();
                prop_assert!(total <= budget);
                for one in &given {
                    prop_assert!(one.iter().sum::<i64>() <= cap);
                }
            }
        }

        #[test]
        fn of_a_fixed_credit_as_many_get_it_as_the_budget_holds(
            amount in 1..100_00_i64,
            budget in 100_00..1_000_00_i64,
            asking in 1..200_usize,
        ) {
            let offer = Offer { gives: Gives::Amount(amount), budget_minor: Some(budget), ..offer() };
            let mut given_minor = 0;
            let mut got = 0;
            for _ in 0..asking {
                if let Ok(minor) = decide(&offer, &Facts { given_minor, ..facts() }) {
                    given_minor += minor;
                    got += 1;
                }
            }
            let holds = usize::try_from(budget / amount).unwrap();
            prop_assert_eq!(got, asking.min(holds));
        }
    }
}
