//! Sessions of people: beginning, recognising and ending them.
//!
//! A session ends after `IDLE` without a request and after `ABSOLUTE` in any case. Its id is new at every login.

use crate::domain::ids::UserId;
use crate::dto::error::AppError;
use crate::dto::people::Viewer;
use crate::server::context::{Actor, Ctx};
use crate::server::store::sessions::{LOGIN, Login, PERSON, Person, Sessions};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use std::time::Duration;
use tower_sessions::cookie::SameSite;
use tower_sessions::session::Error;
use tower_sessions::{Expiry, Session, SessionManagerLayer};
use uuid::Uuid;

/// A session nobody used for this long has ended.
const IDLE: time::Duration = time::Duration::hours(2);
/// A session this old has ended, in seconds: 12 hours.
const ABSOLUTE: i64 = 12 * 60 * 60;
/// How exactly the last use is noted, in seconds; noting it is a write.
const SEEN_EVERY: i64 = 5 * 60;
/// How often sessions that have ended are deleted.
const SWEEP_EVERY: Duration = Duration::from_secs(15 * 60);

/// Finds each request's session by its cookie. Over HTTPS the cookie is bound to the host and never sent without.
pub fn layer(ctx: &Ctx, https: bool) -> SessionManagerLayer<Sessions> {
    let name = if https { "__Host-saldo" } else { "saldo" };
    SessionManagerLayer::new(Sessions::new(ctx))
        .with_name(name)
        .with_secure(https)
        // Strict would log people out whenever they follow a link from their mail.
        .with_same_site(SameSite::Lax)
        .with_expiry(Expiry::OnInactivity(IDLE))
}

/// Tells everything further in who sends the request: `Actor`, and for people `Viewer`.
pub async fn identify(
    State(ctx): State<Ctx>,
    session: Session,
    mut request: Request,
    next: Next,
) -> Response {
    match person(&session, ctx.clock.now()).await {
        Ok(Some(person)) => {
            request.extensions_mut().insert(actor(&person));
            request.extensions_mut().insert(viewer(person));
        }
        Ok(None) => {
            request.extensions_mut().insert(Actor::Nobody);
        }
        Err(error) => return super::unavailable_page(request.headers(), &error).into_response(),
    }
    next.run(request).await
}

/// The person of this session, if it has one and has not ended.
async fn person(session: &Session, now: DateTime<Utc>) -> Result<Option<Person>, AppError> {
    let login: Option<Login> = session.get(LOGIN).await.map_err(failed)?;
    let person: Option<Person> = session.get(PERSON).await.map_err(failed)?;
    let (Some(login), Some(person)) = (login, person) else {
        return Ok(None);
    };
    let now = now.timestamp();
    if now - login.began_at >= ABSOLUTE {
        session.flush().await.map_err(failed)?;
        return Ok(None);
    }
    if now - login.seen_at >= SEEN_EVERY {
        let seen = Login {
            seen_at: now,
            ..login
        };
        session.insert(LOGIN, seen).await.map_err(failed)?;
    }
    Ok(Some(person))
}

fn actor(person: &Person) -> Actor {
    match person.customer {
        Some(customer) => Actor::Customer {
            user: person.user,
            name: person.name.clone(),
            customer,
        },
        None => Actor::Staff {
            user: person.user,
            name: person.name.clone(),
            roles: person.roles.clone(),
        },
    }
}

fn viewer(person: Person) -> Viewer {
    Viewer {
        user: person.user,
        name: person.name,
        email: person.email,
        roles: person.roles,
        customer: person.customer,
        locale: person.locale,
        waiting_requests: u32::try_from(person.waiting_requests).unwrap_or(u32::MAX),
    }
}

/// The person is logged in from the next request on, under a session id nobody has seen before.
pub async fn begin(session: &Session, user: UserId, now: DateTime<Utc>) -> Result<(), AppError> {
    session.clear().await;
    session.cycle_id().await.map_err(failed)?;
    let now = now.timestamp();
    let login = Login {
        user,
        began_at: now,
        seen_at: now,
    };
    session.insert(LOGIN, login).await.map_err(failed)
}

/// Nobody is logged in with this session any longer.
pub async fn end(session: &Session) -> Result<(), AppError> {
    session.flush().await.map_err(failed)
}

fn failed(error: Error) -> AppError {
    let incident = Uuid::now_v7();
    tracing::error!(%incident, %error, "session failure");
    AppError::Unavailable { incident }
}

/// Deletes ended sessions from time to time, for as long as the server runs.
pub async fn sweep(ctx: Ctx) {
    let sessions = Sessions::new(&ctx);
    let mut turns = tokio::time::interval(SWEEP_EVERY);
    loop {
        turns.tick().await;
        match sessions.delete_expired().await {
            Ok(0) => {}
            Ok(deleted) => tracing::debug!(deleted, "ended sessions deleted"),
            Err(error) => tracing::warn!(%error, "ended sessions were not deleted"),
        }
    }
}
