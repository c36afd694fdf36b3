//! Payments: what they settle, what becomes of a surplus, and how they are taken back.

use super::support::{Engine, House, TestAccount, day, today};
use crate::domain::credit::{CreditClass, GrantStatus};
use crate::domain::ids::PaymentId;
use crate::domain::ledger::{EntrySource, LineSource, Side};
use crate::domain::money::{Currency, Money};
use crate::domain::payment::PaymentStatus;
use crate::dto::credits::{GrantMovementKind, NewApplication, Unapplication};
use crate::dto::error::{AppError, FieldRefusal, Refusal};
use crate::dto::form::AmountText;
use crate::dto::invoices::SavedInvoice;
use crate::dto::lineage::FundsOrigin;
use crate::dto::page::PageRequest;
use crate::dto::payments::{
    NewPayment, NewPaymentApplication, PaymentFilter, PaymentReversal, RecordedPayment,
};
use crate::server::context::Ctx;
use crate::server::queries::{balances, credits, payments as read};
use crate::server::services::{applications, payments};
use rstest::rstest;

fn eur(minor: i64) -> Money {
    Money::new(minor, Currency::EUR)
}

/// A payment received today that pays these amounts.
fn payment(account: &TestAccount, amount: &str, pays: &[(&SavedInvoice, &str)]) -> NewPayment {
    let applications = pays.iter().map(|(invoice, amount)| NewPaymentApplication {
        invoice: invoice.invoice.to_string(),
        amount: (*amount).to_owned(),
    });
    NewPayment {
        account: account.number.clone(),
        amount: AmountText {
            amount: amount.to_owned(),
            currency: "EUR".to_owned(),
        },
        received_on: today().to_string(),
        applications: applications.collect(),
        ..Default::default()
    }
}

async fn record(ctx: &Ctx, command: NewPayment) -> RecordedPayment {
    payments::record(ctx, command)
        .await
        .expect("the payment can be recorded")
}

/// What the account owes and holds, as its page shows it.
async fn due_and_credit(ctx: &Ctx, account: &TestAccount) -> (String, String) {
    let balance = balances::of_account(ctx, account.id)
        .await
        .expect("the account is there");
    (balance.due.plain(), balance.credit.plain())
}

fn amounts(due: &str, credit: &str) -> (String, String) {
    (due.to_owned(), credit.to_owned())
}

async fn reverse(ctx: &Ctx, payment: PaymentId) -> Result<RecordedPayment, AppError> {
    let command = PaymentReversal {
        payment: payment.to_string(),
        reason: "the bank returned it".to_owned(),
        ..Default::default()
    };
    payments::reverse(ctx, command).await
}

async fn apply(ctx: &Ctx, from: &RecordedPayment, to: &SavedInvoice, amount: &str) -> String {
    let command = NewApplication {
        grant: from.grant.expect("it left credit").to_string(),
        invoice: to.invoice.to_string(),
        amount: AmountText {
            amount: amount.to_owned(),
            currency: String::new(),
        },
        ..Default::default()
    };
    let made = applications::apply(ctx, command).await;
    made.expect("the credit can be applied")
        .application
        .to_string()
}

async fn unapply(ctx: &Ctx, application: &str) -> Result<(), AppError> {
    let command = Unapplication {
        application: application.to_owned(),
        ..Default::default()
    };
    applications::unapply(ctx, command).await.map(|_| ())
}

/// The one refusal of an act, with its field.
fn refusal<T: std::fmt::Debug>(result: Result<T, AppError>) -> (Option<String>, Refusal) {
    match result {
        Err(AppError::Refused(mut refusals)) if refusals.len() == 1 => {
            let FieldRefusal { field, refusal } = refusals.remove(0);
            (field, refusal)
        }
        other => panic!("one refusal was expected, not {other:?}"),
    }
}

