//! What stands where nothing is yet: why, and the one next act.

use leptos::prelude::*;

/// An empty list or part of a page.
#[component]
pub fn Empty(
    #[prop(into)] title: String,
    /// Explains, and says what will happen next.
    #[prop(optional, into)]
    text: Option<String>,
    /// The one next act, a `ButtonLink`.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let text = text.map(|text| view! { <p>{text}</p> });
    let action = children.map(|children| view! { <div class="empty-action">{children()}</div> });
    view! { <div class="empty"><p class="empty-title">{title}</p> {text} {action}</div> }
}
