//! Prepaid accounts as lists and pages show them: balance, rules, top-ups, drawdowns, alerts, announced top-ups.

use super::lineage::{self, SlicesOf};
use super::sql::{self, Conditions};
use crate::domain::ids::{
    CreditGrantId, CustomerId, PaymentId, ReceivableAccountId, TopUpRequestId,
};
use crate::domain::money::Money;
use crate::domain::prepaid::suggested_top_up;
use crate::domain::rights::Right;
use crate::dto::accounts::AutoApply;
use crate::dto::error::AppError;
use crate::dto::lineage::AccountRef;
use crate::dto::page::{Page, PageRequest};
use crate::dto::prepaid::{
    AlertRow, PrepaidDetail, PrepaidFilter, PrepaidRow, ThresholdRow, TopUpRequestRow, TopUpRow,
    TopUpState,
};
use crate::server::context::Ctx;
use crate::server::store::prepaid::balance_sql;
use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{DbErr, FromQueryResult};
use uuid::Uuid;

/// An empty balance is low, whatever was agreed.
const NO_THRESHOLD: i64 = 0;
/// No least top-up was agreed for the account.
const NOTHING_AGREED: i64 = 0;
/// Top-ups, drawdowns and alerts one page shows at most; the newest come first.
const ROWS_SHOWN: u32 = 100;

#[derive(FromQueryResult)]
struct ListRow {
    account: String,
    customer: String,
    customer_name: String,
    currency: String,
    due_minor: i64,
    balance_minor: i64,
    low: i64,
    held: bool,
    opted_out: bool,
    open_requests: i64,
}

/// Up to `limit` prepaid accounts the actor may see whose numbers come after `after`, in the order of their numbers.
pub async fn after(
    ctx: &Ctx,
    only_low: bool,
    after: &str,
    limit: usize,
) -> Result<Vec<PrepaidRow>, AppError> {
    let mut conditions = Conditions::default();
    super::limit_to_sight(ctx, &mut conditions, "a.customer_id")?;
    conditions.with("a.number > ?", after);
    if only_low {
        conditions.and(LOW);
    }
    rows(ctx, conditions, &format!("a.number LIMIT {limit}")).await
}

/// A page of the prepaid accounts the actor may see: low ones first.
pub async fn list(
    ctx: &Ctx,
    filter: PrepaidFilter,
    page: PageRequest,
) -> Result<Page<PrepaidRow>, AppError> {
    let mut conditions = Conditions::default();
    super::limit_to_sight(ctx, &mut conditions, "a.customer_id")?;
    if !filter.search.trim().is_empty() {
        let pattern = conditions.bind(sql::contains(&filter.search));
        conditions.and(format!(
            "(c.search_text LIKE {pattern} ESCAPE '!' OR LOWER(a.number) LIKE {pattern} ESCAPE '!')"
        ));
    }
    if filter.show == "low" {
        conditions.and(LOW);
    }
    let count = format!(
        "SELECT COUNT(*) AS count FROM {FROM} WHERE {}",
        conditions.sql()
    );
    let total = sql::count(ctx, &count, conditions.values()).await?;
    let order = format!("low DESC, c.name, a.number {}", sql::limit(&page));
    let rows = rows(ctx, conditions, &order).await?;
    Ok(Page { rows, total })
}

const FROM: &str = "prepaid_accounts p JOIN receivable_accounts a ON a.id = p.account_id
    JOIN customers c ON c.id = a.customer_id";
const LOW: &str =
    "EXISTS (SELECT 1 FROM prepaid_thresholds t WHERE t.account_id = a.id AND t.crossed)";

async fn rows(
    ctx: &Ctx,
    mut conditions: Conditions,
    order: &str,
) -> Result<Vec<PrepaidRow>, AppError> {
    let narrowed = conditions.sql();
    let today = conditions.bind(ctx.today());
    let statement = format!(
        "SELECT a.number AS account, c.number AS customer, c.name AS customer_name, a.currency, a.due_minor,
            {} AS balance_minor, CAST(CASE WHEN {LOW} THEN 1 ELSE 0 END AS bigint) AS low, p.held, p.opted_out,
            (SELECT COUNT(*) FROM top_up_requests q WHERE q.account_id = a.id AND q.payment_id IS NULL
                AND q.withdrawn_on IS NULL) AS open_requests
        FROM {FROM} WHERE {narrowed} ORDER BY {order}",
        balance_sql("a.id", &today)
    );
    let rows = sql::all::<ListRow>(ctx, &statement, conditions.values()).await?;
    let rows = rows.into_iter().map(|row| {
        Ok(PrepaidRow {
            balance: sql::money(row.balance_minor, &row.currency)?,
            due: sql::money(row.due_minor, &row.currency)?,
            on: AccountRef {
                account: row.account,
                customer: row.customer,
                customer_name: row.customer_name,
            },
            low: row.low > 0,
            held: row.held,
            opted_out: row.opted_out,
            open_requests: row.open_requests,
        })
    });
    Ok(rows.collect::<Result<_, DbErr>>()?)
}

