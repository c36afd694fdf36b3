//! `saldo verify`

use super::{Answer, Failure, open_house};
use crate::dto::verify::{CheckOutcome, Finding, VerifyReport};
use crate::server::config::Config;
use crate::server::queries::verify::verify;
use clap::Args;
use serde_json::{Value, json};

/// Check the books: entries balance, ledger accounts equal the open items and credit behind them, numbers have no gaps
///
/// Ends with status 1 when something does not hold, naming the rows.
#[derive(Args)]
pub struct Words {}

pub async fn run(_words: Words, config: &Config) -> Result<Answer, Failure> {
    let ctx = open_house(config).await?;
    let report = verify(&ctx).await?;
    Ok(Answer {
        text: text(&report),
        json: document(&report),
        findings: !report.is_clean(),
    })
}

fn text(report: &VerifyReport) -> String {
    let looked_at = format!(
        "{} journal entries, {} receivable accounts, {} invoices; {} checks.",
        report.entries,
        report.receivable_accounts,
        report.invoices,
        report.checks.len()
    );
    if report.is_clean() {
        return format!("The books are in order: {looked_at}");
    }
    let failed = report
        .checks
        .iter()
        .filter(|outcome| !outcome.findings.is_empty());
    let mut lines = vec![format!("The books are NOT in order: {looked_at}")];
    lines.extend(failed.flat_map(check_lines));
    lines.join("\n")
}

fn check_lines(outcome: &CheckOutcome) -> Vec<String> {
    let mut lines = vec![String::new(), outcome.check.rule().to_owned()];
    lines.extend(
        outcome
            .findings
            .iter()
            .map(|finding| format!("  {}", finding.fact())),
    );
    if outcome.more {
        lines.push("  … and more".to_owned());
    }
    lines
}

fn document(report: &VerifyReport) -> Value {
    let finding = |finding: &Finding| {
        json!({
            "check": finding.check,
            "kind": finding.kind,
            "id": finding.id,
            "name": finding.name,
            "account": finding.account,
            "ledger_role": finding.role,
            "expected": finding.expected,
            "found": finding.found,
            "expected_count": finding.expected_count,
            "found_count": finding.found_count,
            "sentence": finding.sentence(),
        })
    };
    json!({
        "clean": report.is_clean(),
        "entries": report.entries,
        "receivable_accounts": report.receivable_accounts,
        "invoices": report.invoices,
        "checks": report.checks.iter().map(|outcome| json!({
            "check": outcome.check,
            "rule": outcome.check.rule(),
            "findings": outcome.findings.len(),
            "more": outcome.more,
        })).collect::<Vec<_>>(),
        "findings": report.findings().map(finding).collect::<Vec<_>>(),
    })
}
