//! The list of credit notes.

use super::api::list_credit_notes;
use super::document::name;
use crate::domain::credit_note::{CreditNoteReason, CreditNoteStatus};
use crate::dto::credit_notes::{CreditNoteFilter, CreditNoteRow};
use crate::dto::page::{Page, PageRequest};
use crate::web::links;
use crate::web::ui::prelude::*;

/// Credit notes, filtered, sorted and paged by what stands in the URL.
#[component]
pub fn CreditNotesPage() -> impl IntoView {
    let filter: CreditNoteFilter = typed::query();
    let page: PageRequest = typed::query();
    let any = |label: &str| (String::new(), label.to_owned());
    let statuses = words::choices(
        CreditNoteStatus::ALL,
        CreditNoteStatus::code,
        words::credit_note_status,
    );
    let statuses: Vec<_> = std::iter::once(any(t!(invoices.any_status)))
        .chain(statuses)
        .collect();
    let reasons = words::choices(
        CreditNoteReason::ALL,
        CreditNoteReason::code,
        words::credit_note_reason,
    );
    let reasons: Vec<_> = std::iter::once(any(t!(credit_notes.any_reason)))
        .chain(reasons)
        .collect();
    view! {
        <PageHead title=t!(credit_notes.title)>
            <ButtonLink href=links::export("/credit-notes") label=t!(ui.export_csv) icon="download" />
        </PageHead>
        <FilterForm>
            <TextField name="search" label=t!(invoices.search) kind="search" />
            <SelectField name="status" label=t!(invoices.status) choices=statuses />
            <SelectField name="reason" label=t!(credit_notes.reason) choices=reasons />
            <DateField name="issued_from" label=t!(credit_notes.issued_from) />
            <DateField name="issued_to" label=t!(credit_notes.issued_to) />
        </FilterForm>
        {load(list_credit_notes(filter, page), table)}
    }
}

fn table(page: Page<CreditNoteRow>) -> AnyView {
    if page.rows.is_empty() {
        return view! {
            <Empty title=t!(credit_notes.none) text=t!(credit_notes.none_text)>
                <ButtonLink href="/invoices" label=t!(nav.invoices) />
            </Empty>
        }
        .into_any();
    }
    let rows: Vec<_> = page.rows.into_iter().map(row).collect();
    let head = view! {
        <SortHead column="number" label=t!(invoices.number) />
        <th scope="col">{t!(invoices.customer)}</th>
        <th scope="col">{t!(credit_notes.invoice)}</th>
        <SortHead column="issued" label=t!(invoices.issued_on) />
        <th scope="col">{t!(credit_notes.reason)}</th>
        <th scope="col">{t!(invoices.status)}</th>
        <SortHead column="total" label=t!(invoices.total) number=true />
        <NumberHead label=t!(credit_notes.credit_left) />
    };
    view! {
        <DataTable caption=t!(credit_notes.title) head=head.into_any() cards=true>{rows}</DataTable>
        <Pager total=page.total />
    }
    .into_any()
}

fn row(note: CreditNoteRow) -> impl IntoView {
    let left = (!note.left.is_zero()).then(|| format::money(note.left));
    view! {
        <tr>
            <th scope="row">
                <a href=links::credit_note(note.credit_note)>{name(note.number.as_deref())}</a>
            </th>
            <Cell label=t!(invoices.customer)>
                <a href=links::customer(&note.on.customer)>{note.on.customer_name.clone()}</a>
            </Cell>
            <Cell label=t!(credit_notes.invoice)>
                <a href=links::invoice(note.invoice)>{note.invoice_number}</a>
            </Cell>
            <Cell label=t!(invoices.issued_on)>{format::date(note.issued_on)}</Cell>
            <Cell label=t!(credit_notes.reason)>{words::credit_note_reason(note.reason)}</Cell>
            <Cell label=t!(invoices.status)><words::CreditNoteBadge status=note.status /></Cell>
            <NumberCell label=t!(invoices.total)>{format::money(note.total)}</NumberCell>
            <NumberCell label=t!(credit_notes.credit_left)>{left}</NumberCell>
        </tr>
    }
}

/// The credit notes on one invoice, under the address that suits the reader.
#[component]
pub fn NotesOfInvoice(notes: Vec<CreditNoteRow>, #[prop(optional)] portal: bool) -> impl IntoView {
    let lines: Vec<_> = notes
        .into_iter()
        .map(|note| {
            let href = match portal {
                true => links::portal_credit_note(note.credit_note),
                false => links::credit_note(note.credit_note),
            };
            let text = t!(
                credit_notes.of_amount,
                date = format::date(note.issued_on),
                amount = format::money(note.total)
            );
            view! {
                <li>
                    <a href=href>{name(note.number.as_deref())}</a> " " {text} " "
                    <words::CreditNoteBadge status=note.status />
                </li>
            }
        })
        .collect();
    (!lines.is_empty())
        .then(|| view! { <Card title=t!(credit_notes.title)><ul>{lines}</ul></Card> })
}
