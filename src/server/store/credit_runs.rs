//! Credit runs: what was asked for, what the preview saw, and what came of each account.

use super::Tx;
use super::entity::{credit_run_accounts, credit_run_struck, credit_runs};
use super::numbers::{self, Sequence};
use super::sql;
use crate::domain::allocation::StruckPairs;
use crate::domain::credit::OrderOfUse;
use crate::domain::ids::{CreditGrantId, CreditRunId, InvoiceId, ReceivableAccountId};
use crate::domain::ledger::coded;
use crate::domain::money::Money;
use crate::dto::credit_runs::{CreditRunSummary, RunScope, RunState};
use crate::server::context::Ctx;
use chrono::NaiveDate;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QuerySelect,
    Value,
};
use std::collections::HashSet;
use uuid::Uuid;

/// A run as stored.
#[derive(Clone, Debug)]
pub struct StoredRun {
    pub id: CreditRunId,
    pub effective_on: NaiveDate,
    pub posting_on: NaiveDate,
    pub scope: RunScope,
    pub scope_value: String,
    /// `None`: each account's own.
    pub order_of_use: Option<OrderOfUse>,
    pub state: RunState,
    /// The run was previewed, so that only what the preview saw is done.
    pub previewed: bool,
}

/// A run to be written.
pub struct NewRun {
    pub id: CreditRunId,
    pub key: String,
    pub effective_on: NaiveDate,
    pub posting_on: NaiveDate,
    pub scope: RunScope,
    pub scope_value: String,
    pub order_of_use: Option<OrderOfUse>,
    pub state: RunState,
}

/// Writes a run's row; says `false` where another run has the same key.
pub async fn insert(tx: &Tx, ctx: &Ctx, run: &NewRun) -> Result<bool, DbErr> {
    let number = numbers::next(tx, Sequence::CreditRuns, 1).await?[0];
    let row = credit_runs::ActiveModel {
        id: Set(run.id.0),
        number: Set(number),
        run_key: Set(run.key.clone()),
        effective_on: Set(run.effective_on),
        posting_on: Set(run.posting_on),
        scope: Set(run.scope.code().to_owned()),
        scope_value: Set(run.scope_value.clone()),
        order_of_use: Set(run.order_of_use.map(|order| order.code().to_owned())),
        state: Set(run.state.code().to_owned()),
        previewed_on: Set(ctx.today()),
        created_at: Set(ctx.clock.now()),
        created_by: Set(ctx.actor.label()),
        ..Default::default()
    };
    let keep = OnConflict::column(credit_runs::Column::RunKey)
        .do_nothing()
        .to_owned();
    let inserted = credit_runs::Entity::insert(row)
        .on_conflict(keep)
        .exec_without_returning(&tx.connection)
        .await?;
    Ok(inserted > 0)
}

/// The run, its row locked until the transaction ends.
pub async fn lock(tx: &Tx, id: CreditRunId) -> Result<Option<StoredRun>, DbErr> {
    let row = credit_runs::Entity::find_by_id(id.0)
        .lock_exclusive()
        .one(&tx.connection)
        .await?;
    row.map(stored).transpose()
}

pub async fn find(tx: &Tx, id: CreditRunId) -> Result<Option<StoredRun>, DbErr> {
    let row = credit_runs::Entity::find_by_id(id.0)
        .one(&tx.connection)
        .await?;
    row.map(stored).transpose()
}

pub async fn find_by_key(tx: &Tx, key: &str) -> Result<Option<StoredRun>, DbErr> {
    let row = credit_runs::Entity::find()
        .filter(credit_runs::Column::RunKey.eq(key))
        .one(&tx.connection)
        .await?;
    row.map(stored).transpose()
}

fn stored(row: credit_runs::Model) -> Result<StoredRun, DbErr> {
    let unreadable =
        |column: &str| DbErr::Type(format!("credit_runs.{column} holds an unknown value"));
    let order_of_use = match row.order_of_use {
        None => None,
        Some(code) => Some(OrderOfUse::from_code(&code).ok_or_else(|| unreadable("order_of_use"))?),
    };
    Ok(StoredRun {
        id: CreditRunId(row.id),
        effective_on: row.effective_on,
        posting_on: row.posting_on,
        scope: RunScope::from_code(&row.scope).ok_or_else(|| unreadable("scope"))?,
        scope_value: row.scope_value,
        order_of_use,
        state: RunState::from_code(&row.state).ok_or_else(|| unreadable("state"))?,
        // A preview's key is its own id.
        previewed: row.run_key == row.id.to_string(),
    })
}

