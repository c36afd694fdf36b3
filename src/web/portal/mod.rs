//! The first page of the customer's portal.

pub mod api;
pub mod home;
