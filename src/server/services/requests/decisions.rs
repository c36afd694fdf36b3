//! Deciding on requests, paying and failing refunds, reversing what was posted.

use super::super::expiry;
use super::super::replay::Replay;
use super::super::{id, required_reason};
use super::{Held, effects, recorded, wanted_day};
use crate::domain::approval::{RequestAct, RequestKind, RequestState, after};
use crate::domain::ids::{CreditGrantId, CreditRequestId};
use crate::domain::rights::Right;
use crate::dto::error::{AppError, Refusal};
use crate::dto::requests::{RecordedRequest, RequestDecision};
use crate::server::context::Ctx;
use crate::server::store::audit::{self, AuditEvent};
use crate::server::store::requests::{self as store, StoredRequest};
use crate::server::store::{Tx, grants, invoices};
use chrono::NaiveDate;
use serde_json::json;
use std::collections::BTreeMap;

/// A request is approved by somebody else than who asked. An adjustment, transfer or write-off is posted with it; a
/// refund waits for its money to leave. Idempotent by key.
pub async fn approve(
    ctx: &Ctx,
    kind: Option<RequestKind>,
    command: RequestDecision,
) -> Result<RecordedRequest, AppError> {
    act(ctx, kind, RequestAct::Approve, command).await
}

/// A request is refused, with a word; what it set aside is free again. Idempotent by key.
pub async fn refuse(
    ctx: &Ctx,
    kind: Option<RequestKind>,
    command: RequestDecision,
) -> Result<RecordedRequest, AppError> {
    required_reason(&command.reason)?;
    act(ctx, kind, RequestAct::Refuse, command).await
}

/// The money of an approved refund has left: its entry is posted. Idempotent by key.
pub async fn pay(
    ctx: &Ctx,
    kind: Option<RequestKind>,
    command: RequestDecision,
) -> Result<RecordedRequest, AppError> {
    act(ctx, kind, RequestAct::Pay, command).await
}

/// The money of a refund did not reach the customer: the credit is there again; where it had left, by the contra of
/// its entry. A reason is needed. Idempotent by key.
pub async fn fail(
    ctx: &Ctx,
    kind: Option<RequestKind>,
    command: RequestDecision,
) -> Result<RecordedRequest, AppError> {
    required_reason(&command.reason)?;
    act(ctx, kind, RequestAct::Fail, command).await
}

/// A posted adjustment, transfer or write-off is taken back by the contra of its entry; an invoice written off is open
/// again. A reason is needed. Refused where credit it gave rise to has been used. Idempotent by key.
pub async fn reverse(
    ctx: &Ctx,
    kind: Option<RequestKind>,
    command: RequestDecision,
) -> Result<RecordedRequest, AppError> {
    required_reason(&command.reason)?;
    act(ctx, kind, RequestAct::Reverse, command).await
}

/// `kind` is what the caller takes the request for; another one is not there.
async fn act(
    ctx: &Ctx,
    kind: Option<RequestKind>,
    act: RequestAct,
    command: RequestDecision,
) -> Result<RecordedRequest, AppError> {
    // Decided by anyone but staff, a request is not even looked for.
    ctx.actor.require(match act {
        RequestAct::Approve | RequestAct::Refuse => Right::ApproveRequests,
        _ => kind.map_or(Right::ReadCustomers, RequestKind::right),
    })?;
    let tx = Tx::begin(ctx).await?;
    let request_id: CreditRequestId = id(&command.request)?;
    let found = store::find(&tx, request_id).await?;
    let found = found.filter(|found| kind.is_none_or(|kind| found.kind == kind));
    let found = found.ok_or(AppError::NotFound)?;
    if !matches!(act, RequestAct::Approve | RequestAct::Refuse) {
        ctx.actor.require(found.kind.right())?;
    }
    let held = Held::lock(&tx, &found.accounts()).await?;
    let replay = Replay::of(ctx, act.code(), &command.idempotency_key, &command)?;
    if let Some(answer) = replay.answer(ctx, &tx).await? {
        return Ok(answer);
    }
    // Read again: the accounts are locked now.
    let request = read(&tx, request_id).await?;
    check(ctx, &tx, &request, act).await?;
    let wanted_on = day(ctx, &tx, &held, &request, &command).await?;
    write(
        ctx,
        &tx,
        &held,
        &request,
        act,
        wanted_on,
        command.reason.trim(),
    )
    .await?;
    release(&tx, &request).await?;
    if matches!(
        act,
        RequestAct::Refuse | RequestAct::Fail | RequestAct::Reverse
    ) {
        lapse_what_came_back(ctx, &tx, &held, &request).await?;
    }
    held.refresh(&tx).await?;
    note(ctx, &tx, &held, &request, act, &command.reason).await?;
    let answer = recorded(&read(&tx, request_id).await?);
    replay.keep(ctx, &tx, &answer).await?;
    tx.commit(ctx).await?;
    Ok(answer)
}

async fn read(tx: &Tx, id: CreditRequestId) -> Result<StoredRequest, AppError> {
    store::find(tx, id).await?.ok_or(AppError::NotFound)
}

