//! Invoices as lists, as documents with what settled them, and as the editor needs them.

use super::WRITTEN_OFF;
use super::balances;
use super::credit_notes;
use super::lineage::{self, EntriesOf, SlicesOf};
use super::payments;
use super::sql::{self, Conditions, unreadable};
use crate::domain::ids::{CreditGrantId, CustomerId, InvoiceId};
use crate::domain::invoice::{InvoiceFacts, InvoiceKind, InvoiceStatus, status};
use crate::domain::money::{Currency, Money, parse_decimal};
use crate::domain::rights::Right;
use crate::dto::error::AppError;
use crate::dto::invoices::{
    InvoiceDetail, InvoiceDraft, InvoiceEditing, InvoiceFilter, InvoiceGrant, InvoiceLine,
    InvoiceList, InvoiceRecipient, InvoiceRow, InvoiceTax, NewInvoice, NewInvoiceLine,
    ReadInvoiceFilter, StatusFilter, VoidedInvoice,
};
use crate::dto::lineage::AccountRef;
use crate::dto::page::PageRequest;
use crate::dto::payments::PayableAccount;
use crate::server::context::Ctx;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use sea_orm::{DbErr, FromQueryResult};
use uuid::Uuid;

/// The name the business goes by on documents.
const BUSINESS_NAME: &str = "business_name";

/// A page of the invoices the filter asks for. Customers see their own, without drafts.
///
/// Sorts by `number`, `issued`, `due`, `total` and `open`; newest first unless asked otherwise.
pub async fn list(
    ctx: &Ctx,
    filter: InvoiceFilter,
    page: PageRequest,
) -> Result<InvoiceList, AppError> {
    let conditions = conditions(ctx, &filter)?;
    let (total, open) = totals(ctx, &conditions).await?;
    let rest = format!("ORDER BY {} {}", order(&page), sql::limit(&page));
    Ok(InvoiceList {
        rows: rows(ctx, &conditions, &rest).await?,
        total,
        open,
    })
}

/// Invoices in an export come in chunks of this many, so that memory does not grow with their number.
pub const EXPORT_CHUNK: usize = 1_000;

/// Where an export goes on: behind the invoice with this date of issue and id.
pub type ExportPosition = (NaiveDate, InvoiceId);

/// The next chunk of the invoices the filter asks for, newest first; fewer than [`EXPORT_CHUNK`] end it.
pub async fn export(
    ctx: &Ctx,
    filter: &InvoiceFilter,
    after: Option<ExportPosition>,
) -> Result<Vec<InvoiceRow>, AppError> {
    let mut conditions = conditions(ctx, filter)?;
    if let Some((issued_on, id)) = after {
        let issued_on = conditions.bind(issued_on);
        let id = conditions.bind(id.0);
        conditions.and(format!(
            "(i.issued_on < {issued_on} OR (i.issued_on = {issued_on} AND i.id < {id}))"
        ));
    }
    let rest = format!("ORDER BY {NEWEST_FIRST} LIMIT {EXPORT_CHUNK}");
    rows(ctx, &conditions, &rest).await
}

async fn rows(ctx: &Ctx, conditions: &Conditions, rest: &str) -> Result<Vec<InvoiceRow>, AppError> {
    let statement = format!(
        "SELECT {columns} FROM {JOINED} WHERE {} {rest}",
        conditions.sql(),
        columns = columns(),
    );
    let rows = sql::all::<Row>(ctx, &statement, conditions.values()).await?;
    let shown = rows.into_iter().map(|row| row.shown(ctx.today()));
    Ok(shown.collect::<Result<_, DbErr>>()?)
}

/// The first open invoices the filter asks for, in their order of being paid.
pub(super) async fn to_be_paid(
    ctx: &Ctx,
    filter: InvoiceFilter,
    first: usize,
) -> Result<Vec<InvoiceRow>, AppError> {
    let mut conditions = conditions(ctx, &filter)?;
    conditions.and("i.open_minor > 0");
    let rest = format!("ORDER BY i.due_on, i.issued_on, i.number, i.id LIMIT {first}");
    rows(ctx, &conditions, &rest).await
}

const NEWEST_FIRST: &str = "i.issued_on DESC, i.id DESC";

