//! Credit grants: reading them, keeping them out of use.

use super::answer::Answer;
use super::invoices::ReasonBody;
use super::request::{Body, Caller, Params};
use crate::dto::credits::GrantHold;
use crate::server::context::Ctx;
use crate::server::queries::api::Listed;
use crate::server::queries::api::credit_grants::{self, CreditGrant, CreditGrantList};
use crate::server::services;
use axum::Json;
use axum::extract::Path;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(find))
        .routes(routes!(hold))
        .routes(routes!(release))
}

/// The credit grants the caller may see.
#[utoipa::path(get, path = "/credit-grants", tag = "credit-grants", params(CreditGrantList),
    responses((status = 200, body = Listed<CreditGrant>)))]
async fn list(
    Caller(ctx): Caller,
    Params(wanted): Params<CreditGrantList>,
) -> Answer<Listed<CreditGrant>> {
    Ok(Json(credit_grants::list(&ctx, wanted).await?))
}

/// One credit grant by id.
#[utoipa::path(get, path = "/credit-grants/{id}", tag = "credit-grants", params(("id" = String, Path)),
    responses((status = 200, body = CreditGrant)))]
async fn find(Caller(ctx): Caller, Path(id): Path<String>) -> Answer<CreditGrant> {
    Ok(Json(credit_grants::find(&ctx, &id).await?))
}

/// Keeps a grant out of every use. A reason is needed.
#[utoipa::path(post, path = "/credit-grants/{id}/hold", tag = "credit-grants", request_body = ReasonBody,
    params(("id" = String, Path)), responses((status = 200, body = CreditGrant)))]
async fn hold(caller: Caller, id: Path<String>, body: Body<ReasonBody>) -> Answer<CreditGrant> {
    set_on_hold(caller, id, body, true).await
}

/// Lets a held grant be used again. A reason is needed.
#[utoipa::path(post, path = "/credit-grants/{id}/release", tag = "credit-grants", request_body = ReasonBody,
    params(("id" = String, Path)), responses((status = 200, body = CreditGrant)))]
async fn release(caller: Caller, id: Path<String>, body: Body<ReasonBody>) -> Answer<CreditGrant> {
    set_on_hold(caller, id, body, false).await
}

async fn set_on_hold(
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Body(body): Body<ReasonBody>,
    on_hold: bool,
) -> Answer<CreditGrant> {
    let command = GrantHold {
        grant: id.clone(),
        on_hold,
        reason: body.reason,
    };
    services::applications::hold(&ctx, command).await?;
    Ok(Json(credit_grants::find(&ctx, &id).await?))
}
