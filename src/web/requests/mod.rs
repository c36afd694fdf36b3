//! Adjustments, refunds, transfers and write-offs: asking for them, deciding on them, following them.

pub mod adjust;
pub mod api;
pub mod approvals;
pub mod batch;
pub mod detail;
pub mod list;
pub mod refund;
pub mod transfer;
pub mod write_off;

use crate::web::ui::prelude::*;

/// Where a form's fields come from: what was typed, else what the link that led here named.
fn asked(name: &str) -> String {
    visit().query_value(name).unwrap_or_default().to_owned()
}

/// The way back of the forms.
fn crumbs() -> Vec<Crumb> {
    vec![Crumb::new(t!(requests.title), "/requests")]
}
