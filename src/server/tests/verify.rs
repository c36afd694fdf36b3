//! The check of the books finds each kind of damage, and names the row.

use super::support::{Engine, House, TestAccount};
use crate::domain::rights::Right;
use crate::dto::credits::{NewApplication, Unapplication};
use crate::dto::error::AppError;
use crate::dto::form::AmountText;
use crate::dto::invoices::{InvoiceVoiding, SavedInvoice};
use crate::dto::payments::{PaymentReversal, RecordedPayment};
use crate::dto::verify::BooksCheck::{self, *};
use crate::server::context::{Ctx, Db};
use crate::server::queries::verify::verify;
use crate::server::services::{applications, invoices, payments};
use rstest::rstest;
use sea_orm::{ConnectOptions, ConnectionTrait, Database};

/// One account in which everything that posts has happened: an overpaid, a partly paid, a credited and a void
/// invoice, credit applied and unapplied, a reversed payment.
struct Books {
    account: TestAccount,
    paid: SavedInvoice,
    overpayment: RecordedPayment,
}

async fn books(house: &House) -> Books {
    let ctx = house.accountant();
    let account = house.account("A-1", "EUR").await;
    let paid = account.invoice(&ctx, "2026-06-01", "89.00").await;
    let next = account.invoice(&ctx, "2026-06-02", "100.00").await;
    let void = account.invoice(&ctx, "2026-06-02", "7.00").await;
    account.invoice(&ctx, "2026-06-03", "-20.00").await;
    let overpayment = account
        .payment(&ctx, "2026-06-05", "95.00", &[(&paid, "89.00")])
        .await;
    let grant = overpayment
        .grant
        .expect("the surplus is credit")
        .to_string();
    for amount in ["4.00", "2.00"] {
        let applied = apply(&ctx, &grant, &next, amount).await;
        if amount == "2.00" {
            let command = Unapplication {
                application: applied,
                ..Default::default()
            };
            applications::unapply(&ctx, command)
                .await
                .expect("it can be undone");
        }
    }
    let bounced = account
        .payment(&ctx, "2026-06-06", "10.00", &[(&next, "9.00")])
        .await;
    let reversal = PaymentReversal {
        payment: bounced.payment.to_string(),
        reason: "bounced".to_owned(),
        ..Default::default()
    };
    payments::reverse(&ctx, reversal)
        .await
        .expect("it can be reversed");
    let voiding = InvoiceVoiding {
        invoice: void.invoice.to_string(),
        reason: "keyed twice".to_owned(),
        ..Default::default()
    };
    invoices::void(&ctx, voiding)
        .await
        .expect("it can be voided");
    Books {
        account,
        paid,
        overpayment,
    }
}

async fn apply(ctx: &Ctx, grant: &str, invoice: &SavedInvoice, amount: &str) -> String {
    let command = NewApplication {
        grant: grant.to_owned(),
        invoice: invoice.invoice.to_string(),
        amount: AmountText {
            amount: amount.to_owned(),
            currency: "EUR".to_owned(),
        },
        ..Default::default()
    };
    let applied = applications::apply(ctx, command)
        .await
        .expect("the credit can be applied");
    applied.application.to_string()
}

/// The triggers that keep the journal as it is are dropped: what follows is damage no program of ours can do.
async fn unlock(house: &House) {
    for (trigger, table) in [
        ("journal_entries_no_update", "journal_entries"),
        ("journal_entries_no_delete", "journal_entries"),
        ("journal_lines_no_update", "journal_lines"),
        ("journal_lines_no_delete", "journal_lines"),
        ("journal_entries_immutable", "journal_entries"),
        ("journal_lines_immutable", "journal_lines"),
        ("journal_entries_balanced", "journal_entries"),
        ("journal_entries_sealed", "journal_lines"),
        ("invoices_final", "invoices"),
        ("invoices_final_kept", "invoices"),
    ] {
        let on = if house.system().db.is_sqlite() {
            String::new()
        } else {
            format!(" ON {table}")
        };
        house
            .run(&format!("DROP TRIGGER IF EXISTS {trigger}{on}"), vec![])
            .await;
    }
}

