//! Closing a period while others post, and acts that post to several journals.

use super::support::{Engine, House, day};
use crate::domain::dates::ClosedDays;
use crate::domain::ids::{CreditGrantId, PaymentId};
use crate::domain::ledger::JournalKind;
use crate::domain::rights::Role;
use crate::dto::business::{PeriodClosing, PeriodExceptionEnd, PeriodLocking, PeriodOpening};
use crate::dto::credit_runs::{CreditRunCommit, NewCreditRun};
use crate::dto::credits::{NewApplication, Unapplication};
use crate::dto::error::{AppError, Refusal};
use crate::dto::form::AmountText;
use crate::dto::invoices::{InvoiceVoiding, SavedInvoice};
use crate::dto::payments::{NewPayment, PaymentReversal};
use crate::dto::people::NewStaff;
use crate::server::context::{Actor, Ctx};
use crate::server::services::{applications, credit_runs, invoices, payments, periods, users};
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
    let open = store::closed_through(&posting, &ctx, JournalKind::Cash).await;
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
    let before = store::closed_alone(&closing, JournalKind::Cash).await;
    assert_eq!(before, Ok(None));
    let days = ClosedDays {
        closed_through: day("2026-06-10"),
        locked_through: None,
    };
    let closed = store::close(&closing, JournalKind::Cash, days).await;
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

/// An accountant who is somebody of the users, so that a period can be opened to them.
async fn known_accountant(house: &House, email: &str) -> Ctx {
    let person = NewStaff {
        email: email.to_owned(),
        name: email.to_owned(),
        roles: vec![Role::Accountant.code().to_owned()],
    };
    let user = users::add_staff(&house.system(), person, "a long password for tests").await;
    house.system().as_actor(Actor::Staff {
        user: user.expect("the person can be added"),
        name: email.to_owned(),
        roles: vec![Role::Accountant],
    })
}

fn opening(user: &Ctx, from: &str) -> PeriodOpening {
    PeriodOpening {
        journal: "cash".to_owned(),
        user: user.actor.user().expect("a person").to_string(),
        opens_from: from.to_owned(),
        hours: "4".to_owned(),
        reason: "the auditor asked for it".to_owned(),
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_closed_period_opens_to_one_person_until_it_is_ended(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let anna = known_accountant(&house, "anna@example.com").await;
    let bert = known_accountant(&house, "bert@example.com").await;
    house.account("R-1", "EUR").await;
    let first = payments::record(&bert, cash("R-1", "2026-05-20")).await;
    first.expect("nothing is closed yet");
    close(&anna, "cash", "2026-06-10").await;
    let exception = periods::open_to(&bert, opening(&anna, "2026-06-05")).await;
    let exception = exception.expect("closed days can be opened");

    let recorded = payments::record(&anna, cash("R-1", "2026-06-07")).await;
    recorded.expect("these days are open to her");
    let posted = house.texts(
        "SELECT CAST(posting_on AS text) AS text FROM journal_entries ORDER BY number",
        vec![],
    );
    assert_eq!(posted.await, ["2026-05-20", "2026-06-07"]);
    let closed = |first: &str| {
        let first_open = day(first);
        Some(Refusal::PeriodClosed { first_open }.at("received_on"))
    };
    let too_early = payments::record(&anna, cash("R-1", "2026-06-04")).await;
    assert_eq!(too_early.err(), closed("2026-06-05"));
    let others = payments::record(&bert, cash("R-1", "2026-06-07")).await;
    assert_eq!(others.err(), closed("2026-06-11"));

    let end = PeriodExceptionEnd {
        exception: exception.to_string(),
    };
    let ended = periods::end_exception(&bert, end.clone()).await;
    assert_eq!(ended, Ok(()));
    let after = payments::record(&anna, cash("R-1", "2026-06-08")).await;
    assert_eq!(after.err(), closed("2026-06-11"));
    let twice = periods::end_exception(&bert, end).await;
    assert_eq!(twice, Err(AppError::NotFound));
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn an_exception_runs_out(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let anna = known_accountant(&house, "anna@example.com").await;
    house.account("R-1", "EUR").await;
    close(&anna, "cash", "2026-06-10").await;
    let opened = periods::open_to(&anna, opening(&anna, "2026-06-05")).await;
    opened.expect("closed days can be opened");
    let past = anna.clock.now() - chrono::Duration::seconds(1);
    house
        .run("UPDATE period_exceptions SET until = $1", vec![past.into()])
        .await;
    let first_open = day("2026-06-11");
    let late = payments::record(&anna, cash("R-1", "2026-06-07")).await;
    assert_eq!(
        late.err(),
        Some(Refusal::PeriodClosed { first_open }.at("received_on"))
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn nobody_opens_locked_days(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let anna = known_accountant(&house, "anna@example.com").await;
    house.account("R-1", "EUR").await;
    close(&anna, "cash", "2026-06-10").await;
    let lock = async |through: &str| {
        let command = PeriodLocking {
            journal: "cash".to_owned(),
            locked_through: through.to_owned(),
        };
        periods::lock(&anna, command).await
    };
    assert_eq!(lock("2026-06-05").await, Ok(()));
    let locked = Refusal::PeriodLocked {
        through: day("2026-06-05"),
    };
    assert_eq!(
        lock("2026-06-04").await,
        Err(locked.clone().at("locked_through"))
    );
    let opened = periods::open_to(&anna, opening(&anna, "2026-06-05")).await;
    assert_eq!(opened, Err(locked.clone().at("opens_from")));
    let reopened = PeriodClosing {
        journal: "cash".to_owned(),
        closed_through: "2026-06-04".to_owned(),
        reason: "one more invoice".to_owned(),
    };
    let reopened = periods::close(&anna, reopened).await;
    assert_eq!(reopened, Err(locked.at("closed_through")));
    let open = periods::open_to(&anna, opening(&anna, "2026-06-11")).await;
    assert_eq!(open, Err(Refusal::PeriodOpen.at("opens_from")));

    // A lock that reaches further than the closing closes too, over a standing exception.
    let opened = periods::open_to(&anna, opening(&anna, "2026-06-06")).await;
    opened.expect("these days are not locked");
    assert_eq!(lock("2026-06-12").await, Ok(()));
    let first_open = day("2026-06-13");
    let late = payments::record(&anna, cash("R-1", "2026-06-07")).await;
    assert_eq!(
        late.err(),
        Some(Refusal::PeriodClosed { first_open }.at("received_on"))
    );
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
    let open = store::closed_through(&other, &ctx, JournalKind::Cash).await;
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