/// Column names come from this list only; what is asked for is never put into the statement.
fn order(page: &PageRequest) -> String {
    let (column, descending) = page.sort_column();
    let direction = if descending { "DESC" } else { "ASC" };
    let columns: &[&str] = match column {
        // Drafts have no number and stand at the end either way.
        "number" => &[
            "COALESCE(i.series, '')",
            "COALESCE(i.year, 0)",
            "COALESCE(i.sequence, 0)",
            "COALESCE(i.number, '')",
        ],
        "issued" => &["i.issued_on"],
        "due" => &["i.due_on"],
        "total" => &["i.total_minor"],
        "open" => &["i.open_minor"],
        _ => return NEWEST_FIRST.to_owned(),
    };
    let mut order = String::new();
    if column == "number" {
        order.push_str("CASE WHEN i.number IS NULL THEN 1 ELSE 0 END, ");
    }
    for column in columns {
        order.push_str(&format!("{column} {direction}, "));
    }
    order + &format!("i.id {direction}")
}

fn conditions(ctx: &Ctx, filter: &InvoiceFilter) -> Result<Conditions, AppError> {
    let mut conditions = visible(ctx)?;
    let filter = filter.parse()?;
    by_party(&mut conditions, &filter);
    if let Some(currency) = filter.currency {
        conditions.equal("i.currency", currency.code());
    }
    if let Some(from) = filter.issued_from {
        conditions.with("i.issued_on >= ?", from);
    }
    if let Some(to) = filter.issued_to {
        conditions.with("i.issued_on <= ?", to);
    }
    if filter.overdue {
        conditions.with("i.open_minor > 0 AND i.due_on < ?", ctx.today());
    }
    if filter.disputed {
        conditions.equal("i.disputed", true);
    }
    match filter.status {
        None => {}
        Some(StatusFilter::Unpaid) => conditions.and("i.open_minor > 0"),
        Some(StatusFilter::Only(status)) => by_status(&mut conditions, status, ctx.today()),
    }
    Ok(conditions)
}

/// Staff who may read customers see everything; a customer sees their own invoices, once they are final.
fn visible(ctx: &Ctx) -> Result<Conditions, AppError> {
    let mut conditions = Conditions::default();
    match ctx.actor.customer() {
        Some(customer) => conditions.with(
            "i.finalised_at IS NOT NULL AND i.account_id IN
                (SELECT own.id FROM receivable_accounts own WHERE own.customer_id = ?)",
            customer.0,
        ),
        None => ctx.actor.require(Right::ReadCustomers)?,
    }
    Ok(conditions)
}

fn by_party(conditions: &mut Conditions, filter: &ReadInvoiceFilter) {
    if !filter.account.is_empty() {
        conditions.with(
            "i.account_id IN (SELECT named.id FROM receivable_accounts named WHERE named.number = ?)",
            filter.account.as_str(),
        );
    }
    if !filter.customer.is_empty() {
        conditions.with(
            "i.account_id IN (SELECT theirs.id FROM receivable_accounts theirs
                JOIN customers who ON who.id = theirs.customer_id WHERE who.number = ?)",
            filter.customer.as_str(),
        );
    }
    if !filter.search.is_empty() {
        conditions.with(
            "(LOWER(i.number) LIKE ? ESCAPE '!' OR LOWER(i.reference) LIKE ? ESCAPE '!'
                OR i.account_id IN (SELECT found.id FROM receivable_accounts found
                    JOIN customers who ON who.id = found.customer_id WHERE who.search_text LIKE ? ESCAPE '!'))",
            sql::contains(&filter.search),
        );
    }
}

const SETTLED: &str = "i.finalised_at IS NOT NULL AND i.voided_on IS NULL AND i.total_minor >= 0 AND i.open_minor = 0";

