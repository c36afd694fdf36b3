//! The journal, the trial balance and aging as CSV.

use super::{Cell, Chunk, Rows, answer, behind, file, filter, refused};
use crate::domain::money::Money;
use crate::dto::journal::{EntryRow, JournalFilter};
use crate::dto::reports::{AgingFilter, AgingRow, TrialBalanceRow};
use crate::server::context::{Actor, Ctx};
use crate::server::queries::journal::{EXPORT_CHUNK, ExportPosition};
use crate::server::queries::{journal, reports};
use axum::Extension;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use futures::stream;
use serde::Deserialize;

const ENTRY_HEADS: &[&str] = &[
    "number",
    "posting_on",
    "effective_on",
    "source",
    "document_kind",
    "document",
    "account",
    "customer_name",
    "currency",
    "amount",
    "reverses",
    "id",
];

/// The entries that match, newest first, in chunks as they are read.
pub async fn journal(
    State(ctx): State<Ctx>,
    Extension(actor): Extension<Actor>,
    RawQuery(query): RawQuery,
) -> Response {
    let ctx = ctx.as_actor(actor);
    let filter: JournalFilter = filter(query);
    answer("journal.csv", ENTRY_HEADS, "/journal", move |after| {
        let (ctx, filter) = (ctx.clone(), filter.clone());
        async move { entries(&ctx, filter, after).await }
    })
    .await
}

async fn entries(
    ctx: &Ctx,
    filter: JournalFilter,
    after: Option<ExportPosition>,
) -> Chunk<ExportPosition> {
    let entries = journal::export(ctx, filter, after).await?;
    let next = behind(&entries, EXPORT_CHUNK, |last| {
        (last.posting_on, last.number)
    });
    Ok((entries.into_iter().map(entry_row).collect(), next))
}

fn entry_row(entry: EntryRow) -> Vec<Cell> {
    vec![
        Cell::plain(entry.number),
        Cell::plain(entry.posting_on),
        Cell::plain(entry.effective_on),
        Cell::plain(entry.source.code()),
        Cell::plain(entry.document_kind.code()),
        Cell::text(entry.document_number),
        Cell::text(entry.account_number),
        Cell::text(entry.customer_name),
        Cell::plain(entry.amount.currency),
        Cell::plain(entry.amount.plain()),
        Cell::plain(if entry.reverses { "yes" } else { "" }),
        Cell::plain(entry.id),
    ]
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct AsOf {
    as_of: String,
}

const BALANCE_HEADS: &[&str] = &[
    "as_of",
    "currency",
    "code",
    "ledger_account",
    "role",
    "kind",
    "debit",
    "credit",
];

/// The trial balance at the end of a day.
pub async fn trial_balance(
    State(ctx): State<Ctx>,
    Extension(actor): Extension<Actor>,
    RawQuery(query): RawQuery,
) -> Response {
    let as_of = filter::<AsOf>(query).as_of;
    let balance = match reports::trial_balance(&ctx.as_actor(actor), &as_of).await {
        Ok(balance) => balance,
        Err(error) => return refused(&error, "/journal/trial-balance"),
    };
    let rows = balance.currencies.iter().flat_map(|currency| {
        let row = |row: &TrialBalanceRow| {
            let plain = |amount: Option<Money>| amount.map_or(String::new(), Money::plain);
            vec![
                Cell::plain(balance.as_of),
                Cell::plain(currency.currency),
                Cell::text(row.code.clone()),
                Cell::text(row.name.clone()),
                Cell::plain(row.role.code()),
                Cell::plain(row.kind.code()),
                Cell::plain(plain(row.debit)),
                Cell::plain(plain(row.credit)),
            ]
        };
        currency.rows.iter().map(row).collect::<Rows>()
    });
    file(
        "trial-balance.csv",
        BALANCE_HEADS,
        rows.collect(),
        stream::empty(),
    )
}

const AGING_HEADS: &[&str] = &[
    "as_of",
    "account",
    "customer",
    "customer_name",
    "currency",
    "open_invoices",
    "not_due",
    "days_1_30",
    "days_31_60",
    "days_61_90",
    "over_90",
    "open",
    "credit_in_receivable",
    "receivable",
    "prepayments",
    "promotional_credit",
    "goodwill_credit",
    "lapsed_not_posted",
];

/// All accounts of the aging report.
pub async fn aging(
    State(ctx): State<Ctx>,
    Extension(actor): Extension<Actor>,
    RawQuery(query): RawQuery,
) -> Response {
    let asked: AgingFilter = filter(query);
    let report = match reports::aging(&ctx.as_actor(actor), asked, None).await {
        Ok(report) => report,
        Err(error) => return refused(&error, "/reports/aging"),
    };
    let rows = report.rows.into_iter().map(|row| {
        let mut cells = vec![Cell::plain(report.as_of)];
        cells.extend(aging_row(row));
        cells
    });
    file("aging.csv", AGING_HEADS, rows.collect(), stream::empty())
}

fn aging_row(row: AgingRow) -> Vec<Cell> {
    let amounts = row.amounts;
    let mut cells = vec![
        Cell::text(row.account_number),
        Cell::text(row.customer_number),
        Cell::text(row.customer_name),
        Cell::plain(amounts.open.currency),
        Cell::plain(amounts.open_invoices),
    ];
    let figures = [
        amounts.not_due,
        amounts.days_1_30,
        amounts.days_31_60,
        amounts.days_61_90,
        amounts.over_90,
        amounts.open,
        amounts.credit_in_receivable,
        amounts.receivable,
        amounts.prepayments,
        amounts.promotional_credit,
        amounts.goodwill_credit,
        amounts.lapsed_not_posted,
    ];
    cells.extend(
        figures
            .into_iter()
            .map(|amount| Cell::plain(amount.plain())),
    );
    cells
}
