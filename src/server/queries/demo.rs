//! Whether a database can take the demo company, and what it holds once it has.

use super::sql;
use crate::domain::rights::Right;
use crate::dto::error::AppError;
use crate::server::context::Ctx;
use crate::server::store::users::UNNAMED;

/// What a database holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holding {
    /// No person who could log in, no customer.
    Nothing,
    /// A whole demo company.
    Demo,
    /// Books of somebody else, or a demo company that was not finished.
    Other,
}

/// What this database holds. `customer_login` is the person whom a demo company gets last.
pub async fn holding(ctx: &Ctx, customer_login: &str) -> Result<Holding, AppError> {
    ctx.actor.require(Right::ManageUsers)?;
    let customers = count(ctx, "customers").await?;
    let people = "SELECT COUNT(*) AS count FROM users WHERE email <> $1";
    let people = sql::count(ctx, people, vec![UNNAMED.into()]).await?;
    if customers == 0 && people == 0 {
        return Ok(Holding::Nothing);
    }
    let guests = "SELECT COUNT(*) AS count FROM users WHERE email = $1 AND customer_id IS NOT NULL";
    let guests = sql::count(ctx, guests, vec![customer_login.into()]).await?;
    Ok(match guests {
        0 => Holding::Other,
        _ => Holding::Demo,
    })
}

/// How much there is of everything.
pub struct Counts {
    pub customers: u64,
    pub invoices: u64,
    pub payments: u64,
    pub grants: u64,
}

pub async fn counts(ctx: &Ctx) -> Result<Counts, AppError> {
    ctx.actor.require(Right::ReadCustomers)?;
    Ok(Counts {
        customers: count(ctx, "customers").await?,
        invoices: count(ctx, "invoices").await?,
        payments: count(ctx, "payments").await?,
        grants: count(ctx, "credit_grants").await?,
    })
}

async fn count(ctx: &Ctx, table: &str) -> Result<u64, AppError> {
    let statement = format!("SELECT COUNT(*) AS count FROM {table}");
    Ok(sql::count(ctx, &statement, vec![]).await?)
}
