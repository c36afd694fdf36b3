//! Journal entries: reading them. They are made by acts on documents only.

use super::answer::Answer;
use super::request::{Caller, Params};
use crate::server::context::Ctx;
use crate::server::queries::api::Listed;
use crate::server::queries::api::journal_entries::{self, JournalEntry, JournalEntryList};
use axum::Json;
use axum::extract::Path;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(find))
}

/// The journal entries in the order they were recorded.
#[utoipa::path(get, path = "/journal-entries", tag = "journal-entries", params(JournalEntryList),
    responses((status = 200, body = Listed<JournalEntry>)))]
async fn list(
    Caller(ctx): Caller,
    Params(wanted): Params<JournalEntryList>,
) -> Answer<Listed<JournalEntry>> {
    Ok(Json(journal_entries::list(&ctx, wanted).await?))
}

/// One journal entry by id.
#[utoipa::path(get, path = "/journal-entries/{id}", tag = "journal-entries", params(("id" = String, Path)),
    responses((status = 200, body = JournalEntry)))]
async fn find(Caller(ctx): Caller, Path(id): Path<String>) -> Answer<JournalEntry> {
    Ok(Json(journal_entries::find(&ctx, &id).await?))
}
