//! The journal by date and by document, one entry with its lines, and the chart with balances.

use super::{reports, sql};
use crate::domain::ids::{CreditRunId, JournalEntryId};
use crate::domain::ledger::{EntrySource, LedgerKind, LedgerRole, LineSource, Side};
use crate::domain::money::Money;
use crate::domain::rights::Right;
use crate::dto::error::{AppError, Refusal};
use crate::dto::form::Reader;
use crate::dto::journal::{
    ChartRow, DocumentKind, EntryDetail, EntryLink, EntryRow, JournalFilter, LineRow, LineSubject,
};
use crate::dto::page::{Page, PageRequest, ROWS_PER_PAGE};
use crate::server::context::Ctx;
use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{DbErr, FromQueryResult, Value};
use uuid::Uuid;

/// Entries by accounting day, newest first unless sorted otherwise; one page of those that match.
pub async fn list(
    ctx: &Ctx,
    filter: JournalFilter,
    page: PageRequest,
) -> Result<Page<EntryRow>, AppError> {
    ctx.actor.require(Right::ReadJournal)?;
    let (conditions, values) = conditions(&filter)?;
    let counting = format!(
        "SELECT COUNT(*) AS count FROM journal_entries e JOIN receivable_accounts r ON r.id = e.account_id
        WHERE {conditions}"
    );
    let total = sql::count(ctx, &counting, values.clone()).await?;
    let order = match page.sort_column() {
        ("date", false) => "e.posting_on, e.number",
        ("number", false) => "e.number",
        ("number", true) => "e.number DESC",
        _ => "e.posting_on DESC, e.number DESC",
    };
    // The page is cut before anything is joined to it, so that only its own lines are summed.
    let statement = format!(
        "SELECT {ENTRY_COLUMNS} FROM (
            SELECT e.* FROM journal_entries e JOIN receivable_accounts r ON r.id = e.account_id
            WHERE {conditions} ORDER BY {order} LIMIT {ROWS_PER_PAGE} OFFSET {offset}
        ) e {ENTRY_JOINS} ORDER BY {order}",
        offset = page.offset(),
    );
    let rows = sql::all::<EntryColumns>(ctx, &statement, values).await?;
    let rows = rows
        .into_iter()
        .map(EntryColumns::read)
        .collect::<Result<_, _>>()?;
    Ok(Page { rows, total })
}

/// Entries an export reads at a time.
pub const EXPORT_CHUNK: usize = 2_000;

/// Where an export stands: the day and number of the last entry read.
pub type ExportPosition = (NaiveDate, i64);

