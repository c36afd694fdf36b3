//! Importing a file of open items, beside `sqlite3`'s own `.import` of the same rows.

use crate::database::{Engine, Original, close};
use crate::figures::{Figures, per_second};
use anyhow::Context;
use saldo::dto::imports::ImportPosting;
use saldo::server::context::Ctx;
use saldo::server::import::mapping::Mapping;
use saldo::server::services::imports::{self, ImportFile};
use std::fmt::Write;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// As many as the sample of open items has.
const ROWS: u32 = 9_681;
const ACCOUNTS: u32 = 553;

pub async fn measure(engine: Engine, rounds: u32, figures: &mut Figures) -> anyhow::Result<()> {
    let file = open_items();
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("open-items.csv");
    std::fs::write(&path, &file)?;
    let mut original = Original::make(engine, async |_: &Ctx| Ok(())).await?;
    let (mut saldo, mut yardstick) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        let ctx = original.copy().await?;
        let started = Instant::now();
        import(&ctx, &file).await?;
        saldo.push(per_second(ROWS.into(), started.elapsed()));
        close(ctx).await?;
        let table = folder.path().join(format!("{round}.db"));
        match dot_import(&path, &table) {
            Ok(rate) => yardstick.push(rate),
            Err(error) => {
                println!("import skipped: {error:#}");
                return Ok(());
            }
        }
    }
    let measure = format!("import, {engine:?}, {ROWS} open items");
    figures.rates(&measure, "rows/s", &saldo, &yardstick);
    Ok(())
}

async fn import(ctx: &Ctx, file: &str) -> anyhow::Result<()> {
    let mapping = Mapping::load("highradius")?;
    let file = ImportFile {
        name: "open-items.csv",
        bytes: file.as_bytes(),
    };
    let import = imports::check(ctx, &mapping, file, false, &|_| {}).await?;
    let command = ImportPosting {
        import: import.to_string(),
        lines: String::new(),
    };
    let summary = imports::post(ctx, command, &|_| {}).await?;
    let imported = summary.invoices.first().map(|invoices| invoices.count);
    anyhow::ensure!(imported == Some(ROWS), "{imported:?} rows were imported");
    Ok(())
}

/// Rows per second of `.import` into a new table of a new database.
fn dot_import(file: &Path, database: &Path) -> anyhow::Result<u64> {
    let started = Instant::now();
    let done = Command::new("sqlite3")
        .arg(database)
        .arg(format!(".import --csv {} items", file.display()))
        .status()
        .context("sqlite3 could not be started")?;
    let time = started.elapsed();
    anyhow::ensure!(done.success(), "sqlite3 failed");
    Ok(per_second(ROWS.into(), time))
}

/// Rows of the shape of the sample: one account has a quarter of them, all amounts have two decimals.
fn open_items() -> String {
    let mut text = String::from(
        ",business_code,cust_number,name_customer,clear_date,buisness_year,doc_id,posting_date,due_in_date,baseline_create_date,cust_payment_terms,converted_usd\n",
    );
    for row in 0..ROWS {
        let account = if row % 4 == 0 { 0 } else { row % ACCOUNTS };
        let (day, month) = (row % 28 + 1, row % 4 + 1);
        writeln!(
            text,
            "{row},U001,{},CUSTOMER {account} llc,,2020,{},{day:02}-{month:02}-2020,{day:02}-{:02}-2020,{day:02}-{month:02}-2020,NAA8,{}.{:02}",
            200_700_000 + account,
            1_930_000_000 + row,
            month + 1,
            row * 7919 % 100_000 + 1,
            row % 100,
        )
        .expect("a string takes any text");
    }
    text
}
