//! Status words. The colour supports the word and never replaces it.

use leptos::prelude::*;

/// What a word or notice means for the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Neutral,
    /// Settled, done, in the customer's favour.
    Good,
    /// Wants attention soon.
    Warn,
    /// Late, failed, refused.
    Bad,
    /// Credit and what belongs to it.
    Credit,
}

impl Tone {
    /// Ending of the CSS class.
    pub fn class(self) -> &'static str {
        match self {
            Self::Neutral => "neutral",
            Self::Good => "good",
            Self::Warn => "warn",
            Self::Bad => "bad",
            Self::Credit => "credit",
        }
    }
}

/// A status word.
#[component]
pub fn Badge(tone: Tone, #[prop(into)] label: String) -> impl IntoView {
    view! { <span class=format!("badge badge-{}", tone.class())>{label}</span> }
}
