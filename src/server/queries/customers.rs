//! Customers as lists, pages, downloads and the portal show them.

use super::balances::{self, AccountClass};
use super::sql::{self, Conditions};
use super::{audit, credits, invoices, payments};
use crate::domain::ids::CustomerId;
use crate::domain::money::Currency;
use crate::domain::rights::Right;
use crate::dto::accounts::AccountOverview;
use crate::dto::credits::GrantFilter;
use crate::dto::customers::{
    Contact, CurrencyBalance, CustomerDetail, CustomerFilter, CustomerHead, CustomerHistory,
    CustomerList, CustomerOverview, CustomerRow, CustomerStanding, ExternalId, PortalHome,
};
use crate::dto::error::AppError;
use crate::dto::invoices::InvoiceFilter;
use crate::dto::page::PageRequest;
use crate::dto::payments::PaymentFilter;
use crate::server::context::{Actor, Ctx};
use chrono::{DateTime, Utc};
use sea_orm::{DbErr, FromQueryResult};
use uuid::Uuid;

/// Open items and grants shown beside each other at most; the lists of invoices and credits show the rest.
const SHOWN_ROWS: usize = 50;

/// A page of the customers the filter asks for, with what its filters can be set to.
///
/// Sorts by `number` (the default), `name`, `due` and `credit`. Amounts are compared in one currency: the
/// filter's, else the most used.
pub async fn list(
    ctx: &Ctx,
    filter: CustomerFilter,
    page: PageRequest,
) -> Result<CustomerList, AppError> {
    ctx.actor.require(Right::ReadCustomers)?;
    let choices = choices(ctx, by_amount(&page)).await?;
    let mut conditions = conditions(ctx, &filter);
    let count = format!(
        "SELECT COUNT(*) AS count FROM customers c WHERE {}",
        conditions.sql()
    );
    let total = sql::count(ctx, &count, conditions.values()).await?;
    let given: Option<Currency> = filter.currency.parse().ok();
    let sorted_in = by_amount(&page).then(|| given.or(choices.currencies.first().copied()));
    let sorted_in = sorted_in.flatten();
    let order = order(ctx, &mut conditions, &page, sorted_in);
    let rows = rows(ctx, &conditions, &format!("{order} {}", sql::limit(&page))).await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let mut accounts = balances::of_customers(ctx, &ids).await?;
    let rows = rows.into_iter().map(|row| {
        let accounts = accounts.remove(&row.id).unwrap_or_default();
        listed(row, &accounts)
    });
    Ok(CustomerList {
        rows: rows.collect::<Result<_, AppError>>()?,
        total,
        tags: choices.tags,
        currencies: choices.currencies,
        sorted_in,
    })
}

struct Choices {
    tags: Vec<String>,
    currencies: Vec<Currency>,
}

#[derive(FromQueryResult)]
struct ChoiceRow {
    kind: String,
    value: String,
}

/// Every tag and every currency in use; with `most_used_first`, which reads every account, currencies in that order.
async fn choices(ctx: &Ctx, most_used_first: bool) -> Result<Choices, AppError> {
    let uses = match most_used_first {
        true => "(SELECT COUNT(*) FROM receivable_accounts a WHERE a.currency = currencies.value)",
        false => "0",
    };
    let statement = format!(
        "WITH RECURSIVE {}, {}
        SELECT 'currency' AS kind, value, {uses} AS uses FROM currencies WHERE value IS NOT NULL
        UNION ALL SELECT 'tag', value, 0 FROM tags WHERE value IS NOT NULL
        ORDER BY uses DESC, value",
        distinct("currencies", "receivable_accounts", "currency"),
        distinct("tags", "customer_tags", "tag")
    );
    let (currencies, tags): (Vec<ChoiceRow>, Vec<ChoiceRow>) =
        sql::all::<ChoiceRow>(ctx, &statement, vec![])
            .await?
            .into_iter()
            .partition(|row| row.kind == "currency");
    let currencies = currencies.iter().map(|row| {
        let currency = row.value.parse::<Currency>();
        currency.map_err(|_| sql::unreadable("receivable_accounts.currency", &row.value))
    });
    Ok(Choices {
        tags: tags.into_iter().map(|row| row.value).collect(),
        currencies: currencies.collect::<Result<_, DbErr>>()?,
    })
}

/// The different values of an indexed column as the table `name`, and a null: one step in the index for each value,
/// where `DISTINCT` would read every row.
fn distinct(name: &str, table: &str, column: &str) -> String {
    format!(
        "{name} (value) AS (SELECT MIN({column}) FROM {table}
            UNION ALL SELECT (SELECT MIN({column}) FROM {table} WHERE {column} > {name}.value)
                FROM {name} WHERE {name}.value IS NOT NULL)"
    )
}

