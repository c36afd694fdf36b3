//! Aging, trial balance, journal and chart as of any day.

use super::support::{Engine, House, day};
use crate::domain::ledger::{EntrySource, LedgerRole};
use crate::domain::rights::Right;
use crate::dto::credits::Unapplication;
use crate::dto::error::AppError;
use crate::dto::journal::{DocumentKind, JournalFilter};
use crate::dto::page::PageRequest;
use crate::dto::payments::PaymentReversal;
use crate::dto::reports::{AgingAmounts, AgingFilter, AgingReport};
use crate::server::context::Ctx;
use crate::server::queries::{journal, reports};
use crate::server::services::{applications, payments};
use rstest::rstest;

async fn aging(ctx: &Ctx, as_of: &str) -> AgingReport {
    let filter = AgingFilter {
        as_of: as_of.to_owned(),
        ..Default::default()
    };
    reports::aging(ctx, filter, None)
        .await
        .expect("the report can be read")
}

/// Not due, 1–30, 31–60, 61–90, over 90, credit in receivable, receivable, in minor units.
fn figures(amounts: &AgingAmounts) -> [i64; 7] {
    [
        amounts.not_due,
        amounts.days_1_30,
        amounts.days_31_60,
        amounts.days_61_90,
        amounts.over_90,
        amounts.credit_in_receivable,
        amounts.receivable,
    ]
    .map(|money| money.minor)
}

async fn figures_on(ctx: &Ctx, as_of: &str) -> [i64; 7] {
    let report = aging(ctx, as_of).await;
    report
        .totals
        .first()
        .map_or([0; 7], |total| figures(&total.amounts))
}

