//! Reads the tree and lists imports that cross a line between rooms, with the invariant's number and reason.

use std::fs;
use std::path::{Path, PathBuf};

/// In files under `room`, none of `words` may appear.
struct Line {
    invariant: u8,
    room: &'static str,
    /// Files and folders of the room the line does not hold for.
    except: &'static [&'static str],
    words: &'static [&'static str],
    reason: &'static str,
}

const LINES: &[Line] = &[
    Line {
        invariant: 1,
        room: "src/domain",
        except: &[],
        words: &[
            "async fn",
            "std::fs",
            "std::net",
            "tokio",
            "Utc::now",
            "Local::now",
            "sea_orm",
            "axum",
            "leptos",
            "crate::dto",
            "crate::server",
            "crate::web",
            "now_v7",
            "new_v4",
            "rand::",
        ],
        reason: "rules have no IO, no clock, no randomness and know nobody above them",
    },
    Line {
        invariant: 2,
        room: "src",
        except: &[
            "src/server/store",
            "src/server/queries",
            "src/server/context.rs",
            "src/server/mod.rs",
            "src/server/error.rs",
            "src/server/tests",
            "src/server/live.rs",
        ],
        words: &["sea_orm"],
        reason: "SeaORM is named only where rows are read and written",
    },
    Line {
        invariant: 2,
        room: "src/server",
        except: &["src/server/store", "src/server/tests/architecture.rs"],
        words: &["store::entity"],
        reason: "entities never leave the store",
    },
    Line {
        invariant: 3,
        room: "src/server/store",
        except: &["src/server/store/mod.rs"],
        words: &[".begin(", ".commit("],
        reason: "the use case begins and commits",
    },
    Line {
        invariant: 7,
        room: "src/web",
        except: &[],
        words: &["sea_orm", "Statement::", "SELECT ", "server::store"],
        reason: "pages hold no SQL and reach the store through services and queries",
    },
    Line {
        invariant: 8,
        room: "src/dto",
        except: &[],
        words: &["crate::server", "crate::web", "sea_orm", "axum"],
        reason: "the words on the wire know only the domain",
    },
    Line {
        invariant: 9,
        room: "src",
        except: &[
            "src/server/context.rs",
            "src/server/config.rs",
            "src/server/tests",
            "src/server/context",
        ],
        words: &["Utc::now(", "Local::now(", "SystemTime::now(", "env::var("],
        reason: "the clock is read in the context, the environment in the configuration",
    },
    Line {
        invariant: 9,
        room: "src/server/jobs",
        except: &[],
        words: &["server::store"],
        reason: "jobs go through services and queries",
    },
    Line {
        invariant: 9,
        room: "src/server/rest",
        except: &[],
        words: &["server::store", "domain::posting", "domain::allocation"],
        reason: "the API speaks the dto and calls the same services as the pages",
    },
];

#[test]
fn no_import_crosses_a_line() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut crossed = Vec::new();
    for line in LINES {
        for file in rust_files(&root.join(line.room)) {
            let name = file
                .strip_prefix(root)
                .expect("a file of the tree")
                .to_string_lossy()
                .into_owned();
            if line.except.iter().any(|except| name.starts_with(except)) {
                continue;
            }
            let text = fs::read_to_string(&file).expect("a source file can be read");
            for (number, code) in text.lines().enumerate() {
                let code = code.trim_start();
                if code.starts_with("//") {
                    continue;
                }
                if let Some(word) = line.words.iter().find(|word| code.contains(**word)) {
                    crossed.push(format!(
                        "{name}:{} has `{word}`: invariant {}, {}",
                        number + 1,
                        line.invariant,
                        line.reason
                    ));
                }
            }
        }
    }
    assert!(crossed.is_empty(), "{}", crossed.join("\n"));
}

#[test]
fn rooms_are_gated_and_items_are_not() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let gated: Vec<String> = rust_files(&root.join("src"))
        .into_iter()
        .filter(|file| !file.ends_with("src/lib.rs") && !file.ends_with("tests/architecture.rs"))
        .filter(|file| {
            fs::read_to_string(file)
                .expect("a source file can be read")
                .contains("cfg(feature = \"ssr\")")
        })
        .map(|file| file.display().to_string())
        .collect();
    assert!(gated.is_empty(), "only lib.rs gates rooms: {gated:?}");
}

#[test]
fn money_is_never_a_float() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for room in [
        "src/domain",
        "src/dto",
        "src/server/store",
        "src/server/services",
    ] {
        for file in rust_files(&root.join(room)) {
            let text = fs::read_to_string(&file).expect("a source file can be read");
            let float = text
                .lines()
                .find(|line| line.contains("f64") || line.contains("f32"));
            assert!(float.is_none(), "{}: {float:?}", file.display());
        }
    }
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.expect("a folder can be listed").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}
