//! The money behind credit: the payments a grant traces to, and what of them went back already.

use super::Tx;
use super::sql;
use crate::domain::ids::{CreditGrantId, PaymentId, ReceivableAccountId};
use crate::domain::money::Money;
use crate::domain::payment::PaymentMethod;
use crate::domain::refund::ReceivedPayment;
use chrono::NaiveDate;
use sea_orm::{DbErr, FromQueryResult};
use uuid::Uuid;

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    number: i64,
    method: String,
    received_on: NaiveDate,
    left_minor: i64,
}

/// The payments a grant traces to, back through transfers, each with what of it has not gone back and is not about
/// to. Reversed payments are none.
pub async fn of_grant(tx: &Tx, grant: CreditGrantId) -> Result<Vec<ReceivedPayment>, DbErr> {
    let statement = "WITH RECURSIVE traced (origin_kind, origin_id) AS (
            SELECT g.origin_kind, g.origin_id FROM credit_grants g WHERE g.id = $1
            UNION
            SELECT g.origin_kind, g.origin_id FROM traced t
                JOIN request_slices s ON t.origin_kind = 'transfer' AND s.id = t.origin_id
                JOIN credit_grants g ON g.id = s.grant_id)
        SELECT p.id, p.number, p.method, p.received_on,
            p.amount_minor - (SELECT CAST(COALESCE(SUM(s.amount_minor), 0) AS bigint)
                FROM request_slices s JOIN requests q ON q.id = s.request_id
                WHERE s.payment_id = p.id AND q.refused_at IS NULL AND q.failed_at IS NULL) AS left_minor
        FROM payments p
        WHERE p.reversed_on IS NULL
            AND p.id IN (SELECT t.origin_id FROM traced t WHERE t.origin_kind = 'payment')
        ORDER BY p.received_on DESC, p.number DESC";
    let rows = sql::all::<Row>(tx, statement, vec![grant.0.into()]).await?;
    rows.into_iter()
        .map(|row| {
            Ok(ReceivedPayment {
                payment: PaymentId(row.id),
                number: row.number,
                method: PaymentMethod::from_code(&row.method).ok_or_else(|| {
                    DbErr::Type("payments.method holds an unknown value".to_owned())
                })?,
                received_on: row.received_on,
                left_minor: row.left_minor.max(0),
            })
        })
        .collect()
}

#[derive(FromQueryResult)]
struct AccountRow {
    id: Uuid,
}

/// The accounts of a currency that hold at least so much credit, by number; at most `first` of them.
pub async fn accounts_with_credit(
    tx: &Tx,
    minimum: Money,
    first: usize,
) -> Result<Vec<ReceivableAccountId>, DbErr> {
    let statement = format!(
        "SELECT id FROM receivable_accounts WHERE currency = $1 AND credit_minor >= $2 ORDER BY number LIMIT {first}"
    );
    let values = vec![minimum.currency.code().into(), minimum.minor.into()];
    let rows = sql::all::<AccountRow>(tx, &statement, values).await?;
    Ok(rows
        .into_iter()
        .map(|row| ReceivableAccountId(row.id))
        .collect())
}