/// As `domain::invoice::status` derives it, said in SQL; a test compares the two.
fn by_status(conditions: &mut Conditions, status: InvoiceStatus, today: NaiveDate) {
    match status {
        InvoiceStatus::Draft => conditions.and("i.finalised_at IS NULL"),
        InvoiceStatus::Void => conditions.and("i.voided_on IS NOT NULL"),
        InvoiceStatus::Credit => conditions
            .and("i.finalised_at IS NOT NULL AND i.voided_on IS NULL AND i.total_minor < 0"),
        InvoiceStatus::Paid => conditions.and(format!("{SETTLED} AND NOT {WRITTEN_OFF}")),
        InvoiceStatus::WrittenOff => conditions.and(format!("{SETTLED} AND {WRITTEN_OFF}")),
        InvoiceStatus::Overdue => conditions.with("i.open_minor > 0 AND i.due_on < ?", today),
        InvoiceStatus::PartlyPaid => conditions.with(
            "i.open_minor > 0 AND i.due_on >= ? AND i.open_minor < i.total_minor",
            today,
        ),
        InvoiceStatus::Open => conditions.with(
            "i.open_minor > 0 AND i.due_on >= ? AND i.open_minor = i.total_minor",
            today,
        ),
    }
}

#[derive(FromQueryResult)]
struct CurrencyTotal {
    currency: String,
    count: i64,
    open_minor: i64,
}

async fn totals(ctx: &Ctx, conditions: &Conditions) -> Result<(u64, Vec<Money>), AppError> {
    let statement = format!(
        "SELECT i.currency, COUNT(*) AS count, CAST(SUM(i.open_minor) AS bigint) AS open_minor
        FROM invoices i WHERE {} GROUP BY i.currency ORDER BY i.currency",
        conditions.sql()
    );
    let rows = sql::all::<CurrencyTotal>(ctx, &statement, conditions.values()).await?;
    let count = rows.iter().map(|row| row.count.unsigned_abs()).sum();
    let open = rows
        .iter()
        .map(|row| sql::money(row.open_minor, &row.currency))
        .collect::<Result<_, DbErr>>()?;
    Ok((count, open))
}

const JOINED: &str = "invoices i
    JOIN receivable_accounts a ON a.id = i.account_id
    JOIN customers c ON c.id = a.customer_id";

fn columns() -> String {
    format!(
        "i.id, i.kind, i.number, a.number AS account, c.number AS customer, c.name AS customer_name, i.currency,
    i.issued_on, i.due_on, i.reference, i.net_minor, i.tax_minor, i.total_minor, i.open_minor, i.disputed,
    i.voided_on,
    {WRITTEN_OFF} AS written_off"
    )
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    kind: String,
    number: Option<String>,
    account: String,
    customer: String,
    customer_name: String,
    currency: String,
    issued_on: NaiveDate,
    due_on: NaiveDate,
    reference: String,
    net_minor: i64,
    tax_minor: i64,
    total_minor: i64,
    open_minor: i64,
    disputed: bool,
    voided_on: Option<NaiveDate>,
    written_off: bool,
}

impl Row {
    fn shown(self, today: NaiveDate) -> Result<InvoiceRow, DbErr> {
        let currency = currency(&self.currency)?;
        let facts = InvoiceFacts {
            finalised: self.number.is_some(),
            voided: self.voided_on.is_some(),
            total_minor: self.total_minor,
            open_minor: self.open_minor,
            written_off: self.written_off,
            due_on: self.due_on,
        };
        Ok(InvoiceRow {
            invoice: InvoiceId(self.id),
            kind: InvoiceKind::from_code(&self.kind)
                .ok_or_else(|| unreadable("invoices.kind", &self.kind))?,
            number: self.number,
            on: AccountRef {
                account: self.account,
                customer: self.customer,
                customer_name: self.customer_name,
            },
            issued_on: self.issued_on,
            due_on: self.due_on,
            reference: self.reference,
            net: Money::new(self.net_minor, currency),
            tax: Money::new(self.tax_minor, currency),
            total: Money::new(self.total_minor, currency),
            open: Money::new(self.open_minor, currency),
            status: status(facts, today),
            disputed: self.disputed,
        })
    }
}

