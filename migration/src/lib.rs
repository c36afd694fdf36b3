//! The schema, step by step: the contract with the data, for SQLite and PostgreSQL alike.
//!
//! Each step is SQL that a person can read; placeholders stand where the two engines name a type differently.

pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::prelude::*;

mod m20261122_000001_foundation;
mod m20261122_000002_imports;
mod m20261122_000003_expiry;
mod m20261122_000004_requests;
mod m20261122_000005_credit_notes;
mod m20261122_000006_promotions;

pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261122_000001_foundation::Migration),
            Box::new(m20261122_000002_imports::Migration),
            Box::new(m20261122_000003_expiry::Migration),
            Box::new(m20261122_000004_requests::Migration),
            Box::new(m20261122_000005_credit_notes::Migration),
            Box::new(m20261122_000006_promotions::Migration),
        ]
    }
}

/// Runs SQL after putting the engine's own types in for `{uuid}`, `{instant}` and `{bool}`.
async fn run_sql(manager: &SchemaManager<'_>, sql: &str) -> Result<(), DbErr> {
    let (uuid, instant, bool) = match manager.get_database_backend() {
        sea_orm::DatabaseBackend::Postgres => ("uuid", "timestamptz", "boolean"),
        _ => ("blob", "datetime", "boolean"),
    };
    let sql = sql
        .replace("{uuid}", uuid)
        .replace("{instant}", instant)
        .replace("{bool}", bool);
    manager.get_connection().execute_unprepared(&sql).await?;
    Ok(())
}

/// Runs the SQL written for the engine at hand.
async fn run_engine_sql(
    manager: &SchemaManager<'_>,
    postgres: &str,
    sqlite: &str,
) -> Result<(), DbErr> {
    match manager.get_database_backend() {
        sea_orm::DatabaseBackend::Postgres => run_sql(manager, postgres).await,
        _ => run_sql(manager, sqlite).await,
    }
}
