//! A person at a browser, without one: pages, forms and cookies through the whole server, nothing listening.

use crate::server::context::Ctx;
use crate::server::router::{Outside, app};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::{ACCEPT, CONTENT_TYPE, COOKIE, HOST, LOCATION, ORIGIN, SET_COOKIE};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use std::collections::BTreeMap;
use tower::ServiceExt;

const SITE: &str = "saldo.test";

/// One browser with its cookies. Several on one server share its `Router`.
#[derive(Clone)]
pub struct Browser {
    server: Router,
    cookies: BTreeMap<String, String>,
    language: &'static str,
}

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    /// Where the browser is sent.
    pub fn location(&self) -> &str {
        let location = self
            .headers
            .get(LOCATION)
            .and_then(|value| value.to_str().ok());
        location.unwrap_or_else(|| panic!("{} leads nowhere: {}", self.status, self.body))
    }

    /// Whether a text stands on the page.
    pub fn shows(&self, text: &str) -> bool {
        self.body.contains(text)
    }
}

impl Browser {
    /// A browser without cookies before the server of this house.
    pub fn at(ctx: &Ctx) -> Self {
        let server = app(ctx, &Outside::default()).expect("no origin is set");
        Self {
            server,
            cookies: BTreeMap::new(),
            language: "en",
        }
    }

    /// Another browser, without cookies, before the same server.
    pub fn another(&self) -> Self {
        Self {
            cookies: BTreeMap::new(),
            ..self.clone()
        }
    }

    /// The value of a cookie.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }

    /// Has this cookie from now on, as an attacker may have planted it.
    pub fn plant_cookie(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.to_owned(), value.to_owned());
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path).body(Body::empty()))
            .await
    }

    /// Submits the form on `page` that posts to this server function.
    pub async fn submit(&mut self, page: &str, endpoint: &str, fields: &[(&str, &str)]) -> Answer {
        let page = serde_urlencoded::to_string([("page", page)]).expect("a path");
        self.post(&format!("/api/fn/{endpoint}?{page}"), fields)
            .await
    }

    /// Posts fields as a form of our own pages does.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let request = self
            .request(Method::POST, path)
            .header(ORIGIN, format!("http://{SITE}"))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let body = serde_urlencoded::to_string(fields).expect("names and values");
        self.send(request.body(Body::from(body))).await
    }

    /// Posts fields as a page of another site would make this browser do.
    pub async fn post_from_elsewhere(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let request = self
            .request(Method::POST, path)
            .header(ORIGIN, "http://elsewhere.test")
            .header("sec-fetch-site", "cross-site")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let body = serde_urlencoded::to_string(fields).expect("names and values");
        self.send(request.body(Body::from(body))).await
    }

    /// Logs in on the login page.
    pub async fn log_in(&mut self, email: &str, password: &str) -> Answer {
        let fields = [
            ("login[email]", email),
            ("login[password]", password),
            ("login[next]", ""),
        ];
        self.submit("/login", "log_in", &fields).await
    }

    fn request(&self, method: Method, path: &str) -> axum::http::request::Builder {
        let cookies = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        let cookies = cookies.collect::<Vec<_>>().join("; ");
        Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, SITE)
            .header(ACCEPT, "text/html")
            .header("accept-language", self.language)
            .header(COOKIE, cookies)
    }

    async fn send(&mut self, request: axum::http::Result<Request<Body>>) -> Answer {
        let request = request.expect("a request");
        let response = match self.server.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        for cookie in response.headers().get_all(SET_COOKIE) {
            self.keep(cookie.to_str().expect("cookies are text"));
        }
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.expect("the body ends");
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    fn keep(&mut self, cookie: &str) {
        let (name, rest) = cookie.split_once('=').expect("a cookie has a name");
        let value = rest.split(';').next().unwrap_or_default();
        if value.is_empty() || rest.contains("Max-Age=0") {
            self.cookies.remove(name);
        } else {
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }
}
