//! Credit that lapses within another act: a slice that comes back to a lapsed grant, one that a request lets go of;
//! and lapses taken back with the document they came from.

use super::super::{calendar, date_or_today};
use crate::domain::expiry::{
    Lapse, LapseCause, check_last_day, has_lapsed, returned_lapse, scheduled_lapse,
};
use crate::domain::ids::{ApplicationId, CreditGrantId, JournalEntryId};
use crate::domain::ledger::EntrySource;
use crate::domain::money::Money;
use crate::domain::posting;
use crate::domain::rights::Right;
use crate::dto::error::{AppError, Refusal};
use crate::server::context::Ctx;
use crate::server::store::Tx;
use crate::server::store::accounts::{self, LockedAccount};
use crate::server::store::audit::{self, AuditEvent};
use crate::server::store::expiry::{self as store, ExpiryChange};
use crate::server::store::grants::{
    self, LapseMovement, MovementKind, NewMovement, StandingLapse, StoredGrant,
};
use crate::server::store::journal::{self, Document, EntryToPost};
use chrono::NaiveDate;
use serde_json::json;
use uuid::Uuid;

/// What becomes of slices that come back to grants which have lapsed meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::server::services) enum Lapsing {
    /// They are reinstated and lapse the same day.
    ByRule,
    /// Their grants get this last usable day and keep them. A right of its own.
    NewDate(NaiveDate),
    /// The act takes the whole grant back next, so that nothing of it is left to lapse.
    TakenBack,
}

/// The new last usable day a person gave for credit that comes back to lapsed grants: a right of its own.
pub(in crate::server::services) fn new_date(
    ctx: &Ctx,
    field: &str,
    text: &str,
    unapplied_on: NaiveDate,
) -> Result<Lapsing, AppError> {
    if text.trim().is_empty() {
        return Ok(Lapsing::ByRule);
    }
    ctx.actor.require(Right::ReinstateCredits)?;
    let date = date_or_today(ctx, field, text)?;
    let date = check_last_day(date, ctx.today().max(unapplied_on))
        .map_err(|refusal| Refusal::from(refusal).at(field))?;
    Ok(Lapsing::NewDate(date))
}

/// A new date is for lapsed credit only: refused at `field` where none of the grants has lapsed.
pub(in crate::server::services) async fn check_new_date(
    ctx: &Ctx,
    tx: &Tx,
    field: &str,
    lapsing: Lapsing,
    grants: &[CreditGrantId],
    unapplied_on: NaiveDate,
) -> Result<(), AppError> {
    if !matches!(lapsing, Lapsing::NewDate(_)) {
        return Ok(());
    }
    for grant in grants {
        let grant = grants::find(tx, *grant).await?.ok_or(AppError::NotFound)?;
        if has_lapsed(grant.usable.expires_on, unapplied_on.max(ctx.today())) {
            return Ok(());
        }
    }
    Err(Refusal::GrantNotLapsed.at(field))
}

/// A slice on its way back to a grant.
#[derive(Clone, Copy, Debug)]
pub(in crate::server::services) struct Returned<'a> {
    pub application: ApplicationId,
    pub amount_minor: i64,
    pub returned_on: NaiveDate,
    pub posting_on: NaiveDate,
    pub lapsing: Lapsing,
    pub reason: &'a str,
}

impl Returned<'_> {
    /// Whether the grant it comes back to has lapsed by then.
    pub fn is_reinstated(&self, ctx: &Ctx, grant: &StoredGrant) -> bool {
        has_lapsed(grant.usable.expires_on, self.returned_on.max(ctx.today()))
    }
}

/// After a slice came back: where the grant has lapsed, the slice lapses too, or the grant gets its new date.
/// `grant` is as it stood before. Caches of grant and account are brought in line.
pub(in crate::server::services) async fn after_return(
    ctx: &Ctx,
    tx: &Tx,
    account: &LockedAccount,
    grant: &StoredGrant,
    returned: Returned<'_>,
) -> Result<(), AppError> {
    let today = ctx.today();
    let expires_on = grant.usable.expires_on;
    let lapse = returned_lapse(
        returned.amount_minor,
        expires_on,
        returned.returned_on,
        today,
    );
    let Some(lapse) = lapse else {
        return Ok(());
    };
    match returned.lapsing {
        Lapsing::TakenBack => Ok(()),
        Lapsing::ByRule => {
            let cause = LapseCause::Returned(returned.application);
            let to_lapse = ToLapse::of(account, grant, lapse, cause);
            write_lapses(ctx, tx, &[to_lapse], returned.posting_on).await
        }
        Lapsing::NewDate(date) => {
            // What had lapsed before does not come back with the slice, posted or not.
            let late = scheduled_lapse(
                grant.remaining_minor,
                grant.reserved_minor,
                expires_on,
                today,
            );
            if let (Some(lapse), Some(expires_on)) = (late, expires_on) {
                let cause = LapseCause::Scheduled { expires_on };
                let to_lapse = ToLapse::of(account, grant, lapse, cause);
                write_lapses(ctx, tx, &[to_lapse], lapse.effective_on).await?;
            }
            redate(ctx, tx, account, grant, Some(date), returned.reason).await
        }
    }
}

/// The grant's last usable day is another from now on; the change stands in its history and in the audit trail.
pub(super) async fn redate(
    ctx: &Ctx,
    tx: &Tx,
    account: &LockedAccount,
    grant: &StoredGrant,
    expires_on: Option<NaiveDate>,
    reason: &str,
) -> Result<(), AppError> {
    let change = ExpiryChange {
        grant: grant.id,
        before_on: grant.usable.expires_on,
        after_on: expires_on,
        reason,
    };
    store::change_expiry(tx, ctx, &change).await?;
    let event = AuditEvent {
        act: "grant.expiry_changed",
        subject_kind: "grant",
        subject_id: grant.id.to_string(),
        customer: Some(account.customer),
        account: Some(account.id),
        reason: Some(reason),
        details: json!({
            "before": { "expires_on": change.before_on },
            "after": { "expires_on": change.after_on },
        }),
    };
    audit::record(tx, ctx, event).await?;
    Ok(())
}

