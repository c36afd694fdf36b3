//! Imports: what files of other systems become, what is refused with its line and column, and that nothing is
//! visible before everything is.

use super::support::{Engine, House};
use crate::domain::ids::{CreditRunId, ImportId};
use crate::domain::money::Money;
use crate::domain::rights::Right;
use crate::dto::credit_runs::{CreditRunSummary, CreditRunUndo, NewCreditRun};
use crate::dto::error::{AppError, Refusal};
use crate::dto::imports::{
    ImportDiscarding, ImportPosting, ImportProblem, ImportReport, ImportState, ImportSummary,
    TextEncoding,
};
use crate::dto::page::PageRequest;
use crate::dto::reports::{AgingAmounts, AgingFilter, AgingTotal};
use crate::server::context::Ctx;
use crate::server::import::mapping::Mapping;
use crate::server::queries::{imports as reading, reports, verify::verify};
use crate::server::services::{credit_runs, imports};
use rstest::rstest;

/// The file of this name among the sample data; `None`, said so, where there is none.
fn sample(name: &str) -> Option<Vec<u8>> {
    let Ok(folder) = std::env::var("SALDO_SAMPLE_DATA") else {
        eprintln!("skipped: SALDO_SAMPLE_DATA names no folder of sample data");
        return None;
    };
    let path = std::path::Path::new(&folder).join(name);
    Some(std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

async fn check_as(
    ctx: &Ctx,
    mapping: &Mapping,
    bytes: &[u8],
    round: bool,
) -> Result<ImportReport, AppError> {
    let file = imports::ImportFile {
        name: "test.csv",
        bytes,
    };
    let id = imports::check(ctx, mapping, file, round, &|_| {}).await?;
    reading::report(ctx, &id.to_string(), None).await
}

pub async fn check(ctx: &Ctx, preset: &str, text: &str) -> ImportReport {
    let mapping = Mapping::load(preset).expect("it is a preset");
    let report = check_as(ctx, &mapping, text.as_bytes(), false).await;
    report.expect("the file can be read")
}

async fn post(ctx: &Ctx, id: ImportId, lines: &str) -> Result<ImportSummary, AppError> {
    let command = ImportPosting {
        import: id.to_string(),
        lines: lines.to_owned(),
    };
    imports::post(ctx, command, &|_| {}).await
}

/// Reads a file and posts all of it.
pub async fn import(ctx: &Ctx, preset: &str, text: &str) -> ImportSummary {
    let report = check(ctx, preset, text).await;
    assert_eq!(problems(&report), [] as [String; 0]);
    post(ctx, report.import.id, "")
        .await
        .expect("it can be posted")
}

/// `line field code` of each finding.
fn problems(report: &ImportReport) -> Vec<String> {
    let findings = report.findings.iter();
    findings
        .map(|finding| {
            format!(
                "{} {} {}",
                finding.line,
                finding.field,
                finding.problem.code()
            )
        })
        .collect()
}

async fn assert_clean(ctx: &Ctx) {
    let report = verify(ctx).await.expect("the books can be checked");
    let sentences: Vec<String> = report
        .findings()
        .map(|finding| finding.sentence())
        .collect();
    assert!(report.is_clean(), "{sentences:#?}");
}

async fn aging_total(ctx: &Ctx, as_of: &str) -> Option<AgingTotal> {
    let filter = AgingFilter {
        as_of: as_of.to_owned(),
        ..Default::default()
    };
    reports::aging(ctx, filter, None)
        .await
        .expect("it can be read")
        .totals
        .into_iter()
        .next()
}

fn receivable(amounts: &AgingAmounts) -> (i64, String, String, String) {
    (
        amounts.open_invoices,
        amounts.receivable.plain(),
        amounts.not_due.plain(),
        amounts.days_1_30.plain(),
    )
}

fn plain(amounts: &[crate::dto::imports::CountedMoney]) -> Vec<(u32, String)> {
    amounts
        .iter()
        .map(|counted| (counted.count, counted.total.to_string()))
        .collect()
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn settled_invoices_come_in_with_their_payments(#[case] engine: Engine) {
    let Some(bytes) = sample("ibm-accounts-receivable.csv") else {
        return;
    };
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let mapping = Mapping::load("ibm").unwrap();
    let report = check_as(&ctx, &mapping, &bytes, false).await.unwrap();
    assert_eq!(problems(&report), [] as [String; 0]);
    assert_eq!(report.import.summary.lines, 2_466);
    let summary = post(&ctx, report.import.id, "").await.unwrap();
    assert_eq!((summary.customers, summary.new_accounts), (100, 100));
    assert_eq!(summary.invoices[0].count, 2_466);
    assert_eq!(summary.payments[0].count, 2_466);

    let at_year_end = aging_total(&ctx, "2012-12-31").await.unwrap();
    assert_eq!(at_year_end.customers, 61);
    assert_eq!(
        receivable(&at_year_end.amounts),
        (
            99,
            "5725.06".to_owned(),
            "4936.32".to_owned(),
            "788.74".to_owned()
        )
    );
    let at_mid_year = aging_total(&ctx, "2013-06-30").await.unwrap();
    assert_eq!(at_mid_year.amounts.open_invoices, 84);
    assert_eq!(at_mid_year.amounts.receivable.plain(), "5119.85");
    // Leading zeros are part of the number.
    let numbered = house
        .count("invoices WHERE number = '0000611365' AND note = ''")
        .await;
    assert_eq!(numbered, 1);
    assert_eq!(
        house
            .count("invoices WHERE number = '0007900770' AND note = 'Disputed: Yes'")
            .await,
        1
    );
    assert_clean(&ctx).await;

    // The same file again.
    let again = check_as(&ctx, &mapping, &bytes, false).await.unwrap();
    assert_eq!(
        (
            again.import.summary.known,
            again.import.summary.adds_something()
        ),
        (2_466, false)
    );
    post(&ctx, again.import.id, "").await.unwrap();
    assert_eq!(house.count("invoices").await, 2_466);
    assert_eq!(house.count("payments").await, 2_466);
    assert_eq!(house.count("journal_entries").await, 2 * 2_466);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn invoice_lines_become_invoices_and_credit_and_the_run_uses_it(#[case] engine: Engine) {
    let Some(bytes) = sample("online-retail-lines.csv") else {
        return;
    };
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let mapping = Mapping::load("online-retail").unwrap();
    let report = check_as(&ctx, &mapping, &bytes, false).await.unwrap();
    assert_eq!(
        problems(&report),
        ["624 CustomerID required", "624 UnitPrice total_is_zero"]
    );
    assert_eq!(report.import.summary.documents, 66);
    assert_eq!(
        post(&ctx, report.import.id, "").await,
        Err(Refusal::ImportHasFindings { count: 1 }.of_act())
    );
    let summary = post(&ctx, report.import.id, "good").await.unwrap();
    assert_eq!(summary.customers, 48);
    assert_eq!(plain(&summary.invoices), [(61, "24702.88 GBP".to_owned())]);
    assert_eq!(plain(&summary.credits), [(4, "199.13 GBP".to_owned())]);
    assert_clean(&ctx).await;

    let run = NewCreditRun {
        effective_on: "2010-12-31".to_owned(),
        ..Default::default()
    };
    let entries = house.count("journal_entries").await;
    let done = apply(&ctx, &run, "first").await;
    assert_eq!(
        (done.applications, done.totals[0].to_string()),
        (2, "30.15 GBP".to_owned())
    );
    assert_eq!(house.count("journal_entries").await, entries + 2);
    assert_eq!(
        house
            .count(
                "journal_lines l JOIN journal_entries e ON e.id = l.entry_id WHERE e.source = 'ARP'"
            )
            .await,
        8
    );
    for (account, minor) in [("15311", 465), ("17897", 2_550)] {
        let applied = format!(
            "applications a JOIN receivable_accounts r ON r.id = a.account_id
            WHERE r.number = '{account}' AND a.amount_minor = {minor}"
        );
        assert_eq!(house.count(&applied).await, 1, "{account}");
    }
    let credit = aging_total(&ctx, "")
        .await
        .unwrap()
        .amounts
        .credit_in_receivable;
    assert_eq!(credit.to_string(), "168.98 GBP");
    let nothing = apply(&ctx, &run, "second").await;
    assert_eq!(
        (nothing.applications, nothing.totals),
        (0, vec![] as Vec<Money>)
    );
    undo(&ctx, done.run).await;
    let restored = aging_total(&ctx, "").await.unwrap().amounts;
    assert_eq!(restored.credit_in_receivable.to_string(), "199.13 GBP");
    assert_eq!(restored.open.to_string(), "24702.88 GBP");
    assert_clean(&ctx).await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_third_decimal_is_reported_or_rounded_as_asked(#[case] engine: Engine) {
    let Some(bytes) = sample("highradius-open-items.csv") else {
        return;
    };
    let mapping = Mapping::load("highradius").unwrap();
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let report = check_as(&ctx, &mapping, &bytes, false).await.unwrap();
    let too_many = report.findings.iter().filter(|finding| {
        finding.problem == ImportProblem::Refused(Refusal::TooManyDecimals { max: 2 })
    });
    assert_eq!(too_many.count(), 576);
    assert_eq!(report.import.summary.refused_lines, 576);
    let summary = post(&ctx, report.import.id, "good").await.unwrap();
    assert_eq!(
        plain(&summary.invoices),
        [(9_105, "285206825.08 USD".to_owned())]
    );
    assert_clean(&ctx).await;

    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let report = check_as(&ctx, &mapping, &bytes, true).await.unwrap();
    assert_eq!(report.import.summary.refused_lines, 0);
    let summary = post(&ctx, report.import.id, "").await.unwrap();
    assert_eq!(
        plain(&summary.invoices),
        [(9_681, "310427859.34 USD".to_owned())]
    );
    assert_eq!(
        (
            summary.new_accounts,
            house.count("receivable_accounts").await
        ),
        (553, 553)
    );
    // The first name wins, the others are kept.
    assert_eq!(
        house
            .count("customers WHERE number = '140105686' AND name = 'SYSC llc'")
            .await,
        1
    );
    let others =
        "customer_aliases a JOIN customers c ON c.id = a.customer_id WHERE c.number = '140105686'";
    assert_eq!(house.count(others).await, 9);
    assert_clean(&ctx).await;
}

async fn apply(ctx: &Ctx, run: &NewCreditRun, key: &str) -> CreditRunSummary {
    let run = NewCreditRun {
        key: key.to_owned(),
        ..run.clone()
    };
    credit_runs::run(ctx, run, &|_| {})
        .await
        .expect("the run goes through")
}

async fn undo(ctx: &Ctx, run: CreditRunId) {
    let command = CreditRunUndo {
        run: run.to_string(),
        reason: "test".to_owned(),
    };
    credit_runs::undo(ctx, command, &|_| {})
        .await
        .expect("the run can be undone");
}

const INVOICES: &str = "number,account,customer,customer_name,currency,issued_on,due_on,status,reference,note,net,tax,total\n";

fn invoices(rows: &[&str]) -> String {
    format!("{INVOICES}{}\n", rows.join("\n"))
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn what_an_export_writes_can_be_imported_again(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let text = invoices(&[
        "A-1,1001,K1,Müller GmbH,EUR,2026-01-10,2026-01-24,open,PO 7,net 14,100.00,19.00,119.00",
        "A-2,1001,K1,Müller und Söhne,EUR,2026-02-10,,open,,,50.00,0,50.00",
        "A-3,1001,K1,Müller GmbH,EUR,2026-02-11,,credit,,,-20.00,0,-20.00",
        "A-4,1001,K1,Müller GmbH,EUR,2026-02-12,,void,,,5.00,0,5.00",
        "A-5,1002,K1,Müller GmbH,USD,2026-02-12,,open,,,0.00,0,0.00",
    ]);
    let summary = import(&ctx, "invoices", &text).await;
    assert_eq!(
        (summary.new_customers, summary.new_accounts, summary.aliases),
        (1, 2, 1)
    );
    assert_eq!((summary.left_out, summary.known), (1, 0));
    assert_eq!(
        plain(&summary.invoices),
        [(2, "169.00 EUR".to_owned()), (1, "0.00 USD".to_owned())]
    );
    assert_eq!(plain(&summary.credits), [(1, "20.00 EUR".to_owned())]);
    let tax = "invoice_taxes t JOIN invoices i ON i.id = t.invoice_id WHERE i.number = 'A-1' AND t.rate = '19'";
    assert_eq!(house.count(tax).await, 1);
    // Thirty days where the file says nothing, and the account opens with its first document.
    assert_eq!(
        house
            .count("invoices WHERE number = 'A-2' AND due_on = '2026-03-12'")
            .await,
        1
    );
    assert_eq!(
        house
            .count("receivable_accounts WHERE number = '1001' AND opened_on = '2026-01-10'")
            .await,
        1
    );

    let payments = "key,account,currency,amount,received_on,method,prepayment,fee,status,invoice,applied,expires_on
        p1,1001,EUR,120.50,2026-01-20,card,,0.50,,A-1,119.00,
        p2,1001,EUR,30.00,2026-02-20,cash,,,,A-2,,
        p3,1001,EUR,80.00,2026-02-25,,yes,,,,,2026-12-31
        p4,1001,EUR,9.00,2026-02-25,,,,reversed,,,
        p5,1001,EUR,30.00,2026-02-26,,,,,A-2,,";
    let payments = payments.replace("\n        ", "\n");
    let summary = import(&ctx, "payments", &payments).await;
    assert_eq!(plain(&summary.payments), [(4, "260.50 EUR".to_owned())]);
    assert_eq!(summary.left_out, 1);
    assert_clean(&ctx).await;
    // 1.00 of the first and 10.00 of the last payment are credit; the second pays what it can.
    let credit = aging_total(&ctx, "").await.unwrap().amounts;
    assert_eq!(credit.credit_in_receivable.to_string(), "31.00 EUR");
    assert_eq!(credit.prepayments.to_string(), "80.00 EUR");
    assert_eq!(credit.open.to_string(), "0.00 EUR");
    assert_eq!(
        house
            .count("credit_grants WHERE class = 'prepayment' AND expires_on = '2026-12-31'")
            .await,
        1
    );
    assert_eq!(
        house
            .count("customers WHERE search_text LIKE '%söhne%'")
            .await,
        1
    );

    let again = check(&ctx, "payments", &payments).await;
    assert_eq!(
        (
            again.import.summary.known,
            again.import.summary.adds_something()
        ),
        (4, false)
    );
    let again = check(&ctx, "invoices", &text).await;
    assert_eq!(
        (
            again.import.summary.known,
            again.import.summary.adds_something()
        ),
        (4, false)
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn documents_made_in_saldo_are_recognised_in_its_own_export(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let account = house.account("K-1", "EUR").await;
    let invoice = account.invoice(&ctx, "2026-06-01", "89.00").await;
    let payment = account
        .payment(&ctx, "2026-06-05", "95.00", &[(&invoice, "89.00")])
        .await;
    let number = invoice.number.unwrap();
    let text = invoices(&[&format!(
        "{number},K-1,K-1,K-1,EUR,2026-06-01,2026-06-15,paid,,,89.00,0,89.00"
    )]);
    let report = check(&ctx, "invoices", &text).await;
    assert_eq!(report.import.summary.known, 1);
    let text = format!(
        "key,account,amount,received_on\nsaldo:{},K-1,95.00,2026-06-05\n",
        payment.payment
    );
    let report = check(&ctx, "payments", &text).await;
    assert_eq!(
        (report.import.summary.known, problems(&report).len()),
        (1, 0)
    );
}

/// Rows of Saldo's own invoice columns, and `line field code` of everything wrong with them.
const BAD_INVOICES: &[(&[&str], &[&str])] = &[
    (
        &["A,1,,,EUR,2026-01-10,,,,,,,12.345"],
        &["2 total too_many_decimals"],
    ),
    (
        &["A,1,,,EUR,2026-01-10,,,,,,,twelve"],
        &["2 total not_an_amount"],
    ),
    (&["A,1,,,EUR,2026-01-10,,,,,,,"], &["2 total required"]),
    (
        &["A,1,,,EUR,2026-01-10,,,,,,,99999999999999999999"],
        &["2 total amount_out_of_range"],
    ),
    (
        &["A,1,,,EUR,2026-01-10,,,,,9.00,2.00,12.00"],
        &["2 net total_differs"],
    ),
    (&[",1,,,EUR,2026-01-10,,,,,,,1"], &["2 number required"]),
    (&["A,,,,EUR,2026-01-10,,,,,,,1"], &["2 account required"]),
    (
        &["A,1/2,,,EUR,2026-01-10,,,,,,,1"],
        &["2 account unusable_number"],
    ),
    (
        &["A,1,,,euro,2026-01-10,,,,,,,1"],
        &["2 currency unknown_currency"],
    ),
    (&["A,1,,,,2026-01-10,,,,,,,1"], &["2 currency required"]),
    (&["A,1,,,EUR,,,,,,,,1"], &["2 issued_on required"]),
    (
        &["A,1,,,EUR,10.01.2026,,,,,,,1"],
        &["2 issued_on other_date_format"],
    ),
    (
        &["A,1,,,EUR,2026-02-30,,,,,,,1"],
        &["2 issued_on not_a_date"],
    ),
    (
        &["A,1,,,EUR,0026-01-10,,,,,,,1"],
        &["2 issued_on date_too_early"],
    ),
    (
        &["A,1,,,EUR,2026-07-01,,,,,,,1"],
        &["2 issued_on date_too_late"],
    ),
    (
        &["A,1,,,EUR,2026-01-10,2200-01-01,,,,,,1"],
        &["2 due_on date_too_late"],
    ),
    (
        &["A,1,,,EUR,2026-01-10,2026-01-09,,,,,,1"],
        &["2 due_on due_before_issued"],
    ),
    (&["A,1,,,EUR,2026-01-10,,,,,,,1,2"], &["2  uneven_line"]),
    (
        &[
            "A,1,,,EUR,2026-01-10,,,,,,,1",
            "A,1,,,EUR,2026-01-10,,,,,,,1",
        ],
        &["2  other_line_refused", "3 number repeated_number"],
    ),
    (
        &[
            "A,1,,,EUR,2026-01-10,,,,,,,1",
            "A,2,,,EUR,2026-01-10,,,,,,,1",
        ],
        &[
            "2  other_line_refused",
            "3 account differs_within_document",
            "3 number repeated_number",
        ],
    ),
];

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn bad_lines_are_reported_with_field_and_reason(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    for (rows, expected) in BAD_INVOICES {
        let report = check(&ctx, "invoices", &invoices(rows)).await;
        assert_eq!(&problems(&report), expected, "{rows:?}");
    }
    assert_eq!(house.count("customers").await, 0);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn files_of_another_shape_are_reported_before_anything_is_read(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let report = check(&ctx, "ibm", "customerID,invoiceNumber\n1,2\n").await;
    assert_eq!(
        problems(&report),
        [
            "1 InvoiceDate missing_column",
            "1 DueDate missing_column",
            "1 SettledDate missing_column",
            "1 InvoiceAmount missing_column",
            "1 Disputed missing_column",
        ]
    );
    assert_eq!(report.import.summary.documents, 0);
    let header = "countryCode,customerID,invoiceNumber,InvoiceDate,DueDate,InvoiceAmount,Disputed,SettledDate";
    let rows = "1,7,001,1/2/2013,2/1/2013,5.00,No,
1,7,001,1/2/2013,2/1/2013,5.00,No,
1,7,002,13/2/2013,2/1/2013,5.00,No,
1,7,003,1/2/2013,2/1/2013,-5.00,No,1/1/2013
1,7,004,1/2/2013,2/1/2013,0,No,
1,7,005,1/2/2013,2/1/2013,5.00,No,1/1/2013";
    let report = check(&ctx, "ibm", &format!("{header}\n{rows}\n")).await;
    assert_eq!(
        problems(&report),
        [
            "3 invoiceNumber repeated_line",
            "4 InvoiceDate other_date_format",
            "5 SettledDate date_too_early",
            "5 InvoiceAmount total_is_negative",
            "6 InvoiceAmount total_is_zero",
            "7 SettledDate date_too_early",
        ]
    );
    let mapping = Mapping::load("invoices").unwrap();
    let spreadsheet = check_as(&ctx, &mapping, b"PK\x03\x04\0\0", false).await;
    assert_eq!(
        spreadsheet.map(|_| ()),
        Err(Refusal::NotATextFile.at("file"))
    );
    let latin = invoices(&["A,1,,Muller,EUR,2026-01-10,,,,,,,1"]).replace("Muller", "M\u{1}ller");
    let latin: Vec<u8> = latin
        .bytes()
        .map(|byte| if byte == 1 { 0xfc } else { byte })
        .collect();
    let report = check_as(&ctx, &mapping, &latin, false).await.unwrap();
    assert_eq!(problems(&report), ["1  read_as_windows_1252"]);
    assert_eq!(report.import.encoding, TextEncoding::Windows1252);
    post(&ctx, report.import.id, "").await.unwrap();
    assert_eq!(house.count("customers WHERE name = 'Müller'").await, 1);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn payments_that_do_not_fit_the_books_are_refused(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let account = house.account("K-1", "EUR").await;
    let number = account
        .invoice(&ctx, "2026-06-01", "10.00")
        .await
        .number
        .unwrap();
    for (row, expected) in [
        ("p,X,EUR,1.00,2026-06-02,,", "2 account unknown_reference"),
        (
            "p,K-1,USD,1.00,2026-06-02,,",
            "2 currency currency_mismatch",
        ),
        (
            "p,K-1,EUR,-1.00,2026-06-02,,",
            "2 amount amount_not_positive",
        ),
        ("p,K-1,EUR,1.001,2026-06-02,,", "2 amount too_many_decimals"),
        (
            "p,K-1,EUR,1.00,2026-06-02,NONE,",
            "2 invoice unknown_reference",
        ),
        (
            "p,K-1,EUR,50.00,2026-06-02,INV,10.01",
            "2 applied more_than_open",
        ),
        (
            "p,K-1,EUR,5.00,2026-06-02,INV,6.00",
            "2 amount amount_exceeds_received",
        ),
        (
            "p,K-1,EUR,5.00,2026-06-02,INV,1\np,K-1,EUR,5.00,2026-06-02,INV,1",
            "2  other_line_refused 3 applied named_twice",
        ),
        (
            "p,K-1,EUR,10.00,2026-06-02,INV,\nq,K-1,EUR,1.00,2026-06-02,INV,",
            "3 invoice invoice_not_open",
        ),
    ] {
        let row = row.replace("INV", &number);
        let text = format!("key,account,currency,amount,received_on,invoice,applied\n{row}\n");
        let report = check(&ctx, "payments", &text).await;
        assert_eq!(problems(&report).join(" "), expected, "{row}");
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn an_account_keeps_its_currency_and_customer(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    house.account("K-1", "EUR").await;
    let text = invoices(&[
        "A,K-1,K-1,,USD,2026-01-10,,,,,,,1",
        "B,K-1,K-9,,EUR,2026-01-10,,,,,,,1",
        "C,N-1,N-1,New,EUR,2026-01-10,,,,,,,1",
        "D,N-1,N-1,New,USD,2026-01-10,,,,,,,1",
    ]);
    let report = check(&ctx, "invoices", &text).await;
    assert_eq!(
        problems(&report),
        [
            "2 currency currency_mismatch",
            "3 customer account_of_other_customer",
            "5 currency currency_mismatch",
        ]
    );
    let summary = post(&ctx, report.import.id, "good").await.unwrap();
    assert_eq!(
        (summary.new_customers, house.count("invoices").await),
        (1, 1)
    );
    assert_clean(&ctx).await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn nothing_is_visible_before_everything_is(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let text = invoices(&[
        "A,N-1,N-1,New,EUR,2026-01-10,,,,,,,1",
        "B,N-1,N-1,New,EUR,2026-01-10,,,,,,,2",
    ]);
    let report = check(&ctx, "invoices", &text).await;
    let untouched = async || {
        for table in [
            "customers",
            "receivable_accounts",
            "invoices",
            "journal_entries",
            "journal_lines",
        ] {
            assert_eq!(house.count(table).await, 0, "{table}");
        }
    };
    untouched().await;
    // The last of the staged lines does not balance: the database refuses the whole.
    let damage = "UPDATE import_journal_lines SET amount_minor = amount_minor + 1
        WHERE role = 'revenue' AND amount_minor = 200";
    assert_eq!(house.run(damage, vec![]).await, 1);
    let failed = post(&ctx, report.import.id, "").await;
    assert!(
        matches!(failed, Err(AppError::Unexpected { .. })),
        "{failed:?}"
    );
    untouched().await;
    house
        .run(
            "UPDATE import_journal_lines SET amount_minor = 200 WHERE amount_minor = 201",
            vec![],
        )
        .await;
    post(&ctx, report.import.id, "")
        .await
        .expect("it can be tried again");
    assert_eq!(house.count("invoices").await, 2);
    assert_eq!(house.count("import_invoices").await, 0);
    assert_clean(&ctx).await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn an_import_is_posted_once_and_not_over_what_changed_meanwhile(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let text = invoices(&["A,N-1,N-1,New,EUR,2026-01-10,,,,,,,1"]);
    let first = check(&ctx, "invoices", &text).await.import.id;
    let second = check(&ctx, "invoices", &text).await.import.id;
    post(&ctx, first, "").await.unwrap();
    assert_eq!(
        post(&ctx, first, "").await,
        Err(Refusal::ImportNotChecked.of_act())
    );
    let stale = post(&ctx, second, "").await;
    assert!(
        matches!(&stale, Err(AppError::Stale(what)) if what.contains(&"N-1".to_owned())),
        "{stale:?}"
    );
    let discarding = ImportDiscarding {
        import: second.to_string(),
    };
    imports::discard(&ctx, discarding).await.unwrap();
    let list = reading::list(&ctx, PageRequest::default()).await.unwrap();
    let states: Vec<ImportState> = list.rows.iter().map(|row| row.state).collect();
    assert_eq!(states, [ImportState::Discarded, ImportState::Posted]);
    assert_eq!(
        (
            house.count("invoices").await,
            house.count("import_invoices").await
        ),
        (1, 0)
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_settlement_that_is_new_is_added_to_what_is_known(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let header =
        "customerID,invoiceNumber,InvoiceDate,DueDate,InvoiceAmount,Disputed,SettledDate\n";
    import(
        &ctx,
        "ibm",
        &format!("{header}7,001,1/2/2013,2/1/2013,5.00,No,\n"),
    )
    .await;
    let settled = format!("{header}7,001,1/2/2013,2/1/2013,5.00,No,1/15/2013\n");
    let summary = import(&ctx, "ibm", &settled).await;
    assert_eq!((summary.known, summary.payments[0].count), (1, 1));
    assert_eq!(aging_total(&ctx, "2013-01-15").await, None);
    assert_eq!(
        aging_total(&ctx, "2013-01-14")
            .await
            .unwrap()
            .amounts
            .open
            .minor,
        500
    );
    let summary = import(&ctx, "ibm", &settled).await;
    assert_eq!((summary.known, summary.adds_something()), (1, false));
    assert_clean(&ctx).await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn what_falls_into_a_closed_period_is_posted_on_the_first_open_day(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    house
        .run(
            "INSERT INTO closed_periods (journal, closed_through) VALUES ('sales', '2013-01-31')",
            vec![],
        )
        .await;
    let text = "customerID,invoiceNumber,InvoiceDate,DueDate,InvoiceAmount,Disputed,SettledDate
7,001,1/2/2013,2/1/2013,5.00,No,1/15/2013
7,002,2/2/2013,3/1/2013,5.00,No,";
    import(&ctx, "ibm", text).await;
    let moved =
        "invoices WHERE number = '001' AND issued_on = '2013-01-02' AND posting_on = '2013-02-01'";
    assert_eq!(house.count(moved).await, 1);
    // Money is not posted before what it pays.
    assert_eq!(
        house
            .count("payments WHERE received_on = '2013-01-15' AND posting_on = '2013-02-01'")
            .await,
        1
    );
    assert_eq!(
        house
            .count("invoices WHERE number = '002' AND posting_on = '2013-02-02'")
            .await,
        1
    );
    assert_clean(&ctx).await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn only_those_with_the_right_import(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let account = house.account("A-1", "EUR").await;
    let mapping = Mapping::load("invoices").unwrap();
    let text = invoices(&["A,N-1,N-1,New,EUR,2026-01-10,,,,,,,1"]);
    let staged = check(&house.accountant(), "invoices", &text)
        .await
        .import
        .id;
    for (name, ctx) in house.everyone(account.customer) {
        let expected = match name {
            "nobody" => Err(AppError::NotLoggedIn),
            _ if ctx.actor.holds(Right::Import) => Ok(()),
            _ => Err(AppError::Forbidden),
        };
        let checked = check_as(&ctx, &mapping, text.as_bytes(), false)
            .await
            .map(|_| ());
        assert_eq!(checked, expected, "{name}");
        assert_eq!(
            reading::list(&ctx, PageRequest::default())
                .await
                .map(|_| ()),
            expected,
            "{name}"
        );
        assert_eq!(reading::presets(&ctx).map(|_| ()), expected, "{name}");
        if expected.is_err() {
            assert_eq!(post(&ctx, staged, "").await.map(|_| ()), expected, "{name}");
            let discarding = ImportDiscarding {
                import: staged.to_string(),
            };
            assert_eq!(imports::discard(&ctx, discarding).await, expected, "{name}");
        }
    }
}