/// The next entries of an export behind a position, newest first.
pub async fn export(
    ctx: &Ctx,
    filter: JournalFilter,
    after: Option<ExportPosition>,
) -> Result<Vec<EntryRow>, AppError> {
    ctx.actor.require(Right::ReadJournal)?;
    let (mut conditions, mut values) = conditions(&filter)?;
    if let Some((day, number)) = after {
        let (n, m) = (values.len() + 1, values.len() + 2);
        conditions = format!(
            "{conditions} AND (e.posting_on < ${n} OR (e.posting_on = ${n} AND e.number < ${m}))"
        );
        values.extend([day.into(), number.into()]);
    }
    let order = "e.posting_on DESC, e.number DESC";
    let statement = format!(
        "SELECT {ENTRY_COLUMNS} FROM (
            SELECT e.* FROM journal_entries e JOIN receivable_accounts r ON r.id = e.account_id
            WHERE {conditions} ORDER BY {order} LIMIT {EXPORT_CHUNK}
        ) e {ENTRY_JOINS} ORDER BY {order}"
    );
    let rows = sql::all::<EntryColumns>(ctx, &statement, values).await?;
    let rows = rows.into_iter().map(EntryColumns::read);
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The filter as SQL over `e` (entries) and `r` (their receivable accounts), with its values.
fn conditions(filter: &JournalFilter) -> Result<(String, Vec<Value>), AppError> {
    let mut reader = Reader::default();
    let mut conditions = vec!["1 = 1".to_owned()];
    let mut values: Vec<Value> = Vec::new();
    let mut add = |condition: &str, value: Value| {
        values.push(value);
        conditions.push(condition.replace("$?", &format!("${}", values.len())));
    };
    for (field, text, condition) in [
        ("from", &filter.from, "e.posting_on >= $?"),
        ("to", &filter.to, "e.posting_on <= $?"),
    ] {
        if !text.trim().is_empty()
            && let Some(date) = reader.date(field, text)
        {
            add(condition, date.into());
        }
    }
    if !filter.source.is_empty() {
        match EntrySource::from_code(&filter.source) {
            Some(source) => add("e.source = $?", source.code().into()),
            None => reader.refuse("source", Refusal::UnknownChoice),
        }
    }
    if !filter.account.trim().is_empty() {
        // An entry of a transfer belongs to both of its accounts.
        add(
            "(r.number = $? OR EXISTS (SELECT 1 FROM requests t JOIN receivable_accounts ta ON ta.id = t.to_account_id
                WHERE t.id = e.document_id AND ta.number = $?))",
            filter.account.trim().into(),
        );
    }
    let document = filter.document.trim();
    if let Ok(id) = document.parse::<Uuid>() {
        add("e.document_id = $?", id.into());
    } else if !document.is_empty() {
        add(OF_DOCUMENT, document.into());
    }
    reader.finish(Some((conditions.join(" AND "), values)))
}

/// Entries of the documents with a number, and of applications to invoices with it.
const OF_DOCUMENT: &str = "e.document_id IN (
        SELECT i.id FROM invoices i WHERE i.number = $?
        UNION ALL SELECT p.id FROM payments p WHERE CAST(p.number AS text) = $?
        UNION ALL SELECT n.id FROM credit_notes n WHERE n.number = $?
        UNION ALL SELECT q.id FROM requests q WHERE CAST(q.number AS text) = $?
        UNION ALL SELECT a.id FROM applications a JOIN invoices i ON i.id = a.invoice_id WHERE i.number = $?)";

const ENTRY_COLUMNS: &str =
    "e.id, e.number, e.source, e.effective_on, e.posting_on, e.currency, e.document_kind,
    e.document_id, e.reverses_id, e.run_id, e.reason, e.recorded_at, e.recorded_by,
    r.number AS account_number, c.name AS customer_name,
    COALESCE(i.number, CAST(p.number AS text), n.number, ai.number, po.code, CAST(g.number AS text),
        CAST(q.number AS text), '') AS document_number,
    (SELECT CAST(COALESCE(SUM(l.amount_minor), 0) AS bigint) FROM journal_lines l
        WHERE l.entry_id = e.id AND l.side = 'debit' AND NOT l.wash) AS amount_minor";

const ENTRY_JOINS: &str = "JOIN receivable_accounts r ON r.id = e.account_id
    JOIN customers c ON c.id = r.customer_id
    LEFT JOIN invoices i ON i.id = e.document_id AND e.document_kind = 'invoice'
    LEFT JOIN payments p ON p.id = e.document_id AND e.document_kind = 'payment'
    LEFT JOIN credit_notes n ON n.id = e.document_id AND e.document_kind = 'credit_note'
    LEFT JOIN applications a ON a.id = e.document_id AND e.document_kind = 'application'
    LEFT JOIN invoices ai ON ai.id = a.invoice_id
    LEFT JOIN promotion_grants pg ON pg.id = e.document_id AND e.document_kind = 'promotion'
    LEFT JOIN promotions po ON po.id = pg.promotion_id
    LEFT JOIN credit_grants g ON g.id = e.document_id AND e.document_kind = 'grant'
    LEFT JOIN requests q ON q.id = e.document_id";

