//! What a page may know about the request it answers. The server provides it; pages read no header, cookie or clock.

use super::text::Locale;
use super::typed::Refused;
use crate::domain::ledger::coded;
use crate::dto::error::AppError;
use crate::dto::people::Viewer;
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use leptos::prelude::{WithUntracked, use_context};
use leptos_router::hooks::use_params_map;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

coded! {
    /// Whether pages are light or dark.
    Theme {
        /// As the system is set.
        System = "system",
        Light = "light",
        Dark = "dark",
    }
}

/// One request for a page.
#[derive(Clone)]
pub struct Visit {
    /// Path of the page, without its query: `/customers`.
    pub path: String,
    /// The query as it stands in the URL, without the question mark.
    pub query: String,
    /// The query's names and values, decoded, in order.
    pub pairs: Vec<(String, String)>,
    pub viewer: Option<Viewer>,
    pub locale: Locale,
    pub theme: Theme,
    /// The business date.
    pub today: NaiveDate,
    /// The form that was refused, when this page is rendered again because of it.
    pub refused: Option<Refused>,
    pub machine: Machine,
    /// Whether the page has its heading by now.
    pub headed: Arc<AtomicBool>,
}

/// What a page may ask of the machine that renders it.
#[derive(Clone)]
pub struct Machine {
    /// Sets the status of the answer.
    pub set_status: Arc<dyn Fn(u16) + Send + Sync>,
    /// A key that no request has used.
    pub fresh_key: Arc<dyn Fn() -> String + Send + Sync>,
    /// An instant on the clock of the business time zone.
    pub local_time: Arc<dyn Fn(DateTime<Utc>) -> NaiveDateTime + Send + Sync>,
}

impl Default for Visit {
    /// Nobody's request: what stands in while routes are listed.
    fn default() -> Self {
        Self {
            path: "/".to_owned(),
            query: String::new(),
            pairs: Vec::new(),
            viewer: None,
            locale: Locale::en,
            theme: Theme::System,
            today: NaiveDate::default(),
            refused: None,
            machine: Machine {
                set_status: Arc::new(|_| {}),
                fresh_key: Arc::new(String::new),
                local_time: Arc::new(|instant| instant.naive_utc()),
            },
            headed: Arc::default(),
        }
    }
}

/// The request this page answers.
pub fn visit() -> Arc<Visit> {
    use_context::<Arc<Visit>>().unwrap_or_default()
}

impl Visit {
    /// The value of a query parameter.
    pub fn query_value(&self, name: &str) -> Option<&str> {
        self.pairs
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// This page's URL with one query parameter set, or dropped when `value` is empty. Flash notices
    /// (`done`) and typed forms (`arg[field]`) do not travel along.
    pub fn url_with(&self, name: &str, value: &str) -> String {
        let kept = self
            .pairs
            .iter()
            .filter(|(key, value)| {
                key != name && key != "done" && !key.contains('[') && !value.is_empty()
            })
            .map(|(key, value)| (key.as_str(), value.as_str()));
        let all: Vec<(&str, &str)> = kept
            .chain((!value.is_empty()).then_some((name, value)))
            .collect();
        if all.is_empty() {
            return self.path.clone();
        }
        format!("{}?{}", self.path, query_string(&all))
    }

    /// This page's URL without what was typed into forms: where a refused form comes back to.
    pub fn url(&self) -> String {
        self.url_with("", "")
    }

    /// Whether what is rendered now is the first heading of the page. A page has one.
    pub fn takes_the_heading(&self) -> bool {
        !self.headed.swap(true, Ordering::Relaxed)
    }

    /// Sets the status of the answer this page becomes.
    pub fn answer_with(&self, status: u16) {
        (self.machine.set_status)(status);
    }
}

/// The id in the address of this page. Text that is no id names nothing that is there.
pub fn route_id<T: FromStr>(name: &str) -> Result<T, AppError> {
    let text = use_params_map().with_untracked(|params| params.get(name));
    text.and_then(|text| text.parse().ok())
        .ok_or(AppError::NotFound)
}

/// Names and values as they stand in a URL.
pub fn query_string(pairs: &[(&str, &str)]) -> String {
    let escaped = pairs
        .iter()
        .map(|(key, value)| format!("{}={}", escape(key), escape(value)));
    escaped.collect::<Vec<_>>().join("&")
}

/// Text as one part of a URL.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visit_of(pairs: &[(&str, &str)]) -> Visit {
        Visit {
            path: "/customers".to_owned(),
            pairs: pairs
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect(),
            ..Visit::default()
        }
    }

    #[test]
    fn filters_stay_while_one_of_them_changes() {
        let visit = visit_of(&[
            ("q", "Müller & Co"),
            ("page", "3"),
            ("done", "saved"),
            ("tag", ""),
        ]);
        assert_eq!(
            visit.url_with("page", "4"),
            "/customers?q=M%C3%BCller%20%26%20Co&page=4"
        );
        assert_eq!(
            visit.url_with("page", ""),
            "/customers?q=M%C3%BCller%20%26%20Co"
        );
    }

    #[test]
    fn what_was_typed_into_a_form_does_not_stay_in_the_address() {
        let visit = visit_of(&[("account", "R-1"), ("payment[amount][amount]", "5")]);
        assert_eq!(visit.url(), "/customers?account=R-1");
    }
}
