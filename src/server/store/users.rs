//! People who can log in, and their roles.

use super::entity::{user_roles, users};
use super::{Tx, sql};
use crate::domain::ids::{CustomerId, UserId};
use crate::domain::rights::Role;
use crate::server::context::Ctx;
use chrono::{DateTime, Utc};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

/// A person as stored, roles apart.
#[derive(Clone, Debug)]
pub struct StoredUser {
    pub id: UserId,
    pub email: String,
    pub name: String,
    pub password_hash: Option<String>,
    pub customer: Option<CustomerId>,
    pub disabled: bool,
}

/// A person to be stored. The e-mail address is in lower case.
pub struct NewUser<'a> {
    pub id: UserId,
    pub email: &'a str,
    pub name: &'a str,
    pub password_hash: Option<String>,
    pub customer: Option<CustomerId>,
}

/// The e-mail address of the person who is to become the first admin, until they name themselves.
pub const UNNAMED: &str = "";

fn stored(row: users::Model) -> StoredUser {
    StoredUser {
        id: UserId(row.id),
        email: row.email,
        name: row.name,
        password_hash: row.password_hash,
        customer: row.customer_id.map(CustomerId),
        disabled: row.disabled_at.is_some(),
    }
}

/// A person, locked until the transaction ends.
pub async fn lock(tx: &Tx, id: UserId) -> Result<Option<StoredUser>, DbErr> {
    let row = users::Entity::find_by_id(id.0)
        .lock_exclusive()
        .one(&tx.connection)
        .await?;
    Ok(row.map(stored))
}

pub async fn find_by_email(tx: &Tx, email: &str) -> Result<Option<StoredUser>, DbErr> {
    let row = users::Entity::find()
        .filter(users::Column::Email.eq(email))
        .one(&tx.connection)
        .await?;
    Ok(row.map(stored))
}

/// Whether there is anyone who has named themselves or was invited.
pub async fn any_named(tx: &Tx) -> Result<bool, DbErr> {
    let row = users::Entity::find()
        .filter(users::Column::Email.ne(UNNAMED))
        .limit(1)
        .one(&tx.connection)
        .await?;
    Ok(row.is_some())
}

/// Says whether the person was stored: not when somebody has the e-mail address already.
pub async fn insert(tx: &Tx, ctx: &Ctx, user: NewUser<'_>) -> Result<bool, DbErr> {
    let row = users::ActiveModel {
        id: Set(user.id.0),
        email: Set(user.email.to_owned()),
        name: Set(user.name.to_owned()),
        password_hash: Set(user.password_hash),
        customer_id: Set(user.customer.map(|id| id.0)),
        locale: Set(None),
        disabled_at: Set(None),
        created_at: Set(ctx.clock.now()),
    };
    let first = OnConflict::column(users::Column::Email)
        .do_nothing()
        .to_owned();
    let inserted = users::Entity::insert(row)
        .on_conflict(first)
        .exec_without_returning(&tx.connection)
        .await?;
    Ok(inserted == 1)
}

pub async fn roles(tx: &Tx, user: UserId) -> Result<Vec<Role>, DbErr> {
    let rows = user_roles::Entity::find()
        .filter(user_roles::Column::UserId.eq(user.0))
        .all(&tx.connection)
        .await?;
    let known = |row: user_roles::Model| {
        Role::from_code(&row.role)
            .ok_or_else(|| DbErr::Type(format!("user_roles.role holds {}", row.role)))
    };
    let mut roles: Vec<Role> = rows.into_iter().map(known).collect::<Result<_, _>>()?;
    roles.sort();
    Ok(roles)
}

/// These roles and no others.
pub async fn set_roles(tx: &Tx, user: UserId, roles: &[Role]) -> Result<(), DbErr> {
    sql::execute(
        tx,
        "DELETE FROM user_roles WHERE user_id = $1",
        vec![user.0.into()],
    )
    .await?;
    let rows = roles.iter().map(|role| user_roles::ActiveModel {
        user_id: Set(user.0),
        role: Set(role.code().to_owned()),
    });
    user_roles::Entity::insert_many(rows)
        .exec_without_returning(&tx.connection)
        .await?;
    Ok(())
}

/// Everyone who can log in as an admin now, locked until the transaction ends, so that two of them cannot take
/// the role from each other at once.
pub async fn lock_active_admins(tx: &Tx) -> Result<Vec<UserId>, DbErr> {
    let admins = user_roles::Entity::find()
        .filter(user_roles::Column::Role.eq(Role::Admin.code()))
        .all(&tx.connection)
        .await?;
    let rows = users::Entity::find()
        .filter(users::Column::Id.is_in(admins.into_iter().map(|row| row.user_id)))
        .filter(users::Column::PasswordHash.is_not_null())
        .filter(users::Column::DisabledAt.is_null())
        .order_by_asc(users::Column::Id)
        .lock_exclusive()
        .all(&tx.connection)
        .await?;
    Ok(rows.into_iter().map(|row| UserId(row.id)).collect())
}

/// How a person who was `UNNAMED` is called from now on.
pub async fn set_name(tx: &Tx, user: UserId, email: &str, name: &str) -> Result<(), DbErr> {
    let sql = "UPDATE users SET email = $1, name = $2 WHERE id = $3";
    sql::execute(tx, sql, vec![email.into(), name.into(), user.0.into()]).await?;
    Ok(())
}

pub async fn set_password(tx: &Tx, user: UserId, hash: &str) -> Result<(), DbErr> {
    let sql = "UPDATE users SET password_hash = $1 WHERE id = $2";
    sql::execute(tx, sql, vec![hash.into(), user.0.into()]).await?;
    Ok(())
}

/// `None` enables again.
pub async fn set_disabled(
    tx: &Tx,
    user: UserId,
    disabled_at: Option<DateTime<Utc>>,
) -> Result<(), DbErr> {
    let sql = "UPDATE users SET disabled_at = $1 WHERE id = $2";
    sql::execute(tx, sql, vec![disabled_at.into(), user.0.into()]).await?;
    Ok(())
}

pub async fn set_locale(tx: &Tx, user: UserId, locale: &str) -> Result<(), DbErr> {
    let sql = "UPDATE users SET locale = $1 WHERE id = $2";
    sql::execute(tx, sql, vec![locale.into(), user.0.into()]).await?;
    Ok(())
}
