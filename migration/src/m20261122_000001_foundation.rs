//! Customers, receivable accounts, invoices, payments, credit grants, applications, the journal, people.

use crate::{run_engine_sql, run_sql};
use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

/// In the order in which they can be dropped.
const TABLES: &[&str] = &[
    "audit_events",
    "idempotency_keys",
    "number_series",
    "credit_run_struck",
    "credit_run_accounts",
    "credit_runs",
    "applications",
    "grant_movements",
    "credit_grants",
    "payments",
    "invoice_taxes",
    "invoice_lines",
    "invoices",
    "journal_lines",
    "journal_entries",
    "ledger_accounts",
    "receivable_accounts",
    "api_tokens",
    "sessions",
    "login_links",
    "period_exceptions",
    "user_roles",
    "users",
    "customer_external_ids",
    "customer_aliases",
    "customer_tags",
    "customer_contacts",
    "customers",
    "closed_periods",
    "settings",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run_sql(manager, include_str!("../sql/foundation.sql")).await?;
        run_engine_sql(
            manager,
            include_str!("../sql/foundation_postgres.sql"),
            include_str!("../sql/foundation_sqlite.sql"),
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in TABLES {
            run_sql(manager, &format!("DROP TABLE {table}")).await?;
        }
        let sequences = "DROP SEQUENCE journal_entry_numbers, payment_numbers, credit_grant_numbers,
            credit_run_numbers, customer_numbers, receivable_account_numbers;
            DROP FUNCTION refuse_change, check_entries_balanced, check_lines_unsealed, refuse_final_invoice_change";
        run_engine_sql(manager, sequences, "").await
    }
}
