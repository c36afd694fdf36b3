//! Invoices with their lines, taxes, what is open of them and what settled it.

use super::applications::{self, Application, Of};
use super::{
    Cut, DocumentRef, Listed, Narrowing, by_document, for_staff, id, one, own_entries,
    with_entries_of,
};
use crate::domain::ids::CustomerId;
use crate::domain::invoice::{InvoiceFacts, InvoiceKind, InvoiceStatus, status};
use crate::domain::money::{Currency, Money};
use crate::dto::error::AppError;
use crate::server::context::Ctx;
use crate::server::queries::credit_notes::credited;
use crate::server::queries::sql::{Conditions, unreadable};
use crate::server::queries::{WRITTEN_OFF, limit_to_sight};
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use sea_orm::{DbErr, FromQueryResult};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// A draft or finalised invoice. A negative total yields credit.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Invoice {
    pub id: Uuid,
    /// What it charges for.
    pub kind: InvoiceKind,
    /// The payment whose return made it a fee or an open item again.
    pub payment: Option<Uuid>,
    /// Null while a draft.
    pub number: Option<String>,
    /// Derived, as of today.
    pub status: InvoiceStatus,
    /// Number of the receivable account.
    pub account: String,
    /// Customer number.
    pub customer: String,
    pub issued_on: NaiveDate,
    pub due_on: NaiveDate,
    /// Null while a draft.
    pub posting_on: Option<NaiveDate>,
    pub reference: String,
    pub note: String,
    /// Left out of credit runs.
    pub disputed: bool,
    /// Off the whole, spread over the lines.
    pub discount: Money,
    pub lines: Vec<InvoiceLine>,
    pub taxes: Vec<InvoiceTax>,
    pub net: Money,
    pub tax: Money,
    pub total: Money,
    pub open_balance: Money,
    /// The credit a negative total gave rise to.
    pub grant: Option<DocumentRef>,
    /// Issued credit notes on it, void ones included.
    pub credit_notes: Vec<DocumentRef>,
    /// What settled it, oldest first, undone applications included.
    pub applications: Vec<Application>,
    pub journal_entries: Vec<Uuid>,
    pub voided_on: Option<NaiveDate>,
    /// Null for customers.
    pub void_reason: Option<String>,
    pub finalised_at: Option<DateTime<Utc>>,
    pub recorded_at: DateTime<Utc>,
    /// Null for customers.
    pub recorded_by: Option<String>,
    /// Moves on with every change of a draft.
    pub version: i64,
}

/// One line of an invoice.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InvoiceLine {
    /// Its place on the invoice, from 1.
    pub position: i32,
    pub description: String,
    pub service: String,
    /// Exact decimal.
    #[schema(example = "2")]
    pub quantity: String,
    /// Exact decimal; may have more decimals than the currency.
    #[schema(example = "68.33")]
    pub unit_price: String,
    /// The line's own.
    pub discount: Money,
    /// Its share of the discount on the whole.
    pub discount_share: Money,
    /// In per cent.
    #[schema(example = "20")]
    pub tax_rate: String,
    /// After both.
    pub net: Money,
    /// The quantity that credit notes credited.
    #[schema(example = "0")]
    pub credited: String,
}

/// Net and tax of everything on one tax rate.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InvoiceTax {
    /// In per cent.
    #[schema(example = "20")]
    pub rate: String,
    pub net: Money,
    pub tax: Money,
}

