//! Payments as lists, pages and confirmations show them.

use super::lineage::{self, EntriesOf, SlicesOf};
use super::sql::{self, Conditions, unreadable};
use super::{balances, expiry};
use crate::domain::allocation::OpenItem;
use crate::domain::credit::CreditClass;
use crate::domain::expiry::ExpiryRule;
use crate::domain::ids::{CreditGrantId, CustomerId, InvoiceId, JournalEntryId, PaymentId};
use crate::domain::invoice::InvoiceKind;
use crate::domain::money::{Currency, Money};
use crate::domain::payment::{PaymentMethod, PaymentStatus, ReversalCause, SurplusChoice, status};
use crate::domain::rights::Right;
use crate::dto::error::AppError;
use crate::dto::form::read_date;
use crate::dto::lineage::AccountRef;
use crate::dto::page::{Page, PageRequest};
use crate::dto::payments::{
    ExportedPayment, OwnGrant, PayableAccount, PaymentConfirmation, PaymentDetail, PaymentFilter,
    PaymentReversed, PaymentRow, PaymentStart, ReversalCharge,
};
use crate::server::context::Ctx;
use crate::server::services::imports::own_key;
use crate::server::services::payments::{DEFAULT_SURPLUS_TOLERANCE, SURPLUS_TOLERANCE};
use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{DbErr, FromQueryResult};
use std::collections::HashMap;
use uuid::Uuid;

/// Open invoices the form for a payment lists at most.
const LISTED_ITEMS: u32 = 200;

/// Accounts a search for one offers at most.
const OFFERED_ACCOUNTS: u32 = 20;

const JOINED: &str = "payments p
    JOIN receivable_accounts a ON a.id = p.account_id
    JOIN customers c ON c.id = a.customer_id
    LEFT JOIN credit_grants g ON g.origin_kind = 'payment' AND g.origin_id = p.id";

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    number: i64,
    account: String,
    customer: String,
    customer_name: String,
    received_on: NaiveDate,
    amount_minor: i64,
    left_minor: i64,
    currency: String,
    method: String,
    reference: String,
    reversed_on: Option<NaiveDate>,
}

const COLUMNS: &str = "p.id, p.number, a.number AS account, c.number AS customer, c.name AS customer_name,
    p.received_on, p.amount_minor, COALESCE(g.remaining_minor, 0) AS left_minor, p.currency, p.method,
    p.reference, p.reversed_on";

/// A page of the payments the actor may see.
pub async fn list(
    ctx: &Ctx,
    filter: PaymentFilter,
    page: PageRequest,
) -> Result<Page<PaymentRow>, AppError> {
    let conditions = conditions(ctx, &filter)?;
    let count = format!(
        "SELECT COUNT(*) AS count FROM {JOINED} WHERE {}",
        conditions.sql()
    );
    let total = sql::count(ctx, &count, conditions.values()).await?;
    let rows = rows(ctx, &conditions, &page, &sql::limit(&page)).await?;
    Ok(Page { rows, total })
}

/// Payments in an export come in chunks of this many, so that memory does not grow with their number.
pub const EXPORT_CHUNK: usize = 1_000;

#[derive(FromQueryResult)]
struct ExportRow {
    import_key: Option<String>,
    fee_minor: i64,
    note: String,
    prepayment: bool,
    #[sea_orm(nested)]
    row: Row,
}

#[derive(FromQueryResult)]
struct PaidRow {
    payment: i64,
    invoice: String,
    amount_minor: i64,
    currency: String,
}

