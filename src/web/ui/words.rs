//! Words for the codes of the domain, one function per noun, so that a status is called the same everywhere.

use super::badge::{Badge, Tone};
use super::format::{self, BalanceSide};
use super::text::t;
use crate::domain::approval::{RequestKind, RequestState};
use crate::domain::credit::{CreditClass, GrantStatus, OrderOfUse, UseReason};
use crate::domain::credit_note::{CreditNoteReason, CreditNoteStatus};
use crate::domain::invoice::{InvoiceKind, InvoiceStatus};
use crate::domain::ledger::{EntrySource, JournalKind, LedgerKind, LedgerRole, Side};
use crate::domain::money::Money;
use crate::domain::payment::{PaymentMethod, PaymentStatus, ReversalCause, SurplusChoice};
use crate::domain::rights::Role;
use crate::dto::audit::{Act, SubjectKind};
use crate::dto::credit_runs::{RunScope, RunState};
use crate::dto::credits::{GrantMovementKind, GrantsShown};
use crate::dto::people::{LinkPurpose, UserState};
use crate::dto::requests::WriteOffReason;
use leptos::prelude::*;

/// Every value of a coded enum with its words, for a `SelectField`.
pub fn choices<T: Copy>(
    all: &[T],
    code: fn(T) -> &'static str,
    words: fn(T) -> &'static str,
) -> Vec<(String, String)> {
    all.iter()
        .map(|value| (code(*value).to_owned(), words(*value).to_owned()))
        .collect()
}

pub fn invoice_status(status: InvoiceStatus) -> &'static str {
    match status {
        InvoiceStatus::Draft => t!(words.invoice_draft),
        InvoiceStatus::Open => t!(words.invoice_open),
        InvoiceStatus::PartlyPaid => t!(words.invoice_partly_paid),
        InvoiceStatus::Overdue => t!(words.invoice_overdue),
        InvoiceStatus::Paid => t!(words.invoice_paid),
        InvoiceStatus::WrittenOff => t!(words.invoice_written_off),
        InvoiceStatus::Credit => t!(words.invoice_credit),
        InvoiceStatus::Void => t!(words.invoice_void),
    }
}

/// The status of an invoice, coloured.
#[component]
pub fn InvoiceBadge(status: InvoiceStatus) -> impl IntoView {
    let tone = match status {
        InvoiceStatus::Draft | InvoiceStatus::Void | InvoiceStatus::Open => Tone::Neutral,
        InvoiceStatus::PartlyPaid => Tone::Warn,
        InvoiceStatus::Overdue | InvoiceStatus::WrittenOff => Tone::Bad,
        InvoiceStatus::Paid => Tone::Good,
        InvoiceStatus::Credit => Tone::Credit,
    };
    view! { <Badge tone label=invoice_status(status) /> }
}

pub fn credit_note_reason(reason: CreditNoteReason) -> &'static str {
    match reason {
        CreditNoteReason::Return => t!(words.reason_return),
        CreditNoteReason::BillingError => t!(words.reason_billing_error),
        CreditNoteReason::PriceReduction => t!(words.reason_price_reduction),
        CreditNoteReason::NotDelivered => t!(words.reason_not_delivered),
        CreditNoteReason::Other => t!(words.reason_other),
    }
}

pub fn credit_note_status(status: CreditNoteStatus) -> &'static str {
    match status {
        CreditNoteStatus::Draft => t!(words.credit_note_draft),
        CreditNoteStatus::Issued => t!(words.credit_note_issued),
        CreditNoteStatus::Applied => t!(words.credit_note_applied),
        CreditNoteStatus::Void => t!(words.credit_note_void),
    }
}

/// The status of a credit note, coloured.
#[component]
pub fn CreditNoteBadge(status: CreditNoteStatus) -> impl IntoView {
    let tone = match status {
        CreditNoteStatus::Draft | CreditNoteStatus::Void => Tone::Neutral,
        CreditNoteStatus::Issued => Tone::Credit,
        CreditNoteStatus::Applied => Tone::Good,
    };
    view! { <Badge tone label=credit_note_status(status) /> }
}

