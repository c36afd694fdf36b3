//! How the money of one payment is split over invoices, and what becomes of a surplus.

use super::allocation::{OpenItem, sort_for_payment};
use super::credit::CreditClass;
use super::ids::InvoiceId;
use super::ledger::{LedgerRole, coded};
use super::money::{MoneyError, sum_minor};
use super::posting::SettledSlice;
use thiserror::Error;

coded! {
    /// How money came in.
    PaymentMethod {
        BankTransfer = "bank_transfer",
        Card = "card",
        Cash = "cash",
        Cheque = "cheque",
        DirectDebit = "direct_debit",
        Other = "other",
    }
}

impl PaymentMethod {
    /// The ledger account that is debited.
    pub fn money_account(self) -> LedgerRole {
        match self {
            Self::Cash => LedgerRole::CashDesk,
            Self::Card => LedgerRole::PaymentClearing,
            Self::BankTransfer | Self::Cheque | Self::DirectDebit | Self::Other => LedgerRole::Bank,
        }
    }
}

coded! {
    /// What the person recording a payment wants done with a surplus.
    SurplusChoice {
        KeepAsCredit = "keep",
        /// Pays the next oldest invoices; what is left then is kept as credit.
        ApplyToOldest = "apply_to_oldest",
        /// A difference within tolerance goes to fee income.
        WriteOffDifference = "write_off",
        Refuse = "refuse",
    }
}

coded! {
    /// How far a payment's money has gone. Derived from the facts, never stored beside them.
    PaymentStatus {
        /// Nothing of it settles an invoice yet.
        Recorded = "recorded",
        PartlyApplied = "partly_applied",
        Applied = "applied",
        Reversed = "reversed",
    }
}

coded! {
    /// Why a payment is taken back.
    ReversalCause {
        Bounced = "bounced",
        Chargeback = "chargeback",
        KeyedWrongly = "keyed_wrongly",
    }
}

/// The status of a payment of `amount_minor` of which `left_minor` is still credit.
/// Source: domain rules, section 3.
pub fn status(amount_minor: i64, left_minor: i64, reversed: bool) -> PaymentStatus {
    match left_minor {
        _ if reversed => PaymentStatus::Reversed,
        0 => PaymentStatus::Applied,
        left if left >= amount_minor => PaymentStatus::Recorded,
        _ => PaymentStatus::PartlyApplied,
    }
}

/// Everything the decision needs; amounts in minor units of the account's currency.
#[derive(Clone, Debug)]
pub struct PaymentTerms {
    pub amount_minor: i64,
    /// What the person wants paid; empty for money on account.
    pub wanted: Vec<SettledSlice>,
    pub surplus: SurplusChoice,
    /// The surplus is designated as prepayment.
    pub prepayment: bool,
    /// The largest surplus that may be written off.
    pub tolerance_minor: i64,
}

