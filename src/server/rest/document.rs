//! The API document (OpenAPI 3.1) at `/api/v1/openapi.json`, and a viewer for it at `/api/docs`.

use super::problem::{PROBLEM_JSON, Problem};
use super::{BASE, Ctx};
use axum::http::HeaderValue;
use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::routing::get;
use axum::{Json, Router};
use std::sync::Arc;
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, InfoBuilder, OpenApi, Ref, ResponseBuilder, ServerBuilder,
};
use utoipa::{PartialSchema, ToSchema};
use utoipa_swagger_ui::{Config, SwaggerUi};

const TOKEN: &str = "token";

const DESCRIPTION: &str = "Amounts are `{\"amount\": \"12.30\", \"currency\": \"EUR\"}`: decimals as text, at most the \
currency's decimals in, exactly that many out. Dates are `YYYY-MM-DD`, instants RFC 3339 in UTC.\n\n\
Every `POST` that moves money needs the header `Idempotency-Key`: the same key with the same content has the effect of \
one request; with other content it is a conflict (409).\n\n\
Lists answer `{\"items\": […], \"next\": \"…\"}`; send `next` as `cursor` for the next part. \
What is refused is answered with `application/problem+json` and a stable `code`.";

/// The document as served, built once.
pub fn route(document: OpenApi) -> Router<Ctx> {
    let document = Arc::new(complete(document));
    Router::new().route(
        "/openapi.json",
        get(move || async move { Json(document.as_ref().clone()) }),
    )
}

/// What stands around the resources: title, base path, tokens, problems.
pub fn complete(resources: OpenApi) -> OpenApi {
    let mut document = resources;
    document.info = InfoBuilder::new()
        .title("Saldo")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(DESCRIPTION))
        .build();
    document.servers = Some(vec![ServerBuilder::new().url(BASE).build()]);
    document.security = Some(vec![SecurityRequirement::new::<_, [&str; 0], &str>(
        TOKEN,
        [],
    )]);
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some(
            "A token made by `saldo token add`, bound to a staff role or to one customer.",
        ))
        .build();
    let mut components = document
        .components
        .take()
        .unwrap_or_else(|| ComponentsBuilder::new().build());
    components
        .security_schemes
        .insert(TOKEN.to_owned(), SecurityScheme::Http(bearer).into());
    let mut schemas = vec![(Problem::name().into_owned(), Problem::schema())];
    Problem::schemas(&mut schemas);
    components.schemas.extend(schemas);
    document.components = Some(components);
    for item in document.paths.paths.values_mut() {
        operations(item).for_each(add_problems);
    }
    document
}

/// Every operation at a path.
fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [
        &mut item.get,
        &mut item.post,
        &mut item.put,
        &mut item.patch,
        &mut item.delete,
    ]
    .into_iter()
    .filter_map(Option::as_mut)
}

fn add_problems(operation: &mut Operation) {
    let problem = |description: &str| {
        let content = ContentBuilder::new()
            .schema(Some(Ref::from_schema_name(Problem::name())))
            .build();
        ResponseBuilder::new()
            .description(description)
            .content(PROBLEM_JSON, content)
            .build()
    };
    for (status, description) in [
        ("401", "No token, or one that does not work."),
        ("403", "The token's role has no right to this."),
        ("404", "Not there, or not the caller's."),
        (
            "409",
            "The idempotency key was used with other content, or what the caller saw has changed.",
        ),
        ("422", "Refused; `code` and `field` say why."),
        ("default", "Any other problem."),
    ] {
        operation
            .responses
            .responses
            .entry(status.to_owned())
            .or_insert(problem(description).into());
    }
}

/// The viewer's page needs styles of its own; its scripts come with the program.
const VIEWER_POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

/// The viewer. Everything it shows and runs is in the program; nothing is fetched from elsewhere.
pub fn viewer() -> Router {
    let config = Config::from(format!("{BASE}/openapi.json"))
        .validator_url("none")
        .doc_expansion("none")
        .default_models_expand_depth(-1);
    let policy = HeaderValue::from_static(VIEWER_POLICY);
    Router::from(SwaggerUi::new("/api/docs").config(config)).layer(
        SetResponseHeaderLayer::overriding(CONTENT_SECURITY_POLICY, policy),
    )
}
