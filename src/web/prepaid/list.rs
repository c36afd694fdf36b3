//! The list of prepaid accounts, and the top-ups customers announced.

use super::api::{list_prepaid_accounts, list_top_up_requests};
use crate::domain::payment::PaymentMethod;
use crate::domain::rights::Right;
use crate::dto::page::{Page, PageRequest};
use crate::dto::prepaid::{PrepaidFilter, PrepaidRow, TopUpRequestRow};
use crate::web::customers::list::may;
use crate::web::links;
use crate::web::ui::prelude::*;

#[component]
pub fn PrepaidAccountsPage() -> impl IntoView {
    let filter: PrepaidFilter = typed::query();
    let page: PageRequest = typed::query();
    let shown = vec![
        (String::new(), t!(prepaid.show_all).to_owned()),
        ("low".to_owned(), t!(prepaid.show_low).to_owned()),
    ];
    let requests = may(Right::RecordPayments).then(|| load(list_top_up_requests(), requests));
    view! {
        <PageHead title=t!(prepaid.title) lead=view! { <p>{t!(prepaid.explained)}</p> }.into_any() />
        {requests}
        <FilterForm>
            <TextField name="search" label=t!(prepaid.search) kind="search" />
            <SelectField name="show" label=t!(prepaid.show) choices=shown />
        </FilterForm>
        {load(list_prepaid_accounts(filter, page), table)}
        <p class="hint">{t!(prepaid.no_tax)}</p>
    }
}

fn table(page: Page<PrepaidRow>) -> AnyView {
    if page.rows.is_empty() {
        return view! { <Empty title=t!(prepaid.none) text=t!(prepaid.none_text) /> }.into_any();
    }
    let rows: Vec<_> = page.rows.into_iter().map(row).collect();
    let head = view! {
        <th scope="col">{t!(prepaid.account)}</th>
        <th scope="col">{t!(prepaid.customer)}</th>
        <th scope="col">{t!(prepaid.state)}</th>
        <NumberHead label=t!(prepaid.balance) />
        <NumberHead label=t!(prepaid.due) />
    };
    view! {
        <DataTable caption=t!(prepaid.title) head=head.into_any() cards=true>{rows}</DataTable>
        <Pager total=page.total />
    }
    .into_any()
}

fn row(account: PrepaidRow) -> impl IntoView {
    let number = account.on.account;
    view! {
        <tr>
            <th scope="row"><a href=links::prepaid(&number)>{number.clone()}</a></th>
            <Cell label=t!(prepaid.customer)>{account.on.customer_name}</Cell>
            <Cell label=t!(prepaid.state)>
                <span><Badges low=account.low held=account.held opted_out=account.opted_out /></span>
            </Cell>
            <NumberCell label=t!(prepaid.balance)>{format::money(account.balance)}</NumberCell>
            <NumberCell label=t!(prepaid.due)>{format::money(account.due)}</NumberCell>
        </tr>
    }
}

/// What is remarkable about an account, in words.
#[component]
pub fn Badges(low: bool, held: bool, opted_out: bool) -> impl IntoView {
    let low = low.then(|| view! { <Badge tone=Tone::Bad label=t!(prepaid.low) /> });
    let held = held.then(|| view! { <Badge tone=Tone::Warn label=t!(prepaid.held) /> });
    let out = opted_out.then(|| view! { <Badge tone=Tone::Neutral label=t!(prepaid.opted_out) /> });
    view! { {low} " " {held} " " {out} }
}

fn requests(requests: Vec<TopUpRequestRow>) -> AnyView {
    if requests.is_empty() {
        return ().into_any();
    }
    let cards: Vec<_> = requests.into_iter().map(request).collect();
    view! { <Card title=t!(prepaid.announced)><ul class="entries-list">{cards}</ul></Card> }
        .into_any()
}

fn request(request: TopUpRequestRow) -> impl IntoView {
    let announced = t!(
        prepaid.announced_on,
        name = request.on.customer_name.clone(),
        date = format::date(request.requested_on)
    );
    let note = (!request.note.is_empty())
        .then(|| view! { <p class="note soft">{request.note.clone()}</p> });
    let account = request.on.account.clone();
    view! {
        <li>
            <div>
                <p><a href=links::prepaid(&account)>{account.clone()}</a> " " {announced}</p>
                {note}
                <RecordTopUp request=request.clone() />
            </div>
            <div class="number"><p>{format::money(request.amount)}</p></div>
        </li>
    }
}

/// The payment that came of an announced top-up, or that it is not coming.
#[component]
pub fn RecordTopUp(request: TopUpRequestRow) -> impl IntoView {
    let id = request.request.to_string();
    let methods = words::choices(
        PaymentMethod::ALL,
        PaymentMethod::code,
        words::payment_method,
    );
    let currency = request.amount.currency;
    view! {
        <Confirm label=t!(prepaid.record)>
            <Form endpoint="record_top_up" arg="payment" instance=("top_up_request", id.clone()) keyed=true>
                <Hidden name="account" value=request.on.account />
                <Hidden name="prepayment" value="yes" />
                <Hidden name="surplus" value="keep" />
                <MoneyField name="amount" label=t!(prepaid.received) currency value=format::typed_amount(request.amount) required=true />
                <DateField name="received_on" label=t!(prepaid.received_on) value=visit().today.to_string() required=true />
                <SelectField name="method" label=t!(prepaid.method) choices=methods value=PaymentMethod::BankTransfer.code() />
                <TextField name="reference" label=t!(prepaid.reference) maxlength=200 />
                <Actions><Submit label=t!(prepaid.record_now) /></Actions>
            </Form>
            <Form endpoint="withdraw_top_up" arg="withdrawal" instance=("request", id) class="form-row">
                <Submit label=t!(prepaid.not_coming) class="button-quiet" />
            </Form>
        </Confirm>
    }
}
