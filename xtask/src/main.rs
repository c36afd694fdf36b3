//! The commands of a working day: `cargo xtask serve`, `cargo xtask test`, `cargo xtask build`, `cargo xtask bench`.
//!
//! One file per command; what they share has a file of its own. No rule of Saldo lives here.

mod assets;
mod bench;
mod build;
mod cargo;
mod chromium;
mod command;
mod interrupt;
mod node;
mod paths;
mod postgres;
mod serve;
mod site;
mod style;
mod system;
mod tally;
mod test;
mod wasm;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    version,
    about = "Builds, serves and tests Saldo"
)]
struct Line {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build both halves and serve on http://127.0.0.1:3000 from one SQLite file
    Serve(serve::Args),
    /// Run everything: format, lints, rules, SQLite and PostgreSQL, wasm, browser stories
    Test(test::Args),
    /// Build both halves without running them
    Build(build::Args),
    /// Measure Saldo beside the plainest program that does the same, optimised
    Bench(bench::Args),
}

fn main() -> ExitCode {
    let line = Line::parse();
    let done = interrupt::watch().and_then(|()| match line.task {
        Task::Serve(args) => serve::run(args),
        Task::Test(args) => test::run(args),
        Task::Build(args) => build::run(args),
        Task::Bench(args) => bench::run(args),
    });
    match done {
        Ok(status) => status,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}
