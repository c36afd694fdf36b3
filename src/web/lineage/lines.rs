//! The lines of an entry, posted or about to be.

use crate::domain::ledger::{LineSource, Side};
use crate::dto::lineage::PostedLine;
use crate::web::ui::prelude::*;

/// Lines with debit and credit side by side.
#[component]
pub fn PostedLines(lines: Vec<PostedLine>, #[prop(into)] caption: String) -> impl IntoView {
    let rows: Vec<_> = lines.into_iter().map(line).collect();
    let head = view! {
        <th scope="col">{t!(lineage.ledger_account)}</th>
        <NumberHead label=words::side(Side::Debit) />
        <NumberHead label=words::side(Side::Credit) />
    };
    view! { <DataTable caption head=head.into_any()>{rows}</DataTable> }
}

fn line(line: PostedLine) -> impl IntoView {
    let (debit, credit) = match line.side {
        Side::Debit => (format::money(line.amount), String::new()),
        Side::Credit => (String::new(), format::money(line.amount)),
    };
    let source = line
        .line_source
        .map(|source: LineSource| view! { <span class="soft">{source.code()}</span> });
    let wash = line
        .wash
        .then(|| view! { <span class="soft">{t!(lineage.wash)}</span> });
    view! {
        <tr>
            <th scope="row">{line.code} " " {line.name} " " {source} " " {wash}</th>
            <NumberCell>{debit}</NumberCell>
            <NumberCell>{credit}</NumberCell>
        </tr>
    }
}
