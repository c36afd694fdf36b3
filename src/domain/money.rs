//! Money: whole minor units of one ISO 4217 currency. Checked arithmetic, one rounding rule, exact splits.
//!
//! There is no float here and no conversion between currencies.

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// An ISO 4217 currency that has minor units (metals and test codes are not accepted).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Currency(iso_currency::Currency);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not a currency of ISO 4217")]
pub struct UnknownCurrency;

impl Currency {
    pub const EUR: Self = Self(iso_currency::Currency::EUR);
    pub const USD: Self = Self(iso_currency::Currency::USD);
    pub const GBP: Self = Self(iso_currency::Currency::GBP);
    pub const JPY: Self = Self(iso_currency::Currency::JPY);
    pub const KWD: Self = Self(iso_currency::Currency::KWD);

    /// The three-letter code, for example `EUR`.
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// The sign people write, for example `€`.
    pub fn symbol(self) -> String {
        self.0.symbol().to_string()
    }

    /// How many decimals an amount has: JPY 0, EUR 2, KWD 3.
    pub fn decimals(self) -> u32 {
        self.0.exponent().map_or(0, u32::from)
    }
}

impl FromStr for Currency {
    type Err = UnknownCurrency;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        iso_currency::Currency::from_code(code)
            .filter(|currency| currency.exponent().is_some())
            .map(Self)
            .ok_or(UnknownCurrency)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// What can be wrong with an amount or with arithmetic on amounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum MoneyError {
    #[error("not an amount")]
    NotAnAmount,
    #[error("more than {max} decimals")]
    TooManyDecimals { max: u32 },
    #[error("amount out of range")]
    OutOfRange,
    #[error("{left} and {right} cannot be mixed")]
    CurrencyMismatch { left: Currency, right: Currency },
}

/// An amount in one currency. Positive and negative are both possible; journal lines use positive ones only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Money {
    pub minor: i64,
    pub currency: Currency,
}

impl Money {
    pub fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    pub fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    pub fn is_zero(self) -> bool {
        self.minor == 0
    }

    /// Sum of both. Fails on mixed currencies and on overflow.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        let minor = self
            .minor
            .checked_add(other.minor)
            .ok_or(MoneyError::OutOfRange)?;
        Ok(Self { minor, ..self })
    }

    /// Difference of both. Fails on mixed currencies and on overflow.
    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        let minor = self
            .minor
            .checked_sub(other.minor)
            .ok_or(MoneyError::OutOfRange)?;
        Ok(Self { minor, ..self })
    }

    fn same_currency(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            return Ok(());
        }
        Err(MoneyError::CurrencyMismatch {
            left: self.currency,
            right: other.currency,
        })
    }

    /// Reads a plain decimal such as `-12.30`: ASCII digits, an optional leading minus, a point, at most the
    /// currency's decimals. Nothing is rounded. What people type is made plain by [`plain_decimal`] first.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let value = parse_decimal(text)?;
        if value.normalize().scale() > currency.decimals() {
            return Err(MoneyError::TooManyDecimals {
                max: currency.decimals(),
            });
        }
        Ok(Self::new(to_minor(value, currency)?, currency))
    }

    /// Amount with exactly the currency's decimals and no grouping, as on the wire: `1234.50`.
    pub fn plain(self) -> String {
        let decimals = self.currency.decimals() as usize;
        let sign = if self.minor < 0 { "-" } else { "" };
        let digits = format!(
            "{:0width$}",
            self.minor.unsigned_abs(),
            width = decimals + 1
        );
        let (whole, fraction) = digits.split_at(digits.len() - decimals);
        if fraction.is_empty() {
            return format!("{sign}{whole}");
        }
        format!("{sign}{whole}.{fraction}")
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.plain(), self.currency)
    }
}

/// On the wire: `{"amount": "12.30", "currency": "EUR"}`.
#[derive(Serialize, Deserialize)]
struct WireMoney {
    amount: String,
    currency: Currency,
}

impl Serialize for Money {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        WireMoney {
            amount: self.plain(),
            currency: self.currency,
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire = WireMoney::deserialize(deserializer)?;
        Money::parse(&wire.amount, wire.currency).map_err(serde::de::Error::custom)
    }
}

