//! The daily job: credit whose last usable day has passed lapses. Late or repeated, it comes to the same.
//!
//! ```text
//! accounts with something due, in chunks ─▶ lock ─▶ what is left and not reserved of each grant that is due
//!   ─▶ one EXP entry per grant, dated the day after its last usable one ─▶ caches
//! ```

use super::lapse::{ToLapse, write_lapses};
use crate::domain::expiry::{Lapse, LapseCause, scheduled_lapse};
use crate::domain::ids::{CreditGrantId, ReceivableAccountId};
use crate::domain::money::{Currency, Money};
use crate::domain::rights::Right;
use crate::dto::error::{AppError, Refusal};
use crate::dto::expiry::ExpirySummary;
use crate::server::context::Ctx;
use crate::server::store::accounts;
use crate::server::store::audit::{self, AuditEvent};
use crate::server::store::grants::{self, StoredGrant};
use crate::server::store::{Tx, expiry as store};
use chrono::NaiveDate;
use serde_json::json;
use std::collections::{BTreeMap, HashSet};
use uuid::Uuid;

/// Accounts done in one transaction.
const ACCOUNTS_PER_CHUNK: u32 = 200;

/// How far the job has come.
#[derive(Clone, Copy, Debug)]
pub struct Done {
    pub accounts: u64,
    pub of: u64,
}

/// Told after every chunk.
pub type Progress<'a> = &'a (dyn Fn(Done) + Send + Sync);

/// Everything that has lapsed by `through` is posted as lapsed: one entry per grant, dated the day after its last
/// usable one, on the first open day. Reserved credit stays; held credit lapses. An account that fails is named and
/// does not stop the others. Twice for the same day posts nothing more.
///
/// Refuses a day still to come: what may be used today has not lapsed. Source: domain rules, section 7.
pub async fn expire(
    ctx: &Ctx,
    through: NaiveDate,
    progress: Progress<'_>,
) -> Result<ExpirySummary, AppError> {
    ctx.actor.require(Right::ApplyCredits)?;
    if through > ctx.today() {
        return Err(Refusal::DateTooLate { last: ctx.today() }.at("through"));
    }
    let mut sum = Sum::default();
    let tx = Tx::begin_reading(ctx).await?;
    let mut done = Done {
        accounts: 0,
        of: store::count_due(&tx, through).await?,
    };
    drop(tx);
    progress(done);
    let mut after = Uuid::nil();
    while done.of > 0 {
        let tx = Tx::begin_reading(ctx).await?;
        let chunk = store::next_due(&tx, through, after, ACCOUNTS_PER_CHUNK).await?;
        drop(tx);
        let Some(last) = chunk.last() else { break };
        after = last.0;
        do_chunk(ctx, through, &chunk, &mut sum).await?;
        done.accounts += chunk.len() as u64;
        progress(done);
    }
    let summary = sum.summary(through);
    if summary.grants > 0 || !summary.failed_accounts.is_empty() {
        note(ctx, &summary).await?;
    }
    Ok(summary)
}

/// Does a chunk in one transaction; when that fails, account by account, so that one account stops no other.
async fn do_chunk(
    ctx: &Ctx,
    through: NaiveDate,
    chunk: &[ReceivableAccountId],
    sum: &mut Sum,
) -> Result<(), AppError> {
    if let Ok(lapsed) = do_accounts(ctx, through, chunk).await {
        return sum.add(lapsed);
    }
    for account in chunk {
        match do_accounts(ctx, through, std::slice::from_ref(account)).await {
            Ok(lapsed) => sum.add(lapsed)?,
            // The database is gone: nothing more can be done now, and the next run finishes the work.
            Err(AppError::Unavailable { incident }) => {
                return Err(AppError::Unavailable { incident });
            }
            Err(error) => {
                tracing::error!(%account, %error, "the credit of an account could not lapse");
                sum.failed.push(account.to_string());
            }
        }
    }
    Ok(())
}

