//! Expiry: the terms grants are born with, what lapses when, changed lapse dates, and policies.

mod change;
mod imported;
mod job;
mod lapse;
mod policies;

pub use change::extend;
pub(super) use imported::date_imported;
pub use job::{Done, Progress, expire};
pub use lapse::lapse_released;
pub(super) use lapse::{
    Lapsing, Returned, after_return, check_new_date, new_date, reverse_lapses, standing_lapses,
};
pub use policies::set_policy;

use crate::domain::credit::CreditClass;
use crate::domain::expiry::{GivenTerms, GrantTerms, NewGrantFacts, governing};
use crate::domain::ids::CustomerId;
use crate::domain::money::Currency;
use crate::dto::error::AppError;
use crate::server::context::Ctx;
use crate::server::store::accounts::LockedAccount;
use crate::server::store::{Tx, expiry as store};
use chrono::NaiveDate;

/// The terms a new grant of this class is born with, whatever the door: what its act gave, and where that left the
/// lapse date open, what the expiry policy in force on the grant's own day says.
pub(super) async fn terms_for_new_grant(
    ctx: &Ctx,
    tx: &Tx,
    account: &LockedAccount,
    class: CreditClass,
    effective_on: NaiveDate,
    given: GivenTerms,
) -> Result<GrantTerms, AppError> {
    let owner = (account.customer, account.currency);
    terms(ctx, tx, owner, class, effective_on, given).await
}

async fn terms(
    ctx: &Ctx,
    tx: &Tx,
    (customer, currency): (CustomerId, Currency),
    class: CreditClass,
    effective_on: NaiveDate,
    given: GivenTerms,
) -> Result<GrantTerms, AppError> {
    let policies = store::in_force(tx, class, effective_on).await?;
    let tags = match policies.iter().any(|policy| policy.tag.is_some()) {
        true => store::tags_of(tx, customer).await?,
        false => Vec::new(),
    };
    let facts = NewGrantFacts {
        class,
        currency,
        customer_tags: &tags,
        effective_on,
    };
    let policy = governing(&policies, facts);
    Ok(GrantTerms::of(given, policy, effective_on, ctx.today()))
}