pub fn invoice_kind(kind: InvoiceKind) -> &'static str {
    match kind {
        InvoiceKind::Invoice => t!(words.kind_of_invoice),
        InvoiceKind::Fee => t!(words.kind_of_fee),
        InvoiceKind::PaymentReturned => t!(words.kind_of_payment_returned),
    }
}

pub fn credit_class(class: CreditClass) -> &'static str {
    match class {
        CreditClass::Promotion => t!(words.class_promotion),
        CreditClass::Goodwill => t!(words.class_goodwill),
        CreditClass::CreditNote => t!(words.class_credit_note),
        CreditClass::Overpayment => t!(words.class_overpayment),
        CreditClass::Prepayment => t!(words.class_prepayment),
    }
}

pub fn order_of_use(order: OrderOfUse) -> &'static str {
    match order {
        OrderOfUse::LapsingFirst => t!(words.order_lapsing_first),
        OrderOfUse::OldestFirst => t!(words.order_oldest_first),
        OrderOfUse::OwnMoneyLast => t!(words.order_own_money_last),
    }
}

/// Why a credit is used before the next; the last one has no next.
pub fn use_reason(reason: Option<UseReason>) -> &'static str {
    match reason {
        Some(UseReason::Priority) => t!(expiry.why_priority),
        Some(UseReason::LapsesSooner) => t!(expiry.why_lapses_sooner),
        Some(UseReason::Class) => t!(expiry.why_class),
        Some(UseReason::Older) => t!(expiry.why_older),
        Some(UseReason::RecordedFirst) => t!(expiry.why_recorded_first),
        None => t!(expiry.why_last),
    }
}

pub fn payment_method(method: PaymentMethod) -> &'static str {
    match method {
        PaymentMethod::BankTransfer => t!(words.method_bank_transfer),
        PaymentMethod::Card => t!(words.method_card),
        PaymentMethod::Cash => t!(words.method_cash),
        PaymentMethod::Cheque => t!(words.method_cheque),
        PaymentMethod::DirectDebit => t!(words.method_direct_debit),
        PaymentMethod::Other => t!(words.method_other),
    }
}

pub fn reversal_cause(cause: ReversalCause) -> &'static str {
    match cause {
        ReversalCause::Bounced => t!(words.cause_bounced),
        ReversalCause::Chargeback => t!(words.cause_chargeback),
        ReversalCause::KeyedWrongly => t!(words.cause_keyed_wrongly),
    }
}

pub fn payment_status(status: PaymentStatus) -> &'static str {
    match status {
        PaymentStatus::Recorded => t!(words.payment_recorded),
        PaymentStatus::PartlyApplied => t!(words.payment_partly_applied),
        PaymentStatus::Applied => t!(words.payment_applied),
        PaymentStatus::Reversed => t!(words.payment_reversed),
    }
}

/// The status of a payment, coloured.
#[component]
pub fn PaymentBadge(status: PaymentStatus) -> impl IntoView {
    let tone = match status {
        PaymentStatus::Recorded | PaymentStatus::PartlyApplied => Tone::Credit,
        PaymentStatus::Applied => Tone::Good,
        PaymentStatus::Reversed => Tone::Bad,
    };
    view! { <Badge tone label=payment_status(status) /> }
}

pub fn grant_status(status: GrantStatus) -> &'static str {
    match status {
        GrantStatus::Usable => t!(words.grant_usable),
        GrantStatus::NotYetEffective => t!(words.grant_not_yet_effective),
        GrantStatus::OnHold => t!(words.grant_on_hold),
        GrantStatus::Lapsed => t!(words.grant_lapsed),
        GrantStatus::Used => t!(words.grant_used),
        GrantStatus::TakenBack => t!(words.grant_taken_back),
    }
}

