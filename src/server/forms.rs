//! Plain HTML forms of server functions: a refused form comes back on its page with everything typed.
//!
//! ```text
//! POST /api/fn/record_payment?page=/payments/new     from a form, with or without JavaScript
//!   ├─ done    → 303 to where the function redirects, else back to the page
//!   └─ refused → the page again, status 4xx, with `Refused` in its context
//! ```
//! Calls of islands ask for JSON and pass through untouched.

use crate::dto::error::AppError;
use crate::web::ui::errors;
use crate::web::ui::typed::Refused;
use crate::web::ui::visit::escape;
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HOST, LOCATION, REFERER};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use server_fn::error::{FromServerFnError, SERVER_FN_ERROR_HEADER};
use server_fn::redirect::REDIRECT_HEADER;
use tower::ServiceExt;

/// Where the server functions are mounted.
pub const SERVER_FUNCTIONS: &str = "/api/fn/";
/// The largest form: an invoice of a thousand lines is a tenth of it. Files come as multipart and are not held.
const FORM_LIMIT_BYTES: usize = 4 * 1024 * 1024;
/// The largest refusal a server function may answer with.
const REFUSAL_LIMIT_BYTES: usize = 1024 * 1024;

/// Runs a form's server function; when it refuses, answers with the form's page instead of the bare refusal.
pub async fn bring_back_refused(
    State(pages): State<Router>,
    request: Request,
    next: Next,
) -> Response {
    if !is_form(&request) {
        return next.run(request).await;
    }
    let page = page_of(&request);
    if request.method() == Method::GET {
        // Someone reloaded the address of a refused form.
        return Redirect::to(&page).into_response();
    }
    let (parts, body) = request.into_parts();
    let (fields, body) = match typed(&parts, body).await {
        Ok(typed) => typed,
        Err(response) => return response,
    };
    let answer = next.run(run_request(&parts, body)).await;
    if !answer.headers().contains_key(SERVER_FN_ERROR_HEADER) {
        return done(answer, &page);
    }
    let Ok(refusal) = to_bytes(answer.into_body(), REFUSAL_LIMIT_BYTES).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let error = AppError::de(refusal);
    if error == AppError::NotLoggedIn {
        return Redirect::to(&format!("/login?next={}", escape(&page))).into_response();
    }
    let endpoint = parts
        .uri
        .path()
        .trim_start_matches(SERVER_FUNCTIONS)
        .to_owned();
    let refused = Refused {
        endpoint,
        fields,
        error,
    };
    show_again(pages, parts, &page, refused).await
}

