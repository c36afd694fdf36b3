//! Saldo keeps the money relationship between a business and its customers straight.
//!
//! Four rooms: `domain` holds the rules, `dto` the words on the wire, `server` everything that needs
//! the machine, `web` what people see. This file gates the rooms; nothing else does.

pub mod domain;
pub mod dto;
#[cfg(feature = "ssr")]
pub mod server;
