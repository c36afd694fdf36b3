//! Tests through services and HTTP on a real database, on both engines.

mod architecture;
mod books;
mod customers;
mod histories;
pub mod support;
mod verify;
