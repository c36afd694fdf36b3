//! Credit notes: crediting an invoice, the list, the document, its paper and the customer's view.

pub mod api;
pub mod create;
pub mod detail;
mod document;
pub mod list;
pub mod portal;
pub mod print;