/// The outcome: what is paid, what becomes credit, what is kept.
/// `settled + credit_minor + fee_minor` is always the amount received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentPlan {
    pub settled: Vec<SettledSlice>,
    pub credit_minor: i64,
    pub credit_class: CreditClass,
    pub fee_minor: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PaymentRefusal {
    #[error("a payment is more than nothing")]
    AmountNotPositive,
    #[error("more is applied than is open")]
    ExceedsOpenBalance { invoice: InvoiceId, open_minor: i64 },
    #[error("the invoice is not open on this account")]
    NotOpen { invoice: InvoiceId },
    #[error("an invoice is named twice")]
    NamedTwice { invoice: InvoiceId },
    #[error("more is applied than was received")]
    ExceedsReceived { received_minor: i64 },
    #[error("the payment has a surplus, which was to be refused")]
    SurplusRefused { surplus_minor: i64 },
    #[error("the surplus is larger than the tolerance")]
    SurplusAboveTolerance {
        surplus_minor: i64,
        tolerance_minor: i64,
    },
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// Splits a payment. Nothing is clipped: what cannot be done as asked is refused with the most that is possible.
/// Source: domain rules, section 3.
pub fn plan(terms: &PaymentTerms, open_items: &[OpenItem]) -> Result<PaymentPlan, PaymentRefusal> {
    if terms.amount_minor <= 0 {
        return Err(PaymentRefusal::AmountNotPositive);
    }
    let mut settled = wanted_slices(&terms.wanted, open_items)?;
    let wanted = sum_minor(settled.iter().map(|slice| slice.amount_minor))?;
    if wanted > terms.amount_minor {
        return Err(PaymentRefusal::ExceedsReceived {
            received_minor: terms.amount_minor,
        });
    }
    let mut credit_minor = terms.amount_minor - wanted;
    let mut fee_minor = 0;
    match terms.surplus {
        _ if credit_minor == 0 => {}
        SurplusChoice::KeepAsCredit => {}
        SurplusChoice::ApplyToOldest => {
            credit_minor = pay_oldest(&mut settled, credit_minor, open_items)
        }
        SurplusChoice::WriteOffDifference if credit_minor > terms.tolerance_minor => {
            return Err(PaymentRefusal::SurplusAboveTolerance {
                surplus_minor: credit_minor,
                tolerance_minor: terms.tolerance_minor,
            });
        }
        SurplusChoice::WriteOffDifference => fee_minor = std::mem::take(&mut credit_minor),
        SurplusChoice::Refuse => {
            return Err(PaymentRefusal::SurplusRefused {
                surplus_minor: credit_minor,
            });
        }
    }
    let credit_class = if terms.prepayment {
        CreditClass::Prepayment
    } else {
        CreditClass::Overpayment
    };
    Ok(PaymentPlan {
        settled,
        credit_minor,
        credit_class,
        fee_minor,
    })
}

/// Checks what the person wants paid against what is open. Slices of nothing are dropped.
fn wanted_slices(
    wanted: &[SettledSlice],
    open_items: &[OpenItem],
) -> Result<Vec<SettledSlice>, PaymentRefusal> {
    let mut slices: Vec<SettledSlice> = Vec::with_capacity(wanted.len());
    for slice in wanted.iter().filter(|slice| slice.amount_minor != 0) {
        let invoice = slice.invoice;
        if slices.iter().any(|earlier| earlier.invoice == invoice) {
            return Err(PaymentRefusal::NamedTwice { invoice });
        }
        let item = open_items
            .iter()
            .find(|item| item.invoice == invoice)
            .ok_or(PaymentRefusal::NotOpen { invoice })?;
        if slice.amount_minor < 0 {
            return Err(PaymentRefusal::AmountNotPositive);
        }
        if slice.amount_minor > item.open_minor {
            return Err(PaymentRefusal::ExceedsOpenBalance {
                invoice,
                open_minor: item.open_minor,
            });
        }
        slices.push(*slice);
    }
    Ok(slices)
}

/// Pays the oldest items with `money` on top of `settled`; gives back what is left.
fn pay_oldest(settled: &mut Vec<SettledSlice>, mut money: i64, open_items: &[OpenItem]) -> i64 {
    let mut items = open_items.to_vec();
    sort_for_payment(&mut items);
    for item in items.into_iter().filter(|item| !item.disputed) {
        let earlier = settled
            .iter_mut()
            .find(|slice| slice.invoice == item.invoice);
        let paid = earlier.as_ref().map_or(0, |slice| slice.amount_minor);
        let amount_minor = money.min(item.open_minor - paid);
        if amount_minor <= 0 {
            continue;
        }
        money -= amount_minor;
        match earlier {
            Some(slice) => slice.amount_minor += amount_minor,
            None => settled.push(SettledSlice {
                invoice: item.invoice,
                amount_minor,
            }),
        }
    }
    money
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::NaiveDate;
    use proptest::prelude::*;
    use rstest::rstest;
    use uuid::Uuid;

    fn id(n: u128) -> InvoiceId {
        InvoiceId(Uuid::from_u128(n))
    }

    fn open(n: u128, open_minor: i64) -> OpenItem {
        let issued_on: NaiveDate = "2026-01-01".parse().unwrap();
        let due_on = issued_on + chrono::Days::new(n as u64);
        OpenItem {
            invoice: id(n),
            number: n.to_string(),
            issued_on,
            due_on,
            open_minor,
            disputed: false,
        }
    }

    fn slice(n: u128, amount_minor: i64) -> SettledSlice {
        SettledSlice {
            invoice: id(n),
            amount_minor,
        }
    }

    fn terms(amount_minor: i64, wanted: Vec<SettledSlice>, surplus: SurplusChoice) -> PaymentTerms {
        PaymentTerms {
            amount_minor,
            wanted,
            surplus,
            prepayment: false,
            tolerance_minor: 50,
        }
    }

    #[test]
    fn overpayment_stays_as_credit() {
        let plan = plan(
            &terms(9_500, vec![slice(1, 8_900)], SurplusChoice::KeepAsCredit),
            &[open(1, 8_900)],
        )
        .unwrap();
        assert_eq!(plan.settled, [slice(1, 8_900)]);
        assert_eq!(
            (plan.credit_minor, plan.credit_class),
            (600, CreditClass::Overpayment)
        );
    }

    #[test]
    fn money_on_account_is_an_overpayment_unless_designated() {
        let mut terms = terms(500, vec![], SurplusChoice::KeepAsCredit);
        assert_eq!(
            plan(&terms, &[]).unwrap().credit_class,
            CreditClass::Overpayment
        );
        terms.prepayment = true;
        assert_eq!(
            plan(&terms, &[]).unwrap().credit_class,
            CreditClass::Prepayment
        );
    }

    #[test]
    fn a_surplus_may_pay_the_next_oldest() {
        let items = [open(2, 300), open(1, 100), open(3, 1_000)];
        let plan = plan(
            &terms(450, vec![slice(2, 300)], SurplusChoice::ApplyToOldest),
            &items,
        )
        .unwrap();
        assert_eq!(plan.settled, [slice(2, 300), slice(1, 100), slice(3, 50)]);
        assert_eq!(plan.credit_minor, 0);
    }

    #[rstest]
    #[case(50, Ok(50))]
    #[case(51, Err(PaymentRefusal::SurplusAboveTolerance { surplus_minor: 51, tolerance_minor: 50 }))]
    fn a_difference_within_tolerance_is_kept(
        #[case] surplus: i64,
        #[case] fee: Result<i64, PaymentRefusal>,
    ) {
        let terms = terms(
            1_000 + surplus,
            vec![slice(1, 1_000)],
            SurplusChoice::WriteOffDifference,
        );
        assert_eq!(plan(&terms, &[open(1, 1_000)]).map(|p| p.fee_minor), fee);
    }

    #[rstest]
    #[case(0, vec![], PaymentRefusal::AmountNotPositive)]
    #[case(-5, vec![], PaymentRefusal::AmountNotPositive)]
    #[case(500, vec![slice(1, -1)], PaymentRefusal::AmountNotPositive)]
    #[case(500, vec![slice(1, 101)], PaymentRefusal::ExceedsOpenBalance { invoice: id(1), open_minor: 100 })]
    #[case(500, vec![slice(7, 1)], PaymentRefusal::NotOpen { invoice: id(7) })]
    #[case(500, vec![slice(1, 50), slice(1, 50)], PaymentRefusal::NamedTwice { invoice: id(1) })]
    #[case(50, vec![slice(1, 100)], PaymentRefusal::ExceedsReceived { received_minor: 50 })]
    #[case(500, vec![slice(1, 100)], PaymentRefusal::SurplusRefused { surplus_minor: 400 })]
    fn what_cannot_be_done_as_asked_is_refused(
        #[case] amount: i64,
        #[case] wanted: Vec<SettledSlice>,
        #[case] refusal: PaymentRefusal,
    ) {
        assert_eq!(
            plan(
                &terms(amount, wanted, SurplusChoice::Refuse),
                &[open(1, 100)]
            ),
            Err(refusal)
        );
    }

    #[rstest]
    #[case(100, 100, false, PaymentStatus::Recorded)]
    #[case(100, 99, false, PaymentStatus::PartlyApplied)]
    #[case(100, 1, false, PaymentStatus::PartlyApplied)]
    #[case(100, 0, false, PaymentStatus::Applied)]
    #[case(100, 0, true, PaymentStatus::Reversed)]
    fn a_payments_status_follows_from_what_is_left_of_it(
        #[case] amount: i64,
        #[case] left: i64,
        #[case] reversed: bool,
        #[case] expected: PaymentStatus,
    ) {
        assert_eq!(status(amount, left, reversed), expected);
    }

    proptest! {
        #[test]
        fn applied_and_credit_make_the_amount_received(
            opens in prop::collection::vec(1_i64..10_000, 1..8),
            amount in 1_i64..50_000,
            choice in 0_usize..2,
        ) {
            let items: Vec<OpenItem> = opens.iter().enumerate().map(|(n, minor)| open(n as u128, *minor)).collect();
            let wanted = vec![slice(0, opens[0].min(amount))];
            let plan = plan(&terms(amount, wanted, SurplusChoice::ALL[choice]), &items).unwrap();
            let settled: i64 = plan.settled.iter().map(|s| s.amount_minor).sum();
            prop_assert_eq!(settled + plan.credit_minor + plan.fee_minor, amount);
            for slice in &plan.settled {
                let item = items.iter().find(|item| item.invoice == slice.invoice).unwrap();
                prop_assert!(slice.amount_minor <= item.open_minor);
            }
        }
    }
}
