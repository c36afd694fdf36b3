//! How the reader wants pages: language, light or dark. Plain forms; the choice is kept in cookies by the server.

use super::text::{Locale, t, tag};
use super::visit::{Theme, visit};
use leptos::prelude::*;

/// Where the choices are posted. Fields: `theme` or `language`, and `page` to come back to.
pub const PREFERENCES_PATH: &str = "/preferences";

/// The choice of light or dark.
#[component]
pub fn ThemeChoice() -> impl IntoView {
    let now = visit().theme;
    let buttons: Vec<_> = Theme::ALL
        .iter()
        .map(|theme| {
            choice(
                "theme",
                theme.code(),
                theme_words(*theme),
                *theme == now,
                None,
            )
        })
        .collect();
    view! { <PreferenceForm label=t!(ui.theme)>{buttons}</PreferenceForm> }
}

/// The choice of language, each named in itself.
#[component]
pub fn LanguageChoice() -> impl IntoView {
    let now = visit().locale;
    let buttons: Vec<_> = [(Locale::en, "English"), (Locale::de, "Deutsch")]
        .into_iter()
        .map(|(locale, words)| {
            choice(
                "language",
                tag(locale),
                words,
                locale == now,
                Some(tag(locale)),
            )
        })
        .collect();
    view! { <PreferenceForm label=t!(ui.language)>{buttons}</PreferenceForm> }
}

#[component]
fn PreferenceForm(label: &'static str, children: Children) -> impl IntoView {
    view! {
        <form class="choice" method="post" action=PREFERENCES_PATH>
            <input type="hidden" name="page" value=visit().url() />
            <fieldset>
                <legend>{label}</legend>
                {children()}
            </fieldset>
        </form>
    }
}

fn choice(
    name: &'static str,
    value: &'static str,
    words: &'static str,
    chosen: bool,
    lang: Option<&'static str>,
) -> impl IntoView {
    let pressed = if chosen { "true" } else { "false" };
    view! {
        <button type="submit" class="choice-button" name=name value=value aria-pressed=pressed lang=lang>
            {words}
        </button>
    }
}

fn theme_words(theme: Theme) -> &'static str {
    match theme {
        Theme::System => t!(ui.theme_system),
        Theme::Light => t!(ui.theme_light),
        Theme::Dark => t!(ui.theme_dark),
    }
}
