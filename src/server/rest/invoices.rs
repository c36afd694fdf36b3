//! Invoices: drafts, finalising, voiding.

use super::answer::{Answer, Created};
use super::problem::Problem;
use super::request::{Body, Caller, Key, Params, number_text, text_or_null};
use crate::dto::error::Refusal;
use crate::dto::invoices::{
    InvoiceDispute, InvoiceFinalisation, InvoiceVoiding, NewInvoice, NewInvoiceLine,
};
use crate::server::context::Ctx;
use crate::server::queries::api::Listed;
use crate::server::queries::api::invoices::{self, Invoice, InvoiceList};
use crate::server::services;
use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(find, change, discard))
        .routes(routes!(finalise))
        .routes(routes!(void))
        .routes(routes!(dispute))
        .routes(routes!(settle_dispute))
}

/// The invoices the caller may see; drafts are for staff.
#[utoipa::path(get, path = "/invoices", tag = "invoices", params(InvoiceList),
    responses((status = 200, body = Listed<Invoice>)))]
async fn list(Caller(ctx): Caller, Params(wanted): Params<InvoiceList>) -> Answer<Listed<Invoice>> {
    Ok(Json(invoices::list(&ctx, wanted).await?))
}

/// One invoice by id.
#[utoipa::path(get, path = "/invoices/{id}", tag = "invoices", params(("id" = String, Path)),
    responses((status = 200, body = Invoice)))]
async fn find(Caller(ctx): Caller, Path(id): Path<String>) -> Answer<Invoice> {
    Ok(Json(invoices::find(&ctx, &id).await?))
}

/// An invoice as it is to be. Amounts and prices of lines are plain decimals in the account's currency.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = NewInvoice)]
struct InvoiceBody {
    /// Number of the receivable account.
    account: String,
    /// Empty takes the account's; any other is refused.
    #[schema(required = false)]
    currency: String,
    #[schema(format = Date)]
    issued_on: String,
    /// Empty takes the customer's payment terms.
    #[schema(required = false, format = Date)]
    due_on: String,
    #[schema(required = false)]
    reference: String,
    #[schema(required = false)]
    note: String,
    /// Off the whole invoice before tax; spread over its lines.
    #[serde(deserialize_with = "number_text")]
    #[schema(required = false, example = "0.00")]
    discount: String,
    lines: Vec<LineBody>,
    /// `draft` (or empty), or `finalise` to give it its number at once.
    #[schema(required = false, example = "finalise")]
    act: String,
    /// Why it is dated back, where it is.
    #[schema(required = false)]
    reason: String,
    /// For a change: the version of the draft it was made from.
    #[schema(required = false)]
    version: i64,
}

/// One line. Its net is quantity × unit price − discount, rounded once.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = NewInvoiceLine)]
struct LineBody {
    description: String,
    /// What statements group charges by.
    #[schema(required = false)]
    service: String,
    #[serde(deserialize_with = "number_text")]
    #[schema(example = "2")]
    quantity: String,
    #[serde(deserialize_with = "number_text")]
    #[schema(example = "68.33")]
    unit_price: String,
    #[serde(deserialize_with = "number_text")]
    #[schema(required = false, example = "0.00")]
    discount: String,
    /// In per cent; empty means none.
    #[serde(deserialize_with = "number_text")]
    #[schema(required = false, example = "20")]
    tax_rate: String,
}

impl InvoiceBody {
    fn command(self, invoice: String, key: String) -> NewInvoice {
        let lines = self.lines.into_iter().map(|line| NewInvoiceLine {
            description: line.description,
            service: line.service,
            quantity: line.quantity,
            unit_price: line.unit_price,
            discount: line.discount,
            tax_rate: line.tax_rate,
        });
        NewInvoice {
            invoice,
            version: self.version,
            account: self.account,
            currency: self.currency,
            issued_on: self.issued_on,
            due_on: self.due_on,
            reference: self.reference,
            note: self.note,
            discount: self.discount,
            lines: lines.collect(),
            act: self.act,
            reason: self.reason,
            idempotency_key: key,
        }
    }

    fn check_act(&self) -> Result<(), Problem> {
        match self.act.as_str() {
            "" | "draft" | "finalise" => Ok(()),
            _ => Err(Refusal::UnknownChoice.at("act").into()),
        }
    }
}

/// Creates a draft, or a finalised invoice with its number.
#[utoipa::path(post, path = "/invoices", tag = "invoices", request_body = InvoiceBody,
    params(("Idempotency-Key" = String, Header)), responses((status = 201, body = Invoice)))]
