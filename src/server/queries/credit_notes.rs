//! Credit notes as lists, as documents with what they settled, and what the page that credits an invoice starts from.

use super::lineage::{self, EntriesOf, SlicesOf};
use super::sql::{self, Conditions, unreadable};
use crate::domain::credit::CreditClass;
use crate::domain::credit_note::{CreditNoteReason, CreditNoteStatus, CreditableLine, status};
use crate::domain::ids::{CreditGrantId, CreditNoteId, CustomerId, InvoiceId};
use crate::domain::money::{Currency, Money, parse_decimal};
use crate::domain::rights::Right;
use crate::dto::credit_notes::{
    CreditNoteDetail, CreditNoteFilter, CreditNoteLine, CreditNoteRow, CreditNoteStart,
    CreditableLineRow, ReadCreditNoteFilter, VoidedCreditNote,
};
use crate::dto::error::{AppError, Refusal};
use crate::dto::invoices::{InvoiceRecipient, InvoiceTax};
use crate::dto::lineage::{AccountRef, GrantRef};
use crate::dto::page::{Page, PageRequest};
use crate::server::context::Ctx;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use sea_orm::{DbErr, FromQueryResult};
use std::collections::HashMap;
use uuid::Uuid;

const JOINED: &str = "credit_notes n
    JOIN receivable_accounts a ON a.id = n.account_id
    JOIN customers c ON c.id = a.customer_id
    JOIN invoices i ON i.id = n.invoice_id
    LEFT JOIN credit_grants g ON g.origin_kind = 'credit_note' AND g.origin_id = n.id";

const COLUMNS: &str = "n.id, n.number, a.number AS account, c.number AS customer, c.name AS customer_name, n.currency,
    i.id AS invoice_id, i.number AS invoice_number, n.issued_on, n.reason, n.net_minor, n.tax_minor, n.total_minor,
    g.remaining_minor AS left_minor, n.voided_on";

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    number: Option<String>,
    account: String,
    customer: String,
    customer_name: String,
    currency: String,
    invoice_id: Uuid,
    invoice_number: String,
    issued_on: NaiveDate,
    reason: String,
    net_minor: i64,
    tax_minor: i64,
    total_minor: i64,
    /// Null where it gave no credit.
    left_minor: Option<i64>,
    voided_on: Option<NaiveDate>,
}

impl Row {
    fn shown(self) -> Result<CreditNoteRow, DbErr> {
        let currency: Currency = currency(&self.currency)?;
        let money = |minor| Money::new(minor, currency);
        let left_minor = self.left_minor.map_or(0, |minor| minor);
        Ok(CreditNoteRow {
            credit_note: CreditNoteId(self.id),
            status: status(self.number.is_some(), self.voided_on.is_some(), left_minor),
            number: self.number,
            on: AccountRef {
                account: self.account,
                customer: self.customer,
                customer_name: self.customer_name,
            },
            invoice: InvoiceId(self.invoice_id),
            invoice_number: self.invoice_number,
            issued_on: self.issued_on,
            reason: CreditNoteReason::from_code(&self.reason)
                .ok_or_else(|| unreadable("credit_notes.reason", &self.reason))?,
            net: money(self.net_minor),
            tax: money(self.tax_minor),
            total: money(self.total_minor),
            left: money(left_minor),
        })
    }
}

/// A page of the credit notes the filter asks for. Customers see their own, without drafts.
pub async fn list(
    ctx: &Ctx,
    filter: CreditNoteFilter,
    page: PageRequest,
) -> Result<Page<CreditNoteRow>, AppError> {
    let conditions = conditions(ctx, &filter)?;
    let count = format!(
        "SELECT COUNT(*) AS count FROM {JOINED} WHERE {}",
        conditions.sql()
    );
    let total = sql::count(ctx, &count, conditions.values()).await?;
    let rest = format!("ORDER BY {} {}", order(&page), sql::limit(&page));
    Ok(Page {
        rows: rows(ctx, &conditions, &rest).await?,
        total,
    })
}

/// Credit notes in an export come in chunks of this many, so that memory does not grow with their number.
pub const EXPORT_CHUNK: usize = 1_000;

/// Where an export goes on: behind the note with this date of issue and id.
pub type ExportPosition = (NaiveDate, CreditNoteId);

/// The next chunk of the notes the filter asks for, newest first; fewer than [`EXPORT_CHUNK`] end it.
pub async fn export(
    ctx: &Ctx,
    filter: &CreditNoteFilter,
    after: Option<ExportPosition>,
) -> Result<Vec<CreditNoteRow>, AppError> {
    let mut conditions = conditions(ctx, filter)?;
    if let Some((issued_on, id)) = after {
        let issued_on = conditions.bind(issued_on);
        let id = conditions.bind(id.0);
        conditions.and(format!(
            "(n.issued_on < {issued_on} OR (n.issued_on = {issued_on} AND n.id < {id}))"
        ));
    }
    let rest = format!("ORDER BY {NEWEST_FIRST} LIMIT {EXPORT_CHUNK}");
    rows(ctx, &conditions, &rest).await
}

