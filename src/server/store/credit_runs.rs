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

/// Up to `limit` accounts after `after` in the run's scope that hold credit, owe something, are not on hold and
/// have no row in the run yet; in the order of their ids.
pub async fn next_candidates(
    tx: &Tx,
    run: &StoredRun,
    after: Uuid,
    limit: u32,
) -> Result<Vec<ReceivableAccountId>, DbErr> {
    let scope = match run.scope {
        RunScope::All => "$3 = ''",
        RunScope::Tag => {
            "EXISTS (SELECT 1 FROM customer_tags t WHERE t.customer_id = a.customer_id AND t.tag = $3)"
        }
        RunScope::Customer => {
            "EXISTS (SELECT 1 FROM customers c WHERE c.id = a.customer_id AND c.number = $3)"
        }
    };
    let sql = format!(
        "SELECT a.id AS account_id FROM receivable_accounts a
        WHERE a.credit_minor > 0 AND a.due_minor > 0 AND a.on_hold = $1 AND a.id > $2 AND {scope}
            AND NOT EXISTS (SELECT 1 FROM credit_run_accounts r WHERE r.run_id = $4 AND r.account_id = a.id)
        ORDER BY a.id LIMIT {limit}"
    );
    let values: Vec<Value> = vec![
        false.into(),
        after.into(),
        run.scope_value.clone().into(),
        run.id.0.into(),
    ];
    let rows = sql::all::<AccountRow>(tx, &sql, values).await?;
    Ok(rows
        .into_iter()
        .map(|row| ReceivableAccountId(row.account_id))
        .collect())
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
    let rows = sql::all::<Count>(tx, sql, vec![value.into()]).await?;
    Ok(rows.iter().any(|row| row.count > 0))
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

/// An account as the preview saw it, with whose it is and what it owes and holds now.
#[derive(Clone, Debug)]
pub struct SeenAccount {
    pub row: RunAccount,
    pub customer: String,
    pub customer_name: String,
    pub due_minor: i64,
    pub credit_minor: i64,
}

#[derive(FromQueryResult)]
struct SeenRow {
    account_id: Uuid,
    account_version: i64,
    pairs: i32,
    total_minor: i64,
    customer: String,
    customer_name: String,
    due_minor: i64,
    credit_minor: i64,
}

/// Accounts of a preview in the order of their numbers.
pub async fn seen_accounts(
    tx: &Tx,
    run: CreditRunId,
    offset: u64,
    limit: u32,
) -> Result<Vec<SeenAccount>, DbErr> {
    let sql = format!(
        "SELECT r.account_id, r.account_version, r.pairs, r.total_minor, c.number AS customer,
            c.name AS customer_name, a.due_minor, a.credit_minor
        FROM credit_run_accounts r
            JOIN receivable_accounts a ON a.id = r.account_id
            JOIN customers c ON c.id = a.customer_id
        WHERE r.run_id = $1 ORDER BY a.number LIMIT {limit} OFFSET {offset}"
    );
    let rows = sql::all::<SeenRow>(tx, &sql, vec![run.0.into()]).await?;
    let seen = rows.into_iter().map(|row| SeenAccount {
        row: RunAccount {
            account: ReceivableAccountId(row.account_id),
            version: row.account_version,
            pairs: row.pairs,
            total_minor: row.total_minor,
            outcome: None,
        },
        customer: row.customer,
        customer_name: row.customer_name,
        due_minor: row.due_minor,
        credit_minor: row.credit_minor,
    });
    Ok(seen.collect())
}

/// What a preview saw on all its accounts.
pub struct SeenTotals {
    pub accounts: u64,
    pub pairs: i64,
    /// One per currency.
    pub amounts: Vec<Money>,
}

#[derive(FromQueryResult)]
struct SeenTotalRow {
    currency: String,
    accounts: i64,
    pairs: i64,
    total_minor: i64,
}

pub async fn seen_totals(tx: &Tx, run: CreditRunId) -> Result<SeenTotals, DbErr> {
    let sql = "SELECT a.currency, COUNT(*) AS accounts, CAST(SUM(r.pairs) AS bigint) AS pairs,
            CAST(SUM(r.total_minor) AS bigint) AS total_minor
        FROM credit_run_accounts r JOIN receivable_accounts a ON a.id = r.account_id
        WHERE r.run_id = $1 GROUP BY a.currency ORDER BY 4 DESC";
    let rows = sql::all::<SeenTotalRow>(tx, sql, vec![run.0.into()]).await?;
    let mut totals = SeenTotals {
        accounts: 0,
        pairs: 0,
        amounts: Vec::with_capacity(rows.len()),
    };
    for row in rows {
        totals.accounts += row.accounts.unsigned_abs();
        totals.pairs += row.pairs;
        totals.amounts.push(money(row.total_minor, &row.currency)?);
    }
    Ok(totals)
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
    grants_used: i64,
    applications: i64,
    first_entry: Option<i64>,
    last_entry: Option<i64>,
}

#[derive(FromQueryResult)]
struct TotalRow {
    currency: String,
    total_minor: i64,
}

#[derive(FromQueryResult)]
struct NameRow {
    name: String,
}

fn money(minor: i64, currency: &str) -> Result<Money, DbErr> {
    let currency = currency
        .parse()
        .map_err(|_| DbErr::Type("unknown currency".to_owned()))?;
    Ok(Money::new(minor, currency))
}

/// What a run did so far.
pub async fn summary(tx: &Tx, run: CreditRunId) -> Result<CreditRunSummary, DbErr> {
    let id: Value = run.0.into();
    let rows = sql::all::<SummaryRow>(
        tx,
        "SELECT r.number, r.state, COUNT(DISTINCT a.grant_id) AS grants_used, COUNT(a.id) AS applications,
            MIN(e.number) AS first_entry, MAX(e.number) AS last_entry
        FROM credit_runs r LEFT JOIN applications a ON a.run_id = r.id
            LEFT JOIN journal_entries e ON e.id = a.entry_id
        WHERE r.id = $1 GROUP BY r.number, r.state",
        vec![id.clone()],
    )
    .await?;
    let row = rows
        .into_iter()
        .next()
        .ok_or_else(|| DbErr::RecordNotFound(format!("credit run {run}")))?;
    let totals = sql::all::<TotalRow>(
        tx,
        "SELECT c.currency, CAST(SUM(a.amount_minor) AS bigint) AS total_minor
        FROM applications a JOIN receivable_accounts c ON c.id = a.account_id
        WHERE a.run_id = $1 GROUP BY c.currency ORDER BY 2 DESC",
        vec![id.clone()],
    )
    .await?;
    let totals = totals
        .iter()
        .map(|row| money(row.total_minor, &row.currency))
        .collect::<Result<Vec<Money>, DbErr>>()?;
    Ok(CreditRunSummary {
        run,
        number: row.number,
        state: RunState::from_code(&row.state)
            .ok_or_else(|| DbErr::Type("unknown state".to_owned()))?,
        grants_used: row.grants_used,
        applications: row.applications,
        totals,
        first_entry: row.first_entry,
        last_entry: row.last_entry,
        stale_accounts: accounts_with(tx, run, AccountOutcome::Stale).await?,
        failed_accounts: accounts_with(tx, run, AccountOutcome::Failed).await?,
        left_alone: left_alone(tx, run).await?,
    })
}

async fn accounts_with(
    tx: &Tx,
    run: CreditRunId,
    outcome: AccountOutcome,
) -> Result<Vec<String>, DbErr> {
    let sql = "SELECT a.number AS name FROM credit_run_accounts r JOIN receivable_accounts a ON a.id = r.account_id
        WHERE r.run_id = $1 AND r.outcome = $2 ORDER BY a.number";
    let rows = sql::all::<NameRow>(tx, sql, vec![run.0.into(), outcome.code().into()]).await?;
    Ok(rows.into_iter().map(|row| row.name).collect())
}

/// Invoices whose application by the run was undone by something else than the run's own undo.
async fn left_alone(tx: &Tx, run: CreditRunId) -> Result<Vec<String>, DbErr> {
    let sql = "SELECT i.number AS name FROM applications a JOIN invoices i ON i.id = a.invoice_id
            JOIN journal_entries e ON e.id = a.unapplied_entry_id
        WHERE a.run_id = $1 AND e.run_id IS NULL ORDER BY i.number";
    let rows = sql::all::<NameRow>(tx, sql, vec![run.0.into()]).await?;
    Ok(rows.into_iter().map(|row| row.name).collect())
}
