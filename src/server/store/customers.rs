//! Customers with what hangs on them: contacts, tags, other names, numbers in other systems, and the text that is
//! searched for all of it.

use super::Tx;
use super::entity::{
    customer_aliases, customer_contacts, customer_external_ids, customer_tags, customers,
    receivable_accounts,
};
use super::numbers::{self, GivenNumbers};
use super::sql;
use crate::domain::ids::CustomerId;
use crate::dto::customers::{Contact, ExternalId, ReadCustomer};
use crate::server::context::Ctx;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use std::collections::HashMap;
use uuid::Uuid;

/// A customer as stored.
#[derive(Clone, Debug)]
pub struct StoredCustomer {
    pub id: CustomerId,
    pub version: i64,
    pub contents: ReadCustomer,
}

/// Days within which a customer pays.
pub async fn terms_days(tx: &Tx, id: CustomerId) -> Result<u32, DbErr> {
    let row = customers::Entity::find_by_id(id.0)
        .one(&tx.connection)
        .await?;
    let row = row.ok_or_else(|| DbErr::RecordNotFound(format!("customer {id}")))?;
    terms(&row)
}

fn terms(row: &customers::Model) -> Result<u32, DbErr> {
    u32::try_from(row.terms_days)
        .map_err(|_| DbErr::Type("customers.terms_days is negative".to_owned()))
}

/// The next `count` free customer numbers: `C-00001`.
pub async fn next_numbers(tx: &Tx, count: usize) -> Result<Vec<String>, DbErr> {
    numbers::next_free(tx, GivenNumbers::Customers, count).await
}

/// The customer with this number.
pub async fn find_by_number(tx: &Tx, number: &str) -> Result<Option<CustomerId>, DbErr> {
    let row = customers::Entity::find()
        .filter(customers::Column::Number.eq(number.trim()))
        .one(&tx.connection)
        .await?;
    Ok(row.map(|row| CustomerId(row.id)))
}

/// Locks the customer with this number until the transaction ends.
pub async fn lock_by_number(tx: &Tx, number: &str) -> Result<Option<StoredCustomer>, DbErr> {
    let row = customers::Entity::find()
        .filter(customers::Column::Number.eq(number.trim()))
        .lock_exclusive()
        .one(&tx.connection)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let id = row.id;
    let contents = ReadCustomer {
        terms_days: terms(&row)?,
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
        notes: row.notes,
        tags: tags(tx, id).await?,
        aliases: aliases(tx, id).await?,
        contacts: contacts(tx, id).await?,
        external_ids: external_ids(tx, id).await?,
    };
    Ok(Some(StoredCustomer {
        id: CustomerId(id),
        version: row.version,
        contents,
    }))
}

async fn tags(tx: &Tx, id: Uuid) -> Result<Vec<String>, DbErr> {
    let rows = customer_tags::Entity::find()
        .filter(customer_tags::Column::CustomerId.eq(id))
        .all(&tx.connection)
        .await?;
    let mut tags: Vec<String> = rows.into_iter().map(|row| row.tag).collect();
    tags.sort();
    Ok(tags)
}

async fn aliases(tx: &Tx, id: Uuid) -> Result<Vec<String>, DbErr> {
    let rows = customer_aliases::Entity::find()
        .filter(customer_aliases::Column::CustomerId.eq(id))
        .all(&tx.connection)
        .await?;
    let mut names: Vec<String> = rows.into_iter().map(|row| row.name).collect();
    names.sort();
    Ok(names)
}

async fn contacts(tx: &Tx, id: Uuid) -> Result<Vec<Contact>, DbErr> {
    let rows = customer_contacts::Entity::find()
        .filter(customer_contacts::Column::CustomerId.eq(id))
        .order_by_asc(customer_contacts::Column::Id)
        .all(&tx.connection)
        .await?;
    let contacts = rows.into_iter().map(|row| Contact {
        name: row.name,
        position: row.position,
        email: row.email,
        phone: row.phone,
    });
    Ok(contacts.collect())
}