/// The notes on one invoice, oldest first. Who asks is checked by the caller, which knows the invoice.
pub(super) async fn of_invoice(ctx: &Ctx, invoice: InvoiceId) -> Result<Vec<CreditNoteRow>, DbErr> {
    let drafts = match ctx.actor.customer() {
        Some(_) => "AND n.finalised_at IS NOT NULL",
        None => "",
    };
    let statement =
        format!("SELECT {COLUMNS} FROM {JOINED} WHERE n.invoice_id = $1 {drafts} ORDER BY n.id");
    let rows = sql::all::<Row>(ctx, &statement, vec![invoice.0.into()]).await?;
    rows.into_iter().map(Row::shown).collect()
}

async fn rows(
    ctx: &Ctx,
    conditions: &Conditions,
    rest: &str,
) -> Result<Vec<CreditNoteRow>, AppError> {
    let statement = format!(
        "SELECT {COLUMNS} FROM {JOINED} WHERE {} {rest}",
        conditions.sql()
    );
    let rows = sql::all::<Row>(ctx, &statement, conditions.values()).await?;
    let shown = rows.into_iter().map(Row::shown);
    Ok(shown.collect::<Result<_, DbErr>>()?)
}

const NEWEST_FIRST: &str = "n.issued_on DESC, n.id DESC";

/// Column names come from this list only; what is asked for is never put into the statement.
fn order(page: &PageRequest) -> String {
    let (column, descending) = page.sort_column();
    let direction = if descending { "DESC" } else { "ASC" };
    match column {
        // Drafts have no number and stand at the end either way.
        "number" => format!(
            "CASE WHEN n.number IS NULL THEN 1 ELSE 0 END, n.year {direction}, n.sequence {direction}, n.id {direction}"
        ),
        "issued" => format!("n.issued_on {direction}, n.id {direction}"),
        "total" => format!("n.total_minor {direction}, n.id {direction}"),
        _ => NEWEST_FIRST.to_owned(),
    }
}

fn conditions(ctx: &Ctx, filter: &CreditNoteFilter) -> Result<Conditions, AppError> {
    let mut conditions = Conditions::default();
    super::limit_to_sight(ctx, &mut conditions, "a.customer_id")?;
    if ctx.actor.customer().is_some() {
        conditions.and("n.finalised_at IS NOT NULL");
    }
    let filter: ReadCreditNoteFilter = filter.parse()?;
    if !filter.account.is_empty() {
        conditions.equal("a.number", filter.account.as_str());
    }
    if !filter.customer.is_empty() {
        conditions.equal("c.number", filter.customer.as_str());
    }
    if let Some(reason) = filter.reason {
        conditions.equal("n.reason", reason.code());
    }
    if let Some(from) = filter.issued_from {
        conditions.with("n.issued_on >= ?", from);
    }
    if let Some(to) = filter.issued_to {
        conditions.with("n.issued_on <= ?", to);
    }
    if let Some(status) = filter.status {
        conditions.and(with_status(status));
    }
    if !filter.search.is_empty() {
        conditions.with(
            "(LOWER(n.number) LIKE ? ESCAPE '!' OR LOWER(i.number) LIKE ? ESCAPE '!'
                OR c.search_text LIKE ? ESCAPE '!')",
            sql::contains(&filter.search),
        );
    }
    Ok(conditions)
}

/// As `domain::credit_note::status` derives it, said in SQL.
pub(super) fn with_status(status: CreditNoteStatus) -> &'static str {
    match status {
        CreditNoteStatus::Draft => "n.finalised_at IS NULL",
        CreditNoteStatus::Void => "n.voided_on IS NOT NULL",
        CreditNoteStatus::Applied => {
            "n.finalised_at IS NOT NULL AND n.voided_on IS NULL AND COALESCE(g.remaining_minor, 0) = 0"
        }
        CreditNoteStatus::Issued => "n.voided_on IS NULL AND g.remaining_minor > 0",
    }
}

#[derive(FromQueryResult)]
struct Head {
    #[sea_orm(nested)]
    row: Row,
    posting_on: Option<NaiveDate>,
    note: String,
    void_reason: Option<String>,
    grant_id: Option<Uuid>,
    grant_number: Option<i64>,
    customer_id: Uuid,
    street: String,
    postal_code: String,
    city: String,
    country: String,
    tax_id: String,
    language: String,
    issuer: Option<String>,
}

