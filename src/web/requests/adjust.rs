//! The form for an adjustment: goodwill credit for an account, or a grant corrected downwards.

use super::api::account_currency;
use super::{asked, crumbs};
use crate::domain::approval::RequestKind;
use crate::web::credits::api::show_credit;
use crate::web::ui::prelude::*;

const ENDPOINT: &str = "adjust_credit";

#[component]
pub fn AdjustPage() -> impl IntoView {
    let (account, grant) = (asked("account"), asked("grant"));
    match grant.is_empty() {
        true => load(account_currency(account.clone()), move |currency| {
            goodwill(account, currency)
        })
        .into_any(),
        false => load(
            async move {
                let id = grant
                    .parse()
                    .map_err(|_| crate::dto::error::AppError::NotFound)?;
                show_credit(id).await
            },
            correction,
        )
        .into_any(),
    }
}

fn goodwill(account: String, currency: crate::domain::money::Currency) -> impl IntoView {
    view! {
        <PageHead title=t!(requests.goodwill) crumbs=crumbs() />
        <p class="soft">{t!(requests.goodwill_text)}</p>
        <Card title=t!(requests.goodwill)>
            <Form endpoint=ENDPOINT arg="adjustment" keyed=true>
                <TextField name="account" label=t!(requests.account) value=account required=true />
                <MoneyField name="amount" label=t!(requests.amount) currency required=true />
                <DateField name="expires_on" label=t!(requests.expires_on) hint=t!(requests.expires_hint) />
                <NumberField name="priority" label=t!(requests.priority) hint=t!(requests.priority_hint) />
                <DateField name="effective_on" label=t!(requests.day) hint=t!(requests.day_hint) />
                <TextField name="reason" label=t!(requests.why) required=true maxlength=500 />
                <Actions><Submit label=t!(requests.give) /></Actions>
            </Form>
        </Card>
    }
}

fn correction(grant: crate::dto::credits::GrantDetail) -> impl IntoView {
    let row = grant.row;
    let most = row.remaining.minus(row.reserved).unwrap_or(row.remaining);
    let lead = t!(
        requests.of_credit,
        amount = format::money(most),
        number = row.number.to_string()
    );
    let lead = view! { <p>{lead}</p> };
    view! {
        <PageHead title=t!(requests.correct) crumbs=crumbs() lead=lead.into_any() />
        <Card title=words::request_kind(RequestKind::Adjustment)>
            <Form endpoint=ENDPOINT arg="adjustment" keyed=true>
                <Hidden name="grant" value=row.grant.to_string() />
                <MoneyField
                    name="amount"
                    label=t!(requests.less_by)
                    currency=row.remaining.currency
                    required=true
                />
                <DateField name="effective_on" label=t!(requests.day) hint=t!(requests.day_hint) />
                <TextField name="reason" label=t!(requests.why) required=true maxlength=500 />
                <Actions><Submit label=t!(requests.correct) /></Actions>
            </Form>
        </Card>
    }
}