/// Which invoices a list shows.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct InvoiceList {
    #[param(required = false, example = "50")]
    pub limit: String,
    /// `next` of the part before.
    #[param(required = false)]
    pub cursor: String,
    #[param(required = false)]
    pub number: String,
    /// Customer number.
    #[param(required = false)]
    pub customer: String,
    /// Number of the receivable account.
    #[param(required = false)]
    pub account: String,
    /// One of the statuses an invoice answers with.
    #[param(required = false)]
    pub status: String,
    #[param(required = false)]
    pub currency: String,
    #[param(required = false)]
    pub reference: String,
    /// `true` or `false`.
    #[param(required = false)]
    pub disputed: String,
    /// First date of issue.
    #[param(required = false)]
    pub issued_from: String,
    /// Last date of issue.
    #[param(required = false)]
    pub issued_to: String,
    /// First due date.
    #[param(required = false)]
    pub due_from: String,
    /// Last due date.
    #[param(required = false)]
    pub due_to: String,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    kind: String,
    payment_id: Option<Uuid>,
    number: Option<String>,
    customer_id: Uuid,
    account: String,
    customer: String,
    currency: String,
    issued_on: NaiveDate,
    due_on: NaiveDate,
    posting_on: Option<NaiveDate>,
    reference: String,
    note: String,
    disputed: bool,
    net_minor: i64,
    tax_minor: i64,
    total_minor: i64,
    discount_minor: i64,
    open_minor: i64,
    grant_id: Option<Uuid>,
    grant_number: Option<i64>,
    voided_on: Option<NaiveDate>,
    void_reason: Option<String>,
    written_off: bool,
    finalised_at: Option<DateTime<Utc>>,
    recorded_at: DateTime<Utc>,
    recorded_by: String,
    version: i64,
}

fn select() -> String {
    format!(
        "SELECT i.id, i.kind, i.payment_id, i.number, r.customer_id, r.number AS account, c.number AS customer, i.currency,
        i.issued_on, i.due_on, i.posting_on, i.reference, i.note, i.disputed,
        i.net_minor, i.tax_minor, i.total_minor, i.discount_minor, i.open_minor, g.id AS grant_id, g.number AS grant_number,
        i.voided_on, i.void_reason, {WRITTEN_OFF} AS written_off, i.finalised_at, i.recorded_at, i.recorded_by, i.version
    FROM invoices i
    JOIN receivable_accounts r ON r.id = i.account_id
    JOIN customers c ON c.id = r.customer_id
    LEFT JOIN credit_grants g ON g.origin_kind = 'invoice' AND g.origin_id = i.id"
    )
}

/// The invoices the actor may see; drafts are for staff.
pub async fn list(ctx: &Ctx, wanted: InvoiceList) -> Result<Listed<Invoice>, AppError> {
    let cut = narrowed(ctx, &wanted)?;
    let (rows, next) = cut.rows::<Row>(ctx, &select(), |row| row.id).await?;
    let items = whole(ctx, rows).await?;
    Ok(Listed { items, next })
}

fn narrowed(ctx: &Ctx, wanted: &InvoiceList) -> Result<Cut, AppError> {
    let mut narrowing = Narrowing::default();
    limit_to_sight(ctx, &mut narrowing.conditions, "r.customer_id")?;
    if ctx.actor.customer().is_some() {
        narrowing.conditions.and("i.finalised_at IS NOT NULL");
    }
    narrowing.text("i.number", &wanted.number);
    narrowing.text("c.number", &wanted.customer);
    narrowing.text("r.number", &wanted.account);
    narrowing.text("i.reference", &wanted.reference);
    narrowing.currency("currency", "i.currency", &wanted.currency);
    narrowing.flag("disputed", "i.disputed", &wanted.disputed);
    narrowing.date("issued_from", "i.issued_on", ">=", &wanted.issued_from);
    narrowing.date("issued_to", "i.issued_on", "<=", &wanted.issued_to);
    narrowing.date("due_from", "i.due_on", ">=", &wanted.due_from);
    narrowing.date("due_to", "i.due_on", "<=", &wanted.due_to);
    if let Some(status) = narrowing.choice("status", &wanted.status, InvoiceStatus::from_code) {
        let condition = with_status(status, &mut narrowing.conditions, ctx.today());
        narrowing.conditions.and(condition);
    }
    narrowing.cut("i.id", &wanted.limit, &wanted.cursor)
}

