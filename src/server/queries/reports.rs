//! Reports as of a date: aging from invoices and applications, the trial balance from the journal.

use super::sql;
use super::verify::carrying_role;
use crate::domain::ids::ReceivableAccountId;
use crate::domain::ledger::{LedgerKind, LedgerRole};
use crate::domain::money::{Currency, Money, sum_minor};
use crate::domain::rights::Right;
use crate::dto::error::{AppError, Refusal};
use crate::dto::form::read_date;
use crate::dto::page::{PageRequest, ROWS_PER_PAGE};
use crate::dto::reports::{
    AgingAmounts, AgingFilter, AgingReport, AgingRow, AgingTotal, TrialBalance,
    TrialBalanceCurrency, TrialBalanceRow,
};
use crate::server::context::Ctx;
use chrono::{Days, NaiveDate};
use sea_orm::{DbErr, FromQueryResult, Value};
use uuid::Uuid;

/// A date of the query string; today where it is empty.
pub(super) fn as_of(ctx: &Ctx, text: &str) -> Result<NaiveDate, AppError> {
    match text.trim() {
        "" => Ok(ctx.today()),
        text => read_date(text).ok_or_else(|| Refusal::NotADate.at("as_of")),
    }
}

/// Open items by days overdue, as of the end of a day, with the credit that lowers the receivable ledger and, apart,
/// the credit carried elsewhere. All accounts, or one page of them; the totals are always of all.
///
/// What counts is what was posted by that day and not undone by then. Source: domain rules, section 10.
pub async fn aging(
    ctx: &Ctx,
    filter: AgingFilter,
    page: Option<PageRequest>,
) -> Result<AgingReport, AppError> {
    ctx.actor.require(Right::ReadCustomers)?;
    let as_of = as_of(ctx, &filter.as_of)?;
    let values = aging_values(as_of, &filter);
    let totals = sql::all::<TotalRow>(ctx, &total_statement(), values.clone()).await?;
    let order = page.as_ref().map_or("a.account_number", |page| order(page));
    let limit = page.as_ref().map_or(String::new(), |page| {
        format!(" LIMIT {ROWS_PER_PAGE} OFFSET {}", page.offset())
    });
    let statement = format!(
        "{AGED} SELECT a.* FROM aged a WHERE {MATCHES} ORDER BY {order}, a.account_id{limit}",
        AGED = aged(),
    );
    let rows = sql::all::<AccountRow>(ctx, &statement, values).await?;
    let accounts: i64 = totals.iter().map(|total| total.accounts).sum();
    Ok(AgingReport {
        as_of,
        rows: rows
            .into_iter()
            .map(AccountRow::read)
            .collect::<Result<_, _>>()?,
        total_rows: u64::try_from(accounts)
            .map_err(|_| DbErr::Type("a count is negative".to_owned()))?,
        totals: totals
            .into_iter()
            .map(TotalRow::read)
            .collect::<Result<_, _>>()?,
    })
}

/// $1 as of, $2 … $4 first day of each bucket of overdue items, $5 search, $6 pattern, $7 currency.
fn aging_values(as_of: NaiveDate, filter: &AgingFilter) -> Vec<Value> {
    let search = filter.search.trim().to_lowercase();
    let pattern = format!("%{}%", search.replace(['%', '_'], ""));
    vec![
        as_of.into(),
        (as_of - Days::new(30)).into(),
        (as_of - Days::new(60)).into(),
        (as_of - Days::new(90)).into(),
        search.into(),
        pattern.into(),
        filter.currency.trim().to_uppercase().into(),
    ]
}

const MATCHES: &str =
    "(CAST($5 AS text) = '' OR LOWER(a.customer_number) = $5 OR LOWER(a.account_number) = $5
        OR LOWER(a.customer_name) LIKE $6)
    AND (CAST($7 AS text) = '' OR a.currency = $7)";

fn order(page: &PageRequest) -> &'static str {
    match page.sort_column() {
        ("customer", false) => "a.customer_name",
        ("customer", true) => "a.customer_name DESC",
        ("open", false) => "a.open_minor",
        ("open", true) => "a.open_minor DESC",
        ("over_90", false) => "a.over_90",
        ("over_90", true) => "a.over_90 DESC",
        ("receivable", false) => "a.open_minor - a.credit_in_receivable",
        ("receivable", true) => "a.open_minor - a.credit_in_receivable DESC",
        (_, true) => "a.account_number DESC",
        (_, false) => "a.account_number",
    }
}

