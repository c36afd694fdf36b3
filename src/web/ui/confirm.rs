//! Acts that want a second look: a button that opens what will happen and the form that does it. No script needed.

use leptos::prelude::*;

/// A closed box behind a button-like summary. Opens by itself when its form was refused (`open`).
#[component]
pub fn Confirm(
    /// Words on the closed button.
    #[prop(into)]
    label: String,
    #[prop(optional)] open: bool,
    children: Children,
) -> impl IntoView {
    view! {
        <details class="confirm" open=open>
            <summary class="button">{label}</summary>
            <div class="confirm-body">{children()}</div>
        </details>
    }
}
