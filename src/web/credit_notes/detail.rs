//! One credit note: the document, what it settled, its entries and history, issuing a draft, voiding.

use super::api::show_credit_note;
use super::document::{LinesTable, Sums, name};
use crate::domain::credit_note::CreditNoteStatus;
use crate::domain::rights::Right;
use crate::dto::credit_notes::CreditNoteDetail;
use crate::web::invoices::form::ReasonField;
use crate::web::invoices::list::may;
use crate::web::lineage::entries::PostedEntries;
use crate::web::lineage::history::HistoryCard;
use crate::web::lineage::paid::WhatItPaid;
use crate::web::links;
use crate::web::ui::prelude::*;
use crate::web::ui::visit::route_id;

/// One credit note, for staff.
#[component]
pub fn CreditNotePage() -> impl IntoView {
    let note = route_id::<String>("id");
    load(async move { show_credit_note(note?).await }, page)
}

fn page(note: CreditNoteDetail) -> impl IntoView {
    let row = note.row.clone();
    let lead = view! {
        <p>
            <words::CreditNoteBadge status=row.status /> " "
            <a href=links::customer(&row.on.customer)>{row.on.customer_name.clone()}</a> " · "
            <a href=links::account(&row.on.account)>{row.on.account.clone()}</a>
        </p>
    };
    let crumbs = vec![Crumb::new(t!(credit_notes.title), "/credit-notes")];
    let print = format!("{}/print", links::credit_note(row.credit_note));
    let entries = (!note.entries.is_empty()).then(|| {
        let entries = note.entries.clone();
        view! { <Card title=t!(payments.entries)><PostedEntries entries /></Card> }
    });
    let acts = acts(&note);
    let facts = facts(&note);
    let settled = settled(&note);
    let state = state(&note);
    let history = note.history.clone();
    let text = (!note.note.is_empty()).then(|| view! { <p class="prose">{note.note.clone()}</p> });
    let left = (row.number.is_some()).then(|| {
        view! { <Tile label=t!(credit_notes.credit_left) value=format::money(row.left) tone=Tone::Credit /> }
    });
    let lines = view! { <LinesTable lines=note.lines.clone() /> };
    let sums = view! { <Sums note=note /> };
    view! {
        <PageHead title=name(row.number.as_deref()) crumbs lead=lead.into_any()>
            <ButtonLink href=print label=t!(invoices.print) icon="printer" />
        </PageHead>
        {state}
        <Tiles>
            <Tile label=t!(invoices.total) value=format::money(row.total) />
            {left}
            <Tile label=t!(invoices.issued_on) value=format::date(row.issued_on) />
        </Tiles>
        {facts}
        <Card title=t!(credit_notes.lines)>{lines} {sums} {text}</Card>
        {settled}
        {acts}
        {entries}
        <HistoryCard items=history />
    }
}

fn state(note: &CreditNoteDetail) -> impl IntoView + use<> {
    let draft = (note.row.status == CreditNoteStatus::Draft)
        .then(|| view! { <Notice><p>{t!(credit_notes.is_draft)}</p></Notice> });
    let void = note.voided.as_ref().map(|voided| {
        let since = t!(invoices.is_void, date = format::date(voided.voided_on));
        let reason = voided.reason.clone();
        view! { <Notice tone=Tone::Warn><p>{since} " " <q>{reason}</q></p></Notice> }
    });
    view! { {draft} {void} }
}

fn facts(note: &CreditNoteDetail) -> impl IntoView + use<> {
    let row = &note.row;
    let invoice = links::invoice(row.invoice);
    let invoice = view! { <a href=invoice>{row.invoice_number.clone()}</a> };
    let posted = note
        .posting_on
        .filter(|day| *day != row.issued_on)
        .map(|day| view! { <Fact label=t!(invoices.posting_on)>{format::date(day)}</Fact> });
    let grant = note.grant.as_ref().map(|grant| {
        let number = t!(credits.one, number = grant.number.to_string());
        let href = links::grant(grant.grant);
        view! { <Fact label=t!(credit_notes.its_credit)><a href=href>{number}</a></Fact> }
    });
    let reason = words::credit_note_reason(row.reason);
    view! {
        <Card title=t!(credit_notes.facts)>
            <Facts>
                <Fact label=t!(credit_notes.invoice)>{invoice}</Fact>
                <Fact label=t!(credit_notes.reason)>{reason}</Fact>
                {posted}
                {grant}
            </Facts>
        </Card>
    }
}

fn settled(note: &CreditNoteDetail) -> impl IntoView + use<> {
    let slices = note.slices.clone();
    (!slices.is_empty()).then(|| {
        view! { <Card title=t!(payments.what_it_paid)><WhatItPaid slices /></Card> }
    })
}

/// Issuing or discarding a draft; voiding what is unused.
fn acts(note: &CreditNoteDetail) -> Option<impl IntoView + use<>> {
    if !may(Right::EditInvoices) {
        return None;
    }
    let id = note.row.credit_note.to_string();
    match note.row.status {
        CreditNoteStatus::Draft => Some(view! { <DraftActs id /> }.into_any()),
        CreditNoteStatus::Void => None,
        CreditNoteStatus::Issued | CreditNoteStatus::Applied => {
            let unused = note.slices.iter().all(|slice| slice.grant.is_none());
            unused.then(|| view! { <Void id /> }.into_any())
        }
    }
}

#[component]
fn DraftActs(id: String) -> impl IntoView {
    let to_discard = id.clone();
    view! {
        <section class="row other-acts" aria-label=t!(invoices.other_acts)>
            <Form endpoint="finalise_credit_note" arg="finalisation" keyed=true class="form-row">
                <Hidden name="credit_note" value=id />
                <ReasonField />
                <Submit label=t!(credit_notes.issue) />
            </Form>
            <Confirm label=t!(invoices.discard)>
                <p>{t!(invoices.discard_explained)}</p>
                <Form endpoint="discard_credit_note" arg="discard">
                    <Hidden name="credit_note" value=to_discard />
                    <Actions>
                        <Submit label=t!(invoices.discard_now) class="button-danger" />
                    </Actions>
                </Form>
            </Confirm>
        </section>
    }
}

#[component]
fn Void(id: String) -> impl IntoView {
    view! {
        <section class="row other-acts" aria-label=t!(invoices.other_acts)>
            <Confirm label=t!(credit_notes.void)>
                <p>{t!(credit_notes.void_explained)}</p>
                <Form endpoint="void_credit_note" arg="voiding" keyed=true>
                    <Hidden name="credit_note" value=id />
                    <TextField name="reason" label=t!(invoices.reason) required=true maxlength=500 />
                    <Actions>
                        <Submit label=t!(credit_notes.void_now) class="button-danger" />
                    </Actions>
                </Form>
            </Confirm>
        </section>
    }
}
