//! Adjustments: goodwill credit, and grants corrected downwards.

use super::super::replay::Replay;
use super::{Held, ask, named_account, named_grant, wanted_day};
use crate::domain::approval::RequestKind;
use crate::domain::ids::{CreditRequestId, RequestSliceId};
use crate::domain::rights::Right;
use crate::dto::error::{AppError, Refusal};
use crate::dto::form::Reader;
use crate::dto::requests::{NewAdjustment, ReadGoodwill, RecordedRequest, reason};
use crate::server::context::Ctx;
use crate::server::store::accounts::LockedAccount;
use crate::server::store::requests::{Goodwill, NewRequest, RequestSlice};
use crate::server::store::{Tx, grants};
use chrono::NaiveDate;
use uuid::Uuid;

/// Goodwill credit is asked for; or, where the command names a grant, that the grant be corrected downwards. A reason
/// is needed. Refused: more than is left of the grant (the most is named). Idempotent by key.
pub async fn adjust(ctx: &Ctx, command: NewAdjustment) -> Result<RecordedRequest, AppError> {
    ctx.actor.require(Right::AdjustCredits)?;
    let tx = Tx::begin(ctx).await?;
    let grant = match command.grant.trim() {
        "" => None,
        text => Some(named_grant(&tx, text).await?),
    };
    let account = named_account(&tx, &command.account, grant.as_ref()).await?;
    let held = Held::lock(&tx, &[account]).await?;
    let replay = Replay::of(ctx, "adjust", &command.idempotency_key, &command)?;
    if let Some(answer) = replay.answer(ctx, &tx).await? {
        return Ok(answer);
    }
    let account = held.account(account)?;
    let request = match command.grant.trim() {
        "" => goodwill(ctx, &tx, account, &command).await?,
        _ => correction(ctx, &tx, account, &command).await?,
    };
    let answer = ask(ctx, &tx, &held, &request).await?;
    replay.keep(ctx, &tx, &answer).await?;
    tx.commit(ctx).await?;
    Ok(answer)
}

async fn goodwill(
    ctx: &Ctx,
    tx: &Tx,
    account: &LockedAccount,
    command: &NewAdjustment,
) -> Result<NewRequest, AppError> {
    let mut reader = Reader::default();
    let amount = reader.money("amount", &command.amount, account.currency);
    let goodwill = command.goodwill(&mut reader);
    let (amount, goodwill) = reader.finish(amount.zip(goodwill))?;
    if amount.minor <= 0 {
        return Err(Refusal::AmountNotPositive.at("amount"));
    }
    let reason = reason(&command.reason)?;
    let wanted_on = wanted(ctx, tx, account, command, &reason, None).await?;
    check_lapse(ctx, goodwill, wanted_on)?;
    Ok(NewRequest {
        goodwill: Some(Goodwill {
            expires_on: goodwill.expires_on,
            priority: goodwill.priority,
        }),
        ..adjustment(account, amount.minor, reason, wanted_on)
    })
}

/// Credit that has lapsed already is not given.
fn check_lapse(
    ctx: &Ctx,
    goodwill: ReadGoodwill,
    wanted_on: Option<NaiveDate>,
) -> Result<(), AppError> {
    let first = wanted_on.unwrap_or(ctx.today()).max(ctx.today());
    match goodwill.expires_on {
        Some(last) if last < first => Err(Refusal::DateTooEarly { first }.at("expires_on")),
        _ => Ok(()),
    }
}

async fn correction(
    ctx: &Ctx,
    tx: &Tx,
    account: &LockedAccount,
    command: &NewAdjustment,
) -> Result<NewRequest, AppError> {
    // Read again: the account is locked now.
    let grant = named_grant(tx, &command.grant).await?;
    let mut reader = Reader::default();
    let amount = reader.money("amount", &command.amount, account.currency);
    let amount = reader.finish(amount)?;
    if amount.minor <= 0 {
        return Err(Refusal::AmountNotPositive.at("amount"));
    }
    let reason = reason(&command.reason)?;
    if amount.minor > grant.free().minor {
        let remaining = grant.free();
        return Err(Refusal::AmountExceedsRemainder { remaining }.at("amount"));
    }
    let moved = grants::last_moved(tx, grant.id).await?;
    let first = moved.map(|moved| moved.effective_on);
    let wanted_on = wanted(ctx, tx, account, command, &reason, first).await?;
    Ok(NewRequest {
        slices: vec![RequestSlice {
            id: RequestSliceId(Uuid::now_v7()),
            grant: grant.id,
            amount_minor: amount.minor,
            payment: None,
        }],
        ..adjustment(account, amount.minor, reason, wanted_on)
    })
}

async fn wanted(
    ctx: &Ctx,
    tx: &Tx,
    account: &LockedAccount,
    command: &NewAdjustment,
    reason: &str,
    first: Option<NaiveDate>,
) -> Result<Option<NaiveDate>, AppError> {
    let kind = RequestKind::Adjustment;
    wanted_day(ctx, tx, account, kind, &command.effective_on, reason, first).await
}

fn adjustment(
    account: &LockedAccount,
    amount_minor: i64,
    reason: String,
    wanted_on: Option<NaiveDate>,
) -> NewRequest {
    NewRequest {
        id: CreditRequestId(Uuid::now_v7()),
        kind: RequestKind::Adjustment,
        account: account.id,
        currency: account.currency,
        amount_minor,
        to_account: None,
        invoice: None,
        goodwill: None,
        reason_code: None,
        reason,
        wanted_on,
        slices: Vec::new(),
    }
}
