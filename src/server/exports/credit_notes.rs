//! Credit notes as CSV.

use super::{Cell, Chunk, answer, behind, filter};
use crate::dto::credit_notes::{CreditNoteFilter, CreditNoteRow};
use crate::server::context::{Actor, Ctx};
use crate::server::queries::credit_notes::{self, EXPORT_CHUNK, ExportPosition};
use axum::Extension;
use axum::extract::{RawQuery, State};
use axum::response::Response;

const HEADS: &[&str] = &[
    "number",
    "customer",
    "customer_name",
    "account",
    "invoice",
    "currency",
    "issued_on",
    "reason",
    "net",
    "tax",
    "total",
    "credit_left",
    "status",
];

/// What the list of credit notes shows with these filters, newest first.
pub async fn export(
    State(ctx): State<Ctx>,
    Extension(actor): Extension<Actor>,
    RawQuery(query): RawQuery,
) -> Response {
    let ctx = ctx.as_actor(actor);
    let filter: CreditNoteFilter = filter(query);
    answer("credit-notes.csv", HEADS, "/credit-notes", move |after| {
        let (ctx, filter) = (ctx.clone(), filter.clone());
        async move { chunk(&ctx, &filter, after).await }
    })
    .await
}

async fn chunk(
    ctx: &Ctx,
    filter: &CreditNoteFilter,
    after: Option<ExportPosition>,
) -> Chunk<ExportPosition> {
    let notes = credit_notes::export(ctx, filter, after).await?;
    let next = behind(&notes, EXPORT_CHUNK, |last| {
        (last.issued_on, last.credit_note)
    });
    Ok((notes.into_iter().map(row).collect(), next))
}

fn row(note: CreditNoteRow) -> Vec<Cell> {
    vec![
        Cell::text(note.number.unwrap_or_default()),
        Cell::text(note.on.customer),
        Cell::text(note.on.customer_name),
        Cell::text(note.on.account),
        Cell::text(note.invoice_number),
        Cell::plain(note.total.currency),
        Cell::plain(note.issued_on),
        Cell::plain(note.reason.code()),
        Cell::plain(note.net.plain()),
        Cell::plain(note.tax.plain()),
        Cell::plain(note.total.plain()),
        Cell::plain(note.left.plain()),
        Cell::plain(note.status.code()),
    ]
}
