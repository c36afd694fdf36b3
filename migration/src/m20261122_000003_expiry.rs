//! Expiry: policies with their versions, changes of grants' lapse dates, and the jobs that run once a day.

use crate::run_sql;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// In the order in which they can be dropped.
const TABLES: &[&str] = &[
    "daily_jobs",
    "job_leases",
    "grant_expiry_changes",
    "expiry_policy_leads",
    "expiry_policy_versions",
    "expiry_policies",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run_sql(manager, include_str!("../sql/expiry.sql")).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run_sql(manager, "DROP INDEX credit_grants_by_policy").await?;
        for table in TABLES {
            run_sql(manager, &format!("DROP TABLE {table}")).await?;
        }
        Ok(())
    }
}
