//! Prepaid accounts: their rules, whether they are drawn down by themselves, announced top-ups.

use super::answer::{Answer, Created};
use super::invoices::ReasonBody;
use super::problem::Problem;
use super::request::{Body, Caller, Key, Params, yes};
use crate::domain::money::Money;
use crate::dto::form::AmountText;
use crate::dto::prepaid::{DrawdownChoice, NewTopUpRequest, PrepaidRules, TopUpWithdrawal};
use crate::server::context::Ctx;
use crate::server::queries::api::Listed;
use crate::server::queries::api::promotions::{self, PrepaidAccount, PrepaidList};
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
        .routes(routes!(list, set_up))
        .routes(routes!(find, change))
        .routes(routes!(hold))
        .routes(routes!(release))
        .routes(routes!(opt_out))
        .routes(routes!(opt_in))
        .routes(routes!(request))
        .routes(routes!(withdraw))
}

/// The prepaid accounts the caller may see.
#[utoipa::path(get, path = "/prepaid-accounts", tag = "prepaid-accounts", params(PrepaidList),
    responses((status = 200, body = Listed<PrepaidAccount>)))]
async fn list(
    Caller(ctx): Caller,
    Params(wanted): Params<PrepaidList>,
) -> Answer<Listed<PrepaidAccount>> {
    Ok(Json(promotions::prepaid_accounts(&ctx, wanted).await?))
}

/// One prepaid account by the number of its receivable account.
#[utoipa::path(get, path = "/prepaid-accounts/{number}", tag = "prepaid-accounts",
    params(("number" = String, Path)), responses((status = 200, body = PrepaidAccount)))]
async fn find(Caller(ctx): Caller, Path(number): Path<String>) -> Answer<PrepaidAccount> {
    Ok(Json(promotions::prepaid_account(&ctx, &number).await?))
}

/// The rules of a prepaid account; of one that has them, what is left out stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = NewPrepaidRules)]
struct RulesBody {
    /// Number of the receivable account; only when it becomes prepaid.
    #[schema(required = false)]
    account: String,
    /// Balances at or below which it is low; one alert per crossing.
    #[schema(value_type = Option<Vec<super::payments::AmountBody>>)]
    thresholds: Option<Vec<AmountText>>,
    /// The least that is suggested when it is low.
    #[schema(value_type = Option<super::payments::AmountBody>)]
    suggested: Option<AmountText>,
    /// An invoice that is not covered whole is left open. Off at first.
    whole_invoices_only: Option<bool>,
}

impl RulesBody {
    fn command(self, now: &PrepaidAccount) -> Result<PrepaidRules, Problem> {
        let currency = now.balance.currency.code();
        let rules = now.rules.as_ref();
        let kept = || {
            let thresholds = rules.map(|rules| rules.thresholds.iter().copied());
            thresholds.into_iter().flatten().map(Money::plain).collect()
        };
        let thresholds = match self.thresholds {
            None => kept(),
            Some(given) => given
                .into_iter()
                .enumerate()
                .map(|(index, amount)| {
                    let field = format!("thresholds.{index}");
                    super::payments::in_currency(amount, currency, &field)
                })
                .collect::<Result<_, _>>()?,
        };
        let suggested = match self.suggested {
            Some(amount) => super::payments::in_currency(amount, currency, "suggested")?,
            None => rules
                .map(|rules| rules.suggested.plain())
                .unwrap_or_default(),
        };
        let whole = rules.is_some_and(|rules| rules.whole_invoices_only);
        Ok(PrepaidRules {
            account: now.account.clone(),
            thresholds,
            suggested,
            whole_invoices_only: yes(self.whole_invoices_only.unwrap_or(whole)),
            held: yes(now.held),
            reason: String::new(),
        })
    }
}

/// Makes a receivable account a prepaid one with these rules.
#[utoipa::path(post, path = "/prepaid-accounts", tag = "prepaid-accounts", request_body = RulesBody,
    responses((status = 201, body = PrepaidAccount)))]
async fn set_up(
    Caller(ctx): Caller,
    Body(body): Body<RulesBody>,
) -> Result<Created<PrepaidAccount>, Problem> {
    let now = promotions::prepaid_account(&ctx, &body.account).await?;
    services::prepaid::set_rules(&ctx, body.command(&now)?).await?;
    Ok(Created {
        path: format!("/prepaid-accounts/{}", now.account),
        item: promotions::prepaid_account(&ctx, &now.account).await?,
    })
}

/// Changes the rules from now on.
#[utoipa::path(patch, path = "/prepaid-accounts/{number}", tag = "prepaid-accounts", request_body = RulesBody,
    params(("number" = String, Path)), responses((status = 200, body = PrepaidAccount)))]
