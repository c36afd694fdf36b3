//! Pages and server functions over HTTP: what a request tells them, their headers, and the files beside them.
//!
//! The session layer outside has put `Actor` and, for people, `Viewer` into the request's extensions.

use super::assets;
use super::context::{Actor, Clock, Ctx};
use super::forms::{SERVER_FUNCTIONS, own_page};
use super::services::users;
use crate::dto::people::Viewer;
use crate::web::app::{App, shell};
use crate::web::ui::errors;
use crate::web::ui::text::{self, Locale, tag};
use crate::web::ui::theme::PREFERENCES_PATH;
use crate::web::ui::typed::Refused;
use crate::web::ui::visit::{Machine, Theme, Visit};
use axum::body::Body;
use axum::extract::{Form, Request};
use axum::http::header::{ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_SECURITY_POLICY, LOCATION, VARY};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use axum::{Extension, Router, middleware};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use leptos::config::LeptosOptions;
use leptos::nonce::use_nonce;
use leptos::prelude::{expect_context, provide_context};
use leptos_axum::{
    LeptosRoutes, ResponseOptions, generate_route_list, render_app_async_with_context,
};
use leptos_router::components::provide_server_redirect;
use serde::Deserialize;
use std::sync::Arc;
use uuid::Uuid;

const THEME_COOKIE: &str = "saldo_theme";
const LANGUAGE_COOKIE: &str = "saldo_language";
/// How long a browser remembers how its reader wants pages.
const PREFERENCE_LIFE: time::Duration = time::Duration::days(365);

/// Options under which the shell finds its style sheet and scripts. Read from the built site at start.
pub fn leptos_options() -> LeptosOptions {
    let output_name = assets::output_name().unwrap_or_else(|| "saldo".to_owned());
    LeptosOptions::builder().output_name(output_name).build()
}

/// Every page, every server function and every file of the site. Refused forms come back on their page.
pub fn routes(ctx: &Ctx) -> Router {
    let options = leptos_options();
    let provide = {
        let ctx = ctx.clone();
        move || provide_request(&ctx)
    };
    let document = {
        let options = options.clone();
        move || shell(options.clone())
    };
    let not_a_page = render_app_async_with_context(provide.clone(), document.clone());
    let pages = Router::new()
        .leptos_routes_with_context(&options, generate_route_list(App), provide, document)
        .route(
            PREFERENCES_PATH,
            post(keep_preferences).layer(Extension(ctx.clone())),
        )
        .fallback(move |request: Request| asset_or(request, not_a_page.clone()))
        .with_state(options)
        .merge(super::uploads::routes(ctx));
    let refusing = middleware::from_fn_with_state(pages.clone(), super::forms::bring_back_refused);
    pages.layer(refusing)
}

/// A file of the site, else the page that says that nothing is there.
async fn asset_or<F, R>(request: Request, not_a_page: F) -> Response
where
    F: FnOnce(Request) -> R,
    R: Future<Output = Response<Body>>,
{
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return StatusCode::NOT_FOUND.into_response();
    }
    match assets::find(request.uri().path(), request.headers()) {
        Some(file) => file,
        None => not_a_page(request).await,
    }
}

