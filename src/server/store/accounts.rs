//! Receivable accounts: locking them, and keeping their cached balances.

use super::Tx;
use super::entity::receivable_accounts::{ActiveModel, Column, Entity, Model};
use super::numbers::{self, GivenNumbers};
use super::sql;
use crate::domain::credit::OrderOfUse;
use crate::domain::ids::{CustomerId, ReceivableAccountId};
use crate::domain::money::Currency;
use crate::domain::payment::SurplusChoice;
use crate::domain::posting::Books;
use crate::dto::accounts::{AutoApply, ReadSettings};
use crate::server::context::{Ctx, Event};
use chrono::NaiveDate;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Value,
};

/// A receivable account whose row this transaction holds, where it writes.
#[derive(Clone, Debug)]
pub struct LockedAccount {
    pub id: ReceivableAccountId,
    pub number: String,
    pub name: String,
    pub customer: CustomerId,
    pub currency: Currency,
    pub opened_on: Option<NaiveDate>,
    pub auto_apply: AutoApply,
    pub surplus_choice: SurplusChoice,
    pub order_of_use: OrderOfUse,
    pub on_hold: bool,
    pub version: i64,
}

impl LockedAccount {
    pub fn books(&self) -> Books {
        Books {
            account: self.id,
            currency: self.currency,
        }
    }

    pub fn settings(&self) -> ReadSettings {
        ReadSettings {
            name: self.name.clone(),
            auto_apply: self.auto_apply,
            surplus_choice: self.surplus_choice,
            order_of_use: self.order_of_use,
            on_hold: self.on_hold,
        }
    }

    pub fn event(&self) -> Event {
        Event {
            account: self.id,
            customer: self.customer,
        }
    }
}

/// Locks the account with this number until the transaction ends.
pub async fn lock_by_number(tx: &Tx, number: &str) -> Result<Option<LockedAccount>, DbErr> {
    let row = Entity::find()
        .filter(Column::Number.eq(number.trim()))
        .lock_exclusive()
        .one(&tx.connection)
        .await?;
    row.map(locked).transpose()
}

/// The account with this number, not locked.
pub async fn find_id(tx: &Tx, number: &str) -> Result<Option<ReceivableAccountId>, DbErr> {
    let row = Entity::find()
        .filter(Column::Number.eq(number.trim()))
        .one(&tx.connection)
        .await?;
    Ok(row.map(|row| ReceivableAccountId(row.id)))
}

/// Locks one account until the transaction ends.
pub async fn lock(tx: &Tx, id: ReceivableAccountId) -> Result<LockedAccount, DbErr> {
    lock_many(tx, &[id])
        .await?
        .pop()
        .ok_or_else(|| DbErr::RecordNotFound(format!("receivable account {id}")))
}

/// Locks accounts in the order of their ids, as every writer does.
pub async fn lock_many(tx: &Tx, ids: &[ReceivableAccountId]) -> Result<Vec<LockedAccount>, DbErr> {
    Entity::find()
        .filter(Column::Id.is_in(ids.iter().map(|id| id.0)))
        .order_by_asc(Column::Id)
        .lock_exclusive()
        .all(&tx.connection)
        .await?
        .into_iter()
        .map(locked)
        .collect()
}

pub(super) fn locked(row: Model) -> Result<LockedAccount, DbErr> {
    let unreadable = |column: &str| {
        DbErr::Type(format!(
            "receivable_accounts.{column} holds an unknown value"
        ))
    };
    Ok(LockedAccount {
        id: ReceivableAccountId(row.id),
        number: row.number,
        name: row.name,
        customer: CustomerId(row.customer_id),
        currency: row.currency.parse().map_err(|_| unreadable("currency"))?,
        opened_on: row.opened_on,
        auto_apply: AutoApply::from_code(&row.auto_apply)
            .ok_or_else(|| unreadable("auto_apply"))?,
        surplus_choice: SurplusChoice::from_code(&row.surplus_choice)
            .ok_or_else(|| unreadable("surplus_choice"))?,
        order_of_use: OrderOfUse::from_code(&row.order_of_use)
            .ok_or_else(|| unreadable("order_of_use"))?,
        on_hold: row.on_hold,
        version: row.version,
    })
}