/// Lapses what is due on these accounts: the amounts, one per grant.
async fn do_accounts(
    ctx: &Ctx,
    through: NaiveDate,
    ids: &[ReceivableAccountId],
) -> Result<Vec<Money>, AppError> {
    let tx = Tx::begin(ctx).await?;
    let locked = accounts::lock_many(&tx, ids).await?;
    let grants = grants::with_remainder(&tx, ids).await?;
    let due: Vec<(&StoredGrant, Lapse)> = grants
        .iter()
        .filter_map(|grant| Some((grant, due_of(grant, through)?)))
        .collect();
    if due.is_empty() {
        return Ok(Vec::new());
    }
    let due_ids: Vec<CreditGrantId> = due.iter().map(|(grant, _)| grant.id).collect();
    let known = grants::lapse_causes(&tx, &due_ids).await?;
    let mut to_lapse = Vec::with_capacity(due.len());
    for (grant, lapse) in due {
        let account = locked
            .iter()
            .find(|account| account.id == grant.account)
            .ok_or(AppError::NotFound)?;
        let (lapse, cause) = caused(grant, lapse, through, &known);
        to_lapse.push(ToLapse::of(account, grant, lapse, cause));
    }
    write_lapses(ctx, &tx, &to_lapse, NaiveDate::MIN).await?;
    let mut touched: Vec<ReceivableAccountId> = to_lapse.iter().map(|one| one.account.id).collect();
    touched.sort_unstable();
    touched.dedup();
    accounts::refresh(&tx, &touched).await?;
    let amounts = to_lapse.iter().map(ToLapse::amount).collect();
    for one in &to_lapse {
        tx.note(one.account.event());
    }
    tx.commit(ctx).await?;
    Ok(amounts)
}

fn due_of(grant: &StoredGrant, through: NaiveDate) -> Option<Lapse> {
    let expires_on = grant.usable.expires_on;
    scheduled_lapse(
        grant.remaining_minor,
        grant.reserved_minor,
        expires_on,
        through,
    )
}

/// A grant lapses by itself once per date; what comes to it later and was not seen to then lapses on the day it is
/// found.
fn caused(
    grant: &StoredGrant,
    lapse: Lapse,
    through: NaiveDate,
    known: &HashSet<(CreditGrantId, String)>,
) -> (Lapse, LapseCause) {
    let scheduled = grant
        .usable
        .expires_on
        .map(|expires_on| LapseCause::Scheduled { expires_on })
        .filter(|cause| !known.contains(&(grant.id, cause.to_string())));
    match scheduled {
        Some(cause) => (lapse, cause),
        None => {
            let found = Lapse {
                effective_on: lapse.effective_on.max(through),
                ..lapse
            };
            (found, LapseCause::LeftOver { on: through })
        }
    }
}

/// One act in the audit trail per run that came to something.
async fn note(ctx: &Ctx, summary: &ExpirySummary) -> Result<(), AppError> {
    let tx = Tx::begin(ctx).await?;
    let event = AuditEvent {
        act: "credits.lapsed",
        subject_kind: "job",
        subject_id: "expire_credits".to_owned(),
        customer: None,
        account: None,
        reason: None,
        details: json!({
            "through": summary.through,
            "grants": summary.grants,
            "totals": summary.totals,
            "failed_accounts": summary.failed_accounts,
        }),
    };
    audit::record(&tx, ctx, event).await?;
    tx.commit(ctx).await
}

/// What came of it so far.
#[derive(Default)]
struct Sum {
    grants: u64,
    totals: BTreeMap<String, Money>,
    failed: Vec<String>,
}

impl Sum {
    fn add(&mut self, lapsed: Vec<Money>) -> Result<(), AppError> {
        for amount in lapsed {
            self.grants += 1;
            let currency: Currency = amount.currency;
            let total = self
                .totals
                .entry(currency.code().to_owned())
                .or_insert(Money::zero(currency));
            *total = total.plus(amount)?;
        }
        Ok(())
    }

    fn summary(self, through: NaiveDate) -> ExpirySummary {
        ExpirySummary {
            through,
            grants: self.grants,
            totals: self.totals.into_values().collect(),
            failed_accounts: self.failed,
        }
    }
}
