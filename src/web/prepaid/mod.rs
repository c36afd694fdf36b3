//! Prepaid accounts: balance, top-ups, drawdowns, thresholds; for staff and for the customer.

pub mod api;
pub mod detail;
pub mod list;
pub mod portal;
pub mod rules;
