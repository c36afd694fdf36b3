//! Finds or installs what compiles for wasm32-unknown-unknown.
//!
//! The ladder: the installed target; `rustup target add`; Debian's rustc-web, whose sources of the
//! standard library are compiled along; else one clear message.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context, Result, bail};

use crate::{cargo, command, paths, system};

/// What the browser half is compiled for.
pub const TARGET: &str = "wasm32-unknown-unknown";

const DEBIAN_CARGO: &str = "/usr/bin/cargo";
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_SOURCES: &str = "/usr/lib/rustlib/src/rust/library";
const DEBIAN_PACKAGES: [&str; 3] = ["rustc-web", "cargo-web", "rust-web-src"];
/// The `rust-version` of Cargo.toml.
const OLDEST_RUSTC: (u32, u32) = (1, 95);

/// A compiler with a standard library for the browser.
pub enum Toolchain {
    /// The one that also builds the server.
    Default,
    /// Debian's, which compiles the standard library from its own sources.
    Debian { linker: PathBuf },
}

impl Toolchain {
    /// `cargo VERB … --target wasm32-unknown-unknown`.
    pub fn cargo(&self, verb: &str) -> Command {
        match self {
            Toolchain::Default => {
                let mut command = cargo::cargo();
                command.args([verb, "--target", TARGET]);
                command
            }
            Toolchain::Debian { linker } => {
                let mut command = Command::new(DEBIAN_CARGO);
                command
                    .current_dir(paths::root())
                    .env("RUSTC", DEBIAN_RUSTC)
                    // build-std is not stable; this is how a stable compiler is allowed to use it.
                    .env("RUSTC_BOOTSTRAP", "1")
                    .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker)
                    .args([verb, "--target", TARGET, "-Z", "build-std=std,panic_abort"]);
                command
            }
        }
    }

    /// The cargo verb that finds most: Debian's compiler comes without clippy.
    pub fn lint_verb(&self) -> &'static str {
        match self {
            Toolchain::Default => "clippy",
            Toolchain::Debian { .. } => "check",
        }
    }
}

/// There is a compiler for the browser half: found, or installed now. Looked for once per run.
pub fn ensure() -> Result<&'static Toolchain> {
    static FOUND: OnceLock<Toolchain> = OnceLock::new();
    if let Some(found) = FOUND.get() {
        return Ok(found);
    }
    let found = climb()?;
    Ok(FOUND.get_or_init(|| found))
}

fn climb() -> Result<Toolchain> {
    if is_installed() || (paths::on_path("rustup").is_some() && add_with_rustup()) {
        return Ok(Toolchain::Default);
    }
    debian().context(format!(
        "the browser half needs Rust's {TARGET} target. Run: rustup target add {TARGET}\nthen run this again"
    ))
}

fn is_installed() -> bool {
    let Ok(libraries) = rustc(&["--print", "target-libdir", "--target", TARGET]) else {
        return false;
    };
    let Ok(mut files) = Path::new(libraries.trim()).read_dir() else {
        return false;
    };
    files.any(|file| {
        file.is_ok_and(|file| file.file_name().to_string_lossy().starts_with("libstd-"))
    })
}

fn add_with_rustup() -> bool {
    eprintln!("adding the {TARGET} target …");
    let added = command::run(Command::new("rustup").args(["target", "add", TARGET]));
    if let Err(error) = &added {
        eprintln!("{error:#}; trying Debian's compiler instead");
    }
    added.is_ok() && is_installed()
}

fn debian() -> Result<Toolchain> {
    if debian_rustc().is_none() {
        if !DEBIAN_PACKAGES
            .iter()
            .all(|package| system::offers(package))
        {
            bail!("neither rustup nor Debian's rustc-web can bring it");
        }
        system::install(&DEBIAN_PACKAGES, "a compiler for the browser half")?;
    }
    let version = debian_rustc().context("Debian's rustc-web does not run")?;
    if version < OLDEST_RUSTC {
        bail!("Debian's rustc {}.{} is too old", version.0, version.1);
    }
    Ok(Toolchain::Debian { linker: linker()? })
}

/// The version of Debian's compiler, if it is there with its sources.
fn debian_rustc() -> Option<(u32, u32)> {
    let files = [DEBIAN_CARGO, DEBIAN_RUSTC, DEBIAN_SOURCES];
    if !files.iter().all(|file| Path::new(file).exists()) {
        return None;
    }
    let printed = command::output(Command::new(DEBIAN_RUSTC).arg("--version")).ok()?;
    // "rustc 1.96.0 (…)"
    let mut numbers = printed.split_whitespace().nth(1)?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// The linker that came with the compiler of the server, else Debian's.
fn linker() -> Result<PathBuf> {
    let sysroot = rustc(&["--print", "sysroot"]).unwrap_or_default();
    let host = rustc(&["--print", "host-tuple"]).unwrap_or_default();
    let own = Path::new(sysroot.trim())
        .join("lib/rustlib")
        .join(host.trim())
        .join("bin/rust-lld");
    if own.is_file() {
        return Ok(own);
    }
    if paths::on_path("wasm-ld").is_none() {
        system::install(&["lld"], "a linker for wasm")?;
    }
    paths::on_path("wasm-ld").context("Debian's lld has no wasm-ld")
}

fn rustc(arguments: &[&str]) -> Result<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    command::output(
        Command::new(rustc)
            .current_dir(paths::root())
            .args(arguments),
    )
}