#[derive(FromQueryResult)]
struct AccountRow {
    id: Uuid,
    customer_id: Uuid,
    account: String,
    customer: String,
    customer_name: String,
    currency: String,
    auto_apply: String,
    on_hold: bool,
    due_minor: i64,
    balance_minor: i64,
    whole_invoices_only: Option<bool>,
    opted_out: Option<bool>,
    held: Option<bool>,
    suggested_minor: Option<i64>,
}

#[derive(FromQueryResult)]
struct ThresholdLine {
    threshold_minor: i64,
    crossed: bool,
}

#[derive(FromQueryResult)]
struct AlertLine {
    threshold_minor: i64,
    balance_minor: i64,
    crossed_on: NaiveDate,
    recorded_at: DateTime<Utc>,
}

/// A receivable account as a prepaid one, by its number. Another customer's is not found.
pub async fn detail(ctx: &Ctx, number: &str) -> Result<PrepaidDetail, AppError> {
    ctx.actor.require_someone()?;
    let statement = format!(
        "SELECT a.id, a.customer_id, a.number AS account, c.number AS customer, c.name AS customer_name, a.currency,
            a.auto_apply, a.on_hold, a.due_minor, {} AS balance_minor, p.whole_invoices_only, p.opted_out, p.held,
            p.suggested_minor
        FROM receivable_accounts a JOIN customers c ON c.id = a.customer_id
            LEFT JOIN prepaid_accounts p ON p.account_id = a.id
        WHERE a.number = $1",
        balance_sql("a.id", "$2")
    );
    let values = vec![number.trim().into(), ctx.today().into()];
    let row = sql::one::<AccountRow>(ctx, &statement, values)
        .await?
        .ok_or(AppError::NotFound)?;
    ctx.actor.require_sight_of(CustomerId(row.customer_id))?;
    let key = || vec![row.id.into()];
    let money = |minor| sql::money(minor, &row.currency);
    let thresholds = "SELECT threshold_minor, crossed FROM prepaid_thresholds WHERE account_id = $1
        ORDER BY threshold_minor DESC";
    let thresholds = sql::all::<ThresholdLine>(ctx, thresholds, key()).await?;
    let alerts = format!(
        "SELECT threshold_minor, balance_minor, crossed_on, recorded_at FROM prepaid_alerts WHERE account_id = $1
        ORDER BY recorded_at DESC, threshold_minor LIMIT {ROWS_SHOWN}"
    );
    let alerts = sql::all::<AlertLine>(ctx, &alerts, key()).await?;
    let highest = thresholds
        .first()
        .map_or(NO_THRESHOLD, |line| line.threshold_minor);
    let agreed_minor = row.suggested_minor.unwrap_or(NOTHING_AGREED);
    let suggested_minor = suggested_top_up(row.balance_minor, row.due_minor, highest, agreed_minor);
    let account = ReceivableAccountId(row.id);
    let mut drawdowns = lineage::slices(ctx, SlicesOf::Prepayments(account)).await?;
    drawdowns.reverse();
    Ok(PrepaidDetail {
        currency: money(0)?.currency,
        has_rules: row.held.is_some(),
        balance: money(row.balance_minor)?,
        due: money(row.due_minor)?,
        held: row.held == Some(true),
        opted_out: row.opted_out == Some(true),
        whole_invoices_only: row.whole_invoices_only == Some(true),
        auto_apply_on: row.auto_apply != AutoApply::Off.code() && !row.on_hold,
        suggested: money(suggested_minor)?,
        agreed: money(agreed_minor)?,
        thresholds: thresholds
            .into_iter()
            .map(|line| {
                Ok(ThresholdRow {
                    threshold: money(line.threshold_minor)?,
                    crossed: line.crossed,
                })
            })
            .collect::<Result<_, DbErr>>()?,
        alerts: alerts
            .into_iter()
            .map(|line| {
                Ok(AlertRow {
                    threshold: money(line.threshold_minor)?,
                    balance: money(line.balance_minor)?,
                    crossed_on: line.crossed_on,
                    recorded_at: line.recorded_at,
                })
            })
            .collect::<Result<_, DbErr>>()?,
        top_ups: top_ups(ctx, row.id).await?,
        drawdowns,
        requests: requests_of(ctx, Some(row.id), false).await?,
        on: AccountRef {
            account: row.account,
            customer: row.customer,
            customer_name: row.customer_name,
        },
    })
}

