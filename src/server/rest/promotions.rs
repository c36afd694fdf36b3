//! Promotions: defining them, giving what they give, seeing what came of it.

use super::answer::{Answer, Created};
use super::invoices::ReasonBody;
use super::problem::Problem;
use super::request::{Body, Caller, Key, OptionalKey, Params};
use crate::dto::form::AmountText;
use crate::dto::promotions::{
    CodeEntry, NewPromotion, NewPromotionGrant, NewPromotionRun, PromotionMove,
    PromotionRevocation, PromotionRunResumption,
};
use crate::server::context::Ctx;
use crate::server::queries::api::Listed;
use crate::server::queries::api::promotions::{
    self, Given, Promotion, PromotionGiven, PromotionGrant, PromotionGrantList, PromotionList,
    PromotionRun, Simulation,
};
use crate::server::{jobs, services};
use axum::Json;
use axum::extract::Path;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new()
        .routes(routes!(list, define))
        .routes(routes!(redeem))
        .routes(routes!(find_run))
        .routes(routes!(resume))
        .routes(routes!(find, change))
        .routes(routes!(activate))
        .routes(routes!(pause))
        .routes(routes!(end))
        .routes(routes!(simulate))
        .routes(routes!(grant))
        .routes(routes!(grants))
        .routes(routes!(revoke))
}

/// The promotions, for staff who define or grant them.
#[utoipa::path(get, path = "/promotions", tag = "promotions", params(PromotionList),
    responses((status = 200, body = Listed<Promotion>)))]
async fn list(
    Caller(ctx): Caller,
    Params(wanted): Params<PromotionList>,
) -> Answer<Listed<Promotion>> {
    Ok(Json(promotions::list(&ctx, wanted).await?))
}

/// One promotion by id, with what it cost and brought.
#[utoipa::path(get, path = "/promotions/{id}", tag = "promotions", params(("id" = String, Path)),
    responses((status = 200, body = Promotion)))]
async fn find(Caller(ctx): Caller, Path(id): Path<String>) -> Answer<Promotion> {
    Ok(Json(promotions::find(&ctx, &id).await?))
}

/// What a promotion gives, to whom, when and within which bounds. Of a draft, what is left out stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = NewPromotion)]
struct PromotionBody {
    /// Letters, digits and hyphens.
    #[schema(example = "WELCOME-20")]
    code: Option<String>,
    name_en: Option<String>,
    name_de: Option<String>,
    /// `fixed_credit`, `invoice_percentage`, `top_up_percentage` or `top_up_bonus`.
    #[schema(example = "fixed_credit")]
    kind: Option<String>,
    #[schema(example = "EUR")]
    currency: Option<String>,
    /// For kinds that give an amount.
    #[schema(value_type = Option<super::payments::AmountBody>)]
    amount: Option<AmountText>,
    /// For kinds that give a share, in percent.
    #[schema(example = "10")]
    percent: Option<String>,
    /// Empty means today.
    #[schema(format = Date)]
    starts_on: Option<String>,
    /// Empty: until it is ended.
    #[schema(format = Date)]
    ends_on: Option<String>,
    /// `all`, `tags` or `customers`.
    audience: Option<String>,
    tags: Option<Vec<String>>,
    /// Customer numbers.
    customers: Option<Vec<String>>,
    #[schema(value_type = Option<super::payments::AmountBody>)]
    budget: Option<AmountText>,
    /// All one customer may get. Without it a fixed credit is given once.
    #[schema(value_type = Option<super::payments::AmountBody>)]
    cap: Option<AmountText>,
    /// The least the invoice or top-up must be over.
    #[schema(value_type = Option<super::payments::AmountBody>)]
    minimum: Option<AmountText>,
    /// `exclusive` or `combinable`.
    stacking: Option<String>,
    /// Of the credit given: smaller is used first.
    priority: Option<i64>,
    lapse_days: Option<u32>,
    #[schema(format = Date)]
    lapses_on: Option<String>,
}

impl PromotionBody {
    /// The command, with what is left out taken from `now`.
    fn command(self, now: NewPromotion, key: String) -> Result<NewPromotion, Problem> {
        let currency = self.currency.unwrap_or(now.currency);
        let amount = |field: &str, given: Option<AmountText>, now: String| {
            let Some(given) = given else { return Ok(now) };
            super::payments::in_currency(given, &currency, field)
        };
        // A lapse rule of one kind takes the place of one of the other.
        let lapse_given = self.lapse_days.is_some() || self.lapses_on.is_some();
        let (now_days, now_date) = match lapse_given {
            true => (String::new(), String::new()),
            false => (now.lapse_days, now.lapses_on),
        };
        Ok(NewPromotion {
            amount: amount("amount", self.amount, now.amount)?,
            budget: amount("budget", self.budget, now.budget)?,
            cap: amount("cap", self.cap, now.cap)?,
            minimum: amount("minimum", self.minimum, now.minimum)?,
            promotion: now.promotion,
            seen: now.seen,
            code: self.code.unwrap_or(now.code),
            name_en: self.name_en.unwrap_or(now.name_en),
            name_de: self.name_de.unwrap_or(now.name_de),
            kind: self.kind.unwrap_or(now.kind),
            percent: self.percent.unwrap_or(now.percent),
            starts_on: self.starts_on.unwrap_or(now.starts_on),
            ends_on: self.ends_on.unwrap_or(now.ends_on),
            audience: self.audience.unwrap_or(now.audience),
            tags: self.tags.map_or(now.tags, |tags| tags.join("\n")),
            customers: self
                .customers
                .map_or(now.customers, |customers| customers.join("\n")),
            stacking: self.stacking.unwrap_or(now.stacking),
            priority: self
                .priority
                .map_or(now.priority, |priority| priority.to_string()),
            lapse_days: self.lapse_days.map_or(now_days, |days| days.to_string()),
            lapses_on: self.lapses_on.unwrap_or(now_date),
            currency,
            idempotency_key: key,
        })
    }
}

