//! Credit grants: reading them, keeping them out of use, changing when they lapse.

use super::answer::Answer;
use super::invoices::ReasonBody;
use super::request::{Body, Caller, Params, text_or_null};
use crate::dto::credits::GrantHold;
use crate::dto::expiry::GrantExtension;
use crate::server::context::Ctx;
use crate::server::queries::api::Listed;
use crate::server::queries::api::credit_grants::{self, CreditGrant, CreditGrantList};
use crate::server::services;
use axum::Json;
use axum::extract::Path;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(find))
        .routes(routes!(hold))
        .routes(routes!(release))
        .routes(routes!(extend))
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

/// Another lapse date for a grant, and why.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = GrantExtension)]
struct ExtensionBody {
    /// The new last usable day, later or earlier than now, not before today; null or empty: it never lapses.
    #[serde(deserialize_with = "text_or_null")]
    #[schema(format = Date)]
    expires_on: String,
    reason: String,
}

/// Extends or hastens a grant's lapse date. A reason is needed; the same date again changes nothing.
#[utoipa::path(post, path = "/credit-grants/{id}/extend", tag = "credit-grants", request_body = ExtensionBody,
    params(("id" = String, Path)), responses((status = 200, body = CreditGrant)))]
async fn extend(
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Body(body): Body<ExtensionBody>,
) -> Answer<CreditGrant> {
    let command = GrantExtension {
        grant: id.clone(),
        expires_on: body.expires_on,
        reason: body.reason,
    };
    services::expiry::extend(&ctx, command).await?;
    Ok(Json(credit_grants::find(&ctx, &id).await?))
}