/// A navigation of a browser to a server function, not a call of an island.
fn is_form(request: &Request) -> bool {
    let html = request
        .headers()
        .get(ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    html && request.uri().path().starts_with(SERVER_FUNCTIONS)
}

/// The page the form stands on: named by the form, else the page the browser came from, else the start.
fn page_of(request: &Request) -> String {
    let query = request.uri().query().unwrap_or_default();
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap_or_default();
    let named = pairs
        .iter()
        .find(|(name, _)| name == "page")
        .map(|(_, page)| page.as_str());
    let came_from = came_from(request.headers());
    named
        .and_then(own_page)
        .or_else(|| came_from.as_deref().and_then(own_page))
        .unwrap_or("/")
        .to_owned()
}

/// Path and query of the referring page, when it is ours.
fn came_from(headers: &HeaderMap) -> Option<String> {
    let referer: Uri = headers.get(REFERER)?.to_str().ok()?.parse().ok()?;
    let host = headers.get(HOST)?.to_str().ok()?;
    let ours = referer
        .authority()
        .is_some_and(|authority| authority.as_str() == host);
    let page = referer.path_and_query()?.as_str();
    (ours && !page.starts_with(SERVER_FUNCTIONS)).then(|| page.to_owned())
}

/// The text if it is a path on this server: never another host, never a control character.
pub fn own_page(text: &str) -> Option<&str> {
    let mut bytes = text.bytes();
    let rooted = bytes.next() == Some(b'/') && !matches!(bytes.next(), Some(b'/' | b'\\'));
    let readable = text.parse::<Uri>().is_ok();
    (rooted && readable && !text.bytes().any(|b| b.is_ascii_control())).then_some(text)
}

/// What was typed, and the body again. A form with files is not read: its files cannot be shown again.
async fn typed(parts: &Parts, body: Body) -> Result<(Vec<(String, String)>, Body), Response> {
    let urlencoded = parts.headers.get(CONTENT_TYPE).is_some_and(|kind| {
        kind.as_bytes()
            .starts_with(b"application/x-www-form-urlencoded")
    });
    if !urlencoded {
        return Ok((Vec::new(), body));
    }
    let bytes: Bytes = to_bytes(body, FORM_LIMIT_BYTES)
        .await
        .map_err(|_| StatusCode::PAYLOAD_TOO_LARGE.into_response())?;
    let fields = serde_urlencoded::from_bytes(&bytes).unwrap_or_default();
    Ok((fields, Body::from(bytes)))
}

/// The same request, asking for the plain answer: asked for HTML, the function would redirect on refusal.
fn run_request(parts: &Parts, body: Body) -> Request {
    let mut parts = parts.clone();
    parts
        .headers
        .insert(ACCEPT, HeaderValue::from_static("application/json"));
    Request::from_parts(parts, body)
}

/// See other: where the function redirects, else the page again. Cookies and other headers stay.
fn done(answer: Response, page: &str) -> Response {
    let to_follow = answer.status().is_success() || answer.status().is_redirection();
    if !to_follow {
        return answer;
    }
    let (mut parts, _) = answer.into_parts();
    parts.status = StatusCode::SEE_OTHER;
    for name in [
        CONTENT_TYPE,
        CONTENT_LENGTH,
        HeaderName::from_static(REDIRECT_HEADER),
    ] {
        parts.headers.remove(name);
    }
    if !parts.headers.contains_key(LOCATION) {
        let page = HeaderValue::from_str(page).expect("an own page is a header value");
        parts.headers.insert(LOCATION, page);
    }
    Response::from_parts(parts, Body::empty())
}

/// The form's page, rendered as if it had been asked for by the same person, with the refusal in its context.
async fn show_again(pages: Router, mut parts: Parts, page: &str, refused: Refused) -> Response {
    let status = errors::status(&refused.error);
    parts.method = Method::GET;
    parts.uri = page.parse().expect("an own page is a URI");
    for name in [CONTENT_TYPE, CONTENT_LENGTH] {
        parts.headers.remove(name);
    }
    parts.extensions.insert(refused);
    let request = Request::from_parts(parts, Body::empty());
    let response = match pages.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    tracing::debug!(status, page, "a form was refused");
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("/payments/new?account=R-1", true)]
    #[case("/", true)]
    #[case("//evil.example", false)]
    #[case("/\\evil.example", false)]
    #[case("https://evil.example/", false)]
    #[case("payments", false)]
    #[case("/a\r\nSet-Cookie: x", false)]
    #[case("", false)]
    fn only_paths_of_this_server_are_returned_to(#[case] text: &str, #[case] expected: bool) {
        assert_eq!(own_page(text).is_some(), expected);
    }

    #[test]
    fn a_form_names_its_page_and_a_foreign_referer_is_not_followed() {
        let request = |uri: &str, referer: &str| {
            Request::builder()
                .uri(uri)
                .header(HOST, "saldo.test")
                .header(REFERER, referer)
                .body(Body::empty())
                .unwrap()
        };
        let ours = "http://saldo.test/customers?q=a";
        let named = request("/api/fn/x?page=%2Fpayments%2Fnew%3Faccount%3DR-1", ours);
        assert_eq!(page_of(&named), "/payments/new?account=R-1");
        assert_eq!(page_of(&request("/api/fn/x", ours)), "/customers?q=a");
        assert_eq!(
            page_of(&request("/api/fn/x?page=//evil", "http://evil.example/a")),
            "/"
        );
    }
}
