//! Settings of the business, one text per name.

use super::Tx;
use super::entity::settings::{ActiveModel, Column, Entity};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, DbErr, EntityTrait};

pub async fn find(tx: &Tx, name: &str) -> Result<Option<String>, DbErr> {
    let row = Entity::find_by_id(name.to_owned())
        .one(&tx.connection)
        .await?;
    Ok(row.map(|row| row.value))
}

pub async fn set(tx: &Tx, name: &str, value: &str) -> Result<(), DbErr> {
    let row = ActiveModel {
        name: Set(name.to_owned()),
        value: Set(value.to_owned()),
    };
    let replace = OnConflict::column(Column::Name)
        .update_column(Column::Value)
        .to_owned();
    Entity::insert(row)
        .on_conflict(replace)
        .exec_without_returning(&tx.connection)
        .await?;
    Ok(())
}
