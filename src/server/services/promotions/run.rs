//! Giving a promotion to its whole audience, account by account, in the order of the accounts; and saying beforehand
//! who would get what.
//!
//! A run ends exactly where the budget does not hold the next grant, and says so: whoever comes later gets nothing,
//! even where something smaller would still fit. A run that stopped half-way goes on where it stopped.

use super::give::Giving;
use crate::domain::ids::{CustomerId, PromotionId, PromotionRunId, ReceivableAccountId};
use crate::domain::ledger::EntrySource;
use crate::domain::money::Money;
use crate::domain::promotion::{NotGiven, PromotionState};
use crate::domain::rights::Right;
use crate::dto::error::{AppError, Refusal};
use crate::dto::promotions::{
    GrantWay, NewPromotionRun, PromotionRunResumption, PromotionRunState, PromotionSimulation,
    SimulatedGrant, not_given,
};
use crate::server::context::Ctx;
use crate::server::services::{calendar, id};
use crate::server::store::Tx;
use crate::server::store::accounts::{self, LockedAccount};
use crate::server::store::audit::{self, AuditEvent};
use crate::server::store::promotion_runs::{self as runs, StoredPromotionRun};
use crate::server::store::promotions::{self as store, Candidate, Documents, StoredPromotion};
use serde_json::json;
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

/// Accounts per transaction.
pub const ACCOUNTS_PER_CHUNK: u32 = 200;
/// Accounts a simulation names; it counts all.
const SHOWN: usize = 200;

/// A run begins, or the one made before under the same key is answered. [`work_off`] does it. Refused unless the
/// promotion is active. Answers how many accounts there are to do, too.
pub async fn start(ctx: &Ctx, command: NewPromotionRun) -> Result<(PromotionRunId, u64), AppError> {
    ctx.actor.require(Right::GrantPromotions)?;
    let promotion: PromotionId = id(&command.promotion)?;
    let run = PromotionRunId(Uuid::now_v7());
    let key = match command.idempotency_key.trim() {
        "" => format!("fresh:{run}"),
        key => format!("{}:{key}", ctx.actor.key()),
    };
    let tx = Tx::begin(ctx).await?;
    if let Some(earlier) = runs::find_by_key(&tx, &key).await? {
        if earlier.promotion != promotion {
            return Err(AppError::KeyConflict);
        }
        let accounts = accounts_to_do(&tx, &earlier).await?;
        return Ok((earlier.id, accounts));
    }
    let stored = store::find(&tx, promotion)
        .await?
        .ok_or(AppError::NotFound)?;
    if stored.offer.state != PromotionState::Active {
        return Err(Refusal::PromotionNotActive.of_act());
    }
    if !runs::insert(&tx, ctx, run, promotion, &key).await? {
        let earlier = runs::find_by_key(&tx, &key).await?;
        return earlier
            .map(|earlier| (earlier.id, 0))
            .ok_or(AppError::NotFound);
    }
    let accounts = runs::count_accounts(&tx, &stored, None).await?;
    let details = json!({ "code": stored.code });
    record(&tx, ctx, "promotion_run.started", run, details).await?;
    tx.commit(ctx).await?;
    Ok((run, accounts))
}

async fn accounts_to_do(tx: &Tx, run: &StoredPromotionRun) -> Result<u64, AppError> {
    if run.state != PromotionRunState::Running {
        return Ok(0);
    }
    let promotion = store::find(tx, run.promotion)
        .await?
        .ok_or(AppError::NotFound)?;
    Ok(runs::count_accounts(tx, &promotion, run.done).await?)
}

/// A run that was stopped goes on where it stopped.
pub async fn resume(
    ctx: &Ctx,
    command: PromotionRunResumption,
) -> Result<(PromotionRunId, u64), AppError> {
    ctx.actor.require(Right::GrantPromotions)?;
    let tx = Tx::begin(ctx).await?;
    let mut run = runs::lock(&tx, id(&command.run)?)
        .await?
        .ok_or(AppError::NotFound)?;
    if run.state == PromotionRunState::Stopped {
        run.state = PromotionRunState::Running;
        runs::set_state(&tx, ctx, run.id, run.state).await?;
    }
    let accounts = accounts_to_do(&tx, &run).await?;
    tx.commit(ctx).await?;
    Ok((run.id, accounts))
}

