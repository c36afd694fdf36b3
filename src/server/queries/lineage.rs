//! What documents show of each other: applications, journal entries, history. Who asks is checked by the caller,
//! which knows the document.

use super::origins::{self, OriginRow};
use super::sql;
use crate::domain::credit::CreditClass;
use crate::domain::ids::{
    ApplicationId, CreditGrantId, CreditNoteId, CreditRequestId, CreditRunId, InvoiceId,
    JournalEntryId, PaymentId, ReceivableAccountId,
};
use crate::domain::ledger::{EntrySource, LineSource, Side};
use crate::dto::lineage::{
    AppliedSlice, GrantRef, HistoryItem, PostedEntry, PostedLine, RunRef, UndoneSlice,
};
use crate::server::context::Ctx;
use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{DbErr, FromQueryResult, Value};
use uuid::Uuid;

/// Applications, entries and acts shown with one document; the oldest come first and none beyond this.
const ROWS_PER_DOCUMENT: u32 = 500;

/// Whose applications are asked for.
#[derive(Clone, Copy, Debug)]
pub enum SlicesOf {
    Invoice(InvoiceId),
    Grant(CreditGrantId),
    /// What the payment settled itself and what its own grant settled later.
    Payment(PaymentId),
    /// What the note covered itself and what its own grant settled later.
    CreditNote(CreditNoteId),
    /// What a credit run applied.
    Run(CreditRunId),
    /// What prepayments of an account paid: the latest so many.
    Prepayments(ReceivableAccountId),
}

#[derive(FromQueryResult)]
struct SliceRow {
    id: Uuid,
    invoice_id: Uuid,
    invoice_number: String,
    grant_id: Option<Uuid>,
    grant_number: Option<i64>,
    class: Option<String>,
    #[sea_orm(nested)]
    origin: OriginRow,
    amount_minor: i64,
    currency: String,
    effective_on: NaiveDate,
    entry_id: Uuid,
    entry_number: i64,
    run_id: Option<Uuid>,
    run_number: Option<i64>,
    recorded_at: DateTime<Utc>,
    recorded_by: String,
    unapplied_on: Option<NaiveDate>,
    unapplied_by: Option<String>,
    unapplied_entry_id: Option<Uuid>,
    unapplied_entry_number: Option<i64>,
    reinstated: bool,
}

/// The applications of one document in the order they were recorded, undone ones included.
pub async fn slices(ctx: &Ctx, of: SlicesOf) -> Result<Vec<AppliedSlice>, DbErr> {
    let (filter, id) = match of {
        SlicesOf::Invoice(id) => ("a.invoice_id = $1", id.0),
        SlicesOf::Grant(id) => ("a.grant_id = $1", id.0),
        SlicesOf::Run(id) => ("a.run_id = $1", id.0),
        SlicesOf::Prepayments(id) => (
            "a.id IN (SELECT s.id FROM applications s JOIN credit_grants x ON x.id = s.grant_id
                WHERE s.account_id = $1 AND x.class = 'prepayment' ORDER BY s.id DESC LIMIT 100)",
            id.0,
        ),
        SlicesOf::Payment(id) => (
            "(a.payment_id = $1 OR a.grant_id IN (SELECT own.id FROM credit_grants own
                WHERE own.origin_kind = 'payment' AND own.origin_id = $1))",
            id.0,
        ),
        SlicesOf::CreditNote(id) => (
            "(a.credit_note_id = $1 OR a.grant_id IN (SELECT own.id FROM credit_grants own
                WHERE own.origin_kind = 'credit_note' AND own.origin_id = $1))",
            id.0,
        ),
    };
    let statement = format!(
        "SELECT a.id, a.invoice_id, i.number AS invoice_number, a.grant_id, g.number AS grant_number, g.class,
            {origin},
            a.amount_minor, c.currency, a.effective_on, a.entry_id, e.number AS entry_number,
            a.run_id, r.number AS run_number, a.recorded_at, a.recorded_by,
            a.unapplied_on, a.unapplied_by, a.unapplied_entry_id, u.number AS unapplied_entry_number,
            a.reinstated
        FROM applications a
            JOIN receivable_accounts c ON c.id = a.account_id
            JOIN invoices i ON i.id = a.invoice_id
            JOIN journal_entries e ON e.id = a.entry_id
            LEFT JOIN journal_entries u ON u.id = a.unapplied_entry_id
            LEFT JOIN credit_runs r ON r.id = a.run_id
            LEFT JOIN credit_grants g ON g.id = a.grant_id
            {joins}
        WHERE {filter} ORDER BY a.id LIMIT {ROWS_PER_DOCUMENT}",
        origin = origins::COLUMNS,
        joins = origins::OF_APPLICATION,
    );
    let rows = sql::all::<SliceRow>(ctx, &statement, vec![id.into()]).await?;
    let mut slices = rows
        .into_iter()
        .map(slice)
        .collect::<Result<Vec<AppliedSlice>, DbErr>>()?;
    if ctx.actor.customer().is_some() {
        slices.iter_mut().for_each(leave_out_staff);
    }
    Ok(slices)
}

