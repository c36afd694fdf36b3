//! What documents show of each other: what paid what, the entries that say so, and who did it.

pub mod entries;
pub mod history;
pub mod lines;
pub mod paid;
pub mod slices;
