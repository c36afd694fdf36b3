//! Large promotion runs are worked off behind the page that started them; the page shows how far they have come. A run
//! that was stopped with the server stays running, and going on with it finishes it.

use crate::domain::ids::PromotionRunId;
use crate::dto::error::AppError;
use crate::dto::promotions::{NewPromotionRun, PromotionRunResumption};
use crate::server::context::Ctx;
use crate::server::services::promotions::{self, ACCOUNTS_PER_CHUNK};

/// Gives a promotion to its audience: at once when one chunk holds all accounts, else behind the page.
pub async fn start(ctx: &Ctx, command: NewPromotionRun) -> Result<PromotionRunId, AppError> {
    let (run, accounts) = promotions::start(ctx, command).await?;
    go_on(ctx, run, accounts).await
}

/// Goes on with a run that stopped, in the same way.
pub async fn resume(
    ctx: &Ctx,
    command: PromotionRunResumption,
) -> Result<PromotionRunId, AppError> {
    let (run, accounts) = promotions::resume(ctx, command).await?;
    go_on(ctx, run, accounts).await
}

async fn go_on(ctx: &Ctx, run: PromotionRunId, accounts: u64) -> Result<PromotionRunId, AppError> {
    if accounts <= u64::from(ACCOUNTS_PER_CHUNK) {
        promotions::work_off(ctx, run).await?;
        return Ok(run);
    }
    let ctx = ctx.clone();
    tokio::spawn(async move {
        if let Err(error) = promotions::work_off(&ctx, run).await {
            tracing::error!(%run, %error, "a promotion run stopped; going on with it finishes it");
        }
    });
    Ok(run)
}
