//! Promotions as lists and pages show them: their terms, what they cost and brought, whom they gave to.

use super::sql::{self, Conditions, unreadable};
use crate::domain::ids::{
    CreditGrantId, InvoiceId, PaymentId, PromotionGrantId, PromotionId, PromotionRunId,
};
use crate::domain::money::Money;
use crate::domain::promotion::{Audience, PromotionKind, PromotionState, Stacking};
use crate::domain::rights::Right;
use crate::dto::error::AppError;
use crate::dto::lineage::AccountRef;
use crate::dto::page::{Page, PageRequest};
use crate::dto::promotions::{
    GrantBasis, GrantWay, PaidInvoice, PromotionDetail, PromotionFilter, PromotionGrantRow,
    PromotionResult, PromotionRow, PromotionRunDetail, PromotionRunRow, PromotionRunState,
};
use crate::server::context::Ctx;
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use sea_orm::{DbErr, FromQueryResult};
use uuid::Uuid;

/// Refusals of a run its page names at most.
const REFUSALS_SHOWN: u32 = 200;
/// Invoices paid by a promotion its page names at most; the largest come first.
const INVOICES_SHOWN: u32 = 50;

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    code: String,
    name_en: String,
    name_de: String,
    kind: String,
    state: String,
    currency: String,
    amount_minor: Option<i64>,
    percent: Option<String>,
    starts_on: NaiveDate,
    ends_on: Option<NaiveDate>,
    audience: String,
    budget_minor: Option<i64>,
    cap_minor: Option<i64>,
    minimum_minor: i64,
    stacking: String,
    priority: i32,
    lapse_days: Option<i32>,
    lapses_on: Option<NaiveDate>,
    given_minor: i64,
    grants: i64,
    version: i64,
    created_at: DateTime<Utc>,
    created_by: String,
}

const SELECT: &str = "SELECT p.id, p.code, p.name_en, p.name_de, p.kind, p.state, p.currency, p.amount_minor, p.percent,
        p.starts_on, p.ends_on, p.audience, p.budget_minor, p.cap_minor, p.minimum_minor, p.stacking, p.priority,
        p.lapse_days, p.lapses_on, p.given_minor, p.version, p.created_at, p.created_by,
        (SELECT COUNT(*) FROM promotion_grants d WHERE d.promotion_id = p.id AND d.amount_minor > d.revoked_minor)
            AS grants
    FROM promotions p";

fn promotion(row: Row) -> Result<PromotionRow, DbErr> {
    let money = |minor| sql::money(minor, &row.currency);
    let optional = |minor: Option<i64>| minor.map(money).transpose();
    Ok(PromotionRow {
        promotion: PromotionId(row.id),
        kind: PromotionKind::from_code(&row.kind)
            .ok_or_else(|| unreadable("promotions.kind", &row.kind))?,
        state: PromotionState::from_code(&row.state)
            .ok_or_else(|| unreadable("promotions.state", &row.state))?,
        audience: Audience::from_code(&row.audience)
            .ok_or_else(|| unreadable("promotions.audience", &row.audience))?,
        stacking: Stacking::from_code(&row.stacking)
            .ok_or_else(|| unreadable("promotions.stacking", &row.stacking))?,
        amount: optional(row.amount_minor)?,
        percent: match &row.percent {
            None => None,
            Some(text) => Some(
                Decimal::from_str_exact(text)
                    .map_err(|_| unreadable("promotions.percent", text))?,
            ),
        },
        budget: optional(row.budget_minor)?,
        cap: optional(row.cap_minor)?,
        minimum: money(row.minimum_minor)?,
        given: money(row.given_minor)?,
        currency: money(0)?.currency,
        code: row.code,
        name_en: row.name_en,
        name_de: row.name_de,
        starts_on: row.starts_on,
        ends_on: row.ends_on,
        priority: row.priority,
        lapse_days: row.lapse_days.and_then(|days| u32::try_from(days).ok()),
        lapses_on: row.lapses_on,
        grants: row.grants,
        version: row.version,
        created_at: row.created_at,
        created_by: row.created_by,
    })
}