/// Moves a run on; finishing and undoing note when.
pub async fn set_state(tx: &Tx, ctx: &Ctx, id: CreditRunId, state: RunState) -> Result<(), DbErr> {
    let now = ctx.clock.now();
    let mut row = credit_runs::ActiveModel {
        id: Set(id.0),
        state: Set(state.code().to_owned()),
        ..Default::default()
    };
    match state {
        RunState::Done => row.finished_at = Set(Some(now)),
        RunState::Undone => {
            row.undone_at = Set(Some(now));
            row.undone_by = Set(Some(ctx.actor.label()));
        }
        RunState::Preview | RunState::Running | RunState::Undoing => {}
    }
    credit_runs::Entity::update(row)
        .exec(&tx.connection)
        .await?;
    Ok(())
}

#[derive(FromQueryResult)]
struct AccountRow {
    account_id: Uuid,
}

/// Accounts `a` in the run's scope that hold credit, owe something, are not on hold and have no row in the run yet,
/// as a condition that binds `false`, the scope's value and the run.
fn candidates(scope: RunScope) -> String {
    let scope = match scope {
        RunScope::All => "$2 = ''",
        RunScope::Tag => {
            "EXISTS (SELECT 1 FROM customer_tags t WHERE t.customer_id = a.customer_id AND t.tag = $2)"
        }
        RunScope::Customer => {
            "EXISTS (SELECT 1 FROM customers c WHERE c.id = a.customer_id AND c.number = $2)"
        }
    };
    format!(
        "a.credit_minor > 0 AND a.due_minor > 0 AND a.on_hold = $1 AND {scope}
            AND NOT EXISTS (SELECT 1 FROM credit_run_accounts r WHERE r.run_id = $3 AND r.account_id = a.id)"
    )
}

fn candidate_values(run: &StoredRun) -> Vec<Value> {
    vec![
        false.into(),
        run.scope_value.clone().into(),
        run.id.0.into(),
    ]
}

/// Up to `limit` accounts after `after` that a run without a preview still has to look at, in the order of their ids.
pub async fn next_candidates(
    tx: &Tx,
    run: &StoredRun,
    after: Uuid,
    limit: u32,
) -> Result<Vec<ReceivableAccountId>, DbErr> {
    let sql = format!(
        "SELECT a.id AS account_id FROM receivable_accounts a
        WHERE {} AND a.id > $4 ORDER BY a.id LIMIT {limit}",
        candidates(run.scope)
    );
    let mut values = candidate_values(run);
    values.push(after.into());
    let rows = sql::all::<AccountRow>(tx, &sql, values).await?;
    Ok(rows
        .into_iter()
        .map(|row| ReceivableAccountId(row.account_id))
        .collect())
}

/// How many accounts a run without a preview still has to look at.
pub async fn count_candidates(tx: &Tx, run: &StoredRun) -> Result<u64, DbErr> {
    let sql = format!(
        "SELECT COUNT(*) AS count FROM receivable_accounts a WHERE {}",
        candidates(run.scope)
    );
    count(tx, &sql, candidate_values(run)).await
}

/// How many accounts of a run have this outcome (`None`: not done yet).
pub async fn count_accounts(
    tx: &Tx,
    run: CreditRunId,
    outcome: Option<AccountOutcome>,
) -> Result<u64, DbErr> {
    let sql = "SELECT COUNT(*) AS count FROM credit_run_accounts WHERE run_id = $1 AND COALESCE(outcome, '') = $2";
    let outcome = outcome.map_or("", AccountOutcome::code);
    count(tx, sql, vec![run.0.into(), outcome.into()]).await
}

async fn count(tx: &Tx, sql: &str, values: Vec<Value>) -> Result<u64, DbErr> {
    let rows = sql::all::<Count>(tx, sql, values).await?;
    let counted = rows.first().and_then(|row| u64::try_from(row.count).ok());
    counted.ok_or_else(|| DbErr::RecordNotFound("a count answered nothing".to_owned()))
}

coded! {
    /// What came of one account of a run.
    AccountOutcome {
        Applied = "applied",
        Nothing = "nothing",
        Stale = "stale",
        Failed = "failed",
    }
}

/// One account of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunAccount {
    pub account: ReceivableAccountId,
    /// The account's version the preview saw.
    pub version: i64,
    pub pairs: i32,
    pub total_minor: i64,
    pub outcome: Option<AccountOutcome>,
}

