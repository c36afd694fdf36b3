//! One run, whatever became of it: preview, under way, done, undone.

use super::api::show_credit_run;
use super::list::scope_words;
use super::preview::PreviewOfRun;
use super::result::ResultOfRun;
use crate::domain::rights::Right;
use crate::dto::credit_runs::{CreditRunDetail, RunState};
use crate::web::ui::prelude::*;
use crate::web::ui::visit::route_id;
use leptos_meta::Meta;

/// How often a page that shows progress asks again, in seconds.
const REFRESH_SECONDS: &str = "2";

/// The page of a run.
#[component]
pub fn CreditRunPage() -> impl IntoView {
    let run = route_id("id");
    load(async move { show_credit_run(run?).await }, page)
}

fn page(run: CreditRunDetail) -> impl IntoView {
    let title = t!(runs.one, number = run.summary.number.to_string());
    let lead = view! { <p><words::RunBadge state=run.summary.state /></p> };
    let facts = facts(&run);
    let body = match run.summary.state {
        RunState::Preview => view! { <PreviewOfRun run=run.summary.run /> }.into_any(),
        RunState::Running | RunState::Undoing => under_way(&run).into_any(),
        RunState::Done | RunState::Undone => view! { <ResultOfRun run /> }.into_any(),
    };
    view! {
        <PageHead title crumbs=vec![Crumb::new(t!(runs.title), "/credit-runs")] lead=lead.into_any() />
        {facts}
        {body}
    }
}

fn facts(run: &CreditRunDetail) -> impl IntoView + use<> {
    let order = run
        .order_of_use
        .map_or_else(|| t!(runs.own_order), words::order_of_use);
    let who_when = |name: String, when| {
        let when = format::instant(when);
        t!(lineage.who_when, name = name, when = when)
    };
    let undone = run.undone_by.clone().zip(run.undone_at).map(|(by, at)| {
        view! { <Fact label=t!(runs.undone)>{who_when(by, at)}</Fact> }
    });
    let (effective_on, created) = (
        run.effective_on,
        who_when(run.created_by.clone(), run.created_at),
    );
    let scope = scope_words(run.scope, &run.scope_value);
    view! {
        <Card title=t!(runs.asked_for)>
            <Facts>
                <Fact label=t!(runs.effective_on)>{format::date(effective_on)}</Fact>
                <Fact label=t!(runs.scope)>{scope}</Fact>
                <Fact label=t!(runs.order)>{order}</Fact>
                <Fact label=t!(runs.created)>{created}</Fact>
                {undone}
            </Facts>
        </Card>
    }
}

/// How far a run has come that is worked off behind the page, and how to finish one that stopped.
fn under_way(run: &CreditRunDetail) -> impl IntoView + use<> {
    let undoing = run.summary.state == RunState::Undoing;
    let (title, label) = match undoing {
        true => (t!(runs.undoing), t!(runs.undone_so_far)),
        false => (t!(runs.running), t!(runs.done_so_far)),
    };
    let id = run.summary.run.to_string();
    let may_run = visit()
        .viewer
        .as_ref()
        .is_some_and(|viewer| viewer.may(Right::ApplyCredits));
    let again = may_run.then(|| match undoing {
        true => view! {
            <Form endpoint="undo_credit_run" arg="undo">
                <Hidden name="run" value=id />
                <Actions><Submit label=t!(runs.go_on) class="" /></Actions>
            </Form>
        }
        .into_any(),
        false => view! {
            <Form endpoint="commit_credit_run" arg="commit">
                <Hidden name="run" value=id />
                <Actions><Submit label=t!(runs.go_on) class="" /></Actions>
            </Form>
        }
        .into_any(),
    });
    let (done, total) = (run.done, run.total);
    view! {
        <Meta http_equiv="refresh" content=REFRESH_SECONDS />
        <Card title=title>
            <Progress label=label done=done total=total />
            <p>{t!(runs.refreshes)}</p>
            <p class="soft">{t!(runs.go_on_explained)}</p>
            {again}
        </Card>
    }
}
