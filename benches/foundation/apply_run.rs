//! The apply run over many accounts, one grant and two open invoices each, beside one set-based SQL script that
//! writes the same rows.

use crate::database::{Engine, Original, close};
use crate::figures::{Figures, median};
use crate::fill;
use saldo::dto::credit_runs::NewCreditRun;
use saldo::server::context::Ctx;
use saldo::server::services::credit_runs;
use sea_orm::ConnectionTrait;
use std::time::{Duration, Instant};

pub async fn measure(
    engine: Engine,
    accounts: u32,
    rounds: u32,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let mut original = Original::make(engine, async |ctx: &Ctx| {
        fill::accounts_to_apply(ctx, accounts).await
    })
    .await?;
    let (mut saldo, mut script, mut again) = (Vec::new(), Vec::new(), Vec::new());
    let mut written = 0;
    for _ in 0..rounds {
        let ctx = original.copy().await?;
        let started = Instant::now();
        let summary = credit_runs::run(&ctx, command(), &|_| {}).await?;
        saldo.push(started.elapsed());
        written = summary.applications;
        let started = Instant::now();
        credit_runs::run(&ctx, command(), &|_| {}).await?;
        again.push(started.elapsed());
        close(ctx).await?;

        let ctx = original.copy().await?;
        script.push(run_script(&ctx, engine).await?);
        close(ctx).await?;
    }
    let measure = format!("apply-run, {engine:?}, {accounts} accounts, {written} applications");
    figures.times(&measure, &saldo, &script, "3");
    println!(
        "the same run again with nothing to do: {:.1?}",
        median(&again)
    );
    Ok(())
}

fn command() -> NewCreditRun {
    NewCreditRun {
        effective_on: "2026-05-31".to_owned(),
        ..Default::default()
    }
}

/// The yardstick: allocation by window functions and one insert or update per table, in one transaction.
async fn run_script(ctx: &Ctx, engine: Engine) -> anyhow::Result<Duration> {
    let script = match engine {
        Engine::Sqlite => script("randomblob(16)", "MIN", "MAX", "NULL", "IMMEDIATE"),
        Engine::Postgres => script("gen_random_uuid()", "LEAST", "GREATEST", "NULL::uuid", ""),
    };
    let started = Instant::now();
    ctx.db.write.execute_unprepared(&script).await?;
    Ok(started.elapsed())
}

fn script(uuid: &str, least: &str, greatest: &str, none: &str, mode: &str) -> String {
    let mut sql = format!(
        "BEGIN {mode};
        CREATE TEMP TABLE plan AS
        WITH g AS (SELECT id, account_id, remaining_minor, CAST(SUM(remaining_minor) OVER (PARTITION BY account_id
                ORDER BY priority, COALESCE(expires_on, '9999-12-31'), effective_on, number) AS bigint) AS top
            FROM credit_grants WHERE remaining_minor > 0 AND NOT on_hold AND effective_on <= '2026-05-31'
                AND (expires_on IS NULL OR expires_on >= '2026-06-15')),
        i AS (SELECT id, account_id, open_minor, CAST(SUM(open_minor) OVER (PARTITION BY account_id
                ORDER BY due_on, issued_on, number, id) AS bigint) AS top
            FROM invoices WHERE open_minor > 0 AND posting_on <= '2026-05-31' AND NOT disputed),
        pairs AS (SELECT g.account_id, g.id AS grant_id, i.id AS invoice_id,
                {least}(g.top, i.top) - {greatest}(g.top - g.remaining_minor, i.top - i.open_minor) AS amount
            FROM g JOIN i ON i.account_id = g.account_id
                AND g.top - g.remaining_minor < i.top AND i.top - i.open_minor < g.top)
        SELECT {uuid} AS application_id, {uuid} AS entry_id, account_id, grant_id, invoice_id, amount,
            ROW_NUMBER() OVER () + (SELECT MAX(number) FROM journal_entries) AS number FROM pairs;"
    );
    for (position, role, side, source, wash, invoice, grant) in [
        (1, "receivable", "debit", "AR", "false", none, "grant_id"),
        (2, "bank", "credit", "BNK", "true", none, none),
        (3, "receivable", "credit", "AR", "false", "invoice_id", none),
        (4, "bank", "debit", "BNK", "true", none, none),
    ] {
        sql.push_str(&format!(
            "INSERT INTO journal_lines SELECT entry_id, {position}, '{role}', '{side}', amount, '{source}', {wash},
                account_id, {invoice}, {grant} FROM plan;"
        ));
    }
    sql.push_str(&format!(
        "INSERT INTO journal_entries SELECT entry_id, number, 'ARP', account_id, 'EUR', '2026-05-31', '2026-05-31',
            'application', application_id, {none}, {none}, NULL, '2026-06-15 00:00:00+00:00', 'script' FROM plan;
        INSERT INTO applications (id, account_id, invoice_id, grant_id, amount_minor, effective_on, posting_on,
            entry_id, run_id, recorded_at, recorded_by)
        SELECT application_id, account_id, invoice_id, grant_id, amount, '2026-05-31',
            '2026-05-31', entry_id, {none}, '2026-06-15 00:00:00+00:00', 'script' FROM plan;
        CREATE TEMP TABLE by_grant AS SELECT grant_id, account_id, SUM(amount) AS used FROM plan GROUP BY grant_id, account_id;
        CREATE TEMP TABLE by_invoice AS SELECT invoice_id, SUM(amount) AS paid FROM plan GROUP BY invoice_id;
        CREATE TEMP TABLE by_account AS SELECT account_id, SUM(used) AS used FROM by_grant GROUP BY account_id;
        UPDATE credit_grants SET remaining_minor = remaining_minor - used FROM by_grant WHERE by_grant.grant_id = id;
        UPDATE invoices SET open_minor = open_minor - paid FROM by_invoice WHERE by_invoice.invoice_id = id;
        UPDATE receivable_accounts SET due_minor = due_minor - used, credit_minor = credit_minor - used,
            version = version + 1 FROM by_account WHERE by_account.account_id = id;
        COMMIT;"
    ));
    sql
}
