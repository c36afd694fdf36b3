//! Secrets that are shown once, on the page after the one that made them: a one-time link, a token.
//!
//! They wait in memory only, for a short while and for the person who made them. A redirect carries a handle
//! instead of the secret, so that it stands in no history and no log.

use crate::domain::ids::UserId;
use crate::dto::error::AppError;
use crate::server::auth::secret;
use crate::server::context::Ctx;
use crate::server::error::unexpected;
use axum::http::HeaderValue;
use axum::http::header::CACHE_CONTROL;
use axum::http::request::Parts;
use chrono::{DateTime, Duration, Utc};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// How long a secret waits to be shown, in seconds.
const WAITS: i64 = 5 * 60;
/// Secrets that wait at most.
const AT_MOST: usize = 1_000;

#[derive(Default)]
pub struct Reveals {
    waiting: Mutex<HashMap<String, Waiting>>,
}

struct Waiting {
    for_user: UserId,
    secret: String,
    until: DateTime<Utc>,
}

impl Reveals {
    /// Keeps a secret for one look; the handle to look with.
    pub fn keep(&self, for_user: UserId, secret: String, now: DateTime<Utc>) -> String {
        let mut waiting = self
            .waiting
            .lock()
            .expect("no holder of the secrets panics");
        waiting.retain(|_, one| one.until > now);
        if waiting.len() >= AT_MOST {
            waiting.clear();
        }
        let handle = secret::fresh();
        let until = now + Duration::seconds(WAITS);
        let one = Waiting {
            for_user,
            secret,
            until,
        };
        waiting.insert(handle.clone(), one);
        handle
    }

    /// The secret, the first time its maker asks.
    pub fn take(&self, handle: &str, user: UserId, now: DateTime<Utc>) -> Option<String> {
        let mut waiting = self
            .waiting
            .lock()
            .expect("no holder of the secrets panics");
        let mine = waiting.get(handle).is_some_and(|one| one.for_user == user);
        let one = if mine { waiting.remove(handle) } else { None };
        one.filter(|one| one.until > now).map(|one| one.secret)
    }
}

/// Keeps a secret for the reader who has just made it; the handle to show it with. Within server functions.
pub fn keep_for_reader<T: Serialize>(ctx: &Ctx, secret: &T) -> Result<String, AppError> {
    let user = ctx.actor.user().ok_or(AppError::NotLoggedIn)?;
    let secret = serde_json::to_string(secret).map_err(|error| unexpected(&error))?;
    Ok(reveals()?.keep(user, secret, ctx.clock.now()))
}

/// The secret behind a handle, the first time. Within server functions. The page that shows it is kept by no browser.
pub fn shown_to_reader<T: DeserializeOwned>(
    ctx: &Ctx,
    handle: &str,
) -> Result<Option<T>, AppError> {
    let user = ctx.actor.user().ok_or(AppError::NotLoggedIn)?;
    let secret = reveals()?.take(handle, user, ctx.clock.now());
    if let (Some(_), Some(response)) = (&secret, use_context::<ResponseOptions>()) {
        response.insert_header(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    let read =
        secret.map(|secret| serde_json::from_str(&secret).map_err(|error| unexpected(&error)));
    read.transpose()
}

fn reveals() -> Result<Arc<Reveals>, AppError> {
    let reveals = use_context::<Parts>().and_then(|parts| parts.extensions.get().cloned());
    reveals.ok_or_else(|| unexpected("pages are served with room for secrets"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_secret_is_shown_once_and_only_to_its_maker() {
        let reveals = Reveals::default();
        let (ada, bob) = (UserId(Uuid::now_v7()), UserId(Uuid::now_v7()));
        let now = DateTime::from_timestamp(1_780_000_000, 0).unwrap();
        let handle = reveals.keep(ada, "secret".to_owned(), now);
        assert_eq!(reveals.take(&handle, bob, now), None);
        assert_eq!(reveals.take(&handle, ada, now), Some("secret".to_owned()));
        assert_eq!(reveals.take(&handle, ada, now), None);
        let late = reveals.keep(ada, "secret".to_owned(), now);
        let then = now + Duration::seconds(WAITS);
        assert_eq!(reveals.take(&late, ada, then), None);
    }
}
