//! One invoice: the document, what paid it, its journal entries and its history, and what can be done with it.

use super::acts::{Acts, OtherActs};
use super::api::show_invoice;
use super::document::{LinesTable, Sums};
use super::list::name;
use crate::domain::invoice::InvoiceKind;
use crate::domain::rights::Right;
use crate::dto::invoices::InvoiceDetail;
use crate::dto::lineage::PostedEntry;
use crate::web::credit_notes::list::NotesOfInvoice;
use crate::web::invoices::list::may;
use crate::web::lineage::entries::PostedEntries;
use crate::web::lineage::history::HistoryCard;
use crate::web::lineage::slices::WhatPaidIt;
use crate::web::links;
use crate::web::ui::prelude::*;
use crate::web::ui::words::InvoiceBadge;
use leptos_router::hooks::use_params_map;

#[component]
pub fn InvoicePage() -> impl IntoView {
    load(
        show_invoice(invoice_id()),
        |invoice| view! { <Invoice invoice /> },
    )
}

/// The invoice the address names.
pub(super) fn invoice_id() -> String {
    use_params_map()
        .get_untracked()
        .get("id")
        .unwrap_or_default()
}

pub(super) fn crumbs() -> Vec<Crumb> {
    vec![Crumb::new(t!(invoices.title), "/invoices")]
}

#[component]
fn Invoice(invoice: InvoiceDetail) -> impl IntoView {
    let title = name(invoice.row.number.as_deref());
    let lead = lead(&invoice);
    let acts = view! { <Acts invoice=invoice.clone() /> };
    let state = view! { <State invoice=invoice.clone() /> };
    let body = match current_tab().as_str() {
        "journal" => view! { <Journal entries=invoice.entries /> }.into_any(),
        "history" => view! { <HistoryCard items=invoice.history /> }.into_any(),
        _ => view! { <Document invoice /> }.into_any(),
    };
    view! {
        <PageHead title crumbs=crumbs() lead>{acts}</PageHead>
        {state}
        <TabNav label=t!(invoices.parts) tabs=tabs() />
        {body}
    }
}

fn lead(invoice: &InvoiceDetail) -> AnyView {
    let row = &invoice.row;
    let disputed = row
        .disputed
        .then(|| view! { <Badge tone=Tone::Warn label=t!(invoices.disputed) /> });
    view! {
        <InvoiceBadge status=row.status />
        {disputed}
        <a href=links::customer(&row.on.customer)>{row.on.customer_name.clone()}</a>
        <a href=links::account(&row.on.account)>{row.on.account.clone()}</a>
    }
    .into_any()
}

fn tabs() -> Vec<(&'static str, String)> {
    let mut tabs = vec![("", t!(invoices.tab_document).to_owned())];
    if may(Right::ReadJournal) {
        tabs.push(("journal", t!(invoices.tab_journal).to_owned()));
    }
    tabs.push(("history", t!(invoices.tab_history).to_owned()));
    tabs
}

/// What a reader should know first: that it is a draft, void, disputed, or gave credit.
#[component]
fn State(invoice: InvoiceDetail) -> impl IntoView {
    let row = invoice.row;
    let draft = row
        .number
        .is_none()
        .then(|| view! { <Notice><p>{t!(invoices.is_draft)}</p></Notice> });
    let void = invoice.voided.map(|voided| {
        let since = t!(invoices.is_void, date = format::date(voided.voided_on));
        view! { <Notice tone=Tone::Warn><p>{since} " " <q>{voided.reason}</q></p></Notice> }
    });
    let disputed = row
        .disputed
        .then(|| view! { <Notice tone=Tone::Warn><p>{t!(invoices.is_disputed)}</p></Notice> });
    let credit = invoice.grant.filter(|_| row.total.minor < 0).map(|grant| {
        let text = t!(
            invoices.gave_credit,
            amount = format::unsigned(row.total),
            remaining = format::money(grant.remaining)
        );
        let number = t!(invoices.credit_number, number = grant.number.to_string());
        view! {
            <Notice tone=Tone::Credit>
                <p>{text} " " <a href=links::grant(grant.grant)>{number}</a></p>
            </Notice>
        }
    });
    view! { {draft} {void} {disputed} {credit} }
}

#[component]
fn Document(invoice: InvoiceDetail) -> impl IntoView {
    let row = invoice.row.clone();
    let reference = (!row.reference.is_empty())
        .then(|| view! { <Fact label=t!(invoices.reference)>{row.reference.clone()}</Fact> });
    let posted = invoice
        .posting_on
        .filter(|day| *day != row.issued_on)
        .map(|day| view! { <Fact label=t!(invoices.posting_on)>{format::date(day)}</Fact> });
    let note =
        (!invoice.note.is_empty()).then(|| view! { <p class="prose">{invoice.note.clone()}</p> });
    let slices = invoice.slices.clone();
    let paid = (!slices.is_empty()).then(|| {
        view! { <Card title=t!(lineage.what_paid_it) id="paid"><WhatPaidIt slices /></Card> }
    });
    let notes = view! { <NotesOfInvoice notes=invoice.credit_notes.clone() /> };
    let discount = (!invoice.discount.is_zero()).then(|| {
        view! { <Fact label=t!(invoices.discount_on_all)>{format::money(invoice.discount)}</Fact> }
    });
    let kind = (row.kind != InvoiceKind::Invoice).then(|| {
        view! { <Fact label=t!(invoices.kind)>{words::invoice_kind(row.kind)}</Fact> }
    });
    let lines = view! { <LinesTable lines=invoice.lines.clone() kind=row.kind /> };
    let sums = view! { <Sums invoice=invoice.clone() /> };
    let due = (row.number.is_some() && row.total.minor > 0).then(|| {
        let tone = if row.open.is_zero() {
            Tone::Good
        } else {
            Tone::Warn
        };
        view! { <Tile label=t!(invoices.open) value=format::money(row.open) tone /> }
    });
    view! {
        <Tiles>
            <Tile label=t!(invoices.total) value=format::money(row.total) />
            {due}
            <Tile label=t!(invoices.issued_on) value=format::date(row.issued_on) />
            <Tile label=t!(invoices.due_on) value=format::date(row.due_on) />
        </Tiles>
        <Card title=t!(invoices.lines)>
            <Facts>{kind} {reference} {posted} {discount}</Facts>
            {lines}
            {sums}
            {note}
        </Card>
        {paid}
        {notes}
        <OtherActs invoice />
    }
}

#[component]
fn Journal(entries: Vec<PostedEntry>) -> impl IntoView {
    if entries.is_empty() {
        return view! { <Empty title=t!(invoices.no_entries) text=t!(invoices.no_entries_text) /> }
            .into_any();
    }
    view! {
        <Card title=t!(invoices.tab_journal)><PostedEntries entries /></Card>
    }
    .into_any()
}
