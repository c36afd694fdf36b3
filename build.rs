//! Turns the message catalogues in `locales/` into code, so that a missing text or a wrong variable does not compile.
//!
//! Calls the code generator of `leptos_i18n` itself: its usual wrapper would add an HTTP client and a
//! WebAssembly interpreter to every build for locale data that we do not cut down.

use leptos_i18n_parser::parse_locales::options::{Config, FileFormat, ParseOptions};
use leptos_i18n_parser::parse_locales::parse_locales;
use std::error::Error;
use std::fs;
use std::path::Path;

const LOCALES: &str = "locales";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={LOCALES}");
    // A release server embeds the browser half, so it is compiled again when that has changed.
    if std::env::var("PROFILE")? == "release" && std::env::var_os("CARGO_FEATURE_SSR").is_some() {
        println!("cargo::rerun-if-changed=target/site");
    }
    let config = Config::new("en")?
        .add_locale("de")?
        .locales_path(LOCALES)
        .add_namespaces(namespaces()?)?
        .parse_options(
            ParseOptions::new()
                .file_format(FileFormat::Toml)
                .interpolate_display(true),
        );
    let catalogue = parse_locales(None, config)?;
    for warning in catalogue.diag.warnings().iter() {
        println!("cargo::error={warning}");
    }
    for error in catalogue.diag.errors().iter() {
        println!("cargo::error={error}");
    }
    let code = leptos_i18n_codegen::gen_code(&catalogue, None, false, None, false)?;
    let target = Path::new(&std::env::var("OUT_DIR")?).join("catalogue.rs");
    fs::write(target, code.to_string())?;
    Ok(())
}

/// One namespace per file of the English catalogue: `customers.toml` is read as `customers.…`.
fn namespaces() -> Result<Vec<String>, Box<dyn Error>> {
    let mut names = Vec::new();
    for file in fs::read_dir(Path::new(LOCALES).join("en"))? {
        let path = file?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            let name = path.file_stem().expect("a file has a name");
            names.push(name.to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}
