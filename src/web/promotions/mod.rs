//! Promotions: the list, defining one, what it cost and brought, giving it, entering a code.

pub mod api;
pub mod code;
pub mod detail;
pub mod form;
pub mod list;
pub mod run;
pub mod simulate;
mod terms;
