//! Taking back what a promotion gave: what is left of one grant, or, with the payment it was born from, all of it.

use crate::domain::ids::{
    CreditGrantId, JournalEntryId, PaymentId, PromotionGrantId, PromotionId, ReceivableAccountId,
};
use crate::domain::ledger::EntrySource;
use crate::domain::money::Money;
use crate::domain::posting;
use crate::domain::rights::Right;
use crate::dto::error::{AppError, Refusal};
use crate::dto::promotions::{PromotionRevocation, RecordedPromotionGrant};
use crate::server::context::Ctx;
use crate::server::services::applications::Undo;
use crate::server::services::expiry::reverse_lapses;
use crate::server::services::replay::Replay;
use crate::server::services::{calendar, id, required_reason};
use crate::server::store::Tx;
use crate::server::store::accounts::{self, LockedAccount};
use crate::server::store::applications::{self, Application};
use crate::server::store::audit::{self, AuditEvent};
use crate::server::store::grants::{self, Moved, MovementKind, NewMovement, StoredGrant};
use crate::server::store::journal::{self, Document, EntryToPost};
use crate::server::store::promotions::{self as store, StoredPromotionGrant};
use chrono::NaiveDate;
use serde_json::json;
use uuid::Uuid;

/// What is left of a grant of a promotion is taken back; what it paid stays paid. The budget has it again.
///
/// Refused when nothing is left. A reason is needed. Idempotent by key.
pub async fn revoke(
    ctx: &Ctx,
    command: PromotionRevocation,
) -> Result<RecordedPromotionGrant, AppError> {
    ctx.actor.require(Right::GrantPromotions)?;
    let reason = required_reason(&command.reason)?;
    let promotion_grant: PromotionGrantId = id(&command.promotion_grant)?;
    let tx = Tx::begin(ctx).await?;
    let found = store::find_grant(&tx, promotion_grant)
        .await?
        .ok_or(AppError::NotFound)?;
    let account = accounts::lock(&tx, ReceivableAccountId(found.account_id)).await?;
    let replay = Replay::of(ctx, "revoke_promotion", &command.idempotency_key, &command)?;
    if let Some(answer) = replay.answer(ctx, &tx).await? {
        return Ok(answer);
    }
    // Read again under the lock.
    let row = store::find_grant(&tx, promotion_grant)
        .await?
        .ok_or(AppError::NotFound)?;
    let grant = grant_of(&tx, &row).await?;
    let left = left(&grant, &row);
    if left <= 0 {
        return Err(Refusal::NothingToRevoke.of_act());
    }
    let moved = grants::last_moved(&tx, grant.id).await?;
    let calendar = calendar(ctx, &tx, Some(&account), EntrySource::Promotion, &reason).await?;
    let revoked_on = moved.map_or(ctx.today(), |moved| moved.effective_on.max(ctx.today()));
    let posting_on = calendar.system_posting_day(revoked_on);
    let dated = Dated {
        effective_on: revoked_on,
        posting_on: moved.map_or(posting_on, |moved| moved.posting_on.max(posting_on)),
        reason: reason.clone(),
    };
    store::lock(&tx, PromotionId(row.promotion_id)).await?;
    write(ctx, &tx, &account, &row, &grant, left, &dated).await?;
    accounts::refresh(&tx, &[account.id]).await?;
    let answer = RecordedPromotionGrant {
        promotion_grant,
        promotion: PromotionId(row.promotion_id),
        grant: grant.id,
        account: account.number.clone(),
        amount: Money::new(left, account.currency),
        expires_on: grant.usable.expires_on,
    };
    replay.keep(ctx, &tx, &answer).await?;
    tx.note(account.event());
    tx.commit(ctx).await?;
    Ok(answer)
}

async fn grant_of(tx: &Tx, row: &StoredPromotionGrant) -> Result<StoredGrant, AppError> {
    let found = grants::find(tx, CreditGrantId(row.grant_id)).await?;
    found.ok_or(AppError::NotFound)
}

/// What may be taken back: what is left, no request has set aside and this promotion gave.
fn left(grant: &StoredGrant, row: &StoredPromotionGrant) -> i64 {
    let free = grant.remaining_minor - grant.reserved_minor;
    free.min(row.amount_minor - row.revoked_minor)
}

