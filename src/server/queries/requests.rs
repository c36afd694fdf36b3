//! Requests as lists and pages show them.

use super::lineage::{self, EntriesOf};
use super::sql::{self, Conditions, unreadable};
use crate::domain::approval::{RequestKind, RequestState};
use crate::domain::credit::CreditClass;
use crate::domain::ids::{CreditGrantId, CreditRequestId, InvoiceId, PaymentId};
use crate::domain::payment::PaymentMethod;
use crate::domain::rights::Right;
use crate::dto::credits::InvoiceRef;
use crate::dto::error::AppError;
use crate::dto::lineage::{AccountRef, PostedLine};
use crate::dto::page::{Page, PageRequest};
use crate::dto::requests::{
    GrantLink, RequestDetail, RequestFilter, RequestRow, RequestSliceRow, WriteOffReason,
};
use crate::server::context::Ctx;
use chrono::NaiveDate;
use sea_orm::{DbErr, FromQueryResult};
use uuid::Uuid;

/// The state of the request `q`, as `domain::approval::state` derives it, in SQL.
pub(super) const STATE: &str = "CASE
    WHEN q.refused_at IS NOT NULL THEN 'refused'
    WHEN q.failed_at IS NOT NULL THEN 'failed'
    WHEN q.reversal_entry_id IS NOT NULL THEN 'reversed'
    WHEN q.entry_id IS NOT NULL THEN CASE q.kind WHEN 'refund' THEN 'paid' ELSE 'posted' END
    WHEN q.approved_at IS NOT NULL THEN 'approved'
    ELSE 'requested' END";

const JOINED: &str = "requests q
    JOIN receivable_accounts a ON a.id = q.account_id
    JOIN customers c ON c.id = a.customer_id
    LEFT JOIN receivable_accounts ta ON ta.id = q.to_account_id
    LEFT JOIN invoices i ON i.id = q.invoice_id";

const COLUMNS: &str = "q.id, q.number, q.kind, a.number AS account, c.number AS customer, c.name AS customer_name,
    q.amount_minor, q.currency, ta.number AS to_account, i.id AS invoice_id, i.number AS invoice_number, q.reason,
    q.requested_on, q.requested_by";

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    number: i64,
    kind: String,
    state: String,
    account: String,
    customer: String,
    customer_name: String,
    amount_minor: i64,
    currency: String,
    to_account: Option<String>,
    invoice_id: Option<Uuid>,
    invoice_number: Option<String>,
    reason: String,
    requested_on: NaiveDate,
    requested_by: String,
}

impl Row {
    fn read(self) -> Result<RequestRow, DbErr> {
        Ok(RequestRow {
            request: CreditRequestId(self.id),
            number: self.number,
            kind: RequestKind::from_code(&self.kind)
                .ok_or_else(|| unreadable("requests.kind", &self.kind))?,
            state: RequestState::from_code(&self.state)
                .ok_or_else(|| unreadable("state of a request", &self.state))?,
            on: AccountRef {
                account: self.account,
                customer: self.customer,
                customer_name: self.customer_name,
            },
            amount: sql::money(self.amount_minor, &self.currency)?,
            to_account: self.to_account,
            invoice: self
                .invoice_id
                .zip(self.invoice_number)
                .map(|(id, number)| InvoiceRef {
                    invoice: InvoiceId(id),
                    number,
                }),
            reason: self.reason,
            requested_on: self.requested_on,
            requested_by: self.requested_by,
        })
    }
}

/// A page of requests, newest first. For staff.
pub async fn list(
    ctx: &Ctx,
    filter: RequestFilter,
    page: PageRequest,
) -> Result<Page<RequestRow>, AppError> {
    require_staff(ctx)?;
    let mut conditions = Conditions::default();
    if let Some(kind) = RequestKind::from_code(&filter.kind) {
        conditions.equal("q.kind", kind.code());
    }
    if let Some(state) = RequestState::from_code(&filter.state) {
        conditions.equal(STATE, state.code());
    }
    if !filter.account.trim().is_empty() {
        let account = filter.account.trim();
        conditions.with("(a.number = ? OR ta.number = ?)", account);
    }
    let count = format!(
        "SELECT COUNT(*) AS count FROM {JOINED} WHERE {}",
        conditions.sql()
    );
    let total = sql::count(ctx, &count, conditions.values()).await?;
    let statement = format!(
        "SELECT {COLUMNS}, {STATE} AS state FROM {JOINED} WHERE {} ORDER BY q.id DESC {}",
        conditions.sql(),
        sql::limit(&page)
    );
    let rows = sql::all::<Row>(ctx, &statement, conditions.values()).await?;
    let rows = rows.into_iter().map(Row::read);
    Ok(Page {
        rows: rows.collect::<Result<_, DbErr>>()?,
        total,
    })
}

