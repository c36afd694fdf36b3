//! Runs that give a promotion to its audience, account by account.

use super::Tx;
use super::promotions::{StoredPromotion, audience_condition};
use super::sql;
use crate::domain::ids::{CustomerId, PromotionId, PromotionRunId, ReceivableAccountId};
use crate::dto::lineage::AccountRef;
use crate::dto::promotions::PromotionRunState;
use crate::server::context::Ctx;
use chrono::NaiveDate;
use sea_orm::{DbErr, FromQueryResult, Value};
use std::collections::HashMap;
use uuid::Uuid;

/// A run as stored.
#[derive(Clone, Debug)]
pub struct StoredPromotionRun {
    pub id: PromotionRunId,
    pub promotion: PromotionId,
    pub granted_on: NaiveDate,
    /// Everything up to this account is done.
    pub done: Option<ReceivableAccountId>,
    pub state: PromotionRunState,
}

/// Writes a run's row; says `false` where another run has the same key.
pub async fn insert(
    tx: &Tx,
    ctx: &Ctx,
    id: PromotionRunId,
    promotion: PromotionId,
    key: &str,
) -> Result<bool, DbErr> {
    let sql = "INSERT INTO promotion_runs (id, promotion_id, run_key, granted_on, state, created_at, created_by)
        VALUES ($1, $2, $3, $4, 'running', $5, $6) ON CONFLICT (run_key) DO NOTHING";
    let values = vec![
        id.0.into(),
        promotion.0.into(),
        key.into(),
        ctx.today().into(),
        ctx.clock.now().into(),
        ctx.actor.label().into(),
    ];
    Ok(sql::execute(tx, sql, values).await? > 0)
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    promotion_id: Uuid,
    granted_on: NaiveDate,
    done_account_id: Option<Uuid>,
    state: String,
}

const COLUMNS: &str =
    "SELECT id, promotion_id, granted_on, done_account_id, state FROM promotion_runs";

/// The run, its row locked until the transaction ends: two who work it off take turns, chunk by chunk. Locked before
/// anything else.
pub async fn lock(tx: &Tx, id: PromotionRunId) -> Result<Option<StoredPromotionRun>, DbErr> {
    let sql = format!("{COLUMNS} WHERE id = $1{}", sql::for_update(tx));
    let rows = sql::all::<Row>(tx, &sql, vec![id.0.into()]).await?;
    rows.into_iter().next().map(stored).transpose()
}

pub async fn find_by_key(tx: &Tx, key: &str) -> Result<Option<StoredPromotionRun>, DbErr> {
    let sql = format!("{COLUMNS} WHERE run_key = $1");
    let rows = sql::all::<Row>(tx, &sql, vec![key.into()]).await?;
    rows.into_iter().next().map(stored).transpose()
}

fn stored(row: Row) -> Result<StoredPromotionRun, DbErr> {
    Ok(StoredPromotionRun {
        id: PromotionRunId(row.id),
        promotion: PromotionId(row.promotion_id),
        granted_on: row.granted_on,
        done: row.done_account_id.map(ReceivableAccountId),
        state: PromotionRunState::from_code(&row.state)
            .ok_or_else(|| DbErr::Type("promotion_runs.state holds an unknown value".to_owned()))?,
    })
}

#[derive(FromQueryResult)]
struct AccountRow {
    id: Uuid,
    customer_id: Uuid,
}

/// Up to `limit` accounts of the audience after `after`, in the order of their ids.
pub async fn next_accounts(
    tx: &Tx,
    promotion: &StoredPromotion,
    after: Option<ReceivableAccountId>,
    limit: u32,
) -> Result<Vec<(ReceivableAccountId, CustomerId)>, DbErr> {
    let sql = format!(
        "SELECT a.id, a.customer_id FROM receivable_accounts a
        WHERE {} AND a.currency = $2 AND a.id > $3 ORDER BY a.id LIMIT {limit}",
        audience_condition(promotion.audience, "a.customer_id")
    );
    let after = after.map_or(Uuid::nil(), |after| after.0);
    let values = vec![
        promotion.id.0.into(),
        promotion.offer.currency.code().into(),
        after.into(),
    ];
    let rows = sql::all::<AccountRow>(tx, &sql, values).await?;
    let pairs = rows
        .into_iter()
        .map(|row| (ReceivableAccountId(row.id), CustomerId(row.customer_id)));
    Ok(pairs.collect())
}

#[derive(FromQueryResult)]
struct CountRow {
    count: i64,
}