/// The day a person typed for the act, open to postings.
async fn day(
    ctx: &Ctx,
    tx: &Tx,
    held: &Held,
    request: &StoredRequest,
    command: &RequestDecision,
) -> Result<Option<NaiveDate>, AppError> {
    let account = held.account(request.account)?;
    let (kind, typed) = (request.kind, command.effective_on.as_str());
    wanted_day(ctx, tx, account, kind, typed, &command.reason, None).await
}

/// Whether the act is possible now, and for this person.
async fn check(
    ctx: &Ctx,
    tx: &Tx,
    request: &StoredRequest,
    act: RequestAct,
) -> Result<(), AppError> {
    let state = request.state();
    if after(request.kind, state, act).is_none() {
        return Err(Refusal::RequestNotInState { state }.of_act());
    }
    if act != RequestAct::Approve {
        return Ok(());
    }
    if request.requester == ctx.actor.key() {
        return Err(Refusal::OwnRequest.of_act());
    }
    match request.invoice {
        // Paid meanwhile: there is less to write off than was asked.
        Some(invoice) => {
            let invoice = invoices::find(tx, invoice).await?;
            let open = invoice.ok_or(AppError::NotFound)?.open();
            match request.amount_minor > open.minor {
                true => Err(Refusal::AmountExceedsOpenBalance { open }.of_act()),
                false => Ok(()),
            }
        }
        None => Ok(()),
    }
}

async fn write(
    ctx: &Ctx,
    tx: &Tx,
    held: &Held,
    request: &StoredRequest,
    act: RequestAct,
    wanted_on: Option<NaiveDate>,
    reason: &str,
) -> Result<(), AppError> {
    match act {
        RequestAct::Approve => {
            let by = Some(ctx.actor.label());
            store::mark_approved(tx, ctx, request.id, by, reason).await?;
            if request.kind.posts_when_approved() {
                effects::post(ctx, tx, held, request, None).await?;
            }
        }
        RequestAct::Refuse => store::mark_refused(tx, ctx, request.id, reason).await?,
        RequestAct::Pay => {
            effects::post(ctx, tx, held, request, wanted_on).await?;
        }
        RequestAct::Fail => {
            if let Some(posted) = request.posted {
                effects::undo(ctx, tx, held, request, posted, wanted_on, reason).await?;
            }
            store::mark_failed(tx, ctx, request.id, reason).await?;
        }
        RequestAct::Reverse => {
            let posted = request.posted.ok_or(AppError::NotFound)?;
            effects::undo(ctx, tx, held, request, posted, wanted_on, reason).await?;
        }
    }
    Ok(())
}

/// The reserved parts of the grants as the request stands now.
async fn release(tx: &Tx, request: &StoredRequest) -> Result<(), AppError> {
    let slices = store::slices(tx, request.id).await?;
    let grants: Vec<CreditGrantId> = slices.iter().map(|slice| slice.grant).collect();
    Ok(grants::refresh(tx, &grants).await?)
}

/// What comes back after its last usable day lapses the day it comes back.
async fn lapse_what_came_back(
    ctx: &Ctx,
    tx: &Tx,
    held: &Held,
    request: &StoredRequest,
) -> Result<(), AppError> {
    let account = held.account(request.account)?;
    let mut released: BTreeMap<CreditGrantId, i64> = BTreeMap::new();
    for slice in store::slices(tx, request.id).await? {
        *released.entry(slice.grant).or_default() += slice.amount_minor;
    }
    for (grant, amount_minor) in released {
        let id = request.id.0;
        expiry::lapse_released(ctx, tx, account, grant, id, amount_minor).await?;
    }
    Ok(())
}

/// Before credit is taken back with its origin: requests under way on it end, each with this word, and what they set
/// aside is free again.
pub(in crate::server::services) async fn withdraw_from_grant(
    ctx: &Ctx,
    tx: &Tx,
    grant: CreditGrantId,
    word: &str,
) -> Result<(), AppError> {
    for request in store::under_way_on_grant(tx, grant).await? {
        match request.state() {
            RequestState::Approved => store::mark_failed(tx, ctx, request.id, word).await?,
            _ => store::mark_refused(tx, ctx, request.id, word).await?,
        }
        release(tx, &request).await?;
    }
    Ok(())
}

async fn note(
    ctx: &Ctx,
    tx: &Tx,
    held: &Held,
    request: &StoredRequest,
    act: RequestAct,
    reason: &str,
) -> Result<(), AppError> {
    let account = held.account(request.account)?;
    let event = AuditEvent {
        act: match act {
            RequestAct::Approve => "request.approved",
            RequestAct::Refuse => "request.refused",
            RequestAct::Pay => "request.paid",
            RequestAct::Fail => "request.failed",
            RequestAct::Reverse => "request.reversed",
        },
        subject_kind: "request",
        subject_id: request.id.to_string(),
        customer: Some(account.customer),
        account: Some(account.id),
        reason: Some(reason.trim()),
        details: json!({ "kind": request.kind, "amount": request.amount() }),
    };
    Ok(audit::record(tx, ctx, event).await?)
}