/// Customers see what happened, not who of the staff did it.
fn leave_out_staff(slice: &mut AppliedSlice) {
    slice.recorded_by.clear();
    if let Some(undone) = &mut slice.undone {
        undone.unapplied_by.clear();
    }
}

fn slice(row: SliceRow) -> Result<AppliedSlice, DbErr> {
    let origin = row.origin.read()?;
    let grant = match (row.grant_id, row.grant_number, row.class) {
        (Some(id), Some(number), Some(class)) => Some(GrantRef {
            grant: CreditGrantId(id),
            number,
            class: CreditClass::from_code(&class)
                .ok_or_else(|| sql::unreadable("class", &class))?,
        }),
        _ => None,
    };
    let undone = match (
        row.unapplied_on,
        row.unapplied_entry_id,
        row.unapplied_entry_number,
    ) {
        (Some(unapplied_on), Some(entry), Some(entry_number)) => Some(UndoneSlice {
            unapplied_on,
            unapplied_by: row.unapplied_by.unwrap_or_default(),
            entry: JournalEntryId(entry),
            entry_number,
            reinstated: row.reinstated,
        }),
        _ => None,
    };
    let run = row.run_id.zip(row.run_number);
    Ok(AppliedSlice {
        application: ApplicationId(row.id),
        invoice: InvoiceId(row.invoice_id),
        invoice_number: row.invoice_number,
        grant,
        origin,
        amount: sql::money(row.amount_minor, &row.currency)?,
        effective_on: row.effective_on,
        entry: JournalEntryId(row.entry_id),
        entry_number: row.entry_number,
        run: run.map(|(run, number)| RunRef {
            run: CreditRunId(run),
            number,
        }),
        recorded_at: row.recorded_at,
        recorded_by: row.recorded_by,
        undone,
    })
}

/// Which journal entries are asked for.
#[derive(Clone, Copy, Debug)]
pub enum EntriesOf {
    /// Of the invoice itself and of everything applied to it.
    Invoice(InvoiceId),
    /// Of the payment itself and of everything its own grant settled.
    Payment(PaymentId),
    /// Of the note itself and of everything its own grant settled.
    CreditNote(CreditNoteId),
    /// That changed what is left of the grant.
    Grant(CreditGrantId),
    /// Of the request itself, and what took it back.
    Request(CreditRequestId),
}

#[derive(FromQueryResult)]
struct EntryLineRow {
    id: Uuid,
    number: i64,
    source: String,
    effective_on: NaiveDate,
    posting_on: NaiveDate,
    reverses: Option<i64>,
    reason: Option<String>,
    currency: String,
    code: String,
    name: String,
    side: String,
    amount_minor: i64,
    line_source: Option<String>,
    wash: bool,
}

