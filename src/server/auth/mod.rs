//! Who sends a request: people by their session, programs by their token. What they may do is `domain::rights`,
//! asked by services and queries.

pub mod bearer;
pub mod login;
pub mod password;
pub mod reveal;
pub mod secret;
pub mod session;
pub mod throttle;

use super::context::Ctx;
use super::error::unexpected;
use crate::dto::error::AppError;
use crate::web::ui::text::{Locale, from_accept_language};
use axum::http::header::{ACCEPT_LANGUAGE, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use leptos::prelude::use_context;

/// What a server function may know of the outside, acted on by whoever sent the request.
pub async fn page_ctx() -> Result<Ctx, AppError> {
    use_context::<Ctx>().ok_or_else(|| unexpected("server functions run within a request"))
}

/// What is said while the database that knows the sessions cannot be reached: no page can be shown then.
fn unavailable_page(headers: &HeaderMap, error: &AppError) -> impl IntoResponse + use<> {
    let languages = headers
        .get(ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok());
    let locale = languages
        .and_then(from_accept_language)
        .unwrap_or(Locale::en);
    let title = leptos_i18n::td_string!(locale, errors.title_unavailable);
    let text = leptos_i18n::td_string!(locale, errors.unavailable);
    let incident = match error {
        AppError::Unavailable { incident } | AppError::Unexpected { incident } => {
            incident.to_string()
        }
        _ => String::new(),
    };
    let page = format!(
        "<!DOCTYPE html><meta charset=\"utf-8\"><title>{title}</title><h1>{title}</h1><p>{text}</p><p>{incident}</p>"
    );
    let html = [(CONTENT_TYPE, "text/html; charset=utf-8")];
    (StatusCode::SERVICE_UNAVAILABLE, html, page)
}
