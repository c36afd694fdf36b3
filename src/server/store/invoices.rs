//! Invoices with their lines and taxes.

use super::Tx;
use super::entity::{invoice_lines, invoice_taxes, invoices};
use super::sql;
use crate::domain::allocation::OpenItem;
use crate::domain::ids::{InvoiceId, JournalEntryId, PaymentId, ReceivableAccountId};
use crate::domain::invoice::InvoiceKind;
use crate::domain::money::{Currency, Money};
use crate::domain::posting::DocumentTotals;
use crate::dto::invoices::ReadInvoice;
use crate::server::context::Ctx;
use chrono::NaiveDate;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect, Value,
};

/// An invoice as stored, without its lines.
#[derive(Clone, Debug)]
pub struct StoredInvoice {
    pub id: InvoiceId,
    pub account: ReceivableAccountId,
    pub currency: Currency,
    pub kind: InvoiceKind,
    pub number: Option<String>,
    pub issued_on: NaiveDate,
    pub due_on: NaiveDate,
    pub totals: DocumentTotals,
    pub total_minor: i64,
    pub open_minor: i64,
    pub entry: Option<JournalEntryId>,
    pub voided_on: Option<NaiveDate>,
    pub version: i64,
}

impl StoredInvoice {
    pub fn open(&self) -> Money {
        Money::new(self.open_minor, self.currency)
    }
}

/// Writes a new draft with its lines.
pub async fn insert_draft(
    tx: &Tx,
    ctx: &Ctx,
    id: InvoiceId,
    account: ReceivableAccountId,
    currency: Currency,
    invoice: &ReadInvoice,
) -> Result<(), DbErr> {
    let row = invoices::ActiveModel {
        id: Set(id.0),
        account_id: Set(account.0),
        currency: Set(currency.code().to_owned()),
        open_minor: Set(0),
        disputed: Set(false),
        recorded_at: Set(ctx.clock.now()),
        recorded_by: Set(ctx.actor.label()),
        version: Set(0),
        ..contents(invoice)
    };
    invoices::Entity::insert(row)
        .exec_without_returning(&tx.connection)
        .await?;
    insert_lines(tx, id, invoice).await
}

/// Replaces what a draft says.
pub async fn replace_draft(
    tx: &Tx,
    draft: &StoredInvoice,
    invoice: &ReadInvoice,
) -> Result<(), DbErr> {
    let row = invoices::ActiveModel {
        id: Set(draft.id.0),
        version: Set(draft.version + 1),
        ..contents(invoice)
    };
    invoices::Entity::update(row).exec(&tx.connection).await?;
    delete_lines(tx, draft.id).await?;
    insert_lines(tx, draft.id, invoice).await
}

/// Removes a draft; a finalised invoice cannot be removed.
pub async fn delete_draft(tx: &Tx, id: InvoiceId) -> Result<(), DbErr> {
    delete_lines(tx, id).await?;
    invoices::Entity::delete_by_id(id.0)
        .exec(&tx.connection)
        .await?;
    Ok(())
}

fn contents(invoice: &ReadInvoice) -> invoices::ActiveModel {
    invoices::ActiveModel {
        issued_on: Set(invoice.issued_on),
        due_on: Set(invoice.due_on),
        net_minor: Set(invoice.totals.net_minor),
        tax_minor: Set(invoice.totals.tax_minor),
        total_minor: Set(invoice.totals.total_minor),
        discount_minor: Set(invoice.discount_minor),
        reference: Set(invoice.reference.clone()),
        note: Set(invoice.note.clone()),
        ..Default::default()
    }
}

async fn delete_lines(tx: &Tx, id: InvoiceId) -> Result<(), DbErr> {
    invoice_lines::Entity::delete_many()
        .filter(invoice_lines::Column::InvoiceId.eq(id.0))
        .exec(&tx.connection)
        .await?;
    invoice_taxes::Entity::delete_many()
        .filter(invoice_taxes::Column::InvoiceId.eq(id.0))
        .exec(&tx.connection)
        .await?;
    Ok(())
}

async fn insert_lines(tx: &Tx, id: InvoiceId, invoice: &ReadInvoice) -> Result<(), DbErr> {
    let lines = invoice
        .lines
        .iter()
        .zip(&invoice.shares)
        .zip(&invoice.totals.line_nets)
        .zip(1..)
        .map(
            |(((line, share), net), position)| invoice_lines::ActiveModel {
                invoice_id: Set(id.0),
                position: Set(position),
                description: Set(line.description.clone()),
                service: Set(line.service.clone()),
                quantity: Set(line.priced.quantity.normalize().to_string()),
                unit_price: Set(line.priced.unit_price.to_string()),
                discount_minor: Set(line.priced.discount_minor),
                share_minor: Set(*share),
                tax_rate: Set(line.priced.tax_rate.normalize().to_string()),
                net_minor: Set(*net),
            },
        );
    invoice_lines::Entity::insert_many(lines)
        .exec_without_returning(&tx.connection)
        .await?;
    let taxes = invoice
        .totals
        .taxes
        .iter()
        .map(|tax| invoice_taxes::ActiveModel {
            invoice_id: Set(id.0),
            rate: Set(tax.rate.to_string()),
            net_minor: Set(tax.net_minor),
            tax_minor: Set(tax.tax_minor),
        });
    invoice_taxes::Entity::insert_many(taxes)
        .exec_without_returning(&tx.connection)
        .await?;
    Ok(())
}

