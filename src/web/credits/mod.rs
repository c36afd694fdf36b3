//! Credit grants: the list, where each came from and what it paid, applying and holding.

pub mod api;
pub mod apply;
pub mod detail;
pub mod list;
pub mod portal;
