//! Requests: adjustments, refunds, transfers and write-offs, each under a resource of its own, and those that wait
//! for a decision.

use super::applications::GrantRef;
use super::{Cut, DocumentRef, Listed, Narrowing, by_document, for_staff, id, one, own_entries};
use crate::domain::approval::{RequestFacts, RequestKind, RequestState, state};
use crate::domain::credit::CreditClass;
use crate::domain::ids::CustomerId;
use crate::domain::money::{Currency, Money};
use crate::domain::payment::PaymentMethod;
use crate::domain::rights::Right;
use crate::dto::error::AppError;
use crate::dto::requests::WriteOffReason;
use crate::server::context::Ctx;
use crate::server::queries::limit_to_sight;
use crate::server::queries::requests::STATE;
use crate::server::queries::sql::unreadable;
use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{DbErr, FromQueryResult};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// An adjustment, refund, transfer or write-off, from being asked for to being posted.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Request {
    pub id: Uuid,
    pub number: i64,
    pub kind: RequestKind,
    /// Derived.
    pub status: RequestState,
    /// Number of the receivable account.
    pub account: String,
    /// Customer number.
    pub customer: String,
    pub amount: Money,
    /// Of a transfer: number of the receiving account. Null for customers where it is not theirs.
    pub to_account: Option<String>,
    /// The invoice that is written off.
    pub invoice: Option<DocumentRef>,
    /// The grant it gave rise to: of goodwill credit, and of a transfer, the first of several.
    pub grant: Option<GrantRef>,
    /// What is left of the grants it gave rise to.
    pub remainder: Option<Money>,
    /// What it takes from grants; set aside until it is posted, refused or failed.
    pub slices: Vec<RequestSlice>,
    /// Of goodwill credit: its last usable day; null never lapses.
    pub expires_on: Option<NaiveDate>,
    /// Of goodwill credit: smaller is used first.
    pub priority: Option<i32>,
    /// Of a write-off.
    pub reason_code: Option<WriteOffReason>,
    /// Null for customers.
    pub reason: Option<String>,
    /// Of a written-off invoice, once posted: what of it is relief from sales tax.
    pub tax_relief: Option<Money>,
    pub requested_on: NaiveDate,
    pub requested_at: DateTime<Utc>,
    /// Null for customers, as all names of staff and their words.
    pub requested_by: Option<String>,
    /// Null while nobody approved it, and where it approved itself below the limit.
    pub approved_by: Option<String>,
    pub refused_by: Option<String>,
    /// With what word it was approved or refused.
    pub word: Option<String>,
    pub failed_reason: Option<String>,
    pub effective_on: Option<NaiveDate>,
    pub posting_on: Option<NaiveDate>,
    pub reversed_on: Option<NaiveDate>,
    pub reversal_reason: Option<String>,
    pub journal_entries: Vec<Uuid>,
}

/// What a request takes from one grant.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RequestSlice {
    pub grant: GrantRef,
    pub amount: Money,
    /// Of a refund: the payment whose money goes back.
    pub payment: Option<DocumentRef>,
    /// Of a refund: how it is paid out.
    pub method: Option<PaymentMethod>,
    /// Of a transfer, once posted: the grant it became.
    pub became: Option<GrantRef>,
}

/// Which requests a list shows.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct RequestList {
    #[param(required = false, example = "50")]
    pub limit: String,
    /// `next` of the part before.
    #[param(required = false)]
    pub cursor: String,
    /// Customer number.
    #[param(required = false)]
    pub customer: String,
    /// Number of the receivable account; of a transfer, either.
    #[param(required = false)]
    pub account: String,
    /// One of the statuses a request answers with.
    #[param(required = false)]
    pub status: String,
    #[param(required = false)]
    pub currency: String,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    number: i64,
    kind: String,
    customer_id: Uuid,
    account: String,
    customer: String,
    currency: String,
    amount_minor: i64,
    to_account: Option<String>,
    to_customer_id: Option<Uuid>,
    invoice_id: Option<Uuid>,
    invoice_number: Option<String>,
    grant_id: Option<Uuid>,
    grant_number: Option<i64>,
    grant_left: Option<i64>,
    expires_on: Option<NaiveDate>,
    priority: Option<i32>,
    reason_code: Option<String>,
    reason: String,
    tax_minor: Option<i64>,
    requested_on: NaiveDate,
    requested_at: DateTime<Utc>,
    requested_by: String,
    approved_at: Option<DateTime<Utc>>,
    approved_by: Option<String>,
    refused_at: Option<DateTime<Utc>>,
    refused_by: Option<String>,
    word: Option<String>,
    failed_at: Option<DateTime<Utc>>,
    failed_reason: Option<String>,
    effective_on: Option<NaiveDate>,
    posting_on: Option<NaiveDate>,
    reversed_on: Option<NaiveDate>,
    reversal_reason: Option<String>,
}