/// The facts of `domain::invoice::status` as SQL.
fn with_status(status: InvoiceStatus, conditions: &mut Conditions, today: NaiveDate) -> String {
    let standing = "i.finalised_at IS NOT NULL AND i.voided_on IS NULL";
    let mut day = || conditions.bind(today);
    match status {
        InvoiceStatus::Draft => "i.finalised_at IS NULL".to_owned(),
        InvoiceStatus::Void => "i.finalised_at IS NOT NULL AND i.voided_on IS NOT NULL".to_owned(),
        InvoiceStatus::Credit => format!("{standing} AND i.total_minor < 0"),
        InvoiceStatus::Paid => {
            format!("{standing} AND i.total_minor >= 0 AND i.open_minor = 0 AND NOT {WRITTEN_OFF}")
        }
        InvoiceStatus::WrittenOff => {
            format!("{standing} AND i.total_minor >= 0 AND i.open_minor = 0 AND {WRITTEN_OFF}")
        }
        InvoiceStatus::Overdue => {
            format!("{standing} AND i.open_minor > 0 AND i.due_on < {}", day())
        }
        InvoiceStatus::PartlyPaid => format!(
            "{standing} AND i.open_minor > 0 AND i.open_minor < i.total_minor AND i.due_on >= {}",
            day()
        ),
        InvoiceStatus::Open => format!(
            "{standing} AND i.open_minor > 0 AND i.open_minor = i.total_minor AND i.due_on >= {}",
            day()
        ),
    }
}

/// One invoice by id. A draft is not there for its customer.
pub async fn find(ctx: &Ctx, key: &str) -> Result<Invoice, AppError> {
    let row: Row = one(ctx, &select(), "i.id", id(key)?).await?;
    ctx.actor.require_sight_of(CustomerId(row.customer_id))?;
    if row.finalised_at.is_none() && ctx.actor.customer().is_some() {
        return Err(AppError::NotFound);
    }
    whole(ctx, vec![row]).await?.pop().ok_or(AppError::NotFound)
}

#[derive(FromQueryResult)]
struct LineRow {
    invoice_id: Uuid,
    position: i32,
    description: String,
    service: String,
    quantity: String,
    unit_price: String,
    discount_minor: i64,
    share_minor: i64,
    tax_rate: String,
    net_minor: i64,
}

#[derive(FromQueryResult)]
struct TaxRow {
    invoice_id: Uuid,
    rate: String,
    net_minor: i64,
    tax_minor: i64,
}

#[derive(FromQueryResult)]
struct NoteRow {
    invoice_id: Uuid,
    id: Uuid,
    number: String,
}

async fn whole(ctx: &Ctx, rows: Vec<Row>) -> Result<Vec<Invoice>, AppError> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let lines = |ids: &str| {
        format!(
            "SELECT invoice_id, position, description, service, quantity, unit_price, discount_minor, share_minor,
                tax_rate, net_minor
            FROM invoice_lines WHERE invoice_id IN ({ids}) ORDER BY invoice_id, position"
        )
    };
    let taxes = |ids: &str| {
        format!(
            "SELECT invoice_id, rate, net_minor, tax_minor FROM invoice_taxes
            WHERE invoice_id IN ({ids}) ORDER BY invoice_id, rate"
        )
    };
    let notes = |ids: &str| {
        format!(
            "SELECT invoice_id, id, number FROM credit_notes
            WHERE invoice_id IN ({ids}) AND number IS NOT NULL ORDER BY id"
        )
    };
    let mut parts = Parts {
        lines: by_document(ctx, lines, &ids, |row: &LineRow| row.invoice_id).await?,
        taxes: by_document(ctx, taxes, &ids, |row: &TaxRow| row.invoice_id).await?,
        applications: applications::of(ctx, Of::Invoices, &ids).await?,
        entries: own_entries(ctx, &ids).await?,
        notes: by_document(ctx, notes, &ids, |row: &NoteRow| row.invoice_id).await?,
        credited: credited(ctx, &ids).await?,
    };
    rows.into_iter()
        .map(|row| Ok(invoice(ctx, row, &mut parts)?))
        .collect()
}

