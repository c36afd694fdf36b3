//! The audit trail: who did what, when and why. Rows are never changed.

use super::Tx;
use super::entity::audit_events::{ActiveModel, Entity};
use crate::domain::ids::{CustomerId, ReceivableAccountId};
use crate::server::context::Ctx;
use sea_orm::{ActiveValue::Set, DbErr, EntityTrait};
use serde_json::Value;
use uuid::Uuid;

/// One act on one subject.
pub struct AuditEvent<'a> {
    /// Noun and verb, for example `payment.recorded`.
    pub act: &'a str,
    pub subject_kind: &'a str,
    pub subject_id: String,
    pub customer: Option<CustomerId>,
    pub account: Option<ReceivableAccountId>,
    pub reason: Option<&'a str>,
    /// What changed, for people and programs: before and after where there is a before.
    pub details: Value,
}

pub async fn record(tx: &Tx, ctx: &Ctx, event: AuditEvent<'_>) -> Result<(), DbErr> {
    let row = ActiveModel {
        id: Set(Uuid::now_v7()),
        recorded_at: Set(ctx.clock.now()),
        actor: Set(ctx.actor.label()),
        act: Set(event.act.to_owned()),
        subject_kind: Set(event.subject_kind.to_owned()),
        subject_id: Set(event.subject_id),
        customer_id: Set(event.customer.map(|id| id.0)),
        account_id: Set(event.account.map(|id| id.0)),
        reason: Set(event
            .reason
            .filter(|reason| !reason.is_empty())
            .map(str::to_owned)),
        details: Set(event.details.to_string()),
    };
    Entity::insert(row)
        .exec_without_returning(&tx.connection)
        .await?;
    Ok(())
}
