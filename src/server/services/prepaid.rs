//! Prepaid accounts: their rules, drawing open invoices down from a top-up, announced top-ups.
//! Source: domain rules, section 6.

use super::applications::{self, DatedApplications};
use super::replay::Replay;
use super::{calendar, id, required_reason};
use crate::domain::allocation::OpenItem;
use crate::domain::ids::{CreditGrantId, PaymentId, TopUpRequestId};
use crate::domain::ledger::EntrySource;
use crate::domain::prepaid::drawdown;
use crate::domain::rights::Right;
use crate::dto::accounts::AutoApply;
use crate::dto::error::{AppError, Refusal};
use crate::dto::form::Reader;
use crate::dto::prepaid::{DrawdownChoice, NewTopUpRequest, PrepaidRules, TopUpWithdrawal};
use crate::server::context::Ctx;
use crate::server::store::accounts::{self, LockedAccount};
use crate::server::store::audit::{self, AuditEvent};
use crate::server::store::prepaid::{self as store, StoredRules};
use crate::server::store::{Tx, grants, invoices};
use serde_json::json;
use std::collections::HashMap;
use uuid::Uuid;

/// The account is prepaid from now on and follows these rules; what was drawn down before stays. Keeping the balance
/// from being drawn down needs the right to hold credit and a reason.
pub async fn set_rules(ctx: &Ctx, command: PrepaidRules) -> Result<(), AppError> {
    ctx.actor.require(Right::EditCustomers)?;
    let tx = Tx::begin(ctx).await?;
    let account = accounts::lock_by_number(&tx, &command.account)
        .await?
        .ok_or(Refusal::UnknownReference.at("account"))?;
    let rules = command.parse(account.currency)?;
    let before = store::find(&tx, account.id).await?;
    let was_held = before.is_some_and(|before| before.held);
    if was_held != rules.held {
        ctx.actor.require(Right::HoldCredits)?;
        required_reason(&command.reason)?;
    }
    store::put(&tx, ctx, account.id, &rules).await?;
    let details = json!({
        "after": rules,
        "before": before.map(|before| json!({
            "suggested_minor": before.suggested_minor,
            "whole_invoices_only": before.whole_invoices_only,
            "held": before.held,
        })),
    });
    record(
        &tx,
        ctx,
        "prepaid.changed",
        &account,
        Some(&command.reason),
        details,
    )
    .await?;
    tx.note(account.event());
    tx.commit(ctx).await
}

/// Invoices are, or are no longer, paid from the balance by themselves. The customer's own choice; staff may note it
/// for them.
pub async fn choose_drawdown(ctx: &Ctx, command: DrawdownChoice) -> Result<(), AppError> {
    let tx = Tx::begin(ctx).await?;
    let account = own_account(ctx, &tx, &command.account, Right::EditCustomers).await?;
    if store::find(&tx, account.id).await?.is_none() {
        return Err(Refusal::NotPrepaid.at("account"));
    }
    let opted_out = command.opted_out == "yes";
    store::set_opted_out(&tx, account.id, opted_out).await?;
    let details = json!({ "after": { "opted_out": opted_out } });
    record(&tx, ctx, "prepaid.changed", &account, None, details).await?;
    tx.note(account.event());
    tx.commit(ctx).await
}

/// The customer says that they will pay money in. Nothing is posted before it has come. Idempotent by key.
pub async fn request_top_up(
    ctx: &Ctx,
    command: NewTopUpRequest,
) -> Result<TopUpRequestId, AppError> {
    let tx = Tx::begin(ctx).await?;
    let account = own_account(ctx, &tx, &command.account, Right::RecordPayments).await?;
    let replay = Replay::of(ctx, "request_top_up", &command.idempotency_key, &command)?;
    if let Some(answer) = replay.answer(ctx, &tx).await? {
        return Ok(answer);
    }
    let mut reader = Reader::default();
    let amount = reader.money("amount", &command.amount, account.currency);
    if amount.is_some_and(|amount| amount.minor <= 0) {
        reader.refuse("amount", Refusal::AmountNotPositive);
    }
    let note = reader.text("note", &command.note, 500);
    let amount = reader.finish(amount)?;
    let request = TopUpRequestId(Uuid::now_v7());
    store::insert_request(&tx, ctx, request, account.id, amount.minor, &note).await?;
    let details = json!({ "amount": amount });
    record(&tx, ctx, "top_up.requested", &account, None, details).await?;
    replay.keep(ctx, &tx, &request).await?;
    tx.note(account.event());
    tx.commit(ctx).await?;
    Ok(request)
}