fn conditions(ctx: &Ctx, filter: &CustomerFilter) -> Conditions {
    let mut conditions = Conditions::default();
    for word in filter.search.split_whitespace() {
        conditions.with("c.search_text LIKE ? ESCAPE '!'", sql::contains(word));
    }
    if !filter.tag.trim().is_empty() {
        conditions.with(
            "EXISTS (SELECT 1 FROM customer_tags t WHERE t.customer_id = c.id AND t.tag = ?)",
            filter.tag.trim(),
        );
    }
    let mut accounts = "a.customer_id = c.id".to_owned();
    if !filter.currency.trim().is_empty() {
        let currency = conditions.bind(filter.currency.trim());
        accounts.push_str(&format!(" AND a.currency = {currency}"));
    }
    let exists = |joined: &str, more: &str| {
        format!("EXISTS (SELECT 1 FROM receivable_accounts a {joined} WHERE {accounts} {more})")
    };
    match CustomerStanding::from_code(&filter.standing) {
        None if filter.currency.trim().is_empty() => {}
        None => conditions.and(exists("", "")),
        Some(CustomerStanding::Owing) => conditions.and(exists("", "AND a.due_minor > 0")),
        Some(CustomerStanding::OnHold) => conditions.and(exists("", "AND a.on_hold")),
        Some(CustomerStanding::Overdue) => {
            let overdue =
                "JOIN invoices i ON i.account_id = a.id AND i.open_minor > 0 AND i.due_on < ?";
            conditions.with(&exists(overdue, ""), ctx.today());
        }
        Some(CustomerStanding::Credit) => {
            let today = conditions.bind(ctx.today());
            conditions.and(exists(&balances::joined(&today)[LEFT.len()..], ""));
        }
    }
    conditions
}

/// The word that makes a join keep rows without credit.
const LEFT: &str = "LEFT ";

fn by_amount(page: &PageRequest) -> bool {
    matches!(page.sort_column().0, "due" | "credit")
}

/// Column names come from here only; what is asked for is never put into the statement.
fn order(
    ctx: &Ctx,
    conditions: &mut Conditions,
    page: &PageRequest,
    currency: Option<Currency>,
) -> String {
    let (column, descending) = page.sort_column();
    let direction = if descending { "DESC" } else { "ASC" };
    match (column, currency) {
        ("name", _) => format!("ORDER BY c.name {direction}, c.id {direction}"),
        ("due", Some(currency)) => {
            let currency = conditions.bind(currency.code());
            format!(
                "ORDER BY (SELECT COALESCE(SUM(s.due_minor), 0) FROM receivable_accounts s
                    WHERE s.customer_id = c.id AND s.currency = {currency}) {direction}, c.number"
            )
        }
        ("credit", Some(currency)) => {
            let currency = conditions.bind(currency.code());
            let today = conditions.bind(ctx.today());
            format!(
                "ORDER BY (SELECT COALESCE(SUM(s.remaining_minor), 0) FROM credit_grants s
                    JOIN receivable_accounts sa ON sa.id = s.account_id
                    WHERE sa.customer_id = c.id AND sa.currency = {currency} AND s.remaining_minor > 0
                        AND (s.expires_on IS NULL OR s.expires_on >= {today})) {direction}, c.number"
            )
        }
        _ => format!("ORDER BY c.number {direction}"),
    }
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    number: String,
    name: String,
    email: String,
    city: String,
    on_hold: bool,
}

async fn rows(ctx: &Ctx, conditions: &Conditions, rest: &str) -> Result<Vec<Row>, DbErr> {
    let statement = format!(
        "SELECT c.id, c.number, c.name, c.email, c.city,
            EXISTS (SELECT 1 FROM receivable_accounts h WHERE h.customer_id = c.id AND h.on_hold) AS on_hold
        FROM customers c WHERE {} {rest}",
        conditions.sql()
    );
    sql::all(ctx, &statement, conditions.values()).await
}

fn listed(row: Row, accounts: &[AccountOverview]) -> Result<CustomerRow, AppError> {
    let mut sums: Vec<CurrencyBalance> = Vec::new();
    for account in accounts.iter().map(|account| &account.balance) {
        let currency = account.due.currency;
        match sums.iter_mut().find(|sum| sum.due.currency == currency) {
            Some(sum) => {
                sum.due = sum.due.plus(account.due)?;
                sum.overdue = sum.overdue.plus(account.overdue)?;
                sum.credit = sum.credit.plus(account.credit)?;
            }
            None => sums.push(CurrencyBalance {
                due: account.due,
                overdue: account.overdue,
                credit: account.credit,
            }),
        }
    }
    Ok(CustomerRow {
        customer: CustomerId(row.id),
        number: row.number,
        name: row.name,
        email: row.email,
        city: row.city,
        on_hold: row.on_hold,
        balances: sums,
    })
}