/// An invoice with lines, tax, what settled it and what was done to it. Another customer's invoice is not found,
/// nor is a draft by any customer; customers do not learn who of the staff did what.
pub async fn detail(ctx: &Ctx, id: &str) -> Result<InvoiceDetail, AppError> {
    let Document { head, lines, taxes } = document(ctx, id).await?;
    let invoice = InvoiceId(head.row.id);
    let staff = ctx.actor.customer().is_none();
    let slices = lineage::slices(ctx, SlicesOf::Invoice(invoice)).await?;
    let entries = match ctx.actor.holds(Right::ReadJournal) {
        true => lineage::entries(ctx, EntriesOf::Invoice(invoice)).await?,
        false => Vec::new(),
    };
    let history = match staff {
        true => lineage::history(ctx, invoice.to_string(), &slices).await?,
        false => Vec::new(),
    };
    let currency = currency(&head.row.currency)?;
    let lines = lines.into_iter().map(|line| line.shown(currency));
    let taxes = taxes.into_iter().map(|tax| tax.shown(currency));
    Ok(InvoiceDetail {
        version: head.version,
        account_credit: Money::new(head.credit_minor, currency),
        posting_on: head.posting_on,
        discount: Money::new(head.discount_minor, currency),
        credit_notes: credit_notes::of_invoice(ctx, invoice).await?,
        lines: lines.collect::<Result<_, DbErr>>()?,
        taxes: taxes.collect::<Result<_, DbErr>>()?,
        voided: head.row.voided_on.map(|voided_on| VoidedInvoice {
            voided_on,
            reason: match (staff, head.void_reason) {
                (true, Some(reason)) => reason,
                _ => String::new(),
            },
        }),
        slices,
        entries,
        grant: shown_grant(
            head.grant_id.zip(head.grant_number),
            head.grant_remaining_minor,
            currency,
        ),
        issuer: head.issuer.unwrap_or_default(),
        history,
        recipient: InvoiceRecipient {
            street: head.street,
            postal_code: head.postal_code,
            city: head.city,
            country: head.country,
            tax_id: head.tax_id,
            language: head.language,
        },
        account_name: head.account_name,
        note: head.note,
        row: head.row.shown(ctx.today())?,
    })
}

fn shown_grant(
    grant: Option<(Uuid, i64)>,
    remaining_minor: Option<i64>,
    currency: Currency,
) -> Option<InvoiceGrant> {
    let (id, number) = grant?;
    Some(InvoiceGrant {
        grant: CreditGrantId(id),
        number,
        remaining: Money::new(remaining_minor?, currency),
    })
}

#[derive(FromQueryResult)]
struct Head {
    #[sea_orm(nested)]
    row: Row,
    discount_minor: i64,
    posting_on: Option<NaiveDate>,
    note: String,
    void_reason: Option<String>,
    version: i64,
    grant_id: Option<Uuid>,
    grant_number: Option<i64>,
    grant_remaining_minor: Option<i64>,
    account_name: String,
    credit_minor: i64,
    customer_id: Uuid,
    street: String,
    postal_code: String,
    city: String,
    country: String,
    tax_id: String,
    language: String,
    issuer: Option<String>,
}

/// A document with its lines in their order and its tax rates, if the actor may see it.
struct Document {
    head: Head,
    lines: Vec<LineOrTax>,
    taxes: Vec<Tax>,
}

async fn document(ctx: &Ctx, id: &str) -> Result<Document, AppError> {
    ctx.actor.require_someone()?;
    let id: Uuid = id.trim().parse().map_err(|_| AppError::NotFound)?;
    let statement = format!(
        "SELECT {columns}, i.discount_minor, i.posting_on, i.note, i.void_reason, i.version,
            g.id AS grant_id, g.number AS grant_number, g.remaining_minor AS grant_remaining_minor,
            a.name AS account_name, {} AS credit_minor, c.id AS customer_id, c.street, c.postal_code, c.city, c.country,
            c.tax_id, c.language, s.value AS issuer,
            l.description AS line_description, l.service AS line_service, l.quantity AS line_quantity,
            l.unit_price AS line_unit_price, l.discount_minor AS line_discount_minor,
            l.share_minor AS line_share_minor, l.rate AS line_rate,
            l.net_minor AS line_net_minor, l.tax_minor AS line_tax_minor
        FROM {JOINED}
            LEFT JOIN credit_grants g ON g.origin_kind = 'invoice' AND g.origin_id = i.id
            LEFT JOIN settings s ON s.name = $2
            LEFT JOIN (
                SELECT invoice_id, position, description, service, quantity, unit_price, discount_minor,
                    share_minor, tax_rate AS rate, net_minor, CAST(NULL AS bigint) AS tax_minor
                FROM invoice_lines WHERE invoice_id = $1
                UNION ALL
                SELECT invoice_id, 0, '', '', '', '', 0, 0, rate, net_minor, tax_minor
                FROM invoice_taxes WHERE invoice_id = $1) l ON l.invoice_id = i.id
        WHERE i.id = $1 ORDER BY l.position, l.rate",
        balances::standing_credit("$3"),
        columns = columns(),
    );
    let values = vec![id.into(), BUSINESS_NAME.into(), ctx.today().into()];
    let mut head = None;
    let (mut lines, mut taxes) = (Vec::new(), Vec::new());
    for row in sql::all::<HeadAndLine>(ctx, &statement, values).await? {
        let (of_row, line) = row.parts();
        head = Some(of_row);
        match line.map(|line| (line.tax_minor, line)) {
            None => {}
            Some((None, line)) => lines.push(line),
            Some((Some(tax_minor), tax)) => taxes.push(Tax {
                rate: tax.rate,
                net_minor: tax.net_minor,
                tax_minor,
            }),
        }
    }
    let head = head.ok_or(AppError::NotFound)?;
    ctx.actor.require_sight_of(CustomerId(head.customer_id))?;
    if head.row.number.is_none() && ctx.actor.customer().is_some() {
        return Err(AppError::NotFound);
    }
    Ok(Document { head, lines, taxes })
}

