//! Logging in and out, setting a password by a one-time link, changing it.

pub mod api;
pub mod invitation;
pub mod login;
pub mod password;
pub mod setup;
