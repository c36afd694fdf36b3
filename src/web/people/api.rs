//! Server functions about the reader themselves. Context, one call, on to the next page.

use crate::dto::error::AppError;
use crate::dto::people::{Acceptance, FirstAdmin, LinkInfo, NewLogin, PasswordChange};
use leptos::prelude::*;

#[server(prefix = "/api/fn", endpoint = "log_in")]
pub async fn log_in(login: NewLogin) -> Result<(), AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    let next = crate::server::auth::login::log_in(&ctx, &login).await?;
    leptos_axum::redirect(&next);
    Ok(())
}

#[server(prefix = "/api/fn", endpoint = "log_out")]
pub async fn log_out() -> Result<(), AppError> {
    crate::server::auth::login::log_out().await?;
    leptos_axum::redirect(&crate::web::ui::notice::Done::LoggedOut.on("/login"));
    Ok(())
}

/// What a one-time link is for; refused when it is no longer valid.
#[server(prefix = "/api/fn", endpoint = "login_link")]
pub async fn login_link(token: String) -> Result<LinkInfo, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::queries::people::link(&ctx, &token).await
}

#[server(prefix = "/api/fn", endpoint = "name_first_admin")]
pub async fn name_first_admin(admin: FirstAdmin) -> Result<(), AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    let user = crate::server::services::users::name_first_admin(&ctx, admin).await?;
    crate::server::auth::login::begin(&ctx, user).await?;
    leptos_axum::redirect(&crate::web::ui::notice::Done::PasswordSet.on("/"));
    Ok(())
}

#[server(prefix = "/api/fn", endpoint = "accept_invitation")]
pub async fn accept_invitation(acceptance: Acceptance) -> Result<(), AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    let user = crate::server::services::users::accept(&ctx, acceptance).await?;
    crate::server::auth::login::begin(&ctx, user).await?;
    leptos_axum::redirect(&crate::web::ui::notice::Done::PasswordSet.on("/"));
    Ok(())
}

#[server(prefix = "/api/fn", endpoint = "change_password")]
pub async fn change_password(change: PasswordChange) -> Result<(), AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    let user = crate::server::services::users::change_password(&ctx, change).await?;
    crate::server::auth::login::begin(&ctx, user).await?;
    leptos_axum::redirect(&crate::web::ui::notice::Done::PasswordSet.on("/"));
    Ok(())
}
