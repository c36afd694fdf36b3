//! The program and a database of its own.

use crate::database::{Engine, TestDatabase};
use saldo::server::context::{Actor, Clock, Ctx, Db, Events};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::Value;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// A folder to run the program in, and an empty database.
pub struct House {
    folder: TempDir,
    database: TestDatabase,
}

impl House {
    /// `None`, said so, where the engine is not at hand.
    pub async fn open(engine: Engine) -> Option<Self> {
        let database = TestDatabase::open(engine).await?;
        let folder = tempfile::tempdir().expect("there is room for temporary files");
        Some(Self { folder, database })
    }

    pub fn url(&self) -> String {
        self.database.url()
    }

    /// Writes a file next to the program.
    pub fn write(&self, name: &str, contents: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, contents).expect("a temporary file can be written");
        path
    }

    /// The program with these arguments, nothing said about the database.
    pub fn bare(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_saldo"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("SALDO_")) {
            command.env_remove(name);
        }
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        command
    }

    /// The program with these arguments, on this house's database.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.bare(arguments);
        command.args(["--database-url", &self.url()]);
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments))
    }

    /// Opens the database behind the program's back.
    pub async fn ctx(&self) -> Ctx {
        let db = Db::connect(&self.url()).await;
        let today = "2026-06-15".parse().expect("a date");
        Ctx {
            db: db.expect("the database takes connections"),
            clock: Clock::fixed(chrono_tz::UTC, today),
            events: Events::default(),
            actor: Actor::System,
        }
    }
}

/// The one number a statement answers, in a column called `count`.
pub async fn count(ctx: &Ctx, sql: &str) -> i64 {
    let read = &ctx.db.read;
    let statement = Statement::from_string(read.get_database_backend(), sql);
    let row = read.query_one_raw(statement).await;
    let row = row.unwrap_or_else(|error| panic!("{sql}: {error}"));
    let row = row.expect("a count is one row");
    row.try_get("", "count").expect("a count is a number")
}

/// How a run of the program ended.
pub struct Ran {
    pub status: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ran {
    pub fn of(mut command: Command) -> Self {
        command.output().expect("the program starts").into()
    }

    /// As `of`, with something typed.
    pub fn typed(mut command: Command, text: &str) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut stdin = child.stdin.take().expect("standard input is piped");
        stdin
            .write_all(text.as_bytes())
            .expect("the program reads what is typed");
        drop(stdin);
        child.wait_with_output().expect("the program ends").into()
    }

    /// Fails unless the program ended with this status.
    #[track_caller]
    pub fn ended(self, status: i32) -> Self {
        assert_eq!(self.status, Some(status), "{}", self.shown());
        self
    }

    /// Fails unless standard output is one JSON document.
    #[track_caller]
    pub fn json(&self) -> Value {
        match serde_json::from_str(&self.out) {
            Ok(document) => document,
            Err(error) => panic!("no JSON ({error}): {}", self.shown()),
        }
    }

    /// The beginning of what was printed.
    pub fn shown(&self) -> String {
        let start = |text: &str| text.chars().take(2_000).collect::<String>();
        format!("{}\n{}", start(&self.out), start(&self.err))
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the program writes UTF-8");
        Self {
            status: output.status.code(),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }
}
