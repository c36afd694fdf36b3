//! Customers with everything people keep about them; what they owe and hold stands with their receivable accounts.

use super::{Cut, Listed, Narrowing, by_document, for_staff, one};
use crate::domain::ids::CustomerId;
use crate::dto::error::AppError;
use crate::server::context::Ctx;
use crate::server::queries::limit_to_sight;
use crate::server::queries::sql::contains;
use chrono::{DateTime, Utc};
use sea_orm::FromQueryResult;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Who owes.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Customer {
    pub id: Uuid,
    /// Customer number.
    pub number: String,
    pub name: String,
    pub email: String,
    pub phone: String,
    pub street: String,
    pub postal_code: String,
    pub city: String,
    pub country: String,
    /// Tag of the language documents are written in.
    pub language: String,
    pub tax_id: String,
    /// Payment terms.
    pub terms_days: i32,
    /// Null for customers.
    pub notes: Option<String>,
    pub tags: Vec<String>,
    /// Other names.
    pub aliases: Vec<String>,
    pub contacts: Vec<CustomerContact>,
    /// What other systems call the customer.
    pub external_ids: Vec<CustomerExternalId>,
    /// Numbers of the receivable accounts, oldest first.
    pub accounts: Vec<String>,
    /// Moves on with every change; a change names the version it was made from.
    pub version: i64,
    pub created_at: DateTime<Utc>,
}

/// A person at the customer's.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CustomerContact {
    pub name: String,
    pub position: String,
    pub email: String,
    pub phone: String,
}

/// What another system calls the customer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CustomerExternalId {
    pub system: String,
    pub value: String,
}

/// Which customers a list shows.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct CustomerList {
    #[param(required = false, example = "50")]
    pub limit: String,
    /// `next` of the part before.
    #[param(required = false)]
    pub cursor: String,
    /// Customer number.
    #[param(required = false)]
    pub number: String,
    #[param(required = false)]
    pub name: String,
    #[param(required = false)]
    pub email: String,
    #[param(required = false)]
    pub tag: String,
    /// Part of a number, name or address.
    #[param(required = false)]
    pub search: String,
    /// What any other system calls the customer.
    #[param(required = false)]
    pub external_id: String,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    number: String,
    name: String,
    email: String,
    phone: String,
    street: String,
    postal_code: String,
    city: String,
    country: String,
    language: String,
    tax_id: String,
    terms_days: i32,
    notes: String,
    version: i64,
    created_at: DateTime<Utc>,
}

const SELECT: &str =
    "SELECT c.id, c.number, c.name, c.email, c.phone, c.street, c.postal_code, c.city, c.country,
        c.language, c.tax_id, c.terms_days, c.notes, c.version, c.created_at
    FROM customers c";

/// The customers the actor may see.
pub async fn list(ctx: &Ctx, wanted: CustomerList) -> Result<Listed<Customer>, AppError> {
    let cut = narrowed(ctx, &wanted)?;
    let (rows, next) = cut.rows::<Row>(ctx, SELECT, |row| row.id).await?;
    let items = whole(ctx, rows).await?;
    Ok(Listed { items, next })
}

fn narrowed(ctx: &Ctx, wanted: &CustomerList) -> Result<Cut, AppError> {
    let mut narrowing = Narrowing::default();
    limit_to_sight(ctx, &mut narrowing.conditions, "c.id")?;
    narrowing.text("c.number", &wanted.number);
    narrowing.text("c.name", &wanted.name);
    narrowing.text("c.email", &wanted.email);
    let conditions = &mut narrowing.conditions;
    if !wanted.tag.trim().is_empty() {
        let tag = conditions.bind(wanted.tag.trim());
        conditions.and(format!(
            "c.id IN (SELECT t.customer_id FROM customer_tags t WHERE t.tag = {tag})"
        ));
    }
    if !wanted.external_id.trim().is_empty() {
        let value = conditions.bind(wanted.external_id.trim());
        conditions.and(format!(
            "c.id IN (SELECT x.customer_id FROM customer_external_ids x WHERE x.value = {value})"
        ));
    }
    if !wanted.search.trim().is_empty() {
        let pattern = conditions.bind(contains(&wanted.search));
        conditions.and(format!("c.search_text LIKE {pattern} ESCAPE '!'"));
    }
    narrowing.cut("c.id", &wanted.limit, &wanted.cursor)
}

