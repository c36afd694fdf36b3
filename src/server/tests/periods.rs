//! Closing a period while others post, and acts that post to several journals.

use super::support::{Engine, House, day};
use crate::domain::ids::{CreditGrantId, PaymentId};
use crate::domain::ledger::JournalKind;
use crate::dto::business::PeriodClosing;
use crate::dto::credit_runs::{CreditRunCommit, NewCreditRun};
use crate::dto::credits::{NewApplication, Unapplication};
use crate::dto::error::Refusal;
use crate::dto::form::AmountText;
use crate::dto::invoices::{InvoiceVoiding, SavedInvoice};
use crate::dto::payments::{NewPayment, PaymentReversal};
use crate::server::context::Ctx;
use crate::server::services::{applications, credit_runs, invoices, payments, periods};
use crate::server::store::Tx;
use crate::server::store::periods as store;
use rstest::rstest;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Longer than anybody needs who does not have to wait.
const A_WHILE: Duration = Duration::from_millis(400);

async fn close(ctx: &Ctx, journal: &str, through: &str) {
    let command = PeriodClosing {
        journal: journal.to_owned(),
        closed_through: through.to_owned(),
        reason: String::new(),
    };
    let closed = periods::close(ctx, command).await;
    closed.expect("the period can be closed");
}

