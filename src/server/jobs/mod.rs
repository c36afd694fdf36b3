//! What goes on behind a page or by the clock: thin, repeatable, and without rules of its own.

pub mod credit_runs;
pub mod daily;
pub mod promotion_runs;
