//! Reading what people typed: every field of a command is text, and one `parse` per command collects all refusals.

use super::error::{AppError, FieldRefusal, Refusal};
use crate::domain::money::{Currency, Money, parse_decimal, plain_decimal};
use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize};
use std::str::FromStr;

/// An amount as text with its currency, as forms and the API send it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AmountText {
    pub amount: String,
    pub currency: String,
}

/// A command as a person typed it, whose amounts may carry grouping and a decimal comma.
pub trait Typed: Sized {
    /// The texts that are amounts, prices, quantities or rates.
    fn number_texts(&mut self) -> Vec<&mut String>;

    /// The command with its numbers made plain.
    fn plain(mut self, decimal_comma: bool) -> Self {
        for text in self.number_texts() {
            *text = plain_decimal(text, decimal_comma);
        }
        self
    }
}

/// Reads the fields of one command and keeps every refusal with its field.
#[derive(Default)]
pub struct Reader {
    refusals: Vec<FieldRefusal>,
}

impl Reader {
    pub fn refuse(&mut self, field: impl Into<String>, refusal: Refusal) {
        self.refusals.push(FieldRefusal {
            field: Some(field.into()),
            refusal,
        });
    }

    /// A text that must be there and at most `max` characters long. Surrounding space is dropped.
    pub fn required(&mut self, field: &str, text: &str, max: u32) -> String {
        if text.trim().is_empty() {
            self.refuse(field, Refusal::Required);
        }
        self.text(field, text, max)
    }

    /// A text of at most `max` characters.
    pub fn text(&mut self, field: &str, text: &str, max: u32) -> String {
        if text.chars().count() > max as usize {
            self.refuse(field, Refusal::TooLong { max });
        }
        text.trim().to_owned()
    }

    /// An e-mail address, or nothing.
    pub fn email(&mut self, field: &str, text: &str) -> String {
        let email = self.text(field, text, 200);
        let plausible = email.split_once('@').is_some_and(|(name, host)| {
            !name.is_empty() && !host.is_empty() && !host.contains('@')
        });
        if !email.is_empty() && (!plausible || email.contains(char::is_whitespace)) {
            self.refuse(field, Refusal::NotAnEmail);
        }
        email
    }

    pub fn currency(&mut self, field: &str, text: &str) -> Option<Currency> {
        if text.trim().is_empty() {
            self.refuse(field, Refusal::Required);
            return None;
        }
        let currency = Currency::from_str(text.trim()).ok();
        if currency.is_none() {
            self.refuse(field, Refusal::UnknownCurrency);
        }
        currency
    }

    /// An amount of any sign; its currency must be `currency` where it names one.
    pub fn money(&mut self, field: &str, text: &AmountText, currency: Currency) -> Option<Money> {
        if !text.currency.is_empty() {
            let given = self.currency(field, &text.currency)?;
            if given != currency {
                self.refuse(
                    field,
                    Refusal::CurrencyMismatch {
                        expected: currency,
                        given,
                    },
                );
                return None;
            }
        }
        self.amount(field, &text.amount, currency)
    }

    /// An amount of any sign.
    pub fn amount(&mut self, field: &str, text: &str, currency: Currency) -> Option<Money> {
        if text.trim().is_empty() {
            self.refuse(field, Refusal::Required);
            return None;
        }
        match Money::parse(text.trim(), currency) {
            Ok(money) => Some(money),
            Err(error) => {
                self.refuse(field, error.into());
                None
            }
        }
    }

    /// An exact decimal such as a quantity, price or rate.
    pub fn decimal(&mut self, field: &str, text: &str) -> Option<Decimal> {
        if text.trim().is_empty() {
            self.refuse(field, Refusal::Required);
            return None;
        }
        match parse_decimal(text.trim()) {
            Ok(value) => Some(value),
            Err(_) => {
                self.refuse(field, Refusal::NotANumber);
                None
            }
        }
    }

    pub fn whole_number(&mut self, field: &str, text: &str, max: u32) -> Option<u32> {
        match text.trim().parse::<u32>() {
            Ok(number) if number <= max => Some(number),
            _ => {
                self.refuse(field, Refusal::NotANumber);
                None
            }
        }
    }

    /// A date `YYYY-MM-DD`.
    pub fn date(&mut self, field: &str, text: &str) -> Option<NaiveDate> {
        if text.trim().is_empty() {
            self.refuse(field, Refusal::Required);
            return None;
        }
        let date = read_date(text);
        if date.is_none() {
            self.refuse(field, Refusal::NotADate);
        }
        date
    }

    /// One of an enum's codes; empty takes `default` where there is one.
    pub fn choice<T: Copy>(
        &mut self,
        field: &str,
        text: &str,
        from_code: fn(&str) -> Option<T>,
        default: Option<T>,
    ) -> Option<T> {
        match (text.trim(), default) {
            ("", Some(default)) => Some(default),
            ("", None) => {
                self.refuse(field, Refusal::Required);
                None
            }
            (code, _) => {
                let choice = from_code(code);
                if choice.is_none() {
                    self.refuse(field, Refusal::UnknownChoice);
                }
                choice
            }
        }
    }

    /// An id of something that exists; wrong text is an unknown reference.
    pub fn id<T: FromStr>(&mut self, field: &str, text: &str) -> Option<T> {
        let id = text.trim().parse().ok();
        if id.is_none() {
            let refusal = if text.trim().is_empty() {
                Refusal::Required
            } else {
                Refusal::UnknownReference
            };
            self.refuse(field, refusal);
        }
        id
    }

    /// What was read if nothing was refused, else all refusals.
    pub fn finish<T>(self, read: Option<T>) -> Result<T, AppError> {
        match read {
            Some(read) if self.refusals.is_empty() => Ok(read),
            _ => Err(AppError::Refused(self.refusals)),
        }
    }
}

/// A date `YYYY-MM-DD` of a year with four digits; the databases keep no others.
pub fn read_date(text: &str) -> Option<NaiveDate> {
    let date = NaiveDate::from_str(text.trim()).ok()?;
    (1000..=9999).contains(&date.year()).then_some(date)
}

/// Reads an empty form field as `None`.
pub fn empty_as_none<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr,
    T::Err: std::fmt::Display,
{
    let text = Option::<String>::deserialize(deserializer)?;
    match text.as_deref().map(str::trim) {
        None | Some("") => Ok(None),
        Some(text) => text.parse().map(Some).map_err(serde::de::Error::custom),
    }
}