/// Number, dates and entry a finalised invoice gets.
#[derive(Clone, Debug)]
pub struct Finalisation {
    pub series: String,
    pub year: i32,
    pub sequence: i64,
    pub number: String,
    pub posting_on: NaiveDate,
    pub entry: Option<JournalEntryId>,
    pub open_minor: i64,
}

pub async fn finalise(
    tx: &Tx,
    ctx: &Ctx,
    id: InvoiceId,
    finalisation: &Finalisation,
) -> Result<(), DbErr> {
    let row = invoices::ActiveModel {
        id: Set(id.0),
        series: Set(Some(finalisation.series.clone())),
        year: Set(Some(finalisation.year)),
        sequence: Set(Some(finalisation.sequence)),
        number: Set(Some(finalisation.number.clone())),
        posting_on: Set(Some(finalisation.posting_on)),
        entry_id: Set(finalisation.entry.map(|id| id.0)),
        open_minor: Set(finalisation.open_minor),
        finalised_at: Set(Some(ctx.clock.now())),
        ..Default::default()
    };
    invoices::Entity::update(row).exec(&tx.connection).await?;
    Ok(())
}

/// An open item that the reversal of a payment makes: final at once, one line, no tax.
#[derive(Clone, Debug)]
pub struct Charge<'a> {
    pub id: InvoiceId,
    pub account: ReceivableAccountId,
    pub currency: Currency,
    pub kind: InvoiceKind,
    pub payment: PaymentId,
    pub issued_on: NaiveDate,
    pub posting_on: NaiveDate,
    pub due_on: NaiveDate,
    pub amount_minor: i64,
    pub reference: &'a str,
    pub series: &'a str,
    pub year: i32,
    pub sequence: i64,
    pub number: &'a str,
    pub entry: JournalEntryId,
}

/// Writes the item with its line, which is called by what the item is for.
pub async fn insert_charge(tx: &Tx, ctx: &Ctx, charge: &Charge<'_>) -> Result<(), DbErr> {
    let row = invoices::ActiveModel {
        id: Set(charge.id.0),
        account_id: Set(charge.account.0),
        currency: Set(charge.currency.code().to_owned()),
        kind: Set(charge.kind.code().to_owned()),
        payment_id: Set(Some(charge.payment.0)),
        series: Set(Some(charge.series.to_owned())),
        year: Set(Some(charge.year)),
        sequence: Set(Some(charge.sequence)),
        number: Set(Some(charge.number.to_owned())),
        issued_on: Set(charge.issued_on),
        posting_on: Set(Some(charge.posting_on)),
        due_on: Set(charge.due_on),
        net_minor: Set(charge.amount_minor),
        tax_minor: Set(0),
        total_minor: Set(charge.amount_minor),
        open_minor: Set(charge.amount_minor),
        reference: Set(charge.reference.to_owned()),
        note: Set(String::new()),
        disputed: Set(false),
        entry_id: Set(Some(charge.entry.0)),
        finalised_at: Set(Some(ctx.clock.now())),
        recorded_at: Set(ctx.clock.now()),
        recorded_by: Set(ctx.actor.label()),
        version: Set(0),
        ..Default::default()
    };
    invoices::Entity::insert(row)
        .exec_without_returning(&tx.connection)
        .await?;
    let line = invoice_lines::ActiveModel {
        invoice_id: Set(charge.id.0),
        position: Set(1),
        description: Set(String::new()),
        service: Set(String::new()),
        quantity: Set("1".to_owned()),
        unit_price: Set(Money::new(charge.amount_minor, charge.currency).plain()),
        discount_minor: Set(0),
        share_minor: Set(0),
        tax_rate: Set("0".to_owned()),
        net_minor: Set(charge.amount_minor),
    };
    invoice_lines::Entity::insert(line)
        .exec_without_returning(&tx.connection)
        .await?;
    let tax = invoice_taxes::ActiveModel {
        invoice_id: Set(charge.id.0),
        rate: Set("0".to_owned()),
        net_minor: Set(charge.amount_minor),
        tax_minor: Set(0),
    };
    invoice_taxes::Entity::insert(tax)
        .exec_without_returning(&tx.connection)
        .await?;
    Ok(())
}

/// When, by which entry and why an invoice became void.
#[derive(Clone, Debug)]
pub struct Voiding {
    pub voided_on: NaiveDate,
    pub posting_on: NaiveDate,
    pub entry: Option<JournalEntryId>,
    pub reason: String,
}

