//! Credit notes: what crediting some of an invoice's lines comes to, and where that amount goes.
//!
//! Everything is counted from the start of the invoice: net and tax of a note are what is credited with it less what
//! was credited before, so that notes over the whole invoice add up to it in any order and any parts.

use super::ledger::coded;
use super::money::{Currency, MoneyError, round_to_minor, split_by_weights, sum_minor, to_decimal};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use thiserror::Error;

coded! {
    /// Why something is credited.
    CreditNoteReason {
        Return = "return",
        BillingError = "billing_error",
        PriceReduction = "price_reduction",
        NotDelivered = "not_delivered",
        Other = "other",
    }
}

coded! {
    /// How far a credit note has come. Derived from the facts, never stored beside them.
    CreditNoteStatus {
        Draft = "draft",
        /// Some of its credit waits to be used.
        Issued = "issued",
        /// Nothing of it is left as credit.
        Applied = "applied",
        Void = "void",
    }
}

/// The status of a credit note of whose credit `left_minor` is left.
/// Source: domain rules, section 3.
pub fn status(finalised: bool, voided: bool, left_minor: i64) -> CreditNoteStatus {
    match (finalised, voided, left_minor) {
        (false, _, _) => CreditNoteStatus::Draft,
        (true, true, _) => CreditNoteStatus::Void,
        (true, false, 0) => CreditNoteStatus::Applied,
        (true, false, _) => CreditNoteStatus::Issued,
    }
}

/// A line of a final invoice, and how much of it earlier notes credited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreditableLine {
    /// Its place on the invoice, from 1.
    pub position: i32,
    /// As invoiced; its sign is the sign of everything credited of it.
    pub quantity: Decimal,
    /// After all discounts, also the line's share of the document's; in minor units.
    pub net_minor: i64,
    /// In per cent.
    pub tax_rate: Decimal,
    pub credited: Decimal,
}

impl CreditableLine {
    /// What counts as the whole of the line. A line without a quantity (a bare discount) is one piece.
    pub fn whole(&self) -> Decimal {
        match self.quantity.is_zero() {
            true => Decimal::ONE,
            false => self.quantity,
        }
    }

    /// The quantity that can still be credited.
    pub fn left(&self) -> Decimal {
        self.whole() - self.credited
    }

    /// Net of the first `quantity` credited of this line, rounded once.
    fn net_of(&self, quantity: Decimal, currency: Currency) -> Result<i64, MoneyError> {
        if quantity == self.whole() {
            return Ok(self.net_minor);
        }
        let part = to_decimal(self.net_minor, currency)
            .checked_mul(quantity)
            .and_then(|product| product.checked_div(self.whole()))
            .ok_or(MoneyError::OutOfRange)?;
        round_to_minor(part, currency)
    }

    /// Net that earlier notes credited of this line.
    fn credited_net(&self, currency: Currency) -> Result<i64, MoneyError> {
        self.net_of(self.credited, currency)
    }
}

/// How much of one line is to be credited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineChoice {
    pub position: i32,
    pub quantity: Decimal,
}

/// One line of a priced credit note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CreditedLine {
    pub position: i32,
    pub quantity: Decimal,
    pub net_minor: i64,
    pub tax_rate: Decimal,
}

/// Net and tax a note credits at one rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CreditedTax {
    pub rate: Decimal,
    pub net_minor: i64,
    pub tax_minor: i64,
}

