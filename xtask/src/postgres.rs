//! A throw-away PostgreSQL for tests: nothing of it is left when it goes out of scope.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};
use nix::unistd::User;

use crate::{command, interrupt, paths, system};

const OLDEST_MAJOR: u32 = 15;
const DEBIAN_VERSIONS: &str = "/usr/lib/postgresql";

/// A running cluster, ended and removed on drop.
pub struct Cluster {
    keeper: Child,
    port: u16,
}

/// There is a PostgreSQL to start: found, or installed now. Returns the folder of its programs.
pub fn ensure() -> Result<PathBuf> {
    if let Some(programs) = find() {
        return Ok(programs);
    }
    system::install(
        &["postgresql"],
        &format!("PostgreSQL {OLDEST_MAJOR} or newer (for the tests)"),
    )?;
    find().with_context(|| {
        format!("PostgreSQL was installed but is older than {OLDEST_MAJOR}; install a newer one")
    })
}

impl Cluster {
    /// A new, empty cluster answers on 127.0.0.1. `programs` is the folder from `ensure`.
    pub fn start(programs: &Path) -> Result<Cluster> {
        interrupt::check()?;
        let port = free_port()?;
        let mut keeper = as_other_user()
            .args(["sh", "-c", include_str!("postgres.sh"), "postgres.sh"])
            .arg(programs)
            .arg(port.to_string())
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("could not start PostgreSQL")?;
        interrupt::started(keeper.id());
        let mut answer = String::new();
        let out = keeper.stdout.take().expect("standard output is piped");
        let heard = BufReader::new(out).read_line(&mut answer);
        // From here on it is ended by closing its input, not by a signal.
        interrupt::finished();
        let cluster = Cluster { keeper, port };
        interrupt::check()?;
        heard.context("could not hear from PostgreSQL")?;
        if answer.trim() != "ready" {
            bail!("PostgreSQL did not start; its words are above");
        }
        Ok(cluster)
    }

    /// Where a superuser may create databases.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // The end of its input is the keeper's sign to stop the server and remove its files.
        drop(self.keeper.stdin.take());
        if let Err(error) = self.keeper.wait() {
            eprintln!("lost sight of the throw-away PostgreSQL: {error}");
        }
    }
}

/// PostgreSQL refuses to run as root.
fn as_other_user() -> Command {
    if !system::is_root() {
        return Command::new("env");
    }
    let has_own_user = User::from_name("postgres").is_ok_and(|user| user.is_some());
    let mut command = Command::new("runuser");
    // A temporary folder set up for root may be closed to others.
    command.env_remove("TMPDIR");
    command.args(["-u", if has_own_user { "postgres" } else { "nobody" }, "--"]);
    command
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("no port is free on 127.0.0.1")?;
    Ok(listener
        .local_addr()
        .context("no port is free on 127.0.0.1")?
        .port())
}

/// The newest of Debian's versions, else what is on PATH; not older than the oldest supported.
fn find() -> Option<PathBuf> {
    let on_path = paths::on_path("initdb").and_then(|initdb| Some(initdb.parent()?.to_path_buf()));
    let debian = fs::read_dir(DEBIAN_VERSIONS)
        .into_iter()
        .flatten()
        .flatten()
        .map(|version| version.path().join("bin"));
    on_path
        .into_iter()
        .chain(debian)
        .filter_map(|programs| Some((major_version(&programs)?, programs)))
        .filter(|(major, _)| *major >= OLDEST_MAJOR)
        .max_by_key(|(major, _)| *major)
        .map(|(_, programs)| programs)
}

fn major_version(programs: &Path) -> Option<u32> {
    let initdb = programs.join("initdb");
    if !["initdb", "postgres", "pg_ctl"]
        .iter()
        .all(|program| programs.join(program).is_file())
    {
        return None;
    }
    // "initdb (PostgreSQL) 15.18 (Debian …)"
    let printed = command::output(Command::new(initdb).arg("--version")).ok()?;
    printed
        .split_whitespace()
        .nth(2)?
        .split('.')
        .next()?
        .parse()
        .ok()
}
