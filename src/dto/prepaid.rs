//! Prepaid accounts: their rules as they come in, and what their pages show.

use super::error::{AppError, Refusal};
use super::form::{AmountText, Reader, Typed};
use super::lineage::{AccountRef, AppliedSlice};
use crate::domain::ids::{CreditGrantId, PaymentId, TopUpRequestId};
use crate::domain::ledger::coded;
use crate::domain::money::{Currency, Money};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Thresholds of one account at most.
const MOST_THRESHOLDS: usize = 10;

/// The rules of a prepaid account, as typed. Amounts are plain texts in the account's currency.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PrepaidRules {
    /// Number of the receivable account.
    pub account: String,
    /// Balances at or below which it is low.
    pub thresholds: Vec<String>,
    /// The least that is suggested when it is low.
    pub suggested: String,
    /// `yes`: an invoice that is not covered whole is left open.
    pub whole_invoices_only: String,
    /// `yes`: nothing is drawn down by itself until staff release it.
    pub held: String,
    pub reason: String,
}

impl Typed for PrepaidRules {
    fn number_texts(&mut self) -> Vec<&mut String> {
        let suggested = &mut self.suggested;
        self.thresholds.iter_mut().chain([suggested]).collect()
    }
}

/// Rules whose every field could be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReadRules {
    /// Descending, each once.
    pub thresholds: Vec<i64>,
    pub suggested_minor: i64,
    pub whole_invoices_only: bool,
    pub held: bool,
}

impl PrepaidRules {
    pub fn parse(&self, currency: Currency) -> Result<ReadRules, AppError> {
        let mut reader = Reader::default();
        let mut thresholds = BTreeSet::new();
        for (index, text) in self.thresholds.iter().enumerate() {
            if text.trim().is_empty() {
                continue;
            }
            let field = format!("thresholds.{index}");
            thresholds.extend(not_negative(&mut reader, &field, text, currency));
        }
        if thresholds.len() > MOST_THRESHOLDS {
            let max = u32::try_from(MOST_THRESHOLDS).unwrap_or(u32::MAX);
            reader.refuse("thresholds", Refusal::TooMany { max });
        }
        let suggested_minor = match self.suggested.trim() {
            "" => Some(0),
            text => not_negative(&mut reader, "suggested", text, currency),
        };
        let read = suggested_minor.map(|suggested_minor| ReadRules {
            thresholds: thresholds.into_iter().rev().collect(),
            suggested_minor,
            whole_invoices_only: self.whole_invoices_only == "yes",
            held: self.held == "yes",
        });
        reader.finish(read)
    }
}

fn not_negative(reader: &mut Reader, field: &str, text: &str, currency: Currency) -> Option<i64> {
    let amount = reader.amount(field, text, currency)?;
    if amount.minor < 0 {
        reader.refuse(field, Refusal::AmountNotPositive);
        return None;
    }
    Some(amount.minor)
}

/// The customer says whether invoices are paid from the balance by themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DrawdownChoice {
    /// Number of the receivable account.
    pub account: String,
    /// `yes`: not by themselves.
    pub opted_out: String,
}

/// A customer announces a top-up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NewTopUpRequest {
    /// Number of the receivable account.
    pub account: String,
    pub amount: AmountText,
    pub note: String,
    pub idempotency_key: String,
}

impl Typed for NewTopUpRequest {
    fn number_texts(&mut self) -> Vec<&mut String> {
        vec![&mut self.amount.amount]
    }
}

/// An announced top-up is not coming.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TopUpWithdrawal {
    pub request: String,
}

coded! {
    /// What became of an announced top-up. Derived from its payment and dates.
    TopUpState {
        Open = "open",
        Paid = "paid",
        Withdrawn = "withdrawn",
    }
}

/// A prepaid account in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrepaidRow {
    pub on: AccountRef,
    /// Prepayments that can be used today.
    pub balance: Money,
    /// Open invoices.
    pub due: Money,
    pub low: bool,
    pub held: bool,
    pub opted_out: bool,
    pub open_requests: i64,
}

/// A prepaid account with its rules and what happened on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrepaidDetail {
    pub on: AccountRef,
    pub currency: Currency,
    /// It has rules; an account without them may have prepayments all the same.
    pub has_rules: bool,
    pub balance: Money,
    pub due: Money,
    pub held: bool,
    pub opted_out: bool,
    pub whole_invoices_only: bool,
    /// The account's own setting allows automatic use at all.
    pub auto_apply_on: bool,
    pub suggested: Money,
    /// The least agreed for the account.
    pub agreed: Money,
    pub thresholds: Vec<ThresholdRow>,
    pub alerts: Vec<AlertRow>,
    pub top_ups: Vec<TopUpRow>,
    /// What prepayments paid, newest first.
    pub drawdowns: Vec<AppliedSlice>,
    pub requests: Vec<TopUpRequestRow>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThresholdRow {
    pub threshold: Money,
    pub crossed: bool,
}

/// A balance came to or below a threshold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertRow {
    pub threshold: Money,
    pub balance: Money,
    pub crossed_on: NaiveDate,
    pub recorded_at: DateTime<Utc>,
}

/// Money paid in before any invoice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopUpRow {
    pub payment: PaymentId,
    pub number: i64,
    pub received_on: NaiveDate,
    pub reversed: bool,
    pub grant: CreditGrantId,
    pub amount: Money,
    pub left: Money,
    /// What promotions gave for it, less what they took back.
    pub bonus: Money,
}

/// An announced top-up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopUpRequestRow {
    pub request: TopUpRequestId,
    pub on: AccountRef,
    pub amount: Money,
    pub note: String,
    pub requested_on: NaiveDate,
    pub state: TopUpState,
    pub payment: Option<PaymentId>,
    pub recorded_by: String,
}

/// Filters of the list of prepaid accounts; all of them stand in the URL.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PrepaidFilter {
    pub search: String,
    /// `low`, or empty for all.
    pub show: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_read_each_once_and_highest_first() {
        let rules = PrepaidRules {
            thresholds: ["10", "", "50.00", "10.00"].map(str::to_owned).to_vec(),
            ..Default::default()
        };
        let read = rules.parse(Currency::EUR).unwrap();
        assert_eq!(read.thresholds, [50_00, 10_00]);
        let wrong = PrepaidRules {
            thresholds: vec!["10".to_owned(), "-1".to_owned()],
            ..Default::default()
        };
        assert_eq!(
            wrong.parse(Currency::EUR).unwrap_err(),
            Refusal::AmountNotPositive.at("thresholds.1")
        );
    }
}
