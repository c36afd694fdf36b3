//! Adjustments, refunds, transfers and write-offs: asking for them, deciding on them, and how they are read.

use super::credits::InvoiceRef;
use super::error::{AppError, Refusal};
use super::form::{AmountText, Reader, Typed};
use super::lineage::{AccountRef, HistoryItem, PostedEntry, PostedLine};
use crate::domain::approval::{RequestKind, RequestState};
use crate::domain::credit::{CreditClass, DEFAULT_PRIORITY};
use crate::domain::dates::check_future;
use crate::domain::ids::{CreditGrantId, CreditRequestId, PaymentId};
use crate::domain::ledger::coded;
use crate::domain::money::Money;
use crate::domain::payment::PaymentMethod;
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

/// What the form for a refund starts from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundStart {
    /// Number of the receivable account.
    pub account: String,
    /// The most that can be paid out.
    pub max: Money,
}

/// Which requests a list shows; all of it stands in the URL.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RequestFilter {
    /// A code of `RequestKind`; empty for all.
    pub kind: String,
    /// A code of `RequestState`; empty for all.
    pub state: String,
    /// Number of a receivable account.
    pub account: String,
}

/// One request of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestRow {
    pub request: CreditRequestId,
    pub number: i64,
    pub kind: RequestKind,
    pub state: RequestState,
    pub on: AccountRef,
    pub amount: Money,
    /// Number of the account a transfer goes to.
    pub to_account: Option<String>,
    /// The invoice that is written off.
    pub invoice: Option<InvoiceRef>,
    pub reason: String,
    pub requested_on: NaiveDate,
    pub requested_by: String,
}

/// A request with all that was said and done about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestDetail {
    pub row: RequestRow,
    pub reason_code: Option<WriteOffReason>,
    /// It waits for somebody else than who looks.
    pub own: bool,
    pub approved_by: Option<String>,
    /// It approved itself: it was not above the limit.
    pub approved_itself: bool,
    pub refused_by: Option<String>,
    pub word: Option<String>,
    pub failed_reason: Option<String>,
    pub reversal_reason: Option<String>,
    pub effective_on: Option<NaiveDate>,
    pub posting_on: Option<NaiveDate>,
    pub slices: Vec<RequestSliceRow>,
    /// The grants it gave rise to.
    pub grants: Vec<GrantLink>,
    /// What it would post now; empty once it is decided.
    pub would_post: Vec<PostedLine>,
    /// Empty for who may not read the journal.
    pub entries: Vec<PostedEntry>,
    pub history: Vec<HistoryItem>,
}

/// What a request takes from one grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestSliceRow {
    pub grant: GrantLink,
    pub amount: Money,
    /// Of a refund: number of the payment whose money goes back.
    pub payment: Option<(PaymentId, i64)>,
    pub method: Option<PaymentMethod>,
}

/// A grant, for a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantLink {
    pub grant: CreditGrantId,
    pub number: i64,
    pub class: CreditClass,
}

/// Refunds of all balances of a currency above a minimum.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RefundBatch {
    pub currency: String,
    /// The smallest amount that is paid out, in the currency.
    pub minimum: String,
    pub reason: String,
    pub idempotency_key: String,
}

impl Typed for RefundBatch {
    fn number_texts(&mut self) -> Vec<&mut String> {
        vec![&mut self.minimum]
    }
}

/// What a batch of refunds would ask for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundBatchPreview {
    pub rows: Vec<RefundBatchRow>,
    pub total: Money,
    /// There are more accounts than one batch looks at.
    pub more: bool,
}

/// What would be paid out of one account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundBatchRow {
    /// Number of the receivable account.
    pub account: String,
    pub name: String,
    pub amount: Money,
}

/// What came of a batch of refunds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundBatchDone {
    pub asked: u32,
    pub failed: u32,
}
