//! Small pictures from one sprite, always beside words.

use leptos::prelude::*;

/// The icon of this name in `public/icons.svg`, as tall as the text around it.
#[component]
pub fn Icon(name: &'static str) -> impl IntoView {
    view! {
        <svg class="icon" aria-hidden="true" focusable="false">
            <use href=format!("/icons.svg#{name}")></use>
        </svg>
    }
}
