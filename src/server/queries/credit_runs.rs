//! Credit runs as their list and pages show them.

use super::balances;
use super::lineage::{self, SlicesOf};
use super::sql::{self, unreadable};
use crate::domain::credit::OrderOfUse;
use crate::domain::ids::CreditRunId;
use crate::domain::money::Money;
use crate::domain::rights::Right;
use crate::dto::credit_runs::{
    AppliedAccount, CreditRunDetail, CreditRunRow, CreditRunSummary, RunScope, RunState,
};
use crate::dto::error::AppError;
use crate::dto::lineage::AppliedSlice;
use crate::dto::page::{Page, PageRequest};
use crate::server::context::Ctx;
use crate::server::services::credit_runs;
use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{DbErr, FromQueryResult, Value};
use uuid::Uuid;

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    number: i64,
    state: String,
    effective_on: NaiveDate,
    scope: String,
    scope_value: String,
    applications: i64,
    created_at: DateTime<Utc>,
    created_by: String,
}

/// A page of the runs, newest first. Previews that were never committed stand among them.
pub async fn list(ctx: &Ctx, page: PageRequest) -> Result<Page<CreditRunRow>, AppError> {
    ctx.actor.require(Right::ReadJournal)?;
    let total = sql::count(ctx, "SELECT COUNT(*) AS count FROM credit_runs", vec![]).await?;
    let statement = format!(
        "SELECT r.id, r.number, r.state, r.effective_on, r.scope, r.scope_value, r.created_at, r.created_by,
            (SELECT COUNT(*) FROM applications a WHERE a.run_id = r.id) AS applications
        FROM credit_runs r ORDER BY r.number DESC {}",
        sql::limit(&page)
    );
    let rows = sql::all::<Row>(ctx, &statement, vec![]).await?;
    let totals = totals(ctx, &rows).await?;
    let runs = rows.into_iter().map(|row| run(row, &totals));
    Ok(Page {
        rows: runs.collect::<Result<_, DbErr>>()?,
        total,
    })
}

#[derive(FromQueryResult)]
struct TotalRow {
    run_id: Uuid,
    currency: String,
    total_minor: i64,
}

/// What each of these runs applied, per currency.
async fn totals(ctx: &Ctx, rows: &[Row]) -> Result<Vec<(Uuid, Money)>, DbErr> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let mut conditions = sql::Conditions::default();
    let ids: Vec<String> = rows
        .iter()
        .map(|row| conditions.bind(Value::from(row.id)))
        .collect();
    let statement = format!(
        "SELECT a.run_id, c.currency, CAST(SUM(a.amount_minor) AS bigint) AS total_minor
        FROM applications a JOIN receivable_accounts c ON c.id = a.account_id
        WHERE a.run_id IN ({}) GROUP BY a.run_id, c.currency ORDER BY 3 DESC",
        ids.join(", ")
    );
    let totals = sql::all::<TotalRow>(ctx, &statement, conditions.values()).await?;
    let totals = totals
        .into_iter()
        .map(|row| Ok((row.run_id, sql::money(row.total_minor, &row.currency)?)));
    totals.collect()
}

fn run(row: Row, totals: &[(Uuid, Money)]) -> Result<CreditRunRow, DbErr> {
    Ok(CreditRunRow {
        run: CreditRunId(row.id),
        number: row.number,
        state: state(&row.state)?,
        effective_on: row.effective_on,
        scope: scope(&row.scope)?,
        scope_value: row.scope_value,
        applications: row.applications,
        totals: totals
            .iter()
            .filter(|(run, _)| *run == row.id)
            .map(|(_, total)| *total)
            .collect(),
        created_at: row.created_at,
        created_by: row.created_by,
    })
}

fn state(code: &str) -> Result<RunState, DbErr> {
    RunState::from_code(code).ok_or_else(|| unreadable("credit_runs.state", code))
}

fn scope(code: &str) -> Result<RunScope, DbErr> {
    RunScope::from_code(code).ok_or_else(|| unreadable("credit_runs.scope", code))
}

#[derive(FromQueryResult)]
struct DetailRow {
    number: i64,
    state: String,
    effective_on: NaiveDate,
    posting_on: NaiveDate,
    scope: String,
    scope_value: String,
    order_of_use: Option<String>,
    created_at: DateTime<Utc>,
    created_by: String,
    finished_at: Option<DateTime<Utc>>,
    undone_at: Option<DateTime<Utc>>,
    undone_by: Option<String>,
    accounts: i64,
    accounts_done: i64,
    applications: i64,
    unapplied: i64,
}

#[derive(FromQueryResult)]
struct IdRow {
    id: Uuid,
}

/// The run with this number.
pub async fn with_number(ctx: &Ctx, number: i64) -> Result<CreditRunId, AppError> {
    ctx.actor.require(Right::ReadJournal)?;
    let statement = "SELECT id FROM credit_runs WHERE number = $1";
    let row: Option<IdRow> = sql::one(ctx, statement, vec![number.into()]).await?;
    row.map(|row| CreditRunId(row.id)).ok_or(AppError::NotFound)
}

