//! The list of credit runs.

use super::api::list_credit_runs;
use crate::domain::money::Money;
use crate::domain::rights::Right;
use crate::dto::credit_runs::{CreditRunRow, RunScope};
use crate::dto::page::{Page, PageRequest};
use crate::web::links;
use crate::web::ui::prelude::*;

/// Credit runs, newest first.
#[component]
pub fn CreditRunsPage() -> impl IntoView {
    let page: PageRequest = typed::query();
    let may_run = visit()
        .viewer
        .as_ref()
        .is_some_and(|viewer| viewer.may(Right::ApplyCredits));
    view! {
        <PageHead title=t!(runs.title) lead=view! { <p>{t!(runs.explained)}</p> }.into_any()>
            {may_run.then(|| view! {
                <ButtonLink href="/credit-runs/new" label=t!(runs.new) icon="plus" primary=true />
            })}
        </PageHead>
        {load(list_credit_runs(page), table)}
    }
}

fn table(page: Page<CreditRunRow>) -> AnyView {
    if page.rows.is_empty() {
        return view! { <Empty title=t!(runs.none) text=t!(runs.none_text) /> }.into_any();
    }
    let rows: Vec<_> = page.rows.into_iter().map(row).collect();
    let head = view! {
        <th scope="col">{t!(runs.number)}</th>
        <th scope="col">{t!(runs.effective_on)}</th>
        <th scope="col">{t!(runs.scope)}</th>
        <th scope="col">{t!(runs.state)}</th>
        <th scope="col">{t!(runs.created)}</th>
        <NumberHead label=t!(runs.applications) />
        <NumberHead label=t!(runs.total) />
    };
    view! {
        <DataTable caption=t!(runs.title) head=head.into_any() cards=true>{rows}</DataTable>
        <Pager total=page.total />
    }
    .into_any()
}

fn row(run: CreditRunRow) -> impl IntoView {
    let created = t!(
        lineage.who_when,
        name = run.created_by,
        when = format::instant(run.created_at)
    );
    view! {
        <tr>
            <th scope="row"><a href=links::credit_run(run.run)>{run.number.to_string()}</a></th>
            <Cell label=t!(runs.effective_on)>{format::date(run.effective_on)}</Cell>
            <Cell label=t!(runs.scope)>{scope_words(run.scope, &run.scope_value)}</Cell>
            <Cell label=t!(runs.state)><words::RunBadge state=run.state /></Cell>
            <Cell label=t!(runs.created)>{created}</Cell>
            <NumberCell label=t!(runs.applications)>{format::number(run.applications)}</NumberCell>
            <NumberCell label=t!(runs.total)>{totals_words(&run.totals)}</NumberCell>
        </tr>
    }
}

/// `All customers`, `One customer: K-7`.
pub fn scope_words(scope: RunScope, value: &str) -> String {
    match scope {
        RunScope::All => words::run_scope(scope).to_owned(),
        RunScope::Tag | RunScope::Customer => format!("{}: {value}", words::run_scope(scope)),
    }
}

/// One total per currency; never a sum over currencies.
pub fn totals_words(totals: &[Money]) -> String {
    let totals: Vec<String> = totals.iter().map(|total| format::money(*total)).collect();
    totals.join(", ")
}
