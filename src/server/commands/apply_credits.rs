//! `saldo apply-credits`

use super::{Answer, Failure, open_house, progress, table};
use crate::domain::ids::CreditRunId;
use crate::domain::money::Money;
use crate::dto::credit_runs::{
    CreditRunPreview, CreditRunSummary, CreditRunUndo, NewCreditRun, PreviewedAccount, RunScope,
};
use crate::dto::error::AppError;
use crate::dto::page::PageRequest;
use crate::server::config::Config;
use crate::server::context::Ctx;
use crate::server::{queries, services::credit_runs};
use crate::web::ui::format;
use chrono::NaiveDate;
use clap::Args;
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
    let bar = progress("Receivable accounts done", None);
    let summary = credit_runs::run(&ctx, command, &|done| bar.set_position(done)).await?;
    bar.finish_and_clear();
    answer(&summary, applied_text(&summary))
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
    let bar = progress("Receivable accounts undone", None);
    let summary = credit_runs::undo(ctx, command, &|done| bar.set_position(done)).await?;
    bar.finish_and_clear();
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
async fn run_called(ctx: &Ctx, name: &str) -> Result<CreditRunId, AppError> {
    if let Ok(id) = name.parse() {
        return Ok(id);
    }
    let number = name.parse().map_err(|_| AppError::NotFound)?;
    queries::credit_runs::with_number(ctx, number).await
}

fn answer(summary: &CreditRunSummary, text: String) -> Result<Answer, Failure> {
    Ok(Answer {
        findings: !summary.failed_accounts.is_empty(),
        ..Answer::done(text, summary)?
    })
}

fn applied_text(summary: &CreditRunSummary) -> String {
    let mut lines = vec![vec!["Run".to_owned(), summary.number.to_string()]];
    let mut line = |name: &str, value: String| lines.push(vec![name.to_owned(), value]);
    if summary.applications == 0 {
        line("Applied", "nothing to apply".to_owned());
    } else {
        line("Grants used", summary.grants_used.to_string());
        line("Applications", summary.applications.to_string());
        line("Total", amounts(&summary.totals));
        if let (Some(first), Some(last)) = (summary.first_entry, summary.last_entry) {
            line("Journal entries", format!("{first} to {last}"));
        }
    }
    if !summary.stale_accounts.is_empty() {
        line("Changed meanwhile", summary.stale_accounts.join(", "));
    }
    if !summary.failed_accounts.is_empty() {
        line("Failed", summary.failed_accounts.join(", "));
    }
    table(&lines)
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
    let head = ["Account", "Customer", "Grant", "Invoice", "Amount"];
    let mut lines = vec![head.map(str::to_owned).to_vec()];
    for account in accounts {
        let pairs = account.pairs.iter().map(|pair| {
            vec![
                account.account.clone(),
                account.customer_name.clone(),
                pair.grant_number.to_string(),
                pair.invoice_number.clone(),
                format::money(pair.amount),
            ]
        });
        lines.extend(pairs);
    }
    let total = format!(
        "Would apply {} in {} applications.",
        amounts(&whole.totals),
        whole.pairs
    );
    format!("{}\n{total}", table(&lines))
}
