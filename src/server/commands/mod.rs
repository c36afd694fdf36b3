//! The command line: one file per command. A command reads its words, calls one service or query as Saldo itself,
//! and says what came of it.
//!
//! Standard output carries the answer: text for people, or with `--json` exactly one JSON document. Everything else,
//! progress and log, goes to standard error.
//!
//! ```text
//! status 0   done, or nothing to do
//!        1   findings, or refused
//!        2   wrong usage
//!        3   could not run
//! ```

mod apply_credits;
mod demo;
mod expire_credits;
mod import;
mod migrate;
mod report;
mod serve;
mod table;
mod token;
mod user;
mod verify;

use super::config::{Config, ConfigError, LogFormat, Overrides};
use super::context::{Actor, Clock, Ctx, Db, Events};
use super::services::setup;
use crate::domain::rights::Role;
use crate::dto::error::AppError;
use crate::web::ui::errors::{error_sentence, sentence};
use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use serde_json::{Value, json};
use std::io::{Write, stderr, stdout};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use tracing_subscriber::EnvFilter;

/// Keeps customers' money straight: invoices, payments and above all the credit customers hold.
///
/// Every option can also stand in saldo.toml or in the environment as SALDO_NAME.
/// Exit status: 0 done or nothing to do, 1 findings or refused, 2 wrong usage, 3 could not run.
#[derive(Parser)]
#[command(name = "saldo", version)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Options of every command")]
pub struct Common {
    /// sqlite://FILE or postgres://… [default: sqlite://saldo.db]
    #[arg(long, global = true, value_name = "URL")]
    database_url: Option<String>,
    /// Configuration file [default: saldo.toml, where there is one]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Answer with one JSON document
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum Command {
    Serve(serve::Words),
    Migrate(migrate::Words),
    Demo(demo::Words),
    User(user::Words),
    Token(token::Words),
    ApplyCredits(apply_credits::Words),
    ExpireCredits(expire_credits::Words),
    Import(import::Words),
    Report(report::Words),
    Verify(verify::Words),
}

/// What a command has to say.
pub struct Answer {
    /// For people; lines without a last line break.
    pub text: String,
    /// The same for programs.
    pub json: Value,
    /// Something was found that must be looked at: status 1.
    pub findings: bool,
}

impl Answer {
    /// The answer of a command that did what it was asked.
    pub fn done(text: impl Into<String>, json: &impl Serialize) -> Result<Self, Failure> {
        let json = serde_json::to_value(json)
            .map_err(|error| Failure::CouldNotRun(format!("the answer is no JSON: {error}")))?;
        Ok(Self {
            text: text.into(),
            json,
            findings: false,
        })
    }
}

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub enum Failure {
    /// A rule said no: status 1.
    Refused(AppError),
    /// What the words name is not there: status 1.
    NotThere(String),
    /// The words make no sense together: status 2.
    Usage(String),
    /// Files, network or database: status 3.
    CouldNotRun(String),
}

impl From<AppError> for Failure {
    fn from(error: AppError) -> Self {
        Self::Refused(error)
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Usage(error.to_string())
    }
}

/// Runs the command line of this process.
pub async fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return not_understood(&error),
    };
    let json = cli.common.json;
    match obey(cli).await {
        Ok(answer) => {
            print(json, &answer.text, &answer.json);
            ExitCode::from(u8::from(answer.findings))
        }
        Err(failure) => complain(json, &failure),
    }
}

/// Help and version as asked for; else what was wrong with the words, as JSON where that was asked for.
fn not_understood(error: &clap::Error) -> ExitCode {
    let json = std::env::args().any(|word| word == "--json");
    if error.use_stderr() && json {
        let message = error.to_string();
        let message = message.trim().trim_start_matches("error: ").to_owned();
        return complain(json, &Failure::Usage(message));
    }
    // Whoever closed the pipe does not want to read it.
    let _ = error.print();
    ExitCode::from(if error.use_stderr() { 2 } else { 0 })
}

async fn obey(cli: Cli) -> Result<Answer, Failure> {
    let overrides = Overrides {
        file: cli.common.config.clone(),
        database_url: cli.common.database_url.clone(),
        ..Overrides::default()
    };
    match cli.command {
        Command::Serve(words) => serve::run(words, overrides, cli.common.json).await,
        Command::Migrate(words) => migrate::run(words, &open_log(&overrides)?).await,
        Command::Demo(words) => demo::run(words, &open_log(&overrides)?).await,
        Command::User(words) => user::run(words, &open_log(&overrides)?).await,
        Command::Token(words) => token::run(words, &open_log(&overrides)?).await,
        Command::ApplyCredits(words) => apply_credits::run(words, &open_log(&overrides)?).await,
        Command::ExpireCredits(words) => expire_credits::run(words, &open_log(&overrides)?).await,
        Command::Import(words) => import::run(words, &open_log(&overrides)?).await,
        Command::Report(words) => report::run(words, &open_log(&overrides)?).await,
        Command::Verify(words) => verify::run(words, &open_log(&overrides)?).await,
    }
}

