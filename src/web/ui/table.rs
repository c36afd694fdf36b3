//! Tables: a caption, heads with scope, sorting by links, figures aligned to the right.

use super::icon::Icon;
use super::text::t;
use super::visit::visit;
use leptos::prelude::*;

/// A table that scrolls in its own box when it is wider than the page. `head` is the row of heads; the children are
/// the body's rows.
#[component]
pub fn DataTable(
    /// What the table lists; read aloud first, seen only when `show_caption`.
    #[prop(into)]
    caption: String,
    #[prop(optional)] show_caption: bool,
    /// `th` elements, `SortHead`s and `NumberHead`s.
    #[prop(into)]
    head: AnyView,
    /// A last row with totals.
    #[prop(optional, into)]
    foot: Option<AnyView>,
    /// On a phone each row becomes a card; cells then need their `label`.
    #[prop(optional)]
    cards: bool,
    children: Children,
) -> impl IntoView {
    let caption_class = if show_caption { "" } else { "visually-hidden" };
    let class = if cards { "table table-cards" } else { "table" };
    let region = caption.clone();
    let foot = foot.map(|foot| view! { <tfoot><tr>{foot}</tr></tfoot> });
    view! {
        <div class="table-scroll" role="region" aria-label=region tabindex="0">
            <table class=class>
                <caption class=caption_class>{caption}</caption>
                <thead>
                    <tr>{head}</tr>
                </thead>
                <tbody>{children()}</tbody>
                {foot}
            </table>
        </div>
    }
}

/// The head of a column that rows can be sorted by; the order stands in the URL as `sort`.
#[component]
pub fn SortHead(
    /// Name of the column in the URL and in `PageRequest::sort`.
    column: &'static str,
    #[prop(into)] label: String,
    /// The column holds figures.
    #[prop(optional)]
    number: bool,
) -> impl IntoView {
    let visit = visit();
    let sort = visit.query_value("sort").unwrap_or_default();
    let (direction, icon, next) = match sort.strip_prefix('-') {
        Some(sorted) if sorted == column => (Some("descending"), "arrow-down", column.to_owned()),
        None if sort == column => (Some("ascending"), "arrow-up", format!("-{column}")),
        _ => (None, "arrow-up-down", column.to_owned()),
    };
    let class = if number { "number" } else { "" };
    view! {
        <th scope="col" class=class aria-sort=direction>
            <a href=visit.url_with("sort", &next) title=t!(ui.sort)>{label} <Icon name=icon /></a>
        </th>
    }
}

/// The head of a column of figures.
#[component]
pub fn NumberHead(#[prop(into)] label: String) -> impl IntoView {
    view! { <th scope="col" class="number">{label}</th> }
}

/// A cell; `label` is the column's head, shown when the row becomes a card.
#[component]
pub fn Cell(#[prop(optional, into)] label: Option<String>, children: Children) -> impl IntoView {
    view! { <td data-label=label>{children()}</td> }
}

/// A cell with a figure.
#[component]
pub fn NumberCell(
    #[prop(optional, into)] label: Option<String>,
    children: Children,
) -> impl IntoView {
    view! { <td class="number" data-label=label>{children()}</td> }
}
