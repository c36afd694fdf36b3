//! Server functions about receivable accounts.

use crate::dto::accounts::{AccountDetail, AccountSettings, NewReceivableAccount};
use crate::dto::error::AppError;
use crate::dto::page::PageRequest;
use leptos::prelude::*;

/// The account with this number and a page of its ledger.
#[server(prefix = "/api/fn", endpoint = "show_account")]
pub async fn show_account(number: String, page: PageRequest) -> Result<AccountDetail, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::queries::accounts::detail(&ctx, &number, page).await
}

#[server(prefix = "/api/fn", endpoint = "open_account")]
pub async fn open_account(account: NewReceivableAccount) -> Result<(), AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    let page = crate::web::links::customer(&account.customer);
    crate::server::services::customers::open_account(&ctx, account).await?;
    leptos_axum::redirect(&crate::web::ui::notice::Done::AccountOpened.on(&page));
    Ok(())
}

#[server(prefix = "/api/fn", endpoint = "change_account_settings")]
pub async fn change_account_settings(settings: AccountSettings) -> Result<(), AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    let page = crate::web::links::account(&settings.account);
    crate::server::services::customers::change_settings(&ctx, settings).await?;
    leptos_axum::redirect(&crate::web::ui::notice::Done::Saved.on(&page));
    Ok(())
}
