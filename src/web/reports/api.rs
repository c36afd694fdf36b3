//! Server functions that read reports.

use crate::dto::error::AppError;
use crate::dto::page::PageRequest;
use crate::dto::reports::{AgingFilter, AgingReport};
use crate::dto::verify::VerifyReport;
use leptos::prelude::*;

#[server(prefix = "/api/fn", endpoint = "read_aging")]
pub async fn read_aging(filter: AgingFilter, page: PageRequest) -> Result<AgingReport, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::queries::reports::aging(&ctx, filter, Some(page)).await
}

#[server(prefix = "/api/fn", endpoint = "check_books")]
pub async fn check_books() -> Result<VerifyReport, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::queries::verify::verify(&ctx).await
}
