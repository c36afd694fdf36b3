//! How the business is set up: chart of accounts, closed periods, settings.

use super::sql::{self, unreadable};
use crate::domain::approval::DEFAULT_APPROVAL_LIMIT;
use crate::domain::ledger::{JournalKind, LedgerKind, LedgerRole};
use crate::domain::rights::Right;
use crate::dto::business::{BusinessFacts, BusinessSettings, LedgerAccountRow, PeriodRow};
use crate::dto::error::AppError;
use crate::server::context::Ctx;
use crate::server::services::payments::{DEFAULT_SURPLUS_TOLERANCE, SURPLUS_TOLERANCE};
use crate::server::services::requests::{APPROVAL_LIMIT, TAX_RELIEF};
use crate::server::services::settings::BUSINESS_NAME;
use chrono::NaiveDate;
use sea_orm::FromQueryResult;

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
}

/// How far each kind of journal is closed.
pub async fn periods(ctx: &Ctx) -> Result<Vec<PeriodRow>, AppError> {
    ctx.actor.require(Right::ReadJournal)?;
    let statement = "SELECT journal, closed_through FROM closed_periods";
    let rows: Vec<ClosedRow> = sql::all(ctx, statement, vec![]).await?;
    let closed_through = |journal: JournalKind| {
        let row = rows.iter().find(|row| row.journal == journal.code());
        row.map(|row| row.closed_through)
    };
    let periods = JournalKind::ALL.iter().map(|journal| PeriodRow {
        journal: *journal,
        closed_through: closed_through(*journal),
    });
    Ok(periods.collect())
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
