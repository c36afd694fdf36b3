//! What receivable accounts owe and hold now. One statement, so that the figures belong together.

use super::sql::{self, Conditions, unreadable};
use crate::domain::credit::{CreditClass, OrderOfUse};
use crate::domain::ids::{CustomerId, ReceivableAccountId};
use crate::domain::money::{Currency, Money, sum_minor};
use crate::domain::payment::SurplusChoice;
use crate::dto::accounts::{AccountOverview, AutoApply, ReadSettings};
use crate::dto::balances::{AccountBalance, ClassCredit};
use crate::dto::error::AppError;
use crate::server::context::{Actor, Ctx};
use chrono::NaiveDate;
use sea_orm::{DbErr, FromQueryResult};
use std::collections::HashMap;
use uuid::Uuid;

/// What one account owes and holds. Another customer's account is not found.
pub async fn of_account(
    ctx: &Ctx,
    account: ReceivableAccountId,
) -> Result<AccountBalance, AppError> {
    let mut which = Conditions::default();
    which.equal("a.id", account.0);
    one(ctx, which).await
}

/// As [`of_account`], by the account's number.
pub async fn of_account_number(ctx: &Ctx, number: &str) -> Result<AccountBalance, AppError> {
    let mut which = Conditions::default();
    which.equal("a.number", number.trim());
    one(ctx, which).await
}

/// What all accounts of a customer owe and hold, oldest account first.
pub async fn of_customer(ctx: &Ctx, customer: CustomerId) -> Result<Vec<AccountBalance>, AppError> {
    ctx.actor.require_sight_of(customer)?;
    let accounts = of_customers(ctx, &[customer.0]).await?.remove(&customer.0);
    let accounts = accounts.unwrap_or_default().into_iter();
    Ok(accounts.map(|account| account.balance).collect())
}

/// The accounts of several customers, each one's oldest first. Who asks is checked by the caller.
pub(super) async fn of_customers(
    ctx: &Ctx,
    customers: &[Uuid],
) -> Result<HashMap<Uuid, Vec<AccountOverview>>, DbErr> {
    if customers.is_empty() {
        return Ok(HashMap::new());
    }
    let mut which = Conditions::default();
    let ids: Vec<String> = customers.iter().map(|id| which.bind(*id)).collect();
    which.and(format!("a.customer_id IN ({})", ids.join(", ")));
    let mut accounts: HashMap<Uuid, Vec<AccountOverview>> = HashMap::new();
    for classes in rows(ctx, which).await?.chunk_by(same_account) {
        let theirs = accounts.entry(classes[0].customer_id).or_default();
        theirs.push(overview(classes, ctx.today())?);
    }
    Ok(accounts)
}

/// What several accounts owe and hold. Who asks is checked by the caller, which knows the accounts.
pub(super) async fn of_accounts(
    ctx: &Ctx,
    accounts: &[Uuid],
) -> Result<Vec<AccountBalance>, DbErr> {
    if accounts.is_empty() {
        return Ok(Vec::new());
    }
    let mut which = Conditions::default();
    let ids: Vec<String> = accounts.iter().map(|id| which.bind(*id)).collect();
    which.and(format!("a.id IN ({})", ids.join(", ")));
    let rows = rows(ctx, which).await?;
    rows.chunk_by(same_account)
        .map(|classes| Ok(overview(classes, ctx.today())?.balance))
        .collect()
}

async fn one(ctx: &Ctx, which: Conditions) -> Result<AccountBalance, AppError> {
    if ctx.actor == Actor::Nobody {
        return Err(AppError::NotLoggedIn);
    }
    let rows = rows(ctx, which).await?;
    let first = rows.first().ok_or(AppError::NotFound)?;
    ctx.actor.require_sight_of(CustomerId(first.customer_id))?;
    Ok(overview(&rows, ctx.today())?.balance)
}

async fn rows(ctx: &Ctx, mut which: Conditions) -> Result<Vec<AccountClass>, DbErr> {
    let today = which.bind(ctx.today());
    let statement = format!(
        "SELECT {} FROM receivable_accounts a {} WHERE {} {GROUPED}",
        columns(&today),
        joined(&today),
        which.sql()
    );
    sql::all(ctx, &statement, which.values()).await
}

