//! Server functions that read the journal.

use crate::dto::error::AppError;
use crate::dto::journal::{EntryDetail, EntryRow, JournalFilter};
use crate::dto::page::{Page, PageRequest};
use crate::dto::reports::TrialBalance;
use leptos::prelude::*;

#[server(prefix = "/api/fn", endpoint = "list_entries")]
pub async fn list_entries(
    filter: JournalFilter,
    page: PageRequest,
) -> Result<Page<EntryRow>, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::queries::journal::list(&ctx, filter, page).await
}

#[server(prefix = "/api/fn", endpoint = "journal_entry")]
pub async fn journal_entry(entry: String) -> Result<EntryDetail, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::queries::journal::entry(&ctx, &entry).await
}

#[server(prefix = "/api/fn", endpoint = "read_trial_balance")]
pub async fn read_trial_balance(as_of: String) -> Result<TrialBalance, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::queries::reports::trial_balance(&ctx, &as_of).await
}
