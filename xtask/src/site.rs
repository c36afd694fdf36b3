//! Writes `target/site`, the folder with everything that the browser fetches.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use walkdir::WalkDir;

/// File contents by path inside the site, with `/` between folders.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Names the current set of hashed files; the server reads it.
pub const ASSET_NAME: &str = "asset-name.txt";

const COMPRESSIBLE: [&str; 9] = [
    "css",
    "html",
    "js",
    "json",
    "svg",
    "txt",
    "wasm",
    "webmanifest",
    "xml",
];
const BROTLI_QUALITY: u32 = 11;
const BROTLI_WINDOW_BITS: u32 = 22;
const BUFFER_BYTES: usize = 4096;

/// Every file below `folder`; nothing when there is no such folder.
pub fn read(folder: &Path) -> Result<Files> {
    let mut files = Files::new();
    if !folder.exists() {
        return Ok(files);
    }
    for entry in WalkDir::new(folder).sort_by_file_name() {
        let entry = entry.with_context(|| format!("could not list {}", folder.display()))?;
        if entry.file_type().is_file() {
            let inside = entry
                .path()
                .strip_prefix(folder)
                .expect("the walk stays below its start");
            let name = inside.to_string_lossy().replace('\\', "/");
            files.insert(name, read_file(entry.path())?);
        }
    }
    Ok(files)
}

/// `folder` holds exactly `files`. Files that are the same already are not touched; the asset name is
/// changed after what it names exists and before what it named is removed, so a running server
/// always finds a whole set.
pub fn write(folder: &Path, files: &Files) -> Result<()> {
    let later = files.get_key_value(ASSET_NAME);
    for (name, content) in files
        .iter()
        .filter(|(name, _)| *name != ASSET_NAME)
        .chain(later)
    {
        write_file(&folder.join(name), content)?;
    }
    remove_others(folder, files)
}

/// Adds a `.br` and a `.gz` copy of each file that gets smaller by it.
pub fn compress(files: &mut Files) -> Result<()> {
    let mut copies = Files::new();
    for (name, content) in files.iter().filter(|(name, _)| is_compressible(name)) {
        let brotli = brotli(content)?;
        let gzip = gzip(content)?;
        for (extension, copy) in [("br", brotli), ("gz", gzip)] {
            if copy.len() < content.len() {
                copies.insert(format!("{name}.{extension}"), copy);
            }
        }
    }
    files.append(&mut copies);
    Ok(())
}

fn is_compressible(name: &str) -> bool {
    let extension = Path::new(name)
        .extension()
        .and_then(|extension| extension.to_str());
    // The server reads the asset name itself; nobody fetches it.
    name != ASSET_NAME && extension.is_some_and(|extension| COMPRESSIBLE.contains(&extension))
}

fn brotli(content: &[u8]) -> Result<Vec<u8>> {
    let mut packed = Vec::new();
    brotli::CompressorWriter::new(
        &mut packed,
        BUFFER_BYTES,
        BROTLI_QUALITY,
        BROTLI_WINDOW_BITS,
    )
    .write_all(content)
    .context("could not compress with brotli")?;
    Ok(packed)
}

fn gzip(content: &[u8]) -> Result<Vec<u8>> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packer
        .write_all(content)
        .context("could not compress with gzip")?;
    packer.finish().context("could not compress with gzip")
}

fn write_file(path: &Path, content: &[u8]) -> Result<()> {
    if fs::read(path).is_ok_and(|there| there == content) {
        return Ok(());
    }
    let folder = path.parent().expect("a file of the site is in a folder");
    fs::create_dir_all(folder).with_context(|| format!("could not make {}", folder.display()))?;
    // Renamed into place: a running server reads the old content or the new, never a part.
    let mut new = tempfile::NamedTempFile::new_in(folder)
        .with_context(|| format!("could not write in {}", folder.display()))?;
    new.write_all(content)
        .and_then(|()| new.as_file().set_permissions(readable_by_all()))
        .with_context(|| format!("could not write {}", path.display()))?;
    new.persist(path)
        .with_context(|| format!("could not write {}", path.display()))?;
    Ok(())
}

fn readable_by_all() -> fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(0o644)
}

fn remove_others(folder: &Path, files: &Files) -> Result<()> {
    let wanted: BTreeSet<PathBuf> = files.keys().map(|name| folder.join(name)).collect();
    for entry in WalkDir::new(folder).min_depth(1).contents_first(true) {
        let entry = entry.with_context(|| format!("could not list {}", folder.display()))?;
        let path = entry.path();
        if entry.file_type().is_dir() {
            // Fails for a folder that still holds something, which is what is wanted.
            let _ = fs::remove_dir(path);
        } else if !wanted.contains(path) {
            fs::remove_file(path)
                .with_context(|| format!("could not remove {}", path.display()))?;
        }
    }
    Ok(())
}

fn read_file(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("could not read {}", path.display()))
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
    fn a_new_set_replaces_the_old_one_whole() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let old = files(&[
            ("asset-name.txt", "saldo-1"),
            ("pkg/saldo-1.js", "old"),
            ("fonts/a/x.woff2", "font"),
        ]);
        let new = files(&[("asset-name.txt", "saldo-2"), ("pkg/saldo-2.js", "new")]);
        write(folder.path(), &old).expect("the old set is written");
        write(folder.path(), &new).expect("the new set is written");
        assert_eq!(read(folder.path()).expect("it can be read"), new);
        assert!(!folder.path().join("fonts").exists());
    }

    #[test]
    fn only_what_gets_smaller_is_compressed() {
        let long = "saldo ".repeat(100);
        let mut set = files(&[
            ("pkg/a.css", &long),
            ("short.txt", "x"),
            ("logo.png", &long),
            ("asset-name.txt", &long),
        ]);
        compress(&mut set).expect("it can be compressed");
        let names: Vec<&str> = set.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            [
                "asset-name.txt",
                "logo.png",
                "pkg/a.css",
                "pkg/a.css.br",
                "pkg/a.css.gz",
                "short.txt"
            ]
        );
    }
}
