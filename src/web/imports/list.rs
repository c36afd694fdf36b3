//! The list of imports.

use super::api::list_imports;
use super::problems;
use crate::dto::imports::{ImportRow, ImportState};
use crate::dto::page::{Page, PageRequest};
use crate::web::links;
use crate::web::ui::prelude::*;

#[component]
pub fn ImportsPage() -> impl IntoView {
    let page: PageRequest = typed::query();
    view! {
        <PageHead title=t!(imports.title) lead=t!(imports.lead).into_any()>
            <ButtonLink href="/imports/new" label=t!(imports.new) icon="upload" primary=true />
        </PageHead>
        {load(list_imports(page), table)}
    }
}

fn table(page: Page<ImportRow>) -> AnyView {
    if page.total == 0 {
        return view! {
            <Empty title=t!(imports.none) text=t!(imports.none_text)>
                <ButtonLink href="/imports/new" label=t!(imports.new) />
            </Empty>
        }
        .into_any();
    }
    let rows: Vec<_> = page.rows.into_iter().map(row).collect();
    let head = view! {
        <th scope="col">{t!(imports.number)}</th>
        <th scope="col">{t!(imports.file)}</th>
        <th scope="col">{t!(imports.mapping)}</th>
        <NumberHead label=t!(imports.documents) />
        <NumberHead label=t!(imports.refused_lines) />
        <th scope="col">{t!(imports.state)}</th>
        <th scope="col">{t!(imports.when)}</th>
        <th scope="col">{t!(imports.who)}</th>
    };
    view! {
        <DataTable caption=t!(imports.title) head=head.into_any() cards=true>{rows}</DataTable>
        <Pager total=page.total />
    }
    .into_any()
}

fn row(import: ImportRow) -> impl IntoView {
    let href = links::import(&import.id.to_string());
    let mapping = problems::mapping(&import.mapping).map_or(import.mapping, str::to_owned);
    view! {
        <tr>
            <th scope="row"><a href=href>{import.number}</a></th>
            <Cell label=t!(imports.file)>{import.file_name}</Cell>
            <Cell label=t!(imports.mapping)>{mapping}</Cell>
            <NumberCell label=t!(imports.documents)>{format::number(import.summary.documents)}</NumberCell>
            <NumberCell label=t!(imports.refused_lines)>{format::number(import.summary.refused_lines)}</NumberCell>
            <Cell label=t!(imports.state)><StateBadge state=import.state /></Cell>
            <Cell label=t!(imports.when)>{format::instant(import.created_at)}</Cell>
            <Cell label=t!(imports.who)>{import.created_by}</Cell>
        </tr>
    }
}

#[component]
pub fn StateBadge(state: ImportState) -> impl IntoView {
    let tone = match state {
        ImportState::Posted => Tone::Good,
        ImportState::Checked => Tone::Warn,
        ImportState::Reading => Tone::Bad,
        ImportState::Discarded => Tone::Neutral,
    };
    view! { <Badge tone=tone label=problems::state(state) /> }
}
