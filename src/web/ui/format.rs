//! Amounts, numbers, dates and instants as the reader writes them. The only place that formats for people.
//!
//! The short functions ask the request for the reader's language; those ending in `_in` take it.

use super::text::{Locale, locale};
use super::visit::visit;
use crate::domain::money::{Currency, Money};
use crate::dto::form::Typed;
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, Timelike, Utc};
use rust_decimal::Decimal;

const NO_BREAK_SPACE: char = '\u{a0}';
const MINUS: char = '\u{2212}';

/// `€1,234.50`, in German `1.234,50 €`. Negative amounts carry a minus sign; prefer words where a side is meant.
pub fn money(money: Money) -> String {
    money_in(locale(), money)
}

/// As [`money`], for a language that is not the reader's: a statement for the customer, a test.
pub fn money_in(locale: Locale, money: Money) -> String {
    let sign = if money.minor < 0 {
        MINUS.to_string()
    } else {
        String::new()
    };
    let number = amount_in(locale, Money::new(magnitude(money), money.currency));
    match (sign_of(money.currency), locale) {
        (Some(symbol), Locale::en) => format!("{sign}{symbol}{number}"),
        (None, Locale::en) => format!("{sign}{}{NO_BREAK_SPACE}{number}", money.currency.code()),
        (Some(symbol), Locale::de) => format!("{sign}{number}{NO_BREAK_SPACE}{symbol}"),
        (None, Locale::de) => format!("{sign}{number}{NO_BREAK_SPACE}{}", money.currency.code()),
    }
}

/// The amount without its currency, for columns whose head names it: `1,234.50`.
pub fn amount(money: Money) -> String {
    amount_in(locale(), money)
}

/// As [`amount`], for a given language.
pub fn amount_in(locale: Locale, money: Money) -> String {
    grouped(locale, &money.plain())
}

/// The amount as a person would type it into a field: no grouping, their decimal sign.
pub fn typed_amount(money: Money) -> String {
    typed_number(&money.plain())
}

/// A plain decimal number as a person would type it into a field.
pub fn typed_number(plain: &str) -> String {
    match locale() {
        Locale::en => plain.to_owned(),
        Locale::de => plain.replace('.', ","),
    }
}

/// Whether the reader writes a decimal comma.
pub fn decimal_comma() -> bool {
    locale() == Locale::de
}

/// A command with its numbers made plain, as its reader types them.
pub fn plain<T: Typed>(command: T) -> T {
    command.plain(decimal_comma())
}

/// Which side a balance is on, to be said in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BalanceSide {
    Due,
    Credit,
    Settled,
}

/// The side of a balance where positive is owed by the customer.
pub fn side(balance: Money) -> BalanceSide {
    match balance.minor {
        0 => BalanceSide::Settled,
        minor if minor > 0 => BalanceSide::Due,
        _ => BalanceSide::Credit,
    }
}

/// The amount of a balance without its sign; say its side in words beside it.
pub fn unsigned(balance: Money) -> String {
    money(Money::new(magnitude(balance), balance.currency))
}

/// A whole number with grouping: `12,345`.
pub fn number(value: impl Into<i128>) -> String {
    grouped(locale(), &value.into().to_string())
}

/// An exact decimal with the decimals it has: a quantity, a price.
pub fn decimal(value: Decimal) -> String {
    decimal_in(locale(), value)
}

/// As [`decimal`], for a given language.
pub fn decimal_in(locale: Locale, value: Decimal) -> String {
    grouped(locale, &value.normalize().to_string())
}

/// A unit price with at least the decimals of its currency: `68.33`, `0.335`, `5.00`.
pub fn price(value: Decimal, currency: Currency) -> String {
    let mut value = value.normalize();
    if value.scale() < currency.decimals() {
        value.rescale(currency.decimals());
    }
    grouped(locale(), &value.to_string())
}

/// A tax or discount rate given in percent: `20%`, in German `20 %`.
pub fn percent(value: Decimal) -> String {
    percent_in(locale(), value)
}

/// As [`percent`], for a given language.
pub fn percent_in(locale: Locale, value: Decimal) -> String {
    match locale {
        Locale::en => format!("{}%", decimal_in(locale, value)),
        Locale::de => format!("{}{NO_BREAK_SPACE}%", decimal_in(locale, value)),
    }
}

/// `5 Jan 2026`, in German `05.01.2026`.
pub fn date(date: NaiveDate) -> String {
    date_in(locale(), date)
}

/// As [`date`], for a given language.
pub fn date_in(locale: Locale, date: NaiveDate) -> String {
    match locale {
        Locale::en => format!(
            "{}{NO_BREAK_SPACE}{}{NO_BREAK_SPACE}{}",
            date.day(),
            &month(locale, date)[..3],
            date.year()
        ),
        Locale::de => format!("{:02}.{:02}.{}", date.day(), date.month(), date.year()),
    }
}

