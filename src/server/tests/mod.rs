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
pub mod database;
mod demo;
mod expiry;
mod exports;
mod histories;
mod imports;
mod invoice_reading;
mod invoices;
mod live;
mod logins;
mod payments;
mod people;
mod periods;
mod rest;
mod statements;
pub mod support;
mod verify;
