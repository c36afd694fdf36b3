//! Random histories: whatever people do, in whatever order, the books agree after every act, and what an account
//! owes and holds is what its documents and money say. A failing history shrinks and prints as a list of acts.

use super::support::{Engine, House, day};
use crate::dto::credit_notes::{CreditNoteVoiding, NewCreditNote, NewCreditNoteLine};
use crate::dto::credit_runs::{CreditRunUndo, NewCreditRun};
use crate::dto::credits::{GrantHold, NewApplication, Unapplication};
use crate::dto::error::AppError;
use crate::dto::form::AmountText;
use crate::dto::invoices::{InvoiceDispute, InvoiceVoiding, NewInvoice, NewInvoiceLine};
use crate::dto::payments::{NewPayment, NewPaymentApplication, PaymentReversal};
use crate::server::context::Ctx;
use crate::server::queries::verify::verify;
use crate::server::services::{applications, credit_notes, credit_runs, invoices, payments};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use sea_orm::{ConnectionTrait, Statement};
use uuid::Uuid;

/// Acts per history and histories per run of the tests; SALDO_HISTORIES asks for more.
const ACTS: usize = 30;
const HISTORIES: u32 = 24;

const ACCOUNTS: [&str; 2] = ["AR-1", "AR-2"];

/// Something a person does. Numbers choose among what is there at that moment.
#[derive(Clone, Debug)]
enum Act {
    Bill {
        account: usize,
        cents: i64,
        auto: bool,
    },
    GiveBack {
        account: usize,
        cents: i64,
    },
    Pay {
        account: usize,
        cents: i64,
        invoice: usize,
        choice: usize,
        prepayment: bool,
    },
    Apply {
        grant: usize,
        invoice: usize,
        cents: i64,
    },
    Unapply {
        application: usize,
    },
    Reverse {
        payment: usize,
        fee: bool,
    },
    /// Some tenths of an invoice's line are credited; of what is open, so many tenths are offset.
    Credit {
        invoice: usize,
        tenths: i64,
        offset: Option<i64>,
    },
    VoidNote {
        note: usize,
    },
    Void {
        invoice: usize,
    },
    Hold {
        grant: usize,
        on_hold: bool,
    },
    Dispute {
        invoice: usize,
        disputed: bool,
    },
    Run,
    UndoRun {
        run: usize,
    },
    DaysPass {
        days: u64,
    },
}

fn any_act() -> impl Strategy<Value = Act> {
    let account = 0..ACCOUNTS.len();
    prop_oneof![
        4 => (account.clone(), 1_i64..20_000, any::<bool>()).prop_map(|(account, cents, auto)| Act::Bill { account, cents, auto }),
        1 => (account.clone(), 1_i64..8_000).prop_map(|(account, cents)| Act::GiveBack { account, cents }),
        4 => (account, 1_i64..25_000, 0_usize..20, 0_usize..4, any::<bool>())
            .prop_map(|(account, cents, invoice, choice, prepayment)| Act::Pay { account, cents, invoice, choice, prepayment }),
        2 => (0_usize..20, 0_usize..20, 1_i64..10_000).prop_map(|(grant, invoice, cents)| Act::Apply { grant, invoice, cents }),
        2 => (0_usize..40).prop_map(|application| Act::Unapply { application }),
        1 => (0_usize..20, any::<bool>()).prop_map(|(payment, fee)| Act::Reverse { payment, fee }),
        3 => (0_usize..20, 1_i64..=10, prop::option::of(0_i64..=10))
            .prop_map(|(invoice, tenths, offset)| Act::Credit { invoice, tenths, offset }),
        1 => (0_usize..10).prop_map(|note| Act::VoidNote { note }),
        1 => (0_usize..20).prop_map(|invoice| Act::Void { invoice }),
        1 => (0_usize..20, any::<bool>()).prop_map(|(grant, on_hold)| Act::Hold { grant, on_hold }),
        1 => (0_usize..20, any::<bool>()).prop_map(|(invoice, disputed)| Act::Dispute { invoice, disputed }),
        2 => Just(Act::Run),
        1 => (0_usize..5).prop_map(|run| Act::UndoRun { run }),
        1 => (1_u64..12).prop_map(|days| Act::DaysPass { days }),
    ]
}

