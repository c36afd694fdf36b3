//! Credit grants as CSV.

use super::{Cell, Chunk, answer, behind, filter};
use crate::dto::credits::{GrantFilter, GrantRow};
use crate::server::context::{Actor, Ctx};
use crate::server::queries::credits::{self, EXPORT_CHUNK};
use axum::Extension;
use axum::extract::{RawQuery, State};
use axum::response::Response;

const HEADS: &[&str] = &[
    "number",
    "customer",
    "customer_name",
    "account",
    "class",
    "currency",
    "issued",
    "left",
    "effective_on",
    "expires_on",
    "status",
];

/// What the list of credits shows with these filters, the latest recorded first.
pub async fn export(
    State(ctx): State<Ctx>,
    Extension(actor): Extension<Actor>,
    RawQuery(query): RawQuery,
) -> Response {
    let ctx = ctx.as_actor(actor);
    let filter: GrantFilter = filter(query);
    answer("credits.csv", HEADS, "/credits", move |after| {
        let (ctx, filter) = (ctx.clone(), filter.clone());
        async move { chunk(&ctx, &filter, after).await }
    })
    .await
}

async fn chunk(ctx: &Ctx, filter: &GrantFilter, after: Option<i64>) -> Chunk<i64> {
    let grants = credits::export(ctx, filter, after).await?;
    let next = behind(&grants, EXPORT_CHUNK, |last| last.number);
    Ok((grants.into_iter().map(row).collect(), next))
}

fn row(grant: GrantRow) -> Vec<Cell> {
    vec![
        Cell::plain(grant.number),
        Cell::text(grant.on.customer),
        Cell::text(grant.on.customer_name),
        Cell::text(grant.on.account),
        Cell::plain(grant.class.code()),
        Cell::plain(grant.amount.currency),
        Cell::plain(grant.amount.plain()),
        Cell::plain(grant.remaining.plain()),
        Cell::plain(grant.effective_on),
        Cell::plain(
            grant
                .expires_on
                .map_or(String::new(), |day| day.to_string()),
        ),
        Cell::plain(grant.status.code()),
    ]
}
