//! Where things are in this checkout.

use std::path::PathBuf;

/// The root of the checkout that `cargo xtask` was called in.
///
/// Asked at run time: with a target folder shared by several checkouts, the path this program was
/// compiled with may be another one's.
pub fn root() -> PathBuf {
    let xtask =
        std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    PathBuf::from(xtask)
        .parent()
        .expect("xtask is a folder of the checkout")
        .to_path_buf()
}

/// What the browser fetches. Always in the checkout, wherever cargo's target folder is, because the
/// server names it relative to its own sources.
pub fn site() -> PathBuf {
    root().join("target/site")
}

/// Browser stories and their node packages.
pub fn end2end() -> PathBuf {
    root().join("end2end")
}

/// The program called `name`, if it is on PATH.
pub fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|candidate| candidate.is_file())
}
