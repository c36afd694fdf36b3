//! The chart of accounts: how its accounts are called. Which account Saldo uses for what is fixed by its role.

use crate::domain::ledger::LedgerRole;
use crate::domain::rights::Right;
use crate::dto::business::LedgerAccountNaming;
use crate::dto::error::{AppError, Refusal};
use crate::dto::form::Reader;
use crate::server::context::Ctx;
use crate::server::store::audit::{self, AuditEvent};
use crate::server::store::{Tx, ledger_accounts};
use serde_json::json;

/// The account of a role has this code and name. No two accounts have the same code.
pub async fn rename(ctx: &Ctx, command: LedgerAccountNaming) -> Result<(), AppError> {
    ctx.actor.require(Right::ManageChart)?;
    let mut reader = Reader::default();
    let role = reader.choice("role", &command.role, LedgerRole::from_code, None);
    let code = reader.required("code", &command.code, 20);
    let name = reader.required("name", &command.name, 200);
    let role = reader.finish(role)?;
    let tx = Tx::begin(ctx).await?;
    let taken = ledger_accounts::role_with_code(&tx, &code).await?;
    if taken.is_some_and(|other| other != role) {
        return Err(Refusal::CodeTaken.at("code"));
    }
    ledger_accounts::rename(&tx, role, &code, &name).await?;
    let event = AuditEvent {
        act: "ledger_account.renamed",
        subject_kind: "ledger_account",
        subject_id: role.code().to_owned(),
        customer: None,
        account: None,
        reason: None,
        details: json!({ "code": code, "name": name }),
    };
    audit::record(&tx, ctx, event).await?;
    tx.commit(ctx).await
}
