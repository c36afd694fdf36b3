//! Logging in and out, from within server functions: the service decides, the session remembers.

use super::session;
use super::throttle::{Attempt, Throttle};
use crate::domain::ids::UserId;
use crate::dto::error::AppError;
use crate::dto::people::NewLogin;
use crate::server::context::Ctx;
use crate::server::error::unexpected;
use crate::server::forms::own_page;
use crate::server::services::users;
use axum::extract::ConnectInfo;
use axum::http::request::Parts;
use leptos::prelude::use_context;
use std::net::SocketAddr;
use std::sync::Arc;
use tower_sessions::Session;

/// The person is logged in; where they go next. Too many failures for this account from this address have to wait.
pub async fn log_in(ctx: &Ctx, login: &NewLogin) -> Result<String, AppError> {
    let parts = parts()?;
    let throttle = parts.extensions.get::<Arc<Throttle>>();
    let throttle = throttle.ok_or_else(|| unexpected("logins are served with a throttle"))?;
    let attempt = Attempt {
        account: login.email.trim().to_lowercase(),
        address: address(&parts),
    };
    throttle
        .admit(&attempt, ctx.clock.now())
        .map_err(|retry_after_seconds| AppError::TooManyRequests {
            retry_after_seconds,
        })?;
    let user = users::log_in(ctx, &login.email, &login.password).await?;
    throttle.succeeded(&attempt);
    begin(ctx, user).await?;
    Ok(own_page(&login.next).unwrap_or("/").to_owned())
}

/// This browser is logged in as a person who has just proved who they are.
pub async fn begin(ctx: &Ctx, user: UserId) -> Result<(), AppError> {
    session::begin(&session()?, user, ctx.clock.now()).await
}

/// This browser is logged out.
pub async fn log_out() -> Result<(), AppError> {
    session::end(&session()?).await
}

fn session() -> Result<Session, AppError> {
    let session = parts()?.extensions.get::<Session>().cloned();
    session.ok_or_else(|| unexpected("pages are served with sessions"))
}

fn parts() -> Result<Parts, AppError> {
    use_context::<Parts>().ok_or_else(|| unexpected("server functions run within a request"))
}

fn address(parts: &Parts) -> String {
    let from = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    from.map_or_else(String::new, |from| from.0.ip().to_string())
}
