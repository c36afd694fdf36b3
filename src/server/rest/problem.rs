//! What went wrong, as `application/problem+json` (RFC 9457). Clients branch on `code`; `detail` is for people.

use crate::domain::money::Money;
use crate::dto::error::{AppError, FieldRefusal, Refusal};
use crate::web::ui::errors;
use axum::Json;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

pub const PROBLEM_JSON: &str = "application/problem+json";

/// Why a request was not done.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Problem {
    /// `urn:saldo:problem:` and the code.
    #[serde(rename = "type")]
    #[schema(example = "urn:saldo:problem:amount_exceeds_open_balance")]
    pub kind: String,
    #[schema(example = "Refused")]
    pub title: &'static str,
    #[schema(example = 422)]
    pub status: u16,
    /// Stable; what clients branch on.
    #[schema(example = "amount_exceeds_open_balance")]
    pub code: &'static str,
    /// An English sentence for people.
    pub detail: String,
    /// The field of the request it is about: `amount`, `applications.0.amount`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The most that would have been possible, where there is a most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_amount: Option<Money>,
    /// Under which the log tells more.
    pub incident: Uuid,
    /// Every refusal, where there are several; the first is the one above.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldProblem>,
    /// What changed meanwhile, where the request was stale.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<String>,
    #[serde(skip)]
    retry_after_seconds: Option<u32>,
}

/// One refusal and the field it belongs to.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FieldProblem {
    pub code: &'static str,
    pub detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_amount: Option<Money>,
}

impl Problem {
    /// A problem of the request itself, before any use case was asked.
    pub fn of_request(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:saldo:problem:{code}"),
            title: title(status),
            status: status.as_u16(),
            code,
            detail: detail.into(),
            field: None,
            max_amount: None,
            incident: Uuid::now_v7(),
            errors: Vec::new(),
            changed: Vec::new(),
            retry_after_seconds: None,
        }
    }

    pub fn at(self, field: impl Into<String>) -> Self {
        Self {
            field: Some(field.into()),
            ..self
        }
    }
}

fn title(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED => "Not authenticated",
        StatusCode::FORBIDDEN => "No right",
        StatusCode::NOT_FOUND => "Not found",
        StatusCode::CONFLICT => "Conflict",
        StatusCode::UNPROCESSABLE_ENTITY => "Refused",
        StatusCode::TOO_MANY_REQUESTS => "Too many requests",
        StatusCode::SERVICE_UNAVAILABLE => "Unavailable",
        StatusCode::INTERNAL_SERVER_ERROR => "Unexpected failure",
        other => other.canonical_reason().unwrap_or("Bad request"),
    }
}

impl From<AppError> for Problem {
    fn from(error: AppError) -> Self {
        let status = StatusCode::from_u16(errors::status(&error))
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let problem = Self::of_request(status, code(&error), errors::error_sentence(&error));
        match error {
            AppError::Refused(refusals) => problem.refused(&refusals),
            AppError::Stale(changed) => Self { changed, ..problem },
            AppError::TooManyRequests {
                retry_after_seconds,
            } => Self {
                retry_after_seconds: Some(retry_after_seconds),
                ..problem
            },
            AppError::Unavailable { incident } | AppError::Unexpected { incident }
                if !incident.is_nil() =>
            {
                Self {
                    incident,
                    ..problem
                }
            }
            _ => problem,
        }
    }
}

impl Problem {
    fn refused(self, refusals: &[FieldRefusal]) -> Self {
        let Some(first) = refusals.first() else {
            return self;
        };
        let errors: Vec<FieldProblem> = refusals.iter().map(field_problem).collect();
        let code = first.refusal.code();
        Self {
            kind: format!("urn:saldo:problem:{code}"),
            code,
            detail: errors::sentence(&first.refusal),
            field: first.field.clone(),
            max_amount: first.refusal.max_amount(),
            errors: if errors.len() > 1 { errors } else { Vec::new() },
            ..self
        }
    }
}

fn field_problem(refused: &FieldRefusal) -> FieldProblem {
    FieldProblem {
        code: refused.refusal.code(),
        detail: errors::sentence(&refused.refusal),
        field: refused.field.clone(),
        max_amount: refused.refusal.max_amount(),
    }
}

/// The codes of what is not a refusal of a field; those are [`Refusal::code`].
fn code(error: &AppError) -> &'static str {
    match error {
        AppError::NotLoggedIn => "not_authenticated",
        AppError::Forbidden => "forbidden",
        AppError::NotFound => "not_found",
        AppError::TooManyRequests { .. } => "too_many_requests",
        AppError::KeyConflict => "idempotency_key_conflict",
        AppError::Stale(_) => "stale",
        AppError::Refused(_) => "refused",
        AppError::Unavailable { .. } => "unavailable",
        AppError::Unexpected { .. } => "unexpected",
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        refusal.of_act().into()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        tracing::info!(incident = %self.incident, code = self.code, status = self.status, "not done");
        let retry_after = self.retry_after_seconds;
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::Currency;

    #[test]
    fn a_refusal_says_its_code_field_and_most() {
        let open = Money::new(89_00, Currency::EUR);
        let problem: Problem = Refusal::AmountExceedsOpenBalance { open }
            .at("applications.0.amount")
            .into();
        let json = serde_json::to_value(&problem).unwrap();
        assert_eq!(
            json["type"],
            "urn:saldo:problem:amount_exceeds_open_balance"
        );
        assert_eq!(json["status"], 422);
        assert_eq!(json["code"], "amount_exceeds_open_balance");
        assert_eq!(json["field"], "applications.0.amount");
        assert_eq!(json["max_amount"]["amount"], "89.00");
        assert!(
            json["detail"].as_str().unwrap().contains("€89.00"),
            "{json}"
        );
        assert!(json.get("errors").is_none());
    }

    #[test]
    fn a_failure_keeps_the_incident_of_the_log_and_says_nothing_of_the_cause() {
        let incident = Uuid::now_v7();
        let problem: Problem = AppError::Unavailable { incident }.into();
        assert_eq!((problem.status, problem.incident), (503, incident));
        let problem: Problem = AppError::Unexpected {
            incident: Uuid::nil(),
        }
        .into();
        assert_eq!(problem.status, 500);
        assert!(!problem.incident.is_nil());
    }

    #[test]
    fn several_refusals_are_all_named() {
        let both = AppError::Refused(vec![
            FieldRefusal {
                field: Some("amount".to_owned()),
                refusal: Refusal::NotAnAmount,
            },
            FieldRefusal {
                field: Some("received_on".to_owned()),
                refusal: Refusal::Required,
            },
        ]);
        let problem: Problem = both.into();
        assert_eq!(problem.code, "not_an_amount");
        let codes: Vec<&str> = problem.errors.iter().map(|error| error.code).collect();
        assert_eq!(codes, ["not_an_amount", "required"]);
    }
}
