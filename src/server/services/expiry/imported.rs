//! Imported credit is born under a policy like any other.

use super::terms;
use crate::domain::expiry::{GivenTerms, GrantTerms};
use crate::domain::ids::{CreditGrantId, ImportId};
use crate::dto::error::AppError;
use crate::server::context::Ctx;
use crate::server::store::{Tx, expiry as store};
use std::collections::HashMap;

/// The grants an import wrote without a lapse date get the one of the policy in force on their own day, if any.
pub(in crate::server::services) async fn date_imported(
    ctx: &Ctx,
    tx: &Tx,
    import: ImportId,
) -> Result<(), AppError> {
    let mut known: HashMap<store::BornAlike, GrantTerms> = HashMap::new();
    let mut dated: HashMap<GrantTerms, Vec<CreditGrantId>> = HashMap::new();
    for grant in store::imported_under_policies(tx, import).await? {
        let born = grant.born;
        let terms = match known.get(&born) {
            Some(terms) => *terms,
            None => {
                let given = GivenTerms::default();
                let terms = terms(
                    ctx,
                    tx,
                    (born.customer, born.currency),
                    born.class,
                    born.effective_on,
                    given,
                )
                .await?;
                known.insert(born, terms);
                terms
            }
        };
        dated.entry(terms).or_default().push(grant.id);
    }
    for (terms, grants) in dated {
        store::set_terms(tx, &terms, &grants).await?;
    }
    Ok(())
}
