//! Small pieces for hand-written SQL that runs on both engines. Values are always bound.

use super::Tx;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Statement, Value};

/// Placeholders `$first, …` for `count` values.
pub fn placeholders(first: usize, count: usize) -> String {
    let names: Vec<String> = (first..first + count).map(|n| format!("${n}")).collect();
    names.join(", ")
}

pub async fn execute(tx: &Tx, sql: &str, values: Vec<Value>) -> Result<u64, DbErr> {
    let backend = tx.connection.get_database_backend();
    let statement = Statement::from_sql_and_values(backend, sql, values);
    Ok(tx.connection.execute_raw(statement).await?.rows_affected())
}

pub async fn all<T: FromQueryResult>(
    tx: &Tx,
    sql: &str,
    values: Vec<Value>,
) -> Result<Vec<T>, DbErr> {
    let backend = tx.connection.get_database_backend();
    T::find_by_statement(Statement::from_sql_and_values(backend, sql, values))
        .all(&tx.connection)
        .await
}
