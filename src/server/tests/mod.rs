//! Tests through services and HTTP on a real database, on both engines.

mod architecture;
pub mod support;
