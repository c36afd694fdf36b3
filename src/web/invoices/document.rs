//! The parts of an invoice that stand on the page, in the portal and on paper alike: lines and sums.

use crate::domain::invoice::InvoiceKind;
use crate::dto::invoices::{InvoiceDetail, InvoiceLine};
use crate::web::ui::prelude::*;

/// Every line with quantity, price, tax rate and net; discount and service only where there are any.
#[component]
pub fn LinesTable(lines: Vec<InvoiceLine>, kind: InvoiceKind) -> impl IntoView {
    let discounts = lines.iter().any(|line| !line.discount.is_zero());
    let head = view! {
        <th scope="col">{t!(invoices.description)}</th>
        <NumberHead label=t!(invoices.quantity) />
        <NumberHead label=t!(invoices.unit_price) />
        {discounts.then(|| view! { <NumberHead label=t!(invoices.discount) /> })}
        <NumberHead label=t!(invoices.tax_rate) />
        <NumberHead label=t!(invoices.net) />
    };
    let rows: Vec<_> = lines
        .into_iter()
        .map(|line| row(called(line, kind), discounts))
        .collect();
    view! {
        <DataTable caption=t!(invoices.lines) head=head.into_any() cards=true>{rows}</DataTable>
    }
}

/// The line of what no person wrote is called by what it charges for.
fn called(line: InvoiceLine, kind: InvoiceKind) -> InvoiceLine {
    match line.description.is_empty() {
        true => InvoiceLine {
            description: words::invoice_kind(kind).to_owned(),
            ..line
        },
        false => line,
    }
}

fn row(line: InvoiceLine, discounts: bool) -> impl IntoView {
    let service =
        (!line.service.is_empty()).then(|| view! { <p class="soft">{line.service.clone()}</p> });
    let discount = discounts.then(|| {
        let amount = if line.discount.is_zero() {
            String::new()
        } else {
            format::amount(line.discount)
        };
        view! { <NumberCell label=t!(invoices.discount)>{amount}</NumberCell> }
    });
    view! {
        <tr>
            <Cell label=t!(invoices.description)><div>{line.description} {service}</div></Cell>
            <NumberCell label=t!(invoices.quantity)>{format::decimal(line.quantity)}</NumberCell>
            <NumberCell label=t!(invoices.unit_price)>
                {format::price(line.unit_price, line.net.currency)}
            </NumberCell>
            {discount}
            <NumberCell label=t!(invoices.tax_rate)>{format::percent(line.tax_rate)}</NumberCell>
            <NumberCell label=t!(invoices.net)>{format::amount(line.net)}</NumberCell>
        </tr>
    }
}

/// Net, tax per rate, total, and what is still open where it is not all of it.
#[component]
pub fn Sums(invoice: InvoiceDetail) -> impl IntoView {
    let row = invoice.row;
    let taxes: Vec<_> = invoice
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
    let paid = (row.open.minor > 0 && row.open != row.total).then(|| {
        let paid = crate::domain::money::Money::new(row.total.minor - row.open.minor, row.total.currency);
        view! {
            <div><dt>{t!(invoices.paid_so_far)}</dt><dd>{format::money(paid)}</dd></div>
            <div class="sums-total"><dt>{t!(invoices.open)}</dt><dd>{format::money(row.open)}</dd></div>
        }
    });
    view! {
        <dl class="sums">
            <div><dt>{t!(invoices.net)}</dt><dd>{format::money(row.net)}</dd></div>
            {taxes}
            <div class="sums-total"><dt>{t!(invoices.total)}</dt><dd>{format::money(row.total)}</dd></div>
            {paid}
        </dl>
    }
}