#[derive(FromQueryResult)]
struct LineRow {
    position: i32,
    description: String,
    quantity: String,
    tax_rate: String,
    net_minor: i64,
}

#[derive(FromQueryResult)]
struct TaxRow {
    rate: String,
    net_minor: i64,
    tax_minor: i64,
}

/// A note with lines, tax, what it settled and what was done to it. Another customer's note is not found, nor is a
/// draft by any customer.
pub async fn detail(ctx: &Ctx, id: &str) -> Result<CreditNoteDetail, AppError> {
    ctx.actor.require_someone()?;
    let id: Uuid = id.trim().parse().map_err(|_| AppError::NotFound)?;
    let statement = format!(
        "SELECT {COLUMNS}, n.posting_on, n.note, n.void_reason, g.id AS grant_id, g.number AS grant_number,
            c.id AS customer_id, c.street, c.postal_code, c.city, c.country, c.tax_id, c.language,
            s.value AS issuer
        FROM {JOINED} LEFT JOIN settings s ON s.name = 'business_name' WHERE n.id = $1"
    );
    let head = sql::one::<Head>(ctx, &statement, vec![id.into()])
        .await?
        .ok_or(AppError::NotFound)?;
    ctx.actor.require_sight_of(CustomerId(head.customer_id))?;
    let staff = ctx.actor.customer().is_none();
    if head.row.number.is_none() && !staff {
        return Err(AppError::NotFound);
    }
    let note = CreditNoteId(id);
    let slices = lineage::slices(ctx, SlicesOf::CreditNote(note)).await?;
    let entries = match ctx.actor.holds(Right::ReadJournal) {
        true => lineage::entries(ctx, EntriesOf::CreditNote(note)).await?,
        false => Vec::new(),
    };
    let history = match staff {
        true => lineage::history(ctx, note.to_string(), &slices).await?,
        false => Vec::new(),
    };
    let currency = currency(&head.row.currency)?;
    Ok(CreditNoteDetail {
        recipient: InvoiceRecipient {
            street: head.street,
            postal_code: head.postal_code,
            city: head.city,
            country: head.country,
            tax_id: head.tax_id,
            language: head.language,
        },
        issuer: head.issuer.unwrap_or_default(),
        posting_on: head.posting_on,
        note: head.note,
        lines: lines(ctx, id, currency).await?,
        taxes: taxes(ctx, id, currency).await?,
        voided: head.row.voided_on.map(|voided_on| VoidedCreditNote {
            voided_on,
            reason: match (staff, head.void_reason) {
                (true, Some(reason)) => reason,
                _ => String::new(),
            },
        }),
        grant: head
            .grant_id
            .zip(head.grant_number)
            .map(|(grant, number)| GrantRef {
                grant: CreditGrantId(grant),
                number,
                class: CreditClass::CreditNote,
            }),
        slices,
        entries,
        history,
        row: head.row.shown()?,
    })
}

async fn lines(ctx: &Ctx, id: Uuid, currency: Currency) -> Result<Vec<CreditNoteLine>, DbErr> {
    let statement = "SELECT l.position, i.description, l.quantity, i.tax_rate, l.net_minor
        FROM credit_note_lines l
            JOIN credit_notes n ON n.id = l.credit_note_id
            JOIN invoice_lines i ON i.invoice_id = n.invoice_id AND i.position = l.position
        WHERE l.credit_note_id = $1 ORDER BY l.position";
    let rows = sql::all::<LineRow>(ctx, statement, vec![id.into()]).await?;
    rows.into_iter()
        .map(|row| {
            Ok(CreditNoteLine {
                position: row.position,
                description: row.description,
                quantity: decimal("credit_note_lines.quantity", &row.quantity)?,
                tax_rate: decimal("invoice_lines.tax_rate", &row.tax_rate)?,
                net: Money::new(row.net_minor, currency),
            })
        })
        .collect()
}

async fn taxes(ctx: &Ctx, id: Uuid, currency: Currency) -> Result<Vec<InvoiceTax>, DbErr> {
    let statement = "SELECT rate, net_minor, tax_minor FROM credit_note_taxes WHERE credit_note_id = $1 ORDER BY rate";
    let rows = sql::all::<TaxRow>(ctx, statement, vec![id.into()]).await?;
    rows.into_iter()
        .map(|row| {
            Ok(InvoiceTax {
                rate: decimal("credit_note_taxes.rate", &row.rate)?,
                net: Money::new(row.net_minor, currency),
                tax: Money::new(row.tax_minor, currency),
            })
        })
        .collect()
}

