//! Expiry policies: who sets them, and from when a version is in force.

use crate::domain::ids::{ExpiryPolicyId, ExpiryPolicyVersionId};
use crate::domain::rights::Right;
use crate::dto::error::{AppError, Refusal};
use crate::dto::expiry::NewExpiryPolicy;
use crate::server::context::Ctx;
use crate::server::store::Tx;
use crate::server::store::audit::{self, AuditEvent};
use crate::server::store::expiry::{self as store, NewPolicyVersion, PolicyKey};
use serde_json::json;
use uuid::Uuid;

/// The policy for a class of credit, a customer tag and a currency is this from its first day on: a new policy, or the
/// next version of the one there is. Grants keep the version they were born under.
///
/// Refuses a first day before today or before that of the version before.
pub async fn set_policy(ctx: &Ctx, command: NewExpiryPolicy) -> Result<ExpiryPolicyId, AppError> {
    ctx.actor.require(Right::ManageExpiry)?;
    let policy = command.parse(ctx.today())?;
    let tx = Tx::begin(ctx).await?;
    let key = PolicyKey {
        class: policy.class,
        tag: &policy.tag,
        currency: policy.currency,
    };
    let before = store::latest_version(&tx, &key).await?;
    let first = before.map_or(ctx.today(), |before| before.in_force_from.max(ctx.today()));
    if policy.in_force_from < first {
        return Err(Refusal::DateTooEarly { first }.at("in_force_from"));
    }
    let (id, version) = match before {
        Some(before) => (ExpiryPolicyId(before.policy_id), before.version + 1),
        None => {
            let id = ExpiryPolicyId(Uuid::now_v7());
            store::insert_policy(&tx, ctx, id, &key).await?;
            (id, 1)
        }
    };
    let new = NewPolicyVersion {
        id: ExpiryPolicyVersionId(Uuid::now_v7()),
        policy: id,
        version,
        in_force_from: policy.in_force_from,
        rule: policy.rule,
        leads: &policy.leads,
        reason: &policy.reason,
    };
    store::insert_version(&tx, ctx, &new).await?;
    let event = AuditEvent {
        act: "expiry_policy.set",
        subject_kind: "expiry_policy",
        subject_id: id.to_string(),
        customer: None,
        account: None,
        reason: Some(&policy.reason),
        details: json!({
            "class": policy.class,
            "tag": policy.tag,
            "currency": policy.currency.map(|currency| currency.code().to_owned()),
            "version": version,
            "in_force_from": policy.in_force_from,
            "counting": policy.rule.counting,
            "length": policy.rule.length,
            "minimum_life_days": policy.rule.minimum_life_days,
            "notice_leads": policy.leads,
        }),
    };
    audit::record(&tx, ctx, event).await?;
    tx.commit(ctx).await?;
    Ok(id)
}
