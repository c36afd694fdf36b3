//! What a browser or an API client may learn about a failure. Made in one place, worded by who shows it.

use crate::domain::approval::RequestState;
use crate::domain::dates::DateRefusal;
use crate::domain::expiry::ExpiryRefusal;
use crate::domain::money::{Currency, Money, MoneyError};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use server_fn::codec::JsonEncoding;
use server_fn::error::{FromServerFnError, ServerFnErrorErr};
use thiserror::Error;
use uuid::Uuid;

/// Every way in which Saldo says no.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Error)]
pub enum AppError {
    #[error("nobody is logged in")]
    NotLoggedIn,
    #[error("the actor lacks the right")]
    Forbidden,
    /// Not there, or not the actor's to see.
    #[error("not found")]
    NotFound,
    #[error("too many requests; try again in {retry_after_seconds} s")]
    TooManyRequests { retry_after_seconds: u32 },
    /// The idempotency key was used before with other content.
    #[error("the idempotency key was used with other content")]
    KeyConflict,
    /// What the person looked at has changed meanwhile; the texts name what.
    #[error("changed meanwhile: {0:?}")]
    Stale(Vec<String>),
    #[error("refused: {0:?}")]
    Refused(Vec<FieldRefusal>),
    /// The database cannot be reached; nothing was written.
    #[error("the database cannot be reached")]
    Unavailable { incident: Uuid },
    #[error("unexpected failure {incident}")]
    Unexpected { incident: Uuid },
}

impl AppError {
    /// The stable code API clients and scripts branch on; of several refusals the first one's.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotLoggedIn => "not_logged_in",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::TooManyRequests { .. } => "too_many_requests",
            Self::KeyConflict => "key_conflict",
            Self::Stale(_) => "stale",
            Self::Refused(refusals) => refusals
                .first()
                .map_or("refused", |first| first.refusal.code()),
            Self::Unavailable { .. } => "unavailable",
            Self::Unexpected { .. } => "unexpected",
        }
    }
}

/// One refusal and the field it belongs to, named as in the command: `amount`, `applications.0.amount`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldRefusal {
    pub field: Option<String>,
    pub refusal: Refusal,
}