/// One row per account that has something open or some credit as of $1, in the common table expression `aged`.
fn aged() -> String {
    let standing =
        "a.posting_on <= $1 AND (a.unapplied_posting_on IS NULL OR a.unapplied_posting_on > $1)";
    let bucket = |name: &str, condition: &str| {
        format!("CAST(SUM(CASE WHEN {condition} THEN i.open ELSE 0 END) AS bigint) AS {name}")
    };
    let carried = |name: &str, role: LedgerRole| {
        format!(
            "CAST(SUM(CASE WHEN g.role = '{}' THEN g.remaining ELSE 0 END) AS bigint) AS {name}",
            role.code()
        )
    };
    format!(
        "WITH invoices_open AS (
            SELECT i.account_id, i.due_on, i.total_minor - COALESCE(s.minor, 0) AS open
            FROM invoices i
            LEFT JOIN (
                SELECT a.invoice_id, CAST(SUM(a.amount_minor) AS bigint) AS minor
                FROM applications a WHERE {standing} GROUP BY a.invoice_id
            ) s ON s.invoice_id = i.id
            WHERE i.finalised_at IS NOT NULL AND i.total_minor > 0 AND i.posting_on <= $1
                AND (i.void_posting_on IS NULL OR i.void_posting_on > $1)
        ), by_due AS (
            SELECT i.account_id, COUNT(*) AS open_invoices, CAST(SUM(i.open) AS bigint) AS open_minor,
                {not_due}, {days_1_30}, {days_31_60}, {days_61_90}, {over_90}
            FROM invoices_open i WHERE i.open <> 0 GROUP BY i.account_id
        ), grants_left AS (
            SELECT g.account_id, g.expires_on, {carrying} AS role,
                COALESCE(m.minor, 0) - COALESCE(s.minor, 0) AS remaining
            FROM credit_grants g
            LEFT JOIN (
                SELECT grant_id,
                    CAST(SUM(signed_minor) AS bigint) AS minor
                FROM grant_movements WHERE posting_on <= $1 GROUP BY grant_id
            ) m ON m.grant_id = g.id
            LEFT JOIN (
                SELECT a.grant_id, CAST(SUM(a.amount_minor) AS bigint) AS minor
                FROM applications a WHERE a.grant_id IS NOT NULL AND {standing} GROUP BY a.grant_id
            ) s ON s.grant_id = g.id
        ), by_class AS (
            SELECT g.account_id, {receivable}, {prepayments}, {promotional}, {goodwill},
                CAST(SUM(CASE WHEN g.expires_on < $1 THEN g.remaining ELSE 0 END) AS bigint) AS lapsed
            FROM grants_left g WHERE g.remaining <> 0 GROUP BY g.account_id
        ), aged AS (
            SELECT r.id AS account_id, r.number AS account_number, r.currency,
                c.id AS customer_id, c.number AS customer_number, c.name AS customer_name,
                COALESCE(d.open_invoices, 0) AS open_invoices, COALESCE(d.open_minor, 0) AS open_minor,
                COALESCE(d.not_due, 0) AS not_due, COALESCE(d.days_1_30, 0) AS days_1_30,
                COALESCE(d.days_31_60, 0) AS days_31_60, COALESCE(d.days_61_90, 0) AS days_61_90,
                COALESCE(d.over_90, 0) AS over_90,
                COALESCE(k.credit_in_receivable, 0) AS credit_in_receivable,
                COALESCE(k.prepayments, 0) AS prepayments,
                COALESCE(k.promotional_credit, 0) AS promotional_credit,
                COALESCE(k.goodwill_credit, 0) AS goodwill_credit,
                COALESCE(k.lapsed, 0) AS lapsed_not_posted
            FROM receivable_accounts r
            JOIN customers c ON c.id = r.customer_id
            LEFT JOIN by_due d ON d.account_id = r.id
            LEFT JOIN by_class k ON k.account_id = r.id
            WHERE d.account_id IS NOT NULL OR k.account_id IS NOT NULL
        )",
        not_due = bucket("not_due", "i.due_on >= $1"),
        days_1_30 = bucket("days_1_30", "i.due_on < $1 AND i.due_on >= $2"),
        days_31_60 = bucket("days_31_60", "i.due_on < $2 AND i.due_on >= $3"),
        days_61_90 = bucket("days_61_90", "i.due_on < $3 AND i.due_on >= $4"),
        over_90 = bucket("over_90", "i.due_on < $4"),
        carrying = carrying_role("g.class"),
        receivable = carried("credit_in_receivable", LedgerRole::Receivable),
        prepayments = carried("prepayments", LedgerRole::CustomerPrepayments),
        promotional = carried("promotional_credit", LedgerRole::PromotionalCredit),
        goodwill = carried("goodwill_credit", LedgerRole::GoodwillCredit),
    )
}

fn total_statement() -> String {
    let sums: Vec<String> = [
        "open_invoices",
        "open_minor",
        "not_due",
        "days_1_30",
        "days_31_60",
        "days_61_90",
        "over_90",
        "credit_in_receivable",
        "prepayments",
        "promotional_credit",
        "goodwill_credit",
        "lapsed_not_posted",
    ]
    .iter()
    .map(|column| format!("CAST(SUM(a.{column}) AS bigint) AS {column}"))
    .collect();
    format!(
        "{} SELECT a.currency, COUNT(*) AS accounts,
            COUNT(DISTINCT CASE WHEN a.open_invoices > 0 THEN a.customer_id END) AS customers, {}
        FROM aged a WHERE {MATCHES} GROUP BY a.currency ORDER BY a.currency",
        aged(),
        sums.join(", ")
    )
}

