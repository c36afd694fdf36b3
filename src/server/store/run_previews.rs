//! What the page of a previewed run shows, read with three statements whatever its size. Nothing is locked: a commit
//! looks again.

use super::accounts::{self, LockedAccount};
use super::credit_runs::RunAccount;
use super::entity::receivable_accounts;
use super::grants::StoredGrant;
use super::invoices::AccountItem;
use super::ledger_accounts::Chart;
use super::{Tx, sql};
use crate::domain::allocation::{OpenItem, StruckPairs};
use crate::domain::credit::{CreditClass, OrderOfUse, UsableGrant};
use crate::domain::ids::{CreditGrantId, CreditRunId, InvoiceId, ReceivableAccountId};
use crate::domain::ledger::LedgerRole;
use crate::domain::money::{Currency, Money};
use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, DatabaseBackend, DbErr, FromQueryResult, QueryResult, Value};
use std::collections::HashMap;
use uuid::Uuid;

/// An account as the preview saw it, and as it is now.
pub struct SeenAccount {
    pub row: RunAccount,
    pub account: LockedAccount,
    pub customer: String,
    pub customer_name: String,
    pub due_minor: i64,
    /// What it holds as credit today, without what has lapsed.
    pub credit_minor: i64,
    pub effective_on: NaiveDate,
    /// The run's order of use; `None`: the account's own.
    pub order_of_use: Option<OrderOfUse>,
}

struct SeenRow {
    account: receivable_accounts::Model,
    rest: SeenRest,
}

#[derive(FromQueryResult)]
struct SeenRest {
    seen_version: i64,
    pairs: i32,
    total_minor: i64,
    customer: String,
    customer_name: String,
    run_effective_on: NaiveDate,
    run_order_of_use: Option<String>,
    standing_credit_minor: i64,
}

impl FromQueryResult for SeenRow {
    fn from_query_result(row: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        Ok(Self {
            account: receivable_accounts::Model::from_query_result(row, prefix)?,
            rest: SeenRest::from_query_result(row, prefix)?,
        })
    }
}

/// Accounts of a preview in the order of their numbers, as they stand `today`.
pub async fn seen_accounts(
    tx: &Tx,
    run: CreditRunId,
    today: NaiveDate,
    offset: u64,
    limit: u32,
) -> Result<Vec<SeenAccount>, DbErr> {
    let sql = format!(
        "SELECT a.*, x.account_version AS seen_version, x.pairs, x.total_minor, c.number AS customer,
            c.name AS customer_name, r.effective_on AS run_effective_on, r.order_of_use AS run_order_of_use,
            (SELECT CAST(COALESCE(SUM(g.remaining_minor), 0) AS bigint) FROM credit_grants g
                WHERE g.account_id = a.id AND g.remaining_minor > 0
                    AND (g.expires_on IS NULL OR g.expires_on >= $2)) AS standing_credit_minor
        FROM credit_run_accounts x
            JOIN credit_runs r ON r.id = x.run_id
            JOIN receivable_accounts a ON a.id = x.account_id
            JOIN customers c ON c.id = a.customer_id
        WHERE x.run_id = $1 ORDER BY a.number LIMIT {limit} OFFSET {offset}"
    );
    let rows = sql::all::<SeenRow>(tx, &sql, vec![run.0.into(), today.into()]).await?;
    rows.into_iter().map(seen).collect()
}

fn seen(row: SeenRow) -> Result<SeenAccount, DbErr> {
    let SeenRow { account, rest } = row;
    let order_of_use = match rest.run_order_of_use.as_deref() {
        None => None,
        Some(code) => Some(
            OrderOfUse::from_code(code)
                .ok_or_else(|| DbErr::Type("unknown order of use".to_owned()))?,
        ),
    };
    Ok(SeenAccount {
        row: RunAccount {
            account: ReceivableAccountId(account.id),
            version: rest.seen_version,
            pairs: rest.pairs,
            total_minor: rest.total_minor,
            outcome: None,
        },
        due_minor: account.due_minor,
        credit_minor: rest.standing_credit_minor,
        account: accounts::locked(account)?,
        customer: rest.customer,
        customer_name: rest.customer_name,
        effective_on: rest.run_effective_on,
        order_of_use,
    })
}

/// What a run could use and pay on some accounts, and which of it is struck out.
#[derive(Default)]
pub struct Funds {
    pub grants: Vec<StoredGrant>,
    pub items: Vec<AccountItem>,
    pub struck: StruckPairs,
}

#[derive(FromQueryResult)]
struct FundsRow {
    id: Uuid,
    account_id: Uuid,
    currency: String,
    /// Of grants only; those rows come once per pair struck out.
    class: Option<String>,
    grant_number: Option<i64>,
    priority: Option<i32>,
    struck_invoice: Option<Uuid>,
    /// Of invoices only.
    invoice_number: Option<String>,
    /// From when a grant is effective; when an invoice was issued.
    first_on: NaiveDate,
    /// When a grant lapses; when an invoice is due.
    last_on: Option<NaiveDate>,
    left_minor: i64,
    /// Of a grant: what requests have set aside.
    reserved_minor: i64,
    /// A grant on hold, a disputed invoice.
    kept_out: bool,
}