/// A promotion as it would have been typed.
fn typed(now: Promotion) -> NewPromotion {
    let plain = |money: Option<crate::domain::money::Money>| {
        money.map(|money| money.plain()).unwrap_or_default()
    };
    let date =
        |date: Option<chrono::NaiveDate>| date.map(|date| date.to_string()).unwrap_or_default();
    NewPromotion {
        promotion: now.id.to_string(),
        seen: String::new(),
        code: now.code,
        name_en: now.name_en,
        name_de: now.name_de,
        kind: now.kind.code().to_owned(),
        currency: now.currency,
        amount: plain(now.amount),
        percent: now.percent.unwrap_or_default(),
        starts_on: now.starts_on.to_string(),
        ends_on: date(now.ends_on),
        audience: now.audience.code().to_owned(),
        tags: now.tags.join("\n"),
        customers: now.customers.join("\n"),
        budget: plain(now.budget),
        cap: plain(now.cap),
        minimum: plain(Some(now.minimum).filter(|minimum| !minimum.is_zero())),
        stacking: now.stacking.code().to_owned(),
        priority: now.priority.to_string(),
        lapse_days: now
            .lapse_days
            .map(|days| days.to_string())
            .unwrap_or_default(),
        lapses_on: date(now.lapses_on),
        idempotency_key: String::new(),
    }
}

/// Defines a promotion as a draft; it gives nothing before it is activated.
#[utoipa::path(post, path = "/promotions", tag = "promotions", request_body = PromotionBody,
    params(("Idempotency-Key" = Option<String>, Header)), responses((status = 201, body = Promotion)))]
async fn define(
    Caller(ctx): Caller,
    OptionalKey(key): OptionalKey,
    Body(body): Body<PromotionBody>,
) -> Result<Created<Promotion>, Problem> {
    let command = body.command(NewPromotion::default(), key)?;
    let id = services::promotions::save(&ctx, command).await?.to_string();
    Ok(Created {
        path: format!("/promotions/{id}"),
        item: promotions::find(&ctx, &id).await?,
    })
}

/// Changes a draft.
#[utoipa::path(patch, path = "/promotions/{id}", tag = "promotions", request_body = PromotionBody,
    params(("id" = String, Path)), responses((status = 200, body = Promotion)))]
async fn change(
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Body(body): Body<PromotionBody>,
) -> Answer<Promotion> {
    let now = typed(promotions::find(&ctx, &id).await?);
    services::promotions::save(&ctx, body.command(now, String::new())?).await?;
    Ok(Json(promotions::find(&ctx, &id).await?))
}

/// Begins or goes on giving.
#[utoipa::path(post, path = "/promotions/{id}/activate", tag = "promotions", request_body = ReasonBody,
    params(("id" = String, Path)), responses((status = 200, body = Promotion)))]
async fn activate(caller: Caller, id: Path<String>, body: Body<ReasonBody>) -> Answer<Promotion> {
    move_on(caller, id, body, "activate").await
}

/// Stops giving for a while.
#[utoipa::path(post, path = "/promotions/{id}/pause", tag = "promotions", request_body = ReasonBody,
    params(("id" = String, Path)), responses((status = 200, body = Promotion)))]
async fn pause(caller: Caller, id: Path<String>, body: Body<ReasonBody>) -> Answer<Promotion> {
    move_on(caller, id, body, "pause").await
}

/// Stops giving for good. A reason is needed; what was given stays.
#[utoipa::path(post, path = "/promotions/{id}/end", tag = "promotions", request_body = ReasonBody,
    params(("id" = String, Path)), responses((status = 200, body = Promotion)))]
async fn end(caller: Caller, id: Path<String>, body: Body<ReasonBody>) -> Answer<Promotion> {
    move_on(caller, id, body, "end").await
}

async fn move_on(
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Body(body): Body<ReasonBody>,
    act: &str,
) -> Answer<Promotion> {
    let command = PromotionMove {
        promotion: id.clone(),
        act: act.to_owned(),
        reason: body.reason,
    };
    services::promotions::move_on(&ctx, command).await?;
    Ok(Json(promotions::find(&ctx, &id).await?))
}

