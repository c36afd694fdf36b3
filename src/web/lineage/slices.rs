//! Which funds settled an invoice, and how that came about: in words, and as a table of applications.

use crate::domain::approval::RequestKind;
use crate::domain::ids::JournalEntryId;
use crate::domain::rights::Right;
use crate::dto::lineage::{AppliedSlice, FundsOrigin, GrantRef, RunRef};
use crate::web::links;
use crate::web::ui::prelude::*;

/// The document money or credit came from: `Payment 12 of 5 Jan 2026`, `INV-2026-00007 of 3 Jan 2026`.
pub fn origin_words(origin: &FundsOrigin) -> String {
    match origin {
        FundsOrigin::Payment {
            number,
            received_on,
            ..
        } => t!(
            lineage.of_payment,
            number = number.to_string(),
            date = format::date(*received_on)
        ),
        FundsOrigin::Invoice {
            number, issued_on, ..
        }
        | FundsOrigin::CreditNote {
            number, issued_on, ..
        } => t!(
            lineage.of_invoice,
            number = number.clone(),
            date = format::date(*issued_on)
        ),
        FundsOrigin::Promotion { code, .. } => t!(lineage.of_promotion, code = code.clone()),
        FundsOrigin::Request {
            kind,
            number,
            effective_on,
            ..
        } => t!(
            lineage.of_request,
            kind = words::request_kind(*kind),
            number = number.to_string(),
            date = format::date(*effective_on)
        ),
    }
}

/// The same for the customer: "Your payment of 5 January 2026".
pub fn your_origin_words(origin: &FundsOrigin, date: fn(chrono::NaiveDate) -> String) -> String {
    match origin {
        FundsOrigin::Payment { received_on, .. } => {
            t!(lineage.your_payment, date = date(*received_on))
        }
        FundsOrigin::Invoice { number, .. } => t!(lineage.your_credit, number = number.clone()),
        FundsOrigin::CreditNote { number, .. } => {
            t!(lineage.your_credit_note, number = number.clone())
        }
        FundsOrigin::Promotion {
            name_en, name_de, ..
        } => t!(
            lineage.your_promotion,
            name = words::localised(name_en, name_de)
        ),
        FundsOrigin::Request {
            kind, effective_on, ..
        } => {
            let date = date(*effective_on);
            match kind {
                RequestKind::Adjustment => t!(lineage.your_goodwill, date = date),
                RequestKind::Transfer => t!(lineage.your_transfer, date = date),
                RequestKind::Refund => t!(lineage.your_refund, date = date),
                RequestKind::WriteOff => t!(lineage.your_write_off, date = date),
            }
        }
    }
}

/// Where staff see the document money or credit came from.
pub fn origin_link(origin: &FundsOrigin) -> String {
    match origin {
        FundsOrigin::Payment { payment, .. } => links::payment(*payment),
        FundsOrigin::Invoice { invoice, .. } => links::invoice(*invoice),
        FundsOrigin::Promotion { promotion, .. } => links::promotion(*promotion),
        FundsOrigin::CreditNote { credit_note, .. } => links::credit_note(*credit_note),
        FundsOrigin::Request { request, .. } => links::request(*request),
    }
}

/// The grant a slice came from: `Prepayment, credit 7`; for a slice straight from the payment, that it was.
pub fn grant_words(grant: Option<&GrantRef>) -> String {
    match grant {
        Some(grant) => t!(
            lineage.from_grant,
            class = words::credit_class(grant.class),
            number = grant.number.to_string()
        ),
        None => t!(lineage.straight).to_owned(),
    }
}

/// What paid an invoice, for staff: origin, grant, act and entry of each slice, undone ones struck out. Those who
/// may can undo one here.
#[component]
pub fn WhatPaidIt(slices: Vec<AppliedSlice>) -> impl IntoView {
    let may_undo = may(Right::ApplyCredits);
    let rows: Vec<_> = slices
        .into_iter()
        .map(|slice| row(slice, may_undo))
        .collect();
    let head = view! {
        <th scope="col">{t!(lineage.when)}</th>
        <th scope="col">{t!(lineage.where_from)}</th>
        <th scope="col">{t!(lineage.by_which_act)}</th>
        <NumberHead label=t!(lineage.amount) />
        <th scope="col"><span class="visually-hidden">{t!(lineage.undo)}</span></th>
    };
    view! {
        <DataTable caption=t!(lineage.what_paid_it) head=head.into_any() cards=true>{rows}</DataTable>
    }
}

