//! Runs that apply credit balances, with what they did or would do.

use super::applications::GrantRef;
use super::{Cut, DocumentRef, Listed, Narrowing, by_document, id, one};
use crate::domain::credit::OrderOfUse;
use crate::domain::money::Money;
use crate::domain::rights::Right;
use crate::dto::credit_runs::{self, RunScope, RunState};
use crate::dto::error::AppError;
use crate::server::context::Ctx;
use crate::server::queries::sql::{self, unreadable};
use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{DbErr, FromQueryResult};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// A run that applies credit balances.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CreditRun {
    pub id: Uuid,
    pub number: i64,
    /// What makes a repetition of the run the same run.
    pub key: String,
    pub state: RunState,
    pub effective_on: NaiveDate,
    pub posting_on: NaiveDate,
    pub scope: RunScope,
    /// The tag or the customer number the scope names.
    pub scope_value: String,
    /// Null: each account's own.
    pub order_of_use: Option<OrderOfUse>,
    /// What the preview found to apply, before anything was struck out.
    pub previewed: RunFigures,
    /// What was applied, also where it was undone since.
    pub applied: RunFigures,
    pub grants_used: i64,
    /// Accounts left alone because they changed since the preview.
    pub stale_accounts: Vec<String>,
    /// Accounts that could not be done.
    pub failed_accounts: Vec<String>,
    pub created_at: DateTime<Utc>,
    pub created_by: String,
    pub finished_at: Option<DateTime<Utc>>,
    pub undone_at: Option<DateTime<Utc>>,
    pub undone_by: Option<String>,
}

/// Applications and what they add up to, one total per currency.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct RunFigures {
    pub applications: i64,
    pub totals: Vec<Money>,
}

/// Which runs a list shows.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct CreditRunList {
    #[param(required = false, example = "50")]
    pub limit: String,
    /// `next` of the part before.
    #[param(required = false)]
    pub cursor: String,
    #[param(required = false)]
    pub state: String,
    #[param(required = false)]
    pub effective_on: String,
    #[param(required = false)]
    pub key: String,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    number: i64,
    run_key: String,
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
}

const SELECT: &str = "SELECT u.id, u.number, u.run_key, u.state, u.effective_on, u.posting_on, u.scope, u.scope_value,
        u.order_of_use, u.created_at, u.created_by, u.finished_at, u.undone_at, u.undone_by
    FROM credit_runs u";

pub async fn list(ctx: &Ctx, wanted: CreditRunList) -> Result<Listed<CreditRun>, AppError> {
    ctx.actor.require(Right::ReadJournal)?;
    let cut = narrowed(&wanted)?;
    let (rows, next) = cut.rows::<Row>(ctx, SELECT, |row| row.id).await?;
    let items = whole(ctx, rows).await?;
    Ok(Listed { items, next })
}

fn narrowed(wanted: &CreditRunList) -> Result<Cut, AppError> {
    let mut narrowing = Narrowing::default();
    narrowing.code("state", "u.state", &wanted.state, RunState::from_code);
    narrowing.date("effective_on", "u.effective_on", "=", &wanted.effective_on);
    narrowing.text("u.run_key", &wanted.key);
    narrowing.cut("u.id", &wanted.limit, &wanted.cursor)
}

/// One run by id.
pub async fn find(ctx: &Ctx, key: &str) -> Result<CreditRun, AppError> {
    ctx.actor.require(Right::ReadJournal)?;
    let row: Row = one(ctx, SELECT, "u.id", id(key)?).await?;
    whole(ctx, vec![row]).await?.pop().ok_or(AppError::NotFound)
}

#[derive(FromQueryResult)]
struct FigureRow {
    run_id: Uuid,
    currency: String,
    applications: i64,
    total_minor: i64,
    grants: i64,
}

#[derive(FromQueryResult)]
struct AccountRow {
    run_id: Uuid,
    number: String,
    outcome: String,
}

