//! The inbox of approvals: who asked for what, why, what would be posted; approve or refuse with a word.

use super::api::{list_requests, show_request};
use super::detail::Decide;
use super::list::Whose;
use crate::domain::approval::RequestState;
use crate::domain::ids::CreditRequestId;
use crate::dto::error::AppError;
use crate::dto::page::PageRequest;
use crate::dto::requests::{RequestDetail, RequestFilter};
use crate::web::lineage::lines::PostedLines;
use crate::web::links;
use crate::web::ui::prelude::*;

/// What waits for a decision, newest first.
#[component]
pub fn ApprovalsPage() -> impl IntoView {
    let page: PageRequest = typed::query();
    view! {
        <PageHead title=t!(requests.approvals)>
            <ButtonLink href="/requests" label=t!(requests.title) />
        </PageHead>
        {load(waiting(page), inbox)}
    }
}

/// A page of waiting requests, each with what it would post; and how many there are.
async fn waiting(page: PageRequest) -> Result<(Vec<RequestDetail>, u64), AppError> {
    let filter = RequestFilter {
        state: RequestState::Requested.code().to_owned(),
        ..RequestFilter::default()
    };
    let found = list_requests(filter, page).await?;
    let mut details = Vec::with_capacity(found.rows.len());
    for row in found.rows {
        let request: CreditRequestId = row.request;
        details.push(show_request(request).await?);
    }
    Ok((details, found.total))
}

fn inbox((requests, total): (Vec<RequestDetail>, u64)) -> AnyView {
    if requests.is_empty() {
        return view! { <Empty title=t!(requests.none_waiting) text=t!(requests.none_waiting_text) /> }
            .into_any();
    }
    let cards: Vec<_> = requests.into_iter().map(card).collect();
    view! { {cards} <Pager total /> }.into_any()
}

fn card(request: RequestDetail) -> impl IntoView {
    let row = request.row.clone();
    let title = t!(
        requests.card,
        name = words::request_name(row.kind, row.number),
        amount = format::money(row.amount)
    );
    let asked = t!(
        requests.asked_by,
        date = format::date(row.requested_on),
        name = row.requested_by.clone()
    );
    let reason = row.reason.clone();
    let would_post = request.would_post.clone();
    let open = view! { <ButtonLink href=links::request(row.request) label=t!(requests.open) /> };
    view! {
        <Card title=title actions=open.into_any()>
            <Facts>
                <Fact label=t!(requests.customer)><Whose request=row /></Fact>
                <Fact label=t!(requests.asked)>{asked}</Fact>
                <Fact label=t!(requests.why)>{reason}</Fact>
            </Facts>
            <PostedLines lines=would_post caption=t!(requests.would_post) />
            <Decide request />
        </Card>
    }
}
