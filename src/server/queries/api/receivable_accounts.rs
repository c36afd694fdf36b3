//! Receivable accounts with what they owe and hold: now, or as of the end of a past day.

use super::{Cut, Listed, Narrowing, id, one};
use crate::domain::credit::{CreditClass, OrderOfUse};
use crate::domain::ids::CustomerId;
use crate::domain::money::{Currency, Money, sum_minor};
use crate::domain::payment::SurplusChoice;
use crate::dto::accounts::AutoApply;
use crate::dto::balances::AccountBalance;
use crate::dto::error::{AppError, Refusal};
use crate::dto::form::read_date;
use crate::server::context::Ctx;
use crate::server::queries::sql::{self, unreadable};
use crate::server::queries::{balances, limit_to_sight};
use chrono::NaiveDate;
use sea_orm::FromQueryResult;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Where a customer owes and holds credit, in one currency.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReceivableAccount {
    pub id: Uuid,
    pub number: String,
    /// Customer number.
    pub customer: String,
    pub name: String,
    #[schema(value_type = String, example = "EUR")]
    pub currency: Currency,
    /// The day of its first document.
    pub opened_on: Option<NaiveDate>,
    /// Sum of the open items.
    pub amount_due: Money,
    /// The part of it whose due date is before `as_of`.
    pub overdue: Money,
    /// Credit that has not lapsed, whatever its state, by class. Classes that hold nothing are left out.
    #[schema(value_type = BTreeMap<String, Money>)]
    pub credit_by_class: BTreeMap<&'static str, Money>,
    /// All of it.
    pub credit: Money,
    /// The part of it that can be used: effective, not lapsed, not on hold.
    pub available_credit: Money,
    /// The part of it that is kept out of use.
    pub on_hold: Money,
    /// Amount due less credit: positive is owed by the customer.
    pub net: Money,
    pub as_of: NaiveDate,
    /// What finalising an invoice uses at once of the account's credit.
    pub auto_apply: AutoApply,
    /// What becomes of a payment's surplus where the payment does not say.
    pub surplus_choice: SurplusChoice,
    pub order_of_use: OrderOfUse,
    /// Runs and automatic use leave the account alone.
    pub account_on_hold: bool,
    /// Moves on with every change.
    pub version: i64,
}

/// Which receivable accounts a list shows.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct ReceivableAccountList {
    #[param(required = false, example = "50")]
    pub limit: String,
    /// `next` of the part before.
    #[param(required = false)]
    pub cursor: String,
    #[param(required = false)]
    pub number: String,
    /// Customer number.
    #[param(required = false)]
    pub customer: String,
    #[param(required = false)]
    pub currency: String,
    /// `true` or `false`.
    #[param(required = false)]
    pub account_on_hold: String,
}

/// As of which day an account is asked for.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct AccountAsOf {
    /// The end of this day, by accounting day; without it, now.
    #[param(required = false, example = "2026-01-31")]
    pub as_of: String,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    number: String,
    customer_id: Uuid,
    customer: String,
    name: String,
    currency: String,
    opened_on: Option<NaiveDate>,
    auto_apply: String,
    surplus_choice: String,
    order_of_use: String,
    on_hold: bool,
}

const SELECT: &str =
    "SELECT r.id, r.number, r.customer_id, c.number AS customer, r.name, r.currency, r.opened_on,
        r.auto_apply, r.surplus_choice, r.order_of_use, r.on_hold
    FROM receivable_accounts r
    JOIN customers c ON c.id = r.customer_id";

/// The receivable accounts the actor may see, with what they owe and hold now.
pub async fn list(
    ctx: &Ctx,
    wanted: ReceivableAccountList,
) -> Result<Listed<ReceivableAccount>, AppError> {
    let cut = narrowed(ctx, &wanted)?;
    let (rows, next) = cut.rows::<Row>(ctx, SELECT, |row| row.id).await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let balances = balances::of_accounts(ctx, &ids).await?;
    let mut balances: HashMap<Uuid, AccountBalance> = balances
        .into_iter()
        .map(|balance| (balance.account.0, balance))
        .collect();
    // An account closed between the two reads would be missing; accounts are never deleted.
    let items = rows
        .into_iter()
        .filter_map(|row| balances.remove(&row.id).map(|balance| (row, balance)))
        .map(|(row, balance)| account(row, balance))
        .collect::<Result<_, _>>()?;
    Ok(Listed { items, next })
}

fn narrowed(ctx: &Ctx, wanted: &ReceivableAccountList) -> Result<Cut, AppError> {
    let mut narrowing = Narrowing::default();
    limit_to_sight(ctx, &mut narrowing.conditions, "r.customer_id")?;
    narrowing.text("r.number", &wanted.number);
    narrowing.text("c.number", &wanted.customer);
    narrowing.currency("currency", "r.currency", &wanted.currency);
    narrowing.flag("account_on_hold", "r.on_hold", &wanted.account_on_hold);
    narrowing.cut("r.id", &wanted.limit, &wanted.cursor)
}

/// One account by number, else by id.
pub async fn find(
    ctx: &Ctx,
    key: &str,
    wanted: &AccountAsOf,
) -> Result<ReceivableAccount, AppError> {
    let row: Row = match one(ctx, SELECT, "r.number", key.trim()).await {
        Err(AppError::NotFound) => one(ctx, SELECT, "r.id", id(key)?).await?,
        found => found?,
    };
    ctx.actor.require_sight_of(CustomerId(row.customer_id))?;
    let mut balances = balances::of_accounts(ctx, &[row.id]).await?;
    let now = balances.pop().ok_or(AppError::NotFound)?;
    let balance = match wanted.as_of.trim() {
        "" => now,
        text => {
            let as_of = read_date(text).ok_or_else(|| Refusal::NotADate.at("as_of"))?;
            balance_as_of(ctx, now, as_of).await?
        }
    };
    account(row, balance)
}

