//! `saldo import`

use super::{Answer, Failure, could_not, open_house, progress};
use crate::dto::imports::{
    CountedMoney, ImportDiscarding, ImportFinding, ImportKind, ImportPosting, ImportReport,
};
use crate::server::config::Config;
use crate::server::context::Ctx;
use crate::server::import::mapping::Mapping;
use crate::server::queries::imports as reading;
use crate::server::services::imports::{self, ImportFile, Progress};
use crate::web::imports::problems;
use clap::{Args, Subcommand};
use indicatif::ProgressBar;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Import invoices or payments from a CSV file: checked line by line first, then posted all at once
///
/// The same file twice adds nothing. Lines that cannot be imported keep the whole file out, unless
/// --good-lines-only is given; the status is 1 when a file is kept out.
#[derive(Args)]
pub struct Words {
    #[command(subcommand)]
    kind: Kind,
}

#[derive(Subcommand)]
enum Kind {
    /// Invoices, with their settlements where the file has them
    Invoices(FileWords),
    /// Payments on accounts that are there
    Payments(FileWords),
}

#[derive(Args)]
struct FileWords {
    /// The CSV file
    file: PathBuf,
    /// ibm, online-retail, highradius, invoices, payments, or a TOML file
    #[arg(long, value_name = "NAME")]
    mapping: String,
    /// Only check the file and say what is wrong with it
    #[arg(long)]
    dry_run: bool,
    /// Import the good lines and leave the others out
    #[arg(long)]
    good_lines_only: bool,
    /// Round amounts with more decimals than the currency has, instead of refusing them
    #[arg(long)]
    round: bool,
}

/// Findings shown to people; programs get all that are kept.
const SHOWN_FINDINGS: usize = 100;

pub async fn run(words: Words, config: &Config) -> Result<Answer, Failure> {
    let (kind, words) = match words.kind {
        Kind::Invoices(words) => (ImportKind::Invoices, words),
        Kind::Payments(words) => (ImportKind::Payments, words),
    };
    let mapping =
        Mapping::load(&words.mapping).map_err(|error| Failure::Usage(error.to_string()))?;
    if mapping.kind != kind {
        let (name, reads) = (&mapping.name, mapping.kind.code());
        let message = format!("the mapping {name} reads {reads}, not {}", kind.code());
        return Err(Failure::Usage(message));
    }
    let bytes = std::fs::read(&words.file)
        .map_err(|error| could_not(&format!("read {}", words.file.display()), error))?;
    let ctx = open_house(config).await?;
    let report = check(&ctx, &mapping, &words, &bytes).await?;
    let refused = report.import.summary.refused_lines > 0 || !is_readable(&report);
    let keep_out = words.dry_run || (refused && !words.good_lines_only);
    if keep_out || !report.import.summary.adds_something() {
        let import = report.import.id.to_string();
        imports::discard(&ctx, ImportDiscarding { import }).await?;
        let verdict = verdict(&report, refused, words.dry_run);
        return Ok(answer(&report, verdict, refused && !words.good_lines_only));
    }
    let report = post(&ctx, &report).await?;
    Ok(answer(&report, "Imported.", false))
}

/// Whether the header had the columns the mapping needs.
fn is_readable(report: &ImportReport) -> bool {
    report.import.summary.documents > 0 || report.import.summary.findings == 0
}

async fn check(
    ctx: &Ctx,
    mapping: &Mapping,
    words: &FileWords,
    bytes: &[u8],
) -> Result<ImportReport, Failure> {
    let bar = progress("Checking", Some(0));
    let name = words
        .file
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    let file = ImportFile {
        name: &name.unwrap_or_default(),
        bytes,
    };
    let import = imports::check(ctx, mapping, file, words.round, &listener(&bar)).await;
    bar.finish_and_clear();
    Ok(reading::report(ctx, &import?.to_string(), None).await?)
}

