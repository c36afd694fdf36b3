//! Everything that needs the machine. Compiled only with the feature `ssr`.

pub mod assets;
pub mod auth;
pub mod commands;
pub mod config;
pub mod context;
pub mod demo;
pub mod error;
pub mod exports;
pub mod forms;
pub mod import;
pub mod jobs;
pub mod live;
pub mod pages;
pub mod queries;
pub mod rest;
pub mod router;
pub mod services;
pub mod store;
#[cfg(test)]
mod tests;
pub mod uploads;