/// Gives pages and server functions their context: who acts, and what is known of the request.
fn provide_request(ctx: &Ctx) {
    let parts: Parts = expect_context();
    let response: ResponseOptions = expect_context();
    let actor = parts.extensions.get::<Actor>().cloned();
    provide_context(ctx.as_actor(actor.unwrap_or(Actor::Nobody)));
    let visit = visit_of(&parts, &ctx.clock, response.clone());
    if let Some(refused) = &visit.refused {
        visit.answer_with(errors::status(&refused.error));
    }
    provide_context(Arc::new(visit));
    if !parts.uri.path().starts_with(SERVER_FUNCTIONS) {
        // The library's own redirect of a page waits for a client that asks for HTML by name.
        let response = response.clone();
        provide_server_redirect(move |path| redirect_page(&response, path));
    }
    response.insert_header(CONTENT_SECURITY_POLICY, content_security_policy());
    response.insert_header(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    response.insert_header(VARY, HeaderValue::from_static("cookie, accept-language"));
}

fn visit_of(parts: &Parts, clock: &Clock, response: ResponseOptions) -> Visit {
    let query = parts.uri.query().unwrap_or_default();
    let cookies = CookieJar::from_headers(&parts.headers);
    let viewer = parts.extensions.get::<Viewer>().cloned();
    let zone = clock.zone();
    Visit {
        path: parts.uri.path().to_owned(),
        query: query.to_owned(),
        pairs: serde_urlencoded::from_str(query).unwrap_or_default(),
        locale: language(viewer.as_ref(), &cookies, &parts.headers),
        viewer,
        theme: cookies
            .get(THEME_COOKIE)
            .and_then(|cookie| Theme::from_code(cookie.value()))
            .unwrap_or(Theme::System),
        today: clock.today(),
        refused: parts.extensions.get::<Refused>().cloned(),
        machine: Machine {
            set_status: Arc::new(move |status| set_status(&response, status)),
            fresh_key: Arc::new(|| Uuid::now_v7().to_string()),
            local_time: Arc::new(move |instant| instant.with_timezone(&zone).naive_local()),
        },
        headed: Arc::default(),
    }
}

/// The person's own setting, else this browser's choice, else what the browser asks for, else English.
fn language(viewer: Option<&Viewer>, cookies: &CookieJar, headers: &HeaderMap) -> Locale {
    let own = viewer.and_then(|viewer| viewer.locale.as_deref());
    let chosen = cookies.get(LANGUAGE_COOKIE).map(Cookie::value);
    let asked = headers
        .get(ACCEPT_LANGUAGE)
        .and_then(|header| header.to_str().ok());
    own.and_then(text::from_tag)
        .or_else(|| chosen.and_then(text::from_tag))
        .or_else(|| asked.and_then(text::from_accept_language))
        .unwrap_or(Locale::en)
}

fn redirect_page(response: &ResponseOptions, path: &str) {
    let Ok(location) = HeaderValue::from_str(path) else {
        return;
    };
    response.insert_header(LOCATION, location);
    response.set_status(StatusCode::FOUND);
}

fn set_status(response: &ResponseOptions, status: u16) {
    let status = StatusCode::from_u16(status).expect("pages answer with statuses of HTTP");
    response.set_status(status);
}

/// Only our own scripts run, and only those that carry this answer's nonce or are loaded by them.
fn content_security_policy() -> HeaderValue {
    let nonce = use_nonce().map_or_else(String::new, |nonce| format!("'nonce-{nonce}' "));
    let policy = format!(
        "default-src 'self'; script-src {nonce}'strict-dynamic' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; \
         form-action 'self'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy).expect("a nonce is base64")
}

/// What a reader chose about how pages look, and the page they chose it on.
#[derive(Deserialize)]
struct Preferences {
    theme: Option<String>,
    language: Option<String>,
    page: Option<String>,
}

/// Remembers the reader's choice in this browser, the language also with the person, and goes back to the page.
async fn keep_preferences(
    Extension(ctx): Extension<Ctx>,
    actor: Option<Extension<Actor>>,
    cookies: CookieJar,
    Form(wanted): Form<Preferences>,
) -> impl IntoResponse {
    let theme = wanted.theme.as_deref().and_then(Theme::from_code);
    let language = wanted.language.as_deref().and_then(text::from_tag);
    let person = actor.filter(|Extension(actor)| actor.user().is_some());
    if let (Some(Extension(person)), Some(language)) = (person, language) {
        // The cookie still holds where the database does not answer; the failure is in the log.
        let _ = users::choose_language(&ctx.as_actor(person), tag(language)).await;
    }
    let kept = [
        theme.map(|theme| preference(THEME_COOKIE, theme.code())),
        language.map(|language| preference(LANGUAGE_COOKIE, tag(language))),
    ];
    let cookies = kept.into_iter().flatten().fold(cookies, CookieJar::add);
    let page = wanted.page.as_deref().and_then(own_page).unwrap_or("/");
    (cookies, Redirect::to(page))
}

fn preference(name: &'static str, value: &'static str) -> Cookie<'static> {
    Cookie::build((name, value))
        .path("/")
        .max_age(PREFERENCE_LIFE)
        .same_site(SameSite::Lax)
        .http_only(true)
        .build()
}
