//! Payments: recording one with its outcome shown before, the list, what became of each, and its confirmation.

pub mod api;
pub mod confirmation;
pub mod detail;
pub mod list;
pub mod outcome;
pub mod portal;
pub mod preview;
pub mod record;
