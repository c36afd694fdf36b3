//! A customer's own credit notes: what was credited, what it covered and what is left of it.

use super::api::{list_credit_notes, show_credit_note};
use super::document::{LinesTable, Sums, name};
use crate::dto::credit_notes::{CreditNoteDetail, CreditNoteFilter, CreditNoteRow};
use crate::dto::page::{Page, PageRequest};
use crate::web::lineage::paid::PaidInSentences;
use crate::web::links;
use crate::web::ui::prelude::*;
use crate::web::ui::visit::route_id;

/// The customer's credit notes, newest first.
#[component]
pub fn PortalCreditNotesPage() -> impl IntoView {
    let page: PageRequest = typed::query();
    view! {
        <PageHead title=t!(credit_notes.portal_title) />
        {load(list_credit_notes(CreditNoteFilter::default(), page), table)}
    }
}

fn table(page: Page<CreditNoteRow>) -> AnyView {
    if page.rows.is_empty() {
        return view! { <Empty title=t!(credit_notes.portal_none) text=t!(credit_notes.portal_none_text) /> }
            .into_any();
    }
    let rows: Vec<_> = page.rows.into_iter().map(row).collect();
    let head = view! {
        <th scope="col">{t!(invoices.number)}</th>
        <th scope="col">{t!(credit_notes.invoice)}</th>
        <th scope="col">{t!(invoices.issued_on)}</th>
        <th scope="col">{t!(invoices.status)}</th>
        <NumberHead label=t!(invoices.total) />
        <NumberHead label=t!(credit_notes.credit_left) />
    };
    view! {
        <DataTable caption=t!(credit_notes.portal_title) head=head.into_any() cards=true>{rows}</DataTable>
        <Pager total=page.total />
    }
    .into_any()
}

fn row(note: CreditNoteRow) -> impl IntoView {
    let left = (!note.left.is_zero()).then(|| format::money(note.left));
    view! {
        <tr>
            <th scope="row">
                <a href=links::portal_credit_note(note.credit_note)>{name(note.number.as_deref())}</a>
            </th>
            <Cell label=t!(credit_notes.invoice)>
                <a href=links::portal_invoice(note.invoice)>{note.invoice_number}</a>
            </Cell>
            <Cell label=t!(invoices.issued_on)>{format::date(note.issued_on)}</Cell>
            <Cell label=t!(invoices.status)><words::CreditNoteBadge status=note.status /></Cell>
            <NumberCell label=t!(invoices.total)>{format::money(note.total)}</NumberCell>
            <NumberCell label=t!(credit_notes.credit_left)>{left}</NumberCell>
        </tr>
    }
}

/// One credit note of the customer's own.
#[component]
pub fn PortalCreditNotePage() -> impl IntoView {
    let note = route_id::<String>("id");
    load(async move { show_credit_note(note?).await }, page)
}

fn page(note: CreditNoteDetail) -> impl IntoView {
    let row = note.row.clone();
    let lead = view! { <p><words::CreditNoteBadge status=row.status /></p> };
    let crumbs = vec![Crumb::new(
        t!(credit_notes.portal_title),
        "/portal/credit-notes",
    )];
    let print = format!("{}/print", links::portal_credit_note(row.credit_note));
    let void = note.voided.as_ref().map(|voided| {
        let text = t!(invoices.is_void, date = format::date(voided.voided_on));
        view! { <Notice tone=Tone::Warn><p>{text}</p></Notice> }
    });
    let grant = note.grant.as_ref().map(|grant| {
        let href = links::portal_grant(grant.grant);
        let label = t!(credits.your_one);
        view! { <Fact label=t!(credit_notes.its_credit)><a href=href>{label}</a></Fact> }
    });
    let slices = note.slices.clone();
    let settled = (!slices.is_empty()).then(|| {
        view! { <Card title=t!(payments.what_it_paid)><PaidInSentences slices /></Card> }
    });
    let text = (!note.note.is_empty()).then(|| view! { <p class="prose">{note.note.clone()}</p> });
    let lines = view! { <LinesTable lines=note.lines.clone() /> };
    let sums = view! { <Sums note /> };
    let invoice = links::portal_invoice(row.invoice);
    view! {
        <PageHead title=name(row.number.as_deref()) crumbs lead=lead.into_any()>
            <ButtonLink href=print label=t!(invoices.print) icon="printer" />
        </PageHead>
        {void}
        <Tiles>
            <Tile label=t!(invoices.total) value=format::money(row.total) />
            <Tile label=t!(credit_notes.credit_left) value=format::money(row.left) tone=Tone::Credit />
            <Tile label=t!(invoices.issued_on) value=format::date(row.issued_on) />
        </Tiles>
        <Card title=t!(credit_notes.lines)>
            <Facts>
                <Fact label=t!(credit_notes.invoice)><a href=invoice>{row.invoice_number}</a></Fact>
                {grant}
            </Facts>
            {lines}
            {sums}
            {text}
        </Card>
        {settled}
    }
}