async fn create(
    Caller(ctx): Caller,
    Key(key): Key,
    Body(body): Body<InvoiceBody>,
) -> Result<Created<Invoice>, Problem> {
    body.check_act()?;
    let command = body.command(String::new(), key);
    let saved = services::invoices::save(&ctx, command).await?;
    let id = saved.invoice.to_string();
    Ok(Created {
        path: format!("/invoices/{id}"),
        item: invoices::find(&ctx, &id).await?,
    })
}

/// Changes a draft; a finalised invoice never changes. `version` is the one the change was made from.
#[utoipa::path(put, path = "/invoices/{id}", tag = "invoices", request_body = InvoiceBody,
    params(("id" = String, Path)), responses((status = 200, body = Invoice)))]
async fn change(
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Body(body): Body<InvoiceBody>,
) -> Answer<Invoice> {
    // Finalising is an act of its own, with its key.
    if !matches!(body.act.as_str(), "" | "draft") {
        return Err(Refusal::UnknownChoice.at("act").into());
    }
    services::invoices::save(&ctx, body.command(id.clone(), String::new())).await?;
    Ok(Json(invoices::find(&ctx, &id).await?))
}

/// Throws a draft away.
#[utoipa::path(delete, path = "/invoices/{id}", tag = "invoices", params(("id" = String, Path)),
    responses((status = 204)))]
async fn discard(Caller(ctx): Caller, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    services::invoices::discard(&ctx, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Why an act is done.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ReasonBody {
    #[schema(required = false)]
    pub reason: String,
}

/// Finalises a draft as it stands: it gets its number and is posted. A reason is needed where it is dated back.
#[utoipa::path(post, path = "/invoices/{id}/finalise", tag = "invoices", request_body = ReasonBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Invoice)))]
async fn finalise(
    Caller(ctx): Caller,
    Key(key): Key,
    Path(id): Path<String>,
    Body(body): Body<ReasonBody>,
) -> Answer<Invoice> {
    let command = InvoiceFinalisation {
        invoice: id.clone(),
        reason: body.reason,
        idempotency_key: key,
    };
    services::invoices::finalise(&ctx, command).await?;
    Ok(Json(invoices::find(&ctx, &id).await?))
}

/// Why an invoice is voided.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = InvoiceVoiding)]
struct VoidingBody {
    reason: String,
    /// Where credit that paid it has lapsed meanwhile: its new last usable day, which needs a right of its own. Empty:
    /// what comes back lapses the same day.
    #[serde(deserialize_with = "text_or_null")]
    #[schema(required = false, format = Date)]
    new_expires_on: String,
}

/// Voids an invoice that no payment settled any part of. A reason is needed.
#[utoipa::path(post, path = "/invoices/{id}/void", tag = "invoices", request_body = VoidingBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Invoice)))]
async fn void(
    Caller(ctx): Caller,
    Key(key): Key,
    Path(id): Path<String>,
    Body(body): Body<VoidingBody>,
) -> Answer<Invoice> {
    let command = InvoiceVoiding {
        invoice: id.clone(),
        new_expires_on: body.new_expires_on,
        reason: body.reason,
        idempotency_key: key,
    };
    services::invoices::void(&ctx, command).await?;
    Ok(Json(invoices::find(&ctx, &id).await?))
}

/// Marks an invoice as disputed: credit runs leave it out. A reason is needed.
#[utoipa::path(post, path = "/invoices/{id}/dispute", tag = "invoices", request_body = ReasonBody,
    params(("id" = String, Path)), responses((status = 200, body = Invoice)))]
async fn dispute(caller: Caller, id: Path<String>, body: Body<ReasonBody>) -> Answer<Invoice> {
    set_disputed(caller, id, body, true).await
}

/// The dispute is settled. A reason is needed.
#[utoipa::path(post, path = "/invoices/{id}/settle-dispute", tag = "invoices", request_body = ReasonBody,
    params(("id" = String, Path)), responses((status = 200, body = Invoice)))]
async fn settle_dispute(
    caller: Caller,
    id: Path<String>,
    body: Body<ReasonBody>,
) -> Answer<Invoice> {
    set_disputed(caller, id, body, false).await
}

async fn set_disputed(
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Body(body): Body<ReasonBody>,
    disputed: bool,
) -> Answer<Invoice> {
    let command = InvoiceDispute {
        invoice: id.clone(),
        disputed,
        reason: body.reason,
    };
    services::invoices::set_disputed(&ctx, command).await?;
    Ok(Json(invoices::find(&ctx, &id).await?))
}