pub async fn mark_void(tx: &Tx, id: InvoiceId, voiding: &Voiding) -> Result<(), DbErr> {
    let row = invoices::ActiveModel {
        id: Set(id.0),
        open_minor: Set(0),
        voided_on: Set(Some(voiding.voided_on)),
        void_posting_on: Set(Some(voiding.posting_on)),
        void_entry_id: Set(voiding.entry.map(|id| id.0)),
        void_reason: Set(Some(voiding.reason.clone())),
        ..Default::default()
    };
    invoices::Entity::update(row).exec(&tx.connection).await?;
    Ok(())
}

pub async fn set_disputed(tx: &Tx, id: InvoiceId, disputed: bool) -> Result<(), DbErr> {
    let row = invoices::ActiveModel {
        id: Set(id.0),
        disputed: Set(disputed),
        ..Default::default()
    };
    invoices::Entity::update(row).exec(&tx.connection).await?;
    Ok(())
}

pub async fn find(tx: &Tx, id: InvoiceId) -> Result<Option<StoredInvoice>, DbErr> {
    let row = invoices::Entity::find_by_id(id.0)
        .one(&tx.connection)
        .await?;
    row.map(stored).transpose()
}

fn stored(row: invoices::Model) -> Result<StoredInvoice, DbErr> {
    let currency = row
        .currency
        .parse()
        .map_err(|_| DbErr::Type("invoices.currency holds an unknown value".to_owned()))?;
    Ok(StoredInvoice {
        id: InvoiceId(row.id),
        account: ReceivableAccountId(row.account_id),
        currency,
        kind: InvoiceKind::from_code(&row.kind)
            .ok_or_else(|| DbErr::Type("invoices.kind holds an unknown value".to_owned()))?,
        number: row.number,
        issued_on: row.issued_on,
        due_on: row.due_on,
        totals: DocumentTotals {
            net_minor: row.net_minor,
            tax_minor: row.tax_minor,
        },
        total_minor: row.total_minor,
        open_minor: row.open_minor,
        entry: row.entry_id.map(JournalEntryId),
        voided_on: row.voided_on,
        version: row.version,
    })
}

/// An open invoice and the account it belongs to.
#[derive(Clone, Debug)]
pub struct AccountItem {
    pub account: ReceivableAccountId,
    pub item: OpenItem,
}

#[derive(FromQueryResult)]
struct OpenRow {
    id: uuid::Uuid,
    account_id: uuid::Uuid,
    number: String,
    issued_on: NaiveDate,
    due_on: NaiveDate,
    open_minor: i64,
    disputed: bool,
}

/// The open invoices of accounts, locked, in the order of their ids; only those posted by `posted_by`, where given.
pub async fn open_items(
    tx: &Tx,
    accounts: &[ReceivableAccountId],
    posted_by: Option<NaiveDate>,
) -> Result<Vec<AccountItem>, DbErr> {
    use invoices::Column;
    let mut select = invoices::Entity::find()
        .select_only()
        .columns([
            Column::Id,
            Column::AccountId,
            Column::Number,
            Column::IssuedOn,
            Column::DueOn,
            Column::OpenMinor,
            Column::Disputed,
        ])
        .filter(Column::AccountId.is_in(accounts.iter().map(|id| id.0)))
        .filter(Column::OpenMinor.gt(0))
        .order_by_asc(Column::Id)
        .lock_exclusive();
    if let Some(posted_by) = posted_by {
        select = select
            .filter(Column::PostingOn.lte(posted_by))
            .filter(Column::IssuedOn.lte(posted_by));
    }
    let rows = select.into_model::<OpenRow>().all(&tx.connection).await?;
    let items = rows.into_iter().map(|row| AccountItem {
        account: ReceivableAccountId(row.account_id),
        item: OpenItem {
            invoice: InvoiceId(row.id),
            number: row.number,
            issued_on: row.issued_on,
            due_on: row.due_on,
            open_minor: row.open_minor,
            disputed: row.disputed,
        },
    });
    Ok(items.collect())
}

/// Recomputes what is open of invoices from their applications.
pub async fn refresh_open(tx: &Tx, ids: &[InvoiceId]) -> Result<(), DbErr> {
    if ids.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "UPDATE invoices SET open_minor = CASE
            WHEN voided_on IS NOT NULL OR total_minor < 0 OR finalised_at IS NULL THEN 0
            ELSE total_minor - (SELECT CAST(COALESCE(SUM(a.amount_minor), 0) AS bigint) FROM applications a
                WHERE a.invoice_id = invoices.id AND a.unapplied_on IS NULL) END
        WHERE id IN ({})",
        sql::placeholders(1, ids.len())
    );
    let values: Vec<Value> = ids.iter().map(|id| id.0.into()).collect();
    sql::execute(tx, &sql, values).await?;
    Ok(())
}