/// `5 January 2026`, in German `5. Januar 2026`.
pub fn long_date(date: NaiveDate) -> String {
    let locale = locale();
    let month = month(locale, date);
    match locale {
        Locale::en => format!("{} {month} {}", date.day(), date.year()),
        Locale::de => format!("{}. {month} {}", date.day(), date.year()),
    }
}

/// `January 2026`.
pub fn month_of(date: NaiveDate) -> String {
    format!("{} {}", month(locale(), date), date.year())
}

/// Date and minute on the clock of the business time zone: `5 Jan 2026, 14:03`.
pub fn instant(instant: DateTime<Utc>) -> String {
    let local = (visit().machine.local_time)(instant);
    local_time_in(locale(), local)
}

fn local_time_in(locale: Locale, local: NaiveDateTime) -> String {
    format!(
        "{}, {:02}:{:02}",
        date_in(locale, local.date()),
        local.hour(),
        local.minute()
    )
}

fn magnitude(money: Money) -> i64 {
    // The one amount without a positive twin is far beyond what parsing lets in.
    money.minor.saturating_abs()
}

/// The sign readers know without its code; `None` where several currencies share it or have none.
fn sign_of(currency: Currency) -> Option<&'static str> {
    match currency.code() {
        "EUR" => Some("€"),
        "USD" => Some("$"),
        "GBP" => Some("£"),
        "JPY" => Some("¥"),
        "INR" => Some("₹"),
        _ => None,
    }
}

fn grouped(locale: Locale, plain: &str) -> String {
    let (group, point) = match locale {
        Locale::en => (',', '.'),
        Locale::de => ('.', ','),
    };
    let (sign, digits) = match plain.strip_prefix('-') {
        Some(digits) => (MINUS.to_string(), digits),
        None => (String::new(), plain),
    };
    let (whole, fraction) = match digits.split_once('.') {
        Some((whole, fraction)) => (whole, format!("{point}{fraction}")),
        None => (digits, String::new()),
    };
    let mut grouped = String::with_capacity(whole.len() + whole.len() / 3);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            grouped.push(group);
        }
        grouped.push(digit);
    }
    format!("{sign}{grouped}{fraction}")
}

fn month(locale: Locale, date: NaiveDate) -> &'static str {
    const ENGLISH: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    const GERMAN: [&str; 12] = [
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ];
    let index = date.month0() as usize;
    match locale {
        Locale::en => ENGLISH[index],
        Locale::de => GERMAN[index],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(123_450, Currency::EUR, "€1,234.50", "1.234,50\u{a0}€")]
    #[case(0, Currency::EUR, "€0.00", "0,00\u{a0}€")]
    #[case(-5, Currency::USD, "−$0.05", "−0,05\u{a0}$")]
    #[case(100_000_000, Currency::JPY, "¥100,000,000", "100.000.000\u{a0}¥")]
    #[case(1_234, Currency::KWD, "KWD\u{a0}1.234", "1,234\u{a0}KWD")]
    #[case(99_999, Currency::GBP, "£999.99", "999,99\u{a0}£")]
    fn money_follows_the_readers_language(
        #[case] minor: i64,
        #[case] currency: Currency,
        #[case] english: &str,
        #[case] german: &str,
    ) {
        let money = Money::new(minor, currency);
        assert_eq!(money_in(Locale::en, money), english);
        assert_eq!(money_in(Locale::de, money), german);
    }

    #[rstest]
    #[case("0", "0", "0")]
    #[case("999", "999", "999")]
    #[case("1000", "1,000", "1.000")]
    #[case("-1234567.891", "−1,234,567.891", "−1.234.567,891")]
    fn numbers_are_grouped_by_three(
        #[case] plain: &str,
        #[case] english: &str,
        #[case] german: &str,
    ) {
        assert_eq!(grouped(Locale::en, plain), english);
        assert_eq!(grouped(Locale::de, plain), german);
    }

    #[rstest]
    #[case("2026-01-05", "5\u{a0}Jan\u{a0}2026", "05.01.2026")]
    #[case("2025-12-31", "31\u{a0}Dec\u{a0}2025", "31.12.2025")]
    fn dates_follow_the_readers_language(
        #[case] date: &str,
        #[case] english: &str,
        #[case] german: &str,
    ) {
        let date = date.parse().unwrap();
        assert_eq!(date_in(Locale::en, date), english);
        assert_eq!(date_in(Locale::de, date), german);
    }

    #[test]
    fn an_instant_shows_its_minute() {
        let local: NaiveDateTime = "2026-01-05T04:03:59".parse().unwrap();
        assert_eq!(local_time_in(Locale::de, local), "05.01.2026, 04:03");
    }

    #[test]
    fn a_balance_says_its_side_in_words() {
        assert_eq!(side(Money::new(1, Currency::EUR)), BalanceSide::Due);
        assert_eq!(side(Money::new(-1, Currency::EUR)), BalanceSide::Credit);
        assert_eq!(side(Money::zero(Currency::EUR)), BalanceSide::Settled);
    }
}
