//! One request: what it is about, where it stands, what can be done with it.

use super::api::show_request;
use super::list::Whose;
use crate::domain::approval::RequestState;
use crate::domain::rights::Right;
use crate::dto::requests::{GrantLink, RequestDetail, RequestSliceRow};
use crate::web::customers::list::may;
use crate::web::lineage::entries::PostedEntries;
use crate::web::lineage::history::HistoryCard;
use crate::web::lineage::lines::PostedLines;
use crate::web::links;
use crate::web::ui::prelude::*;
use crate::web::ui::visit::route_id;

#[component]
pub fn RequestPage() -> impl IntoView {
    let request = route_id("id");
    load(async move { show_request(request?).await }, page)
}

fn page(request: RequestDetail) -> impl IntoView {
    let row = request.row.clone();
    let title = words::request_name(row.kind, row.number);
    let lead = view! {
        <p><words::RequestBadge state=row.state /> " " <Whose request=row.clone() /></p>
    };
    let would_post = (!request.would_post.is_empty()).then(|| {
        let lines = request.would_post.clone();
        view! {
            <Card title=t!(requests.would_post)>
                <PostedLines lines caption=t!(requests.would_post) />
            </Card>
        }
    });
    let entries = (!request.entries.is_empty()).then(|| {
        let entries = request.entries.clone();
        view! { <Card title=t!(payments.entries)><PostedEntries entries /></Card> }
    });
    let history = request.history.clone();
    view! {
        <PageHead title crumbs=super::crumbs() lead=lead.into_any() />
        <Tiles><Tile label=t!(requests.amount) value=format::money(row.amount) /></Tiles>
        {facts(&request)}
        {takes(&request.slices)}
        {gave(&request.grants)}
        {would_post}
        <Decide request />
        {entries}
        <HistoryCard items=history />
    }
}

fn facts(request: &RequestDetail) -> impl IntoView + use<> {
    let fact = |label: &'static str, text: Option<String>| {
        text.filter(|text| !text.is_empty())
            .map(|text| view! { <Fact label=label>{text}</Fact> })
    };
    let row = &request.row;
    let asked = t!(
        requests.asked_by,
        date = format::date(row.requested_on),
        name = row.requested_by.clone()
    );
    let approved = match request.approved_itself {
        true => Some(t!(requests.by_itself).to_owned()),
        false => request.approved_by.clone(),
    };
    let approved = fact(t!(requests.approved_by), approved);
    let refused = fact(t!(requests.refused_by), request.refused_by.clone());
    let word = fact(t!(requests.word), request.word.clone());
    let failed = fact(t!(requests.failed_why), request.failed_reason.clone());
    let reversed = fact(t!(requests.reversed_why), request.reversal_reason.clone());
    let code = request
        .reason_code
        .map(|code| words::write_off_reason(code).to_owned());
    let code = fact(t!(requests.reason_code), code);
    let effective = fact(
        t!(requests.effective_on),
        request.effective_on.map(format::date),
    );
    let posting = request
        .posting_on
        .filter(|day| Some(*day) != request.effective_on);
    let posting = fact(t!(requests.posting_on), posting.map(format::date));
    let reason = row.reason.clone();
    view! {
        <Card title=t!(requests.facts)>
            <Facts>
                <Fact label=t!(requests.asked)>{asked}</Fact>
                <Fact label=t!(requests.why)>{reason}</Fact>
                {code}
                {approved}
                {refused}
                {word}
                {effective}
                {posting}
                {failed}
                {reversed}
            </Facts>
        </Card>
    }
}

fn grant_words(grant: &GrantLink) -> String {
    t!(
        lineage.from_grant,
        class = words::credit_class(grant.class),
        number = grant.number.to_string()
    )
}

