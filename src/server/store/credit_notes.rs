//! Credit notes with their lines and taxes, and what of an invoice's lines they leave to credit.

use super::Tx;
use super::entity::{credit_note_lines, credit_note_taxes, credit_notes, invoice_lines};
use super::sql;
use crate::domain::credit_note::{
    CreditNoteReason, CreditableLine, LineChoice, PricedNote, WantedOutcome,
};
use crate::domain::ids::{CreditNoteId, InvoiceId, JournalEntryId, ReceivableAccountId};
use crate::domain::money::{Currency, parse_decimal};
use crate::server::context::Ctx;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, FromQueryResult, PaginatorTrait,
    QueryFilter, QueryOrder,
};
use std::collections::HashMap;

/// A credit note as stored, without its lines.
#[derive(Clone, Debug)]
pub struct StoredCreditNote {
    pub id: CreditNoteId,
    pub account: ReceivableAccountId,
    pub currency: Currency,
    pub invoice: InvoiceId,
    pub number: Option<String>,
    pub issued_on: NaiveDate,
    pub posting_on: Option<NaiveDate>,
    pub reason: CreditNoteReason,
    pub note: String,
    pub net_minor: i64,
    pub tax_minor: i64,
    pub total_minor: i64,
    pub wanted: WantedOutcome,
    pub entry: Option<JournalEntryId>,
    pub voided_on: Option<NaiveDate>,
}

/// A draft to be written.
#[derive(Clone, Copy, Debug)]
pub struct NewDraft<'a> {
    pub id: CreditNoteId,
    pub account: ReceivableAccountId,
    pub currency: Currency,
    pub invoice: InvoiceId,
    pub issued_on: NaiveDate,
    pub reason: CreditNoteReason,
    pub note: &'a str,
    pub wanted: WantedOutcome,
    pub priced: &'a PricedNote,
}

pub async fn insert_draft(tx: &Tx, ctx: &Ctx, draft: NewDraft<'_>) -> Result<(), DbErr> {
    let row = credit_notes::ActiveModel {
        id: Set(draft.id.0),
        account_id: Set(draft.account.0),
        currency: Set(draft.currency.code().to_owned()),
        invoice_id: Set(draft.invoice.0),
        issued_on: Set(draft.issued_on),
        reason: Set(draft.reason.code().to_owned()),
        note: Set(draft.note.to_owned()),
        net_minor: Set(draft.priced.net_minor),
        tax_minor: Set(draft.priced.tax_minor),
        total_minor: Set(draft.priced.total_minor),
        wanted_offset_minor: Set(draft.wanted.offset_minor),
        wanted_refund_minor: Set(draft.wanted.refund_minor),
        money_minor: Set(0),
        recorded_at: Set(ctx.clock.now()),
        recorded_by: Set(ctx.actor.label()),
        ..Default::default()
    };
    credit_notes::Entity::insert(row)
        .exec_without_returning(&tx.connection)
        .await?;
    insert_lines(tx, draft.id, draft.priced).await
}

/// Removes a draft; a finalised note cannot be removed.
pub async fn delete_draft(tx: &Tx, id: CreditNoteId) -> Result<(), DbErr> {
    delete_lines(tx, id).await?;
    credit_notes::Entity::delete_by_id(id.0)
        .exec(&tx.connection)
        .await?;
    Ok(())
}

async fn delete_lines(tx: &Tx, id: CreditNoteId) -> Result<(), DbErr> {
    credit_note_lines::Entity::delete_many()
        .filter(credit_note_lines::Column::CreditNoteId.eq(id.0))
        .exec(&tx.connection)
        .await?;
    credit_note_taxes::Entity::delete_many()
        .filter(credit_note_taxes::Column::CreditNoteId.eq(id.0))
        .exec(&tx.connection)
        .await?;
    Ok(())
}

