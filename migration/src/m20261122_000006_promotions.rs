//! Promotions, what they gave, and the rules of prepaid accounts.

use crate::run_sql;
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// In the order in which they can be dropped.
const TABLES: &[&str] = &[
    "top_up_requests",
    "prepaid_alerts",
    "prepaid_thresholds",
    "prepaid_accounts",
    "promotion_run_refusals",
    "promotion_grants",
    "promotion_runs",
    "promotion_customers",
    "promotion_tags",
    "promotions",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run_sql(manager, include_str!("../sql/promotions.sql")).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in TABLES {
            run_sql(manager, &format!("DROP TABLE {table}")).await?;
        }
        Ok(())
    }
}
