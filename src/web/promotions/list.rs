//! The list of promotions.

use super::api::list_promotions;
use super::terms::{self, StateBadge};
use crate::domain::promotion::PromotionState;
use crate::dto::page::{Page, PageRequest};
use crate::dto::promotions::{PromotionFilter, PromotionRow};
use crate::web::links;
use crate::web::ui::prelude::*;

/// Promotions, newest first.
#[component]
pub fn PromotionsPage() -> impl IntoView {
    let filter: PromotionFilter = typed::query();
    let page: PageRequest = typed::query();
    let filtered = !filter.search.is_empty() || !filter.state.is_empty();
    let any = (String::new(), t!(promotions.any_state).to_owned());
    let states = words::choices(PromotionState::ALL, PromotionState::code, terms::state);
    let states = std::iter::once(any).chain(states).collect();
    let lead = view! { <p>{t!(promotions.explained)}</p> };
    view! {
        <PageHead title=t!(promotions.title) lead=lead.into_any()>
            {terms::may_give().then(|| view! {
                <ButtonLink href="/promotions/code" label=t!(promotions.enter_code) icon="key" />
            })}
            {terms::may_define().then(|| view! {
                <ButtonLink href="/promotions/new" label=t!(promotions.new) icon="plus" primary=true />
            })}
        </PageHead>
        <FilterForm>
            <TextField name="search" label=t!(promotions.search) kind="search" />
            <SelectField name="state" label=t!(promotions.state) choices=states />
        </FilterForm>
        {load(list_promotions(filter, page), move |page| table(page, filtered))}
    }
}

fn table(page: Page<PromotionRow>, filtered: bool) -> AnyView {
    if page.rows.is_empty() && filtered {
        return view! { <Empty title=t!(promotions.none_found) text=t!(promotions.none_found_text) /> }
            .into_any();
    }
    if page.rows.is_empty() {
        return view! {
            <Empty title=t!(promotions.none) text=t!(promotions.none_text)>
                {terms::may_define().then(|| view! {
                    <ButtonLink href="/promotions/new" label=t!(promotions.new) icon="plus" primary=true />
                })}
            </Empty>
        }
        .into_any();
    }
    let rows: Vec<_> = page.rows.into_iter().map(row).collect();
    let head = view! {
        <th scope="col">{t!(promotions.code)}</th>
        <th scope="col">{t!(promotions.name)}</th>
        <th scope="col">{t!(promotions.kind)}</th>
        <NumberHead label=t!(promotions.gives) />
        <th scope="col">{t!(promotions.window)}</th>
        <th scope="col">{t!(promotions.state)}</th>
        <NumberHead label=t!(promotions.given) />
        <NumberHead label=t!(promotions.budget) />
    };
    view! {
        <DataTable caption=t!(promotions.title) head=head.into_any() cards=true>{rows}</DataTable>
        <Pager total=page.total />
    }
    .into_any()
}

fn row(promotion: PromotionRow) -> impl IntoView {
    let budget = promotion
        .budget
        .map_or_else(|| t!(promotions.no_bound).to_owned(), format::money);
    let (name, gives, window) = (
        terms::name(&promotion),
        terms::gives(&promotion),
        terms::window(&promotion),
    );
    view! {
        <tr>
            <th scope="row"><a href=links::promotion(promotion.promotion)>{promotion.code}</a></th>
            <Cell label=t!(promotions.name)>{name}</Cell>
            <Cell label=t!(promotions.kind)>{terms::kind(promotion.kind)}</Cell>
            <NumberCell label=t!(promotions.gives)>{gives}</NumberCell>
            <Cell label=t!(promotions.window)>{window}</Cell>
            <Cell label=t!(promotions.state)><StateBadge of=promotion.state /></Cell>
            <NumberCell label=t!(promotions.given)>{format::money(promotion.given)}</NumberCell>
            <NumberCell label=t!(promotions.budget)>{budget}</NumberCell>
        </tr>
    }
}
