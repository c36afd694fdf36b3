//! The list of invoices: search, filters, sorting and pages, all in the URL, and the same as CSV.

use super::api::list_invoices;
use crate::domain::invoice::InvoiceStatus;
use crate::domain::rights::Right;
use crate::dto::invoices::{InvoiceFilter, InvoiceList, InvoiceRow, UNPAID};
use crate::dto::page::PageRequest;
use crate::web::links;
use crate::web::ui::prelude::*;
use crate::web::ui::words::InvoiceBadge;

#[component]
pub fn InvoicesPage() -> impl IntoView {
    let filter: InvoiceFilter = typed::query();
    let page: PageRequest = typed::query();
    let filtered = filter != InvoiceFilter::default();
    let may_create = may(Right::EditInvoices);
    let create = may_create.then(|| {
        view! { <ButtonLink href="/invoices/new" label=t!(invoices.new_invoice) icon="plus" primary=true /> }
    });
    view! {
        <PageHead title=t!(invoices.title)>
            <ButtonLink href=links::export("/invoices") label=t!(ui.export_csv) icon="download" />
            {create}
        </PageHead>
        <Filters filter=filter.clone() />
        {load(list_invoices(filter, page), move |list| table(list, filtered, may_create))}
    }
}

/// Whether to offer something to whoever is looking.
pub fn may(right: Right) -> bool {
    visit()
        .viewer
        .as_ref()
        .is_some_and(|viewer| viewer.may(right))
}

#[component]
fn Filters(filter: InvoiceFilter) -> impl IntoView {
    let of_one = [("account", filter.account), ("customer", filter.customer)];
    let of_one: Vec<_> = of_one
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| {
            let label = match name {
                "account" => t!(invoices.account),
                _ => t!(invoices.customer),
            };
            view! { <TextField name=name label=label value=value /> }
        })
        .collect();
    view! {
        <FilterForm>
            <TextField name="search" label=t!(invoices.search) kind="search" placeholder=t!(invoices.search_what) />
            <SelectField name="status" label=t!(invoices.status) choices=status_choices() />
            {of_one}
            <DateField name="issued_from" label=t!(invoices.issued_from) />
            <DateField name="issued_to" label=t!(invoices.issued_to) />
            <TextField name="currency" label=t!(invoices.currency) maxlength=3 placeholder="EUR" />
            <CheckField name="overdue" label=t!(invoices.only_overdue) />
            <CheckField name="disputed" label=t!(invoices.only_disputed) />
        </FilterForm>
    }
}

fn status_choices() -> Vec<(String, String)> {
    let first = [
        (String::new(), t!(invoices.any_status).to_owned()),
        (UNPAID.to_owned(), t!(invoices.unpaid).to_owned()),
    ];
    let each = words::choices(
        InvoiceStatus::ALL,
        InvoiceStatus::code,
        words::invoice_status,
    );
    first.into_iter().chain(each).collect()
}

fn table(list: InvoiceList, filtered: bool, may_create: bool) -> AnyView {
    if list.rows.is_empty() && filtered {
        return view! { <Empty title=t!(invoices.none_found) text=t!(invoices.none_found_text) /> }
            .into_any();
    }
    if list.rows.is_empty() {
        let create = may_create.then(|| {
            view! { <ButtonLink href="/invoices/new" label=t!(invoices.new_invoice) icon="plus" primary=true /> }
        });
        return view! { <Empty title=t!(invoices.none) text=t!(invoices.none_text)>{create}</Empty> }
            .into_any();
    }
    let rows: Vec<_> = list.rows.into_iter().map(row).collect();
    let open: Vec<String> = list
        .open
        .into_iter()
        .filter(|open| !open.is_zero())
        .map(format::money)
        .collect();
    let open = (!open.is_empty()).then(|| {
        view! { <p class="lead">{t!(invoices.open_in_all, amounts = open.join(" · "))}</p> }
    });
    let head = view! {
        <SortHead column="number" label=t!(invoices.number) />
        <th scope="col">{t!(invoices.customer)}</th>
        <SortHead column="issued" label=t!(invoices.issued_on) />
        <SortHead column="due" label=t!(invoices.due_on) />
        <th scope="col">{t!(invoices.status)}</th>
        <SortHead column="total" label=t!(invoices.total) number=true />
        <SortHead column="open" label=t!(invoices.open) number=true />
    };
    view! {
        {open}
        <DataTable caption=t!(invoices.title) head=head.into_any() cards=true>{rows}</DataTable>
        <Pager total=list.total />
    }
    .into_any()
}

fn row(invoice: InvoiceRow) -> impl IntoView {
    let reference = (!invoice.reference.is_empty())
        .then(|| view! { <p class="soft">{invoice.reference.clone()}</p> });
    let disputed = invoice
        .disputed
        .then(|| view! { <Badge tone=Tone::Warn label=t!(invoices.disputed) /> });
    view! {
        <tr>
            <th scope="row">
                <a href=links::invoice(invoice.invoice)>{name(invoice.number.as_deref())}</a>
            </th>
            <Cell label=t!(invoices.customer)>
                <div>
                    <a href=links::customer(&invoice.on.customer)>{invoice.on.customer_name.clone()}</a>
                    {reference}
                </div>
            </Cell>
            <Cell label=t!(invoices.issued_on)>{format::date(invoice.issued_on)}</Cell>
            <Cell label=t!(invoices.due_on)>{format::date(invoice.due_on)}</Cell>
            <Cell label=t!(invoices.status)>
                <span class="row"><InvoiceBadge status=invoice.status /> {disputed}</span>
            </Cell>
            <NumberCell label=t!(invoices.total)>{format::money(invoice.total)}</NumberCell>
            <NumberCell label=t!(invoices.open)>{format::money(invoice.open)}</NumberCell>
        </tr>
    }
}

/// Its number, or that it is a draft.
pub(super) fn name(number: Option<&str>) -> String {
    number.map_or_else(|| t!(invoices.draft).to_owned(), str::to_owned)
}
