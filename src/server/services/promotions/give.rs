//! Giving what a promotion gives: to one account by staff, for a code entered, for a top-up recorded.

use crate::domain::credit::CreditClass;
use crate::domain::expiry::GivenTerms;
use crate::domain::ids::{
    CreditGrantId, JournalEntryId, PaymentId, PromotionGrantId, PromotionRunId,
};
use crate::domain::ledger::EntrySource;
use crate::domain::money::{Currency, Money};
use crate::domain::posting::{self, CreditSlice};
use crate::domain::promotion::{Basis, BasisKind, Facts, NotGiven, decide};
use crate::domain::rights::Right;
use crate::dto::error::{AppError, Refusal};
use crate::dto::promotions::{
    CodeEntry, GrantWay, NewPromotionGrant, RecordedPromotionGrant, not_given, plain_code,
};
use crate::server::context::Ctx;
use crate::server::services::expiry::terms_for_new_grant;
use crate::server::services::replay::Replay;
use crate::server::services::{calendar, date_or_today, id};
use crate::server::store::Tx;
use crate::server::store::accounts::{self, LockedAccount};
use crate::server::store::audit::{self, AuditEvent};
use crate::server::store::grants::{self, MovementKind, NewGrant, NewMovement, Origin};
use crate::server::store::journal::{self, Document, EntryToPost};
use crate::server::store::promotions::{
    self as store, Candidate, Documents, GivenBefore, NewPromotionGrantRow, StoredBasis,
    StoredPromotion,
};
use chrono::NaiveDate;
use serde_json::json;
use uuid::Uuid;

/// The account gets what the promotion gives, for the document named where it needs one. Posts one PRM entry.
///
/// Refused with the fact that stands in the way; where budget or cap do not hold the whole amount, with what is left.
/// Idempotent by key.
pub async fn grant(
    ctx: &Ctx,
    command: NewPromotionGrant,
) -> Result<RecordedPromotionGrant, AppError> {
    ctx.actor.require(Right::GrantPromotions)?;
    let promotion = id(&command.promotion)?;
    let tx = Tx::begin(ctx).await?;
    let account = accounts::lock_by_number(&tx, &command.account)
        .await?
        .ok_or(Refusal::UnknownReference.at("account"))?;
    let replay = Replay::of(ctx, "grant_promotion", &command.idempotency_key, &command)?;
    if let Some(answer) = replay.answer(ctx, &tx).await? {
        return Ok(answer);
    }
    let granted_on = date_or_today(ctx, "granted_on", &command.granted_on)?;
    let promotion = store::lock(&tx, promotion)
        .await?
        .ok_or(AppError::NotFound)?;
    let candidate = candidate(&tx, &promotion, &account, &command.document).await?;
    let calendar = calendar(
        ctx,
        &tx,
        Some(&account),
        EntrySource::Promotion,
        &command.reason,
    )
    .await?;
    let posting_on = calendar
        .posting_day(granted_on)
        .map_err(|refusal| Refusal::from(refusal).at("granted_on"))?;
    let given = Giving {
        promotion: &promotion,
        way: GrantWay::Staff,
        granted_on,
        posting_on,
        run: None,
        reason: Some(command.reason.trim().to_owned()).filter(|reason| !reason.is_empty()),
    };
    let before = store::given_before(&tx, &promotion, &[candidate]).await?;
    let amount_minor = given
        .decide(&before, &candidate, account.currency, promotion.given_minor)
        .map_err(|reason| refused(reason, &promotion, "account"))?;
    let answer = given
        .write(ctx, &tx, &account, candidate, amount_minor)
        .await?;
    finish(ctx, &tx, &account, &promotion, &given, &answer).await?;
    replay.keep(ctx, &tx, &answer).await?;
    tx.note(account.event());
    tx.commit(ctx).await?;
    Ok(answer)
}

/// Who gets a promotion with the document it needs. The document must belong to the account.
async fn candidate(
    tx: &Tx,
    promotion: &StoredPromotion,
    account: &LockedAccount,
    document: &str,
) -> Result<Candidate, AppError> {
    let plain = Candidate {
        account: account.id,
        customer: account.customer,
        basis: None,
    };
    let needed = match (promotion.offer.kind.basis(), document.trim()) {
        (None, "") => return Ok(plain),
        (None, _) => return Err(Refusal::PromotionNeedsOtherDocument.at("document")),
        (Some(_), "") => return Err(Refusal::Required.at("document")),
        (Some(needed), _) => needed,
    };
    let unknown = || Refusal::UnknownReference.at("document");
    let id: Uuid = document.trim().parse().map_err(|_| unknown())?;
    let found = store::documents(tx, promotion, needed, Documents::One(id)).await?;
    let found = found.into_iter().find(|found| found.account == account.id);
    found.ok_or_else(unknown)
}

