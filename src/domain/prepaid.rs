//! Prepaid accounts: drawing open invoices down from a top-up, and noticing that a balance runs low. Pure.
//! Source: domain rules, section 6.

use super::allocation::{Allocation, OpenItem, sort_for_payment};
use super::credit::UsableGrant;

/// What a top-up pays of the invoices that are open already: oldest first, the last one in part. With
/// `whole_invoices_only` an invoice that is not covered whole is left open and the next one is tried.
///
/// Disputed invoices are left out. Uses this grant and no other.
pub fn drawdown(
    grant: &UsableGrant,
    mut open_items: Vec<OpenItem>,
    whole_invoices_only: bool,
) -> Vec<Allocation> {
    sort_for_payment(&mut open_items);
    let mut left = grant.usable_minor;
    let mut allocations = Vec::new();
    for item in open_items.iter().filter(|item| !item.disputed) {
        let amount_minor = left.min(item.open_minor);
        let covered = amount_minor == item.open_minor;
        if amount_minor <= 0 || (whole_invoices_only && !covered) {
            continue;
        }
        left -= amount_minor;
        allocations.push(Allocation {
            grant: grant.id,
            invoice: item.invoice,
            amount_minor,
        });
    }
    allocations
}

/// Without the pairs of invoices that would be paid in part: what is left of a plan where only whole invoices are
/// drawn down. `open` says what is open of an invoice.
pub fn whole_invoices(plan: Vec<Allocation>, open_items: &[OpenItem]) -> Vec<Allocation> {
    let covered = |item: &OpenItem| {
        let paid = plan.iter().filter(|pair| pair.invoice == item.invoice);
        paid.map(|pair| pair.amount_minor).sum::<i64>() == item.open_minor
    };
    let whole: Vec<_> = open_items.iter().filter(|item| covered(item)).collect();
    let is_whole = |pair: &Allocation| whole.iter().any(|item| item.invoice == pair.invoice);
    plan.iter().copied().filter(is_whole).collect()
}

/// A balance someone wants to hear of, at or below which it is low.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Threshold {
    pub minor: i64,
    /// It has been told of and the balance has not been above it since.
    pub crossed: bool,
}

/// What a balance does to a threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crossing {
    /// It came to or below the threshold: one alert.
    Low,
    /// It is above again: the next crossing is told of once more.
    Recovered,
}

/// What the balance does to the threshold now; `None` where nothing changed, however often it is asked.
pub fn crossing(threshold: Threshold, balance_minor: i64) -> Option<Crossing> {
    match (balance_minor <= threshold.minor, threshold.crossed) {
        (true, false) => Some(Crossing::Low),
        (false, true) => Some(Crossing::Recovered),
        _ => None,
    }
}

