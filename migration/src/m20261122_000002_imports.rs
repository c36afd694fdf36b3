//! Imports: their findings, and staging tables from which one transaction posts them.

use crate::{run_engine_sql, run_sql};
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// In the order in which they can be dropped.
const TABLES: &[&str] = &[
    "import_journal_lines",
    "import_applications",
    "import_payments",
    "import_invoice_taxes",
    "import_invoice_lines",
    "import_invoices",
    "import_accounts",
    "import_aliases",
    "import_customers",
    "import_findings",
    "imports",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run_sql(manager, include_str!("../sql/imports.sql")).await?;
        run_engine_sql(manager, "CREATE SEQUENCE import_numbers", "").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in TABLES {
            run_sql(manager, &format!("DROP TABLE {table}")).await?;
        }
        run_engine_sql(manager, "DROP SEQUENCE import_numbers", "").await
    }
}