/// The next chunk of the payments the filter asks for, highest number first: those below `after`. Fewer than
/// [`EXPORT_CHUNK`] end it.
pub async fn export(
    ctx: &Ctx,
    filter: &PaymentFilter,
    after: Option<i64>,
) -> Result<Vec<ExportedPayment>, AppError> {
    let mut conditions = conditions(ctx, filter)?;
    if let Some(after) = after {
        conditions.with("p.number < ?", after);
    }
    let statement = format!(
        "SELECT {COLUMNS}, p.import_key, p.fee_minor, p.note, p.prepayment FROM {JOINED} WHERE {}
        ORDER BY p.number DESC LIMIT {EXPORT_CHUNK}",
        conditions.sql()
    );
    let rows = sql::all::<ExportRow>(ctx, &statement, conditions.values()).await?;
    let mut paid = paid_by(ctx, &rows).await?;
    let staff = ctx.actor.customer().is_none();
    let exported = rows.into_iter().map(|found| {
        Ok(ExportedPayment {
            key: found.import_key.unwrap_or_else(|| own_key(found.row.id)),
            fee: sql::money(found.fee_minor, &found.row.currency)?,
            note: if staff { found.note } else { String::new() },
            prepayment: found.prepayment,
            paid: paid.remove(&found.row.number).unwrap_or_default(),
            row: payment(found.row)?,
        })
    });
    Ok(exported.collect::<Result<_, DbErr>>()?)
}

/// What the money of these payments paid itself, by payment number. What became credit first is not told here.
async fn paid_by(
    ctx: &Ctx,
    rows: &[ExportRow],
) -> Result<HashMap<i64, Vec<(String, Money)>>, AppError> {
    let numbers = rows.iter().map(|found| found.row.number);
    let Some((first, last)) = numbers.clone().min().zip(numbers.max()) else {
        return Ok(HashMap::new());
    };
    let statement = "SELECT p.number AS payment, i.number AS invoice, x.amount_minor, p.currency
        FROM applications x JOIN payments p ON p.id = x.payment_id JOIN invoices i ON i.id = x.invoice_id
        WHERE p.number BETWEEN $1 AND $2 AND x.unapplied_on IS NULL
        ORDER BY p.number, i.number";
    let slices = sql::all::<PaidRow>(ctx, statement, vec![first.into(), last.into()]).await?;
    let mut paid: HashMap<i64, Vec<(String, Money)>> = HashMap::new();
    for slice in slices {
        let amount = sql::money(slice.amount_minor, &slice.currency)?;
        paid.entry(slice.payment)
            .or_default()
            .push((slice.invoice, amount));
    }
    Ok(paid)
}

/// The latest payments the filter asks for.
pub(super) async fn latest(
    ctx: &Ctx,
    filter: PaymentFilter,
    first: usize,
) -> Result<Vec<PaymentRow>, AppError> {
    let conditions = conditions(ctx, &filter)?;
    let newest = PageRequest::default();
    rows(ctx, &conditions, &newest, &format!("LIMIT {first}")).await
}

async fn rows(
    ctx: &Ctx,
    conditions: &Conditions,
    page: &PageRequest,
    limit: &str,
) -> Result<Vec<PaymentRow>, AppError> {
    let statement = format!(
        "SELECT {COLUMNS} FROM {JOINED} WHERE {} ORDER BY {} {limit}",
        conditions.sql(),
        order(page)
    );
    let rows = sql::all::<Row>(ctx, &statement, conditions.values()).await?;
    Ok(rows
        .into_iter()
        .map(payment)
        .collect::<Result<_, DbErr>>()?)
}

fn conditions(ctx: &Ctx, filter: &PaymentFilter) -> Result<Conditions, AppError> {
    let mut conditions = Conditions::default();
    super::limit_to_sight(ctx, &mut conditions, "a.customer_id")?;
    if !filter.search.trim().is_empty() {
        search(&mut conditions, &filter.search);
    }
    if let Some(method) = PaymentMethod::from_code(&filter.method) {
        conditions.equal("p.method", method.code());
    }
    if let Some(status) = PaymentStatus::from_code(&filter.status) {
        conditions.and(with_status(status));
    }
    if let Some(from) = read_date(&filter.from) {
        let from = conditions.bind(from);
        conditions.and(format!("p.received_on >= {from}"));
    }
    if let Some(to) = read_date(&filter.to) {
        let to = conditions.bind(to);
        conditions.and(format!("p.received_on <= {to}"));
    }
    if !filter.account.trim().is_empty() {
        conditions.equal("a.number", filter.account.trim());
    }
    if !filter.customer.trim().is_empty() {
        conditions.equal("c.number", filter.customer.trim());
    }
    Ok(conditions)
}