/// Facts because of which something asked for is not done. Each has a stable code for API clients.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    Required,
    TooLong {
        max: u32,
    },
    UnknownChoice,
    NotAnAmount,
    NotANumber,
    NotADate,
    NotAnEmail,
    TooManyDecimals {
        max: u32,
    },
    AmountOutOfRange,
    AmountNotPositive,
    UnknownCurrency,
    CurrencyMismatch {
        expected: Currency,
        given: Currency,
    },
    PeriodClosed {
        first_open: NaiveDate,
    },
    /// Days that nobody opens any more.
    PeriodLocked {
        through: NaiveDate,
    },
    /// Days that are open to everybody need no exception.
    PeriodOpen,
    DateTooLate {
        last: NaiveDate,
    },
    DateTooEarly {
        first: NaiveDate,
    },
    BeforeAccountOpened {
        first: NaiveDate,
    },
    BackdatingNeedsReason {
        first: NaiveDate,
    },
    ReasonRequired,
    /// An account, customer or document named in the request is not there.
    UnknownReference,
    NumberTaken,
    /// A number with characters that no address takes.
    UnusableNumber,
    TooMany {
        max: u32,
    },
    EmailTaken,
    InvoiceWithoutLines,
    InvoiceFinal,
    InvoiceIsDraft,
    InvoiceVoid,
    /// Settled in part by a payment: it is credited, not voided.
    SettledByPayment,
    /// A negative invoice whose credit has been used.
    CreditUsed,
    AmountExceedsOpenBalance {
        open: Money,
    },
    AmountExceedsReceived {
        received: Money,
    },
    AmountExceedsRemainder {
        remaining: Money,
    },
    /// A discount or credit beyond what the lines come to.
    AmountExceedsLines {
        most: Money,
    },
    /// More of a line is to be credited than is left of it.
    QuantityExceedsLine {
        /// The quantity left, as plain text, and what it comes to net.
        left: String,
        left_net: Money,
    },
    /// No line or quantity of an invoice is chosen.
    NothingToCredit,
    /// It comes to nothing or less.
    CreditNotPositive,
    /// Its quantity has the other sign than the line's.
    WrongSign,
    /// A draft, a void or negative invoice, or one that is not for goods and services.
    NotCreditable,
    /// A credit note on it stands.
    InvoiceCredited,
    /// What a returned payment owes is paid or written off, not voided.
    ReturnedPaymentStays,
    CreditNoteFinal,
    CreditNoteIsDraft,
    CreditNoteVoid,
    /// More is to be paid out than the customer's own money comes to.
    NotRefundable {
        most: Money,
    },
    InvoiceNotOpen,
    NamedTwice,
    SurplusRefused {
        surplus: Money,
    },
    SurplusAboveTolerance {
        tolerance: Money,
    },
    PaymentReversed,
    AlreadyUnapplied,
    /// A part of the invoice is written off; recovering it undoes that.
    WrittenOff,
    /// Somebody else must decide.
    OwnRequest,
    /// The request has come further, or was ended.
    RequestNotInState {
        state: RequestState,
    },
    /// A transfer goes to another account.
    SameAccount,
    GrantNotUsable,
    /// A new lapse date is for credit that has lapsed.
    GrantNotLapsed,
    /// Nothing is left of the grant.
    NothingLeft,
    /// Only a prepayment takes this.
    OnlyForPrepayments,
    DifferentAccounts,
    AccountOnHold,
    LapseGivenTwice,
    PercentOutOfRange,
    BelowOneGrant {
        least: Money,
    },
    NotInAudience,
    UnknownCode,
    PromotionNotActive,
    PromotionNotYet {
        starts_on: NaiveDate,
    },
    PromotionOver {
        ended_on: NaiveDate,
    },
    PromotionInOtherCurrency {
        expected: Currency,
    },
    PromotionNeedsOtherDocument,
    BelowMinimum {
        minimum: Money,
    },
    PromotionAlreadyGiven,
    PromotionNotCombinable,
    PromotionGivesNothing,
    PromotionCapReached {
        left: Money,
    },
    PromotionBudgetSpent {
        left: Money,
    },
    PromotionNotDraft,
    PromotionActNotPossible,
    NothingToRevoke,
    NotPrepaid,
    TopUpRequestClosed,
    RunNotInPreview,
    /// Striking out makes credit pay something the preview did not show.
    PairsChanged,
    RunNotDone,
    LinkNotValid,
    PasswordTooWeak,
    PasswordsDiffer,
    WrongCredentials,
    LastAdmin,
    AccountNotEmpty,
    CodeTaken,
    FileTooLarge {
        max_megabytes: u32,
    },
    NotATextFile,
    /// Lines of the file were refused, and all or nothing was asked for.
    ImportHasFindings {
        count: u32,
    },
    /// The import was posted or thrown away before, or was never read to its end.
    ImportNotChecked,
    /// A demo company is made in an empty database only.
    DatabaseNotEmpty,
}