/// Credit of a request that was refused or failed: what has lapsed meanwhile lapses on the day of its release.
/// To be called once the grant's reservation is taken off. Caches of grant and account are brought in line.
pub async fn lapse_released(
    ctx: &Ctx,
    tx: &Tx,
    account: &LockedAccount,
    grant: CreditGrantId,
    request: Uuid,
    amount_minor: i64,
) -> Result<(), AppError> {
    let grant = grants::find(tx, grant).await?.ok_or(AppError::NotFound)?;
    let today = ctx.today();
    let lapse = returned_lapse(amount_minor, grant.usable.expires_on, today, today);
    let Some(lapse) = lapse else {
        return Ok(());
    };
    let to_lapse = ToLapse::of(account, &grant, lapse, LapseCause::Released(request));
    write_lapses(ctx, tx, &[to_lapse], today).await?;
    accounts::refresh(tx, &[account.id]).await?;
    Ok(())
}

/// Credit of one grant that is to lapse for one cause.
pub(super) struct ToLapse<'a> {
    pub account: &'a LockedAccount,
    pub grant: &'a StoredGrant,
    pub lapse: Lapse,
    pub cause: LapseCause,
}

impl<'a> ToLapse<'a> {
    pub fn of(
        account: &'a LockedAccount,
        grant: &'a StoredGrant,
        lapse: Lapse,
        cause: LapseCause,
    ) -> Self {
        Self {
            account,
            grant,
            lapse,
            cause,
        }
    }

    pub fn amount(&self) -> Money {
        Money::new(self.lapse.amount_minor, self.grant.currency)
    }
}

/// Posts lapses, one entry per grant and cause, on the first open day from the day each counts and not before
/// `earliest_posting_on`. Remainders are brought in line; the accounts' cached balances are the caller's.
pub(super) async fn write_lapses(
    ctx: &Ctx,
    tx: &Tx,
    lapses: &[ToLapse<'_>],
    earliest_posting_on: NaiveDate,
) -> Result<(), AppError> {
    let calendar = calendar(ctx, tx, None, EntrySource::Expiry, "").await?;
    let mut entries = Vec::with_capacity(lapses.len());
    let mut movements = Vec::with_capacity(lapses.len());
    for to_lapse in lapses {
        let entry = JournalEntryId(Uuid::now_v7());
        let effective_on = to_lapse.lapse.effective_on;
        let posting_on = calendar
            .system_posting_day(effective_on)
            .max(earliest_posting_on);
        let credit = to_lapse.grant.slice(to_lapse.lapse.amount_minor);
        entries.push(EntryToPost {
            id: entry,
            entry: posting::credit_lapsed(to_lapse.account.books(), credit)?,
            document: Document::Grant(to_lapse.grant.id.0),
            effective_on,
            posting_on,
            reverses: None,
            run: None,
            reason: None,
        });
        movements.push(LapseMovement {
            movement: NewMovement {
                grant: to_lapse.grant.id,
                account: to_lapse.account.id,
                kind: MovementKind::Lapsed,
                amount_minor: to_lapse.lapse.amount_minor,
                effective_on,
                posting_on,
                entry,
            },
            cause: to_lapse.cause,
        });
    }
    journal::post(tx, ctx, &entries).await?;
    grants::record_lapses(tx, ctx, &movements).await?;
    let ids: Vec<CreditGrantId> = lapses.iter().map(|to_lapse| to_lapse.grant.id).collect();
    grants::refresh(tx, &ids).await?;
    Ok(())
}

/// The lapses of a grant that stand.
pub(in crate::server::services) async fn standing_lapses(
    tx: &Tx,
    grant: CreditGrantId,
) -> Result<Vec<StandingLapse>, AppError> {
    Ok(grants::standing_lapses(tx, grant).await?)
}

/// The lapses of a grant that stand are taken back, newest first, each by its contra entry: what lapsed is there
/// again, for an act that takes the whole grant back. Remainders are brought in line.
pub(in crate::server::services) async fn reverse_lapses(
    ctx: &Ctx,
    tx: &Tx,
    account: &LockedAccount,
    grant: &StoredGrant,
    reversed_on: NaiveDate,
    reason: &str,
) -> Result<(), AppError> {
    let calendar = calendar(ctx, tx, None, EntrySource::Expiry, "").await?;
    for lapse in standing_lapses(tx, grant.id).await? {
        let effective_on = reversed_on.max(lapse.effective_on);
        let posting_on = calendar
            .system_posting_day(effective_on)
            .max(lapse.posting_on);
        let entry = JournalEntryId(Uuid::now_v7());
        let to_post = EntryToPost {
            id: entry,
            entry: posting::credit_reinstated(account.books(), grant.slice(lapse.amount_minor))?,
            document: Document::Grant(grant.id.0),
            effective_on,
            posting_on,
            reverses: Some(lapse.entry),
            run: None,
            reason: Some(reason.to_owned()).filter(|reason| !reason.is_empty()),
        };
        journal::post(tx, ctx, &[to_post]).await?;
        let movement = NewMovement {
            grant: grant.id,
            account: account.id,
            kind: MovementKind::Reinstated,
            amount_minor: lapse.amount_minor,
            effective_on,
            posting_on,
            entry,
        };
        grants::record_movement(tx, ctx, movement).await?;
    }
    Ok(())
}
