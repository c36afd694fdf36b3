//! Approvals: requests of all kinds that wait for a decision.

use super::answer::Answer;
use super::request::{Body, Caller, Key, Params};
use super::requests::{DecisionBody, Done};
use crate::domain::ids::CreditRequestId;
use crate::domain::ledger::Side;
use crate::domain::money::Money;
use crate::server::context::Ctx;
use crate::server::queries::api::Listed;
use crate::server::queries::api::requests::{self, Request, RequestList};
use crate::server::services;
use axum::Json;
use axum::extract::Path;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(find))
        .routes(routes!(approve))
        .routes(routes!(refuse))
}

/// A request, with what it would post.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct Approval {
    #[serde(flatten)]
    request: Request,
    /// The journal lines it would post now; empty once it is decided.
    would_post: Vec<WouldPost>,
}

/// A journal line that is not posted yet.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct WouldPost {
    /// Code and name of the ledger account.
    code: String,
    name: String,
    side: Side,
    amount: Money,
}

/// The requests that wait for a decision; with `status`, others.
#[utoipa::path(get, path = "/approvals", tag = "approvals", params(RequestList),
    responses((status = 200, body = Listed<Request>)))]
async fn list(Caller(ctx): Caller, Params(wanted): Params<RequestList>) -> Answer<Listed<Request>> {
    Ok(Json(requests::to_decide(&ctx, wanted).await?))
}

/// One request by id, with what it would post.
#[utoipa::path(get, path = "/approvals/{id}", tag = "approvals", params(("id" = String, Path)),
    responses((status = 200, body = Approval)))]
async fn find(Caller(ctx): Caller, Path(id): Path<String>) -> Answer<Approval> {
    let request = requests::find(&ctx, None, &id).await?;
    let lines = services::requests::would_post(&ctx, CreditRequestId(request.id)).await?;
    let would_post = lines.into_iter().map(|line| WouldPost {
        code: line.code,
        name: line.name,
        side: line.side,
        amount: line.amount,
    });
    Ok(Json(Approval {
        would_post: would_post.collect(),
        request,
    }))
}

/// Approves what somebody else asked for. An adjustment, transfer or write-off is posted with that; a refund waits
/// until it is paid.
#[utoipa::path(post, path = "/approvals/{id}/approve", tag = "approvals", request_body = DecisionBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)), responses((status = 200, body = Request)))]
async fn approve(
    Caller(ctx): Caller,
    Key(key): Key,
    Path(id): Path<String>,
    Body(body): Body<DecisionBody>,
) -> Answer<Request> {
    let done = services::requests::approve(&ctx, None, body.command(id, key)).await?;
    done.answer(&ctx).await
}

/// Refuses a request, with a word; what it set aside is free again.
#[utoipa::path(post, path = "/approvals/{id}/refuse", tag = "approvals", request_body = DecisionBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)), responses((status = 200, body = Request)))]
async fn refuse(
    Caller(ctx): Caller,
    Key(key): Key,
    Path(id): Path<String>,
    Body(body): Body<DecisionBody>,
) -> Answer<Request> {
    let done = services::requests::refuse(&ctx, None, body.command(id, key)).await?;
    done.answer(&ctx).await
}
