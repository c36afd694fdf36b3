//! Small pieces for hand-written SQL that runs on both engines. Values are always bound.

use super::Tx;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement, Value};

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

/// What ends a statement that locks the rows it reads; nothing on SQLite, whose one writer this is.
pub fn for_update(tx: &Tx) -> &'static str {
    match tx.connection.get_database_backend() {
        DbBackend::Postgres => " FOR UPDATE",
        _ => "",
    }
}

/// The most rows one statement inserts. Batches are cut into powers of two up to this, so that few statement texts
/// exist and both engines keep them prepared; 512 rows of 15 columns stay far below what SQLite can bind (32,766).
const MOST_ROWS: usize = 512;

/// Inserts rows, each with one value per column.
pub async fn insert_rows(
    tx: &Tx,
    table: &str,
    columns: &[&str],
    rows: Vec<Vec<Value>>,
) -> Result<(), DbErr> {
    let mut rows = rows.into_iter();
    while rows.len() > 0 {
        let count = MOST_ROWS.min(1 << rows.len().ilog2());
        let values: Vec<Value> = rows.by_ref().take(count).flatten().collect();
        let backend = tx.connection.get_database_backend();
        let sql = insert_statement(backend, table, columns, count);
        execute(tx, &sql, values).await?;
    }
    Ok(())
}

/// SQLite looks a named placeholder up in a list of all names, which makes thousands of them quadratic: there the
/// placeholders are nameless.
fn insert_statement(backend: DbBackend, table: &str, columns: &[&str], rows: usize) -> String {
    let row = |row: usize| {
        let first = row * columns.len() + 1;
        match backend {
            DbBackend::Sqlite => vec!["?"; columns.len()].join(", "),
            _ => placeholders(first, columns.len()),
        }
    };
    let rows: Vec<String> = (0..rows).map(row).collect();
    format!(
        "INSERT INTO {table} ({}) VALUES ({})",
        columns.join(", "),
        rows.join("), (")
    )
}

/// Nobody else writes to `table` until the transaction ends; readers go on. For tables few people change.
pub async fn lock_table(tx: &Tx, table: &str) -> Result<(), DbErr> {
    if tx.connection.get_database_backend() == DbBackend::Postgres {
        let sql = format!("LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE");
        execute(tx, &sql, vec![]).await?;
    }
    Ok(())
}