/// The status of a grant, coloured.
#[component]
pub fn GrantBadge(status: GrantStatus) -> impl IntoView {
    let tone = match status {
        GrantStatus::Usable => Tone::Credit,
        GrantStatus::NotYetEffective | GrantStatus::Used => Tone::Neutral,
        GrantStatus::OnHold => Tone::Warn,
        GrantStatus::Lapsed | GrantStatus::TakenBack => Tone::Bad,
    };
    view! { <Badge tone label=grant_status(status) /> }
}

pub fn grant_movement(kind: GrantMovementKind) -> &'static str {
    match kind {
        GrantMovementKind::Issued => t!(words.movement_issued),
        GrantMovementKind::TakenBack => t!(words.movement_taken_back),
        GrantMovementKind::Applied => t!(words.movement_applied),
        GrantMovementKind::Unapplied => t!(words.movement_unapplied),
        GrantMovementKind::Lapsed => t!(words.movement_lapsed),
        GrantMovementKind::Reinstated => t!(words.movement_reinstated),
        GrantMovementKind::Refunded => t!(words.movement_refunded),
        GrantMovementKind::Transferred => t!(words.movement_transferred),
        GrantMovementKind::WrittenOff => t!(words.movement_written_off),
        GrantMovementKind::Revoked => t!(words.movement_revoked),
        GrantMovementKind::Adjusted => t!(words.movement_adjusted),
        GrantMovementKind::Returned => t!(words.movement_returned),
    }
}

pub fn request_kind(kind: RequestKind) -> &'static str {
    match kind {
        RequestKind::Adjustment => t!(words.request_adjustment),
        RequestKind::Refund => t!(words.request_refund),
        RequestKind::Transfer => t!(words.request_transfer),
        RequestKind::WriteOff => t!(words.request_write_off),
    }
}

/// A request by kind and number: `Refund 12`.
pub fn request_name(kind: RequestKind, number: i64) -> String {
    t!(
        words.request_name,
        kind = request_kind(kind),
        number = number.to_string()
    )
}

pub fn request_state(state: RequestState) -> &'static str {
    match state {
        RequestState::Requested => t!(words.request_requested),
        RequestState::Approved => t!(words.request_approved),
        RequestState::Paid => t!(words.request_paid),
        RequestState::Posted => t!(words.request_posted),
        RequestState::Refused => t!(words.request_refused),
        RequestState::Failed => t!(words.request_failed),
        RequestState::Reversed => t!(words.request_reversed),
    }
}

/// The state of a request, coloured.
#[component]
pub fn RequestBadge(state: RequestState) -> impl IntoView {
    let tone = match state {
        RequestState::Requested | RequestState::Approved => Tone::Warn,
        RequestState::Paid | RequestState::Posted => Tone::Good,
        RequestState::Refused | RequestState::Failed => Tone::Bad,
        RequestState::Reversed => Tone::Neutral,
    };
    view! { <Badge tone label=request_state(state) /> }
}

pub fn write_off_reason(reason: WriteOffReason) -> &'static str {
    match reason {
        WriteOffReason::Insolvent => t!(words.write_off_insolvent),
        WriteOffReason::Uncollectable => t!(words.write_off_uncollectable),
        WriteOffReason::Settlement => t!(words.write_off_settlement),
        WriteOffReason::SmallBalance => t!(words.write_off_small_balance),
        WriteOffReason::Other => t!(words.write_off_other),
    }
}

pub fn grants_shown(shown: GrantsShown) -> &'static str {
    match shown {
        GrantsShown::Left => t!(words.shown_left),
        GrantsShown::OnHold => t!(words.shown_on_hold),
        GrantsShown::Lapsing => t!(words.shown_lapsing),
        GrantsShown::Used => t!(words.shown_used),
        GrantsShown::All => t!(words.shown_all),
    }
}

pub fn surplus_choice(choice: SurplusChoice) -> &'static str {
    match choice {
        SurplusChoice::KeepAsCredit => t!(words.surplus_keep),
        SurplusChoice::ApplyToOldest => t!(words.surplus_apply_to_oldest),
        SurplusChoice::WriteOffDifference => t!(words.surplus_write_off),
        SurplusChoice::Refuse => t!(words.surplus_refuse),
    }
}

