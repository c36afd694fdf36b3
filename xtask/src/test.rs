//! `cargo xtask test`: everything that must hold, step by step, stopping at the first that does not.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::cargo::{Artifact, Profile};
use crate::chromium::{self, Browser};
use crate::node::Node;
use crate::postgres::{self, Cluster};
use crate::tally::Tally;
use crate::{assets, cargo, command, wasm};

#[derive(clap::Args)]
pub struct Args {
    /// Leave the browser stories out
    #[arg(long)]
    quick: bool,
}

/// One thing that must hold.
struct Step {
    title: &'static str,
    act: fn(&mut Tests) -> Result<()>,
    /// What to do when it does not hold.
    remedy: &'static str,
}

const STEPS: [Step; 9] = [
    Step {
        title: "tools",
        act: Tests::tools,
        remedy: "the message above says what to install",
    },
    Step {
        title: "format",
        act: Tests::format,
        remedy: "run: cargo fmt --all",
    },
    Step {
        title: "lints of the rules alone",
        act: Tests::lint_rules,
        remedy: LINT_REMEDY,
    },
    Step {
        title: "rule tests, without features",
        act: Tests::rules,
        remedy: TEST_REMEDY,
    },
    Step {
        title: "lints of the server",
        act: Tests::lint_server,
        remedy: LINT_REMEDY,
    },
    Step {
        title: "lints of the browser half",
        act: Tests::lint_browser_half,
        remedy: LINT_REMEDY,
    },
    Step {
        title: "server tests on SQLite and PostgreSQL",
        act: Tests::server,
        remedy: TEST_REMEDY,
    },
    Step {
        title: "tests of xtask itself",
        act: Tests::xtask,
        remedy: TEST_REMEDY,
    },
    Step {
        title: "browser half",
        act: Tests::browser_half,
        remedy: "the message above says what does not compile",
    },
];
const STORIES: Step = Step {
    title: "browser stories",
    act: Tests::stories,
    remedy: "pictures of what failed are in end2end/test-results",
};
const LINT_REMEDY: &str = "change what the lints name; do not silence them";
const TEST_REMEDY: &str =
    "the first failing test above says what differs; run it alone with: cargo nextest run NAME";

