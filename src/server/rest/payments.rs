//! Payments: recording and reversing them.

use super::answer::{Answer, Created};
use super::problem::Problem;
use super::request::{Body, Caller, Key, Params, flag, number_text, text_or_null, yes};
use crate::domain::money::Currency;
use crate::dto::error::{AppError, Refusal};
use crate::dto::form::AmountText;
use crate::dto::payments::{NewPayment, NewPaymentApplication, PaymentReversal};
use crate::server::context::Ctx;
use crate::server::queries::api::Listed;
use crate::server::queries::api::payments::{self, Payment, PaymentList};
use crate::server::services;
use axum::Json;
use axum::extract::Path;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new()
        .routes(routes!(list, record))
        .routes(routes!(find))
        .routes(routes!(reverse))
}

/// The payments the caller may see.
#[utoipa::path(get, path = "/payments", tag = "payments", params(PaymentList),
    responses((status = 200, body = Listed<Payment>)))]
async fn list(Caller(ctx): Caller, Params(wanted): Params<PaymentList>) -> Answer<Listed<Payment>> {
    Ok(Json(payments::list(&ctx, wanted).await?))
}

/// One payment by id.
#[utoipa::path(get, path = "/payments/{id}", tag = "payments", params(("id" = String, Path)),
    responses((status = 200, body = Payment)))]
async fn find(Caller(ctx): Caller, Path(id): Path<String>) -> Answer<Payment> {
    Ok(Json(payments::find(&ctx, &id).await?))
}

/// Money received on a receivable account.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = NewPayment)]
struct PaymentBody {
    /// Number of the receivable account.
    account: String,
    #[schema(value_type = AmountBody)]
    amount: AmountText,
    #[schema(format = Date)]
    received_on: String,
    /// Empty means a bank transfer.
    #[schema(required = false, example = "bank_transfer")]
    method: String,
    #[schema(required = false)]
    reference: String,
    #[schema(required = false)]
    note: String,
    /// What it pays; empty for money on account.
    #[schema(required = false)]
    applications: Vec<SliceBody>,
    /// What becomes of a surplus: `keep`, `apply_to_oldest`, `write_off` or `refuse`. Empty takes the account's default.
    #[schema(required = false, example = "keep")]
    surplus: String,
    /// What is not applied is a prepayment.
    #[serde(deserialize_with = "flag")]
    #[schema(required = false)]
    prepayment: bool,
    /// Of a prepayment: its last usable day, not before `received_on`, up to 2199. Empty leaves it to the expiry policy.
    #[serde(deserialize_with = "text_or_null")]
    #[schema(required = false, format = Date)]
    expires_on: String,
    /// Of a prepayment: smaller is used first. Empty means 100.
    #[serde(deserialize_with = "number_text")]
    #[schema(required = false, example = "100")]
    priority: String,
    /// Id of the announced top-up that has come with it, where there is one.
    #[schema(required = false)]
    top_up_request: String,
    /// Why it is dated back, where it is.
    #[schema(required = false)]
    reason: String,
}

/// An amount with its currency.
#[derive(ToSchema)]
#[schema(as = AmountGiven)]
#[expect(dead_code, reason = "only its form stands in the API document")]
pub struct AmountBody {
    /// Decimal with at most the currency's decimals.
    #[schema(example = "95.00")]
    amount: String,
    /// ISO 4217 code; empty takes the account's.
    #[schema(required = false, example = "EUR")]
    currency: String,
}

/// How much of which invoice a payment settles.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = NewPaymentApplication)]
struct SliceBody {
    /// Id of the invoice.
    invoice: String,
    #[schema(value_type = AmountBody)]
    amount: SliceAmount,
}

/// With its currency, or as plain text in the payment's.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum SliceAmount {
    Plain(String),
    Full(AmountText),
}

impl Default for SliceAmount {
    fn default() -> Self {
        Self::Plain(String::new())
    }
}

