//! The list of requests.

use super::api::list_requests;
use crate::domain::approval::{RequestKind, RequestState};
use crate::domain::rights::Right;
use crate::dto::page::{Page, PageRequest};
use crate::dto::requests::{RequestFilter, RequestRow};
use crate::web::customers::list::may;
use crate::web::links;
use crate::web::ui::prelude::*;

/// Requests of all kinds, filtered and paged by what stands in the URL.
#[component]
pub fn RequestsPage() -> impl IntoView {
    let filter: RequestFilter = typed::query();
    let page: PageRequest = typed::query();
    view! {
        <PageHead title=t!(requests.title)>
            {may(Right::RefundCredits).then(|| {
                view! { <ButtonLink href="/refunds/batch" label=t!(requests.batch) icon="undo-2" /> }
            })}
        </PageHead>
        <FilterForm>
            <SelectField name="kind" label=t!(requests.kind) choices=kinds() />
            <SelectField name="state" label=t!(requests.state) choices=states() />
            <TextField name="account" label=t!(requests.account) kind="search" />
        </FilterForm>
        {load(list_requests(filter, page), table)}
    }
}

fn kinds() -> Vec<(String, String)> {
    any_or(words::choices(
        RequestKind::ALL,
        RequestKind::code,
        words::request_kind,
    ))
}

fn states() -> Vec<(String, String)> {
    any_or(words::choices(
        RequestState::ALL,
        RequestState::code,
        words::request_state,
    ))
}

fn any_or(choices: Vec<(String, String)>) -> Vec<(String, String)> {
    let any = (String::new(), t!(requests.any).to_owned());
    std::iter::once(any).chain(choices).collect()
}

fn table(page: Page<RequestRow>) -> AnyView {
    if page.rows.is_empty() {
        return view! { <Empty title=t!(requests.none) text=t!(requests.none_text) /> }.into_any();
    }
    let rows: Vec<_> = page.rows.into_iter().map(row).collect();
    let head = view! {
        <th scope="col">{t!(requests.one)}</th>
        <th scope="col">{t!(requests.customer)}</th>
        <th scope="col">{t!(requests.state)}</th>
        <th scope="col">{t!(requests.asked)}</th>
        <th scope="col">{t!(requests.why)}</th>
        <NumberHead label=t!(requests.amount) />
    };
    view! {
        <DataTable caption=t!(requests.title) head=head.into_any() cards=true>{rows}</DataTable>
        <Pager total=page.total />
    }
    .into_any()
}

fn row(request: RequestRow) -> impl IntoView {
    let asked = t!(
        requests.asked_by,
        date = format::date(request.requested_on),
        name = request.requested_by.clone()
    );
    let href = links::request(request.request);
    let name = words::request_name(request.kind, request.number);
    let (state, amount, reason) = (request.state, request.amount, request.reason.clone());
    view! {
        <tr>
            <th scope="row"><a href=href>{name}</a></th>
            <Cell label=t!(requests.customer)><Whose request /></Cell>
            <Cell label=t!(requests.state)><words::RequestBadge state /></Cell>
            <Cell label=t!(requests.asked)>{asked}</Cell>
            <Cell label=t!(requests.why)>{reason}</Cell>
            <NumberCell label=t!(requests.amount)>{format::money(amount)}</NumberCell>
        </tr>
    }
}

/// Whose account a request takes from, where a transfer goes, which invoice is written off.
#[component]
pub fn Whose(request: RequestRow) -> impl IntoView {
    let to = request.to_account.map(|account| {
        let href = links::account(&account);
        view! { " → " <a href=href>{account}</a> }
    });
    let invoice = request.invoice.map(|invoice| {
        let href = links::invoice(invoice.invoice);
        view! { " · " <a href=href>{invoice.number}</a> }
    });
    let on = request.on;
    view! {
        <span>
            <a href=links::customer(&on.customer)>{on.customer_name}</a> " "
            <a class="soft" href=links::account(&on.account)>{on.account.clone()}</a> {to} {invoice}
        </span>
    }
}
