//! Tests through services and HTTP on a real database, on both engines.

mod architecture;
mod books;
mod histories;
mod customers;
pub mod support;
mod verify;