fn search(conditions: &mut Conditions, text: &str) {
    let pattern = conditions.bind(sql::contains(text));
    let mut found = format!(
        "c.search_text LIKE {pattern} ESCAPE '!' OR LOWER(p.reference) LIKE {pattern} ESCAPE '!'
            OR LOWER(a.number) LIKE {pattern} ESCAPE '!'"
    );
    if let Ok(number) = text.trim().parse::<i64>() {
        let number = conditions.bind(number);
        found.push_str(&format!(" OR p.number = {number}"));
    }
    conditions.and(format!("({found})"));
}

/// The condition that says the same as `domain::payment::status`.
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

fn order(page: &PageRequest) -> String {
    let (column, descending) = page.sort_column();
    let direction = if descending { "DESC" } else { "ASC" };
    match column {
        "number" => format!("p.number {direction}"),
        "customer" => format!("c.name {direction}, p.id {direction}"),
        "amount" => format!("p.amount_minor {direction}, p.id {direction}"),
        "left" => format!("left_minor {direction}, p.id {direction}"),
        "received_on" => format!("p.received_on {direction}, p.id {direction}"),
        _ => "p.received_on DESC, p.id DESC".to_owned(),
    }
}

fn payment(row: Row) -> Result<PaymentRow, DbErr> {
    Ok(PaymentRow {
        payment: PaymentId(row.id),
        number: row.number,
        on: AccountRef {
            account: row.account,
            customer: row.customer,
            customer_name: row.customer_name,
        },
        received_on: row.received_on,
        amount: sql::money(row.amount_minor, &row.currency)?,
        left: sql::money(row.left_minor, &row.currency)?,
        method: PaymentMethod::from_code(&row.method)
            .ok_or_else(|| unreadable("payments.method", &row.method))?,
        reference: row.reference,
        status: status(row.amount_minor, row.left_minor, row.reversed_on.is_some()),
    })
}

#[derive(FromQueryResult)]
struct DetailRow {
    customer_id: Uuid,
    fee_minor: i64,
    note: String,
    posting_on: NaiveDate,
    prepayment: bool,
    recorded_at: DateTime<Utc>,
    recorded_by: String,
    reversed_posting_on: Option<NaiveDate>,
    reversal_entry_id: Option<Uuid>,
    reversal_entry_number: Option<i64>,
    reversal_reason: Option<String>,
    reversal_cause: Option<String>,
    refunded_minor: i64,
    grant_id: Option<Uuid>,
    grant_number: Option<i64>,
    class: Option<String>,
    expires_on: Option<NaiveDate>,
    on_hold: Option<bool>,
    #[sea_orm(nested)]
    row: Row,
}

