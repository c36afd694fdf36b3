//! Builds the browser half: wasm, its JavaScript and the style sheet, into `target/site`.
//!
//! The three share one content hash in their names, so they can be kept by browsers for ever:
//! `pkg/saldo-HASH.js`, `pkg/saldo-HASH_bg.wasm`, `pkg/saldo-HASH.css`. `asset-name.txt` holds
//! `saldo-HASH`; files of `public/` lie beside it.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

use crate::cargo::{Artifact, Profile};
use crate::site::{self, Files};
use crate::{cargo, command, paths, style, wasm};

const HASH_DIGITS: usize = 16;

/// `target/site` holds the current browser half. Prints its sizes.
pub fn build(profile: Profile, timings: bool) -> Result<()> {
    let toolchain = wasm::ensure()?;
    let compiled = compile(toolchain, profile, timings)?;
    let compiled =
        fs::read(&compiled).with_context(|| format!("could not read {}", compiled.display()))?;
    let style = style::bundle(&paths::root().join("style/main.css"))?;
    let public = site::read(&paths::root().join("public"))?;

    let made_of = fingerprint(profile, &compiled, &style, &public)?;
    let there = site::read(&paths::site())?;
    if fs::read_to_string(note()).is_ok_and(|noted| noted == noted_for(&made_of, &there)) {
        print_sizes(&there);
        return Ok(());
    }

    let mut files = package(compiled, profile)?;
    files.insert("saldo.css".to_owned(), style.into_bytes());
    let mut files = under_one_name(files);
    files.extend(public);
    if profile == Profile::Release {
        site::compress(&mut files)?;
    }
    site::write(&paths::site(), &files)?;
    fs::write(note(), noted_for(&made_of, &files))
        .context("could not note what the site was made of")?;
    print_sizes(&files);
    Ok(())
}

/// The lints of the browser half hold.
pub fn lint() -> Result<()> {
    let toolchain = wasm::ensure()?;
    let mut lint = toolchain.cargo(toolchain.lint_verb());
    lint.args(["--package", "saldo", "--lib", "--features", "hydrate"]);
    if toolchain.lint_verb() == "clippy" {
        lint.args(["--", "-D", "warnings"]);
    }
    command::run(&mut lint)
}

fn compile(toolchain: &wasm::Toolchain, profile: Profile, timings: bool) -> Result<PathBuf> {
    // Only the browser half is linked by itself; the server would pay for it in every build.
    let mut build = toolchain.cargo("rustc");
    build.args(["--package", "saldo", "--lib", "--crate-type", "cdylib"]);
    build.args(["--features", "hydrate", "--profile"]);
    build.arg(match profile {
        Profile::Dev => "wasm-dev",
        Profile::Release => "wasm-release",
    });
    if timings {
        build.arg("--timings");
    }
    cargo::build(&mut build, Artifact::Wasm)
}

/// Makes the module and the script that loads it: `saldo_bg.wasm`, `saldo.js` and what it imports.
fn package(compiled: Vec<u8>, profile: Profile) -> Result<Files> {
    let folder = tempfile::tempdir().context("could not make a temporary folder")?;
    let release = profile == Profile::Release;
    Bindgen::new()
        .input_bytes("saldo", compiled)
        .web(true)?
        .remove_name_section(release)
        .remove_producers_section(release)
        .generate(folder.path())
        .context("could not make JavaScript for the browser half")?;
    site::read(folder.path())
}

/// Puts the hash of all of `files` into their names and into the places where they name each other.
fn under_one_name(files: Files) -> Files {
    let mut hasher = blake3::Hasher::new();
    hash_files(&mut hasher, &files);
    let name = format!("saldo-{}", &hasher.finalize().to_hex()[..HASH_DIGITS]);
    let mut named = Files::new();
    for (file, content) in files {
        let (file, content) = match file.as_str() {
            "saldo.js" => (format!("{name}.js"), naming_the_module(content, &name)),
            "saldo_bg.wasm" => (format!("{name}_bg.wasm"), content),
            "saldo.css" => (format!("{name}.css"), content),
            // Snippets of libraries carry a hash already.
            _ => (file, content),
        };
        named.insert(format!("pkg/{file}"), content);
    }
    named.insert(site::ASSET_NAME.to_owned(), name.into_bytes());
    named
}

