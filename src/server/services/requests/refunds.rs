//! Refunds: money back to the customer, out of credit that was paid for.

use super::super::replay::Replay;
use super::{Held, ask, named_account, named_grant, wanted_day};
use crate::domain::approval::RequestKind;
use crate::domain::ids::{CreditRequestId, RequestSliceId};
use crate::domain::money::Money;
use crate::domain::payment::PaymentMethod;
use crate::domain::refund::{TracedGrant, most_refundable, refund_slices};
use crate::domain::rights::Right;
use crate::dto::error::{AppError, Refusal};
use crate::dto::form::Reader;
use crate::dto::requests::{NewRefund, RecordedRequest, RefundStart, reason};
use crate::server::context::Ctx;
use crate::server::store::accounts::LockedAccount;
use crate::server::store::grants::StoredGrant;
use crate::server::store::requests::{NewRequest, RequestSlice};
use crate::server::store::{Tx, accounts, grants, refund_sources};
use chrono::NaiveDate;
use uuid::Uuid;

/// Money back is asked for, out of one grant or of all refundable credit of an account; newest payment first, each as
/// it was paid. A reason is needed. Refused: more than was received and is still credit (the most is named).
/// Idempotent by key.
pub async fn refund(ctx: &Ctx, command: NewRefund) -> Result<RecordedRequest, AppError> {
    ctx.actor.require(Right::RefundCredits)?;
    let tx = Tx::begin(ctx).await?;
    let account = account_of(&tx, &command).await?;
    let held = Held::lock(&tx, &[account]).await?;
    let replay = Replay::of(ctx, "refund", &command.idempotency_key, &command)?;
    if let Some(answer) = replay.answer(ctx, &tx).await? {
        return Ok(answer);
    }
    let account = held.account(account)?;
    let request = decide(ctx, &tx, account, &command).await?;
    let answer = ask(ctx, &tx, &held, &request).await?;
    replay.keep(ctx, &tx, &answer).await?;
    tx.commit(ctx).await?;
    Ok(answer)
}

async fn account_of(
    tx: &Tx,
    command: &NewRefund,
) -> Result<crate::domain::ids::ReceivableAccountId, AppError> {
    let grant = match command.grant.trim() {
        "" => None,
        text => Some(named_grant(tx, text).await?),
    };
    named_account(tx, &command.account, grant.as_ref()).await
}

/// What the form for a refund starts from: the most that can be paid out.
pub async fn refund_start(ctx: &Ctx, command: NewRefund) -> Result<RefundStart, AppError> {
    ctx.actor.require(Right::RefundCredits)?;
    let tx = Tx::begin_reading(ctx).await?;
    let account = accounts::lock(&tx, account_of(&tx, &command).await?).await?;
    let traced = traced(ctx, &tx, &account, &command.grant).await?;
    Ok(RefundStart {
        account: account.number.clone(),
        max: Money::new(most_refundable(&traced)?, account.currency),
    })
}

async fn decide(
    ctx: &Ctx,
    tx: &Tx,
    account: &LockedAccount,
    command: &NewRefund,
) -> Result<NewRequest, AppError> {
    let mut reader = Reader::default();
    let amount = reader.money("amount", &command.amount, account.currency);
    let method = match command.method.trim() {
        "" => Some(None),
        _ => reader
            .choice("method", &command.method, PaymentMethod::from_code, None)
            .map(Some),
    };
    let (amount, method) = reader.finish(amount.zip(method))?;
    if amount.minor <= 0 {
        return Err(Refusal::AmountNotPositive.at("amount"));
    }
    let reason = reason(&command.reason)?;
    let traced = traced(ctx, tx, account, &command.grant).await?;
    let max = Money::new(most_refundable(&traced)?, account.currency);
    if amount.minor > max.minor {
        return Err(Refusal::NotRefundable { most: max }.at("amount"));
    }
    let slices = refund_slices(&traced, amount.minor);
    let slices: Vec<RequestSlice> = slices
        .iter()
        .map(|slice| RequestSlice {
            id: RequestSliceId(Uuid::now_v7()),
            grant: slice.grant,
            amount_minor: slice.amount_minor,
            payment: Some((slice.payment, method.unwrap_or(slice.method))),
        })
        .collect();
    let first = last_move(tx, &slices).await?;
    let kind = RequestKind::Refund;
    let typed = &command.effective_on;
    Ok(NewRequest {
        id: CreditRequestId(Uuid::now_v7()),
        kind,
        account: account.id,
        currency: account.currency,
        amount_minor: amount.minor,
        to_account: None,
        invoice: None,
        goodwill: None,
        reason_code: None,
        wanted_on: wanted_day(ctx, tx, account, kind, typed, &reason, first).await?,
        reason,
        slices,
    })
}

/// The grants a refund may take from, with the money behind them: the one named, else all that can be used today.
pub(super) async fn traced(
    ctx: &Ctx,
    tx: &Tx,
    account: &LockedAccount,
    named: &str,
) -> Result<Vec<TracedGrant>, AppError> {
    let today = ctx.today();
    let usable = |grant: &StoredGrant| grant.usable.is_usable(today, today);
    let grants: Vec<StoredGrant> = match named.trim() {
        "" => grants::with_remainder(tx, &[account.id])
            .await?
            .into_iter()
            .filter(usable)
            .collect(),
        text => {
            let grant = named_grant(tx, text).await?;
            if grant.on_hold {
                return Err(Refusal::GrantNotUsable.at("grant"));
            }
            vec![grant].into_iter().filter(usable).collect()
        }
    };
    let mut traced = Vec::with_capacity(grants.len());
    for grant in grants {
        traced.push(TracedGrant {
            grant: grant.id,
            free_minor: grant.free().minor,
            payments: refund_sources::of_grant(tx, grant.id).await?,
        });
    }
    Ok(traced)
}

/// When one of the grants last moved.
pub(super) async fn last_move(
    tx: &Tx,
    slices: &[RequestSlice],
) -> Result<Option<NaiveDate>, AppError> {
    let mut last = None;
    for slice in slices {
        let moved = grants::last_moved(tx, slice.grant).await?;
        last = last.max(moved.map(|moved| moved.effective_on));
    }
    Ok(last)
}
