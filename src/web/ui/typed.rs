//! Nothing typed is lost: a field shows what was refused, else what stands in the query, else its default.

use super::visit::{query_string, visit};
use crate::dto::error::{AppError, FieldRefusal, Refusal};
use leptos::prelude::use_context;
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// A form that came in and was refused, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    /// The server function's endpoint, the last part of its path.
    pub endpoint: String,
    /// Everything typed, names as in the HTML.
    pub fields: Vec<(String, String)>,
    pub error: AppError,
}

/// The form a field stands in. Provided by `Form` and `FilterForm`.
#[derive(Clone, Default)]
pub struct FormScope {
    /// Endpoint of the server function; empty for filters.
    pub endpoint: String,
    /// Name of the server function's argument; empty for filters.
    pub arg: String,
    /// Which of several forms with the same endpoint this is, by a hidden field of its own.
    pub instance: Option<(String, String)>,
    /// Name and label of each field rendered so far, for the summary of refusals.
    pub labels: Arc<Mutex<Vec<(String, String)>>>,
}

/// The form around a field.
pub fn scope() -> FormScope {
    use_context::<FormScope>().unwrap_or_default()
}

impl FormScope {
    /// `applications.0.amount` in the form of `payment` → `payment[applications][0][amount]`.
    pub fn html_name(&self, name: &str) -> String {
        let mut parts = name.split('.');
        let mut html = match (self.arg.as_str(), parts.next()) {
            ("", Some(first)) => first.to_owned(),
            (arg, Some(first)) => format!("{arg}[{first}]"),
            (arg, None) => arg.to_owned(),
        };
        for part in parts {
            html.push_str(&format!("[{part}]"));
        }
        html
    }

    /// The id of the field with this name: `payment-applications-0-amount`.
    pub fn id(&self, name: &str) -> String {
        let instance = self
            .instance
            .as_ref()
            .map_or("", |(_, value)| value.as_str());
        let name = self.html_name(name);
        [name.as_str(), instance]
            .join("-")
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join("-")
    }

    /// What was refused, if it was this form.
    pub fn refused(&self) -> Option<Refused> {
        let refused = visit().refused.clone()?;
        if self.endpoint.is_empty() || refused.endpoint != self.endpoint {
            return None;
        }
        let mine = self.instance.as_ref().is_none_or(|(name, value)| {
            let name = self.html_name(name);
            refused
                .fields
                .iter()
                .any(|field| field.0 == name && field.1 == *value)
        });
        mine.then_some(refused)
    }

    /// What a person typed into this field, if they did.
    pub fn typed(&self, name: &str) -> Option<String> {
        let html_name = self.html_name(name);
        if let Some(refused) = self.refused() {
            return find(&refused.fields, &html_name);
        }
        find(&visit().pairs, &html_name)
    }

    /// Everything typed so far, when the form came back: refused or previewed.
    fn came_back(&self) -> Option<Vec<(String, String)>> {
        if let Some(refused) = self.refused() {
            return Some(refused.fields);
        }
        let prefix = format!("{}[", self.arg);
        let pairs = &visit().pairs;
        let filters = self.arg.is_empty() && !pairs.is_empty();
        (filters || pairs.iter().any(|(name, _)| name.starts_with(&prefix))).then(|| pairs.clone())
    }

    /// Whether a check box with this value is ticked. A form that came back without it had it unticked.
    pub fn ticked(&self, name: &str, value: &str, default: bool) -> bool {
        let html_name = self.html_name(name);
        match self.came_back() {
            Some(fields) => fields
                .iter()
                .any(|field| field.0 == html_name && field.1 == value),
            None => default,
        }
    }

    /// How many rows of a repeated group came back; `at_least` when fewer or none did.
    pub fn rows(&self, name: &str, at_least: usize) -> usize {
        let prefix = format!("{}[", self.html_name(name));
        let typed = self.came_back().unwrap_or_default();
        let indexes = typed.iter().filter_map(|(name, _)| {
            let (index, _) = name.strip_prefix(&prefix)?.split_once(']')?;
            index.parse::<usize>().ok()
        });
        indexes.max().map_or(0, |last| last + 1).max(at_least)
    }

