//! What went wrong, said to the person who must act: the fact, and what to do about it, in their language.

use super::confirm::OpenBox;
use super::format;
use super::text::t;
use super::typed::FormScope;
use crate::dto::error::{AppError, FieldRefusal, Refusal};
use leptos::prelude::*;

/// A refusal in one or two sentences.
pub fn sentence(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Required => t!(errors.required).to_owned(),
        Refusal::TooLong { max } => t!(errors.too_long, max = format::number(*max)),
        Refusal::UnknownChoice => t!(errors.unknown_choice).to_owned(),
        Refusal::NotAnAmount => t!(errors.not_an_amount).to_owned(),
        Refusal::NotANumber => t!(errors.not_a_number).to_owned(),
        Refusal::NotADate => t!(errors.not_a_date).to_owned(),
        Refusal::NotAnEmail => t!(errors.not_an_email).to_owned(),
        Refusal::TooManyDecimals { max: 0 } => t!(errors.no_decimals).to_owned(),
        Refusal::TooManyDecimals { max } => {
            t!(errors.too_many_decimals, max = format::number(*max))
        }
        Refusal::AmountOutOfRange => t!(errors.amount_out_of_range).to_owned(),
        Refusal::AmountNotPositive => t!(errors.amount_not_positive).to_owned(),
        Refusal::UnknownCurrency => t!(errors.unknown_currency).to_owned(),
        Refusal::CurrencyMismatch { expected, given } => {
            t!(
                errors.currency_mismatch,
                expected = expected.code(),
                given = given.code()
            )
        }
        Refusal::PeriodClosed { first_open } => {
            t!(errors.period_closed, date = format::date(*first_open))
        }
        Refusal::PeriodLocked { through } => {
            t!(errors.period_locked, date = format::date(*through))
        }
        Refusal::PeriodOpen => t!(errors.period_open).to_owned(),
        Refusal::DateTooLate { last } => t!(errors.date_too_late, date = format::date(*last)),
        Refusal::DateTooEarly { first } => t!(errors.date_too_early, date = format::date(*first)),
        Refusal::BeforeAccountOpened { first } => {
            t!(errors.before_account_opened, date = format::date(*first))
        }
        Refusal::BackdatingNeedsReason { first } => {
            t!(errors.backdating_needs_reason, date = format::date(*first))
        }
        Refusal::ReasonRequired => t!(errors.reason_required).to_owned(),
        Refusal::UnknownReference => t!(errors.unknown_reference).to_owned(),
        Refusal::NumberTaken => t!(errors.number_taken).to_owned(),
        Refusal::UnusableNumber => t!(errors.unusable_number).to_owned(),
        Refusal::TooMany { max } => t!(errors.too_many, max = format::number(*max)),
        Refusal::EmailTaken => t!(errors.email_taken).to_owned(),
        Refusal::InvoiceWithoutLines => t!(errors.invoice_without_lines).to_owned(),
        Refusal::InvoiceFinal => t!(errors.invoice_final).to_owned(),
        Refusal::InvoiceIsDraft => t!(errors.invoice_is_draft).to_owned(),
        Refusal::InvoiceVoid => t!(errors.invoice_void).to_owned(),
        Refusal::SettledByPayment => t!(errors.settled_by_payment).to_owned(),
        Refusal::CreditUsed => t!(errors.credit_used).to_owned(),
        Refusal::AmountExceedsOpenBalance { open } => {
            t!(
                errors.amount_exceeds_open_balance,
                open = format::money(*open)
            )
        }
        Refusal::AmountExceedsReceived { received } => {
            t!(
                errors.amount_exceeds_received,
                received = format::money(*received)
            )
        }
        Refusal::AmountExceedsRemainder { remaining } => {
            t!(
                errors.amount_exceeds_remainder,
                remaining = format::money(*remaining)
            )
        }
        Refusal::AmountExceedsLines { most } => {
            t!(errors.amount_exceeds_lines, most = format::money(*most))
        }
        Refusal::QuantityExceedsLine { left, left_net } => t!(
            errors.quantity_exceeds_line,
            left = left.clone(),
            net = format::money(*left_net)
        ),
        Refusal::NothingToCredit => t!(errors.nothing_to_credit).to_owned(),
        Refusal::CreditNotPositive => t!(errors.credit_not_positive).to_owned(),
        Refusal::WrongSign => t!(errors.wrong_sign).to_owned(),
        Refusal::NotCreditable => t!(errors.not_creditable).to_owned(),
        Refusal::InvoiceCredited => t!(errors.invoice_credited).to_owned(),
        Refusal::ReturnedPaymentStays => t!(errors.returned_payment_stays).to_owned(),
        Refusal::CreditNoteFinal => t!(errors.credit_note_final).to_owned(),
        Refusal::CreditNoteIsDraft => t!(errors.credit_note_is_draft).to_owned(),
        Refusal::CreditNoteVoid => t!(errors.credit_note_void).to_owned(),
        Refusal::NotRefundable { most } if most.is_zero() => {
            t!(errors.nothing_refundable).to_owned()
        }
        Refusal::NotRefundable { most } => {
            t!(errors.not_refundable, most = format::money(*most))
        }
        Refusal::InvoiceNotOpen => t!(errors.invoice_not_open).to_owned(),
        Refusal::NamedTwice => t!(errors.named_twice).to_owned(),
        Refusal::SurplusRefused { surplus } => {
            t!(errors.surplus_refused, surplus = format::money(*surplus))
        }
        Refusal::SurplusAboveTolerance { tolerance } => {
            t!(
                errors.surplus_above_tolerance,
                tolerance = format::money(*tolerance)
            )
        }
        Refusal::PaymentReversed => t!(errors.payment_reversed).to_owned(),
        Refusal::WrittenOff => t!(errors.written_off).to_owned(),
        Refusal::OwnRequest => t!(errors.own_request).to_owned(),
        Refusal::RequestNotInState { state } => {
            t!(
                errors.request_not_in_state,
                state = super::words::request_state(*state)
            )
        }
        Refusal::SameAccount => t!(errors.same_account).to_owned(),
        Refusal::AlreadyUnapplied => t!(errors.already_unapplied).to_owned(),
        Refusal::GrantNotUsable => t!(errors.grant_not_usable).to_owned(),
        Refusal::GrantNotLapsed => t!(errors.grant_not_lapsed).to_owned(),
        Refusal::NothingLeft => t!(errors.nothing_left).to_owned(),
        Refusal::OnlyForPrepayments => t!(errors.only_for_prepayments).to_owned(),
        Refusal::DifferentAccounts => t!(errors.different_accounts).to_owned(),
        Refusal::AccountOnHold => t!(errors.account_on_hold).to_owned(),
        Refusal::LapseGivenTwice => t!(errors.lapse_given_twice).to_owned(),
        Refusal::PercentOutOfRange => t!(errors.percent_out_of_range).to_owned(),
        Refusal::BelowOneGrant { least } => {
            t!(errors.below_one_grant, least = format::money(*least))
        }
        Refusal::NotInAudience => t!(errors.not_in_audience).to_owned(),
        Refusal::UnknownCode => t!(errors.unknown_code).to_owned(),
        Refusal::PromotionNotActive => t!(errors.promotion_not_active).to_owned(),
        Refusal::PromotionNotYet { starts_on } => t!(
            errors.promotion_not_yet,
            starts_on = format::date(*starts_on)
        ),
        Refusal::PromotionOver { ended_on } => {
            t!(errors.promotion_over, ended_on = format::date(*ended_on))
        }
        Refusal::PromotionInOtherCurrency { expected } => t!(
            errors.promotion_in_other_currency,
            expected = expected.code()
        ),
        Refusal::PromotionNeedsOtherDocument => {
            t!(errors.promotion_needs_other_document).to_owned()
        }
        Refusal::BelowMinimum { minimum } => {
            t!(errors.below_minimum, minimum = format::money(*minimum))
        }
        Refusal::PromotionAlreadyGiven => t!(errors.promotion_already_given).to_owned(),
        Refusal::PromotionNotCombinable => t!(errors.promotion_not_combinable).to_owned(),
        Refusal::PromotionGivesNothing => t!(errors.promotion_gives_nothing).to_owned(),
        Refusal::PromotionCapReached { left } => {
            t!(errors.promotion_cap_reached, left = format::money(*left))
        }
        Refusal::PromotionBudgetSpent { left } => {
            t!(errors.promotion_budget_spent, left = format::money(*left))
        }
        Refusal::PromotionNotDraft => t!(errors.promotion_not_draft).to_owned(),
        Refusal::PromotionActNotPossible => t!(errors.promotion_act_not_possible).to_owned(),
        Refusal::NothingToRevoke => t!(errors.nothing_to_revoke).to_owned(),
        Refusal::NotPrepaid => t!(errors.not_prepaid).to_owned(),
        Refusal::TopUpRequestClosed => t!(errors.top_up_request_closed).to_owned(),
        Refusal::RunNotInPreview => t!(errors.run_not_in_preview).to_owned(),
        Refusal::PairsChanged => t!(errors.pairs_changed).to_owned(),
        Refusal::RunNotDone => t!(errors.run_not_done).to_owned(),
        Refusal::LinkNotValid => t!(errors.link_not_valid).to_owned(),
        Refusal::PasswordTooWeak => t!(errors.password_too_weak).to_owned(),
        Refusal::PasswordsDiffer => t!(errors.passwords_differ).to_owned(),
        Refusal::WrongCredentials => t!(errors.wrong_credentials).to_owned(),
        Refusal::LastAdmin => t!(errors.last_admin).to_owned(),
        Refusal::AccountNotEmpty => t!(errors.account_not_empty).to_owned(),
        Refusal::CodeTaken => t!(errors.code_taken).to_owned(),
        Refusal::FileTooLarge { max_megabytes } => {
            t!(errors.file_too_large, max = format::number(*max_megabytes))
        }
        Refusal::NotATextFile => t!(errors.not_a_text_file).to_owned(),
        Refusal::ImportHasFindings { count } => {
            t!(errors.import_has_findings, count = format::number(*count))
        }
        Refusal::ImportNotChecked => t!(errors.import_not_checked).to_owned(),
        Refusal::DatabaseNotEmpty => t!(errors.database_not_empty).to_owned(),
    }
}

