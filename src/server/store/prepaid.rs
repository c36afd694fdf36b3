//! Prepaid accounts: their rules, the alerts when a balance comes to a threshold, and announced top-ups.

use super::Tx;
use super::sql;
use crate::domain::ids::{PaymentId, ReceivableAccountId, TopUpRequestId};
use crate::domain::prepaid::{Crossing, Threshold, crossing};
use crate::dto::prepaid::ReadRules;
use crate::server::context::Ctx;
use chrono::NaiveDate;
use sea_orm::{DbErr, FromQueryResult, Value};
use uuid::Uuid;

/// The rules of a prepaid account as stored.
#[derive(Clone, Copy, Debug, FromQueryResult)]
pub struct StoredRules {
    pub whole_invoices_only: bool,
    /// The customer says themselves what is paid from the balance.
    pub opted_out: bool,
    pub held: bool,
    pub suggested_minor: i64,
}

impl StoredRules {
    /// Whether the balance pays invoices by itself.
    pub fn draws_down(self) -> bool {
        !self.opted_out && !self.held
    }
}

/// The rules of an account; `None` where it is not prepaid.
pub async fn find(tx: &Tx, account: ReceivableAccountId) -> Result<Option<StoredRules>, DbErr> {
    let sql = "SELECT whole_invoices_only, opted_out, held, suggested_minor FROM prepaid_accounts
        WHERE account_id = $1";
    let rows = sql::all::<StoredRules>(tx, sql, vec![account.0.into()]).await?;
    Ok(rows.into_iter().next())
}

/// Writes or replaces the rules. Thresholds that stay keep whether they were told of.
pub async fn put(
    tx: &Tx,
    ctx: &Ctx,
    account: ReceivableAccountId,
    rules: &ReadRules,
) -> Result<(), DbErr> {
    let sql = "INSERT INTO prepaid_accounts (account_id, whole_invoices_only, opted_out, held, suggested_minor,
            created_at, created_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (account_id) DO UPDATE SET whole_invoices_only = excluded.whole_invoices_only,
            held = excluded.held, suggested_minor = excluded.suggested_minor,
            version = prepaid_accounts.version + 1";
    let values = vec![
        account.0.into(),
        rules.whole_invoices_only.into(),
        false.into(),
        rules.held.into(),
        rules.suggested_minor.into(),
        ctx.clock.now().into(),
        ctx.actor.label().into(),
    ];
    sql::execute(tx, sql, values).await?;
    let mut values: Vec<Value> = vec![account.0.into()];
    values.extend(rules.thresholds.iter().map(|minor| Value::from(*minor)));
    let kept = match rules.thresholds.len() {
        0 => String::new(),
        count => format!(
            " AND threshold_minor NOT IN ({})",
            sql::placeholders(2, count)
        ),
    };
    let sql = format!("DELETE FROM prepaid_thresholds WHERE account_id = $1{kept}");
    sql::execute(tx, &sql, values).await?;
    for minor in &rules.thresholds {
        let sql = "INSERT INTO prepaid_thresholds (account_id, threshold_minor, crossed) VALUES ($1, $2, $3)
            ON CONFLICT (account_id, threshold_minor) DO NOTHING";
        let values = vec![account.0.into(), (*minor).into(), false.into()];
        sql::execute(tx, sql, values).await?;
    }
    Ok(())
}

pub async fn set_opted_out(
    tx: &Tx,
    account: ReceivableAccountId,
    opted_out: bool,
) -> Result<(), DbErr> {
    let sql =
        "UPDATE prepaid_accounts SET opted_out = $2, version = version + 1 WHERE account_id = $1";
    sql::execute(tx, sql, vec![account.0.into(), opted_out.into()]).await?;
    Ok(())
}

#[derive(FromQueryResult)]
struct ThresholdRow {
    account_id: Uuid,
    threshold_minor: i64,
    crossed: bool,
    balance_minor: i64,
}

/// Prepayments of account `{0}` that can be used on the day `{1}`, as SQL.
pub fn balance_sql(account: &str, today: &str) -> String {
    format!(
        "(SELECT CAST(COALESCE(SUM(b.remaining_minor - b.reserved_minor), 0) AS bigint) FROM credit_grants b
            WHERE b.account_id = {account} AND b.class = 'prepayment' AND b.remaining_minor > 0 AND NOT b.on_hold
                AND (b.expires_on IS NULL OR b.expires_on >= {today}))"
    )
}

/// Accounts asked about in one statement.
const ACCOUNTS_AT_ONCE: usize = 500;

