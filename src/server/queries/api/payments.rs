//! Payments: what was received, what it settled, what of it is still credit.

use super::applications::{self, Application, Of};
use super::{
    Cut, DocumentRef, Listed, Narrowing, by_document, for_staff, id, one, own_entries,
    with_entries_of,
};
use crate::domain::ids::CustomerId;
use crate::domain::money::{Currency, Money};
use crate::domain::payment::{PaymentMethod, PaymentStatus, ReversalCause, status};
use crate::dto::error::AppError;
use crate::server::context::Ctx;
use crate::server::queries::limit_to_sight;
use crate::server::queries::sql::unreadable;
use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{DbErr, FromQueryResult};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Money received.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Payment {
    pub id: Uuid,
    pub number: i64,
    /// Derived.
    pub status: PaymentStatus,
    /// Number of the receivable account.
    pub account: String,
    /// Customer number.
    pub customer: String,
    pub amount: Money,
    /// Kept as fee income, within tolerance.
    pub fee: Money,
    /// What of it is still credit; zero once it is reversed.
    pub remainder: Money,
    /// The grant its surplus became.
    pub grant: Option<DocumentRef>,
    /// The last usable day of that credit; null where it never lapses, or there is none.
    pub expires_on: Option<NaiveDate>,
    /// The priority of that credit; null where there is none.
    pub priority: Option<i32>,
    pub method: PaymentMethod,
    pub reference: String,
    /// Null for customers.
    pub note: Option<String>,
    pub received_on: NaiveDate,
    pub posting_on: NaiveDate,
    pub prepayment: bool,
    /// What it settled itself and what its credit settled later, oldest first, undone applications included.
    pub applications: Vec<Application>,
    pub journal_entries: Vec<Uuid>,
    pub reversed_on: Option<NaiveDate>,
    /// Null for customers.
    pub reversal_reason: Option<String>,
    #[schema(value_type = Option<String>, example = "bounced")]
    pub reversal_cause: Option<ReversalCause>,
    /// The open items its reversal made: money that had been paid out, and a fee.
    pub charges: Vec<DocumentRef>,
    pub recorded_at: DateTime<Utc>,
    /// Null for customers.
    pub recorded_by: Option<String>,
}

/// Which payments a list shows.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct PaymentList {
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
    /// One of the statuses a payment answers with.
    #[param(required = false)]
    pub status: String,
    #[param(required = false)]
    pub currency: String,
    #[param(required = false)]
    pub method: String,
    #[param(required = false)]
    pub reference: String,
    /// First day of receipt.
    #[param(required = false)]
    pub received_from: String,
    /// Last day of receipt.
    #[param(required = false)]
    pub received_to: String,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    number: i64,
    customer_id: Uuid,
    account: String,
    customer: String,
    currency: String,
    amount_minor: i64,
    fee_minor: i64,
    left_minor: i64,
    grant_id: Option<Uuid>,
    grant_number: Option<i64>,
    method: String,
    reference: String,
    note: String,
    received_on: NaiveDate,
    posting_on: NaiveDate,
    prepayment: bool,
    expires_on: Option<NaiveDate>,
    priority: Option<i32>,
    reversed_on: Option<NaiveDate>,
    reversal_reason: Option<String>,
    reversal_cause: Option<String>,
    recorded_at: DateTime<Utc>,
    recorded_by: String,
}

const SELECT: &str = "SELECT p.id, p.number, r.customer_id, r.number AS account, c.number AS customer, p.currency,
        p.amount_minor, p.fee_minor, COALESCE(g.remaining_minor, 0) AS left_minor,
        g.id AS grant_id, g.number AS grant_number, p.method, p.reference, p.note, p.received_on, p.posting_on,
        p.prepayment, g.expires_on, g.priority, p.reversed_on, p.reversal_reason, p.reversal_cause, p.recorded_at,
        p.recorded_by
    FROM payments p
    JOIN receivable_accounts r ON r.id = p.account_id
    JOIN customers c ON c.id = r.customer_id
    LEFT JOIN credit_grants g ON g.origin_kind = 'payment' AND g.origin_id = p.id";

/// The payments the actor may see.
pub async fn list(ctx: &Ctx, wanted: PaymentList) -> Result<Listed<Payment>, AppError> {
    let cut = narrowed(ctx, &wanted)?;
    let (rows, next) = cut.rows::<Row>(ctx, SELECT, |row| row.id).await?;
    let items = whole(ctx, rows).await?;
    Ok(Listed { items, next })
}

