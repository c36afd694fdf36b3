//! Server functions of credit runs: context, one call, return.

use crate::domain::ids::CreditRunId;
use crate::dto::credit_runs::{
    CreditRunCommit, CreditRunDetail, CreditRunPreview, CreditRunRow, CreditRunUndo, NewCreditRun,
};
use crate::dto::error::AppError;
use crate::dto::lineage::AppliedSlice;
use crate::dto::page::{Page, PageRequest};
use leptos::prelude::*;

#[server(prefix = "/api/fn", endpoint = "list_credit_runs")]
pub async fn list_credit_runs(page: PageRequest) -> Result<Page<CreditRunRow>, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::queries::credit_runs::list(&ctx, page).await
}

#[server(prefix = "/api/fn", endpoint = "show_credit_run")]
pub async fn show_credit_run(run: CreditRunId) -> Result<CreditRunDetail, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::queries::credit_runs::detail(&ctx, run).await
}

#[server(prefix = "/api/fn", endpoint = "show_credit_run_applications")]
pub async fn show_credit_run_applications(run: CreditRunId) -> Result<Vec<AppliedSlice>, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::queries::credit_runs::applications(&ctx, run).await
}

/// What a previewed run would do now; `typed` are ticks not saved yet.
#[server(prefix = "/api/fn", endpoint = "show_credit_run_preview")]
pub async fn show_credit_run_preview(
    run: CreditRunId,
    page: PageRequest,
    typed: Option<CreditRunCommit>,
) -> Result<CreditRunPreview, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::services::credit_runs::previewed_pairs(&ctx, run, page, typed).await
}

#[server(prefix = "/api/fn", endpoint = "preview_credit_run")]
pub async fn preview_credit_run(run: NewCreditRun) -> Result<(), AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    let run = crate::server::services::credit_runs::preview(&ctx, run).await?;
    leptos_axum::redirect(&crate::web::links::credit_run(run));
    Ok(())
}

/// Saves which pairs are struck out; the page then shows what credit goes on to pay instead.
#[server(prefix = "/api/fn", endpoint = "strike_credit_pairs")]
pub async fn strike_credit_pairs(commit: CreditRunCommit) -> Result<(), AppError> {
    use crate::web::ui::notice::Done;
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::services::credit_runs::strike(&ctx, commit).await?;
    crate::server::forms::redirect_back(Done::PairsStruck);
    Ok(())
}

#[server(prefix = "/api/fn", endpoint = "commit_credit_run")]
pub async fn commit_credit_run(commit: CreditRunCommit) -> Result<(), AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    let run = crate::server::jobs::credit_runs::commit(&ctx, commit).await?;
    leptos_axum::redirect(&crate::web::links::credit_run(run));
    Ok(())
}

#[server(prefix = "/api/fn", endpoint = "undo_credit_run")]
pub async fn undo_credit_run(undo: CreditRunUndo) -> Result<(), AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    let run = crate::server::jobs::credit_runs::undo(&ctx, undo).await?;
    leptos_axum::redirect(&crate::web::links::credit_run(run));
    Ok(())
}
