//! `saldo apply-credits`

use super::table::{Keep, table};
use super::{Answer, Failure, open_house, progress};
use crate::domain::ids::CreditRunId;
use crate::domain::money::Money;
use crate::dto::credit_runs::{
    AppliedAccount, CreditRunPreview, CreditRunSummary, CreditRunUndo, NewCreditRun,
    PreviewedAccount, RunScope,
};
use crate::dto::error::AppError;
use crate::dto::page::{Page, PageRequest};
use crate::server::config::Config;
use crate::server::context::Ctx;
use crate::server::queries;
use crate::server::services::credit_runs::{self, Done};
use crate::web::ui::format;
use chrono::NaiveDate;
use clap::Args;
use indicatif::ProgressBar;
use serde_json::{Value, json};

/// Apply credit balances to open invoices, or undo a run that did
#[derive(Args)]
pub struct Words {
    /// Day on which the applications count [default: last day of the previous month]
    #[arg(long, value_name = "YYYY-MM-DD")]
    effective_date: Option<NaiveDate>,
    /// Show what would be applied; nothing is posted
    #[arg(long, conflicts_with_all = ["undo", "key"])]
    dry_run: bool,
    /// Only this customer
    #[arg(long, value_name = "NUMBER")]
    customer: Option<String>,
    /// Only customers with this tag
    #[arg(long, conflicts_with = "customer")]
    tag: Option<String>,
    /// The same key again changes nothing and answers the same [default: a fresh one]
    #[arg(long)]
    key: Option<String>,
    /// Number or id of a run whose applications are undone
    #[arg(long, value_name = "RUN", conflicts_with_all = ["effective_date", "customer", "tag", "key"])]
    undo: Option<String>,
    /// Why a run is undone
    #[arg(
        long,
        requires = "undo",
        default_value = "Undone from the command line"
    )]
    reason: String,
}

/// Accounts listed for people; the totals below count all.
const SHOWN_ACCOUNTS: u32 = 50;

pub async fn run(words: Words, config: &Config) -> Result<Answer, Failure> {
    let ctx = open_house(config).await?;
    if let Some(run) = &words.undo {
        return undo(&ctx, run, words.reason).await;
    }
    let dry_run = words.dry_run;
    let command = command(words);
    if dry_run {
        return preview(&ctx, command).await;
    }
    let bar = progress("Applying to accounts", Some(0));
    let summary = credit_runs::run(&ctx, command, &listener(&bar)).await;
    bar.finish_and_clear();
    let summary = summary?;
    let accounts =
        queries::credit_runs::applied_accounts(&ctx, summary.run, SHOWN_ACCOUNTS).await?;
    answer(&summary, applied_text(&summary, &accounts))
}

fn listener(bar: &ProgressBar) -> impl Fn(Done) + Send + Sync + use<> {
    let bar = bar.clone();
    move |done| {
        bar.set_length(done.of.max(done.accounts));
        bar.set_position(done.accounts);
    }
}

fn command(words: Words) -> NewCreditRun {
    let (scope, scope_value) = match (words.customer, words.tag) {
        (Some(customer), _) => (RunScope::Customer, customer),
        (None, Some(tag)) => (RunScope::Tag, tag),
        (None, None) => (RunScope::All, String::new()),
    };
    let effective_on = words.effective_date;
    NewCreditRun {
        effective_on: effective_on.map_or_else(String::new, |date| date.to_string()),
        scope: scope.code().to_owned(),
        scope_value,
        key: words.key.unwrap_or_default(),
        ..NewCreditRun::default()
    }
}

async fn undo(ctx: &Ctx, run: &str, reason: String) -> Result<Answer, Failure> {
    let run = run_called(ctx, run).await?;
    let command = CreditRunUndo {
        run: run.to_string(),
        reason,
    };
    let bar = progress("Undoing on accounts", Some(0));
    let summary = credit_runs::undo(ctx, command, &listener(&bar)).await;
    bar.finish_and_clear();
    let summary = summary?;
    let mut text = format!("Run {} is undone.", summary.number);
    if !summary.left_alone.is_empty() {
        text.push_str(&format!(
            "\nUndone before, left alone: {}",
            summary.left_alone.join(", ")
        ));
    }
    answer(&summary, text)
}

/// The run with this number or id.
async fn run_called(ctx: &Ctx, name: &str) -> Result<CreditRunId, Failure> {
    let not_there = || Failure::NotThere(format!("there is no run {name}"));
    if let Ok(id) = name.parse() {
        return match queries::credit_runs::detail(ctx, id).await {
            Ok(_) => Ok(id),
            Err(AppError::NotFound) => Err(not_there()),
            Err(error) => Err(error.into()),
        };
    }
    let number = name.parse().map_err(|_| not_there())?;
    match queries::credit_runs::with_number(ctx, number).await {
        Err(AppError::NotFound) => Err(not_there()),
        found => Ok(found?),
    }
}

