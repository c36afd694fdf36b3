//! Applications: applying credit to invoices, and undoing that.

use super::answer::{Answer, Created};
use super::payments::AmountBody;
use super::problem::Problem;
use super::request::{Body, Caller, Key, Params, text_or_null};
use crate::dto::credits::{NewApplication, Unapplication};
use crate::dto::form::AmountText;
use crate::server::context::Ctx;
use crate::server::queries::api::Listed;
use crate::server::queries::api::applications::{self, Application, ApplicationList};
use crate::server::services;
use axum::Json;
use axum::extract::Path;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new()
        .routes(routes!(list, apply))
        .routes(routes!(find))
        .routes(routes!(unapply))
}

/// The applications the caller may see, undone ones included.
#[utoipa::path(get, path = "/applications", tag = "applications", params(ApplicationList),
    responses((status = 200, body = Listed<Application>)))]
async fn list(
    Caller(ctx): Caller,
    Params(wanted): Params<ApplicationList>,
) -> Answer<Listed<Application>> {
    Ok(Json(applications::list(&ctx, wanted).await?))
}

/// One application by id.
#[utoipa::path(get, path = "/applications/{id}", tag = "applications", params(("id" = String, Path)),
    responses((status = 200, body = Application)))]
async fn find(Caller(ctx): Caller, Path(id): Path<String>) -> Answer<Application> {
    Ok(Json(applications::find(&ctx, &id).await?))
}

/// A grant, or part of it, to be applied to an invoice of the same receivable account.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = NewApplication)]
struct ApplicationBody {
    /// Id of the credit grant.
    grant: String,
    /// Id of the invoice.
    invoice: String,
    #[schema(value_type = AmountBody)]
    amount: AmountText,
    /// Empty means today.
    #[schema(required = false, format = Date)]
    effective_on: String,
    /// Why it is dated back, where it is.
    #[schema(required = false)]
    reason: String,
}

/// Applies credit to an invoice; posts an entry of four lines.
#[utoipa::path(post, path = "/applications", tag = "applications", request_body = ApplicationBody,
    params(("Idempotency-Key" = String, Header)), responses((status = 201, body = Application)))]
async fn apply(
    Caller(ctx): Caller,
    Key(key): Key,
    Body(body): Body<ApplicationBody>,
) -> Result<Created<Application>, Problem> {
    let command = NewApplication {
        grant: body.grant,
        invoice: body.invoice,
        amount: body.amount,
        effective_on: body.effective_on,
        reason: body.reason,
        idempotency_key: key,
    };
    let applied = services::applications::apply(&ctx, command).await?;
    let id = applied.application.to_string();
    Ok(Created {
        path: format!("/applications/{id}"),
        item: applications::find(&ctx, &id).await?,
    })
}

/// When and why an application is undone.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = Unapplication)]
struct UnapplicationBody {
    /// Empty means today; not before the application's own date.
    #[schema(required = false, format = Date)]
    unapplied_on: String,
    /// Where the grant has lapsed meanwhile: its new last usable day, which needs a right of its own. Empty: what comes
    /// back lapses the same day.
    #[serde(deserialize_with = "text_or_null")]
    #[schema(required = false, format = Date)]
    new_expires_on: String,
    #[schema(required = false)]
    reason: String,
}

/// Undoes an application by a contra entry; the slice returns to its grant.
#[utoipa::path(post, path = "/applications/{id}/unapply", tag = "applications", request_body = UnapplicationBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Application)))]
async fn unapply(
    Caller(ctx): Caller,
    Key(key): Key,
    Path(id): Path<String>,
    Body(body): Body<UnapplicationBody>,
) -> Answer<Application> {
    let command = Unapplication {
        application: id.clone(),
        unapplied_on: body.unapplied_on,
        new_expires_on: body.new_expires_on,
        reason: body.reason,
        idempotency_key: key,
    };
    services::applications::unapply(&ctx, command).await?;
    Ok(Json(applications::find(&ctx, &id).await?))
}
