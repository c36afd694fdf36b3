//! Payments received.

use super::Tx;
use super::entity::payments;
use super::numbers::{self, Sequence};
use crate::domain::ids::{JournalEntryId, PaymentId, ReceivableAccountId};
use crate::domain::payment::{PaymentMethod, ReversalCause};
use crate::dto::payments::ReadPayment;
use crate::server::context::Ctx;
use chrono::NaiveDate;
use sea_orm::{ActiveValue::Set, DbErr, EntityTrait};

/// A payment as stored.
#[derive(Clone, Debug)]
pub struct StoredPayment {
    pub id: PaymentId,
    pub number: i64,
    pub account: ReceivableAccountId,
    pub method: PaymentMethod,
    pub fee_minor: i64,
    pub received_on: NaiveDate,
    pub posting_on: NaiveDate,
    pub prepayment: bool,
    pub entry: JournalEntryId,
    pub reversed: bool,
}

/// A payment to be written with the entry that posts it.
pub struct NewPaymentRow<'a> {
    pub id: PaymentId,
    pub account: ReceivableAccountId,
    pub payment: &'a ReadPayment,
    pub fee_minor: i64,
    pub posting_on: NaiveDate,
    pub entry: JournalEntryId,
}

/// Writes the payment; answers its number.
pub async fn insert(tx: &Tx, ctx: &Ctx, new: &NewPaymentRow<'_>) -> Result<i64, DbErr> {
    let number = numbers::next(tx, Sequence::Payments, 1).await?[0];
    let payment = new.payment;
    let row = payments::ActiveModel {
        id: Set(new.id.0),
        number: Set(number),
        account_id: Set(new.account.0),
        currency: Set(payment.amount.currency.code().to_owned()),
        amount_minor: Set(payment.amount.minor),
        fee_minor: Set(new.fee_minor),
        method: Set(payment.method.code().to_owned()),
        reference: Set(payment.reference.clone()),
        note: Set(payment.note.clone()),
        received_on: Set(payment.received_on),
        posting_on: Set(new.posting_on),
        prepayment: Set(payment.terms.prepayment),
        entry_id: Set(new.entry.0),
        recorded_at: Set(ctx.clock.now()),
        recorded_by: Set(ctx.actor.label()),
        ..Default::default()
    };
    payments::Entity::insert(row)
        .exec_without_returning(&tx.connection)
        .await?;
    Ok(number)
}

pub async fn find(tx: &Tx, id: PaymentId) -> Result<Option<StoredPayment>, DbErr> {
    let row = payments::Entity::find_by_id(id.0)
        .one(&tx.connection)
        .await?;
    row.map(|row| {
        let method = PaymentMethod::from_code(&row.method)
            .ok_or_else(|| DbErr::Type("payments.method holds an unknown value".to_owned()))?;
        Ok(StoredPayment {
            id: PaymentId(row.id),
            number: row.number,
            account: ReceivableAccountId(row.account_id),
            method,
            fee_minor: row.fee_minor,
            received_on: row.received_on,
            posting_on: row.posting_on,
            prepayment: row.prepayment,
            entry: JournalEntryId(row.entry_id),
            reversed: row.reversed_on.is_some(),
        })
    })
    .transpose()
}

/// When, by which entry and why a payment was reversed.
pub struct Reversal {
    pub reversed_on: NaiveDate,
    pub posting_on: NaiveDate,
    pub entry: JournalEntryId,
    pub reason: String,
    pub cause: Option<ReversalCause>,
}

pub async fn mark_reversed(tx: &Tx, id: PaymentId, reversal: &Reversal) -> Result<(), DbErr> {
    let row = payments::ActiveModel {
        id: Set(id.0),
        reversed_on: Set(Some(reversal.reversed_on)),
        reversed_posting_on: Set(Some(reversal.posting_on)),
        reversal_entry_id: Set(Some(reversal.entry.0)),
        reversal_reason: Set(Some(reversal.reason.clone())),
        reversal_cause: Set(reversal.cause.map(|cause| cause.code().to_owned())),
        ..Default::default()
    };
    payments::Entity::update(row).exec(&tx.connection).await?;
    Ok(())
}
