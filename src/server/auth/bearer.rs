//! Programs: `Authorization: Bearer TOKEN`.

use crate::dto::error::AppError;
use crate::server::context::{Actor, Ctx};
use crate::server::queries::people;
use crate::server::store::tokens;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;

/// The same outside, acted on by the program whose token stands in the headers. Without one, or with one that does
/// not work, nobody is logged in.
pub async fn ctx_of(ctx: &Ctx, headers: &HeaderMap) -> Result<Ctx, AppError> {
    let token = bearer(headers).ok_or(AppError::NotLoggedIn)?;
    let found = people::bearer(ctx, token).await?;
    let (actor, worth_noting) = found.ok_or(AppError::NotLoggedIn)?;
    if let (true, Actor::Token { token, .. }) = (worth_noting, &actor) {
        tokens::note_use(&ctx.db, *token, ctx.clock.now()).await?;
    }
    Ok(ctx.as_actor(actor))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}
