//! What staff see first.

pub mod api;
pub mod page;