fn answer(summary: &CreditRunSummary, text: String) -> Result<Answer, Failure> {
    Ok(Answer {
        findings: !summary.failed_accounts.is_empty(),
        ..Answer::done(text, summary)?
    })
}

fn applied_text(summary: &CreditRunSummary, accounts: &Page<AppliedAccount>) -> String {
    let mut lines = Vec::new();
    if summary.applications == 0 {
        lines.push(format!("Run {}: nothing to apply.", summary.number));
    } else {
        lines.push(accounts_table(summary, accounts));
        let mut facts = format!(
            "\nRun {}: {} grants used",
            summary.number, summary.grants_used
        );
        if let (Some(first), Some(last)) = (summary.first_entry, summary.last_entry) {
            facts.push_str(&format!(", journal entries {first} to {last}"));
        }
        lines.push(format!("{facts}."));
    }
    if !summary.stale_accounts.is_empty() {
        let left = summary.stale_accounts.join(", ");
        lines.push(format!("Changed meanwhile, left alone: {left}"));
    }
    if !summary.failed_accounts.is_empty() {
        lines.push(format!("Failed: {}", summary.failed_accounts.join(", ")));
    }
    lines.join("\n")
}

fn accounts_table(summary: &CreditRunSummary, accounts: &Page<AppliedAccount>) -> String {
    let columns = [
        ("Account", Keep::Left),
        ("Customer", Keep::Left),
        ("Applications", Keep::Right),
        ("Applied", Keep::Right),
        ("Still due", Keep::Right),
        ("Credit left", Keep::Right),
    ];
    let mut rows: Vec<Vec<String>> = accounts
        .rows
        .iter()
        .map(|row| {
            vec![
                row.account.clone(),
                row.customer_name.clone(),
                row.applications.to_string(),
                format::money(row.total),
                format::money(row.due),
                format::money(row.credit),
            ]
        })
        .collect();
    let hidden = accounts.total.saturating_sub(rows.len() as u64);
    if hidden > 0 {
        rows.push(vec!["…".to_owned(), format!("and {hidden} more")]);
    }
    rows.push(vec![
        "TOTAL".to_owned(),
        format!("{} accounts", accounts.total),
        summary.applications.to_string(),
        amounts(&summary.totals),
    ]);
    table(&columns, &rows)
}

fn amounts(totals: &[Money]) -> String {
    let totals = totals.iter().map(|total| format::money(*total));
    totals.collect::<Vec<_>>().join(", ")
}

async fn preview(ctx: &Ctx, command: NewCreditRun) -> Result<Answer, Failure> {
    let run = credit_runs::preview(ctx, command).await?;
    let mut accounts: Vec<PreviewedAccount> = Vec::new();
    let mut page = 1;
    let whole = loop {
        let request = PageRequest {
            page,
            ..PageRequest::default()
        };
        let mut part = credit_runs::previewed_pairs(ctx, run, request, None).await?;
        let last = part.accounts.rows.is_empty();
        accounts.append(&mut part.accounts.rows);
        if last || accounts.len() as u64 >= part.accounts.total {
            break part;
        }
        page += 1;
    };
    let text = preview_text(&accounts, &whole);
    Answer::done(text, &preview_json(run, &accounts, &whole))
}

fn preview_json(
    run: CreditRunId,
    accounts: &[PreviewedAccount],
    whole: &CreditRunPreview,
) -> Value {
    json!({
        "dry_run": true,
        "run": run,
        "applications": whole.pairs,
        "totals": whole.totals,
        "accounts": accounts,
    })
}

fn preview_text(accounts: &[PreviewedAccount], whole: &CreditRunPreview) -> String {
    if whole.pairs == 0 {
        return "Nothing to apply.".to_owned();
    }
    let columns = [
        ("Account", Keep::Left),
        ("Customer", Keep::Left),
        ("Credit", Keep::Right),
        ("Invoice", Keep::Left),
        ("Amount", Keep::Right),
        ("Credit left", Keep::Right),
        ("Still due", Keep::Right),
    ];
    let mut rows = Vec::new();
    for account in accounts {
        rows.extend(account.pairs.iter().map(|pair| {
            vec![
                account.account.clone(),
                account.customer_name.clone(),
                pair.grant_number.to_string(),
                pair.invoice_number.clone(),
                format::money(pair.amount),
                format::money(pair.remaining_after),
                format::money(pair.open_after),
            ]
        }));
    }
    format!(
        "{}\n\nWould apply {} in {} applications. Nothing is posted.",
        table(&columns, &rows),
        amounts(&whole.totals),
        whole.pairs
    )
}
