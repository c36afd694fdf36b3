//! The API under `/api/v1`: thin doors to the same services and queries as the pages have. One file per resource.
//! Callers are programs with a bearer token; a session of a person is not asked for, so no page can be made to call.

mod adjustments;
mod answer;
mod applications;
mod approvals;
mod audit_events;
mod credit_grants;
mod credit_notes;
mod credit_runs;
mod customers;
mod document;
mod expiry_policies;
mod invoices;
mod journal_entries;
mod payments;
mod periods;
mod prepaid_accounts;
pub mod problem;
mod promotions;
mod receivable_accounts;
mod refunds;
mod reports;
mod request;
mod requests;
mod test_clock;
mod transfers;
mod write_offs;

use super::context::Ctx;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Router, middleware};
use problem::Problem;
use std::any::Any;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

/// Where the API is.
pub const BASE: &str = "/api/v1";

/// The largest body: an invoice of ten thousand lines is well below.
const BODY_LIMIT_BYTES: usize = 4 * 1024 * 1024;

/// The API, its document and the viewer.
pub fn routes(ctx: &Ctx) -> Router {
    let (resources, document) = resources().split_for_parts();
    let resources = resources
        .merge(document::route(document))
        .fallback(nothing_there)
        .method_not_allowed_fallback(not_done_so)
        .layer(CatchPanicLayer::custom(defect))
        .layer(DefaultBodyLimit::max(BODY_LIMIT_BYTES))
        .layer(middleware::map_response(never_kept))
        .with_state(ctx.clone());
    Router::new()
        .nest(BASE, resources)
        .merge(document::viewer())
}

/// Every resource, with what the document says of it.
fn resources() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new()
        .merge(customers::routes())
        .merge(receivable_accounts::routes())
        .merge(invoices::routes())
        .merge(credit_notes::routes())
        .merge(payments::routes())
        .merge(credit_grants::routes())
        .merge(applications::routes())
        .merge(expiry_policies::routes())
        .merge(approvals::routes())
        .merge(adjustments::routes())
        .merge(refunds::routes())
        .merge(transfers::routes())
        .merge(write_offs::routes())
        .merge(credit_runs::routes())
        .merge(journal_entries::routes())
        .merge(promotions::routes())
        .merge(prepaid_accounts::routes())
        .merge(periods::routes())
        .merge(reports::routes())
        .merge(audit_events::routes())
        .merge(test_clock::routes())
}

/// The API document: every path with its parameters, bodies and answers.
pub fn api_document() -> OpenApi {
    document::complete(resources().into_openapi())
}

async fn nothing_there() -> Problem {
    Problem::of_request(
        StatusCode::NOT_FOUND,
        "not_found",
        "There is nothing at this path; see the API document at /api/v1/openapi.json.",
    )
}

async fn not_done_so() -> Problem {
    Problem::of_request(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "This path does not take this method; see the API document at /api/v1/openapi.json.",
    )
}

/// What is answered when our own code panicked. The log has the place under the same incident.
fn defect(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied());
    let problem = Problem::of_request(
        StatusCode::INTERNAL_SERVER_ERROR,
        "unexpected",
        "This was not expected. Nothing was written.",
    );
    tracing::error!(panic = text, incident = %problem.incident, "a request panicked");
    problem.into_response()
}

/// Answers are of the moment and of the caller: nobody in between keeps them.
async fn never_kept(mut response: Response) -> Response {
    use axum::http::HeaderValue;
    use axum::http::header::CACHE_CONTROL;
    response
        .headers_mut()
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}
