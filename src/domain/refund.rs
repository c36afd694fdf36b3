//! What of a customer's credit may be paid out: money that was received and is still credit.
//!
//! ```text
//! grant ── traces to ─► payments behind its origin ── received less returned = left to return
//!   free                       newest first
//! ```
//! Promotional and goodwill credit traces to no payment. Source: domain rules, section 4.

use super::ids::{CreditGrantId, PaymentId};
use super::money::{MoneyError, sum_minor};
use super::payment::PaymentMethod;
use chrono::NaiveDate;
use std::collections::HashMap;

/// A payment whose money may go back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceivedPayment {
    pub payment: PaymentId,
    /// Counts up as payments are recorded; decides between payments of one day.
    pub number: i64,
    pub method: PaymentMethod,
    pub received_on: NaiveDate,
    /// What was received less what went back already or is about to; not negative.
    pub left_minor: i64,
}

/// A grant that may be paid out as far as it traces to money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TracedGrant {
    pub grant: CreditGrantId,
    /// What no request has set aside; not negative.
    pub free_minor: i64,
    /// The payments behind its origin.
    pub payments: Vec<ReceivedPayment>,
}

/// What goes back of one grant as the money of one payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefundSlice {
    pub grant: CreditGrantId,
    pub payment: PaymentId,
    pub method: PaymentMethod,
    pub amount_minor: i64,
}

/// Everything that could be paid out, newest payment first. Where several grants trace to a payment, those that have
/// no other go first, so that none is left without money that was there for it.
pub fn refundable(grants: &[TracedGrant]) -> Vec<RefundSlice> {
    let mut payments: Vec<ReceivedPayment> = Vec::new();
    for payment in grants.iter().flat_map(|grant| &grant.payments) {
        if !payments
            .iter()
            .any(|known| known.payment == payment.payment)
        {
            payments.push(*payment);
        }
    }
    payments.sort_by_key(|payment| std::cmp::Reverse((payment.received_on, payment.number)));
    let mut by_choice: Vec<&TracedGrant> = grants.iter().collect();
    by_choice.sort_by_key(|grant| grant.payments.len());
    let mut free: HashMap<CreditGrantId, i64> = HashMap::new();
    for grant in grants {
        free.insert(grant.grant, grant.free_minor);
    }
    let mut slices = Vec::new();
    for payment in &payments {
        let mut left_minor = payment.left_minor;
        for grant in &by_choice {
            if !traces_to(grant, payment.payment) {
                continue;
            }
            let free = free.entry(grant.grant).or_default();
            let amount_minor = left_minor.min(*free);
            if amount_minor <= 0 {
                continue;
            }
            *free -= amount_minor;
            left_minor -= amount_minor;
            slices.push(RefundSlice {
                grant: grant.grant,
                payment: payment.payment,
                method: payment.method,
                amount_minor,
            });
        }
    }
    slices
}

fn traces_to(grant: &TracedGrant, payment: PaymentId) -> bool {
    grant
        .payments
        .iter()
        .any(|source| source.payment == payment)
}

/// The most that could be paid out.
pub fn most_refundable(grants: &[TracedGrant]) -> Result<i64, MoneyError> {
    sum_minor(refundable(grants).iter().map(|slice| slice.amount_minor))
}

