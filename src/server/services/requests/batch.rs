//! Refunds of all credit balances above a minimum, in bounded chunks: one transaction per chunk of accounts, and a
//! chunk that fails is repeated account by account.

use super::super::replay::Replay;
use super::refunds::traced;
use super::{Held, ask};
use crate::domain::approval::RequestKind;
use crate::domain::ids::{CreditRequestId, ReceivableAccountId, RequestSliceId};
use crate::domain::money::{Currency, Money};
use crate::domain::refund::{most_refundable, refund_slices};
use crate::domain::rights::Right;
use crate::dto::error::{AppError, Refusal};
use crate::dto::form::Reader;
use crate::dto::requests::{
    RecordedRequest, RefundBatch, RefundBatchDone, RefundBatchPreview, RefundBatchRow, reason,
};
use crate::server::context::Ctx;
use crate::server::store::accounts::LockedAccount;
use crate::server::store::requests::{NewRequest, RequestSlice};
use crate::server::store::{Tx, accounts, refund_sources};
use uuid::Uuid;

/// Accounts one batch looks at; what is beyond waits for the next.
pub const LARGEST_BATCH: usize = 500;

/// Accounts in one transaction.
const CHUNK: usize = 25;

/// What the batch would ask for: every account of the currency of which at least the minimum can be paid out. Nothing
/// is written.
pub async fn preview_refund_batch(
    ctx: &Ctx,
    batch: RefundBatch,
) -> Result<RefundBatchPreview, AppError> {
    ctx.actor.require(Right::RefundCredits)?;
    let minimum = minimum(&batch)?;
    let tx = Tx::begin_reading(ctx).await?;
    let found = refund_sources::accounts_with_credit(&tx, minimum, LARGEST_BATCH + 1).await?;
    let more = found.len() > LARGEST_BATCH;
    let mut rows = Vec::new();
    let mut total = Money::zero(minimum.currency);
    for account in accounts::lock_many(&tx, &found).await? {
        let max = most(ctx, &tx, &account).await?;
        if !is_due(max, minimum) {
            continue;
        }
        total = total.plus(max)?;
        rows.push(RefundBatchRow {
            account: account.number.clone(),
            name: account.name.clone(),
            amount: max,
        });
    }
    Ok(RefundBatchPreview { rows, total, more })
}

/// Refunds are asked for as the preview says, of what can be paid out when each account's turn comes. The same key
/// again asks for nothing twice.
pub async fn refund_batch(ctx: &Ctx, batch: RefundBatch) -> Result<RefundBatchDone, AppError> {
    ctx.actor.require(Right::RefundCredits)?;
    let minimum = minimum(&batch)?;
    reason(&batch.reason)?;
    let found = {
        let tx = Tx::begin_reading(ctx).await?;
        refund_sources::accounts_with_credit(&tx, minimum, LARGEST_BATCH).await?
    };
    let mut done = RefundBatchDone::default();
    for chunk in found.chunks(CHUNK) {
        match ask_for_all(ctx, &batch, minimum, chunk).await {
            Ok(asked) => done.asked += asked,
            Err(error) => {
                tracing::warn!(%error, "a chunk of refunds is repeated account by account");
                for account in chunk {
                    match ask_for_all(ctx, &batch, minimum, std::slice::from_ref(account)).await {
                        Ok(asked) => done.asked += asked,
                        Err(error) => {
                            tracing::warn!(%account, %error, "no refund was asked for");
                            done.failed += 1;
                        }
                    }
                }
            }
        }
    }
    Ok(done)
}

/// Asks for the refunds of these accounts in one transaction; answers how many.
async fn ask_for_all(
    ctx: &Ctx,
    batch: &RefundBatch,
    minimum: Money,
    ids: &[ReceivableAccountId],
) -> Result<u32, AppError> {
    let tx = Tx::begin(ctx).await?;
    let held = Held::lock(&tx, ids).await?;
    let mut asked = 0;
    for account in &held.0 {
        let key = match batch.idempotency_key.trim() {
            "" => String::new(),
            key => format!("{key}:{}", account.number),
        };
        let replay = Replay::of(ctx, "refund_batch", &key, batch)?;
        if replay.answer::<RecordedRequest>(ctx, &tx).await?.is_some() {
            continue;
        }
        let max = most(ctx, &tx, account).await?;
        if !is_due(max, minimum) {
            continue;
        }
        let request = request(ctx, &tx, account, max, &batch.reason).await?;
        let answer = ask(ctx, &tx, &held, &request).await?;
        replay.keep(ctx, &tx, &answer).await?;
        asked += 1;
    }
    tx.commit(ctx).await?;
    Ok(asked)
}

async fn request(
    ctx: &Ctx,
    tx: &Tx,
    account: &LockedAccount,
    amount: Money,
    why: &str,
) -> Result<NewRequest, AppError> {
    let traced = traced(ctx, tx, account, "").await?;
    let slices: Vec<RequestSlice> = refund_slices(&traced, amount.minor)
        .iter()
        .map(|slice| RequestSlice {
            id: RequestSliceId(Uuid::now_v7()),
            grant: slice.grant,
            amount_minor: slice.amount_minor,
            payment: Some((slice.payment, slice.method)),
        })
        .collect();
    Ok(NewRequest {
        id: CreditRequestId(Uuid::now_v7()),
        kind: RequestKind::Refund,
        account: account.id,
        currency: account.currency,
        amount_minor: amount.minor,
        to_account: None,
        invoice: None,
        goodwill: None,
        reason_code: None,
        reason: reason(why)?,
        wanted_on: None,
        slices,
    })
}

async fn most(ctx: &Ctx, tx: &Tx, account: &LockedAccount) -> Result<Money, AppError> {
    let traced = traced(ctx, tx, account, "").await?;
    Ok(Money::new(most_refundable(&traced)?, account.currency))
}

fn is_due(max: Money, minimum: Money) -> bool {
    max.minor > 0 && max.minor >= minimum.minor
}

/// The smallest balance the batch pays out.
fn minimum(batch: &RefundBatch) -> Result<Money, AppError> {
    let mut reader = Reader::default();
    let currency: Option<Currency> = reader.currency("currency", &batch.currency);
    let currency = reader.finish(currency)?;
    let mut reader = Reader::default();
    let minimum = reader.amount("minimum", &batch.minimum, currency);
    let minimum = reader.finish(minimum)?;
    match minimum.minor > 0 {
        true => Ok(minimum),
        false => Err(Refusal::AmountNotPositive.at("minimum")),
    }
}
