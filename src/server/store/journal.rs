//! Writing journal entries. Lines first, then the entry that seals them: the database checks the balance.

use super::Tx;
use super::numbers::{self, Sequence};
use super::sql;
use crate::domain::approval::RequestKind;
use crate::domain::ids::{CreditRequestId, CreditRunId, JournalEntryId};
use crate::domain::ledger::{JournalEntry, LineSource, Subject};
use crate::server::context::Ctx;
use chrono::NaiveDate;
use sea_orm::{DbErr, Value};
use uuid::Uuid;

/// The document an entry belongs to.
#[derive(Clone, Copy, Debug)]
pub enum Document {
    Invoice(Uuid),
    Payment(Uuid),
    Application(Uuid),
    /// A grant itself: it lapsed, or a lapse was taken back.
    Grant(Uuid),
    /// A grant of a promotion.
    Promotion(Uuid),
    CreditNote(Uuid),
    /// An adjustment, refund, transfer or write-off.
    Request(RequestKind, CreditRequestId),
}

impl Document {
    fn parts(self) -> (&'static str, Uuid) {
        match self {
            Self::Invoice(id) => ("invoice", id),
            Self::Payment(id) => ("payment", id),
            Self::Application(id) => ("application", id),
            Self::Grant(id) => ("grant", id),
            Self::Promotion(id) => ("promotion", id),
            Self::CreditNote(id) => ("credit_note", id),
            Self::Request(kind, id) => (kind.code(), id.0),
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

const LINE_COLUMNS: &[&str] = &[
    "entry_id",
    "position",
    "role",
    "side",
    "amount_minor",
    "line_source",
    "wash",
    "account_id",
    "invoice_id",
    "grant_id",
];

const ENTRY_COLUMNS: &[&str] = &[
    "id",
    "number",
    "source",
    "account_id",
    "currency",
    "effective_on",
    "posting_on",
    "document_kind",
    "document_id",
    "reverses_id",
    "run_id",
    "reason",
    "recorded_at",
    "recorded_by",
];

/// Posts entries in the order given; they get ascending numbers, which are returned.
pub async fn post(tx: &Tx, ctx: &Ctx, entries: &[EntryToPost]) -> Result<Vec<i64>, DbErr> {
    let numbers = numbers::next(tx, Sequence::JournalEntries, entries.len()).await?;
    let lines = entries.iter().flat_map(line_rows).collect();
    sql::insert_rows(tx, "journal_lines", LINE_COLUMNS, lines).await?;
    let rows = entries
        .iter()
        .zip(&numbers)
        .map(|(entry, number)| entry_row(ctx, entry, *number))
        .collect();
    sql::insert_rows(tx, "journal_entries", ENTRY_COLUMNS, rows).await?;
    Ok(numbers)
}

fn entry_row(ctx: &Ctx, to_post: &EntryToPost, number: i64) -> Vec<Value> {
    let (document_kind, document_id) = to_post.document.parts();
    vec![
        to_post.id.0.into(),
        number.into(),
        to_post.entry.source().code().into(),
        to_post.entry.account().0.into(),
        to_post.entry.currency().code().into(),
        to_post.effective_on.into(),
        to_post.posting_on.into(),
        document_kind.into(),
        document_id.into(),
        to_post.reverses.map(|id| id.0).into(),
        to_post.run.map(|id| id.0).into(),
        to_post.reason.clone().into(),
        ctx.clock.now().into(),
        ctx.actor.label().into(),
    ]
}

fn line_rows(to_post: &EntryToPost) -> impl Iterator<Item = Vec<Value>> {
    let entry_id = to_post.id.0;
    let account_id = to_post.entry.account().0;
    to_post
        .entry
        .lines()
        .iter()
        .zip(1_i32..)
        .map(move |(line, position)| {
            let (invoice_id, grant_id) = match line.subject {
                Some(Subject::Invoice(id)) => (Some(id.0), None),
                Some(Subject::Grant(id)) => (None, Some(id.0)),
                None => (None, None),
            };
            vec![
                entry_id.into(),
                position.into(),
                line.role.code().into(),
                line.side.code().into(),
                line.amount_minor.into(),
                line.line_source.map(LineSource::code).into(),
                line.wash.into(),
                line.account.map_or(account_id, |id| id.0).into(),
                invoice_id.into(),
                grant_id.into(),
            ]
        })
}
