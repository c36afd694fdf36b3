//! Server functions of credit notes: context, one call, return.

use crate::dto::credit_notes::{
    CreditNoteDetail, CreditNoteDiscard, CreditNoteFilter, CreditNoteFinalisation,
    CreditNotePreview, CreditNoteRow, CreditNoteStart, CreditNoteVoiding, NewCreditNote,
};
use crate::dto::error::AppError;
use crate::dto::page::{Page, PageRequest};
use leptos::prelude::*;

#[server(prefix = "/api/fn", endpoint = "list_credit_notes")]
pub async fn list_credit_notes(
    filter: CreditNoteFilter,
    page: PageRequest,
) -> Result<Page<CreditNoteRow>, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::queries::credit_notes::list(&ctx, filter, page).await
}

/// A credit note with lines, what it settled, entries and history.
#[server(prefix = "/api/fn", endpoint = "show_credit_note")]
pub async fn show_credit_note(credit_note: String) -> Result<CreditNoteDetail, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::queries::credit_notes::detail(&ctx, &credit_note).await
}

/// What the page that credits an invoice starts from.
#[server(prefix = "/api/fn", endpoint = "start_credit_note")]
pub async fn start_credit_note(invoice: String) -> Result<CreditNoteStart, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::queries::credit_notes::start(&ctx, &invoice).await
}

/// What issuing the note as typed would come to.
#[server(prefix = "/api/fn", endpoint = "preview_credit_note")]
pub async fn preview_credit_note(note: NewCreditNote) -> Result<CreditNotePreview, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    let note = crate::web::ui::format::plain(note);
    crate::server::services::credit_notes::preview(&ctx, note).await
}

/// Saves a draft, or issues at once, as the button says.
#[server(prefix = "/api/fn", endpoint = "save_credit_note")]
pub async fn save_credit_note(note: NewCreditNote) -> Result<(), AppError> {
    use crate::web::ui::notice::Done;
    let ctx = crate::server::auth::page_ctx().await?;
    let note = crate::web::ui::format::plain(note);
    let saved = crate::server::services::credit_notes::save(&ctx, note).await?;
    let done = match saved.number {
        Some(_) => Done::CreditNoteIssued,
        None => Done::DraftSaved,
    };
    leptos_axum::redirect(&done.on(&crate::web::links::credit_note(saved.credit_note)));
    Ok(())
}

#[server(prefix = "/api/fn", endpoint = "finalise_credit_note")]
pub async fn finalise_credit_note(finalisation: CreditNoteFinalisation) -> Result<(), AppError> {
    use crate::web::ui::notice::Done;
    let ctx = crate::server::auth::page_ctx().await?;
    let saved = crate::server::services::credit_notes::finalise(&ctx, finalisation).await?;
    let page = crate::web::links::credit_note(saved.credit_note);
    leptos_axum::redirect(&Done::CreditNoteIssued.on(&page));
    Ok(())
}

#[server(prefix = "/api/fn", endpoint = "void_credit_note")]
pub async fn void_credit_note(voiding: CreditNoteVoiding) -> Result<(), AppError> {
    use crate::web::ui::notice::Done;
    let ctx = crate::server::auth::page_ctx().await?;
    let saved = crate::server::services::credit_notes::void(&ctx, voiding).await?;
    let page = crate::web::links::credit_note(saved.credit_note);
    leptos_axum::redirect(&Done::CreditNoteVoided.on(&page));
    Ok(())
}

#[server(prefix = "/api/fn", endpoint = "discard_credit_note")]
pub async fn discard_credit_note(discard: CreditNoteDiscard) -> Result<(), AppError> {
    use crate::web::ui::notice::Done;
    let ctx = crate::server::auth::page_ctx().await?;
    let invoice = crate::server::services::credit_notes::discard(&ctx, discard).await?;
    leptos_axum::redirect(&Done::DraftDiscarded.on(&crate::web::links::invoice(invoice)));
    Ok(())
}
