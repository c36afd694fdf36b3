//! Importing files: upload, report per line and field, posting, and the list of imports.

pub mod api;
pub mod list;
pub mod problems;
pub mod report;
pub mod upload;
