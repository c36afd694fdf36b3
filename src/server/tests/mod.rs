//! Tests through services and HTTP on a real database, on both engines.

mod architecture;
mod audit;
mod books;
pub mod browser;
mod business;
mod credit_runs;
mod credits;
mod customer_reading;
mod customers;
mod demo;
mod exports;
mod histories;
mod imports;
mod invoice_reading;
mod invoices;
mod live;
mod logins;
mod payments;
mod people;
mod rest;
pub mod support;
mod verify;
