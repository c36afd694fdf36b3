//! Lists as CSV files: the columns an import reads again, plain amounts and dates, sent in chunks as they are read.

pub mod books;
pub mod credit_notes;
pub mod credits;
pub mod customers;
pub mod invoices;
pub mod payments;

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
use serde::de::DeserializeOwned;

/// Every export, each under the address of its list.
pub fn routes(ctx: &Ctx) -> Router {
    Router::new()
        .route("/customers/export.csv", get(customers::export))
        .route("/invoices/export.csv", get(invoices::export))
        .route("/credit-notes/export.csv", get(credit_notes::export))
        .route("/payments/export.csv", get(payments::export))
        .route("/credits/export.csv", get(credits::export))
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

/// Rows of a file, and the position behind them where there are more.
pub type Chunk<P> = Result<(Rows, Option<P>), AppError>;

/// What the page's filters say; what does not belong to them is passed over, as the page does.
pub fn filter<T: DeserializeOwned + Default>(query: Option<String>) -> T {
    serde_urlencoded::from_str(&query.unwrap_or_default()).unwrap_or_default()
}

/// The position of the last row of a chunk, if the chunk was full: then there may be more.
pub fn behind<T, P>(rows: &[T], full: usize, position: impl FnOnce(&T) -> P) -> Option<P> {
    rows.last().filter(|_| rows.len() == full).map(position)
}

/// The export of the list at `list`, read chunk by chunk as it is sent. `read` gives the rows behind a position, from
/// the beginning without one.
pub async fn answer<P, F, R>(name: &str, heads: &[&str], list: &str, read: F) -> Response
where
    P: Send + 'static,
    F: Fn(Option<P>) -> R + Send + Sync + 'static,
    R: Future<Output = Chunk<P>> + Send,
{
    let (first, next) = match read(None).await {
        Ok(chunk) => chunk,
        Err(error) => return refused(&error, list),
    };
    let rest = stream::try_unfold((next, read), |(next, read)| async move {
        let Some(position) = next else {
            return Ok(None);
        };
        let (rows, next) = read(Some(position)).await?;
        Ok(Some((rows, (next, read))))
    });
    file(name, heads, first, rest)
}

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