/// A line of the document, or the sums of one tax rate where `tax_minor` is set.
struct LineOrTax {
    description: String,
    service: String,
    quantity: String,
    unit_price: String,
    discount_minor: i64,
    share_minor: i64,
    rate: String,
    net_minor: i64,
    tax_minor: Option<i64>,
}

/// A document beside one of its lines or tax rates; a draft may have none.
#[derive(FromQueryResult)]
struct HeadAndLine {
    #[sea_orm(nested)]
    head: Head,
    line_description: Option<String>,
    line_service: Option<String>,
    line_quantity: Option<String>,
    line_unit_price: Option<String>,
    line_discount_minor: Option<i64>,
    line_share_minor: Option<i64>,
    line_rate: Option<String>,
    line_net_minor: Option<i64>,
    line_tax_minor: Option<i64>,
}

impl HeadAndLine {
    fn parts(self) -> (Head, Option<LineOrTax>) {
        let line = || {
            Some(LineOrTax {
                description: self.line_description?,
                service: self.line_service?,
                quantity: self.line_quantity?,
                unit_price: self.line_unit_price?,
                discount_minor: self.line_discount_minor?,
                share_minor: self.line_share_minor?,
                rate: self.line_rate?,
                net_minor: self.line_net_minor?,
                tax_minor: self.line_tax_minor,
            })
        };
        (self.head, line())
    }
}

impl LineOrTax {
    fn shown(self, currency: Currency) -> Result<InvoiceLine, DbErr> {
        Ok(InvoiceLine {
            quantity: decimal("invoice_lines.quantity", &self.quantity)?,
            unit_price: decimal("invoice_lines.unit_price", &self.unit_price)?,
            discount: Money::new(self.discount_minor, currency)
                .plus(Money::new(self.share_minor, currency))
                .map_err(|error| DbErr::Custom(error.to_string()))?,
            tax_rate: decimal("invoice_lines.tax_rate", &self.rate)?,
            net: Money::new(self.net_minor, currency),
            description: self.description,
            service: self.service,
        })
    }

    fn typed(self, currency: Currency) -> NewInvoiceLine {
        let discount = Money::new(self.discount_minor, currency);
        NewInvoiceLine {
            discount: if discount.is_zero() {
                String::new()
            } else {
                discount.plain()
            },
            description: self.description,
            service: self.service,
            quantity: self.quantity,
            unit_price: self.unit_price,
            tax_rate: self.rate,
        }
    }
}

struct Tax {
    rate: String,
    net_minor: i64,
    tax_minor: i64,
}

impl Tax {
    fn shown(self, currency: Currency) -> Result<InvoiceTax, DbErr> {
        Ok(InvoiceTax {
            rate: decimal("invoice_taxes.rate", &self.rate)?,
            net: Money::new(self.net_minor, currency),
            tax: Money::new(self.tax_minor, currency),
        })
    }
}

