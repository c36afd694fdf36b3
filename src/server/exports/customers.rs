//! Customers as CSV: a line per receivable account, so that no line adds up currencies.

use super::{Cell, Chunk, Rows, answer, behind, filter};
use crate::dto::accounts::AccountOverview;
use crate::dto::customers::{CustomerFilter, CustomerHead};
use crate::server::context::{Actor, Ctx};
use crate::server::queries::customers::{self, EXPORT_CHUNK};
use axum::Extension;
use axum::extract::{RawQuery, State};
use axum::response::Response;

const HEADS: &[&str] = &[
    "number",
    "name",
    "email",
    "phone",
    "street",
    "postal_code",
    "city",
    "country",
    "language",
    "tax_id",
    "terms_days",
    "tags",
    "account",
    "currency",
    "due",
    "overdue",
    "credit",
    "available",
    "on_hold",
];

/// What the list of customers shows with these filters, by number.
pub async fn export(
    State(ctx): State<Ctx>,
    Extension(actor): Extension<Actor>,
    RawQuery(query): RawQuery,
) -> Response {
    let ctx = ctx.as_actor(actor);
    let filter: CustomerFilter = filter(query);
    answer("customers.csv", HEADS, "/customers", move |after| {
        let (ctx, filter) = (ctx.clone(), filter.clone());
        async move { chunk(&ctx, &filter, after).await }
    })
    .await
}

/// The lines of the customers behind a number.
async fn chunk(ctx: &Ctx, filter: &CustomerFilter, after: Option<String>) -> Chunk<String> {
    let customers = customers::export(ctx, filter, &after.unwrap_or_default()).await?;
    let next = behind(&customers, EXPORT_CHUNK, |last| last.number.clone());
    Ok((customers.iter().flat_map(lines).collect(), next))
}

fn lines(customer: &CustomerHead) -> Rows {
    let accounts: Vec<Option<&AccountOverview>> = match customer.accounts.as_slice() {
        [] => vec![None],
        accounts => accounts.iter().map(Some).collect(),
    };
    let lines = accounts.into_iter().map(|account| {
        let mut line = own_cells(customer);
        line.extend(account_cells(account));
        line
    });
    lines.collect()
}

fn own_cells(customer: &CustomerHead) -> Vec<Cell> {
    vec![
        Cell::text(&customer.number),
        Cell::text(&customer.name),
        Cell::text(&customer.email),
        Cell::text(&customer.phone),
        Cell::text(&customer.street),
        Cell::text(&customer.postal_code),
        Cell::text(&customer.city),
        Cell::text(&customer.country),
        Cell::text(&customer.language),
        Cell::text(&customer.tax_id),
        Cell::plain(customer.terms_days),
        Cell::text(customer.tags.join(", ")),
    ]
}

/// Empty cells where the customer has no account.
fn account_cells(account: Option<&AccountOverview>) -> Vec<Cell> {
    let Some(account) = account else {
        return (0..7).map(|_| Cell::plain("")).collect();
    };
    let balance = &account.balance;
    vec![
        Cell::text(&balance.number),
        Cell::plain(balance.due.currency),
        Cell::plain(balance.due.plain()),
        Cell::plain(balance.overdue.plain()),
        Cell::plain(balance.credit.plain()),
        Cell::plain(balance.available.plain()),
        Cell::plain(if account.settings.on_hold { "yes" } else { "" }),
    ]
}