async fn external_ids(tx: &Tx, id: Uuid) -> Result<Vec<ExternalId>, DbErr> {
    let rows = customer_external_ids::Entity::find()
        .filter(customer_external_ids::Column::CustomerId.eq(id))
        .all(&tx.connection)
        .await?;
    let mut ids: Vec<ExternalId> = rows
        .into_iter()
        .map(|row| ExternalId {
            system: row.system,
            value: row.value,
        })
        .collect();
    ids.sort();
    Ok(ids)
}

/// Whether another customer than `id` has this number.
pub async fn number_is_taken(tx: &Tx, number: &str, id: CustomerId) -> Result<bool, DbErr> {
    let owner = find_by_number(tx, number).await?;
    Ok(owner.is_some_and(|owner| owner != id))
}

/// Which of these external ids belong to another customer than `id`.
pub async fn taken_external_ids(
    tx: &Tx,
    ids: &[ExternalId],
    id: CustomerId,
) -> Result<Vec<ExternalId>, DbErr> {
    let mut taken = Vec::new();
    for external in ids {
        let owner = customer_external_ids::Entity::find()
            .filter(customer_external_ids::Column::System.eq(&external.system))
            .filter(customer_external_ids::Column::Value.eq(&external.value))
            .filter(customer_external_ids::Column::CustomerId.ne(id.0))
            .one(&tx.connection)
            .await?;
        if owner.is_some() {
            taken.push(external.clone());
        }
    }
    Ok(taken)
}

/// Writes a new customer. Its search text is the caller's to refresh once its accounts are there.
pub async fn insert(
    tx: &Tx,
    ctx: &Ctx,
    id: CustomerId,
    customer: &ReadCustomer,
) -> Result<(), DbErr> {
    let row = customers::ActiveModel {
        id: Set(id.0),
        search_text: Set(String::new()),
        version: Set(0),
        created_at: Set(ctx.clock.now()),
        ..own_columns(customer)?
    };
    customers::Entity::insert(row)
        .exec_without_returning(&tx.connection)
        .await?;
    insert_parts(tx, id, customer).await
}

/// Replaces everything a customer's record says and moves its version on.
pub async fn replace(
    tx: &Tx,
    stored: &StoredCustomer,
    customer: &ReadCustomer,
) -> Result<(), DbErr> {
    let row = customers::ActiveModel {
        id: Set(stored.id.0),
        version: Set(stored.version + 1),
        ..own_columns(customer)?
    };
    customers::Entity::update(row).exec(&tx.connection).await?;
    delete_parts(tx, stored.id).await?;
    insert_parts(tx, stored.id, customer).await?;
    refresh_search_text(tx, &[stored.id]).await
}

fn own_columns(customer: &ReadCustomer) -> Result<customers::ActiveModel, DbErr> {
    let terms_days = i32::try_from(customer.terms_days)
        .map_err(|_| DbErr::Type("payment terms beyond what the column takes".to_owned()))?;
    Ok(customers::ActiveModel {
        number: Set(customer.number.clone()),
        name: Set(customer.name.clone()),
        email: Set(customer.email.clone()),
        phone: Set(customer.phone.clone()),
        street: Set(customer.street.clone()),
        postal_code: Set(customer.postal_code.clone()),
        city: Set(customer.city.clone()),
        country: Set(customer.country.clone()),
        language: Set(customer.language.clone()),
        tax_id: Set(customer.tax_id.clone()),
        terms_days: Set(terms_days),
        notes: Set(customer.notes.clone()),
        ..Default::default()
    })
}

async fn delete_parts(tx: &Tx, id: CustomerId) -> Result<(), DbErr> {
    customer_tags::Entity::delete_many()
        .filter(customer_tags::Column::CustomerId.eq(id.0))
        .exec(&tx.connection)
        .await?;
    customer_aliases::Entity::delete_many()
        .filter(customer_aliases::Column::CustomerId.eq(id.0))
        .exec(&tx.connection)
        .await?;
    customer_contacts::Entity::delete_many()
        .filter(customer_contacts::Column::CustomerId.eq(id.0))
        .exec(&tx.connection)
        .await?;
    customer_external_ids::Entity::delete_many()
        .filter(customer_external_ids::Column::CustomerId.eq(id.0))
        .exec(&tx.connection)
        .await?;
    Ok(())
}

