//! Acts that want a second look: a button that opens what will happen and the form that does it. No script needed.

use leptos::context::Provider;
use leptos::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Lets a refused form inside a closed box ask for it to be open.
#[derive(Clone, Default)]
pub struct OpenBox(Arc<AtomicBool>);

impl OpenBox {
    pub fn ask(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A closed box behind a button-like summary. Open by itself when a form in it was refused.
#[component]
pub fn Confirm(
    /// Words on the closed button.
    #[prop(into)]
    label: String,
    children: Children,
) -> impl IntoView {
    let open_box = OpenBox::default();
    view! { <Provider value=open_box.clone()>{closed_box(open_box, label, children)}</Provider> }
}

fn closed_box(open_box: OpenBox, label: String, children: Children) -> impl IntoView {
    // The form inside says while it is made whether it was refused.
    let body = children();
    let open = open_box.0.load(Ordering::Relaxed);
    view! {
        <details class="confirm" open=open>
            <summary class="button">{label}</summary>
            <div class="confirm-body">{body}</div>
        </details>
    }
}
