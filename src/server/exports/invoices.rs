//! Invoices as CSV.

use super::{Cell, Chunk, answer, behind, filter};
use crate::dto::invoices::{InvoiceFilter, InvoiceRow};
use crate::server::context::{Actor, Ctx};
use crate::server::queries::invoices::{self, EXPORT_CHUNK, ExportPosition};
use axum::Extension;
use axum::extract::{RawQuery, State};
use axum::response::Response;

const HEADS: &[&str] = &[
    "number",
    "customer",
    "customer_name",
    "account",
    "currency",
    "issued_on",
    "due_on",
    "net",
    "tax",
    "total",
    "open",
    "status",
    "disputed",
    "reference",
];

/// What the list of invoices shows with these filters, newest first.
pub async fn export(
    State(ctx): State<Ctx>,
    Extension(actor): Extension<Actor>,
    RawQuery(query): RawQuery,
) -> Response {
    let ctx = ctx.as_actor(actor);
    let filter: InvoiceFilter = filter(query);
    answer("invoices.csv", HEADS, "/invoices", move |after| {
        let (ctx, filter) = (ctx.clone(), filter.clone());
        async move { chunk(&ctx, &filter, after).await }
    })
    .await
}

async fn chunk(
    ctx: &Ctx,
    filter: &InvoiceFilter,
    after: Option<ExportPosition>,
) -> Chunk<ExportPosition> {
    let invoices = invoices::export(ctx, filter, after).await?;
    let next = behind(&invoices, EXPORT_CHUNK, |last| {
        (last.issued_on, last.invoice)
    });
    Ok((invoices.into_iter().map(row).collect(), next))
}

fn row(invoice: InvoiceRow) -> Vec<Cell> {
    vec![
        Cell::text(invoice.number.unwrap_or_default()),
        Cell::text(invoice.on.customer),
        Cell::text(invoice.on.customer_name),
        Cell::text(invoice.on.account),
        Cell::plain(invoice.total.currency),
        Cell::plain(invoice.issued_on),
        Cell::plain(invoice.due_on),
        Cell::plain(invoice.net.plain()),
        Cell::plain(invoice.tax.plain()),
        Cell::plain(invoice.total.plain()),
        Cell::plain(invoice.open.plain()),
        Cell::plain(invoice.status.code()),
        Cell::plain(if invoice.disputed { "yes" } else { "" }),
        Cell::text(invoice.reference),
    ]
}
