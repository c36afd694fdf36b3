//! Reports: aging, the books check, and the way to the others.

pub mod aging;
pub mod api;
pub mod books;
pub mod overview;
