//! Refunds: money back to the customer, from being asked for to being paid.

use super::answer::{Answer, Created};
use super::payments::AmountBody;
use super::problem::Problem;
use super::request::{Body, Caller, Key, Params};
use super::requests::{DecisionBody, Done};
use crate::domain::approval::RequestKind;
use crate::dto::form::AmountText;
use crate::dto::requests::NewRefund;
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

const KIND: RequestKind = RequestKind::Refund;

pub fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new()
        .routes(routes!(list, refund))
        .routes(routes!(find))
        .routes(routes!(approve))
        .routes(routes!(refuse))
        .routes(routes!(pay))
        .routes(routes!(fail))
}

/// The refunds the caller may see.
#[utoipa::path(get, path = "/refunds", tag = "refunds", params(RequestList),
    responses((status = 200, body = Listed<Request>)))]
async fn list(Caller(ctx): Caller, Params(wanted): Params<RequestList>) -> Answer<Listed<Request>> {
    Ok(Json(requests::list(&ctx, KIND, wanted).await?))
}

/// One refund by id.
#[utoipa::path(get, path = "/refunds/{id}", tag = "refunds", params(("id" = String, Path)),
    responses((status = 200, body = Request)))]
async fn find(Caller(ctx): Caller, Path(id): Path<String>) -> Answer<Request> {
    Ok(Json(requests::find(&ctx, Some(KIND), &id).await?))
}

/// Money back to the customer.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = NewRefund)]
struct RefundBody {
    /// Number of the receivable account; may be left out where a grant is named.
    #[schema(required = false)]
    account: String,
    /// Id of the grant to pay out; left out: whatever of the account's credit is refundable, newest payment first.
    #[schema(required = false)]
    grant: String,
    #[schema(value_type = AmountBody)]
    amount: AmountText,
    /// Empty: as it was paid.
    #[schema(required = false, example = "bank_transfer")]
    method: String,
    /// Empty means the day it is paid.
    #[schema(required = false, format = Date)]
    effective_on: String,
    reason: String,
}

/// Asks for a refund; what it takes is set aside. Up to the limit it approves itself and waits to be paid.
#[utoipa::path(post, path = "/refunds", tag = "refunds", request_body = RefundBody,
    params(("Idempotency-Key" = String, Header)), responses((status = 201, body = Request)))]
async fn refund(
    Caller(ctx): Caller,
    Key(key): Key,
    Body(body): Body<RefundBody>,
) -> Result<Created<Request>, Problem> {
    let command = NewRefund {
        account: body.account,
        grant: body.grant,
        amount: body.amount,
        method: body.method,
        effective_on: body.effective_on,
        reason: body.reason,
        idempotency_key: key,
    };
    let made = services::requests::refund(&ctx, command).await?;
    made.created(&ctx, KIND, "/refunds").await
}

/// Approves a refund that somebody else asked for; it waits to be paid.
#[utoipa::path(post, path = "/refunds/{id}/approve", tag = "refunds", request_body = DecisionBody,
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

/// Refuses a refund, with a word; what it set aside is free again.
#[utoipa::path(post, path = "/refunds/{id}/refuse", tag = "refunds", request_body = DecisionBody,
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

/// The money has left: posts the refund.
#[utoipa::path(post, path = "/refunds/{id}/pay", tag = "refunds", request_body = DecisionBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)), responses((status = 200, body = Request)))]
async fn pay(
    Caller(ctx): Caller,
    Key(key): Key,
    Path(id): Path<String>,
    Body(body): Body<DecisionBody>,
) -> Answer<Request> {
    let done = services::requests::pay(&ctx, Some(KIND), body.command(id, key)).await?;
    done.answer(&ctx).await
}

/// The money did not reach the customer: the credit is there again. A reason is needed.
#[utoipa::path(post, path = "/refunds/{id}/fail", tag = "refunds", request_body = DecisionBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)), responses((status = 200, body = Request)))]
async fn fail(
    Caller(ctx): Caller,
    Key(key): Key,
    Path(id): Path<String>,
    Body(body): Body<DecisionBody>,
) -> Answer<Request> {
    let done = services::requests::fail(&ctx, Some(KIND), body.command(id, key)).await?;
    done.answer(&ctx).await
}
