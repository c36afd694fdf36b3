//! Requests and what they take from grants.

use super::Tx;
use super::numbers::{self, Sequence};
use super::sql;
use crate::domain::approval::{RequestFacts, RequestKind, RequestState, state};
use crate::domain::credit::CreditClass;
use crate::domain::ids::{
    CreditGrantId, CreditRequestId, InvoiceId, JournalEntryId, PaymentId, ReceivableAccountId,
    RequestSliceId,
};
use crate::domain::money::{Currency, Money};
use crate::domain::payment::PaymentMethod;
use crate::server::context::Ctx;
use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{DbErr, FromQueryResult, Value};
use uuid::Uuid;

/// A request to be written. What it takes from grants is in its slices.
#[derive(Clone, Debug)]
pub struct NewRequest {
    pub id: CreditRequestId,
    pub kind: RequestKind,
    pub account: ReceivableAccountId,
    pub currency: Currency,
    pub amount_minor: i64,
    pub to_account: Option<ReceivableAccountId>,
    pub invoice: Option<InvoiceId>,
    pub goodwill: Option<Goodwill>,
    pub reason_code: Option<&'static str>,
    pub reason: String,
    /// The day it is to count; `None`: the day it is posted.
    pub wanted_on: Option<NaiveDate>,
    pub slices: Vec<RequestSlice>,
}

/// How the grant of a goodwill credit is to be born.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Goodwill {
    pub expires_on: Option<NaiveDate>,
    pub priority: i32,
}

/// What a request takes from one grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestSlice {
    pub id: RequestSliceId,
    pub grant: CreditGrantId,
    pub amount_minor: i64,
    /// A refund: whose money goes back, and how.
    pub payment: Option<(PaymentId, PaymentMethod)>,
}

/// A request as stored.
#[derive(Clone, Debug)]
pub struct StoredRequest {
    pub id: CreditRequestId,
    pub number: i64,
    pub kind: RequestKind,
    pub account: ReceivableAccountId,
    pub currency: Currency,
    pub amount_minor: i64,
    pub to_account: Option<ReceivableAccountId>,
    pub invoice: Option<InvoiceId>,
    pub goodwill: Option<Goodwill>,
    pub reason: String,
    pub wanted_on: Option<NaiveDate>,
    /// Who asked, as actors are told apart.
    pub requester: String,
    pub posted: Option<Posted>,
    pub facts: RequestFacts,
}

/// When and by which entry a request was posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Posted {
    pub entry: JournalEntryId,
    pub effective_on: NaiveDate,
    pub posting_on: NaiveDate,
    /// Of a written-off invoice: relief from sales tax.
    pub tax_minor: i64,
}

impl StoredRequest {
    pub fn state(&self) -> RequestState {
        state(self.kind, self.facts)
    }

    pub fn amount(&self) -> Money {
        Money::new(self.amount_minor, self.currency)
    }

    /// The accounts it touches.
    pub fn accounts(&self) -> Vec<ReceivableAccountId> {
        std::iter::once(self.account)
            .chain(self.to_account)
            .collect()
    }
}

const REQUEST_COLUMNS: &[&str] = &[
    "id",
    "number",
    "kind",
    "account_id",
    "currency",
    "amount_minor",
    "to_account_id",
    "invoice_id",
    "class",
    "expires_on",
    "priority",
    "reason_code",
    "reason",
    "wanted_on",
    "requested_on",
    "requested_at",
    "requested_by",
    "requester",
];

const SLICE_COLUMNS: &[&str] = &[
    "id",
    "request_id",
    "position",
    "grant_id",
    "amount_minor",
    "payment_id",
    "method",
];

