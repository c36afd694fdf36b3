//! Requests: adjustments, refunds, transfers and write-offs, one mechanism for all of them.
//!
//! | phase | what happens |
//! |---|---|
//! | ask | what it takes from grants is reserved; up to the limit it approves itself |
//! | decide | another person with the right approves or refuses; refusing releases what was reserved |
//! | post | adjustment, transfer, write-off: when approved; refund: when paid |
//! | undo | a reversal, or a refund that failed: the contra of the entry, and the credit is back |

mod adjustments;
mod batch;
mod decisions;
mod effects;
mod refunds;
mod transfers;
mod write_offs;

pub use adjustments::adjust;
pub use batch::{preview_refund_batch, refund_batch};
pub(super) use decisions::withdraw_from_grant;
pub use decisions::{approve, fail, pay, refuse, reverse};
pub use refunds::{refund, refund_start};
pub use transfers::transfer;
pub use write_offs::{TAX_RELIEF, write_off};

use super::calendar;
use crate::domain::approval::{DEFAULT_APPROVAL_LIMIT, RequestKind, needs_another_person};
use crate::domain::ids::{CreditGrantId, CreditRequestId, ReceivableAccountId};
use crate::domain::money::{Currency, Money};
use crate::domain::rights::Right;
use crate::dto::error::{AppError, Refusal};
use crate::dto::form::read_date;
use crate::dto::lineage::PostedLine;
use crate::dto::requests::RecordedRequest;
use crate::server::context::Ctx;
use crate::server::store::accounts::{self, LockedAccount};
use crate::server::store::audit::{self, AuditEvent};
use crate::server::store::grants::{self, StoredGrant};
use crate::server::store::requests::{self as store, NewRequest, StoredRequest};
use crate::server::store::{Tx, settings};
use chrono::NaiveDate;
use serde_json::json;

/// The setting that says up to which amount a request approves itself, in whole units of the currency.
pub const APPROVAL_LIMIT: &str = "approval_limit";

/// The accounts a request touches, locked in the order of their ids.
struct Held(Vec<LockedAccount>);

impl Held {
    async fn lock(tx: &Tx, ids: &[ReceivableAccountId]) -> Result<Self, AppError> {
        Ok(Self(accounts::lock_many(tx, ids).await?))
    }

    fn account(&self, id: ReceivableAccountId) -> Result<&LockedAccount, AppError> {
        let account = self.0.iter().find(|account| account.id == id);
        account.ok_or(AppError::NotFound)
    }

    /// The caches of all of them, and word to whoever watches them.
    async fn refresh(&self, tx: &Tx) -> Result<(), AppError> {
        let ids: Vec<ReceivableAccountId> = self.0.iter().map(|account| account.id).collect();
        accounts::refresh(tx, &ids).await?;
        for account in &self.0 {
            tx.note(account.event());
        }
        Ok(())
    }
}

/// Writes a request that was found to be possible. What it takes is reserved; up to the limit it approves itself, and
/// is posted unless money must leave first.
async fn ask(
    ctx: &Ctx,
    tx: &Tx,
    held: &Held,
    request: &NewRequest,
) -> Result<RecordedRequest, AppError> {
    let limit_minor = approval_limit(tx, request.currency).await?;
    store::insert(tx, ctx, request).await?;
    grants::refresh(tx, &grants_of(request)).await?;
    let alone = !needs_another_person(request.amount_minor, limit_minor);
    note(ctx, tx, held, request, alone).await?;
    if alone {
        store::mark_approved(tx, ctx, request.id, None, "").await?;
    }
    if alone && request.kind.posts_when_approved() {
        effects::post(ctx, tx, held, &stored(tx, request).await?, None).await?;
    }
    held.refresh(tx).await?;
    Ok(recorded(&stored(tx, request).await?))
}

fn grants_of(request: &NewRequest) -> Vec<CreditGrantId> {
    request.slices.iter().map(|slice| slice.grant).collect()
}

