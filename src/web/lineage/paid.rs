//! What money or credit paid: the other side of what paid an invoice.

use super::slices::{EntryLink, RunLink, UndoApplication, grant_words};
use crate::domain::rights::Right;
use crate::dto::lineage::AppliedSlice;
use crate::web::links;
use crate::web::ui::prelude::*;

/// What was paid, for staff: invoice, grant, act and entry of each slice, undone ones struck out. Those who may can
/// undo one here.
#[component]
pub fn WhatItPaid(
    slices: Vec<AppliedSlice>,
    /// Says which payment or grant each slice came from: where they differ.
    #[prop(optional)]
    with_origin: bool,
) -> impl IntoView {
    let may_undo = visit()
        .viewer
        .as_ref()
        .is_some_and(|viewer| viewer.may(Right::ApplyCredits));
    let rows: Vec<_> = slices
        .into_iter()
        .map(|slice| row(slice, may_undo, with_origin))
        .collect();
    let head = view! {
        <th scope="col">{t!(lineage.invoice)}</th>
        <th scope="col">{t!(lineage.when)}</th>
        <th scope="col">{t!(lineage.where_from)}</th>
        <th scope="col">{t!(lineage.by_which_act)}</th>
        <NumberHead label=t!(lineage.amount) />
        <th scope="col"><span class="visually-hidden">{t!(lineage.undo)}</span></th>
    };
    view! {
        <DataTable caption=t!(lineage.what_it_paid) head=head.into_any() cards=true>{rows}</DataTable>
    }
}

fn row(slice: AppliedSlice, may_undo: bool, with_origin: bool) -> impl IntoView {
    let class = if slice.stands() { "" } else { "struck" };
    let undo = (may_undo && slice.stands()).then(|| {
        view! { <UndoApplication application=slice.application.to_string() /> }
    });
    let origin = with_origin.then(|| {
        let href = super::slices::origin_link(&slice.origin);
        let origin = super::slices::origin_words(&slice.origin);
        view! { <p><a href=href>{origin}</a></p> }
    });
    let from = match &slice.grant {
        Some(grant) => {
            let href = links::grant(grant.grant);
            view! { <a href=href>{grant_words(Some(grant))}</a> }.into_any()
        }
        None => grant_words(None).into_any(),
    };
    let act = act(&slice);
    view! {
        <tr class=class>
            <th scope="row"><a href=links::invoice(slice.invoice)>{slice.invoice_number}</a></th>
            <Cell label=t!(lineage.when)>{format::date(slice.effective_on)}</Cell>
            <Cell label=t!(lineage.where_from)><div>{origin} {from}</div></Cell>
            <Cell label=t!(lineage.by_which_act)>{act}</Cell>
            <NumberCell label=t!(lineage.amount)>{format::money(slice.amount)}</NumberCell>
            <Cell>{undo}</Cell>
        </tr>
    }
}

/// Who applied it, by which run and entry; who undid it.
fn act(slice: &AppliedSlice) -> impl IntoView + use<> {
    let run = slice.run.map(|run| {
        view! { <RunLink run /> " " }
    });
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
    let (entry, number) = (slice.entry, slice.entry_number);
    let recorded_by = t!(lineage.recorded_by, name = slice.recorded_by.clone());
    view! {
        <div>
            <p>{run} {recorded_by}</p>
            <p class="soft"><EntryLink entry number /></p>
            {undone}
        </div>
    }
}

/// What was paid, in sentences for the customer whose money it was: "Your payment of 5 January 2026 paid €6.00 of
/// INV-2026-00007 on 15 January 2026."
#[component]
pub fn PaidInSentences(slices: Vec<AppliedSlice>) -> impl IntoView {
    let lines: Vec<_> = slices.into_iter().map(line).collect();
    view! { <ul class="lineage">{lines}</ul> }
}

fn line(slice: AppliedSlice) -> impl IntoView {
    let source = super::slices::your_origin_words(&slice.origin, format::long_date);
    let sentence = t!(
        lineage.paid,
        source = source,
        amount = format::money(slice.amount),
        invoice = slice.invoice_number.clone(),
        date = format::long_date(slice.effective_on)
    );
    let undone = slice.undone.as_ref().map(|undone| {
        let date = format::long_date(undone.unapplied_on);
        view! { <p class="soft">{t!(lineage.undone_on, date = date)}</p> }
    });
    let class = if slice.stands() { "" } else { "struck" };
    let href = links::portal_invoice(slice.invoice);
    view! { <li class=class><a href=href>{sentence}</a> {undone}</li> }
}
