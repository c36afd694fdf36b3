//! Plain sequences, and the gap-free series of finalised documents.

use super::Tx;
use super::sql;
use sea_orm::{ConnectionTrait, DatabaseBackend, DbErr, FromQueryResult};

/// What is counted by a plain sequence. Gaps are possible on PostgreSQL, where sequences never wait.
#[derive(Clone, Copy)]
pub enum Sequence {
    JournalEntries,
    Payments,
    CreditGrants,
    CreditRuns,
}

impl Sequence {
    fn table(self) -> &'static str {
        match self {
            Self::JournalEntries => "journal_entries",
            Self::Payments => "payments",
            Self::CreditGrants => "credit_grants",
            Self::CreditRuns => "credit_runs",
        }
    }

    fn sequence(self) -> &'static str {
        match self {
            Self::JournalEntries => "journal_entry_numbers",
            Self::Payments => "payment_numbers",
            Self::CreditGrants => "credit_grant_numbers",
            Self::CreditRuns => "credit_run_numbers",
        }
    }
}

#[derive(FromQueryResult)]
struct Number {
    number: i64,
}

/// The next `count` numbers, ascending.
pub async fn next(tx: &Tx, sequence: Sequence, count: usize) -> Result<Vec<i64>, DbErr> {
    if count == 0 {
        return Ok(Vec::new());
    }
    if tx.connection.get_database_backend() == DatabaseBackend::Postgres {
        let sql = format!(
            "SELECT nextval('{}') AS number FROM generate_series(1, {count})",
            sequence.sequence()
        );
        let mut numbers: Vec<i64> = sql::all::<Number>(tx, &sql, vec![])
            .await?
            .into_iter()
            .map(|row| row.number)
            .collect();
        numbers.sort_unstable();
        return Ok(numbers);
    }
    // SQLite has one writer, and this transaction is it.
    let sql = format!(
        "SELECT COALESCE(MAX(number), 0) + 1 AS number FROM {}",
        sequence.table()
    );
    let first = sql::all::<Number>(tx, &sql, vec![])
        .await?
        .first()
        .map_or(1, |row| row.number);
    Ok((first..).take(count).collect())
}

/// The next number of a gap-free series in a year. Its row stays locked until the transaction ends, so a number
/// is taken only by a document that is kept.
pub async fn next_in_series(tx: &Tx, series: &str, year: i32) -> Result<i64, DbErr> {
    let sql = "INSERT INTO number_series (series, year, last_sequence) VALUES ($1, $2, 1)
        ON CONFLICT (series, year) DO UPDATE SET last_sequence = number_series.last_sequence + 1
        RETURNING last_sequence AS number";
    let rows = sql::all::<Number>(tx, sql, vec![series.into(), year.into()]).await?;
    rows.first()
        .map(|row| row.number)
        .ok_or_else(|| DbErr::RecordNotFound("the number series answered nothing".to_owned()))
}
