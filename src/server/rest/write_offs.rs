//! Write-offs: invoices nobody will pay, and tiny remainders of credit.

use super::answer::{Answer, Created};
use super::payments::AmountBody;
use super::problem::Problem;
use super::request::{Body, Caller, Key, Params};
use super::requests::{DecisionBody, Done};
use crate::domain::approval::RequestKind;
use crate::dto::form::AmountText;
use crate::dto::requests::NewWriteOff;
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

const KIND: RequestKind = RequestKind::WriteOff;

pub fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new()
        .routes(routes!(list, write_off))
        .routes(routes!(find))
        .routes(routes!(approve))
        .routes(routes!(refuse))
        .routes(routes!(reverse))
}

/// The write-offs the caller may see.
#[utoipa::path(get, path = "/write-offs", tag = "write-offs", params(RequestList),
    responses((status = 200, body = Listed<Request>)))]
async fn list(Caller(ctx): Caller, Params(wanted): Params<RequestList>) -> Answer<Listed<Request>> {
    Ok(Json(requests::list(&ctx, KIND, wanted).await?))
}

/// One write-off by id.
#[utoipa::path(get, path = "/write-offs/{id}", tag = "write-offs", params(("id" = String, Path)),
    responses((status = 200, body = Request)))]
async fn find(Caller(ctx): Caller, Path(id): Path<String>) -> Answer<Request> {
    Ok(Json(requests::find(&ctx, Some(KIND), &id).await?))
}

/// An invoice nobody will pay, or a tiny remainder of credit.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = NewWriteOff)]
struct WriteOffBody {
    /// Id of the invoice; left out where a grant is named.
    #[schema(required = false)]
    invoice: String,
    /// Id of the grant whose remainder is written off.
    #[schema(required = false)]
    grant: String,
    /// Left out: all that is open or left.
    #[schema(value_type = Option<AmountBody>, required = false)]
    amount: AmountText,
    /// `insolvent`, `uncollectable`, `settlement`, `small_balance` or `other`; empty means `other`.
    #[schema(required = false, example = "uncollectable")]
    reason_code: String,
    /// Empty means the day it is posted.
    #[schema(required = false, format = Date)]
    effective_on: String,
    reason: String,
}

/// Writes an invoice or a remainder of credit off. Above the limit it waits for another person's approval.
#[utoipa::path(post, path = "/write-offs", tag = "write-offs", request_body = WriteOffBody,
    params(("Idempotency-Key" = String, Header)), responses((status = 201, body = Request)))]
async fn write_off(
    Caller(ctx): Caller,
    Key(key): Key,
    Body(body): Body<WriteOffBody>,
) -> Result<Created<Request>, Problem> {
    let command = NewWriteOff {
        invoice: body.invoice,
        grant: body.grant,
        amount: body.amount,
        reason_code: body.reason_code,
        effective_on: body.effective_on,
        reason: body.reason,
        idempotency_key: key,
    };
    let made = services::requests::write_off(&ctx, command).await?;
    made.created(&ctx, KIND, "/write-offs").await
}

/// Approves a write-off that somebody else asked for; it is posted with that.
#[utoipa::path(post, path = "/write-offs/{id}/approve", tag = "write-offs", request_body = DecisionBody,
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

/// Refuses a write-off, with a word.
#[utoipa::path(post, path = "/write-offs/{id}/refuse", tag = "write-offs", request_body = DecisionBody,
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

/// Takes a write-off back by the contra of its entry: an invoice is open again.
#[utoipa::path(post, path = "/write-offs/{id}/reverse", tag = "write-offs", request_body = DecisionBody,
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