/// How many accounts of the audience come after `after`.
pub async fn count_accounts(
    tx: &Tx,
    promotion: &StoredPromotion,
    after: Option<ReceivableAccountId>,
) -> Result<u64, DbErr> {
    let sql = format!(
        "SELECT COUNT(*) AS count FROM receivable_accounts a WHERE {} AND a.currency = $2 AND a.id > $3",
        audience_condition(promotion.audience, "a.customer_id")
    );
    let after = after.map_or(Uuid::nil(), |after| after.0);
    let values = vec![
        promotion.id.0.into(),
        promotion.offer.currency.code().into(),
        after.into(),
    ];
    let rows = sql::all::<CountRow>(tx, &sql, values).await?;
    let counted = rows.first().and_then(|row| u64::try_from(row.count).ok());
    counted.ok_or_else(|| DbErr::RecordNotFound("a count answered nothing".to_owned()))
}

/// Everything up to this account is done.
pub async fn note_done(
    tx: &Tx,
    id: PromotionRunId,
    account: ReceivableAccountId,
) -> Result<(), DbErr> {
    let sql = "UPDATE promotion_runs SET done_account_id = $2 WHERE id = $1";
    sql::execute(tx, sql, vec![id.0.into(), account.0.into()]).await?;
    Ok(())
}

/// Moves a run on; an end notes when.
pub async fn set_state(
    tx: &Tx,
    ctx: &Ctx,
    id: PromotionRunId,
    state: PromotionRunState,
) -> Result<(), DbErr> {
    let finished_at = (state != PromotionRunState::Running).then(|| ctx.clock.now());
    let sql = "UPDATE promotion_runs SET state = $2, finished_at = $3 WHERE id = $1";
    let values = vec![id.0.into(), state.code().into(), finished_at.into()];
    sql::execute(tx, sql, values).await?;
    Ok(())
}

/// Notes accounts that got nothing, with the code of the reason; an account keeps its last reason.
pub async fn note_refused(
    tx: &Tx,
    id: PromotionRunId,
    refused: &[(ReceivableAccountId, &str)],
) -> Result<(), DbErr> {
    for (account, code) in refused {
        let sql =
            "INSERT INTO promotion_run_refusals (run_id, account_id, code) VALUES ($1, $2, $3)
            ON CONFLICT (run_id, account_id) DO UPDATE SET code = excluded.code";
        let values = vec![id.0.into(), account.0.into(), (*code).into()];
        sql::execute(tx, sql, values).await?;
    }
    Ok(())
}

#[derive(FromQueryResult)]
struct NameRow {
    id: Uuid,
    account: String,
    customer: String,
    customer_name: String,
}

#[derive(FromQueryResult)]
struct NumberRow {
    id: Uuid,
    number: String,
}

/// Whose accounts these are, and the numbers of the documents beside them, in the order given.
pub async fn names(
    tx: &Tx,
    of: &[(ReceivableAccountId, Option<Uuid>, i64)],
) -> Result<Vec<(AccountRef, Option<String>)>, DbErr> {
    if of.is_empty() {
        return Ok(Vec::new());
    }
    let in_list = |count| sql::placeholders(1, count);
    let ids = of.iter().map(|(account, _, _)| account.0.into()).collect();
    let sql = format!(
        "SELECT a.id, a.number AS account, c.number AS customer, c.name AS customer_name
        FROM receivable_accounts a JOIN customers c ON c.id = a.customer_id WHERE a.id IN ({})",
        in_list(of.len())
    );
    let accounts: HashMap<Uuid, AccountRef> = sql::all::<NameRow>(tx, &sql, ids)
        .await?
        .into_iter()
        .map(|row| {
            let on = AccountRef {
                account: row.account,
                customer: row.customer,
                customer_name: row.customer_name,
            };
            (row.id, on)
        })
        .collect();
    let documents: Vec<Uuid> = of.iter().filter_map(|(_, document, _)| *document).collect();
    let mut numbers: HashMap<Uuid, String> = HashMap::new();
    if !documents.is_empty() {
        let ids: Vec<Value> = documents.iter().map(|id| (*id).into()).collect();
        let listed = in_list(documents.len());
        let sql = format!(
            "SELECT id, COALESCE(number, '') AS number FROM invoices WHERE id IN ({listed})
            UNION ALL SELECT id, CAST(number AS text) FROM payments WHERE id IN ({listed})"
        );
        let rows = sql::all::<NumberRow>(tx, &sql, ids).await?;
        numbers.extend(rows.into_iter().map(|row| (row.id, row.number)));
    }
    let named = of.iter().map(|(account, document, _)| {
        let on = accounts.get(&account.0).cloned();
        let number = document.and_then(|document| numbers.get(&document).cloned());
        on.map(|on| (on, number))
            .ok_or_else(|| DbErr::RecordNotFound(format!("receivable account {account}")))
    });
    named.collect()
}
