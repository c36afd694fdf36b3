//! Transfers: credit to another receivable account.

use super::answer::{Answer, Created};
use super::payments::AmountBody;
use super::problem::Problem;
use super::request::{Body, Caller, Key, Params};
use super::requests::{DecisionBody, Done};
use crate::domain::approval::RequestKind;
use crate::dto::form::AmountText;
use crate::dto::requests::NewTransfer;
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

const KIND: RequestKind = RequestKind::Transfer;

pub fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new()
        .routes(routes!(list, transfer))
        .routes(routes!(find))
        .routes(routes!(approve))
        .routes(routes!(refuse))
        .routes(routes!(reverse))
}

/// The transfers the caller may see.
#[utoipa::path(get, path = "/transfers", tag = "transfers", params(RequestList),
    responses((status = 200, body = Listed<Request>)))]
async fn list(Caller(ctx): Caller, Params(wanted): Params<RequestList>) -> Answer<Listed<Request>> {
    Ok(Json(requests::list(&ctx, KIND, wanted).await?))
}

/// One transfer by id.
#[utoipa::path(get, path = "/transfers/{id}", tag = "transfers", params(("id" = String, Path)),
    responses((status = 200, body = Request)))]
async fn find(Caller(ctx): Caller, Path(id): Path<String>) -> Answer<Request> {
    Ok(Json(requests::find(&ctx, Some(KIND), &id).await?))
}

/// Credit to another receivable account of the same currency, also another customer's.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = NewTransfer)]
struct TransferBody {
    /// Number of the giving account; may be left out where a grant is named.
    #[schema(required = false)]
    account: String,
    /// Id of the grant; left out: the account's credit in its order of use.
    #[schema(required = false)]
    grant: String,
    /// Number of the receiving account.
    to_account: String,
    #[schema(value_type = AmountBody)]
    amount: AmountText,
    /// Empty means the day it is posted.
    #[schema(required = false, format = Date)]
    effective_on: String,
    reason: String,
}

/// Moves credit to another account. Above the limit it waits for another person's approval.
#[utoipa::path(post, path = "/transfers", tag = "transfers", request_body = TransferBody,
    params(("Idempotency-Key" = String, Header)), responses((status = 201, body = Request)))]
async fn transfer(
    Caller(ctx): Caller,
    Key(key): Key,
    Body(body): Body<TransferBody>,
) -> Result<Created<Request>, Problem> {
    let command = NewTransfer {
        account: body.account,
        grant: body.grant,
        to_account: body.to_account,
        amount: body.amount,
        effective_on: body.effective_on,
        reason: body.reason,
        idempotency_key: key,
    };
    let made = services::requests::transfer(&ctx, command).await?;
    made.created(&ctx, KIND, "/transfers").await
}

/// Approves a transfer that somebody else asked for; it is posted with that.
#[utoipa::path(post, path = "/transfers/{id}/approve", tag = "transfers", request_body = DecisionBody,
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

/// Refuses a transfer, with a word.
#[utoipa::path(post, path = "/transfers/{id}/refuse", tag = "transfers", request_body = DecisionBody,
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

/// Takes a transfer back by the contra of its entry, unless the credit was used on its new account.
#[utoipa::path(post, path = "/transfers/{id}/reverse", tag = "transfers", request_body = DecisionBody,
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