/// The journal entries of one document with their lines, in the order they were posted.
pub async fn entries(ctx: &Ctx, of: EntriesOf) -> Result<Vec<PostedEntry>, DbErr> {
    let (ids, id) = match of {
        EntriesOf::Invoice(id) => (
            "SELECT d.id FROM journal_entries d WHERE d.document_id = $1
            UNION SELECT own.entry_id FROM invoices own WHERE own.id = $1
            UNION SELECT a.entry_id FROM applications a WHERE a.invoice_id = $1
            UNION SELECT a.unapplied_entry_id FROM applications a WHERE a.invoice_id = $1",
            id.0,
        ),
        EntriesOf::Payment(id) => (
            "SELECT d.id FROM journal_entries d WHERE d.document_id = $1
            UNION SELECT a.unapplied_entry_id FROM applications a WHERE a.payment_id = $1
            UNION SELECT a.entry_id FROM applications a JOIN credit_grants g ON g.id = a.grant_id
                WHERE g.origin_kind = 'payment' AND g.origin_id = $1
            UNION SELECT a.unapplied_entry_id FROM applications a JOIN credit_grants g ON g.id = a.grant_id
                WHERE g.origin_kind = 'payment' AND g.origin_id = $1
            UNION SELECT m.entry_id FROM grant_movements m JOIN credit_grants g ON g.id = m.grant_id
                WHERE g.origin_kind = 'payment' AND g.origin_id = $1",
            id.0,
        ),
        EntriesOf::CreditNote(id) => (
            "SELECT d.id FROM journal_entries d WHERE d.document_id = $1
            UNION SELECT a.unapplied_entry_id FROM applications a WHERE a.credit_note_id = $1
            UNION SELECT a.entry_id FROM applications a JOIN credit_grants g ON g.id = a.grant_id
                WHERE g.origin_kind = 'credit_note' AND g.origin_id = $1
            UNION SELECT a.unapplied_entry_id FROM applications a JOIN credit_grants g ON g.id = a.grant_id
                WHERE g.origin_kind = 'credit_note' AND g.origin_id = $1",
            id.0,
        ),
        EntriesOf::Grant(id) => (
            "SELECT m.entry_id FROM grant_movements m WHERE m.grant_id = $1
            UNION SELECT a.entry_id FROM applications a WHERE a.grant_id = $1
            UNION SELECT a.unapplied_entry_id FROM applications a WHERE a.grant_id = $1",
            id.0,
        ),
        EntriesOf::Request(id) => (
            "SELECT d.id FROM journal_entries d WHERE d.document_id = $1",
            id.0,
        ),
    };
    let statement = format!(
        "SELECT e.id, e.number, e.source, e.effective_on, e.posting_on, v.number AS reverses, e.reason, e.currency,
            k.code, k.name, l.side, l.amount_minor, l.line_source, l.wash
        FROM journal_entries e
            JOIN journal_lines l ON l.entry_id = e.id
            JOIN ledger_accounts k ON k.role = l.role
            LEFT JOIN journal_entries v ON v.id = e.reverses_id
        WHERE e.id IN (SELECT s.id FROM journal_entries s WHERE s.id IN ({ids})
            ORDER BY s.number LIMIT {ROWS_PER_DOCUMENT})
        ORDER BY e.number, l.position"
    );
    let rows = sql::all::<EntryLineRow>(ctx, &statement, vec![id.into()]).await?;
    let mut entries: Vec<PostedEntry> = Vec::new();
    for row in rows {
        let line = posted_line(&row)?;
        match entries.last_mut().filter(|entry| entry.entry.0 == row.id) {
            Some(entry) => entry.lines.push(line),
            None => entries.push(posted_entry(row, line)?),
        }
    }
    Ok(entries)
}

fn posted_line(row: &EntryLineRow) -> Result<PostedLine, DbErr> {
    Ok(PostedLine {
        code: row.code.clone(),
        name: row.name.clone(),
        side: Side::from_code(&row.side).ok_or_else(|| sql::unreadable("side", &row.side))?,
        amount: sql::money(row.amount_minor, &row.currency)?,
        line_source: row.line_source.as_deref().and_then(LineSource::from_code),
        wash: row.wash,
    })
}

fn posted_entry(row: EntryLineRow, first: PostedLine) -> Result<PostedEntry, DbErr> {
    Ok(PostedEntry {
        entry: JournalEntryId(row.id),
        number: row.number,
        source: EntrySource::from_code(&row.source)
            .ok_or_else(|| sql::unreadable("source", &row.source))?,
        effective_on: row.effective_on,
        posting_on: row.posting_on,
        reverses: row.reverses,
        reason: row.reason,
        lines: vec![first],
    })
}

#[derive(FromQueryResult)]
struct HistoryRow {
    recorded_at: DateTime<Utc>,
    actor: String,
    act: String,
    reason: Option<String>,
}

/// What was done to the document with this id and to these applications, newest first.
pub async fn history(
    ctx: &Ctx,
    subject: String,
    slices: &[AppliedSlice],
) -> Result<Vec<HistoryItem>, DbErr> {
    let mut conditions = sql::Conditions::default();
    let applications = slices.iter().map(|slice| slice.application.to_string());
    let placeholders: Vec<String> = std::iter::once(subject)
        .chain(applications)
        .map(|id| conditions.bind(Value::from(id)))
        .collect();
    conditions.and(format!("h.subject_id IN ({})", placeholders.join(", ")));
    let statement = format!(
        "SELECT h.recorded_at, h.actor, h.act, h.reason FROM audit_events h WHERE {}
        ORDER BY h.recorded_at DESC, h.id DESC LIMIT {ROWS_PER_DOCUMENT}",
        conditions.sql()
    );
    let rows = sql::all::<HistoryRow>(ctx, &statement, conditions.values()).await?;
    let items = rows.into_iter().map(|row| HistoryItem {
        recorded_at: row.recorded_at,
        actor: row.actor,
        act: row.act,
        reason: row.reason,
    });
    Ok(items.collect())
}
