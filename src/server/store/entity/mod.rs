//! One struct per table. Private to `store`: no row leaves this room.

pub mod api_tokens;
pub mod applications;
pub mod audit_events;
pub mod closed_periods;
pub mod credit_grants;
pub mod credit_run_accounts;
pub mod credit_run_struck;
pub mod credit_runs;
pub mod customer_aliases;
pub mod customer_contacts;
pub mod customer_external_ids;
pub mod customer_tags;
pub mod customers;
pub mod grant_movements;
pub mod idempotency_keys;
pub mod invoice_lines;
pub mod invoice_taxes;
pub mod invoices;
pub mod ledger_accounts;
pub mod login_links;
pub mod payments;
pub mod receivable_accounts;
pub mod sessions;
pub mod settings;
pub mod user_roles;
pub mod users;