impl PaymentBody {
    fn command(self, key: String) -> Result<NewPayment, AppError> {
        let slices = self
            .applications
            .into_iter()
            .enumerate()
            .map(|(index, slice)| {
                let field = format!("applications.{index}.amount");
                Ok(NewPaymentApplication {
                    invoice: slice.invoice,
                    amount: slice.amount.in_currency(&self.amount.currency, &field)?,
                })
            });
        Ok(NewPayment {
            applications: slices.collect::<Result<_, AppError>>()?,
            account: self.account,
            amount: self.amount,
            received_on: self.received_on,
            method: self.method,
            reference: self.reference,
            note: self.note,
            surplus: self.surplus,
            prepayment: yes(self.prepayment),
            expires_on: self.expires_on,
            priority: self.priority,
            top_up_request: self.top_up_request,
            reason: self.reason,
            idempotency_key: key,
        })
    }
}

impl SliceAmount {
    /// The plain amount; a slice in another currency than its payment is refused here, where the currency is lost.
    fn in_currency(self, expected: &str, field: &str) -> Result<String, AppError> {
        let full = match self {
            Self::Plain(amount) => return Ok(amount),
            Self::Full(full) => full,
        };
        in_currency(full, expected, field)
    }
}

/// The plain amount; one in another currency than expected is refused here, where the currency is lost.
pub(super) fn in_currency(
    full: AmountText,
    expected: &str,
    field: &str,
) -> Result<String, AppError> {
    if full.currency.is_empty() || full.currency == expected {
        return Ok(full.amount);
    }
    let given = full.currency.parse::<Currency>();
    let expected = expected.parse::<Currency>();
    Err(match (expected, given) {
        (Ok(expected), Ok(given)) => Refusal::CurrencyMismatch { expected, given }.at(field),
        _ => Refusal::UnknownCurrency.at(field),
    })
}

/// Records a payment. A surplus becomes credit at once, as `surplus` says.
#[utoipa::path(post, path = "/payments", tag = "payments", request_body = PaymentBody,
    params(("Idempotency-Key" = String, Header)), responses((status = 201, body = Payment)))]
async fn record(
    Caller(ctx): Caller,
    Key(key): Key,
    Body(body): Body<PaymentBody>,
) -> Result<Created<Payment>, Problem> {
    let recorded = services::payments::record(&ctx, body.command(key)?).await?;
    let id = recorded.payment.to_string();
    Ok(Created {
        path: format!("/payments/{id}"),
        item: payments::find(&ctx, &id).await?,
    })
}

/// The payment bounced, was charged back or keyed wrongly.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = PaymentReversal)]
struct ReversalBody {
    /// Empty means today.
    #[schema(required = false, format = Date)]
    reversed_on: String,
    /// `bounced`, `chargeback` or `keyed_wrongly`.
    #[schema(required = false, example = "bounced")]
    cause: String,
    /// What the customer is charged for it, as an invoice to fee income.
    #[schema(required = false, value_type = AmountBody)]
    fee: AmountText,
    reason: String,
}

/// Reverses a payment: what it paid is open again, also what its surplus paid as credit. What of its credit was paid
/// out is owed again as an open item of its own, kind `payment_returned`.
#[utoipa::path(post, path = "/payments/{id}/reverse", tag = "payments", request_body = ReversalBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Payment)))]
async fn reverse(
    Caller(ctx): Caller,
    Key(key): Key,
    Path(id): Path<String>,
    Body(body): Body<ReversalBody>,
) -> Answer<Payment> {
    let command = PaymentReversal {
        payment: id.clone(),
        reversed_on: body.reversed_on,
        cause: body.cause,
        fee: body.fee,
        reason: body.reason,
        idempotency_key: key,
    };
    services::payments::reverse(&ctx, command).await?;
    Ok(Json(payments::find(&ctx, &id).await?))
}
