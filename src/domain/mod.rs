//! The rules. No IO, no async, no clock, no randomness; compiles for the server and the browser.
//!
//! A rule lives here once and is called by previews in the browser, by use cases and by runs alike.

pub mod allocation;
pub mod approval;
pub mod credit;
pub mod credit_note;
pub mod dates;
pub mod expiry;
pub mod ids;
pub mod invoice;
pub mod ledger;
pub mod money;
pub mod payment;
pub mod posting;
pub mod prepaid;
pub mod promotion;
pub mod refund;
pub mod rights;
pub mod write_off;
