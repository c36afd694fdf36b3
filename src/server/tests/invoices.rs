//! Invoices: drafting, finalising, numbers, dates, automatic use of credit, voiding, disputes, and who may do what.

use super::support::{Engine, House, TestAccount, day};
use crate::domain::credit::CreditClass;
use crate::domain::invoice::InvoiceStatus;
use crate::domain::ledger::Side;
use crate::domain::money::{Currency, Money};
use crate::domain::rights::Right;
use crate::dto::credits::{GrantHold, NewApplication};
use crate::dto::error::{AppError, Refusal};
use crate::dto::form::AmountText;
use crate::dto::invoices::{
    InvoiceDetail, InvoiceDispute, InvoiceFinalisation, InvoiceVoiding, NewInvoice, NewInvoiceLine,
    SavedInvoice,
};
use crate::dto::lineage::FundsOrigin;
use crate::dto::payments::{NewPayment, RecordedPayment};
use crate::server::context::{Actor, Ctx};
use crate::server::queries::verify::verify;
use crate::server::queries::{balances, invoices as queries};
use crate::server::services::{applications, invoices, payments};
use futures::future::join_all;
use rstest::rstest;

/// A line as typed.
fn line(quantity: &str, unit_price: &str, tax_rate: &str) -> NewInvoiceLine {
    NewInvoiceLine {
        description: "Service".to_owned(),
        quantity: quantity.to_owned(),
        unit_price: unit_price.to_owned(),
        tax_rate: tax_rate.to_owned(),
        ..Default::default()
    }
}

/// An invoice as typed, issued on this day, saved as a draft unless told otherwise.
fn typed(account: &TestAccount, issued_on: &str, lines: Vec<NewInvoiceLine>) -> NewInvoice {
    NewInvoice {
        account: account.number.clone(),
        issued_on: issued_on.to_owned(),
        lines,
        ..Default::default()
    }
}

fn finalised(command: NewInvoice) -> NewInvoice {
    NewInvoice {
        act: "finalise".to_owned(),
        ..command
    }
}

/// The draft as it stands, to be changed and saved again.
async fn as_typed(ctx: &Ctx, saved: &SavedInvoice) -> NewInvoice {
    let draft = queries::draft(ctx, &saved.invoice.to_string()).await;
    draft.expect("a draft has an editor").invoice
}

async fn save(ctx: &Ctx, command: NewInvoice) -> SavedInvoice {
    invoices::save(ctx, command)
        .await
        .expect("the invoice can be saved")
}

async fn detail(ctx: &Ctx, saved: &SavedInvoice) -> InvoiceDetail {
    queries::detail(ctx, &saved.invoice.to_string())
        .await
        .expect("the invoice is there")
}

fn finalisation(saved: &SavedInvoice) -> InvoiceFinalisation {
    InvoiceFinalisation {
        invoice: saved.invoice.to_string(),
        ..Default::default()
    }
}

fn voiding(saved: &SavedInvoice) -> InvoiceVoiding {
    InvoiceVoiding {
        invoice: saved.invoice.to_string(),
        reason: "billed twice".to_owned(),
        ..Default::default()
    }
}

fn euros(minor: i64) -> Money {
    Money::new(minor, Currency::EUR)
}

/// The first refusal and its field.
fn refused<T: std::fmt::Debug>(result: Result<T, AppError>) -> (Option<String>, Refusal) {
    match result {
        Err(AppError::Refused(mut refusals)) => {
            let first = refusals.remove(0);
            (first.field, first.refusal)
        }
        other => panic!("expected a refusal, got {other:?}"),
    }
}

fn at(field: &str, refusal: Refusal) -> (Option<String>, Refusal) {
    (Some(field.to_owned()), refusal)
}

async fn check_books(house: &House) {
    let report = verify(&house.system())
        .await
        .expect("the books can be checked");
    let findings: Vec<String> = report
        .findings()
        .map(|finding| finding.sentence())
        .collect();
    assert_eq!(findings, Vec::<String>::new());
}

/// What is owed and held on the account.
async fn due_and_credit(house: &House, account: &TestAccount) -> (i64, i64) {
    let balance = balances::of_account(&house.system(), account.id)
        .await
        .expect("the account is there");
    (balance.due.minor, balance.credit.minor)
}