/// After an account's documents changed: recomputes what it owes and holds and moves its version on.
/// Recomputed instead of added to, so that the cache cannot drift.
pub async fn refresh(tx: &Tx, ids: &[ReceivableAccountId]) -> Result<(), DbErr> {
    let sql = format!(
        "UPDATE receivable_accounts SET version = version + 1,
            due_minor = (SELECT CAST(COALESCE(SUM(i.open_minor), 0) AS bigint) FROM invoices i
                WHERE i.account_id = receivable_accounts.id AND i.open_minor > 0),
            credit_minor = (SELECT CAST(COALESCE(SUM(g.remaining_minor), 0) AS bigint) FROM credit_grants g
                WHERE g.account_id = receivable_accounts.id AND g.remaining_minor > 0)
        WHERE id IN ({})",
        sql::placeholders(1, ids.len())
    );
    let values: Vec<Value> = ids.iter().map(|id| id.0.into()).collect();
    sql::execute(tx, &sql, values).await?;
    Ok(())
}

/// An account opens with its first document.
pub async fn open_on_first_document(
    tx: &Tx,
    account: &LockedAccount,
    effective_on: NaiveDate,
) -> Result<(), DbErr> {
    if account.opened_on.is_some() {
        return Ok(());
    }
    let sql = "UPDATE receivable_accounts SET opened_on = $1 WHERE id = $2";
    sql::execute(tx, sql, vec![effective_on.into(), account.id.0.into()]).await?;
    Ok(())
}

/// A receivable account to be written.
#[derive(Clone, Debug)]
pub struct NewAccount<'a> {
    pub id: ReceivableAccountId,
    pub number: &'a str,
    pub customer: CustomerId,
    pub currency: Currency,
    pub settings: &'a ReadSettings,
}

/// The next `count` free account numbers: `AR-00001`.
pub async fn next_numbers(tx: &Tx, count: usize) -> Result<Vec<String>, DbErr> {
    numbers::next_free(tx, GivenNumbers::ReceivableAccounts, count).await
}

pub async fn number_is_taken(tx: &Tx, number: &str) -> Result<bool, DbErr> {
    let row = Entity::find()
        .filter(Column::Number.eq(number))
        .one(&tx.connection)
        .await?;
    Ok(row.is_some())
}

/// Writes a new account. The customer's search text is the caller's to refresh.
pub async fn insert(tx: &Tx, ctx: &Ctx, account: &NewAccount<'_>) -> Result<(), DbErr> {
    let settings = account.settings;
    let row = ActiveModel {
        id: Set(account.id.0),
        number: Set(account.number.to_owned()),
        customer_id: Set(account.customer.0),
        currency: Set(account.currency.code().to_owned()),
        name: Set(settings.name.clone()),
        opened_on: Set(None),
        auto_apply: Set(settings.auto_apply.code().to_owned()),
        surplus_choice: Set(settings.surplus_choice.code().to_owned()),
        order_of_use: Set(settings.order_of_use.code().to_owned()),
        on_hold: Set(settings.on_hold),
        due_minor: Set(0),
        credit_minor: Set(0),
        version: Set(0),
        created_at: Set(ctx.clock.now()),
    };
    Entity::insert(row)
        .exec_without_returning(&tx.connection)
        .await?;
    Ok(())
}

/// Replaces an account's settings and moves its version on, so that previews of runs notice.
pub async fn set_settings(
    tx: &Tx,
    account: &LockedAccount,
    settings: &ReadSettings,
) -> Result<(), DbErr> {
    let row = ActiveModel {
        id: Set(account.id.0),
        name: Set(settings.name.clone()),
        auto_apply: Set(settings.auto_apply.code().to_owned()),
        surplus_choice: Set(settings.surplus_choice.code().to_owned()),
        order_of_use: Set(settings.order_of_use.code().to_owned()),
        on_hold: Set(settings.on_hold),
        version: Set(account.version + 1),
        ..Default::default()
    };
    Entity::update(row).exec(&tx.connection).await?;
    Ok(())
}