#[derive(FromQueryResult)]
struct StartRow {
    number: Option<String>,
    account: String,
    customer: String,
    customer_name: String,
    currency: String,
    issued_on: NaiveDate,
    total_minor: i64,
    open_minor: i64,
    voided_on: Option<NaiveDate>,
    kind: String,
}

#[derive(FromQueryResult)]
struct CreditedRow {
    position: i32,
    quantity: String,
}

/// What the page that credits an invoice starts from. An invoice that cannot be credited is refused.
pub async fn start(ctx: &Ctx, invoice: &str) -> Result<CreditNoteStart, AppError> {
    ctx.actor.require(Right::EditInvoices)?;
    let id: Uuid = invoice.trim().parse().map_err(|_| AppError::NotFound)?;
    let statement = "SELECT i.number, a.number AS account, c.number AS customer, c.name AS customer_name, i.currency,
            i.issued_on, i.total_minor, i.open_minor, i.voided_on, i.kind
        FROM invoices i JOIN receivable_accounts a ON a.id = i.account_id
            JOIN customers c ON c.id = a.customer_id
        WHERE i.id = $1";
    let row = sql::one::<StartRow>(ctx, statement, vec![id.into()])
        .await?
        .ok_or(AppError::NotFound)?;
    let number = row.number.ok_or_else(|| Refusal::InvoiceIsDraft.of_act())?;
    if row.voided_on.is_some() {
        return Err(Refusal::InvoiceVoid.of_act());
    }
    if row.total_minor <= 0 || row.kind == "payment_returned" {
        return Err(Refusal::NotCreditable.of_act());
    }
    let currency = currency(&row.currency)?;
    Ok(CreditNoteStart {
        invoice: InvoiceId(id),
        number,
        on: AccountRef {
            account: row.account,
            customer: row.customer,
            customer_name: row.customer_name,
        },
        issued_on: row.issued_on,
        total: Money::new(row.total_minor, currency),
        open: Money::new(row.open_minor, currency),
        lines: creditable(ctx, id, currency).await?,
    })
}

async fn creditable(
    ctx: &Ctx,
    invoice: Uuid,
    currency: Currency,
) -> Result<Vec<CreditableLineRow>, DbErr> {
    let credited = credited(ctx, &[invoice]).await?;
    let statement = "SELECT position, description, quantity, tax_rate, net_minor FROM invoice_lines
        WHERE invoice_id = $1 ORDER BY position";
    let rows = sql::all::<LineRow>(ctx, statement, vec![invoice.into()]).await?;
    rows.into_iter()
        .map(|row| {
            let line = CreditableLine {
                position: row.position,
                quantity: decimal("invoice_lines.quantity", &row.quantity)?,
                net_minor: row.net_minor,
                tax_rate: decimal("invoice_lines.tax_rate", &row.tax_rate)?,
                credited: credited
                    .get(&(invoice, row.position))
                    .copied()
                    .unwrap_or_default(),
            };
            Ok(CreditableLineRow {
                position: row.position,
                description: row.description,
                quantity: line.whole(),
                left: line.left(),
                tax_rate: line.tax_rate,
                net: Money::new(row.net_minor, currency),
            })
        })
        .collect()
}

#[derive(FromQueryResult)]
struct CreditedOf {
    invoice_id: Uuid,
    #[sea_orm(nested)]
    line: CreditedRow,
}

/// What issued notes that stand have credited, by invoice and line. Who asks is checked by the caller.
pub(super) async fn credited(
    ctx: &Ctx,
    invoices: &[Uuid],
) -> Result<HashMap<(Uuid, i32), Decimal>, DbErr> {
    if invoices.is_empty() {
        return Ok(HashMap::new());
    }
    let mut conditions = Conditions::default();
    let ids: Vec<String> = invoices.iter().map(|id| conditions.bind(*id)).collect();
    let statement = format!(
        "SELECT n.invoice_id, l.position, l.quantity FROM credit_note_lines l
            JOIN credit_notes n ON n.id = l.credit_note_id
        WHERE n.invoice_id IN ({}) AND n.finalised_at IS NOT NULL AND n.voided_on IS NULL",
        ids.join(", ")
    );
    let mut credited: HashMap<(Uuid, i32), Decimal> = HashMap::new();
    for row in sql::all::<CreditedOf>(ctx, &statement, conditions.values()).await? {
        let quantity = decimal("credit_note_lines.quantity", &row.line.quantity)?;
        *credited
            .entry((row.invoice_id, row.line.position))
            .or_default() += quantity;
    }
    Ok(credited)
}

fn currency(code: &str) -> Result<Currency, DbErr> {
    code.parse()
        .map_err(|_| unreadable("credit_notes.currency", code))
}

fn decimal(column: &str, text: &str) -> Result<Decimal, DbErr> {
    parse_decimal(text).map_err(|_| unreadable(column, text))
}
