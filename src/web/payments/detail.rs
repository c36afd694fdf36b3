//! A payment: what it paid, the credit it left, its entries and history, and taking it back.

use super::api::show_payment;
use crate::domain::payment::ReversalCause;
use crate::domain::rights::Right;
use crate::dto::payments::{OwnGrant, PaymentDetail, PaymentReversed};
use crate::web::lineage::entries::PostedEntries;
use crate::web::lineage::history::HistoryCard;
use crate::web::lineage::paid::WhatItPaid;
use crate::web::lineage::slices::EntryLink;
use crate::web::links;
use crate::web::ui::prelude::*;
use crate::web::ui::visit::route_id;

/// One payment, for staff.
#[component]
pub fn PaymentPage() -> impl IntoView {
    let payment = route_id("id");
    load(async move { show_payment(payment?).await }, page)
}

fn page(payment: PaymentDetail) -> impl IntoView {
    let row = payment.row.clone();
    let note = left_note(&payment);
    let history = payment.history.clone();
    let number = t!(payments.one, number = row.number.to_string());
    let lead = view! {
        <p>
            <words::PaymentBadge status=row.status /> " "
            <a href=links::customer(&row.on.customer)>{row.on.customer_name.clone()}</a> " · "
            <a href=links::account(&row.on.account)>{row.on.account.clone()}</a>
        </p>
    };
    let confirmation = format!("{}/confirmation", links::payment(row.payment));
    let entries = (!payment.entries.is_empty()).then(|| {
        let entries = payment.entries.clone();
        view! { <Card title=t!(payments.entries)><PostedEntries entries /></Card> }
    });
    view! {
        <PageHead title=number crumbs=vec![Crumb::new(t!(payments.title), "/payments")] lead=lead.into_any()>
            <ButtonLink href=confirmation label=t!(payments.confirmation) icon="printer" />
        </PageHead>
        {payment.reversal.as_ref().map(reversed)}
        <Tiles>
            <Tile label=t!(payments.amount) value=format::money(row.amount) />
            <Tile
                label=t!(payments.left)
                value=format::money(row.left)
                tone=Tone::Credit
                note=note
            />
        </Tiles>
        {facts(&payment)}
        {what_it_paid(&payment)}
        {payment.grant.as_ref().map(grant)}
        {reverse(&payment)}
        {entries}
        <HistoryCard items=history />
    }
}

/// When what is left of it lapses, where something is left.
fn left_note(payment: &PaymentDetail) -> String {
    match &payment.grant {
        Some(grant) if !grant.remaining.is_zero() => words::lapses(grant.expires_on),
        _ => t!(payments.nothing_left).to_owned(),
    }
}

fn reversed(reversal: &PaymentReversed) -> impl IntoView + use<> {
    let sentence = t!(
        payments.reversed_on,
        date = format::date(reversal.reversed_on),
        reason = reversal.reason.clone()
    );
    let (entry, number) = (reversal.entry, reversal.entry_number);
    let cause = reversal
        .cause
        .map(|cause| format!("{}. ", words::reversal_cause(cause)));
    let charges: Vec<_> = reversal
        .charges
        .iter()
        .map(|charge| {
            let href = links::invoice(charge.invoice);
            let number = charge.number.clone();
            let what = words::invoice_kind(charge.kind);
            let total = format::money(charge.total);
            view! { <li><a href=href>{number}</a> " " {what} ": " {total}</li> }
        })
        .collect();
    view! {
        <Notice tone=Tone::Bad title=t!(payments.reversed)>
            <p>{cause} {sentence} " " <EntryLink entry number /></p>
            <ul>{charges}</ul>
        </Notice>
    }
}

fn facts(payment: &PaymentDetail) -> impl IntoView + use<> {
    let optional = |label: &'static str, text: String| {
        (!text.is_empty()).then(|| view! { <Fact label=label>{text}</Fact> })
    };
    let row = &payment.row;
    let (posting_on, fee) = (payment.posting_on, payment.fee);
    let posting = (posting_on != row.received_on).then(|| {
        view! { <Fact label=t!(payments.posting_on)>{format::date(posting_on)}</Fact> }
    });
    let fee = (!fee.is_zero())
        .then(|| view! { <Fact label=t!(payments.fee)>{format::money(fee)}</Fact> });
    let (received_on, method) = (row.received_on, row.method);
    let reference = optional(t!(payments.reference), row.reference.clone());
    let note = optional(t!(payments.note), payment.note.clone());
    let recorded = t!(
        lineage.who_when,
        name = payment.recorded_by.clone(),
        when = format::instant(payment.recorded_at)
    );
    view! {
        <Card title=t!(payments.facts)>
            <Facts>
                <Fact label=t!(payments.received_on)>{format::date(received_on)}</Fact>
                {posting}
                <Fact label=t!(payments.method)>{words::payment_method(method)}</Fact>
                {reference}
                {fee}
                {note}
                <Fact label=t!(payments.recorded)>{recorded}</Fact>
            </Facts>
        </Card>
    }
}