/// One customer by number, else by id.
pub async fn find(ctx: &Ctx, key: &str) -> Result<Customer, AppError> {
    let row: Row = match one(ctx, SELECT, "c.number", key.trim()).await {
        Err(AppError::NotFound) => one(ctx, SELECT, "c.id", super::id(key)?).await?,
        found => found?,
    };
    ctx.actor.require_sight_of(CustomerId(row.id))?;
    whole(ctx, vec![row]).await?.pop().ok_or(AppError::NotFound)
}

#[derive(FromQueryResult)]
struct NameRow {
    customer_id: Uuid,
    name: String,
}

#[derive(FromQueryResult)]
struct ContactRow {
    customer_id: Uuid,
    name: String,
    position: String,
    email: String,
    phone: String,
}

#[derive(FromQueryResult)]
struct ExternalIdRow {
    customer_id: Uuid,
    system: String,
    value: String,
}

async fn whole(ctx: &Ctx, rows: Vec<Row>) -> Result<Vec<Customer>, AppError> {
    let customer_ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let names = async |name: &str, table: &str, order: &str| {
        let statement = |ids: &str| {
            format!(
                "SELECT customer_id, {name} AS name FROM {table} WHERE customer_id IN ({ids}) ORDER BY {order}"
            )
        };
        by_document(ctx, statement, &customer_ids, |row: &NameRow| {
            row.customer_id
        })
        .await
    };
    let mut tags = names("tag", "customer_tags", "tag").await?;
    let mut aliases = names("name", "customer_aliases", "name").await?;
    let mut accounts = names("number", "receivable_accounts", "created_at, id").await?;
    let contacts = |ids: &str| {
        format!(
            "SELECT customer_id, name, position, email, phone FROM customer_contacts
            WHERE customer_id IN ({ids}) ORDER BY id"
        )
    };
    let mut contacts = by_document(ctx, contacts, &customer_ids, |row: &ContactRow| {
        row.customer_id
    })
    .await?;
    let external_ids = |ids: &str| {
        format!(
            "SELECT customer_id, system, value FROM customer_external_ids
            WHERE customer_id IN ({ids}) ORDER BY system"
        )
    };
    let mut external_ids = by_document(ctx, external_ids, &customer_ids, |row: &ExternalIdRow| {
        row.customer_id
    })
    .await?;
    let names = |rows: Option<Vec<NameRow>>| -> Vec<String> {
        rows.unwrap_or_default()
            .into_iter()
            .map(|row| row.name)
            .collect()
    };
    let customers = rows.into_iter().map(|row| Customer {
        tags: names(tags.remove(&row.id)),
        aliases: names(aliases.remove(&row.id)),
        accounts: names(accounts.remove(&row.id)),
        contacts: contacts
            .remove(&row.id)
            .unwrap_or_default()
            .into_iter()
            .map(|contact| CustomerContact {
                name: contact.name,
                position: contact.position,
                email: contact.email,
                phone: contact.phone,
            })
            .collect(),
        external_ids: external_ids
            .remove(&row.id)
            .unwrap_or_default()
            .into_iter()
            .map(|id| CustomerExternalId {
                system: id.system,
                value: id.value,
            })
            .collect(),
        id: row.id,
        number: row.number,
        name: row.name,
        email: row.email,
        phone: row.phone,
        street: row.street,
        postal_code: row.postal_code,
        city: row.city,
        country: row.country,
        language: row.language,
        tax_id: row.tax_id,
        terms_days: row.terms_days,
        notes: for_staff(ctx, row.notes),
        version: row.version,
        created_at: row.created_at,
    });
    Ok(customers.collect())
}