/// What a credit note comes to. `total_minor = net_minor + tax_minor`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PricedNote {
    pub lines: Vec<CreditedLine>,
    pub taxes: Vec<CreditedTax>,
    pub net_minor: i64,
    pub tax_minor: i64,
    pub total_minor: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CreditNoteRefusal {
    #[error("no line is chosen")]
    NothingChosen,
    #[error("the invoice has no line {position}")]
    NoSuchLine { position: i32 },
    #[error("line {position} is chosen twice")]
    ChosenTwice { position: i32 },
    #[error("less than nothing of line {position} is to be credited")]
    QuantityNotPositive { position: i32 },
    #[error("more of line {position} is to be credited than is left")]
    ExceedsLine {
        position: i32,
        /// The quantity left, and what it comes to net.
        left: Decimal,
        left_net_minor: i64,
    },
    #[error("the note comes to nothing or less")]
    TotalNotPositive,
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// Prices the credit of some lines. Quantities have the sign of their line and never exceed what is left of it.
///
/// Net of a line = net of all that is credited of it now − net of what was before; tax of a rate = round(rate × net
/// credited on it, this note included) − tax credited before. Source: domain rules, section 1.
pub fn price(
    lines: &[CreditableLine],
    choices: &[LineChoice],
    currency: Currency,
) -> Result<PricedNote, CreditNoteRefusal> {
    let credited = chosen(lines, choices, currency)?;
    let taxes = taxes(lines, &credited, currency)?;
    let net_minor = sum_minor(credited.iter().map(|line| line.net_minor))?;
    let tax_minor = sum_minor(taxes.iter().map(|tax| tax.tax_minor))?;
    Ok(PricedNote {
        total_minor: sum_minor([net_minor, tax_minor])?,
        lines: credited,
        taxes,
        net_minor,
        tax_minor,
    })
}

/// Prices a note and refuses one that comes to nothing or less.
pub fn price_note(
    lines: &[CreditableLine],
    choices: &[LineChoice],
    currency: Currency,
) -> Result<PricedNote, CreditNoteRefusal> {
    let note = price(lines, choices, currency)?;
    if note.total_minor <= 0 {
        return Err(CreditNoteRefusal::TotalNotPositive);
    }
    Ok(note)
}

/// Everything that is left of the lines.
pub fn everything(lines: &[CreditableLine]) -> Vec<LineChoice> {
    let left = lines.iter().filter(|line| !line.left().is_zero());
    left.map(|line| LineChoice {
        position: line.position,
        quantity: line.left(),
    })
    .collect()
}

fn chosen(
    lines: &[CreditableLine],
    choices: &[LineChoice],
    currency: Currency,
) -> Result<Vec<CreditedLine>, CreditNoteRefusal> {
    let mut credited: Vec<CreditedLine> = Vec::with_capacity(choices.len());
    for choice in choices.iter().filter(|choice| !choice.quantity.is_zero()) {
        let position = choice.position;
        if credited.iter().any(|earlier| earlier.position == position) {
            return Err(CreditNoteRefusal::ChosenTwice { position });
        }
        let line = lines
            .iter()
            .find(|line| line.position == position)
            .ok_or(CreditNoteRefusal::NoSuchLine { position })?;
        credited.push(credit(line, choice.quantity, currency)?);
    }
    if credited.is_empty() {
        return Err(CreditNoteRefusal::NothingChosen);
    }
    Ok(credited)
}

fn credit(
    line: &CreditableLine,
    quantity: Decimal,
    currency: Currency,
) -> Result<CreditedLine, CreditNoteRefusal> {
    let position = line.position;
    if quantity.is_sign_negative() != line.whole().is_sign_negative() {
        return Err(CreditNoteRefusal::QuantityNotPositive { position });
    }
    let before = line.credited_net(currency)?;
    if quantity.abs() > line.left().abs() {
        return Err(CreditNoteRefusal::ExceedsLine {
            position,
            left: line.left(),
            left_net_minor: sum_minor([line.net_minor, -before])?,
        });
    }
    let with_this = line
        .credited
        .checked_add(quantity)
        .ok_or(MoneyError::OutOfRange)?;
    Ok(CreditedLine {
        position,
        quantity,
        net_minor: sum_minor([line.net_of(with_this, currency)?, -before])?,
        tax_rate: line.tax_rate.normalize(),
    })
}

fn taxes(
    lines: &[CreditableLine],
    credited: &[CreditedLine],
    currency: Currency,
) -> Result<Vec<CreditedTax>, MoneyError> {
    let mut before: BTreeMap<Decimal, i64> = BTreeMap::new();
    for line in lines {
        let net = before.entry(line.tax_rate.normalize()).or_insert(0);
        *net = sum_minor([*net, line.credited_net(currency)?])?;
    }
    let mut nets: BTreeMap<Decimal, i64> = BTreeMap::new();
    for line in credited {
        let net = nets.entry(line.tax_rate).or_insert(0);
        *net = sum_minor([*net, line.net_minor])?;
    }
    nets.into_iter()
        .map(|(rate, net_minor)| {
            let earlier = before.get(&rate).copied();
            let earlier = earlier.expect("every credited line is a line of the invoice");
            let with_this = sum_minor([earlier, net_minor])?;
            let tax_minor = sum_minor([
                tax(with_this, rate, currency)?,
                -tax(earlier, rate, currency)?,
            ])?;
            Ok(CreditedTax {
                rate,
                net_minor,
                tax_minor,
            })
        })
        .collect()
}

fn tax(net_minor: i64, rate: Decimal, currency: Currency) -> Result<i64, MoneyError> {
    super::invoice::tax(net_minor, rate, currency)
}

/// How an invoice stands when a note on it is issued. Amounts in minor units, none negative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub open_minor: i64,
    /// Slices of credit that go back to their grants: each promotion, goodwill or credit note slice.
    pub credit_slices: Vec<i64>,
    /// Settled by the customer's own money (payments, overpayments, prepayments), less what earlier notes gave back
    /// of it.
    pub money_minor: i64,
}