fn narrowed(ctx: &Ctx, wanted: &PaymentList) -> Result<Cut, AppError> {
    let mut narrowing = Narrowing::default();
    limit_to_sight(ctx, &mut narrowing.conditions, "r.customer_id")?;
    narrowing.text("c.number", &wanted.customer);
    narrowing.text("r.number", &wanted.account);
    narrowing.text("p.reference", &wanted.reference);
    narrowing.currency("currency", "p.currency", &wanted.currency);
    narrowing.code(
        "method",
        "p.method",
        &wanted.method,
        PaymentMethod::from_code,
    );
    narrowing.date(
        "received_from",
        "p.received_on",
        ">=",
        &wanted.received_from,
    );
    narrowing.date("received_to", "p.received_on", "<=", &wanted.received_to);
    if let Some(status) = narrowing.choice("status", &wanted.status, PaymentStatus::from_code) {
        narrowing.conditions.and(with_status(status));
    }
    narrowing.cut("p.id", &wanted.limit, &wanted.cursor)
}

/// The facts of `domain::payment::status` as SQL.
fn with_status(status: PaymentStatus) -> &'static str {
    match status {
        PaymentStatus::Reversed => "p.reversed_on IS NOT NULL",
        PaymentStatus::Applied => "p.reversed_on IS NULL AND COALESCE(g.remaining_minor, 0) = 0",
        PaymentStatus::Recorded => {
            "p.reversed_on IS NULL AND COALESCE(g.remaining_minor, 0) >= p.amount_minor"
        }
        PaymentStatus::PartlyApplied => {
            "p.reversed_on IS NULL AND g.remaining_minor > 0 AND g.remaining_minor < p.amount_minor"
        }
    }
}

/// One payment by id.
pub async fn find(ctx: &Ctx, key: &str) -> Result<Payment, AppError> {
    let row: Row = one(ctx, SELECT, "p.id", id(key)?).await?;
    ctx.actor.require_sight_of(CustomerId(row.customer_id))?;
    whole(ctx, vec![row]).await?.pop().ok_or(AppError::NotFound)
}

#[derive(FromQueryResult)]
struct ChargeRow {
    payment_id: Uuid,
    id: Uuid,
    number: String,
}

async fn whole(ctx: &Ctx, rows: Vec<Row>) -> Result<Vec<Payment>, AppError> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let mut applications = applications::of(ctx, Of::Payments, &ids).await?;
    let mut entries = own_entries(ctx, &ids).await?;
    let charges = |ids: &str| {
        format!(
            "SELECT payment_id, id, number FROM invoices WHERE payment_id IN ({ids}) ORDER BY id"
        )
    };
    let mut charges = by_document(ctx, charges, &ids, |row: &ChargeRow| row.payment_id).await?;
    rows.into_iter()
        .map(|row| {
            let applications = applications.remove(&row.id).unwrap_or_default();
            let own = entries.remove(&row.id).unwrap_or_default();
            let charges = charges.remove(&row.id).unwrap_or_default();
            Ok(payment(ctx, row, applications, own, charges)?)
        })
        .collect()
}

fn payment(
    ctx: &Ctx,
    row: Row,
    applications: Vec<Application>,
    own: Vec<Uuid>,
    charges: Vec<ChargeRow>,
) -> Result<Payment, DbErr> {
    let currency: Currency = row
        .currency
        .parse()
        .map_err(|_| unreadable("payments.currency", &row.currency))?;
    let money = |minor| Money::new(minor, currency);
    let grant = row.grant_id.zip(row.grant_number);
    Ok(Payment {
        id: row.id,
        number: row.number,
        status: status(row.amount_minor, row.left_minor, row.reversed_on.is_some()),
        account: row.account,
        customer: row.customer,
        amount: money(row.amount_minor),
        fee: money(row.fee_minor),
        remainder: money(row.left_minor),
        grant: grant.map(|(id, number)| DocumentRef {
            id,
            number: number.to_string(),
        }),
        method: PaymentMethod::from_code(&row.method)
            .ok_or_else(|| unreadable("payments.method", &row.method))?,
        reference: row.reference,
        note: for_staff(ctx, row.note),
        received_on: row.received_on,
        posting_on: row.posting_on,
        prepayment: row.prepayment,
        expires_on: row.expires_on,
        priority: row.priority,
        journal_entries: with_entries_of(&applications, own),
        applications,
        reversed_on: row.reversed_on,
        reversal_reason: row
            .reversal_reason
            .and_then(|reason| for_staff(ctx, reason)),
        reversal_cause: row
            .reversal_cause
            .as_deref()
            .and_then(ReversalCause::from_code),
        charges: charges
            .into_iter()
            .map(|charge| DocumentRef {
                id: charge.id,
                number: charge.number,
            })
            .collect(),
        recorded_at: row.recorded_at,
        recorded_by: for_staff(ctx, row.recorded_by),
    })
}
