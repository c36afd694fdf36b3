//! The program itself, as people and other programs run it: `saldo` with its arguments, environment and files.

mod command_line;
mod kill;
mod support;

#[path = "../../src/server/tests/database.rs"]
mod database;
#[path = "../../benches/foundation/fill.rs"]
mod fill;
