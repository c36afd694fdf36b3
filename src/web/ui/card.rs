//! Containers: cards for parts of a page, tiles for single figures, facts for pairs of name and value.

use super::icon::Icon;
use leptos::prelude::*;

/// A part of a page with its own heading.
#[component]
pub fn Card(
    #[prop(into)] title: String,
    /// Links or small forms beside the heading.
    #[prop(optional, into)]
    actions: Option<AnyView>,
    /// For links from elsewhere on the page.
    #[prop(optional, into)]
    id: Option<String>,
    children: Children,
) -> impl IntoView {
    let actions = actions.map(|actions| view! { <div class="card-actions">{actions}</div> });
    view! {
        <section class="card" id=id>
            <header class="card-head"><h2>{title}</h2> {actions}</header>
            {children()}
        </section>
    }
}

/// Ways into parts of the product.
#[component]
pub fn LinkCards(children: Children) -> impl IntoView {
    view! { <ul class="link-cards">{children()}</ul> }
}

/// A way into a part of the product, and what it is for. The whole card is the link.
#[component]
pub fn LinkCard(
    href: &'static str,
    icon: &'static str,
    title: &'static str,
    text: &'static str,
) -> impl IntoView {
    view! {
        <li class="link-card">
            <Icon name=icon />
            <div>
                <h2><a href=href>{title}</a></h2>
                <p class="soft">{text}</p>
            </div>
        </li>
    }
}

/// A row of tiles.
#[component]
pub fn Tiles(children: Children) -> impl IntoView {
    view! { <div class="tiles">{children()}</div> }
}

/// One figure with its name.
#[component]
pub fn Tile(
    #[prop(into)] label: String,
    #[prop(into)] value: String,
    /// Words that explain the figure: "due", "as of 5 Jan 2026".
    #[prop(optional, into)]
    note: Option<String>,
    /// `good`, `warn`, `bad` or `credit` colours the figure's edge.
    #[prop(optional)]
    tone: Option<super::badge::Tone>,
    /// Where the figure comes from.
    #[prop(optional, into)]
    href: Option<String>,
) -> impl IntoView {
    let note = note.map(|note| view! { <p class="tile-note">{note}</p> });
    let class = tone.map_or_else(
        || "tile".to_owned(),
        |tone| format!("tile tile-{}", tone.class()),
    );
    let value = match href {
        Some(href) => view! { <a href=href>{value}</a> }.into_any(),
        None => value.into_any(),
    };
    view! {
        <div class=class>
            <p class="tile-label">{label}</p>
            <p class="tile-value">{value}</p>
            {note}
        </div>
    }
}

/// Pairs of name and value.
#[component]
pub fn Facts(children: Children) -> impl IntoView {
    view! { <dl class="facts">{children()}</dl> }
}

/// One pair of name and value.
#[component]
pub fn Fact(#[prop(into)] label: String, children: Children) -> impl IntoView {
    view! { <div class="fact"><dt>{label}</dt><dd>{children()}</dd></div> }
}
