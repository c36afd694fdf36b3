//! How far something that takes a while has come.

use super::format;
use super::text::t;
use leptos::prelude::*;

/// A bar with its count in words: "1,200 of 9,681".
#[component]
pub fn Progress(#[prop(into)] label: String, done: u32, total: u32) -> impl IntoView {
    let count = t!(
        ui.progress,
        done = format::number(done),
        total = format::number(total)
    );
    view! {
        <div class="progress">
            <label>{label} " " <progress value=done max=total.max(1)></progress></label>
            <span class="progress-count">{count}</span>
        </div>
    }
}
