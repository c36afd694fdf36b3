//! Invoice lines, tax and totals; the derived status of an invoice.

use super::ledger::coded;
use super::money::{Currency, MoneyError, round_to_minor, split_by_weights, sum_minor, to_decimal};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use thiserror::Error;

/// One line as priced: exact decimals, the discount in minor units off the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PricedLine {
    pub quantity: Decimal,
    pub unit_price: Decimal,
    pub discount_minor: i64,
    /// In per cent, for example 20.
    pub tax_rate: Decimal,
}

/// Net and tax of everything on one tax rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaxTotal {
    pub rate: Decimal,
    pub net_minor: i64,
    pub tax_minor: i64,
}

/// What a document adds up to. `total_minor = net_minor + tax_minor`; negative where the document gives credit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Totals {
    pub line_nets: Vec<i64>,
    pub taxes: Vec<TaxTotal>,
    pub net_minor: i64,
    pub tax_minor: i64,
    pub total_minor: i64,
}

/// Net of a line: quantity × unit price − discount, rounded once.
pub fn line_net(line: &PricedLine, currency: Currency) -> Result<i64, MoneyError> {
    let gross = line
        .quantity
        .checked_mul(line.unit_price)
        .ok_or(MoneyError::OutOfRange)?;
    let net = gross
        .checked_sub(to_decimal(line.discount_minor, currency))
        .ok_or(MoneyError::OutOfRange)?;
    round_to_minor(net, currency)
}

/// Totals of a document. Tax is computed per rate on the sum of its nets and rounded once.
/// Source: domain rules, section 1 (as EN 16931 does).
pub fn totals(lines: &[PricedLine], currency: Currency) -> Result<Totals, MoneyError> {
    let line_nets = lines
        .iter()
        .map(|line| line_net(line, currency))
        .collect::<Result<Vec<i64>, _>>()?;
    let mut nets: BTreeMap<Decimal, i64> = BTreeMap::new();
    for (line, net) in lines.iter().zip(&line_nets) {
        let sum = nets.entry(line.tax_rate.normalize()).or_insert(0);
        *sum = sum_minor([*sum, *net])?;
    }
    let taxes = nets
        .into_iter()
        .map(|(rate, net_minor)| {
            Ok(TaxTotal {
                rate,
                net_minor,
                tax_minor: tax(net_minor, rate, currency)?,
            })
        })
        .collect::<Result<Vec<TaxTotal>, MoneyError>>()?;
    let net_minor = sum_minor(line_nets.iter().copied())?;
    let tax_minor = sum_minor(taxes.iter().map(|tax| tax.tax_minor))?;
    let total_minor = sum_minor([net_minor, tax_minor])?;
    Ok(Totals {
        line_nets,
        taxes,
        net_minor,
        tax_minor,
        total_minor,
    })
}

/// The lines with a discount of the whole document spread over them, in proportion to their nets (largest remainder).
///
/// Fails where the discount is less than nothing or more than the lines it can come off; lines of nothing or less
/// take no share. Source: domain rules, section 1.
pub fn spread_discount(
    lines: &[PricedLine],
    discount_minor: i64,
    currency: Currency,
) -> Result<Vec<PricedLine>, DiscountRefusal> {
    if discount_minor == 0 {
        return Ok(lines.to_vec());
    }
    let weights = lines
        .iter()
        .map(|line| line_net(line, currency).map(|net| net.max(0)))
        .collect::<Result<Vec<i64>, _>>()?;
    let most_minor = sum_minor(weights.iter().copied())?;
    if discount_minor < 0 {
        return Err(DiscountRefusal::Negative);
    }
    if discount_minor > most_minor {
        return Err(DiscountRefusal::ExceedsLines { most_minor });
    }
    let shares = split_by_weights(discount_minor, &weights);
    lines
        .iter()
        .zip(shares)
        .map(|(line, share)| {
            Ok(PricedLine {
                discount_minor: sum_minor([line.discount_minor, share])?,
                ..line.clone()
            })
        })
        .collect()
}

