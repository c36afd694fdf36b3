//! Credit notes with their lines, taxes, what they covered and what is left of their credit.

use super::applications::{self, Application, Of};
use super::invoices::InvoiceTax;
use super::{
    Cut, DocumentRef, Listed, Narrowing, by_document, for_staff, id, one, own_entries,
    with_entries_of,
};
use crate::domain::credit_note::{CreditNoteReason, CreditNoteStatus, status};
use crate::domain::ids::CustomerId;
use crate::domain::money::{Currency, Money};
use crate::dto::error::AppError;
use crate::server::context::Ctx;
use crate::server::queries::credit_notes::with_status;
use crate::server::queries::limit_to_sight;
use crate::server::queries::sql::unreadable;
use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{DbErr, FromQueryResult};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// A draft or issued credit note. Amounts are positive: they reduce what is owed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CreditNote {
    pub id: Uuid,
    /// Null while a draft.
    pub number: Option<String>,
    /// Derived.
    pub status: CreditNoteStatus,
    /// Number of the receivable account.
    pub account: String,
    /// Customer number.
    pub customer: String,
    /// The invoice that is credited.
    pub invoice: DocumentRef,
    pub issued_on: NaiveDate,
    /// Null while a draft.
    pub posting_on: Option<NaiveDate>,
    pub reason_code: CreditNoteReason,
    pub note: String,
    pub lines: Vec<CreditNoteLine>,
    pub taxes: Vec<InvoiceTax>,
    pub net: Money,
    pub tax: Money,
    pub total: Money,
    /// What it covers of its invoice itself.
    pub offset: Money,
    /// The credit it gave, and what is left of it.
    pub grant: Option<DocumentRef>,
    pub remainder: Money,
    /// What it covered itself and what its own credit settled later, oldest first, undone applications included.
    pub applications: Vec<Application>,
    pub journal_entries: Vec<Uuid>,
    pub voided_on: Option<NaiveDate>,
    /// Null for customers.
    pub void_reason: Option<String>,
    pub finalised_at: Option<DateTime<Utc>>,
    pub recorded_at: DateTime<Utc>,
    /// Null for customers.
    pub recorded_by: Option<String>,
}

/// What is credited of one line of the invoice.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CreditNoteLine {
    /// The line's place on the invoice, from 1.
    pub position: i32,
    pub description: String,
    /// Exact decimal, with the sign of the line's own.
    #[schema(example = "1")]
    pub quantity: String,
    /// In per cent.
    #[schema(example = "20")]
    pub tax_rate: String,
    pub net: Money,
}

/// Which credit notes a list shows.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct CreditNoteList {
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
    /// Id of the invoice that is credited.
    #[param(required = false)]
    pub invoice: String,
    /// One of the statuses a credit note answers with.
    #[param(required = false)]
    pub status: String,
    #[param(required = false)]
    pub reason_code: String,
    #[param(required = false)]
    pub currency: String,
    /// First date of issue.
    #[param(required = false)]
    pub issued_from: String,
    /// Last date of issue.
    #[param(required = false)]
    pub issued_to: String,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    number: Option<String>,
    customer_id: Uuid,
    account: String,
    customer: String,
    currency: String,
    invoice_id: Uuid,
    invoice_number: String,
    issued_on: NaiveDate,
    posting_on: Option<NaiveDate>,
    reason: String,
    note: String,
    net_minor: i64,
    tax_minor: i64,
    total_minor: i64,
    offset_minor: i64,
    left_minor: i64,
    grant_id: Option<Uuid>,
    grant_number: Option<i64>,
    voided_on: Option<NaiveDate>,
    void_reason: Option<String>,
    finalised_at: Option<DateTime<Utc>>,
    recorded_at: DateTime<Utc>,
    recorded_by: String,
}

const SELECT: &str =
    "SELECT n.id, n.number, r.customer_id, r.number AS account, c.number AS customer, n.currency,
        i.id AS invoice_id, i.number AS invoice_number, n.issued_on, n.posting_on, n.reason, n.note,
        n.net_minor, n.tax_minor, n.total_minor,
        (SELECT CAST(COALESCE(SUM(s.amount_minor), 0) AS bigint) FROM applications s
            WHERE s.credit_note_id = n.id AND s.unapplied_on IS NULL) AS offset_minor,
        COALESCE(g.remaining_minor, 0) AS left_minor, g.id AS grant_id, g.number AS grant_number,
        n.voided_on, n.void_reason, n.finalised_at, n.recorded_at, n.recorded_by
    FROM credit_notes n
    JOIN receivable_accounts r ON r.id = n.account_id
    JOIN customers c ON c.id = r.customer_id
    JOIN invoices i ON i.id = n.invoice_id
    LEFT JOIN credit_grants g ON g.origin_kind = 'credit_note' AND g.origin_id = n.id";

/// The credit notes the actor may see; drafts are for staff.
pub async fn list(ctx: &Ctx, wanted: CreditNoteList) -> Result<Listed<CreditNote>, AppError> {
    let cut = narrowed(ctx, &wanted)?;
    let (rows, next) = cut.rows::<Row>(ctx, SELECT, |row| row.id).await?;
    let items = whole(ctx, rows).await?;
    Ok(Listed { items, next })
}