/// The figures both statements share.
#[derive(FromQueryResult)]
struct Figures {
    open_invoices: i64,
    open_minor: i64,
    not_due: i64,
    days_1_30: i64,
    days_31_60: i64,
    days_61_90: i64,
    over_90: i64,
    credit_in_receivable: i64,
    prepayments: i64,
    promotional_credit: i64,
    goodwill_credit: i64,
    lapsed_not_posted: i64,
}

impl Figures {
    fn read(self, currency: Currency) -> Result<AgingAmounts, AppError> {
        let money = |minor| Money::new(minor, currency);
        let open = money(self.open_minor);
        let credit_in_receivable = money(self.credit_in_receivable);
        Ok(AgingAmounts {
            open_invoices: self.open_invoices,
            not_due: money(self.not_due),
            days_1_30: money(self.days_1_30),
            days_31_60: money(self.days_31_60),
            days_61_90: money(self.days_61_90),
            over_90: money(self.over_90),
            open,
            credit_in_receivable,
            receivable: open.minus(credit_in_receivable)?,
            prepayments: money(self.prepayments),
            promotional_credit: money(self.promotional_credit),
            goodwill_credit: money(self.goodwill_credit),
            lapsed_not_posted: money(self.lapsed_not_posted),
        })
    }
}

#[derive(FromQueryResult)]
struct AccountRow {
    account_id: Uuid,
    account_number: String,
    customer_number: String,
    customer_name: String,
    currency: String,
    #[sea_orm(nested)]
    figures: Figures,
}

impl AccountRow {
    fn read(self) -> Result<AgingRow, AppError> {
        let currency = sql::money(0, &self.currency)?.currency;
        Ok(AgingRow {
            account: ReceivableAccountId(self.account_id),
            account_number: self.account_number,
            customer_number: self.customer_number,
            customer_name: self.customer_name,
            amounts: self.figures.read(currency)?,
        })
    }
}

#[derive(FromQueryResult)]
struct TotalRow {
    currency: String,
    accounts: i64,
    customers: i64,
    #[sea_orm(nested)]
    figures: Figures,
}

impl TotalRow {
    fn read(self) -> Result<AgingTotal, AppError> {
        let currency = sql::money(0, &self.currency)?.currency;
        Ok(AgingTotal {
            currency,
            customers: self.customers,
            amounts: self.figures.read(currency)?,
        })
    }
}

#[derive(FromQueryResult)]
struct LedgerRow {
    role: String,
    code: String,
    name: String,
    kind: String,
    currency: String,
    balance: i64,
}

/// The balance of every ledger account at the end of a day, from the journal alone, by accounting date.
pub async fn trial_balance(ctx: &Ctx, as_of_text: &str) -> Result<TrialBalance, AppError> {
    ctx.actor.require(Right::ReadJournal)?;
    let as_of = as_of(ctx, as_of_text)?;
    let statement = "SELECT c.role, c.code, c.name, c.kind, b.currency, b.balance
        FROM (
            SELECT l.role, e.currency,
                CAST(SUM(CASE l.side WHEN 'debit' THEN l.amount_minor ELSE -l.amount_minor END) AS bigint) AS balance
            FROM journal_lines l JOIN journal_entries e ON e.id = l.entry_id
            WHERE e.posting_on <= $1 GROUP BY l.role, e.currency
        ) b JOIN ledger_accounts c ON c.role = b.role
        ORDER BY b.currency, c.code";
    let rows = sql::all::<LedgerRow>(ctx, statement, vec![as_of.into()]).await?;
    let mut currencies: Vec<TrialBalanceCurrency> = Vec::new();
    for row in rows {
        let balance = sql::money(row.balance, &row.currency)?;
        if currencies.last().map(|last| last.currency) != Some(balance.currency) {
            currencies.push(TrialBalanceCurrency {
                currency: balance.currency,
                rows: Vec::new(),
                debits: Money::zero(balance.currency),
                credits: Money::zero(balance.currency),
            });
        }
        let currency = currencies
            .last_mut()
            .expect("one was pushed above where none fitted");
        let row = trial_balance_row(row, balance)?;
        currency.debits = total(currency.debits, row.debit)?;
        currency.credits = total(currency.credits, row.credit)?;
        currency.rows.push(row);
    }
    Ok(TrialBalance { as_of, currencies })
}

fn trial_balance_row(row: LedgerRow, balance: Money) -> Result<TrialBalanceRow, AppError> {
    let opposite = Money::zero(balance.currency).minus(balance)?;
    Ok(TrialBalanceRow {
        role: LedgerRole::from_code(&row.role)
            .ok_or_else(|| sql::unreadable("ledger_accounts.role", &row.role))?,
        kind: LedgerKind::from_code(&row.kind)
            .ok_or_else(|| sql::unreadable("ledger_accounts.kind", &row.kind))?,
        code: row.code,
        name: row.name,
        debit: (balance.minor > 0).then_some(balance),
        credit: (balance.minor < 0).then_some(opposite),
    })
}

fn total(sum: Money, amount: Option<Money>) -> Result<Money, AppError> {
    let minor = sum_minor(
        [sum.minor]
            .into_iter()
            .chain(amount.map(|amount| amount.minor)),
    )?;
    Ok(Money::new(minor, sum.currency))
}
