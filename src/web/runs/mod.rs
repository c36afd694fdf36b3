//! Applying credit balances: preview, strike out, commit, and undoing a whole run.

pub mod api;
pub mod list;
pub mod preview;
pub mod result;
pub mod run;
pub mod start;