/// Whoever defines or grants promotions sees them.
pub(super) fn require(ctx: &Ctx) -> Result<(), AppError> {
    match ctx.actor.holds(Right::ManagePromotions) {
        true => Ok(()),
        false => ctx.actor.require(Right::GrantPromotions),
    }
}

/// A page of the promotions, the newest first.
pub async fn list(
    ctx: &Ctx,
    filter: PromotionFilter,
    page: PageRequest,
) -> Result<Page<PromotionRow>, AppError> {
    require(ctx)?;
    let conditions = conditions(&filter);
    let count = format!(
        "SELECT COUNT(*) AS count FROM promotions p WHERE {}",
        conditions.sql()
    );
    let total = sql::count(ctx, &count, conditions.values()).await?;
    let statement = format!(
        "{SELECT} WHERE {} ORDER BY p.created_at DESC, p.id {}",
        conditions.sql(),
        sql::limit(&page)
    );
    let rows = sql::all::<Row>(ctx, &statement, conditions.values()).await?;
    let rows = rows
        .into_iter()
        .map(promotion)
        .collect::<Result<_, DbErr>>()?;
    Ok(Page { rows, total })
}

fn conditions(filter: &PromotionFilter) -> Conditions {
    let mut conditions = Conditions::default();
    if !filter.search.trim().is_empty() {
        let pattern = conditions.bind(sql::contains(&filter.search));
        conditions.and(format!(
            "(LOWER(p.code) LIKE {pattern} ESCAPE '!' OR LOWER(p.name_en) LIKE {pattern} ESCAPE '!'
                OR LOWER(p.name_de) LIKE {pattern} ESCAPE '!')"
        ));
    }
    if let Some(state) = PromotionState::from_code(&filter.state) {
        conditions.equal("p.state", state.code());
    }
    conditions
}

/// Every promotion after `after` in the order of their ids, for a list cut by key.
pub async fn after(
    ctx: &Ctx,
    state: Option<PromotionState>,
    after: Uuid,
    limit: usize,
) -> Result<Vec<PromotionRow>, AppError> {
    require(ctx)?;
    let mut conditions = Conditions::default();
    conditions.with("p.id > ?", after);
    if let Some(state) = state {
        conditions.equal("p.state", state.code());
    }
    let statement = format!(
        "{SELECT} WHERE {} ORDER BY p.id LIMIT {limit}",
        conditions.sql()
    );
    let rows = sql::all::<Row>(ctx, &statement, conditions.values()).await?;
    Ok(rows
        .into_iter()
        .map(promotion)
        .collect::<Result<_, DbErr>>()?)
}

#[derive(FromQueryResult)]
struct TagRow {
    tag: String,
}

#[derive(FromQueryResult)]
struct CustomerRow {
    number: String,
    name: String,
}

/// A promotion with whom it is for, what it cost and brought, and its runs.
pub async fn detail(ctx: &Ctx, id: PromotionId) -> Result<PromotionDetail, AppError> {
    require(ctx)?;
    let key = || vec![id.0.into()];
    let row = sql::one::<Row>(ctx, &format!("{SELECT} WHERE p.id = $1"), key()).await?;
    let row = promotion(row.ok_or(AppError::NotFound)?)?;
    let tags = "SELECT tag FROM promotion_tags WHERE promotion_id = $1 ORDER BY tag";
    let tags = sql::all::<TagRow>(ctx, tags, key()).await?;
    let customers = "SELECT c.number, c.name FROM promotion_customers w JOIN customers c ON c.id = w.customer_id
        WHERE w.promotion_id = $1 ORDER BY c.name, c.number";
    let customers = sql::all::<CustomerRow>(ctx, customers, key()).await?;
    Ok(PromotionDetail {
        tags: tags.into_iter().map(|row| row.tag).collect(),
        customers: customers
            .into_iter()
            .map(|row| (row.number, row.name))
            .collect(),
        result: result(ctx, &row).await?,
        runs: runs(
            ctx,
            "r.promotion_id = $1 ORDER BY r.created_at DESC, r.id",
            id.0,
        )
        .await?,
        row,
    })
}

