//! Customers: creating and changing them.

use super::answer::{Answer, Created};
use super::problem::Problem;
use super::request::{Body, Caller, OptionalKey, Params, number_text};
use crate::dto::customers::{Contact, ExternalId, NewCustomer};
use crate::server::context::Ctx;
use crate::server::queries::api::Listed;
use crate::server::queries::api::customers::{
    self, Customer, CustomerContact, CustomerExternalId, CustomerList,
};
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
        .routes(routes!(find, change))
}

/// The customers the caller may see.
#[utoipa::path(get, path = "/customers", tag = "customers", params(CustomerList),
    responses((status = 200, body = Listed<Customer>)))]
async fn list(
    Caller(ctx): Caller,
    Params(wanted): Params<CustomerList>,
) -> Answer<Listed<Customer>> {
    Ok(Json(customers::list(&ctx, wanted).await?))
}

/// One customer by number or id.
#[utoipa::path(get, path = "/customers/{number}", tag = "customers", params(("number" = String, Path)),
    responses((status = 200, body = Customer)))]
async fn find(Caller(ctx): Caller, Path(number): Path<String>) -> Answer<Customer> {
    Ok(Json(customers::find(&ctx, &number).await?))
}

/// A customer as it is to be.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = NewCustomer)]
struct CustomerBody {
    /// Empty takes the next free number; for a change, leaves it.
    #[schema(required = false)]
    number: String,
    name: String,
    #[schema(required = false)]
    email: String,
    #[schema(required = false)]
    phone: String,
    #[schema(required = false)]
    street: String,
    #[schema(required = false)]
    postal_code: String,
    #[schema(required = false)]
    city: String,
    #[schema(required = false)]
    country: String,
    /// Tag of the language documents are written in.
    #[schema(required = false, example = "en")]
    language: String,
    #[schema(required = false)]
    tax_id: String,
    /// Days within which the customer pays; empty means thirty.
    #[serde(deserialize_with = "number_text")]
    #[schema(required = false, example = "30")]
    terms_days: String,
    #[schema(required = false)]
    notes: String,
    /// Without commas.
    #[schema(required = false)]
    tags: Vec<String>,
    /// Other names, one line each.
    #[schema(required = false)]
    aliases: Vec<String>,
    #[schema(required = false, value_type = Vec<CustomerContact>)]
    contacts: Vec<Contact>,
    #[schema(required = false, value_type = Vec<CustomerExternalId>)]
    external_ids: Vec<ExternalId>,
    /// Currency of the first receivable account; a change ignores it.
    #[schema(example = "EUR")]
    currency: String,
    /// Number of the first receivable account; empty takes the next free one.
    #[schema(required = false)]
    account_number: String,
    /// For a change: the version it was made from.
    #[schema(required = false)]
    version: i64,
}

impl CustomerBody {
    fn command(self, customer: String, key: String) -> Result<NewCustomer, Problem> {
        Ok(NewCustomer {
            customer,
            version: self.version,
            number: self.number,
            name: self.name,
            email: self.email,
            phone: self.phone,
            street: self.street,
            postal_code: self.postal_code,
            city: self.city,
            country: self.country,
            language: self.language,
            tax_id: self.tax_id,
            terms_days: self.terms_days,
            notes: self.notes,
            tags: joined("tags", &self.tags, ",")?,
            aliases: joined("aliases", &self.aliases, "\n")?,
            contacts: self.contacts,
            external_ids: self.external_ids,
            currency: self.currency,
            account_number: self.account_number,
            idempotency_key: key,
        })
    }
}

/// Texts as one text of a form. A text that holds the separator would come apart.
fn joined(field: &str, texts: &[String], separator: &str) -> Result<String, Problem> {
    if let Some(index) = texts.iter().position(|text| text.contains(separator)) {
        let problem = Problem::of_request(
            StatusCode::UNPROCESSABLE_ENTITY,
            "unusable_text",
            "This text holds a character that separates one text from the next.",
        );
        return Err(problem.at(format!("{field}.{index}")));
    }
    Ok(texts.join(separator))
}

/// Creates a customer with a first receivable account.
#[utoipa::path(post, path = "/customers", tag = "customers", request_body = CustomerBody,
    params(("Idempotency-Key" = Option<String>, Header)), responses((status = 201, body = Customer)))]
async fn create(
    Caller(ctx): Caller,
    OptionalKey(key): OptionalKey,
    Body(body): Body<CustomerBody>,
) -> Result<Created<Customer>, Problem> {
    let command = body.command(String::new(), key)?;
    let saved = services::customers::create(&ctx, command).await?;
    Ok(Created {
        path: format!("/customers/{}", saved.number),
        item: customers::find(&ctx, &saved.number).await?,
    })
}

/// Replaces what is kept about a customer; a field left out becomes empty. `version` is the one the change was made
/// from: refused as stale when someone else changed the customer since.
#[utoipa::path(put, path = "/customers/{number}", tag = "customers", request_body = CustomerBody,
    params(("number" = String, Path)), responses((status = 200, body = Customer)))]
async fn change(
    Caller(ctx): Caller,
    Path(number): Path<String>,
    Body(body): Body<CustomerBody>,
) -> Answer<Customer> {
    let known = customers::find(&ctx, &number).await?;
    let command = body.command(known.number, String::new())?;
    let saved = services::customers::change(&ctx, command).await?;
    Ok(Json(customers::find(&ctx, &saved.number).await?))
}