/// An announced top-up is not coming. Refused once it was paid or withdrawn.
pub async fn withdraw_top_up(ctx: &Ctx, command: TopUpWithdrawal) -> Result<(), AppError> {
    ctx.actor.require_someone()?;
    let request: TopUpRequestId = id(&command.request)?;
    let tx = Tx::begin(ctx).await?;
    let found = store::find_request(&tx, request)
        .await?
        .ok_or(AppError::NotFound)?;
    let account = crate::domain::ids::ReceivableAccountId(found.account_id);
    let account = accounts::lock(&tx, account).await?;
    check_own(ctx, &account, Right::RecordPayments)?;
    let found = store::find_request(&tx, request)
        .await?
        .ok_or(AppError::NotFound)?;
    if !found.is_open() {
        return Err(Refusal::TopUpRequestClosed.of_act());
    }
    store::note_withdrawn(&tx, request, ctx.today()).await?;
    record(&tx, ctx, "top_up.withdrawn", &account, None, json!({})).await?;
    tx.note(account.event());
    tx.commit(ctx).await
}

/// The announced top-up that a payment settles: open, and of the same account.
pub(super) async fn request_to_pay(
    tx: &Tx,
    account: &LockedAccount,
    text: &str,
) -> Result<Option<TopUpRequestId>, AppError> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let unknown = || Refusal::UnknownReference.at("top_up_request");
    let request: TopUpRequestId = text.trim().parse().map_err(|_| unknown())?;
    let found = store::find_request(tx, request)
        .await?
        .ok_or_else(unknown)?;
    if found.account_id != account.id.0 {
        return Err(unknown());
    }
    if !found.is_open() {
        return Err(Refusal::TopUpRequestClosed.at("top_up_request"));
    }
    Ok(Some(request))
}

/// The money announced has come with this payment.
pub(super) async fn note_paid(
    tx: &Tx,
    request: TopUpRequestId,
    payment: PaymentId,
) -> Result<(), AppError> {
    Ok(store::note_paid(tx, request, payment).await?)
}

/// A top-up just recorded pays what is open on a prepaid account, oldest first. Its own grant and no other is used.
/// Left alone where the account is on hold, uses no credit by itself, was opted out of or held. Caches of the account
/// are settled.
pub(super) async fn draw_down(
    ctx: &Ctx,
    tx: &Tx,
    account: &LockedAccount,
    top_up: CreditGrantId,
) -> Result<(), AppError> {
    let Some(rules) = store::find(tx, account.id).await? else {
        return Ok(());
    };
    if !rules.draws_down() || account.on_hold || account.auto_apply == AutoApply::Off {
        return Ok(());
    }
    let grant = grants::find(tx, top_up).await?.ok_or(AppError::NotFound)?;
    let effective_on = ctx.today().max(grant.usable.effective_on);
    if !grant.usable.is_usable(effective_on, ctx.today()) {
        return Ok(());
    }
    let items = invoices::open_items(tx, &[account.id], Some(effective_on)).await?;
    let items: Vec<OpenItem> = items.into_iter().map(|item| item.item).collect();
    let plan = drawdown(&grant.usable, items, rules.whole_invoices_only);
    if plan.is_empty() {
        return Ok(());
    }
    let calendar = calendar(ctx, tx, Some(account), EntrySource::Application, "").await?;
    let dated = DatedApplications {
        effective_on,
        posting_on: calendar.system_posting_day(effective_on),
        run: None,
    };
    let grants = HashMap::from([(grant.id, grant)]);
    applications::write(ctx, tx, account, &plan, &grants, dated).await?;
    applications::settle_caches(tx, account, &plan).await
}

/// The rules of an account, for what uses its credit by itself.
pub(super) async fn rules_of(
    tx: &Tx,
    account: &LockedAccount,
) -> Result<Option<StoredRules>, AppError> {
    Ok(store::find(tx, account.id).await?)
}

/// The account, locked, if it is the customer's own or staff with this right ask.
async fn own_account(
    ctx: &Ctx,
    tx: &Tx,
    number: &str,
    right: Right,
) -> Result<LockedAccount, AppError> {
    ctx.actor.require_someone()?;
    let account = accounts::lock_by_number(tx, number)
        .await?
        .ok_or(Refusal::UnknownReference.at("account"))?;
    check_own(ctx, &account, right)?;
    Ok(account)
}

fn check_own(ctx: &Ctx, account: &LockedAccount, right: Right) -> Result<(), AppError> {
    match ctx.actor.customer() {
        Some(_) => ctx.actor.require_sight_of(account.customer),
        None => ctx.actor.require(right),
    }
}

async fn record(
    tx: &Tx,
    ctx: &Ctx,
    act: &str,
    account: &LockedAccount,
    reason: Option<&str>,
    details: serde_json::Value,
) -> Result<(), AppError> {
    let event = AuditEvent {
        act,
        subject_kind: "receivable_account",
        subject_id: account.id.to_string(),
        customer: Some(account.customer),
        account: Some(account.id),
        reason,
        details,
    };
    Ok(audit::record(tx, ctx, event).await?)
}
