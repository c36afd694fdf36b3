//! Periods: how far each kind of journal is closed.

use super::answer::Answer;
use super::request::{Body, Caller};
use crate::domain::ledger::JournalKind;
use crate::dto::business::{PeriodClosing, PeriodRow};
use crate::dto::error::AppError;
use crate::server::context::Ctx;
use crate::server::queries::api::Listed;
use crate::server::queries::business;
use crate::server::services;
use axum::Json;
use axum::extract::Path;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(close))
}

/// How far a kind of journal is closed.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct Period {
    journal: JournalKind,
    /// The last closed day; null while every day is open.
    closed_through: Option<NaiveDate>,
}

impl From<PeriodRow> for Period {
    fn from(row: PeriodRow) -> Self {
        Self {
            journal: row.journal,
            closed_through: row.closed_through,
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
    let periods = business::periods(&ctx).await?;
    let period = periods.into_iter().find(|period| period.journal == kind);
    Ok(Json(period.ok_or(AppError::NotFound)?.into()))
}