impl Refusal {
    /// The stable code API clients branch on.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::TooLong { .. } => "too_long",
            Self::UnknownChoice => "unknown_choice",
            Self::NotAnAmount => "not_an_amount",
            Self::NotANumber => "not_a_number",
            Self::NotADate => "not_a_date",
            Self::NotAnEmail => "not_an_email",
            Self::TooManyDecimals { .. } => "too_many_decimals",
            Self::AmountOutOfRange => "amount_out_of_range",
            Self::AmountNotPositive => "amount_not_positive",
            Self::UnknownCurrency => "unknown_currency",
            Self::CurrencyMismatch { .. } => "currency_mismatch",
            Self::PeriodClosed { .. } => "period_closed",
            Self::PeriodLocked { .. } => "period_locked",
            Self::PeriodOpen => "period_open",
            Self::DateTooLate { .. } => "date_too_late",
            Self::DateTooEarly { .. } => "date_too_early",
            Self::BeforeAccountOpened { .. } => "before_account_opened",
            Self::BackdatingNeedsReason { .. } => "backdating_needs_reason",
            Self::ReasonRequired => "reason_required",
            Self::UnknownReference => "unknown_reference",
            Self::NumberTaken => "number_taken",
            Self::UnusableNumber => "unusable_number",
            Self::TooMany { .. } => "too_many",
            Self::EmailTaken => "email_taken",
            Self::InvoiceWithoutLines => "invoice_without_lines",
            Self::InvoiceFinal => "invoice_final",
            Self::InvoiceIsDraft => "invoice_is_draft",
            Self::InvoiceVoid => "invoice_void",
            Self::SettledByPayment => "settled_by_payment",
            Self::CreditUsed => "credit_used",
            Self::AmountExceedsOpenBalance { .. } => "amount_exceeds_open_balance",
            Self::AmountExceedsReceived { .. } => "amount_exceeds_received",
            Self::AmountExceedsRemainder { .. } => "amount_exceeds_remainder",
            Self::AmountExceedsLines { .. } => "amount_exceeds_lines",
            Self::QuantityExceedsLine { .. } => "quantity_exceeds_line",
            Self::NothingToCredit => "nothing_to_credit",
            Self::CreditNotPositive => "credit_not_positive",
            Self::WrongSign => "wrong_sign",
            Self::NotCreditable => "not_creditable",
            Self::InvoiceCredited => "invoice_credited",
            Self::ReturnedPaymentStays => "returned_payment_stays",
            Self::CreditNoteFinal => "credit_note_final",
            Self::CreditNoteIsDraft => "credit_note_is_draft",
            Self::CreditNoteVoid => "credit_note_void",
            Self::NotRefundable { .. } => "not_refundable",
            Self::InvoiceNotOpen => "invoice_not_open",
            Self::NamedTwice => "named_twice",
            Self::SurplusRefused { .. } => "surplus_refused",
            Self::SurplusAboveTolerance { .. } => "surplus_above_tolerance",
            Self::PaymentReversed => "payment_reversed",
            Self::AlreadyUnapplied => "already_unapplied",
            Self::WrittenOff => "written_off",
            Self::OwnRequest => "own_request",
            Self::RequestNotInState { .. } => "request_not_in_state",
            Self::SameAccount => "same_account",
            Self::GrantNotUsable => "grant_not_usable",
            Self::GrantNotLapsed => "grant_not_lapsed",
            Self::NothingLeft => "nothing_left",
            Self::OnlyForPrepayments => "only_for_prepayments",
            Self::DifferentAccounts => "different_accounts",
            Self::AccountOnHold => "account_on_hold",
            Self::LapseGivenTwice => "lapse_given_twice",
            Self::PercentOutOfRange => "percent_out_of_range",
            Self::BelowOneGrant { .. } => "below_one_grant",
            Self::NotInAudience => "not_in_audience",
            Self::UnknownCode => "unknown_code",
            Self::PromotionNotActive => "promotion_not_active",
            Self::PromotionNotYet { .. } => "promotion_not_yet",
            Self::PromotionOver { .. } => "promotion_over",
            Self::PromotionInOtherCurrency { .. } => "promotion_in_other_currency",
            Self::PromotionNeedsOtherDocument => "promotion_needs_other_document",
            Self::BelowMinimum { .. } => "below_minimum",
            Self::PromotionAlreadyGiven => "promotion_already_given",
            Self::PromotionNotCombinable => "promotion_not_combinable",
            Self::PromotionGivesNothing => "promotion_gives_nothing",
            Self::PromotionCapReached { .. } => "promotion_cap_reached",
            Self::PromotionBudgetSpent { .. } => "promotion_budget_spent",
            Self::PromotionNotDraft => "promotion_not_draft",
            Self::PromotionActNotPossible => "promotion_act_not_possible",
            Self::NothingToRevoke => "nothing_to_revoke",
            Self::NotPrepaid => "not_prepaid",
            Self::TopUpRequestClosed => "top_up_request_closed",
            Self::RunNotInPreview => "run_not_in_preview",
            Self::PairsChanged => "pairs_changed",
            Self::RunNotDone => "run_not_done",
            Self::LinkNotValid => "link_not_valid",
            Self::PasswordTooWeak => "password_too_weak",
            Self::PasswordsDiffer => "passwords_differ",
            Self::WrongCredentials => "wrong_credentials",
            Self::LastAdmin => "last_admin",
            Self::AccountNotEmpty => "account_not_empty",
            Self::CodeTaken => "code_taken",
            Self::FileTooLarge { .. } => "file_too_large",
            Self::NotATextFile => "not_a_text_file",
            Self::ImportHasFindings { .. } => "import_has_findings",
            Self::ImportNotChecked => "import_not_checked",
            Self::DatabaseNotEmpty => "database_not_empty",
        }
    }

    /// The most that would have been possible, where there is a most.
    pub fn max_amount(&self) -> Option<Money> {
        match self {
            Self::AmountExceedsOpenBalance { open } => Some(*open),
            Self::AmountExceedsReceived { received } => Some(*received),
            Self::AmountExceedsRemainder { remaining } => Some(*remaining),
            Self::SurplusAboveTolerance { tolerance } => Some(*tolerance),
            Self::PromotionCapReached { left } | Self::PromotionBudgetSpent { left } => Some(*left),
            Self::AmountExceedsLines { most } | Self::NotRefundable { most } => Some(*most),
            Self::QuantityExceedsLine { left_net, .. } => Some(*left_net),
            _ => None,
        }
    }

    /// This refusal of one field of the command.
    pub fn at(self, field: impl Into<String>) -> AppError {
        AppError::Refused(vec![FieldRefusal {
            field: Some(field.into()),
            refusal: self,
        }])
    }

    /// This refusal of the act as a whole.
    pub fn of_act(self) -> AppError {
        AppError::Refused(vec![FieldRefusal {
            field: None,
            refusal: self,
        }])
    }
}

