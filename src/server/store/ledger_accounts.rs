//! The chart of accounts.

use super::Tx;
use super::entity::ledger_accounts::{ActiveModel, Column, Entity};
use crate::domain::ledger::{LedgerKind, LedgerRole};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, DbErr, EntityTrait};
use std::collections::HashMap;

/// Puts a role's account into the chart unless the chart has one.
pub async fn insert_missing(
    tx: &Tx,
    role: LedgerRole,
    kind: LedgerKind,
    code: &str,
    name: &str,
) -> Result<(), DbErr> {
    let row = ActiveModel {
        role: Set(role.code().to_owned()),
        code: Set(code.to_owned()),
        name: Set(name.to_owned()),
        kind: Set(kind.code().to_owned()),
    };
    let keep = OnConflict::column(Column::Role).do_nothing().to_owned();
    Entity::insert(row)
        .on_conflict(keep)
        .exec_without_returning(&tx.connection)
        .await?;
    Ok(())
}

/// Gives a role's account another code and name.
pub async fn rename(tx: &Tx, role: LedgerRole, code: &str, name: &str) -> Result<(), DbErr> {
    let row = ActiveModel {
        role: Set(role.code().to_owned()),
        code: Set(code.to_owned()),
        name: Set(name.to_owned()),
        ..Default::default()
    };
    Entity::update(row).exec(&tx.connection).await?;
    Ok(())
}

/// The role that has a code, if any.
pub async fn role_with_code(tx: &Tx, code: &str) -> Result<Option<LedgerRole>, DbErr> {
    use sea_orm::{ColumnTrait, QueryFilter};
    let row = Entity::find()
        .filter(Column::Code.eq(code))
        .one(&tx.connection)
        .await?;
    Ok(row.and_then(|row| LedgerRole::from_code(&row.role)))
}

/// Code and name of each role's account.
pub type Chart = HashMap<LedgerRole, (String, String)>;

pub async fn chart(tx: &Tx) -> Result<Chart, DbErr> {
    let rows = Entity::find().all(&tx.connection).await?;
    let named = rows.into_iter().filter_map(|row| {
        let role = LedgerRole::from_code(&row.role)?;
        Some((role, (row.code, row.name)))
    });
    Ok(named.collect())
}
