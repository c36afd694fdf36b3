//! What a run finds on an account: usable credit, open invoices, and how one would pay the other.

use crate::domain::allocation::{Allocation, OpenItem, StruckPairs, allocate};
use crate::domain::credit::OrderOfUse;
use crate::domain::ids::{CreditGrantId, ReceivableAccountId};
use crate::dto::error::AppError;
use crate::server::context::Ctx;
use crate::server::store::Tx;
use crate::server::store::accounts::{self, LockedAccount};
use crate::server::store::credit_runs::{AccountOutcome, RunAccount, StoredRun};
use crate::server::store::grants::{self, StoredGrant};
use crate::server::store::invoices::{self, AccountItem};
use chrono::NaiveDate;
use std::collections::HashMap;

/// One locked account with what a run may use and pay there now.
pub(super) struct AccountFunds {
    pub account: LockedAccount,
    pub grants: HashMap<CreditGrantId, StoredGrant>,
    pub items: Vec<OpenItem>,
    order: OrderOfUse,
}

impl AccountFunds {
    /// The pairs a run would apply without the struck ones; none on an account on hold.
    pub fn pairs(&self, struck: &StruckPairs) -> Vec<Allocation> {
        if self.account.on_hold {
            return Vec::new();
        }
        let usable = self.grants.values().map(|grant| grant.usable.clone());
        allocate(usable.collect(), self.items.clone(), self.order, struck)
    }

    /// The account's row in the run when it is to apply, or applied, these pairs.
    pub fn row(&self, pairs: &[Allocation], outcome: Option<AccountOutcome>) -> RunAccount {
        RunAccount {
            account: self.account.id,
            version: self.account.version,
            pairs: i32::try_from(pairs.len())
                .expect("an account has fewer than two thousand million pairs"),
            total_minor: pairs.iter().map(|pair| pair.amount_minor).sum(),
            outcome,
        }
    }
}

/// Locks accounts with their grants and invoices, and says what a run finds there; in the order of their ids.
/// Source: domain rules, section 5, step 1.
pub(super) async fn find(
    ctx: &Ctx,
    tx: &Tx,
    run: &StoredRun,
    ids: &[ReceivableAccountId],
) -> Result<Vec<AccountFunds>, AppError> {
    let locked = accounts::lock_many(tx, ids).await?;
    let items = invoices::open_items(tx, ids, Some(run.effective_on)).await?;
    let grants = grants::with_remainder(tx, ids).await?;
    let mut sorted = Sorted::of(items, grants, run.effective_on, ctx.today());
    let found = locked
        .into_iter()
        .map(|account| sorted.funds_of(account, run.order_of_use));
    Ok(found.collect())
}

/// Open items and usable grants by the account they belong to.
pub(super) struct Sorted {
    items: HashMap<ReceivableAccountId, Vec<OpenItem>>,
    usable: HashMap<ReceivableAccountId, Vec<StoredGrant>>,
}

impl Sorted {
    pub fn of(
        items: Vec<AccountItem>,
        grants: Vec<StoredGrant>,
        effective_on: NaiveDate,
        today: NaiveDate,
    ) -> Self {
        let mut sorted = Self {
            items: HashMap::new(),
            usable: HashMap::new(),
        };
        for item in items {
            let of_account = sorted.items.entry(item.account).or_default();
            of_account.push(item.item);
        }
        for grant in grants {
            if grant.usable.is_usable(effective_on, today) {
                sorted.usable.entry(grant.account).or_default().push(grant);
            }
        }
        sorted
    }

    /// What is sorted here of one account, taken out.
    pub fn funds_of(&mut self, account: LockedAccount, order: Option<OrderOfUse>) -> AccountFunds {
        let usable = self.usable.remove(&account.id).unwrap_or_default();
        AccountFunds {
            grants: usable.into_iter().map(|grant| (grant.id, grant)).collect(),
            items: self.items.remove(&account.id).unwrap_or_default(),
            order: order.unwrap_or(account.order_of_use),
            account,
        }
    }
}
