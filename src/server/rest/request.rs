//! What a request brings: who sends it, its idempotency key, its parameters, its body.

use super::problem::Problem;
use crate::dto::error::Refusal;
use crate::server::auth::bearer;
use crate::server::context::Ctx;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use serde::de::{DeserializeOwned, Error, Unexpected, Visitor};
use serde::{Deserializer, Serialize};
use serde_json::{Map, Value};
use std::fmt;

/// The outside, acted on by the program whose token the request carries.
pub struct Caller(pub Ctx);

impl FromRequestParts<Ctx> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, ctx: &Ctx) -> Result<Self, Problem> {
        Ok(Self(bearer::ctx_of(ctx, &parts.headers).await?))
    }
}

/// The header that makes a repetition of a request the same request.
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";
const LONGEST_KEY: u32 = 200;

/// The idempotency key of an act that moves money: it must be there.
pub struct Key(pub String);

impl<S: Sync> FromRequestParts<S> for Key {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match key(&parts.headers)? {
            Some(key) => Ok(Self(key)),
            None => Err(Problem::of_request(
                StatusCode::BAD_REQUEST,
                "idempotency_key_required",
                "This act needs the header Idempotency-Key: a text of your own that is new for every new act.",
            )
            .at("Idempotency-Key")),
        }
    }
}

/// The idempotency key of an act that can do without: empty where there is none.
pub struct OptionalKey(pub String);

impl<S: Sync> FromRequestParts<S> for OptionalKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self(key(&parts.headers)?.unwrap_or_default()))
    }
}

fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(header) = headers.get(IDEMPOTENCY_KEY) else {
        return Ok(None);
    };
    let key = header.to_str().map(str::trim).unwrap_or_default();
    if key.is_empty() {
        return Ok(None);
    }
    if key.len() > LONGEST_KEY as usize {
        return Err(Refusal::TooLong { max: LONGEST_KEY }
            .at("Idempotency-Key")
            .into());
    }
    Ok(Some(key.to_owned()))
}

/// The parameters of a list or report. One that nobody knows is refused: a filter with a typing error must not
/// answer with everything.
pub struct Params<T>(pub T);

impl<S: Sync, T: DeserializeOwned + Serialize + Default> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        let unreadable = || {
            Problem::of_request(
                StatusCode::BAD_REQUEST,
                "unreadable_query",
                "The query string cannot be read.",
            )
        };
        let pairs: Vec<(String, String)> =
            serde_urlencoded::from_str(query).map_err(|_| unreadable())?;
        let known = serde_json::to_value(T::default()).map_err(|_| unreadable())?;
        let mut given = Map::new();
        for (name, value) in pairs {
            if known.get(&name).is_none() {
                return Err(Problem::of_request(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "unknown_parameter",
                    "There is no parameter of this name here.",
                )
                .at(name));
            }
            given.insert(name, Value::String(value));
        }
        let params = serde_json::from_value(Value::Object(given)).map_err(|_| unreadable())?;
        Ok(Self(params))
    }
}

/// A JSON body. No body is the same as an empty object. Fields that nobody knows are refused.
pub struct Body<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Serialize> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let json = is_json(request.headers());
        let bytes =
            Bytes::from_request(request, state)
                .await
                .map_err(|rejection| match rejection.status() {
                    StatusCode::PAYLOAD_TOO_LARGE => Problem::of_request(
                        StatusCode::PAYLOAD_TOO_LARGE,
                        "body_too_large",
                        "The body is larger than this server takes.",
                    ),
                    _ => malformed(),
                })?;
        if bytes.trim_ascii().is_empty() {
            return read(Value::Object(Map::new())).map(Self);
        }
        if !json {
            return Err(Problem::of_request(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "not_json",
                "The body must be JSON, announced by Content-Type: application/json.",
            ));
        }
        let value = serde_json::from_slice(&bytes).map_err(|_| malformed())?;
        read(value).map(Self)
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    let kind = kind
        .and_then(|kind| kind.split(';').next())
        .unwrap_or_default();
    let kind = kind.trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

fn malformed() -> Problem {
    Problem::of_request(
        StatusCode::BAD_REQUEST,
        "malformed_json",
        "The body is not well-formed JSON.",
    )
}

fn read<T: DeserializeOwned + Serialize>(given: Value) -> Result<T, Problem> {
    if !given.is_object() {
        return Err(Problem::of_request(
            StatusCode::UNPROCESSABLE_ENTITY,
            "wrong_type",
            "The body must be a JSON object.",
        ));
    }
    let read: T = serde_path_to_error::deserialize(&given).map_err(|error| {
        let problem = Problem::of_request(
            StatusCode::UNPROCESSABLE_ENTITY,
            "wrong_type",
            "This field is not of the JSON type it must have; see the API document.",
        );
        match field_of(error.path()) {
            Some(field) => problem.at(field),
            None => problem,
        }
    })?;
    let known = serde_json::to_value(&read).map_err(|_| malformed())?;
    match unknown_field(&given, &known) {
        None => Ok(read),
        Some(field) => Err(Problem::of_request(
            StatusCode::UNPROCESSABLE_ENTITY,
            "unknown_field",
            "There is no field of this name here.",
        )
        .at(field)),
    }
}