#[derive(FromQueryResult)]
struct EntryColumns {
    id: Uuid,
    number: i64,
    source: String,
    effective_on: NaiveDate,
    posting_on: NaiveDate,
    currency: String,
    document_kind: String,
    document_id: Uuid,
    reverses_id: Option<Uuid>,
    run_id: Option<Uuid>,
    reason: Option<String>,
    recorded_at: DateTime<Utc>,
    recorded_by: String,
    account_number: String,
    customer_name: String,
    document_number: String,
    amount_minor: i64,
}

impl EntryColumns {
    fn read(self) -> Result<EntryRow, DbErr> {
        Ok(EntryRow {
            id: JournalEntryId(self.id),
            number: self.number,
            source: EntrySource::from_code(&self.source)
                .ok_or_else(|| sql::unreadable("journal_entries.source", &self.source))?,
            effective_on: self.effective_on,
            posting_on: self.posting_on,
            account_number: self.account_number,
            customer_name: self.customer_name,
            document_kind: DocumentKind::from_code(&self.document_kind).ok_or_else(|| {
                sql::unreadable("journal_entries.document_kind", &self.document_kind)
            })?,
            document_id: self.document_id,
            document_number: self.document_number,
            amount: sql::money(self.amount_minor, &self.currency)?,
            reverses: self.reverses_id.is_some(),
        })
    }
}

/// One entry with its lines, and the entries it reverses or is reversed by.
pub async fn entry(ctx: &Ctx, id: &str) -> Result<EntryDetail, AppError> {
    ctx.actor.require(Right::ReadJournal)?;
    let id: Uuid = id.trim().parse().map_err(|_| AppError::NotFound)?;
    let statement =
        format!("SELECT {ENTRY_COLUMNS} FROM journal_entries e {ENTRY_JOINS} WHERE e.id = $1");
    let columns = sql::one::<EntryColumns>(ctx, &statement, vec![id.into()])
        .await?
        .ok_or(AppError::NotFound)?;
    let links = links(ctx, id).await?;
    let (reverses, reversed_by): (Vec<_>, Vec<_>) = links
        .into_iter()
        .partition(|link| Some(link.id.0) == columns.reverses_id);
    Ok(EntryDetail {
        lines: lines(ctx, id, &columns.currency).await?,
        reverses: reverses.into_iter().next(),
        reversed_by,
        run: columns.run_id.map(CreditRunId),
        reason: columns.reason.clone(),
        recorded_at: columns.recorded_at,
        recorded_by: columns.recorded_by.clone(),
        entry: columns.read()?,
    })
}

#[derive(FromQueryResult)]
struct LinkRow {
    id: Uuid,
    number: i64,
}

/// The entry this one reverses and those that reverse it.
async fn links(ctx: &Ctx, id: Uuid) -> Result<Vec<EntryLink>, DbErr> {
    let statement = "SELECT id, number FROM journal_entries
        WHERE reverses_id = $1 OR id = (SELECT e.reverses_id FROM journal_entries e WHERE e.id = $1)
        ORDER BY number";
    let rows = sql::all::<LinkRow>(ctx, statement, vec![id.into()]).await?;
    let links = rows.into_iter().map(|row| EntryLink {
        id: JournalEntryId(row.id),
        number: row.number,
    });
    Ok(links.collect())
}

#[derive(FromQueryResult)]
struct LineColumns {
    role: String,
    code: String,
    name: String,
    side: String,
    amount_minor: i64,
    line_source: Option<String>,
    wash: bool,
    invoice_id: Option<Uuid>,
    invoice_number: Option<String>,
    grant_id: Option<Uuid>,
    grant_number: Option<i64>,
}

async fn lines(ctx: &Ctx, entry: Uuid, currency: &str) -> Result<Vec<LineRow>, DbErr> {
    let statement = "SELECT l.role, c.code, c.name, l.side, l.amount_minor, l.line_source, l.wash,
            l.invoice_id, i.number AS invoice_number, l.grant_id, g.number AS grant_number
        FROM journal_lines l
        JOIN ledger_accounts c ON c.role = l.role
        LEFT JOIN invoices i ON i.id = l.invoice_id
        LEFT JOIN credit_grants g ON g.id = l.grant_id
        WHERE l.entry_id = $1 ORDER BY l.position";
    let rows = sql::all::<LineColumns>(ctx, statement, vec![entry.into()]).await?;
    rows.into_iter().map(|row| row.read(currency)).collect()
}

