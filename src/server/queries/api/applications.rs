//! Applications: which funds settled how much of which invoice, and whether that was undone.

use super::{Cut, DocumentRef, Listed, Narrowing, for_staff, id, listed_ids, one};
use crate::domain::approval::RequestKind;
use crate::domain::credit::CreditClass;
use crate::domain::ids::CustomerId;
use crate::domain::ledger::coded;
use crate::domain::money::Money;
use crate::dto::error::AppError;
use crate::dto::lineage::FundsOrigin;
use crate::server::context::Ctx;
use crate::server::queries::limit_to_sight;
use crate::server::queries::origins::{self, OriginRow};
use crate::server::queries::sql::{self, unreadable};
use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{DbErr, FromQueryResult};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// The recorded fact that a slice of credit or money settles a slice of an invoice.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Application {
    pub id: Uuid,
    #[schema(value_type = String, example = "applied")]
    pub status: ApplicationStatus,
    /// Number of the receivable account.
    pub account: String,
    /// Customer number.
    pub customer: String,
    pub amount: Money,
    pub invoice: DocumentRef,
    /// The grant it was taken from; null where it came straight from the payment or credit note.
    pub grant: Option<GrantRef>,
    /// The document the money or credit came from.
    pub origin: Origin,
    pub effective_on: NaiveDate,
    pub posting_on: NaiveDate,
    /// The credit run that made it.
    pub credit_run: Option<Uuid>,
    /// The entry that posted it and, where it was undone, the one that took it back.
    pub journal_entries: Vec<Uuid>,
    pub recorded_at: DateTime<Utc>,
    /// Null for customers.
    pub recorded_by: Option<String>,
    pub unapplied: Option<Unapplied>,
}

coded! {
    ApplicationStatus {
        Applied = "applied",
        Unapplied = "unapplied",
    }
}

/// A credit grant with its class.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct GrantRef {
    pub id: Uuid,
    pub number: i64,
    pub class: CreditClass,
}

/// The document money or credit came from.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Origin {
    #[schema(value_type = String, example = "payment")]
    pub kind: OriginKind,
    pub id: Uuid,
    pub number: String,
}

coded! {
    OriginKind {
        Payment = "payment",
        /// A negative invoice.
        Invoice = "invoice",
        Promotion = "promotion",
        CreditNote = "credit_note",
        /// Goodwill.
        Adjustment = "adjustment",
        Transfer = "transfer",
        /// Nothing was received: the slice was written off.
        WriteOff = "write_off",
    }
}

/// When and by whom an application was undone.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Unapplied {
    pub effective_on: NaiveDate,
    pub posting_on: NaiveDate,
    pub journal_entry: Uuid,
    /// Null for customers.
    pub recorded_by: Option<String>,
}

/// Which applications a list shows.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct ApplicationList {
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
    /// Id of an invoice.
    #[param(required = false)]
    pub invoice: String,
    /// Id of a credit grant.
    #[param(required = false)]
    pub grant: String,
    /// Id of the payment the money came from, straight or as credit.
    #[param(required = false)]
    pub payment: String,
    /// Id of the credit note it came from, straight or as credit.
    #[param(required = false)]
    pub credit_note: String,
    /// Id of a credit run.
    #[param(required = false)]
    pub credit_run: String,
    /// `applied` or `unapplied`.
    #[param(required = false)]
    pub status: String,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    customer_id: Uuid,
    account: String,
    customer: String,
    currency: String,
    amount_minor: i64,
    invoice_id: Uuid,
    invoice_number: String,
    grant_id: Option<Uuid>,
    grant_number: Option<i64>,
    class: Option<String>,
    #[sea_orm(nested)]
    origin: OriginRow,
    effective_on: NaiveDate,
    posting_on: NaiveDate,
    entry_id: Uuid,
    run_id: Option<Uuid>,
    recorded_at: DateTime<Utc>,
    recorded_by: String,
    unapplied_on: Option<NaiveDate>,
    unapplied_posting_on: Option<NaiveDate>,
    unapplied_entry_id: Option<Uuid>,
    unapplied_by: Option<String>,
}

fn select() -> String {
    format!(
        "SELECT a.id, r.customer_id, r.number AS account, c.number AS customer, r.currency, a.amount_minor,
        a.invoice_id, COALESCE(i.number, '') AS invoice_number, a.grant_id, g.number AS grant_number, g.class,
        {origin}, a.effective_on, a.posting_on, a.entry_id, a.run_id, a.recorded_at, a.recorded_by,
        a.unapplied_on, a.unapplied_posting_on, a.unapplied_entry_id, a.unapplied_by
    FROM applications a
    JOIN receivable_accounts r ON r.id = a.account_id
    JOIN customers c ON c.id = r.customer_id
    JOIN invoices i ON i.id = a.invoice_id
    LEFT JOIN credit_grants g ON g.id = a.grant_id
    {joins}",
        origin = origins::COLUMNS,
        joins = origins::OF_APPLICATION,
    )
}

/// The applications the actor may see.
pub async fn list(ctx: &Ctx, wanted: ApplicationList) -> Result<Listed<Application>, AppError> {
    let cut = narrowed(ctx, &wanted)?;
    let (rows, next) = cut.rows::<Row>(ctx, &select(), |row| row.id).await?;
    let items = rows
        .into_iter()
        .map(|row| application(ctx, row))
        .collect::<Result<_, _>>()?;
    Ok(Listed { items, next })
}