async fn whole(ctx: &Ctx, rows: Vec<Row>) -> Result<Vec<CreditRun>, AppError> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let previewed = |ids: &str| {
        format!(
            "SELECT p.run_id, r.currency, CAST(SUM(p.pairs) AS bigint) AS applications,
                CAST(SUM(p.total_minor) AS bigint) AS total_minor, CAST(0 AS bigint) AS grants
            FROM credit_run_accounts p JOIN receivable_accounts r ON r.id = p.account_id
            WHERE p.run_id IN ({ids}) GROUP BY p.run_id, r.currency ORDER BY 4 DESC"
        )
    };
    let applied = |ids: &str| {
        format!(
            "SELECT a.run_id, r.currency, COUNT(*) AS applications,
                CAST(SUM(a.amount_minor) AS bigint) AS total_minor, COUNT(DISTINCT a.grant_id) AS grants
            FROM applications a JOIN receivable_accounts r ON r.id = a.account_id
            WHERE a.run_id IN ({ids}) GROUP BY a.run_id, r.currency ORDER BY 4 DESC"
        )
    };
    let left = |ids: &str| {
        format!(
            "SELECT p.run_id, r.number, p.outcome
            FROM credit_run_accounts p JOIN receivable_accounts r ON r.id = p.account_id
            WHERE p.run_id IN ({ids}) AND p.outcome IN ('stale', 'failed') ORDER BY r.number"
        )
    };
    let mut previewed = by_document(ctx, previewed, &ids, |row: &FigureRow| row.run_id).await?;
    let mut applied = by_document(ctx, applied, &ids, |row: &FigureRow| row.run_id).await?;
    let mut left = by_document(ctx, left, &ids, |row: &AccountRow| row.run_id).await?;
    rows.into_iter()
        .map(|row| {
            let previewed = previewed.remove(&row.id).unwrap_or_default();
            let applied = applied.remove(&row.id).unwrap_or_default();
            let left = left.remove(&row.id).unwrap_or_default();
            Ok(run(row, &previewed, &applied, &left)?)
        })
        .collect()
}

fn run(
    row: Row,
    previewed: &[FigureRow],
    applied: &[FigureRow],
    left: &[AccountRow],
) -> Result<CreditRun, DbErr> {
    let order_of_use = match &row.order_of_use {
        Some(code) => Some(
            OrderOfUse::from_code(code)
                .ok_or_else(|| unreadable("credit_runs.order_of_use", code))?,
        ),
        None => None,
    };
    let with = |outcome: &str| -> Vec<String> {
        let accounts = left.iter().filter(|account| account.outcome == outcome);
        accounts.map(|account| account.number.clone()).collect()
    };
    Ok(CreditRun {
        id: row.id,
        number: row.number,
        key: row.run_key,
        state: RunState::from_code(&row.state)
            .ok_or_else(|| unreadable("credit_runs.state", &row.state))?,
        effective_on: row.effective_on,
        posting_on: row.posting_on,
        scope: RunScope::from_code(&row.scope)
            .ok_or_else(|| unreadable("credit_runs.scope", &row.scope))?,
        scope_value: row.scope_value,
        order_of_use,
        previewed: figures(previewed)?,
        applied: figures(applied)?,
        grants_used: applied.iter().map(|row| row.grants).sum(),
        stale_accounts: with("stale"),
        failed_accounts: with("failed"),
        created_at: row.created_at,
        created_by: row.created_by,
        finished_at: row.finished_at,
        undone_at: row.undone_at,
        undone_by: row.undone_by,
    })
}

fn figures(rows: &[FigureRow]) -> Result<RunFigures, DbErr> {
    let totals = rows
        .iter()
        .map(|row| sql::money(row.total_minor, &row.currency))
        .collect::<Result<_, _>>()?;
    Ok(RunFigures {
        applications: rows.iter().map(|row| row.applications).sum(),
        totals,
    })
}

/// One account of a preview with what would be applied on it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PreviewedAccount {
    /// Number of the receivable account.
    pub account: String,
    /// Customer number.
    pub customer: String,
    /// It changed since the preview and will be left alone.
    pub stale: bool,
    pub due_before: Money,
    pub due_after: Money,
    pub credit_before: Money,
    pub credit_after: Money,
    pub pairs: Vec<PreviewedPair>,
}

/// One application a run would make, or that was struck out.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PreviewedPair {
    /// `GRANT:INVOICE`: how striking out and committing name it.
    pub pair: String,
    pub grant: GrantRef,
    pub invoice: DocumentRef,
    pub amount: Money,
    /// Left of the grant once it is applied.
    pub remainder_after: Money,
    /// Open of the invoice once it is applied.
    pub open_after: Money,
    pub struck: bool,
}

impl From<credit_runs::PreviewedAccount> for PreviewedAccount {
    fn from(account: credit_runs::PreviewedAccount) -> Self {
        Self {
            account: account.account,
            customer: account.customer,
            stale: account.stale,
            due_before: account.due_before,
            due_after: account.due_after,
            credit_before: account.credit_before,
            credit_after: account.credit_after,
            pairs: account.pairs.into_iter().map(PreviewedPair::from).collect(),
        }
    }
}

impl From<credit_runs::PreviewedPair> for PreviewedPair {
    fn from(pair: credit_runs::PreviewedPair) -> Self {
        Self {
            pair: pair.key(),
            grant: GrantRef {
                id: pair.grant.0,
                number: pair.grant_number,
                class: pair.class,
            },
            invoice: DocumentRef {
                id: pair.invoice.0,
                number: pair.invoice_number,
            },
            amount: pair.amount,
            remainder_after: pair.remaining_after,
            open_after: pair.open_after,
            struck: pair.struck,
        }
    }
}
