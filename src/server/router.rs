//! Everything reachable over HTTP, and what every request goes through on its way in and out.
//!
//! ```text
//! request id, trace, headers, panics, time and size limits      every request
//!   ├─ /healthz, /readyz                                        no session
//!   ├─ files of the site                                        no session
//!   ├─ /api/v1, /api/docs                                       bearer token, no session
//!   └─ same origin → session → who sends it → pages, server functions, /live
//! ```

use super::auth::reveal::Reveals;
use super::auth::session;
use super::auth::throttle::Throttle;
use super::context::Ctx;
use super::{assets, exports, live, pages, rest};
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::{
    CONTENT_TYPE, HOST, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, Response, StatusCode};
use axum::middleware::{self, Next};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Extension, Router, body::Body};
use leptos::prelude::use_context;
use std::any::Any;
use std::sync::Arc;
use std::time::Duration;
use tower_http::CompressionLevel;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::csrf::{ConfigError, CsrfLayer};
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::request_id::{
    MakeRequestId, PropagateRequestIdLayer, RequestId, SetRequestIdLayer,
};
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;
use tracing::Span;
use uuid::Uuid;

/// The largest body: a file of some hundred thousand lines to import.
const BODY_LIMIT_BYTES: usize = 64 * 1024 * 1024;
/// An answer that has not begun by then never comes. What it was doing is rolled back.
const ANSWER_WITHIN: Duration = Duration::from_secs(300);

/// How the server is seen from outside.
#[derive(Clone, Debug, Default)]
pub struct Outside {
    /// `https://saldo.example`: where people reach the server when something stands in front of it.
    pub origin: Option<String>,
}

impl Outside {
    fn is_https(&self) -> bool {
        let origin = self.origin.as_deref();
        origin.is_some_and(|origin| origin.starts_with("https://"))
    }
}

/// Where the reader reaches this server: as it is configured, else by the host their request names. Within server
/// functions.
pub fn seen_at() -> String {
    let Some(parts) = use_context::<Parts>() else {
        return String::new();
    };
    let outside = parts.extensions.get::<Outside>();
    if let Some(origin) = outside.and_then(|outside| outside.origin.clone()) {
        return origin;
    }
    let named = parts
        .headers
        .get(HOST)
        .and_then(|host| host.to_str().ok())
        .or_else(|| parts.uri.authority().map(|authority| authority.as_str()));
    named.map_or_else(String::new, |host| format!("http://{host}"))
}

/// The whole server as one service. Fails when the origin is none.
pub fn app(ctx: &Ctx, outside: &Outside) -> Result<Router, ConfigError> {
    let people = pages::routes(ctx)
        .merge(exports::routes(ctx))
        .merge(live::routes(ctx))
        .layer(middleware::from_fn_with_state(
            ctx.clone(),
            session::identify,
        ))
        .layer(session::layer(ctx, outside.is_https()))
        .layer(same_origin(outside)?)
        .layer(middleware::from_fn(files_first))
        .layer(Extension(Arc::new(Throttle::default())))
        .layer(Extension(Arc::new(Reveals::default())))
        .layer(Extension(outside.clone()));
    let machines = Router::new()
        .route("/healthz", get(|| async { "ok" }))
        .route("/readyz", get(ready))
        .with_state(ctx.clone())
        .merge(rest::routes(ctx));
    let compression = CompressionLayer::new().quality(CompressionLevel::Fastest);
    let app = machines
        .fallback_service(people)
        .layer(DefaultBodyLimit::disable())
        .layer(RequestBodyLimitLayer::new(BODY_LIMIT_BYTES))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            ANSWER_WITHIN,
        ))
        .layer(compression)
        .layer(CatchPanicLayer::custom(defect));
    Ok(traced(with_security_headers(app, outside)))
}

/// A request that changes something must come from a page of this server.
fn same_origin(outside: &Outside) -> Result<CsrfLayer, ConfigError> {
    let layer = CsrfLayer::new();
    match &outside.origin {
        Some(origin) => layer.add_trusted_origin(origin),
        None => Ok(layer),
    }
}

/// Files of the site are the same for everyone: they are answered before anybody asks who wants them.
async fn files_first(request: Request, next: Next) -> Response<Body> {
    if matches!(*request.method(), Method::GET | Method::HEAD)
        && let Some(file) = assets::find(request.uri().path(), request.headers())
    {
        return file;
    }
    next.run(request).await
}

/// Whether requests can be served now: the database answers.
async fn ready(State(ctx): State<Ctx>) -> (StatusCode, &'static str) {
    match ctx.db.ping().await {
        Ok(()) => (StatusCode::OK, "ready"),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "the database cannot be reached",
            )
        }
    }
}

/// What is answered when our own code panicked. The log has the place.
fn defect(panic: Box<dyn Any + Send + 'static>) -> Response<Body> {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!(panic = text, "a request panicked");
    let plain = [(CONTENT_TYPE, "text/plain; charset=utf-8")];
    let text = "This was not expected. Nothing was written.\nDamit war nicht zu rechnen. Es wurde nichts geschrieben.\n";
    (StatusCode::INTERNAL_SERVER_ERROR, plain, text).into_response()
}

fn with_security_headers(app: Router, outside: &Outside) -> Router {
    let header =
        |name, value| SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value));
    let app = app
        .layer(header(X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(header(X_FRAME_OPTIONS, "DENY"))
        .layer(header(REFERRER_POLICY, "same-origin"))
        .layer(header(
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ))
        .layer(header(
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ))
        .layer(header(
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        ));
    if !outside.is_https() {
        return app;
    }
    app.layer(header(STRICT_TRANSPORT_SECURITY, "max-age=31536000"))
}

/// Every request has an id, in the log and in the answer.
fn traced(app: Router) -> Router {
    let trace = TraceLayer::new_for_http().make_span_with(span);
    app.layer(PropagateRequestIdLayer::x_request_id())
        .layer(trace)
        .layer(SetRequestIdLayer::x_request_id(FreshId))
}

#[derive(Clone, Copy)]
struct FreshId;

impl MakeRequestId for FreshId {
    fn make_request_id<B>(&mut self, _: &axum::http::Request<B>) -> Option<RequestId> {
        let id = HeaderValue::from_str(&Uuid::now_v7().to_string());
        id.ok().map(RequestId::new)
    }
}

fn span(request: &axum::http::Request<Body>) -> Span {
    let id = request.extensions().get::<RequestId>();
    let id = id
        .and_then(|id| id.header_value().to_str().ok())
        .unwrap_or_default();
    tracing::info_span!("request", id, method = %request.method(), path = logged_path(request.uri().path()))
}

/// The path as it may stand in a log: one-time links are secrets. Queries are left out altogether; people search
/// for names.
fn logged_path(path: &str) -> &str {
    const SECRETS_BEHIND: [&str; 2] = ["/setup/", "/invitation/"];
    SECRETS_BEHIND
        .into_iter()
        .find(|start| path.starts_with(start))
        .unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_time_links_stand_in_no_log() {
        assert_eq!(logged_path("/invitation/0123456789abcdef"), "/invitation/");
        assert_eq!(logged_path("/setup/0123456789abcdef"), "/setup/");
        assert_eq!(logged_path("/customers/K-1"), "/customers/K-1");
    }
}
