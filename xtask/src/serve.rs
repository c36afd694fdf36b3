//! `cargo xtask serve`: builds both halves and becomes the server.

use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use crate::cargo::Profile;
use crate::{build, command, paths};

#[derive(clap::Args)]
pub struct Args {
    /// Fill an empty database with a demo company and print its logins
    #[arg(long)]
    demo: bool,
    /// Serve the optimised build
    #[arg(long)]
    release: bool,
    /// Port on 127.0.0.1
    #[arg(long, default_value_t = 3000)]
    port: u16,
    /// sqlite://FILE or postgres://…; saldo.db in this checkout when not given
    #[arg(long, env = "DATABASE_URL")]
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
    let database = args
        .database_url
        .unwrap_or_else(|| format!("sqlite://{}", paths::root().join("saldo.db").display()));
    if args.demo {
        command::run(Command::new(&server).current_dir(paths::root()).args([
            "demo",
            "--database-url",
            &database,
        ]))
        .context("the demo company could not be made")?;
    }
    let mut serve = Command::new(&server);
    serve
        .current_dir(paths::root())
        .args([
            "serve",
            "--database-url",
            &database,
            "--port",
            &args.port.to_string(),
        ])
        .args(args.more);
    let refused = serve.exec();
    bail!("could not start {}: {refused}", command::shown(&serve))
}