/// A run with what came of it so far and how far it has come.
pub async fn detail(ctx: &Ctx, id: CreditRunId) -> Result<CreditRunDetail, AppError> {
    ctx.actor.require(Right::ReadJournal)?;
    let statement = "SELECT r.number, r.state, r.effective_on, r.posting_on, r.scope, r.scope_value, r.order_of_use,
            r.created_at, r.created_by, r.finished_at, r.undone_at, r.undone_by,
            (SELECT COUNT(*) FROM credit_run_accounts x WHERE x.run_id = r.id) AS accounts,
            (SELECT COUNT(x.outcome) FROM credit_run_accounts x WHERE x.run_id = r.id) AS accounts_done,
            (SELECT COUNT(*) FROM applications a WHERE a.run_id = r.id) AS applications,
            (SELECT COUNT(a.unapplied_on) FROM applications a WHERE a.run_id = r.id) AS unapplied
        FROM credit_runs r WHERE r.id = $1";
    let row = sql::one::<DetailRow>(ctx, statement, vec![id.0.into()]).await?;
    let row = row.ok_or(AppError::NotFound)?;
    let state = state(&row.state)?;
    let (done, total) = match state {
        RunState::Undoing | RunState::Undone => (row.unapplied, row.applications),
        RunState::Preview | RunState::Running | RunState::Done => (row.accounts_done, row.accounts),
    };
    let count = |count: i64| u32::try_from(count).unwrap_or(u32::MAX);
    let order_of_use = match row.order_of_use.as_deref() {
        None => None,
        Some(code) => Some(
            OrderOfUse::from_code(code)
                .ok_or_else(|| unreadable("credit_runs.order_of_use", code))?,
        ),
    };
    let summary = match state {
        // Nothing came of it yet.
        RunState::Preview => CreditRunSummary {
            run: id,
            number: row.number,
            state,
            grants_used: 0,
            applications: 0,
            totals: Vec::new(),
            first_entry: None,
            last_entry: None,
            stale_accounts: Vec::new(),
            failed_accounts: Vec::new(),
            left_alone: Vec::new(),
        },
        _ => credit_runs::summary(ctx, id).await?,
    };
    Ok(CreditRunDetail {
        summary,
        effective_on: row.effective_on,
        posting_on: row.posting_on,
        scope: scope(&row.scope)?,
        scope_value: row.scope_value,
        order_of_use,
        created_at: row.created_at,
        created_by: row.created_by,
        finished_at: row.finished_at,
        undone_at: row.undone_at,
        undone_by: row.undone_by,
        done: count(done),
        total: count(total),
    })
}

/// What a run applied: the first of its applications, undone ones included.
pub async fn applications(ctx: &Ctx, id: CreditRunId) -> Result<Vec<AppliedSlice>, AppError> {
    ctx.actor.require(Right::ReadJournal)?;
    Ok(lineage::slices(ctx, SlicesOf::Run(id)).await?)
}

#[derive(FromQueryResult)]
struct AppliedAccountRow {
    account: String,
    customer_name: String,
    currency: String,
    applications: i64,
    total_minor: i64,
    due_minor: i64,
    credit_minor: i64,
}

/// The first accounts of a run by number, with what it applied on each and what stands there now.
pub async fn applied_accounts(
    ctx: &Ctx,
    id: CreditRunId,
    most: u32,
) -> Result<Page<AppliedAccount>, AppError> {
    ctx.actor.require(Right::ReadJournal)?;
    let accounts = "SELECT COUNT(DISTINCT account_id) AS count FROM applications WHERE run_id = $1";
    let total = sql::count(ctx, accounts, vec![id.0.into()]).await?;
    let statement = format!(
        "SELECT a.number AS account, k.name AS customer_name, a.currency, COUNT(*) AS applications,
            CAST(SUM(s.amount_minor) AS bigint) AS total_minor, a.due_minor, {} AS credit_minor
        FROM applications s JOIN receivable_accounts a ON a.id = s.account_id JOIN customers k ON k.id = a.customer_id
        WHERE s.run_id = $1 GROUP BY a.id, a.number, k.name, a.currency, a.due_minor
        ORDER BY a.number LIMIT {most}",
        balances::standing_credit("$2")
    );
    let values = vec![id.0.into(), ctx.today().into()];
    let rows = sql::all::<AppliedAccountRow>(ctx, &statement, values).await?;
    let rows = rows.into_iter().map(|row| {
        let money = |minor| sql::money(minor, &row.currency);
        Ok(AppliedAccount {
            applications: row.applications,
            total: money(row.total_minor)?,
            due: money(row.due_minor)?,
            credit: money(row.credit_minor)?,
            account: row.account.clone(),
            customer_name: row.customer_name.clone(),
        })
    });
    Ok(Page {
        rows: rows.collect::<Result<_, DbErr>>()?,
        total,
    })
}
