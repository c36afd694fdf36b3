//! Server functions of promotions: context, one call, return.

use crate::domain::ids::{PromotionId, PromotionRunId};
use crate::dto::error::AppError;
use crate::dto::page::{Page, PageRequest};
use crate::dto::promotions::{
    CodeEntry, NewPromotion, NewPromotionGrant, NewPromotionRun, PaidInvoice, PromotionDetail,
    PromotionFilter, PromotionGrantRow, PromotionMove, PromotionRevocation, PromotionRow,
    PromotionRunDetail, PromotionRunResumption, PromotionSimulation,
};
use leptos::prelude::*;

#[server(prefix = "/api/fn", endpoint = "list_promotions")]
pub async fn list_promotions(
    filter: PromotionFilter,
    page: PageRequest,
) -> Result<Page<PromotionRow>, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::queries::promotions::list(&ctx, filter, page).await
}

#[server(prefix = "/api/fn", endpoint = "show_promotion")]
pub async fn show_promotion(promotion: PromotionId) -> Result<PromotionDetail, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::queries::promotions::detail(&ctx, promotion).await
}

/// A page of what a promotion gave; of one run only, where given.
#[server(prefix = "/api/fn", endpoint = "list_promotion_grants")]
pub async fn list_promotion_grants(
    promotion: PromotionId,
    run: Option<PromotionRunId>,
    page: PageRequest,
) -> Result<Page<PromotionGrantRow>, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::queries::promotions::grants(&ctx, promotion, run, page).await
}

#[server(prefix = "/api/fn", endpoint = "list_promotion_invoices")]
pub async fn list_promotion_invoices(promotion: PromotionId) -> Result<Vec<PaidInvoice>, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::queries::promotions::invoices_paid(&ctx, promotion).await
}

#[server(prefix = "/api/fn", endpoint = "show_promotion_run")]
pub async fn show_promotion_run(run: PromotionRunId) -> Result<PromotionRunDetail, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::queries::promotions::run(&ctx, run).await
}

#[server(prefix = "/api/fn", endpoint = "simulate_promotion")]
pub async fn simulate_promotion(promotion: PromotionId) -> Result<PromotionSimulation, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::services::promotions::simulate(&ctx, &promotion.to_string()).await
}

#[server(prefix = "/api/fn", endpoint = "save_promotion")]
pub async fn save_promotion(promotion: NewPromotion) -> Result<(), AppError> {
    use crate::web::ui::notice::Done;
    let ctx = crate::server::auth::page_ctx().await?;
    let promotion = crate::web::ui::format::plain(promotion);
    let saved = crate::server::services::promotions::save(&ctx, promotion).await?;
    leptos_axum::redirect(&Done::Saved.on(&crate::web::links::promotion(saved)));
    Ok(())
}

#[server(prefix = "/api/fn", endpoint = "move_promotion")]
pub async fn move_promotion(movement: PromotionMove) -> Result<(), AppError> {
    use crate::web::ui::notice::Done;
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::services::promotions::move_on(&ctx, movement).await?;
    crate::server::forms::redirect_back(Done::Saved);
    Ok(())
}

#[server(prefix = "/api/fn", endpoint = "grant_promotion")]
pub async fn grant_promotion(grant: NewPromotionGrant) -> Result<(), AppError> {
    use crate::web::ui::notice::Done;
    let ctx = crate::server::auth::page_ctx().await?;
    let given = crate::server::services::promotions::grant(&ctx, grant).await?;
    leptos_axum::redirect(&Done::CreditGiven.on(&crate::web::links::promotion(given.promotion)));
    Ok(())
}

#[server(prefix = "/api/fn", endpoint = "revoke_promotion")]
pub async fn revoke_promotion(revocation: PromotionRevocation) -> Result<(), AppError> {
    use crate::web::ui::notice::Done;
    let ctx = crate::server::auth::page_ctx().await?;
    let revoked = crate::server::services::promotions::revoke(&ctx, revocation).await?;
    let page = crate::web::links::promotion(revoked.promotion);
    leptos_axum::redirect(&Done::CreditRevoked.on(&page));
    Ok(())
}

#[server(prefix = "/api/fn", endpoint = "start_promotion_run")]
pub async fn start_promotion_run(run: NewPromotionRun) -> Result<(), AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    let run = crate::server::jobs::promotion_runs::start(&ctx, run).await?;
    leptos_axum::redirect(&crate::web::links::promotion_run(run));
    Ok(())
}

#[server(prefix = "/api/fn", endpoint = "resume_promotion_run")]
pub async fn resume_promotion_run(run: PromotionRunResumption) -> Result<(), AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    let run = crate::server::jobs::promotion_runs::resume(&ctx, run).await?;
    leptos_axum::redirect(&crate::web::links::promotion_run(run));
    Ok(())
}

/// A code is entered for an account: by its customer in the portal, or by staff.
#[server(prefix = "/api/fn", endpoint = "enter_promotion_code")]
pub async fn enter_promotion_code(entry: CodeEntry) -> Result<(), AppError> {
    use crate::web::ui::notice::Done;
    let ctx = crate::server::auth::page_ctx().await?;
    let given = crate::server::services::promotions::enter_code(&ctx, entry).await?;
    let page = match ctx.actor.customer() {
        Some(_) => crate::web::links::portal_grant(given.grant),
        None => crate::web::links::account(&given.account),
    };
    leptos_axum::redirect(&Done::CreditGiven.on(&page));
    Ok(())
}
