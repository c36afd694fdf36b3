//! Moving through the pages of a list. The page stands in the URL as `page`.

use super::format;
use super::text::t;
use super::visit::visit;
use crate::dto::page::ROWS_PER_PAGE;
use leptos::prelude::*;

/// Which rows are shown of how many, and the way to the others. Nothing when all fit.
#[component]
pub fn Pager(total: u64) -> impl IntoView {
    let visit = visit();
    let pages = total.div_ceil(u64::from(ROWS_PER_PAGE)).max(1);
    let page = visit
        .query_value("page")
        .and_then(|page| page.parse::<u64>().ok())
        .unwrap_or(1)
        .clamp(1, pages);
    let first = (page - 1) * u64::from(ROWS_PER_PAGE) + 1;
    let last = (page * u64::from(ROWS_PER_PAGE)).min(total);
    if total == 0 {
        return None;
    }
    let shown = t!(
        ui.rows_shown,
        first = format::number(first),
        last = format::number(last),
        total = format::number(total)
    );
    let step = |to: u64, rel: &'static str, words: &'static str| {
        let possible = to >= 1 && to <= pages;
        if possible {
            let href = visit.url_with(
                "page",
                &if to == 1 {
                    String::new()
                } else {
                    to.to_string()
                },
            );
            view! { <a class="button" rel=rel href=href>{words}</a> }.into_any()
        } else {
            view! { <span class="button" aria-disabled="true">{words}</span> }.into_any()
        }
    };
    let steps = (pages > 1).then(|| {
        view! {
            <div class="pager-steps">
                {step(page - 1, "prev", t!(ui.previous))}
                {step(page + 1, "next", t!(ui.next))}
            </div>
        }
    });
    Some(view! { <nav class="pager" aria-label=t!(ui.pages)><p>{shown}</p> {steps}</nav> })
}
