//! Finds or installs the browser that the stories run in.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::node::Node;
use crate::{command, paths, system};

const NAMES: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
];
const REMEDY: &str = "the browser stories need Chromium. Install Chromium or Chrome and set CHROMIUM to its program, \
                      or run `cargo xtask test --quick` to leave them out";

/// A browser for the stories.
pub enum Browser {
    /// A program of this system.
    System(PathBuf),
    /// The one that Playwright downloaded for itself.
    Playwrights,
}

/// There is a browser: named by CHROMIUM, found, or installed now.
pub fn ensure(node: &Node) -> Result<Browser> {
    if let Some(named) = std::env::var_os("CHROMIUM") {
        return Ok(Browser::System(named.into()));
    }
    if let Some(found) = find() {
        return Ok(Browser::System(found));
    }
    if !is_ubuntu() {
        system::install(
            &["chromium", "fonts-liberation"],
            "Chromium (for the browser stories)",
        )?;
        return find().map(Browser::System).context(REMEDY);
    }
    // Ubuntu's package is a stub that asks for snap.
    let mut download = node.command();
    download.args(["node_modules/@playwright/test/cli.js", "install"]);
    if system::is_root() {
        download.arg("--with-deps");
    }
    command::run(download.arg("chromium")).context(REMEDY)?;
    Ok(Browser::Playwrights)
}

fn find() -> Option<PathBuf> {
    NAMES
        .iter()
        .filter_map(|name| paths::on_path(name))
        .find(|program| !is_snap(program))
}

fn is_snap(program: &Path) -> bool {
    let program = program
        .canonicalize()
        .unwrap_or_else(|_| program.to_path_buf());
    let is_stub = || {
        const STUB_BYTES: u64 = 16 * 1024;
        fs::metadata(&program).is_ok_and(|stub| stub.len() < STUB_BYTES)
            && fs::read_to_string(&program).is_ok_and(|script| script.contains("snap install"))
    };
    program.starts_with("/snap") || program.ends_with("snap") || is_stub()
}

fn is_ubuntu() -> bool {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    release.lines().any(|line| {
        (line.starts_with("ID=") || line.starts_with("ID_LIKE=")) && line.contains("ubuntu")
    })
}
