//! Calls cargo and finds what it built.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::{command, paths};

/// Quick to build, or small and fast to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    Dev,
    Release,
}

/// What `cargo run` says of this program. Build scripts that watch it (ring's) would run again, and
/// half of the dependencies after them, whenever cargo is called once from here and once by hand.
const SAID_OF_THIS_PROGRAM: [&str; 3] = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"];

/// Cargo in the root of the checkout.
pub fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in std::env::vars_os() {
        let said = name.to_string_lossy();
        if SAID_OF_THIS_PROGRAM
            .iter()
            .any(|start| said.starts_with(start))
        {
            cargo.env_remove(&name);
        }
    }
    cargo.current_dir(paths::root());
    cargo
}

/// What kind of file a build is expected to leave.
#[derive(Clone, Copy)]
pub enum Artifact {
    /// The server program.
    Program,
    /// The browser half.
    Wasm,
}

/// The build has succeeded; returns the file it left. `build` is a `cargo build` that makes it.
pub fn build(build: &mut Command, wanted: Artifact) -> Result<PathBuf> {
    build.arg("--message-format=json-render-diagnostics");
    let messages = command::output(build)?;
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter_map(|message| artifact(&message, wanted))
        .next_back()
        .with_context(|| format!("`{}` left no such file", command::shown(build)))
}

fn artifact(message: &Value, wanted: Artifact) -> Option<PathBuf> {
    if message["reason"] != "compiler-artifact" || message["target"]["name"] != "saldo" {
        return None;
    }
    let kinds = message["target"]["kind"].as_array()?;
    let file = match wanted {
        Artifact::Program => {
            // The same target is also compiled as a test harness.
            let program =
                kinds.iter().any(|kind| kind == "bin") && message["profile"]["test"] == false;
            program.then(|| message["executable"].as_str())?
        }
        Artifact::Wasm => message["filenames"]
            .as_array()?
            .iter()
            .filter_map(Value::as_str)
            .find(|file| file.ends_with(".wasm")),
    };
    file.map(PathBuf::from)
}
