//! The apply-credits run: what it finds, what striking out does, what it posts, and how it is undone.

use super::support::{Engine, House, TestAccount, day};
use crate::domain::ids::CreditRunId;
use crate::domain::ledger::{EntrySource, LedgerRole, Side};
use crate::domain::rights::Role;
use crate::dto::credit_runs::{
    CreditRunCommit, CreditRunPreview, CreditRunSummary, CreditRunUndo, NewCreditRun,
    PreviewedPair, RunState,
};
use crate::dto::credits::{GrantHold, Unapplication};
use crate::dto::error::{AppError, Refusal};
use crate::dto::form::AmountText;
use crate::dto::invoices::InvoiceDispute;
use crate::dto::page::PageRequest;
use crate::dto::payments::NewPayment;
use crate::server::context::Ctx;
use crate::server::queries::{balances, credit_runs as read};
use crate::server::services::{applications, credit_runs, invoices, payments};
use rstest::rstest;
use sea_orm::{ConnectionTrait, Statement, Value};
use uuid::Uuid;

/// The end of the month before the day of the tests.
const MAY: &str = "2026-05-31";

fn on(date: &str) -> NewCreditRun {
    NewCreditRun {
        effective_on: date.to_owned(),
        ..Default::default()
    }
}

async fn previewed(ctx: &Ctx, command: NewCreditRun) -> CreditRunId {
    credit_runs::preview(ctx, command)
        .await
        .expect("it can be previewed")
}

async fn shown(ctx: &Ctx, run: CreditRunId) -> CreditRunPreview {
    let shown = credit_runs::previewed_pairs(ctx, run, PageRequest::default(), None).await;
    shown.expect("the preview can be shown")
}

/// Customer, invoice and amount of every pair that stays in.
fn kept(preview: &CreditRunPreview) -> Vec<(String, String, i64)> {
    let rows = preview.accounts.rows.iter();
    rows.flat_map(|account| account.pairs.iter().map(move |pair| (account, pair)))
        .filter(|(_, pair)| !pair.struck)
        .map(|(account, pair)| {
            (
                account.account.clone(),
                pair.invoice_number.clone(),
                pair.amount.minor,
            )
        })
        .collect()
}

/// All pairs shown; those for which `keep` holds stay in.
fn strikes(
    run: CreditRunId,
    preview: &CreditRunPreview,
    keep: impl Fn(&PreviewedPair) -> bool,
) -> CreditRunCommit {
    let pairs: Vec<&PreviewedPair> = preview
        .accounts
        .rows
        .iter()
        .flat_map(|a| &a.pairs)
        .collect();
    CreditRunCommit {
        run: run.to_string(),
        shown: pairs.iter().map(|pair| pair.key()).collect(),
        kept: pairs
            .iter()
            .filter(|pair| keep(pair))
            .map(|pair| pair.key())
            .collect(),
    }
}

fn whole(run: CreditRunId) -> CreditRunCommit {
    CreditRunCommit {
        run: run.to_string(),
        ..Default::default()
    }
}

async fn commit(ctx: &Ctx, command: CreditRunCommit) -> Result<CreditRunSummary, AppError> {
    credit_runs::commit(ctx, command, &|_| {}).await
}

async fn run(ctx: &Ctx, command: NewCreditRun) -> CreditRunSummary {
    let run = credit_runs::run(ctx, command, &|_| {}).await;
    run.expect("the run goes through")
}

async fn undo(ctx: &Ctx, run: CreditRunId) -> CreditRunSummary {
    let command = CreditRunUndo {
        run: run.to_string(),
        reason: "a mistake".to_owned(),
    };
    let undone = credit_runs::undo(ctx, command, &|_| {}).await;
    undone.expect("the run can be undone")
}

/// What an account owes and holds, in minor units.
async fn due_and_credit(ctx: &Ctx, account: &TestAccount) -> (i64, i64) {
    let balance = balances::of_account(ctx, account.id).await;
    let balance = balance.expect("the account is there");
    (balance.due.minor, balance.credit.minor)
}

/// An account with an invoice and money on account, both of May.
async fn indebted(house: &House, number: &str, due: &str, credit: &str) -> TestAccount {
    let ctx = house.accountant();
    let account = house.account(number, "EUR").await;
    account.invoice(&ctx, "2026-05-20", due).await;
    account.payment(&ctx, "2026-05-21", credit, &[]).await;
    account
}