#[derive(FromQueryResult)]
struct GrantedRow {
    granted: i64,
    revoked: i64,
    basis: i64,
    grants: i64,
    customers: i64,
}

#[derive(FromQueryResult)]
struct MovedRow {
    lapsed: i64,
    otherwise: i64,
}

#[derive(FromQueryResult)]
struct UsedRow {
    used: i64,
    invoices: i64,
}

#[derive(FromQueryResult)]
struct MinorRow {
    minor: i64,
}

async fn result(ctx: &Ctx, row: &PromotionRow) -> Result<PromotionResult, AppError> {
    let key = || vec![row.promotion.0.into()];
    let money = |minor| Money::new(minor, row.currency);
    let sum = |what: &str| format!("CAST(COALESCE(SUM({what}), 0) AS bigint)");
    let granted = format!(
        "SELECT {} AS granted, {} AS revoked, {} AS basis, COUNT(*) AS grants,
            COUNT(DISTINCT d.customer_id) AS customers
        FROM promotion_grants d WHERE d.promotion_id = $1",
        sum("d.amount_minor"),
        sum("d.revoked_minor"),
        sum("d.basis_minor"),
    );
    let moved = format!(
        "SELECT {} AS lapsed, {} AS otherwise
        FROM promotion_grants d JOIN grant_movements m ON m.grant_id = d.grant_id WHERE d.promotion_id = $1",
        sum("CASE m.kind WHEN 'lapsed' THEN m.amount_minor WHEN 'reinstated' THEN -m.amount_minor ELSE 0 END"),
        sum("CASE WHEN m.kind IN ('transferred', 'written_off', 'adjusted', 'refunded', 'reversed')
            THEN m.amount_minor ELSE 0 END"),
    );
    let used = format!(
        "SELECT {} AS used, COUNT(DISTINCT a.invoice_id) AS invoices
        FROM promotion_grants d JOIN applications a ON a.grant_id = d.grant_id AND a.unapplied_on IS NULL
        WHERE d.promotion_id = $1",
        sum("a.amount_minor"),
    );
    let left = format!(
        "SELECT {} AS minor FROM promotion_grants d JOIN credit_grants g ON g.id = d.grant_id
        WHERE d.promotion_id = $1",
        sum("g.remaining_minor"),
    );
    let paid = format!(
        "SELECT {} AS minor FROM invoices i WHERE i.id IN (
            SELECT a.invoice_id FROM promotion_grants d
                JOIN applications a ON a.grant_id = d.grant_id AND a.unapplied_on IS NULL
            WHERE d.promotion_id = $1)",
        sum("i.total_minor"),
    );
    let nothing = || DbErr::RecordNotFound("a sum answered nothing".to_owned());
    let granted = sql::one::<GrantedRow>(ctx, &granted, key())
        .await?
        .ok_or_else(nothing)?;
    let moved = sql::one::<MovedRow>(ctx, &moved, key())
        .await?
        .ok_or_else(nothing)?;
    let used = sql::one::<UsedRow>(ctx, &used, key())
        .await?
        .ok_or_else(nothing)?;
    let left = sql::one::<MinorRow>(ctx, &left, key())
        .await?
        .ok_or_else(nothing)?;
    let paid = sql::one::<MinorRow>(ctx, &paid, key())
        .await?
        .ok_or_else(nothing)?;
    Ok(PromotionResult {
        granted: money(granted.granted),
        revoked: money(granted.revoked),
        used: money(used.used),
        lapsed: money(moved.lapsed),
        otherwise: money(moved.otherwise),
        left: money(left.minor),
        grants: granted.grants,
        customers: granted.customers,
        invoices_total: money(paid.minor),
        invoices: used.invoices,
        basis_total: money(granted.basis),
    })
}