#[test]
fn the_books_agree_after_every_act_of_any_history() {
    let histories = std::env::var("SALDO_HISTORIES")
        .ok()
        .and_then(|text| text.parse().ok());
    let config = Config {
        cases: histories.unwrap_or(HISTORIES),
        failure_persistence: None,
        ..Config::default()
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    TestRunner::new(config)
        .run(&prop::collection::vec(any_act(), 1..ACTS), |acts| {
            runtime
                .block_on(play(Engine::Sqlite, &acts))
                .map_err(TestCaseError::fail)
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
}

#[tokio::test]
async fn a_long_history_agrees_on_postgres_too() {
    use proptest::strategy::ValueTree;
    let mut runner = TestRunner::deterministic();
    let acts = prop::collection::vec(any_act(), 60..61)
        .new_tree(&mut runner)
        .expect("acts can be made")
        .current();
    play(Engine::Postgres, &acts)
        .await
        .unwrap_or_else(|failure| panic!("{failure}"));
}

async fn play(engine: Engine, acts: &[Act]) -> Result<(), String> {
    let Some(house) = House::open(engine).await else {
        return Ok(());
    };
    let ctx = house.accountant();
    open_accounts(&ctx).await;
    for (index, act) in acts.iter().enumerate() {
        if let Err(error @ (AppError::Unexpected { .. } | AppError::Unavailable { .. })) =
            perform(&ctx, act).await
        {
            return Err(format!("act {index} {act:?}: {error}"));
        }
        let report = verify(&house.system())
            .await
            .map_err(|error| error.to_string())?;
        let findings: Vec<String> = report
            .findings()
            .map(|finding| finding.sentence())
            .collect();
        if !findings.is_empty() {
            return Err(format!(
                "after act {index} {act:?}: {}",
                findings.join("\n")
            ));
        }
        for account in ACCOUNTS {
            let (held, expected) = (
                net_held(&ctx, account).await,
                net_expected(&ctx, account).await,
            );
            if held != expected {
                return Err(format!(
                    "after act {index} {act:?}: {account} nets {held}, its documents say {expected}"
                ));
            }
        }
    }
    Ok(())
}

async fn open_accounts(ctx: &Ctx) {
    let customer = Uuid::now_v7();
    let now = ctx.clock.now();
    let insert_customer =
        "INSERT INTO customers (id, number, name, email, phone, street, postal_code, city, country,
        language, tax_id, terms_days, notes, search_text, created_at)
        VALUES ($1, 'C-1', 'Histories', '', '', '', '', '', '', 'en', '', 14, '', 'c-1', $2)";
    run(ctx, insert_customer, vec![customer.into(), now.into()]).await;
    for number in ACCOUNTS {
        let insert_account =
            "INSERT INTO receivable_accounts (id, number, customer_id, currency, name, auto_apply,
            surplus_choice, order_of_use, on_hold, created_at)
            VALUES ($1, $2, $3, 'EUR', '', 'all', 'keep', 'lapsing_first', $4, $5)";
        let values = vec![
            Uuid::now_v7().into(),
            number.into(),
            customer.into(),
            false.into(),
            now.into(),
        ];
        run(ctx, insert_account, values).await;
    }
}

async fn perform(ctx: &Ctx, act: &Act) -> Result<(), AppError> {
    let reason = || "a random act".to_owned();
    match act {
        Act::Bill {
            account,
            cents,
            auto,
        } => {
            let setting = if *auto { "all" } else { "off" };
            let sql = "UPDATE receivable_accounts SET auto_apply = $1 WHERE number = $2";
            run(ctx, sql, vec![setting.into(), ACCOUNTS[*account].into()]).await;
            bill(ctx, *account, *cents).await
        }
        Act::GiveBack { account, cents } => bill(ctx, *account, -cents).await,
        Act::Pay {
            account,
            cents,
            invoice,
            choice,
            prepayment,
        } => {
            let open = ids(
                ctx,
                "SELECT i.id FROM invoices i JOIN receivable_accounts a ON a.id = i.account_id
                WHERE i.open_minor > 0 AND a.number = $1 ORDER BY i.id",
                vec![ACCOUNTS[*account].into()],
            )
            .await;
            let wanted = pick(&open, *invoice).map(|invoice| NewPaymentApplication {
                invoice: invoice.to_string(),
                amount: decimal((cents / 2).max(1)),
            });
            let payment = NewPayment {
                account: ACCOUNTS[*account].to_owned(),
                amount: AmountText {
                    amount: decimal(*cents),
                    currency: "EUR".to_owned(),
                },
                received_on: ctx.today().to_string(),
                applications: wanted.into_iter().collect(),
                surplus: ["keep", "apply_to_oldest", "write_off", "refuse"][*choice].to_owned(),
                prepayment: if *prepayment {
                    "yes".to_owned()
                } else {
                    String::new()
                },
                ..Default::default()
            };
            payments::record(ctx, payment).await.map(drop)
        }
        Act::Apply {
            grant,
            invoice,
            cents,
        } => {
            let grants = ids(
                ctx,
                "SELECT id FROM credit_grants WHERE remaining_minor > 0 ORDER BY id",
                vec![],
            )
            .await;
            let open = ids(
                ctx,
                "SELECT id FROM invoices WHERE open_minor > 0 ORDER BY id",
                vec![],
            )
            .await;
            let (Some(grant), Some(invoice)) = (pick(&grants, *grant), pick(&open, *invoice))
            else {
                return Ok(());
            };
            let command = NewApplication {
                grant: grant.to_string(),
                invoice: invoice.to_string(),
                amount: AmountText {
                    amount: decimal(*cents),
                    currency: "EUR".to_owned(),
                },
                ..Default::default()
            };
            applications::apply(ctx, command).await.map(drop)
        }
        Act::Unapply { application } => {
            let all = ids(ctx, "SELECT id FROM applications ORDER BY id", vec![]).await;
            let Some(application) = pick(&all, *application) else {
                return Ok(());
            };
            let command = Unapplication {
                application: application.to_string(),
                reason: reason(),
                ..Default::default()
            };
            applications::unapply(ctx, command).await.map(drop)
        }
        Act::Credit {
            invoice,
            tenths,
            offset,
        } => {
            let all = ids(ctx, "SELECT id FROM invoices ORDER BY id", vec![]).await;
            let Some(invoice) = pick(&all, *invoice) else {
                return Ok(());
            };
            let sql = "SELECT open_minor AS net FROM invoices WHERE id = $1";
            let open: i64 = rows(ctx, sql, vec![invoice.into()])
                .await
                .first()
                .map_or(0, |row| row.try_get("", "net").expect("an amount"));
            let offset = offset.map(|offset| decimal(open * offset / 10));
            let command = NewCreditNote {
                invoice: invoice.to_string(),
                reason_code: "return".to_owned(),
                lines: vec![NewCreditNoteLine {
                    position: "1".to_owned(),
                    quantity: format!("{}.{}", tenths / 10, tenths % 10),
                }],
                offset: AmountText {
                    amount: offset.unwrap_or_default(),
                    currency: "EUR".to_owned(),
                },
                act: "finalise".to_owned(),
                ..Default::default()
            };
            credit_notes::save(ctx, command).await.map(drop)
        }
        Act::VoidNote { note } => {
            let all = ids(ctx, "SELECT id FROM credit_notes ORDER BY id", vec![]).await;
            let Some(note) = pick(&all, *note) else {
                return Ok(());
            };
            let command = CreditNoteVoiding {
                credit_note: note.to_string(),
                reason: reason(),
                ..Default::default()
            };
            credit_notes::void(ctx, command).await.map(drop)
        }
        Act::Reverse { payment, fee } => {
            let all = ids(ctx, "SELECT id FROM payments ORDER BY id", vec![]).await;
            let Some(payment) = pick(&all, *payment) else {
                return Ok(());
            };
            let command = PaymentReversal {
                payment: payment.to_string(),
                reason: reason(),
                cause: "bounced".to_owned(),
                fee: AmountText {
                    amount: if *fee {
                        "3.50".to_owned()
                    } else {
                        String::new()
                    },
                    currency: "EUR".to_owned(),
                },
                ..Default::default()
            };
            payments::reverse(ctx, command).await.map(drop)
        }
        Act::Void { invoice } => {
            let all = ids(ctx, "SELECT id FROM invoices ORDER BY id", vec![]).await;
            let Some(invoice) = pick(&all, *invoice) else {
                return Ok(());
            };
            let command = InvoiceVoiding {
                invoice: invoice.to_string(),
                reason: reason(),
                ..Default::default()
            };
            invoices::void(ctx, command).await.map(drop)
        }
        Act::Hold { grant, on_hold } => {
            let all = ids(ctx, "SELECT id FROM credit_grants ORDER BY id", vec![]).await;
            let Some(grant) = pick(&all, *grant) else {
                return Ok(());
            };
            applications::hold(
                ctx,
                GrantHold {
                    grant: grant.to_string(),
                    on_hold: *on_hold,
                    reason: reason(),
                },
            )
            .await
        }
        Act::Dispute { invoice, disputed } => {
            let all = ids(ctx, "SELECT id FROM invoices ORDER BY id", vec![]).await;
            let Some(invoice) = pick(&all, *invoice) else {
                return Ok(());
            };
            let command = InvoiceDispute {
                invoice: invoice.to_string(),
                disputed: *disputed,
                reason: reason(),
            };
            invoices::set_disputed(ctx, command).await
        }
        Act::Run => {
            let command = NewCreditRun {
                effective_on: ctx.today().to_string(),
                ..Default::default()
            };
            credit_runs::run(ctx, command, &|_| {}).await.map(drop)
        }
        Act::UndoRun { run } => {
            let all = ids(ctx, "SELECT id FROM credit_runs ORDER BY id", vec![]).await;
            let Some(run) = pick(&all, *run) else {
                return Ok(());
            };
            let command = CreditRunUndo {
                run: run.to_string(),
                reason: reason(),
            };
            credit_runs::undo(ctx, command, &|_| {}).await.map(drop)
        }
        Act::DaysPass { days } => {
            let next = (ctx.today() + chrono::Days::new(*days)).min(day("2199-01-01"));
            assert!(ctx.clock.move_to(next), "the clock only goes forward");
            Ok(())
        }
    }
}

async fn bill(ctx: &Ctx, account: usize, cents: i64) -> Result<(), AppError> {
    let line = NewInvoiceLine {
        description: "Something".to_owned(),
        quantity: "1".to_owned(),
        unit_price: decimal(cents),
        tax_rate: "19".to_owned(),
        ..Default::default()
    };
    let invoice = NewInvoice {
        account: ACCOUNTS[account].to_owned(),
        issued_on: ctx.today().to_string(),
        lines: vec![line],
        act: "finalise".to_owned(),
        ..Default::default()
    };
    invoices::save(ctx, invoice).await.map(drop)
}

fn decimal(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", cents.abs() / 100, cents.abs() % 100)
}

fn pick(all: &[Uuid], n: usize) -> Option<Uuid> {
    if all.is_empty() {
        None
    } else {
        Some(all[n % all.len()])
    }
}

async fn run(ctx: &Ctx, sql: &str, values: Vec<sea_orm::Value>) {
    let statement =
        Statement::from_sql_and_values(ctx.db.write.get_database_backend(), sql, values);
    ctx.db
        .write
        .execute_raw(statement)
        .await
        .expect("the test's own statement runs");
}

async fn rows(ctx: &Ctx, sql: &str, values: Vec<sea_orm::Value>) -> Vec<sea_orm::QueryResult> {
    let statement =
        Statement::from_sql_and_values(ctx.db.write.get_database_backend(), sql, values);
    ctx.db
        .write
        .query_all_raw(statement)
        .await
        .expect("the test's own statement runs")
}

async fn ids(ctx: &Ctx, sql: &str, values: Vec<sea_orm::Value>) -> Vec<Uuid> {
    let rows = rows(ctx, sql, values).await;
    rows.iter()
        .map(|row| row.try_get("", "id").expect("the statement selects ids"))
        .collect()
}

/// What the account owes less the credit it holds, as Saldo keeps it.
async fn net_held(ctx: &Ctx, account: &str) -> i64 {
    let sql = "SELECT due_minor - credit_minor AS net FROM receivable_accounts WHERE number = $1";
    number(ctx, sql, account).await
}

/// The same from documents alone: what was billed and not voided, less money that stayed and what was credited.
async fn net_expected(ctx: &Ctx, account: &str) -> i64 {
    let billed = "SELECT CAST(COALESCE(SUM(i.total_minor), 0) AS bigint) AS net FROM invoices i
        JOIN receivable_accounts a ON a.id = i.account_id
        WHERE a.number = $1 AND i.finalised_at IS NOT NULL AND i.voided_on IS NULL";
    let paid = "SELECT CAST(COALESCE(SUM(p.amount_minor - p.fee_minor), 0) AS bigint) AS net FROM payments p
        JOIN receivable_accounts a ON a.id = p.account_id WHERE a.number = $1 AND p.reversed_on IS NULL";
    let credited =
        "SELECT CAST(COALESCE(SUM(n.total_minor), 0) AS bigint) AS net FROM credit_notes n
        JOIN receivable_accounts a ON a.id = n.account_id
        WHERE a.number = $1 AND n.finalised_at IS NOT NULL AND n.voided_on IS NULL";
    let gone = number(ctx, paid, account).await + number(ctx, credited, account).await;
    number(ctx, billed, account).await - gone
}

async fn number(ctx: &Ctx, sql: &str, account: &str) -> i64 {
    rows(ctx, sql, vec![account.into()]).await[0]
        .try_get("", "net")
        .expect("the statement selects a sum")
}