async fn insert_lines(tx: &Tx, id: CreditNoteId, priced: &PricedNote) -> Result<(), DbErr> {
    let lines = priced
        .lines
        .iter()
        .map(|line| credit_note_lines::ActiveModel {
            credit_note_id: Set(id.0),
            position: Set(line.position),
            quantity: Set(line.quantity.normalize().to_string()),
            net_minor: Set(line.net_minor),
        });
    credit_note_lines::Entity::insert_many(lines)
        .exec_without_returning(&tx.connection)
        .await?;
    let taxes = priced
        .taxes
        .iter()
        .map(|tax| credit_note_taxes::ActiveModel {
            credit_note_id: Set(id.0),
            rate: Set(tax.rate.to_string()),
            net_minor: Set(tax.net_minor),
            tax_minor: Set(tax.tax_minor),
        });
    credit_note_taxes::Entity::insert_many(taxes)
        .exec_without_returning(&tx.connection)
        .await?;
    Ok(())
}

/// What an issued note gets: number, dates, entry, and its amounts as they came out on the day.
#[derive(Clone, Debug)]
pub struct Issue<'a> {
    pub series: &'a str,
    pub year: i32,
    pub sequence: i64,
    pub number: &'a str,
    pub posting_on: NaiveDate,
    pub entry: JournalEntryId,
    pub priced: &'a PricedNote,
    pub money_minor: i64,
}

pub async fn finalise(
    tx: &Tx,
    ctx: &Ctx,
    id: CreditNoteId,
    issue: &Issue<'_>,
) -> Result<(), DbErr> {
    // What other notes credited since the draft moves the cents.
    delete_lines(tx, id).await?;
    insert_lines(tx, id, issue.priced).await?;
    let row = credit_notes::ActiveModel {
        id: Set(id.0),
        series: Set(Some(issue.series.to_owned())),
        year: Set(Some(issue.year)),
        sequence: Set(Some(issue.sequence)),
        number: Set(Some(issue.number.to_owned())),
        posting_on: Set(Some(issue.posting_on)),
        net_minor: Set(issue.priced.net_minor),
        tax_minor: Set(issue.priced.tax_minor),
        total_minor: Set(issue.priced.total_minor),
        money_minor: Set(issue.money_minor),
        entry_id: Set(Some(issue.entry.0)),
        finalised_at: Set(Some(ctx.clock.now())),
        ..Default::default()
    };
    credit_notes::Entity::update(row)
        .exec(&tx.connection)
        .await?;
    Ok(())
}

/// When, by which entry and why a note became void.
#[derive(Clone, Debug)]
pub struct Voiding<'a> {
    pub voided_on: NaiveDate,
    pub posting_on: NaiveDate,
    pub entry: JournalEntryId,
    pub reason: &'a str,
}

pub async fn mark_void(tx: &Tx, id: CreditNoteId, voiding: &Voiding<'_>) -> Result<(), DbErr> {
    let row = credit_notes::ActiveModel {
        id: Set(id.0),
        voided_on: Set(Some(voiding.voided_on)),
        void_posting_on: Set(Some(voiding.posting_on)),
        void_entry_id: Set(Some(voiding.entry.0)),
        void_reason: Set(Some(voiding.reason.to_owned())),
        ..Default::default()
    };
    credit_notes::Entity::update(row)
        .exec(&tx.connection)
        .await?;
    Ok(())
}

pub async fn find(tx: &Tx, id: CreditNoteId) -> Result<Option<StoredCreditNote>, DbErr> {
    let row = credit_notes::Entity::find_by_id(id.0)
        .one(&tx.connection)
        .await?;
    row.map(stored).transpose()
}

fn stored(row: credit_notes::Model) -> Result<StoredCreditNote, DbErr> {
    let unreadable =
        |column: &str| DbErr::Type(format!("credit_notes.{column} holds an unknown value"));
    Ok(StoredCreditNote {
        id: CreditNoteId(row.id),
        account: ReceivableAccountId(row.account_id),
        currency: row.currency.parse().map_err(|_| unreadable("currency"))?,
        invoice: InvoiceId(row.invoice_id),
        number: row.number,
        issued_on: row.issued_on,
        posting_on: row.posting_on,
        reason: CreditNoteReason::from_code(&row.reason).ok_or_else(|| unreadable("reason"))?,
        note: row.note,
        net_minor: row.net_minor,
        tax_minor: row.tax_minor,
        total_minor: row.total_minor,
        wanted: WantedOutcome {
            offset_minor: row.wanted_offset_minor,
            refund_minor: row.wanted_refund_minor,
        },
        entry: row.entry_id.map(JournalEntryId),
        voided_on: row.voided_on,
    })
}

