//! Tests through services and HTTP on a real database, on both engines.

pub mod support;