fn naming_the_module(script: Vec<u8>, name: &str) -> Vec<u8> {
    let script = String::from_utf8(script).expect("wasm-bindgen writes UTF-8");
    script
        .replace("saldo_bg.wasm", &format!("{name}_bg.wasm"))
        .into_bytes()
}

/// Everything that decides what the site looks like, this program included.
fn fingerprint(profile: Profile, compiled: &[u8], style: &str, public: &Files) -> Result<String> {
    let this_program = std::env::current_exe()
        .and_then(fs::read)
        .context("could not read this program")?;
    let mut hasher = blake3::Hasher::new();
    hasher.update(format!("{profile:?} ").as_bytes());
    for part in [this_program.as_slice(), compiled, style.as_bytes()] {
        hasher.update(blake3::hash(part).as_bytes());
    }
    hash_files(&mut hasher, public);
    Ok(hasher.finalize().to_hex().to_string())
}

/// Remembers what the site was made of and what it became, to skip the work when neither changed.
/// Beside the site and not in it: all of the site is embedded in the server.
fn note() -> PathBuf {
    paths::site().with_file_name("site-made-of.txt")
}

fn noted_for(made_of: &str, files: &Files) -> String {
    let mut hasher = blake3::Hasher::new();
    hash_files(&mut hasher, files);
    format!("{made_of} {}\n", hasher.finalize().to_hex())
}

fn hash_files(hasher: &mut blake3::Hasher, files: &Files) {
    for (name, content) in files {
        hasher.update(blake3::hash(name.as_bytes()).as_bytes());
        hasher.update(blake3::hash(content).as_bytes());
    }
}

fn print_sizes(files: &Files) {
    let mut compressed = 0;
    for (name, content) in files.iter().filter(|(name, _)| name.starts_with("pkg/")) {
        if name.ends_with(".br") || name.ends_with(".gz") {
            continue;
        }
        match files.get(&format!("{name}.br")) {
            Some(copy) => {
                println!(
                    "  {name}: {}, {} with brotli",
                    kilobytes(content.len()),
                    kilobytes(copy.len())
                );
                compressed += if name.ends_with(".css") {
                    0
                } else {
                    copy.len()
                };
            }
            None => println!("  {name}: {}", kilobytes(content.len())),
        }
    }
    if compressed > 0 {
        println!(
            "  wasm and JavaScript with brotli: {} (aim: 150 kB or less)",
            kilobytes(compressed)
        );
    }
}

fn kilobytes(bytes: usize) -> String {
    format!("{}.{} kB", bytes / 1000, bytes % 1000 / 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(of: &[(&str, &str)]) -> Files {
        of.iter()
            .map(|(name, content)| ((*name).to_owned(), content.as_bytes().to_vec()))
            .collect()
    }

    #[test]
    fn one_hash_names_all_three_and_the_script_names_the_module() {
        let set = files(&[
            ("saldo.js", "load('saldo_bg.wasm')"),
            ("saldo_bg.wasm", "module"),
            ("saldo.css", "a{}"),
        ]);
        let named = under_one_name(set.clone());
        let name = String::from_utf8(named["asset-name.txt"].clone()).expect("a name is text");
        assert_eq!(
            named[&format!("pkg/{name}.js")],
            format!("load('{name}_bg.wasm')").into_bytes()
        );
        assert_eq!(named[&format!("pkg/{name}_bg.wasm")], b"module");
        assert_eq!(named[&format!("pkg/{name}.css")], b"a{}");

        let mut other = set;
        other.insert("saldo.css".to_owned(), b"b{}".to_vec());
        assert_ne!(under_one_name(other)["asset-name.txt"], name.into_bytes());
    }

    #[test]
    fn sizes_are_in_thousands_of_bytes() {
        assert_eq!(kilobytes(84_250), "84.2 kB");
        assert_eq!(kilobytes(999), "0.9 kB");
    }
}
