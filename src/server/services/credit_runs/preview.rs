//! Previewing a run, and striking pairs out of it. Nothing is posted.

use super::funds::{self, AccountFunds, Sorted};
use super::{ACCOUNTS_PER_CHUNK, Begun, begin};
use crate::domain::allocation::{Allocation, StruckPairs};
use crate::domain::ids::{CreditGrantId, CreditRunId, InvoiceId, ReceivableAccountId};
use crate::domain::money::{Money, sum_minor};
use crate::domain::posting;
use crate::domain::rights::Right;
use crate::dto::credit_runs::{
    CreditRunCommit, CreditRunPreview, NewCreditRun, PreviewedAccount, PreviewedPair, RunState,
};
use crate::dto::error::{AppError, Refusal};
use crate::dto::page::{Page, PageRequest, ROWS_PER_PAGE};
use crate::server::context::Ctx;
use crate::server::services::{id, previewed_lines};
use crate::server::store::credit_runs::{self as store, RunAccount};
use crate::server::store::ledger_accounts::Chart;
use crate::server::store::run_previews::{self, Frame, SeenAccount};
use crate::server::store::{Tx, grants};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// A preview is kept: every account on which credit could pay something, with what was seen there.
/// Nothing is posted. The preview's id is the run's key.
pub async fn preview(ctx: &Ctx, command: NewCreditRun) -> Result<CreditRunId, AppError> {
    ctx.actor.require(Right::ApplyCredits)?;
    let run = CreditRunId(Uuid::now_v7());
    let (Begun::Now(stored) | Begun::Earlier(stored)) =
        begin(ctx, &command, run, run.to_string(), RunState::Preview).await?;
    let mut after = Uuid::nil();
    loop {
        let tx = Tx::begin(ctx).await?;
        let candidates = store::next_candidates(&tx, &stored, after, ACCOUNTS_PER_CHUNK).await?;
        let Some(last) = candidates.last() else { break };
        after = last.0;
        let found = funds::find(ctx, &tx, &stored, &candidates).await?;
        let seen: Vec<RunAccount> = found
            .iter()
            .map(|account| account.row(&account.pairs(&StruckPairs::new()), None))
            .filter(|row| row.pairs > 0)
            .collect();
        store::put_accounts(&tx, run, &seen).await?;
        tx.commit(ctx).await?;
    }
    Ok(run)
}

/// Strikes shown pairs out of a preview, or takes them back in. Pairs that are not shown stay as they were.
pub async fn strike(ctx: &Ctx, command: CreditRunCommit) -> Result<CreditRunId, AppError> {
    ctx.actor.require(Right::ApplyCredits)?;
    let run: CreditRunId = id(&command.run)?;
    let tx = Tx::begin(ctx).await?;
    let stored = store::lock(&tx, run).await?.ok_or(AppError::NotFound)?;
    if stored.state != RunState::Preview {
        return Err(Refusal::RunNotInPreview.of_act());
    }
    let struck = struck_after(store::struck(&tx, run).await?, &command)?;
    store::strike(&tx, run, &struck).await?;
    tx.commit(ctx).await?;
    Ok(run)
}

/// What is struck out once the command is carried out: of the pairs shown, those not kept.
pub(super) fn struck_after(
    before: StruckPairs,
    command: &CreditRunCommit,
) -> Result<StruckPairs, AppError> {
    let shown = pairs(&command.shown)?;
    let kept = pairs(&command.kept)?;
    let untouched = before.difference(&shown);
    Ok(untouched.chain(shown.difference(&kept)).copied().collect())
}

fn pairs(texts: &[String]) -> Result<StruckPairs, AppError> {
    let read = texts
        .iter()
        .map(|text| shown_pair(text).map(|(pair, _)| pair));
    read.collect()
}

/// A pair as pages and clients name it, `grant:invoice` or `grant:invoice:minor`, with the amount that was shown.
fn shown_pair(text: &str) -> Result<((CreditGrantId, InvoiceId), Option<i64>), AppError> {
    let mut parts = text.split(':');
    let mut part = || parts.next().ok_or(AppError::NotFound);
    let pair = (id(part()?)?, id(part()?)?);
    let amount = parts.next().map(id::<i64>).transpose()?;
    Ok((pair, amount))
}

/// Where a pair is struck out, credit goes on to the next invoice. What nobody has seen is not committed: refuses
/// when an account on which something is struck out, or taken back in, would apply a pair that is not kept.
pub(super) async fn check_seen(
    ctx: &Ctx,
    tx: &Tx,
    run: &store::StoredRun,
    before: &StruckPairs,
    after: &StruckPairs,
    command: &CreditRunCommit,
) -> Result<(), AppError> {
    let changed = before.symmetric_difference(after).map(|(grant, _)| *grant);
    let changed: HashSet<CreditGrantId> = changed.collect();
    if changed.is_empty() {
        return Ok(());
    }
    let kept = command.kept.iter().map(|text| shown_pair(text));
    let kept: HashMap<_, _> = kept.collect::<Result<_, AppError>>()?;
    let was_seen = |pair: &Allocation| {
        let amount = kept.get(&(pair.grant, pair.invoice));
        amount.is_some_and(|amount| amount.is_none_or(|minor| minor == pair.amount_minor))
    };
    let accounts = grants::accounts_of(tx, changed.into_iter().collect()).await?;
    for account in funds::find(ctx, tx, run, &accounts).await? {
        if !account.pairs(after).iter().all(was_seen) {
            return Err(Refusal::PairsChanged.of_act());
        }
    }
    Ok(())
}

