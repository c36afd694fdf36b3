//! Forms: plain posts to server functions, which work the same with and without JavaScript.
//!
//! A refused form comes back on the same page with everything typed, a summary above the fields and the
//! refusal beside its field.

use super::errors::ErrorSummary;
use super::text::t;
use super::typed::FormScope;
use super::visit::{escape, visit};
use leptos::context::Provider;
use leptos::prelude::*;

/// Where the server functions are mounted.
const SERVER_FUNCTIONS: &str = "/api/fn";

/// A form that posts to the server function with this endpoint. Field names are those of the command `arg`.
#[component]
pub fn Form(
    /// `record_payment` of `#[server(prefix = "/api/fn", endpoint = "record_payment")]`.
    endpoint: &'static str,
    /// Name of the server function's argument.
    arg: &'static str,
    /// One of several such forms on the page: name and value of a field that tells them apart. Sent along.
    #[prop(optional)]
    instance: Option<(&'static str, String)>,
    /// Sends a fresh `idempotency_key`: for everything that moves money.
    #[prop(optional)]
    keyed: bool,
    /// The form sends files.
    #[prop(optional)]
    multipart: bool,
    /// `form-row` puts fields and button in one line.
    #[prop(default = "form")]
    class: &'static str,
    children: Children,
) -> impl IntoView {
    let scope = FormScope {
        endpoint: endpoint.to_owned(),
        arg: arg.to_owned(),
        instance: instance.map(|(name, value)| (name.to_owned(), value)),
        ..FormScope::default()
    };
    // The page this form stands on, so that a refusal can be shown there.
    let action = format!(
        "{SERVER_FUNCTIONS}/{endpoint}?page={}",
        escape(&visit().url())
    );
    view! {
        <Provider value=scope.clone()>
            <form class=class method="post" action=action enctype=multipart.then_some("multipart/form-data")>
                {form_body(scope, keyed, children)}
            </form>
        </Provider>
    }
}

fn form_body(scope: FormScope, keyed: bool, children: Children) -> impl IntoView {
    let key = keyed.then(|| {
        let key = scope
            .typed("idempotency_key")
            .filter(|key| !key.is_empty())
            .unwrap_or_else(|| (visit().machine.fresh_key)());
        let name = scope.html_name("idempotency_key");
        view! { <input type="hidden" name=name value=key /> }
    });
    let instance = scope.instance.clone().map(|(name, value)| {
        let name = scope.html_name(&name);
        view! { <input type="hidden" name=name value=value /> }
    });
    // Fields note their labels while they are made, so they are made before the summary that shows them.
    let fields = children();
    view! {
        <ErrorSummary scope=scope />
        {key}
        {instance}
        {fields}
    }
}

/// Filters of a list: a form whose fields stand in the URL. The page starts again at its first row.
#[component]
pub fn FilterForm(
    /// Words on the button; "Show" by default.
    #[prop(optional, into)]
    submit: Option<String>,
    children: Children,
) -> impl IntoView {
    let visit = visit();
    let sort = visit
        .query_value("sort")
        .map(|sort| view! { <input type="hidden" name="sort" value=sort.to_owned() /> });
    let filtered = visit.pairs.iter().any(|(name, value)| {
        !value.is_empty() && !matches!(name.as_str(), "page" | "sort" | "done")
    });
    let clear = filtered.then(|| {
        view! { <a class="button button-quiet" href=visit.path.clone()>{t!(ui.clear_filters)}</a> }
    });
    let submit = submit.unwrap_or_else(|| t!(ui.show).to_owned());
    view! {
        <Provider value=FormScope::default()>
            <form class="filters" method="get" action=visit.path.clone() role="search">
                {sort}
                {children()}
                <div class="filters-actions">
                    <button type="submit" class="button">{submit}</button>
                    {clear}
                </div>
            </form>
        </Provider>
    }
}

/// The row of buttons at the end of a form.
#[component]
pub fn Actions(children: Children) -> impl IntoView {
    view! { <div class="actions">{children()}</div> }
}

/// The button that does what the form is for.
#[component]
pub fn Submit(
    #[prop(into)] label: String,
    /// `button-danger` for what cannot be taken back; `button-quiet` inside tables.
    #[prop(default = "button-primary")]
    class: &'static str,
    /// Name and value sent only when this button is pressed, name as in the HTML.
    #[prop(optional)]
    sends: Option<(String, String)>,
) -> impl IntoView {
    let (name, value) = sends.unzip();
    view! { <button type="submit" class=format!("button {class}") name=name value=value>{label}</button> }
}

/// Shows what the form would do, on the same page and without doing it: everything typed goes into the URL.
#[component]
pub fn PreviewButton(#[prop(into)] label: String) -> impl IntoView {
    view! {
        <button type="submit" class="button" formmethod="get" formaction=visit().path.clone() formnovalidate>
            {label}
        </button>
    }
}
