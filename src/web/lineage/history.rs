//! What was done to a record: who, when, why.

use crate::dto::lineage::HistoryItem;
use crate::web::ui::prelude::*;

/// A card with the acts, where there are any: what an import brought has none of its own.
#[component]
pub fn HistoryCard(items: Vec<HistoryItem>) -> impl IntoView {
    (!items.is_empty()).then(|| {
        view! { <Card title=t!(lineage.history)><History items /></Card> }
    })
}

/// Acts in the order given.
#[component]
pub fn History(items: Vec<HistoryItem>) -> impl IntoView {
    let rows: Vec<_> = items
        .into_iter()
        .map(|item| {
            let reason = item.reason.map(|reason| view! { <q>{reason}</q> });
            view! {
                <li>
                    <p>{words::act(&item.act)} {reason.map(|reason| view! { ": " {reason} })}</p>
                    <p class="soft">{t!(lineage.who_when, name = item.actor, when = format::instant(item.recorded_at))}</p>
                </li>
            }
        })
        .collect();
    view! { <ol class="history">{rows}</ol> }
}
