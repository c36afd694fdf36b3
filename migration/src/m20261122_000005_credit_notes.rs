//! Credit notes with their lines and taxes.

use crate::{run_engine_sql, run_sql};
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// In the order in which they can be dropped.
const TABLES: &[&str] = &["credit_note_taxes", "credit_note_lines", "credit_notes"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run_sql(manager, include_str!("../sql/credit_notes.sql")).await?;
        run_engine_sql(
            manager,
            include_str!("../sql/credit_notes_postgres.sql"),
            include_str!("../sql/credit_notes_sqlite.sql"),
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run_sql(manager, "DROP INDEX applications_by_credit_note").await?;
        for table in TABLES {
            run_sql(manager, &format!("DROP TABLE {table}")).await?;
        }
        run_engine_sql(manager, "DROP FUNCTION refuse_final_credit_note_change", "").await
    }
}