fn what_it_paid(payment: &PaymentDetail) -> impl IntoView + use<> {
    let slices = payment.slices.clone();
    let body = match slices.is_empty() {
        true => view! { <p class="soft">{t!(payments.paid_nothing)}</p> }.into_any(),
        false => view! { <WhatItPaid slices /> }.into_any(),
    };
    view! { <Card title=t!(payments.what_it_paid)>{body}</Card> }
}

fn grant(grant: &OwnGrant) -> impl IntoView + use<> {
    let hold = grant.on_hold.then(|| {
        let label = words::grant_status(crate::domain::credit::GrantStatus::OnHold);
        view! { <Badge tone=Tone::Warn label /> }
    });
    let apply = (may(Right::ApplyCredits) && !grant.remaining.is_zero()).then(|| {
        view! { <ButtonLink href=links::apply_grant(grant.grant) label=t!(credits.apply) /> }
    });
    let sentence = t!(
        payments.its_credit,
        amount = format::money(grant.remaining),
        class = words::credit_class(grant.class),
        lapses = words::lapses(grant.expires_on)
    );
    let name = t!(credits.one, number = grant.number.to_string());
    let href = links::grant(grant.grant);
    view! {
        <Card title=t!(payments.credit_left) actions=apply.into_any()>
            <p>
                {sentence} " " {hold} " " <a href=href>{name}</a>
            </p>
        </Card>
    }
}

fn may(right: Right) -> bool {
    visit()
        .viewer
        .as_ref()
        .is_some_and(|viewer| viewer.may(right))
}

/// Taking the payment back, with what that does.
fn reverse(payment: &PaymentDetail) -> Option<impl IntoView + use<>> {
    if payment.reversal.is_some() || !may(Right::UndoPayments) {
        return None;
    }
    let reopened: Vec<_> = payment
        .slices
        .iter()
        .filter(|slice| slice.stands())
        .map(|slice| {
            let amount = format::money(slice.amount);
            let invoice = slice.invoice_number.clone();
            view! { <li>{t!(payments.will_reopen, amount = amount, invoice = invoice)}</li> }
        })
        .collect();
    let credit = (!payment.row.left.is_zero()).then(|| {
        let amount = format::money(payment.row.left);
        view! { <li>{t!(payments.will_take_back, amount = amount)}</li> }
    });
    let owed = (!payment.refunded.is_zero()).then(|| {
        let amount = format::money(payment.refunded);
        view! { <li>{t!(payments.will_owe_again, amount = amount)}</li> }
    });
    let currency = payment.row.amount.currency;
    let causes = words::choices(
        ReversalCause::ALL,
        ReversalCause::code,
        words::reversal_cause,
    );
    let id = payment.row.payment.to_string();
    let today = visit().today.max(payment.row.received_on).to_string();
    Some(view! {
        <Confirm label=t!(payments.reverse)>
            <p>{t!(payments.reverse_explained)}</p>
            <ul>{reopened} {credit} {owed}</ul>
            <Form endpoint="reverse_payment" arg="reversal" keyed=true>
                <Hidden name="payment" value=id />
                <SelectField name="cause" label=t!(payments.reverse_cause) choices=causes required=true />
                <TextField
                    name="reason"
                    label=t!(payments.reverse_reason)
                    hint=t!(payments.reverse_reason_hint)
                    required=true
                    maxlength=500
                />
                <DateField name="reversed_on" label=t!(payments.reverse_on) value=today required=true />
                <MoneyField name="fee" label=t!(payments.reverse_fee) hint=t!(payments.reverse_fee_hint) currency />
                <Actions>
                    <Submit label=t!(payments.reverse_now) class="button-danger" />
                </Actions>
            </Form>
        </Confirm>
    })
}
