//! What is open beside what could pay it: the two tables in the middle of a customer's page.

use crate::domain::credit::GrantStatus;
use crate::domain::dates::days_overdue;
use crate::dto::credits::GrantRow;
use crate::dto::invoices::InvoiceRow;
use crate::web::lineage::slices::{origin_link, origin_words};
use crate::web::links;
use crate::web::ui::prelude::*;
use crate::web::ui::visit::query_string;
use chrono::NaiveDate;

/// Open invoices in their order of being paid.
#[component]
pub fn OpenItems(
    items: Vec<InvoiceRow>,
    /// There are more than those shown.
    more: bool,
    /// Customer number.
    number: String,
    /// The customer has several accounts, so rows name theirs.
    several: bool,
) -> impl IntoView {
    if items.is_empty() {
        return view! {
            <Card title=t!(customers.open_items)>
                <Empty title=t!(customers.no_open_items) text=t!(customers.no_open_items_text) />
            </Card>
        }
        .into_any();
    }
    let rows: Vec<_> = items
        .into_iter()
        .map(|item| open_item(item, several))
        .collect();
    let head = view! {
        <th scope="col">{t!(customers.invoice)}</th>
        <th scope="col">{t!(customers.due_on)}</th>
        <NumberHead label=t!(customers.open) />
    };
    let all = more.then(|| {
        let asked = [("customer", number.as_str()), ("status", "unpaid")];
        let list = format!("/invoices?{}", query_string(&asked));
        view! { <ButtonLink href=list label=t!(customers.all_items) /> }
    });
    view! {
        <Card title=t!(customers.open_items) actions=all.into_any()>
            <DataTable caption=t!(customers.open_items) head=head.into_any()>{rows}</DataTable>
        </Card>
    }
    .into_any()
}

fn open_item(item: InvoiceRow, several: bool) -> impl IntoView {
    let account = several.then(|| view! { <p class="note soft">{item.on.account.clone()}</p> });
    let disputed = item
        .disputed
        .then(|| view! { <Badge tone=Tone::Warn label=t!(customers.disputed) /> });
    let part = (item.open != item.total).then(|| {
        view! { <p class="note soft">{t!(customers.total_of, amount = format::money(item.total))}</p> }
    });
    view! {
        <tr>
            <th scope="row">
                <a href=links::invoice(item.invoice)>{item.number.clone().unwrap_or_default()}</a>
                " "
                {disputed}
                {account}
            </th>
            <td>{format::date(item.due_on)} {overdue_note(item.due_on)}</td>
            <td class="number"><p>{format::money(item.open)}</p> {part}</td>
        </tr>
    }
}

/// How many days something is late; nothing while it is not.
pub fn overdue_note(due_on: NaiveDate) -> Option<impl IntoView + use<>> {
    let days = days_overdue(due_on, visit().today);
    let days = u32::try_from(days).ok().filter(|days| *days > 0)?;
    Some(view! { <p class="note overdue">{t!(customers.days_overdue, count = days)}</p> })
}

/// Grants with something left, what lapses first on top.
#[component]
pub fn Credits(
    credits: Vec<GrantRow>,
    /// There are more than those shown.
    more: bool,
    /// Customer number.
    number: String,
    /// The customer has several accounts, so rows name theirs.
    several: bool,
) -> impl IntoView {
    if credits.is_empty() {
        return view! {
            <Card title=t!(customers.credits)>
                <Empty title=t!(customers.no_credits) text=t!(customers.no_credits_text) />
            </Card>
        }
        .into_any();
    }
    let rows: Vec<_> = credits
        .into_iter()
        .map(|credit| credit_row(credit, several))
        .collect();
    let head = view! {
        <th scope="col">{t!(customers.class)}</th>
        <th scope="col">{t!(customers.origin)}</th>
        <NumberHead label=t!(customers.remaining) />
    };
    let all = more.then(|| {
        let list = format!("/credits?{}", query_string(&[("customer", &number)]));
        view! { <ButtonLink href=list label=t!(customers.all_credits) /> }
    });
    view! {
        <Card title=t!(customers.credits) actions=all.into_any()>
            <DataTable caption=t!(customers.credits) head=head.into_any()>{rows}</DataTable>
        </Card>
    }
    .into_any()
}

fn credit_row(credit: GrantRow, several: bool) -> impl IntoView {
    let account = several.then(|| view! { <p class="note soft">{credit.on.account.clone()}</p> });
    let part = (credit.remaining != credit.amount).then(|| {
        view! { <p class="note soft">{t!(customers.total_of, amount = format::money(credit.amount))}</p> }
    });
    view! {
        <tr>
            <th scope="row">
                <a href=links::grant(credit.grant)>{words::credit_class(credit.class)}</a>
                " "
                {status(&credit)}
                {account}
            </th>
            <td>
                <p><a href=origin_link(&credit.origin)>{origin_words(&credit.origin)}</a></p>
                <p class="note soft">{words::lapses(credit.expires_on)}</p>
            </td>
            <td class="number credit"><p>{format::money(credit.remaining)}</p> {part}</td>
        </tr>
    }
}

/// Why credit cannot be used, where it cannot.
fn status(credit: &GrantRow) -> Option<impl IntoView + use<>> {
    let label = match credit.status {
        GrantStatus::OnHold => t!(customers.held).to_owned(),
        GrantStatus::NotYetEffective => {
            t!(customers.not_yet, date = format::date(credit.effective_on))
        }
        GrantStatus::Lapsed => t!(customers.lapsed).to_owned(),
        GrantStatus::Usable | GrantStatus::Used | GrantStatus::TakenBack => return None,
    };
    Some(view! { <Badge tone=Tone::Warn label /> })
}
