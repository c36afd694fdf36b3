//! Invoices as they are read: lists, their filters and export, the document, and who sees which.

use super::support::{Engine, House, TestAccount, day};
use crate::domain::invoice::InvoiceStatus;
use crate::domain::money::{Currency, Money};
use crate::domain::rights::Right;
use crate::dto::error::{AppError, Refusal};
use crate::dto::invoices::{
    InvoiceDispute, InvoiceFilter, InvoiceList, InvoiceVoiding, NewInvoice, NewInvoiceLine,
    SavedInvoice, UNPAID,
};
use crate::dto::page::PageRequest;
use crate::dto::requests::{NewWriteOff, WriteOffReason};
use crate::server::context::{Actor, Ctx};
use crate::server::queries::invoices as queries;
use crate::server::services::{invoices, requests};
use rstest::rstest;

async fn list(ctx: &Ctx, filter: InvoiceFilter, page: PageRequest) -> InvoiceList {
    queries::list(ctx, filter, page)
        .await
        .expect("the list can be read")
}

/// The numbers a filter finds, in the list's own order.
async fn found(ctx: &Ctx, filter: InvoiceFilter) -> Vec<String> {
    numbers(&list(ctx, filter, PageRequest::default()).await)
}

fn numbers(list: &InvoiceList) -> Vec<String> {
    let number = |number: &Option<String>| number.clone().unwrap_or_else(|| "draft".to_owned());
    list.rows.iter().map(|row| number(&row.number)).collect()
}

async fn draft(ctx: &Ctx, account: &TestAccount, issued_on: &str, reference: &str) -> SavedInvoice {
    let command = NewInvoice {
        account: account.number.clone(),
        issued_on: issued_on.to_owned(),
        reference: reference.to_owned(),
        lines: vec![NewInvoiceLine {
            description: "Service".to_owned(),
            quantity: "1".to_owned(),
            unit_price: "5".to_owned(),
            tax_rate: "7".to_owned(),
            ..Default::default()
        }],
        ..Default::default()
    };
    invoices::save(ctx, command)
        .await
        .expect("a draft can be saved")
}

/// One invoice in each state, of two customers.
struct Shelf {
    first: TestAccount,
    second: TestAccount,
    draft: SavedInvoice,
    overdue: SavedInvoice,
}

async fn shelf(house: &House) -> Shelf {
    let ctx = house.accountant();
    let first = house.account("R-1", "EUR").await;
    let second = house.account("R-2", "USD").await;
    let overdue = first.invoice(&ctx, "2026-05-20", "10").await; // 00001
    first.invoice(&ctx, "2026-06-10", "20").await; // 00002, open
    let partly = first.invoice(&ctx, "2026-06-11", "30").await; // 00003
    let paid = first.invoice(&ctx, "2026-06-12", "40").await; // 00004
    first.invoice(&ctx, "2026-06-13", "-50").await; // 00005, credit
    let late_and_partly = second.invoice(&ctx, "2026-05-25", "70").await; // 00006
    let void = second.invoice(&ctx, "2026-06-14", "60").await; // 00007
    first
        .payment(
            &ctx,
            "2026-06-14",
            "45.00",
            &[(&partly, "5.00"), (&paid, "40.00")],
        )
        .await;
    second
        .payment(&ctx, "2026-06-14", "7.00", &[(&late_and_partly, "7.00")])
        .await;
    let voiding = InvoiceVoiding {
        invoice: void.invoice.to_string(),
        reason: "billed twice".to_owned(),
        ..Default::default()
    };
    invoices::void(&ctx, voiding)
        .await
        .expect("it is untouched");
    let draft = draft(&ctx, &second, "2026-06-15", "PO 100%").await;
    Shelf {
        first,
        second,
        draft,
        overdue,
    }
}