#[derive(FromQueryResult)]
struct RunRow {
    id: Uuid,
    promotion_id: Uuid,
    code: String,
    currency: String,
    state: String,
    granted_on: NaiveDate,
    grants: i64,
    total_minor: i64,
    refused: i64,
    accounts: i64,
    done: i64,
    created_at: DateTime<Utc>,
    created_by: String,
    finished_at: Option<DateTime<Utc>>,
}

async fn runs(ctx: &Ctx, narrowed: &str, key: Uuid) -> Result<Vec<PromotionRunRow>, AppError> {
    // Whom a promotion is for, as the run asks it.
    let in_audience = "(p.audience = 'all'
        OR (p.audience = 'tags' AND EXISTS (SELECT 1 FROM promotion_tags w
            JOIN customer_tags t ON t.tag = w.tag WHERE w.promotion_id = p.id AND t.customer_id = a.customer_id))
        OR (p.audience = 'customers' AND EXISTS (SELECT 1 FROM promotion_customers w
            WHERE w.promotion_id = p.id AND w.customer_id = a.customer_id)))";
    let statement = format!(
        "SELECT r.id, r.promotion_id, p.code, p.currency, r.state, r.granted_on, r.created_at, r.created_by,
            r.finished_at,
            (SELECT COUNT(*) FROM promotion_grants d WHERE d.run_id = r.id) AS grants,
            (SELECT CAST(COALESCE(SUM(d.amount_minor), 0) AS bigint) FROM promotion_grants d WHERE d.run_id = r.id)
                AS total_minor,
            (SELECT COUNT(*) FROM promotion_run_refusals f WHERE f.run_id = r.id) AS refused,
            (SELECT COUNT(*) FROM receivable_accounts a WHERE a.currency = p.currency AND {in_audience}) AS accounts,
            (SELECT COUNT(*) FROM receivable_accounts a WHERE a.currency = p.currency AND {in_audience}
                AND a.id <= r.done_account_id) AS done
        FROM promotion_runs r JOIN promotions p ON p.id = r.promotion_id WHERE {narrowed}"
    );
    let rows = sql::all::<RunRow>(ctx, &statement, vec![key.into()]).await?;
    Ok(rows
        .into_iter()
        .map(run_row)
        .collect::<Result<_, DbErr>>()?)
}

fn run_row(row: RunRow) -> Result<PromotionRunRow, DbErr> {
    Ok(PromotionRunRow {
        run: PromotionRunId(row.id),
        promotion: PromotionId(row.promotion_id),
        code: row.code,
        state: PromotionRunState::from_code(&row.state)
            .ok_or_else(|| unreadable("promotion_runs.state", &row.state))?,
        granted_on: row.granted_on,
        grants: row.grants,
        total: sql::money(row.total_minor, &row.currency)?,
        refused: row.refused,
        accounts: row.accounts,
        done: row.done,
        created_at: row.created_at,
        created_by: row.created_by,
        finished_at: row.finished_at,
    })
}

#[derive(FromQueryResult)]
struct RefusalRow {
    account: String,
    code: String,
}

/// A run with who got nothing and why.
pub async fn run(ctx: &Ctx, id: PromotionRunId) -> Result<PromotionRunDetail, AppError> {
    require(ctx)?;
    let row = runs(ctx, "r.id = $1", id.0).await?.pop();
    let statement = format!(
        "SELECT a.number AS account, f.code FROM promotion_run_refusals f
            JOIN receivable_accounts a ON a.id = f.account_id
        WHERE f.run_id = $1 ORDER BY f.account_id LIMIT {REFUSALS_SHOWN}"
    );
    let refusals = sql::all::<RefusalRow>(ctx, &statement, vec![id.0.into()]).await?;
    Ok(PromotionRunDetail {
        row: row.ok_or(AppError::NotFound)?,
        refusals: refusals
            .into_iter()
            .map(|row| (row.account, row.code))
            .collect(),
    })
}

