//! Credit notes: drafts, issuing, voiding.

use super::answer::{Answer, Created};
use super::invoices::ReasonBody;
use super::payments::AmountBody;
use super::problem::Problem;
use super::request::{Body, Caller, Key, Params, flag, number_text, yes};
use crate::dto::credit_notes::{
    CreditNoteDiscard, CreditNoteFinalisation, CreditNoteVoiding, NewCreditNote, NewCreditNoteLine,
};
use crate::dto::error::Refusal;
use crate::dto::form::AmountText;
use crate::server::context::Ctx;
use crate::server::queries::api::Listed;
use crate::server::queries::api::credit_notes::{self, CreditNote, CreditNoteList};
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
        .routes(routes!(find, discard))
        .routes(routes!(finalise))
        .routes(routes!(void))
}

/// The credit notes the caller may see; drafts are for staff.
#[utoipa::path(get, path = "/credit-notes", tag = "credit notes", params(CreditNoteList),
    responses((status = 200, body = Listed<CreditNote>)))]
async fn list(
    Caller(ctx): Caller,
    Params(wanted): Params<CreditNoteList>,
) -> Answer<Listed<CreditNote>> {
    Ok(Json(credit_notes::list(&ctx, wanted).await?))
}

/// One credit note by id.
#[utoipa::path(get, path = "/credit-notes/{id}", tag = "credit notes", params(("id" = String, Path)),
    responses((status = 200, body = CreditNote)))]
async fn find(Caller(ctx): Caller, Path(id): Path<String>) -> Answer<CreditNote> {
    Ok(Json(credit_notes::find(&ctx, &id).await?))
}

/// What is to be credited of which lines of an invoice, and what is to become of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = NewCreditNote)]
struct CreditNoteBody {
    /// Id of the invoice.
    invoice: String,
    /// Empty means today; not before the invoice.
    #[schema(required = false, format = Date)]
    issued_on: String,
    /// `return`, `billing_error`, `price_reduction`, `not_delivered` or `other`.
    #[schema(example = "return")]
    reason_code: String,
    #[schema(required = false)]
    note: String,
    /// What is credited; left out with `everything`.
    #[schema(required = false)]
    lines: Vec<LineBody>,
    /// All that is left of the invoice.
    #[serde(deserialize_with = "flag")]
    #[schema(required = false)]
    everything: bool,
    /// How much covers what is open of the invoice; empty: as much as possible. What is not offset and was paid by
    /// the customer becomes credit.
    #[schema(required = false, value_type = AmountBody)]
    offset: AmountText,
    /// How much of the credit that arises the customer wants paid out: at most what they paid with money. Kept with
    /// the note; it is credit until a refund of it is asked for.
    #[schema(required = false, value_type = AmountBody)]
    refund: AmountText,
    /// `draft` (or empty), or `finalise` to issue it at once.
    #[schema(required = false, example = "finalise")]
    act: String,
    /// Why it is dated back, where it is.
    #[schema(required = false)]
    reason: String,
}

/// How much of one line is credited.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = NewCreditNoteLine)]
struct LineBody {
    /// The line's place on the invoice, from 1.
    #[serde(deserialize_with = "number_text")]
    #[schema(example = "1")]
    position: String,
    /// With the sign of the line's own.
    #[serde(deserialize_with = "number_text")]
    #[schema(example = "1")]
    quantity: String,
}

impl CreditNoteBody {
    fn command(self, key: String) -> NewCreditNote {
        let lines = self.lines.into_iter().map(|line| NewCreditNoteLine {
            position: line.position,
            quantity: line.quantity,
        });
        NewCreditNote {
            invoice: self.invoice,
            issued_on: self.issued_on,
            reason_code: self.reason_code,
            note: self.note,
            lines: lines.collect(),
            everything: yes(self.everything),
            offset: self.offset,
            refund: self.refund,
            act: self.act,
            reason: self.reason,
            idempotency_key: key,
        }
    }
}

/// Creates a draft, or issues a credit note with its number. More of a line than is left of it is refused.
#[utoipa::path(post, path = "/credit-notes", tag = "credit notes", request_body = CreditNoteBody,
    params(("Idempotency-Key" = String, Header)), responses((status = 201, body = CreditNote)))]
async fn create(
    Caller(ctx): Caller,
    Key(key): Key,
    Body(body): Body<CreditNoteBody>,
) -> Result<Created<CreditNote>, Problem> {
    if !matches!(body.act.as_str(), "" | "draft" | "finalise") {
        return Err(Refusal::UnknownChoice.at("act").into());
    }
    let saved = services::credit_notes::save(&ctx, body.command(key)).await?;
    let id = saved.credit_note.to_string();
    Ok(Created {
        path: format!("/credit-notes/{id}"),
        item: credit_notes::find(&ctx, &id).await?,
    })
}

/// Throws a draft away.
#[utoipa::path(delete, path = "/credit-notes/{id}", tag = "credit notes", params(("id" = String, Path)),
    responses((status = 204)))]
async fn discard(Caller(ctx): Caller, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    services::credit_notes::discard(&ctx, CreditNoteDiscard { credit_note: id }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Issues a draft as it stands: it gets its number and is posted. A reason is needed where it is dated back.
#[utoipa::path(post, path = "/credit-notes/{id}/finalise", tag = "credit notes", request_body = ReasonBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = CreditNote)))]
async fn finalise(
    Caller(ctx): Caller,
    Key(key): Key,
    Path(id): Path<String>,
    Body(body): Body<ReasonBody>,
) -> Answer<CreditNote> {
    let command = CreditNoteFinalisation {
        credit_note: id.clone(),
        reason: body.reason,
        idempotency_key: key,
    };
    services::credit_notes::finalise(&ctx, command).await?;
    Ok(Json(credit_notes::find(&ctx, &id).await?))
}

/// Voids a credit note whose credit is unused: what it covered is open again. A reason is needed.
#[utoipa::path(post, path = "/credit-notes/{id}/void", tag = "credit notes", request_body = ReasonBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = CreditNote)))]
async fn void(
    Caller(ctx): Caller,
    Key(key): Key,
    Path(id): Path<String>,
    Body(body): Body<ReasonBody>,
) -> Answer<CreditNote> {
    let command = CreditNoteVoiding {
        credit_note: id.clone(),
        reason: body.reason,
        idempotency_key: key,
    };
    services::credit_notes::void(&ctx, command).await?;
    Ok(Json(credit_notes::find(&ctx, &id).await?))
}
