//! Server functions of payments: context, one call, return.

use crate::domain::ids::{InvoiceId, PaymentId};
use crate::dto::error::AppError;
use crate::dto::page::{Page, PageRequest};
use crate::dto::payments::{
    NewPayment, PayableAccount, PaymentConfirmation, PaymentDetail, PaymentFilter, PaymentPreview,
    PaymentReversal, PaymentRow, PaymentStart,
};
use leptos::prelude::*;

#[server(prefix = "/api/fn", endpoint = "list_payments")]
pub async fn list_payments(
    filter: PaymentFilter,
    page: PageRequest,
) -> Result<Page<PaymentRow>, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::queries::payments::list(&ctx, filter, page).await
}

#[server(prefix = "/api/fn", endpoint = "show_payment")]
pub async fn show_payment(payment: PaymentId) -> Result<PaymentDetail, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::queries::payments::detail(&ctx, payment).await
}

#[server(prefix = "/api/fn", endpoint = "show_payment_confirmation")]
pub async fn show_payment_confirmation(
    payment: PaymentId,
) -> Result<PaymentConfirmation, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::queries::payments::confirmation(&ctx, payment).await
}

/// Accounts a payment could be for.
#[server(prefix = "/api/fn", endpoint = "find_payable_accounts")]
pub async fn find_payable_accounts(search: String) -> Result<Vec<PayableAccount>, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::queries::payments::accounts_to_pay(&ctx, search).await
}

/// What the form for a payment starts from.
#[server(prefix = "/api/fn", endpoint = "start_payment")]
pub async fn start_payment(
    account: String,
    first: Option<InvoiceId>,
) -> Result<PaymentStart, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::queries::payments::start(&ctx, account, first).await
}

#[server(prefix = "/api/fn", endpoint = "preview_payment")]
pub async fn preview_payment(payment: NewPayment) -> Result<PaymentPreview, AppError> {
    use crate::dto::form::Typed;
    let ctx = crate::server::auth::page_ctx().await?;
    let payment = payment.plain(crate::web::ui::format::decimal_comma());
    crate::server::services::payments::preview(&ctx, payment).await
}

#[server(prefix = "/api/fn", endpoint = "record_payment")]
pub async fn record_payment(payment: NewPayment) -> Result<(), AppError> {
    use crate::dto::form::Typed;
    use crate::web::ui::notice::Done;
    let ctx = crate::server::auth::page_ctx().await?;
    let payment = payment.plain(crate::web::ui::format::decimal_comma());
    let recorded = crate::server::services::payments::record(&ctx, payment).await?;
    let page = crate::web::links::payment(recorded.payment);
    leptos_axum::redirect(&Done::PaymentRecorded.on(&page));
    Ok(())
}

#[server(prefix = "/api/fn", endpoint = "reverse_payment")]
pub async fn reverse_payment(reversal: PaymentReversal) -> Result<(), AppError> {
    use crate::web::ui::notice::Done;
    let ctx = crate::server::auth::page_ctx().await?;
    let reversal = crate::web::ui::format::plain(reversal);
    let reversed = crate::server::services::payments::reverse(&ctx, reversal).await?;
    let page = crate::web::links::payment(reversed.payment);
    leptos_axum::redirect(&Done::PaymentReversed.on(&page));
    Ok(())
}