/// Customers in an export come in chunks of this many, so that memory does not grow with their number.
pub const EXPORT_CHUNK: usize = 500;

/// The next chunk of the customers the filter asks for, behind the number `after`; fewer than [`EXPORT_CHUNK`] end it.
pub async fn export(
    ctx: &Ctx,
    filter: &CustomerFilter,
    after: &str,
) -> Result<Vec<CustomerHead>, AppError> {
    ctx.actor.require(Right::ReadCustomers)?;
    let mut conditions = conditions(ctx, filter);
    conditions.with("c.number > ?", after);
    let statement = format!(
        "SELECT c.*, {} AS tags FROM customers c WHERE {} ORDER BY c.number LIMIT {EXPORT_CHUNK}",
        tags_of_customer(ctx),
        conditions.sql()
    );
    let rows = sql::all::<CustomerColumns>(ctx, &statement, conditions.values()).await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let mut accounts = balances::of_customers(ctx, &ids).await?;
    let exported = rows.into_iter().map(|row| {
        Ok(CustomerHead {
            accounts: accounts.remove(&row.id).unwrap_or_default(),
            ..row.shown(&ctx.actor)?
        })
    });
    Ok(exported.collect::<Result<_, DbErr>>()?)
}

/// The tags of `customers c` as one text, a line each.
fn tags_of_customer(ctx: &Ctx) -> &'static str {
    if ctx.db.is_sqlite() {
        return "(SELECT group_concat(t.tag, char(10)) FROM customer_tags t WHERE t.customer_id = c.id)";
    }
    "(SELECT string_agg(t.tag, chr(10)) FROM customer_tags t WHERE t.customer_id = c.id)"
}

/// A customer's own columns, and its tags, a line each.
#[derive(FromQueryResult)]
struct CustomerColumns {
    id: Uuid,
    number: String,
    name: String,
    email: String,
    phone: String,
    street: String,
    postal_code: String,
    city: String,
    country: String,
    language: String,
    tax_id: String,
    terms_days: i32,
    notes: String,
    version: i64,
    created_at: DateTime<Utc>,
    tags: Option<String>,
}

impl CustomerColumns {
    /// Without accounts. Customers do not see what staff note about them.
    fn shown(self, actor: &Actor) -> Result<CustomerHead, DbErr> {
        let staff = actor.customer().is_none();
        let mut tags: Vec<String> = self
            .tags
            .filter(|_| staff)
            .map(|tags| tags.lines().map(str::to_owned).collect())
            .unwrap_or_default();
        tags.sort();
        Ok(CustomerHead {
            customer: CustomerId(self.id),
            number: self.number,
            name: self.name,
            email: self.email,
            phone: self.phone,
            street: self.street,
            postal_code: self.postal_code,
            city: self.city,
            country: self.country,
            language: self.language,
            tax_id: self.tax_id,
            terms_days: u32::try_from(self.terms_days)
                .map_err(|_| DbErr::Type("customers.terms_days is negative".to_owned()))?,
            notes: if staff { self.notes } else { String::new() },
            tags,
            version: self.version,
            created_at: self.created_at,
            accounts: Vec::new(),
        })
    }
}

/// A customer with one class of the credit of one of its accounts; without account where it has none.
#[derive(FromQueryResult)]
struct HeadRow {
    #[sea_orm(nested)]
    customer: CustomerColumns,
    #[sea_orm(nested)]
    account: Option<AccountClass>,
}

/// The customer with this number and its accounts. Another customer's number is not found.
pub async fn head(ctx: &Ctx, number: &str) -> Result<CustomerHead, AppError> {
    let mut which = Conditions::default();
    which.equal("c.number", number.trim());
    head_where(ctx, which).await
}

/// The customer the actor is bound to.
async fn own_head(ctx: &Ctx) -> Result<CustomerHead, AppError> {
    let Some(own) = ctx.actor.customer() else {
        ctx.actor.require(Right::ReadCustomers)?;
        return Err(AppError::NotFound);
    };
    let mut which = Conditions::default();
    which.equal("c.id", own.0);
    head_where(ctx, which).await
}

