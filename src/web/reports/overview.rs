//! The way to every report.

use crate::web::ui::prelude::*;

#[component]
pub fn ReportsPage() -> impl IntoView {
    let reports = [
        (
            "/reports/aging",
            "hourglass",
            t!(reports.aging),
            t!(reports.aging_text),
        ),
        (
            "/journal/trial-balance",
            "file-text",
            t!(journal.trial_balance),
            t!(reports.trial_balance_text),
        ),
        (
            "/journal",
            "book-open",
            t!(journal.title),
            t!(reports.journal_text),
        ),
        (
            "/reports/books",
            "check",
            t!(reports.books_check),
            t!(reports.books_check_text),
        ),
    ];
    let cards: Vec<_> = reports
        .into_iter()
        .map(|(href, icon, title, text)| view! { <LinkCard href icon title text /> })
        .collect();
    view! {
        <PageHead title=t!(reports.title) lead=t!(reports.lead).into_any() />
        <LinkCards>{cards}</LinkCards>
    }
}
