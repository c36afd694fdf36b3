//! Invoices in the customer's portal: what is open, what each invoice says, and what paid it.

use super::api::{list_invoices, show_invoice};
use super::detail::invoice_id;
use super::document::{LinesTable, Sums};
use super::list::name;
use crate::dto::invoices::{InvoiceDetail, InvoiceFilter, InvoiceList, InvoiceRow, UNPAID};
use crate::dto::page::PageRequest;
use crate::web::credit_notes::list::NotesOfInvoice;
use crate::web::lineage::slices::WhatPaidItForCustomer;
use crate::web::links;
use crate::web::ui::prelude::*;
use crate::web::ui::words::InvoiceBadge;

/// The customer's invoices, newest first.
#[component]
pub fn PortalInvoicesPage() -> impl IntoView {
    let filter: InvoiceFilter = typed::query();
    let page: PageRequest = typed::query();
    let filtered = filter != InvoiceFilter::default();
    let choices = vec![
        (String::new(), t!(invoices.any_status).to_owned()),
        (UNPAID.to_owned(), t!(invoices.unpaid).to_owned()),
    ];
    view! {
        <PageHead title=t!(invoices.portal_title) />
        <FilterForm>
            <TextField name="search" label=t!(invoices.search) kind="search" />
            <SelectField name="status" label=t!(invoices.status) choices />
        </FilterForm>
        {load(list_invoices(filter, page), move |list| table(list, filtered))}
    }
}

fn table(list: InvoiceList, filtered: bool) -> AnyView {
    if list.rows.is_empty() {
        let (title, text) = match filtered {
            true => (t!(invoices.none_found), t!(invoices.none_found_text)),
            false => (t!(invoices.portal_none), t!(invoices.portal_none_text)),
        };
        return view! { <Empty title text /> }.into_any();
    }
    let rows: Vec<_> = list.rows.into_iter().map(row).collect();
    let head = view! {
        <SortHead column="number" label=t!(invoices.number) />
        <SortHead column="issued" label=t!(invoices.issued_on) />
        <SortHead column="due" label=t!(invoices.due_on) />
        <th scope="col">{t!(invoices.status)}</th>
        <SortHead column="total" label=t!(invoices.total) number=true />
        <SortHead column="open" label=t!(invoices.open) number=true />
    };
    view! {
        <DataTable caption=t!(invoices.portal_title) head=head.into_any() cards=true>{rows}</DataTable>
        <Pager total=list.total />
    }
    .into_any()
}

fn row(invoice: InvoiceRow) -> impl IntoView {
    view! {
        <tr>
            <th scope="row">
                <a href=format!("/portal{}", links::invoice(invoice.invoice))>{name(invoice.number.as_deref())}</a>
            </th>
            <Cell label=t!(invoices.issued_on)>{format::date(invoice.issued_on)}</Cell>
            <Cell label=t!(invoices.due_on)>{format::date(invoice.due_on)}</Cell>
            <Cell label=t!(invoices.status)><InvoiceBadge status=invoice.status /></Cell>
            <NumberCell label=t!(invoices.total)>{format::money(invoice.total)}</NumberCell>
            <NumberCell label=t!(invoices.open)>{format::money(invoice.open)}</NumberCell>
        </tr>
    }
}

/// One invoice of the customer's own.
#[component]
pub fn PortalInvoicePage() -> impl IntoView {
    load(
        show_invoice(invoice_id()),
        |invoice| view! { <Invoice invoice /> },
    )
}

#[component]
fn Invoice(invoice: InvoiceDetail) -> impl IntoView {
    let row = invoice.row.clone();
    let lead = view! {
        <InvoiceBadge status=row.status />
        {row.disputed.then(|| view! { <Badge tone=Tone::Warn label=t!(invoices.disputed) /> })}
    };
    let crumbs = vec![Crumb::new(t!(invoices.portal_title), "/portal/invoices")];
    let print = format!("/portal{}/print", links::invoice(row.invoice));
    let credit = invoice
        .grant
        .as_ref()
        .filter(|_| row.total.minor < 0)
        .map(|grant| {
            let text = t!(
                invoices.gave_you_credit,
                amount = format::unsigned(row.total),
                remaining = format::money(grant.remaining)
            );
            view! { <Notice tone=Tone::Credit><p>{text}</p></Notice> }
        });
    let void = invoice.voided.as_ref().map(|voided| {
        let text = t!(invoices.is_void, date = format::date(voided.voided_on));
        view! { <Notice tone=Tone::Warn><p>{text}</p></Notice> }
    });
    let open = (row.total.minor > 0 && invoice.voided.is_none()).then(|| {
        let tone = if row.open.is_zero() {
            Tone::Good
        } else {
            Tone::Warn
        };
        let note = t!(invoices.due_by, date = format::date(row.due_on));
        let note = if row.open.is_zero() {
            String::new()
        } else {
            note
        };
        view! { <Tile label=t!(invoices.open) value=format::money(row.open) note=note tone /> }
    });
    let reference = (!row.reference.is_empty())
        .then(|| view! { <Fact label=t!(invoices.reference)>{row.reference.clone()}</Fact> });
    let note =
        (!invoice.note.is_empty()).then(|| view! { <p class="prose">{invoice.note.clone()}</p> });
    let slices = invoice.slices.clone();
    let paid = (!slices.is_empty()).then(|| {
        view! { <Card title=t!(lineage.what_paid_it)><WhatPaidItForCustomer slices /></Card> }
    });
    let lines = view! { <LinesTable lines=invoice.lines.clone() kind=row.kind /> };
    let notes = view! { <NotesOfInvoice notes=invoice.credit_notes.clone() portal=true /> };
    let sums = view! { <Sums invoice /> };
    view! {
        <PageHead title=name(row.number.as_deref()) crumbs lead=lead.into_any()>
            <ButtonLink href=print label=t!(invoices.print) icon="printer" />
        </PageHead>
        {credit}
        {void}
        <Tiles>
            {open}
            <Tile label=t!(invoices.total) value=format::money(row.total) />
            <Tile label=t!(invoices.issued_on) value=format::date(row.issued_on) />
        </Tiles>
        <Card title=t!(invoices.lines)>
            <Facts>{reference}</Facts>
            {lines}
            {sums}
            {note}
        </Card>
        {paid}
        {notes}
    }
}
