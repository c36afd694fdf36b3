//! Sessions as tower-sessions stores them. The database holds a hash of each id, so that whoever reads the table
//! cannot take a session over.
//!
//! Loading a session also reads the person it belongs to, in the same statement: roles and "disabled" are always
//! those of now, and a request needs one query to know who sends it.

use super::entity::sessions::{ActiveModel, Column, Entity};
use super::{Tx, sql};
use crate::domain::ids::{CustomerId, UserId};
use crate::domain::rights::Role;
use crate::server::context::{Clock, Ctx, Db};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, Statement,
};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use time::OffsetDateTime;
use tower_sessions::SessionStore;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result};
use uuid::Uuid;

/// Under this key a session keeps its `Login`.
pub const LOGIN: &str = "login";

/// Under this key a loaded session carries its `Person`. Never stored.
pub const PERSON: &str = "person";

/// Who logged in, and when the session began and was last seen: seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    pub user: UserId,
    pub began_at: i64,
    pub seen_at: i64,
}

/// The person of a session, as they stand now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub user: UserId,
    pub email: String,
    pub name: String,
    pub roles: Vec<Role>,
    pub customer: Option<CustomerId>,
    pub locale: Option<String>,
    /// Of staff: how many requests wait for a decision.
    pub waiting_requests: i64,
}

/// The session store of the database.
#[derive(Clone)]
pub struct Sessions {
    db: Db,
    clock: Clock,
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sessions")
    }
}

impl Sessions {
    pub fn new(ctx: &Ctx) -> Self {
        Self {
            db: ctx.db.clone(),
            clock: ctx.clock.clone(),
        }
    }

    /// Deletes what has expired; says how many.
    pub async fn delete_expired(&self) -> std::result::Result<u64, DbErr> {
        let deleted = Entity::delete_many()
            .filter(Column::ExpiresAt.lte(self.clock.now()))
            .exec(&self.db.write)
            .await?;
        Ok(deleted.rows_affected)
    }
}

/// Ends every session of a person, on whatever device.
pub async fn delete_of_user(tx: &Tx, user: UserId) -> std::result::Result<u64, DbErr> {
    let sql = "DELETE FROM sessions WHERE user_id = $1";
    sql::execute(tx, sql, vec![user.0.into()]).await
}

#[derive(FromQueryResult)]
struct LoadedRow {
    contents: String,
    expires_at: DateTime<Utc>,
    session_user_id: Option<Uuid>,
    user_id: Option<Uuid>,
    email: Option<String>,
    name: Option<String>,
    customer_id: Option<Uuid>,
    locale: Option<String>,
    roles: Option<String>,
    waiting_requests: i64,
}

const LOAD: &str =
    "SELECT s.contents, s.expires_at, s.user_id AS session_user_id, u.id AS user_id, u.email, u.name,
        u.customer_id, u.locale,
        (SELECT string_agg(r.role, ',') FROM user_roles r WHERE r.user_id = u.id) AS roles,
        CASE WHEN u.customer_id IS NULL THEN (SELECT COUNT(*) FROM requests q WHERE q.approved_at IS NULL
            AND q.refused_at IS NULL AND q.failed_at IS NULL) ELSE 0 END AS waiting_requests
    FROM sessions s LEFT JOIN users u ON u.id = s.user_id AND u.disabled_at IS NULL
    WHERE s.id_hash = $1 AND s.expires_at > $2";

#[async_trait]
impl SessionStore for Sessions {
    async fn create(&self, record: &mut Record) -> Result<()> {
        loop {
            let row = row(record)?;
            let keep = OnConflict::column(Column::IdHash).do_nothing().to_owned();
            let inserted = Entity::insert(row)
                .on_conflict(keep)
                .exec_without_returning(&self.db.write)
                .await
                .map_err(backend)?;
            if inserted == 1 {
                return Ok(());
            }
            record.id = Id::default();
        }
    }

    /// Updates only: a session that was ended while its request ran stays ended.
    async fn save(&self, record: &Record) -> Result<()> {
        Entity::update_many()
            .set(row(record)?)
            .filter(Column::IdHash.eq(hash(&record.id)))
            .exec(&self.db.write)
            .await
            .map_err(backend)?;
        Ok(())
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let backend_kind = self.db.read.get_database_backend();
        let values = vec![hash(id).into(), self.clock.now().into()];
        let statement = Statement::from_sql_and_values(backend_kind, LOAD, values);
        let row = LoadedRow::find_by_statement(statement)
            .one(&self.db.read)
            .await
            .map_err(backend)?;
        row.map(|row| record(*id, row))
            .transpose()
            .map(Option::flatten)
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        Entity::delete_by_id(hash(id))
            .exec(&self.db.write)
            .await
            .map_err(backend)?;
        Ok(())
    }
}

fn backend(error: DbErr) -> Error {
    Error::Backend(error.to_string())
}

fn hash(id: &Id) -> String {
    blake3::hash(id.to_string().as_bytes()).to_string()
}

fn row(record: &Record) -> Result<ActiveModel> {
    let login = record.data.get(LOGIN).cloned();
    let login: Option<Login> = login
        .map(serde_json::from_value)
        .transpose()
        .map_err(|error| Error::Encode(error.to_string()))?;
    let stored: HashMap<_, _> = record
        .data
        .iter()
        .filter(|(key, _)| *key != PERSON)
        .collect();
    let expires_at = DateTime::from_timestamp(record.expiry_date.unix_timestamp(), 0)
        .ok_or_else(|| Error::Encode("a session expires within the calendar".to_owned()))?;
    Ok(ActiveModel {
        id_hash: Set(hash(&record.id)),
        user_id: Set(login.map(|login| login.user.0)),
        contents: Set(
            serde_json::to_string(&stored).map_err(|error| Error::Encode(error.to_string()))?
        ),
        expires_at: Set(expires_at),
    })
}

/// The session as it was stored, with its person; nothing when the person is disabled.
fn record(id: Id, row: LoadedRow) -> Result<Option<Record>> {
    let decode = |error: String| Error::Decode(error);
    let mut data: HashMap<String, serde_json::Value> =
        serde_json::from_str(&row.contents).map_err(|error| decode(error.to_string()))?;
    let (Some(user), Some(email), Some(name)) = (row.user_id, row.email, row.name) else {
        let anonymous = row.session_user_id.is_none();
        return Ok(anonymous.then_some(Record {
            id,
            data,
            expiry_date: expiry(row.expires_at)?,
        }));
    };
    let roles = row.roles.unwrap_or_default();
    let person = Person {
        user: UserId(user),
        email,
        name,
        roles: roles.split(',').filter_map(Role::from_code).collect(),
        customer: row.customer_id.map(CustomerId),
        locale: row.locale,
        waiting_requests: row.waiting_requests,
    };
    let person = serde_json::to_value(person).map_err(|error| decode(error.to_string()))?;
    data.insert(PERSON.to_owned(), person);
    Ok(Some(Record {
        id,
        data,
        expiry_date: expiry(row.expires_at)?,
    }))
}

fn expiry(at: DateTime<Utc>) -> Result<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp(at.timestamp())
        .map_err(|error| Error::Decode(error.to_string()))
}
