//! The decision how credit covers open items: pure, shared by previews, use cases and the run.

use super::credit::{OrderOfUse, UsableGrant};
use super::ids::{CreditGrantId, InvoiceId};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// An invoice with something left to pay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenItem {
    pub invoice: InvoiceId,
    pub number: String,
    pub issued_on: NaiveDate,
    pub due_on: NaiveDate,
    /// Positive, in minor units of the account's currency.
    pub open_minor: i64,
    /// Nothing is allocated to a disputed invoice by itself; a person may still name it.
    pub disputed: bool,
}

/// A slice of a grant that settles a slice of an invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Allocation {
    pub grant: CreditGrantId,
    pub invoice: InvoiceId,
    pub amount_minor: i64,
}

/// Pairs a person struck out of a preview.
pub type StruckPairs = HashSet<(CreditGrantId, InvoiceId)>;

/// Invoices are paid by due date, then issue date, then number. Source: domain rules, section 4.
pub fn sort_for_payment(open_items: &mut [OpenItem]) {
    open_items.sort_by(|a, b| {
        (a.due_on, a.issued_on, &a.number, a.invoice).cmp(&(
            b.due_on,
            b.issued_on,
            &b.number,
            b.invoice,
        ))
    });
}

/// Covers the open items of one receivable account with its grants: invoices in their order of being paid,
/// each from the grants in their order of use, until one side is used up. Struck pairs are left out.
///
/// Never allocates more than is usable or open; the result does not depend on the order of the inputs.
pub fn allocate(
    mut grants: Vec<UsableGrant>,
    mut open_items: Vec<OpenItem>,
    order: OrderOfUse,
    struck: &StruckPairs,
) -> Vec<Allocation> {
    grants.sort_by(|a, b| order.compare(a, b));
    sort_for_payment(&mut open_items);
    let mut allocations = Vec::new();
    for item in open_items.iter().filter(|item| !item.disputed) {
        let mut open = item.open_minor;
        for grant in grants.iter_mut().filter(|grant| grant.usable_minor > 0) {
            if open <= 0 {
                break;
            }
            if struck.contains(&(grant.id, item.invoice)) {
                continue;
            }
            let amount_minor = open.min(grant.usable_minor);
            grant.usable_minor -= amount_minor;
            open -= amount_minor;
            allocations.push(Allocation {
                grant: grant.id,
                invoice: item.invoice,
                amount_minor,
            });
        }
    }
    allocations
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::credit::{CreditClass, DEFAULT_PRIORITY};
    use proptest::prelude::*;
    use rstest::rstest;
    use uuid::Uuid;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn grant(n: u128, usable_minor: i64) -> UsableGrant {
        UsableGrant {
            id: CreditGrantId(Uuid::from_u128(n)),
            class: CreditClass::Overpayment,
            usable_minor,
            effective_on: day("2026-01-01"),
            expires_on: None,
            priority: DEFAULT_PRIORITY,
            recorded_order: n as i64,
        }
    }

    fn invoice(n: u128, open_minor: i64) -> OpenItem {
        OpenItem {
            invoice: InvoiceId(Uuid::from_u128(n)),
            number: format!("{n:04}"),
            issued_on: day("2026-01-01"),
            due_on: day("2026-01-31"),
            open_minor,
            disputed: false,
        }
    }

    /// Amounts taken from grants 1, 2, 3 … in the order they were used.
    fn used(grants: Vec<UsableGrant>, invoices: Vec<OpenItem>) -> Vec<(u128, i64)> {
        allocate(
            grants,
            invoices,
            OrderOfUse::LapsingFirst,
            &StruckPairs::new(),
        )
        .iter()
        .map(|a| (a.grant.0.as_u128(), a.amount_minor))
        .collect()
    }

    #[test]
    fn what_lapses_first_is_used_first_and_the_rest_stays_due() {
        let lapsing = UsableGrant {
            expires_on: Some(day("2026-02-14")),
            ..grant(2, 80_00)
        };
        assert_eq!(
            used(vec![grant(1, 100_00), lapsing], vec![invoice(9, 220_00)]),
            [(2, 80_00), (1, 100_00)]
        );
    }

    #[test]
    fn of_four_lapse_dates_the_nearest_go_first() {
        let lapsing = |n, minor, date| UsableGrant {
            expires_on: Some(day(date)),
            ..grant(n, minor)
        };
        let grants = vec![
            grant(1, 50_00),
            lapsing(2, 30_00, "2036-01-01"),
            lapsing(3, 20_00, "2036-02-01"),
            lapsing(4, 100_00, "2036-03-01"),
        ];
        assert_eq!(
            used(grants, vec![invoice(9, 70_00)]),
            [(2, 30_00), (3, 20_00), (4, 20_00)]
        );
    }

    #[test]
    fn priority_comes_before_age() {
        let with = |n, minor, priority| UsableGrant {
            priority,
            ..grant(n, minor)
        };
        let grants = vec![
            with(1, 25_00, 2),
            with(2, 25_00, 2),
            with(3, 30_00, 2),
            with(4, 20_00, 1),
        ];
        assert_eq!(
            used(grants, vec![invoice(9, 80_00)]),
            [(4, 20_00), (1, 25_00), (2, 25_00), (3, 10_00)]
        );
    }

    #[test]
    fn at_equal_date_own_money_goes_last() {
        let promotion = UsableGrant {
            class: CreditClass::Promotion,
            ..grant(2, 20_00)
        };
        let prepayment = UsableGrant {
            class: CreditClass::Prepayment,
            ..grant(1, 50_00)
        };
        assert_eq!(
            used(vec![prepayment, promotion], vec![invoice(9, 25_00)]),
            [(2, 20_00), (1, 5_00)]
        );
    }

    #[rstest]
    #[case(OrderOfUse::LapsingFirst, 2)]
    #[case(OrderOfUse::OldestFirst, 1)]
    #[case(OrderOfUse::OwnMoneyLast, 3)]
    fn the_order_of_use_is_a_named_policy(#[case] order: OrderOfUse, #[case] first: u128) {
        let grants = vec![
            UsableGrant {
                class: CreditClass::Prepayment,
                effective_on: day("2025-01-01"),
                ..grant(1, 1)
            },
            UsableGrant {
                expires_on: Some(day("2026-02-01")),
                ..grant(2, 1)
            },
            UsableGrant {
                class: CreditClass::Goodwill,
                ..grant(3, 1)
            },
        ];
        let plan = allocate(grants, vec![invoice(9, 1)], order, &StruckPairs::new());
        assert_eq!(plan[0].grant.0.as_u128(), first);
    }

    #[test]
    fn a_disputed_invoice_is_left_out() {
        let disputed = OpenItem {
            disputed: true,
            ..invoice(8, 30)
        };
        assert_eq!(
            used(vec![grant(1, 50)], vec![disputed, invoice(9, 20)]),
            [(1, 20)]
        );
    }

    #[test]
    fn a_struck_pair_is_left_out_and_the_credit_goes_on() {
        let struck = StruckPairs::from([(grant(1, 0).id, invoice(8, 0).invoice)]);
        let plan = allocate(
            vec![grant(1, 50)],
            vec![invoice(8, 30), invoice(9, 30)],
            OrderOfUse::LapsingFirst,
            &struck,
        );
        assert_eq!(
            plan,
            [Allocation {
                grant: grant(1, 0).id,
                invoice: invoice(9, 0).invoice,
                amount_minor: 30
            }]
        );
    }

    #[rstest]
    #[case("2026-01-01", "2026-01-01", true)]
    #[case("2025-12-31", "2026-01-10", false)]
    #[case("2026-01-31", "2026-01-31", true)]
    #[case("2026-01-31", "2026-02-01", false)]
    #[case("2026-02-01", "2026-01-31", false)]
    fn a_grant_is_usable_from_its_date_through_its_last_day(
        #[case] effective_on: &str,
        #[case] today: &str,
        #[case] usable: bool,
    ) {
        let grant = UsableGrant {
            expires_on: Some(day("2026-01-31")),
            ..grant(1, 1)
        };
        assert_eq!(grant.is_usable(day(effective_on), day(today)), usable);
    }

    fn any_grant() -> impl Strategy<Value = UsableGrant> {
        (
            1_u128..50,
            0_i64..10_000,
            0_u64..40,
            prop::option::of(0_u64..400),
            98_i32..102,
            0_usize..5,
        )
            .prop_map(
                |(n, usable_minor, age, lapse, priority, class)| UsableGrant {
                    effective_on: day("2026-01-01") - chrono::Days::new(age),
                    expires_on: lapse.map(|days| day("2026-02-01") + chrono::Days::new(days)),
                    priority,
                    class: CreditClass::ALL[class],
                    ..grant(n, usable_minor)
                },
            )
    }

    fn distinct<T>(items: Vec<T>, key: impl Fn(&T) -> u128) -> Vec<T> {
        let mut seen = HashSet::new();
        items
            .into_iter()
            .filter(|item| seen.insert(key(item)))
            .collect()
    }

    proptest! {
        #[test]
        fn never_more_than_there_is_and_nothing_left_that_could_pay(
            grants in prop::collection::vec(any_grant(), 0..8),
            opens in prop::collection::vec(1_i64..10_000, 0..8),
        ) {
            let grants = distinct(grants, |g| g.id.0.as_u128());
            let items: Vec<OpenItem> = opens.iter().enumerate().map(|(n, open)| invoice(n as u128, *open)).collect();
            let plan = allocate(grants.clone(), items.clone(), OrderOfUse::LapsingFirst, &StruckPairs::new());
            for grant in &grants {
                let used: i64 = plan.iter().filter(|a| a.grant == grant.id).map(|a| a.amount_minor).sum();
                prop_assert!(used <= grant.usable_minor);
            }
            for item in &items {
                let paid: i64 = plan.iter().filter(|a| a.invoice == item.invoice).map(|a| a.amount_minor).sum();
                prop_assert!(paid <= item.open_minor);
            }
            let credit: i64 = grants.iter().map(|g| g.usable_minor).sum();
            let open: i64 = opens.iter().sum();
            prop_assert_eq!(plan.iter().map(|a| a.amount_minor).sum::<i64>(), credit.min(open));
            prop_assert!(plan.iter().all(|a| a.amount_minor > 0));
        }

        #[test]
        fn the_order_of_the_inputs_does_not_matter(
            grants in prop::collection::vec(any_grant(), 0..8),
            opens in prop::collection::vec(1_i64..10_000, 0..8),
        ) {
            let grants = distinct(grants, |g| g.id.0.as_u128());
            let items: Vec<OpenItem> = opens.iter().enumerate().map(|(n, open)| invoice(n as u128, *open)).collect();
            let mut reversed = (grants.clone(), items.clone());
            reversed.0.reverse();
            reversed.1.reverse();
            let none = StruckPairs::new();
            prop_assert_eq!(
                allocate(grants, items, OrderOfUse::LapsingFirst, &none),
                allocate(reversed.0, reversed.1, OrderOfUse::LapsingFirst, &none)
            );
        }
    }
}
