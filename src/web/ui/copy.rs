//! A text to take away: selected and copied by one button, or by hand where there is no script.

use leptos::html::Input;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::HtmlDocument;

/// A text that cannot be changed, with a button that copies it. Without script the button is not shown.
#[island]
pub fn CopyField(
    id: String,
    label: String,
    value: String,
    /// Words on the button, and what it says afterwards.
    copy: String,
    copied: String,
) -> impl IntoView {
    let field = NodeRef::<Input>::new();
    let done = RwSignal::new(false);
    let take = move |_| {
        if let Some(input) = field.get_untracked() {
            // What cannot be copied stays selected, ready to be copied by hand.
            input.select();
            done.set(copy_selection());
        }
    };
    let said = copied.clone();
    view! {
        <div class="field copy-field">
            <label for=id.clone()>{label}</label>
            <span class="copy-line">
                <input
                    type="text"
                    id=id
                    value=value
                    readonly
                    autocomplete="off"
                    spellcheck="false"
                    node_ref=field
                />
                <button type="button" class="button needs-script" on:click=take>
                    {move || if done.get() { copied.clone() } else { copy.clone() }}
                </button>
            </span>
            <span class="visually-hidden" role="status">
                {move || if done.get() { said.clone() } else { String::new() }}
            </span>
        </div>
    }
}

/// Works on pages without TLS too, where the newer clipboard of browsers is switched off.
fn copy_selection() -> bool {
    let page = document().dyn_into::<HtmlDocument>();
    page.is_ok_and(|page| page.exec_command("copy").unwrap_or(false))
}
