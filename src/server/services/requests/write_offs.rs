//! Write-offs: invoices nobody will pay, and tiny remainders of credit.

use super::super::replay::Replay;
use super::{Held, ask, named_grant, wanted_day};
use crate::domain::approval::RequestKind;
use crate::domain::ids::{CreditRequestId, InvoiceId, RequestSliceId};
use crate::domain::money::Money;
use crate::domain::rights::Right;
use crate::domain::write_off;
use crate::dto::error::{AppError, Refusal};
use crate::dto::form::{AmountText, Reader};
use crate::dto::requests::{NewWriteOff, RecordedRequest, WriteOffReason, reason};
use crate::server::context::Ctx;
use crate::server::store::accounts::LockedAccount;
use crate::server::store::invoices::{self, StoredInvoice};
use crate::server::store::requests::{self as store, NewRequest, RequestSlice};
use crate::server::store::{Tx, grants, settings};
use chrono::NaiveDate;
use uuid::Uuid;

/// The setting that says whether the sales tax in a bad debt is taken back: `yes`, or off.
pub const TAX_RELIEF: &str = "bad_debt_tax_relief";

/// An invoice, or a remainder of a grant, is asked to be written off: all of it, unless an amount is named. A reason
/// is needed. Refused: more than is open or left (the most is named). Idempotent by key.
pub async fn write_off(ctx: &Ctx, command: NewWriteOff) -> Result<RecordedRequest, AppError> {
    ctx.actor.require(Right::WriteOff)?;
    let tx = Tx::begin(ctx).await?;
    let account = match command.grant.trim() {
        "" => named_invoice(&tx, &command.invoice).await?.account,
        text => named_grant(&tx, text).await?.account,
    };
    let held = Held::lock(&tx, &[account]).await?;
    let replay = Replay::of(ctx, "write_off", &command.idempotency_key, &command)?;
    if let Some(answer) = replay.answer(ctx, &tx).await? {
        return Ok(answer);
    }
    let account = held.account(account)?;
    let request = match command.grant.trim() {
        "" => of_invoice(ctx, &tx, account, &command).await?,
        _ => of_credit(ctx, &tx, account, &command).await?,
    };
    let answer = ask(ctx, &tx, &held, &request).await?;
    replay.keep(ctx, &tx, &answer).await?;
    tx.commit(ctx).await?;
    Ok(answer)
}

async fn named_invoice(tx: &Tx, text: &str) -> Result<StoredInvoice, AppError> {
    if text.trim().is_empty() {
        return Err(Refusal::Required.at("invoice"));
    }
    let unknown = || Refusal::UnknownReference.at("invoice");
    let id: InvoiceId = text.trim().parse().map_err(|_| unknown())?;
    invoices::find(tx, id).await?.ok_or_else(unknown)
}

async fn of_invoice(
    ctx: &Ctx,
    tx: &Tx,
    account: &LockedAccount,
    command: &NewWriteOff,
) -> Result<NewRequest, AppError> {
    let invoice = named_invoice(tx, &command.invoice).await?;
    let waiting_minor = store::under_way_on_invoice(tx, invoice.id).await?;
    let open = Money::new(invoice.open_minor - waiting_minor, account.currency);
    if open.minor <= 0 {
        return Err(Refusal::InvoiceNotOpen.at("invoice"));
    }
    let read = read(command, account, open)?;
    if read.amount.minor > open.minor {
        return Err(Refusal::AmountExceedsOpenBalance { open }.at("amount"));
    }
    let first = last_moved(tx, invoice.id).await?;
    let first = first.map(|(effective_on, _)| effective_on);
    Ok(NewRequest {
        invoice: Some(invoice.id),
        wanted_on: wanted(ctx, tx, account, command, &read.reason, first).await?,
        ..written_off(account, read)
    })
}

async fn of_credit(
    ctx: &Ctx,
    tx: &Tx,
    account: &LockedAccount,
    command: &NewWriteOff,
) -> Result<NewRequest, AppError> {
    // Read again: the account is locked now.
    let grant = named_grant(tx, &command.grant).await?;
    let remaining = grant.free();
    if remaining.minor <= 0 {
        return Err(Refusal::GrantNotUsable.at("grant"));
    }
    let read = read(command, account, remaining)?;
    if read.amount.minor > remaining.minor {
        return Err(Refusal::AmountExceedsRemainder { remaining }.at("amount"));
    }
    let moved = grants::last_moved(tx, grant.id).await?;
    let first = moved.map(|moved| moved.effective_on);
    let slice = RequestSlice {
        id: RequestSliceId(Uuid::now_v7()),
        grant: grant.id,
        amount_minor: read.amount.minor,
        payment: None,
    };
    Ok(NewRequest {
        slices: vec![slice],
        wanted_on: wanted(ctx, tx, account, command, &read.reason, first).await?,
        ..written_off(account, read)
    })
}

/// A write-off as read.
struct Read {
    amount: Money,
    code: WriteOffReason,
    reason: String,
}

fn read(command: &NewWriteOff, account: &LockedAccount, all: Money) -> Result<Read, AppError> {
    let mut reader = Reader::default();
    let whole = AmountText {
        amount: all.plain(),
        ..command.amount.clone()
    };
    let amount = match command.amount.amount.trim() {
        "" => reader.money("amount", &whole, account.currency),
        _ => reader.money("amount", &command.amount, account.currency),
    };
    let code = reader.choice(
        "reason_code",
        &command.reason_code,
        WriteOffReason::from_code,
        Some(WriteOffReason::Other),
    );
    let (amount, code) = reader.finish(amount.zip(code))?;
    if amount.minor <= 0 {
        return Err(Refusal::AmountNotPositive.at("amount"));
    }
    Ok(Read {
        amount,
        code,
        reason: reason(&command.reason)?,
    })
}

async fn wanted(
    ctx: &Ctx,
    tx: &Tx,
    account: &LockedAccount,
    command: &NewWriteOff,
    reason: &str,
    first: Option<NaiveDate>,
) -> Result<Option<NaiveDate>, AppError> {
    let kind = RequestKind::WriteOff;
    wanted_day(ctx, tx, account, kind, &command.effective_on, reason, first).await
}

fn written_off(account: &LockedAccount, read: Read) -> NewRequest {
    NewRequest {
        id: CreditRequestId(Uuid::now_v7()),
        kind: RequestKind::WriteOff,
        account: account.id,
        currency: account.currency,
        amount_minor: read.amount.minor,
        to_account: None,
        invoice: None,
        goodwill: None,
        reason_code: Some(read.code.code()),
        reason: read.reason,
        wanted_on: None,
        slices: Vec::new(),
    }
}

/// What of a written-off amount is relief from sales tax: nothing, unless the business takes it.
pub(super) async fn tax_relief(
    tx: &Tx,
    invoice: InvoiceId,
    written_minor: i64,
) -> Result<i64, AppError> {
    if settings::find(tx, TAX_RELIEF).await?.as_deref() != Some("yes") {
        return Ok(0);
    }
    let invoice = invoices::find(tx, invoice)
        .await?
        .ok_or(AppError::NotFound)?;
    let tax_minor = invoice.totals.tax_minor;
    Ok(write_off::tax_relief(
        written_minor,
        tax_minor,
        invoice.total_minor,
    )?)
}

/// The last days on which something of an invoice moved.
pub(super) async fn last_moved(
    tx: &Tx,
    invoice: InvoiceId,
) -> Result<Option<(NaiveDate, NaiveDate)>, AppError> {
    Ok(store::invoice_last_moved(tx, invoice).await?)
}