pub fn role(role: Role) -> &'static str {
    match role {
        Role::Admin => t!(words.role_admin),
        Role::Accountant => t!(words.role_accountant),
        Role::Cashier => t!(words.role_cashier),
        Role::Support => t!(words.role_support),
        Role::Customer => t!(words.role_customer),
    }
}

pub fn side(side: Side) -> &'static str {
    match side {
        Side::Debit => t!(words.debit),
        Side::Credit => t!(words.credit),
    }
}

pub fn ledger_kind(kind: LedgerKind) -> &'static str {
    match kind {
        LedgerKind::Asset => t!(words.kind_asset),
        LedgerKind::Liability => t!(words.kind_liability),
        LedgerKind::Income => t!(words.kind_income),
        LedgerKind::Expense => t!(words.kind_expense),
    }
}

pub fn entry_source(source: EntrySource) -> &'static str {
    match source {
        EntrySource::Invoice => t!(words.source_invoice),
        EntrySource::Payment => t!(words.source_payment),
        EntrySource::CreditNote => t!(words.source_credit_note),
        EntrySource::Refund => t!(words.source_refund),
        EntrySource::Transfer => t!(words.source_transfer),
        EntrySource::WriteOff => t!(words.source_write_off),
        EntrySource::Adjustment => t!(words.source_adjustment),
        EntrySource::Promotion => t!(words.source_promotion),
        EntrySource::Expiry => t!(words.source_expiry),
        EntrySource::Cash => t!(words.source_cash),
        EntrySource::Application => t!(words.source_application),
    }
}

pub fn ledger_role(role: LedgerRole) -> &'static str {
    match role {
        LedgerRole::Bank => t!(words.ledger_bank),
        LedgerRole::CashDesk => t!(words.ledger_cash_desk),
        LedgerRole::PaymentClearing => t!(words.ledger_payment_clearing),
        LedgerRole::Receivable => t!(words.ledger_receivable),
        LedgerRole::CustomerPrepayments => t!(words.ledger_customer_prepayments),
        LedgerRole::PromotionalCredit => t!(words.ledger_promotional_credit),
        LedgerRole::GoodwillCredit => t!(words.ledger_goodwill_credit),
        LedgerRole::SalesTaxPayable => t!(words.ledger_sales_tax_payable),
        LedgerRole::Revenue => t!(words.ledger_revenue),
        LedgerRole::SalesReturns => t!(words.ledger_sales_returns),
        LedgerRole::PromotionExpense => t!(words.ledger_promotion_expense),
        LedgerRole::GoodwillExpense => t!(words.ledger_goodwill_expense),
        LedgerRole::BreakageIncome => t!(words.ledger_breakage_income),
        LedgerRole::BadDebtExpense => t!(words.ledger_bad_debt_expense),
        LedgerRole::CashOverShort => t!(words.ledger_cash_over_short),
        LedgerRole::ExchangeGainLoss => t!(words.ledger_exchange_gain_loss),
        LedgerRole::EarlyPaymentDiscount => t!(words.ledger_early_payment_discount),
        LedgerRole::FeeIncome => t!(words.ledger_fee_income),
    }
}

pub fn run_scope(scope: RunScope) -> &'static str {
    match scope {
        RunScope::All => t!(words.scope_all),
        RunScope::Tag => t!(words.scope_tag),
        RunScope::Customer => t!(words.scope_customer),
    }
}

pub fn run_state(state: RunState) -> &'static str {
    match state {
        RunState::Preview => t!(words.run_preview),
        RunState::Running => t!(words.run_running),
        RunState::Done => t!(words.run_done),
        RunState::Undoing => t!(words.run_undoing),
        RunState::Undone => t!(words.run_undone),
    }
}

/// The state of a run, coloured.
#[component]
pub fn RunBadge(state: RunState) -> impl IntoView {
    let tone = match state {
        RunState::Preview | RunState::Undone => Tone::Neutral,
        RunState::Running | RunState::Undoing => Tone::Warn,
        RunState::Done => Tone::Good,
    };
    view! { <Badge tone label=run_state(state) /> }
}