/// The accounts a search for customer, account or open invoice number finds: those that owe most first.
pub async fn accounts_to_invoice(
    ctx: &Ctx,
    search: String,
) -> Result<Vec<PayableAccount>, AppError> {
    ctx.actor.require(Right::EditInvoices)?;
    payments::found_accounts(ctx, &search).await
}

/// What the editor needs to know of the account with this number.
pub async fn editing(ctx: &Ctx, account: &str) -> Result<InvoiceEditing, AppError> {
    ctx.actor.require(Right::EditInvoices)?;
    editing_of(ctx, account.trim()).await
}

/// A draft as the editor shows it. A finalised invoice is not found here: it has no editor.
pub async fn draft(ctx: &Ctx, id: &str) -> Result<InvoiceDraft, AppError> {
    ctx.actor.require(Right::EditInvoices)?;
    let Document { head, lines, .. } = document(ctx, id).await?;
    if head.row.number.is_some() {
        return Err(AppError::NotFound);
    }
    let row = head.row;
    let editing = editing_of(ctx, &row.account).await?;
    let lines = lines
        .into_iter()
        .map(|line| line.typed(editing.currency))
        .collect();
    Ok(InvoiceDraft {
        invoice: NewInvoice {
            invoice: row.id.to_string(),
            version: head.version,
            account: row.account,
            currency: row.currency,
            issued_on: row.issued_on.to_string(),
            due_on: row.due_on.to_string(),
            reference: row.reference,
            note: head.note,
            discount: match head.discount_minor {
                0 => String::new(),
                minor => Money::new(minor, editing.currency).plain(),
            },
            lines,
            ..NewInvoice::default()
        },
        editing,
    })
}

#[derive(FromQueryResult)]
struct EditingRow {
    id: Uuid,
    account: String,
    customer: String,
    customer_name: String,
    currency: String,
    terms_days: i32,
}

async fn editing_of(ctx: &Ctx, account: &str) -> Result<InvoiceEditing, AppError> {
    let statement =
        "SELECT a.id, a.number AS account, c.number AS customer, c.name AS customer_name,
            a.currency, c.terms_days
        FROM receivable_accounts a JOIN customers c ON c.id = a.customer_id WHERE a.number = $1";
    let row = sql::one::<EditingRow>(ctx, statement, vec![account.into()])
        .await?
        .ok_or(AppError::NotFound)?;
    Ok(InvoiceEditing {
        tax_rates: tax_rates(ctx, row.id).await?,
        currency: currency(&row.currency)?,
        terms_days: u32::try_from(row.terms_days)
            .map_err(|_| unreadable("customers.terms_days", &row.terms_days.to_string()))?,
        on: AccountRef {
            account: row.account,
            customer: row.customer,
            customer_name: row.customer_name,
        },
    })
}

/// How many of the newest invoices tax rates are proposed from.
const RATES_FROM: u32 = 200;
const RATES_OFFERED: u32 = 8;

#[derive(FromQueryResult)]
struct RateRow {
    rate: String,
}

async fn tax_rates(ctx: &Ctx, account: Uuid) -> Result<Vec<String>, AppError> {
    let statement = format!(
        "SELECT t.rate, MIN(recent.rank) AS rank, COUNT(*) AS uses FROM (
            SELECT * FROM (SELECT id, 0 AS rank FROM invoices WHERE account_id = $1
                ORDER BY issued_on DESC, id DESC LIMIT {RATES_FROM}) AS own
            UNION ALL
            SELECT * FROM (SELECT id, 1 AS rank FROM invoices
                ORDER BY issued_on DESC, id DESC LIMIT {RATES_FROM}) AS others
        ) AS recent JOIN invoice_taxes t ON t.invoice_id = recent.id
        GROUP BY t.rate ORDER BY rank, uses DESC, t.rate LIMIT {RATES_OFFERED}"
    );
    let rows = sql::all::<RateRow>(ctx, &statement, vec![account.into()]).await?;
    Ok(rows.into_iter().map(|row| row.rate).collect())
}

fn currency(code: &str) -> Result<Currency, DbErr> {
    code.parse()
        .map_err(|_| unreadable("invoices.currency", code))
}

fn decimal(column: &str, text: &str) -> Result<Decimal, DbErr> {
    parse_decimal(text).map_err(|_| unreadable(column, text))
}
