//! Customers: their list, one customer with its accounts, and the forms that create and change them.

pub mod api;
pub mod change;
pub mod create;
pub mod detail;
mod details;
pub mod form;
mod history;
pub mod list;
pub mod sides;