/// What belongs to several invoices, by invoice.
struct Parts {
    lines: HashMap<Uuid, Vec<LineRow>>,
    taxes: HashMap<Uuid, Vec<TaxRow>>,
    applications: HashMap<Uuid, Vec<Application>>,
    entries: HashMap<Uuid, Vec<Uuid>>,
    notes: HashMap<Uuid, Vec<NoteRow>>,
    credited: HashMap<(Uuid, i32), Decimal>,
}

fn invoice(ctx: &Ctx, row: Row, parts: &mut Parts) -> Result<Invoice, DbErr> {
    let currency: Currency = row
        .currency
        .parse()
        .map_err(|_| unreadable("invoices.currency", &row.currency))?;
    let money = |minor| Money::new(minor, currency);
    let facts = InvoiceFacts {
        finalised: row.finalised_at.is_some(),
        voided: row.voided_on.is_some(),
        total_minor: row.total_minor,
        open_minor: row.open_minor,
        written_off: row.written_off,
        due_on: row.due_on,
    };
    let lines = parts.lines.remove(&row.id).unwrap_or_default();
    let taxes = parts.taxes.remove(&row.id).unwrap_or_default();
    let applications = parts.applications.remove(&row.id).unwrap_or_default();
    let own = parts.entries.remove(&row.id).unwrap_or_default();
    let notes = parts.notes.remove(&row.id).unwrap_or_default();
    let credited = &parts.credited;
    let grant = row.grant_id.zip(row.grant_number);
    Ok(Invoice {
        id: row.id,
        kind: InvoiceKind::from_code(&row.kind)
            .ok_or_else(|| unreadable("invoices.kind", &row.kind))?,
        payment: row.payment_id,
        number: row.number,
        status: status(facts, ctx.today()),
        account: row.account,
        customer: row.customer,
        issued_on: row.issued_on,
        due_on: row.due_on,
        posting_on: row.posting_on,
        reference: row.reference,
        note: row.note,
        disputed: row.disputed,
        discount: money(row.discount_minor),
        lines: lines
            .into_iter()
            .map(|line| InvoiceLine {
                credited: credited
                    .get(&(row.id, line.position))
                    .copied()
                    .unwrap_or_default()
                    .normalize()
                    .to_string(),
                position: line.position,
                description: line.description,
                service: line.service,
                quantity: line.quantity,
                unit_price: line.unit_price,
                discount: money(line.discount_minor),
                discount_share: money(line.share_minor),
                tax_rate: line.tax_rate,
                net: money(line.net_minor),
            })
            .collect(),
        taxes: taxes
            .into_iter()
            .map(|tax| InvoiceTax {
                rate: tax.rate,
                net: money(tax.net_minor),
                tax: money(tax.tax_minor),
            })
            .collect(),
        net: money(row.net_minor),
        tax: money(row.tax_minor),
        total: money(row.total_minor),
        open_balance: money(row.open_minor),
        grant: grant.map(|(id, number)| DocumentRef {
            id,
            number: number.to_string(),
        }),
        credit_notes: notes
            .into_iter()
            .map(|note| DocumentRef {
                id: note.id,
                number: note.number,
            })
            .collect(),
        journal_entries: with_entries_of(&applications, own),
        applications,
        voided_on: row.voided_on,
        void_reason: row.void_reason.and_then(|reason| for_staff(ctx, reason)),
        finalised_at: row.finalised_at,
        recorded_at: row.recorded_at,
        recorded_by: for_staff(ctx, row.recorded_by),
        version: row.version,
    })
}
