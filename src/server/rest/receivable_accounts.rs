//! Receivable accounts: opening them, setting how they behave, what they owe and hold.

use super::answer::{Answer, Created};
use super::problem::Problem;
use super::request::{Body, Caller, OptionalKey, Params};
use crate::dto::accounts::{AccountSettings, NewReceivableAccount, ReadSettings};
use crate::server::context::Ctx;
use crate::server::queries::api::Listed;
use crate::server::queries::api::receivable_accounts::{
    self, AccountAsOf, ReceivableAccount, ReceivableAccountList,
};
use crate::server::services;
use axum::Json;
use axum::extract::Path;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new()
        .routes(routes!(list, open))
        .routes(routes!(find, change))
}

/// The receivable accounts the caller may see, with what they owe and hold now.
#[utoipa::path(get, path = "/receivable-accounts", tag = "receivable-accounts", params(ReceivableAccountList),
    responses((status = 200, body = Listed<ReceivableAccount>)))]
async fn list(
    Caller(ctx): Caller,
    Params(wanted): Params<ReceivableAccountList>,
) -> Answer<Listed<ReceivableAccount>> {
    Ok(Json(receivable_accounts::list(&ctx, wanted).await?))
}

/// One receivable account by number or id, with what it owes and holds now or as of the end of a day.
#[utoipa::path(get, path = "/receivable-accounts/{number}", tag = "receivable-accounts",
    params(("number" = String, Path), AccountAsOf), responses((status = 200, body = ReceivableAccount)))]
async fn find(
    Caller(ctx): Caller,
    Path(number): Path<String>,
    Params(wanted): Params<AccountAsOf>,
) -> Answer<ReceivableAccount> {
    Ok(Json(
        receivable_accounts::find(&ctx, &number, &wanted).await?,
    ))
}

/// A receivable account to be opened.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = NewReceivableAccount)]
struct AccountBody {
    /// Customer number.
    customer: String,
    /// Empty takes the next free number.
    #[schema(required = false)]
    number: String,
    #[schema(example = "EUR")]
    currency: String,
    #[schema(required = false)]
    name: String,
}

/// Opens a further receivable account for a customer.
#[utoipa::path(post, path = "/receivable-accounts", tag = "receivable-accounts", request_body = AccountBody,
    params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = ReceivableAccount)))]
async fn open(
    Caller(ctx): Caller,
    OptionalKey(key): OptionalKey,
    Body(body): Body<AccountBody>,
) -> Result<Created<ReceivableAccount>, Problem> {
    let command = NewReceivableAccount {
        customer: body.customer,
        number: body.number,
        currency: body.currency,
        name: body.name,
        idempotency_key: key,
    };
    let opened = services::customers::open_account(&ctx, command).await?;
    let item = receivable_accounts::find(&ctx, &opened.number, &AccountAsOf::default()).await?;
    Ok(Created {
        path: format!("/receivable-accounts/{}", opened.number),
        item,
    })
}

/// How an account is to behave; what is left out stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = AccountSettings)]
struct SettingsBody {
    name: Option<String>,
    /// `off`, `prepayments` or `all`.
    #[schema(example = "prepayments")]
    auto_apply: Option<String>,
    /// `keep`, `apply_to_oldest`, `write_off` or `refuse`.
    #[schema(example = "keep")]
    surplus_choice: Option<String>,
    /// `lapsing_first`, `oldest_first` or `own_money_last`.
    #[schema(example = "lapsing_first")]
    order_of_use: Option<String>,
    /// Runs and automatic use leave the account alone.
    account_on_hold: Option<bool>,
    reason: Option<String>,
}

/// Changes how an account behaves from now on.
#[utoipa::path(patch, path = "/receivable-accounts/{number}", tag = "receivable-accounts",
    request_body = SettingsBody, params(("number" = String, Path)),
    responses((status = 200, body = ReceivableAccount)))]
async fn change(
    Caller(ctx): Caller,
    Path(number): Path<String>,
    Body(body): Body<SettingsBody>,
) -> Answer<ReceivableAccount> {
    let now = receivable_accounts::find(&ctx, &number, &AccountAsOf::default()).await?;
    let seen = ReadSettings {
        name: now.name.clone(),
        auto_apply: now.auto_apply,
        surplus_choice: now.surplus_choice,
        order_of_use: now.order_of_use,
        on_hold: now.account_on_hold,
    };
    let on_hold = body.account_on_hold.unwrap_or(seen.on_hold);
    let command = AccountSettings {
        account: now.number.clone(),
        // What is left out stays as it was read just now; refused as stale when it changed in between.
        seen: seen.seen(),
        name: body.name.unwrap_or(seen.name),
        auto_apply: body.auto_apply.unwrap_or(seen.auto_apply.code().to_owned()),
        surplus_choice: body
            .surplus_choice
            .unwrap_or(seen.surplus_choice.code().to_owned()),
        order_of_use: body
            .order_of_use
            .unwrap_or(seen.order_of_use.code().to_owned()),
        on_hold: super::request::yes(on_hold),
        reason: body.reason.unwrap_or_default(),
    };
    services::customers::change_settings(&ctx, command).await?;
    let changed = receivable_accounts::find(&ctx, &now.number, &AccountAsOf::default()).await?;
    Ok(Json(changed))
}