#[derive(FromQueryResult)]
struct TopUpLine {
    payment_id: Uuid,
    number: i64,
    received_on: NaiveDate,
    reversed_on: Option<NaiveDate>,
    grant_id: Uuid,
    amount_minor: i64,
    remaining_minor: i64,
    bonus_minor: i64,
    currency: String,
}

async fn top_ups(ctx: &Ctx, account: Uuid) -> Result<Vec<TopUpRow>, AppError> {
    let statement = format!(
        "SELECT p.id AS payment_id, p.number, p.received_on, p.reversed_on, g.id AS grant_id, g.amount_minor,
            g.remaining_minor, g.currency,
            (SELECT CAST(COALESCE(SUM(d.amount_minor - d.revoked_minor), 0) AS bigint) FROM promotion_grants d
                WHERE d.basis_kind = 'payment' AND d.basis_id = p.id) AS bonus_minor
        FROM credit_grants g JOIN payments p ON g.origin_kind = 'payment' AND p.id = g.origin_id
        WHERE g.account_id = $1 AND g.class = 'prepayment'
        ORDER BY p.received_on DESC, p.number DESC LIMIT {ROWS_SHOWN}"
    );
    let rows = sql::all::<TopUpLine>(ctx, &statement, vec![account.into()]).await?;
    let top_ups = rows.into_iter().map(|row| {
        let money = |minor| sql::money(minor, &row.currency);
        Ok(TopUpRow {
            payment: PaymentId(row.payment_id),
            number: row.number,
            received_on: row.received_on,
            reversed: row.reversed_on.is_some(),
            grant: CreditGrantId(row.grant_id),
            amount: money(row.amount_minor)?,
            left: money(row.remaining_minor)?,
            bonus: money(row.bonus_minor)?,
        })
    });
    Ok(top_ups.collect::<Result<_, DbErr>>()?)
}

#[derive(FromQueryResult)]
struct RequestLine {
    id: Uuid,
    account: String,
    customer: String,
    customer_name: String,
    currency: String,
    amount_minor: i64,
    note: String,
    requested_on: NaiveDate,
    payment_id: Option<Uuid>,
    withdrawn_on: Option<NaiveDate>,
    recorded_by: String,
}

/// The announced top-ups that nobody paid or withdrew yet, oldest first, for those who record payments.
pub async fn open_requests(ctx: &Ctx) -> Result<Vec<TopUpRequestRow>, AppError> {
    ctx.actor.require(Right::RecordPayments)?;
    requests_of(ctx, None, true).await
}

async fn requests_of(
    ctx: &Ctx,
    account: Option<Uuid>,
    only_open: bool,
) -> Result<Vec<TopUpRequestRow>, AppError> {
    let mut conditions = Conditions::default();
    if let Some(account) = account {
        conditions.equal("q.account_id", account);
    }
    if only_open {
        conditions.and("q.payment_id IS NULL AND q.withdrawn_on IS NULL");
    }
    let statement = format!(
        "SELECT q.id, a.number AS account, c.number AS customer, c.name AS customer_name, a.currency, q.amount_minor,
            q.note, q.requested_on, q.payment_id, q.withdrawn_on, q.recorded_by
        FROM top_up_requests q JOIN receivable_accounts a ON a.id = q.account_id
            JOIN customers c ON c.id = a.customer_id
        WHERE {} ORDER BY q.recorded_at {} LIMIT {ROWS_SHOWN}",
        conditions.sql(),
        if only_open { "ASC" } else { "DESC" },
    );
    let rows = sql::all::<RequestLine>(ctx, &statement, conditions.values()).await?;
    let staff = ctx.actor.customer().is_none();
    let requests = rows.into_iter().map(|row| {
        Ok(TopUpRequestRow {
            request: TopUpRequestId(row.id),
            amount: request_amount(&row)?,
            state: match (row.payment_id, row.withdrawn_on) {
                (Some(_), _) => TopUpState::Paid,
                (None, Some(_)) => TopUpState::Withdrawn,
                (None, None) => TopUpState::Open,
            },
            on: AccountRef {
                account: row.account,
                customer: row.customer,
                customer_name: row.customer_name,
            },
            note: row.note,
            requested_on: row.requested_on,
            payment: row.payment_id.map(PaymentId),
            recorded_by: if staff {
                row.recorded_by
            } else {
                String::new()
            },
        })
    });
    Ok(requests.collect::<Result<_, DbErr>>()?)
}

fn request_amount(row: &RequestLine) -> Result<Money, DbErr> {
    sql::money(row.amount_minor, &row.currency)
}