/// When and why something is taken back.
struct Dated {
    effective_on: NaiveDate,
    posting_on: NaiveDate,
    reason: String,
}

/// Writes the contra entry, the movement, the deduction taken back and the budget counter.
async fn write(
    ctx: &Ctx,
    tx: &Tx,
    account: &LockedAccount,
    row: &StoredPromotionGrant,
    grant: &StoredGrant,
    amount_minor: i64,
    dated: &Dated,
) -> Result<(), AppError> {
    let entry = JournalEntryId(Uuid::now_v7());
    let to_post = EntryToPost {
        id: entry,
        entry: posting::promotion_revoked(account.books(), grant.slice(amount_minor))?,
        document: Document::Promotion(row.id),
        effective_on: dated.effective_on,
        posting_on: dated.posting_on,
        reverses: Some(JournalEntryId(row.entry_id)),
        run: None,
        reason: Some(dated.reason.clone()),
    };
    journal::post(tx, ctx, &[to_post]).await?;
    let revoked = NewMovement {
        grant: grant.id,
        account: account.id,
        kind: MovementKind::Revoked,
        amount_minor,
        effective_on: dated.effective_on,
        posting_on: dated.posting_on,
        entry,
    };
    grants::record_movement(tx, ctx, revoked).await?;
    store::note_revoked(tx, PromotionGrantId(row.id), amount_minor).await?;
    store::count_given(tx, PromotionId(row.promotion_id), -amount_minor).await?;
    let event = AuditEvent {
        act: "promotion.revoked",
        subject_kind: "promotion",
        subject_id: row.promotion_id.to_string(),
        customer: Some(account.customer),
        account: Some(account.id),
        reason: Some(&dated.reason),
        details: json!({
            "amount": Money::new(amount_minor, account.currency),
            "grant": grant.id,
        }),
    };
    Ok(audit::record(tx, ctx, event).await?)
}

/// A top-up bonus born from a payment.
pub(in crate::server::services) struct Bonus {
    row: StoredPromotionGrant,
    /// Standing applications of its credit, newest first.
    pub later: Vec<Application>,
    /// When its credit last moved.
    pub moved: Option<Moved>,
}

/// The bonuses born from a payment that still stand. The account is locked.
pub(in crate::server::services) async fn bonuses_of(
    tx: &Tx,
    payment: PaymentId,
) -> Result<Vec<Bonus>, AppError> {
    let mut bonuses = Vec::new();
    for row in store::grants_for_payment(tx, payment).await? {
        let grant = CreditGrantId(row.grant_id);
        bonuses.push(Bonus {
            row,
            later: applications::standing_of_grant(tx, grant).await?,
            moved: grants::last_moved(tx, grant).await?,
        });
    }
    Ok(bonuses)
}

/// The bonuses are taken back whole with their payment, once their applications were undone: also what lapsed of them,
/// so that the budget has it again. Caches of the account are the caller's.
pub(in crate::server::services) async fn take_back_bonuses(
    ctx: &Ctx,
    tx: &Tx,
    account: &LockedAccount,
    bonuses: &[Bonus],
    undo: &Undo,
) -> Result<(), AppError> {
    let mut promotions: Vec<Uuid> = bonuses.iter().map(|bonus| bonus.row.promotion_id).collect();
    promotions.sort_unstable();
    promotions.dedup();
    for promotion in promotions {
        store::lock(tx, PromotionId(promotion)).await?;
    }
    let calendar = calendar(ctx, tx, None, EntrySource::Promotion, "").await?;
    let dated = Dated {
        effective_on: undo.unapplied_on,
        posting_on: calendar
            .system_posting_day(undo.unapplied_on)
            .max(undo.posting_on),
        reason: undo.reason.clone().unwrap_or_default(),
    };
    for bonus in bonuses {
        let grant = grant_of(tx, &bonus.row).await?;
        reverse_lapses(ctx, tx, account, &grant, dated.effective_on, &dated.reason).await?;
        // Read again: what lapsed is there again.
        let grant = grant_of(tx, &bonus.row).await?;
        let left = left(&grant, &bonus.row);
        if left > 0 {
            write(ctx, tx, account, &bonus.row, &grant, left, &dated).await?;
        }
    }
    Ok(())
}