/// A failure as a whole: what happened and what to do.
pub fn error_sentence(error: &AppError) -> String {
    match error {
        AppError::NotLoggedIn => t!(errors.not_logged_in).to_owned(),
        AppError::Forbidden => t!(errors.forbidden).to_owned(),
        AppError::NotFound => t!(errors.not_found).to_owned(),
        AppError::TooManyRequests {
            retry_after_seconds,
        } => {
            t!(
                errors.too_many_requests,
                seconds = format::number(*retry_after_seconds)
            )
        }
        AppError::KeyConflict => t!(errors.key_conflict).to_owned(),
        AppError::Stale(what) if what.is_empty() => t!(errors.stale).to_owned(),
        AppError::Stale(what) => t!(errors.stale_naming, what = what.join(", ")),
        AppError::Refused(refusals) => {
            let sentences = refusals.iter().map(|refusal| sentence(&refusal.refusal));
            sentences.collect::<Vec<_>>().join(" ")
        }
        AppError::Unavailable { .. } => t!(errors.unavailable).to_owned(),
        AppError::Unexpected { .. } => t!(errors.unexpected).to_owned(),
    }
}

/// The number under which the log tells more, where there is one.
pub fn incident(error: &AppError) -> Option<String> {
    match error {
        AppError::Unavailable { incident } | AppError::Unexpected { incident }
            if !incident.is_nil() =>
        {
            Some(incident.to_string())
        }
        _ => None,
    }
}

