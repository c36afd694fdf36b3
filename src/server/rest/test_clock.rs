//! The test clock: moves the business date, and only that. Only on a server started with `--test-clock`.

use super::answer::Answer;
use super::problem::Problem;
use super::request::{Body, Caller};
use crate::dto::error::AppError;
use crate::dto::form::Reader;
use crate::server::context::Ctx;
use crate::server::jobs;
use axum::Json;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new().routes(routes!(read, advance))
}

/// The business date.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct TestClock {
    today: NaiveDate,
}

/// The business date to be.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = NewTestClock)]
struct TestClockBody {
    #[schema(format = Date, example = "2036-01-01")]
    today: String,
}

/// The business date. Not found on a server without the test clock.
#[utoipa::path(get, path = "/test-clock", tag = "test-clock", responses((status = 200, body = TestClock)))]
async fn read(Caller(ctx): Caller) -> Answer<TestClock> {
    there(&ctx)?;
    Ok(Json(TestClock { today: ctx.today() }))
}

/// Moves the business date on, day by day, and runs the daily jobs of each day before it answers; it never goes back.
/// For admins; not found on a server without the test clock.
#[utoipa::path(put, path = "/test-clock", tag = "test-clock", request_body = TestClockBody,
    responses((status = 200, body = TestClock)))]
async fn advance(Caller(ctx): Caller, Body(body): Body<TestClockBody>) -> Answer<TestClock> {
    there(&ctx)?;
    let mut reader = Reader::default();
    let today = reader.date("today", &body.today);
    let today = reader.finish(today)?;
    jobs::daily::advance_clock(&ctx, today).await?;
    Ok(Json(TestClock { today: ctx.today() }))
}

fn there(ctx: &Ctx) -> Result<(), Problem> {
    match ctx.clock.is_fixed() {
        true => Ok(()),
        false => Err(AppError::NotFound.into()),
    }
}
