//! Staging: what the books already know of a chunk of documents, and the rows that wait to be posted.

use crate::domain::credit::CreditClass;
use crate::domain::ids::{
    CreditGrantId, ImportId, InvoiceId, JournalEntryId, PaymentId, ReceivableAccountId,
};
use crate::domain::ledger::{JournalEntry, Subject};
use crate::domain::money::Currency;
use crate::domain::payment::PaymentMethod;
use crate::server::import::read::InvoiceDocument;
use crate::server::store::Tx;
use crate::server::store::sql;
use chrono::NaiveDate;
use sea_orm::{DbErr, FromQueryResult, Value};
use uuid::Uuid;

/// Values per `IN` list, far below what SQLite can bind.
const NAMES_PER_STATEMENT: usize = 2_000;

/// Runs one statement per chunk of `names`, which stand where `{names}` is; `values` come before them.
async fn by_names<T: FromQueryResult>(
    tx: &Tx,
    statement: &str,
    values: Vec<Value>,
    names: &[&str],
) -> Result<Vec<T>, DbErr> {
    let mut rows = Vec::new();
    for chunk in names.chunks(NAMES_PER_STATEMENT) {
        let placeholders = sql::placeholders(values.len() + 1, chunk.len());
        let statement = statement.replace("{names}", &placeholders);
        let mut values = values.clone();
        values.extend(chunk.iter().map(|name| Value::from(*name)));
        rows.extend(sql::all::<T>(tx, &statement, values).await?);
    }
    Ok(rows)
}

/// A receivable account that is in the books.
#[derive(FromQueryResult)]
pub struct KnownAccount {
    pub id: Uuid,
    pub number: String,
    pub currency: String,
    pub customer_id: Uuid,
    pub customer_number: String,
    pub customer_name: String,
}

pub async fn accounts(tx: &Tx, numbers: &[&str]) -> Result<Vec<KnownAccount>, DbErr> {
    let statement = "SELECT r.id, r.number, r.currency, c.id AS customer_id, c.number AS customer_number,
            c.name AS customer_name
        FROM receivable_accounts r JOIN customers c ON c.id = r.customer_id WHERE r.number IN ({names})";
    by_names(tx, statement, vec![], numbers).await
}

/// A customer that is in the books.
#[derive(FromQueryResult)]
pub struct KnownCustomer {
    pub id: Uuid,
    pub number: String,
    pub name: String,
}

pub async fn customers(tx: &Tx, numbers: &[&str]) -> Result<Vec<KnownCustomer>, DbErr> {
    let statement = "SELECT id, number, name FROM customers WHERE number IN ({names})";
    by_names(tx, statement, vec![], numbers).await
}

/// An invoice that is in the books.
#[derive(FromQueryResult)]
pub struct KnownInvoice {
    pub id: Uuid,
    pub account_id: Uuid,
    pub number: String,
    pub issued_on: NaiveDate,
    pub due_on: NaiveDate,
    pub total_minor: i64,
    pub open_minor: i64,
}

const INVOICE_COLUMNS: &str =
    "SELECT id, account_id, number, issued_on, due_on, total_minor, open_minor FROM invoices";

/// The invoices of a series with these numbers.
pub async fn invoices_of_series(
    tx: &Tx,
    series: &str,
    numbers: &[&str],
) -> Result<Vec<KnownInvoice>, DbErr> {
    let statement = format!("{INVOICE_COLUMNS} WHERE series = $1 AND number IN ({{names}})");
    by_names(tx, &statement, vec![series.into()], numbers).await
}

/// The finalised invoices with these numbers, of whatever series and account.
pub async fn invoices_numbered(tx: &Tx, numbers: &[&str]) -> Result<Vec<KnownInvoice>, DbErr> {
    let statement = format!("{INVOICE_COLUMNS} WHERE number IN ({{names}})");
    by_names(tx, &statement, vec![], numbers).await
}

#[derive(FromQueryResult)]
struct KeyRow {
    import_key: String,
}

