//! The form for a refund, which says first how much can be paid out at most.

use super::api::start_refund;
use super::{asked, crumbs};
use crate::domain::payment::PaymentMethod;
use crate::dto::requests::{NewRefund, RefundStart};
use crate::web::ui::prelude::*;

#[component]
pub fn RefundPage() -> impl IntoView {
    let (account, grant) = (asked("account"), asked("grant"));
    let command = NewRefund {
        account,
        grant: grant.clone(),
        ..NewRefund::default()
    };
    load(start_refund(command), move |start| page(start, grant))
}

fn page(start: RefundStart, grant: String) -> impl IntoView {
    let lead = t!(
        requests.refund_most,
        amount = format::money(start.max),
        account = start.account.clone()
    );
    let lead = view! { <p>{lead}</p> };
    let body = match start.max.is_zero() {
        true => {
            view! { <Empty title=t!(requests.refund_none) text=t!(requests.refund_none_text) /> }
                .into_any()
        }
        false => form(start, grant).into_any(),
    };
    view! {
        <PageHead title=t!(requests.refund) crumbs=crumbs() lead=lead.into_any() />
        {body}
    }
}

fn form(start: RefundStart, grant: String) -> impl IntoView {
    let as_paid = (String::new(), t!(requests.as_paid).to_owned());
    let methods = words::choices(
        PaymentMethod::ALL,
        PaymentMethod::code,
        words::payment_method,
    );
    let methods: Vec<_> = std::iter::once(as_paid).chain(methods).collect();
    view! {
        <Card title=t!(requests.refund)>
            <Form endpoint="request_refund" arg="refund" keyed=true>
                <Hidden name="account" value=start.account />
                <Hidden name="grant" value=grant />
                <MoneyField
                    name="amount"
                    label=t!(requests.amount)
                    currency=start.max.currency
                    value=format::typed_amount(start.max)
                    required=true
                />
                <SelectField name="method" label=t!(requests.method) choices=methods />
                <TextField name="reason" label=t!(requests.why) required=true maxlength=500 />
                <Actions><Submit label=t!(requests.ask_refund) /></Actions>
            </Form>
        </Card>
    }
}