impl From<MoneyError> for Refusal {
    fn from(error: MoneyError) -> Self {
        match error {
            MoneyError::NotAnAmount => Self::NotAnAmount,
            MoneyError::TooManyDecimals { max } => Self::TooManyDecimals { max },
            MoneyError::OutOfRange => Self::AmountOutOfRange,
            MoneyError::CurrencyMismatch { left, right } => Self::CurrencyMismatch {
                expected: left,
                given: right,
            },
        }
    }
}

impl From<DateRefusal> for Refusal {
    fn from(refusal: DateRefusal) -> Self {
        match refusal {
            DateRefusal::PeriodClosed { first_open } => Self::PeriodClosed { first_open },
            DateRefusal::TooLate { last } => Self::DateTooLate { last },
            DateRefusal::BeforeAccountOpened { first } => Self::BeforeAccountOpened { first },
            DateRefusal::BackdatingNeedsReason { first } => Self::BackdatingNeedsReason { first },
        }
    }
}

impl From<ExpiryRefusal> for Refusal {
    fn from(refusal: ExpiryRefusal) -> Self {
        match refusal {
            ExpiryRefusal::TooEarly { first } => Self::DateTooEarly { first },
            ExpiryRefusal::TooLate { last } => Self::DateTooLate { last },
        }
    }
}

impl FromServerFnError for AppError {
    type Encoder = JsonEncoding;

    /// A request that could not be read, or a defect of the transport. The library's text is not shown.
    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Args(_)
            | ServerFnErrorErr::MissingArg(_)
            | ServerFnErrorErr::Deserialization(_) => Refusal::Required.of_act(),
            _ => Self::Unexpected {
                incident: Uuid::nil(),
            },
        }
    }
}