/// Those of these keys under which a payment has been imported.
pub async fn payment_keys(tx: &Tx, keys: &[&str]) -> Result<Vec<String>, DbErr> {
    let statement = "SELECT import_key FROM payments WHERE import_key IN ({names})";
    let rows = by_names::<KeyRow>(tx, statement, vec![], keys).await?;
    Ok(rows.into_iter().map(|row| row.import_key).collect())
}

#[derive(FromQueryResult)]
struct IdRow {
    id: Uuid,
}

/// Those of these payments that are in the books.
pub async fn payments(tx: &Tx, ids: &[Uuid]) -> Result<Vec<Uuid>, DbErr> {
    let mut known = Vec::new();
    for chunk in ids.chunks(NAMES_PER_STATEMENT) {
        let statement = format!(
            "SELECT id FROM payments WHERE id IN ({})",
            sql::placeholders(1, chunk.len())
        );
        let values = chunk.iter().map(|id| Value::from(*id)).collect();
        let rows = sql::all::<IdRow>(tx, &statement, values).await?;
        known.extend(rows.into_iter().map(|row| row.id));
    }
    Ok(known)
}

/// A customer the staged documents belong to.
pub struct StagedCustomer<'a> {
    pub id: Uuid,
    pub number: &'a str,
    pub is_new: bool,
    pub name: &'a str,
    pub country: &'a str,
    pub language: &'a str,
    pub terms_days: u32,
    pub search_text: String,
    pub aliases: Vec<&'a str>,
}

pub async fn insert_customers(
    tx: &Tx,
    import: ImportId,
    customers: &[StagedCustomer<'_>],
) -> Result<(), DbErr> {
    let columns = [
        "import_id",
        "number",
        "customer_id",
        "is_new",
        "name",
        "country",
        "language",
        "terms_days",
        "search_text",
    ];
    let rows = customers.iter().map(|customer| {
        let terms = super::whole(customer.terms_days)?;
        Ok(vec![
            import.0.into(),
            customer.number.into(),
            customer.id.into(),
            customer.is_new.into(),
            customer.name.into(),
            customer.country.into(),
            customer.language.into(),
            terms.into(),
            customer.search_text.as_str().into(),
        ])
    });
    let rows = rows.collect::<Result<Vec<_>, DbErr>>()?;
    sql::insert_rows(tx, "import_customers", &columns, rows).await?;
    let aliases = customers.iter().flat_map(|customer| {
        let row = |name: &&str| vec![import.0.into(), customer.id.into(), (*name).into()];
        customer.aliases.iter().map(row).collect::<Vec<_>>()
    });
    let columns = ["import_id", "customer_id", "name"];
    sql::insert_rows(tx, "import_aliases", &columns, aliases.collect()).await
}

/// A receivable account the staged documents belong to.
pub struct StagedAccount<'a> {
    pub id: ReceivableAccountId,
    pub number: &'a str,
    pub customer: Uuid,
    pub is_new: bool,
    pub currency: Currency,
    /// The earliest date of its staged documents.
    pub first_on: NaiveDate,
}

