//! Server functions about customers.

use crate::dto::customers::{
    CustomerDetail, CustomerFilter, CustomerHistory, CustomerList, CustomerOverview, NewCustomer,
};
use crate::dto::error::AppError;
use crate::dto::page::PageRequest;
use leptos::prelude::*;

#[server(prefix = "/api/fn", endpoint = "list_customers")]
pub async fn list_customers(
    filter: CustomerFilter,
    page: PageRequest,
) -> Result<CustomerList, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::queries::customers::list(&ctx, filter, page).await
}

/// The customer with this number, with what is open beside what could pay it.
#[server(prefix = "/api/fn", endpoint = "show_customer")]
pub async fn show_customer(number: String) -> Result<CustomerOverview, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::queries::customers::overview(&ctx, &number).await
}

/// Everything recorded about the customer with this number.
#[server(prefix = "/api/fn", endpoint = "show_customer_details")]
pub async fn show_customer_details(number: String) -> Result<CustomerDetail, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::queries::customers::detail(&ctx, &number).await
}

#[server(prefix = "/api/fn", endpoint = "show_customer_history")]
pub async fn show_customer_history(
    number: String,
    page: PageRequest,
) -> Result<CustomerHistory, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::queries::customers::history(&ctx, &number, page).await
}

#[server(prefix = "/api/fn", endpoint = "create_customer")]
pub async fn create_customer(customer: NewCustomer) -> Result<(), AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    let saved = crate::server::services::customers::create(&ctx, customer).await?;
    let page = crate::web::links::customer(&saved.number);
    leptos_axum::redirect(&crate::web::ui::notice::Done::CustomerCreated.on(&page));
    Ok(())
}

#[server(prefix = "/api/fn", endpoint = "change_customer")]
pub async fn change_customer(customer: NewCustomer) -> Result<(), AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    let saved = crate::server::services::customers::change(&ctx, customer).await?;
    let page = crate::web::links::customer(&saved.number);
    leptos_axum::redirect(&crate::web::ui::notice::Done::Saved.on(&page));
    Ok(())
}