/// A balance where positive is owed by the customer: amount and side in words, `€12.00 due`.
pub fn balance(balance: Money) -> String {
    let amount = format::unsigned(balance);
    match format::side(balance) {
        BalanceSide::Due => t!(words.amount_due, amount = amount),
        BalanceSide::Credit => t!(words.amount_credit, amount = amount),
        BalanceSide::Settled => t!(words.amount_settled, amount = amount),
    }
}

/// Whether credit lapses, and when.
pub fn lapses(expires_on: Option<chrono::NaiveDate>) -> String {
    match expires_on {
        Some(last_day) => t!(words.usable_until, date = format::date(last_day)),
        None => t!(words.never_lapses).to_owned(),
    }
}

/// An act of the audit trail. One of another version of Saldo keeps its code.
pub fn act(code: &str) -> String {
    Act::from_code(code).map_or_else(|| code.to_owned(), |known| known_act(known).to_owned())
}

pub fn known_act(act: Act) -> &'static str {
    match act {
        Act::CustomerCreated => t!(acts.customer_created),
        Act::CustomerChanged => t!(acts.customer_changed),
        Act::AccountOpened => t!(acts.account_opened),
        Act::AccountChanged => t!(acts.account_changed),
        Act::InvoiceDrafted => t!(acts.invoice_drafted),
        Act::InvoiceDiscarded => t!(acts.invoice_discarded),
        Act::InvoiceFinalised => t!(acts.invoice_finalised),
        Act::InvoiceVoided => t!(acts.invoice_voided),
        Act::InvoiceDisputed => t!(acts.invoice_disputed),
        Act::InvoiceDisputeClosed => t!(acts.invoice_dispute_closed),
        Act::CreditNoteDrafted => t!(acts.credit_note_drafted),
        Act::CreditNoteDiscarded => t!(acts.credit_note_discarded),
        Act::CreditNoteIssued => t!(acts.credit_note_issued),
        Act::CreditNoteVoided => t!(acts.credit_note_voided),
        Act::PaymentRecorded => t!(acts.payment_recorded),
        Act::PaymentReversed => t!(acts.payment_reversed),
        Act::CreditApplied => t!(acts.credit_applied),
        Act::CreditUnapplied => t!(acts.credit_unapplied),
        Act::GrantHeld => t!(acts.grant_held),
        Act::GrantReleased => t!(acts.grant_released),
        Act::GrantExpiryChanged => t!(acts.grant_expiry_changed),
        Act::CreditsLapsed => t!(acts.credits_lapsed),
        Act::ExpiryPolicySet => t!(acts.expiry_policy_set),
        Act::RequestMade => t!(acts.request_made),
        Act::RequestApproved => t!(acts.request_approved),
        Act::RequestRefused => t!(acts.request_refused),
        Act::RequestPaid => t!(acts.request_paid),
        Act::RequestFailed => t!(acts.request_failed),
        Act::RequestReversed => t!(acts.request_reversed),
        Act::RunPreviewed => t!(acts.credit_run_previewed),
        Act::RunStarted => t!(acts.credit_run_started),
        Act::RunDone => t!(acts.credit_run_done),
        Act::RunUndone => t!(acts.credit_run_undone),
        Act::PromotionCreated => t!(acts.promotion_created),
        Act::PromotionChanged => t!(acts.promotion_changed),
        Act::PromotionActivated => t!(acts.promotion_activated),
        Act::PromotionPaused => t!(acts.promotion_paused),
        Act::PromotionEnded => t!(acts.promotion_ended),
        Act::PromotionGranted => t!(acts.promotion_granted),
        Act::PromotionRevoked => t!(acts.promotion_revoked),
        Act::PromotionRunStarted => t!(acts.promotion_run_started),
        Act::PromotionRunFinished => t!(acts.promotion_run_finished),
        Act::PrepaidChanged => t!(acts.prepaid_changed),
        Act::TopUpRequested => t!(acts.top_up_requested),
        Act::TopUpWithdrawn => t!(acts.top_up_withdrawn),
        Act::ImportPosted => t!(acts.import_posted),
        Act::PeriodClosed => t!(acts.period_closed),
        Act::PeriodLocked => t!(acts.period_locked),
        Act::PeriodOpened => t!(acts.period_opened),
        Act::PeriodExceptionEnded => t!(acts.period_exception_ended),
        Act::LedgerAccountRenamed => t!(acts.ledger_account_renamed),
        Act::SettingChanged => t!(acts.setting_changed),
        Act::UserAdded => t!(acts.user_added),
        Act::FirstAdminNamed => t!(acts.user_first_admin_named),
        Act::UserRolesChanged => t!(acts.user_roles_changed),
        Act::UserDisabled => t!(acts.user_disabled),
        Act::UserEnabled => t!(acts.user_enabled),
        Act::LinkIssued => t!(acts.user_link_issued),
        Act::PasswordSet => t!(acts.user_password_set),
        Act::PasswordChanged => t!(acts.user_password_changed),
        Act::LoggedIn => t!(acts.user_logged_in),
        Act::TokenIssued => t!(acts.token_issued),
        Act::TokenRevoked => t!(acts.token_revoked),
    }
}

