//! Resources of the API, each in one file: how it goes over the wire and the SQL that reads it. Lists are cut by key,
//! not by counting rows, so that paging through one meets every item once, whatever is added meanwhile.

pub mod applications;
pub mod audit_events;
pub mod credit_grants;
pub mod credit_notes;
pub mod credit_runs;
pub mod customers;
pub mod invoices;
pub mod journal_entries;
pub mod payments;
pub mod promotions;
pub mod receivable_accounts;
pub mod reports;
pub mod requests;
mod schema;

use super::sql::{self, Conditions};
use crate::domain::money::Currency;
use crate::dto::error::{AppError, Refusal};
use crate::dto::form::{Reader, read_date};
use crate::server::context::{Actor, Ctx};
use sea_orm::{DbErr, FromQueryResult, Value};
use serde::Serialize;
use std::collections::HashMap;
use utoipa::ToSchema;
use uuid::Uuid;

/// Items of a list where the request does not say how many.
const DEFAULT_LIMIT: usize = 50;
/// Items of a list at most, whatever is asked.
const MAX_LIMIT: usize = 200;

/// Part of a list, and where the next part begins.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Listed<T> {
    pub items: Vec<T>,
    /// The `cursor` of the next part; null when this is the last.
    pub next: Option<String>,
}

/// A document: its id, and the number people know it by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct DocumentRef {
    pub id: Uuid,
    pub number: String,
}

/// Reads the parameters of a list into conditions, one field at a time; refusals are kept with their fields.
/// Empty parameters ask for nothing.
#[derive(Default)]
struct Narrowing {
    reader: Reader,
    conditions: Conditions,
}

impl Narrowing {
    fn text(&mut self, column: &str, text: &str) {
        if !text.trim().is_empty() {
            self.conditions.equal(column, text.trim());
        }
    }

    /// `comparison` is an operator of SQL: `=`, `>=`, `<=`.
    fn date(&mut self, field: &str, column: &str, comparison: &str, text: &str) {
        if text.trim().is_empty() {
            return;
        }
        match read_date(text.trim()) {
            Some(date) => {
                let date = self.conditions.bind(date);
                self.conditions.and(format!("{column} {comparison} {date}"));
            }
            None => self.reader.refuse(field, Refusal::NotADate),
        }
    }

    fn currency(&mut self, field: &str, column: &str, text: &str) {
        if text.trim().is_empty() {
            return;
        }
        match text.trim().parse::<Currency>() {
            Ok(currency) => self.conditions.equal(column, currency.code()),
            Err(_) => self.reader.refuse(field, Refusal::UnknownCurrency),
        }
    }

    /// One of an enum's codes, as it is stored.
    fn code<T>(&mut self, field: &str, column: &str, text: &str, from_code: fn(&str) -> Option<T>) {
        if let Some(_known) = self.choice(field, text, from_code) {
            self.conditions.equal(column, text.trim());
        }
    }

    /// One of an enum's codes, for conditions of the caller's own.
    fn choice<T>(
        &mut self,
        field: &str,
        text: &str,
        from_code: fn(&str) -> Option<T>,
    ) -> Option<T> {
        if text.trim().is_empty() {
            return None;
        }
        let choice = from_code(text.trim());
        if choice.is_none() {
            self.reader.refuse(field, Refusal::UnknownChoice);
        }
        choice
    }

    /// `true` or `false`.
    fn flag(&mut self, field: &str, column: &str, text: &str) {
        match text.trim() {
            "" => {}
            "true" => self.conditions.and(column),
            "false" => self.conditions.and(format!("NOT {column}")),
            _ => self.reader.refuse(field, Refusal::UnknownChoice),
        }
    }

    fn id(&mut self, field: &str, column: &str, text: &str) {
        if text.trim().is_empty() {
            return;
        }
        match text.trim().parse::<Uuid>() {
            Ok(id) => self.conditions.equal(column, id),
            Err(_) => self.reader.refuse(field, Refusal::UnknownReference),
        }
    }

    /// The part of the list asked for: `limit` items after `cursor`, in the order of `id`.
    fn cut(mut self, id: &'static str, limit: &str, cursor: &str) -> Result<Cut, AppError> {
        let limit = match limit.trim() {
            "" => Some(DEFAULT_LIMIT),
            text => text.parse().ok().filter(|limit| *limit > 0),
        };
        if limit.is_none() {
            self.reader.refuse("limit", Refusal::NotANumber);
        }
        if !cursor.trim().is_empty() {
            match cursor.trim().parse::<Uuid>() {
                Ok(last) => {
                    let last = self.conditions.bind(last);
                    self.conditions.and(format!("{id} > {last}"));
                }
                Err(_) => self.reader.refuse("cursor", Refusal::UnknownReference),
            }
        }
        let limit = self.reader.finish(limit)?.min(MAX_LIMIT);
        Ok(Cut {
            conditions: self.conditions,
            id,
            limit,
        })
    }
}