/// Writes or replaces the rows of accounts of a run.
pub async fn put_accounts(tx: &Tx, run: CreditRunId, accounts: &[RunAccount]) -> Result<(), DbErr> {
    use credit_run_accounts::{ActiveModel, Column, Entity};
    if accounts.is_empty() {
        return Ok(());
    }
    let rows = accounts.iter().map(|account| ActiveModel {
        run_id: Set(run.0),
        account_id: Set(account.account.0),
        account_version: Set(account.version),
        pairs: Set(account.pairs),
        total_minor: Set(account.total_minor),
        outcome: Set(account.outcome.map(|outcome| outcome.code().to_owned())),
    });
    let replace = OnConflict::columns([Column::RunId, Column::AccountId])
        .update_columns([
            Column::AccountVersion,
            Column::Pairs,
            Column::TotalMinor,
            Column::Outcome,
        ])
        .to_owned();
    Entity::insert_many(rows)
        .on_conflict(replace)
        .exec_without_returning(&tx.connection)
        .await?;
    Ok(())
}

/// Up to `limit` accounts of a run with this outcome (`None`: not done yet) after `after`, by id.
pub async fn next_accounts(
    tx: &Tx,
    run: CreditRunId,
    outcome: Option<AccountOutcome>,
    after: Uuid,
    limit: u32,
) -> Result<Vec<RunAccount>, DbErr> {
    use credit_run_accounts::{Column, Entity};
    use sea_orm::QueryOrder;
    let with_outcome = match outcome {
        Some(outcome) => Column::Outcome.eq(outcome.code()),
        None => Column::Outcome.is_null(),
    };
    let rows = Entity::find()
        .filter(Column::RunId.eq(run.0))
        .filter(with_outcome)
        .filter(Column::AccountId.gt(after))
        .order_by_asc(Column::AccountId)
        .limit(u64::from(limit))
        .all(&tx.connection)
        .await?;
    let accounts = rows.into_iter().map(|row| RunAccount {
        account: ReceivableAccountId(row.account_id),
        version: row.account_version,
        pairs: row.pairs,
        total_minor: row.total_minor,
        outcome: row.outcome.as_deref().and_then(AccountOutcome::from_code),
    });
    Ok(accounts.collect())
}

#[derive(FromQueryResult)]
struct Count {
    count: i64,
}

/// Whether a run's scope names anyone.
pub async fn scope_exists(tx: &Tx, scope: RunScope, value: &str) -> Result<bool, DbErr> {
    let sql = match scope {
        RunScope::All => return Ok(true),
        RunScope::Tag => "SELECT COUNT(*) AS count FROM customer_tags WHERE tag = $1",
        RunScope::Customer => "SELECT COUNT(*) AS count FROM customers WHERE number = $1",
    };
    Ok(count(tx, sql, vec![value.into()]).await? > 0)
}

/// Those of the accounts that the run has done.
pub async fn done(
    tx: &Tx,
    run: CreditRunId,
    accounts: &[ReceivableAccountId],
) -> Result<HashSet<ReceivableAccountId>, DbErr> {
    use credit_run_accounts::{Column, Entity};
    let done: Vec<Uuid> = Entity::find()
        .select_only()
        .column(Column::AccountId)
        .filter(Column::RunId.eq(run.0))
        .filter(Column::AccountId.is_in(accounts.iter().map(|id| id.0)))
        .filter(Column::Outcome.is_not_null())
        .into_tuple()
        .all(&tx.connection)
        .await?;
    Ok(done.into_iter().map(ReceivableAccountId).collect())
}

#[derive(FromQueryResult)]
struct ProgressRow {
    accounts: i64,
    done: i64,
}

/// How many accounts a run has, and how many of them are done.
pub async fn progress(tx: &Tx, run: CreditRunId) -> Result<(u32, u32), DbErr> {
    let sql = "SELECT COUNT(*) AS accounts, COUNT(outcome) AS done FROM credit_run_accounts WHERE run_id = $1";
    let rows = sql::all::<ProgressRow>(tx, sql, vec![run.0.into()]).await?;
    let count = |count: i64| u32::try_from(count).unwrap_or(u32::MAX);
    Ok(rows
        .first()
        .map_or((0, 0), |row| (count(row.accounts), count(row.done))))
}