/// What a previewed run would do now, a page of accounts at a time; `typed` are ticks not saved yet.
/// Accounts that changed since the preview are marked: a commit leaves them alone.
pub async fn previewed_pairs(
    ctx: &Ctx,
    run: CreditRunId,
    page: PageRequest,
    typed: Option<CreditRunCommit>,
) -> Result<CreditRunPreview, AppError> {
    ctx.actor.require(Right::ApplyCredits)?;
    let tx = Tx::begin_reading(ctx).await?;
    let seen =
        run_previews::seen_accounts(&tx, run, ctx.today(), page.offset(), ROWS_PER_PAGE).await?;
    let Some(first) = seen.first() else {
        store::find(&tx, run).await?.ok_or(AppError::NotFound)?;
        return Ok(preview_of(run_previews::frame(&tx, run).await?, Vec::new()));
    };
    let (effective_on, order) = (first.effective_on, first.order_of_use);
    let ids: Vec<ReceivableAccountId> = seen.iter().map(|seen| seen.row.account).collect();
    let funds = run_previews::funds(&tx, run, &ids, effective_on).await?;
    let struck = match typed {
        Some(typed) => struck_after(funds.struck, &typed)?,
        None => funds.struck,
    };
    let mut sorted = Sorted::of(funds.items, funds.grants, effective_on, ctx.today());
    let frame = run_previews::frame(&tx, run).await?;
    let shown = seen.iter().map(|seen| {
        let found = sorted.funds_of(seen.account.clone(), order);
        previewed_account(seen, &found, &struck, &frame.chart)
    });
    let rows = shown.collect::<Result<Vec<_>, AppError>>()?;
    Ok(preview_of(frame, rows))
}

fn preview_of(frame: Frame, rows: Vec<PreviewedAccount>) -> CreditRunPreview {
    CreditRunPreview {
        accounts: Page {
            rows,
            total: frame.accounts,
        },
        pairs: frame.pairs,
        totals: frame.totals,
    }
}

fn previewed_account(
    seen: &SeenAccount,
    found: &AccountFunds,
    struck: &StruckPairs,
    chart: &Chart,
) -> Result<PreviewedAccount, AppError> {
    let now = found.row(&found.pairs(&StruckPairs::new()), None);
    let kept = found.pairs(struck);
    let money = |minor| Money::new(minor, found.account.currency);
    let total = sum_minor(kept.iter().map(|pair| pair.amount_minor))?;
    let mut after = After::of(found);
    let mut pairs = Vec::new();
    for pair in &kept {
        after.take(pair);
        pairs.push(previewed_pair(found, *pair, &after, Some(chart))?);
    }
    for (grant, invoice) in struck {
        pairs.extend(struck_pair(found, *grant, *invoice, &after)?);
    }
    Ok(PreviewedAccount {
        account: found.account.number.clone(),
        customer: seen.customer.clone(),
        customer_name: seen.customer_name.clone(),
        stale: now != seen.row,
        due_before: money(seen.due_minor),
        due_after: money(sum_minor([seen.due_minor, -total])?),
        credit_before: money(seen.credit_minor),
        credit_after: money(sum_minor([seen.credit_minor, -total])?),
        pairs,
    })
}

/// What is left of grants and open of invoices while pairs are applied one by one.
struct After {
    remaining: HashMap<CreditGrantId, i64>,
    open: HashMap<InvoiceId, i64>,
}

impl After {
    fn of(found: &AccountFunds) -> Self {
        let grants = found.grants.values();
        let items = found.items.iter();
        Self {
            remaining: grants
                .map(|grant| (grant.id, grant.remaining_minor))
                .collect(),
            open: items.map(|item| (item.invoice, item.open_minor)).collect(),
        }
    }

    fn take(&mut self, pair: &Allocation) {
        self.remaining
            .entry(pair.grant)
            .and_modify(|left| *left -= pair.amount_minor);
        self.open
            .entry(pair.invoice)
            .and_modify(|open| *open -= pair.amount_minor);
    }
}

/// A pair struck out: as much as the grant could pay of the invoice. Nothing where either is used up meanwhile.
fn struck_pair(
    found: &AccountFunds,
    grant: CreditGrantId,
    invoice: InvoiceId,
    after: &After,
) -> Result<Option<PreviewedPair>, AppError> {
    let usable = found
        .grants
        .get(&grant)
        .map(|grant| grant.usable.usable_minor);
    let item = found.items.iter().find(|item| item.invoice == invoice);
    let (Some(usable), Some(item)) = (usable, item) else {
        return Ok(None);
    };
    let pair = Allocation {
        grant,
        invoice,
        amount_minor: usable.min(item.open_minor),
    };
    previewed_pair(found, pair, after, None).map(Some)
}

/// With `chart`, a pair that would be posted; without, one that is struck out.
fn previewed_pair(
    found: &AccountFunds,
    pair: Allocation,
    after: &After,
    chart: Option<&Chart>,
) -> Result<PreviewedPair, AppError> {
    let grant = &found.grants[&pair.grant];
    let item = found
        .items
        .iter()
        .find(|item| item.invoice == pair.invoice)
        .expect("pairs are made of the account's own open items");
    let money = |minor| Money::new(minor, found.account.currency);
    let lines = match chart {
        Some(chart) => {
            let credit = grant.slice(pair.amount_minor);
            let entry = posting::credit_applied(found.account.books(), credit, pair.invoice)?;
            previewed_lines(chart, &entry)
        }
        None => Vec::new(),
    };
    Ok(PreviewedPair {
        grant: grant.id,
        grant_number: grant.usable.recorded_order,
        class: grant.class,
        invoice: item.invoice,
        invoice_number: item.number.clone(),
        due_on: item.due_on,
        amount: money(pair.amount_minor),
        remaining_after: money(after.remaining[&pair.grant]),
        open_after: money(after.open[&pair.invoice]),
        struck: chart.is_none(),
        lines,
    })
}
