//! Who would get what, against the budget; nothing is written.

use super::api::{show_promotion, simulate_promotion};
use super::terms;
use crate::domain::ids::PromotionId;
use crate::dto::error::AppError;
use crate::dto::promotions::{PromotionDetail, PromotionSimulation, SimulatedGrant};
use crate::web::links;
use crate::web::ui::prelude::*;
use crate::web::ui::visit::route_id;

#[component]
pub fn SimulatePromotionPage() -> impl IntoView {
    let promotion = route_id("id");
    load(async move { found(promotion?).await }, page)
}

async fn found(promotion: PromotionId) -> Result<(PromotionDetail, PromotionSimulation), AppError> {
    let detail = show_promotion(promotion).await?;
    Ok((detail, simulate_promotion(promotion).await?))
}

fn page((promotion, found): (PromotionDetail, PromotionSimulation)) -> impl IntoView {
    let mut crumbs = terms::crumbs();
    crumbs.push(Crumb::new(
        promotion.row.code.clone(),
        links::promotion(promotion.row.promotion),
    ));
    let budget = found.budget_left.map(|left| {
        view! { <Tile label=t!(promotions.budget_left) value=format::money(left) /> }
    });
    let stops = found.stops_at_budget.then(|| {
        view! { <Notice tone=Tone::Warn><p>{t!(promotions.would_stop)}</p></Notice> }
    });
    let asked = t!(promotions.asked, count = format::number(found.accounts));
    view! {
        <PageHead
            title=t!(promotions.simulate)
            crumbs
            lead=view! { <p>{t!(promotions.simulate_explained)}</p> }.into_any()
        />
        {stops}
        <Tiles>
            <Tile label=t!(promotions.would_get) value=format::number(found.grants) note=asked />
            <Tile label=t!(promotions.would_cost) value=format::money(found.total) tone=Tone::Credit />
            {budget}
        </Tiles>
        {would_get(found.shown, found.grants)}
        {would_not(found.refusals)}
    }
}

fn would_get(shown: Vec<SimulatedGrant>, count: i64) -> AnyView {
    if shown.is_empty() {
        return view! {
            <Empty title=t!(promotions.nobody) text=t!(promotions.nobody_text) />
        }
        .into_any();
    }
    let more = i64::try_from(shown.len())
        .is_ok_and(|listed| listed < count)
        .then(|| {
            view! { <p class="hint">{t!(promotions.first_ones, count = format::number(count))}</p> }
        });
    let rows: Vec<_> = shown.into_iter().map(row).collect();
    let head = view! {
        <th scope="col">{t!(promotions.account)}</th>
        <th scope="col">{t!(promotions.document)}</th>
        <th scope="col">{t!(promotions.lapse)}</th>
        <NumberHead label=t!(promotions.gives) />
    };
    view! {
        <Card title=t!(promotions.who_would_get)>
            {more}
            <DataTable caption=t!(promotions.who_would_get) head=head.into_any() cards=true>{rows}</DataTable>
        </Card>
    }
    .into_any()
}

fn row(grant: SimulatedGrant) -> impl IntoView {
    let account = grant.on.account;
    view! {
        <tr>
            <th scope="row">
                <a href=links::account(&account)>{account.clone()}</a> " " {grant.on.customer_name}
            </th>
            <Cell label=t!(promotions.document)>{grant.basis}</Cell>
            <Cell label=t!(promotions.lapse)>{words::lapses(grant.expires_on)}</Cell>
            <NumberCell label=t!(promotions.gives)>{format::money(grant.amount)}</NumberCell>
        </tr>
    }
}

fn would_not(refusals: Vec<(String, i64)>) -> AnyView {
    if refusals.is_empty() {
        return ().into_any();
    }
    let rows: Vec<_> = refusals
        .into_iter()
        .map(|(code, count)| {
            view! { <Fact label=refusal(&code)>{format::number(count)}</Fact> }
        })
        .collect();
    view! { <Card title=t!(promotions.who_would_not)><Facts>{rows}</Facts></Card> }.into_any()
}

/// Why somebody gets nothing, out of the stable code a run notes.
pub fn refusal(code: &str) -> String {
    let words = match code {
        "promotion_already_given" => t!(promotions.not_already_given),
        "promotion_cap_reached" => t!(promotions.not_cap_reached),
        "promotion_budget_spent" => t!(promotions.not_budget_spent),
        "promotion_not_combinable" => t!(promotions.not_combinable),
        "promotion_gives_nothing" => t!(promotions.not_rounds_to_nothing),
        "below_minimum" => t!(promotions.not_minimum),
        "not_in_audience" => t!(promotions.not_audience),
        "promotion_over" => t!(promotions.not_over),
        _ => t!(promotions.not_done),
    };
    words.to_owned()
}