/// Writes a request with its slices; its number is returned. The reserved parts of the grants are the caller's to
/// refresh.
pub async fn insert(tx: &Tx, ctx: &Ctx, request: &NewRequest) -> Result<i64, DbErr> {
    let number = numbers::next(tx, Sequence::Requests, 1).await?[0];
    let goodwill = request.goodwill;
    let row: Vec<Value> = vec![
        request.id.0.into(),
        number.into(),
        request.kind.code().into(),
        request.account.0.into(),
        request.currency.code().into(),
        request.amount_minor.into(),
        request.to_account.map(|id| id.0).into(),
        request.invoice.map(|id| id.0).into(),
        goodwill.map(|_| CreditClass::Goodwill.code()).into(),
        goodwill.and_then(|goodwill| goodwill.expires_on).into(),
        goodwill.map(|goodwill| goodwill.priority).into(),
        request.reason_code.into(),
        request.reason.clone().into(),
        request.wanted_on.into(),
        ctx.today().into(),
        ctx.clock.now().into(),
        ctx.actor.label().into(),
        ctx.actor.key().into(),
    ];
    sql::insert_rows(tx, "requests", REQUEST_COLUMNS, vec![row]).await?;
    let slices = request.slices.iter().zip(1_i32..);
    let rows = slices
        .map(|(slice, position)| {
            vec![
                slice.id.0.into(),
                request.id.0.into(),
                position.into(),
                slice.grant.0.into(),
                slice.amount_minor.into(),
                slice.payment.map(|(payment, _)| payment.0).into(),
                slice.payment.map(|(_, method)| method.code()).into(),
            ]
        })
        .collect();
    sql::insert_rows(tx, "request_slices", SLICE_COLUMNS, rows).await?;
    Ok(number)
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    number: i64,
    kind: String,
    account_id: Uuid,
    currency: String,
    amount_minor: i64,
    to_account_id: Option<Uuid>,
    invoice_id: Option<Uuid>,
    expires_on: Option<NaiveDate>,
    priority: Option<i32>,
    reason: String,
    wanted_on: Option<NaiveDate>,
    requester: String,
    approved_at: Option<DateTime<Utc>>,
    refused_at: Option<DateTime<Utc>>,
    failed_at: Option<DateTime<Utc>>,
    effective_on: Option<NaiveDate>,
    posting_on: Option<NaiveDate>,
    entry_id: Option<Uuid>,
    tax_minor: Option<i64>,
    reversed_on: Option<NaiveDate>,
}

const SELECT: &str = "SELECT q.id, q.number, q.kind, q.account_id, q.currency, q.amount_minor, q.to_account_id,
        q.invoice_id, q.expires_on, q.priority, q.reason, q.wanted_on, q.requester, q.approved_at, q.refused_at,
        q.failed_at, q.effective_on, q.posting_on, q.entry_id, q.tax_minor, q.reversed_on
    FROM requests q";

/// What is neither posted nor refused nor failed: its slices are reserved.
const UNDER_WAY: &str = "q.entry_id IS NULL AND q.refused_at IS NULL AND q.failed_at IS NULL";

pub async fn find(tx: &Tx, id: CreditRequestId) -> Result<Option<StoredRequest>, DbErr> {
    let rows = sql::all::<Row>(tx, &format!("{SELECT} WHERE q.id = $1"), vec![id.0.into()]).await?;
    rows.into_iter().next().map(stored).transpose()
}

/// The requests under way that take something from a grant, oldest first.
pub async fn under_way_on_grant(
    tx: &Tx,
    grant: CreditGrantId,
) -> Result<Vec<StoredRequest>, DbErr> {
    let statement = format!(
        "{SELECT} WHERE {UNDER_WAY} AND q.id IN (SELECT s.request_id FROM request_slices s WHERE s.grant_id = $1)
        ORDER BY q.id"
    );
    let rows = sql::all::<Row>(tx, &statement, vec![grant.0.into()]).await?;
    rows.into_iter().map(stored).collect()
}

#[derive(FromQueryResult)]
struct SumRow {
    minor: i64,
}