/// Replaces the pairs struck out of a run's preview.
pub async fn strike(tx: &Tx, run: CreditRunId, pairs: &StruckPairs) -> Result<(), DbErr> {
    use credit_run_struck::{Column, Entity};
    Entity::delete_many()
        .filter(Column::RunId.eq(run.0))
        .exec(&tx.connection)
        .await?;
    let rows = pairs
        .iter()
        .map(|(grant, invoice)| vec![run.0.into(), grant.0.into(), invoice.0.into()]);
    let columns = ["run_id", "grant_id", "invoice_id"];
    sql::insert_rows(tx, "credit_run_struck", &columns, rows.collect()).await
}

pub async fn struck(tx: &Tx, run: CreditRunId) -> Result<StruckPairs, DbErr> {
    use credit_run_struck::{Column, Entity};
    let rows = Entity::find()
        .filter(Column::RunId.eq(run.0))
        .all(&tx.connection)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| (CreditGrantId(row.grant_id), InvoiceId(row.invoice_id)))
        .collect())
}

#[derive(FromQueryResult)]
struct SummaryRow {
    number: i64,
    state: String,
    currency: Option<String>,
    grants_used: i64,
    applications: i64,
    total_minor: Option<i64>,
    first_entry: Option<i64>,
    last_entry: Option<i64>,
}

/// What a run did so far.
pub async fn summary(tx: &Tx, run: CreditRunId) -> Result<CreditRunSummary, DbErr> {
    // One row per currency; one without where nothing was applied.
    let rows = sql::all::<SummaryRow>(
        tx,
        "SELECT r.number, r.state, c.currency, COUNT(DISTINCT a.grant_id) AS grants_used, COUNT(a.id) AS applications,
            CAST(SUM(a.amount_minor) AS bigint) AS total_minor, MIN(e.number) AS first_entry, MAX(e.number) AS last_entry
        FROM credit_runs r LEFT JOIN applications a ON a.run_id = r.id
            LEFT JOIN receivable_accounts c ON c.id = a.account_id
            LEFT JOIN journal_entries e ON e.id = a.entry_id
        WHERE r.id = $1 GROUP BY r.number, r.state, c.currency ORDER BY total_minor DESC",
        vec![run.0.into()],
    )
    .await?;
    let first = rows
        .first()
        .ok_or_else(|| DbErr::RecordNotFound(format!("credit run {run}")))?;
    let totals = rows
        .iter()
        .filter_map(|row| Some(money(row.total_minor?, row.currency.as_deref()?)))
        .collect::<Result<Vec<Money>, DbErr>>()?;
    let [stale_accounts, failed_accounts, left_alone] = set_apart(tx, run).await?;
    Ok(CreditRunSummary {
        run,
        number: first.number,
        state: RunState::from_code(&first.state)
            .ok_or_else(|| DbErr::Type("unknown state".to_owned()))?,
        grants_used: rows.iter().map(|row| row.grants_used).sum(),
        applications: rows.iter().map(|row| row.applications).sum(),
        totals,
        first_entry: rows.iter().filter_map(|row| row.first_entry).min(),
        last_entry: rows.iter().filter_map(|row| row.last_entry).max(),
        stale_accounts,
        failed_accounts,
        left_alone,
    })
}

#[derive(FromQueryResult)]
struct SetApartRow {
    kind: String,
    name: String,
}

/// Names of what a run left: stale accounts, failed accounts, and invoices whose application by the run was undone
/// by something else than the run's own undo.
async fn set_apart(tx: &Tx, run: CreditRunId) -> Result<[Vec<String>; 3], DbErr> {
    let sql = "SELECT r.outcome AS kind, a.number AS name
            FROM credit_run_accounts r JOIN receivable_accounts a ON a.id = r.account_id
            WHERE r.run_id = $1 AND r.outcome IN ('stale', 'failed')
        UNION ALL
        SELECT 'left_alone', i.number FROM applications a JOIN invoices i ON i.id = a.invoice_id
            JOIN journal_entries e ON e.id = a.unapplied_entry_id
            WHERE a.run_id = $1 AND e.run_id IS NULL
        ORDER BY name";
    let mut names = [Vec::new(), Vec::new(), Vec::new()];
    for row in sql::all::<SetApartRow>(tx, sql, vec![run.0.into()]).await? {
        let kind = ["stale", "failed", "left_alone"]
            .iter()
            .position(|kind| *kind == row.kind)
            .ok_or_else(|| DbErr::Type("unknown kind".to_owned()))?;
        names[kind].push(row.name);
    }
    Ok(names)
}

fn money(minor: i64, currency: &str) -> Result<Money, DbErr> {
    let currency = currency
        .parse()
        .map_err(|_| DbErr::Type("unknown currency".to_owned()))?;
    Ok(Money::new(minor, currency))
}
