//! A customer's own credit: where it came from, what it paid, until when it can be used.

use super::api::{list_credits, show_credit};
use crate::dto::credits::{
    GrantDetail, GrantFilter, GrantMovement, GrantMovementKind, GrantRow, GrantsShown,
};
use crate::dto::lineage::FundsOrigin;
use crate::dto::page::{Page, PageRequest};
use crate::web::lineage::paid::PaidInSentences;
use crate::web::lineage::slices::your_origin_words;
use crate::web::links;
use crate::web::ui::prelude::*;
use crate::web::ui::visit::route_id;

/// The customer's credit, what can still be used first.
#[component]
pub fn PortalCreditsPage() -> impl IntoView {
    let mut filter: GrantFilter = typed::query();
    // Only what the links below ask for.
    filter.search = String::new();
    let page: PageRequest = typed::query();
    let all = filter.show == GrantsShown::All.code();
    let other = match all {
        true => view! { <ButtonLink href="/portal/credits" label=t!(credits.show_left) /> },
        false => {
            view! { <ButtonLink href="/portal/credits?show=all" label=t!(credits.show_all) /> }
        }
    };
    view! {
        <PageHead title=t!(credits.yours)>
            <ButtonLink href="/portal/credit-notes" label=t!(credit_notes.portal_title) icon="file-text" />
            {other}
        </PageHead>
        {load(list_credits(filter, page), table)}
    }
}

fn table(page: Page<GrantRow>) -> AnyView {
    if page.rows.is_empty() {
        return view! { <Empty title=t!(credits.none_yours) text=t!(credits.none_yours_text) /> }
            .into_any();
    }
    let rows: Vec<_> = page.rows.into_iter().map(row).collect();
    let head = view! {
        <th scope="col">{t!(credits.origin)}</th>
        <th scope="col">{t!(credits.class)}</th>
        <th scope="col">{t!(credits.lapses)}</th>
        <th scope="col">{t!(credits.status)}</th>
        <NumberHead label=t!(credits.remaining) />
    };
    view! {
        <DataTable caption=t!(credits.yours) head=head.into_any() cards=true>{rows}</DataTable>
        <Pager total=page.total />
    }
    .into_any()
}

fn row(grant: GrantRow) -> impl IntoView {
    view! {
        <tr>
            <th scope="row"><a href=links::portal_grant(grant.grant)>{your_origin(&grant.origin)}</a></th>
            <Cell label=t!(credits.class)>{words::credit_class(grant.class)}</Cell>
            <Cell label=t!(credits.lapses)>{words::lapses(grant.expires_on)}</Cell>
            <Cell label=t!(credits.status)><words::GrantBadge status=grant.status /></Cell>
            <NumberCell label=t!(credits.remaining)>{format::money(grant.remaining)}</NumberCell>
        </tr>
    }
}

fn your_origin(origin: &FundsOrigin) -> String {
    your_origin_words(origin, format::date)
}

/// One credit of the customer's.
#[component]
pub fn PortalCreditPage() -> impl IntoView {
    let grant = route_id("id");
    load(async move { show_credit(grant?).await }, page)
}

fn page(grant: GrantDetail) -> impl IntoView {
    let row = grant.row;
    let lead = view! {
        <p><words::GrantBadge status=row.status /> " " {words::credit_class(row.class)}</p>
    };
    let words = your_origin(&row.origin);
    let href = match &row.origin {
        FundsOrigin::Payment { payment, .. } => Some(links::portal_payment(*payment)),
        FundsOrigin::Invoice { invoice, .. } => Some(links::portal_invoice(*invoice)),
        FundsOrigin::CreditNote { credit_note, .. } => {
            Some(links::portal_credit_note(*credit_note))
        }
        FundsOrigin::Promotion { .. } => None,
        // Goodwill and transfers have no page of their own for the customer.
        FundsOrigin::Request { .. } => None,
    };
    let origin = match href {
        Some(href) => view! { <a href=href>{words}</a> }.into_any(),
        None => words.into_any(),
    };
    let slices = grant.slices;
    let paid = match slices.is_empty() {
        true => view! { <p class="soft">{t!(credits.paid_nothing)}</p> }.into_any(),
        false => view! { <PaidInSentences slices /> }.into_any(),
    };
    view! {
        <PageHead
            title=t!(credits.your_one)
            crumbs=vec![Crumb::new(t!(credits.yours), "/portal/credits")]
            lead=lead.into_any()
        />
        <Tiles>
            <Tile
                label=t!(credits.remaining)
                value=format::money(row.remaining)
                tone=Tone::Credit
                note=words::lapses(row.expires_on)
            />
            <Tile label=t!(credits.amount) value=format::money(row.amount) />
        </Tiles>
        <Card title=t!(credits.where_from)>
            <p>{origin}</p>
        </Card>
        <Card title=t!(credits.what_it_paid)>{paid}</Card>
        {happened(grant.movements)}
    }
}

/// Everything that changed what is left, for whom the words in "what it paid" do not say it all.
fn happened(movements: Vec<GrantMovement>) -> Option<impl IntoView> {
    let told = |kind| matches!(kind, GrantMovementKind::Issued | GrantMovementKind::Applied);
    if movements.iter().all(|movement| told(movement.kind)) {
        return None;
    }
    let rows: Vec<_> = movements
        .into_iter()
        .map(|movement| {
            let amount = format::money(movement.amount);
            let change = match movement.kind.adds() {
                true => format!("+{amount}"),
                false => format!("\u{2212}{amount}"),
            };
            view! {
                <tr>
                    <th scope="row">{format::date(movement.effective_on)}</th>
                    <Cell label=t!(credits.movement)>{words::grant_movement(movement.kind)}</Cell>
                    <NumberCell label=t!(credits.change)>{change}</NumberCell>
                    <NumberCell label=t!(credits.left_after)>{format::money(movement.remaining_after)}</NumberCell>
                </tr>
            }
        })
        .collect();
    let head = view! {
        <th scope="col">{t!(credits.when)}</th>
        <th scope="col">{t!(credits.movement)}</th>
        <NumberHead label=t!(credits.change) />
        <NumberHead label=t!(credits.left_after) />
    };
    Some(view! {
        <Card title=t!(expiry.what_happened)>
            <DataTable caption=t!(expiry.what_happened) head=head.into_any() cards=true>{rows}</DataTable>
        </Card>
    })
}
