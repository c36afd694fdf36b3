//! The apply run over many accounts, one grant and two open invoices each, beside one set-based SQL script that
//! writes the same rows.

use crate::database::{Engine, Original, close};
use crate::figures;
use saldo::dto::credit_runs::NewCreditRun;
use saldo::server::context::Ctx;
use saldo::server::services::credit_runs;
use sea_orm::ConnectionTrait;
use std::time::{Duration, Instant};

pub async fn measure(engine: Engine, accounts: u32, rounds: u32) -> anyhow::Result<()> {
    let mut original =
        Original::make(engine, async |ctx: &Ctx| fill(ctx, engine, accounts).await).await?;
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
    figures::print(&measure, &mut saldo, &mut script, "3");
    println!(
        "the same run again with nothing to do: {:.1?}",
        figures::median(&mut again)
    );
    Ok(())
}

fn command() -> NewCreditRun {
    NewCreditRun {
        effective_on: "2026-05-31".to_owned(),
        ..Default::default()
    }
}

/// An id made of a kind and a number, in the engine's own way of writing one.
fn id(engine: Engine, kind: &str, number: &str) -> String {
    match engine {
        Engine::Sqlite => format!("unhex(printf('{kind}%030x', {number}))"),
        Engine::Postgres => format!("(lpad('{kind}', 2) || lpad(to_hex({number}), 30, '0'))::uuid"),
    }
}

fn series(engine: Engine, count: u32) -> String {
    match engine {
        Engine::Sqlite => format!(
            "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) SELECT i FROM n) n"
        ),
        Engine::Postgres => format!("(SELECT i FROM generate_series(1, {count}) i) n"),
    }
}

/// One grant from a payment on account and two open invoices per account, with balanced entries.
async fn fill(ctx: &Ctx, engine: Engine, accounts: u32) -> anyhow::Result<()> {
    let from = series(engine, accounts);
    let id = |kind: &str, number: &str| id(engine, kind, number);
    let (customer, account) = (id("c0", "i"), id("a0", "i"));
    let (payment, grant, movement) = (id("b0", "i"), id("d0", "i"), id("d1", "i"));
    let now = "'2026-04-01 00:00:00+00:00'";
    let no = "false";
    let mut statements = vec![
        format!(
            "INSERT INTO customers SELECT {customer}, 'C-' || i, 'Customer ' || i, '', '', '', '', '', '', 'en', '',
                30, '', 'c-' || i, 0, {now} FROM {from}"
        ),
        // 80.00 of credit against 50.00 and 45.00: both invoices are touched, one stays partly open.
        format!(
            "INSERT INTO receivable_accounts SELECT {account}, 'AR-' || i, {customer}, 'EUR', '', '2026-03-01',
                'prepayments', 'keep', 'lapsing_first', {no}, 9500, 8000, 3, {now} FROM {from}"
        ),
    ];
    let entry = |entry: &str, number: &str, source: &str, kind: &str, document: &str| {
        format!(
            "INSERT INTO journal_entries SELECT {entry}, {number}, '{source}', {account}, 'EUR', '2026-04-01',
                '2026-04-01', '{kind}', {document}, NULL, NULL, NULL, {now}, 'bench' FROM {from}"
        )
    };
    let line = |entry: &str,
                position: u32,
                role: &str,
                side: &str,
                amount: u32,
                invoice: &str,
                grant: &str| {
        format!(
            "INSERT INTO journal_lines SELECT {entry}, {position}, '{role}', '{side}', {amount}, NULL, {no},
                {account}, {invoice}, {grant} FROM {from}"
        )
    };
    let none = match engine {
        Engine::Sqlite => "NULL",
        Engine::Postgres => "NULL::uuid",
    };
    let paid = id("e0", "i");
    statements.push(line(&paid, 1, "bank", "debit", 8000, none, none));
    statements.push(line(&paid, 2, "receivable", "credit", 8000, none, &grant));
    statements.push(entry(&paid, "i * 3", "PAY", "payment", &payment));
    statements.push(format!(
        "INSERT INTO payments SELECT {payment}, i, {account}, 'EUR', 8000, 0, 'bank_transfer', '', '', '2026-04-01',
            '2026-04-01', {no}, {paid}, NULL, NULL, NULL, NULL, NULL, {now}, 'bench' FROM {from}"
    ));
    statements.push(format!(
        "INSERT INTO credit_grants SELECT {grant}, i, {account}, 'EUR', 'overpayment', 'payment', {payment}, 8000,
            8000, '2026-04-01', '2026-04-01', NULL, 100, {no}, {now}, 'bench' FROM {from}"
    ));
    statements.push(format!(
        "INSERT INTO grant_movements SELECT {movement}, {grant}, {account}, 'issued', 8000, '2026-04-01',
            '2026-04-01', {paid}, {now} FROM {from}"
    ));
    for (n, amount) in [(1, 5000), (2, 4500)] {
        let invoice = id(&format!("f{n}"), "i");
        let billed = id(&format!("e{n}"), "i");
        statements.push(line(
            &billed,
            1,
            "receivable",
            "debit",
            amount,
            &invoice,
            none,
        ));
        statements.push(line(&billed, 2, "revenue", "credit", amount, none, none));
        statements.push(entry(
            &billed,
            &format!("i * 3 + {n}"),
            "INV",
            "invoice",
            &invoice,
        ));
        statements.push(format!(
            "INSERT INTO invoices SELECT {invoice}, {account}, 'EUR', 'bench', NULL, NULL, 'B{n}-' || i, '2026-04-01',
                '2026-04-01', '2026-05-0{n}', {amount}, 0, {amount}, {amount}, '', '', {no}, {billed}, NULL, NULL,
                NULL, NULL, {now}, {now}, 'bench', 0 FROM {from}"
        ));
    }
    if engine == Engine::Postgres {
        statements.push(format!(
            "SELECT setval('journal_entry_numbers', {0}), setval('payment_numbers', {0}), setval('credit_grant_numbers', {0})",
            accounts * 3 + 10
        ));
    }
    for statement in statements {
        ctx.db.write.execute_unprepared(&statement).await?;
    }
    Ok(())
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
        INSERT INTO applications SELECT application_id, account_id, invoice_id, grant_id, {none}, amount, '2026-05-31',
            '2026-05-31', entry_id, {none}, '2026-06-15 00:00:00+00:00', 'script', NULL, NULL, {none}, NULL, NULL
            FROM plan;
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