pub async fn insert_accounts(
    tx: &Tx,
    import: ImportId,
    accounts: &[StagedAccount<'_>],
) -> Result<(), DbErr> {
    let columns = [
        "import_id",
        "number",
        "account_id",
        "customer_id",
        "is_new",
        "currency",
        "first_on",
    ];
    let rows = accounts.iter().map(|account| {
        vec![
            import.0.into(),
            account.number.into(),
            account.id.0.into(),
            account.customer.into(),
            account.is_new.into(),
            account.currency.code().into(),
            account.first_on.into(),
        ]
    });
    sql::insert_rows(tx, "import_accounts", &columns, rows.collect()).await
}

/// An invoice that waits to be posted.
pub struct StagedInvoice {
    pub position: u32,
    pub id: InvoiceId,
    pub account: ReceivableAccountId,
    pub document: Box<InvoiceDocument>,
    /// Its entry; an invoice over nothing has none.
    pub entry: Option<(JournalEntryId, JournalEntry)>,
    /// The grant a negative total becomes.
    pub grant: Option<CreditGrantId>,
}

pub async fn insert_invoices(
    tx: &Tx,
    import: ImportId,
    series: &str,
    invoices: &[StagedInvoice],
) -> Result<(), DbErr> {
    let columns = [
        "import_id",
        "position",
        "invoice_id",
        "account_id",
        "currency",
        "series",
        "number",
        "issued_on",
        "posting_on",
        "due_on",
        "net_minor",
        "tax_minor",
        "total_minor",
        "reference",
        "note",
        "entry_id",
        "grant_id",
    ];
    let rows = invoices.iter().map(|staged| {
        let document = &staged.document;
        let position = super::whole(staged.position)?;
        Ok(vec![
            import.0.into(),
            position.into(),
            staged.id.0.into(),
            staged.account.0.into(),
            document.currency.code().into(),
            series.into(),
            document.number.as_str().into(),
            document.issued_on.into(),
            document.issued_on.into(),
            document.due_on.into(),
            document.totals.net_minor.into(),
            document.totals.tax_minor.into(),
            document.totals.total_minor.into(),
            document.reference.as_str().into(),
            document.note.as_str().into(),
            staged.entry.as_ref().map(|(id, _)| id.0).into(),
            staged.grant.map(|id| id.0).into(),
        ])
    });
    let rows = rows.collect::<Result<Vec<_>, DbErr>>()?;
    sql::insert_rows(tx, "import_invoices", &columns, rows).await?;
    insert_invoice_lines(tx, import, invoices).await?;
    insert_invoice_taxes(tx, import, invoices).await?;
    let entries = invoices.iter().filter_map(|staged| staged.entry.as_ref());
    insert_journal_lines(tx, import, entries).await
}

async fn insert_invoice_lines(
    tx: &Tx,
    import: ImportId,
    invoices: &[StagedInvoice],
) -> Result<(), DbErr> {
    let columns = [
        "import_id",
        "invoice_id",
        "position",
        "description",
        "service",
        "quantity",
        "unit_price",
        "discount_minor",
        "tax_rate",
        "net_minor",
    ];
    let mut rows = Vec::with_capacity(invoices.len());
    for staged in invoices {
        let nets = &staged.document.totals.line_nets;
        for ((line, net), position) in staged.document.lines.iter().zip(nets).zip(1..) {
            let position: i32 = position;
            rows.push(vec![
                import.0.into(),
                staged.id.0.into(),
                position.into(),
                line.description.as_str().into(),
                line.service.as_str().into(),
                line.priced.quantity.normalize().to_string().into(),
                line.priced.unit_price.to_string().into(),
                line.priced.discount_minor.into(),
                line.priced.tax_rate.normalize().to_string().into(),
                (*net).into(),
            ]);
        }
    }
    sql::insert_rows(tx, "import_invoice_lines", &columns, rows).await
}

async fn insert_invoice_taxes(
    tx: &Tx,
    import: ImportId,
    invoices: &[StagedInvoice],
) -> Result<(), DbErr> {
    let columns = ["import_id", "invoice_id", "rate", "net_minor", "tax_minor"];
    let rows = invoices.iter().flat_map(|staged| {
        let taxes = staged.document.totals.taxes.iter();
        taxes.map(|tax| {
            vec![
                import.0.into(),
                staged.id.0.into(),
                tax.rate.to_string().into(),
                tax.net_minor.into(),
                tax.tax_minor.into(),
            ]
        })
    });
    sql::insert_rows(tx, "import_invoice_taxes", &columns, rows.collect()).await
}

async fn insert_journal_lines(
    tx: &Tx,
    import: ImportId,
    entries: impl Iterator<Item = &(JournalEntryId, JournalEntry)>,
) -> Result<(), DbErr> {
    let columns = [
        "import_id",
        "entry_id",
        "position",
        "role",
        "side",
        "amount_minor",
        "account_id",
        "invoice_id",
        "grant_id",
    ];
    let mut rows = Vec::new();
    for (id, entry) in entries {
        for (line, position) in entry.lines().iter().zip(1..) {
            let position: i32 = position;
            let (invoice, grant) = match line.subject {
                Some(Subject::Invoice(id)) => (Some(id.0), None),
                Some(Subject::Grant(id)) => (None, Some(id.0)),
                None => (None, None),
            };
            rows.push(vec![
                import.0.into(),
                id.0.into(),
                position.into(),
                line.role.code().into(),
                line.side.code().into(),
                line.amount_minor.into(),
                entry.account().0.into(),
                invoice.into(),
                grant.into(),
            ]);
        }
    }
    sql::insert_rows(tx, "import_journal_lines", &columns, rows).await
}

/// What of a payment settles which invoice.
pub struct StagedSlice {
    pub invoice: InvoiceId,
    pub amount_minor: i64,
}

/// What of a payment becomes credit.
pub struct StagedCredit {
    pub grant: CreditGrantId,
    pub class: CreditClass,
    pub amount_minor: i64,
    pub expires_on: Option<NaiveDate>,
}

/// A payment that waits to be posted.
pub struct StagedPayment {
    pub position: u32,
    pub id: PaymentId,
    pub account: ReceivableAccountId,
    pub import_key: String,
    pub amount_minor: i64,
    pub fee_minor: i64,
    pub method: PaymentMethod,
    pub reference: String,
    pub note: String,
    pub received_on: NaiveDate,
    pub prepayment: bool,
    pub entry: (JournalEntryId, JournalEntry),
    pub credit: Option<StagedCredit>,
    pub priority: i32,
    pub slices: Vec<StagedSlice>,
}

pub async fn insert_payments(
    tx: &Tx,
    import: ImportId,
    payments: &[StagedPayment],
) -> Result<(), DbErr> {
    let columns = [
        "import_id",
        "position",
        "payment_id",
        "account_id",
        "currency",
        "import_key",
        "amount_minor",
        "fee_minor",
        "method",
        "reference",
        "note",
        "received_on",
        "posting_on",
        "prepayment",
        "entry_id",
        "grant_id",
        "class",
        "credit_minor",
        "expires_on",
        "priority",
    ];
    let rows = payments.iter().map(|staged| {
        let credit = staged.credit.as_ref();
        let position = super::whole(staged.position)?;
        Ok(vec![
            import.0.into(),
            position.into(),
            staged.id.0.into(),
            staged.account.0.into(),
            staged.entry.1.currency().code().into(),
            staged.import_key.as_str().into(),
            staged.amount_minor.into(),
            staged.fee_minor.into(),
            staged.method.code().into(),
            staged.reference.as_str().into(),
            staged.note.as_str().into(),
            staged.received_on.into(),
            staged.received_on.into(),
            staged.prepayment.into(),
            staged.entry.0.0.into(),
            credit.map(|credit| credit.grant.0).into(),
            credit.map(|credit| credit.class.code()).into(),
            credit.map_or(0, |credit| credit.amount_minor).into(),
            credit.and_then(|credit| credit.expires_on).into(),
            staged.priority.into(),
        ])
    });
    let rows = rows.collect::<Result<Vec<_>, DbErr>>()?;
    sql::insert_rows(tx, "import_payments", &columns, rows).await?;
    insert_slices(tx, import, payments).await?;
    let entries = payments.iter().map(|staged| &staged.entry);
    insert_journal_lines(tx, import, entries).await
}

async fn insert_slices(tx: &Tx, import: ImportId, payments: &[StagedPayment]) -> Result<(), DbErr> {
    let columns = [
        "import_id",
        "application_id",
        "payment_id",
        "invoice_id",
        "account_id",
        "amount_minor",
    ];
    let rows = payments.iter().flat_map(|staged| {
        staged.slices.iter().map(|slice| {
            vec![
                import.0.into(),
                Uuid::now_v7().into(),
                staged.id.0.into(),
                slice.invoice.0.into(),
                staged.account.0.into(),
                slice.amount_minor.into(),
            ]
        })
    });
    sql::insert_rows(tx, "import_applications", &columns, rows.collect()).await
}