fn account(row: Row, balance: AccountBalance) -> Result<ReceivableAccount, AppError> {
    let currency: Currency = row
        .currency
        .parse()
        .map_err(|_| unreadable("receivable_accounts.currency", &row.currency))?;
    let credit_by_class = balance
        .credit_by_class
        .iter()
        .map(|credit| (credit.class.code(), credit.amount))
        .collect();
    Ok(ReceivableAccount {
        id: row.id,
        number: row.number,
        customer: row.customer,
        name: row.name,
        currency,
        opened_on: row.opened_on,
        amount_due: balance.due,
        overdue: balance.overdue,
        credit_by_class,
        credit: balance.credit,
        available_credit: balance.available,
        on_hold: balance.on_hold,
        net: balance.net,
        as_of: balance.as_of,
        auto_apply: AutoApply::from_code(&row.auto_apply)
            .ok_or_else(|| unreadable("receivable_accounts.auto_apply", &row.auto_apply))?,
        surplus_choice: SurplusChoice::from_code(&row.surplus_choice)
            .ok_or_else(|| unreadable("receivable_accounts.surplus_choice", &row.surplus_choice))?,
        order_of_use: OrderOfUse::from_code(&row.order_of_use)
            .ok_or_else(|| unreadable("receivable_accounts.order_of_use", &row.order_of_use))?,
        account_on_hold: row.on_hold,
        version: balance.version,
    })
}

#[derive(FromQueryResult)]
struct DueRow {
    due_minor: i64,
    overdue_minor: i64,
}

#[derive(FromQueryResult)]
struct ClassRow {
    class: String,
    credit_minor: i64,
    available_minor: i64,
    held_minor: i64,
}

/// What stood as of the end of a day of what was posted by it, as reports count: an application undone later still
/// stood. Whether a grant is on hold is only known as of now.
const STOOD: &str =
    "s.posting_on <= $2 AND (s.unapplied_posting_on IS NULL OR s.unapplied_posting_on > $2)";

async fn balance_as_of(
    ctx: &Ctx,
    now: AccountBalance,
    as_of: NaiveDate,
) -> Result<AccountBalance, AppError> {
    let due = format!(
        "SELECT CAST(COALESCE(SUM(o.open), 0) AS bigint) AS due_minor,
            CAST(COALESCE(SUM(CASE WHEN o.due_on < $2 THEN o.open ELSE 0 END), 0) AS bigint) AS overdue_minor
        FROM (SELECT i.due_on, i.total_minor - (SELECT CAST(COALESCE(SUM(s.amount_minor), 0) AS bigint)
                FROM applications s WHERE s.invoice_id = i.id AND {STOOD}) AS open
            FROM invoices i
            WHERE i.account_id = $1 AND i.posting_on <= $2 AND i.total_minor > 0
                AND (i.void_posting_on IS NULL OR i.void_posting_on > $2)) o"
    );
    let credit = format!(
        "SELECT l.class, CAST(SUM(l.remaining) AS bigint) AS credit_minor,
            CAST(SUM(CASE WHEN l.on_hold OR l.effective_on > $2 THEN 0 ELSE l.remaining END) AS bigint)
                AS available_minor,
            CAST(SUM(CASE WHEN l.on_hold THEN l.remaining ELSE 0 END) AS bigint) AS held_minor
        FROM (SELECT g.class, g.on_hold, g.effective_on,
                (SELECT CAST(COALESCE(SUM(m.signed_minor), 0) AS bigint)
                    FROM grant_movements m WHERE m.grant_id = g.id AND m.posting_on <= $2)
                - (SELECT CAST(COALESCE(SUM(s.amount_minor), 0) AS bigint)
                    FROM applications s WHERE s.grant_id = g.id AND {STOOD}) AS remaining
            FROM credit_grants g
            WHERE g.account_id = $1 AND (g.expires_on IS NULL OR g.expires_on >= $2)) l
        WHERE l.remaining <> 0 GROUP BY l.class"
    );
    let values = || vec![now.account.0.into(), as_of.into()];
    let due = sql::one::<DueRow>(ctx, &due, values())
        .await?
        .ok_or(AppError::NotFound)?;
    let classes = sql::all::<ClassRow>(ctx, &credit, values()).await?;
    let money = |minor| Money::new(minor, now.due.currency);
    let total = |part: fn(&ClassRow) -> i64| sum_minor(classes.iter().map(part)).map(money);
    let credit = total(|row| row.credit_minor)?;
    let due_then = money(due.due_minor);
    Ok(AccountBalance {
        due: due_then,
        overdue: money(due.overdue_minor),
        credit,
        credit_by_class: by_class(&classes, now.due.currency)?,
        available: total(|row| row.available_minor)?,
        on_hold: total(|row| row.held_minor)?,
        net: due_then.minus(credit)?,
        as_of,
        ..now
    })
}

fn by_class(
    rows: &[ClassRow],
    currency: Currency,
) -> Result<Vec<crate::dto::balances::ClassCredit>, AppError> {
    let classes = rows.iter().map(|row| {
        let class = CreditClass::from_code(&row.class)
            .ok_or_else(|| unreadable("credit_grants.class", &row.class))?;
        Ok(crate::dto::balances::ClassCredit {
            class,
            amount: Money::new(row.credit_minor, currency),
        })
    });
    classes.collect()
}