/// The lines a draft chose.
pub async fn choices(tx: &Tx, id: CreditNoteId) -> Result<Vec<LineChoice>, DbErr> {
    let rows = credit_note_lines::Entity::find()
        .filter(credit_note_lines::Column::CreditNoteId.eq(id.0))
        .order_by_asc(credit_note_lines::Column::Position)
        .all(&tx.connection)
        .await?;
    rows.into_iter()
        .map(|row| {
            Ok(LineChoice {
                position: row.position,
                quantity: decimal("credit_note_lines.quantity", &row.quantity)?,
            })
        })
        .collect()
}

#[derive(FromQueryResult)]
struct CreditedRow {
    position: i32,
    quantity: String,
}

/// The lines of an invoice with what issued notes that stand have credited of them.
pub async fn creditable_lines(tx: &Tx, invoice: InvoiceId) -> Result<Vec<CreditableLine>, DbErr> {
    let statement = "SELECT l.position, l.quantity FROM credit_note_lines l
        JOIN credit_notes n ON n.id = l.credit_note_id
        WHERE n.invoice_id = $1 AND n.finalised_at IS NOT NULL AND n.voided_on IS NULL";
    let mut credited: HashMap<i32, Decimal> = HashMap::new();
    for row in sql::all::<CreditedRow>(tx, statement, vec![invoice.0.into()]).await? {
        *credited.entry(row.position).or_default() +=
            decimal("credit_note_lines.quantity", &row.quantity)?;
    }
    let rows = invoice_lines::Entity::find()
        .filter(invoice_lines::Column::InvoiceId.eq(invoice.0))
        .order_by_asc(invoice_lines::Column::Position)
        .all(&tx.connection)
        .await?;
    rows.into_iter()
        .map(|row| {
            Ok(CreditableLine {
                position: row.position,
                quantity: decimal("invoice_lines.quantity", &row.quantity)?,
                net_minor: row.net_minor,
                tax_rate: decimal("invoice_lines.tax_rate", &row.tax_rate)?,
                credited: credited.get(&row.position).copied().unwrap_or_default(),
            })
        })
        .collect()
}

fn decimal(column: &str, text: &str) -> Result<Decimal, DbErr> {
    parse_decimal(text).map_err(|_| DbErr::Type(format!("{column} holds no number")))
}

/// Whether an issued note on the invoice stands.
pub async fn any_standing(tx: &Tx, invoice: InvoiceId) -> Result<bool, DbErr> {
    let count = credit_notes::Entity::find()
        .filter(credit_notes::Column::InvoiceId.eq(invoice.0))
        .filter(credit_notes::Column::FinalisedAt.is_not_null())
        .filter(credit_notes::Column::VoidedOn.is_null())
        .count(&tx.connection)
        .await?;
    Ok(count > 0)
}

#[derive(FromQueryResult)]
struct Sum {
    minor: i64,
}

/// The customer's own money on an invoice that issued notes which stand gave back as credit.
pub async fn money_given_back(tx: &Tx, invoice: InvoiceId) -> Result<i64, DbErr> {
    let statement =
        "SELECT CAST(COALESCE(SUM(money_minor), 0) AS bigint) AS minor FROM credit_notes
        WHERE invoice_id = $1 AND finalised_at IS NOT NULL AND voided_on IS NULL";
    let rows = sql::all::<Sum>(tx, statement, vec![invoice.0.into()]).await?;
    rows.first()
        .map(|row| row.minor)
        .ok_or_else(|| DbErr::RecordNotFound("a sum always answers".to_owned()))
}
