//! What a request is answered with, where it is not a problem.

use super::problem::Problem;
use axum::Json;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// A resource, a list or a report.
pub type Answer<T> = Result<Json<T>, Problem>;

/// Something new, and where it is found.
pub struct Created<T> {
    pub path: String,
    pub item: T,
}

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        let location = [(LOCATION, format!("/api/v1{}", self.path))];
        (StatusCode::CREATED, location, Json(self.item)).into_response()
    }
}
