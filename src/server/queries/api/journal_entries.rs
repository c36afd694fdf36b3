//! Journal entries with their lines. For staff who may read the journal.

use super::{Cut, Listed, Narrowing, by_document, id, one};
use crate::domain::ledger::{EntrySource, LedgerRole, LineSource, Side};
use crate::domain::money::{Currency, Money};
use crate::domain::rights::Right;
use crate::dto::error::AppError;
use crate::dto::journal::DocumentKind;
use crate::server::context::Ctx;
use crate::server::queries::sql::unreadable;
use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{DbErr, FromQueryResult};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// A balanced entry. It is never changed; a correction is another entry that names it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct JournalEntry {
    pub id: Uuid,
    pub number: i64,
    pub source: EntrySource,
    /// Number of the receivable account.
    pub account: String,
    /// Customer number.
    pub customer: String,
    pub effective_on: NaiveDate,
    pub posting_on: NaiveDate,
    pub document: EntryDocument,
    /// The entry this one takes back.
    pub reverses: Option<Uuid>,
    pub reversed_by: Vec<Uuid>,
    pub credit_run: Option<Uuid>,
    pub reason: Option<String>,
    pub lines: Vec<JournalLine>,
    pub recorded_at: DateTime<Utc>,
    pub recorded_by: String,
}

/// The document an entry belongs to.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EntryDocument {
    pub kind: DocumentKind,
    pub id: Uuid,
}

/// One line of an entry; the amount is positive.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct JournalLine {
    /// Number of the receivable account it belongs to: the entry's own, but for the receiving side of a transfer.
    pub account: String,
    pub ledger_account: LedgerAccount,
    pub side: Side,
    pub amount: Money,
    pub line_source: Option<LineSource>,
    /// Nets to zero within its entry and is left out of cash reports.
    pub wash: bool,
    /// The invoice a line on a control account is about.
    pub invoice: Option<Uuid>,
    /// The grant a line on a control account is about.
    pub grant: Option<Uuid>,
}

/// A ledger account as the chart names it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LedgerAccount {
    pub role: LedgerRole,
    pub code: String,
    pub name: String,
}

/// Which entries a list shows.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct JournalEntryList {
    #[param(required = false, example = "50")]
    pub limit: String,
    /// `next` of the part before.
    #[param(required = false)]
    pub cursor: String,
    /// Customer number.
    #[param(required = false)]
    pub customer: String,
    /// Number of the receivable account.
    #[param(required = false)]
    pub account: String,
    #[param(required = false)]
    pub source: String,
    /// Id of an invoice, payment or application.
    #[param(required = false)]
    pub document: String,
    /// Id of a credit run.
    #[param(required = false)]
    pub credit_run: String,
    /// First accounting day.
    #[param(required = false)]
    pub posting_from: String,
    /// Last accounting day.
    #[param(required = false)]
    pub posting_to: String,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    number: i64,
    source: String,
    account: String,
    customer: String,
    currency: String,
    effective_on: NaiveDate,
    posting_on: NaiveDate,
    document_kind: String,
    document_id: Uuid,
    reverses_id: Option<Uuid>,
    run_id: Option<Uuid>,
    reason: Option<String>,
    recorded_at: DateTime<Utc>,
    recorded_by: String,
}

const SELECT: &str = "SELECT e.id, e.number, e.source, r.number AS account, c.number AS customer, e.currency,
        e.effective_on, e.posting_on, e.document_kind, e.document_id, e.reverses_id, e.run_id, e.reason,
        e.recorded_at, e.recorded_by
    FROM journal_entries e
    JOIN receivable_accounts r ON r.id = e.account_id
    JOIN customers c ON c.id = r.customer_id";

pub async fn list(ctx: &Ctx, wanted: JournalEntryList) -> Result<Listed<JournalEntry>, AppError> {
    ctx.actor.require(Right::ReadJournal)?;
    let cut = narrowed(&wanted)?;
    let (rows, next) = cut.rows::<Row>(ctx, SELECT, |row| row.id).await?;
    let items = whole(ctx, rows).await?;
    Ok(Listed { items, next })
}

fn narrowed(wanted: &JournalEntryList) -> Result<Cut, AppError> {
    let mut narrowing = Narrowing::default();
    narrowing.text("c.number", &wanted.customer);
    if !wanted.account.trim().is_empty() {
        // An entry of a transfer belongs to both of its accounts.
        narrowing.conditions.with(
            "(r.number = ? OR EXISTS (SELECT 1 FROM requests t JOIN receivable_accounts ta ON ta.id = t.to_account_id
                WHERE t.id = e.document_id AND ta.number = ?))",
            wanted.account.trim(),
        );
    }
    narrowing.code("source", "e.source", &wanted.source, EntrySource::from_code);
    narrowing.id("document", "e.document_id", &wanted.document);
    narrowing.id("credit_run", "e.run_id", &wanted.credit_run);
    narrowing.date("posting_from", "e.posting_on", ">=", &wanted.posting_from);
    narrowing.date("posting_to", "e.posting_on", "<=", &wanted.posting_to);
    narrowing.cut("e.id", &wanted.limit, &wanted.cursor)
}

