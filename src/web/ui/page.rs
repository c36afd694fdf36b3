//! The head of a page: where one is, what it is called, what can be done here.

use super::icon::Icon;
use super::notice::DoneNotice;
use super::text::t;
use super::visit::visit;
use leptos::prelude::*;

/// A page above this one.
pub struct Crumb {
    pub label: String,
    pub href: String,
}

impl Crumb {
    pub fn new(label: impl Into<String>, href: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            href: href.into(),
        }
    }
}

/// Title, the way back up, and the page's acts (`ButtonLink`s). Shows what has just been done.
#[component]
pub fn PageHead(
    #[prop(into)] title: String,
    #[prop(optional)] crumbs: Vec<Crumb>,
    /// A line under the title.
    #[prop(optional, into)]
    lead: Option<AnyView>,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let crumbs: Vec<_> = crumbs
        .into_iter()
        .map(|crumb| view! { <li><a href=crumb.href>{crumb.label}</a></li> })
        .collect();
    let crumbs = (!crumbs.is_empty()).then(|| {
        view! { <nav class="crumbs" aria-label=t!(ui.breadcrumbs)><ol>{crumbs}</ol></nav> }
    });
    let lead = lead.map(|lead| view! { <div class="lead">{lead}</div> });
    visit().takes_the_heading();
    let actions = children.map(|children| view! { <div class="page-actions">{children()}</div> });
    view! {
        <leptos_meta::Title text=title.clone() />
        <header class="page-head">
            {crumbs}
            <div class="page-title">
                <h1>{title}</h1>
                {actions}
            </div>
            {lead}
        </header>
        <DoneNotice />
    }
}

/// A link that looks like a button: leads to where something is done.
#[component]
pub fn ButtonLink(
    #[prop(into)] href: String,
    #[prop(into)] label: String,
    #[prop(optional)] icon: Option<&'static str>,
    #[prop(optional)] primary: bool,
) -> impl IntoView {
    let class = if primary {
        "button button-primary"
    } else {
        "button"
    };
    view! { <a class=class href=href>{icon.map(|name| view! { <Icon name /> })} {label}</a> }
}
