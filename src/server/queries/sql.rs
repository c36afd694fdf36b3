//! Small pieces for reading with hand-written SQL that runs on both engines. Values are always bound.

use crate::domain::money::Money;
use crate::dto::page::{PageRequest, ROWS_PER_PAGE};
use crate::server::context::Ctx;
use sea_orm::{DbErr, FromQueryResult, Statement, Value};

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

/// The conditions of a list, collected one by one with the values they bind.
#[derive(Default)]
pub struct Conditions {
    parts: Vec<String>,
    values: Vec<Value>,
}

impl Conditions {
    /// Binds a value; answers its placeholder.
    pub fn bind(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }

    pub fn and(&mut self, condition: impl Into<String>) {
        self.parts.push(condition.into());
    }

    /// A condition in which every `?` stands for `value`.
    pub fn with(&mut self, condition: &str, value: impl Into<Value>) {
        let placeholder = self.bind(value);
        self.and(condition.replace('?', &placeholder));
    }

    /// `expression = value`.
    pub fn equal(&mut self, expression: &str, value: impl Into<Value>) {
        let placeholder = self.bind(value);
        self.and(format!("{expression} = {placeholder}"));
    }

    /// What stands after `WHERE`.
    pub fn sql(&self) -> String {
        match self.parts.is_empty() {
            true => "1 = 1".to_owned(),
            false => self.parts.join(" AND "),
        }
    }

    pub fn values(&self) -> Vec<Value> {
        self.values.clone()
    }
}

/// A pattern for `LIKE … ESCAPE '!'` that finds `text`, in small letters, anywhere.
pub fn contains(text: &str) -> String {
    contains_as_typed(&text.to_lowercase())
}

/// As [`contains`], large letters staying large.
pub fn contains_as_typed(text: &str) -> String {
    let mut pattern = String::from("%");
    for letter in text.trim().chars() {
        if matches!(letter, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

/// `LIMIT … OFFSET …` of the page asked for.
pub fn limit(page: &PageRequest) -> String {
    format!("LIMIT {ROWS_PER_PAGE} OFFSET {}", page.offset())
}