const SELECT: &str = "SELECT q.id, q.number, q.kind, r.customer_id, r.number AS account, c.number AS customer,
        q.currency, q.amount_minor, tr.number AS to_account, tr.customer_id AS to_customer_id,
        q.invoice_id, i.number AS invoice_number,
        g.id AS grant_id, g.number AS grant_number, g.remaining_minor AS grant_left,
        q.expires_on, q.priority, q.reason_code, q.reason, q.tax_minor, q.requested_on, q.requested_at,
        q.requested_by, q.approved_at, q.approved_by, q.refused_at, q.refused_by, q.word, q.failed_at,
        q.failed_reason, q.effective_on, q.posting_on, q.reversed_on, q.reversal_reason
    FROM requests q
    JOIN receivable_accounts r ON r.id = q.account_id
    JOIN customers c ON c.id = r.customer_id
    LEFT JOIN receivable_accounts tr ON tr.id = q.to_account_id
    LEFT JOIN invoices i ON i.id = q.invoice_id
    LEFT JOIN credit_grants g ON g.origin_kind = 'adjustment' AND g.origin_id = q.id";

/// The requests of one kind that the actor may see.
pub async fn list(
    ctx: &Ctx,
    kind: RequestKind,
    wanted: RequestList,
) -> Result<Listed<Request>, AppError> {
    let mut narrowing = narrowed(ctx, &wanted)?;
    narrowing.conditions.equal("q.kind", kind.code());
    listed(ctx, narrowing.cut("q.id", &wanted.limit, &wanted.cursor)?).await
}

/// The requests of all kinds that wait for a decision.
pub async fn to_decide(ctx: &Ctx, wanted: RequestList) -> Result<Listed<Request>, AppError> {
    ctx.actor.require(Right::ApproveRequests)?;
    let mut narrowing = narrowed(ctx, &wanted)?;
    if wanted.status.trim().is_empty() {
        narrowing
            .conditions
            .equal(STATE, RequestState::Requested.code());
    }
    listed(ctx, narrowing.cut("q.id", &wanted.limit, &wanted.cursor)?).await
}

fn narrowed(ctx: &Ctx, wanted: &RequestList) -> Result<Narrowing, AppError> {
    let mut narrowing = Narrowing::default();
    limit_to_sight(ctx, &mut narrowing.conditions, "r.customer_id")?;
    narrowing.text("c.number", &wanted.customer);
    if !wanted.account.trim().is_empty() {
        let account = wanted.account.trim();
        narrowing
            .conditions
            .with("(r.number = ? OR tr.number = ?)", account);
    }
    narrowing.currency("currency", "q.currency", &wanted.currency);
    narrowing.code("status", STATE, &wanted.status, RequestState::from_code);
    Ok(narrowing)
}

async fn listed(ctx: &Ctx, cut: Cut) -> Result<Listed<Request>, AppError> {
    let (rows, next) = cut.rows::<Row>(ctx, SELECT, |row| row.id).await?;
    let items = whole(ctx, rows).await?;
    Ok(Listed { items, next })
}

/// One request of this kind; of any kind where none is named.
pub async fn find(ctx: &Ctx, kind: Option<RequestKind>, key: &str) -> Result<Request, AppError> {
    let row: Row = one(ctx, SELECT, "q.id", id(key)?).await?;
    ctx.actor.require_sight_of(CustomerId(row.customer_id))?;
    if kind.is_some_and(|kind| kind.code() != row.kind) {
        return Err(AppError::NotFound);
    }
    whole(ctx, vec![row]).await?.pop().ok_or(AppError::NotFound)
}

#[derive(FromQueryResult)]
struct SliceRow {
    request_id: Uuid,
    amount_minor: i64,
    currency: String,
    grant_id: Uuid,
    grant_number: i64,
    class: String,
    payment_id: Option<Uuid>,
    payment_number: Option<i64>,
    method: Option<String>,
    became_id: Option<Uuid>,
    became_number: Option<i64>,
    became_left: Option<i64>,
}

async fn whole(ctx: &Ctx, rows: Vec<Row>) -> Result<Vec<Request>, AppError> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let slices = |ids: &str| {
        format!(
            "SELECT s.request_id, s.amount_minor, g.currency, g.id AS grant_id, g.number AS grant_number, g.class,
                p.id AS payment_id, p.number AS payment_number, s.method,
                b.id AS became_id, b.number AS became_number, b.remaining_minor AS became_left
            FROM request_slices s
                JOIN credit_grants g ON g.id = s.grant_id
                LEFT JOIN payments p ON p.id = s.payment_id
                LEFT JOIN credit_grants b ON b.origin_kind = 'transfer' AND b.origin_id = s.id
            WHERE s.request_id IN ({ids}) ORDER BY s.request_id, s.position"
        )
    };
    let mut slices = by_document(ctx, slices, &ids, |row: &SliceRow| row.request_id).await?;
    let mut entries = own_entries(ctx, &ids).await?;
    rows.into_iter()
        .map(|row| {
            let slices = slices.remove(&row.id).unwrap_or_default();
            let entries = entries.remove(&row.id).unwrap_or_default();
            Ok(request(ctx, row, slices, entries)?)
        })
        .collect()
}

