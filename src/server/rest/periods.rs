//! Periods: how far each kind of journal is closed.

use super::answer::Answer;
use super::request::{Body, Caller};
use crate::domain::ledger::JournalKind;
use crate::dto::business::{
    PeriodClosing, PeriodExceptionEnd, PeriodExceptionRow, PeriodLocking, PeriodOpening, PeriodRow,
};
use crate::dto::error::AppError;
use crate::server::context::Ctx;
use crate::server::queries::api::Listed;
use crate::server::queries::business;
use crate::server::services;
use axum::Json;
use axum::extract::Path;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(close))
        .routes(routes!(lock))
        .routes(routes!(open))
        .routes(routes!(end_exception))
}

/// How far a kind of journal is closed.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct Period {
    journal: JournalKind,
    /// The last closed day; null while every day is open.
    closed_through: Option<NaiveDate>,
    /// The last day that nobody opens any more.
    locked_through: Option<NaiveDate>,
    /// To whom closed days are open for now.
    exceptions: Vec<Exception>,
}

/// Closed days that are open to one person for now.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = PeriodException)]
struct Exception {
    id: String,
    user: String,
    name: String,
    opens_from: NaiveDate,
    until: DateTime<Utc>,
    reason: String,
    granted_by: String,
}

impl From<PeriodRow> for Period {
    fn from(row: PeriodRow) -> Self {
        Self {
            journal: row.journal,
            closed_through: row.closed_through,
            locked_through: row.locked_through,
            exceptions: row.exceptions.into_iter().map(Exception::from).collect(),
        }
    }
}

impl From<PeriodExceptionRow> for Exception {
    fn from(row: PeriodExceptionRow) -> Self {
        Self {
            id: row.exception.to_string(),
            user: row.user.to_string(),
            name: row.name,
            opens_from: row.opens_from,
            until: row.until,
            reason: row.reason,
            granted_by: row.granted_by,
        }
    }
}

/// How far each kind of journal is closed. All of them are in the first part of the list.
#[utoipa::path(get, path = "/periods", tag = "periods", responses((status = 200, body = Listed<Period>)))]
async fn list(Caller(ctx): Caller) -> Answer<Listed<Period>> {
    let periods = business::periods(&ctx).await?;
    Ok(Json(Listed {
        items: periods.into_iter().map(Period::from).collect(),
        next: None,
    }))
}

/// How far a kind of journal is to be closed.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = PeriodClosing)]
struct ClosingBody {
    /// The last closed day. An earlier one than now opens days again, which needs a reason.
    #[schema(format = Date)]
    closed_through: String,
    #[schema(required = false)]
    reason: String,
}

/// Closes a kind of journal (`sales`, `cash` or `credit`) through a day: nothing is posted on or before it.
#[utoipa::path(post, path = "/periods/{journal}/close", tag = "periods", request_body = ClosingBody,
    params(("journal" = JournalKind, Path)), responses((status = 200, body = Period)))]
async fn close(
    Caller(ctx): Caller,
    Path(journal): Path<String>,
    Body(body): Body<ClosingBody>,
) -> Answer<Period> {
    let kind = JournalKind::from_code(&journal).ok_or(AppError::NotFound)?;
    let command = PeriodClosing {
        journal,
        closed_through: body.closed_through,
        reason: body.reason,
    };
    services::periods::close(&ctx, command).await?;
    answer(&ctx, kind).await
}

async fn answer(ctx: &Ctx, kind: JournalKind) -> Answer<Period> {
    let periods = business::periods(ctx).await?;
    let period = periods.into_iter().find(|period| period.journal == kind);
    Ok(Json(period.ok_or(AppError::NotFound)?.into()))
}

/// Which days of a kind of journal are to be locked.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = PeriodLocking)]
struct LockingBody {
    /// The last locked day.
    #[schema(format = Date)]
    locked_through: String,
}

/// Locks the days of a kind of journal through a day for good: no exception opens them.
#[utoipa::path(post, path = "/periods/{journal}/lock", tag = "periods", request_body = LockingBody,
    params(("journal" = JournalKind, Path)), responses((status = 200, body = Period)))]
async fn lock(
    Caller(ctx): Caller,
    Path(journal): Path<String>,
    Body(body): Body<LockingBody>,
) -> Answer<Period> {
    let kind = JournalKind::from_code(&journal).ok_or(AppError::NotFound)?;
    let command = PeriodLocking {
        journal,
        locked_through: body.locked_through,
    };
    services::periods::lock(&ctx, command).await?;
    answer(&ctx, kind).await
}

/// To whom closed days are to be opened.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = PeriodOpening)]
struct OpeningBody {
    /// The person's id.
    #[schema(format = Uuid)]
    user: String,
    /// The first day that is open to them.
    #[schema(format = Date)]
    opens_from: String,
    /// For how many hours from now; 168 at most.
    hours: u32,
    reason: String,
}

/// Opens closed days of a kind of journal to one person for a while. Locked days stay closed.
#[utoipa::path(post, path = "/periods/{journal}/open", tag = "periods", request_body = OpeningBody,
    params(("journal" = JournalKind, Path)), responses((status = 200, body = Period)))]
async fn open(
    Caller(ctx): Caller,
    Path(journal): Path<String>,
    Body(body): Body<OpeningBody>,
) -> Answer<Period> {
    let kind = JournalKind::from_code(&journal).ok_or(AppError::NotFound)?;
    let command = PeriodOpening {
        journal,
        user: body.user,
        opens_from: body.opens_from,
        hours: body.hours.to_string(),
        reason: body.reason,
    };
    services::periods::open_to(&ctx, command).await?;
    answer(&ctx, kind).await
}

/// Closes to one person what was opened to them, before its time.
#[utoipa::path(post, path = "/periods/{journal}/exceptions/{id}/end", tag = "periods",
    params(("journal" = JournalKind, Path), ("id" = String, Path)), responses((status = 200, body = Period)))]
async fn end_exception(
    Caller(ctx): Caller,
    Path((journal, exception)): Path<(String, String)>,
) -> Answer<Period> {
    let kind = JournalKind::from_code(&journal).ok_or(AppError::NotFound)?;
    services::periods::end_exception(&ctx, PeriodExceptionEnd { exception }).await?;
    answer(&ctx, kind).await
}
