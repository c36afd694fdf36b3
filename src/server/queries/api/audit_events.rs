//! The audit trail: who did what, when and why. For staff who may read the journal.

use super::{Cut, Listed, Narrowing, id, one};
use crate::domain::rights::Right;
use crate::dto::error::AppError;
use crate::server::context::Ctx;
use chrono::{DateTime, Utc};
use sea_orm::{DbErr, FromQueryResult};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// One act on one subject. Never changed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AuditEvent {
    pub id: Uuid,
    pub recorded_at: DateTime<Utc>,
    pub actor: String,
    /// Noun and verb.
    #[schema(example = "payment.recorded")]
    pub act: String,
    pub subject: AuditSubject,
    /// Customer number.
    pub customer: Option<String>,
    /// Number of the receivable account.
    pub account: Option<String>,
    pub reason: Option<String>,
    /// What changed; before and after where there is a before.
    #[schema(value_type = Object)]
    pub details: serde_json::Value,
}

/// What an act was done to.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AuditSubject {
    #[schema(example = "payment")]
    pub kind: String,
    pub id: String,
}

/// Which events a list shows.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct AuditEventList {
    #[param(required = false, example = "50")]
    pub limit: String,
    /// `next` of the part before.
    #[param(required = false)]
    pub cursor: String,
    /// Customer number.
    #[param(required = false)]
    pub customer: String,
    /// Number of the receivable account.
    #[param(required = false)]
    pub account: String,
    #[param(required = false)]
    pub act: String,
    #[param(required = false)]
    pub actor: String,
    /// Kind of the subject: `invoice`, `payment` …
    #[param(required = false)]
    pub subject_kind: String,
    /// Id of the subject.
    #[param(required = false)]
    pub subject: String,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    recorded_at: DateTime<Utc>,
    actor: String,
    act: String,
    subject_kind: String,
    subject_id: String,
    customer: Option<String>,
    account: Option<String>,
    reason: Option<String>,
    details: String,
}

const SELECT: &str = "SELECT h.id, h.recorded_at, h.actor, h.act, h.subject_kind, h.subject_id,
        c.number AS customer, r.number AS account, h.reason, h.details
    FROM audit_events h
    LEFT JOIN customers c ON c.id = h.customer_id
    LEFT JOIN receivable_accounts r ON r.id = h.account_id";

pub async fn list(ctx: &Ctx, wanted: AuditEventList) -> Result<Listed<AuditEvent>, AppError> {
    ctx.actor.require(Right::ReadJournal)?;
    let cut = narrowed(&wanted)?;
    let (rows, next) = cut.rows::<Row>(ctx, SELECT, |row| row.id).await?;
    let items = rows.into_iter().map(event).collect::<Result<_, _>>()?;
    Ok(Listed { items, next })
}

fn narrowed(wanted: &AuditEventList) -> Result<Cut, AppError> {
    let mut narrowing = Narrowing::default();
    narrowing.text("c.number", &wanted.customer);
    narrowing.text("r.number", &wanted.account);
    narrowing.text("h.act", &wanted.act);
    narrowing.text("h.actor", &wanted.actor);
    narrowing.text("h.subject_kind", &wanted.subject_kind);
    narrowing.text("h.subject_id", &wanted.subject);
    narrowing.cut("h.id", &wanted.limit, &wanted.cursor)
}

/// One event by id.
pub async fn find(ctx: &Ctx, key: &str) -> Result<AuditEvent, AppError> {
    ctx.actor.require(Right::ReadJournal)?;
    let row: Row = one(ctx, SELECT, "h.id", id(key)?).await?;
    Ok(event(row)?)
}

fn event(row: Row) -> Result<AuditEvent, DbErr> {
    let details = serde_json::from_str(&row.details)
        .map_err(|_| DbErr::Type("audit_events.details is not JSON".to_owned()))?;
    Ok(AuditEvent {
        id: row.id,
        recorded_at: row.recorded_at,
        actor: row.actor,
        act: row.act,
        subject: AuditSubject {
            kind: row.subject_kind,
            id: row.subject_id,
        },
        customer: row.customer,
        account: row.account,
        reason: row.reason,
        details,
    })
}
