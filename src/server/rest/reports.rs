//! Reports as of a date.

use super::answer::Answer;
use super::request::{Caller, Params};
use crate::server::context::Ctx;
use crate::server::queries::api::reports::{
    self, Aging, AgingWanted, TieOut, TrialBalance, TrialBalanceWanted,
};
use axum::Json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new()
        .routes(routes!(aging))
        .routes(routes!(trial_balance))
        .routes(routes!(tie_out))
}

/// Open items by days overdue as of the end of a day.
#[utoipa::path(get, path = "/reports/aging", tag = "reports", params(AgingWanted),
    responses((status = 200, body = Aging)))]
async fn aging(Caller(ctx): Caller, Params(wanted): Params<AgingWanted>) -> Answer<Aging> {
    Ok(Json(reports::aging(&ctx, wanted).await?))
}

/// The balance of every ledger account at the end of a day.
#[utoipa::path(get, path = "/reports/trial-balance", tag = "reports", params(TrialBalanceWanted),
    responses((status = 200, body = TrialBalance)))]
async fn trial_balance(
    Caller(ctx): Caller,
    Params(wanted): Params<TrialBalanceWanted>,
) -> Answer<TrialBalance> {
    Ok(Json(reports::trial_balance(&ctx, wanted).await?))
}

/// Whether the books tie out now: every check of the books, and the rows for which one does not hold.
#[utoipa::path(get, path = "/reports/tie-out", tag = "reports", responses((status = 200, body = TieOut)))]
async fn tie_out(Caller(ctx): Caller) -> Answer<TieOut> {
    Ok(Json(reports::tie_out(&ctx).await?))
}
