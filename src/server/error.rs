//! From what went wrong below to what the outside may know. Logged here, once, with an incident id.

use crate::domain::ledger::LedgerError;
use crate::domain::money::MoneyError;
use crate::dto::error::{AppError, Refusal};
use sea_orm::{DbErr, RuntimeErr, sqlx};
use uuid::Uuid;

impl From<DbErr> for AppError {
    fn from(error: DbErr) -> Self {
        let incident = Uuid::now_v7();
        tracing::error!(%incident, %error, "database failure");
        if is_unavailable(&error) {
            return Self::Unavailable { incident };
        }
        Self::Unexpected { incident }
    }
}

fn is_unavailable(error: &DbErr) -> bool {
    match error {
        DbErr::ConnectionAcquire(_) => true,
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => matches!(
            error.as_ref(),
            sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed
        ),
        _ => false,
    }
}

impl From<LedgerError> for AppError {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Money(error) => error.into(),
            defect => unexpected(&defect),
        }
    }
}

impl From<MoneyError> for AppError {
    fn from(error: MoneyError) -> Self {
        Refusal::from(error).of_act()
    }
}

/// A defect of ours: logged with an incident id, which is all the outside learns.
pub fn unexpected(error: &(impl std::fmt::Display + ?Sized)) -> AppError {
    let incident = Uuid::now_v7();
    tracing::error!(%incident, %error, "unexpected failure");
    AppError::Unexpected { incident }
}