fn at(field: &str, refusal: Refusal) -> (Option<String>, Refusal) {
    (Some(field.to_owned()), refusal)
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_part_payment_leaves_the_rest_due(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let account = house.account("A-1", "EUR").await;
    let invoice = account.invoice(&ctx, "2026-06-01", "89.00").await;
    let paid = record(&ctx, payment(&account, "50.00", &[(&invoice, "50.00")])).await;
    assert_eq!(paid.grant, None);
    assert_eq!(
        due_and_credit(&ctx, &account).await,
        amounts("39.00", "0.00")
    );
    let rest = record(&ctx, payment(&account, "39.00", &[(&invoice, "39.00")])).await;
    assert_eq!(
        due_and_credit(&ctx, &account).await,
        amounts("0.00", "0.00")
    );
    let detail = read::detail(&ctx, rest.payment).await.expect("it is there");
    assert_eq!(detail.row.status, PaymentStatus::Applied);
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn an_overpayment_stays_as_credit(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let account = house.account("A-1", "EUR").await;
    let invoice = account.invoice(&ctx, "2026-06-01", "89.00").await;
    let paid = record(&ctx, payment(&account, "95.00", &[(&invoice, "89.00")])).await;
    assert_eq!(
        due_and_credit(&ctx, &account).await,
        amounts("0.00", "6.00")
    );

    let detail = read::detail(&ctx, paid.payment).await.expect("it is there");
    assert_eq!(detail.row.status, PaymentStatus::PartlyApplied);
    let grant = detail.grant.expect("the surplus is credit");
    assert_eq!(
        (grant.class, grant.remaining),
        (CreditClass::Overpayment, eur(600))
    );
    assert_eq!(detail.slices.len(), 1);
    assert_eq!(detail.slices[0].amount, eur(8_900));
    let entry = &detail.entries[0];
    assert_eq!(
        (detail.entries.len(), entry.source),
        (1, EntrySource::Payment)
    );
    let lines: Vec<(Side, &str, i64)> = entry
        .lines
        .iter()
        .map(|line| (line.side, line.name.as_str(), line.amount.minor))
        .collect();
    assert_eq!(
        lines,
        [
            (Side::Debit, "Bank", 9_500),
            (Side::Credit, "Accounts receivable", 8_900),
            (Side::Credit, "Accounts receivable", 600),
        ]
    );

    let confirmation = read::confirmation(&ctx, paid.payment)
        .await
        .expect("it is there");
    assert_eq!(confirmation.credit, eur(600));
    assert_eq!(
        (confirmation.due_after, confirmation.credit_after),
        (eur(0), eur(600))
    );
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_confirmation_keeps_the_balance_of_its_day(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let account = house.account("A-1", "EUR").await;
    let first = account.invoice(&ctx, "2026-06-01", "89.00").await;
    account.invoice(&ctx, "2026-06-02", "10.00").await;
    let paid = record(&ctx, payment(&account, "95.00", &[(&first, "89.00")])).await;
    record(&ctx, payment(&account, "500.00", &[])).await;
    account.invoice(&ctx, "2026-06-03", "70.00").await;
    let told = read::confirmation(&ctx, paid.payment)
        .await
        .expect("it is there");
    assert_eq!((told.due_after, told.credit_after), (eur(1_000), eur(600)));
    assert!(!told.changed_since);
    reverse(&ctx, paid.payment)
        .await
        .expect("it can be reversed");
    let told = read::confirmation(&ctx, paid.payment)
        .await
        .expect("it is there");
    assert_eq!((told.due_after, told.credit_after), (eur(1_000), eur(600)));
    assert!(told.changed_since);
}

#[rstest]
#[case::sqlite(Engine::Sqlite, "", CreditClass::Overpayment, "Accounts receivable")]
#[case::postgres(Engine::Postgres, "", CreditClass::Overpayment, "Accounts receivable")]
#[case::sqlite_prepaid(Engine::Sqlite, "yes", CreditClass::Prepayment, "Customer prepayments")]
#[case::postgres_prepaid(
    Engine::Postgres,
    "yes",
    CreditClass::Prepayment,
    "Customer prepayments"
)]
#[tokio::test]
async fn money_on_account_is_an_overpayment_unless_designated(
    #[case] engine: Engine,
    #[case] prepayment: &str,
    #[case] class: CreditClass,
    #[case] carried_in: &str,
) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let account = house.account("A-1", "EUR").await;
    let command = NewPayment {
        prepayment: prepayment.to_owned(),
        ..payment(&account, "40.00", &[])
    };
    let paid = record(&ctx, command).await;
    let detail = read::detail(&ctx, paid.payment).await.expect("it is there");
    assert_eq!(detail.row.status, PaymentStatus::Recorded);
    assert_eq!(detail.grant.expect("it is credit").class, class);
    assert_eq!(detail.entries[0].lines[1].name, carried_in);
    assert_eq!(
        due_and_credit(&ctx, &account).await,
        amounts("0.00", "40.00")
    );
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn one_payment_settles_several_invoices(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let account = house.account("A-1", "EUR").await;
    let first = account.invoice(&ctx, "2026-06-01", "30.00").await;
    let second = account.invoice(&ctx, "2026-06-02", "40.00").await;
    let third = account.invoice(&ctx, "2026-06-03", "50.00").await;
    let pays = [(&third, "50.00"), (&first, "30.00"), (&second, "15.50")];
    let paid = record(&ctx, payment(&account, "95.50", &pays)).await;
    assert_eq!(
        due_and_credit(&ctx, &account).await,
        amounts("24.50", "0.00")
    );
    let detail = read::detail(&ctx, paid.payment).await.expect("it is there");
    let settled: i64 = detail.slices.iter().map(|slice| slice.amount.minor).sum();
    assert_eq!((detail.slices.len(), settled), (3, 9_550));
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_surplus_may_pay_the_next_oldest_and_the_rest_is_kept(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let account = house.account("A-1", "EUR").await;
    account.invoice(&ctx, "2026-06-01", "30.00").await;
    account.invoice(&ctx, "2026-06-05", "25.00").await;
    let newest = account.invoice(&ctx, "2026-06-10", "20.00").await;
    let command = NewPayment {
        surplus: "apply_to_oldest".to_owned(),
        ..payment(&account, "80.00", &[(&newest, "20.00")])
    };
    let preview = payments::preview(&ctx, command.clone())
        .await
        .expect("it can be previewed");
    let shown: Vec<i64> = preview
        .slices
        .iter()
        .map(|slice| slice.paid.minor)
        .collect();
    assert_eq!(
        (shown.iter().sum::<i64>(), preview.credit),
        (7_500, eur(500))
    );
    record(&ctx, command).await;
    assert_eq!(
        due_and_credit(&ctx, &account).await,
        amounts("0.00", "5.00")
    );
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_difference_within_tolerance_is_written_off_and_no_more(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let account = house.account("A-1", "EUR").await;
    let invoice = account.invoice(&ctx, "2026-06-01", "89.00").await;
    let written_off = |amount: &str| NewPayment {
        surplus: "write_off".to_owned(),
        ..payment(&account, amount, &[(&invoice, "89.00")])
    };
    assert_eq!(
        refusal(payments::record(&ctx, written_off("90.01")).await),
        at(
            "surplus",
            Refusal::SurplusAboveTolerance {
                tolerance: eur(100)
            }
        )
    );
    let paid = record(&ctx, written_off("90.00")).await;
    assert_eq!(
        due_and_credit(&ctx, &account).await,
        amounts("0.00", "0.00")
    );
    let detail = read::detail(&ctx, paid.payment).await.expect("it is there");
    assert_eq!(
        (detail.fee, detail.row.status),
        (eur(100), PaymentStatus::Applied)
    );
    reverse(&ctx, paid.payment)
        .await
        .expect("it can be reversed");
    assert_eq!(
        due_and_credit(&ctx, &account).await,
        amounts("89.00", "0.00")
    );
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn the_accounts_choice_for_a_surplus_holds_where_nobody_chose(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let account = house.account("A-1", "EUR").await;
    let invoice = account.invoice(&ctx, "2026-06-01", "89.00").await;
    house
        .run(
            "UPDATE receivable_accounts SET surplus_choice = 'refuse'",
            vec![],
        )
        .await;
    let command = payment(&account, "95.00", &[(&invoice, "89.00")]);
    assert_eq!(
        refusal(payments::record(&ctx, command.clone()).await),
        at("surplus", Refusal::SurplusRefused { surplus: eur(600) })
    );
    let kept = NewPayment {
        surplus: "keep".to_owned(),
        ..command
    };
    record(&ctx, kept).await;
    assert_eq!(
        due_and_credit(&ctx, &account).await,
        amounts("0.00", "6.00")
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn what_cannot_be_recorded_is_refused_at_its_field(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let account = house.account("A-1", "EUR").await;
    let other = house.account("A-2", "EUR").await;
    let invoice = account.invoice(&ctx, "2026-06-01", "89.00").await;
    let foreign = other.invoice(&ctx, "2026-06-01", "5.00").await;
    let with = |change: &dyn Fn(&mut NewPayment)| {
        let mut command = payment(&account, "95.00", &[(&invoice, "89.00")]);
        change(&mut command);
        command
    };
    let usd = "USD".parse::<Currency>().expect("a currency");
    let cases = [
        (
            with(&|p| p.applications[0].amount = "89.01".to_owned()),
            at(
                "applications.0.amount",
                Refusal::AmountExceedsOpenBalance { open: eur(8_900) },
            ),
        ),
        (
            with(&|p| p.amount.amount = "88.99".to_owned()),
            at(
                "amount",
                Refusal::AmountExceedsReceived {
                    received: eur(8_899),
                },
            ),
        ),
        (
            with(&|p| p.amount.amount = "95.001".to_owned()),
            at("amount", Refusal::TooManyDecimals { max: 2 }),
        ),
        (
            with(&|p| p.amount.amount = "٩٥".to_owned()),
            at("amount", Refusal::NotAnAmount),
        ),
        (
            with(&|p| p.amount.amount = "0".to_owned()),
            at("amount", Refusal::AmountNotPositive),
        ),
        (
            with(&|p| p.amount.amount = "-5".to_owned()),
            at("amount", Refusal::AmountNotPositive),
        ),
        (
            with(&|p| p.amount.amount = "99999999999999999999".to_owned()),
            at("amount", Refusal::AmountOutOfRange),
        ),
        (
            with(&|p| p.amount.currency = "USD".to_owned()),
            at(
                "amount",
                Refusal::CurrencyMismatch {
                    expected: Currency::EUR,
                    given: usd,
                },
            ),
        ),
        (
            with(&|p| p.applications[0].invoice = foreign.invoice.to_string()),
            at("applications.0.amount", Refusal::InvoiceNotOpen),
        ),
        (
            with(&|p| {
                p.applications[0].amount = "1".to_owned();
                p.applications.push(p.applications[0].clone());
            }),
            at("applications.1.amount", Refusal::NamedTwice),
        ),
        (
            with(&|p| p.received_on = "2026-07-01".to_owned()),
            at(
                "received_on",
                Refusal::DateTooLate {
                    last: day("2026-06-30"),
                },
            ),
        ),
        (
            with(&|p| p.received_on = "2026-05-31".to_owned()),
            at(
                "received_on",
                Refusal::BeforeAccountOpened {
                    first: day("2026-06-01"),
                },
            ),
        ),
        (
            with(&|p| p.received_on = "yesterday".to_owned()),
            at("received_on", Refusal::NotADate),
        ),
        (
            with(&|p| p.account = "A-9".to_owned()),
            at("account", Refusal::UnknownReference),
        ),
        (
            with(&|p| p.method = "beads".to_owned()),
            at("method", Refusal::UnknownChoice),
        ),
    ];
    for (command, expected) in cases {
        assert_eq!(refusal(payments::record(&ctx, command).await), expected);
    }
    assert_eq!(
        due_and_credit(&ctx, &account).await,
        amounts("89.00", "0.00")
    );
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_closed_day_needs_the_right_to_backdate_and_a_reason(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let account = house.account("A-1", "EUR").await;
    account.invoice(&ctx, "2026-04-01", "89.00").await;
    house
        .run(
            "INSERT INTO closed_periods (journal, closed_through) VALUES ('cash', $1)",
            vec![day("2026-05-31").into()],
        )
        .await;
    let command = |reason: &str| NewPayment {
        received_on: "2026-05-20".to_owned(),
        reason: reason.to_owned(),
        ..payment(&account, "10.00", &[])
    };
    let closed = at(
        "received_on",
        Refusal::PeriodClosed {
            first_open: day("2026-06-01"),
        },
    );
    assert_eq!(refusal(payments::record(&ctx, command("")).await), closed);
    let cashier = house.cashier();
    assert_eq!(
        refusal(payments::record(&cashier, command("found it")).await),
        closed
    );
    let paid = record(&ctx, command("found in the post room")).await;
    let detail = read::detail(&ctx, paid.payment).await.expect("it is there");
    assert_eq!(detail.row.received_on, day("2026-05-20"));
    assert_eq!(detail.posting_on, day("2026-06-01"));
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn the_same_request_again_gets_the_first_answer(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let account = house.account("A-1", "EUR").await;
    let invoice = account.invoice(&ctx, "2026-06-01", "89.00").await;
    let command = NewPayment {
        idempotency_key: "key-1".to_owned(),
        ..payment(&account, "95.00", &[(&invoice, "89.00")])
    };
    let first = record(&ctx, command.clone()).await;
    assert_eq!(record(&ctx, command.clone()).await, first);
    let other = NewPayment {
        reference: "another".to_owned(),
        ..command.clone()
    };
    assert_eq!(
        payments::record(&ctx, other).await,
        Err(AppError::KeyConflict)
    );
    // A key belongs to who sent it.
    let elsewhere = NewPayment {
        applications: Vec::new(),
        ..command
    };
    let someone_else = house.staff("Someone else", &[crate::domain::rights::Role::Accountant]);
    assert_ne!(record(&someone_else, elsewhere).await, first);
    assert_eq!(
        due_and_credit(&ctx, &account).await,
        amounts("0.00", "101.00")
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_refused_request_may_be_sent_again_under_its_key(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let account = house.account("A-1", "EUR").await;
    let invoice = account.invoice(&ctx, "2026-06-01", "89.00").await;
    let command = |amount: &str| NewPayment {
        idempotency_key: "key-1".to_owned(),
        ..payment(&account, amount, &[(&invoice, "89.00")])
    };
    payments::record(&ctx, command("80.00"))
        .await
        .expect_err("more is applied than was received");
    record(&ctx, command("89.00")).await;
    assert_eq!(
        due_and_credit(&ctx, &account).await,
        amounts("0.00", "0.00")
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn two_payments_of_one_invoice_at_once_settle_it_once(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let account = house.account("A-1", "EUR").await;
    let invoice = account.invoice(&ctx, "2026-06-01", "89.00").await;
    let command = payment(&account, "89.00", &[(&invoice, "89.00")]);
    let (one, other) = tokio::join!(
        payments::record(&ctx, command.clone()),
        payments::record(&ctx, command.clone())
    );
    let refused = match (one, other) {
        (Ok(_), refused) | (refused, Ok(_)) => refusal(refused),
        neither => panic!("one of the two goes through: {neither:?}"),
    };
    assert_eq!(
        refused,
        at("applications.0.amount", Refusal::InvoiceNotOpen)
    );
    assert_eq!(
        due_and_credit(&ctx, &account).await,
        amounts("0.00", "0.00")
    );
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn the_same_request_twice_at_once_records_one_payment(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let account = house.account("A-1", "EUR").await;
    let command = NewPayment {
        idempotency_key: "double click".to_owned(),
        ..payment(&account, "89.00", &[])
    };
    let (one, other) = tokio::join!(
        payments::record(&ctx, command.clone()),
        payments::record(&ctx, command.clone())
    );
    assert_eq!(one.expect("it is recorded"), other.expect("it is recorded"));
    assert_eq!(
        due_and_credit(&ctx, &account).await,
        amounts("0.00", "89.00")
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_bounced_payment_reopens_what_it_and_its_surplus_paid(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let account = house.account("A-1", "EUR").await;
    let first = account.invoice(&ctx, "2026-06-01", "100.00").await;
    let second = account.invoice(&ctx, "2026-06-02", "10.00").await;
    let paid = record(&ctx, payment(&account, "110.00", &[(&first, "100.00")])).await;
    apply(&ctx, &paid, &second, "10.00").await;
    assert_eq!(
        due_and_credit(&ctx, &account).await,
        amounts("0.00", "0.00")
    );

    reverse(&ctx, paid.payment)
        .await
        .expect("it can be reversed");
    assert_eq!(
        due_and_credit(&ctx, &account).await,
        amounts("110.00", "0.00")
    );
    let detail = read::detail(&ctx, paid.payment).await.expect("it is there");
    assert_eq!(detail.row.status, PaymentStatus::Reversed);
    assert!(detail.slices.iter().all(|slice| !slice.stands()));
    let reversal = detail.reversal.expect("it was reversed");
    assert_eq!(
        (reversal.reversed_on, reversal.reason.as_str()),
        (today(), "the bank returned it")
    );
    assert_eq!(
        refusal(reverse(&ctx, paid.payment).await),
        (None, Refusal::PaymentReversed)
    );

    let grant = credits::detail(&ctx, paid.grant.expect("it left credit")).await;
    let grant = grant.expect("the grant is there");
    assert_eq!(grant.row.status, GrantStatus::TakenBack);
    let moved: Vec<(GrantMovementKind, i64, i64)> = grant
        .movements
        .iter()
        .map(|m| (m.kind, m.amount.minor, m.remaining_after.minor))
        .collect();
    assert_eq!(
        moved,
        [
            (GrantMovementKind::Issued, 1_000, 1_000),
            (GrantMovementKind::Applied, 1_000, 0),
            (GrantMovementKind::Unapplied, 1_000, 1_000),
            (GrantMovementKind::TakenBack, 1_000, 0),
        ]
    );
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_reversal_needs_a_reason_and_no_date_before_the_payment(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let account = house.account("A-1", "EUR").await;
    let paid = record(&ctx, payment(&account, "10.00", &[])).await;
    let command = |reason: &str, on: &str| PaymentReversal {
        payment: paid.payment.to_string(),
        reversed_on: on.to_owned(),
        reason: reason.to_owned(),
        ..Default::default()
    };
    assert_eq!(
        refusal(payments::reverse(&ctx, command(" ", "")).await),
        at("reason", Refusal::ReasonRequired)
    );
    assert_eq!(
        refusal(payments::reverse(&ctx, command("bounced", "2026-06-14")).await),
        at("reversed_on", Refusal::DateTooEarly { first: today() })
    );
    assert_eq!(
        due_and_credit(&ctx, &account).await,
        amounts("0.00", "10.00")
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_slice_undone_becomes_the_payments_own_credit(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let account = house.account("A-1", "EUR").await;
    let first = account.invoice(&ctx, "2026-06-01", "60.00").await;
    let second = account.invoice(&ctx, "2026-06-02", "40.00").await;
    // Exactly paid: there is no grant to begin with.
    let exact = record(
        &ctx,
        payment(&account, "100.00", &[(&first, "60.00"), (&second, "40.00")]),
    )
    .await;
    assert_eq!(exact.grant, None);
    for (invoice, credit) in [(&second, "40.00"), (&first, "100.00")] {
        let slice = house.applications_of(invoice.invoice).await[0].to_string();
        unapply(&ctx, &slice).await.expect("it can be undone");
        assert_eq!(due_and_credit(&ctx, &account).await.1, credit);
        assert_eq!(
            refusal(unapply(&ctx, &slice).await),
            (None, Refusal::AlreadyUnapplied)
        );
    }
    assert_eq!(
        due_and_credit(&ctx, &account).await,
        amounts("100.00", "100.00")
    );
    let detail = read::detail(&ctx, exact.payment)
        .await
        .expect("it is there");
    let grant = detail.grant.expect("the slices became credit");
    assert_eq!(
        (grant.class, grant.remaining),
        (CreditClass::Overpayment, eur(10_000))
    );
    assert_eq!(detail.row.status, PaymentStatus::Recorded);

    // Each contra has the four lines of an application and names the payment's entry.
    let undoing = detail
        .entries
        .iter()
        .filter(|e| e.source == EntrySource::Application);
    let undoing: Vec<_> = undoing.collect();
    assert_eq!(undoing.len(), 2);
    for entry in undoing {
        assert_eq!(entry.reverses, Some(detail.entries[0].number));
        let sources: Vec<_> = entry.lines.iter().map(|line| line.line_source).collect();
        let (ar, bank) = (Some(LineSource::Receivable), Some(LineSource::Bank));
        assert_eq!(sources, [ar, bank, ar, bank]);
    }
    // What came back pays as before, and a reversal takes everything back.
    let again = RecordedPayment {
        grant: Some(grant.grant),
        ..exact.clone()
    };
    apply(&ctx, &again, &first, "60.00").await;
    reverse(&ctx, exact.payment)
        .await
        .expect("it can be reversed");
    assert_eq!(
        due_and_credit(&ctx, &account).await,
        amounts("100.00", "0.00")
    );
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn an_undone_slice_enlarges_the_grant_there_is(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let account = house.account("A-1", "EUR").await;
    let invoice = account.invoice(&ctx, "2026-06-01", "89.00").await;
    let command = NewPayment {
        prepayment: "yes".to_owned(),
        ..payment(&account, "95.00", &[(&invoice, "89.00")])
    };
    let paid = record(&ctx, command).await;
    let slice = house.applications_of(invoice.invoice).await[0].to_string();
    unapply(&ctx, &slice).await.expect("it can be undone");
    let grant = credits::detail(&ctx, paid.grant.expect("it left credit")).await;
    let grant = grant.expect("the grant is there");
    assert_eq!(
        (grant.row.amount, grant.row.remaining),
        (eur(9_500), eur(9_500))
    );
    assert_eq!(grant.row.class, CreditClass::Prepayment);
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn lineage_says_what_came_from_where(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let account = house.account("A-1", "EUR").await;
    let first = account.invoice(&ctx, "2026-06-01", "89.00").await;
    let second = account.invoice(&ctx, "2026-06-02", "50.00").await;
    let paid = account
        .payment(&ctx, "2026-06-05", "95.00", &[(&first, "89.00")])
        .await;
    apply(&ctx, &paid, &second, "6.00").await;
    let detail = read::detail(&ctx, paid.payment).await.expect("it is there");
    let told: Vec<(bool, Option<String>, i64)> = detail
        .slices
        .iter()
        .map(|s| {
            (
                s.grant.is_some(),
                Some(s.invoice_number.clone()),
                s.amount.minor,
            )
        })
        .collect();
    assert_eq!(
        told,
        [(false, first.number, 8_900), (true, second.number, 600)]
    );
    let origin = FundsOrigin::Payment {
        payment: paid.payment,
        number: paid.number,
        received_on: day("2026-06-05"),
    };
    assert!(detail.slices.iter().all(|slice| slice.origin == origin));
    let grant = credits::detail(&ctx, paid.grant.expect("it left credit")).await;
    let grant = grant.expect("the grant is there");
    assert_eq!(
        (grant.row.origin, grant.row.status),
        (origin, GrantStatus::Used)
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn each_role_may_do_what_it_may(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let account = house.account("A-1", "EUR").await;
    let paid = record(&house.accountant(), payment(&account, "10.00", &[])).await;
    let slice_of_nothing = Unapplication {
        application: paid.payment.to_string(),
        ..Default::default()
    };
    for (who, ctx) in house.everyone(account.customer) {
        let may = |allowed: &[&str]| allowed.contains(&who);
        let expected = match who {
            "nobody" => AppError::NotLoggedIn,
            _ => AppError::Forbidden,
        };
        let recorded = payments::record(&ctx, payment(&account, "10.00", &[])).await;
        let previewed = payments::preview(&ctx, payment(&account, "10.00", &[])).await;
        for denied in [recorded.err(), previewed.err()] {
            let recorders = ["accountant", "cashier"];
            assert_eq!(
                denied,
                (!may(&recorders)).then(|| expected.clone()),
                "{who}"
            );
        }
        let undone = applications::unapply(&ctx, slice_of_nothing.clone()).await;
        let denied = if may(&["accountant"]) {
            AppError::NotFound
        } else {
            expected.clone()
        };
        assert_eq!(undone.err(), Some(denied), "{who}");
        if !may(&["accountant"]) {
            assert_eq!(
                reverse(&ctx, paid.payment).await.err(),
                Some(expected.clone()),
                "{who}"
            );
        }
        let seen = read::detail(&ctx, paid.payment).await;
        assert_eq!(
            seen.err(),
            (who == "nobody").then_some(AppError::NotLoggedIn),
            "{who}"
        );
        let started = read::start(&ctx, account.number.clone(), None).await;
        let starters = ["accountant", "cashier"];
        assert_eq!(
            started.err(),
            (!may(&starters)).then(|| expected.clone()),
            "{who}"
        );
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn customers_see_their_own_payments_and_no_others(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let staff = house.accountant();
    let mine = house.account("A-1", "EUR").await;
    let theirs = house.account("A-2", "EUR").await;
    let noted = NewPayment {
        note: "for our eyes".to_owned(),
        ..payment(&mine, "10.00", &[])
    };
    let my_payment = record(&staff, noted).await;
    let their_payment = record(&staff, payment(&theirs, "20.00", &[])).await;
    let me = house.customer(mine.customer);

    let detail = read::detail(&me, my_payment.payment)
        .await
        .expect("it is mine");
    assert_eq!(
        (detail.note.as_str(), detail.recorded_by.as_str()),
        ("", "")
    );
    assert!(detail.entries.is_empty() && detail.history.is_empty());
    let not_mine = read::detail(&me, their_payment.payment).await;
    assert_eq!(not_mine.err(), Some(AppError::NotFound));
    let not_mine = read::confirmation(&me, their_payment.payment).await;
    assert_eq!(not_mine.err(), Some(AppError::NotFound));
    let not_mine = credits::detail(&me, their_payment.grant.expect("it left credit")).await;
    assert_eq!(not_mine.err(), Some(AppError::NotFound));
    let list = read::list(&me, PaymentFilter::default(), PageRequest::default()).await;
    let list = list.expect("customers have a list");
    assert_eq!((list.total, list.rows[0].payment), (1, my_payment.payment));
    let filter = PaymentFilter {
        account: "A-2".to_owned(),
        ..Default::default()
    };
    let list = read::list(&me, filter, PageRequest::default()).await;
    assert_eq!(list.expect("customers have a list").total, 0);
    let nobody = read::list(
        &house.nobody(),
        PaymentFilter::default(),
        PageRequest::default(),
    )
    .await;
    assert_eq!(nobody.err(), Some(AppError::NotLoggedIn));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn payments_are_found_by_what_people_know_of_them(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let account = house.account("A-1", "EUR").await;
    let other = house.account("B-2", "EUR").await;
    let invoice = account.invoice(&ctx, "2026-06-01", "89.00").await;
    let wire = NewPayment {
        reference: "Wire 100%_sure".to_owned(),
        ..payment(&account, "89.00", &[(&invoice, "89.00")])
    };
    record(&ctx, wire).await;
    let cash = NewPayment {
        method: "cash".to_owned(),
        received_on: "2026-06-10".to_owned(),
        reason: "test".to_owned(),
        ..payment(&other, "20.00", &[])
    };
    let cash = record(&ctx, cash).await;
    record(&ctx, payment(&account, "30.00", &[])).await;
    reverse(&ctx, cash.payment)
        .await
        .expect("it can be reversed");
    let filters = [
        ("search=100%25_s", 1),
        ("search=1005_s", 0),
        ("search=b-2", 1),
        (&format!("search={}", cash.number), 1),
        ("method=cash", 1),
        ("status=reversed", 1),
        ("status=applied", 1),
        ("status=recorded", 1),
        ("status=partly_applied", 0),
        ("from=2026-06-11", 2),
        ("to=2026-06-10", 1),
        ("account=A-1", 2),
        ("customer=B-2&method=card", 0),
        ("from=not+a+date", 3),
    ];
    for (query, expected) in filters {
        let filter: PaymentFilter = serde_urlencoded::from_str(query).expect("a query");
        let page = read::list(&ctx, filter, PageRequest::default()).await;
        assert_eq!(page.expect("a list").total, expected, "{query}");
    }
    for (sort, first) in [
        ("amount", 2_000),
        ("-amount", 8_900),
        ("customer", 8_900),
        ("left", 8_900),
    ] {
        let page = PageRequest {
            sort: sort.to_owned(),
            ..Default::default()
        };
        let page = read::list(&ctx, PaymentFilter::default(), page)
            .await
            .expect("a list");
        assert_eq!(page.rows[0].amount.minor, first, "{sort}");
    }
}