/// Why a discount cannot come off the lines of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DiscountRefusal {
    #[error("a discount is not less than nothing")]
    Negative,
    #[error("the discount is more than the lines come to")]
    ExceedsLines { most_minor: i64 },
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// Tax on a net at a rate in per cent, rounded once.
pub fn tax(net_minor: i64, rate: Decimal, currency: Currency) -> Result<i64, MoneyError> {
    let tax = to_decimal(net_minor, currency)
        .checked_mul(rate)
        .and_then(|product| product.checked_div(Decimal::ONE_HUNDRED))
        .ok_or(MoneyError::OutOfRange)?;
    round_to_minor(tax, currency)
}

coded! {
    /// What an open item charges for.
    InvoiceKind {
        /// Goods and services.
        Invoice = "invoice",
        /// What a returned payment costs the customer; goes to fee income.
        Fee = "fee",
        /// Money of a reversed payment that had been paid out: the customer owes it again.
        PaymentReturned = "payment_returned",
    }
}

coded! {
    /// Derived from the facts, never stored beside them.
    InvoiceStatus {
        Draft = "draft",
        Open = "open",
        PartlyPaid = "partly_paid",
        Overdue = "overdue",
        Paid = "paid",
        /// Nothing is open, and a part of it nobody pays.
        WrittenOff = "written_off",
        /// Its total is negative: it gave rise to credit and is never due.
        Credit = "credit",
        Void = "void",
    }
}

/// The facts an invoice's status follows from.
#[derive(Clone, Copy, Debug)]
pub struct InvoiceFacts {
    pub finalised: bool,
    pub voided: bool,
    pub total_minor: i64,
    pub open_minor: i64,
    /// A write-off of a part of it stands.
    pub written_off: bool,
    pub due_on: NaiveDate,
}