/// The receivable ledger as the trial balance has it, debits less credits.
async fn receivable_ledger(ctx: &Ctx, as_of: &str) -> i64 {
    let balance = reports::trial_balance(ctx, as_of)
        .await
        .expect("it can be read");
    let rows = balance
        .currencies
        .iter()
        .flat_map(|currency| &currency.rows);
    rows.filter(|row| row.role == LedgerRole::Receivable)
        .map(|row| row.debit.map_or(0, |m| m.minor) - row.credit.map_or(0, |m| m.minor))
        .sum()
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn open_items_age_by_due_date_and_the_due_day_is_not_overdue(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let account = house.account("A-1", "EUR").await;
    // Terms are 14 days: due on 2026-01-15.
    account.invoice(&ctx, "2026-01-01", "10.00").await;
    for (as_of, bucket) in [
        ("2026-01-15", 0),
        ("2026-01-16", 1),
        ("2026-02-14", 1),
        ("2026-02-15", 2),
        ("2026-03-16", 2),
        ("2026-03-17", 3),
        ("2026-04-15", 3),
        ("2026-04-16", 4),
    ] {
        let mut expected = [0, 0, 0, 0, 0, 0, 1_000];
        expected[bucket] = 1_000;
        assert_eq!(figures_on(&ctx, as_of).await, expected, "{as_of}");
    }
    assert_eq!(aging(&ctx, "2025-12-31").await.totals, []);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn aging_less_credit_is_the_receivable_ledger_on_every_day(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let account = house.account("A-1", "EUR").await;
    let first = account.invoice(&ctx, "2026-05-01", "89.00").await;
    let second = account.invoice(&ctx, "2026-05-10", "50.00").await;
    account.invoice(&ctx, "2026-05-12", "-5.00").await;
    let paid = account
        .payment(&ctx, "2026-05-20", "95.00", &[(&first, "89.00")])
        .await;
    let bounced = account
        .payment(&ctx, "2026-05-25", "50.00", &[(&second, "50.00")])
        .await;
    let reversal = PaymentReversal {
        payment: bounced.payment.to_string(),
        reversed_on: "2026-06-02".to_owned(),
        reason: "bounced".to_owned(),
        ..Default::default()
    };
    payments::reverse(&ctx, reversal)
        .await
        .expect("it can be reversed");

    let expected = [
        ("2026-05-01", [8_900, 0, 0, 0, 0, 0, 8_900]),
        ("2026-05-12", [13_900, 0, 0, 0, 0, 500, 13_400]),
        ("2026-05-20", [5_000, 0, 0, 0, 0, 1_100, 3_900]),
        ("2026-05-25", [0, 0, 0, 0, 0, 1_100, -1_100]),
        ("2026-06-02", [0, 5_000, 0, 0, 0, 1_100, 3_900]),
    ];
    for (as_of, figures) in expected {
        assert_eq!(figures_on(&ctx, as_of).await, figures, "{as_of}");
        assert_eq!(receivable_ledger(&ctx, as_of).await, figures[6], "{as_of}");
    }
    assert!(paid.grant.is_some());
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn an_undone_application_still_stands_on_the_days_between(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let account = house.account("A-1", "EUR").await;
    let invoice = account.invoice(&ctx, "2026-06-01", "30.00").await;
    account
        .payment(&ctx, "2026-06-03", "30.00", &[(&invoice, "30.00")])
        .await;
    let entries = journal::list(&ctx, JournalFilter::default(), PageRequest::default())
        .await
        .unwrap();
    assert_eq!(entries.total, 2);
    let detail = house.applications_of(invoice.invoice).await;
    let command = Unapplication {
        application: detail[0].to_string(),
        unapplied_on: "2026-06-10".to_owned(),
        ..Default::default()
    };
    applications::unapply(&ctx, command)
        .await
        .expect("it can be undone");
    assert_eq!(aging(&ctx, "2026-06-09").await.totals, []);
    // Open again, and the money is credit of the same account.
    assert_eq!(
        figures_on(&ctx, "2026-06-10").await,
        [3_000, 0, 0, 0, 0, 3_000, 0]
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn currencies_and_customers_are_kept_apart(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    for (number, currency, price) in [
        ("A-1", "EUR", "10.00"),
        ("A-2", "USD", "7.00"),
        ("A-3", "EUR", "2.00"),
    ] {
        house
            .account(number, currency)
            .await
            .invoice(&ctx, "2026-06-01", price)
            .await;
    }
    let report = aging(&ctx, "").await;
    assert_eq!(report.as_of, day("2026-06-15"));
    let totals: Vec<(&str, i64, i64)> = report
        .totals
        .iter()
        .map(|total| {
            (
                total.currency.code(),
                total.customers,
                total.amounts.open.minor,
            )
        })
        .collect();
    assert_eq!(totals, [("EUR", 2, 1_200), ("USD", 1, 700)]);
    let filter = AgingFilter {
        search: "a-3".to_owned(),
        ..Default::default()
    };
    let found = reports::aging(&ctx, filter, Some(PageRequest::default()))
        .await
        .unwrap();
    let numbers: Vec<&str> = found
        .rows
        .iter()
        .map(|row| row.account_number.as_str())
        .collect();
    assert_eq!((numbers, found.total_rows), (vec!["A-3"], 1));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn the_trial_balance_stands_on_both_sides(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let account = house.account("A-1", "EUR").await;
    let invoice = account.invoice(&ctx, "2026-06-01", "89.00").await;
    account
        .payment(&ctx, "2026-06-05", "95.00", &[(&invoice, "89.00")])
        .await;
    let balance = reports::trial_balance(&ctx, "2026-06-30").await.unwrap();
    let rows: Vec<(LedgerRole, i64, i64)> = balance.currencies[0]
        .rows
        .iter()
        .map(|row| {
            (
                row.role,
                row.debit.map_or(0, |m| m.minor),
                row.credit.map_or(0, |m| m.minor),
            )
        })
        .collect();
    assert_eq!(
        rows,
        [
            (LedgerRole::Bank, 9_500, 0),
            (LedgerRole::Receivable, 0, 600),
            (LedgerRole::Revenue, 0, 8_900),
        ]
    );
    let totals = &balance.currencies[0];
    assert_eq!((totals.debits.minor, totals.credits.minor), (9_500, 9_500));
    let before = reports::trial_balance(&ctx, "2026-06-04").await.unwrap();
    assert_eq!(before.currencies[0].debits.minor, 8_900);
    let chart = journal::chart(&ctx, "").await.unwrap();
    assert_eq!(chart.len(), LedgerRole::ALL.len());
    let revenue = chart
        .iter()
        .find(|row| row.role == LedgerRole::Revenue)
        .unwrap();
    assert_eq!(
        revenue.balances.iter().map(|m| m.minor).collect::<Vec<_>>(),
        [8_900]
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn the_journal_is_found_by_day_source_account_and_document(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let account = house.account("A-1", "EUR").await;
    let other = house.account("A-2", "EUR").await;
    let invoice = account.invoice(&ctx, "2026-06-01", "89.00").await;
    other.invoice(&ctx, "2026-06-02", "5.00").await;
    let payment = account
        .payment(&ctx, "2026-06-05", "95.00", &[(&invoice, "89.00")])
        .await;
    let number = invoice.number.clone().expect("it is final");
    let cases = [
        (JournalFilter::default(), 3),
        (
            JournalFilter {
                from: "2026-06-02".to_owned(),
                ..Default::default()
            },
            2,
        ),
        (
            JournalFilter {
                to: "2026-06-02".to_owned(),
                ..Default::default()
            },
            2,
        ),
        (
            JournalFilter {
                source: "PAY".to_owned(),
                ..Default::default()
            },
            1,
        ),
        (
            JournalFilter {
                account: "A-1".to_owned(),
                ..Default::default()
            },
            2,
        ),
        (
            JournalFilter {
                document: number,
                ..Default::default()
            },
            1,
        ),
        (
            JournalFilter {
                document: payment.payment.to_string(),
                ..Default::default()
            },
            1,
        ),
        (
            JournalFilter {
                document: "unknown".to_owned(),
                ..Default::default()
            },
            0,
        ),
    ];
    for (filter, expected) in cases {
        let page = journal::list(&ctx, filter.clone(), PageRequest::default())
            .await
            .unwrap();
        assert_eq!(
            (page.rows.len(), page.total),
            (expected, expected as u64),
            "{filter:?}"
        );
    }
    let wrong = JournalFilter {
        from: "1 June".to_owned(),
        ..Default::default()
    };
    assert!(matches!(
        journal::list(&ctx, wrong, PageRequest::default()).await,
        Err(AppError::Refused(_))
    ));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn an_entry_shows_its_lines_and_what_it_is_about(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let account = house.account("A-1", "EUR").await;
    let invoice = account.invoice(&ctx, "2026-06-01", "89.00").await;
    account
        .payment(&ctx, "2026-06-05", "95.00", &[(&invoice, "89.00")])
        .await;
    let newest = journal::list(&ctx, JournalFilter::default(), PageRequest::default())
        .await
        .unwrap();
    let entry = journal::entry(&ctx, &newest.rows[0].id.to_string())
        .await
        .unwrap();
    assert_eq!(entry.entry.source, EntrySource::Payment);
    assert_eq!(entry.entry.document_kind, DocumentKind::Payment);
    assert_eq!(entry.entry.amount.minor, 9_500);
    let subjects: Vec<(Option<String>, bool)> = entry
        .lines
        .iter()
        .map(|line| {
            (
                line.invoice.as_ref().map(|i| i.number.clone()),
                line.grant.is_some(),
            )
        })
        .collect();
    assert_eq!(
        subjects,
        [(None, false), (invoice.number, false), (None, true)]
    );
    assert_eq!(
        journal::entry(&ctx, "nonsense").await.map(|_| ()),
        Err(AppError::NotFound)
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn reports_are_for_those_with_the_right(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let account = house.account("A-1", "EUR").await;
    for (name, ctx) in house.everyone(account.customer) {
        let expected = |right: Right| match name {
            "nobody" => Err(AppError::NotLoggedIn),
            _ if ctx.actor.holds(right) => Ok(()),
            _ => Err(AppError::Forbidden),
        };
        let aged = reports::aging(&ctx, AgingFilter::default(), None)
            .await
            .map(|_| ());
        assert_eq!(aged, expected(Right::ReadCustomers), "{name}");
        let balance = reports::trial_balance(&ctx, "").await.map(|_| ());
        assert_eq!(balance, expected(Right::ReadJournal), "{name}");
        let list = journal::list(&ctx, JournalFilter::default(), PageRequest::default())
            .await
            .map(|_| ());
        assert_eq!(list, expected(Right::ReadJournal), "{name}");
        assert_eq!(
            journal::chart(&ctx, "").await.map(|_| ()),
            expected(Right::ReadJournal),
            "{name}"
        );
    }
}