fn cash(account: &str, received_on: &str) -> NewPayment {
    NewPayment {
        account: account.to_owned(),
        amount: AmountText {
            amount: "10.00".to_owned(),
            currency: "EUR".to_owned(),
        },
        received_on: received_on.to_owned(),
        ..Default::default()
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_period_closes_once_what_is_being_posted_to_it_is_committed(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    // Somebody in the middle of posting has read that every day is open.
    let posting = Tx::begin(&ctx).await.expect("the database answers");
    let open = store::closed_through(&posting, JournalKind::Cash).await;
    assert_eq!(open, Ok(None));
    let closing = tokio::spawn({
        let ctx = ctx.clone();
        async move { close(&ctx, "cash", "2026-05-31").await }
    });
    tokio::time::sleep(A_WHILE).await;
    assert!(
        !closing.is_finished(),
        "closed under a payment being posted"
    );
    posting.commit(&ctx).await.expect("it commits");
    closing.await.expect("the period is closed then");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn who_posts_while_a_period_closes_waits_and_finds_it_closed(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    house.account("R-1", "EUR").await;
    let closing = Tx::begin(&ctx).await.expect("the database answers");
    let before = store::closed_through_alone(&closing, JournalKind::Cash).await;
    assert_eq!(before, Ok(None));
    let closed = store::close(&closing, JournalKind::Cash, day("2026-06-10")).await;
    assert_eq!(closed, Ok(()));
    let posting = tokio::spawn({
        let ctx = ctx.clone();
        async move { payments::record(&ctx, cash("R-1", "2026-06-05")).await }
    });
    tokio::time::sleep(A_WHILE).await;
    assert!(!posting.is_finished(), "posted past a closing period");
    closing.commit(&ctx).await.expect("it commits");
    let first_open = day("2026-06-11");
    assert_eq!(
        posting.await.expect("it is answered").err(),
        Some(Refusal::PeriodClosed { first_open }.at("received_on"))
    );
    let other = payments::record(&ctx, cash("R-1", "2026-06-11")).await;
    assert!(other.is_ok());
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn those_who_post_do_not_wait_for_each_other(#[case] engine: Engine) {
    if engine == Engine::Sqlite {
        // One writer at a time is all there is.
        return;
    }
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    house.account("R-1", "EUR").await;
    let other = Tx::begin(&ctx).await.expect("the database answers");
    let open = store::closed_through(&other, JournalKind::Cash).await;
    assert_eq!(open, Ok(None));
    let recorded = payments::record(&ctx, cash("R-1", "2026-06-05"));
    let recorded = tokio::time::timeout(A_WHILE * 10, recorded).await;
    assert!(recorded.expect("nobody waits").is_ok());
}

/// Two accounts with credit and an open invoice each, more than one chunk's run would have to wait for.
async fn indebted(house: &House) -> Vec<SavedInvoice> {
    let ctx = house.accountant();
    let mut open = Vec::new();
    for number in ["R-1", "R-2"] {
        let account = house.account(number, "EUR").await;
        account.payment(&ctx, "2026-05-20", "10.00", &[]).await;
        open.push(account.invoice(&ctx, "2026-05-20", "10.00").await);
    }
    open
}

fn may() -> NewCreditRun {
    NewCreditRun {
        effective_on: "2026-05-31".to_owned(),
        ..Default::default()
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_preview_is_not_committed_into_a_period_closed_since(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    indebted(&house).await;
    let run = credit_runs::preview(&ctx, may()).await;
    let run = run.expect("it can be previewed").to_string();
    close(&ctx, "credit", "2026-05-31").await;
    let commit = CreditRunCommit {
        run,
        ..Default::default()
    };
    let refused = credit_runs::commit(&ctx, commit, &|_| {}).await.err();
    let first_open = day("2026-06-01");
    let closed = Refusal::PeriodClosed { first_open }.at("effective_on");
    assert_eq!(refused, Some(closed));
    assert_eq!(house.count("applications").await, 0);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_run_whose_period_closes_meanwhile_is_finished_on_the_first_open_day(
    #[case] engine: Engine,
) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    indebted(&house).await;
    let run = credit_runs::preview(&ctx, may()).await;
    let run = run.expect("it can be previewed");
    let commit = CreditRunCommit {
        run: run.to_string(),
        ..Default::default()
    };
    // It has begun, and stopped before its first account.
    let started = credit_runs::start(&ctx, &commit).await;
    assert_eq!(started.map(|(_, accounts)| accounts), Ok(2));
    close(&ctx, "credit", "2026-06-05").await;
    let told = AtomicBool::new(false);
    let summary = credit_runs::work_off(&ctx, run, &|done| {
        assert_eq!(done.of, 2);
        told.store(done.accounts == 2, Ordering::Relaxed);
    })
    .await;
    assert_eq!(summary.map(|summary| summary.applications), Ok(2));
    assert!(told.into_inner(), "the progress reaches the end");
    let dates = "SELECT CAST(effective_on AS text) || ' ' || CAST(posting_on AS text) AS text
        FROM journal_entries WHERE source = 'ARP'";
    assert_eq!(
        house.texts(dates, vec![]).await,
        ["2026-05-31 2026-06-06", "2026-05-31 2026-06-06"]
    );
    house.check_books().await;
}

/// A payment of 100.00 that settled 60.00 itself and whose credit paid 40.00 of a second invoice.
async fn used(house: &House) -> (PaymentId, CreditGrantId, SavedInvoice) {
    let ctx = house.accountant();
    let account = house.account("R-1", "EUR").await;
    let first = account.invoice(&ctx, "2026-05-20", "60.00").await;
    let second = account.invoice(&ctx, "2026-05-20", "40.00").await;
    let paid = account
        .payment(&ctx, "2026-05-25", "100.00", &[(&first, "60.00")])
        .await;
    let grant = paid.grant.expect("the surplus is credit");
    apply(&ctx, grant, &second, "40.00", "2026-05-28").await;
    (paid.payment, grant, second)
}

async fn apply(ctx: &Ctx, grant: CreditGrantId, to: &SavedInvoice, amount: &str, on: &str) {
    let command = NewApplication {
        grant: grant.to_string(),
        invoice: to.invoice.to_string(),
        amount: AmountText {
            amount: amount.to_owned(),
            currency: "EUR".to_owned(),
        },
        effective_on: on.to_owned(),
        ..Default::default()
    };
    let applied = applications::apply(ctx, command).await;
    applied.expect("the credit can be applied");
}

fn reversal(payment: PaymentId, on: &str) -> PaymentReversal {
    PaymentReversal {
        payment: payment.to_string(),
        reversed_on: on.to_owned(),
        reason: "bounced".to_owned(),
        ..Default::default()
    }
}

/// `source effective posting` of the entries that take something back, in the order of their numbers.
async fn taken_back(house: &House) -> Vec<String> {
    let sql = "SELECT source || ' ' || CAST(effective_on AS text) || ' ' || CAST(posting_on AS text) AS text
        FROM journal_entries WHERE reverses_id IS NOT NULL ORDER BY number";
    house.texts(sql, vec![]).await
}

#[rstest]
#[case::sqlite_cash(Engine::Sqlite, "cash", ["ARP 2026-05-29 2026-05-29", "PAY 2026-05-29 2026-06-11"])]
#[case::postgres_cash(Engine::Postgres, "cash", ["ARP 2026-05-29 2026-05-29", "PAY 2026-05-29 2026-06-11"])]
#[case::sqlite_credit(Engine::Sqlite, "credit", ["ARP 2026-05-29 2026-06-11", "PAY 2026-05-29 2026-05-29"])]
#[case::postgres_credit(Engine::Postgres, "credit", ["ARP 2026-05-29 2026-06-11", "PAY 2026-05-29 2026-05-29"])]
#[tokio::test]
async fn a_reversal_posts_to_each_journal_in_its_own_open_period(
    #[case] engine: Engine,
    #[case] closed: &str,
    #[case] expected: [&str; 2],
) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let (payment, ..) = used(&house).await;
    close(&ctx, closed, "2026-06-10").await;
    let reversed = payments::reverse(&ctx, reversal(payment, "2026-05-29")).await;
    reversed.expect("with a reason it can be dated back");
    assert_eq!(taken_back(&house).await, expected);
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_void_posts_to_each_journal_in_its_own_open_period(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let (_, _, settled_by_credit) = used(&house).await;
    // Only the sales journal can be closed past the day of a void in this test: its days end yesterday.
    house
        .run(
            "INSERT INTO closed_periods (journal, closed_through) VALUES ('sales', $1)",
            vec![day("2026-06-20").into()],
        )
        .await;
    let command = InvoiceVoiding {
        invoice: settled_by_credit.invoice.to_string(),
        reason: "keyed twice".to_owned(),
        ..Default::default()
    };
    let voided = invoices::void(&ctx, command).await;
    voided.expect("settled by credit it can be voided");
    assert_eq!(
        taken_back(&house).await,
        ["ARP 2026-06-15 2026-06-15", "INV 2026-06-15 2026-06-21"]
    );
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_reversal_is_not_dated_before_what_it_takes_back(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let (payment, grant, _) = used(&house).await;
    let too_early =
        |first: &str| Some(Refusal::DateTooEarly { first: day(first) }.at("reversed_on"));
    // Its credit was applied on the 28th of May …
    let early = payments::reverse(&ctx, reversal(payment, "2026-05-27")).await;
    assert_eq!(early.err(), too_early("2026-05-28"));
    // … came back on the 5th of June, and so did the money of the invoice it settled on the 9th.
    for (by, on) in [("grant_id", "2026-06-05"), ("payment_id", "2026-06-09")] {
        let sql = format!("SELECT id FROM applications WHERE {by} IS NOT NULL");
        let application = house.ids(&sql).await[0];
        let command = Unapplication {
            application: application.to_string(),
            unapplied_on: on.to_owned(),
            reason: "wrong invoice".to_owned(),
            ..Default::default()
        };
        let undone = applications::unapply(&ctx, command).await;
        undone.expect("it can be unapplied");
    }
    let early = payments::reverse(&ctx, reversal(payment, "2026-06-08")).await;
    assert_eq!(early.err(), too_early("2026-06-09"));
    let reversed = payments::reverse(&ctx, reversal(payment, "2026-06-09")).await;
    reversed.expect("on the day it can be reversed");
    let moved = "SELECT CAST(effective_on AS text) AS text FROM grant_movements
        WHERE kind = 'reversed' AND grant_id = $1";
    assert_eq!(
        house.texts(moved, vec![grant.0.into()]).await,
        ["2026-06-09"]
    );
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_reversal_without_a_date_waits_for_what_counts_later(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let account = house.account("R-1", "EUR").await;
    let paid = account.payment(&ctx, "2026-06-01", "10.00", &[]).await;
    let invoice = account.invoice(&ctx, "2026-06-20", "10.00").await;
    let grant = paid.grant.expect("it is credit");
    apply(&ctx, grant, &invoice, "10.00", "2026-06-20").await;
    let reversed = payments::reverse(&ctx, reversal(paid.payment, "")).await;
    reversed.expect("it can be reversed today");
    assert_eq!(
        taken_back(&house).await,
        ["ARP 2026-06-20 2026-06-20", "PAY 2026-06-20 2026-06-20"]
    );
    house.check_books().await;
}
