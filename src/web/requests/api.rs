//! Server functions of requests: context, one call, return.

use crate::domain::ids::CreditRequestId;
use crate::domain::money::Currency;
use crate::dto::error::AppError;
use crate::dto::page::{Page, PageRequest};
use crate::dto::requests::{
    NewAdjustment, NewRefund, NewTransfer, NewWriteOff, RefundBatch, RefundBatchPreview,
    RefundStart, RequestDecision, RequestDetail, RequestFilter, RequestRow,
};
use leptos::prelude::*;

#[server(prefix = "/api/fn", endpoint = "list_requests")]
pub async fn list_requests(
    filter: RequestFilter,
    page: PageRequest,
) -> Result<Page<RequestRow>, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::queries::requests::list(&ctx, filter, page).await
}

/// The currency of a receivable account, by its number.
#[server(prefix = "/api/fn", endpoint = "account_currency")]
pub async fn account_currency(account: String) -> Result<Currency, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    let balance = crate::server::queries::balances::of_account_number(&ctx, &account).await?;
    Ok(balance.due.currency)
}

#[server(prefix = "/api/fn", endpoint = "show_request")]
pub async fn show_request(request: CreditRequestId) -> Result<RequestDetail, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    let would_post = crate::server::services::requests::would_post(&ctx, request).await?;
    crate::server::queries::requests::detail(&ctx, request, would_post).await
}

/// The most that can be paid out of a grant or an account.
#[server(prefix = "/api/fn", endpoint = "start_refund")]
pub async fn start_refund(refund: NewRefund) -> Result<RefundStart, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::services::requests::refund_start(&ctx, refund).await
}

#[server(prefix = "/api/fn", endpoint = "adjust_credit")]
pub async fn adjust_credit(adjustment: NewAdjustment) -> Result<(), AppError> {
    use crate::dto::form::Typed;
    let ctx = crate::server::auth::page_ctx().await?;
    let adjustment = adjustment.plain(crate::web::ui::format::decimal_comma());
    let made = crate::server::services::requests::adjust(&ctx, adjustment).await?;
    let page = crate::web::links::request(made.request);
    leptos_axum::redirect(&crate::web::ui::notice::Done::RequestMade.on(&page));
    Ok(())
}

#[server(prefix = "/api/fn", endpoint = "request_refund")]
pub async fn request_refund(refund: NewRefund) -> Result<(), AppError> {
    use crate::dto::form::Typed;
    let ctx = crate::server::auth::page_ctx().await?;
    let refund = refund.plain(crate::web::ui::format::decimal_comma());
    let made = crate::server::services::requests::refund(&ctx, refund).await?;
    let page = crate::web::links::request(made.request);
    leptos_axum::redirect(&crate::web::ui::notice::Done::RequestMade.on(&page));
    Ok(())
}

#[server(prefix = "/api/fn", endpoint = "transfer_credit")]
pub async fn transfer_credit(transfer: NewTransfer) -> Result<(), AppError> {
    use crate::dto::form::Typed;
    let ctx = crate::server::auth::page_ctx().await?;
    let transfer = transfer.plain(crate::web::ui::format::decimal_comma());
    let made = crate::server::services::requests::transfer(&ctx, transfer).await?;
    let page = crate::web::links::request(made.request);
    leptos_axum::redirect(&crate::web::ui::notice::Done::RequestMade.on(&page));
    Ok(())
}

#[server(prefix = "/api/fn", endpoint = "write_off")]
pub async fn write_off(write_off: NewWriteOff) -> Result<(), AppError> {
    use crate::dto::form::Typed;
    let ctx = crate::server::auth::page_ctx().await?;
    let write_off = write_off.plain(crate::web::ui::format::decimal_comma());
    let made = crate::server::services::requests::write_off(&ctx, write_off).await?;
    let page = crate::web::links::request(made.request);
    leptos_axum::redirect(&crate::web::ui::notice::Done::RequestMade.on(&page));
    Ok(())
}

#[server(prefix = "/api/fn", endpoint = "approve_request")]
pub async fn approve_request(decision: RequestDecision) -> Result<(), AppError> {
    use crate::web::ui::notice::Done;
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::services::requests::approve(&ctx, None, decision).await?;
    crate::server::forms::redirect_back(Done::RequestApproved);
    Ok(())
}

#[server(prefix = "/api/fn", endpoint = "refuse_request")]
pub async fn refuse_request(decision: RequestDecision) -> Result<(), AppError> {
    use crate::web::ui::notice::Done;
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::services::requests::refuse(&ctx, None, decision).await?;
    crate::server::forms::redirect_back(Done::RequestRefused);
    Ok(())
}

#[server(prefix = "/api/fn", endpoint = "pay_refund")]
pub async fn pay_refund(decision: RequestDecision) -> Result<(), AppError> {
    use crate::web::ui::notice::Done;
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::services::requests::pay(&ctx, None, decision).await?;
    crate::server::forms::redirect_back(Done::RefundPaid);
    Ok(())
}

#[server(prefix = "/api/fn", endpoint = "fail_refund")]
pub async fn fail_refund(decision: RequestDecision) -> Result<(), AppError> {
    use crate::web::ui::notice::Done;
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::services::requests::fail(&ctx, None, decision).await?;
    crate::server::forms::redirect_back(Done::RefundFailed);
    Ok(())
}

#[server(prefix = "/api/fn", endpoint = "reverse_request")]
pub async fn reverse_request(decision: RequestDecision) -> Result<(), AppError> {
    use crate::web::ui::notice::Done;
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::services::requests::reverse(&ctx, None, decision).await?;
    crate::server::forms::redirect_back(Done::RequestReversed);
    Ok(())
}

/// What paying out all balances above a minimum would ask for.
#[server(prefix = "/api/fn", endpoint = "preview_refunds")]
pub async fn preview_refunds(batch: RefundBatch) -> Result<RefundBatchPreview, AppError> {
    use crate::dto::form::Typed;
    let ctx = crate::server::auth::page_ctx().await?;
    let batch = batch.plain(crate::web::ui::format::decimal_comma());
    crate::server::services::requests::preview_refund_batch(&ctx, batch).await
}

#[server(prefix = "/api/fn", endpoint = "refund_balances")]
pub async fn refund_balances(batch: RefundBatch) -> Result<(), AppError> {
    use crate::dto::form::Typed;
    use crate::web::ui::notice::Done;
    let ctx = crate::server::auth::page_ctx().await?;
    let batch = batch.plain(crate::web::ui::format::decimal_comma());
    let done = crate::server::services::requests::refund_batch(&ctx, batch).await?;
    let said = match done.failed {
        0 => Done::RefundsAsked,
        _ => Done::RefundsAskedInPart,
    };
    leptos_axum::redirect(&said.on("/requests?kind=refund"));
    Ok(())
}
