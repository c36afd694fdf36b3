//! Lists as CSV files, as a browser fetches them.

use super::browser::Browser;
use super::people::PASSWORD;
use super::support::{Engine, House};
use crate::dto::people::NewStaff;
use crate::server::services::users;
use rstest::rstest;

pub(super) async fn accountant_at(house: &House) -> Browser {
    let person = NewStaff {
        email: "anna@example.com".to_owned(),
        name: "Anna".to_owned(),
        roles: vec!["accountant".to_owned()],
    };
    users::add_staff(&house.system(), person, PASSWORD)
        .await
        .expect("an accountant can be added");
    let mut browser = Browser::at(&house.system());
    browser.log_in("anna@example.com", PASSWORD).await;
    browser
}

/// An invoice paid with more than it asked for: one payment, one credit.
async fn overpaid(house: &House) {
    let ctx = house.accountant();
    let account = house.account("K-1", "EUR").await;
    let invoice = account.invoice(&ctx, "2026-06-01", "89.00").await;
    account
        .payment(&ctx, "2026-06-05", "95.00", &[(&invoice, "89.00")])
        .await;
    account.payment(&ctx, "2026-06-06", "5.00", &[]).await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn every_list_is_a_file_of_what_its_filters_show(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    overpaid(&house).await;
    let mut browser = accountant_at(&house).await;
    for (path, lines) in [
        ("/customers/export.csv", 1),
        ("/invoices/export.csv", 1),
        ("/payments/export.csv", 2),
        ("/payments/export.csv?from=2026-06-06", 1),
        ("/credits/export.csv", 2),
        ("/credits/export.csv?class=prepayment", 0),
        ("/journal/export.csv", 3),
    ] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(
            answer.body.lines().count(),
            1 + lines,
            "{path}: {}",
            answer.body
        );
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn payments_and_credits_are_written_with_what_became_of_them(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    overpaid(&house).await;
    let mut browser = accountant_at(&house).await;
    let payments = browser.get("/payments/export.csv").await.body;
    let (head, lines) = payments.split_once('\n').expect("there is a head");
    assert!(head.starts_with("key,number,customer"), "{head}");
    assert!(head.ends_with("status,left,invoice,applied"), "{head}");
    let lines: Vec<&str> = lines.lines().collect();
    assert!(lines[0].ends_with("recorded,5.00,,"), "{}", lines[0]);
    assert!(
        lines[1].ends_with("partly_applied,6.00,INV-2026-00001,89.00"),
        "{}",
        lines[1]
    );
    let credits = browser.get("/credits/export.csv").await.body;
    assert!(
        credits.contains("overpayment,EUR,6.00,6.00,2026-06-05,,usable"),
        "{credits}"
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_file_of_payments_is_recognised_when_it_comes_back(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    overpaid(&house).await;
    let mut browser = accountant_at(&house).await;
    let file = browser.get("/payments/export.csv").await.body;
    let report = super::imports::check(&house.accountant(), "payments", &file).await;
    assert_eq!(report.import.summary.known, 2);
    assert!(!report.import.summary.adds_something());
}
