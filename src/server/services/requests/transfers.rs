//! Transfers: credit to another receivable account of the same currency.

use super::super::replay::Replay;
use super::refunds::last_move;
use super::{Held, ask, named_account, named_grant, wanted_day};
use crate::domain::approval::RequestKind;
use crate::domain::ids::{CreditRequestId, RequestSliceId};
use crate::domain::money::{Money, sum_minor};
use crate::domain::rights::Right;
use crate::dto::error::{AppError, Refusal};
use crate::dto::form::Reader;
use crate::dto::requests::{NewTransfer, RecordedRequest, reason};
use crate::server::context::Ctx;
use crate::server::store::Tx;
use crate::server::store::accounts::{self, LockedAccount};
use crate::server::store::grants::{self, StoredGrant};
use crate::server::store::requests::{NewRequest, RequestSlice};
use uuid::Uuid;

/// Credit of one grant, or of an account in its order of use, is asked to be moved to another account, also another
/// customer's. Class, last usable day, priority and the money behind it stay what they are. A reason is needed.
/// Refused: another currency (both are named), the same account, more than is there (the most is named).
/// Idempotent by key.
pub async fn transfer(ctx: &Ctx, command: NewTransfer) -> Result<RecordedRequest, AppError> {
    ctx.actor.require(Right::TransferCredits)?;
    let tx = Tx::begin(ctx).await?;
    let grant = match command.grant.trim() {
        "" => None,
        text => Some(named_grant(&tx, text).await?),
    };
    let from = named_account(&tx, &command.account, grant.as_ref()).await?;
    if command.to_account.trim().is_empty() {
        return Err(Refusal::Required.at("to_account"));
    }
    let to = accounts::find_id(&tx, &command.to_account).await?;
    let to = to.ok_or_else(|| Refusal::UnknownReference.at("to_account"))?;
    if to == from {
        return Err(Refusal::SameAccount.at("to_account"));
    }
    let held = Held::lock(&tx, &[from, to]).await?;
    let replay = Replay::of(ctx, "transfer", &command.idempotency_key, &command)?;
    if let Some(answer) = replay.answer(ctx, &tx).await? {
        return Ok(answer);
    }
    let (from, to) = (held.account(from)?, held.account(to)?);
    let request = decide(ctx, &tx, from, to, &command).await?;
    let answer = ask(ctx, &tx, &held, &request).await?;
    replay.keep(ctx, &tx, &answer).await?;
    tx.commit(ctx).await?;
    Ok(answer)
}

async fn decide(
    ctx: &Ctx,
    tx: &Tx,
    from: &LockedAccount,
    to: &LockedAccount,
    command: &NewTransfer,
) -> Result<NewRequest, AppError> {
    if from.currency != to.currency {
        return Err(Refusal::CurrencyMismatch {
            expected: from.currency,
            given: to.currency,
        }
        .at("to_account"));
    }
    let mut reader = Reader::default();
    let amount = reader.money("amount", &command.amount, from.currency);
    let amount = reader.finish(amount)?;
    if amount.minor <= 0 {
        return Err(Refusal::AmountNotPositive.at("amount"));
    }
    let reason = reason(&command.reason)?;
    let grants = movable(ctx, tx, from, &command.grant).await?;
    let free = sum_minor(grants.iter().map(|grant| grant.free().minor))?;
    if amount.minor > free {
        let remaining = Money::new(free, from.currency);
        return Err(Refusal::AmountExceedsRemainder { remaining }.at("amount"));
    }
    let slices = slices(&grants, amount.minor);
    let first = last_move(tx, &slices).await?;
    let kind = RequestKind::Transfer;
    let typed = &command.effective_on;
    Ok(NewRequest {
        id: CreditRequestId(Uuid::now_v7()),
        kind,
        account: from.id,
        currency: from.currency,
        amount_minor: amount.minor,
        to_account: Some(to.id),
        invoice: None,
        goodwill: None,
        reason_code: None,
        wanted_on: wanted_day(ctx, tx, from, kind, typed, &reason, first).await?,
        reason,
        slices,
    })
}

/// The grant named, else all of the account in its order of use; only what can be used today.
async fn movable(
    ctx: &Ctx,
    tx: &Tx,
    account: &LockedAccount,
    named: &str,
) -> Result<Vec<StoredGrant>, AppError> {
    let today = ctx.today();
    if !named.trim().is_empty() {
        let grant = named_grant(tx, named).await?;
        let lapsed = grant.usable.expires_on.is_some_and(|last| last < today);
        return match grant.on_hold || lapsed || grant.usable.effective_on > today {
            true => Err(Refusal::GrantNotUsable.at("grant")),
            false => Ok(vec![grant]),
        };
    }
    let mut grants = grants::with_remainder(tx, &[account.id]).await?;
    grants.retain(|grant| grant.usable.is_usable(today, today));
    grants.sort_by(|a, b| account.order_of_use.compare(&a.usable, &b.usable));
    Ok(grants)
}

fn slices(grants: &[StoredGrant], wanted_minor: i64) -> Vec<RequestSlice> {
    let mut wanted_minor = wanted_minor;
    let mut slices = Vec::new();
    for grant in grants {
        let amount_minor = grant.free().minor.min(wanted_minor);
        if amount_minor <= 0 {
            continue;
        }
        wanted_minor -= amount_minor;
        slices.push(RequestSlice {
            id: RequestSliceId(Uuid::now_v7()),
            grant: grant.id,
            amount_minor,
            payment: None,
        });
    }
    slices
}