/// A payment with what it paid, its grant and what that paid, its entries and history.
/// Another customer's payment is not found.
pub async fn detail(ctx: &Ctx, id: PaymentId) -> Result<PaymentDetail, AppError> {
    ctx.actor.require_someone()?;
    let statement = format!(
        "SELECT {COLUMNS}, a.customer_id, p.fee_minor, p.note, p.posting_on, p.prepayment, p.recorded_at,
            p.recorded_by, p.reversed_posting_on, p.reversal_entry_id, e.number AS reversal_entry_number,
            p.reversal_reason, p.reversal_cause,
            (SELECT CAST(COALESCE(SUM(m.amount_minor), 0) AS bigint) FROM grant_movements m
                WHERE m.grant_id = g.id AND m.kind = 'refunded') AS refunded_minor, g.id AS grant_id, g.number AS grant_number, g.class, g.expires_on, g.on_hold
        FROM {JOINED} LEFT JOIN journal_entries e ON e.id = p.reversal_entry_id
        WHERE p.id = $1"
    );
    let found = sql::one::<DetailRow>(ctx, &statement, vec![id.0.into()]).await?;
    let found = found.ok_or(AppError::NotFound)?;
    ctx.actor.require_sight_of(CustomerId(found.customer_id))?;
    let slices = lineage::slices(ctx, SlicesOf::Payment(id)).await?;
    let entries = match ctx.actor.holds(Right::ReadJournal) {
        true => lineage::entries(ctx, EntriesOf::Payment(id)).await?,
        false => Vec::new(),
    };
    let staff = ctx.actor.customer().is_none();
    let history = match staff {
        true => lineage::history(ctx, id.to_string(), &slices).await?,
        false => Vec::new(),
    };
    let for_staff = |text: String| if staff { text } else { String::new() };
    let charges = charges(ctx, id).await?;
    let currency = &found.row.currency;
    Ok(PaymentDetail {
        fee: sql::money(found.fee_minor, currency)?,
        note: for_staff(found.note),
        posting_on: found.posting_on,
        prepayment: found.prepayment,
        recorded_at: found.recorded_at,
        recorded_by: for_staff(found.recorded_by),
        grant: own_grant(
            found.grant_id.zip(found.grant_number).zip(found.class),
            found.row.left_minor,
            currency,
            found.expires_on,
            found.on_hold,
        )?,
        refunded: sql::money(found.refunded_minor, currency)?,
        slices,
        reversal: found
            .row
            .reversed_on
            .zip(found.reversed_posting_on)
            .zip(found.reversal_entry_id.zip(found.reversal_entry_number))
            .map(
                |((reversed_on, posting_on), (entry, entry_number))| PaymentReversed {
                    reversed_on,
                    posting_on,
                    entry: JournalEntryId(entry),
                    entry_number,
                    cause: found
                        .reversal_cause
                        .as_deref()
                        .and_then(ReversalCause::from_code),
                    reason: for_staff(found.reversal_reason.unwrap_or_default()),
                    charges,
                },
            ),
        entries,
        history,
        row: payment(found.row)?,
    })
}

#[derive(FromQueryResult)]
struct ChargeRow {
    id: Uuid,
    number: String,
    kind: String,
    total_minor: i64,
    currency: String,
}

/// The open items its reversal made.
async fn charges(ctx: &Ctx, id: PaymentId) -> Result<Vec<ReversalCharge>, DbErr> {
    let statement = "SELECT id, number, kind, total_minor, currency FROM invoices WHERE payment_id = $1 ORDER BY id";
    let rows = sql::all::<ChargeRow>(ctx, statement, vec![id.0.into()]).await?;
    rows.into_iter()
        .map(|row| {
            Ok(ReversalCharge {
                invoice: InvoiceId(row.id),
                kind: InvoiceKind::from_code(&row.kind)
                    .ok_or_else(|| sql::unreadable("invoices.kind", &row.kind))?,
                total: sql::money(row.total_minor, &row.currency)?,
                number: row.number,
            })
        })
        .collect()
}

fn own_grant(
    grant: Option<((Uuid, i64), String)>,
    remaining_minor: i64,
    currency: &str,
    expires_on: Option<NaiveDate>,
    on_hold: Option<bool>,
) -> Result<Option<OwnGrant>, DbErr> {
    let Some(((id, number), class)) = grant else {
        return Ok(None);
    };
    Ok(Some(OwnGrant {
        grant: CreditGrantId(id),
        number,
        class: CreditClass::from_code(&class)
            .ok_or_else(|| unreadable("credit_grants.class", &class))?,
        remaining: sql::money(remaining_minor, currency)?,
        expires_on,
        on_hold: on_hold == Some(true),
    }))
}

#[derive(FromQueryResult)]
struct AfterRow {
    due_minor: i64,
    credit_minor: i64,
}

