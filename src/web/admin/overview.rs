//! Where the administration begins.

use super::may;
use crate::domain::rights::Right;
use crate::dto::error::AppError;
use crate::dto::people::Viewer;
use crate::web::ui::load::Failure;
use crate::web::ui::prelude::*;

/// A part of the administration.
struct Part {
    href: &'static str,
    icon: &'static str,
    title: &'static str,
    text: &'static str,
}

/// The parts with what they are for, as far as the reader may use them.
#[component]
pub fn AdminPage() -> impl IntoView {
    let parts = offered();
    if parts.is_empty() {
        return view! { <Failure error=AppError::Forbidden /> }.into_any();
    }
    let cards: Vec<_> = parts
        .into_iter()
        .map(|part| {
            view! { <LinkCard href=part.href icon=part.icon title=part.title text=part.text /> }
        })
        .collect();
    view! {
        <PageHead title=t!(admin.title) />
        <LinkCards>{cards}</LinkCards>
    }
    .into_any()
}

/// Whether any part of the administration is the viewer's.
pub fn is_offered(viewer: &Viewer) -> bool {
    let rights = [
        Right::ManageUsers,
        Right::ManageSettings,
        Right::ManageChart,
        Right::ManageExpiry,
        Right::ClosePeriods,
        Right::ReadJournal,
    ];
    rights.into_iter().any(|right| viewer.may(right))
}

fn offered() -> Vec<Part> {
    let reads_journal = may(Right::ReadJournal);
    let manages_users = may(Right::ManageUsers);
    let part = |offered: bool, href, icon, title, text| {
        offered.then_some(Part {
            href,
            icon,
            title,
            text,
        })
    };
    let parts = [
        part(
            manages_users,
            "/admin/users",
            "users",
            t!(admin.users),
            t!(admin.users_text),
        ),
        part(
            manages_users,
            "/admin/tokens",
            "key",
            t!(admin.tokens),
            t!(admin.tokens_text),
        ),
        part(
            reads_journal,
            "/admin/periods",
            "lock",
            t!(admin.periods),
            t!(admin.periods_text),
        ),
        part(
            reads_journal,
            "/admin/chart",
            "book-open",
            t!(admin.chart),
            t!(admin.chart_text),
        ),
        part(
            may(Right::ManageExpiry) || may(Right::ApplyCredits),
            "/admin/expiry",
            "wallet",
            t!(expiry.title),
            t!(expiry.text),
        ),
        part(
            may(Right::ManageSettings),
            "/admin/settings",
            "settings",
            t!(admin.settings),
            t!(admin.settings_text),
        ),
        part(
            manages_users || reads_journal,
            "/admin/audit",
            "history",
            t!(audit.title),
            t!(audit.text),
        ),
    ];
    parts.into_iter().flatten().collect()
}