/// A decimal from ASCII text such as `-12.345`: digits with an optional minus and one point, nothing else.
pub fn parse_decimal(text: &str) -> Result<Decimal, MoneyError> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = !digits.is_empty()
        && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && digits.bytes().filter(|b| *b == b'.').count() <= 1
        && digits.bytes().any(|b| b.is_ascii_digit());
    if !plain {
        return Err(MoneyError::NotAnAmount);
    }
    Decimal::from_str_exact(text).map_err(|_| MoneyError::OutOfRange)
}

/// What a person typed, made plain: surrounding and grouping spaces dropped, and where the reader writes a
/// decimal comma, points are grouping and the comma becomes the point. `1.234,50` → `1234.50`.
///
/// With a decimal comma a lone point is taken as the decimal point when it cannot be grouping (`12.5`).
pub fn plain_decimal(typed: &str, decimal_comma: bool) -> String {
    let compact: String = typed
        .trim()
        .chars()
        .filter(|c| !matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\'' | '’'))
        .collect();
    let (group, point) = if decimal_comma {
        ('.', ',')
    } else {
        (',', '.')
    };
    let (whole, fraction) = match compact.split_once(point) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (compact.as_str(), None),
    };
    if !groups_of_three(whole, group) {
        // Not grouping: `12.5` typed by a reader of decimal commas, or simply wrong; parsing decides.
        return compact;
    }
    let whole = whole.replace(group, "");
    match fraction {
        Some(fraction) => format!("{whole}.{fraction}"),
        None => whole,
    }
}

fn groups_of_three(whole: &str, group: char) -> bool {
    let mut parts = whole.trim_start_matches('-').split(group);
    let first = parts.next().map_or(0, str::len);
    let rest: Vec<&str> = parts.collect();
    rest.is_empty() || ((1..=3).contains(&first) && rest.iter().all(|part| part.len() == 3))
}

/// The one rounding rule: to whole minor units, half away from zero.
/// Source: domain rules, section 1.
pub fn round_to_minor(value: Decimal, currency: Currency) -> Result<i64, MoneyError> {
    let rounded =
        value.round_dp_with_strategy(currency.decimals(), RoundingStrategy::MidpointAwayFromZero);
    to_minor(rounded, currency)
}

fn to_minor(value: Decimal, currency: Currency) -> Result<i64, MoneyError> {
    let factor = Decimal::from(10_i64.pow(currency.decimals()));
    let minor = value.checked_mul(factor).ok_or(MoneyError::OutOfRange)?;
    i64::try_from(minor.normalize()).map_err(|_| MoneyError::OutOfRange)
}

/// The amount as a decimal number of major units.
pub fn to_decimal(minor: i64, currency: Currency) -> Decimal {
    Decimal::new(minor, currency.decimals())
}

/// Adds amounts of one currency. Fails on overflow.
pub fn sum_minor(amounts: impl IntoIterator<Item = i64>) -> Result<i64, MoneyError> {
    amounts
        .into_iter()
        .try_fold(0_i64, i64::checked_add)
        .ok_or(MoneyError::OutOfRange)
}

