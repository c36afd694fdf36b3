//! Everything that needs the machine. Compiled only with the feature `ssr`.

pub mod context;
pub mod error;
pub mod queries;
pub mod services;
pub mod store;
#[cfg(test)]
mod tests;
