//! Small pieces for reading with hand-written SQL that runs on both engines. Values are always bound.

use crate::domain::money::Money;
use crate::server::context::Ctx;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Statement, Value};

/// All rows of one statement, from the read connections.
pub async fn all<T: FromQueryResult>(
    ctx: &Ctx,
    sql: &str,
    values: Vec<Value>,
) -> Result<Vec<T>, DbErr> {
    let backend = ctx.db.read.get_database_backend();
    T::find_by_statement(Statement::from_sql_and_values(backend, sql, values))
        .all(&ctx.db.read)
        .await
}

/// The first row of one statement, if there is one.
pub async fn one<T: FromQueryResult>(
    ctx: &Ctx,
    sql: &str,
    values: Vec<Value>,
) -> Result<Option<T>, DbErr> {
    let backend = ctx.db.read.get_database_backend();
    T::find_by_statement(Statement::from_sql_and_values(backend, sql, values))
        .one(&ctx.db.read)
        .await
}

#[derive(FromQueryResult)]
struct Count {
    count: i64,
}

/// The number a statement of the form `SELECT COUNT(*) AS count …` answers.
pub async fn count(ctx: &Ctx, sql: &str, values: Vec<Value>) -> Result<u64, DbErr> {
    let row = one::<Count>(ctx, sql, values).await?;
    let count = row.map(|row| row.count);
    count
        .and_then(|count| u64::try_from(count).ok())
        .ok_or_else(|| DbErr::RecordNotFound("a count answered nothing".to_owned()))
}

/// An amount out of its two columns.
pub fn money(minor: i64, currency: &str) -> Result<Money, DbErr> {
    let currency = currency
        .parse()
        .map_err(|_| unreadable("currency", currency))?;
    Ok(Money::new(minor, currency))
}

/// A stored text that no code of ours can have written.
pub fn unreadable(column: &str, value: &str) -> DbErr {
    DbErr::Type(format!("{column} holds the unknown value {value}"))
}
