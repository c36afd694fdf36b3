//! Server functions of invoices: context, one call, return.

use crate::dto::error::AppError;
use crate::dto::invoices::{
    InvoiceDetail, InvoiceDiscard, InvoiceDispute, InvoiceDraft, InvoiceEditing, InvoiceFilter,
    InvoiceFinalisation, InvoiceList, InvoicePreview, InvoiceVoiding, NewInvoice,
};
use crate::dto::page::PageRequest;
use crate::dto::payments::PayableAccount;
use leptos::prelude::*;

#[server(prefix = "/api/fn", endpoint = "list_invoices")]
pub async fn list_invoices(
    filter: InvoiceFilter,
    page: PageRequest,
) -> Result<InvoiceList, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::queries::invoices::list(&ctx, filter, page).await
}

/// An invoice with lines, what paid it, entries and history.
#[server(prefix = "/api/fn", endpoint = "show_invoice")]
pub async fn show_invoice(invoice: String) -> Result<InvoiceDetail, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::queries::invoices::detail(&ctx, &invoice).await
}

/// Accounts an invoice can be made for, found by customer or number.
#[server(prefix = "/api/fn", endpoint = "accounts_to_invoice")]
pub async fn accounts_to_invoice(search: String) -> Result<Vec<PayableAccount>, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::queries::invoices::accounts_to_invoice(&ctx, search).await
}

/// What the editor has to know of an account, by its number.
#[server(prefix = "/api/fn", endpoint = "show_invoice_editing")]
pub async fn show_invoice_editing(account: String) -> Result<InvoiceEditing, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::queries::invoices::editing(&ctx, &account).await
}

#[server(prefix = "/api/fn", endpoint = "show_invoice_draft")]
pub async fn show_invoice_draft(invoice: String) -> Result<InvoiceDraft, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::queries::invoices::draft(&ctx, &invoice).await
}

/// What finalising the invoice as typed would come to.
#[server(prefix = "/api/fn", endpoint = "preview_invoice")]
pub async fn preview_invoice(invoice: NewInvoice) -> Result<InvoicePreview, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    let invoice = crate::web::ui::format::plain(invoice);
    crate::server::services::invoices::preview(&ctx, invoice).await
}

/// Saves a draft, or finalises at once, as the button says.
#[server(prefix = "/api/fn", endpoint = "save_invoice")]
pub async fn save_invoice(invoice: NewInvoice) -> Result<(), AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    let invoice = crate::web::ui::format::plain(invoice);
    let saved = crate::server::services::invoices::save(&ctx, invoice).await?;
    let done = match saved.number {
        Some(_) => crate::web::ui::notice::Done::InvoiceFinalised,
        None => crate::web::ui::notice::Done::DraftSaved,
    };
    leptos_axum::redirect(&done.on(&crate::web::links::invoice(saved.invoice)));
    Ok(())
}

#[server(prefix = "/api/fn", endpoint = "finalise_invoice")]
pub async fn finalise_invoice(finalisation: InvoiceFinalisation) -> Result<(), AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    let saved = crate::server::services::invoices::finalise(&ctx, finalisation).await?;
    let page = crate::web::links::invoice(saved.invoice);
    leptos_axum::redirect(&crate::web::ui::notice::Done::InvoiceFinalised.on(&page));
    Ok(())
}

#[server(prefix = "/api/fn", endpoint = "discard_invoice")]
pub async fn discard_invoice(discard: InvoiceDiscard) -> Result<(), AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::services::invoices::discard(&ctx, &discard.invoice).await?;
    leptos_axum::redirect(&crate::web::ui::notice::Done::DraftDiscarded.on("/invoices"));
    Ok(())
}

#[server(prefix = "/api/fn", endpoint = "void_invoice")]
pub async fn void_invoice(voiding: InvoiceVoiding) -> Result<(), AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    let saved = crate::server::services::invoices::void(&ctx, voiding).await?;
    let page = crate::web::links::invoice(saved.invoice);
    leptos_axum::redirect(&crate::web::ui::notice::Done::InvoiceVoided.on(&page));
    Ok(())
}

#[server(prefix = "/api/fn", endpoint = "dispute_invoice")]
pub async fn dispute_invoice(dispute: InvoiceDispute) -> Result<(), AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    let done = match dispute.disputed {
        true => crate::web::ui::notice::Done::InvoiceDisputed,
        false => crate::web::ui::notice::Done::DisputeSettled,
    };
    let page = format!("/invoices/{}", dispute.invoice.trim());
    crate::server::services::invoices::set_disputed(&ctx, dispute).await?;
    leptos_axum::redirect(&done.on(&page));
    Ok(())
}
