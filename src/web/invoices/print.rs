//! An invoice on paper: no frame, the customer's language, black on white.

use super::api::show_invoice;
use super::detail::invoice_id;
use super::document::{LinesTable, Sums};
use super::list::name;
use crate::dto::invoices::{InvoiceDetail, InvoiceRecipient};
use crate::web::links;
use crate::web::ui::prelude::*;
use crate::web::ui::text::{from_tag, tag};
use crate::web::ui::visit::Visit;
use leptos::context::Provider;
use std::sync::Arc;

/// For staff, and for the customer under the portal's address.
#[component]
pub fn InvoicePrintPage() -> impl IntoView {
    load(
        show_invoice(invoice_id()),
        |invoice| view! { <Paper invoice /> },
    )
}

#[component]
fn Paper(invoice: InvoiceDetail) -> impl IntoView {
    let visit = visit();
    let back = match visit.path.starts_with("/portal/") {
        true => format!("/portal{}", links::invoice(invoice.row.invoice)),
        false => links::invoice(invoice.row.invoice),
    };
    let back_words = t!(invoices.back);
    let print_words = t!(invoices.print).to_owned();
    // A document is written in its reader's language, whoever prints it.
    let locale = from_tag(&invoice.recipient.language).unwrap_or(visit.locale);
    let in_their_language = Arc::new(Visit {
        locale,
        ..Visit::clone(&visit)
    });
    view! {
        <leptos_meta::Title text=name(invoice.row.number.as_deref()) />
        <div class="paper-acts no-print">
            <a class="button" href=back>{back_words}</a>
            <PrintButton label=print_words />
        </div>
        <Provider value=in_their_language>
            <main class="paper" lang=tag(locale)><Sheet invoice /></main>
        </Provider>
    }
}

/// Opens the browser's own printing; without script the reader does.
#[island]
pub fn PrintButton(label: String) -> impl IntoView {
    let awake = RwSignal::new(false);
    Effect::new(move |_| awake.set(true));
    view! {
        <Show when=move || awake.get()>
            <button
                type="button"
                class="button button-primary"
                on:click=|_| {
                    // Printing that the person cancels is no failure.
                    let _ = window().print();
                }
            >
                {label.clone()}
            </button>
        </Show>
    }
}

#[component]
fn Sheet(invoice: InvoiceDetail) -> impl IntoView {
    let row = invoice.row.clone();
    let title = match (&row.number, row.total.minor < 0) {
        (None, _) => t!(invoices.draft).to_owned(),
        (Some(number), false) => t!(invoices.invoice_number, number = number.clone()),
        (Some(number), true) => t!(invoices.credit_document, number = number.clone()),
    };
    let fact = |label: &'static str, value: String| {
        (!value.is_empty()).then(|| view! { <Fact label>{value}</Fact> })
    };
    let void = invoice.voided.as_ref().map(|voided| {
        view! { <p class="paper-void">{t!(invoices.is_void, date = format::date(voided.voided_on))}</p> }
    });
    let note =
        (!invoice.note.is_empty()).then(|| view! { <p class="prose">{invoice.note.clone()}</p> });
    let discount = match invoice.discount.is_zero() {
        true => String::new(),
        false => format::money(invoice.discount),
    };
    let issuer = invoice.issuer.clone();
    let tax_id = invoice.recipient.tax_id.clone();
    let name = row.on.customer_name.clone();
    let address = view! { <Address name recipient=invoice.recipient.clone() /> };
    let lines = view! { <LinesTable lines=invoice.lines.clone() kind=row.kind /> };
    let sums = view! { <Sums invoice=invoice.clone() /> };
    view! {
        <header class="paper-head"><p class="paper-issuer">{issuer}</p> {address}</header>
        <h1>{title}</h1>
        {void}
        <Facts>
            {fact(t!(invoices.issued_on), format::long_date(row.issued_on))}
            {fact(t!(invoices.due_on), format::long_date(row.due_on))}
            {fact(t!(invoices.customer_number), row.on.customer.clone())}
            {fact(t!(invoices.account), row.on.account.clone())}
            {fact(t!(invoices.reference), row.reference.clone())}
            {fact(t!(invoices.discount_on_all), discount)}
            {fact(t!(invoices.tax_id), tax_id)}
        </Facts>
        {lines}
        {sums}
        <Terms invoice />
        {note}
    }
}

/// Whom a document is for, as it stands on paper.
#[component]
pub fn Address(name: String, recipient: InvoiceRecipient) -> impl IntoView {
    let town = format!("{} {}", recipient.postal_code, recipient.city);
    let lines: Vec<_> = [
        name,
        recipient.street,
        town.trim().to_owned(),
        recipient.country,
    ]
    .into_iter()
    .filter(|line| !line.is_empty())
    .map(|line| view! { <span>{line}</span> })
    .collect();
    view! { <address>{lines}</address> }
}

/// What is to be paid, by when.
#[component]
fn Terms(invoice: InvoiceDetail) -> impl IntoView {
    let row = invoice.row;
    if row.number.is_none() || invoice.voided.is_some() {
        return None;
    }
    let terms = if row.total.minor < 0 {
        t!(invoices.terms_credit, amount = format::unsigned(row.total))
    } else if row.open.is_zero() {
        t!(invoices.terms_paid).to_owned()
    } else {
        let (amount, date) = (format::money(row.open), format::long_date(row.due_on));
        t!(
            invoices.terms_open,
            amount = amount,
            date = date,
            account = row.on.account
        )
    };
    Some(view! { <p class="paper-terms">{terms}</p> })
}