/// Who would get what, were the promotion active and given to its audience today. Nothing is written.
#[utoipa::path(post, path = "/promotions/{id}/simulate", tag = "promotions",
    params(("id" = String, Path)), responses((status = 200, body = Simulation)))]
async fn simulate(Caller(ctx): Caller, Path(id): Path<String>) -> Answer<Simulation> {
    let found = services::promotions::simulate(&ctx, &id).await?;
    Ok(Json(found.into()))
}

/// Whom to give to: one account, or nobody named for the whole audience.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = NewPromotionGrant)]
struct GrantBody {
    /// Number of the receivable account; empty gives to the whole audience as a run.
    #[schema(required = false)]
    account: String,
    /// Id of the invoice or payment, where the promotion needs one.
    #[schema(required = false)]
    document: String,
    /// Empty means today.
    #[schema(required = false, format = Date)]
    granted_on: String,
    #[schema(required = false)]
    reason: String,
}

/// Gives to one account, or to the whole audience as a run. A run ends exactly where the budget does not hold the next
/// grant.
#[utoipa::path(post, path = "/promotions/{id}/grant", tag = "promotions", request_body = GrantBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = PromotionGiven)))]
async fn grant(
    Caller(ctx): Caller,
    Key(key): Key,
    Path(id): Path<String>,
    Body(body): Body<GrantBody>,
) -> Answer<PromotionGiven> {
    if body.account.trim().is_empty() {
        let command = NewPromotionRun {
            promotion: id,
            idempotency_key: key,
        };
        let run = jobs::promotion_runs::start(&ctx, command).await?;
        let run = promotions::run(&ctx, &run.to_string()).await?;
        return Ok(Json(PromotionGiven {
            grant: None,
            run: Some(run),
        }));
    }
    let command = NewPromotionGrant {
        promotion: id,
        account: body.account,
        document: body.document,
        granted_on: body.granted_on,
        reason: body.reason,
        idempotency_key: key,
    };
    let given = services::promotions::grant(&ctx, command).await?;
    Ok(Json(PromotionGiven {
        grant: Some(given.into()),
        run: None,
    }))
}

/// What a promotion gave, newest first.
#[utoipa::path(get, path = "/promotions/{id}/grants", tag = "promotions",
    params(("id" = String, Path), PromotionGrantList), responses((status = 200, body = Listed<PromotionGrant>)))]
async fn grants(
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Params(wanted): Params<PromotionGrantList>,
) -> Answer<Listed<PromotionGrant>> {
    Ok(Json(promotions::grants(&ctx, &id, wanted).await?))
}

/// Takes back what is left of one grant; what it paid stays paid. A reason is needed.
#[utoipa::path(post, path = "/promotions/grants/{grant}/revoke", tag = "promotions", request_body = ReasonBody,
    params(("grant" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = Given)))]
async fn revoke(
    Caller(ctx): Caller,
    Key(key): Key,
    Path(grant): Path<String>,
    Body(body): Body<ReasonBody>,
) -> Answer<Given> {
    let command = PromotionRevocation {
        promotion_grant: grant,
        reason: body.reason,
        idempotency_key: key,
    };
    let revoked = services::promotions::revoke(&ctx, command).await?;
    Ok(Json(revoked.into()))
}

/// A code somebody has.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = PromotionCode)]
struct CodeBody {
    /// Number of the receivable account.
    account: String,
    code: String,
}

/// Enters a code for an account; customers for their own. The account gets the credit behind it, once unless the cap
/// allows more.
#[utoipa::path(post, path = "/promotions/redeem", tag = "promotions", request_body = CodeBody,
    params(("Idempotency-Key" = String, Header)), responses((status = 200, body = Given)))]
async fn redeem(Caller(ctx): Caller, Key(key): Key, Body(body): Body<CodeBody>) -> Answer<Given> {
    let command = CodeEntry {
        account: body.account,
        code: body.code,
        idempotency_key: key,
    };
    let given = services::promotions::enter_code(&ctx, command).await?;
    Ok(Json(given.into()))
}

/// One run by id: how far it has come, and who got nothing.
#[utoipa::path(get, path = "/promotions/runs/{run}", tag = "promotions", params(("run" = String, Path)),
    responses((status = 200, body = PromotionRun)))]
async fn find_run(Caller(ctx): Caller, Path(run): Path<String>) -> Answer<PromotionRun> {
    Ok(Json(promotions::run(&ctx, &run).await?))
}

/// Goes on with a run that stopped half-way.
#[utoipa::path(post, path = "/promotions/runs/{run}/resume", tag = "promotions", params(("run" = String, Path)),
    responses((status = 200, body = PromotionRun)))]
async fn resume(Caller(ctx): Caller, Path(run): Path<String>) -> Answer<PromotionRun> {
    let command = PromotionRunResumption { run: run.clone() };
    jobs::promotion_runs::resume(&ctx, command).await?;
    Ok(Json(promotions::run(&ctx, &run).await?))
}