async fn post(ctx: &Ctx, report: &ImportReport) -> Result<ImportReport, Failure> {
    let bar = progress("Posting", Some(0));
    let import = report.import.id.to_string();
    let command = ImportPosting {
        import: import.clone(),
        lines: "good".to_owned(),
    };
    let posted = imports::post(ctx, command, &listener(&bar)).await;
    bar.finish_and_clear();
    posted?;
    Ok(reading::report(ctx, &import, None).await?)
}

fn listener(bar: &ProgressBar) -> impl Fn(Progress) + Send + Sync + use<> {
    let bar = bar.clone();
    move |progress| {
        let (done, of) = match progress {
            Progress::Read { lines, of } => (lines, of),
            Progress::Posted { steps, of } => (steps, of),
        };
        bar.set_length(u64::from(of));
        bar.set_position(u64::from(done));
    }
}

fn verdict(report: &ImportReport, refused: bool, dry_run: bool) -> &'static str {
    match (refused, dry_run) {
        (true, true) => "Dry run: these lines would keep the file out.",
        (true, false) => {
            "Nothing was imported: correct these lines, or import the rest with --good-lines-only."
        }
        (false, _) if !report.import.summary.adds_something() => {
            "Nothing to import: everything is in the books already."
        }
        (false, _) => "Dry run: nothing was imported.",
    }
}

fn answer(report: &ImportReport, verdict: &str, findings: bool) -> Answer {
    Answer {
        text: text(report, verdict),
        json: document(report, verdict),
        findings,
    }
}

fn text(report: &ImportReport, verdict: &str) -> String {
    let summary = &report.import.summary;
    let mut lines = Vec::new();
    for finding in report.findings.iter().take(SHOWN_FINDINGS) {
        lines.push(finding_line(finding));
    }
    let hidden = (summary.findings as usize).saturating_sub(SHOWN_FINDINGS.min(lines.len()));
    if hidden > 0 {
        lines.push(format!("… and {hidden} more (--json lists them)"));
    }
    lines.push(format!(
        "{} lines, {} documents; refused: {} lines in {} documents; in the books already: {}; left out: {}",
        summary.lines,
        summary.documents,
        summary.refused_lines,
        summary.refused_documents,
        summary.known,
        summary.left_out
    ));
    for (what, counted) in [
        ("invoices", &summary.invoices),
        ("credits", &summary.credits),
        ("payments", &summary.payments),
    ] {
        lines.extend(counted.iter().map(|counted| counted_line(what, counted)));
    }
    lines.push(format!(
        "{} customers ({} new), {} receivable accounts ({} new), {} further names",
        summary.customers,
        summary.new_customers,
        summary.accounts,
        summary.new_accounts,
        summary.aliases
    ));
    if let (Some(first), Some(last)) = (summary.first_entry, summary.last_entry) {
        lines.push(format!("journal entries {first} to {last}"));
    }
    lines.push(verdict.to_owned());
    lines.join("\n")
}

fn counted_line(what: &str, counted: &CountedMoney) -> String {
    format!("{} {what}, {}", counted.count, counted.total)
}

fn finding_line(finding: &ImportFinding) -> String {
    let field = match finding.field.as_str() {
        "" => String::new(),
        field => format!(", {field}"),
    };
    let given = match finding.given.as_str() {
        "" => String::new(),
        given => format!(" \"{given}\""),
    };
    format!(
        "line {}{field}{given}: {}",
        finding.line,
        problems::sentence(&finding.problem)
    )
}

fn document(report: &ImportReport, verdict: &str) -> Value {
    let finding = |finding: &ImportFinding| {
        json!({
            "line": finding.line,
            "field": finding.field,
            "given": finding.given,
            "code": finding.problem.code(),
            "refused": finding.problem.refuses(),
            "message": problems::sentence(&finding.problem),
        })
    };
    json!({
        "import": report.import.number,
        "id": report.import.id,
        "mapping": report.import.mapping,
        "file": report.import.file_name,
        "encoding": report.import.encoding,
        "state": report.import.state,
        "summary": report.import.summary,
        "findings": report.findings.iter().map(finding).collect::<Vec<_>>(),
        "verdict": verdict,
    })
}