fn narrowed(ctx: &Ctx, wanted: &ApplicationList) -> Result<Cut, AppError> {
    let mut narrowing = Narrowing::default();
    limit_to_sight(ctx, &mut narrowing.conditions, "r.customer_id")?;
    narrowing.text("c.number", &wanted.customer);
    narrowing.text("r.number", &wanted.account);
    narrowing.id("invoice", "a.invoice_id", &wanted.invoice);
    narrowing.id("grant", "a.grant_id", &wanted.grant);
    narrowing.id("payment", "p.id", &wanted.payment);
    narrowing.id("credit_note", "n.id", &wanted.credit_note);
    narrowing.id("credit_run", "a.run_id", &wanted.credit_run);
    match narrowing.choice("status", &wanted.status, ApplicationStatus::from_code) {
        Some(ApplicationStatus::Applied) => narrowing.conditions.and("a.unapplied_on IS NULL"),
        Some(ApplicationStatus::Unapplied) => {
            narrowing.conditions.and("a.unapplied_on IS NOT NULL");
        }
        None => {}
    }
    narrowing.cut("a.id", &wanted.limit, &wanted.cursor)
}

/// One application by id.
pub async fn find(ctx: &Ctx, key: &str) -> Result<Application, AppError> {
    let row: Row = one(ctx, &select(), "a.id", id(key)?).await?;
    ctx.actor.require_sight_of(CustomerId(row.customer_id))?;
    Ok(application(ctx, row)?)
}

/// The documents whose applications are asked for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Of {
    Invoices,
    Grants,
    /// What payments settled themselves and what their own grants settled later.
    Payments,
    /// What credit notes covered themselves and what their own grants settled later.
    CreditNotes,
}

/// The applications of several documents, by document, in the order they were recorded. Who asks is checked by the
/// caller, which knows the documents.
pub(super) async fn of(
    ctx: &Ctx,
    of: Of,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, Vec<Application>>, DbErr> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let (placeholders, values) = listed_ids(ids);
    let condition = match of {
        Of::Invoices => format!("a.invoice_id IN ({placeholders})"),
        Of::Grants => format!("a.grant_id IN ({placeholders})"),
        Of::Payments => format!(
            "(a.payment_id IN ({placeholders}) OR a.grant_id IN (SELECT own.id FROM credit_grants own
                WHERE own.origin_kind = 'payment' AND own.origin_id IN ({placeholders})))"
        ),
        Of::CreditNotes => format!(
            "(a.credit_note_id IN ({placeholders}) OR a.grant_id IN (SELECT own.id FROM credit_grants own
                WHERE own.origin_kind = 'credit_note' AND own.origin_id IN ({placeholders})))"
        ),
    };
    let statement = format!("{} WHERE {condition} ORDER BY a.id", select());
    let rows: Vec<Row> = sql::all(ctx, &statement, values).await?;
    let mut grouped: HashMap<Uuid, Vec<Application>> = HashMap::new();
    for row in rows {
        let document = match of {
            Of::Invoices => Some(row.invoice_id),
            Of::Grants => row.grant_id,
            Of::Payments => row.origin.payment(),
            Of::CreditNotes => row.origin.credit_note(),
        };
        let application = application(ctx, row)?;
        if let Some(document) = document {
            grouped.entry(document).or_default().push(application);
        }
    }
    Ok(grouped)
}

fn application(ctx: &Ctx, row: Row) -> Result<Application, DbErr> {
    let unapplied = row
        .unapplied_on
        .zip(row.unapplied_posting_on)
        .zip(row.unapplied_entry_id)
        .map(|((effective_on, posting_on), journal_entry)| Unapplied {
            effective_on,
            posting_on,
            journal_entry,
            recorded_by: row.unapplied_by.and_then(|by| for_staff(ctx, by)),
        });
    let status = match unapplied {
        Some(_) => ApplicationStatus::Unapplied,
        None => ApplicationStatus::Applied,
    };
    let grant = match (row.grant_id, row.grant_number, row.class) {
        (Some(id), Some(number), Some(class)) => Some(GrantRef {
            id,
            number,
            class: CreditClass::from_code(&class)
                .ok_or_else(|| unreadable("credit_grants.class", &class))?,
        }),
        _ => None,
    };
    let undoing = unapplied.as_ref().map(|unapplied| unapplied.journal_entry);
    Ok(Application {
        id: row.id,
        status,
        account: row.account,
        customer: row.customer,
        amount: sql::money(row.amount_minor, &row.currency)?,
        invoice: DocumentRef {
            id: row.invoice_id,
            number: row.invoice_number,
        },
        grant,
        origin: origin(row.origin)?,
        effective_on: row.effective_on,
        posting_on: row.posting_on,
        credit_run: row.run_id,
        journal_entries: std::iter::once(row.entry_id).chain(undoing).collect(),
        recorded_at: row.recorded_at,
        recorded_by: for_staff(ctx, row.recorded_by),
        unapplied,
    })
}

/// The document funds came from, as the API names it.
pub(super) fn origin(row: OriginRow) -> Result<Origin, DbErr> {
    let (kind, id, number) = match row.read()? {
        FundsOrigin::Payment {
            payment, number, ..
        } => (OriginKind::Payment, payment.0, number.to_string()),
        FundsOrigin::Invoice {
            invoice, number, ..
        } => (OriginKind::Invoice, invoice.0, number),
        FundsOrigin::Promotion {
            promotion, code, ..
        } => (OriginKind::Promotion, promotion.0, code),
        FundsOrigin::Request {
            request,
            kind,
            number,
            ..
        } => {
            let kind = match kind {
                RequestKind::Transfer => OriginKind::Transfer,
                RequestKind::WriteOff => OriginKind::WriteOff,
                RequestKind::Adjustment | RequestKind::Refund => OriginKind::Adjustment,
            };
            (kind, request.0, number.to_string())
        }
        FundsOrigin::CreditNote {
            credit_note,
            number,
            ..
        } => (OriginKind::CreditNote, credit_note.0, number),
    };
    Ok(Origin { kind, id, number })
}