/// The customer entered a code, or staff did for them: the account gets the fixed credit behind it, once unless the cap
/// allows more.
///
/// To a customer, a code that is not for them and one that nobody has are the same. Idempotent by key.
pub async fn enter_code(ctx: &Ctx, command: CodeEntry) -> Result<RecordedPromotionGrant, AppError> {
    ctx.actor.require_someone()?;
    let by_customer = ctx.actor.customer().is_some();
    if !by_customer {
        ctx.actor.require(Right::GrantPromotions)?;
    }
    let tx = Tx::begin(ctx).await?;
    let account = accounts::lock_by_number(&tx, &command.account)
        .await?
        .ok_or(Refusal::UnknownReference.at("account"))?;
    ctx.actor.require_sight_of(account.customer)?;
    let replay = Replay::of(ctx, "enter_code", &command.idempotency_key, &command)?;
    if let Some(answer) = replay.answer(ctx, &tx).await? {
        return Ok(answer);
    }
    let unknown = || Refusal::UnknownCode.at("code");
    let code = plain_code(&command.code);
    if code.is_empty() {
        return Err(Refusal::Required.at("code"));
    }
    let found = store::find_by_code(&tx, &code).await?.ok_or_else(unknown)?;
    let promotion = store::lock(&tx, found.id).await?.ok_or_else(unknown)?;
    let candidate = Candidate {
        account: account.id,
        customer: account.customer,
        basis: None,
    };
    let calendar = calendar(ctx, &tx, Some(&account), EntrySource::Promotion, "").await?;
    let given = Giving {
        promotion: &promotion,
        way: GrantWay::Code,
        granted_on: ctx.today(),
        posting_on: calendar.system_posting_day(ctx.today()),
        run: None,
        reason: None,
    };
    let before = store::given_before(&tx, &promotion, &[candidate]).await?;
    let amount_minor = given
        .decide(&before, &candidate, account.currency, promotion.given_minor)
        .map_err(|reason| match reason {
            NotGiven::NotInAudience | NotGiven::OtherBasis { .. } if by_customer => unknown(),
            reason => refused(reason, &promotion, "code"),
        })?;
    let answer = given
        .write(ctx, &tx, &account, candidate, amount_minor)
        .await?;
    finish(ctx, &tx, &account, &promotion, &given, &answer).await?;
    replay.keep(ctx, &tx, &answer).await?;
    tx.note(account.event());
    tx.commit(ctx).await?;
    Ok(answer)
}

fn refused(reason: NotGiven, promotion: &StoredPromotion, field: &str) -> AppError {
    let refusal = not_given(reason, promotion.offer.currency);
    match reason {
        NotGiven::BelowMinimum { .. } | NotGiven::OtherBasis { .. } | NotGiven::NothingToGive => {
            refusal.at("document")
        }
        _ => refusal.at(field),
    }
}

/// A prepayment just recorded gets what active promotions give for top-ups, by priority, each beside those before it.
/// A promotion that gives nothing here is no refusal of the payment. Caches of the account are the caller's.
pub(in crate::server::services) async fn give_for_top_up(
    ctx: &Ctx,
    tx: &Tx,
    account: &LockedAccount,
    payment: PaymentId,
    received_on: NaiveDate,
    amount_minor: i64,
) -> Result<(), AppError> {
    let candidate = Candidate {
        account: account.id,
        customer: account.customer,
        basis: Some(StoredBasis {
            kind: BasisKind::TopUp,
            id: payment.0,
            amount_minor,
        }),
    };
    for promotion in store::lock_for_top_ups(tx, account.currency).await? {
        let calendar = calendar(ctx, tx, Some(account), EntrySource::Promotion, "").await?;
        let given = Giving {
            promotion: &promotion,
            way: GrantWay::TopUp,
            granted_on: received_on,
            posting_on: calendar.system_posting_day(received_on),
            run: None,
            reason: None,
        };
        // Read for each: the one before may stand in the way of the next.
        let before = store::given_before(tx, &promotion, &[candidate]).await?;
        let Ok(amount_minor) =
            given.decide(&before, &candidate, account.currency, promotion.given_minor)
        else {
            continue;
        };
        let answer = given
            .write(ctx, tx, account, candidate, amount_minor)
            .await?;
        finish(ctx, tx, account, &promotion, &given, &answer).await?;
    }
    Ok(())
}

/// How and when a promotion gives.
pub(super) struct Giving<'a> {
    pub promotion: &'a StoredPromotion,
    pub way: GrantWay,
    pub granted_on: NaiveDate,
    pub posting_on: NaiveDate,
    pub run: Option<PromotionRunId>,
    pub reason: Option<String>,
}

