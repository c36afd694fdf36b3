//! Entering the code of a promotion: by staff for any account, by customers for their own.

use super::terms;
use crate::dto::customers::PortalHome;
use crate::web::portal::api::show_portal_home;
use crate::web::ui::prelude::*;

/// The form for staff. The account may stand in the address.
#[component]
pub fn EnterCodePage() -> impl IntoView {
    let account = visit()
        .query_value("account")
        .unwrap_or_default()
        .to_owned();
    view! {
        <PageHead
            title=t!(promotions.enter_code)
            crumbs=terms::crumbs()
            lead=view! { <p>{t!(promotions.enter_code_explained)}</p> }.into_any()
        />
        <Form endpoint="enter_promotion_code" arg="entry" keyed=true>
            <TextField name="account" label=t!(promotions.account) value=account required=true maxlength=100 />
            <TextField name="code" label=t!(promotions.code) required=true maxlength=40 />
            <Actions><Submit label=t!(promotions.enter_now) /></Actions>
        </Form>
    }
}

/// The form for a customer.
#[component]
pub fn PortalCodePage() -> impl IntoView {
    load(show_portal_home(), portal_form)
}

fn portal_form(home: PortalHome) -> impl IntoView {
    let accounts: Vec<(String, String)> = home
        .overview
        .head
        .accounts
        .into_iter()
        .map(|account| {
            let balance = account.balance;
            let words = format!("{} ({})", balance.number, balance.due.currency.code());
            (balance.number, words)
        })
        .collect();
    if accounts.is_empty() {
        return view! {
            <PageHead title=t!(promotions.your_code) />
            <Empty title=t!(portal.no_account) text=t!(portal.no_account_text) />
        }
        .into_any();
    }
    let account = match accounts.as_slice() {
        [(number, _)] => view! { <Hidden name="account" value=number.clone() /> }.into_any(),
        _ => view! {
            <SelectField name="account" label=t!(promotions.account) choices=accounts required=true />
        }
        .into_any(),
    };
    view! {
        <PageHead
            title=t!(promotions.your_code)
            lead=view! { <p>{t!(promotions.your_code_explained)}</p> }.into_any()
        />
        <Form endpoint="enter_promotion_code" arg="entry" keyed=true>
            {account}
            <TextField name="code" label=t!(promotions.code) required=true maxlength=40 />
            <Actions><Submit label=t!(promotions.enter_now) /></Actions>
        </Form>
    }
    .into_any()
}