fn request(
    ctx: &Ctx,
    row: Row,
    slices: Vec<SliceRow>,
    journal_entries: Vec<Uuid>,
) -> Result<Request, DbErr> {
    let currency: Currency = row
        .currency
        .parse()
        .map_err(|_| unreadable("requests.currency", &row.currency))?;
    let money = |minor| Money::new(minor, currency);
    let kind =
        RequestKind::from_code(&row.kind).ok_or_else(|| unreadable("requests.kind", &row.kind))?;
    let facts = RequestFacts {
        approved: row.approved_at.is_some(),
        refused: row.refused_at.is_some(),
        failed: row.failed_at.is_some(),
        posted: row.effective_on.is_some(),
        reversed: row.reversed_on.is_some(),
    };
    let left = slices.iter().filter_map(|slice| slice.became_left);
    let left: Vec<i64> = left.chain(row.grant_left).collect();
    let remainder = (!left.is_empty()).then(|| money(left.iter().sum()));
    let slices = slices
        .into_iter()
        .map(slice)
        .collect::<Result<Vec<RequestSlice>, DbErr>>()?;
    let goodwill = row
        .grant_id
        .zip(row.grant_number)
        .map(|(id, number)| GrantRef {
            id,
            number,
            class: CreditClass::Goodwill,
        });
    let became = slices.iter().find_map(|slice| slice.became.clone());
    let theirs = |other: Option<Uuid>| match ctx.actor.customer() {
        Some(own) => other == Some(own.0),
        None => true,
    };
    let reason_code = match row.reason_code.as_deref() {
        Some(code) => Some(
            WriteOffReason::from_code(code)
                .ok_or_else(|| unreadable("requests.reason_code", code))?,
        ),
        None => None,
    };
    Ok(Request {
        id: row.id,
        number: row.number,
        kind,
        status: state(kind, facts),
        account: row.account,
        customer: row.customer,
        amount: money(row.amount_minor),
        to_account: row.to_account.filter(|_| theirs(row.to_customer_id)),
        invoice: row
            .invoice_id
            .zip(row.invoice_number)
            .map(|(id, number)| DocumentRef { id, number }),
        grant: goodwill.or(became.filter(|_| theirs(row.to_customer_id))),
        remainder: remainder
            .filter(|_| kind != RequestKind::Transfer || theirs(row.to_customer_id)),
        slices,
        expires_on: row.expires_on,
        priority: row.priority,
        reason_code,
        reason: for_staff(ctx, row.reason),
        tax_relief: row.invoice_id.and(row.tax_minor).map(money),
        requested_on: row.requested_on,
        requested_at: row.requested_at,
        requested_by: for_staff(ctx, row.requested_by),
        approved_by: row.approved_by.and_then(|by| for_staff(ctx, by)),
        refused_by: row.refused_by.and_then(|by| for_staff(ctx, by)),
        word: row.word.and_then(|word| for_staff(ctx, word)),
        failed_reason: row.failed_reason.and_then(|reason| for_staff(ctx, reason)),
        effective_on: row.effective_on,
        posting_on: row.posting_on,
        reversed_on: row.reversed_on,
        reversal_reason: row
            .reversal_reason
            .and_then(|reason| for_staff(ctx, reason)),
        journal_entries,
    })
}

fn slice(row: SliceRow) -> Result<RequestSlice, DbErr> {
    let currency: Currency = row
        .currency
        .parse()
        .map_err(|_| unreadable("credit_grants.currency", &row.currency))?;
    let class = CreditClass::from_code(&row.class)
        .ok_or_else(|| unreadable("credit_grants.class", &row.class))?;
    let grant = |id, number| GrantRef { id, number, class };
    Ok(RequestSlice {
        grant: grant(row.grant_id, row.grant_number),
        amount: Money::new(row.amount_minor, currency),
        payment: row
            .payment_id
            .zip(row.payment_number)
            .map(|(id, number)| DocumentRef {
                id,
                number: number.to_string(),
            }),
        method: row.method.as_deref().and_then(PaymentMethod::from_code),
        became: row
            .became_id
            .zip(row.became_number)
            .map(|(id, number)| grant(id, number)),
    })
}