/// What write-offs under way would take off an invoice.
pub async fn under_way_on_invoice(tx: &Tx, invoice: InvoiceId) -> Result<i64, DbErr> {
    let statement = format!(
        "SELECT CAST(COALESCE(SUM(q.amount_minor), 0) AS bigint) AS minor FROM requests q
        WHERE q.invoice_id = $1 AND {UNDER_WAY}"
    );
    let rows = sql::all::<SumRow>(tx, &statement, vec![invoice.0.into()]).await?;
    Ok(rows.first().map_or(0, |row| row.minor))
}

#[derive(FromQueryResult)]
struct MovedRow {
    effective_on: NaiveDate,
    posting_on: NaiveDate,
}

/// The last days on which something of an invoice moved: it was posted, or settled, or that was undone.
pub async fn invoice_last_moved(
    tx: &Tx,
    invoice: InvoiceId,
) -> Result<Option<(NaiveDate, NaiveDate)>, DbErr> {
    let statement = "SELECT MAX(effective_on) AS effective_on, MAX(posting_on) AS posting_on FROM (
            SELECT issued_on AS effective_on, posting_on FROM invoices WHERE id = $1 AND posting_on IS NOT NULL
            UNION ALL
            SELECT COALESCE(unapplied_on, effective_on), COALESCE(unapplied_posting_on, posting_on)
            FROM applications WHERE invoice_id = $1) moved
        HAVING COUNT(*) > 0";
    let rows = sql::all::<MovedRow>(tx, statement, vec![invoice.0.into()]).await?;
    Ok(rows.first().map(|row| (row.effective_on, row.posting_on)))
}

fn stored(row: Row) -> Result<StoredRequest, DbErr> {
    let posted = match (row.entry_id, row.effective_on, row.posting_on) {
        (Some(entry), Some(effective_on), Some(posting_on)) => Some(Posted {
            entry: JournalEntryId(entry),
            effective_on,
            posting_on,
            tax_minor: row.tax_minor.ok_or_else(|| unreadable("tax_minor"))?,
        }),
        _ => None,
    };
    Ok(StoredRequest {
        id: CreditRequestId(row.id),
        number: row.number,
        kind: RequestKind::from_code(&row.kind).ok_or_else(|| unreadable("kind"))?,
        account: ReceivableAccountId(row.account_id),
        currency: row.currency.parse().map_err(|_| unreadable("currency"))?,
        amount_minor: row.amount_minor,
        to_account: row.to_account_id.map(ReceivableAccountId),
        invoice: row.invoice_id.map(InvoiceId),
        goodwill: row.priority.map(|priority| Goodwill {
            expires_on: row.expires_on,
            priority,
        }),
        reason: row.reason,
        wanted_on: row.wanted_on,
        requester: row.requester,
        posted,
        facts: RequestFacts {
            approved: row.approved_at.is_some(),
            refused: row.refused_at.is_some(),
            failed: row.failed_at.is_some(),
            posted: posted.is_some(),
            reversed: row.reversed_on.is_some(),
        },
    })
}

fn unreadable(column: &str) -> DbErr {
    DbErr::Type(format!("requests.{column} holds an unknown value"))
}

#[derive(FromQueryResult)]
struct SliceRow {
    id: Uuid,
    grant_id: Uuid,
    amount_minor: i64,
    payment_id: Option<Uuid>,
    method: Option<String>,
}

/// What a request takes from grants, in its order.
pub async fn slices(tx: &Tx, id: CreditRequestId) -> Result<Vec<RequestSlice>, DbErr> {
    let statement = "SELECT id, grant_id, amount_minor, payment_id, method FROM request_slices
        WHERE request_id = $1 ORDER BY position";
    let rows = sql::all::<SliceRow>(tx, statement, vec![id.0.into()]).await?;
    rows.into_iter()
        .map(|row| {
            let method = match row.method.as_deref() {
                Some(code) => {
                    Some(PaymentMethod::from_code(code).ok_or_else(|| unreadable("method"))?)
                }
                None => None,
            };
            Ok(RequestSlice {
                id: RequestSliceId(row.id),
                grant: CreditGrantId(row.grant_id),
                amount_minor: row.amount_minor,
                payment: row.payment_id.map(PaymentId).zip(method),
            })
        })
        .collect()
}