async fn insert_parts(tx: &Tx, id: CustomerId, customer: &ReadCustomer) -> Result<(), DbErr> {
    let of_customer = |text: &String| vec![id.0.into(), text.as_str().into()];
    let tags = customer.tags.iter().map(of_customer).collect();
    sql::insert_rows(tx, "customer_tags", &["customer_id", "tag"], tags).await?;
    let aliases = customer.aliases.iter().map(of_customer).collect();
    sql::insert_rows(tx, "customer_aliases", &["customer_id", "name"], aliases).await?;
    let contacts = customer.contacts.iter().map(|contact| {
        vec![
            // Ids made one after the other keep the order in which contacts were typed.
            Uuid::now_v7().into(),
            id.0.into(),
            contact.name.as_str().into(),
            contact.position.as_str().into(),
            contact.email.as_str().into(),
            contact.phone.as_str().into(),
        ]
    });
    let columns = ["id", "customer_id", "name", "position", "email", "phone"];
    sql::insert_rows(tx, "customer_contacts", &columns, contacts.collect()).await?;
    let external_ids = customer.external_ids.iter().map(|external| {
        vec![
            id.0.into(),
            external.system.as_str().into(),
            external.value.as_str().into(),
        ]
    });
    let columns = ["customer_id", "system", "value"];
    sql::insert_rows(
        tx,
        "customer_external_ids",
        &columns,
        external_ids.collect(),
    )
    .await
}

/// What a search for a customer looks through: lower-cased words, each on a line of its own.
///
/// Whoever writes customers, other names or account numbers in bulk fills `search_text` with this.
pub fn search_text<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let lines: Vec<String> = words
        .into_iter()
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    lines.join("\n")
}

/// Customers per statement, so that the bound values stay below what SQLite takes (32,766).
const IDS_PER_STATEMENT: usize = 2_000;

/// The search text of these customers says what is stored about them: number, names, e-mail, tax id and the
/// numbers of their accounts. To be called after any of these changed.
pub async fn refresh_search_text(tx: &Tx, ids: &[CustomerId]) -> Result<(), DbErr> {
    for chunk in ids.chunks(IDS_PER_STATEMENT) {
        let ids: Vec<Uuid> = chunk.iter().map(|id| id.0).collect();
        let rows = customers::Entity::find()
            .filter(customers::Column::Id.is_in(ids.clone()))
            .all(&tx.connection)
            .await?;
        let mut more: HashMap<Uuid, Vec<String>> = HashMap::new();
        let aliases = customer_aliases::Entity::find()
            .filter(customer_aliases::Column::CustomerId.is_in(ids.clone()))
            .all(&tx.connection)
            .await?;
        for alias in aliases {
            more.entry(alias.customer_id).or_default().push(alias.name);
        }
        let accounts = receivable_accounts::Entity::find()
            .filter(receivable_accounts::Column::CustomerId.is_in(ids))
            .all(&tx.connection)
            .await?;
        for account in accounts {
            more.entry(account.customer_id)
                .or_default()
                .push(account.number);
        }
        for row in rows {
            let mut further = more.remove(&row.id).unwrap_or_default();
            further.sort();
            let own = [&row.number, &row.name, &row.email, &row.tax_id];
            let text = search_text(own.into_iter().chain(&further).map(String::as_str));
            if text == row.search_text {
                continue;
            }
            let changed = customers::ActiveModel {
                id: Set(row.id),
                search_text: Set(text),
                ..Default::default()
            };
            customers::Entity::update(changed)
                .exec(&tx.connection)
                .await?;
        }
    }
    Ok(())
}
