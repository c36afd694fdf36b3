//! Receivable accounts: opening one, its ledger, its settings.

pub mod api;
pub mod detail;
pub mod open;
pub mod settings;