#[derive(FromQueryResult)]
struct GrantedTo {
    id: Uuid,
    promotion_id: Uuid,
    code: String,
    account: String,
    customer: String,
    customer_name: String,
    grant_id: Uuid,
    grant_number: i64,
    currency: String,
    amount_minor: i64,
    revoked_minor: i64,
    used_minor: i64,
    remaining_minor: i64,
    expires_on: Option<NaiveDate>,
    granted_on: NaiveDate,
    way: String,
    basis_minor: Option<i64>,
    invoice_id: Option<Uuid>,
    invoice_number: Option<String>,
    payment_id: Option<Uuid>,
    payment_number: Option<i64>,
    recorded_at: DateTime<Utc>,
    recorded_by: String,
}

const GRANTED: &str = "SELECT d.id, d.promotion_id, p.code, a.number AS account, c.number AS customer,
        c.name AS customer_name, d.grant_id, g.number AS grant_number, g.currency, d.amount_minor, d.revoked_minor,
        (SELECT CAST(COALESCE(SUM(s.amount_minor), 0) AS bigint) FROM applications s
            WHERE s.grant_id = d.grant_id AND s.unapplied_on IS NULL) AS used_minor,
        g.remaining_minor, g.expires_on, d.granted_on, d.way, d.basis_minor, i.id AS invoice_id,
        i.number AS invoice_number, y.id AS payment_id, y.number AS payment_number, d.recorded_at, d.recorded_by
    FROM promotion_grants d
        JOIN promotions p ON p.id = d.promotion_id
        JOIN credit_grants g ON g.id = d.grant_id
        JOIN receivable_accounts a ON a.id = d.account_id
        JOIN customers c ON c.id = d.customer_id
        LEFT JOIN invoices i ON d.basis_kind = 'invoice' AND i.id = d.basis_id
        LEFT JOIN payments y ON d.basis_kind = 'payment' AND y.id = d.basis_id";

/// A page of what a promotion gave, newest first; of one run only, where given.
pub async fn grants(
    ctx: &Ctx,
    promotion: PromotionId,
    run: Option<PromotionRunId>,
    page: PageRequest,
) -> Result<Page<PromotionGrantRow>, AppError> {
    require(ctx)?;
    let mut conditions = Conditions::default();
    conditions.equal("d.promotion_id", promotion.0);
    if let Some(run) = run {
        conditions.equal("d.run_id", run.0);
    }
    let count = format!(
        "SELECT COUNT(*) AS count FROM promotion_grants d WHERE {}",
        conditions.sql()
    );
    let total = sql::count(ctx, &count, conditions.values()).await?;
    let statement = format!(
        "{GRANTED} WHERE {} ORDER BY d.id DESC {}",
        conditions.sql(),
        sql::limit(&page)
    );
    let rows = sql::all::<GrantedTo>(ctx, &statement, conditions.values()).await?;
    let rows = rows
        .into_iter()
        .map(granted)
        .collect::<Result<_, DbErr>>()?;
    Ok(Page { rows, total })
}

/// Up to `limit` deductions of a promotion before `before`, newest first; of one run only, where given.
pub async fn grants_before(
    ctx: &Ctx,
    promotion: PromotionId,
    run: Option<PromotionRunId>,
    before: Option<Uuid>,
    limit: usize,
) -> Result<Vec<PromotionGrantRow>, AppError> {
    require(ctx)?;
    let mut conditions = Conditions::default();
    conditions.equal("d.promotion_id", promotion.0);
    if let Some(run) = run {
        conditions.equal("d.run_id", run.0);
    }
    if let Some(before) = before {
        conditions.with("d.id < ?", before);
    }
    let statement = format!(
        "{GRANTED} WHERE {} ORDER BY d.id DESC LIMIT {limit}",
        conditions.sql()
    );
    let rows = sql::all::<GrantedTo>(ctx, &statement, conditions.values()).await?;
    Ok(rows
        .into_iter()
        .map(granted)
        .collect::<Result<_, DbErr>>()?)
}

