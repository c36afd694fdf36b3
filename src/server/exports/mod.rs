//! Lists as CSV files: the columns an import reads again, plain amounts and dates, sent in chunks as they are read.

pub mod books;
pub mod customers;
pub mod invoices;

use super::context::Ctx;
use crate::dto::error::AppError;
use crate::web::ui::errors;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use futures::{Stream, StreamExt, stream};

/// Every export, each under the address of its list.
pub fn routes(ctx: &Ctx) -> Router {
    Router::new()
        .route("/customers/export.csv", get(customers::export))
        .route("/invoices/export.csv", get(invoices::export))
        .route("/journal/export.csv", get(books::journal))
        .route(
            "/journal/trial-balance/export.csv",
            get(books::trial_balance),
        )
        .route("/reports/aging/export.csv", get(books::aging))
        .with_state(ctx.clone())
}

/// A value in an exported row.
pub enum Cell {
    /// What a person wrote: guarded, so that no spreadsheet takes it for a formula.
    Text(String),
    /// A number, date or code that Saldo wrote.
    Plain(String),
}

impl Cell {
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub fn plain(value: impl ToString) -> Self {
        Self::Plain(value.to_string())
    }

    /// The cell as it stands in the file. Programs run cells that begin with one of these signs.
    fn written(&self) -> String {
        match self {
            Self::Text(text) if text.starts_with(['=', '+', '-', '@', '\t', '\r']) => {
                format!("'{text}")
            }
            Self::Text(text) | Self::Plain(text) => text.clone(),
        }
    }
}

pub type Rows = Vec<Vec<Cell>>;

/// The file as an answer: its heads, the rows read already, then the rest as it is read. A failure on the way
/// breaks the connection off, so that no one takes half a file for a whole one.
pub fn file<S>(name: &str, heads: &[&str], first: Rows, rest: S) -> Response
where
    S: Stream<Item = Result<Rows, AppError>> + Send + 'static,
{
    let head = heads.iter().map(Cell::plain).collect();
    let begin = stream::iter([Ok(vec![head]), Ok(first)]);
    let lines = begin.chain(rest).map(|rows| rows.map(|rows| lines(&rows)));
    let disposition = format!("attachment; filename=\"{name}\"");
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (CONTENT_DISPOSITION, disposition),
        (CACHE_CONTROL, "private, no-cache".to_owned()),
    ];
    (headers, Body::from_stream(lines)).into_response()
}

fn lines(rows: &Rows) -> Bytes {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer
            .write_record(row.iter().map(Cell::written))
            .expect("memory takes what is written and the rows of a file are of one length");
    }
    let bytes = writer.into_inner().expect("memory can be flushed");
    Bytes::from(bytes)
}

/// Why there is no file: the login for whoever must log in, else the status and the code of the refusal.
pub fn refused(error: &AppError, list: &str) -> Response {
    if *error == AppError::NotLoggedIn {
        return Redirect::to(&format!("/login?next={list}")).into_response();
    }
    let status = StatusCode::from_u16(errors::status(error)).expect("refusals have a status");
    (status, error.to_string()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("=SUM(A1:A9)", "'=SUM(A1:A9)")]
    #[case("+49 30 1234", "'+49 30 1234")]
    #[case("-5", "'-5")]
    #[case("@here", "'@here")]
    #[case("\tx", "'\tx")]
    #[case("Müller = Söhne", "Müller = Söhne")]
    #[case("", "")]
    fn what_people_wrote_is_never_a_formula(#[case] text: &str, #[case] written: &str) {
        assert_eq!(Cell::text(text).written(), written);
    }

    #[test]
    fn figures_stay_figures_and_separators_are_quoted() {
        let rows = vec![vec![
            Cell::plain("-12.30"),
            Cell::text("one, \"two\"\nthree"),
        ]];
        assert_eq!(lines(&rows), "-12.30,\"one, \"\"two\"\"\nthree\"\n");
    }
}
