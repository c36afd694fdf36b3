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
use crate::web::ui::notice::Done;
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
use leptos::prelude::use_context;
use server_fn::error::{FromServerFnError, SERVER_FN_ERROR_HEADER};
use server_fn::redirect::REDIRECT_HEADER;
use tower::ServiceExt;

/// Where the server functions are mounted.
pub const SERVER_FUNCTIONS: &str = "/api/fn/";
/// The largest form: an invoice of a thousand lines is a tenth of it. Files come as multipart and are not held.
const FORM_LIMIT_BYTES: usize = 4 * 1024 * 1024;
/// The largest refusal a server function may answer with.
const REFUSAL_LIMIT_BYTES: usize = 1024 * 1024;

/// What was typed into a form with files, left in the answer by what read the form: its files are not held here, and
/// cannot be shown again.
#[derive(Clone, Debug)]
pub struct TypedBesideFiles(pub Vec<(String, String)>);

/// Runs a form's server function; when it refuses, answers with the form's page instead of the bare refusal.
pub async fn bring_back_refused(
    State(pages): State<Router>,
    request: Request,
    next: Next,
) -> Response {
    if !is_form(&request) {
        return next.run(request).await;
    }
    let page = page_of(request.uri(), request.headers());
    if request.method() == Method::GET {
        // Someone reloaded the address of a refused form.
        return Redirect::to(&page).into_response();
    }
    let (parts, body) = request.into_parts();
    let (mut fields, body) = match typed(&parts, body).await {
        Ok(typed) => typed,
        Err(response) => return response,
    };
    let mut answer = next.run(run_request(&parts, body)).await;
    if !answer.headers().contains_key(SERVER_FN_ERROR_HEADER) {
        return done(answer, &page);
    }
    if let Some(TypedBesideFiles(beside)) = answer.extensions_mut().remove() {
        fields = beside;
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
fn page_of(uri: &Uri, headers: &HeaderMap) -> String {
    let query = uri.query().unwrap_or_default();
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap_or_default();
    let named = pairs
        .iter()
        .find(|(name, _)| name == "page")
        .map(|(_, page)| page.as_str());
    let came_from = came_from(headers);
    named
        .and_then(own_page)
        .or_else(|| came_from.as_deref().and_then(own_page))
        .unwrap_or("/")
        .to_owned()
}

/// Inside a server function: back to the page its form stands on, which says what has been done.
pub fn redirect_back(done: Done) {
    let page = use_context::<Parts>().map(|parts| page_of(&parts.uri, &parts.headers));
    leptos_axum::redirect(&done.on(page.as_deref().unwrap_or("/")));
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

/// What was typed, and the body again. A form with files is not read here, see [`TypedBesideFiles`].
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
    use crate::dto::error::Refusal;
    use axum::Extension;
    use axum::middleware::from_fn_with_state;
    use axum::routing::{get, post};
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
        let of = |request: &Request| page_of(request.uri(), request.headers());
        let ours = "http://saldo.test/customers?q=a";
        let named = request("/api/fn/x?page=%2Fpayments%2Fnew%3Faccount%3DR-1", ours);
        assert_eq!(of(&named), "/payments/new?account=R-1");
        assert_eq!(of(&request("/api/fn/x", ours)), "/customers?q=a");
        assert_eq!(
            of(&request("/api/fn/x?page=//evil", "http://evil.example/a")),
            "/"
        );
    }

    /// Server functions that refuse, or do and set a cookie, and a page that shows what it was told.
    fn house() -> Router {
        let refuse = || async {
            let refusal = Refusal::AmountNotPositive.at("amount").ser();
            let headers = [(SERVER_FN_ERROR_HEADER, "/api/fn/refuse")];
            (StatusCode::INTERNAL_SERVER_ERROR, headers, refusal)
        };
        let expired = || async {
            let headers = [(SERVER_FN_ERROR_HEADER, "/api/fn/expired")];
            (
                StatusCode::INTERNAL_SERVER_ERROR,
                headers,
                AppError::NotLoggedIn.ser(),
            )
        };
        let act = || async {
            let headers = [
                ("location", "/done"),
                ("serverfnredirect", ""),
                ("set-cookie", "a=b"),
            ];
            (headers, "null")
        };
        let refuse_file = || async {
            let beside = vec![("upload[mapping]".to_owned(), "ibm".to_owned())];
            let headers = [(SERVER_FN_ERROR_HEADER, "/api/fn/refuse_file")];
            let refusal = Refusal::Required.at("file").ser();
            (headers, Extension(TypedBesideFiles(beside)), refusal)
        };
        let page = |uri: Uri, refused: Option<Extension<Refused>>| async move {
            format!("{uri} {:?}", refused.map(|Extension(refused)| refused))
        };
        let pages = Router::new()
            .route("/api/fn/refuse", post(refuse))
            .route("/api/fn/refuse_file", post(refuse_file))
            .route("/api/fn/expired", post(expired))
            .route("/api/fn/act", post(act))
            .route("/form", get(page));
        let layer = from_fn_with_state(pages.clone(), bring_back_refused);
        pages.layer(layer)
    }

    async fn send(
        method: Method,
        uri: &str,
        accept: &str,
        body: &'static str,
    ) -> (Response, String) {
        let request = Request::builder()
            .method(method)
            .uri(uri)
            .header(ACCEPT, accept)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(body))
            .unwrap();
        let response = house().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 100_000).await.unwrap();
        let text = String::from_utf8(body.to_vec()).unwrap();
        (Response::from_parts(parts, Body::empty()), text)
    }

    const BROWSER: &str = "text/html,application/xhtml+xml,*/*;q=0.8";

    #[tokio::test]
    async fn a_refused_form_shows_its_page_with_everything_typed() {
        let uri = "/api/fn/refuse?page=%2Fform%3Faccount%3DR-1";
        let (_, text) = send(
            Method::POST,
            uri,
            BROWSER,
            "payment%5Bamount%5D=-5&note=a+b%26c",
        )
        .await;
        let refused = Refused {
            endpoint: "refuse".to_owned(),
            fields: vec![
                ("payment[amount]".to_owned(), "-5".to_owned()),
                ("note".to_owned(), "a b&c".to_owned()),
            ],
            error: Refusal::AmountNotPositive.at("amount"),
        };
        assert_eq!(text, format!("/form?account=R-1 {:?}", Some(refused)));
    }

    #[tokio::test]
    async fn a_refused_file_loses_nothing_that_was_typed_beside_it() {
        let uri = "/api/fn/refuse_file?page=%2Fform";
        let (_, text) = send(Method::POST, uri, BROWSER, "").await;
        let refused = Refused {
            endpoint: "refuse_file".to_owned(),
            fields: vec![("upload[mapping]".to_owned(), "ibm".to_owned())],
            error: Refusal::Required.at("file"),
        };
        assert_eq!(text, format!("/form {:?}", Some(refused)));
    }

    #[tokio::test]
    async fn a_form_that_is_done_is_followed_by_its_redirect_and_keeps_its_cookies() {
        let (response, text) = send(Method::POST, "/api/fn/act?page=%2Fform", BROWSER, "").await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        assert_eq!(response.headers()[LOCATION], "/done");
        assert_eq!(response.headers()["set-cookie"], "a=b");
        assert_eq!(text, "");
    }

    #[tokio::test]
    async fn whoever_is_no_longer_logged_in_comes_back_after_logging_in() {
        let (response, _) = send(Method::POST, "/api/fn/expired?page=%2Fform", BROWSER, "").await;
        assert_eq!(response.headers()[LOCATION], "/login?next=%2Fform");
    }

    #[tokio::test]
    async fn the_address_of_a_refused_form_leads_back_to_its_page() {
        let (response, _) = send(Method::GET, "/api/fn/refuse?page=%2Fform", BROWSER, "").await;
        assert_eq!(response.headers()[LOCATION], "/form");
    }

    #[tokio::test]
    async fn a_call_of_an_island_gets_the_bare_refusal() {
        let (response, text) = send(Method::POST, "/api/fn/refuse", "application/json", "").await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(
            AppError::de(text.into()),
            Refusal::AmountNotPositive.at("amount")
        );
    }
}
