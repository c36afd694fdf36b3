//! Invoices as CSV.

use super::{Cell, Rows, file, refused};
use crate::dto::error::AppError;
use crate::dto::invoices::{InvoiceFilter, InvoiceRow};
use crate::server::context::{Actor, Ctx};
use crate::server::queries::invoices::{self, EXPORT_CHUNK, ExportPosition};
use axum::Extension;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use futures::stream;

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
    // Read as the page reads them: what does not belong to the filters is passed over.
    let filter: InvoiceFilter =
        serde_urlencoded::from_str(&query.unwrap_or_default()).unwrap_or_default();
    let (first, next) = match chunk(&ctx, &filter, None).await {
        Ok(chunk) => chunk,
        Err(error) => return refused(&error, "/invoices"),
    };
    let rest = stream::try_unfold(next, move |next| {
        let (ctx, filter) = (ctx.clone(), filter.clone());
        async move {
            match next {
                Some(position) => chunk(&ctx, &filter, Some(position)).await.map(Some),
                None => Ok(None),
            }
        }
    });
    file("invoices.csv", HEADS, first, rest)
}

/// The rows behind a position, and the position behind them; none after the last.
async fn chunk(
    ctx: &Ctx,
    filter: &InvoiceFilter,
    after: Option<ExportPosition>,
) -> Result<(Rows, Option<ExportPosition>), AppError> {
    let invoices = invoices::export(ctx, filter, after).await?;
    let next = match invoices.last() {
        Some(last) if invoices.len() == EXPORT_CHUNK => Some((last.issued_on, last.invoice)),
        _ => None,
    };
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