async fn change(
    Caller(ctx): Caller,
    Path(number): Path<String>,
    Body(body): Body<RulesBody>,
) -> Answer<PrepaidAccount> {
    let now = promotions::prepaid_account(&ctx, &number).await?;
    services::prepaid::set_rules(&ctx, body.command(&now)?).await?;
    Ok(Json(promotions::prepaid_account(&ctx, &number).await?))
}

/// Keeps the balance from being drawn down by itself. A reason is needed.
#[utoipa::path(post, path = "/prepaid-accounts/{number}/hold", tag = "prepaid-accounts", request_body = ReasonBody,
    params(("number" = String, Path)), responses((status = 200, body = PrepaidAccount)))]
async fn hold(
    caller: Caller,
    number: Path<String>,
    body: Body<ReasonBody>,
) -> Answer<PrepaidAccount> {
    set_held(caller, number, body, true).await
}

/// Lets the balance be drawn down again. A reason is needed.
#[utoipa::path(post, path = "/prepaid-accounts/{number}/release", tag = "prepaid-accounts",
    request_body = ReasonBody, params(("number" = String, Path)), responses((status = 200, body = PrepaidAccount)))]
async fn release(
    caller: Caller,
    number: Path<String>,
    body: Body<ReasonBody>,
) -> Answer<PrepaidAccount> {
    set_held(caller, number, body, false).await
}

async fn set_held(
    Caller(ctx): Caller,
    Path(number): Path<String>,
    Body(body): Body<ReasonBody>,
    held: bool,
) -> Answer<PrepaidAccount> {
    let now = promotions::prepaid_account(&ctx, &number).await?;
    let command = PrepaidRules {
        held: yes(held),
        reason: body.reason,
        ..RulesBody::default().command(&now)?
    };
    services::prepaid::set_rules(&ctx, command).await?;
    Ok(Json(promotions::prepaid_account(&ctx, &number).await?))
}

/// The customer wants to say themselves what is paid from the balance.
#[utoipa::path(post, path = "/prepaid-accounts/{number}/opt-out", tag = "prepaid-accounts",
    params(("number" = String, Path)), responses((status = 200, body = PrepaidAccount)))]
async fn opt_out(caller: Caller, number: Path<String>) -> Answer<PrepaidAccount> {
    choose(caller, number, true).await
}

/// Invoices are paid from the balance by themselves again.
#[utoipa::path(post, path = "/prepaid-accounts/{number}/opt-in", tag = "prepaid-accounts",
    params(("number" = String, Path)), responses((status = 200, body = PrepaidAccount)))]
async fn opt_in(caller: Caller, number: Path<String>) -> Answer<PrepaidAccount> {
    choose(caller, number, false).await
}

async fn choose(
    Caller(ctx): Caller,
    Path(number): Path<String>,
    opted_out: bool,
) -> Answer<PrepaidAccount> {
    let command = DrawdownChoice {
        account: number.clone(),
        opted_out: yes(opted_out),
    };
    services::prepaid::choose_drawdown(&ctx, command).await?;
    Ok(Json(promotions::prepaid_account(&ctx, &number).await?))
}

/// A top-up that is coming.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = NewTopUpRequest)]
struct TopUpBody {
    #[schema(value_type = super::payments::AmountBody)]
    amount: AmountText,
    #[schema(required = false)]
    note: String,
}

/// Announces a top-up. Nothing is posted before its payment is recorded with `top_up_request`.
#[utoipa::path(post, path = "/prepaid-accounts/{number}/top-up-requests", tag = "prepaid-accounts",
    request_body = TopUpBody, params(("number" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 201, body = PrepaidAccount)))]
async fn request(
    Caller(ctx): Caller,
    Key(key): Key,
    Path(number): Path<String>,
    Body(body): Body<TopUpBody>,
) -> Result<Created<PrepaidAccount>, Problem> {
    let command = NewTopUpRequest {
        account: number.clone(),
        amount: body.amount,
        note: body.note,
        idempotency_key: key,
    };
    services::prepaid::request_top_up(&ctx, command).await?;
    Ok(Created {
        path: format!("/prepaid-accounts/{number}"),
        item: promotions::prepaid_account(&ctx, &number).await?,
    })
}

/// An announced top-up is not coming.
#[utoipa::path(post, path = "/prepaid-accounts/top-up-requests/{request}/withdraw", tag = "prepaid-accounts",
    params(("request" = String, Path)), responses((status = 204)))]
async fn withdraw(Caller(ctx): Caller, Path(request): Path<String>) -> Result<StatusCode, Problem> {
    services::prepaid::withdraw_top_up(&ctx, TopUpWithdrawal { request }).await?;
    Ok(StatusCode::NO_CONTENT)
}