/// One entry by id.
pub async fn find(ctx: &Ctx, key: &str) -> Result<JournalEntry, AppError> {
    ctx.actor.require(Right::ReadJournal)?;
    let row: Row = one(ctx, SELECT, "e.id", id(key)?).await?;
    whole(ctx, vec![row]).await?.pop().ok_or(AppError::NotFound)
}

#[derive(FromQueryResult)]
struct LineRow {
    entry_id: Uuid,
    account: String,
    role: String,
    code: String,
    name: String,
    side: String,
    amount_minor: i64,
    line_source: Option<String>,
    wash: bool,
    invoice_id: Option<Uuid>,
    grant_id: Option<Uuid>,
}

#[derive(FromQueryResult)]
struct ReversalRow {
    id: Uuid,
    reverses_id: Uuid,
}

async fn whole(ctx: &Ctx, rows: Vec<Row>) -> Result<Vec<JournalEntry>, AppError> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let lines = |ids: &str| {
        format!(
            "SELECT l.entry_id, r.number AS account, l.role, k.code, k.name, l.side, l.amount_minor, l.line_source, l.wash,
                l.invoice_id, l.grant_id
            FROM journal_lines l JOIN ledger_accounts k ON k.role = l.role
                JOIN receivable_accounts r ON r.id = l.account_id
            WHERE l.entry_id IN ({ids}) ORDER BY l.entry_id, l.position"
        )
    };
    let reversals = |ids: &str| {
        format!(
            "SELECT v.id, v.reverses_id FROM journal_entries v WHERE v.reverses_id IN ({ids}) ORDER BY v.number"
        )
    };
    let mut lines = by_document(ctx, lines, &ids, |row: &LineRow| row.entry_id).await?;
    let mut reversals =
        by_document(ctx, reversals, &ids, |row: &ReversalRow| row.reverses_id).await?;
    rows.into_iter()
        .map(|row| {
            let lines = lines.remove(&row.id).unwrap_or_default();
            let reversals = reversals.remove(&row.id).unwrap_or_default();
            let reversed_by = reversals.iter().map(|reversal| reversal.id).collect();
            Ok(entry(row, lines, reversed_by)?)
        })
        .collect()
}

fn entry(row: Row, lines: Vec<LineRow>, reversed_by: Vec<Uuid>) -> Result<JournalEntry, DbErr> {
    let currency: Currency = row
        .currency
        .parse()
        .map_err(|_| unreadable("journal_entries.currency", &row.currency))?;
    Ok(JournalEntry {
        id: row.id,
        number: row.number,
        source: EntrySource::from_code(&row.source)
            .ok_or_else(|| unreadable("journal_entries.source", &row.source))?,
        account: row.account,
        customer: row.customer,
        effective_on: row.effective_on,
        posting_on: row.posting_on,
        document: EntryDocument {
            kind: DocumentKind::from_code(&row.document_kind)
                .ok_or_else(|| unreadable("journal_entries.document_kind", &row.document_kind))?,
            id: row.document_id,
        },
        reverses: row.reverses_id,
        reversed_by,
        credit_run: row.run_id,
        reason: row.reason,
        lines: lines
            .into_iter()
            .map(|row| line(row, currency))
            .collect::<Result<_, _>>()?,
        recorded_at: row.recorded_at,
        recorded_by: row.recorded_by,
    })
}

fn line(row: LineRow, currency: Currency) -> Result<JournalLine, DbErr> {
    let line_source = match row.line_source {
        Some(code) => Some(
            LineSource::from_code(&code)
                .ok_or_else(|| unreadable("journal_lines.line_source", &code))?,
        ),
        None => None,
    };
    Ok(JournalLine {
        account: row.account,
        ledger_account: LedgerAccount {
            role: LedgerRole::from_code(&row.role)
                .ok_or_else(|| unreadable("journal_lines.role", &row.role))?,
            code: row.code,
            name: row.name,
        },
        side: Side::from_code(&row.side)
            .ok_or_else(|| unreadable("journal_lines.side", &row.side))?,
        amount: Money::new(row.amount_minor, currency),
        line_source,
        wash: row.wash,
        invoice: row.invoice_id,
        grant: row.grant_id,
    })
}
