//! Changing a draft.

use super::api::{show_invoice_draft, show_invoice_editing};
use super::detail::{crumbs, invoice_id};
use super::form::{ARG, ENDPOINT, InvoiceForm};
use super::preview::{WithPreview, preview_asked_for};
use crate::dto::error::AppError;
use crate::dto::invoices::{InvoiceDraft, NewInvoice};
use crate::web::links;
use crate::web::ui::prelude::*;

#[component]
pub fn EditInvoicePage() -> impl IntoView {
    let id = invoice_id();
    let preview = preview_asked_for();
    let refused = visit()
        .refused
        .as_ref()
        .and_then(|_| typed::command::<NewInvoice>(ENDPOINT, ARG));
    let draft = show_invoice_draft(id);
    let start = async move {
        let draft = match (draft.await, refused) {
            // Finalised or discarded by someone else meanwhile: what was typed is shown beside the refusal.
            (Err(AppError::NotFound), Some(typed)) => as_typed(typed).await?,
            (draft, _) => draft?,
        };
        Ok((draft, preview.await))
    };
    load(start, |(draft, preview)| {
        let title = t!(
            invoices.edit_title,
            customer = draft.editing.on.customer_name.clone()
        );
        let lead = view! {
            <a href=links::account(&draft.editing.on.account)>{draft.editing.on.account.clone()}</a>
        };
        view! {
            <PageHead title crumbs=crumbs() lead=lead.into_any() />
            <WithPreview preview><InvoiceForm draft /></WithPreview>
        }
    })
}

async fn as_typed(invoice: NewInvoice) -> Result<InvoiceDraft, AppError> {
    Ok(InvoiceDraft {
        editing: show_invoice_editing(invoice.account.clone()).await?,
        invoice,
    })
}
