//! Server functions of imports. The file itself is sent to `server::uploads`, which takes multipart forms.

use crate::dto::error::AppError;
use crate::dto::imports::{ImportDiscarding, ImportPosting, ImportReport, ImportRow, PresetRow};
use crate::dto::page::{Page, PageRequest};
use leptos::prelude::*;

#[server(prefix = "/api/fn", endpoint = "list_imports")]
pub async fn list_imports(page: PageRequest) -> Result<Page<ImportRow>, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::queries::imports::list(&ctx, page).await
}

#[server(prefix = "/api/fn", endpoint = "import_presets")]
pub async fn import_presets() -> Result<Vec<PresetRow>, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::queries::imports::presets(&ctx)
}

#[server(prefix = "/api/fn", endpoint = "read_import")]
pub async fn read_import(import: String, page: PageRequest) -> Result<ImportReport, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::queries::imports::report(&ctx, &import, Some(page)).await
}

#[server(prefix = "/api/fn", endpoint = "post_import")]
pub async fn post_import(posting: ImportPosting) -> Result<(), AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    let import = posting.import.clone();
    crate::server::services::imports::post(&ctx, posting, &|_| {}).await?;
    leptos_axum::redirect(
        &crate::web::ui::notice::Done::ImportPosted.on(&crate::web::links::import(&import)),
    );
    Ok(())
}

#[server(prefix = "/api/fn", endpoint = "discard_import")]
pub async fn discard_import(discarding: ImportDiscarding) -> Result<(), AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::services::imports::discard(&ctx, discarding).await?;
    leptos_axum::redirect(&crate::web::ui::notice::Done::Removed.on("/imports"));
    Ok(())
}