/// The status of an invoice on `as_of`.
pub fn status(facts: InvoiceFacts, as_of: NaiveDate) -> InvoiceStatus {
    if !facts.finalised {
        return InvoiceStatus::Draft;
    }
    if facts.voided {
        return InvoiceStatus::Void;
    }
    if facts.total_minor < 0 {
        return InvoiceStatus::Credit;
    }
    if facts.open_minor == 0 {
        return match facts.written_off {
            true => InvoiceStatus::WrittenOff,
            false => InvoiceStatus::Paid,
        };
    }
    if facts.due_on < as_of {
        return InvoiceStatus::Overdue;
    }
    if facts.open_minor < facts.total_minor {
        return InvoiceStatus::PartlyPaid;
    }
    InvoiceStatus::Open
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::parse_decimal;
    use proptest::prelude::*;
    use rstest::rstest;

    fn line(quantity: &str, unit_price: &str, discount_minor: i64, rate: &str) -> PricedLine {
        PricedLine {
            quantity: parse_decimal(quantity).unwrap(),
            unit_price: parse_decimal(unit_price).unwrap(),
            discount_minor,
            tax_rate: parse_decimal(rate).unwrap(),
        }
    }

    #[test]
    fn tax_is_rounded_once_per_rate() {
        let totals = totals(&[line("2", "68.33", 0, "20")], Currency::EUR).unwrap();
        assert_eq!(
            (totals.net_minor, totals.tax_minor, totals.total_minor),
            (13_666, 2_733, 16_399)
        );
    }

    #[test]
    fn ten_small_lines_are_taxed_together() {
        let lines = vec![line("1", "0.03", 0, "20"); 10];
        assert_eq!(totals(&lines, Currency::EUR).unwrap().total_minor, 36);
    }

    #[test]
    fn rates_are_kept_apart_and_equal_rates_meet() {
        let lines = [
            line("1", "10", 0, "20"),
            line("1", "10", 0, "20.0"),
            line("1", "10", 0, "7"),
        ];
        let totals = totals(&lines, Currency::EUR).unwrap();
        let taxes: Vec<(i64, i64)> = totals
            .taxes
            .iter()
            .map(|t| (t.net_minor, t.tax_minor))
            .collect();
        assert_eq!(taxes, [(1_000, 70), (2_000, 400)]);
    }

    #[rstest]
    #[case(1_000, Ok(vec![69, 237, 694]))]
    #[case(0, Ok(vec![0, 0, 0]))]
    #[case(-1, Err(DiscountRefusal::Negative))]
    #[case(28_866, Err(DiscountRefusal::ExceedsLines { most_minor: 28_865 }))]
    fn a_discount_on_the_document_is_spread_by_largest_remainder(
        #[case] discount_minor: i64,
        #[case] expected: Result<Vec<i64>, DiscountRefusal>,
    ) {
        let lines = [
            line("1", "19.99", 0, "20"),
            line("1", "68.33", 0, "20"),
            line("1", "200.33", 0, "20"),
        ];
        let spread = spread_discount(&lines, discount_minor, Currency::EUR);
        let shares = spread.map(|lines| lines.iter().map(|line| line.discount_minor).collect());
        assert_eq!(shares, expected);
    }

    #[rstest]
    #[case(line("3", "0.335", 0, "0"), Currency::EUR, 101)]
    #[case(line("-1", "12.50", 0, "0"), Currency::EUR, -1250)]
    #[case(line("2", "10", 150, "0"), Currency::EUR, 1850)]
    #[case(line("1.5", "333", 0, "0"), Currency::JPY, 500)]
    #[case(line("0", "10", 0, "0"), Currency::EUR, 0)]
    fn a_line_is_rounded_once(
        #[case] line: PricedLine,
        #[case] currency: Currency,
        #[case] net: i64,
    ) {
        assert_eq!(line_net(&line, currency), Ok(net));
    }

    #[test]
    fn a_price_beyond_counting_is_refused() {
        let line = line("99999999999999", "99999999999999", 0, "20");
        assert_eq!(totals(&[line], Currency::EUR), Err(MoneyError::OutOfRange));
    }

    #[rstest]
    #[case(false, false, 100, 100, InvoiceStatus::Draft)]
    #[case(true, true, 100, 0, InvoiceStatus::Void)]
    #[case(true, false, -100, 0, InvoiceStatus::Credit)]
    #[case(true, false, 100, 0, InvoiceStatus::Paid)]
    #[case(true, false, 100, 100, InvoiceStatus::Open)]
    #[case(true, false, 100, 40, InvoiceStatus::PartlyPaid)]
    fn status_follows_from_the_facts(
        #[case] finalised: bool,
        #[case] voided: bool,
        #[case] total_minor: i64,
        #[case] open_minor: i64,
        #[case] expected: InvoiceStatus,
    ) {
        let due_on: NaiveDate = "2026-06-15".parse().unwrap();
        let facts = InvoiceFacts {
            finalised,
            voided,
            total_minor,
            open_minor,
            written_off: false,
            due_on,
        };
        assert_eq!(status(facts, due_on), expected);
        let written_off = InvoiceFacts {
            written_off: true,
            ..facts
        };
        let unless_settled = match expected {
            InvoiceStatus::Paid => InvoiceStatus::WrittenOff,
            other => other,
        };
        assert_eq!(status(written_off, due_on), unless_settled);
        let later = status(facts, due_on + chrono::Days::new(1));
        let overdue = matches!(expected, InvoiceStatus::Open | InvoiceStatus::PartlyPaid);
        assert_eq!(
            later,
            if overdue {
                InvoiceStatus::Overdue
            } else {
                expected
            }
        );
    }

    proptest! {
        #[test]
        fn net_and_tax_make_the_total(prices in prop::collection::vec((-500_i64..500, 1_i64..100_000, 0_i64..30), 1..20)) {
            let lines: Vec<PricedLine> = prices.iter().map(|(quantity, price, rate)| PricedLine {
                quantity: Decimal::from(*quantity),
                unit_price: Decimal::new(*price, 3),
                discount_minor: 0,
                tax_rate: Decimal::from(*rate),
            }).collect();
            let totals = totals(&lines, Currency::EUR).unwrap();
            prop_assert_eq!(totals.net_minor + totals.tax_minor, totals.total_minor);
            prop_assert_eq!(totals.taxes.iter().map(|t| t.net_minor).sum::<i64>(), totals.net_minor);
        }
    }
}