/// What it takes from which credit.
fn takes(slices: &[RequestSliceRow]) -> Option<impl IntoView + use<>> {
    if slices.is_empty() {
        return None;
    }
    let rows: Vec<_> = slices
        .iter()
        .map(|slice| {
            let href = links::grant(slice.grant.grant);
            let payment = slice.payment.map(|(payment, number)| {
                let label = t!(payments.one, number = number.to_string());
                view! { <a href=links::payment(payment)>{label}</a> }
            });
            let method = slice.method.map(words::payment_method);
            let amount = format::money(slice.amount);
            view! {
                <tr>
                    <th scope="row"><a href=href>{grant_words(&slice.grant)}</a></th>
                    <Cell label=t!(requests.payment)><span>{payment} " " {method}</span></Cell>
                    <NumberCell label=t!(requests.amount)>{amount}</NumberCell>
                </tr>
            }
        })
        .collect();
    let head = view! {
        <th scope="col">{t!(requests.credit)}</th>
        <th scope="col">{t!(requests.payment)}</th>
        <NumberHead label=t!(requests.amount) />
    };
    Some(view! {
        <Card title=t!(requests.takes)>
            <DataTable caption=t!(requests.takes) head=head.into_any() cards=true>{rows}</DataTable>
        </Card>
    })
}

/// The credit it gave rise to.
fn gave(grants: &[GrantLink]) -> Option<impl IntoView + use<>> {
    if grants.is_empty() {
        return None;
    }
    let links: Vec<_> = grants
        .iter()
        .map(|grant| view! { <li><a href=links::grant(grant.grant)>{grant_words(grant)}</a></li> })
        .collect();
    Some(view! { <Card title=t!(requests.gave)><ul>{links}</ul></Card> })
}

/// What can be done with a request now, by who looks: each act with the words it needs.
#[component]
pub fn Decide(request: RequestDetail) -> impl IntoView {
    let row = &request.row;
    let id = row.request.to_string();
    let mine = may(row.kind.right());
    match row.state {
        RequestState::Requested if !may(Right::ApproveRequests) => {
            view! { <Notice><p>{t!(requests.waits)}</p></Notice> }.into_any()
        }
        RequestState::Requested => {
            let approve = match request.own {
                true => view! { <Notice><p>{t!(requests.own)}</p></Notice> }.into_any(),
                false => view! {
                    <Act endpoint="approve_request" id=id.clone() label=t!(requests.approve) text=t!(requests.approve_text) />
                }
                .into_any(),
            };
            view! {
                {approve}
                <Act
                    endpoint="refuse_request"
                    id
                    label=t!(requests.refuse)
                    text=t!(requests.refuse_text)
                    needs_reason=true
                />
            }
            .into_any()
        }
        RequestState::Approved if mine => view! {
            <Act endpoint="pay_refund" id=id.clone() label=t!(requests.pay) text=t!(requests.pay_text) dated=true />
            <Act
                endpoint="fail_refund"
                id
                label=t!(requests.fail)
                text=t!(requests.fail_text)
                needs_reason=true
            />
        }
        .into_any(),
        RequestState::Paid if mine => view! {
            <Act
                endpoint="fail_refund"
                id
                label=t!(requests.fail)
                text=t!(requests.fail_paid_text)
                needs_reason=true
                dated=true
            />
        }
        .into_any(),
        RequestState::Posted if mine => view! {
            <Act
                endpoint="reverse_request"
                id
                label=t!(requests.reverse)
                text=t!(requests.reverse_text)
                needs_reason=true
                dated=true
            />
        }
        .into_any(),
        _ => ().into_any(),
    }
}

/// One act, after a second look.
#[component]
fn Act(
    endpoint: &'static str,
    id: String,
    label: &'static str,
    text: &'static str,
    #[prop(optional)] needs_reason: bool,
    /// It can be said from when it counts.
    #[prop(optional)]
    dated: bool,
) -> impl IntoView {
    let day = dated.then(|| {
        let hint = t!(requests.day_hint);
        view! { <DateField name="effective_on" label=t!(requests.day) hint=hint /> }
    });
    view! {
        <Confirm label=label>
            <p>{text}</p>
            <Form endpoint arg="decision" instance=("request", id) keyed=true>
                <TextField name="reason" label=t!(requests.say) required=needs_reason maxlength=500 />
                {day}
                <Actions>
                    <Submit label=label />
                </Actions>
            </Form>
        </Confirm>
    }
}