/// How much to top up: what is missing to twice the highest threshold after the open invoices are drawn down, or the
/// amount agreed for the account where that is more. Zero: nothing to suggest.
pub fn suggested_top_up(
    balance_minor: i64,
    due_minor: i64,
    highest_threshold_minor: i64,
    agreed_minor: i64,
) -> i64 {
    let target = highest_threshold_minor.saturating_mul(2);
    let after_drawdown = balance_minor.saturating_sub(due_minor);
    if after_drawdown > highest_threshold_minor {
        return 0;
    }
    let missing = target.saturating_sub(after_drawdown);
    missing.max(agreed_minor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::credit::{CreditClass, DEFAULT_PRIORITY};
    use crate::domain::ids::{CreditGrantId, InvoiceId};
    use proptest::prelude::*;
    use rstest::rstest;
    use uuid::Uuid;

    fn grant(usable_minor: i64) -> UsableGrant {
        UsableGrant {
            id: CreditGrantId(Uuid::from_u128(1)),
            class: CreditClass::Prepayment,
            usable_minor,
            effective_on: "2026-01-01".parse().unwrap(),
            expires_on: None,
            priority: DEFAULT_PRIORITY,
            recorded_order: 1,
        }
    }

    fn items(open: &[i64]) -> Vec<OpenItem> {
        let item = |(n, open): (usize, &i64)| OpenItem {
            invoice: InvoiceId(Uuid::from_u128(n as u128)),
            number: format!("{n:04}"),
            issued_on: "2026-01-01".parse().unwrap(),
            due_on: "2026-01-31".parse().unwrap(),
            open_minor: *open,
            disputed: false,
        };
        open.iter().enumerate().map(item).collect()
    }

    fn paid(plan: &[Allocation]) -> Vec<(u128, i64)> {
        let pair = |pair: &Allocation| (pair.invoice.0.as_u128(), pair.amount_minor);
        plan.iter().map(pair).collect()
    }

    #[rstest]
    #[case(100, &[30, 50], false, &[(0, 30), (1, 50)])]
    #[case(60, &[30, 50], false, &[(0, 30), (1, 30)])]
    #[case(60, &[30, 50], true, &[(0, 30)])]
    #[case(60, &[80, 50], true, &[(1, 50)])]
    #[case(60, &[80, 50], false, &[(0, 60)])]
    #[case(60, &[60], true, &[(0, 60)])]
    #[case(60, &[], false, &[])]
    fn a_top_up_draws_down_open_invoices_oldest_first(
        #[case] top_up: i64,
        #[case] open: &[i64],
        #[case] whole: bool,
        #[case] expected: &[(u128, i64)],
    ) {
        assert_eq!(
            paid(&drawdown(&grant(top_up), items(open), whole)),
            expected
        );
    }

    #[test]
    fn a_disputed_invoice_is_not_drawn_down() {
        let mut open = items(&[30, 50]);
        open[0].disputed = true;
        assert_eq!(paid(&drawdown(&grant(40), open, false)), [(1, 40)]);
    }

    #[test]
    fn of_a_plan_only_whole_invoices_stay() {
        let open = items(&[30, 50]);
        let plan = drawdown(&grant(60), open.clone(), false);
        assert_eq!(paid(&whole_invoices(plan, &open)), [(0, 30)]);
    }

    #[test]
    fn each_threshold_is_told_once_per_crossing() {
        let mut threshold = Threshold {
            minor: 10,
            crossed: false,
        };
        let mut told = 0;
        for balance in [50, 11, 10, 9, 10, 0, 11, 40, 10, 10] {
            match crossing(threshold, balance) {
                Some(Crossing::Low) => {
                    told += 1;
                    threshold.crossed = true;
                }
                Some(Crossing::Recovered) => threshold.crossed = false,
                None => {}
            }
        }
        assert_eq!(told, 2);
    }

    #[rstest]
    #[case(50, 0, 10, 0, 0)]
    #[case(10, 0, 10, 0, 10)]
    #[case(0, 0, 10, 0, 20)]
    #[case(0, 35, 10, 0, 55)]
    #[case(0, 0, 10, 100, 100)]
    #[case(0, 0, 0, 25, 25)]
    fn what_is_suggested_brings_the_balance_to_twice_the_threshold(
        #[case] balance: i64,
        #[case] due: i64,
        #[case] threshold: i64,
        #[case] agreed: i64,
        #[case] expected: i64,
    ) {
        assert_eq!(suggested_top_up(balance, due, threshold, agreed), expected);
    }

    proptest! {
        #[test]
        fn a_drawdown_never_takes_more_than_there_is_or_is_open(
            top_up in 1..10_000_i64,
            open in prop::collection::vec(1..2_000_i64, 0..12),
            whole: bool,
        ) {
            let plan = drawdown(&grant(top_up), items(&open), whole);
            let total: i64 = plan.iter().map(|pair| pair.amount_minor).sum();
            prop_assert!(total <= top_up);
            for (invoice, amount) in paid(&plan) {
                let open = open[usize::try_from(invoice).unwrap()];
                prop_assert!(amount > 0 && amount <= open && (!whole || amount == open));
            }
            if !whole {
                prop_assert_eq!(total, top_up.min(open.iter().sum()));
            }
        }
    }
}
