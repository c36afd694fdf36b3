//! API tokens. Kept as hashes.

use super::entity::api_tokens::{ActiveModel, Entity};
use super::{Tx, sql};
use crate::domain::ids::{CustomerId, TokenId};
use crate::domain::rights::Role;
use crate::server::context::{Ctx, Db};
use chrono::{DateTime, Utc};
use sea_orm::{ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait, Statement};

/// A token to be kept.
pub struct NewTokenRow<'a> {
    pub id: TokenId,
    pub name: &'a str,
    pub hash: String,
    pub role: Role,
    pub customer: Option<CustomerId>,
}

pub async fn insert(tx: &Tx, ctx: &Ctx, token: NewTokenRow<'_>) -> Result<(), DbErr> {
    let row = ActiveModel {
        id: Set(token.id.0),
        name: Set(token.name.to_owned()),
        token_hash: Set(token.hash),
        role: Set(token.role.code().to_owned()),
        customer_id: Set(token.customer.map(|id| id.0)),
        created_at: Set(ctx.clock.now()),
        last_used_at: Set(None),
        revoked_at: Set(None),
    };
    Entity::insert(row)
        .exec_without_returning(&tx.connection)
        .await?;
    Ok(())
}

/// The token stops working; its name, if it worked until now.
pub async fn revoke(tx: &Tx, ctx: &Ctx, token: TokenId) -> Result<Option<String>, DbErr> {
    let sql = "UPDATE api_tokens SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL";
    if sql::execute(tx, sql, vec![ctx.clock.now().into(), token.0.into()]).await? == 0 {
        return Ok(None);
    }
    let row = Entity::find_by_id(token.0).one(&tx.connection).await?;
    Ok(row.map(|row| row.name))
}

/// Notes that a token was used. Outside any use case: it happens on every kind of request.
pub async fn note_use(db: &Db, token: TokenId, at: DateTime<Utc>) -> Result<(), DbErr> {
    let sql = "UPDATE api_tokens SET last_used_at = $1 WHERE id = $2";
    let backend = db.write.get_database_backend();
    let values = vec![at.into(), token.0.into()];
    db.write
        .execute_raw(Statement::from_sql_and_values(backend, sql, values))
        .await?;
    Ok(())
}
