//! Adjustments, refunds, transfers and write-offs: asking for them, deciding on them, and how they are read.

use super::error::{AppError, Refusal};
use super::form::{AmountText, Reader, Typed};
use crate::domain::approval::RequestState;
use crate::domain::credit::DEFAULT_PRIORITY;
use crate::domain::dates::check_future;
use crate::domain::ids::CreditRequestId;
use crate::domain::ledger::coded;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// The longest reason or word.
pub const LONGEST_REASON: u32 = 500;

/// Goodwill credit for an account, or, where a grant is named, that grant corrected downwards.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NewAdjustment {
    /// Number of the receivable account; may be empty where a grant is named.
    pub account: String,
    /// The grant to be corrected; empty for goodwill credit.
    pub grant: String,
    pub amount: AmountText,
    /// Empty means the day it is posted.
    pub effective_on: String,
    /// Last usable day of goodwill credit; empty: it never lapses, or as the expiry policy says.
    pub expires_on: String,
    /// Empty takes the default; smaller is used first.
    pub priority: String,
    pub reason: String,
    pub idempotency_key: String,
}

impl Typed for NewAdjustment {
    fn number_texts(&mut self) -> Vec<&mut String> {
        vec![&mut self.amount.amount]
    }
}

/// The largest priority a grant can be given.
const LARGEST_PRIORITY: u32 = 1_000_000;

/// How a goodwill grant is to be born, as read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadGoodwill {
    pub expires_on: Option<NaiveDate>,
    pub priority: i32,
}

impl NewAdjustment {
    /// The lapse date and priority of goodwill credit.
    pub fn goodwill(&self, reader: &mut Reader) -> Option<ReadGoodwill> {
        let expires_on = match self.expires_on.trim() {
            "" => Some(None),
            text => reader
                .date("expires_on", text)
                .and_then(|date| match check_future(date) {
                    Ok(date) => Some(Some(date)),
                    Err(refusal) => {
                        reader.refuse("expires_on", refusal.into());
                        None
                    }
                }),
        };
        let priority = match self.priority.trim() {
            "" => Some(DEFAULT_PRIORITY),
            text => reader
                .whole_number("priority", text, LARGEST_PRIORITY)
                .and_then(|number| i32::try_from(number).ok()),
        };
        Some(ReadGoodwill {
            expires_on: expires_on?,
            priority: priority?,
        })
    }
}

/// Money back to the customer, out of one grant or out of all refundable credit of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NewRefund {
    /// Number of the receivable account; may be empty where a grant is named.
    pub account: String,
    /// Empty: whatever of the account's credit is refundable, newest payment first.
    pub grant: String,
    pub amount: AmountText,
    /// A code of `PaymentMethod`; empty: as it was paid.
    pub method: String,
    pub effective_on: String,
    pub reason: String,
    pub idempotency_key: String,
}

impl Typed for NewRefund {
    fn number_texts(&mut self) -> Vec<&mut String> {
        vec![&mut self.amount.amount]
    }
}

/// Credit to another receivable account of the same currency.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NewTransfer {
    /// Number of the giving account; may be empty where a grant is named.
    pub account: String,
    /// Empty: the account's credit in its order of use.
    pub grant: String,
    /// Number of the receiving account.
    pub to_account: String,
    pub amount: AmountText,
    pub effective_on: String,
    pub reason: String,
    pub idempotency_key: String,
}

impl Typed for NewTransfer {
    fn number_texts(&mut self) -> Vec<&mut String> {
        vec![&mut self.amount.amount]
    }
}

coded! {
    /// Why something is written off.
    WriteOffReason {
        Insolvent = "insolvent",
        Uncollectable = "uncollectable",
        Settlement = "settlement",
        SmallBalance = "small_balance",
        Other = "other",
    }
}

/// An invoice nobody will pay, or a tiny remainder of a grant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NewWriteOff {
    /// Id of the invoice; empty where a grant is named.
    pub invoice: String,
    pub grant: String,
    /// Empty: all that is open or left.
    pub amount: AmountText,
    /// A code of `WriteOffReason`.
    pub reason_code: String,
    pub effective_on: String,
    pub reason: String,
    pub idempotency_key: String,
}

impl Typed for NewWriteOff {
    fn number_texts(&mut self) -> Vec<&mut String> {
        vec![&mut self.amount.amount]
    }
}

/// Approving, refusing, paying, failing or reversing a request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RequestDecision {
    pub request: String,
    /// Why: needed for refusing, failing and reversing.
    pub reason: String,
    /// Paying and reversing: the day it counts; empty means today.
    pub effective_on: String,
    pub idempotency_key: String,
}

/// The answer that a repeated request gets again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedRequest {
    pub request: CreditRequestId,
    pub number: i64,
    pub state: RequestState,
}

/// The reason of a request: there, and not too long.
pub fn reason(text: &str) -> Result<String, AppError> {
    if text.trim().is_empty() {
        return Err(Refusal::ReasonRequired.at("reason"));
    }
    if text.chars().count() > LONGEST_REASON as usize {
        return Err(Refusal::TooLong {
            max: LONGEST_REASON,
        }
        .at("reason"));
    }
    Ok(text.trim().to_owned())
}