/// Grants with a remainder and open invoices posted by `posted_by`, of these accounts.
pub async fn funds(
    tx: &Tx,
    run: CreditRunId,
    accounts: &[ReceivableAccountId],
    posted_by: NaiveDate,
) -> Result<Funds, DbErr> {
    if accounts.is_empty() {
        return Ok(Funds::default());
    }
    let ids = sql::placeholders(3, accounts.len());
    let no_id = match tx.connection.get_database_backend() {
        DatabaseBackend::Postgres => "CAST(NULL AS uuid)",
        _ => "NULL",
    };
    let sql = format!(
        "SELECT g.id, g.account_id, g.currency, g.class, g.number AS grant_number, g.priority,
            s.invoice_id AS struck_invoice, CAST(NULL AS text) AS invoice_number, g.effective_on AS first_on,
            g.expires_on AS last_on, g.remaining_minor AS left_minor,
            g.reserved_minor, g.on_hold AS kept_out
        FROM credit_grants g LEFT JOIN credit_run_struck s ON s.run_id = $1 AND s.grant_id = g.id
        WHERE g.account_id IN ({ids}) AND g.remaining_minor > 0
        UNION ALL
        SELECT i.id, i.account_id, i.currency, CAST(NULL AS text), CAST(NULL AS bigint), CAST(NULL AS integer),
            {no_id}, i.number, i.issued_on, i.due_on, i.open_minor,
            CAST(0 AS bigint), i.disputed
        FROM invoices i
        WHERE i.account_id IN ({ids}) AND i.open_minor > 0 AND i.posting_on <= $2 AND i.issued_on <= $2"
    );
    let mut values: Vec<Value> = vec![run.0.into(), posted_by.into()];
    values.extend(accounts.iter().map(|account| Value::from(account.0)));
    let mut funds = Funds::default();
    for row in sql::all::<FundsRow>(tx, &sql, values).await? {
        funds.take(row)?;
    }
    Ok(funds)
}

impl Funds {
    fn take(&mut self, row: FundsRow) -> Result<(), DbErr> {
        let account = ReceivableAccountId(row.account_id);
        if let Some(number) = row.invoice_number {
            let item = OpenItem {
                invoice: InvoiceId(row.id),
                number,
                issued_on: row.first_on,
                due_on: row.last_on.ok_or_else(|| unreadable("due_on"))?,
                open_minor: row.left_minor,
                disputed: row.kept_out,
            };
            self.items.push(AccountItem { account, item });
            return Ok(());
        }
        let id = CreditGrantId(row.id);
        if let Some(invoice) = row.struck_invoice {
            self.struck.insert((id, InvoiceId(invoice)));
        }
        // Its other rows differ in the pair struck out only, and stand beside it.
        if self.grants.iter().any(|grant| grant.id == id) {
            return Ok(());
        }
        let class = row.class.as_deref().and_then(CreditClass::from_code);
        let class = class.ok_or_else(|| unreadable("class"))?;
        self.grants.push(StoredGrant {
            id,
            account,
            class,
            currency: currency(&row.currency)?,
            remaining_minor: row.left_minor,
            reserved_minor: row.reserved_minor,
            on_hold: row.kept_out,
            usable: UsableGrant {
                id,
                class,
                usable_minor: match row.kept_out {
                    true => 0,
                    false => row.left_minor - row.reserved_minor,
                },
                effective_on: row.first_on,
                expires_on: row.last_on,
                priority: row.priority.ok_or_else(|| unreadable("priority"))?,
                recorded_order: row.grant_number.ok_or_else(|| unreadable("number"))?,
            },
        });
        Ok(())
    }
}

/// What a preview saw on all its accounts, and how the chart names what it would post to.
pub struct Frame {
    pub accounts: u64,
    pub pairs: i64,
    /// One per currency.
    pub totals: Vec<Money>,
    pub chart: Chart,
}

#[derive(FromQueryResult)]
struct FrameRow {
    /// A role of the chart, or a currency.
    name: String,
    code: Option<String>,
    title: Option<String>,
    accounts: i64,
    pairs: i64,
    total_minor: i64,
}

pub async fn frame(tx: &Tx, run: CreditRunId) -> Result<Frame, DbErr> {
    let sql = "SELECT a.currency AS name, CAST(NULL AS text) AS code, CAST(NULL AS text) AS title,
            COUNT(*) AS accounts, CAST(SUM(r.pairs) AS bigint) AS pairs,
            CAST(SUM(r.total_minor) AS bigint) AS total_minor
        FROM credit_run_accounts r JOIN receivable_accounts a ON a.id = r.account_id
        WHERE r.run_id = $1 GROUP BY a.currency
        UNION ALL
        SELECT role, code, name, 0, 0, 0 FROM ledger_accounts
        ORDER BY total_minor DESC";
    let mut frame = Frame {
        accounts: 0,
        pairs: 0,
        totals: Vec::new(),
        chart: HashMap::new(),
    };
    for row in sql::all::<FrameRow>(tx, sql, vec![run.0.into()]).await? {
        let Some(code) = row.code else {
            frame.accounts += row.accounts.unsigned_abs();
            frame.pairs += row.pairs;
            let total = Money::new(row.total_minor, currency(&row.name)?);
            frame.totals.push(total);
            continue;
        };
        if let Some(role) = LedgerRole::from_code(&row.name) {
            frame
                .chart
                .insert(role, (code, row.title.unwrap_or_default()));
        }
    }
    Ok(frame)
}

fn currency(code: &str) -> Result<Currency, DbErr> {
    code.parse().map_err(|_| unreadable("currency"))
}

fn unreadable(column: &str) -> DbErr {
    DbErr::Type(format!("{column} holds an unknown value"))
}
