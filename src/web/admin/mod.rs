//! How the house is run: people and their roles, tokens, closed periods, the chart, settings, the audit trail.

pub mod api;
pub mod audit;
pub mod chart;
pub mod expiry;
pub mod invite;
pub mod overview;
pub mod periods;
mod roles;
pub mod settings;
mod shown;
pub mod tokens;
pub mod user;
pub mod users;

use crate::domain::rights::Right;
use crate::web::ui::prelude::*;

/// Whether to offer something to the reader; the service decides again.
fn may(right: Right) -> bool {
    visit()
        .viewer
        .as_ref()
        .is_some_and(|viewer| viewer.may(right))
}

/// The way back to the overview.
fn crumbs() -> Vec<Crumb> {
    vec![Crumb::new(t!(admin.title), "/admin")]
}

/// The way back to a list below the overview.
fn crumbs_to(label: &str, href: &str) -> Vec<Crumb> {
    let mut crumbs = crumbs();
    crumbs.push(Crumb::new(label, href));
    crumbs
}