/// An invoice nobody will pay.
async fn written_off(house: &House) {
    let ctx = house.accountant();
    let account = house.account("LOST", "EUR").await;
    let lost = account.invoice(&ctx, "2026-05-20", "7.00").await;
    let command = NewWriteOff {
        invoice: lost.invoice.to_string(),
        reason_code: WriteOffReason::ALL[0].code().to_owned(),
        reason: "gone without an address".to_owned(),
        ..Default::default()
    };
    let done = requests::write_off(&ctx, command).await;
    done.expect("a small write-off approves itself");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn the_list_filters_by_the_status_each_invoice_shows(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.support();
    shelf(&house).await;
    written_off(&house).await;
    let mut all = 0;
    for status in InvoiceStatus::ALL {
        let filter = InvoiceFilter {
            status: status.code().to_owned(),
            ..Default::default()
        };
        let list = list(&ctx, filter, PageRequest::default()).await;
        assert!(!list.rows.is_empty(), "{status:?}");
        assert!(
            list.rows.iter().all(|row| row.status == *status),
            "{status:?}"
        );
        assert_eq!(list.total, list.rows.len() as u64, "{status:?}");
        all += list.total;
    }
    let everything = list(&ctx, InvoiceFilter::default(), PageRequest::default()).await;
    assert_eq!(
        (all, everything.total),
        (9, 9),
        "each is in exactly one status"
    );
    assert_eq!(
        everything.open,
        [
            Money::new(1_000 + 2_000 + 2_500, Currency::EUR),
            Money::new(6_300, Currency::USD)
        ],
        "one sum per currency"
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn the_list_finds_what_is_asked_for(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let shelf = shelf(&house).await;
    let dispute = InvoiceDispute {
        invoice: shelf.overdue.invoice.to_string(),
        disputed: true,
        reason: "wrong price".to_owned(),
    };
    invoices::set_disputed(&ctx, dispute)
        .await
        .expect("a final invoice can be disputed");
    let filter = |change: fn(&mut InvoiceFilter)| {
        let mut filter = InvoiceFilter::default();
        change(&mut filter);
        filter
    };
    let cases: [(InvoiceFilter, &[&str]); 11] = [
        (
            filter(|f| f.search = "2026-00003".to_owned()),
            &["INV-2026-00003"],
        ),
        (filter(|f| f.search = " po 100% ".to_owned()), &["draft"]),
        (filter(|f| f.search = "2026%3".to_owned()), &[]),
        (
            filter(|f| f.search = "r-2".to_owned()),
            &["draft", "INV-2026-00007", "INV-2026-00006"],
        ),
        (
            filter(|f| f.account = "R-2".to_owned()),
            &["draft", "INV-2026-00007", "INV-2026-00006"],
        ),
        (
            filter(|f| {
                f.customer = "R-1".to_owned();
                f.status = UNPAID.to_owned();
            }),
            &["INV-2026-00003", "INV-2026-00002", "INV-2026-00001"],
        ),
        (
            filter(|f| f.overdue = "yes".to_owned()),
            &["INV-2026-00006", "INV-2026-00001"],
        ),
        (
            filter(|f| f.disputed = "yes".to_owned()),
            &["INV-2026-00001"],
        ),
        (
            filter(|f| f.currency = "USD".to_owned()),
            &["draft", "INV-2026-00007", "INV-2026-00006"],
        ),
        (
            filter(|f| {
                f.issued_from = "2026-06-12".to_owned();
                f.issued_to = "2026-06-13".to_owned();
            }),
            &["INV-2026-00005", "INV-2026-00004"],
        ),
        (filter(|f| f.account = "R-9".to_owned()), &[]),
    ];
    for (filter, expected) in cases {
        assert_eq!(found(&ctx, filter.clone()).await, expected, "{filter:?}");
    }
    let unreadable = filter(|f| f.status = "unheard_of".to_owned());
    let refused = queries::list(&ctx, unreadable, PageRequest::default()).await;
    assert_eq!(refused, Err(Refusal::UnknownChoice.at("status")));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn the_list_sorts_by_its_columns(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    shelf(&house).await;
    for (sort, first, last) in [
        ("number", "INV-2026-00001", "draft"),
        ("-number", "INV-2026-00007", "draft"),
        ("issued", "INV-2026-00001", "draft"),
        ("-issued", "draft", "INV-2026-00001"),
        ("due", "INV-2026-00001", "draft"),
        ("total", "INV-2026-00005", "INV-2026-00006"),
        ("-open", "INV-2026-00006", ""),
        ("1; DROP TABLE invoices", "draft", "INV-2026-00001"),
    ] {
        let page = PageRequest {
            sort: sort.to_owned(),
            ..Default::default()
        };
        let numbers = numbers(&list(&ctx, InvoiceFilter::default(), page).await);
        assert_eq!(numbers.first().map(String::as_str), Some(first), "{sort}");
        // Several have nothing open: which of them is last says nothing.
        if !last.is_empty() {
            assert_eq!(numbers.last().map(String::as_str), Some(last), "{sort}");
        }
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn pages_and_export_hold_every_invoice_once(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let account = house.account("R-1", "EUR").await;
    for _ in 0..53 {
        account.invoice(&ctx, "2026-06-15", "10").await;
    }
    let mut paged = Vec::new();
    for page in [1, 2] {
        let request = PageRequest {
            page,
            ..Default::default()
        };
        let list = list(&ctx, InvoiceFilter::default(), request).await;
        assert_eq!(list.total, 53);
        assert_eq!(list.rows.len(), if page == 1 { 50 } else { 3 });
        paged.extend(list.rows);
    }
    let filter = InvoiceFilter::default();
    let whole = queries::export(&ctx, &filter, None).await;
    assert_eq!(whole.expect("it can be exported"), paged);
    let after = &paged[20];
    let position = Some((after.issued_on, after.invoice));
    let rest = queries::export(&ctx, &filter, position).await;
    assert_eq!(rest.expect("it can be exported"), paged[21..]);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn customers_see_their_own_final_invoices_and_nothing_else(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let shelf = shelf(&house).await;
    let (own, other) = (
        house.customer(shelf.first.customer),
        house.customer(shelf.second.customer),
    );
    let own_list = list(&own, InvoiceFilter::default(), PageRequest::default()).await;
    assert_eq!(own_list.total, 5);
    assert!(own_list.rows.iter().all(|row| row.on.account == "R-1"));
    let numbers = found(&other, InvoiceFilter::default()).await;
    assert_eq!(numbers, ["INV-2026-00007", "INV-2026-00006"], "no draft");
    let theirs = InvoiceFilter {
        account: "R-2".to_owned(),
        ..Default::default()
    };
    assert_eq!(found(&own, theirs.clone()).await, Vec::<String>::new());
    assert_eq!(queries::export(&own, &theirs, None).await, Ok(Vec::new()));

    let overdue = shelf.overdue.invoice.to_string();
    let seen = queries::detail(&own, &overdue).await;
    let seen = seen.expect("it is their own");
    assert_eq!(
        (seen.row.open.minor, seen.history.len(), seen.entries.len()),
        (1_000, 0, 0)
    );
    let not_found = [
        queries::detail(&other, &overdue).await,
        queries::detail(&other, &shelf.draft.invoice.to_string()).await,
        queries::detail(&own, "01900000-0000-7000-8000-000000000000").await,
        queries::detail(&own, "INV-2026-00001").await,
    ];
    for result in not_found {
        assert_eq!(result, Err(AppError::NotFound));
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn customers_do_not_learn_who_of_the_staff_did_what(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let shelf = shelf(&house).await;
    let paid = InvoiceFilter {
        status: InvoiceStatus::Paid.code().to_owned(),
        ..Default::default()
    };
    let staff_list = list(&house.support(), paid, PageRequest::default()).await;
    let id = staff_list.rows[0].invoice.to_string();
    for (ctx, name) in [
        (house.support(), "Anna Accountant"),
        (house.customer(shelf.first.customer), ""),
    ] {
        let seen = queries::detail(&ctx, &id).await.expect("both may see it");
        assert_eq!(seen.slices[0].recorded_by, name);
        assert_eq!(seen.slices[0].effective_on, day("2026-06-14"));
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn staff_without_the_right_and_strangers_see_no_invoice(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let shelf = shelf(&house).await;
    let id = shelf.overdue.invoice.to_string();
    for (who, ctx) in house.everyone(shelf.first.customer) {
        let expected = match ctx.actor {
            Actor::Nobody => Some(AppError::NotLoggedIn),
            _ if ctx.actor.customer().is_some() || ctx.actor.holds(Right::ReadCustomers) => None,
            _ => Some(AppError::Forbidden),
        };
        let filter = InvoiceFilter::default();
        let results = [
            queries::list(&ctx, filter.clone(), PageRequest::default())
                .await
                .err(),
            queries::export(&ctx, &filter, None).await.err(),
            queries::detail(&ctx, &id).await.err(),
        ];
        assert_eq!(
            results,
            [expected.clone(), expected.clone(), expected],
            "{who}"
        );
    }
    let unknown = queries::detail(&house.nobody(), "01900000-0000-7000-8000-000000000000").await;
    assert_eq!(
        unknown,
        Err(AppError::NotLoggedIn),
        "nobody learns what exists"
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn the_editor_proposes_the_tax_rates_used_before_this_accounts_first(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let shelf = shelf(&house).await;
    let fresh = house.account("R-3", "EUR").await;
    let rates = async |number: &str| {
        let editing = queries::editing(&ctx, number).await;
        editing.expect("the account is there").tax_rates
    };
    assert_eq!(rates("R-2").await, ["0", "7"]);
    assert_eq!(rates("R-1").await, ["0", "7"]);
    assert_eq!(
        rates("R-3").await,
        ["0", "7"],
        "others' rates, most used first"
    );
    draft(&ctx, &fresh, "2026-06-15", "").await;
    assert_eq!(rates("R-3").await, ["7", "0"]);
    let unknown = queries::editing(&ctx, "R-9").await;
    assert_eq!(unknown, Err(AppError::NotFound));

    let again = queries::draft(&ctx, &shelf.draft.invoice.to_string()).await;
    let again = again.expect("a draft has an editor");
    assert_eq!(again.editing.terms_days, 14);
    let line = &again.invoice.lines[0];
    assert_eq!(
        [
            &line.quantity,
            &line.unit_price,
            &line.discount,
            &line.tax_rate
        ],
        ["1", "5", "", "7"]
    );
    assert_eq!(again.invoice.due_on, "2026-06-29");
}
