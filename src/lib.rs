//! Saldo keeps the money relationship between a business and its customers straight.
//!
//! Four rooms: `domain` holds the rules, `dto` the words on the wire, `server` everything that needs
//! the machine, `web` what people see. This file gates the rooms; nothing else does.

// Views are deep types; the compiler's default depth is for ordinary code.
#![recursion_limit = "512"]

pub mod domain;
pub mod dto;
#[cfg(feature = "ssr")]
pub mod server;
pub mod web;

/// Wakes the islands of a page in the browser.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_islands();
}
