//! Requests: adjustments, refunds, transfers, write-offs, and what they take from grants.

use crate::{run_engine_sql, run_sql};
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run_sql(manager, include_str!("../sql/requests.sql")).await?;
        run_engine_sql(manager, "CREATE SEQUENCE request_numbers", "").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run_sql(manager, "DROP INDEX applications_by_write_off").await?;
        for table in ["request_slices", "requests"] {
            run_sql(manager, &format!("DROP TABLE {table}")).await?;
        }
        run_engine_sql(manager, "DROP SEQUENCE request_numbers", "").await
    }
}
