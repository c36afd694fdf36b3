//! Invoices: list, editor, document, and what can be done with one; for staff and in the portal.

pub mod acts;
pub mod api;
pub mod create;
pub mod detail;
pub mod document;
pub mod edit;
pub mod form;
pub mod lines;
pub mod list;
pub mod portal;
pub mod preview;
pub mod print;
