//! Payments as CSV: a line for each invoice the money itself paid, as the import of payments reads them.

use super::{Cell, Chunk, Rows, answer, behind, filter};
use crate::dto::payments::{ExportedPayment, PaymentFilter};
use crate::server::context::{Actor, Ctx};
use crate::server::queries::payments::{self, EXPORT_CHUNK};
use axum::Extension;
use axum::extract::{RawQuery, State};
use axum::response::Response;

const HEADS: &[&str] = &[
    "key",
    "number",
    "customer",
    "customer_name",
    "account",
    "currency",
    "amount",
    "received_on",
    "method",
    "reference",
    "note",
    "prepayment",
    "fee",
    "status",
    "left",
    "invoice",
    "applied",
];

/// What the list of payments shows with these filters, the latest recorded first.
pub async fn export(
    State(ctx): State<Ctx>,
    Extension(actor): Extension<Actor>,
    RawQuery(query): RawQuery,
) -> Response {
    let ctx = ctx.as_actor(actor);
    let filter: PaymentFilter = filter(query);
    answer("payments.csv", HEADS, "/payments", move |after| {
        let (ctx, filter) = (ctx.clone(), filter.clone());
        async move { chunk(&ctx, &filter, after).await }
    })
    .await
}

async fn chunk(ctx: &Ctx, filter: &PaymentFilter, after: Option<i64>) -> Chunk<i64> {
    let payments = payments::export(ctx, filter, after).await?;
    let next = behind(&payments, EXPORT_CHUNK, |last| last.row.number);
    Ok((payments.iter().flat_map(lines).collect(), next))
}

fn lines(payment: &ExportedPayment) -> Rows {
    if payment.paid.is_empty() {
        return vec![line(payment, Cell::plain(""), Cell::plain(""))];
    }
    let lines = payment
        .paid
        .iter()
        .map(|(invoice, amount)| line(payment, Cell::text(invoice), Cell::plain(amount.plain())));
    lines.collect()
}

fn line(payment: &ExportedPayment, invoice: Cell, applied: Cell) -> Vec<Cell> {
    let row = &payment.row;
    let fee = match payment.fee.is_zero() {
        true => String::new(),
        false => payment.fee.plain(),
    };
    vec![
        Cell::text(&payment.key),
        Cell::plain(row.number),
        Cell::text(&row.on.customer),
        Cell::text(&row.on.customer_name),
        Cell::text(&row.on.account),
        Cell::plain(row.amount.currency),
        Cell::plain(row.amount.plain()),
        Cell::plain(row.received_on),
        Cell::plain(row.method.code()),
        Cell::text(&row.reference),
        Cell::text(&payment.note),
        Cell::plain(if payment.prepayment { "yes" } else { "" }),
        Cell::plain(fee),
        Cell::plain(row.status.code()),
        Cell::plain(row.left.plain()),
        invoice,
        applied,
    ]
}
