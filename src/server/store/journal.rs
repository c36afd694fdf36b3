//! Writing journal entries. Lines first, then the entry that seals them: the database checks the balance.

use super::Tx;
use super::entity::{journal_entries, journal_lines};
use super::numbers::{self, Sequence};
use crate::domain::ids::{CreditRunId, JournalEntryId};
use crate::domain::ledger::{JournalEntry, Subject};
use crate::server::context::Ctx;
use chrono::NaiveDate;
use sea_orm::{ActiveValue::Set, DbErr, EntityTrait};
use uuid::Uuid;

/// The document an entry belongs to.
#[derive(Clone, Copy, Debug)]
pub enum Document {
    Invoice(Uuid),
    Payment(Uuid),
    Application(Uuid),
}

impl Document {
    fn parts(self) -> (&'static str, Uuid) {
        match self {
            Self::Invoice(id) => ("invoice", id),
            Self::Payment(id) => ("payment", id),
            Self::Application(id) => ("application", id),
        }
    }
}

/// A balanced entry with everything that says when, why and for which document it is posted.
#[derive(Clone, Debug)]
pub struct EntryToPost {
    pub id: JournalEntryId,
    pub entry: JournalEntry,
    pub document: Document,
    pub effective_on: NaiveDate,
    pub posting_on: NaiveDate,
    pub reverses: Option<JournalEntryId>,
    pub run: Option<CreditRunId>,
    pub reason: Option<String>,
}

/// Rows per insert statement, so that the bound values stay below what SQLite takes (32,766).
const ROWS_PER_INSERT: usize = 2_000;

/// Posts entries in the order given; they get ascending numbers, which are returned.
pub async fn post(tx: &Tx, ctx: &Ctx, entries: &[EntryToPost]) -> Result<Vec<i64>, DbErr> {
    let numbers = numbers::next(tx, Sequence::JournalEntries, entries.len()).await?;
    let lines: Vec<journal_lines::ActiveModel> = entries.iter().flat_map(line_rows).collect();
    for chunk in lines.chunks(ROWS_PER_INSERT) {
        journal_lines::Entity::insert_many(chunk.to_vec())
            .exec_without_returning(&tx.connection)
            .await?;
    }
    let recorded_at = ctx.clock.now();
    let recorded_by = ctx.actor.label();
    let rows: Vec<journal_entries::ActiveModel> = entries
        .iter()
        .zip(&numbers)
        .map(|(entry, number)| journal_entries::ActiveModel {
            number: Set(*number),
            recorded_at: Set(recorded_at),
            recorded_by: Set(recorded_by.clone()),
            ..entry_row(entry)
        })
        .collect();
    for chunk in rows.chunks(ROWS_PER_INSERT) {
        journal_entries::Entity::insert_many(chunk.to_vec())
            .exec_without_returning(&tx.connection)
            .await?;
    }
    Ok(numbers)
}

fn entry_row(to_post: &EntryToPost) -> journal_entries::ActiveModel {
    let (document_kind, document_id) = to_post.document.parts();
    journal_entries::ActiveModel {
        id: Set(to_post.id.0),
        source: Set(to_post.entry.source().code().to_owned()),
        account_id: Set(to_post.entry.account().0),
        currency: Set(to_post.entry.currency().code().to_owned()),
        effective_on: Set(to_post.effective_on),
        posting_on: Set(to_post.posting_on),
        document_kind: Set(document_kind.to_owned()),
        document_id: Set(document_id),
        reverses_id: Set(to_post.reverses.map(|id| id.0)),
        run_id: Set(to_post.run.map(|id| id.0)),
        reason: Set(to_post.reason.clone()),
        ..Default::default()
    }
}

fn line_rows(to_post: &EntryToPost) -> impl Iterator<Item = journal_lines::ActiveModel> {
    let entry_id = to_post.id.0;
    let account_id = to_post.entry.account().0;
    to_post
        .entry
        .lines()
        .iter()
        .zip(1..)
        .map(move |(line, position)| {
            let (invoice_id, grant_id) = match line.subject {
                Some(Subject::Invoice(id)) => (Some(id.0), None),
                Some(Subject::Grant(id)) => (None, Some(id.0)),
                None => (None, None),
            };
            journal_lines::ActiveModel {
                entry_id: Set(entry_id),
                position: Set(position),
                role: Set(line.role.code().to_owned()),
                side: Set(line.side.code().to_owned()),
                amount_minor: Set(line.amount_minor),
                line_source: Set(line.line_source.map(|source| source.code().to_owned())),
                wash: Set(line.wash),
                account_id: Set(account_id),
                invoice_id: Set(invoice_id),
                grant_id: Set(grant_id),
            }
        })
}
