//! The parts of a credit note that stand on the page, in the portal and on paper alike: lines and sums.

use crate::dto::credit_notes::{CreditNoteDetail, CreditNoteLine};
use crate::web::ui::prelude::*;

/// What is credited of each line.
#[component]
pub fn LinesTable(lines: Vec<CreditNoteLine>) -> impl IntoView {
    let head = view! {
        <th scope="col">{t!(invoices.description)}</th>
        <NumberHead label=t!(invoices.quantity) />
        <NumberHead label=t!(invoices.tax_rate) />
        <NumberHead label=t!(invoices.net) />
    };
    let rows: Vec<_> = lines
        .into_iter()
        .map(|line| {
            view! {
                <tr>
                    <Cell label=t!(invoices.description)>{line.description}</Cell>
                    <NumberCell label=t!(invoices.quantity)>{format::decimal(line.quantity)}</NumberCell>
                    <NumberCell label=t!(invoices.tax_rate)>{format::percent(line.tax_rate)}</NumberCell>
                    <NumberCell label=t!(invoices.net)>{format::amount(line.net)}</NumberCell>
                </tr>
            }
        })
        .collect();
    view! { <DataTable caption=t!(credit_notes.lines) head=head.into_any() cards=true>{rows}</DataTable> }
}

/// Net, tax per rate and total.
#[component]
pub fn Sums(note: CreditNoteDetail) -> impl IntoView {
    let taxes: Vec<_> = note
        .taxes
        .into_iter()
        .map(|tax| {
            let label = t!(
                invoices.tax_on,
                rate = format::percent(tax.rate),
                net = format::money(tax.net)
            );
            view! { <div><dt>{label}</dt><dd>{format::money(tax.tax)}</dd></div> }
        })
        .collect();
    view! {
        <dl class="sums">
            <div><dt>{t!(invoices.net)}</dt><dd>{format::money(note.row.net)}</dd></div>
            {taxes}
            <div class="sums-total"><dt>{t!(invoices.total)}</dt><dd>{format::money(note.row.total)}</dd></div>
        </dl>
    }
}

/// Its number, or that it is a draft.
pub fn name(number: Option<&str>) -> String {
    number.map_or_else(|| t!(credit_notes.draft).to_owned(), str::to_owned)
}
