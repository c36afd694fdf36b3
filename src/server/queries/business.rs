//! How the business is set up: chart of accounts, closed periods, settings.

use super::sql::{self, unreadable};
use crate::domain::approval::DEFAULT_APPROVAL_LIMIT;
use crate::domain::ids::{PeriodExceptionId, UserId};
use crate::domain::ledger::{JournalKind, LedgerKind, LedgerRole};
use crate::domain::rights::Right;
use crate::dto::business::{
    BusinessFacts, BusinessSettings, LedgerAccountRow, PeriodExceptionRow, PeriodRow,
    PeriodsOverview,
};
use crate::dto::error::AppError;
use crate::server::context::Ctx;
use crate::server::services::payments::{DEFAULT_SURPLUS_TOLERANCE, SURPLUS_TOLERANCE};
use crate::server::services::requests::{APPROVAL_LIMIT, TAX_RELIEF};
use crate::server::services::settings::BUSINESS_NAME;
use crate::server::store::users::UNNAMED;
use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::FromQueryResult;
use uuid::Uuid;

#[derive(FromQueryResult)]
struct LedgerRow {
    role: String,
    kind: String,
    code: String,
    name: String,
}

/// The chart of accounts by code.
pub async fn chart(ctx: &Ctx) -> Result<Vec<LedgerAccountRow>, AppError> {
    ctx.actor.require(Right::ReadJournal)?;
    let statement = "SELECT role, kind, code, name FROM ledger_accounts ORDER BY code";
    let rows: Vec<LedgerRow> = sql::all(ctx, statement, vec![]).await?;
    let read = |row: LedgerRow| {
        Ok(LedgerAccountRow {
            role: LedgerRole::from_code(&row.role)
                .ok_or_else(|| unreadable("ledger_accounts.role", &row.role))?,
            kind: LedgerKind::from_code(&row.kind)
                .ok_or_else(|| unreadable("ledger_accounts.kind", &row.kind))?,
            code: row.code,
            name: row.name,
        })
    };
    rows.into_iter().map(read).collect()
}

#[derive(FromQueryResult)]
struct ClosedRow {
    journal: String,
    closed_through: NaiveDate,
    locked_through: Option<NaiveDate>,
}

#[derive(FromQueryResult)]
struct ExceptionRow {
    id: Uuid,
    journal: String,
    user_id: Uuid,
    name: String,
    opens_from: NaiveDate,
    until: DateTime<Utc>,
    reason: String,
    granted_by: String,
}

/// How far each kind of journal is closed, and to whom it is open for now.
pub async fn periods(ctx: &Ctx) -> Result<Vec<PeriodRow>, AppError> {
    ctx.actor.require(Right::ReadJournal)?;
    let statement = "SELECT journal, closed_through, locked_through FROM closed_periods";
    let closed: Vec<ClosedRow> = sql::all(ctx, statement, vec![]).await?;
    let statement =
        "SELECT e.id, e.journal, e.user_id, u.name, e.opens_from, e.until, e.reason, e.granted_by
        FROM period_exceptions e JOIN users u ON u.id = e.user_id
        WHERE e.ended_at IS NULL AND e.until > $1 ORDER BY e.until, e.id";
    let now = ctx.clock.now();
    let exceptions: Vec<ExceptionRow> = sql::all(ctx, statement, vec![now.into()]).await?;
    let periods = JournalKind::ALL.iter().map(|journal| {
        let closed = closed.iter().find(|row| row.journal == journal.code());
        let of_journal = exceptions
            .iter()
            .filter(|row| row.journal == journal.code());
        PeriodRow {
            journal: *journal,
            closed_through: closed.map(|row| row.closed_through),
            locked_through: closed.and_then(|row| row.locked_through),
            exceptions: of_journal.map(exception).collect(),
        }
    });
    Ok(periods.collect())
}

fn exception(row: &ExceptionRow) -> PeriodExceptionRow {
    PeriodExceptionRow {
        exception: PeriodExceptionId(row.id),
        user: UserId(row.user_id),
        name: row.name.clone(),
        opens_from: row.opens_from,
        until: row.until,
        reason: row.reason.clone(),
        granted_by: row.granted_by.clone(),
    }
}

#[derive(FromQueryResult)]
struct PersonRow {
    id: Uuid,
    name: String,
}

/// The closed periods with the people to whom the actor may open one.
pub async fn periods_overview(ctx: &Ctx) -> Result<PeriodsOverview, AppError> {
    let periods = periods(ctx).await?;
    let mut people = Vec::new();
    if ctx.actor.holds(Right::ClosePeriods) {
        let statement = "SELECT id, name FROM users
            WHERE customer_id IS NULL AND disabled_at IS NULL AND email <> $1 ORDER BY name, id";
        let rows: Vec<PersonRow> = sql::all(ctx, statement, vec![UNNAMED.into()]).await?;
        people.extend(rows.into_iter().map(|row| (UserId(row.id), row.name)));
    }
    Ok(PeriodsOverview { periods, people })
}

#[derive(FromQueryResult)]
struct SettingRow {
    name: String,
    value: String,
}

/// The settings, with their defaults where nothing was set.
pub async fn settings(ctx: &Ctx) -> Result<BusinessFacts, AppError> {
    ctx.actor.require(Right::ManageSettings)?;
    let rows: Vec<SettingRow> = sql::all(ctx, "SELECT name, value FROM settings", vec![]).await?;
    let value = |name: &str, default: &str| {
        let row = rows.iter().find(|row| row.name == name);
        row.map_or(default, |row| &row.value).to_owned()
    };
    Ok(BusinessFacts {
        settings: BusinessSettings {
            business_name: value(BUSINESS_NAME, ""),
            surplus_tolerance: value(SURPLUS_TOLERANCE, DEFAULT_SURPLUS_TOLERANCE),
            approval_limit: value(APPROVAL_LIMIT, DEFAULT_APPROVAL_LIMIT),
            bad_debt_tax_relief: value(TAX_RELIEF, ""),
        },
        time_zone: ctx.clock.zone().name().to_owned(),
    })
}
