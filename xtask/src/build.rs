//! `cargo xtask build`: both halves, without running them.

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::cargo::{Artifact, Profile};
use crate::{assets, cargo};

#[derive(clap::Args)]
pub struct Args {
    /// Small and fast: optimised, the browser half compressed and embedded in the server
    #[arg(long)]
    release: bool,
    /// Let cargo write a report of where the time goes
    #[arg(long)]
    timings: bool,
}

/// Both halves are built; prints where the server is and how large all parts are.
pub fn run(args: Args) -> Result<ExitCode> {
    let profile = if args.release {
        Profile::Release
    } else {
        Profile::Dev
    };
    let server = both_halves(profile, args.timings)?;
    let bytes = server
        .metadata()
        .with_context(|| format!("could not read {}", server.display()))?
        .len();
    println!(
        "  {}: {}.{} MB",
        server.display(),
        bytes / 1_000_000,
        bytes % 1_000_000 / 100_000
    );
    Ok(ExitCode::SUCCESS)
}

/// Both halves are built, the browser half first because the server embeds it. Returns the server.
pub fn both_halves(profile: Profile, timings: bool) -> Result<PathBuf> {
    println!("browser half");
    assets::build(profile, timings)?;
    println!("server");
    let mut build = server_command(profile);
    if timings {
        build.arg("--timings");
    }
    cargo::build(&mut build, Artifact::Program)
}

fn server_command(profile: Profile) -> Command {
    let mut build = cargo::cargo();
    build.args([
        "build",
        "--package",
        "saldo",
        "--bin",
        "saldo",
        "--features",
        "ssr",
    ]);
    if profile == Profile::Release {
        build.arg("--release");
    }
    build
}