/// One part of a list, to be read.
struct Cut {
    conditions: Conditions,
    id: &'static str,
    limit: usize,
}

impl Cut {
    /// The rows of this part, out of `SELECT … FROM …`, and the cursor of the next.
    async fn rows<R: FromQueryResult>(
        &self,
        ctx: &Ctx,
        select: &str,
        key: fn(&R) -> Uuid,
    ) -> Result<(Vec<R>, Option<String>), DbErr> {
        // One row more than wanted tells whether there is more.
        let statement = format!(
            "{select} WHERE {} ORDER BY {} LIMIT {}",
            self.conditions.sql(),
            self.id,
            self.limit + 1
        );
        let mut rows: Vec<R> = sql::all(ctx, &statement, self.conditions.values()).await?;
        if rows.len() <= self.limit {
            return Ok((rows, None));
        }
        rows.truncate(self.limit);
        let next = rows.last().map(|row| key(row).to_string());
        Ok((rows, next))
    }
}

/// An id out of a path; wrong text names nothing that is there.
fn id(text: &str) -> Result<Uuid, AppError> {
    text.trim().parse().map_err(|_| AppError::NotFound)
}

/// The row with this key. What is not there is not found; nobody is told even that.
async fn one<R: FromQueryResult>(
    ctx: &Ctx,
    select: &str,
    column: &str,
    key: impl Into<Value>,
) -> Result<R, AppError> {
    if ctx.actor == Actor::Nobody {
        return Err(AppError::NotLoggedIn);
    }
    let statement = format!("{select} WHERE {column} = $1");
    let row = sql::one(ctx, &statement, vec![key.into()]).await?;
    row.ok_or(AppError::NotFound)
}

/// Names of staff and what they noted are for staff.
fn for_staff<T>(ctx: &Ctx, value: T) -> Option<T> {
    ctx.actor.customer().is_none().then_some(value)
}

/// Placeholders for `ids`, the first of them `$1`.
fn listed_ids(ids: &[Uuid]) -> (String, Vec<Value>) {
    let placeholders: Vec<String> = (1..=ids.len()).map(|n| format!("${n}")).collect();
    let values = ids.iter().map(|id| (*id).into()).collect();
    (placeholders.join(", "), values)
}

/// Rows that belong to several documents, by document.
async fn by_document<R: FromQueryResult>(
    ctx: &Ctx,
    statement: impl FnOnce(&str) -> String,
    ids: &[Uuid],
    document: fn(&R) -> Uuid,
) -> Result<HashMap<Uuid, Vec<R>>, DbErr> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let (placeholders, values) = listed_ids(ids);
    let rows: Vec<R> = sql::all(ctx, &statement(&placeholders), values).await?;
    let mut grouped: HashMap<Uuid, Vec<R>> = HashMap::new();
    for row in rows {
        grouped.entry(document(&row)).or_default().push(row);
    }
    Ok(grouped)
}

#[derive(FromQueryResult)]
struct EntryOf {
    entry_id: Uuid,
    document_id: Uuid,
}

/// The journal entries posted for documents themselves, in the order they were posted.
async fn own_entries(ctx: &Ctx, ids: &[Uuid]) -> Result<HashMap<Uuid, Vec<Uuid>>, DbErr> {
    let statement = |placeholders: &str| {
        format!(
            "SELECT id AS entry_id, document_id FROM journal_entries WHERE document_id IN ({placeholders})
            ORDER BY number"
        )
    };
    let rows = by_document::<EntryOf>(ctx, statement, ids, |row| row.document_id).await?;
    Ok(rows
        .into_iter()
        .map(|(document, rows)| (document, rows.iter().map(|row| row.entry_id).collect()))
        .collect())
}

/// Adds the entries of a document's applications to its own, each once.
fn with_entries_of(applications: &[applications::Application], mut own: Vec<Uuid>) -> Vec<Uuid> {
    for entry in applications
        .iter()
        .flat_map(|application| &application.journal_entries)
    {
        if !own.contains(entry) {
            own.push(*entry);
        }
    }
    own
}
