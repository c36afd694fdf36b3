//! SeaORM lives here. Functions take the open transaction and do one thing; they decide nothing,
//! begin and commit nothing, and return no entity.

pub mod accounts;
pub mod applications;
pub mod audit;
pub mod credit_notes;
pub mod credit_runs;
pub mod customers;
mod entity;
pub mod expiry;
pub mod grants;
pub mod idempotency;
pub mod imports;
pub mod invoices;
pub mod jobs;
pub mod journal;
pub mod ledger_accounts;
pub mod login_links;
pub mod notices;
pub mod numbers;
pub mod payments;
pub mod periods;
pub mod prepaid;
pub mod promotion_runs;
pub mod promotions;
pub mod refund_sources;
pub mod requests;
pub mod run_previews;
pub mod sessions;
pub mod settings;
mod sql;
pub mod tokens;
pub mod users;

use super::context::{Ctx, Event};
use crate::domain::ids::ReceivableAccountId;
use crate::dto::error::{AppError, Refusal};
use sea_orm::{
    DatabaseTransaction, DbErr, SqlErr, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use std::sync::Mutex;

/// An open database transaction, and the events to publish once it is committed.
pub struct Tx {
    connection: DatabaseTransaction,
    events: Mutex<Vec<Event>>,
}

impl Tx {
    /// Begins the one transaction of a use case. On SQLite it takes the write lock at once.
    pub async fn begin(ctx: &Ctx) -> Result<Self, AppError> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..Default::default()
        };
        let connection = ctx.db.write.begin_with_options(options).await?;
        Ok(Self {
            connection,
            events: Mutex::default(),
        })
    }

    /// Begins a transaction that only looks, for previews; it is never committed. On SQLite it does not queue
    /// with the writers.
    pub async fn begin_reading(ctx: &Ctx) -> Result<Self, AppError> {
        let connection = ctx.db.read.begin().await?;
        Ok(Self {
            connection,
            events: Mutex::default(),
        })
    }

    fn changed_accounts(&self) -> Vec<ReceivableAccountId> {
        let events = self.events.lock().expect("no holder of the events panics");
        events.iter().map(|event| event.account).collect()
    }

    /// Notes an event to be published after commit.
    pub fn note(&self, event: Event) {
        let mut events = self.events.lock().expect("no holder of the events panics");
        if !events.contains(&event) {
            events.push(event);
        }
    }

    /// Commits, then publishes what was noted. Before, in the same transaction, prepaid balances that came to a
    /// threshold are noted for the accounts that changed.
    pub async fn commit(self, ctx: &Ctx) -> Result<(), AppError> {
        let changed = self.changed_accounts();
        prepaid::note_crossings(&self, ctx, &changed).await?;
        self.connection.commit().await?;
        let events = self
            .events
            .into_inner()
            .expect("no holder of the events panics");
        for event in events {
            ctx.events.publish(event);
        }
        Ok(())
    }
}

/// What a write came to. A number that someone else took in the meantime is refused at `field`: on PostgreSQL two
/// may have found it free.
pub fn unless_taken<T>(result: Result<T, DbErr>, field: &str) -> Result<T, AppError> {
    result.map_err(|error| match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => Refusal::NumberTaken.at(field),
        _ => error.into(),
    })
}
