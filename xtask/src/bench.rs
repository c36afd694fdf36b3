//! `cargo xtask bench`: measures beside their yardsticks, in the release profile.

use std::fs;
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::postgres::{self, Cluster};
use crate::{cargo, command, paths, system};

#[derive(clap::Args)]
pub struct Args {
    /// Only this engine; both where left out
    #[arg(long, value_name = "ENGINE", value_parser = ["sqlite", "postgres"])]
    engine: Option<String>,
    /// How many receivable accounts the apply run covers
    #[arg(long, value_name = "COUNT")]
    accounts: Option<u32>,
    /// How often each side is run
    #[arg(long, value_name = "COUNT")]
    rounds: Option<u32>,
    /// Only measures whose name contains this: apply-run, import, pages, server, site
    name: Option<String>,
}

/// Everything asked for has been measured: printed, and written to `target/bench.json`.
pub fn run(args: Args) -> Result<ExitCode> {
    if paths::on_path("sqlite3").is_none() {
        system::install(&["sqlite3"], "sqlite3 (the yardstick of imports)")?;
    }
    let cluster = match args.engine.as_deref() {
        Some("sqlite") => None,
        _ => Some(Cluster::start(&postgres::ensure()?)?),
    };
    let written = paths::root().join("target/bench.json");
    let folder = written.parent().expect("the file is in a folder");
    fs::create_dir_all(folder).with_context(|| format!("could not make {}", folder.display()))?;
    let mut bench = cargo::cargo();
    bench.args([
        "bench",
        "--package",
        "saldo",
        "--features",
        "ssr",
        "--bench",
        "foundation",
        "--",
    ]);
    bench.arg("--json").arg(&written);
    for (name, value) in [
        ("--engine", args.engine),
        ("--accounts", args.accounts.map(|count| count.to_string())),
        ("--rounds", args.rounds.map(|count| count.to_string())),
    ] {
        if let Some(value) = value {
            bench.args([name, &value]);
        }
    }
    bench.args(args.name);
    if let Some(cluster) = &cluster {
        bench.env("SALDO_TEST_POSTGRES", cluster.url());
    }
    command::run(&mut bench)?;
    Ok(ExitCode::SUCCESS)
}
