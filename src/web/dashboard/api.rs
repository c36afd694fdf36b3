//! The server function behind the dashboard.

use crate::dto::dashboard::Dashboard;
use crate::dto::error::AppError;
use leptos::prelude::*;

#[server(prefix = "/api/fn", endpoint = "show_dashboard")]
pub async fn show_dashboard() -> Result<Dashboard, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::queries::dashboard::show(&ctx).await
}
