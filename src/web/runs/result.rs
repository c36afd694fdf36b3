//! What came of a run, and undoing all of it.

use super::api::show_credit_run_applications;
use super::list::totals_words;
use crate::domain::rights::Right;
use crate::dto::credit_runs::{CreditRunDetail, CreditRunSummary, RunState};
use crate::dto::lineage::AppliedSlice;
use crate::web::lineage::paid::WhatItPaid;
use crate::web::ui::prelude::*;

/// A run that is done or undone.
#[component]
pub fn ResultOfRun(run: CreditRunDetail) -> impl IntoView {
    let summary = run.summary;
    if summary.applications == 0 {
        return view! {
            {left_out(&summary)}
            <Empty title=t!(runs.nothing) text=t!(runs.nothing_recorded) />
        }
        .into_any();
    }
    let id = summary.run;
    let count = summary.applications;
    let may_undo = summary.state == RunState::Done
        && visit()
            .viewer
            .as_ref()
            .is_some_and(|viewer| viewer.may(Right::ApplyCredits));
    let (entries, totals) = (entries(&summary), totals_words(&summary.totals));
    let grants_used = format::number(summary.grants_used);
    view! {
        {undone(&summary)}
        <Tiles>
            <Tile label=t!(runs.applications) value=format::number(count) />
            <Tile label=t!(runs.grants_used) value=grants_used />
            <Tile label=t!(runs.total) value=totals tone=Tone::Credit />
            <Tile label=t!(runs.entries) value=entries />
        </Tiles>
        {left_out(&summary)}
        {load(show_credit_run_applications(id), move |slices| applications(slices, count))}
        {may_undo.then(|| undo(&summary))}
    }
    .into_any()
}

/// `41`, or `41–48`.
fn entries(summary: &CreditRunSummary) -> String {
    match (summary.first_entry, summary.last_entry) {
        (Some(first), Some(last)) if first == last => first.to_string(),
        (Some(first), Some(last)) => format!("{first}–{last}"),
        _ => String::new(),
    }
}

/// Accounts that were left alone or failed, by number.
fn left_out(summary: &CreditRunSummary) -> impl IntoView + use<> {
    let notice = |tone: Tone, title: &'static str, text: &'static str, accounts: &[String]| {
        let accounts = accounts.join(", ");
        (!accounts.is_empty()).then(|| {
            view! {
                <Notice tone=tone title=title>
                    <p>{text}</p>
                    <p><strong>{accounts}</strong></p>
                </Notice>
            }
        })
    };
    let stale = notice(
        Tone::Warn,
        t!(runs.stale_left),
        t!(runs.stale_left_text),
        &summary.stale_accounts,
    );
    let failed = notice(
        Tone::Bad,
        t!(runs.failed),
        t!(runs.failed_text),
        &summary.failed_accounts,
    );
    view! { {stale} {failed} }
}

fn undone(summary: &CreditRunSummary) -> Option<impl IntoView + use<>> {
    if summary.state != RunState::Undone {
        return None;
    }
    let left_alone = summary.left_alone.join(", ");
    let left_alone = (!left_alone.is_empty()).then(|| {
        view! { <p>{t!(runs.left_alone)} " " <strong>{left_alone}</strong></p> }
    });
    Some(view! {
        <Notice tone=Tone::Neutral title=t!(runs.undone)>
            <p>{t!(runs.undone_text)}</p>
            {left_alone}
        </Notice>
    })
}

fn applications(slices: Vec<AppliedSlice>, count: i64) -> impl IntoView {
    let shown = slices.len();
    let more = (i64::try_from(shown).is_ok_and(|shown| shown < count)).then(|| {
        let text = t!(
            runs.first_of,
            shown = shown.to_string(),
            count = format::number(count)
        );
        view! { <p class="hint">{text}</p> }
    });
    view! {
        <Card title=t!(runs.what_was_applied)>
            {more}
            <WhatItPaid slices with_origin=true />
        </Card>
    }
}

fn undo(summary: &CreditRunSummary) -> impl IntoView + use<> {
    let id = summary.run.to_string();
    view! {
        <Confirm label=t!(runs.undo)>
            <p>{t!(runs.undo_explained)}</p>
            <Form endpoint="undo_credit_run" arg="undo">
                <Hidden name="run" value=id />
                <TextField name="reason" label=t!(runs.reason) required=true maxlength=500 />
                <Actions>
                    <Submit label=t!(runs.undo_now) class="button-danger" />
                </Actions>
            </Form>
        </Confirm>
    }
}
