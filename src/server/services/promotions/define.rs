//! Defining promotions, and moving them from state to state.

use crate::domain::ids::{CustomerId, PromotionId};
use crate::domain::promotion::{PromotionAct, PromotionState};
use crate::domain::rights::Right;
use crate::dto::error::{AppError, Refusal};
use crate::dto::promotions::{NewPromotion, PromotionMove, ReadPromotion};
use crate::server::context::Ctx;
use crate::server::services::replay::Replay;
use crate::server::services::{id, required_reason};
use crate::server::store::audit::{self, AuditEvent};
use crate::server::store::{Tx, promotions as store, unless_taken};
use serde_json::json;
use uuid::Uuid;

/// A draft is there as typed, new or changed. Nothing is given before it is activated.
///
/// Refused at the field: a code that is taken, unknown customers, terms under which nothing could be given. Refused as
/// stale when the draft is no longer as the person saw it. Idempotent by key.
pub async fn save(ctx: &Ctx, command: NewPromotion) -> Result<PromotionId, AppError> {
    ctx.actor.require(Right::ManagePromotions)?;
    let read = command.parse(ctx.today())?;
    let tx = Tx::begin(ctx).await?;
    let replay = Replay::of(ctx, "save_promotion", &command.idempotency_key, &command)?;
    if let Some(answer) = replay.answer(ctx, &tx).await? {
        return Ok(answer);
    }
    let customers = customers(&tx, &read).await?;
    let (id, act) = match command.promotion.trim() {
        "" => {
            let id = PromotionId(Uuid::now_v7());
            refuse_taken(&tx, &read, id).await?;
            unless_taken(store::insert(&tx, ctx, id, &read).await, "code")?;
            (id, "promotion.created")
        }
        text => (
            replace(&tx, text, &command, &read).await?,
            "promotion.changed",
        ),
    };
    store::set_audience(&tx, id, &read.tags, &customers).await?;
    let after = json!({
        "code": read.code,
        "kind": read.offer.kind,
        "budget_minor": read.offer.budget_minor,
        "cap_minor": read.offer.cap_minor,
        "starts_on": read.offer.starts_on,
        "ends_on": read.offer.ends_on,
    });
    record(&tx, ctx, act, id, None, json!({ "after": after })).await?;
    replay.keep(ctx, &tx, &id).await?;
    tx.commit(ctx).await?;
    Ok(id)
}

async fn replace(
    tx: &Tx,
    text: &str,
    command: &NewPromotion,
    read: &ReadPromotion,
) -> Result<PromotionId, AppError> {
    let stored = store::lock(tx, id(text)?)
        .await?
        .ok_or(AppError::NotFound)?;
    if stored.offer.state != PromotionState::Draft {
        return Err(Refusal::PromotionNotDraft.of_act());
    }
    let seen = command.seen.trim();
    if !seen.is_empty() && seen != stored.version.to_string() {
        return Err(AppError::Stale(vec![stored.code]));
    }
    refuse_taken(tx, read, stored.id).await?;
    unless_taken(store::replace(tx, stored.id, read).await, "code")?;
    Ok(stored.id)
}

async fn refuse_taken(tx: &Tx, read: &ReadPromotion, own: PromotionId) -> Result<(), AppError> {
    let other = store::find_by_code(tx, &read.code).await?;
    match other.filter(|other| other.id != own) {
        Some(_) => Err(Refusal::CodeTaken.at("code")),
        None => Ok(()),
    }
}

async fn customers(tx: &Tx, read: &ReadPromotion) -> Result<Vec<CustomerId>, AppError> {
    let known = store::customers_of(tx, &read.customers).await?;
    if known.len() < read.customers.len() {
        return Err(Refusal::UnknownReference.at("customers"));
    }
    Ok(known.into_values().collect())
}

/// The promotion is activated, paused or ended. Ending needs a reason and is final.
pub async fn move_on(ctx: &Ctx, command: PromotionMove) -> Result<(), AppError> {
    ctx.actor.require(Right::ManagePromotions)?;
    let act = PromotionAct::from_code(command.act.trim())
        .ok_or_else(|| Refusal::UnknownChoice.at("act"))?;
    let reason = match act {
        PromotionAct::End => required_reason(&command.reason)?,
        PromotionAct::Activate | PromotionAct::Pause => command.reason.trim().to_owned(),
    };
    let tx = Tx::begin(ctx).await?;
    let stored = store::lock(&tx, id(&command.promotion)?)
        .await?
        .ok_or(AppError::NotFound)?;
    let before = stored.offer.state;
    let after = before
        .after(act)
        .ok_or_else(|| Refusal::PromotionActNotPossible.of_act())?;
    store::set_state(&tx, stored.id, after).await?;
    let name = match act {
        PromotionAct::Activate => "promotion.activated",
        PromotionAct::Pause => "promotion.paused",
        PromotionAct::End => "promotion.ended",
    };
    let details = json!({ "before": before, "after": after });
    record(&tx, ctx, name, stored.id, Some(&reason), details).await?;
    tx.commit(ctx).await
}

async fn record(
    tx: &Tx,
    ctx: &Ctx,
    act: &str,
    id: PromotionId,
    reason: Option<&str>,
    details: serde_json::Value,
) -> Result<(), AppError> {
    let event = AuditEvent {
        act,
        subject_kind: "promotion",
        subject_id: id.to_string(),
        customer: None,
        account: None,
        reason,
        details,
    };
    Ok(audit::record(tx, ctx, event).await?)
}