impl LineColumns {
    fn read(self, currency: &str) -> Result<LineRow, DbErr> {
        let subject = |id: Option<Uuid>, number: Option<String>| {
            id.map(|id| LineSubject {
                id,
                number: number.unwrap_or_else(|| id.to_string()),
            })
        };
        Ok(LineRow {
            role: LedgerRole::from_code(&self.role)
                .ok_or_else(|| sql::unreadable("journal_lines.role", &self.role))?,
            code: self.code,
            name: self.name,
            side: Side::from_code(&self.side)
                .ok_or_else(|| sql::unreadable("journal_lines.side", &self.side))?,
            amount: sql::money(self.amount_minor, currency)?,
            line_source: self.line_source.as_deref().and_then(LineSource::from_code),
            wash: self.wash,
            invoice: subject(self.invoice_id, self.invoice_number),
            grant: subject(
                self.grant_id,
                self.grant_number.map(|number| number.to_string()),
            ),
        })
    }
}

#[derive(FromQueryResult)]
struct ChartColumns {
    role: String,
    code: String,
    name: String,
    kind: String,
    currency: Option<String>,
    balance: Option<i64>,
}

/// Every ledger account with its balances at the end of a day, by code.
pub async fn chart(ctx: &Ctx, as_of_text: &str) -> Result<Vec<ChartRow>, AppError> {
    ctx.actor.require(Right::ReadJournal)?;
    let as_of = reports::as_of(ctx, as_of_text)?;
    let statement = "SELECT c.role, c.code, c.name, c.kind, b.currency, b.balance
        FROM ledger_accounts c
        LEFT JOIN (
            SELECT l.role, e.currency,
                CAST(SUM(CASE l.side WHEN 'debit' THEN l.amount_minor ELSE -l.amount_minor END) AS bigint) AS balance
            FROM journal_lines l JOIN journal_entries e ON e.id = l.entry_id
            WHERE e.posting_on <= $1 GROUP BY l.role, e.currency
        ) b ON b.role = c.role
        ORDER BY c.code, b.currency";
    let rows = sql::all::<ChartColumns>(ctx, statement, vec![as_of.into()]).await?;
    let mut chart: Vec<ChartRow> = Vec::new();
    for row in rows {
        let balance = match (&row.currency, row.balance) {
            (Some(currency), Some(balance)) => Some(sql::money(balance, currency)?),
            _ => None,
        };
        let row = chart_row(row)?;
        let kind = row.kind;
        if chart.last().map(|last| last.role) != Some(row.role) {
            chart.push(row);
        }
        if let (Some(balance), Some(current)) = (balance, chart.last_mut()) {
            current.balances.push(on_normal_side(kind, balance)?);
        }
    }
    Ok(chart)
}

fn chart_row(row: ChartColumns) -> Result<ChartRow, DbErr> {
    Ok(ChartRow {
        role: LedgerRole::from_code(&row.role)
            .ok_or_else(|| sql::unreadable("ledger_accounts.role", &row.role))?,
        kind: LedgerKind::from_code(&row.kind)
            .ok_or_else(|| sql::unreadable("ledger_accounts.kind", &row.kind))?,
        code: row.code,
        name: row.name,
        balances: Vec::new(),
    })
}

fn on_normal_side(kind: LedgerKind, debits_less_credits: Money) -> Result<Money, AppError> {
    match kind.normal_side() {
        Side::Debit => Ok(debits_less_credits),
        Side::Credit => Ok(Money::zero(debits_less_credits.currency).minus(debits_less_credits)?),
    }
}
