//! One run over an audience: how far it has come, who got something and who did not.

use super::api::{list_promotion_grants, show_promotion_run};
use super::detail::given;
use super::simulate::refusal;
use super::terms::{self, RunStateBadge};
use crate::dto::page::PageRequest;
use crate::dto::promotions::{PromotionRunDetail, PromotionRunRow, PromotionRunState};
use crate::web::links;
use crate::web::ui::prelude::*;
use crate::web::ui::visit::route_id;
use leptos_meta::Meta;

/// How often a page that shows progress asks again, in seconds.
const REFRESH_SECONDS: &str = "2";

#[component]
pub fn PromotionRunPage() -> impl IntoView {
    let run = route_id("id");
    load(async move { show_promotion_run(run?).await }, page)
}

fn page(run: PromotionRunDetail) -> impl IntoView {
    let row = run.row;
    let mut crumbs = terms::crumbs();
    crumbs.push(Crumb::new(
        row.code.clone(),
        links::promotion(row.promotion),
    ));
    let created = t!(
        lineage.who_when,
        name = row.created_by.clone(),
        when = format::instant(row.created_at)
    );
    let lead = view! { <p><RunStateBadge of=row.state /> " " {created}</p> };
    let grants: PageRequest = typed::query();
    view! {
        <PageHead title=t!(promotions.run_of, code = row.code.clone()) crumbs lead=lead.into_any() />
        {state(&row)}
        <Tiles>
            <Tile label=t!(promotions.grants) value=format::number(row.grants) />
            <Tile label=t!(promotions.total) value=format::money(row.total) tone=Tone::Credit />
            <Tile label=t!(promotions.refused) value=format::number(row.refused) />
        </Tiles>
        {load(list_promotion_grants(row.promotion, Some(row.run), grants), given)}
        {refused(run.refusals)}
    }
}

/// What a run that did not simply end asks for.
fn state(row: &PromotionRunRow) -> AnyView {
    let id = row.run.to_string();
    let resume = terms::may_give().then(|| {
        view! {
            <Form endpoint="resume_promotion_run" arg="run">
                <Hidden name="run" value=id />
                <Actions><Submit label=t!(promotions.go_on) class="" /></Actions>
            </Form>
        }
    });
    let count = |count: i64| u32::try_from(count).unwrap_or(u32::MAX);
    let (done, total) = (count(row.done), count(row.accounts));
    match row.state {
        PromotionRunState::Done => ().into_any(),
        PromotionRunState::BudgetSpent => view! {
            <Notice tone=Tone::Warn title=t!(promotions.run_budget_spent)>
                <p>{t!(promotions.budget_spent_explained)}</p>
            </Notice>
        }
        .into_any(),
        PromotionRunState::Stopped => view! {
            <Notice tone=Tone::Warn title=t!(promotions.run_stopped)>
                <p>{t!(promotions.stopped_explained)}</p>
                {resume}
            </Notice>
        }
        .into_any(),
        PromotionRunState::Running => view! {
            <Meta http_equiv="refresh" content=REFRESH_SECONDS />
            <Card title=t!(promotions.run_running)>
                <Progress label=t!(promotions.done_so_far) done=done total=total />
                <p class="soft">{t!(promotions.go_on_explained)}</p>
                {resume}
            </Card>
        }
        .into_any(),
    }
}

fn refused(refusals: Vec<(String, String)>) -> AnyView {
    if refusals.is_empty() {
        return ().into_any();
    }
    let rows: Vec<_> = refusals
        .into_iter()
        .map(|(account, code)| {
            view! {
                <tr>
                    <th scope="row"><a href=links::account(&account)>{account.clone()}</a></th>
                    <Cell label=t!(promotions.why)>{refusal(&code)}</Cell>
                </tr>
            }
        })
        .collect();
    let head = view! {
        <th scope="col">{t!(promotions.account)}</th>
        <th scope="col">{t!(promotions.why)}</th>
    };
    view! {
        <Card title=t!(promotions.who_did_not)>
            <DataTable caption=t!(promotions.who_did_not) head=head.into_any() cards=true>{rows}</DataTable>
        </Card>
    }
    .into_any()
}
