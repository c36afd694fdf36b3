//! The journal: entries by date and document, one entry, the trial balance.

pub mod api;
pub mod entry;
pub mod list;
pub mod trial_balance;