/// What the person issuing a note wants done with it. `None` takes as much as is possible for the offset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WantedOutcome {
    /// How much of what is open the note covers.
    pub offset_minor: Option<i64>,
    /// How much of the credit that arises is to be paid out.
    pub refund_minor: i64,
}

/// Where the amount of a note goes: `offset + returned + kept = total`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Covers what was open.
    pub offset_minor: i64,
    /// Per credit slice, in the order given: goes back to its grant, and the note covers what that reopens.
    pub returned: Vec<i64>,
    /// Becomes credit of class credit note.
    pub kept_minor: i64,
    /// The part of it that was the customer's own money on this invoice.
    pub money_minor: i64,
    /// The part of `kept_minor` that is asked to be paid out.
    pub refund_minor: i64,
}

impl Outcome {
    /// All the note covers of its invoice.
    pub fn covered_minor(&self) -> Result<i64, MoneyError> {
        sum_minor(std::iter::once(self.offset_minor).chain(self.returned.iter().copied()))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum OutcomeRefusal {
    #[error("an amount is less than nothing")]
    AmountNegative,
    #[error("more is to be offset than is open")]
    OffsetExceedsOpen { most_minor: i64 },
    #[error("more is to be paid out than the customer paid of it")]
    RefundExceedsPaid { most_minor: i64 },
    #[error("the invoice was neither owed nor paid to this extent")]
    ExceedsInvoice { most_minor: i64 },
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// Decides where `total_minor` goes: what is open first, the rest pro rata (largest remainder) over what settled the
/// invoice. Credit slices return to their grants; only the money share becomes credit, and what the person does not
/// want offset.
/// Source: domain rules, section 4.
pub fn outcome(
    total_minor: i64,
    standing: &Standing,
    wanted: WantedOutcome,
) -> Result<Outcome, OutcomeRefusal> {
    let most_minor = total_minor.min(standing.open_minor);
    let offset_minor = wanted.offset_minor.unwrap_or(most_minor);
    if offset_minor < 0 || wanted.refund_minor < 0 {
        return Err(OutcomeRefusal::AmountNegative);
    }
    if offset_minor > most_minor {
        return Err(OutcomeRefusal::OffsetExceedsOpen { most_minor });
    }
    let beyond_open = total_minor - most_minor;
    let mut weights = standing.credit_slices.clone();
    weights.push(standing.money_minor);
    let settled = sum_minor(weights.iter().copied())?;
    if beyond_open > settled {
        return Err(OutcomeRefusal::ExceedsInvoice {
            most_minor: sum_minor([standing.open_minor, settled])?,
        });
    }
    let mut returned = split_by_weights(beyond_open, &weights);
    let money_minor = returned.pop().expect("the money share was pushed last");
    if wanted.refund_minor > money_minor {
        return Err(OutcomeRefusal::RefundExceedsPaid {
            most_minor: money_minor,
        });
    }
    Ok(Outcome {
        offset_minor,
        returned,
        kept_minor: sum_minor([most_minor, -offset_minor, money_minor])?,
        money_minor,
        refund_minor: wanted.refund_minor,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::invoice::{PricedLine, spread_discount, totals};
    use crate::domain::money::parse_decimal;
    use proptest::prelude::*;
    use rstest::rstest;

    fn decimal(text: &str) -> Decimal {
        parse_decimal(text).unwrap()
    }

    fn line(position: i32, quantity: &str, net_minor: i64, rate: &str) -> CreditableLine {
        CreditableLine {
            position,
            quantity: decimal(quantity),
            net_minor,
            tax_rate: decimal(rate),
            credited: Decimal::ZERO,
        }
    }

    fn choice(position: i32, quantity: &str) -> LineChoice {
        LineChoice {
            position,
            quantity: decimal(quantity),
        }
    }

    /// Credits step by step; answers the totals with their tax.
    fn credited(mut lines: Vec<CreditableLine>, steps: &[LineChoice]) -> Vec<(i64, i64)> {
        steps
            .iter()
            .map(|step| {
                let note = price(&lines, &[*step], Currency::EUR).unwrap();
                let line = lines.iter_mut().find(|line| line.position == step.position);
                line.unwrap().credited += step.quantity;
                (note.total_minor, note.tax_minor)
            })
            .collect()
    }

    #[test]
    fn the_later_note_takes_the_cent_that_is_left() {
        let one_line_each = vec![line(1, "1", 6_833, "20"), line(2, "1", 6_833, "20")];
        let notes = credited(one_line_each, &[choice(1, "1"), choice(2, "1")]);
        assert_eq!(notes, [(8_200, 1_367), (8_199, 1_366)]);
        let two_of_one_line = vec![line(1, "2", 13_666, "20")];
        let notes = credited(two_of_one_line, &[choice(1, "1"), choice(1, "1")]);
        assert_eq!(notes, [(8_200, 1_367), (8_199, 1_366)]);
    }

    #[test]
    fn ten_small_lines_add_up_to_what_was_invoiced() {
        let lines: Vec<CreditableLine> = (1..=10).map(|n| line(n, "1", 3, "20")).collect();
        let steps: Vec<LineChoice> = (1..=10).map(|n| choice(n, "1")).collect();
        let notes = credited(lines, &steps);
        assert_eq!(notes.iter().map(|note| note.0).sum::<i64>(), 36);
        assert_eq!(notes.iter().map(|note| note.1).sum::<i64>(), 6);
    }

    /// Lines of 19.99, 68.33 and 200.33 with a discount of 10.00 over all of them, at 20 %.
    fn discounted() -> Vec<CreditableLine> {
        let priced: Vec<PricedLine> = ["19.99", "68.33", "200.33"]
            .iter()
            .map(|price| PricedLine {
                quantity: Decimal::ONE,
                unit_price: decimal(price),
                discount_minor: 0,
                tax_rate: decimal("20"),
            })
            .collect();
        let priced = spread_discount(&priced, 1_000, Currency::EUR).unwrap();
        let totals = totals(&priced, Currency::EUR).unwrap();
        assert_eq!(totals.total_minor, 33_438);
        let nets = totals.line_nets.iter().zip(1..);
        nets.map(|(net, n)| line(n, "1", *net, "20")).collect()
    }

    #[test]
    fn a_spread_discount_comes_back_in_any_order() {
        for order in [
            [1, 2, 3],
            [1, 3, 2],
            [2, 1, 3],
            [2, 3, 1],
            [3, 1, 2],
            [3, 2, 1],
        ] {
            let steps = order.map(|n| choice(n, "1"));
            let notes = credited(discounted(), &steps);
            assert_eq!(notes.iter().map(|note| note.0).sum::<i64>(), 33_438);
        }
    }

    /// Every way to cut `items` into an ordered sequence of groups.
    fn ordered_partitions(items: &[i32]) -> Vec<Vec<Vec<i32>>> {
        if items.is_empty() {
            return vec![Vec::new()];
        }
        let mut found = Vec::new();
        for mask in 1_u32..(1 << items.len()) {
            let chosen = |wanted: bool| -> Vec<i32> {
                let items = items.iter().enumerate();
                let these = items.filter(|(n, _)| (mask & (1 << n) != 0) == wanted);
                these.map(|(_, item)| *item).collect()
            };
            let (first, rest) = (chosen(true), chosen(false));
            for mut tail in ordered_partitions(&rest) {
                tail.insert(0, first.clone());
                found.push(tail);
            }
        }
        found
    }

    /// Nets and rates of an invoice's lines.
    fn any_lines() -> impl Strategy<Value = Vec<CreditableLine>> {
        let one = (-3_000_i64..30_000, 0_usize..4, 1_i64..5);
        prop::collection::vec(one, 1..=5).prop_map(|lines| {
            lines
                .into_iter()
                .zip(1..)
                .map(|((net_minor, rate, quantity), position)| CreditableLine {
                    position,
                    quantity: Decimal::from(quantity),
                    net_minor,
                    tax_rate: Decimal::from([0, 7, 19, 20][rate]),
                    credited: Decimal::ZERO,
                })
                .collect()
        })
    }

    fn invoiced(lines: &[CreditableLine]) -> (i64, i64) {
        let whole = price(lines, &everything(lines), Currency::EUR).unwrap();
        (whole.net_minor, whole.tax_minor)
    }

    fn take(lines: &mut [CreditableLine], choices: &[LineChoice]) -> (i64, i64) {
        let note = price(lines, choices, Currency::EUR).unwrap();
        for chosen in choices {
            let line = lines.iter_mut().find(|l| l.position == chosen.position);
            line.unwrap().credited += chosen.quantity;
        }
        (note.net_minor, note.tax_minor)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn notes_over_all_subsets_and_orders_add_up(lines in any_lines()) {
            let expected = invoiced(&lines);
            let positions: Vec<i32> = lines.iter().map(|line| line.position).collect();
            for groups in ordered_partitions(&positions) {
                let mut lines = lines.clone();
                let mut sum = (0, 0);
                for group in groups {
                    let whole = |line: &&CreditableLine| group.contains(&line.position);
                    let choices: Vec<LineChoice> = lines.iter().filter(whole)
                        .map(|line| LineChoice { position: line.position, quantity: line.left() }).collect();
                    let note = take(&mut lines, &choices);
                    sum = (sum.0 + note.0, sum.1 + note.1);
                }
                prop_assert_eq!(sum, expected);
            }
        }

        #[test]
        fn parts_of_quantities_add_up(
            lines in any_lines(),
            steps in prop::collection::vec((0_usize..5, 1_i64..100), 0..30),
        ) {
            let expected = invoiced(&lines);
            let mut lines = lines;
            let mut sum = (0, 0);
            for (line, hundredths) in steps {
                let count = lines.len();
                let line = &lines[line % count];
                let quantity = (line.left() * Decimal::new(hundredths, 2)).round_dp(3);
                if quantity.is_zero() {
                    continue;
                }
                let choices = [LineChoice { position: line.position, quantity }];
                let note = take(&mut lines, &choices);
                sum = (sum.0 + note.0, sum.1 + note.1);
            }
            let rest = everything(&lines);
            if !rest.is_empty() {
                let note = take(&mut lines, &rest);
                sum = (sum.0 + note.0, sum.1 + note.1);
            }
            prop_assert_eq!(sum, expected);
        }

        #[test]
        fn an_outcome_is_the_whole_note_and_returns_no_more_than_was_used(
            open_minor in 0_i64..5_000,
            credit_slices in prop::collection::vec(1_i64..5_000, 0..5),
            money_minor in 0_i64..5_000,
            share in 1_i64..=100,
        ) {
            let standing = Standing { open_minor, credit_slices, money_minor };
            let invoice = open_minor + standing.credit_slices.iter().sum::<i64>() + money_minor;
            let total = invoice * share / 100;
            let outcome = outcome(total, &standing, WantedOutcome::default()).unwrap();
            prop_assert_eq!(outcome.covered_minor().unwrap() + outcome.kept_minor, total);
            prop_assert!(outcome.offset_minor <= open_minor && outcome.kept_minor <= money_minor);
            for (part, slice) in outcome.returned.iter().zip(&standing.credit_slices) {
                prop_assert!((0..=*slice).contains(part));
            }
        }
    }

    fn part_credited() -> Vec<CreditableLine> {
        let mut lines = vec![
            line(1, "3", 1_000, "20"),
            line(2, "-1", -500, "20"),
            line(3, "0", -100, "0"),
        ];
        lines[0].credited = decimal("1");
        lines
    }

    #[rstest]
    #[case(&[], CreditNoteRefusal::NothingChosen)]
    #[case(&[choice(1, "0")], CreditNoteRefusal::NothingChosen)]
    #[case(&[choice(4, "1")], CreditNoteRefusal::NoSuchLine { position: 4 })]
    #[case(&[choice(1, "1"), choice(1, "1")], CreditNoteRefusal::ChosenTwice { position: 1 })]
    #[case(&[choice(1, "-1")], CreditNoteRefusal::QuantityNotPositive { position: 1 })]
    #[case(&[choice(2, "1")], CreditNoteRefusal::QuantityNotPositive { position: 2 })]
    #[case(&[choice(1, "2.001")], CreditNoteRefusal::ExceedsLine { position: 1, left: decimal("2"), left_net_minor: 667 })]
    #[case(&[choice(2, "-2")], CreditNoteRefusal::ExceedsLine { position: 2, left: decimal("-1"), left_net_minor: -500 })]
    #[case(&[choice(2, "-1")], CreditNoteRefusal::TotalNotPositive)]
    #[case(&[choice(3, "1")], CreditNoteRefusal::TotalNotPositive)]
    fn what_cannot_be_credited_is_refused(
        #[case] choices: &[LineChoice],
        #[case] refusal: CreditNoteRefusal,
    ) {
        assert_eq!(
            price_note(&part_credited(), choices, Currency::EUR),
            Err(refusal)
        );
    }

    #[test]
    fn what_is_left_can_be_credited_to_the_last_piece() {
        let lines = part_credited();
        let note = price_note(&lines, &everything(&lines), Currency::EUR).unwrap();
        // 667 − 500 at 20 %: tax on what is credited in all, 500, less tax on 333 before; and −100 without tax.
        assert_eq!((note.net_minor, note.tax_minor), (67, 100 - 67));
    }

    fn standing(open_minor: i64, credit_slices: &[i64], money_minor: i64) -> Standing {
        Standing {
            open_minor,
            credit_slices: credit_slices.to_vec(),
            money_minor,
        }
    }

    #[rstest]
    // Invoice 100, paid 70, credit note 50: 30 offsets, 20 is the customer's money.
    #[case(50, standing(30, &[], 70), 30, &[], 20)]
    // 60 by promotion and 40 by money, returned whole; half of it, and the other half.
    #[case(100, standing(0, &[60], 40), 0, &[60], 40)]
    #[case(50, standing(0, &[60], 40), 0, &[30], 20)]
    #[case(50, standing(0, &[30], 20), 0, &[30], 20)]
    // The unit left over goes to the largest remainder.
    #[case(10, standing(0, &[33, 33], 34), 0, &[3, 3], 4)]
    #[case(1, standing(1, &[5], 5), 1, &[0], 0)]
    fn a_return_splits_over_what_settled_the_invoice(
        #[case] total: i64,
        #[case] standing: Standing,
        #[case] offset: i64,
        #[case] returned: &[i64],
        #[case] kept: i64,
    ) {
        let outcome = outcome(total, &standing, WantedOutcome::default()).unwrap();
        assert_eq!(
            (
                outcome.offset_minor,
                &outcome.returned[..],
                outcome.kept_minor
            ),
            (offset, returned, kept)
        );
    }

    #[test]
    fn what_is_not_to_be_offset_is_kept_and_is_not_money() {
        let wanted = WantedOutcome {
            offset_minor: Some(10),
            refund_minor: 20,
        };
        let outcome = outcome(50, &standing(30, &[], 70), wanted).unwrap();
        assert_eq!(
            (
                outcome.offset_minor,
                outcome.kept_minor,
                outcome.money_minor
            ),
            (10, 40, 20)
        );
    }

    #[rstest]
    #[case(Some(-1), 0, OutcomeRefusal::AmountNegative)]
    #[case(None, -1, OutcomeRefusal::AmountNegative)]
    #[case(Some(31), 0, OutcomeRefusal::OffsetExceedsOpen { most_minor: 30 })]
    #[case(None, 21, OutcomeRefusal::RefundExceedsPaid { most_minor: 20 })]
    fn an_outcome_beyond_what_is_possible_names_the_most(
        #[case] offset_minor: Option<i64>,
        #[case] refund_minor: i64,
        #[case] refusal: OutcomeRefusal,
    ) {
        let wanted = WantedOutcome {
            offset_minor,
            refund_minor,
        };
        assert_eq!(outcome(50, &standing(30, &[], 70), wanted), Err(refusal));
    }

    #[test]
    fn a_note_beyond_the_invoice_is_refused() {
        let refusal = OutcomeRefusal::ExceedsInvoice { most_minor: 100 };
        let beyond = outcome(101, &standing(30, &[20], 50), WantedOutcome::default());
        assert_eq!(beyond, Err(refusal));
    }

    #[rstest]
    #[case(false, false, 0, CreditNoteStatus::Draft)]
    #[case(true, false, 5, CreditNoteStatus::Issued)]
    #[case(true, false, 0, CreditNoteStatus::Applied)]
    #[case(true, true, 0, CreditNoteStatus::Void)]
    fn a_status_follows_from_the_facts(
        #[case] finalised: bool,
        #[case] voided: bool,
        #[case] left: i64,
        #[case] expected: CreditNoteStatus,
    ) {
        assert_eq!(status(finalised, voided, left), expected);
    }
}