    /// What was refused about this field, the parts of an amount included.
    pub fn refusals(&self, name: &str) -> Vec<Refusal> {
        let refusals = self.field_refusals();
        let about_me = |refusal: &FieldRefusal| {
            refusal.field.as_deref().is_some_and(|field| {
                field == name
                    || field
                        .strip_prefix(name)
                        .is_some_and(|rest| matches!(rest, ".amount" | ".currency"))
            })
        };
        refusals
            .into_iter()
            .filter(about_me)
            .map(|refusal| refusal.refusal)
            .collect()
    }

    /// Everything refused about the fields of this form.
    pub fn field_refusals(&self) -> Vec<FieldRefusal> {
        match self.refused().map(|refused| refused.error) {
            Some(AppError::Refused(refusals)) => refusals,
            _ => Vec::new(),
        }
    }
}

fn find(fields: &[(String, String)], name: &str) -> Option<String> {
    fields
        .iter()
        .find(|field| field.0 == name)
        .map(|field| field.1.clone())
}

/// The query read into a struct of filters; its defaults where the query cannot be read.
pub fn query<T: DeserializeOwned + Default>() -> T {
    serde_qs::Config::new(NESTING, false)
        .deserialize_str(&visit().query)
        .unwrap_or_default()
}

/// What a preview needs: the command as it stands in this form, if something was typed. `None` before.
/// The form of `arg` may have come back refused or by its preview button.
pub fn command<T: DeserializeOwned>(endpoint: &str, arg: &str) -> Option<T> {
    let scope = FormScope {
        endpoint: endpoint.to_owned(),
        arg: arg.to_owned(),
        ..FormScope::default()
    };
    read_nested(&scope.came_back()?, arg)
}

/// Depth to which server functions read nested names; the same here, so that a preview reads what they will.
const NESTING: usize = 5;

/// `payment[applications][0][amount]=5` read into a struct, as server functions read their forms.
fn read_nested<T: DeserializeOwned>(fields: &[(String, String)], arg: &str) -> Option<T> {
    let prefix = format!("{arg}[");
    let mine: Vec<(&str, &str)> = fields
        .iter()
        .filter(|(name, _)| name.starts_with(&prefix))
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let mut read: HashMap<String, T> = serde_qs::Config::new(NESTING, false)
        .deserialize_str(&query_string(&mine))
        .ok()?;
    read.remove(arg)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dto::payments::NewPayment;

    fn payment_form() -> FormScope {
        FormScope {
            endpoint: "record_payment".to_owned(),
            arg: "payment".to_owned(),
            ..FormScope::default()
        }
    }

    #[test]
    fn names_follow_the_argument_of_the_server_function() {
        let form = payment_form();
        assert_eq!(form.html_name("reference"), "payment[reference]");
        assert_eq!(
            form.html_name("applications.0.amount"),
            "payment[applications][0][amount]"
        );
        assert_eq!(
            form.id("applications.0.amount"),
            "payment-applications-0-amount"
        );
        assert_eq!(FormScope::default().html_name("q"), "q");
    }

    #[test]
    fn what_stands_in_the_query_is_read_as_the_command_it_will_become() {
        let typed = [
            ("account", "kept out"),
            ("payment[account]", "R-100"),
            ("payment[amount][amount]", "95,00"),
            ("payment[applications][1][amount]", "5"),
            ("payment[applications][0][amount]", "89"),
        ];
        let typed: Vec<(String, String)> = typed
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let payment: NewPayment = read_nested(&typed, "payment").expect("the names fit");
        assert_eq!(payment.account, "R-100");
        assert_eq!(payment.amount.amount, "95,00");
        let amounts: Vec<&str> = payment
            .applications
            .iter()
            .map(|a| a.amount.as_str())
            .collect();
        assert_eq!(amounts, ["89", "5"]);
    }
}
