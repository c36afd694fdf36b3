//! The customer's prepaid side of an account: balance, announcing a top-up, what was paid from it.

use super::api::show_prepaid_account;
use super::detail::{alerts, number_in_path, thresholds, top_ups};
use crate::dto::prepaid::{PrepaidDetail, TopUpRequestRow, TopUpState};
use crate::web::lineage::paid::PaidInSentences;
use crate::web::links;
use crate::web::ui::prelude::*;

#[component]
pub fn PortalPrepaidPage() -> impl IntoView {
    load(show_prepaid_account(number_in_path()), page)
}

fn page(account: PrepaidDetail) -> impl IntoView {
    let number = account.on.account.clone();
    let low = account.thresholds.iter().any(|line| line.crossed).then(|| {
        view! { <Notice tone=Tone::Warn><p>{t!(prepaid.your_low)}</p></Notice> }
    });
    let slices = account.drawdowns.clone();
    let paid = match slices.is_empty() {
        true => {
            view! { <Empty title=t!(prepaid.no_drawdowns) text=t!(prepaid.your_no_drawdowns) /> }
                .into_any()
        }
        false => view! { <PaidInSentences slices /> }.into_any(),
    };
    view! {
        <PageHead title=t!(prepaid.yours) crumbs=vec![Crumb::new(t!(nav.portal_overview), "/portal")] />
        {low}
        <Tiles>
            <Tile label=t!(prepaid.balance) value=format::money(account.balance) tone=Tone::Credit />
            <Tile label=t!(prepaid.due) value=format::money(account.due) />
        </Tiles>
        <Announce account=account.clone() />
        {requests(account.requests.clone())}
        <Choice account=account.clone() number />
        <Card title=t!(prepaid.drawdowns)>{paid}</Card>
        {top_ups(account.top_ups, links::portal_payment)}
        {alerts(account.alerts)}
        <p class="hint">{t!(prepaid.no_tax)}</p>
    }
}

#[component]
fn Announce(account: PrepaidDetail) -> impl IntoView {
    let value = match account.suggested.is_zero() {
        true => String::new(),
        false => format::typed_amount(account.suggested),
    };
    view! {
        <Card title=t!(prepaid.announce)>
            <p>{t!(prepaid.announce_explained)}</p>
            <Form endpoint="request_top_up" arg="request" keyed=true>
                <Hidden name="account" value=account.on.account />
                <MoneyField name="amount" label=t!(prepaid.amount) currency=account.currency value required=true />
                <TextField name="note" label=t!(prepaid.note) maxlength=500 />
                <Actions><Submit label=t!(prepaid.announce_now) /></Actions>
            </Form>
        </Card>
    }
}

fn requests(requests: Vec<TopUpRequestRow>) -> AnyView {
    if requests.is_empty() {
        return ().into_any();
    }
    let rows: Vec<_> = requests.into_iter().map(request).collect();
    view! { <Card title=t!(prepaid.your_announced)><ul class="entries-list">{rows}</ul></Card> }
        .into_any()
}

fn request(request: TopUpRequestRow) -> impl IntoView {
    let (tone, label) = match request.state {
        TopUpState::Open => (Tone::Warn, t!(prepaid.request_open)),
        TopUpState::Paid => (Tone::Good, t!(prepaid.request_paid)),
        TopUpState::Withdrawn => (Tone::Neutral, t!(prepaid.request_withdrawn)),
    };
    let withdraw = (request.state == TopUpState::Open).then(|| {
        let id = request.request.to_string();
        view! {
            <Form endpoint="withdraw_top_up" arg="withdrawal" instance=("request", id) class="form-row">
                <Submit label=t!(prepaid.withdraw) class="button-quiet" />
            </Form>
        }
    });
    view! {
        <li>
            <div>
                <p>{format::date(request.requested_on)} " " <Badge tone label /></p>
                <p class="note soft">{request.note.clone()}</p>
                {withdraw}
            </div>
            <div class="number"><p>{format::money(request.amount)}</p></div>
        </li>
    }
}

/// Whether invoices are paid from the balance by themselves: the customer's own choice.
#[component]
fn Choice(account: PrepaidDetail, number: String) -> impl IntoView {
    if !account.has_rules {
        return ().into_any();
    }
    let (now, label, next) = match account.opted_out {
        true => (t!(prepaid.you_opted_out), t!(prepaid.opt_in), ""),
        false => (t!(prepaid.you_are_in), t!(prepaid.opt_out), "yes"),
    };
    let held = account
        .held
        .then(|| view! { <p>{t!(prepaid.your_held)}</p> });
    let lines = t!(
        prepaid.your_thresholds,
        list = thresholds(account.thresholds)
    );
    view! {
        <Card title=t!(prepaid.drawdown)>
            <p>{now}</p>
            {held}
            <p class="soft">{lines}</p>
            <Form endpoint="choose_drawdown" arg="choice">
                <Hidden name="account" value=number />
                <Hidden name="opted_out" value=next />
                <Actions><Submit label=label class="" /></Actions>
            </Form>
        </Card>
    }
    .into_any()
}