/// Gives to every account the run is not past yet, chunk by chunk. Two who work off the same run share its chunks.
pub async fn work_off(ctx: &Ctx, run: PromotionRunId) -> Result<(), AppError> {
    ctx.actor.require(Right::GrantPromotions)?;
    loop {
        let chunk = match chunk(ctx, run, ACCOUNTS_PER_CHUNK).await {
            Ok(chunk) => chunk,
            Err(AppError::Unavailable { incident }) => {
                return Err(AppError::Unavailable { incident });
            }
            // One account of the chunk cannot be done: the others are, one by one.
            Err(_) => one_by_one(ctx, run).await?,
        };
        if chunk == Chunk::Last {
            return Ok(());
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Chunk {
    MoreToDo,
    Last,
}

/// The accounts of one chunk, each in a transaction of its own. One that fails is noted and passed over.
async fn one_by_one(ctx: &Ctx, run: PromotionRunId) -> Result<Chunk, AppError> {
    for _ in 0..ACCOUNTS_PER_CHUNK {
        match chunk(ctx, run, 1).await {
            Ok(Chunk::MoreToDo) => {}
            Ok(Chunk::Last) => return Ok(Chunk::Last),
            Err(AppError::Unavailable { incident }) => {
                return Err(AppError::Unavailable { incident });
            }
            Err(error) => pass_over(ctx, run, &error).await?,
        }
    }
    Ok(Chunk::MoreToDo)
}

async fn pass_over(ctx: &Ctx, run: PromotionRunId, error: &AppError) -> Result<(), AppError> {
    let tx = Tx::begin(ctx).await?;
    let run = runs::lock(&tx, run).await?.ok_or(AppError::NotFound)?;
    let promotion = store::find(&tx, run.promotion)
        .await?
        .ok_or(AppError::NotFound)?;
    let next = runs::next_accounts(&tx, &promotion, run.done, 1).await?;
    if let Some((account, _)) = next.first() {
        tracing::error!(run = %run.id, %account, %error, "an account of a promotion run failed");
        runs::note_refused(&tx, run.id, &[(*account, error.code())]).await?;
        runs::note_done(&tx, run.id, *account).await?;
    }
    tx.commit(ctx).await
}

/// Gives to the next accounts in one transaction: run, accounts, promotion are locked in this order.
async fn chunk(ctx: &Ctx, run: PromotionRunId, limit: u32) -> Result<Chunk, AppError> {
    let tx = Tx::begin(ctx).await?;
    let run = runs::lock(&tx, run).await?.ok_or(AppError::NotFound)?;
    if run.state != PromotionRunState::Running {
        return Ok(Chunk::Last);
    }
    let promotion = store::find(&tx, run.promotion)
        .await?
        .ok_or(AppError::NotFound)?;
    let next = runs::next_accounts(&tx, &promotion, run.done, limit).await?;
    let Some((last, _)) = next.last().copied() else {
        end(ctx, &tx, &run, PromotionRunState::Done).await?;
        tx.commit(ctx).await?;
        return Ok(Chunk::Last);
    };
    let ids: Vec<ReceivableAccountId> = next.iter().map(|(account, _)| *account).collect();
    let accounts = accounts::lock_many(&tx, &ids).await?;
    let promotion = store::lock(&tx, run.promotion)
        .await?
        .ok_or(AppError::NotFound)?;
    let outcome = give_to(ctx, &tx, &run, &promotion, &next, &accounts).await?;
    runs::note_refused(&tx, run.id, &outcome.refused).await?;
    let state = match outcome.ended {
        None => {
            runs::note_done(&tx, run.id, last).await?;
            None
        }
        Some((account, state)) => {
            if let Some(before) = ids.iter().rev().find(|id| **id < account) {
                runs::note_done(&tx, run.id, *before).await?;
            }
            Some(state)
        }
    };
    if let Some(state) = state {
        end(ctx, &tx, &run, state).await?;
    }
    tx.commit(ctx).await?;
    Ok(if state.is_some() {
        Chunk::Last
    } else {
        Chunk::MoreToDo
    })
}

/// What came of a chunk.
#[derive(Default)]
struct Outcome {
    refused: Vec<(ReceivableAccountId, &'static str)>,
    /// The account at which the run ended, and how.
    ended: Option<(ReceivableAccountId, PromotionRunState)>,
}

async fn give_to(
    ctx: &Ctx,
    tx: &Tx,
    run: &StoredPromotionRun,
    promotion: &StoredPromotion,
    next: &[(ReceivableAccountId, CustomerId)],
    locked: &[LockedAccount],
) -> Result<Outcome, AppError> {
    let calendar = calendar(ctx, tx, None, EntrySource::Promotion, "").await?;
    let giving = Giving {
        promotion,
        way: GrantWay::Run,
        granted_on: run.granted_on,
        posting_on: calendar.system_posting_day(run.granted_on),
        run: Some(run.id),
        reason: None,
    };
    let candidates = candidates(tx, promotion, next).await?;
    let mut before = store::given_before(tx, promotion, &candidates).await?;
    let by_id: HashMap<ReceivableAccountId, &LockedAccount> =
        locked.iter().map(|account| (account.id, account)).collect();
    let mut outcome = Outcome::default();
    let mut given_minor = promotion.given_minor;
    let mut changed: Vec<ReceivableAccountId> = Vec::new();
    for candidate in candidates {
        let decided = giving.decide(&before, &candidate, promotion.offer.currency, given_minor);
        let amount_minor = match decided {
            Ok(amount_minor) => amount_minor,
            Err(reason) => {
                let code = not_given(reason, promotion.offer.currency).code();
                let ended = ends_run(reason);
                // Of a run that is stopped this account is done when it goes on.
                if ended != Some(PromotionRunState::Stopped) {
                    outcome.refused.push((candidate.account, code));
                }
                if let Some(state) = ended {
                    outcome.ended = Some((candidate.account, state));
                    break;
                }
                continue;
            }
        };
        let account = by_id[&candidate.account];
        giving
            .write(ctx, tx, account, candidate, amount_minor)
            .await?;
        given_minor += amount_minor;
        *before.to_customer.entry(candidate.customer).or_insert(0) += amount_minor;
        changed.push(account.id);
        tx.note(account.event());
    }
    if !changed.is_empty() {
        changed.dedup();
        store::count_given(tx, promotion.id, given_minor - promotion.given_minor).await?;
        accounts::refresh(tx, &changed).await?;
    }
    Ok(outcome)
}

/// Whether nobody after this one will get anything either.
fn ends_run(reason: NotGiven) -> Option<PromotionRunState> {
    match reason {
        NotGiven::BudgetSpent { .. } => Some(PromotionRunState::BudgetSpent),
        NotGiven::NotActive | NotGiven::NotYet { .. } | NotGiven::Over { .. } => {
            Some(PromotionRunState::Stopped)
        }
        _ => None,
    }
}

/// Who may get something on these accounts: each once, or once per document.
async fn candidates(
    tx: &Tx,
    promotion: &StoredPromotion,
    next: &[(ReceivableAccountId, CustomerId)],
) -> Result<Vec<Candidate>, AppError> {
    let Some(kind) = promotion.offer.kind.basis() else {
        let plain = next.iter().map(|(account, customer)| Candidate {
            account: *account,
            customer: *customer,
            basis: None,
        });
        return Ok(plain.collect());
    };
    let ids: Vec<ReceivableAccountId> = next.iter().map(|(account, _)| *account).collect();
    Ok(store::documents(tx, promotion, kind, Documents::Of(&ids)).await?)
}

async fn end(
    ctx: &Ctx,
    tx: &Tx,
    run: &StoredPromotionRun,
    state: PromotionRunState,
) -> Result<(), AppError> {
    runs::set_state(tx, ctx, run.id, state).await?;
    record(
        tx,
        ctx,
        "promotion_run.finished",
        run.id,
        json!({ "state": state }),
    )
    .await
}

async fn record(
    tx: &Tx,
    ctx: &Ctx,
    act: &str,
    run: PromotionRunId,
    details: serde_json::Value,
) -> Result<(), AppError> {
    let event = AuditEvent {
        act,
        subject_kind: "promotion_run",
        subject_id: run.to_string(),
        customer: None,
        account: None,
        reason: None,
        details,
    };
    Ok(audit::record(tx, ctx, event).await?)
}

/// Who would get what, were the promotion active and the run made today; nothing is written. Drafts and paused
/// promotions are answered for as if they were active.
pub async fn simulate(ctx: &Ctx, promotion: &str) -> Result<PromotionSimulation, AppError> {
    if !ctx.actor.holds(Right::ManagePromotions) {
        ctx.actor.require(Right::GrantPromotions)?;
    }
    let tx = Tx::begin_reading(ctx).await?;
    let mut promotion = store::find(&tx, id(promotion)?)
        .await?
        .ok_or(AppError::NotFound)?;
    promotion.offer.state = PromotionState::Active;
    let granted_on = ctx.today().max(promotion.offer.starts_on);
    let giving = Giving {
        promotion: &promotion,
        way: GrantWay::Run,
        granted_on,
        posting_on: granted_on,
        run: None,
        reason: None,
    };
    let currency = promotion.offer.currency;
    let money = |minor| Money::new(minor, currency);
    let mut simulation = PromotionSimulation {
        accounts: 0,
        grants: 0,
        total: money(0),
        budget_left: promotion
            .offer
            .budget_minor
            .map(|budget| money((budget - promotion.given_minor).max(0))),
        stops_at_budget: false,
        shown: Vec::new(),
        refusals: Vec::new(),
    };
    let mut refusals: BTreeMap<&'static str, i64> = BTreeMap::new();
    let mut got: Vec<(ReceivableAccountId, Option<Uuid>, i64)> = Vec::new();
    let mut given_minor = promotion.given_minor;
    let mut to_customer: HashMap<CustomerId, i64> = HashMap::new();
    let mut after = None;
    'chunks: loop {
        let next = runs::next_accounts(&tx, &promotion, after, ACCOUNTS_PER_CHUNK).await?;
        let Some((last, _)) = next.last().copied() else {
            break;
        };
        after = Some(last);
        simulation.accounts += i64::try_from(next.len()).unwrap_or(i64::MAX);
        let candidates = candidates(&tx, &promotion, &next).await?;
        let mut before = store::given_before(&tx, &promotion, &candidates).await?;
        for candidate in candidates {
            // A customer's accounts may stand in different chunks.
            let has = match before.to_customer.get(&candidate.customer) {
                Some(minor) => *minor,
                None => 0,
            };
            let would_have = to_customer.entry(candidate.customer).or_insert(has);
            before.to_customer.insert(candidate.customer, *would_have);
            match giving.decide(&before, &candidate, currency, given_minor) {
                Ok(minor) => {
                    given_minor += minor;
                    *would_have += minor;
                    simulation.grants += 1;
                    if got.len() < SHOWN {
                        got.push((
                            candidate.account,
                            candidate.basis.map(|basis| basis.id),
                            minor,
                        ));
                    }
                }
                Err(reason) => {
                    *refusals
                        .entry(not_given(reason, currency).code())
                        .or_insert(0) += 1;
                    if matches!(reason, NotGiven::BudgetSpent { .. }) {
                        simulation.stops_at_budget = true;
                        break 'chunks;
                    }
                }
            }
        }
    }
    simulation.total = money(given_minor - promotion.given_minor);
    simulation.refusals = refusals
        .into_iter()
        .map(|(code, count)| (code.to_owned(), count))
        .collect();
    let expires_on = promotion.offer.lapse.expires_on(granted_on);
    let names = runs::names(&tx, &got).await?;
    simulation.shown = got
        .iter()
        .zip(names)
        .map(|((_, _, minor), (on, basis))| SimulatedGrant {
            on,
            basis,
            amount: money(*minor),
            expires_on,
        })
        .collect();
    Ok(simulation)
}
