//! A credit note on paper: no frame, the customer's language, black on white.

use super::api::show_credit_note;
use super::document::{LinesTable, Sums, name};
use crate::dto::credit_notes::CreditNoteDetail;
use crate::web::invoices::print::{Address, PrintButton};
use crate::web::links;
use crate::web::ui::prelude::*;
use crate::web::ui::text::{from_tag, tag};
use crate::web::ui::visit::{Visit, route_id};
use leptos::context::Provider;
use std::sync::Arc;

/// For staff, and for the customer under the portal's address.
#[component]
pub fn CreditNotePrintPage() -> impl IntoView {
    let note = route_id::<String>("id");
    load(
        async move { show_credit_note(note?).await },
        |note| view! { <Paper note /> },
    )
}

#[component]
fn Paper(note: CreditNoteDetail) -> impl IntoView {
    let visit = visit();
    let back = match visit.path.starts_with("/portal/") {
        true => links::portal_credit_note(note.row.credit_note),
        false => links::credit_note(note.row.credit_note),
    };
    let back_words = t!(invoices.back);
    let print_words = t!(invoices.print).to_owned();
    // A document is written in its reader's language, whoever prints it.
    let locale = from_tag(&note.recipient.language).unwrap_or(visit.locale);
    let in_their_language = Arc::new(Visit {
        locale,
        ..Visit::clone(&visit)
    });
    view! {
        <leptos_meta::Title text=name(note.row.number.as_deref()) />
        <div class="paper-acts no-print">
            <a class="button" href=back>{back_words}</a>
            <PrintButton label=print_words />
        </div>
        <Provider value=in_their_language>
            <main class="paper" lang=tag(locale)><Sheet note /></main>
        </Provider>
    }
}

#[component]
fn Sheet(note: CreditNoteDetail) -> impl IntoView {
    let row = note.row.clone();
    let title = match &row.number {
        None => t!(credit_notes.draft).to_owned(),
        Some(number) => t!(credit_notes.numbered, number = number.clone()),
    };
    let fact = |label: &'static str, value: String| {
        (!value.is_empty()).then(|| view! { <Fact label>{value}</Fact> })
    };
    let void = note.voided.as_ref().map(|voided| {
        view! { <p class="paper-void">{t!(invoices.is_void, date = format::date(voided.voided_on))}</p> }
    });
    let left = (!row.left.is_zero()).then(|| {
        view! { <p class="paper-terms">{t!(invoices.terms_credit, amount = format::money(row.left))}</p> }
    });
    let text = (!note.note.is_empty()).then(|| view! { <p class="prose">{note.note.clone()}</p> });
    let issuer = note.issuer.clone();
    let tax_id = note.recipient.tax_id.clone();
    let address =
        view! { <Address name=row.on.customer_name.clone() recipient=note.recipient.clone() /> };
    let lines = view! { <LinesTable lines=note.lines.clone() /> };
    let sums = view! { <Sums note /> };
    view! {
        <header class="paper-head"><p class="paper-issuer">{issuer}</p> {address}</header>
        <h1>{title}</h1>
        {void}
        <Facts>
            {fact(t!(credit_notes.to_invoice), row.invoice_number.clone())}
            {fact(t!(invoices.issued_on), format::long_date(row.issued_on))}
            {fact(t!(credit_notes.reason), words::credit_note_reason(row.reason).to_owned())}
            {fact(t!(invoices.customer_number), row.on.customer.clone())}
            {fact(t!(invoices.account), row.on.account.clone())}
            {fact(t!(invoices.tax_id), tax_id)}
        </Facts>
        {lines}
        {sums}
        {left}
        {text}
    }
}