async fn stored(tx: &Tx, request: &NewRequest) -> Result<StoredRequest, AppError> {
    store::find(tx, request.id).await?.ok_or(AppError::NotFound)
}

fn recorded(request: &StoredRequest) -> RecordedRequest {
    RecordedRequest {
        request: request.id,
        number: request.number,
        state: request.state(),
    }
}

async fn note(
    ctx: &Ctx,
    tx: &Tx,
    held: &Held,
    request: &NewRequest,
    alone: bool,
) -> Result<(), AppError> {
    let account = held.account(request.account)?;
    let event = AuditEvent {
        act: "request.made",
        subject_kind: "request",
        subject_id: request.id.to_string(),
        customer: Some(account.customer),
        account: Some(account.id),
        reason: Some(&request.reason),
        details: json!({
            "kind": request.kind,
            "amount": Money::new(request.amount_minor, request.currency),
            "approved_itself": alone,
        }),
    };
    Ok(audit::record(tx, ctx, event).await?)
}

/// Up to which amount a request approves itself.
async fn approval_limit(tx: &Tx, currency: Currency) -> Result<i64, AppError> {
    let units = settings::find(tx, APPROVAL_LIMIT).await?;
    let units = units.unwrap_or_else(|| DEFAULT_APPROVAL_LIMIT.to_owned());
    Ok(Money::parse(&units, currency)?.minor)
}

/// A day a person typed for a request: open to postings, and not before `first`, when something it takes last moved.
/// `None` where they left it empty: the request counts from the day it is posted.
async fn wanted_day(
    ctx: &Ctx,
    tx: &Tx,
    account: &LockedAccount,
    kind: RequestKind,
    typed: &str,
    reason: &str,
    first: Option<NaiveDate>,
) -> Result<Option<NaiveDate>, AppError> {
    if typed.trim().is_empty() {
        return Ok(None);
    }
    let day = read_date(typed).ok_or_else(|| Refusal::NotADate.at("effective_on"))?;
    let calendar = calendar(ctx, tx, Some(account), kind.source(), reason).await?;
    calendar
        .posting_day(day)
        .map_err(|refusal| Refusal::from(refusal).at("effective_on"))?;
    match first.filter(|first| day < *first) {
        Some(first) => Err(Refusal::DateTooEarly { first }.at("effective_on")),
        None => Ok(Some(day)),
    }
}

/// A grant named by a person, on the account they named, if they named one.
async fn named_grant(tx: &Tx, text: &str) -> Result<StoredGrant, AppError> {
    let id: CreditGrantId = text
        .trim()
        .parse()
        .map_err(|_| Refusal::UnknownReference.at("grant"))?;
    let grant = grants::find(tx, id).await?;
    grant.ok_or_else(|| Refusal::UnknownReference.at("grant"))
}

/// The account named by its number, or the one a named grant belongs to. Both together must agree.
async fn named_account(
    tx: &Tx,
    number: &str,
    grant: Option<&StoredGrant>,
) -> Result<ReceivableAccountId, AppError> {
    if number.trim().is_empty() {
        return match grant {
            Some(grant) => Ok(grant.account),
            None => Err(Refusal::Required.at("account")),
        };
    }
    let account = accounts::find_id(tx, number).await?;
    let account = account.ok_or_else(|| Refusal::UnknownReference.at("account"))?;
    match grant.filter(|grant| grant.account != account) {
        Some(_) => Err(Refusal::DifferentAccounts.at("grant")),
        None => Ok(account),
    }
}

/// The journal lines that a request which is not posted yet would post now.
pub async fn would_post(ctx: &Ctx, request: CreditRequestId) -> Result<Vec<PostedLine>, AppError> {
    ctx.actor.require(Right::ReadCustomers)?;
    let tx = Tx::begin_reading(ctx).await?;
    let request = store::find(&tx, request).await?;
    let request = request.ok_or(AppError::NotFound)?;
    if !request.state().reserves() {
        return Ok(Vec::new());
    }
    let held = Held::lock(&tx, &request.accounts()).await?;
    effects::lines(&tx, &held, &request).await
}