pub fn journal_kind(kind: JournalKind) -> &'static str {
    match kind {
        JournalKind::Sales => t!(words.journal_sales),
        JournalKind::Cash => t!(words.journal_cash),
        JournalKind::Credit => t!(words.journal_credit),
    }
}

pub fn user_state(state: UserState) -> &'static str {
    match state {
        UserState::Invited => t!(words.user_invited),
        UserState::Active => t!(words.user_active),
        UserState::Disabled => t!(words.user_disabled),
    }
}

/// Whether a person can log in, coloured.
#[component]
pub fn UserBadge(state: UserState) -> impl IntoView {
    let tone = match state {
        UserState::Invited => Tone::Warn,
        UserState::Active => Tone::Good,
        UserState::Disabled => Tone::Neutral,
    };
    view! { <Badge tone label=user_state(state) /> }
}

pub fn link_purpose(purpose: LinkPurpose) -> &'static str {
    match purpose {
        LinkPurpose::FirstAdmin => t!(words.link_first_admin),
        LinkPurpose::Invitation => t!(words.link_invitation),
        LinkPurpose::Reset => t!(words.link_reset),
    }
}

pub fn subject_kind(kind: SubjectKind) -> &'static str {
    match kind {
        SubjectKind::Customer => t!(words.subject_customer),
        SubjectKind::ReceivableAccount => t!(words.subject_account),
        SubjectKind::Invoice => t!(words.subject_invoice),
        SubjectKind::CreditNote => t!(words.subject_credit_note),
        SubjectKind::Payment => t!(words.subject_payment),
        SubjectKind::Application => t!(words.subject_application),
        SubjectKind::Grant => t!(words.subject_grant),
        SubjectKind::Request => t!(words.subject_request),
        SubjectKind::CreditRun => t!(words.subject_run),
        SubjectKind::ExpiryPolicy => t!(words.subject_expiry_policy),
        SubjectKind::Job => t!(words.subject_job),
        SubjectKind::Promotion => t!(words.subject_promotion),
        SubjectKind::PromotionRun => t!(words.subject_promotion_run),
        SubjectKind::Import => t!(words.subject_import),
        SubjectKind::Period => t!(words.subject_period),
        SubjectKind::LedgerAccount => t!(words.subject_ledger_account),
        SubjectKind::Setting => t!(words.subject_setting),
        SubjectKind::User => t!(words.subject_user),
        SubjectKind::Token => t!(words.subject_token),
    }
}

/// One of a promotion's names, in the reader's language.
pub fn localised(en: &str, de: &str) -> String {
    crate::dto::promotions::localised(super::text::tag(super::text::locale()), en, de)
}
