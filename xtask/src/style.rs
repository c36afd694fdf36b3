//! Makes one style sheet of `style/main.css` and what it imports.
//!
//! Imports are put in place, comments and needless white space are taken out; nothing else of the
//! text changes.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// The sheet at `path` with all its imports in place, without comments and needless white space.
pub fn bundle(path: &Path) -> Result<String> {
    let whole = inline(path, &mut Vec::new())?;
    Ok(without_needless_space(&whole))
}

/// `open` are the sheets being read, so that one that imports itself is refused.
fn inline(path: &Path, open: &mut Vec<PathBuf>) -> Result<String> {
    if open.iter().any(|sheet| sheet == path) {
        bail!("{} imports itself", path.display());
    }
    let text =
        fs::read_to_string(path).with_context(|| format!("could not read {}", path.display()))?;
    let text = without_comments(&text);
    let folder = path.parent().expect("a sheet is in a folder");
    open.push(path.to_path_buf());

    // Imports come first in a sheet; only statements that order layers may stand before them.
    let mut whole = String::new();
    let mut rest = text.trim_start();
    while let Some((statement, after)) = leading_statement(rest) {
        match statement.strip_prefix("@import") {
            Some(import) => {
                let import = Import::parse(import)
                    .with_context(|| format!("{}: {statement}", path.display()))?;
                let sheet = inline(&folder.join(import.file), open)?;
                whole.push_str(&import.wrap(&sheet));
            }
            None => whole.push_str(&format!("{statement};")),
        }
        rest = after.trim_start();
    }
    whole.push_str(rest);
    open.pop();
    Ok(whole)
}

/// Splits off an `@import` or an `@layer` without a block, and its semicolon.
fn leading_statement(text: &str) -> Option<(&str, &str)> {
    if !text.starts_with("@import") && !text.starts_with("@layer") {
        return None;
    }
    let (statement, after) = text.split_once(';')?;
    (!statement.contains('{')).then_some((statement.trim_end(), after))
}

/// `"file" [layer | layer(name)] [media]`
struct Import<'a> {
    file: &'a str,
    layer: Option<&'a str>,
    media: &'a str,
}

impl<'a> Import<'a> {
    fn parse(text: &'a str) -> Result<Import<'a>> {
        let text = text.trim();
        let (file, condition) = quoted(text).context("expected the name of a sheet in quotes")?;
        if file.starts_with('/') || file.contains("://") {
            bail!("only sheets of this checkout can be imported");
        }
        let condition = condition.trim();
        let (layer, media) = match condition.strip_prefix("layer") {
            None => (None, condition),
            Some(named) if named.starts_with('(') => {
                let (name, media) = named[1..]
                    .split_once(')')
                    .context("expected ) after the layer's name")?;
                (Some(name.trim()), media.trim())
            }
            Some(media) => (Some(""), media.trim()),
        };
        Ok(Import { file, layer, media })
    }

    fn wrap(&self, sheet: &str) -> String {
        let mut sheet = sheet.to_owned();
        if !self.media.is_empty() {
            sheet = format!("@media {}{{{sheet}}}", self.media);
        }
        if let Some(layer) = self.layer {
            sheet = format!("@layer {layer}{{{sheet}}}");
        }
        sheet
    }
}

/// Splits `"name" rest` or `url("name") rest`.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let (text, closing) = match text.strip_prefix("url(") {
        Some(inside) => (inside.trim_start(), ")"),
        None => (text, ""),
    };
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let (name, rest) = text[1..].split_once(quote)?;
    Some((name, rest.trim_start().strip_prefix(closing)?))
}

fn without_comments(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['"', '\'', '/']) {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = if rest.starts_with("/*") {
            plain.push(' ');
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else {
            let end = if rest.starts_with('/') {
                1
            } else {
                string_end(rest)
            };
            plain.push_str(&rest[..end]);
            end
        };
        rest = &rest[end..];
    }
    plain.push_str(rest);
    plain
}

fn without_needless_space(text: &str) -> String {
    let mut short = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if first.is_ascii_whitespace() {
            rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace());
            let needless = short.is_empty()
                || short.ends_with(['{', '}', ';', ','])
                || rest.starts_with(['{', '}', ';', ',']);
            if !needless && !rest.is_empty() {
                short.push(' ');
            }
            continue;
        }
        if first == '}' && short.ends_with(';') {
            short.pop();
        }
        let end = if matches!(first, '"' | '\'') {
            string_end(rest)
        } else {
            first.len_utf8()
        };
        short.push_str(&rest[..end]);
        rest = &rest[end..];
    }
    short
}

/// How many bytes the string takes that `text` begins with, both quotes included.
fn string_end(text: &str) -> usize {
    let quote = text.chars().next().expect("the text begins with a quote");
    let mut escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if character == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(sheets: &[(&str, &str)], expected: &str) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, text) in sheets {
            fs::write(folder.path().join(name), text).expect("a sheet can be written");
        }
        assert_eq!(
            bundle(&folder.path().join("main.css")).expect("the sheets are right"),
            expected
        );
    }

    #[test]
    fn imports_stand_where_they_were_named() {
        check(
            &[
                (
                    "main.css",
                    "@layer base, parts;\n@import \"a.css\";\n@import url('b.css') layer(parts) print;\n.c { top: 0 }\n",
                ),
                ("a.css", ":root { --gap: 1rem; }\n"),
                ("b.css", "@import 'a.css';\n.b,\n.d > a { margin: 0 auto; }"),
            ],
            "@layer base,parts;:root{--gap: 1rem}@layer parts{@media print{:root{--gap: 1rem}.b,.d > a{margin: 0 auto}}}.c{top: 0}",
        );
    }

    #[test]
    fn space_that_means_something_and_strings_stay() {
        check(
            &[(
                "main.css",
                "a :hover { width: calc(1px + 2px) ; content: \"a  /* b */ {\" }",
            )],
            "a :hover{width: calc(1px + 2px);content: \"a  /* b */ {\"}",
        );
        check(
            &[("main.css", "/* \" */ a { content: '\\'  ;' } /* end */")],
            "a{content: '\\'  ;'}",
        );
        check(
            &[("main.css", "@layer base { a { b: url(x/y.svg) } }")],
            "@layer base{a{b: url(x/y.svg)}}",
        );
    }

    #[test]
    fn a_wrong_import_is_refused() {
        for text in [
            "@import 'main.css';",
            "@import 'missing.css';",
            "@import url(a.css);",
            "@import 'https://example.com/a.css';",
        ] {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let main = folder.path().join("main.css");
            fs::write(&main, text).expect("a sheet can be written");
            assert!(bundle(&main).is_err(), "{text}");
        }
    }
}