/// The configuration, with the log of a command that is over soon: warnings only, unless more is asked for.
fn open_log(overrides: &Overrides) -> Result<Config, Failure> {
    let config = Config::read(overrides)?;
    log_to_stderr(&config, "warn");
    Ok(config)
}

/// Logs to standard error from now on.
fn log_to_stderr(config: &Config, unless_configured: &str) {
    let filter = config.log.as_deref().unwrap_or(unless_configured);
    let log = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(filter))
        .with_writer(stderr);
    match config.log_format {
        LogFormat::Text => log.with_ansi(false).init(),
        LogFormat::Json => log.json().init(),
    }
}

/// The house behind a command: its schema is brought up to date, its chart of accounts is there, and Saldo itself
/// acts.
pub async fn open_house(config: &Config) -> Result<Ctx, Failure> {
    open_house_at(config, Clock::system(config.time_zone)).await
}

/// As `open_house`, by another clock.
pub async fn open_house_at(config: &Config, clock: Clock) -> Result<Ctx, Failure> {
    let ctx = connect(config, clock).await?;
    ctx.db
        .migrate()
        .await
        .map_err(|error| could_not("bring the schema up to date", error))?;
    setup::ensure_chart(&ctx).await?;
    Ok(ctx)
}

async fn connect(config: &Config, clock: Clock) -> Result<Ctx, Failure> {
    let db = Db::connect(&config.database_url)
        .await
        .map_err(|error| could_not("open the database", error))?;
    Ok(Ctx {
        db,
        clock,
        events: Events::default(),
        actor: Actor::System,
    })
}

/// The roles as words of the command line.
fn role_codes() -> PossibleValuesParser {
    PossibleValuesParser::new(Role::ALL.iter().map(|role| role.code()))
}

/// Something the machine did not do.
pub fn could_not(what: &str, error: impl std::fmt::Display) -> Failure {
    Failure::CouldNotRun(format!("could not {what}: {error}"))
}

/// A bar on standard error, seen only on a terminal. Unknown totals show a count.
pub fn progress(what: &'static str, total: Option<u64>) -> ProgressBar {
    let bar = match total {
        Some(total) => ProgressBar::new(total),
        None => ProgressBar::new_spinner(),
    };
    let template = match total {
        Some(_) => "{msg} {wide_bar} {human_pos} of {human_len}, {eta} left",
        None => "{spinner} {msg} {human_pos}",
    };
    let style = ProgressStyle::with_template(template).expect("the template names known parts");
    bar.set_style(style);
    bar.set_message(what);
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

fn print(json: bool, text: &str, document: &Value) {
    // Whoever reads this may have seen enough and gone: `saldo report … | head`.
    let _ = match json {
        true => writeln!(stdout(), "{document:#}"),
        false if text.is_empty() => Ok(()),
        false => writeln!(stdout(), "{text}"),
    };
}

/// Says why, and with which status the process ends.
fn complain(json: bool, failure: &Failure) -> ExitCode {
    let (status, code, message) = match failure {
        Failure::Refused(error) => (refused_status(error), error.code(), error_sentence(error)),
        Failure::NotThere(message) => (1, "not_found", message.clone()),
        Failure::Usage(message) => (2, "usage", message.clone()),
        Failure::CouldNotRun(message) => (3, "could_not_run", message.clone()),
    };
    match json {
        true => println!("{:#}", complaint(failure, code, &message)),
        false => eprintln!("saldo: {message}"),
    }
    ExitCode::from(status)
}

/// Where the database or Saldo itself failed, nothing was refused: the command could not run.
fn refused_status(error: &AppError) -> u8 {
    match error {
        AppError::Unavailable { .. } | AppError::Unexpected { .. } => 3,
        _ => 1,
    }
}

fn complaint(failure: &Failure, code: &str, message: &str) -> Value {
    let refusals = match failure {
        Failure::Refused(AppError::Refused(refusals)) => refusals.as_slice(),
        _ => &[],
    };
    let refusals: Vec<Value> = refusals
        .iter()
        .map(|one| {
            json!({
                "field": one.field,
                "code": one.refusal.code(),
                "message": sentence(&one.refusal),
            })
        })
        .collect();
    json!({ "error": { "code": code, "message": message, "refusals": refusals } })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn everything_that_can_be_said_is_explained() {
        let mut command = Cli::command();
        command.build();
        let unexplained = unexplained(&command);
        assert!(unexplained.is_empty(), "{unexplained:#?}");
    }

    fn unexplained(command: &clap::Command) -> Vec<String> {
        let name = command.get_bin_name().unwrap_or_default();
        let mut found = Vec::new();
        if command.get_about().is_none() {
            found.push(name.to_owned());
        }
        let words = command.get_arguments();
        let silent = words.filter(|word| word.get_help().is_none());
        found.extend(silent.map(|word| format!("{name} {}", word.get_id())));
        let own = |inner: &&clap::Command| inner.get_name() != "help";
        found.extend(command.get_subcommands().filter(own).flat_map(unexplained));
        found
    }
}
