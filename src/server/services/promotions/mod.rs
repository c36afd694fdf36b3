//! Promotions: defining them, giving what they give, taking it back. Source: domain rules, section 6.
//!
//! ```text
//! define ── draft, changed until it is activated
//! give   ── one account, a code entered, a top-up recorded: lock account, then promotion; decide; grant, entry, row
//! run    ── the whole audience in chunks of accounts; ends exactly where the budget ends
//! revoke ── what is left of one grant; with the payment it was born from: all of it
//! ```

mod define;
mod give;
mod revoke;
mod run;

pub use define::{move_on, save};
pub use give::{enter_code, grant};
pub use revoke::revoke;
pub use run::{ACCOUNTS_PER_CHUNK, resume, simulate, start, work_off};

pub(super) use give::give_for_top_up;
pub(super) use revoke::{Bonus, bonuses_of, take_back_bonuses};
