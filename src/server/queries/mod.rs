//! Read models: SQL straight to dto. No rules, no writes; each function checks who asks.

pub mod balances;
pub mod journal;
pub mod lineage;
pub mod reports;
mod sql;
pub mod verify;