/// `applications[0].amount` as refusals name it: `applications.0.amount`.
fn field_of(path: &serde_path_to_error::Path) -> Option<String> {
    use serde_path_to_error::Segment;
    let names: Vec<String> = path
        .iter()
        .filter_map(|segment| match segment {
            Segment::Seq { index } => Some(index.to_string()),
            Segment::Map { key } => Some(key.clone()),
            Segment::Enum { .. } | Segment::Unknown => None,
        })
        .collect();
    (!names.is_empty()).then(|| names.join("."))
}

/// The first field that was given and not read.
fn unknown_field(given: &Value, known: &Value) -> Option<String> {
    match (given, known) {
        (Value::Object(given), Value::Object(known)) => given.iter().find_map(|(name, value)| {
            let Some(known) = known.get(name) else {
                return Some(name.clone());
            };
            unknown_field(value, known).map(|inner| format!("{name}.{inner}"))
        }),
        (Value::Array(given), Value::Array(known)) => {
            given
                .iter()
                .zip(known)
                .enumerate()
                .find_map(|(index, (given, known))| {
                    unknown_field(given, known).map(|inner| format!("{index}.{inner}"))
                })
        }
        _ => None,
    }
}

/// A number as text; a whole number may stand without quotes, because it is exact.
pub fn number_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    struct NumberText;

    impl Visitor<'_> for NumberText {
        type Value = String;

        fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
            f.write_str("a number as text, or a whole number")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
            Ok(text.to_owned())
        }

        fn visit_i64<E: Error>(self, number: i64) -> Result<String, E> {
            Ok(number.to_string())
        }

        fn visit_u64<E: Error>(self, number: u64) -> Result<String, E> {
            Ok(number.to_string())
        }
    }

    deserializer.deserialize_any(NumberText)
}

/// A text; null is the same as an empty one.
pub fn text_or_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text: Option<String> = serde::Deserialize::deserialize(deserializer)?;
    Ok(text.unwrap_or_default())
}

/// A yes or no: `true`, `false`, or the words forms send.
pub fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    struct Flag;

    impl Visitor<'_> for Flag {
        type Value = bool;

        fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
            f.write_str("true or false")
        }

        fn visit_bool<E: Error>(self, flag: bool) -> Result<bool, E> {
            Ok(flag)
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<bool, E> {
            match text {
                "yes" | "true" => Ok(true),
                "no" | "false" | "" => Ok(false),
                other => Err(E::invalid_value(Unexpected::Str(other), &self)),
            }
        }
    }

    deserializer.deserialize_any(Flag)
}

/// `true` as forms send it.
pub fn yes(flag: bool) -> String {
    let text = if flag { "yes" } else { "" };
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde::Deserialize;
    use serde_json::json;

    #[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
    #[serde(default)]
    struct Typed {
        name: String,
        #[serde(deserialize_with = "flag")]
        prepayment: bool,
        lines: Vec<TypedLine>,
    }

    #[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
    #[serde(default)]
    struct TypedLine {
        #[serde(deserialize_with = "number_text")]
        quantity: String,
    }

    #[rstest]
    #[case(json!({"nmae": "A"}), "unknown_field", "nmae")]
    #[case(json!({"lines": [{}, {"qty": "1"}]}), "unknown_field", "lines.1.qty")]
    #[case(json!({"name": 5}), "wrong_type", "name")]
    #[case(json!({"lines": [{"quantity": 1.5}]}), "wrong_type", "lines.0.quantity")]
    #[case(json!({"prepayment": "perhaps"}), "wrong_type", "prepayment")]
    fn what_cannot_be_read_is_refused_at_its_field(
        #[case] body: Value,
        #[case] code: &str,
        #[case] field: &str,
    ) {
        let problem = read::<Typed>(body).unwrap_err();
        assert_eq!(
            (problem.code, problem.field.as_deref()),
            (code, Some(field))
        );
    }

    #[test]
    fn whole_numbers_and_flags_may_be_written_either_way() {
        let body = json!({"prepayment": "yes", "lines": [{"quantity": 2}, {"quantity": "0.5"}]});
        let read: Typed = read(body).unwrap();
        assert!(read.prepayment);
        let quantities: Vec<&str> = read
            .lines
            .iter()
            .map(|line| line.quantity.as_str())
            .collect();
        assert_eq!(quantities, ["2", "0.5"]);
    }

    #[test]
    fn a_body_that_is_no_object_is_refused_as_a_whole() {
        assert_eq!(read::<Typed>(json!([])).unwrap_err().code, "wrong_type");
        assert_eq!(read::<Typed>(json!(null)).unwrap_err().code, "wrong_type");
    }
}
