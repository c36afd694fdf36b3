//! People and programs: who they are, for logging in and for the lists an admin sees.

use super::sql::{self, unreadable};
use crate::domain::ids::{CustomerId, TokenId, UserId};
use crate::domain::rights::{Right, Role};
use crate::dto::error::{AppError, Refusal};
use crate::dto::page::{Page, PageRequest, ROWS_PER_PAGE};
use crate::dto::people::{LinkInfo, LinkPurpose, TokenRow, UserFilter, UserRow, UserState};
use crate::server::auth::secret;
use crate::server::context::{Actor, Ctx};
use crate::server::store::users::UNNAMED;
use chrono::{DateTime, Duration, Utc};
use sea_orm::{DbErr, FromQueryResult, Value};
use uuid::Uuid;

/// What a password is compared with. Stays on the server.
pub struct Credentials {
    pub user: UserId,
    pub email: String,
    pub name: String,
    pub password_hash: String,
}

#[derive(FromQueryResult)]
struct CredentialsRow {
    id: Uuid,
    email: String,
    name: String,
    password_hash: String,
}

/// The credentials of whoever has this e-mail address and can log in.
pub async fn credentials(ctx: &Ctx, email: &str) -> Result<Option<Credentials>, AppError> {
    find_credentials(ctx, "email = $1", email.into()).await
}

/// The credentials of a person who can log in.
pub async fn credentials_of(ctx: &Ctx, user: UserId) -> Result<Option<Credentials>, AppError> {
    find_credentials(ctx, "id = $1", user.0.into()).await
}

async fn find_credentials(
    ctx: &Ctx,
    which: &str,
    value: Value,
) -> Result<Option<Credentials>, AppError> {
    let statement = format!(
        "SELECT id, email, name, password_hash FROM users
        WHERE {which} AND password_hash IS NOT NULL AND disabled_at IS NULL"
    );
    let row: Option<CredentialsRow> = sql::one(ctx, &statement, vec![value]).await?;
    Ok(row.map(|row| Credentials {
        user: UserId(row.id),
        email: row.email,
        name: row.name,
        password_hash: row.password_hash,
    }))
}

#[derive(FromQueryResult)]
struct LinkRow {
    purpose: String,
    email: String,
    name: String,
}

/// What a one-time link is for and for whom. Whoever holds the link may ask; one that is used, expired or replaced
/// is not valid.
pub async fn link(ctx: &Ctx, token: &str) -> Result<LinkInfo, AppError> {
    let statement = "SELECT l.purpose, u.email, u.name FROM login_links l JOIN users u ON u.id = l.user_id
        WHERE l.token_hash = $1 AND l.used_at IS NULL AND l.expires_at > $2 AND u.disabled_at IS NULL";
    let values = vec![secret::hash(token).into(), ctx.clock.now().into()];
    let row: Option<LinkRow> = sql::one(ctx, statement, values).await?;
    let row = row.ok_or_else(|| Refusal::LinkNotValid.of_act())?;
    let purpose = LinkPurpose::from_code(&row.purpose)
        .ok_or_else(|| unreadable("login_links.purpose", &row.purpose))?;
    Ok(LinkInfo {
        purpose,
        email: row.email,
        name: row.name,
    })
}

#[derive(FromQueryResult)]
struct BearerRow {
    id: Uuid,
    name: String,
    role: String,
    customer_id: Option<Uuid>,
    last_used_at: Option<DateTime<Utc>>,
}

/// Uses of a token closer together than this are noted once.
const NOTED_EVERY_MINUTES: i64 = 60;

/// Who acts with this token, if it works, and whether its use is worth noting.
pub async fn bearer(ctx: &Ctx, token: &str) -> Result<Option<(Actor, bool)>, AppError> {
    let statement = "SELECT id, name, role, customer_id, last_used_at FROM api_tokens
        WHERE token_hash = $1 AND revoked_at IS NULL";
    let values = vec![secret::hash(token).into()];
    let row: Option<BearerRow> = sql::one(ctx, statement, values).await?;
    let Some(row) = row else { return Ok(None) };
    let old = ctx.clock.now() - Duration::minutes(NOTED_EVERY_MINUTES);
    let actor = Actor::Token {
        token: TokenId(row.id),
        name: row.name,
        role: role(&row.role)?,
        customer: row.customer_id.map(CustomerId),
    };
    Ok(Some((actor, row.last_used_at.is_none_or(|at| at < old))))
}

#[derive(FromQueryResult)]
struct UserListRow {
    id: Uuid,
    email: String,
    name: String,
    roles: Option<String>,
    customer_number: Option<String>,
    customer_name: Option<String>,
    has_password: i32,
    disabled: i32,
    created_at: DateTime<Utc>,
}