fn narrowed(ctx: &Ctx, wanted: &CreditNoteList) -> Result<Cut, AppError> {
    let mut narrowing = Narrowing::default();
    limit_to_sight(ctx, &mut narrowing.conditions, "r.customer_id")?;
    if ctx.actor.customer().is_some() {
        narrowing.conditions.and("n.finalised_at IS NOT NULL");
    }
    narrowing.text("n.number", &wanted.number);
    narrowing.text("c.number", &wanted.customer);
    narrowing.text("r.number", &wanted.account);
    narrowing.id("invoice", "n.invoice_id", &wanted.invoice);
    narrowing.currency("currency", "n.currency", &wanted.currency);
    narrowing.code(
        "reason_code",
        "n.reason",
        &wanted.reason_code,
        CreditNoteReason::from_code,
    );
    narrowing.date("issued_from", "n.issued_on", ">=", &wanted.issued_from);
    narrowing.date("issued_to", "n.issued_on", "<=", &wanted.issued_to);
    if let Some(status) = narrowing.choice("status", &wanted.status, CreditNoteStatus::from_code) {
        narrowing.conditions.and(with_status(status));
    }
    narrowing.cut("n.id", &wanted.limit, &wanted.cursor)
}

/// One credit note by id. A draft is not there for its customer.
pub async fn find(ctx: &Ctx, key: &str) -> Result<CreditNote, AppError> {
    let row: Row = one(ctx, SELECT, "n.id", id(key)?).await?;
    ctx.actor.require_sight_of(CustomerId(row.customer_id))?;
    if row.finalised_at.is_none() && ctx.actor.customer().is_some() {
        return Err(AppError::NotFound);
    }
    whole(ctx, vec![row]).await?.pop().ok_or(AppError::NotFound)
}

#[derive(FromQueryResult)]
struct LineRow {
    credit_note_id: Uuid,
    position: i32,
    description: String,
    quantity: String,
    tax_rate: String,
    net_minor: i64,
}

#[derive(FromQueryResult)]
struct TaxRow {
    credit_note_id: Uuid,
    rate: String,
    net_minor: i64,
    tax_minor: i64,
}

/// What belongs to several notes, by note.
struct Parts {
    lines: HashMap<Uuid, Vec<LineRow>>,
    taxes: HashMap<Uuid, Vec<TaxRow>>,
    applications: HashMap<Uuid, Vec<Application>>,
    entries: HashMap<Uuid, Vec<Uuid>>,
}

async fn whole(ctx: &Ctx, rows: Vec<Row>) -> Result<Vec<CreditNote>, AppError> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let lines = |ids: &str| {
        format!(
            "SELECT l.credit_note_id, l.position, i.description, l.quantity, i.tax_rate, l.net_minor
            FROM credit_note_lines l
                JOIN credit_notes n ON n.id = l.credit_note_id
                JOIN invoice_lines i ON i.invoice_id = n.invoice_id AND i.position = l.position
            WHERE l.credit_note_id IN ({ids}) ORDER BY l.credit_note_id, l.position"
        )
    };
    let taxes = |ids: &str| {
        format!(
            "SELECT credit_note_id, rate, net_minor, tax_minor FROM credit_note_taxes
            WHERE credit_note_id IN ({ids}) ORDER BY credit_note_id, rate"
        )
    };
    let mut parts = Parts {
        lines: by_document(ctx, lines, &ids, |row: &LineRow| row.credit_note_id).await?,
        taxes: by_document(ctx, taxes, &ids, |row: &TaxRow| row.credit_note_id).await?,
        applications: applications::of(ctx, Of::CreditNotes, &ids).await?,
        entries: own_entries(ctx, &ids).await?,
    };
    rows.into_iter()
        .map(|row| Ok(credit_note(ctx, row, &mut parts)?))
        .collect()
}

fn credit_note(ctx: &Ctx, row: Row, parts: &mut Parts) -> Result<CreditNote, DbErr> {
    let currency: Currency = row
        .currency
        .parse()
        .map_err(|_| unreadable("credit_notes.currency", &row.currency))?;
    let money = |minor| Money::new(minor, currency);
    let lines = parts.lines.remove(&row.id).unwrap_or_default();
    let taxes = parts.taxes.remove(&row.id).unwrap_or_default();
    let applications = parts.applications.remove(&row.id).unwrap_or_default();
    let own = parts.entries.remove(&row.id).unwrap_or_default();
    Ok(CreditNote {
        id: row.id,
        number: row.number,
        status: status(
            row.finalised_at.is_some(),
            row.voided_on.is_some(),
            row.left_minor,
        ),
        account: row.account,
        customer: row.customer,
        invoice: DocumentRef {
            id: row.invoice_id,
            number: row.invoice_number,
        },
        issued_on: row.issued_on,
        posting_on: row.posting_on,
        reason_code: CreditNoteReason::from_code(&row.reason)
            .ok_or_else(|| unreadable("credit_notes.reason", &row.reason))?,
        note: row.note,
        lines: lines
            .into_iter()
            .map(|line| CreditNoteLine {
                position: line.position,
                description: line.description,
                quantity: line.quantity,
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
        offset: money(row.offset_minor),
        grant: row
            .grant_id
            .zip(row.grant_number)
            .map(|(id, number)| DocumentRef {
                id,
                number: number.to_string(),
            }),
        remainder: money(row.left_minor),
        journal_entries: with_entries_of(&applications, own),
        applications,
        voided_on: row.voided_on,
        void_reason: row.void_reason.and_then(|reason| for_staff(ctx, reason)),
        finalised_at: row.finalised_at,
        recorded_at: row.recorded_at,
        recorded_by: for_staff(ctx, row.recorded_by),
    })
}
