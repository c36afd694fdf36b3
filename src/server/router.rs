//! Everything reachable over HTTP, and the headers that all of it carries.

use super::context::Ctx;
use super::{live, pages};
use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::{REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS};
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::set_header::SetResponseHeaderLayer;

/// The whole server as one service.
pub fn app(ctx: &Ctx) -> Router {
    let header =
        |name, value| SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value));
    // Files of the site are compressed already and are left alone; so are streams of events.
    let compression = CompressionLayer::new().quality(CompressionLevel::Fastest);
    pages::routes(ctx)
        .layer(compression)
        .merge(live::routes(ctx))
        .layer(header(X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(header(X_FRAME_OPTIONS, "DENY"))
        .layer(header(REFERRER_POLICY, "same-origin"))
}
