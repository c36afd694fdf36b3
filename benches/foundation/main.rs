//! Measures of the foundation, each beside its yardstick in the same run: `cargo xtask bench`.
//!
//! Times on shared machines mislead, so what counts is the ratio: both sides run alternately on the same data and
//! the medians are compared. Nothing here is asserted.

mod apply_run;
mod database;
mod figures;
mod fill;
mod http;
mod import;
mod pages;
mod program;

use clap::Parser;
use database::Engine;
use figures::Figures;
use std::path::PathBuf;

#[derive(Parser)]
#[command(about = "Measures Saldo beside the plainest program that does the same")]
struct Arguments {
    /// Only this engine; both where left out (PostgreSQL needs SALDO_TEST_POSTGRES).
    #[arg(long)]
    engine: Option<Engine>,
    /// How many receivable accounts the apply run covers.
    #[arg(long, default_value_t = 10_000)]
    accounts: u32,
    /// How often each side is run.
    #[arg(long, default_value_t = 5)]
    rounds: u32,
    /// Handed over by cargo; means nothing here.
    #[arg(long, hide = true)]
    bench: bool,
    /// Where to write what was measured, as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Only measures whose name contains this: apply-run, import, pages, server, site.
    name: Option<String>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    figures::say_whether_quiet();
    let wanted = |name: &str| {
        arguments
            .name
            .as_deref()
            .is_none_or(|part| name.contains(part))
    };
    let mut figures = Figures::default();
    let rounds = arguments.rounds;
    for engine in Engine::chosen(arguments.engine) {
        if wanted("apply-run") {
            apply_run::measure(engine, arguments.accounts, rounds, &mut figures).await?;
        }
        if wanted("import") {
            import::measure(engine, rounds, &mut figures).await?;
        }
        if wanted("pages") {
            pages::measure(engine, rounds, &mut figures).await?;
        }
    }
    if wanted("server") {
        program::measure(rounds, &mut figures)?;
    }
    if wanted("site") {
        program::measure_site(&mut figures)?;
    }
    match arguments.json {
        Some(file) => figures.write(&file),
        None => Ok(()),
    }
}