/// Notes every threshold that the balance of one of these accounts came to or left. One alert per crossing, in the
/// transaction that moved the balance: it can neither be lost nor told twice.
pub(super) async fn note_crossings(
    tx: &Tx,
    ctx: &Ctx,
    accounts: &[ReceivableAccountId],
) -> Result<(), DbErr> {
    for accounts in accounts.chunks(ACCOUNTS_AT_ONCE) {
        let sql = format!(
            "SELECT t.account_id, t.threshold_minor, t.crossed, {} AS balance_minor
            FROM prepaid_thresholds t WHERE t.account_id IN ({})",
            balance_sql("t.account_id", "$1"),
            sql::placeholders(2, accounts.len())
        );
        let mut values: Vec<Value> = vec![ctx.today().into()];
        values.extend(accounts.iter().map(|id| Value::from(id.0)));
        for row in sql::all::<ThresholdRow>(tx, &sql, values).await? {
            let threshold = Threshold {
                minor: row.threshold_minor,
                crossed: row.crossed,
            };
            if let Some(crossing) = crossing(threshold, row.balance_minor) {
                note(tx, ctx, &row, crossing).await?;
            }
        }
    }
    Ok(())
}

async fn note(tx: &Tx, ctx: &Ctx, row: &ThresholdRow, crossing: Crossing) -> Result<(), DbErr> {
    let low = crossing == Crossing::Low;
    let sql =
        "UPDATE prepaid_thresholds SET crossed = $3 WHERE account_id = $1 AND threshold_minor = $2
        AND crossed <> $3";
    let values = vec![
        row.account_id.into(),
        row.threshold_minor.into(),
        low.into(),
    ];
    let moved = sql::execute(tx, sql, values).await?;
    if !low || moved == 0 {
        return Ok(());
    }
    let sql = "INSERT INTO prepaid_alerts (id, account_id, threshold_minor, balance_minor, crossed_on, recorded_at)
        VALUES ($1, $2, $3, $4, $5, $6)";
    let values = vec![
        Uuid::now_v7().into(),
        row.account_id.into(),
        row.threshold_minor.into(),
        row.balance_minor.into(),
        ctx.today().into(),
        ctx.clock.now().into(),
    ];
    sql::execute(tx, sql, values).await?;
    Ok(())
}

/// An announced top-up as stored.
#[derive(Clone, Copy, Debug, FromQueryResult)]
pub struct StoredRequest {
    pub id: Uuid,
    pub account_id: Uuid,
    pub payment_id: Option<Uuid>,
    pub withdrawn_on: Option<NaiveDate>,
}

impl StoredRequest {
    pub fn is_open(&self) -> bool {
        self.payment_id.is_none() && self.withdrawn_on.is_none()
    }
}

pub async fn insert_request(
    tx: &Tx,
    ctx: &Ctx,
    id: TopUpRequestId,
    account: ReceivableAccountId,
    amount_minor: i64,
    note: &str,
) -> Result<(), DbErr> {
    let sql = "INSERT INTO top_up_requests (id, account_id, amount_minor, note, requested_on, recorded_at, recorded_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let values = vec![
        id.0.into(),
        account.0.into(),
        amount_minor.into(),
        note.into(),
        ctx.today().into(),
        ctx.clock.now().into(),
        ctx.actor.label().into(),
    ];
    sql::execute(tx, sql, values).await?;
    Ok(())
}

pub async fn find_request(tx: &Tx, id: TopUpRequestId) -> Result<Option<StoredRequest>, DbErr> {
    let sql = "SELECT id, account_id, payment_id, withdrawn_on FROM top_up_requests WHERE id = $1";
    let rows = sql::all::<StoredRequest>(tx, sql, vec![id.0.into()]).await?;
    Ok(rows.into_iter().next())
}

/// The money announced has come.
pub async fn note_paid(tx: &Tx, id: TopUpRequestId, payment: PaymentId) -> Result<(), DbErr> {
    let sql = "UPDATE top_up_requests SET payment_id = $2 WHERE id = $1";
    sql::execute(tx, sql, vec![id.0.into(), payment.0.into()]).await?;
    Ok(())
}

/// The money announced is not coming.
pub async fn note_withdrawn(tx: &Tx, id: TopUpRequestId, on: NaiveDate) -> Result<(), DbErr> {
    let sql = "UPDATE top_up_requests SET withdrawn_on = $2 WHERE id = $1";
    sql::execute(tx, sql, vec![id.0.into(), on.into()]).await?;
    Ok(())
}
