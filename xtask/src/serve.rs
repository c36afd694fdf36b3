//! `cargo xtask serve`: builds both halves and becomes the server.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use crate::cargo::Profile;
use crate::{build, command, paths};

#[derive(clap::Args)]
pub struct Args {
    /// Fill an empty database with a demo company and print its logins; one that is there already is served as it is
    #[arg(long)]
    demo: bool,
    /// Serve the optimised build
    #[arg(long)]
    release: bool,
    /// Port to listen on; 0 takes a free one [default: 3000]
    #[arg(long)]
    port: Option<u16>,
    /// sqlite://FILE or postgres://… [default: sqlite://saldo.db, in this checkout]
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// More arguments for `saldo serve`
    #[arg(last = true)]
    more: Vec<String>,
}

/// Returns only when the server could not be started: this process becomes the server, so signals
/// and the exit status are its own.
pub fn run(args: Args) -> Result<ExitCode> {
    let profile = if args.release {
        Profile::Release
    } else {
        Profile::Dev
    };
    let server = build::both_halves(profile, false)?;
    // What is not said here is left to the server: its defaults, environment and saldo.toml.
    let mut common = Vec::new();
    if let Some(url) = args.database_url {
        common.extend(["--database-url".to_owned(), url]);
    }
    if args.demo {
        command::run(saldo(&server, "demo").arg("--once").args(&common))
            .context("the demo company could not be made")?;
    }
    let mut serve = saldo(&server, "serve");
    serve.args(&common);
    if let Some(port) = args.port {
        serve.args(["--port", &port.to_string()]);
    }
    let refused = serve.args(args.more).exec();
    bail!("could not start {}: {refused}", command::shown(&serve))
}

fn saldo(server: &Path, command: &str) -> Command {
    let mut saldo = Command::new(server);
    saldo.current_dir(paths::root()).arg(command);
    saldo
}
