//! What receivable accounts owe and hold now. One statement, so that the figures belong together.

use super::sql::{self, unreadable};
use crate::domain::credit::CreditClass;
use crate::domain::ids::{CustomerId, ReceivableAccountId};
use crate::domain::money::{Currency, Money, sum_minor};
use crate::dto::balances::{AccountBalance, ClassCredit};
use crate::dto::error::AppError;
use crate::server::context::{Actor, Ctx};
use chrono::NaiveDate;
use sea_orm::{FromQueryResult, Value};
use uuid::Uuid;

/// What one account owes and holds. Another customer's account is not found.
pub async fn of_account(
    ctx: &Ctx,
    account: ReceivableAccountId,
) -> Result<AccountBalance, AppError> {
    one(ctx, "a.id = $2", account.0.into()).await
}

/// As [`of_account`], by the account's number.
pub async fn of_account_number(ctx: &Ctx, number: &str) -> Result<AccountBalance, AppError> {
    one(ctx, "a.number = $2", number.trim().into()).await
}

/// What all accounts of a customer owe and hold, oldest account first.
pub async fn of_customer(ctx: &Ctx, customer: CustomerId) -> Result<Vec<AccountBalance>, AppError> {
    ctx.actor.require_sight_of(customer)?;
    let rows = rows(ctx, "a.customer_id = $2", customer.0.into()).await?;
    balances(&rows, ctx.today())
}

async fn one(ctx: &Ctx, which: &str, value: Value) -> Result<AccountBalance, AppError> {
    if ctx.actor == Actor::Nobody {
        return Err(AppError::NotLoggedIn);
    }
    let rows = rows(ctx, which, value).await?;
    let first = rows.first().ok_or(AppError::NotFound)?;
    ctx.actor.require_sight_of(CustomerId(first.customer_id))?;
    balances(&rows, ctx.today())?
        .pop()
        .ok_or(AppError::NotFound)
}

/// One account with one class of its credit; a single row without class where it holds none.
#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    number: String,
    customer_id: Uuid,
    currency: String,
    due_minor: i64,
    overdue_minor: i64,
    version: i64,
    class: Option<String>,
    credit_minor: i64,
    available_minor: i64,
    held_minor: i64,
}

async fn rows(ctx: &Ctx, which: &str, value: Value) -> Result<Vec<Row>, AppError> {
    // A grant stops counting after its last usable day, also when the job that posts the lapse is late.
    let statement = format!(
        "SELECT a.id, a.number, a.customer_id, a.currency, a.due_minor, a.version, g.class,
            (SELECT CAST(COALESCE(SUM(i.open_minor), 0) AS bigint) FROM invoices i
                WHERE i.account_id = a.id AND i.open_minor > 0 AND i.due_on < $1) AS overdue_minor,
            CAST(COALESCE(SUM(g.remaining_minor), 0) AS bigint) AS credit_minor,
            CAST(COALESCE(SUM(CASE WHEN g.on_hold OR g.effective_on > $1 THEN 0
                ELSE g.remaining_minor END), 0) AS bigint) AS available_minor,
            CAST(COALESCE(SUM(CASE WHEN g.on_hold THEN g.remaining_minor ELSE 0 END), 0) AS bigint) AS held_minor
        FROM receivable_accounts a
        LEFT JOIN credit_grants g ON g.account_id = a.id AND g.remaining_minor > 0
            AND (g.expires_on IS NULL OR g.expires_on >= $1)
        WHERE {which}
        GROUP BY a.id, a.number, a.customer_id, a.currency, a.due_minor, a.version, a.created_at, g.class
        ORDER BY a.created_at, a.id"
    );
    Ok(sql::all(ctx, &statement, vec![ctx.today().into(), value]).await?)
}

fn balances(rows: &[Row], as_of: NaiveDate) -> Result<Vec<AccountBalance>, AppError> {
    rows.chunk_by(|a, b| a.id == b.id)
        .map(|classes| balance(classes, as_of))
        .collect()
}

/// The balance of the account all of `classes` belong to.
fn balance(classes: &[Row], as_of: NaiveDate) -> Result<AccountBalance, AppError> {
    let account = &classes[0];
    let currency: Currency = account
        .currency
        .parse()
        .map_err(|_| unreadable("receivable_accounts.currency", &account.currency))?;
    let money = |minor| Money::new(minor, currency);
    let credit_by_class = by_class(classes, currency)?;
    let credit = money(sum_minor(classes.iter().map(|row| row.credit_minor))?);
    let due = money(account.due_minor);
    Ok(AccountBalance {
        account: ReceivableAccountId(account.id),
        number: account.number.clone(),
        due,
        overdue: money(account.overdue_minor),
        credit,
        credit_by_class,
        available: money(sum_minor(classes.iter().map(|row| row.available_minor))?),
        on_hold: money(sum_minor(classes.iter().map(|row| row.held_minor))?),
        net: due.minus(credit)?,
        as_of,
        version: account.version,
    })
}

fn by_class(rows: &[Row], currency: Currency) -> Result<Vec<ClassCredit>, AppError> {
    let mut classes = Vec::new();
    for row in rows {
        let Some(code) = &row.class else { continue };
        let class =
            CreditClass::from_code(code).ok_or_else(|| unreadable("credit_grants.class", code))?;
        classes.push(ClassCredit {
            class,
            amount: Money::new(row.credit_minor, currency),
        });
    }
    classes.sort_by_key(|credit| credit.class.rank());
    Ok(classes)
}
