//! Customers.

use super::Tx;
use super::entity::customers;
use crate::domain::ids::CustomerId;
use sea_orm::{DbErr, EntityTrait};

/// Days within which a customer pays.
pub async fn terms_days(tx: &Tx, id: CustomerId) -> Result<u32, DbErr> {
    let row = customers::Entity::find_by_id(id.0)
        .one(&tx.connection)
        .await?;
    let row = row.ok_or_else(|| DbErr::RecordNotFound(format!("customer {id}")))?;
    u32::try_from(row.terms_days)
        .map_err(|_| DbErr::Type("customers.terms_days is negative".to_owned()))
}