/// Of `receivable_accounts a`: the account, its settings, and its balance with one class of its credit.
pub(super) fn columns(today: &str) -> String {
    format!(
        "a.id AS account_id, a.number AS account_number, a.customer_id, a.currency, a.name AS account_name,
        a.opened_on, a.auto_apply, a.surplus_choice, a.order_of_use, a.on_hold AS account_on_hold,
        a.due_minor, a.version AS account_version, g.class,
        (SELECT CAST(COALESCE(SUM(i.open_minor), 0) AS bigint) FROM invoices i
            WHERE i.account_id = a.id AND i.open_minor > 0 AND i.due_on < {today}) AS overdue_minor,
        CAST(COALESCE(SUM(g.remaining_minor), 0) AS bigint) AS credit_minor,
        CAST(COALESCE(SUM(CASE WHEN g.on_hold OR g.effective_on > {today} THEN 0
            ELSE g.remaining_minor - g.reserved_minor END), 0) AS bigint) AS available_minor,
        CAST(COALESCE(SUM(CASE WHEN g.on_hold THEN g.remaining_minor
            ELSE g.reserved_minor END), 0) AS bigint) AS held_minor"
    )
}

/// The credit of `receivable_accounts a` as it stands on `today`: a grant stops counting after its last usable day,
/// also when the job that posts the lapse is late.
pub(super) fn joined(today: &str) -> String {
    format!(
        "LEFT JOIN credit_grants g ON g.account_id = a.id AND g.remaining_minor > 0
            AND (g.expires_on IS NULL OR g.expires_on >= {today})"
    )
}

/// What `receivable_accounts a` holds as credit on `today`, as SQL: without what has lapsed, posted or not.
pub(super) fn standing_credit(today: &str) -> String {
    format!(
        "(SELECT CAST(COALESCE(SUM(sg.remaining_minor), 0) AS bigint) FROM credit_grants sg
            WHERE sg.account_id = a.id AND sg.remaining_minor > 0
                AND (sg.expires_on IS NULL OR sg.expires_on >= {today}))"
    )
}

/// One row per account and class, oldest account first.
const GROUPED: &str = "GROUP BY a.id, g.class ORDER BY a.created_at, a.id";

/// One account with one class of its credit; a single row without class where it holds none.
#[derive(FromQueryResult)]
pub(super) struct AccountClass {
    pub account_id: Uuid,
    pub account_number: String,
    pub customer_id: Uuid,
    currency: String,
    account_name: String,
    opened_on: Option<NaiveDate>,
    auto_apply: String,
    surplus_choice: String,
    order_of_use: String,
    account_on_hold: bool,
    due_minor: i64,
    account_version: i64,
    class: Option<String>,
    overdue_minor: i64,
    credit_minor: i64,
    available_minor: i64,
    held_minor: i64,
}

/// Whether two rows that stand side by side belong to the same account.
pub(super) fn same_account(a: &AccountClass, b: &AccountClass) -> bool {
    a.account_id == b.account_id
}

/// The account that all of `classes` belong to.
pub(super) fn overview(
    classes: &[AccountClass],
    as_of: NaiveDate,
) -> Result<AccountOverview, DbErr> {
    let account = &classes[0];
    let currency: Currency = account
        .currency
        .parse()
        .map_err(|_| unreadable("receivable_accounts.currency", &account.currency))?;
    Ok(AccountOverview {
        balance: balance(classes, currency, as_of)?,
        settings: settings(account)?,
        opened_on: account.opened_on,
    })
}

fn balance(
    classes: &[AccountClass],
    currency: Currency,
    as_of: NaiveDate,
) -> Result<AccountBalance, DbErr> {
    let account = &classes[0];
    let money = |minor| Money::new(minor, currency);
    let sum = |of: fn(&AccountClass) -> i64| {
        let sum = sum_minor(classes.iter().map(of));
        sum.map(money).map_err(|_| overflown())
    };
    let due = money(account.due_minor);
    let credit = sum(|class| class.credit_minor)?;
    Ok(AccountBalance {
        account: ReceivableAccountId(account.account_id),
        number: account.account_number.clone(),
        due,
        overdue: money(account.overdue_minor),
        credit,
        credit_by_class: by_class(classes, currency)?,
        available: sum(|class| class.available_minor)?,
        on_hold: sum(|class| class.held_minor)?,
        net: due.minus(credit).map_err(|_| overflown())?,
        as_of,
        version: account.account_version,
    })
}

fn overflown() -> DbErr {
    DbErr::Type("the balances of an account do not fit into an amount".to_owned())
}

fn by_class(rows: &[AccountClass], currency: Currency) -> Result<Vec<ClassCredit>, DbErr> {
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

fn settings(account: &AccountClass) -> Result<ReadSettings, DbErr> {
    Ok(ReadSettings {
        name: account.account_name.clone(),
        auto_apply: AutoApply::from_code(&account.auto_apply)
            .ok_or_else(|| unreadable("auto_apply", &account.auto_apply))?,
        surplus_choice: SurplusChoice::from_code(&account.surplus_choice)
            .ok_or_else(|| unreadable("surplus_choice", &account.surplus_choice))?,
        order_of_use: OrderOfUse::from_code(&account.order_of_use)
            .ok_or_else(|| unreadable("order_of_use", &account.order_of_use))?,
        on_hold: account.account_on_hold,
    })
}