async fn head_where(ctx: &Ctx, mut which: Conditions) -> Result<CustomerHead, AppError> {
    if ctx.actor == Actor::Nobody {
        return Err(AppError::NotLoggedIn);
    }
    let today = which.bind(ctx.today());
    let statement = format!(
        "SELECT c.*, {} AS tags, {} FROM customers c LEFT JOIN receivable_accounts a ON a.customer_id = c.id {}
        WHERE {} GROUP BY c.id, a.id, g.class ORDER BY a.created_at, a.id",
        tags_of_customer(ctx),
        balances::columns(&today),
        balances::joined(&today),
        which.sql()
    );
    let rows = sql::all::<HeadRow>(ctx, &statement, which.values()).await?;
    let mut customer = None;
    let mut classes: Vec<AccountClass> = Vec::new();
    for row in rows {
        classes.extend(row.account);
        customer = Some(row.customer);
    }
    let customer = customer.ok_or(AppError::NotFound)?;
    ctx.actor.require_sight_of(CustomerId(customer.id))?;
    let accounts = classes
        .chunk_by(balances::same_account)
        .map(|classes| balances::overview(classes, ctx.today()));
    Ok(CustomerHead {
        accounts: accounts.collect::<Result<_, DbErr>>()?,
        ..customer.shown(&ctx.actor)?
    })
}

#[derive(FromQueryResult)]
struct PartRow {
    kind: String,
    a: String,
    b: String,
    c: String,
    d: String,
}

/// Everything recorded about a customer. Another customer's number is not found.
pub async fn detail(ctx: &Ctx, number: &str) -> Result<CustomerDetail, AppError> {
    let head = head(ctx, number).await?;
    let statement = "SELECT kind, a, b, c, d FROM (
            SELECT 'contact' AS kind, name AS a, position AS b, email AS c, phone AS d, id AS rank
                FROM customer_contacts WHERE customer_id = $1
            UNION ALL SELECT 'alias', name, '', '', '', customer_id FROM customer_aliases WHERE customer_id = $1
            UNION ALL SELECT 'external', system, value, '', '', customer_id
                FROM customer_external_ids WHERE customer_id = $1
        ) AS parts ORDER BY rank, a";
    let rows = sql::all::<PartRow>(ctx, statement, vec![head.customer.0.into()]).await?;
    let mut detail = CustomerDetail {
        head,
        aliases: Vec::new(),
        contacts: Vec::new(),
        external_ids: Vec::new(),
    };
    let staff = ctx.actor.customer().is_none();
    for row in rows {
        match row.kind.as_str() {
            "contact" => detail.contacts.push(Contact {
                name: row.a,
                position: row.b,
                email: row.c,
                phone: row.d,
            }),
            _ if !staff => {}
            "alias" => detail.aliases.push(row.a),
            _ => detail.external_ids.push(ExternalId {
                system: row.a,
                value: row.b,
            }),
        }
    }
    Ok(detail)
}

/// A customer with what is open beside what could pay it. Another customer's number is not found.
pub async fn overview(ctx: &Ctx, number: &str) -> Result<CustomerOverview, AppError> {
    let head = head(ctx, number).await?;
    with_sides(ctx, head).await
}

async fn with_sides(ctx: &Ctx, head: CustomerHead) -> Result<CustomerOverview, AppError> {
    let open = InvoiceFilter {
        customer: head.number.clone(),
        ..InvoiceFilter::default()
    };
    let left = GrantFilter {
        customer: head.number.clone(),
        ..GrantFilter::default()
    };
    let mut items = invoices::to_be_paid(ctx, open, SHOWN_ROWS + 1).await?;
    let mut credits = credits::to_be_used(ctx, left, SHOWN_ROWS + 1).await?;
    let (more_items, more_credits) = (items.len() > SHOWN_ROWS, credits.len() > SHOWN_ROWS);
    items.truncate(SHOWN_ROWS);
    credits.truncate(SHOWN_ROWS);
    Ok(CustomerOverview {
        head,
        items,
        more_items,
        credits,
        more_credits,
    })
}

/// Payments the portal's first page shows.
const RECENT_PAYMENTS: usize = 5;

/// What the customer the actor is bound to sees first.
pub async fn portal_home(ctx: &Ctx) -> Result<PortalHome, AppError> {
    let head = own_head(ctx).await?;
    let payments = payments::latest(ctx, PaymentFilter::default(), RECENT_PAYMENTS).await?;
    Ok(PortalHome {
        overview: with_sides(ctx, head).await?,
        payments,
    })
}

/// A page of what was done to a customer and to what is its own, newest first. For staff only.
pub async fn history(
    ctx: &Ctx,
    number: &str,
    page: PageRequest,
) -> Result<CustomerHistory, AppError> {
    ctx.actor.require(Right::ReadCustomers)?;
    let head = head(ctx, number).await?;
    let acts = audit::of_customer(ctx, head.customer, &page).await?;
    Ok(CustomerHistory { head, acts })
}