impl Giving<'_> {
    /// What the candidate gets, in minor units; `given_minor` is what everyone got so far.
    pub fn decide(
        &self,
        before: &GivenBefore,
        candidate: &Candidate,
        currency: Currency,
        given_minor: i64,
    ) -> Result<i64, NotGiven> {
        let facts = Facts {
            on: self.granted_on,
            currency,
            given_minor,
            ..facts(self.promotion, before, candidate)
        };
        decide(&self.promotion.offer, &facts)
    }

    /// Writes grant, movement, entry and the documented deduction. Counter, audit trail and caches are [`finish`]'s or
    /// the run's.
    pub async fn write(
        &self,
        ctx: &Ctx,
        tx: &Tx,
        account: &LockedAccount,
        candidate: Candidate,
        amount_minor: i64,
    ) -> Result<RecordedPromotionGrant, AppError> {
        let given = GivenTerms {
            expires_on: self.promotion.offer.lapse.expires_on(self.granted_on),
            priority: Some(self.promotion.priority),
        };
        let class = CreditClass::Promotion;
        let terms = terms_for_new_grant(ctx, tx, account, class, self.granted_on, given).await?;
        let id = PromotionGrantId(Uuid::now_v7());
        let entry = JournalEntryId(Uuid::now_v7());
        let grant = NewGrant {
            id: CreditGrantId(Uuid::now_v7()),
            account: account.id,
            currency: account.currency,
            class,
            origin: Origin::Promotion(id),
            effective_on: self.granted_on,
            posting_on: self.posting_on,
            expires_on: terms.expires_on,
            priority: terms.priority,
            policy_version: terms.policy_version,
        };
        let credit = CreditSlice {
            grant: grant.id,
            class: grant.class,
            amount_minor,
        };
        let to_post = EntryToPost {
            id: entry,
            entry: posting::promotion_granted(account.books(), credit)?,
            document: Document::Promotion(id.0),
            effective_on: self.granted_on,
            posting_on: self.posting_on,
            reverses: None,
            run: None,
            reason: self.reason.clone(),
        };
        accounts::open_on_first_document(tx, account, self.granted_on).await?;
        journal::post(tx, ctx, &[to_post]).await?;
        grants::insert(tx, ctx, &grant).await?;
        let issued = NewMovement {
            grant: grant.id,
            account: account.id,
            kind: MovementKind::Issued,
            amount_minor,
            effective_on: self.granted_on,
            posting_on: self.posting_on,
            entry,
        };
        grants::record_movement(tx, ctx, issued).await?;
        let row = NewPromotionGrantRow {
            id,
            promotion: self.promotion.id,
            candidate,
            grant: grant.id,
            amount_minor,
            granted_on: self.granted_on,
            way: self.way,
            run: self.run,
            reason: self.reason.clone(),
        };
        store::insert_grants(tx, ctx, &[row]).await?;
        Ok(RecordedPromotionGrant {
            promotion_grant: id,
            promotion: self.promotion.id,
            grant: grant.id,
            account: account.number.clone(),
            amount: Money::new(amount_minor, account.currency),
            expires_on: grant.expires_on,
        })
    }
}

/// What the rule needs to know, out of what was read.
fn facts(promotion: &StoredPromotion, before: &GivenBefore, candidate: &Candidate) -> Facts {
    let to_document = candidate
        .basis
        .and_then(|basis| before.for_document.get(&basis.id));
    let already_given =
        to_document.is_some_and(|given| given.iter().any(|(by, _)| *by == promotion.id));
    let beside = match candidate.basis {
        Some(_) => to_document
            .into_iter()
            .flatten()
            .filter(|(by, _)| *by != promotion.id)
            .map(|(_, stacking)| *stacking)
            .collect(),
        None => before
            .on_account
            .get(&candidate.account)
            .cloned()
            .unwrap_or_default(),
    };
    Facts {
        on: promotion.offer.starts_on,
        currency: promotion.offer.currency,
        in_audience: before.audience.contains(&candidate.customer),
        basis: candidate.basis.map(|basis| Basis {
            kind: basis.kind,
            amount_minor: basis.amount_minor,
            already_given,
        }),
        given_minor: promotion.given_minor,
        given_to_customer_minor: match before.to_customer.get(&candidate.customer) {
            Some(minor) => *minor,
            None => 0,
        },
        beside,
    }
}

/// The budget counter, the account's cached balances and the audit trail after one grant.
async fn finish(
    ctx: &Ctx,
    tx: &Tx,
    account: &LockedAccount,
    promotion: &StoredPromotion,
    given: &Giving<'_>,
    answer: &RecordedPromotionGrant,
) -> Result<(), AppError> {
    store::count_given(tx, promotion.id, answer.amount.minor).await?;
    accounts::refresh(tx, &[account.id]).await?;
    let event = AuditEvent {
        act: "promotion.granted",
        subject_kind: "promotion",
        subject_id: promotion.id.to_string(),
        customer: Some(account.customer),
        account: Some(account.id),
        reason: given.reason.as_deref(),
        details: json!({
            "code": promotion.code,
            "amount": answer.amount,
            "grant": answer.grant,
            "way": given.way,
            "expires_on": answer.expires_on,
        }),
    };
    Ok(audit::record(tx, ctx, event).await?)
}
