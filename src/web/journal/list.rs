//! Entries by accounting day, with filters in the URL.

use super::api::list_entries;
use crate::domain::ids::{CreditGrantId, CreditNoteId, CreditRequestId, InvoiceId, PaymentId};
use crate::domain::ledger::EntrySource;
use crate::dto::journal::{DocumentKind, EntryRow, JournalFilter};
use crate::dto::page::{Page, PageRequest};
use crate::web::links;
use crate::web::ui::prelude::*;
use crate::web::ui::visit::query_string;

#[component]
pub fn JournalPage() -> impl IntoView {
    let filter: JournalFilter = typed::query();
    let page: PageRequest = typed::query();
    let filtered = filter != JournalFilter::default();
    view! {
        <PageHead title=t!(journal.title) lead=t!(journal.lead).into_any()>
            <ButtonLink href=links::export("/journal") label=t!(ui.export_csv) icon="download" />
            <ButtonLink href="/journal/trial-balance" label=t!(journal.trial_balance) icon="file-text" />
        </PageHead>
        <FilterForm>
            <DateField name="from" label=t!(journal.from) />
            <DateField name="to" label=t!(journal.to) />
            <SelectField name="source" label=t!(journal.source) choices=sources() />
            <TextField name="account" label=t!(journal.account) />
            <TextField name="document" label=t!(journal.document) />
        </FilterForm>
        {load(list_entries(filter, page), move |list| table(list, filtered))}
    }
}

fn sources() -> Vec<(String, String)> {
    let any = (String::new(), t!(journal.any_source).to_owned());
    let each = words::choices(EntrySource::ALL, EntrySource::code, words::entry_source);
    std::iter::once(any).chain(each).collect()
}

fn table(page: Page<EntryRow>, filtered: bool) -> AnyView {
    if page.rows.is_empty() && filtered {
        return view! { <Empty title=t!(journal.none_found) text=t!(journal.none_found_text) /> }
            .into_any();
    }
    if page.rows.is_empty() {
        return view! { <Empty title=t!(journal.none) text=t!(journal.none_text) /> }.into_any();
    }
    let rows: Vec<_> = page.rows.into_iter().map(row).collect();
    let head = view! {
        <SortHead column="number" label=t!(journal.number) />
        <SortHead column="date" label=t!(journal.posting_on) />
        <th scope="col">{t!(journal.effective_on)}</th>
        <th scope="col">{t!(journal.source)}</th>
        <th scope="col">{t!(journal.of_document)}</th>
        <th scope="col">{t!(journal.account)}</th>
        <th scope="col">{t!(journal.customer)}</th>
        <NumberHead label=t!(journal.amount) />
    };
    view! {
        <DataTable caption=t!(journal.title) head=head.into_any() cards=true>{rows}</DataTable>
        <Pager total=page.total />
    }
    .into_any()
}

fn row(entry: EntryRow) -> impl IntoView {
    let document = entry.clone();
    let account = entry.account_number.clone();
    let taken_back = entry
        .reverses
        .then(|| view! { " " <Badge tone=Tone::Warn label=t!(journal.reverses) /> });
    view! {
        <tr>
            <th scope="row"><a href=links::entry(entry.id)>{entry.number}</a></th>
            <Cell label=t!(journal.posting_on)>{format::date(entry.posting_on)}</Cell>
            <Cell label=t!(journal.effective_on)>{format::date(entry.effective_on)}</Cell>
            <Cell label=t!(journal.source)>
                <abbr title=words::entry_source(entry.source)>{entry.source.code()}</abbr> {taken_back}
            </Cell>
            <Cell label=t!(journal.of_document)><DocumentLink entry=document /></Cell>
            <Cell label=t!(journal.account)>
                <a href=links::account(&account)>{account.clone()}</a>
            </Cell>
            <Cell label=t!(journal.customer)>{entry.customer_name}</Cell>
            <NumberCell label=t!(journal.amount)>{format::money(entry.amount)}</NumberCell>
        </tr>
    }
}

/// The document an entry belongs to; an application leads to the entries of its invoice.
#[component]
pub fn DocumentLink(entry: EntryRow) -> impl IntoView {
    let number = entry.document_number;
    let request = || links::request(CreditRequestId(entry.document_id));
    let (href, words) = match entry.document_kind {
        DocumentKind::Invoice => {
            let href = links::invoice(InvoiceId(entry.document_id));
            (href, t!(journal.invoice, number = number))
        }
        DocumentKind::Payment => {
            let href = links::payment(PaymentId(entry.document_id));
            (href, t!(journal.payment, number = number))
        }
        DocumentKind::CreditNote => {
            let href = links::credit_note(CreditNoteId(entry.document_id));
            (href, t!(journal.credit_note, number = number))
        }
        DocumentKind::Application => {
            let href = links::entries_of(&number);
            (href, t!(journal.application, number = number))
        }
        DocumentKind::Promotion => {
            let href = format!("/promotions?{}", query_string(&[("search", &number)]));
            (href, t!(journal.promotion, number = number))
        }
        DocumentKind::Grant => {
            let href = links::grant(CreditGrantId(entry.document_id));
            (href, t!(journal.grant, number = number))
        }
        DocumentKind::Adjustment => (request(), t!(journal.adjustment, number = number)),
        DocumentKind::Refund => (request(), t!(journal.refund, number = number)),
        DocumentKind::Transfer => (request(), t!(journal.transfer, number = number)),
        DocumentKind::WriteOff => (request(), t!(journal.write_off, number = number)),
    };
    view! { <a href=href>{words}</a> }
}