/// The HTTP status that tells machines the same.
pub fn status(error: &AppError) -> u16 {
    match error {
        AppError::NotLoggedIn => 401,
        AppError::Forbidden => 403,
        AppError::NotFound => 404,
        AppError::KeyConflict | AppError::Stale(_) => 409,
        AppError::Refused(_) => 422,
        AppError::TooManyRequests { .. } => 429,
        AppError::Unexpected { .. } => 500,
        AppError::Unavailable { .. } => 503,
    }
}

/// The refusals of a form above its fields, each linked to the field it belongs to.
#[component]
pub fn ErrorSummary(scope: FormScope) -> impl IntoView {
    let refused = scope.refused()?;
    if let Some(open_box) = use_context::<OpenBox>() {
        open_box.ask();
    }
    let lines = match &refused.error {
        AppError::Refused(refusals) => refusals
            .iter()
            .map(|refusal| line(&scope, refusal))
            .collect(),
        AppError::Stale(what) => {
            // Fields of this form are called what their labels call them.
            let called =
                |name: &String| labelled(&scope, name).map_or(name.clone(), |(_, label)| label);
            let stale = AppError::Stale(what.iter().map(called).collect());
            vec![view! { <li>{error_sentence(&stale)}</li> }.into_any()]
        }
        error => vec![view! { <li>{error_sentence(error)}</li> }.into_any()],
    };
    let incident = incident(&refused.error)
        .map(|id| view! { <p class="incident">{t!(errors.incident, id = id)}</p> });
    Some(view! {
        <div class="notice notice-bad" role="alert" tabindex="-1" autofocus>
            <p class="notice-title">{t!(errors.summary)}</p>
            <ul>{lines}</ul>
            {incident}
        </div>
    })
}

fn line(scope: &FormScope, refusal: &FieldRefusal) -> AnyView {
    let sentence = sentence(&refusal.refusal);
    let field = refusal
        .field
        .as_deref()
        .and_then(|field| labelled(scope, field));
    match field {
        Some((id, label)) => {
            view! { <li><a href=format!("#{id}")>{label} ": " {sentence}</a></li> }.into_any()
        }
        None => view! { <li>{sentence}</li> }.into_any(),
    }
}

/// Id and label of the field a refusal names, when this form shows it.
fn labelled(scope: &FormScope, field: &str) -> Option<(String, String)> {
    let labels = scope
        .labels
        .lock()
        .expect("no field panics while it notes its label");
    let whole = field
        .strip_suffix(".amount")
        .or_else(|| field.strip_suffix(".currency"))
        .unwrap_or(field);
    let amount = format!("{field}.amount");
    let found = labels
        .iter()
        .find(|(name, _)| name == field || name == whole || *name == amount)?;
    Some((scope.id(&found.0), found.1.clone()))
}
