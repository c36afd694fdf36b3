//! Server functions of prepaid accounts: context, one call, return.

use crate::dto::error::AppError;
use crate::dto::page::{Page, PageRequest};
use crate::dto::payments::NewPayment;
use crate::dto::prepaid::{
    DrawdownChoice, NewTopUpRequest, PrepaidDetail, PrepaidFilter, PrepaidRow, PrepaidRules,
    TopUpRequestRow, TopUpWithdrawal,
};
use leptos::prelude::*;

#[server(prefix = "/api/fn", endpoint = "list_prepaid_accounts")]
pub async fn list_prepaid_accounts(
    filter: PrepaidFilter,
    page: PageRequest,
) -> Result<Page<PrepaidRow>, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::queries::prepaid::list(&ctx, filter, page).await
}

/// The announced top-ups nobody paid yet.
#[server(prefix = "/api/fn", endpoint = "list_top_up_requests")]
pub async fn list_top_up_requests() -> Result<Vec<TopUpRequestRow>, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::queries::prepaid::open_requests(&ctx).await
}

#[server(prefix = "/api/fn", endpoint = "show_prepaid_account")]
pub async fn show_prepaid_account(number: String) -> Result<PrepaidDetail, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::queries::prepaid::detail(&ctx, &number).await
}

#[server(prefix = "/api/fn", endpoint = "set_prepaid_rules")]
pub async fn set_prepaid_rules(rules: PrepaidRules) -> Result<(), AppError> {
    use crate::web::ui::notice::Done;
    let ctx = crate::server::auth::page_ctx().await?;
    let rules = crate::web::ui::format::plain(rules);
    let page = crate::web::links::prepaid(rules.account.trim());
    crate::server::services::prepaid::set_rules(&ctx, rules).await?;
    leptos_axum::redirect(&Done::Saved.on(&page));
    Ok(())
}

#[server(prefix = "/api/fn", endpoint = "choose_drawdown")]
pub async fn choose_drawdown(choice: DrawdownChoice) -> Result<(), AppError> {
    use crate::web::ui::notice::Done;
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::services::prepaid::choose_drawdown(&ctx, choice).await?;
    crate::server::forms::redirect_back(Done::Saved);
    Ok(())
}

#[server(prefix = "/api/fn", endpoint = "request_top_up")]
pub async fn request_top_up(request: NewTopUpRequest) -> Result<(), AppError> {
    use crate::web::ui::notice::Done;
    let ctx = crate::server::auth::page_ctx().await?;
    let request = crate::web::ui::format::plain(request);
    crate::server::services::prepaid::request_top_up(&ctx, request).await?;
    crate::server::forms::redirect_back(Done::TopUpRequested);
    Ok(())
}

#[server(prefix = "/api/fn", endpoint = "withdraw_top_up")]
pub async fn withdraw_top_up(withdrawal: TopUpWithdrawal) -> Result<(), AppError> {
    use crate::web::ui::notice::Done;
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::services::prepaid::withdraw_top_up(&ctx, withdrawal).await?;
    crate::server::forms::redirect_back(Done::Removed);
    Ok(())
}

/// The payment that came of an announced top-up.
#[server(prefix = "/api/fn", endpoint = "record_top_up")]
pub async fn record_top_up(payment: NewPayment) -> Result<(), AppError> {
    use crate::web::ui::notice::Done;
    let ctx = crate::server::auth::page_ctx().await?;
    let payment = crate::web::ui::format::plain(payment);
    let page = crate::web::links::prepaid(payment.account.trim());
    crate::server::services::payments::record(&ctx, payment).await?;
    leptos_axum::redirect(&Done::PaymentRecorded.on(&page));
    Ok(())
}