/// Users by name, those of customers among them.
pub async fn users(
    ctx: &Ctx,
    filter: &UserFilter,
    page: &PageRequest,
) -> Result<Page<UserRow>, AppError> {
    ctx.actor.require(Right::ManageUsers)?;
    let search = format!("%{}%", like_escaped(&filter.search.trim().to_lowercase()));
    let values: Vec<Value> = vec![UNNAMED.into(), search.into(), filter.role.as_str().into()];
    let which = "u.email <> $1
        AND (lower(u.name) LIKE $2 ESCAPE '\\' OR u.email LIKE $2 ESCAPE '\\')
        AND ($3 = '' OR EXISTS (SELECT 1 FROM user_roles r WHERE r.user_id = u.id AND r.role = $3))";
    let counting = format!("SELECT COUNT(*) AS count FROM users u WHERE {which}");
    let total = sql::count(ctx, &counting, values.clone()).await?;
    let order = match page.sort_column() {
        ("email", false) => "u.email",
        ("email", true) => "u.email DESC",
        ("created", false) => "u.created_at, u.id",
        ("created", true) => "u.created_at DESC, u.id DESC",
        ("name", true) => "u.name DESC, u.id DESC",
        _ => "u.name, u.id",
    };
    let statement = format!(
        "SELECT u.id, u.email, u.name, u.created_at, c.number AS customer_number, c.name AS customer_name,
            (SELECT string_agg(r.role, ',') FROM user_roles r WHERE r.user_id = u.id) AS roles,
            CASE WHEN u.password_hash IS NULL THEN 0 ELSE 1 END AS has_password,
            CASE WHEN u.disabled_at IS NULL THEN 0 ELSE 1 END AS disabled
        FROM users u LEFT JOIN customers c ON c.id = u.customer_id
        WHERE {which} ORDER BY {order} LIMIT {ROWS_PER_PAGE} OFFSET {}",
        page.offset()
    );
    let rows: Vec<UserListRow> = sql::all(ctx, &statement, values).await?;
    let rows = rows.into_iter().map(user_row).collect::<Result<_, _>>()?;
    Ok(Page { rows, total })
}

/// One user, for the page of that user.
pub async fn user(ctx: &Ctx, user: UserId) -> Result<UserRow, AppError> {
    ctx.actor.require(Right::ManageUsers)?;
    let statement = "SELECT u.id, u.email, u.name, u.created_at, c.number AS customer_number,
            c.name AS customer_name,
            (SELECT string_agg(r.role, ',') FROM user_roles r WHERE r.user_id = u.id) AS roles,
            CASE WHEN u.password_hash IS NULL THEN 0 ELSE 1 END AS has_password,
            CASE WHEN u.disabled_at IS NULL THEN 0 ELSE 1 END AS disabled
        FROM users u LEFT JOIN customers c ON c.id = u.customer_id
        WHERE u.id = $1 AND u.email <> $2";
    let values = vec![user.0.into(), UNNAMED.into()];
    let row: Option<UserListRow> = sql::one(ctx, statement, values).await?;
    Ok(user_row(row.ok_or(AppError::NotFound)?)?)
}

fn user_row(row: UserListRow) -> Result<UserRow, DbErr> {
    let texts = row.roles.unwrap_or_default();
    let texts = texts.split(',').filter(|text| !text.is_empty());
    let mut roles: Vec<Role> = texts.map(role).collect::<Result<_, _>>()?;
    roles.sort();
    let state = match (row.disabled, row.has_password) {
        (1, _) => UserState::Disabled,
        (_, 1) => UserState::Active,
        _ => UserState::Invited,
    };
    Ok(UserRow {
        user: UserId(row.id),
        email: row.email,
        name: row.name,
        roles,
        customer: row.customer_number.zip(row.customer_name),
        state,
        created_at: row.created_at,
    })
}

#[derive(FromQueryResult)]
struct TokenListRow {
    id: Uuid,
    name: String,
    role: String,
    customer_number: Option<String>,
    customer_name: Option<String>,
    created_at: DateTime<Utc>,
    last_used_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
}

/// Tokens, newest first, those that work before those that are revoked.
pub async fn tokens(ctx: &Ctx, page: &PageRequest) -> Result<Page<TokenRow>, AppError> {
    ctx.actor.require(Right::ManageUsers)?;
    let total = sql::count(ctx, "SELECT COUNT(*) AS count FROM api_tokens", vec![]).await?;
    let statement = format!(
        "SELECT t.id, t.name, t.role, t.created_at, t.last_used_at, t.revoked_at,
            c.number AS customer_number, c.name AS customer_name
        FROM api_tokens t LEFT JOIN customers c ON c.id = t.customer_id
        ORDER BY CASE WHEN t.revoked_at IS NULL THEN 0 ELSE 1 END, t.created_at DESC, t.id DESC
        LIMIT {ROWS_PER_PAGE} OFFSET {}",
        page.offset()
    );
    let rows: Vec<TokenListRow> = sql::all(ctx, &statement, vec![]).await?;
    let rows = rows.into_iter().map(|row| {
        Ok(TokenRow {
            token: TokenId(row.id),
            name: row.name,
            role: role(&row.role)?,
            customer: row.customer_number.zip(row.customer_name),
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            revoked_at: row.revoked_at,
        })
    });
    let rows = rows.collect::<Result<_, DbErr>>()?;
    Ok(Page { rows, total })
}

fn role(code: &str) -> Result<Role, DbErr> {
    Role::from_code(code).ok_or_else(|| unreadable("role", code))
}

/// Text as a part of a LIKE pattern that stands for itself.
fn like_escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_")
}
