//! Large credit runs are worked off behind the page that started them; the page shows how far they have come.
//! A run that was stopped with the server stays running, and committing or undoing it again finishes it.

use crate::domain::ids::CreditRunId;
use crate::dto::credit_runs::{CreditRunCommit, CreditRunUndo};
use crate::dto::error::AppError;
use crate::server::context::Ctx;
use crate::server::services::credit_runs::{self, ACCOUNTS_PER_CHUNK};

/// Commits a run: at once when one chunk holds all its accounts, else behind the page.
pub async fn commit(ctx: &Ctx, command: CreditRunCommit) -> Result<CreditRunId, AppError> {
    let (run, accounts) = credit_runs::start(ctx, &command).await?;
    if accounts <= ACCOUNTS_PER_CHUNK {
        credit_runs::work_off(ctx, run, &|_| {}).await?;
        return Ok(run);
    }
    let ctx = ctx.clone();
    tokio::spawn(async move {
        if let Err(error) = credit_runs::work_off(&ctx, run, &|_| {}).await {
            tracing::error!(%run, %error, "a credit run stopped; committing it again finishes it");
        }
    });
    Ok(run)
}

/// Undoes a run: at once when one chunk holds all its accounts, else behind the page.
pub async fn undo(ctx: &Ctx, command: CreditRunUndo) -> Result<CreditRunId, AppError> {
    let (run, accounts) = credit_runs::start_undo(ctx, &command).await?;
    if accounts <= ACCOUNTS_PER_CHUNK {
        credit_runs::work_off_undo(ctx, run, command.reason, &|_| {}).await?;
        return Ok(run);
    }
    let ctx = ctx.clone();
    tokio::spawn(async move {
        let undone = credit_runs::work_off_undo(&ctx, run, command.reason, &|_| {}).await;
        if let Err(error) = undone {
            tracing::error!(%run, %error, "the undo of a credit run stopped; undoing it again finishes it");
        }
    });
    Ok(run)
}
