//! Notices: what has just been done, and what a reader should know.

use super::badge::Tone;
use super::text::t;
use super::visit::visit;
use crate::domain::ledger::coded;
use leptos::prelude::*;

coded! {
    /// What a page can say has just been done. Travels in the URL of the redirect.
    Done {
        Saved = "saved",
        Removed = "removed",
        CustomerCreated = "customer_created",
        AccountOpened = "account_opened",
        DraftSaved = "draft_saved",
        DraftDiscarded = "draft_discarded",
        InvoiceFinalised = "invoice_finalised",
        InvoiceVoided = "invoice_voided",
        InvoiceDisputed = "invoice_disputed",
        DisputeSettled = "dispute_settled",
        CreditNoteIssued = "credit_note_issued",
        CreditNoteVoided = "credit_note_voided",
        PaymentRecorded = "payment_recorded",
        PaymentReversed = "payment_reversed",
        CreditApplied = "credit_applied",
        CreditUnapplied = "credit_unapplied",
        CreditHeld = "credit_held",
        CreditReleased = "credit_released",
        CreditGiven = "credit_given",
        CreditRevoked = "credit_revoked",
        TopUpRequested = "top_up_requested",
        RequestMade = "request_made",
        RequestApproved = "request_approved",
        RequestRefused = "request_refused",
        RequestReversed = "request_reversed",
        RefundsAsked = "refunds_asked",
        RefundsAskedInPart = "refunds_asked_in_part",
        RefundPaid = "refund_paid",
        RefundFailed = "refund_failed",
        PairsStruck = "pairs_struck",
        RunCommitted = "run_committed",
        RunUndone = "run_undone",
        ImportPosted = "import_posted",
        RolesChanged = "roles_changed",
        UserDisabled = "user_disabled",
        UserEnabled = "user_enabled",
        TokenRevoked = "token_revoked",
        PeriodClosed = "period_closed",
        PeriodLocked = "period_locked",
        PeriodOpened = "period_opened",
        PeriodExceptionEnded = "period_exception_ended",
        PasswordSet = "password_set",
        LoggedOut = "logged_out",
    }
}

impl Done {
    /// The page to go to, saying there what has been done: `Done::Saved.on("/customers/K-1")`.
    pub fn on(self, path: &str) -> String {
        let joint = if path.contains('?') { '&' } else { '?' };
        format!("{path}{joint}done={}", self.code())
    }

    fn sentence(self) -> &'static str {
        match self {
            Self::Saved => t!(done.saved),
            Self::Removed => t!(done.removed),
            Self::CustomerCreated => t!(done.customer_created),
            Self::AccountOpened => t!(done.account_opened),
            Self::DraftSaved => t!(done.draft_saved),
            Self::DraftDiscarded => t!(done.draft_discarded),
            Self::InvoiceFinalised => t!(done.invoice_finalised),
            Self::InvoiceVoided => t!(done.invoice_voided),
            Self::InvoiceDisputed => t!(done.invoice_disputed),
            Self::DisputeSettled => t!(done.dispute_settled),
            Self::CreditNoteIssued => t!(done.credit_note_issued),
            Self::CreditNoteVoided => t!(done.credit_note_voided),
            Self::PaymentRecorded => t!(done.payment_recorded),
            Self::PaymentReversed => t!(done.payment_reversed),
            Self::CreditApplied => t!(done.credit_applied),
            Self::CreditUnapplied => t!(done.credit_unapplied),
            Self::CreditHeld => t!(done.credit_held),
            Self::CreditReleased => t!(done.credit_released),
            Self::CreditGiven => t!(done.credit_given),
            Self::CreditRevoked => t!(done.credit_revoked),
            Self::TopUpRequested => t!(done.top_up_requested),
            Self::RequestMade => t!(done.request_made),
            Self::RequestApproved => t!(done.request_approved),
            Self::RequestRefused => t!(done.request_refused),
            Self::RequestReversed => t!(done.request_reversed),
            Self::RefundsAsked => t!(done.refunds_asked),
            Self::RefundsAskedInPart => t!(done.refunds_asked_in_part),
            Self::RefundPaid => t!(done.refund_paid),
            Self::RefundFailed => t!(done.refund_failed),
            Self::PairsStruck => t!(done.pairs_struck),
            Self::RunCommitted => t!(done.run_committed),
            Self::RunUndone => t!(done.run_undone),
            Self::ImportPosted => t!(done.import_posted),
            Self::RolesChanged => t!(done.roles_changed),
            Self::UserDisabled => t!(done.user_disabled),
            Self::UserEnabled => t!(done.user_enabled),
            Self::TokenRevoked => t!(done.token_revoked),
            Self::PeriodClosed => t!(done.period_closed),
            Self::PeriodLocked => t!(done.period_locked),
            Self::PeriodOpened => t!(done.period_opened),
            Self::PeriodExceptionEnded => t!(done.period_exception_ended),
            Self::PasswordSet => t!(done.password_set),
            Self::LoggedOut => t!(done.logged_out),
        }
    }
}

/// What has just been done, when the page was reached by a redirect that says so.
#[component]
pub fn DoneNotice() -> impl IntoView {
    let done = visit().query_value("done").and_then(Done::from_code)?;
    Some(view! { <div class="notice notice-good" role="status"><p>{done.sentence()}</p></div> })
}

/// A sentence or two that matter on this page.
#[component]
pub fn Notice(
    #[prop(default = Tone::Neutral)] tone: Tone,
    #[prop(optional, into)] title: Option<String>,
    children: Children,
) -> impl IntoView {
    let title = title.map(|title| view! { <p class="notice-title">{title}</p> });
    view! { <div class=format!("notice notice-{}", tone.class())>{title} {children()}</div> }
}
