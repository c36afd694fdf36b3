//! What people see: pages, islands and server functions, one folder per feature.
//!
//! Pages are rendered on the server and work without JavaScript; only islands run in the browser. Nothing
//! here decides: rights, rules and dates are checked below, whatever a page showed.

pub mod accounts;
pub mod admin;
pub mod app;
pub mod credit_notes;
pub mod credits;
pub mod customers;
pub mod dashboard;
pub mod gate;
pub mod imports;
pub mod invoices;
pub mod journal;
pub mod lineage;
pub mod links;
pub mod live;
pub mod payments;
pub mod people;
pub mod portal;
pub mod prepaid;
pub mod promotions;
pub mod reports;
pub mod requests;
pub mod runs;
pub mod ui;
