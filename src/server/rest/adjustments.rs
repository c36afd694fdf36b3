//! Adjustments: goodwill credit, and grants corrected downwards.

use super::answer::{Answer, Created};
use super::payments::AmountBody;
use super::problem::Problem;
use super::request::{Body, Caller, Key, Params, number_text};
use super::requests::{DecisionBody, Done};
use crate::domain::approval::RequestKind;
use crate::dto::form::AmountText;
use crate::dto::requests::NewAdjustment;
use crate::server::context::Ctx;
use crate::server::queries::api::Listed;
use crate::server::queries::api::requests::{self, Request, RequestList};
use crate::server::services;
use axum::Json;
use axum::extract::Path;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

const KIND: RequestKind = RequestKind::Adjustment;

pub fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new()
        .routes(routes!(list, adjust))
        .routes(routes!(find))
        .routes(routes!(approve))
        .routes(routes!(refuse))
        .routes(routes!(reverse))
}

/// The adjustments the caller may see.
#[utoipa::path(get, path = "/adjustments", tag = "adjustments", params(RequestList),
    responses((status = 200, body = Listed<Request>)))]
async fn list(Caller(ctx): Caller, Params(wanted): Params<RequestList>) -> Answer<Listed<Request>> {
    Ok(Json(requests::list(&ctx, KIND, wanted).await?))
}

/// One adjustment by id.
#[utoipa::path(get, path = "/adjustments/{id}", tag = "adjustments", params(("id" = String, Path)),
    responses((status = 200, body = Request)))]
async fn find(Caller(ctx): Caller, Path(id): Path<String>) -> Answer<Request> {
    Ok(Json(requests::find(&ctx, Some(KIND), &id).await?))
}

/// Goodwill credit for an account; or, where a grant is named, that grant corrected downwards.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = NewAdjustment)]
struct AdjustmentBody {
    /// Number of the receivable account; may be left out where a grant is named.
    #[schema(required = false)]
    account: String,
    /// Id of the grant to be corrected downwards; left out for goodwill credit.
    #[schema(required = false)]
    grant: String,
    #[schema(value_type = AmountBody)]
    amount: AmountText,
    /// Empty means the day it is posted.
    #[schema(required = false, format = Date)]
    effective_on: String,
    /// Last usable day of goodwill credit.
    #[schema(required = false, format = Date)]
    expires_on: String,
    /// Priority of goodwill credit: smaller is used first. Empty means 100.
    #[serde(deserialize_with = "number_text")]
    #[schema(required = false, example = "100")]
    priority: String,
    reason: String,
}

/// Gives goodwill credit or corrects a grant. Above the limit it waits for another person's approval.
#[utoipa::path(post, path = "/adjustments", tag = "adjustments", request_body = AdjustmentBody,
    params(("Idempotency-Key" = String, Header)), responses((status = 201, body = Request)))]
async fn adjust(
    Caller(ctx): Caller,
    Key(key): Key,
    Body(body): Body<AdjustmentBody>,
) -> Result<Created<Request>, Problem> {
    let command = NewAdjustment {
        account: body.account,
        grant: body.grant,
        amount: body.amount,
        effective_on: body.effective_on,
        expires_on: body.expires_on,
        priority: body.priority,
        reason: body.reason,
        idempotency_key: key,
    };
    let made = services::requests::adjust(&ctx, command).await?;
    made.created(&ctx, KIND, "/adjustments").await
}

/// Approves an adjustment that somebody else asked for; it is posted with that.
#[utoipa::path(post, path = "/adjustments/{id}/approve", tag = "adjustments", request_body = DecisionBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)), responses((status = 200, body = Request)))]
async fn approve(
    Caller(ctx): Caller,
    Key(key): Key,
    Path(id): Path<String>,
    Body(body): Body<DecisionBody>,
) -> Answer<Request> {
    let done = services::requests::approve(&ctx, Some(KIND), body.command(id, key)).await?;
    done.answer(&ctx).await
}

/// Refuses an adjustment, with a word.
#[utoipa::path(post, path = "/adjustments/{id}/refuse", tag = "adjustments", request_body = DecisionBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)), responses((status = 200, body = Request)))]
async fn refuse(
    Caller(ctx): Caller,
    Key(key): Key,
    Path(id): Path<String>,
    Body(body): Body<DecisionBody>,
) -> Answer<Request> {
    let done = services::requests::refuse(&ctx, Some(KIND), body.command(id, key)).await?;
    done.answer(&ctx).await
}

/// Takes an adjustment back by the contra of its entry.
#[utoipa::path(post, path = "/adjustments/{id}/reverse", tag = "adjustments", request_body = DecisionBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)), responses((status = 200, body = Request)))]
async fn reverse(
    Caller(ctx): Caller,
    Key(key): Key,
    Path(id): Path<String>,
    Body(body): Body<DecisionBody>,
) -> Answer<Request> {
    let done = services::requests::reverse(&ctx, Some(KIND), body.command(id, key)).await?;
    done.answer(&ctx).await
}