/// The slices that make up `wanted_minor`, newest payment first; fewer where that is more than can be paid out.
pub fn refund_slices(grants: &[TracedGrant], wanted_minor: i64) -> Vec<RefundSlice> {
    let mut wanted_minor = wanted_minor;
    let mut slices = Vec::new();
    for slice in refundable(grants) {
        let amount_minor = slice.amount_minor.min(wanted_minor);
        if amount_minor <= 0 {
            break;
        }
        wanted_minor -= amount_minor;
        slices.push(RefundSlice {
            amount_minor,
            ..slice
        });
    }
    slices
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn payment(number: u32, day: u32, left_minor: i64) -> ReceivedPayment {
        ReceivedPayment {
            payment: PaymentId(Uuid::from_u128(number.into())),
            number: number.into(),
            method: PaymentMethod::BankTransfer,
            received_on: NaiveDate::from_ymd_opt(2026, 6, day).unwrap(),
            left_minor,
        }
    }

    fn grant(number: u32, free_minor: i64, payments: &[ReceivedPayment]) -> TracedGrant {
        TracedGrant {
            grant: CreditGrantId(Uuid::from_u128(number.into())),
            free_minor,
            payments: payments.to_vec(),
        }
    }

    /// `grant<payment amount` per slice.
    fn check(grants: &[TracedGrant], wanted_minor: i64, expected: &[(u128, u128, i64)]) {
        let slices: Vec<_> = refund_slices(grants, wanted_minor)
            .iter()
            .map(|slice| {
                let (grant, payment) = (slice.grant.0.as_u128(), slice.payment.0.as_u128());
                (grant, payment, slice.amount_minor)
            })
            .collect();
        assert_eq!(slices, expected);
    }

    #[test]
    fn only_money_that_was_received_goes_back_and_the_newest_first() {
        let old = payment(1, 1, 5_000);
        let new = payment(2, 9, 3_000);
        let promotion = grant(7, 2_000, &[]);
        // Promotion 20, prepayment 50: at most 50.
        let both = [promotion.clone(), grant(8, 5_000, &[old])];
        assert_eq!(most_refundable(&both), Ok(5_000));
        check(&both, 6_000, &[(8, 1, 5_000)]);
        check(&both, 1, &[(8, 1, 1)]);
        check(&both, 0, &[]);
        // Two payments: the newer one's money first.
        let two = [grant(8, 5_000, &[old]), grant(9, 3_000, &[new])];
        check(&two, 4_000, &[(9, 2, 3_000), (8, 1, 1_000)]);
        // Some of the payment's money went back before.
        check(
            &[grant(8, 5_000, &[payment(1, 1, 200)])],
            300,
            &[(8, 1, 200)],
        );
        assert_eq!(most_refundable(&[promotion]), Ok(0));
    }

    #[test]
    fn one_day_s_payments_go_back_as_they_were_recorded() {
        let (first, second) = (payment(1, 9, 100), payment(2, 9, 100));
        let grants = [grant(8, 100, &[first]), grant(9, 100, &[second])];
        check(&grants, 150, &[(9, 2, 100), (8, 1, 50)]);
    }

    #[test]
    fn a_grant_with_a_choice_leaves_the_only_money_of_another() {
        let (old, new) = (payment(1, 1, 100), payment(2, 9, 100));
        let grants = [grant(8, 100, &[old, new]), grant(9, 100, &[new])];
        check(&grants, 200, &[(9, 2, 100), (8, 1, 100)]);
    }

    proptest! {
        #[test]
        fn no_more_goes_back_than_is_free_or_was_received(
            left in prop::collection::vec(0_i64..1_000, 1..5),
            free in prop::collection::vec((0_i64..1_000, prop::collection::vec(0..5_usize, 0..4)), 1..6),
            wanted in 0_i64..4_000,
        ) {
            let payments: Vec<_> = left.iter().zip(1..).map(|(left, n)| payment(n, n, *left)).collect();
            let grants: Vec<_> = free.iter().zip(100..).map(|((free, sources), n)| {
                let mut sources: Vec<usize> = sources.iter().map(|s| s % payments.len()).collect();
                sources.sort_unstable();
                sources.dedup();
                let sources: Vec<_> = sources.into_iter().map(|s| payments[s]).collect();
                grant(n, *free, &sources)
            }).collect();
            let slices = refund_slices(&grants, wanted);
            let sum: i64 = slices.iter().map(|slice| slice.amount_minor).sum();
            prop_assert_eq!(sum, wanted.min(most_refundable(&grants).unwrap()));
            for grant in &grants {
                let taken: i64 = slices.iter().filter(|s| s.grant == grant.grant).map(|s| s.amount_minor).sum();
                prop_assert!(taken <= grant.free_minor);
                prop_assert!(!grant.payments.is_empty() || taken == 0);
            }
            for payment in &payments {
                let back: i64 = slices.iter().filter(|s| s.payment == payment.payment).map(|s| s.amount_minor).sum();
                prop_assert!(back <= payment.left_minor);
            }
        }
    }
}
