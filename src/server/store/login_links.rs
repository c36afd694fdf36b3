//! One-time links with which a person sets a password. Kept as hashes.

use super::entity::login_links::{ActiveModel, Entity};
use super::{Tx, sql};
use crate::domain::ids::UserId;
use crate::dto::people::LinkPurpose;
use crate::server::context::Ctx;
use chrono::{DateTime, Utc};
use sea_orm::{ActiveValue::Set, DbErr, EntityTrait};

/// A link to be kept.
pub struct NewLink {
    pub hash: String,
    pub user: UserId,
    pub purpose: LinkPurpose,
    pub expires_at: DateTime<Utc>,
}

/// Keeps a link; earlier ones of the same person stop working.
pub async fn replace(tx: &Tx, ctx: &Ctx, link: NewLink) -> Result<(), DbErr> {
    let sql = "DELETE FROM login_links WHERE user_id = $1 AND used_at IS NULL";
    sql::execute(tx, sql, vec![link.user.0.into()]).await?;
    let row = ActiveModel {
        token_hash: Set(link.hash),
        user_id: Set(link.user.0),
        purpose: Set(link.purpose.code().to_owned()),
        expires_at: Set(link.expires_at),
        used_at: Set(None),
        created_at: Set(ctx.clock.now()),
    };
    Entity::insert(row)
        .exec_without_returning(&tx.connection)
        .await?;
    Ok(())
}

/// Uses a link up; whose it was, if it was still good. Of two uses at once one finds nothing.
pub async fn use_up(
    tx: &Tx,
    ctx: &Ctx,
    hash: &str,
) -> Result<Option<(UserId, LinkPurpose)>, DbErr> {
    let now = ctx.clock.now();
    let sql = "UPDATE login_links SET used_at = $1 WHERE token_hash = $2 AND used_at IS NULL AND expires_at > $1";
    if sql::execute(tx, sql, vec![now.into(), hash.into()]).await? == 0 {
        return Ok(None);
    }
    let row = Entity::find_by_id(hash.to_owned())
        .one(&tx.connection)
        .await?;
    row.map(|row| {
        let purpose = LinkPurpose::from_code(&row.purpose)
            .ok_or_else(|| DbErr::Type(format!("login_links.purpose holds {}", row.purpose)))?;
        Ok((UserId(row.user_id), purpose))
    })
    .transpose()
}

/// No link of this person works any longer.
pub async fn revoke_of_user(tx: &Tx, user: UserId) -> Result<(), DbErr> {
    let sql = "DELETE FROM login_links WHERE user_id = $1 AND used_at IS NULL";
    sql::execute(tx, sql, vec![user.0.into()]).await?;
    Ok(())
}