/// What the customer is told about a payment: what it paid, what became credit, and the balance right after,
/// which later acts do not change.
pub async fn confirmation(ctx: &Ctx, id: PaymentId) -> Result<PaymentConfirmation, AppError> {
    let payment = detail(ctx, id).await?;
    // All entries of the account up to the payment's own, as they were recorded.
    let statement = "SELECT
            CAST(COALESCE(SUM(CASE WHEN l.invoice_id IS NULL THEN 0
                WHEN l.side = 'debit' THEN l.amount_minor ELSE -l.amount_minor END), 0) AS bigint) AS due_minor,
            CAST(COALESCE(SUM(CASE WHEN l.grant_id IS NULL THEN 0
                WHEN l.side = 'credit' THEN l.amount_minor ELSE -l.amount_minor END), 0) AS bigint) AS credit_minor
        FROM payments p
            JOIN journal_entries own ON own.id = p.entry_id
            JOIN journal_entries e ON e.number <= own.number AND e.id IN (
                SELECT mine.id FROM journal_entries mine WHERE mine.account_id = p.account_id
                UNION SELECT other.id FROM journal_entries other
                    JOIN requests t ON t.id = other.document_id WHERE t.to_account_id = p.account_id)
            JOIN journal_lines l ON l.entry_id = e.id AND l.account_id = p.account_id
        WHERE p.id = $1";
    let after = sql::one::<AfterRow>(ctx, statement, vec![id.0.into()]).await?;
    let after = after.ok_or(AppError::NotFound)?;
    let amount = payment.row.amount;
    let paid: Vec<_> = payment
        .slices
        .iter()
        .filter(|slice| slice.grant.is_none())
        .cloned()
        .collect();
    let mut credit = amount.minus(payment.fee)?;
    for slice in &paid {
        credit = credit.minus(slice.amount)?;
    }
    let undone = payment.slices.iter().any(|slice| !slice.stands());
    Ok(PaymentConfirmation {
        changed_since: undone || payment.reversal.is_some(),
        paid,
        credit,
        due_after: Money::new(after.due_minor, amount.currency),
        credit_after: Money::new(after.credit_minor, amount.currency),
        payment,
    })
}

#[derive(FromQueryResult)]
struct AccountRow {
    id: Uuid,
    account: String,
    customer: String,
    customer_name: String,
    currency: String,
    due_minor: i64,
    credit_minor: i64,
    surplus_choice: String,
}

fn account_columns(today: &str) -> String {
    format!(
        "a.id, a.number AS account, c.number AS customer, c.name AS customer_name, a.currency,
        a.due_minor, {} AS credit_minor, a.surplus_choice",
        balances::standing_credit(today)
    )
}

fn payable(row: &AccountRow) -> Result<PayableAccount, DbErr> {
    Ok(PayableAccount {
        on: AccountRef {
            account: row.account.clone(),
            customer: row.customer.clone(),
            customer_name: row.customer_name.clone(),
        },
        due: sql::money(row.due_minor, &row.currency)?,
        credit: sql::money(row.credit_minor, &row.currency)?,
    })
}

/// The accounts a search for customer, account or open invoice number finds: those that owe most first.
pub async fn accounts_to_pay(ctx: &Ctx, search: String) -> Result<Vec<PayableAccount>, AppError> {
    ctx.actor.require(Right::RecordPayments)?;
    found_accounts(ctx, &search).await
}

/// As [`accounts_to_pay`]; whoever asks has checked the right.
pub(super) async fn found_accounts(
    ctx: &Ctx,
    search: &str,
) -> Result<Vec<PayableAccount>, AppError> {
    let mut conditions = Conditions::default();
    if !search.trim().is_empty() {
        let pattern = conditions.bind(sql::contains(search));
        let number = conditions.bind(search.trim());
        conditions.and(format!(
            "(c.search_text LIKE {pattern} ESCAPE '!' OR LOWER(a.number) LIKE {pattern} ESCAPE '!'
                OR a.id IN (SELECT i.account_id FROM invoices i WHERE i.number = {number} AND i.open_minor > 0))"
        ));
    }
    let columns = account_columns(&conditions.bind(ctx.today()));
    let statement = format!(
        "SELECT {columns} FROM receivable_accounts a JOIN customers c ON c.id = a.customer_id
        WHERE {} ORDER BY a.due_minor DESC, a.number LIMIT {OFFERED_ACCOUNTS}",
        conditions.sql()
    );
    let rows = sql::all::<AccountRow>(ctx, &statement, conditions.values()).await?;
    Ok(rows.iter().map(payable).collect::<Result<_, DbErr>>()?)
}