fn row(slice: AppliedSlice, may_undo: bool) -> impl IntoView {
    let undone = slice.undone.as_ref().map(|undone| {
        let sentence = t!(
            lineage.undone_by,
            date = format::date(undone.unapplied_on),
            name = undone.unapplied_by.clone()
        );
        view! {
            <p class="soft">
                {sentence} " " <EntryLink entry=undone.entry number=undone.entry_number />
            </p>
        }
    });
    let class = if slice.stands() { "" } else { "struck" };
    let written_off = matches!(
        slice.origin,
        FundsOrigin::Request {
            kind: RequestKind::WriteOff,
            ..
        }
    );
    let undo = (may_undo && slice.stands() && !written_off).then(|| {
        view! { <UndoApplication application=slice.application.to_string() /> }
    });
    let from = match &slice.grant {
        Some(grant) => {
            let href = links::grant(grant.grant);
            view! { <p class="soft"><a href=href>{grant_words(Some(grant))}</a></p> }.into_any()
        }
        None if written_off => ().into_any(),
        None => view! { <p class="soft">{grant_words(None)}</p> }.into_any(),
    };
    let run = slice.run.map(|run| {
        view! { <RunLink run /> " " }
    });
    view! {
        <tr class=class>
            <Cell label=t!(lineage.when)>{format::date(slice.effective_on)}</Cell>
            <Cell label=t!(lineage.where_from)>
                <div><a href=origin_link(&slice.origin)>{origin_words(&slice.origin)}</a> {from}</div>
            </Cell>
            <Cell label=t!(lineage.by_which_act)>
                <div>
                    <p>{run} {t!(lineage.recorded_by, name = slice.recorded_by.clone())}</p>
                    <p class="soft"><EntryLink entry=slice.entry number=slice.entry_number /></p>
                    {undone}
                </div>
            </Cell>
            <NumberCell label=t!(lineage.amount)>{format::money(slice.amount)}</NumberCell>
            <Cell>{undo}</Cell>
        </tr>
    }
}

/// `Entry 42`.
pub fn entry_words(number: i64) -> String {
    t!(lineage.entry, number = number.to_string())
}

/// `Entry 42`, which leads there for those who may read the journal.
#[component]
pub fn EntryLink(entry: JournalEntryId, number: i64) -> impl IntoView {
    let words = entry_words(number);
    match may(Right::ReadJournal) {
        true => view! { <a href=links::entry(entry)>{words}</a> }.into_any(),
        false => words.into_any(),
    }
}

/// `Credit run 7,`, which leads there for those who may read the journal.
#[component]
pub fn RunLink(run: RunRef) -> impl IntoView {
    let words = t!(lineage.by_run, number = run.number.to_string());
    match may(Right::ReadJournal) {
        true => view! { <a href=links::credit_run(run.run)>{words}</a> }.into_any(),
        false => words.into_any(),
    }
}

fn may(right: Right) -> bool {
    visit()
        .viewer
        .as_ref()
        .is_some_and(|viewer| viewer.may(right))
}

/// Takes one application back, after a second look.
#[component]
pub fn UndoApplication(#[prop(into)] application: String) -> impl IntoView {
    view! {
        <Confirm label=t!(lineage.undo)>
            <p>{t!(lineage.undo_explained)}</p>
            <Form endpoint="unapply_credit" arg="unapplication" instance=("application", application) keyed=true>
                <TextField name="reason" label=t!(lineage.reason) maxlength=500 />
                <NewLastDay />
                <Actions>
                    <Submit label=t!(lineage.undo_now) class="button-danger" />
                </Actions>
            </Form>
        </Confirm>
    }
}

/// The new last usable day for credit that comes back after it lapsed, for who may give one.
#[component]
pub fn NewLastDay() -> impl IntoView {
    may(Right::ReinstateCredits).then(|| {
        view! { <DateField name="new_expires_on" label=t!(expiry.reinstate) hint=t!(expiry.reinstate_hint) /> }
    })
}

/// What paid an invoice, for the customer who owed it: no numbers of entries and no names of staff.
#[component]
pub fn WhatPaidItForCustomer(slices: Vec<AppliedSlice>) -> impl IntoView {
    let rows: Vec<_> = slices
        .into_iter()
        .map(|slice| {
            let origin = your_origin_words(&slice.origin, format::long_date);
            let class = slice.grant.as_ref().map(|grant| {
                view! { <p class="soft">{words::credit_class(grant.class)}</p> }
            });
            let undone = slice.undone.as_ref().map(|undone| {
                let date = format::date(undone.unapplied_on);
                view! { <p class="soft">{t!(lineage.undone_on, date = date)}</p> }
            });
            let struck = if slice.stands() { "" } else { "struck" };
            view! {
                <tr class=struck>
                    <Cell label=t!(lineage.where_from)><div>{origin} {class} {undone}</div></Cell>
                    <Cell label=t!(lineage.when)>{format::date(slice.effective_on)}</Cell>
                    <NumberCell label=t!(lineage.amount)>{format::money(slice.amount)}</NumberCell>
                </tr>
            }
        })
        .collect();
    let head = view! {
        <th scope="col">{t!(lineage.where_from)}</th>
        <th scope="col">{t!(lineage.when)}</th>
        <NumberHead label=t!(lineage.amount) />
    };
    view! {
        <DataTable caption=t!(lineage.what_paid_it) head=head.into_any() cards=true>{rows}</DataTable>
    }
}