/// What lists of requests and their pages show is for staff.
fn require_staff(ctx: &Ctx) -> Result<(), AppError> {
    ctx.actor.require(Right::ReadCustomers)
}

#[derive(FromQueryResult)]
struct DetailRow {
    #[sea_orm(nested)]
    row: Row,
    requester: String,
    reason_code: Option<String>,
    approved_by: Option<String>,
    approved: bool,
    refused_by: Option<String>,
    word: Option<String>,
    failed_reason: Option<String>,
    reversal_reason: Option<String>,
    effective_on: Option<NaiveDate>,
    posting_on: Option<NaiveDate>,
}

#[derive(FromQueryResult)]
struct SliceRow {
    grant_id: Uuid,
    grant_number: i64,
    class: String,
    amount_minor: i64,
    currency: String,
    payment_id: Option<Uuid>,
    payment_number: Option<i64>,
    method: Option<String>,
}

#[derive(FromQueryResult)]
struct GrantRow {
    id: Uuid,
    number: i64,
    class: String,
}

/// One request, with `would_post` as the service says.
pub async fn detail(
    ctx: &Ctx,
    id: CreditRequestId,
    would_post: Vec<PostedLine>,
) -> Result<RequestDetail, AppError> {
    require_staff(ctx)?;
    let statement = format!(
        "SELECT {COLUMNS}, {STATE} AS state, q.requester, q.reason_code, q.approved_by,
            q.approved_at IS NOT NULL AS approved, q.refused_by, q.word, q.failed_reason, q.reversal_reason,
            q.effective_on, q.posting_on
        FROM {JOINED} WHERE q.id = $1"
    );
    let found = sql::one::<DetailRow>(ctx, &statement, vec![id.0.into()]).await?;
    let found = found.ok_or(AppError::NotFound)?;
    let entries = match ctx.actor.holds(Right::ReadJournal) {
        true => lineage::entries(ctx, EntriesOf::Request(id)).await?,
        false => Vec::new(),
    };
    Ok(RequestDetail {
        reason_code: found
            .reason_code
            .as_deref()
            .and_then(WriteOffReason::from_code),
        own: found.requester == ctx.actor.key(),
        approved_itself: found.approved && found.approved_by.is_none(),
        approved_by: found.approved_by,
        refused_by: found.refused_by,
        word: found.word,
        failed_reason: found.failed_reason,
        reversal_reason: found.reversal_reason,
        effective_on: found.effective_on,
        posting_on: found.posting_on,
        slices: slices(ctx, id).await?,
        grants: born(ctx, id).await?,
        would_post,
        entries,
        history: lineage::history(ctx, id.to_string(), &[]).await?,
        row: found.row.read()?,
    })
}

async fn slices(ctx: &Ctx, id: CreditRequestId) -> Result<Vec<RequestSliceRow>, DbErr> {
    let statement =
        "SELECT g.id AS grant_id, g.number AS grant_number, g.class, s.amount_minor, g.currency,
            p.id AS payment_id, p.number AS payment_number, s.method
        FROM request_slices s
            JOIN credit_grants g ON g.id = s.grant_id
            LEFT JOIN payments p ON p.id = s.payment_id
        WHERE s.request_id = $1 ORDER BY s.position";
    let rows = sql::all::<SliceRow>(ctx, statement, vec![id.0.into()]).await?;
    rows.into_iter()
        .map(|row| {
            Ok(RequestSliceRow {
                grant: link(row.grant_id, row.grant_number, &row.class)?,
                amount: sql::money(row.amount_minor, &row.currency)?,
                payment: row.payment_id.map(PaymentId).zip(row.payment_number),
                method: row.method.as_deref().and_then(PaymentMethod::from_code),
            })
        })
        .collect()
}

/// The grants a request gave rise to.
async fn born(ctx: &Ctx, id: CreditRequestId) -> Result<Vec<GrantLink>, DbErr> {
    let statement = "SELECT g.id, g.number, g.class FROM credit_grants g
        WHERE (g.origin_kind = 'adjustment' AND g.origin_id = $1)
            OR (g.origin_kind = 'transfer' AND g.origin_id IN (
                SELECT s.id FROM request_slices s WHERE s.request_id = $1))
        ORDER BY g.number";
    let rows = sql::all::<GrantRow>(ctx, statement, vec![id.0.into()]).await?;
    rows.into_iter()
        .map(|row| link(row.id, row.number, &row.class))
        .collect()
}

fn link(id: Uuid, number: i64, class: &str) -> Result<GrantLink, DbErr> {
    Ok(GrantLink {
        grant: CreditGrantId(id),
        number,
        class: CreditClass::from_code(class)
            .ok_or_else(|| unreadable("credit_grants.class", class))?,
    })
}