#[derive(FromQueryResult)]
struct ToleranceRow {
    value: String,
}

/// What the form for a payment on this account starts from. `first` is listed first, whatever its due date.
pub async fn start(
    ctx: &Ctx,
    account: String,
    first: Option<InvoiceId>,
) -> Result<PaymentStart, AppError> {
    ctx.actor.require(Right::RecordPayments)?;
    let statement = format!(
        "SELECT {} FROM receivable_accounts a JOIN customers c ON c.id = a.customer_id
        WHERE a.number = $1",
        account_columns("$2")
    );
    let values = vec![account.trim().into(), ctx.today().into()];
    let row = sql::one::<AccountRow>(ctx, &statement, values).await?;
    let row = row.ok_or(AppError::NotFound)?;
    let on = payable(&row)?;
    let (items, unlisted) = open_items(ctx, row.id, first, LISTED_ITEMS).await?;
    Ok(PaymentStart {
        surplus_default: SurplusChoice::from_code(&row.surplus_choice)
            .ok_or_else(|| unreadable("surplus_choice", &row.surplus_choice))?,
        tolerance: tolerance(ctx, on.due.currency).await?,
        overpayment_rule: rule(ctx, row.id, CreditClass::Overpayment).await?,
        prepayment_rule: rule(ctx, row.id, CreditClass::Prepayment).await?,
        on,
        items,
        unlisted,
    })
}

async fn rule(
    ctx: &Ctx,
    account: Uuid,
    class: CreditClass,
) -> Result<Option<ExpiryRule>, AppError> {
    expiry::rule_for(ctx, account, class, ctx.today()).await
}

async fn tolerance(ctx: &Ctx, currency: Currency) -> Result<Money, AppError> {
    let statement = "SELECT value FROM settings WHERE name = $1";
    let row = sql::one::<ToleranceRow>(ctx, statement, vec![SURPLUS_TOLERANCE.into()]).await?;
    let units = row.map_or_else(|| DEFAULT_SURPLUS_TOLERANCE.to_owned(), |row| row.value);
    Ok(Money::parse(&units, currency)?)
}

#[derive(FromQueryResult)]
struct ItemRow {
    id: Uuid,
    number: String,
    issued_on: NaiveDate,
    due_on: NaiveDate,
    open_minor: i64,
    disputed: bool,
    in_all: i64,
}

/// The open invoices of an account in their order of being paid, at most `listed`, and how many more there are.
pub(super) async fn open_items(
    ctx: &Ctx,
    account: Uuid,
    first: Option<InvoiceId>,
    listed: u32,
) -> Result<(Vec<OpenItem>, u32), AppError> {
    let statement = format!(
        "SELECT i.id, i.number, i.issued_on, i.due_on, i.open_minor, i.disputed, COUNT(*) OVER () AS in_all
        FROM invoices i WHERE i.account_id = $1 AND i.open_minor > 0
        ORDER BY CASE WHEN i.id = $2 THEN 0 ELSE 1 END, i.due_on, i.issued_on, i.number, i.id LIMIT {listed}"
    );
    let first = first.map_or(Uuid::nil(), |invoice| invoice.0);
    let rows = sql::all::<ItemRow>(ctx, &statement, vec![account.into(), first.into()]).await?;
    let in_all = rows.first().map_or(0, |row| row.in_all);
    let items: Vec<OpenItem> = rows
        .into_iter()
        .map(|row| OpenItem {
            invoice: InvoiceId(row.id),
            number: row.number,
            issued_on: row.issued_on,
            due_on: row.due_on,
            open_minor: row.open_minor,
            disputed: row.disputed,
        })
        .collect();
    let unlisted = in_all.saturating_sub(items.len() as i64);
    Ok((items, u32::try_from(unlisted).unwrap_or(u32::MAX)))
}
