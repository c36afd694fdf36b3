//! A grant's lapse date extended or hastened by a person, with a reason.

use super::lapse::redate;
use crate::domain::expiry::{check_last_day, has_lapsed};
use crate::domain::rights::Right;
use crate::dto::error::{AppError, Refusal};
use crate::dto::expiry::GrantExtension;
use crate::dto::form::read_date;
use crate::server::context::Ctx;
use crate::server::services::{id, required_reason};
use crate::server::store::{Tx, accounts, grants};

/// The grant has another last usable day, later or earlier, or none; its history keeps the one before. The same day
/// again changes nothing.
///
/// Refused: a day before today or before the grant counts, beyond the year 2199; a grant with nothing left. Credit
/// whose last usable day has passed is brought back only with the right to reinstate, as long as its lapse is not
/// posted.
pub async fn extend(ctx: &Ctx, command: GrantExtension) -> Result<(), AppError> {
    ctx.actor.require(Right::ExtendCredits)?;
    let reason = required_reason(&command.reason)?;
    let expires_on = match command.expires_on.trim() {
        "" => None,
        text => Some(read_date(text).ok_or_else(|| Refusal::NotADate.at("expires_on"))?),
    };
    let tx = Tx::begin(ctx).await?;
    let grant = grants::find(&tx, id(&command.grant)?)
        .await?
        .ok_or(AppError::NotFound)?;
    let account = accounts::lock(&tx, grant.account).await?;
    let grant = grants::find(&tx, grant.id)
        .await?
        .ok_or(AppError::NotFound)?;
    if grant.usable.expires_on == expires_on {
        return Ok(());
    }
    if grant.remaining_minor == 0 {
        return Err(Refusal::NothingLeft.of_act());
    }
    if has_lapsed(grant.usable.expires_on, ctx.today()) {
        ctx.actor.require(Right::ReinstateCredits)?;
    }
    if let Some(date) = expires_on {
        let first = ctx.today().max(grant.usable.effective_on);
        check_last_day(date, first).map_err(|refusal| Refusal::from(refusal).at("expires_on"))?;
    }
    redate(ctx, &tx, &account, &grant, expires_on, &reason).await?;
    // The order of use is another: previews of runs are to notice.
    accounts::refresh(&tx, &[account.id]).await?;
    tx.note(account.event());
    tx.commit(ctx).await
}