/// One connection for everything, so that what is read sees an open transaction.
async fn one_connection(house: &House) -> Ctx {
    let mut options = ConnectOptions::new(house.database_url());
    options.max_connections(1).sqlx_logging(false);
    let connection = Database::connect(options)
        .await
        .expect("the database takes one more connection");
    let db = Db {
        read: connection.clone(),
        write: connection,
    };
    Ctx {
        db,
        ..house.accountant()
    }
}

async fn found(ctx: &Ctx) -> Vec<BooksCheck> {
    let report = verify(ctx).await.expect("the books can be checked");
    let mut checks: Vec<BooksCheck> = report.findings().map(|finding| finding.check).collect();
    checks.dedup();
    checks
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn books_in_which_everything_has_happened_are_clean(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    books(&house).await;
    let report = verify(&house.accountant()).await.unwrap();
    assert!(
        report.is_clean(),
        "{:#?}",
        report.findings().collect::<Vec<_>>()
    );
    assert_eq!((report.receivable_accounts, report.invoices), (1, 4));
    assert_eq!(report.checks.len(), BooksCheck::ALL.len());
}

/// What is done to the books, and every check that must notice; no other may.
const DAMAGES: &[(&str, &[BooksCheck])] = &[
    ("UPDATE journal_lines SET amount_minor = amount_minor + 1 WHERE role = 'revenue'
        AND entry_id = (SELECT entry_id FROM invoices WHERE total_minor = 8900)", &[EntriesBalance]),
    ("DELETE FROM journal_lines WHERE role = 'revenue'
        AND entry_id = (SELECT entry_id FROM invoices WHERE total_minor = 8900)", &[EntriesBalance]),
    ("UPDATE journal_lines SET amount_minor = amount_minor + 5
        WHERE entry_id = (SELECT entry_id FROM invoices WHERE total_minor = 8900)",
        &[TieOut, InvoiceLedger, InvoiceEntries]),
    ("UPDATE journal_lines SET account_id = invoice_id WHERE role = 'receivable'
        AND entry_id = (SELECT entry_id FROM invoices WHERE total_minor = 8900)",
        &[LinesBelong, ControlLines, TieOut]),
    ("UPDATE journal_lines SET role = 'goodwill_credit' WHERE role = 'receivable' AND invoice_id IS NOT NULL
        AND entry_id = (SELECT entry_id FROM invoices WHERE total_minor = 8900)",
        &[ControlLines, TieOut, InvoiceEntries]),
    ("UPDATE invoices SET currency = 'USD' WHERE total_minor = 8900", &[Currencies]),
    ("UPDATE payments SET currency = 'USD' WHERE amount_minor = 9500", &[Currencies]),
    ("UPDATE credit_grants SET currency = 'USD' WHERE class = 'credit_note'", &[Currencies]),
    ("UPDATE invoices SET open_minor = open_minor - 100 WHERE total_minor = 10000",
        &[TieOut, InvoiceLedger, InvoiceOpen, CachedBalances]),
    ("UPDATE credit_grants SET remaining_minor = remaining_minor - 100 WHERE class = 'credit_note'",
        &[TieOut, GrantLedger, GrantRemainders, CachedBalances]),
    ("UPDATE credit_grants SET amount_minor = amount_minor + 1 WHERE class = 'credit_note'", &[GrantAmounts]),
    ("UPDATE grant_movements SET amount_minor = amount_minor + 1 WHERE amount_minor = 2000",
        &[GrantAmounts, GrantRemainders, MovementEntries]),
    ("UPDATE invoice_lines SET net_minor = net_minor + 1
        WHERE invoice_id = (SELECT id FROM invoices WHERE total_minor = 8900)", &[InvoiceTotals]),
    ("DELETE FROM invoice_taxes WHERE invoice_id = (SELECT id FROM invoices WHERE total_minor = 8900)",
        &[InvoiceTotals]),
    ("UPDATE invoices SET entry_id = NULL WHERE total_minor = 8900", &[InvoiceEntries]),
    ("UPDATE invoices SET void_entry_id = NULL WHERE voided_on IS NOT NULL", &[InvoiceEntries]),
    ("UPDATE payments SET amount_minor = amount_minor + 1 WHERE amount_minor = 9500",
        &[PaymentEntries, PaymentSplits]),
    ("UPDATE payments SET fee_minor = 1 WHERE amount_minor = 9500", &[PaymentSplits]),
    ("UPDATE payments SET reversal_entry_id = NULL WHERE reversed_on IS NOT NULL", &[PaymentEntries]),
    ("UPDATE applications SET amount_minor = amount_minor + 1 WHERE amount_minor = 400",
        &[InvoiceOpen, GrantRemainders, ApplicationEntries]),
    ("UPDATE applications SET entry_id = (SELECT entry_id FROM payments WHERE amount_minor = 9500)
        WHERE amount_minor = 400", &[ApplicationEntries]),
    ("UPDATE journal_lines SET wash = (1 = 0) WHERE side = 'debit' AND entry_id =
        (SELECT entry_id FROM applications WHERE amount_minor = 400)", &[ApplicationEntries]),
    ("UPDATE applications SET unapplied_entry_id = entry_id WHERE amount_minor = 200", &[UndoneApplications]),
    ("UPDATE applications SET unapplied_posting_on = NULL WHERE amount_minor = 200", &[UndoneApplications]),
    ("UPDATE receivable_accounts SET due_minor = due_minor + 1", &[CachedBalances]),
    ("UPDATE receivable_accounts SET credit_minor = credit_minor + 1", &[CachedBalances]),
    ("UPDATE invoices SET sequence = 17 WHERE total_minor = 8900", &[NumberGaps, NumberSeries]),
    ("UPDATE number_series SET last_sequence = 9", &[NumberSeries]),
];

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn each_kind_of_damage_is_found_by_the_checks_it_concerns(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    books(&house).await;
    unlock(&house).await;
    let ctx = one_connection(&house).await;
    let run = async |sql: &str| {
        let done = ctx.db.write.execute_unprepared(sql).await;
        done.unwrap_or_else(|error| panic!("{sql}: {error}"))
            .rows_affected()
    };
    for (damage, expected) in DAMAGES {
        run("BEGIN").await;
        assert!(run(damage).await > 0, "{damage} damaged nothing");
        assert_eq!(&found(&ctx).await, expected, "{damage}");
        run("ROLLBACK").await;
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_finding_names_the_row_and_both_amounts(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let books = books(&house).await;
    unlock(&house).await;
    let damage = "UPDATE invoices SET open_minor = 1 WHERE id = $1";
    house.run(damage, vec![books.paid.invoice.0.into()]).await;
    let report = verify(&house.accountant()).await.unwrap();
    let finding = report
        .findings()
        .find(|finding| finding.check == InvoiceOpen)
        .expect("the open balance is wrong");
    assert_eq!(finding.id, books.paid.invoice.to_string());
    assert_eq!(Some(&finding.name), books.paid.number.as_ref());
    assert_eq!(finding.account.as_ref(), Some(&books.account.number));
    let sentence = finding.sentence();
    assert!(
        sentence.contains("expected 0.00 EUR, found 0.01 EUR"),
        "{sentence}"
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_slice_on_another_account_is_found(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let books = books(&house).await;
    let other = house.account("A-2", "EUR").await;
    let damage = "UPDATE applications SET account_id = $1 WHERE payment_id = $2";
    let values = vec![other.id.0.into(), books.overpayment.payment.0.into()];
    house.run(damage, values).await;
    assert_eq!(found(&house.accountant()).await, [SameAccount]);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn only_those_who_read_the_journal_check_the_books(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let account = house.account("A-1", "EUR").await;
    for (name, ctx) in house.everyone(account.customer) {
        let answer = verify(&ctx).await.map(|_| ());
        let expected = match name {
            "nobody" => Err(AppError::NotLoggedIn),
            _ if ctx.actor.holds(Right::ReadJournal) => Ok(()),
            _ => Err(AppError::Forbidden),
        };
        assert_eq!(answer, expected, "{name}");
    }
}