/// Splits `total` in proportion to `weights` so that the parts sum to exactly `total`: each part is rounded
/// down and the units left over go to the largest remainders, ties to the earlier part.
///
/// Weights are not negative; when all are zero everything goes to the first part.
pub fn split_by_weights(total: i64, weights: &[i64]) -> Vec<i64> {
    let sum: i128 = weights.iter().map(|w| i128::from(*w)).sum();
    if weights.is_empty() {
        return Vec::new();
    }
    if sum == 0 {
        let mut parts = vec![0; weights.len()];
        parts[0] = total;
        return parts;
    }
    let magnitude = i128::from(total).abs();
    let mut parts: Vec<i128> = Vec::with_capacity(weights.len());
    let mut remainders: Vec<(i128, usize)> = Vec::with_capacity(weights.len());
    for (index, weight) in weights.iter().enumerate() {
        let share = magnitude * i128::from(*weight);
        parts.push(share / sum);
        remainders.push((share % sum, index));
    }
    let left = magnitude - parts.iter().sum::<i128>();
    remainders.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    for (_, index) in remainders.iter().take(left as usize) {
        parts[*index] += 1;
    }
    let sign = i128::from(total.signum());
    parts
        .into_iter()
        .map(|part| i64::try_from(part * sign).expect("a part is never larger than the total"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case("12.30", Currency::EUR, Ok(1230))]
    #[case("12.3", Currency::EUR, Ok(1230))]
    #[case("12.300", Currency::EUR, Ok(1230))]
    #[case("-0.01", Currency::EUR, Ok(-1))]
    #[case("12.345", Currency::USD, Err(MoneyError::TooManyDecimals { max: 2 }))]
    #[case("12", Currency::JPY, Ok(12))]
    #[case("12.5", Currency::JPY, Err(MoneyError::TooManyDecimals { max: 0 }))]
    #[case("1.234", Currency::KWD, Ok(1234))]
    #[case("", Currency::EUR, Err(MoneyError::NotAnAmount))]
    #[case("-", Currency::EUR, Err(MoneyError::NotAnAmount))]
    #[case(".", Currency::EUR, Err(MoneyError::NotAnAmount))]
    #[case("1.2.3", Currency::EUR, Err(MoneyError::NotAnAmount))]
    #[case("1e5", Currency::EUR, Err(MoneyError::NotAnAmount))]
    #[case("+5", Currency::EUR, Err(MoneyError::NotAnAmount))]
    #[case("٣", Currency::EUR, Err(MoneyError::NotAnAmount))]
    #[case("92233720368547758.07", Currency::EUR, Ok(i64::MAX))]
    #[case("92233720368547758.08", Currency::EUR, Err(MoneyError::OutOfRange))]
    #[case(
        "99999999999999999999999999999999",
        Currency::EUR,
        Err(MoneyError::OutOfRange)
    )]
    fn amounts_are_read_exactly_or_refused(
        #[case] text: &str,
        #[case] currency: Currency,
        #[case] expected: Result<i64, MoneyError>,
    ) {
        assert_eq!(Money::parse(text, currency).map(|m| m.minor), expected);
    }

    #[rstest]
    #[case("1,234.50", false, "1234.50")]
    #[case("1.234,50", true, "1234.50")]
    #[case("12.5", true, "12.5")]
    #[case("1 234,5", true, "1234.5")]
    #[case(" 7 ", false, "7")]
    #[case("-1.000", true, "-1000")]
    #[case("12,34", false, "12,34")]
    fn typed_amounts_are_made_plain(#[case] typed: &str, #[case] comma: bool, #[case] plain: &str) {
        assert_eq!(plain_decimal(typed, comma), plain);
    }

    #[rstest]
    #[case("0.005", 1)]
    #[case("0.0049", 0)]
    #[case("-0.005", -1)]
    #[case("2.675", 268)]
    fn halves_round_away_from_zero(#[case] value: &str, #[case] minor: i64) {
        let value = parse_decimal(value).unwrap();
        assert_eq!(round_to_minor(value, Currency::EUR), Ok(minor));
    }

    #[rstest]
    #[case(5, Currency::EUR, "0.05")]
    #[case(-1234, Currency::EUR, "-12.34")]
    #[case(1234, Currency::JPY, "1234")]
    #[case(1, Currency::KWD, "0.001")]
    fn amounts_are_written_with_all_decimals(
        #[case] minor: i64,
        #[case] currency: Currency,
        #[case] plain: &str,
    ) {
        assert_eq!(Money::new(minor, currency).plain(), plain);
    }

    #[test]
    fn mixed_currencies_and_overflow_are_errors() {
        let one_euro = Money::new(100, Currency::EUR);
        assert!(matches!(
            one_euro.plus(Money::new(1, Currency::USD)),
            Err(MoneyError::CurrencyMismatch { .. })
        ));
        assert_eq!(
            one_euro.plus(Money::new(i64::MAX, Currency::EUR)),
            Err(MoneyError::OutOfRange)
        );
    }

    #[test]
    fn metals_are_not_currencies_to_owe_in() {
        assert!("XAU".parse::<Currency>().is_err());
        assert!("eur".parse::<Currency>().is_err());
    }

    proptest! {
        #[test]
        fn parts_sum_to_the_whole(total in -1_000_000_i64..1_000_000, weights in prop::collection::vec(0_i64..10_000, 1..20)) {
            let parts = split_by_weights(total, &weights);
            prop_assert_eq!(parts.iter().sum::<i64>(), total);
            prop_assert!(parts.iter().all(|part| part.signum() * total.signum() >= 0));
        }

        #[test]
        fn what_is_written_can_be_read_again(minor in any::<i64>()) {
            for currency in [Currency::EUR, Currency::JPY, Currency::KWD] {
                let money = Money::new(minor, currency);
                prop_assert_eq!(Money::parse(&money.plain(), currency), Ok(money));
            }
        }
    }
}