/// Every step has been tried until the first failure. Prints how each went and, last, the sum of all
/// tests; fails when a step did.
pub fn run(args: Args) -> Result<ExitCode> {
    let mut steps = Vec::from(STEPS);
    if !args.quick {
        steps.push(STORIES);
    }
    let mut tests = Tests {
        quick: args.quick,
        ..Tests::default()
    };
    let mut summary = Vec::new();
    let mut failed = false;
    for (number, step) in (1..).zip(&steps) {
        if failed {
            summary.push(format!("  not run  {}", step.title));
            continue;
        }
        println!("\n[{number}/{}] {}", steps.len(), step.title);
        let began = Instant::now();
        let done = (step.act)(&mut tests);
        let word = if done.is_ok() { "ok     " } else { "FAILED " };
        summary.push(format!(
            "  {word}  {} ({})",
            step.title,
            seconds(began.elapsed())
        ));
        if let Err(error) = done {
            eprintln!(
                "\n{} failed: {error:#}\nWhat to do: {}",
                step.title, step.remedy
            );
            failed = true;
        }
    }
    println!("\n{}\n\n{}", summary.join("\n"), tests.tally);
    Ok(if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// What the steps find out for those after them.
#[derive(Default)]
struct Tests {
    quick: bool,
    has_nextest: bool,
    postgres: Option<PathBuf>,
    node: Option<Node>,
    browser: Option<Browser>,
    server: Option<PathBuf>,
    tally: Tally,
}

impl Tests {
    fn tools(&mut self) -> Result<()> {
        wasm::ensure()?;
        self.postgres = Some(postgres::ensure()?);
        if !self.quick {
            let node = Node::ensure()?;
            node.packages()?;
            self.browser = Some(chromium::ensure(&node)?);
            self.node = Some(node);
        }
        self.has_nextest = ensure_nextest();
        Ok(())
    }

    fn format(&mut self) -> Result<()> {
        command::run(cargo::cargo().args(["fmt", "--all", "--check"]))
    }

    fn lint_rules(&mut self) -> Result<()> {
        lint(&["--package", "saldo", "--lib", "--tests"])
    }

    fn lint_server(&mut self) -> Result<()> {
        lint(&[
            "--package",
            "saldo",
            "--package",
            "migration",
            "--features",
            "saldo/ssr",
            "--all-targets",
        ])?;
        lint(&["--package", "xtask", "--all-targets"])
    }

    fn lint_browser_half(&mut self) -> Result<()> {
        assets::lint()
    }

    fn rules(&mut self) -> Result<()> {
        let mut tests = self.tests();
        self.run(tests.args(["--package", "saldo", "--lib"]))
    }

    fn server(&mut self) -> Result<()> {
        // Built with the tests in one call, so that both use the same compiled dependencies.
        let mut build = cargo::cargo();
        build.args([
            "build",
            "--package",
            "saldo",
            "--features",
            "ssr",
            "--bin",
            "saldo",
            "--tests",
        ]);
        self.server = Some(cargo::build(&mut build, Artifact::Program)?);

        let programs = self
            .postgres
            .as_ref()
            .context("the tools were not looked for")?;
        let cluster = Cluster::start(programs)?;
        let mut tests = self.tests();
        tests
            .args([
                "--package",
                "saldo",
                "--package",
                "migration",
                "--features",
                "saldo/ssr",
            ])
            .env("SALDO_TEST_POSTGRES", cluster.url());
        self.run(&mut tests)
    }

    fn xtask(&mut self) -> Result<()> {
        let mut tests = self.tests();
        self.run(tests.args(["--package", "xtask"]))
    }

    fn browser_half(&mut self) -> Result<()> {
        assets::build(Profile::Dev, false)
    }

    fn stories(&mut self) -> Result<()> {
        let node = self
            .node
            .as_ref()
            .context("the tools were not looked for")?;
        let server = self.server.as_ref().context("the server was not built")?;
        let mut stories = node.command();
        stories
            .args(["node_modules/@playwright/test/cli.js", "test"])
            .env("SALDO_BIN", server);
        if let Some(Browser::System(program)) = &self.browser {
            stories.env("CHROMIUM", program);
        }
        self.run(&mut stories)
    }

    /// The tests have run and passed; they are counted either way.
    fn run(&mut self, tests: &mut Command) -> Result<()> {
        let (printed, outcome) = command::run_and_keep(tests)?;
        self.tally += Tally::read(&printed);
        outcome
    }

    fn tests(&self) -> Command {
        let mut tests = cargo::cargo();
        if self.has_nextest {
            tests.args(["nextest", "run"]);
        } else {
            tests.args(["test", "--lib", "--bins", "--tests", "--no-fail-fast"]);
        }
        if std::io::stderr().is_terminal() {
            tests.args(["--color", "always"]);
        }
        tests
    }
}

fn lint(targets: &[&str]) -> Result<()> {
    command::run(
        cargo::cargo()
            .arg("clippy")
            .args(targets)
            .args(["--", "-D", "warnings"]),
    )
}

/// False when cargo-nextest is missing and cannot be installed; `cargo test` runs the same tests.
fn ensure_nextest() -> bool {
    if command::works(cargo::cargo().args(["nextest", "--version"])) {
        return true;
    }
    eprintln!("installing cargo-nextest …");
    let installed = command::run(cargo::cargo().args(["install", "cargo-nextest", "--locked"]));
    if let Err(error) = &installed {
        eprintln!("{error:#}; the tests run with `cargo test` instead");
    }
    installed.is_ok()
}

fn seconds(time: Duration) -> String {
    format!("{}.{} s", time.as_secs(), time.subsec_millis() / 100)
}