fn granted(row: GrantedTo) -> Result<PromotionGrantRow, DbErr> {
    let money = |minor| sql::money(minor, &row.currency);
    let basis = match (row.basis_minor, row.invoice_id, row.payment_id) {
        (Some(minor), Some(invoice), _) => Some(GrantBasis::Invoice {
            invoice: InvoiceId(invoice),
            number: row.invoice_number.clone().unwrap_or_default(),
            amount: money(minor)?,
        }),
        (Some(minor), None, Some(payment)) => Some(GrantBasis::Payment {
            payment: PaymentId(payment),
            number: row
                .payment_number
                .ok_or_else(|| unreadable("payments.number", ""))?,
            amount: money(minor)?,
        }),
        _ => None,
    };
    Ok(PromotionGrantRow {
        promotion_grant: PromotionGrantId(row.id),
        promotion: PromotionId(row.promotion_id),
        amount: money(row.amount_minor)?,
        revoked: money(row.revoked_minor)?,
        used: money(row.used_minor)?,
        left: money(row.remaining_minor)?,
        way: GrantWay::from_code(&row.way)
            .ok_or_else(|| unreadable("promotion_grants.way", &row.way))?,
        code: row.code,
        on: AccountRef {
            account: row.account,
            customer: row.customer,
            customer_name: row.customer_name,
        },
        grant: CreditGrantId(row.grant_id),
        grant_number: row.grant_number,
        expires_on: row.expires_on,
        granted_on: row.granted_on,
        basis,
        recorded_at: row.recorded_at,
        recorded_by: row.recorded_by,
    })
}

#[derive(FromQueryResult)]
struct PaidRow {
    id: Uuid,
    number: String,
    account: String,
    customer: String,
    customer_name: String,
    issued_on: NaiveDate,
    total_minor: i64,
    paid_minor: i64,
    currency: String,
}

/// The invoices that credit of a promotion paid, those it paid most of first.
pub async fn invoices_paid(ctx: &Ctx, id: PromotionId) -> Result<Vec<PaidInvoice>, AppError> {
    require(ctx)?;
    let statement = format!(
        "SELECT i.id, COALESCE(i.number, '') AS number, a.number AS account, c.number AS customer,
            c.name AS customer_name, i.issued_on, i.total_minor, i.currency, s.minor AS paid_minor
        FROM (SELECT x.invoice_id, CAST(SUM(x.amount_minor) AS bigint) AS minor
            FROM promotion_grants d JOIN applications x ON x.grant_id = d.grant_id AND x.unapplied_on IS NULL
            WHERE d.promotion_id = $1 GROUP BY x.invoice_id) s
        JOIN invoices i ON i.id = s.invoice_id
        JOIN receivable_accounts a ON a.id = i.account_id
        JOIN customers c ON c.id = a.customer_id
        ORDER BY s.minor DESC, i.id LIMIT {INVOICES_SHOWN}"
    );
    let rows = sql::all::<PaidRow>(ctx, &statement, vec![id.0.into()]).await?;
    let paid = rows.into_iter().map(|row| {
        Ok(PaidInvoice {
            invoice: InvoiceId(row.id),
            total: sql::money(row.total_minor, &row.currency)?,
            paid_by_promotion: sql::money(row.paid_minor, &row.currency)?,
            number: row.number,
            on: AccountRef {
                account: row.account,
                customer: row.customer,
                customer_name: row.customer_name,
            },
            issued_on: row.issued_on,
        })
    });
    Ok(paid.collect::<Result<_, DbErr>>()?)
}
