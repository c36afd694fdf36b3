//! A credit run killed with -9 leaves balanced books, and the next run finishes the work.

use crate::database::Engine;
use crate::fill;
use crate::support::{House, count};
use rstest::rstest;
use saldo::server::context::Ctx;
use saldo::server::services::setup;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// Several chunks of accounts, so that there is a middle in which to be killed.
const ACCOUNTS: u32 = 3_000;

/// Pairs a whole run makes: each account has one grant and two invoices.
const APPLICATIONS: i64 = 2 * ACCOUNTS as i64;

/// Long enough for a run on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_run_leaves_balanced_books_and_the_next_finishes_the_work(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.ctx().await;
    ctx.db.migrate().await.expect("the schema fits");
    setup::ensure_chart(&ctx).await.expect("the chart fits");
    fill::accounts_to_apply(&ctx, ACCOUNTS)
        .await
        .expect("the rows fit the schema");
    house.run(&["verify"]).ended(0);

    // The first is killed as soon as the run is on record, the next each a chunk further on: with the key of the
    // first, and as a run of its own.
    let mut moments = Vec::new();
    for (kill, key) in [
        Some("month-end"),
        Some("month-end"),
        None,
        Some("month-end"),
    ]
    .into_iter()
    .enumerate()
    {
        let before = applied(&ctx).await;
        let mut run = start(&house, key);
        match kill {
            0 => wait_for(&mut run, async || runs(&ctx).await > 0).await,
            _ => wait_for(&mut run, async || applied(&ctx).await > before).await,
        }
        // Somewhere into the chunk that follows.
        tokio::time::sleep(Duration::from_millis(7 * kill as u64)).await;
        run.kill().expect("a child can be killed");
        run.wait().expect("a killed child ends");
        wait_until_gone(&ctx).await;
        moments.push(applied(&ctx).await);
        let checked = house.run(&["verify"]);
        assert_eq!(
            checked.status,
            Some(0),
            "after kill {kill}: {}",
            checked.shown()
        );
    }
    let inside = moments
        .iter()
        .filter(|done| **done > 0 && **done < APPLICATIONS);
    assert!(inside.count() > 0, "no kill hit the middle: {moments:?}");

    let summary = house
        .run(&["apply-credits", "--effective-date", "2026-05-31", "--json"])
        .ended(0)
        .json();
    assert_eq!(summary["state"], "done");
    let left = moments.last().map(|done| APPLICATIONS - done);
    assert_eq!(summary["applications"].as_i64(), left);
    assert_eq!(applied(&ctx).await, APPLICATIONS);
    // Whoever comes back to the killed run closes it; nothing is applied twice.
    let killed = start(&house, Some("month-end")).wait();
    assert!(killed.expect("the run ends").success());
    assert_eq!(applied(&ctx).await, APPLICATIONS);
    let open = count(
        &ctx,
        "SELECT COUNT(*) AS count FROM credit_runs WHERE run_key = 'month-end' AND state <> 'done'",
    );
    assert_eq!(open.await, 0);
    house.run(&["verify"]).ended(0);
}

fn start(house: &House, key: Option<&str>) -> Child {
    let mut command = house.command(&["apply-credits", "--effective-date", "2026-05-31"]);
    if let Some(key) = key {
        command.args(["--key", key]);
    }
    command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts")
}

/// Returns when `so_far` holds, or the run has ended by itself.
async fn wait_for(run: &mut Child, so_far: impl AsyncFn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !so_far().await {
        if run.try_wait().expect("a child can be asked").is_some() {
            return;
        }
        assert!(Instant::now() < deadline, "the run does not come on");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// PostgreSQL notices a little later that a client is gone, and may still commit what it was asked to.
async fn wait_until_gone(ctx: &Ctx) {
    if ctx.db.is_sqlite() {
        return;
    }
    let sql = "SELECT COUNT(*) AS count FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL";
    let deadline = Instant::now() + PATIENCE;
    while count(ctx, sql).await > 0 {
        assert!(
            Instant::now() < deadline,
            "a killed client's transaction stays"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn applied(ctx: &Ctx) -> i64 {
    count(ctx, "SELECT COUNT(*) AS count FROM applications").await
}

async fn runs(ctx: &Ctx) -> i64 {
    count(ctx, "SELECT COUNT(*) AS count FROM credit_runs").await
}
