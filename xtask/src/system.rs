//! Installs system packages on Debian and Ubuntu as root; elsewhere says which command to run.

use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context, Result, bail};

use crate::{command, paths};

/// `packages` are installed. Without apt-get or without root it fails and names the one command to run;
/// `purpose` completes the sentence "… is needed".
pub fn install(packages: &[&str], purpose: &str) -> Result<()> {
    let list = packages.join(" ");
    if paths::on_path("apt-get").is_none() {
        bail!(
            "{purpose} is needed. Install it with your system's package manager (Debian calls it: {list}) and run this again"
        );
    }
    if !is_root() {
        bail!("{purpose} is needed. Run: sudo apt-get install -y {list}\nthen run this again");
    }
    refresh_package_lists()?;
    eprintln!("installing {list} …");
    apt_get(
        &["install", "-y", "-q", "--no-install-recommends"],
        packages,
    )
    .with_context(|| format!("{purpose} is needed and `apt-get install {list}` did not bring it"))
}

/// Whether this user may install packages and change to another user.
pub fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// Whether apt could install `package`.
pub fn offers(package: &str) -> bool {
    if !is_root() || paths::on_path("apt-cache").is_none() || refresh_package_lists().is_err() {
        return false;
    }
    command::works(Command::new("apt-cache").args(["show", package]))
}

/// Done once per run, and only when something is missing.
fn refresh_package_lists() -> Result<()> {
    static REFRESHED: OnceLock<()> = OnceLock::new();
    if REFRESHED.get().is_none() {
        eprintln!("asking the package sources what they have …");
        apt_get(&["update", "-q"], &[])?;
        REFRESHED.get_or_init(|| ());
    }
    Ok(())
}

fn apt_get(words: &[&str], packages: &[&str]) -> Result<()> {
    command::run(
        Command::new("apt-get")
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args(words)
            .args(packages),
    )
}
