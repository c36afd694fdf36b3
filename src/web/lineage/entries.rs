//! The journal entries of a document, each with its lines as debit and credit.

use super::slices::entry_words;
use crate::domain::ledger::{LineSource, Side};
use crate::dto::lineage::{PostedEntry, PostedLine};
use crate::web::links;
use crate::web::ui::prelude::*;

/// Entries in the order they were posted.
#[component]
pub fn PostedEntries(entries: Vec<PostedEntry>) -> impl IntoView {
    let bodies: Vec<_> = entries.into_iter().map(entry).collect();
    view! { <div class="entries">{bodies}</div> }
}

fn entry(entry: PostedEntry) -> impl IntoView {
    let caption = t!(
        lineage.entry_of,
        entry = entry_words(entry.number),
        source = words::entry_source(entry.source),
        date = format::date(entry.posting_on)
    );
    let reverses = entry.reverses.map(|number| {
        let text = t!(lineage.reverses, entry = entry_words(number));
        view! { <span>{text}</span> }
    });
    let other_day = (entry.effective_on != entry.posting_on).then(|| {
        let text = t!(lineage.effective, date = format::date(entry.effective_on));
        view! { <span>{text}</span> }
    });
    let reason = entry
        .reason
        .filter(|reason| !reason.is_empty())
        .map(|reason| view! { <q>{reason}</q> });
    let rows: Vec<_> = entry.lines.into_iter().map(line).collect();
    let head = view! {
        <th scope="col">{t!(lineage.ledger_account)}</th>
        <NumberHead label=words::side(Side::Debit) />
        <NumberHead label=words::side(Side::Credit) />
    };
    view! {
        <section class="entry">
            <h3><a href=links::entry(entry.entry)>{caption.clone()}</a></h3>
            <p class="soft entry-facts">{reverses} {other_day} {reason}</p>
            <DataTable caption head=head.into_any()>{rows}</DataTable>
        </section>
    }
}

fn line(line: PostedLine) -> impl IntoView {
    let (debit, credit) = match line.side {
        Side::Debit => (format::money(line.amount), String::new()),
        Side::Credit => (String::new(), format::money(line.amount)),
    };
    let source = line.line_source.map(|source| {
        let text = match source {
            LineSource::Receivable => "AR",
            LineSource::Bank => "BNK",
        };
        view! { <span class="soft">{text}</span> }
    });
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