/// Notes who approved a request, with what word; nobody where it approved itself.
pub async fn mark_approved(
    tx: &Tx,
    ctx: &Ctx,
    id: CreditRequestId,
    by: Option<String>,
    word: &str,
) -> Result<(), DbErr> {
    let statement = "UPDATE requests SET approved_at = $1, approved_by = $2, word = $3
        WHERE id = $4 AND approved_at IS NULL AND refused_at IS NULL";
    let word = Some(word.to_owned()).filter(|word| !word.is_empty());
    let values = vec![ctx.clock.now().into(), by.into(), word.into(), id.0.into()];
    changed_one(sql::execute(tx, statement, values).await?, id)
}

pub async fn mark_refused(
    tx: &Tx,
    ctx: &Ctx,
    id: CreditRequestId,
    word: &str,
) -> Result<(), DbErr> {
    let statement = "UPDATE requests SET refused_at = $1, refused_by = $2, word = $3
        WHERE id = $4 AND approved_at IS NULL AND refused_at IS NULL";
    let values = vec![
        ctx.clock.now().into(),
        ctx.actor.label().into(),
        word.into(),
        id.0.into(),
    ];
    changed_one(sql::execute(tx, statement, values).await?, id)
}

/// Notes that the money of a refund did not arrive.
pub async fn mark_failed(
    tx: &Tx,
    ctx: &Ctx,
    id: CreditRequestId,
    reason: &str,
) -> Result<(), DbErr> {
    let statement = "UPDATE requests SET failed_at = $1, failed_by = $2, failed_reason = $3
        WHERE id = $4 AND failed_at IS NULL";
    let values = vec![
        ctx.clock.now().into(),
        ctx.actor.label().into(),
        reason.into(),
        id.0.into(),
    ];
    changed_one(sql::execute(tx, statement, values).await?, id)
}

/// Notes the entry that posted a request; what it took is no longer reserved.
pub async fn mark_posted(
    tx: &Tx,
    ctx: &Ctx,
    id: CreditRequestId,
    posted: Posted,
) -> Result<(), DbErr> {
    let statement =
        "UPDATE requests SET entry_id = $1, effective_on = $2, posting_on = $3, posted_by = $4,
            tax_minor = $5
        WHERE id = $6 AND entry_id IS NULL";
    let values = vec![
        posted.entry.0.into(),
        posted.effective_on.into(),
        posted.posting_on.into(),
        ctx.actor.label().into(),
        posted.tax_minor.into(),
        id.0.into(),
    ];
    changed_one(sql::execute(tx, statement, values).await?, id)
}

/// Notes the contra entry of a posted request.
pub async fn mark_reversed(
    tx: &Tx,
    ctx: &Ctx,
    id: CreditRequestId,
    contra: Posted,
    reason: &str,
) -> Result<(), DbErr> {
    let statement =
        "UPDATE requests SET reversal_entry_id = $1, reversed_on = $2, reversed_posting_on = $3,
            reversed_by = $4, reversal_reason = $5
        WHERE id = $6 AND reversal_entry_id IS NULL";
    let values = vec![
        contra.entry.0.into(),
        contra.effective_on.into(),
        contra.posting_on.into(),
        ctx.actor.label().into(),
        reason.into(),
        id.0.into(),
    ];
    changed_one(sql::execute(tx, statement, values).await?, id)
}

fn changed_one(changed: u64, id: CreditRequestId) -> Result<(), DbErr> {
    match changed {
        1 => Ok(()),
        _ => Err(DbErr::Custom(format!("request {id} was not as expected"))),
    }
}
