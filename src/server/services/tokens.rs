//! API tokens: making and revoking them.

use super::id;
use crate::domain::ids::TokenId;
use crate::domain::rights::{Right, Role};
use crate::dto::error::{AppError, Refusal};
use crate::dto::form::Reader;
use crate::dto::people::{IssuedToken, NewToken, TokenChoice};
use crate::server::auth::secret;
use crate::server::context::Ctx;
use crate::server::store::audit::{self, AuditEvent};
use crate::server::store::tokens::{self, NewTokenRow};
use crate::server::store::{Tx, customers};
use serde_json::json;
use uuid::Uuid;

/// What every token begins with, so that one that leaked is recognised for what it is.
const PREFIX: &str = "saldo_";

/// A program can act with this token: in a staff role, or for one customer. The answer is the only place where its
/// text is seen.
pub async fn issue(ctx: &Ctx, command: NewToken) -> Result<IssuedToken, AppError> {
    ctx.actor.require(Right::ManageUsers)?;
    let tx = Tx::begin(ctx).await?;
    let mut reader = Reader::default();
    let name = reader.required("name", &command.name, 200);
    let role = reader.choice("role", &command.role, Role::from_code, None);
    let number = command.customer.trim();
    let customer = match number {
        "" => None,
        number => customers::find_by_number(&tx, number).await?,
    };
    match (role, number, customer) {
        (Some(Role::Customer), "", _) => reader.refuse("customer", Refusal::Required),
        (Some(Role::Customer), _, None) => reader.refuse("customer", Refusal::UnknownReference),
        (Some(role), number, _) if role != Role::Customer && !number.is_empty() => {
            reader.refuse("role", Refusal::UnknownChoice);
        }
        _ => {}
    }
    let role = reader.finish(role)?;
    let token = TokenId(Uuid::now_v7());
    let secret = format!("{PREFIX}{}", secret::fresh());
    let row = NewTokenRow {
        id: token,
        name: &name,
        hash: secret::hash(&secret),
        role,
        customer,
    };
    tokens::insert(&tx, ctx, row).await?;
    let event = AuditEvent {
        act: "token.issued",
        subject_kind: "token",
        subject_id: token.to_string(),
        customer,
        account: None,
        reason: None,
        details: json!({ "name": name, "role": role }),
    };
    audit::record(&tx, ctx, event).await?;
    tx.commit(ctx).await?;
    Ok(IssuedToken {
        token,
        name,
        role,
        customer: customer.map(|_| number.to_owned()),
        secret,
    })
}

/// The token works no longer. Revoking it again changes nothing.
pub async fn revoke(ctx: &Ctx, command: TokenChoice) -> Result<(), AppError> {
    ctx.actor.require(Right::ManageUsers)?;
    let token: TokenId = id(&command.token)?;
    let tx = Tx::begin(ctx).await?;
    let Some(name) = tokens::revoke(&tx, ctx, token).await? else {
        return Ok(());
    };
    let event = AuditEvent {
        act: "token.revoked",
        subject_kind: "token",
        subject_id: token.to_string(),
        customer: None,
        account: None,
        reason: None,
        details: json!({ "name": name }),
    };
    audit::record(&tx, ctx, event).await?;
    tx.commit(ctx).await
}
