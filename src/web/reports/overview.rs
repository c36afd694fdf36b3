//! The way to every report.

use crate::web::ui::prelude::*;

#[component]
pub fn ReportsPage() -> impl IntoView {
    let reports = [
        ("/reports/aging", t!(reports.aging), t!(reports.aging_text)),
        (
            "/journal/trial-balance",
            t!(journal.trial_balance),
            t!(reports.trial_balance_text),
        ),
        ("/journal", t!(journal.title), t!(reports.journal_text)),
        (
            "/reports/books",
            t!(reports.books_check),
            t!(reports.books_check_text),
        ),
    ];
    let items: Vec<_> = reports
        .into_iter()
        .map(|(href, title, text)| {
            view! { <li><a href=href>{title}</a> <p class="hint">{text}</p></li> }
        })
        .collect();
    view! {
        <PageHead title=t!(reports.title) lead=t!(reports.lead).into_any() />
        <ul class="link-list">{items}</ul>
    }
}
