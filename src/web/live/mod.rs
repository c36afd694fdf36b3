//! Figures that follow what happens: shown by the server like any page, kept up to date by the browser.

pub mod api;
pub mod balance;
pub mod source;
