//! The form that changes a customer.

use super::api::show_customer_details;
use super::detail::number_in_path;
use super::form::CustomerFields;
use crate::dto::customers::CustomerDetail;
use crate::web::links;
use crate::web::ui::prelude::*;

#[component]
pub fn EditCustomerPage() -> impl IntoView {
    load(show_customer_details(number_in_path()), form)
}

fn form(detail: CustomerDetail) -> impl IntoView {
    let title = t!(customers.edit_title, name = detail.head.name.clone());
    let crumbs = vec![
        Crumb::new(t!(customers.title), "/customers"),
        Crumb::new(
            detail.head.name.clone(),
            links::customer(&detail.head.number),
        ),
    ];
    view! {
        <PageHead title crumbs />
        <Form endpoint="change_customer" arg="customer" class="form form-wide">
            <Hidden name="customer" value=detail.head.number.clone() />
            <Hidden name="version" value=detail.head.version.to_string() />
            <CustomerFields detail=Some(detail) />
            <Actions>
                <Submit label=t!(customers.save) />
            </Actions>
        </Form>
    }
}
