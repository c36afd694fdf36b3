//! The form that opens one more receivable account for a customer.

use crate::dto::customers::CustomerDetail;
use crate::web::customers::api::show_customer_details;
use crate::web::customers::form::CurrencyField;
use crate::web::links;
use crate::web::ui::prelude::*;
use leptos_router::hooks::use_params_map;

#[component]
pub fn NewAccountPage() -> impl IntoView {
    let number = use_params_map().get_untracked().get("number");
    load(show_customer_details(number.unwrap_or_default()), form)
}

fn form(detail: CustomerDetail) -> impl IntoView {
    let customer = detail.head;
    let crumbs = vec![
        Crumb::new(t!(customers.title), "/customers"),
        Crumb::new(customer.name.clone(), links::customer(&customer.number)),
    ];
    let lead = t!(accounts.open_explained, customer = customer.name);
    view! {
        <PageHead title=t!(accounts.open_title) crumbs lead=view! { <p>{lead}</p> }.into_any() />
        <Form endpoint="open_account" arg="account" keyed=true>
            <Hidden name="customer" value=customer.number />
            <CurrencyField />
            <TextField name="number" label=t!(customers.account_number) hint=t!(customers.number_hint) maxlength=40 />
            <TextField name="name" label=t!(accounts.name) hint=t!(accounts.name_hint) maxlength=100 />
            <Actions>
                <Submit label=t!(accounts.open) />
            </Actions>
        </Form>
    }
}
