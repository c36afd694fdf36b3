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
    Imports,
    Requests,
}

impl Sequence {
    fn table(self) -> &'static str {
        match self {
            Self::JournalEntries => "journal_entries",
            Self::Payments => "payments",
            Self::CreditGrants => "credit_grants",
            Self::CreditRuns => "credit_runs",
            Self::Imports => "imports",
            Self::Requests => "requests",
        }
    }

    fn sequence(self) -> &'static str {
        match self {
            Self::JournalEntries => "journal_entry_numbers",
            Self::Payments => "payment_numbers",
            Self::CreditGrants => "credit_grant_numbers",
            Self::CreditRuns => "credit_run_numbers",
            Self::Imports => "import_numbers",
            Self::Requests => "request_numbers",
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

/// SQL that numbers the rows of an `INSERT … SELECT … ORDER BY order`, ascending in that order.
pub fn next_in_select(tx: &Tx, sequence: Sequence, order: &str) -> String {
    if tx.connection.get_database_backend() == DatabaseBackend::Postgres {
        // Called after sorting, once per row.
        return format!("nextval('{}')", sequence.sequence());
    }
    format!(
        "(SELECT COALESCE(MAX(number), 0) FROM {}) + ROW_NUMBER() OVER (ORDER BY {order})",
        sequence.table()
    )
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

/// Numbers that people may also give by hand, in the form `C-00001`.
#[derive(Clone, Copy)]
pub enum GivenNumbers {
    Customers,
    ReceivableAccounts,
}

impl GivenNumbers {
    fn table(self) -> &'static str {
        match self {
            Self::Customers => "customers",
            Self::ReceivableAccounts => "receivable_accounts",
        }
    }

    fn sequence(self) -> &'static str {
        match self {
            Self::Customers => "customer_numbers",
            Self::ReceivableAccounts => "receivable_account_numbers",
        }
    }

    fn prefix(self) -> &'static str {
        match self {
            Self::Customers => "C-",
            Self::ReceivableAccounts => "AR-",
        }
    }

    fn written(self, number: i64) -> String {
        format!("{}{number:05}", self.prefix())
    }
}

#[derive(FromQueryResult)]
struct Taken {
    number: String,
}

/// The next `count` numbers that nothing has, ascending.
pub async fn next_free(tx: &Tx, kind: GivenNumbers, count: usize) -> Result<Vec<String>, DbErr> {
    if tx.connection.get_database_backend() == DatabaseBackend::Postgres {
        return next_free_of_sequence(tx, kind, count).await;
    }
    // SQLite has one writer, and this transaction is it. Text ending the range is the prefix with its last
    // character moved on, so that the unique index is read and not the table.
    let prefix = kind.prefix();
    let sql = format!(
        "SELECT CAST(COALESCE(MAX(CAST(SUBSTR(number, {}) AS integer)), 0) AS bigint) + 1 AS number
        FROM {} WHERE number >= $1 AND number < $2 AND SUBSTR(number, {}) NOT GLOB '*[^0-9]*'
            AND LENGTH(number) <= {}",
        prefix.len() + 1,
        kind.table(),
        prefix.len() + 1,
        prefix.len() + LONGEST_COUNTED
    );
    let after = format!("{}.", prefix.trim_end_matches('-'));
    let first = sql::all::<Number>(tx, &sql, vec![prefix.into(), after.into()])
        .await?
        .first()
        .map_or(1, |row| row.number);
    Ok((first..).take(count).map(|n| kind.written(n)).collect())
}

/// Numbers of more digits were given by hand and are not counted on from.
const LONGEST_COUNTED: usize = 9;

async fn next_free_of_sequence(
    tx: &Tx,
    kind: GivenNumbers,
    count: usize,
) -> Result<Vec<String>, DbErr> {
    let mut free: Vec<String> = Vec::with_capacity(count);
    while free.len() < count {
        let wanted = count - free.len();
        let sql = format!(
            "SELECT nextval('{}') AS number FROM generate_series(1, {wanted})",
            kind.sequence()
        );
        let next: Vec<String> = sql::all::<Number>(tx, &sql, vec![])
            .await?
            .into_iter()
            .map(|row| kind.written(row.number))
            .collect();
        // Given by hand before the sequence came by.
        let sql = format!(
            "SELECT number FROM {} WHERE number IN ({})",
            kind.table(),
            sql::placeholders(1, next.len())
        );
        let values = next.iter().map(|number| number.as_str().into()).collect();
        let taken = sql::all::<Taken>(tx, &sql, values).await?;
        let is_taken = |number: &String| taken.iter().any(|taken| taken.number == *number);
        free.extend(next.into_iter().filter(|number| !is_taken(number)));
    }
    free.sort();
    Ok(free)
}
