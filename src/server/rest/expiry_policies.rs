//! Expiry policies: when new credit lapses, and what one that is tried would do.

use super::answer::{Answer, Created};
use super::problem::Problem;
use super::request::{Body, Caller, number_text, text_or_null};
use crate::domain::credit::CreditClass;
use crate::domain::expiry::ExpiryCounting;
use crate::domain::money::{Currency, Money};
use crate::dto::expiry::{
    ExpiryPolicyRow, ExpiryPolicyVersionRow, ExpirySimulated, ExpirySimulation, NewExpiryPolicy,
    SimulatedLapse,
};
use crate::server::context::Ctx;
use crate::server::queries::api::{DocumentRef, Listed};
use crate::server::queries::expiry;
use crate::server::services;
use axum::Json;
use axum::extract::Path;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

pub fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new()
        .routes(routes!(list, set))
        .routes(routes!(simulate))
        .routes(routes!(find))
}

/// When new credit of a class lapses, for customers with a tag and accounts in a currency.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct ExpiryPolicy {
    id: Uuid,
    class: CreditClass,
    /// Null: every customer.
    tag: Option<String>,
    /// Null: every currency.
    currency: Option<String>,
    /// The version in force today; null where the first is still to come.
    in_force: Option<ExpiryPolicyVersion>,
    /// The latest first.
    versions: Vec<ExpiryPolicyVersion>,
}

/// A policy from one day to that of the next version. Grants keep the version they were born under.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct ExpiryPolicyVersion {
    version: i32,
    in_force_from: NaiveDate,
    counting: ExpiryCounting,
    /// Days, or months to the end of the month.
    length: u32,
    minimum_life_days: u32,
    /// Days before the last usable day on which the customer is told, longest first.
    notice_leads: Vec<u32>,
    reason: String,
    /// Grants born under it.
    grants: u64,
    recorded_by: String,
    recorded_at: DateTime<Utc>,
}

impl ExpiryPolicy {
    fn of(row: ExpiryPolicyRow, today: NaiveDate) -> Self {
        Self {
            id: row.policy.0,
            class: row.class,
            in_force: row.in_force(today).cloned().map(ExpiryPolicyVersion::from),
            tag: Some(row.tag).filter(|tag| !tag.is_empty()),
            currency: row.currency.map(code),
            versions: row
                .versions
                .into_iter()
                .map(ExpiryPolicyVersion::from)
                .collect(),
        }
    }
}

fn code(currency: Currency) -> String {
    currency.code().to_owned()
}

impl From<ExpiryPolicyVersionRow> for ExpiryPolicyVersion {
    fn from(row: ExpiryPolicyVersionRow) -> Self {
        Self {
            version: row.version,
            in_force_from: row.in_force_from,
            counting: row.counting,
            length: row.length,
            minimum_life_days: row.minimum_life_days,
            notice_leads: row.notice_leads,
            reason: row.reason,
            grants: row.grants,
            recorded_by: row.recorded_by,
            recorded_at: row.recorded_at,
        }
    }
}

/// All expiry policies. They are all in the first part of the list.
#[utoipa::path(get, path = "/expiry-policies", tag = "expiry-policies",
    responses((status = 200, body = Listed<ExpiryPolicy>)))]
async fn list(Caller(ctx): Caller) -> Answer<Listed<ExpiryPolicy>> {
    let policies = expiry::policies(&ctx).await?;
    let items = policies
        .into_iter()
        .map(|row| ExpiryPolicy::of(row, ctx.today()));
    Ok(Json(Listed {
        items: items.collect(),
        next: None,
    }))
}

/// One expiry policy by id.
#[utoipa::path(get, path = "/expiry-policies/{id}", tag = "expiry-policies", params(("id" = String, Path)),
    responses((status = 200, body = ExpiryPolicy)))]
async fn find(Caller(ctx): Caller, Path(id): Path<String>) -> Answer<ExpiryPolicy> {
    let row = expiry::policy(&ctx, &id).await?;
    Ok(Json(ExpiryPolicy::of(row, ctx.today())))
}

