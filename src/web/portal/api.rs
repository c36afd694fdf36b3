//! The server function behind the portal's first page.

use crate::dto::customers::PortalHome;
use crate::dto::error::AppError;
use leptos::prelude::*;

/// What the customer who is logged in owes, holds and paid.
#[server(prefix = "/api/fn", endpoint = "show_portal_home")]
pub async fn show_portal_home() -> Result<PortalHome, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::queries::customers::portal_home(&ctx).await
}
