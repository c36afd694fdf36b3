//! How many statements a page asks, its session included, whatever the data size. Counted over the whole server.

use super::browser::Browser;
use super::people::PASSWORD;
use super::support::{Engine, House, TestAccount};
use crate::dto::credit_runs::NewCreditRun;
use crate::dto::people::{NewPortalUser, NewStaff};
use crate::server::context::{Ctx, Db};
use crate::server::services::{credit_runs, users};
use rstest::rstest;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// The most statements a page asks. Source: the bars of speed.
const MOST: u32 = 5;

/// Pages that ask one more than they may: known, and to be folded into the statements they have.
const ONE_TOO_MANY: [&str; 3] = ["/payments/", "/invoices/", "/credits/"];

fn most(path: &str) -> u32 {
    match ONE_TOO_MANY.iter().any(|start| path.starts_with(start)) {
        true => MOST + 1,
        false => MOST,
    }
}

/// More than a page of every list.
const MANY: u32 = 60;

/// A context that counts the statements sent through it.
fn counted(ctx: Ctx) -> (Ctx, Arc<AtomicU32>) {
    let count = Arc::new(AtomicU32::new(0));
    let Db {
        mut read,
        mut write,
    } = ctx.db.clone();
    for connection in [&mut read, &mut write] {
        let counting = count.clone();
        connection.set_metric_callback(move |_| {
            counting.fetch_add(1, Ordering::Relaxed);
        });
    }
    let ctx = Ctx {
        db: Db { read, write },
        ..ctx
    };
    (ctx, count)
}

/// An account with an open invoice, one paid by a payment whose surplus is credit, and more credit of its own.
async fn busy_account(house: &House, number: &str) -> TestAccount {
    let ctx = house.accountant();
    let account = house.account(number, "EUR").await;
    account.invoice(&ctx, "2026-05-20", "100.00").await;
    let paid = account.invoice(&ctx, "2026-05-21", "10.00").await;
    let pays = [(&paid, "10.00")];
    account.payment(&ctx, "2026-05-22", "15.00", &pays).await;
    account.invoice(&ctx, "2026-05-23", "-20.00").await;
    account
}

/// Pages that show many accounts, and pages of the documents of the first.
async fn paths(house: &House) -> Vec<String> {
    let ctx = house.accountant();
    let run = |effective_on: &str| NewCreditRun {
        effective_on: effective_on.to_owned(),
        ..Default::default()
    };
    let preview = credit_runs::preview(&ctx, run("2026-05-31")).await;
    let preview = preview.expect("a run can be previewed");
    let done = credit_runs::run(&ctx, run("2026-05-22"), &|_| {}).await;
    let done = done.expect("a run can be made").run;
    let first = async |table: &str| {
        let sql = format!("SELECT id FROM {table} ORDER BY recorded_at, id LIMIT 1");
        house.ids(&sql).await[0].to_string()
    };
    let mut paths: Vec<String> = [
        "/",
        "/customers",
        "/customers/C-1",
        "/accounts/C-1",
        "/invoices",
        "/invoices/new?account=C-1",
        "/payments",
        "/payments/new?account=C-1",
        "/credits",
        "/credit-runs",
        "/journal",
        "/journal/trial-balance",
        "/reports/aging",
        "/imports",
    ]
    .map(str::to_owned)
    .into();
    paths.push(format!("/invoices/{}", first("invoices").await));
    paths.push(format!("/payments/{}", first("payments").await));
    paths.push(format!("/credits/{}", first("credit_grants").await));
    paths.push(format!("/journal/{}", first("journal_entries").await));
    paths.push(format!("/credit-runs/{preview}"));
    paths.push(format!("/credit-runs/{preview}?page=2"));
    paths.push(format!("/credit-runs/{done}"));
    paths
}

async fn portal_paths(house: &House) -> Vec<String> {
    let mut paths: Vec<String> = [
        "/portal",
        "/portal/invoices",
        "/portal/payments",
        "/portal/credits",
    ]
    .map(str::to_owned)
    .into();
    for (page, table) in [
        ("invoices", "invoices"),
        ("payments", "payments"),
        ("credits", "credit_grants"),
    ] {
        let sql = format!(
            "SELECT d.id FROM {table} d JOIN receivable_accounts a ON a.id = d.account_id
            WHERE a.number = 'C-1' ORDER BY d.recorded_at LIMIT 1"
        );
        paths.push(format!("/portal/{page}/{}", house.ids(&sql).await[0]));
    }
    paths
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_page_asks_at_most_five_statements_whatever_the_data_size(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let system = house.system();
    let accountant = NewStaff {
        email: "anna@example.com".to_owned(),
        name: "Anna".to_owned(),
        roles: vec!["accountant".to_owned(), "admin".to_owned()],
    };
    let added = users::add_staff(&system, accountant, PASSWORD).await;
    added.expect("she can be added");
    let (ctx, count) = counted(system.clone());
    let mut staff = Browser::at(&ctx);
    staff.log_in("anna@example.com", PASSWORD).await;

    busy_account(&house, "C-1").await;
    let customer = NewPortalUser {
        customer: "C-1".to_owned(),
        email: "chris@example.com".to_owned(),
        name: "Chris".to_owned(),
    };
    let added = users::add_customer(&system, customer, PASSWORD).await;
    added.expect("he can be added");
    let mut portal = staff.another();
    portal.log_in("chris@example.com", PASSWORD).await;

    let few = asked(&house, &mut staff, &mut portal, &count).await;
    for number in 2..=MANY {
        busy_account(&house, &format!("C-{number}")).await;
    }
    let many = asked(&house, &mut staff, &mut portal, &count).await;
    let mut wrong: Vec<String> = Vec::new();
    for ((path, with_few), (_, with_many)) in few.iter().zip(&many) {
        if with_few.max(with_many) > &most(path) || with_few != with_many {
            wrong.push(format!("{path}: {with_few}, with more data {with_many}"));
        }
    }
    assert!(wrong.is_empty(), "statements asked:\n{}", wrong.join("\n"));
}

/// Each page with the number of statements it asked.
async fn asked(
    house: &House,
    staff: &mut Browser,
    portal: &mut Browser,
    count: &AtomicU32,
) -> Vec<(String, u32)> {
    let mut asked = Vec::new();
    for (browser, paths) in [
        (staff, paths(house).await),
        (portal, portal_paths(house).await),
    ] {
        for path in paths {
            count.store(0, Ordering::Relaxed);
            let answer = browser.get(&path).await;
            assert_eq!(answer.status.as_u16(), 200, "{path}: {}", answer.body);
            asked.push((path, count.load(Ordering::Relaxed)));
        }
    }
    asked
}
