//! The words on the wire: plain serde structs, what comes in and goes out. No rules beyond reading text.

pub mod accounts;
pub mod audit;
pub mod balances;
pub mod business;
pub mod credit_notes;
pub mod credit_runs;
pub mod credits;
pub mod customers;
pub mod dashboard;
pub mod error;
pub mod expiry;
pub mod form;
pub mod imports;
pub mod invoices;
pub mod journal;
pub mod lineage;
pub mod page;
pub mod payments;
pub mod people;
pub mod prepaid;
pub mod promotions;
pub mod reports;
pub mod requests;
pub mod verify;