/// An expiry policy, or the next version of the one for the same class, tag and currency.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = NewExpiryPolicy)]
struct PolicyBody {
    #[schema(example = "promotion")]
    class: String,
    /// Only customers with this tag; empty for all.
    #[serde(deserialize_with = "text_or_null")]
    #[schema(required = false)]
    tag: String,
    /// Only accounts in this currency; empty for all.
    #[serde(deserialize_with = "text_or_null")]
    #[schema(required = false)]
    currency: String,
    /// `days`, `end_of_month` or `never`; empty means days.
    #[schema(required = false, example = "days")]
    counting: String,
    /// Days, or months to the end of the month.
    #[serde(deserialize_with = "number_text")]
    #[schema(example = "180")]
    length: String,
    #[serde(deserialize_with = "number_text")]
    #[schema(required = false)]
    minimum_life_days: String,
    /// Days before the last usable day; left out: 30, 7, 1.
    #[schema(required = false)]
    notice_leads: Option<Vec<u32>>,
    /// Empty means today; not before today or the version before.
    #[serde(deserialize_with = "text_or_null")]
    #[schema(required = false, format = Date)]
    in_force_from: String,
    #[schema(required = false)]
    reason: String,
}

impl PolicyBody {
    fn command(self) -> NewExpiryPolicy {
        let leads = match self.notice_leads {
            None => String::new(),
            Some(leads) if leads.is_empty() => "-".to_owned(),
            Some(leads) => {
                let leads: Vec<String> = leads.iter().map(u32::to_string).collect();
                leads.join(",")
            }
        };
        NewExpiryPolicy {
            class: self.class,
            tag: self.tag,
            currency: self.currency,
            counting: self.counting,
            length: self.length,
            minimum_life_days: self.minimum_life_days,
            notice_leads: leads,
            in_force_from: self.in_force_from,
            reason: self.reason,
        }
    }
}

/// Sets an expiry policy: a new one, or the next version of the one for the same class, tag and currency.
#[utoipa::path(post, path = "/expiry-policies", tag = "expiry-policies", request_body = PolicyBody,
    responses((status = 201, body = ExpiryPolicy)))]
async fn set(
    Caller(ctx): Caller,
    Body(body): Body<PolicyBody>,
) -> Result<Created<ExpiryPolicy>, Problem> {
    let id = services::expiry::set_policy(&ctx, body.command())
        .await?
        .to_string();
    let row = expiry::policy(&ctx, &id).await?;
    Ok(Created {
        path: format!("/expiry-policies/{id}"),
        item: ExpiryPolicy::of(row, ctx.today()),
    })
}

/// A policy to be tried on the credit there is.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = ExpirySimulation)]
struct SimulationBody {
    policy: PolicyBody,
    /// What would have lapsed by this day; empty means today.
    #[serde(deserialize_with = "text_or_null")]
    #[schema(required = false, format = Date)]
    through: String,
}

/// What would have lapsed if the policy were in force. Nothing is written.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct Simulated {
    through: NaiveDate,
    /// Grants that would lapse.
    grants: u64,
    /// What would lapse, one amount per currency.
    totals: Vec<Money>,
    /// Grants it was tried on.
    of_grants: u64,
    /// The oldest of those that would lapse, at most 200.
    listed: Vec<SimulatedGrant>,
}

/// A grant that would lapse.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct SimulatedGrant {
    grant: DocumentRef,
    /// Number of the receivable account.
    account: String,
    /// Customer number.
    customer: String,
    class: CreditClass,
    amount: Money,
    effective_on: NaiveDate,
    /// The last usable day it has now; null never lapses.
    expires_on: Option<NaiveDate>,
    would_expire_on: NaiveDate,
}

impl From<SimulatedLapse> for SimulatedGrant {
    fn from(lapse: SimulatedLapse) -> Self {
        Self {
            grant: DocumentRef {
                id: lapse.grant.0,
                number: lapse.number.to_string(),
            },
            account: lapse.on.account,
            customer: lapse.on.customer,
            class: lapse.class,
            amount: lapse.amount,
            effective_on: lapse.effective_on,
            expires_on: lapse.expires_on,
            would_expire_on: lapse.would_expire_on,
        }
    }
}

impl From<ExpirySimulated> for Simulated {
    fn from(found: ExpirySimulated) -> Self {
        Self {
            through: found.through,
            grants: found.grants,
            totals: found.totals,
            of_grants: found.of_grants,
            listed: found.listed.into_iter().map(SimulatedGrant::from).collect(),
        }
    }
}

/// Tries a policy on the credit there is: which grants would have lapsed by a day, and how much. Nothing is written.
#[utoipa::path(post, path = "/expiry-policies/simulate", tag = "expiry-policies", request_body = SimulationBody,
    responses((status = 200, body = Simulated)))]
async fn simulate(Caller(ctx): Caller, Body(body): Body<SimulationBody>) -> Answer<Simulated> {
    let command = ExpirySimulation {
        policy: body.policy.command(),
        through: body.through,
    };
    Ok(Json(expiry::simulate(&ctx, command).await?.into()))
}