async fn numbers(house: &House, sql: &str, values: Vec<Value>) -> Vec<i64> {
    let read = house.system().db.read;
    let statement = Statement::from_sql_and_values(read.get_database_backend(), sql, values);
    let rows = read
        .query_all_raw(statement)
        .await
        .expect("the question can be asked");
    rows.iter()
        .map(|row| row.try_get("", "n").expect("the answer is a number"))
        .collect()
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_run_pays_what_is_due_with_the_credit_of_the_same_account(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let first = indebted(&house, "A-1", "100.00", "30.00").await;
    let second = indebted(&house, "A-2", "10.00", "25.00").await;
    // Credit here, debt there: nothing crosses accounts.
    let only_credit = house.account("A-3", "EUR").await;
    only_credit.payment(&ctx, "2026-05-21", "40.00", &[]).await;
    let only_due = house.account("A-4", "EUR").await;
    only_due.invoice(&ctx, "2026-05-20", "40.00").await;

    let id = previewed(&ctx, on("")).await;
    let preview = shown(&ctx, id).await;
    let pairs = kept(&preview);
    let amounts: Vec<(&str, i64)> = pairs.iter().map(|(a, _, m)| (a.as_str(), *m)).collect();
    assert_eq!(amounts, [("A-1", 3_000), ("A-2", 1_000)]);
    let account = &preview.accounts.rows[1];
    let balances = [
        account.due_before,
        account.due_after,
        account.credit_before,
        account.credit_after,
    ];
    assert_eq!(balances.map(|money| money.minor), [1_000, 0, 2_500, 1_500]);
    let pair = &account.pairs[0];
    assert_eq!(
        (
            pair.remaining_after.minor,
            pair.open_after.minor,
            pair.lines.len()
        ),
        (1_500, 0, 4)
    );
    // Nothing is written by looking.
    assert_eq!(due_and_credit(&ctx, &first).await, (10_000, 3_000));

    let done = commit(&ctx, whole(id)).await.expect("it can be committed");
    assert_eq!(
        (done.state, done.grants_used, done.applications),
        (RunState::Done, 2, 2)
    );
    assert_eq!(
        done.totals.iter().map(|m| m.minor).collect::<Vec<_>>(),
        [4_000]
    );
    assert_eq!(
        done.last_entry
            .zip(done.first_entry)
            .map(|(last, first)| last - first),
        Some(1)
    );
    assert_eq!(due_and_credit(&ctx, &first).await, (7_000, 0));
    assert_eq!(due_and_credit(&ctx, &second).await, (0, 1_500));
    assert_eq!(due_and_credit(&ctx, &only_credit).await, (0, 4_000));
    assert_eq!(due_and_credit(&ctx, &only_due).await, (4_000, 0));
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn each_pair_posts_four_lines_dated_with_the_run(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let account = house.account("A-1", "EUR").await;
    account.invoice(&ctx, "2026-05-20", "100.00").await;
    let prepaid = NewPayment {
        account: "A-1".to_owned(),
        amount: AmountText {
            amount: "30.00".to_owned(),
            currency: "EUR".to_owned(),
        },
        received_on: "2026-05-21".to_owned(),
        prepayment: "yes".to_owned(),
        ..Default::default()
    };
    payments::record(&ctx, prepaid)
        .await
        .expect("it can be recorded");
    account.payment(&ctx, "2026-05-22", "20.00", &[]).await;
    let done = run(&ctx, on(MAY)).await;
    let id = done.run.0;
    let entries = numbers(
        &house,
        "SELECT number AS n FROM journal_entries WHERE run_id = $1 ORDER BY number",
        vec![id.into()],
    )
    .await;
    assert_eq!(entries.len(), 2);
    let dated = "SELECT COUNT(*) AS n FROM journal_entries WHERE run_id = $1 AND source = 'ARP'
        AND effective_on = $2 AND posting_on = $2";
    assert_eq!(
        numbers(&house, dated, vec![id.into(), day(MAY).into()]).await,
        [2]
    );
    assert_eq!(EntrySource::Application.code(), "ARP");
    // Overpayment is used before the prepayment: its class rank is lower.
    let of_entry = |role: LedgerRole, side: Side, source: &'static str, entry: i64| {
        let values: Vec<Value> = vec![
            role.code().into(),
            side.code().into(),
            source.into(),
            entry.into(),
        ];
        let house = &house;
        async move {
            let sql = "SELECT l.amount_minor AS n FROM journal_lines l JOIN journal_entries e ON e.id = l.entry_id
                WHERE l.role = $1 AND l.side = $2 AND l.line_source = $3 AND e.number = $4";
            numbers(house, sql, values).await
        }
    };
    for (entry, carrying, amount) in [
        (entries[0], LedgerRole::Receivable, 2_000),
        (entries[1], LedgerRole::CustomerPrepayments, 3_000),
    ] {
        assert_eq!(of_entry(carrying, Side::Debit, "AR", entry).await, [amount]);
        assert_eq!(
            of_entry(LedgerRole::Bank, Side::Credit, "BNK", entry).await,
            [amount]
        );
        assert_eq!(
            of_entry(LedgerRole::Receivable, Side::Credit, "AR", entry).await,
            [amount]
        );
        assert_eq!(
            of_entry(LedgerRole::Bank, Side::Debit, "BNK", entry).await,
            [amount]
        );
        let lines =
            "SELECT COUNT(*) AS n FROM journal_lines l JOIN journal_entries e ON e.id = l.entry_id
            WHERE e.number = $1";
        assert_eq!(numbers(&house, lines, vec![entry.into()]).await, [4]);
    }
    let wash =
        "SELECT COUNT(*) AS n FROM journal_lines l JOIN journal_entries e ON e.id = l.entry_id
        WHERE e.run_id = $1 AND l.wash = $2 AND l.role = 'bank'";
    assert_eq!(
        numbers(&house, wash, vec![id.into(), true.into()]).await,
        [4]
    );
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn held_disputed_and_later_things_are_left_alone(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    // A grant on hold.
    let held = house.account("A-1", "EUR").await;
    held.invoice(&ctx, "2026-05-20", "10.00").await;
    let paid = held.payment(&ctx, "2026-05-21", "10.00", &[]).await;
    let hold = GrantHold {
        grant: paid.grant.expect("it left credit").to_string(),
        on_hold: true,
        reason: "review".to_owned(),
    };
    applications::hold(&ctx, hold)
        .await
        .expect("it can be held");
    // A disputed invoice.
    let disputed = house.account("A-2", "EUR").await;
    let invoice = disputed.invoice(&ctx, "2026-05-20", "10.00").await;
    let dispute = InvoiceDispute {
        invoice: invoice.invoice.to_string(),
        disputed: true,
        reason: "wrong goods".to_owned(),
    };
    invoices::set_disputed(&ctx, dispute)
        .await
        .expect("it can be disputed");
    disputed.payment(&ctx, "2026-05-21", "10.00", &[]).await;
    // An account on hold.
    indebted(&house, "A-3", "10.00", "10.00").await;
    let sql = "UPDATE receivable_accounts SET on_hold = $1 WHERE number = 'A-3'";
    house.run(sql, vec![true.into()]).await;
    // Credit that came after the date, and an invoice issued after it.
    let late_credit = house.account("A-4", "EUR").await;
    late_credit.invoice(&ctx, "2026-05-20", "10.00").await;
    late_credit.payment(&ctx, "2026-06-01", "10.00", &[]).await;
    let late_invoice = house.account("A-5", "EUR").await;
    late_invoice.payment(&ctx, "2026-05-21", "10.00", &[]).await;
    late_invoice.invoice(&ctx, "2026-06-01", "10.00").await;
    // Credit lapsed by the date of the run, and lapsed only by today.
    for (number, lapse) in [("A-6", "2026-05-30"), ("A-7", "2026-06-14")] {
        indebted(&house, number, "10.00", "10.00").await;
        let sql = "UPDATE credit_grants SET expires_on = $1
            WHERE account_id = (SELECT id FROM receivable_accounts WHERE number = $2)";
        house.run(sql, vec![day(lapse).into(), number.into()]).await;
    }
    let done = run(&ctx, on(MAY)).await;
    assert_eq!((done.state, done.applications), (RunState::Done, 0));
    // A month on, what was merely later is found.
    let done = run(&ctx, on("2026-06-15")).await;
    assert_eq!((done.applications, done.totals[0].minor), (2, 2_000));
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_scope_is_one_customer_or_a_tag_that_someone_has(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    for number in ["A-1", "A-2", "A-3"] {
        indebted(&house, number, "10.00", "10.00").await;
    }
    let sql = "INSERT INTO customer_tags (customer_id, tag)
        SELECT id, 'wholesale' FROM customers WHERE number = 'A-2'";
    house.run(sql, vec![]).await;
    let scoped = |scope: &str, value: &str| NewCreditRun {
        scope: scope.to_owned(),
        scope_value: value.to_owned(),
        ..on(MAY)
    };
    for (scope, value, refusal) in [
        ("customer", "A-9", Refusal::UnknownReference),
        ("tag", "retail", Refusal::UnknownReference),
        ("tag", " ", Refusal::Required),
    ] {
        let answer = credit_runs::preview(&ctx, scoped(scope, value)).await;
        assert_eq!(answer.err(), Some(refusal.at("scope_value")));
    }
    for (scope, value, account) in [("customer", "A-1", "A-1"), ("tag", "wholesale", "A-2")] {
        let id = previewed(&ctx, scoped(scope, value)).await;
        let accounts: Vec<String> = kept(&shown(&ctx, id).await)
            .into_iter()
            .map(|p| p.0)
            .collect();
        assert_eq!(accounts, [account]);
        assert_eq!(
            commit(&ctx, whole(id))
                .await
                .expect("it can be committed")
                .applications,
            1
        );
    }
    assert_eq!(run(&ctx, on(MAY)).await.applications, 1);
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_runs_order_of_use_goes_before_the_accounts_own(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let account = house.account("A-1", "EUR").await;
    account.invoice(&ctx, "2026-05-20", "10.00").await;
    account.payment(&ctx, "2026-05-21", "10.00", &[]).await;
    let lapsing = account.payment(&ctx, "2026-05-22", "10.00", &[]).await;
    let id = lapsing.grant.expect("it left credit").0;
    let sql = "UPDATE credit_grants SET expires_on = $1 WHERE id = $2";
    house
        .run(sql, vec![day("2026-12-31").into(), id.into()])
        .await;
    let used = |order: &str| {
        let command = NewCreditRun {
            order_of_use: order.to_owned(),
            ..on(MAY)
        };
        let ctx = ctx.clone();
        async move {
            let id = previewed(&ctx, command).await;
            shown(&ctx, id).await.accounts.rows[0].pairs[0].grant.0
        }
    };
    assert_eq!(used("").await, id);
    assert_ne!(used("oldest_first").await, id);
    assert_eq!(used("lapsing_first").await, id);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_struck_pair_is_not_applied(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let first = indebted(&house, "A-1", "10.00", "10.00").await;
    let second = indebted(&house, "A-2", "10.00", "10.00").await;
    let id = previewed(&ctx, on(MAY)).await;
    let preview = shown(&ctx, id).await;
    let keep = preview.accounts.rows[1].pairs[0].key();
    let command = strikes(id, &preview, |pair| pair.key() == keep);
    let done = commit(&ctx, command).await.expect("it can be committed");
    assert_eq!((done.applications, done.stale_accounts.len()), (1, 0));
    assert_eq!(due_and_credit(&ctx, &first).await, (1_000, 1_000));
    assert_eq!(due_and_credit(&ctx, &second).await, (0, 0));
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn credit_struck_off_one_invoice_goes_on_only_once_that_was_shown(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let account = indebted(&house, "A-1", "10.00", "10.00").await;
    let next = account.invoice(&ctx, "2026-05-25", "50.00").await;
    let id = previewed(&ctx, on(MAY)).await;
    let preview = shown(&ctx, id).await;
    let none = strikes(id, &preview, |_| false);
    // The credit would go on to the next invoice, which the person has not seen.
    assert_eq!(
        commit(&ctx, none.clone()).await.err(),
        Some(Refusal::PairsChanged.of_act())
    );
    assert_eq!(due_and_credit(&ctx, &account).await, (6_000, 1_000));
    let asked = credit_runs::previewed_pairs(&ctx, id, PageRequest::default(), Some(none)).await;
    let asked = asked.expect("it can be shown");
    let now: Vec<(Option<String>, bool, i64)> = asked.accounts.rows[0]
        .pairs
        .iter()
        .map(|pair| {
            (
                Some(pair.invoice_number.clone()),
                pair.struck,
                pair.amount.minor,
            )
        })
        .collect();
    assert_eq!(now[0], (next.number.clone(), false, 1_000));
    assert!(now[1].1);
    // Seen, it is committed as shown.
    let as_shown = strikes(id, &asked, |pair| !pair.struck);
    let done = commit(&ctx, as_shown).await.expect("it can be committed");
    assert_eq!(done.applications, 1);
    let paid = house.applications_of(next.invoice).await;
    assert_eq!(paid.len(), 1);
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn an_account_that_changed_is_named_and_the_rest_goes_through(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let changed = indebted(&house, "A-1", "10.00", "10.00").await;
    let same = indebted(&house, "A-2", "10.00", "10.00").await;
    let id = previewed(&ctx, on(MAY)).await;
    changed.invoice(&ctx, "2026-05-22", "3.00").await;
    let preview = shown(&ctx, id).await;
    let stale: Vec<bool> = preview
        .accounts
        .rows
        .iter()
        .map(|account| account.stale)
        .collect();
    assert_eq!(stale, [true, false]);
    let done = commit(&ctx, whole(id))
        .await
        .expect("the rest goes through");
    assert_eq!(done.stale_accounts, ["A-1"]);
    assert_eq!((done.applications, done.state), (1, RunState::Done));
    assert_eq!(due_and_credit(&ctx, &changed).await, (1_300, 1_000));
    assert_eq!(due_and_credit(&ctx, &same).await, (0, 0));
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn the_same_key_twice_changes_nothing(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let account = indebted(&house, "A-1", "100.00", "10.00").await;
    let keyed = |date: &str| NewCreditRun {
        key: "monthly-2026-05".to_owned(),
        ..on(date)
    };
    let first = run(&ctx, keyed(MAY)).await;
    account.payment(&ctx, "2026-05-25", "20.00", &[]).await;
    assert_eq!(run(&ctx, keyed(MAY)).await, first);
    let other = credit_runs::run(&ctx, keyed("2026-05-30"), &|_| {}).await;
    assert_eq!(other.err(), Some(AppError::KeyConflict));
    // A preview's key is its id: committing again is the same request.
    let id = previewed(&ctx, on(MAY)).await;
    let done = commit(&ctx, whole(id)).await.expect("it can be committed");
    account.payment(&ctx, "2026-05-26", "20.00", &[]).await;
    assert_eq!(commit(&ctx, whole(id)).await, Ok(done));
    assert_eq!(due_and_credit(&ctx, &account).await, (7_000, 2_000));
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn two_runs_at_once_never_use_a_cent_twice(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let mut accounts = Vec::new();
    for n in 0..6 {
        accounts.push(indebted(&house, &format!("A-{n}"), "10.00", "4.00").await);
    }
    let none: credit_runs::Progress<'_> = &|_| {};
    let (one, other) = tokio::join!(
        credit_runs::run(&ctx, on(MAY), none),
        credit_runs::run(&ctx, on(MAY), none)
    );
    let applied = [one, other].map(|run| run.expect("it goes through").applications);
    assert_eq!(applied.iter().sum::<i64>(), 6);
    for account in &accounts {
        assert_eq!(due_and_credit(&ctx, account).await, (600, 0));
    }
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn one_run_committed_twice_at_once_is_done_once(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    for n in 0..6 {
        indebted(&house, &format!("A-{n}"), "10.00", "4.00").await;
    }
    let id = previewed(&ctx, on(MAY)).await;
    let (one, other) = tokio::join!(commit(&ctx, whole(id)), commit(&ctx, whole(id)));
    let done = [one, other].map(|run| run.expect("it goes through"));
    assert_eq!(done[0].applications, 6);
    assert_eq!(done[0], done[1]);
    assert!(done[0].stale_accounts.is_empty());
    let keyed = NewCreditRun {
        key: "job".to_owned(),
        ..on(MAY)
    };
    let none: credit_runs::Progress<'_> = &|_| {};
    let (one, other) = tokio::join!(
        credit_runs::run(&ctx, keyed.clone(), none),
        credit_runs::run(&ctx, keyed.clone(), none)
    );
    assert_eq!(
        one.expect("it goes through").run,
        other.expect("it goes through").run
    );
    // What one of them applied is undone whole.
    assert_eq!(undo(&ctx, id).await.state, RunState::Undone);
    let standing = "SELECT COUNT(*) AS n FROM applications WHERE unapplied_on IS NULL";
    assert_eq!(numbers(&house, standing, vec![]).await, [0]);
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_run_that_stopped_half_way_is_finished_by_committing_again(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let accounts = [
        indebted(&house, "A-1", "10.00", "4.00").await,
        indebted(&house, "A-2", "10.00", "4.00").await,
    ];
    let id = previewed(&ctx, on(MAY)).await;
    commit(&ctx, whole(id)).await.expect("it can be committed");
    // As a server that stopped after its first account would have left it.
    let second = applied_of(&house, &accounts[1]).await;
    let unapplication = Unapplication {
        application: second.to_string(),
        ..Default::default()
    };
    applications::unapply(&ctx, unapplication)
        .await
        .expect("it can be undone");
    house
        .run(
            "UPDATE credit_runs SET state = 'running', finished_at = NULL",
            vec![],
        )
        .await;
    let version = "UPDATE credit_run_accounts SET outcome = NULL, account_version =
        (SELECT a.version FROM receivable_accounts a WHERE a.id = credit_run_accounts.account_id)
        WHERE account_id = $1";
    house.run(version, vec![accounts[1].id.0.into()]).await;
    let half = read::detail(&ctx, id).await.expect("it is there");
    assert_eq!(
        (half.summary.state, half.done, half.total),
        (RunState::Running, 1, 2)
    );

    let done = commit(&ctx, whole(id)).await.expect("it can be finished");
    assert_eq!((done.state, done.applications), (RunState::Done, 3));
    for account in &accounts {
        assert_eq!(due_and_credit(&ctx, account).await, (600, 0));
    }
    house.check_books().await;
}

/// The application of the account's only credit.
async fn applied_of(house: &House, account: &TestAccount) -> Uuid {
    let read = house.system().db.read;
    let sql = "SELECT id FROM applications WHERE account_id = $1 AND unapplied_on IS NULL";
    let statement =
        Statement::from_sql_and_values(read.get_database_backend(), sql, [account.id.0.into()]);
    let row = read
        .query_one_raw(statement)
        .await
        .expect("the question can be asked");
    row.expect("there is one")
        .try_get("", "id")
        .expect("it has an id")
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn an_undone_run_leaves_everything_as_before(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let first = indebted(&house, "A-1", "100.00", "30.00").await;
    let second = indebted(&house, "A-2", "10.00", "25.00").await;
    let done = run(&ctx, on(MAY)).await;
    assert_eq!(done.applications, 2);
    let undone = undo(&ctx, done.run).await;
    assert_eq!(
        (undone.state, undone.left_alone.len()),
        (RunState::Undone, 0)
    );
    assert_eq!(due_and_credit(&ctx, &first).await, (10_000, 3_000));
    assert_eq!(due_and_credit(&ctx, &second).await, (1_000, 2_500));
    // Undoing again changes nothing, and the credit can be applied again.
    assert_eq!(undo(&ctx, done.run).await, undone);
    assert_eq!(run(&ctx, on(MAY)).await.applications, 2);
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn an_undo_leaves_alone_and_names_what_has_moved_on(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let moved = house.account("A-1", "EUR").await;
    let invoice = moved.invoice(&ctx, "2026-05-20", "10.00").await;
    moved.payment(&ctx, "2026-05-21", "10.00", &[]).await;
    let stays = indebted(&house, "A-2", "10.00", "10.00").await;
    let done = run(&ctx, on(MAY)).await;
    let unapplication = Unapplication {
        application: applied_of(&house, &moved).await.to_string(),
        ..Default::default()
    };
    applications::unapply(&ctx, unapplication)
        .await
        .expect("it can be undone");
    let undone = undo(&ctx, done.run).await;
    assert_eq!(undone.left_alone, [invoice.number.expect("it is final")]);
    assert_eq!(due_and_credit(&ctx, &moved).await, (1_000, 1_000));
    assert_eq!(due_and_credit(&ctx, &stays).await, (1_000, 1_000));
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_run_with_nothing_to_apply_is_recorded(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let done = run(&ctx, on(MAY)).await;
    assert_eq!((done.state, done.applications), (RunState::Done, 0));
    assert_eq!((done.first_entry, done.totals.len()), (None, 0));
    let id = previewed(&ctx, on(MAY)).await;
    assert!(shown(&ctx, id).await.accounts.rows.is_empty());
    commit(&ctx, whole(id)).await.expect("it can be committed");
    let list = read::list(&ctx, PageRequest::default())
        .await
        .expect("a list");
    let states: Vec<RunState> = list.rows.iter().map(|row| row.state).collect();
    assert_eq!(
        (list.total, states),
        (2, vec![RunState::Done, RunState::Done])
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_run_dated_in_a_closed_period_or_too_far_ahead_is_refused(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let sql = "INSERT INTO closed_periods (journal, closed_through) VALUES ('credit', $1)";
    house.run(sql, vec![day("2026-04-30").into()]).await;
    for (date, refusal) in [
        (
            "2026-04-30",
            Refusal::PeriodClosed {
                first_open: day("2026-05-01"),
            },
        ),
        (
            "2026-07-01",
            Refusal::DateTooLate {
                last: day("2026-06-30"),
            },
        ),
        ("soon", Refusal::NotADate),
    ] {
        let previewed = credit_runs::preview(&ctx, on(date)).await;
        assert_eq!(previewed.err(), Some(refusal.clone().at("effective_on")));
        let run = credit_runs::run(&ctx, on(date), &|_| {}).await;
        assert_eq!(run.err(), Some(refusal.at("effective_on")));
    }
    run(&ctx, on("2026-05-01")).await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_run_goes_through_its_states_in_order(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    indebted(&house, "A-1", "10.00", "10.00").await;
    let id = previewed(&ctx, on(MAY)).await;
    let early = CreditRunUndo {
        run: id.to_string(),
        reason: String::new(),
    };
    let undone = credit_runs::undo(&ctx, early, &|_| {}).await;
    assert_eq!(undone.err(), Some(Refusal::RunNotDone.of_act()));
    commit(&ctx, whole(id)).await.expect("it can be committed");
    let late = credit_runs::strike(&ctx, whole(id)).await;
    assert_eq!(late.err(), Some(Refusal::RunNotInPreview.of_act()));
    undo(&ctx, id).await;
    let again = commit(&ctx, whole(id)).await;
    assert_eq!(again.err(), Some(Refusal::RunNotInPreview.of_act()));
    let nowhere = CreditRunCommit {
        run: Uuid::nil().to_string(),
        ..Default::default()
    };
    assert_eq!(commit(&ctx, nowhere).await.err(), Some(AppError::NotFound));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn only_who_applies_credit_may_run(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let account = indebted(&house, "A-1", "10.00", "10.00").await;
    let id = previewed(&house.accountant(), on(MAY)).await;
    for (who, ctx) in house.everyone(account.customer) {
        if who == "accountant" {
            continue;
        }
        let expected = match who {
            "nobody" => AppError::NotLoggedIn,
            _ => AppError::Forbidden,
        };
        let undo = CreditRunUndo {
            run: id.to_string(),
            reason: "no".to_owned(),
        };
        let denied = [
            credit_runs::preview(&ctx, on(MAY)).await.err(),
            credit_runs::run(&ctx, on(MAY), &|_| {}).await.err(),
            commit(&ctx, whole(id)).await.err(),
            credit_runs::strike(&ctx, whole(id)).await.err(),
            credit_runs::undo(&ctx, undo, &|_| {}).await.err(),
            credit_runs::previewed_pairs(&ctx, id, PageRequest::default(), None)
                .await
                .err(),
        ];
        for denied in denied {
            assert_eq!(denied, Some(expected.clone()), "{who}");
        }
        let read = read::detail(&ctx, id).await.err();
        assert_eq!(read, (who != "admin").then(|| expected.clone()), "{who}");
    }
    let runner = house.staff("Both", &[Role::Support, Role::Accountant]);
    assert_eq!(
        commit(&runner, whole(id))
            .await
            .expect("roles add up")
            .applications,
        1
    );
}