/// `side account amount` of each line of the invoice's entries, an entry after the other.
async fn journal(house: &House, saved: &SavedInvoice) -> Vec<String> {
    let shown = detail(&house.accountant(), saved).await;
    let lines = shown.entries.iter().flat_map(|entry| &entry.lines);
    lines
        .map(|line| {
            let side = match line.side {
                Side::Debit => "Dr",
                Side::Credit => "Cr",
            };
            format!("{side} {} {}", line.name, line.amount.minor)
        })
        .collect()
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn two_at_68_33_with_20_percent_make_163_99(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let account = house.account("R-1", "EUR").await;
    let lines = vec![line("2", "68.33", "20")];
    let saved = save(&ctx, finalised(typed(&account, "2026-06-15", lines))).await;
    let shown = detail(&ctx, &saved).await;
    let row = &shown.row;
    assert_eq!(
        [row.net, row.tax, row.total, row.open],
        [euros(13_666), euros(2_733), euros(16_399), euros(16_399)]
    );
    assert_eq!(row.due_on, day("2026-06-29"), "terms are 14 days");
    assert_eq!(row.status, InvoiceStatus::Open);
    assert_eq!(
        journal(&house, &saved).await,
        [
            "Dr Accounts receivable 16399",
            "Cr Revenue 13666",
            "Cr Sales tax payable 2733"
        ]
    );
    assert_eq!(due_and_credit(&house, &account).await, (16_399, 0));
    check_books(&house).await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_draft_has_no_number_and_posts_nothing_until_it_is_finalised(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let account = house.account("R-1", "EUR").await;
    let lines = vec![line("1", "100", "")];
    let draft = save(&ctx, typed(&account, "2026-06-15", lines)).await;
    assert_eq!(draft.number, None);
    let shown = detail(&ctx, &draft).await;
    assert_eq!(
        (shown.row.number, shown.row.status, shown.entries.len()),
        (None, InvoiceStatus::Draft, 0)
    );
    assert_eq!(due_and_credit(&house, &account).await, (0, 0));

    let saved = invoices::finalise(&ctx, finalisation(&draft)).await;
    let saved = saved.expect("a draft can be finalised");
    assert_eq!(saved.invoice, draft.invoice);
    assert_eq!(saved.number.as_deref(), Some("INV-2026-00001"));
    assert_eq!(due_and_credit(&house, &account).await, (10_000, 0));
    let acts: Vec<String> = detail(&ctx, &saved)
        .await
        .history
        .into_iter()
        .map(|event| format!("{} {}", event.actor, event.act))
        .collect();
    assert_eq!(
        acts,
        [
            "Anna Accountant invoice.finalised",
            "Anna Accountant invoice.drafted"
        ],
        "newest first"
    );
    check_books(&house).await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_draft_can_be_changed_and_thrown_away_and_an_invoice_cannot(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let account = house.account("R-1", "EUR").await;
    let first = save(
        &ctx,
        typed(&account, "2026-06-15", vec![line("1", "100", "")]),
    )
    .await;
    let mut again = as_typed(&ctx, &first).await;
    again.lines.push(line("3", "1.50", "7"));
    assert_eq!(save(&ctx, again).await.invoice, first.invoice);
    let total = detail(&ctx, &first).await.row.total;
    assert_eq!(total, euros(10_000 + 450 + 32), "7 % of 4.50 is 0.315");

    invoices::discard(&ctx, &first.invoice.to_string())
        .await
        .expect("a draft can be thrown away");
    let gone = queries::detail(&ctx, &first.invoice.to_string()).await;
    assert_eq!(gone, Err(AppError::NotFound));

    let second = save(
        &ctx,
        typed(&account, "2026-06-15", vec![line("1", "5", "")]),
    )
    .await;
    let late = as_typed(&ctx, &second).await;
    let saved = invoices::finalise(&ctx, finalisation(&second)).await;
    let saved = saved.expect("a draft can be finalised");
    assert_eq!(saved.number.as_deref(), Some("INV-2026-00001"));
    let final_id = saved.invoice.to_string();
    let refusals = [
        refused(invoices::save(&ctx, late).await),
        refused(invoices::finalise(&ctx, finalisation(&saved)).await),
        refused(invoices::discard(&ctx, &final_id).await),
    ];
    for refusal in refusals {
        assert_eq!(refusal, (None, Refusal::InvoiceFinal));
    }
    assert_eq!(
        queries::draft(&ctx, &final_id).await,
        Err(AppError::NotFound)
    );
    check_books(&house).await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_draft_changed_by_someone_else_meanwhile_is_refused(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let account = house.account("R-1", "EUR").await;
    let draft = save(
        &ctx,
        typed(&account, "2026-06-15", vec![line("1", "100", "")]),
    )
    .await;
    let mut mine = as_typed(&ctx, &draft).await;
    let mut theirs = mine.clone();
    theirs.reference = "PO 7".to_owned();
    save(
        &house.staff("Bea", &[crate::domain::rights::Role::Accountant]),
        theirs,
    )
    .await;

    mine.lines = vec![line("1", "120", "")];
    for act in ["draft", "finalise"] {
        mine.act = act.to_owned();
        let stale = invoices::save(&ctx, mine.clone()).await;
        assert_eq!(stale, Err(AppError::Stale(vec!["draft".to_owned()])));
    }
    let shown = detail(&ctx, &draft).await.row;
    assert_eq!(
        (shown.reference.as_str(), shown.total),
        ("PO 7", euros(10_000))
    );
    assert_eq!(shown.number, None);

    mine.version = as_typed(&ctx, &draft).await.version;
    assert_eq!(
        save(&ctx, mine).await.number.as_deref(),
        Some("INV-2026-00001"),
        "having seen it, the person may go on"
    );
    check_books(&house).await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn invoices_finalised_at_once_are_numbered_without_gap_or_repetition(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let mut commands = Vec::new();
    for number in ["R-1", "R-2", "R-3", "R-4"] {
        let account = house.account(number, "EUR").await;
        for _ in 0..3 {
            commands.push(finalised(typed(
                &account,
                "2026-06-15",
                vec![line("1", "10", "19")],
            )));
        }
        // Of these none becomes an invoice, and none takes a number.
        commands.push(finalised(typed(
            &account,
            "2026-07-01",
            vec![line("1", "10", "19")],
        )));
    }
    let saved = join_all(
        commands
            .into_iter()
            .map(|command| invoices::save(&ctx, command)),
    )
    .await;
    let mut numbers: Vec<String> = saved
        .into_iter()
        .flatten()
        .map(|saved| saved.number.expect("it was finalised"))
        .collect();
    numbers.sort();
    let expected: Vec<String> = (1..=12).map(|n| format!("INV-2026-{n:05}")).collect();
    assert_eq!(numbers, expected);
    check_books(&house).await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn one_draft_finalised_twice_at_once_becomes_one_invoice(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let account = house.account("R-1", "EUR").await;
    let draft = save(
        &ctx,
        typed(&account, "2026-06-15", vec![line("1", "10", "")]),
    )
    .await;
    let both = tokio::join!(
        invoices::finalise(&ctx, finalisation(&draft)),
        invoices::finalise(&ctx, finalisation(&draft))
    );
    let (done, other) = match both {
        (Ok(done), other) | (other, Ok(done)) => (done, other),
        neither => panic!("one of the two is done: {neither:?}"),
    };
    assert_eq!(done.number.as_deref(), Some("INV-2026-00001"));
    assert_eq!(refused(other), (None, Refusal::InvoiceFinal));
    assert_eq!(due_and_credit(&house, &account).await, (1_000, 0));
    check_books(&house).await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn each_year_counts_from_one_by_the_day_an_invoice_is_posted(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let account = house.account("R-1", "EUR").await;
    account.invoice(&ctx, "2026-06-15", "10").await;
    assert!(ctx.clock.move_to(day("2027-01-02")));
    let numbers = [
        account.invoice(&ctx, "2027-01-02", "10").await.number,
        account.invoice(&ctx, "2026-12-31", "10").await.number,
        account.invoice(&ctx, "2027-01-01", "10").await.number,
    ];
    assert_eq!(
        numbers.map(Option::unwrap),
        ["INV-2027-00001", "INV-2026-00002", "INV-2027-00002"]
    );
    close(&house, "sales", "2026-12-31").await;
    let late = account.invoice(&ctx, "2026-12-30", "10").await;
    assert_eq!(
        late.number.as_deref(),
        Some("INV-2027-00003"),
        "backdated into a closed year it is posted, and numbered, in the open one"
    );
    let shown = detail(&ctx, &late).await;
    assert_eq!(
        (shown.row.issued_on, shown.posting_on),
        (day("2026-12-30"), Some(day("2027-01-01")))
    );
    check_books(&house).await;
}

/// Nothing is posted in this journal on or before the day.
async fn close(house: &House, journal: &str, closed_through: &str) {
    house
        .run(
            "INSERT INTO closed_periods (journal, closed_through) VALUES ($1, $2)",
            vec![journal.into(), day(closed_through).into()],
        )
        .await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_negative_total_becomes_credit_of_class_credit_note(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let account = house.account("R-1", "EUR").await;
    let lines = vec![line("1", "10", "20"), line("-3", "20", "20")];
    let saved = save(&ctx, finalised(typed(&account, "2026-06-15", lines))).await;
    let shown = detail(&ctx, &saved).await;
    assert_eq!(
        (shown.row.total, shown.row.open, shown.row.status),
        (euros(-6_000), euros(0), InvoiceStatus::Credit)
    );
    let grant = shown.grant.expect("it gave rise to credit");
    assert_eq!(grant.remaining, euros(6_000));
    assert_eq!(
        journal(&house, &saved).await,
        [
            "Cr Accounts receivable 6000",
            "Dr Revenue 5000",
            "Dr Sales tax payable 1000"
        ]
    );
    let balance = balances::of_account(&house.system(), account.id)
        .await
        .expect("the account is there");
    let classes: Vec<(CreditClass, Money)> = balance
        .credit_by_class
        .iter()
        .map(|credit| (credit.class, credit.amount))
        .collect();
    assert_eq!(classes, [(CreditClass::CreditNote, euros(6_000))]);
    check_books(&house).await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn an_invoice_over_nothing_is_numbered_paid_and_posts_nothing(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let account = house.account("R-1", "EUR").await;
    let lines = vec![line("1", "10", "20"), line("-1", "10", "20")];
    let saved = save(&ctx, finalised(typed(&account, "2026-06-15", lines))).await;
    let shown = detail(&ctx, &saved).await;
    assert_eq!(shown.row.number.as_deref(), Some("INV-2026-00001"));
    assert_eq!(
        (shown.row.status, shown.entries.len()),
        (InvoiceStatus::Paid, 0)
    );
    check_books(&house).await;
    let voided = invoices::void(&ctx, voiding(&saved)).await;
    assert!(voided.is_ok(), "{voided:?}");
    assert_eq!(detail(&ctx, &saved).await.row.status, InvoiceStatus::Void);
    check_books(&house).await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn an_untouched_invoice_is_voided_by_the_contra_of_its_entry(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let account = house.account("R-1", "EUR").await;
    let saved = save(
        &ctx,
        finalised(typed(&account, "2026-06-10", vec![line("1", "50", "20")])),
    )
    .await;

    let without_reason = InvoiceVoiding {
        reason: " ".to_owned(),
        ..voiding(&saved)
    };
    assert_eq!(
        refused(invoices::void(&ctx, without_reason).await),
        at("reason", Refusal::ReasonRequired)
    );
    let voided = invoices::void(&ctx, voiding(&saved)).await;
    assert_eq!(voided.as_ref(), Ok(&saved));
    let shown = detail(&ctx, &saved).await;
    let stands = shown.voided.expect("it is void");
    assert_eq!(
        (shown.row.status, shown.row.open),
        (InvoiceStatus::Void, euros(0))
    );
    assert_eq!(
        (stands.voided_on, stands.reason.as_str()),
        (day("2026-06-15"), "billed twice")
    );
    assert_eq!(
        journal(&house, &saved).await,
        [
            "Dr Accounts receivable 6000",
            "Cr Revenue 5000",
            "Cr Sales tax payable 1000",
            "Cr Accounts receivable 6000",
            "Dr Revenue 5000",
            "Dr Sales tax payable 1000"
        ]
    );
    assert_eq!(shown.entries[1].reverses, Some(shown.entries[0].number));
    assert_eq!(due_and_credit(&house, &account).await, (0, 0));
    assert_eq!(
        refused(invoices::void(&ctx, voiding(&saved)).await),
        (None, Refusal::InvoiceVoid)
    );
    check_books(&house).await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_draft_is_not_voided(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let account = house.account("R-1", "EUR").await;
    let draft = save(
        &ctx,
        typed(&account, "2026-06-15", vec![line("1", "10", "")]),
    )
    .await;
    assert_eq!(
        refused(invoices::void(&ctx, voiding(&draft)).await),
        (None, Refusal::InvoiceIsDraft)
    );
}

/// Money on account, designated as paid in advance.
async fn prepayment(ctx: &Ctx, account: &TestAccount, amount: &str) -> RecordedPayment {
    let command = NewPayment {
        account: account.number.clone(),
        amount: AmountText {
            amount: amount.to_owned(),
            ..Default::default()
        },
        received_on: "2026-06-14".to_owned(),
        prepayment: "yes".to_owned(),
        ..Default::default()
    };
    payments::record(ctx, command)
        .await
        .expect("the payment can be recorded")
}

async fn set_auto_apply(house: &House, account: &TestAccount, setting: &str) {
    house
        .run(
            "UPDATE receivable_accounts SET auto_apply = $1 WHERE id = $2",
            vec![setting.into(), account.id.0.into()],
        )
        .await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn voiding_an_invoice_settled_by_credit_gives_the_credit_back(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let account = house.account("R-1", "EUR").await;
    let paid = prepayment(&ctx, &account, "80").await;
    let saved = account.invoice(&ctx, "2026-06-15", "100").await;
    assert_eq!(due_and_credit(&house, &account).await, (2_000, 0));

    invoices::void(&ctx, voiding(&saved))
        .await
        .expect("it is settled by credit only");
    assert_eq!(due_and_credit(&house, &account).await, (0, 8_000));
    let shown = detail(&ctx, &saved).await;
    let slice = &shown.slices[0];
    assert_eq!(slice.amount, euros(8_000));
    assert_eq!(slice.grant.as_ref().map(|grant| grant.grant), paid.grant);
    let undone = slice.undone.as_ref().expect("it was undone");
    assert_eq!(undone.unapplied_on, day("2026-06-15"));
    check_books(&house).await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn an_invoice_settled_in_part_by_a_payment_is_not_voided(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let account = house.account("R-1", "EUR").await;
    let saved = account.invoice(&ctx, "2026-06-10", "100").await;
    let payment = account
        .payment(&ctx, "2026-06-12", "1.00", &[(&saved, "1.00")])
        .await;
    assert_eq!(
        refused(invoices::void(&ctx, voiding(&saved)).await),
        (None, Refusal::SettledByPayment)
    );
    let shown = detail(&ctx, &saved).await;
    assert_eq!(shown.row.status, InvoiceStatus::PartlyPaid);
    assert!(shown.slices[0].grant.is_none(), "straight from the payment");
    match &shown.slices[0].origin {
        FundsOrigin::Payment { payment: id, .. } => assert_eq!(*id, payment.payment),
        other => panic!("not from a payment: {other:?}"),
    }
    check_books(&house).await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_negative_invoice_is_voided_only_while_its_credit_is_unused(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let account = house.account("R-1", "EUR").await;
    let unused = account.invoice(&ctx, "2026-06-10", "-30").await;
    let used = account.invoice(&ctx, "2026-06-10", "-30").await;
    let open = account.invoice(&ctx, "2026-06-11", "100").await;
    let grant = detail(&ctx, &used).await.grant.expect("it gave credit");
    let command = NewApplication {
        grant: grant.grant.to_string(),
        invoice: open.invoice.to_string(),
        amount: AmountText {
            amount: "12".to_owned(),
            ..Default::default()
        },
        ..Default::default()
    };
    applications::apply(&ctx, command)
        .await
        .expect("the credit can be applied");

    assert_eq!(
        refused(invoices::void(&ctx, voiding(&used)).await),
        (None, Refusal::CreditUsed)
    );
    invoices::void(&ctx, voiding(&unused))
        .await
        .expect("its credit is unused");
    assert_eq!(due_and_credit(&house, &account).await, (8_800, 1_800));
    let shown = detail(&ctx, &open).await;
    match &shown.slices[0].origin {
        FundsOrigin::Invoice { number, .. } => assert_eq!(Some(number), used.number.as_ref()),
        other => panic!("not from the negative invoice: {other:?}"),
    }
    check_books(&house).await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_disputed_invoice_is_left_out_of_automatic_use_until_the_dispute_is_closed(
    #[case] engine: Engine,
) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let account = house.account("R-1", "EUR").await;
    let disputed = account.invoice(&ctx, "2026-06-01", "40").await;
    let other = account.invoice(&ctx, "2026-06-05", "40").await;
    let dispute = |disputed_now: bool, reason: &str| InvoiceDispute {
        invoice: disputed.invoice.to_string(),
        disputed: disputed_now,
        reason: reason.to_owned(),
    };
    let silent = invoices::set_disputed(&ctx, dispute(true, "")).await;
    assert_eq!(refused(silent), at("reason", Refusal::ReasonRequired));
    invoices::set_disputed(&house.support(), dispute(true, "wrong quantity"))
        .await
        .expect("support opens disputes");

    let to_oldest = || NewPayment {
        account: account.number.clone(),
        amount: AmountText {
            amount: "50".to_owned(),
            ..Default::default()
        },
        received_on: "2026-06-15".to_owned(),
        surplus: "apply_to_oldest".to_owned(),
        ..Default::default()
    };
    payments::record(&ctx, to_oldest())
        .await
        .expect("the payment can be recorded");
    assert_eq!(detail(&ctx, &disputed).await.row.open, euros(4_000));
    assert_eq!(detail(&ctx, &other).await.row.open, euros(0));
    assert_eq!(due_and_credit(&house, &account).await, (4_000, 1_000));

    invoices::set_disputed(&ctx, dispute(false, "settled on the phone"))
        .await
        .expect("the dispute can be closed");
    payments::record(&ctx, to_oldest())
        .await
        .expect("the payment can be recorded");
    let shown = detail(&ctx, &disputed).await;
    assert_eq!((shown.row.open, shown.row.disputed), (euros(0), false));
    let reasons: Vec<String> = shown
        .history
        .iter()
        .filter_map(|event| event.reason.clone())
        .collect();
    assert_eq!(reasons, ["settled on the phone", "wrong quantity", "test"]);
    check_books(&house).await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn only_a_final_invoice_can_be_disputed(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let account = house.account("R-1", "EUR").await;
    let draft = save(
        &ctx,
        typed(&account, "2026-06-15", vec![line("1", "10", "")]),
    )
    .await;
    let void = account.invoice(&ctx, "2026-06-15", "10").await;
    invoices::void(&ctx, voiding(&void))
        .await
        .expect("an untouched invoice can be voided");
    for (invoice, refusal) in [
        (&draft, Refusal::InvoiceIsDraft),
        (&void, Refusal::InvoiceVoid),
    ] {
        let dispute = InvoiceDispute {
            invoice: invoice.invoice.to_string(),
            disputed: true,
            reason: "why".to_owned(),
        };
        let result = invoices::set_disputed(&ctx, dispute).await;
        assert_eq!(refused(result), (None, refusal));
    }
}

#[rstest]
#[case::off("off", 0)]
#[case::prepayments("prepayments", 3_000)]
#[case::all("all", 5_000)]
#[tokio::test]
async fn finalising_uses_the_accounts_credit_as_it_is_set(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[case] setting: &str,
    #[case] used: i64,
) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let account = house.account("R-1", "EUR").await;
    prepayment(&ctx, &account, "30").await;
    account.payment(&ctx, "2026-06-14", "20.00", &[]).await;
    set_auto_apply(&house, &account, setting).await;

    let command = finalised(typed(&account, "2026-06-15", vec![line("1", "100", "")]));
    let preview = invoices::preview(&ctx, command.clone()).await;
    let preview = preview.expect("it could be finalised");
    let previewed: i64 = preview.uses.iter().map(|one| one.amount.minor).sum();
    assert_eq!((previewed, preview.open), (used, euros(10_000 - used)));
    assert_eq!(
        due_and_credit(&house, &account).await,
        (0, 5_000),
        "a preview writes nothing"
    );

    let saved = save(&ctx, command).await;
    let shown = detail(&ctx, &saved).await;
    assert_eq!(shown.row.open, preview.open, "as the preview said");
    let by_grant: i64 = shown.slices.iter().map(|slice| slice.amount.minor).sum();
    assert_eq!(by_grant, used);
    assert_eq!(
        due_and_credit(&house, &account).await,
        (10_000 - used, 5_000 - used)
    );
    check_books(&house).await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn credit_on_hold_and_accounts_on_hold_are_left_alone_when_finalising(
    #[case] engine: Engine,
) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let account = house.account("R-1", "EUR").await;
    set_auto_apply(&house, &account, "all").await;
    let held = prepayment(&ctx, &account, "30").await;
    let hold = GrantHold {
        grant: held.grant.expect("a prepayment is credit").to_string(),
        on_hold: true,
        reason: "under review".to_owned(),
    };
    applications::hold(&ctx, hold)
        .await
        .expect("credit can be held");
    let saved = account.invoice(&ctx, "2026-06-15", "10").await;
    assert_eq!(detail(&ctx, &saved).await.row.open, euros(1_000));

    account.payment(&ctx, "2026-06-14", "20.00", &[]).await;
    house
        .run(
            "UPDATE receivable_accounts SET on_hold = $1 WHERE id = $2",
            vec![true.into(), account.id.0.into()],
        )
        .await;
    let saved = account.invoice(&ctx, "2026-06-15", "10").await;
    assert_eq!(detail(&ctx, &saved).await.row.open, euros(1_000));
    assert_eq!(due_and_credit(&house, &account).await, (2_000, 5_000));
    check_books(&house).await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn dates_keep_to_open_periods_this_month_and_the_accounts_opening(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let account = house.account("R-1", "EUR").await;
    let issued = |issued_on: &str, reason: &str| NewInvoice {
        reason: reason.to_owned(),
        ..finalised(typed(&account, issued_on, vec![line("1", "10", "")]))
    };
    let too_late = Refusal::DateTooLate {
        last: day("2026-06-30"),
    };
    let too_far_back = Refusal::BackdatingNeedsReason {
        first: day("2026-05-16"),
    };
    for (issued_on, refusal) in [("2026-07-01", too_late), ("2026-05-15", too_far_back)] {
        for result in [
            invoices::save(&ctx, issued(issued_on, "")).await.map(drop),
            invoices::preview(&ctx, issued(issued_on, ""))
                .await
                .map(drop),
        ] {
            assert_eq!(refused(result), at("issued_on", refusal.clone()));
        }
    }
    let backdated = save(&ctx, issued("2026-05-15", "found in a drawer")).await;
    assert_eq!(
        detail(&ctx, &backdated).await.posting_on,
        Some(day("2026-05-15"))
    );

    let opened = Refusal::BeforeAccountOpened {
        first: day("2026-05-15"),
    };
    assert_eq!(
        refused(invoices::save(&ctx, issued("2026-05-14", "found in a drawer")).await),
        at("issued_on", opened)
    );
    close(&house, "sales", "2026-05-31").await;
    let closed = Refusal::PeriodClosed {
        first_open: day("2026-06-01"),
    };
    assert_eq!(
        refused(invoices::save(&ctx, issued("2026-05-31", "")).await),
        at("issued_on", closed)
    );
    let in_closed = save(&ctx, issued("2026-05-31", "delivered in May")).await;
    let shown = detail(&ctx, &in_closed).await;
    assert_eq!(
        (shown.row.issued_on, shown.posting_on),
        (day("2026-05-31"), Some(day("2026-06-01")))
    );
    assert_eq!(shown.entries[0].reason.as_deref(), Some("delivered in May"));
    save(&ctx, issued("2026-06-30", "")).await;
    check_books(&house).await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn what_cannot_be_read_is_refused_at_its_field(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let account = house.account("R-1", "EUR").await;
    let with_line = |line: NewInvoiceLine| typed(&account, "2026-06-15", vec![line]);
    let with = |change: fn(&mut NewInvoice)| {
        let mut command = typed(&account, "2026-06-15", vec![line("1", "10", "")]);
        change(&mut command);
        command
    };
    let cases = [
        (
            with_line(line("1", "ten", "")),
            "lines.0.unit_price",
            Refusal::NotANumber,
        ),
        (
            with_line(line("", "10", "")),
            "lines.0.quantity",
            Refusal::Required,
        ),
        (
            with_line(line("1", "10", "-7")),
            "lines.0.tax_rate",
            Refusal::NotANumber,
        ),
        (
            with_line(line("1", "10", "101")),
            "lines.0.tax_rate",
            Refusal::NotANumber,
        ),
        (
            with_line(NewInvoiceLine {
                discount: "0.005".to_owned(),
                ..line("1", "10", "")
            }),
            "lines.0.discount",
            Refusal::TooManyDecimals { max: 2 },
        ),
        (
            with_line(NewInvoiceLine {
                description: String::new(),
                ..line("1", "10", "")
            }),
            "lines.0.description",
            Refusal::Required,
        ),
        (
            with_line(line("99999999999999", "99999999999999", "")),
            "lines",
            Refusal::AmountOutOfRange,
        ),
        (
            with(|c| c.lines.clear()),
            "lines.0.description",
            Refusal::InvoiceWithoutLines,
        ),
        (
            with(|c| c.issued_on.clear()),
            "issued_on",
            Refusal::Required,
        ),
        (
            with(|c| c.due_on = "2026-06-14".to_owned()),
            "due_on",
            Refusal::DateTooEarly {
                first: day("2026-06-15"),
            },
        ),
        (
            with(|c| c.due_on = "2200-01-01".to_owned()),
            "due_on",
            Refusal::DateTooLate {
                last: day("2199-12-31"),
            },
        ),
        (
            with(|c| c.currency = "USD".to_owned()),
            "currency",
            Refusal::CurrencyMismatch {
                expected: Currency::EUR,
                given: Currency::USD,
            },
        ),
        (
            with(|c| c.account = "R-9".to_owned()),
            "account",
            Refusal::UnknownReference,
        ),
    ];
    for (command, field, refusal) in cases {
        let result = invoices::save(&ctx, command).await;
        assert_eq!(refused(result), at(field, refusal));
    }
    assert_eq!(due_and_credit(&house, &account).await, (0, 0));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn the_same_request_again_gets_the_first_answer_and_other_content_a_conflict(
    #[case] engine: Engine,
) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let account = house.account("R-1", "EUR").await;
    let keyed = |price: &str| NewInvoice {
        idempotency_key: "one".to_owned(),
        ..finalised(typed(&account, "2026-06-15", vec![line("1", price, "")]))
    };
    let both = tokio::join!(
        invoices::save(&ctx, keyed("10")),
        invoices::save(&ctx, keyed("10"))
    );
    let first = both.0.expect("the first is done");
    assert_eq!(both.1.as_ref(), Ok(&first));
    assert_eq!(save(&ctx, keyed("10")).await, first);
    assert_eq!(
        invoices::save(&ctx, keyed("11")).await,
        Err(AppError::KeyConflict)
    );
    assert_eq!(due_and_credit(&house, &account).await, (1_000, 0));

    let draft = save(
        &ctx,
        typed(&account, "2026-06-15", vec![line("1", "5", "")]),
    )
    .await;
    let finalise = || InvoiceFinalisation {
        idempotency_key: "two".to_owned(),
        ..finalisation(&draft)
    };
    let done = invoices::finalise(&ctx, finalise()).await;
    assert_eq!(invoices::finalise(&ctx, finalise()).await, done);
    assert!(done.is_ok(), "{done:?}");
    let void = |reason: &str| InvoiceVoiding {
        idempotency_key: "three".to_owned(),
        reason: reason.to_owned(),
        ..voiding(&first)
    };
    let voided = invoices::void(&ctx, void("twice")).await;
    assert_eq!(voided.as_ref(), Ok(&first));
    assert_eq!(invoices::void(&ctx, void("twice")).await, voided);
    assert_eq!(
        invoices::void(&ctx, void("thrice")).await,
        Err(AppError::KeyConflict)
    );
    check_books(&house).await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_refused_request_may_be_repeated_under_its_key(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let account = house.account("R-1", "EUR").await;
    let issued = |issued_on: &str| NewInvoice {
        idempotency_key: "one".to_owned(),
        ..finalised(typed(&account, issued_on, vec![line("1", "10", "")]))
    };
    let refusal = refused(invoices::save(&ctx, issued("2026-07-01")).await);
    assert_eq!(refusal.0.as_deref(), Some("issued_on"));
    assert_eq!(
        save(&ctx, issued("2026-06-15")).await.number.as_deref(),
        Some("INV-2026-00001")
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn only_those_with_the_right_write_invoices(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let account = house.account("R-1", "EUR").await;
    let accountant = house.accountant();
    let draft = save(
        &accountant,
        typed(&account, "2026-06-15", vec![line("1", "10", "")]),
    )
    .await;
    let open = account.invoice(&accountant, "2026-06-15", "10").await;
    let draft_id = draft.invoice.to_string();
    let command = || typed(&account, "2026-06-15", vec![line("1", "1", "")]);
    for (who, ctx) in house.everyone(account.customer) {
        if ctx.actor.holds(Right::EditInvoices) {
            continue;
        }
        let refused = match ctx.actor {
            Actor::Nobody => AppError::NotLoggedIn,
            _ => AppError::Forbidden,
        };
        let results = [
            invoices::save(&ctx, command()).await.map(drop),
            invoices::save(&ctx, finalised(command())).await.map(drop),
            invoices::preview(&ctx, command()).await.map(drop),
            invoices::finalise(&ctx, finalisation(&draft))
                .await
                .map(drop),
            invoices::discard(&ctx, &draft_id).await,
            invoices::void(&ctx, voiding(&open)).await.map(drop),
            queries::editing(&ctx, &account.number).await.map(drop),
            queries::draft(&ctx, &draft_id).await.map(drop),
        ];
        for (index, result) in results.into_iter().enumerate() {
            assert_eq!(result, Err(refused.clone()), "{who}, act {index}");
        }
    }
    assert_eq!(due_and_credit(&house, &account).await, (1_000, 0));
    check_books(&house).await;
}
