//! Parts of one record, one at a time. Which one stands in the URL as `tab`.

use super::visit::visit;
use leptos::prelude::*;

/// The tab the reader is on; empty for the first.
pub fn current_tab() -> String {
    visit().query_value("tab").unwrap_or_default().to_owned()
}

/// The way to each part: code and words. The first has the empty code and is shown at first.
#[component]
pub fn TabNav(#[prop(into)] label: String, tabs: Vec<(&'static str, String)>) -> impl IntoView {
    let visit = visit();
    let now = current_tab();
    let links: Vec<_> = tabs
        .into_iter()
        .map(|(code, words)| {
            let current = (code == now).then_some("page");
            let href = format!(
                "{}{}",
                visit.path,
                if code.is_empty() {
                    String::new()
                } else {
                    format!("?tab={code}")
                }
            );
            view! { <li><a href=href aria-current=current>{words}</a></li> }
        })
        .collect();
    view! { <nav class="tab-nav" aria-label=label><ul>{links}</ul></nav> }
}
