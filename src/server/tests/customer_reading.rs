//! What pages and the portal show of customers: lists, overviews, ledgers, history, and who sees them.

use super::support::{Engine, House, TestAccount};
use crate::domain::credit::CreditClass;
use crate::domain::ids::CustomerId;
use crate::domain::money::{Currency, Money};
use crate::dto::accounts::LedgerDocument;
use crate::dto::credits::NewApplication;
use crate::dto::customers::{CustomerFilter, CustomerList, ExternalId, NewCustomer};
use crate::dto::error::AppError;
use crate::dto::form::AmountText;
use crate::dto::page::PageRequest;
use crate::server::context::Ctx;
use crate::server::queries::{accounts, balances, customers as reading, dashboard};
use crate::server::services::{applications, customers};
use rstest::rstest;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use uuid::Uuid;

fn eur(minor: i64) -> Money {
    Money::new(minor, Currency::EUR)
}

/// Abel owes 40.00 since the middle of May and 50.00 until late June, and holds 35.00; Baum holds 500 yen.
async fn company(house: &House) -> (TestAccount, TestAccount) {
    let ctx = house.accountant();
    let abel = house.account("ABEL", "EUR").await;
    let first = abel.invoice(&ctx, "2026-05-01", "100").await;
    abel.invoice(&ctx, "2026-06-10", "50").await;
    abel.payment(&ctx, "2026-06-12", "95", &[(&first, "60")])
        .await;
    let baum = house.account("BAUM", "JPY").await;
    baum.invoice(&ctx, "2026-06-01", "-500").await;
    (abel, baum)
}

async fn listed(ctx: &Ctx, filter: CustomerFilter, sort: &str) -> CustomerList {
    let page = PageRequest {
        sort: sort.to_owned(),
        ..PageRequest::default()
    };
    reading::list(ctx, filter, page)
        .await
        .expect("staff may read customers")
}

fn numbers(list: &CustomerList) -> Vec<&str> {
    list.rows.iter().map(|row| row.number.as_str()).collect()
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_balance_says_what_is_due_and_what_can_be_used(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let (abel, _) = company(&house).await;
    let ctx = house.support();
    let balance = balances::of_account(&ctx, abel.id).await.unwrap();
    assert_eq!(balance.due, eur(90_00));
    assert_eq!(balance.overdue, eur(40_00));
    assert_eq!(balance.credit, eur(35_00));
    assert_eq!(balance.available, eur(35_00));
    assert_eq!(balance.on_hold, eur(0));
    assert_eq!(balance.net, eur(55_00));
    assert_eq!(balance.credit_by_class[0].class, CreditClass::Overpayment);

    let change = "UPDATE credit_grants SET on_hold = $1 WHERE account_id = $2";
    house.run(change, vec![true.into(), abel.id.0.into()]).await;
    let held = balances::of_account(&ctx, abel.id).await.unwrap();
    assert_eq!((held.available, held.on_hold), (eur(0), eur(35_00)));
    assert_eq!(held.credit, eur(35_00), "what is on hold is still credit");

    let change = "UPDATE credit_grants SET expires_on = $1 WHERE account_id = $2";
    let yesterday = super::support::day("2026-06-14");
    house
        .run(change, vec![yesterday.into(), abel.id.0.into()])
        .await;
    let lapsed = balances::of_account(&ctx, abel.id).await.unwrap();
    assert_eq!(lapsed.credit, eur(0), "past its last day it counts no more");
    assert_eq!(lapsed.net, eur(90_00));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn the_list_finds_customers_by_what_they_are_called_and_how_they_stand(
    #[case] engine: Engine,
) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    company(&house).await;
    let ctx = house.accountant();
    let created = NewCustomer {
        number: "M-1".to_owned(),
        name: "MÜLLER & Söhne 50%".to_owned(),
        aliases: "Meier".to_owned(),
        tags: "vip, export".to_owned(),
        currency: "EUR".to_owned(),
        account_number: "K-77".to_owned(),
        ..NewCustomer::default()
    };
    customers::create(&ctx, created).await.expect("it is new");
    let all = listed(&ctx, CustomerFilter::default(), "").await;
    assert_eq!(numbers(&all), ["ABEL", "BAUM", "M-1"]);
    assert_eq!(all.tags, ["export", "vip"]);
    assert_eq!(all.currencies, [Currency::EUR, Currency::JPY]);
    assert_eq!(all.rows[0].balances[0].overdue, eur(40_00));

    let search = |text: &str| CustomerFilter {
        search: text.to_owned(),
        ..CustomerFilter::default()
    };
    for text in ["müller", "söhne MÜLLER", "meier", "k-77", "50%"] {
        assert_eq!(
            numbers(&listed(&ctx, search(text), "").await),
            ["M-1"],
            "{text}"
        );
    }
    for text in ["%a", "m_1", "müller abel"] {
        assert_eq!(listed(&ctx, search(text), "").await.total, 0, "{text}");
    }
    let filters: [(&str, &str, &str, &[&str]); 8] = [
        ("vip", "", "", &["M-1"]),
        ("vi", "", "", &[]),
        ("", "JPY", "", &["BAUM"]),
        ("", "", "owing", &["ABEL"]),
        ("", "", "overdue", &["ABEL"]),
        ("", "", "credit", &["ABEL", "BAUM"]),
        ("", "EUR", "credit", &["ABEL"]),
        ("", "", "on_hold", &[]),
    ];
    for (tag, currency, standing, expected) in filters {
        let filter = CustomerFilter {
            tag: tag.to_owned(),
            currency: currency.to_owned(),
            standing: standing.to_owned(),
            ..CustomerFilter::default()
        };
        let found = listed(&ctx, filter, "").await;
        assert_eq!(numbers(&found), expected, "{tag} {currency} {standing}");
        assert_eq!(found.total, expected.len() as u64);
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn amounts_are_sorted_within_one_currency(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    company(&house).await;
    house.account("CHAPLIN", "EUR").await;
    let ctx = house.support();
    let by_due = listed(&ctx, CustomerFilter::default(), "-due").await;
    assert_eq!(
        by_due.sorted_in,
        Some(Currency::EUR),
        "most accounts are in it"
    );
    assert_eq!(numbers(&by_due), ["ABEL", "BAUM", "CHAPLIN"]);
    let yen = CustomerFilter {
        currency: "JPY".to_owned(),
        ..CustomerFilter::default()
    };
    let by_credit = listed(&ctx, yen, "-credit").await;
    assert_eq!(by_credit.sorted_in, Some(Currency::JPY));
    assert_eq!(numbers(&by_credit), ["BAUM"]);
    let by_name = listed(&ctx, CustomerFilter::default(), "-name").await;
    assert_eq!(numbers(&by_name), ["CHAPLIN", "BAUM", "ABEL"]);
    assert_eq!(by_name.sorted_in, None);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn an_overview_puts_open_items_beside_what_could_pay_them(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let (abel, _) = company(&house).await;
    let seen = reading::overview(&house.support(), "ABEL").await.unwrap();
    assert_eq!(seen.head.customer, abel.customer);
    assert_eq!(seen.head.accounts[0].balance.net, eur(55_00));
    let open: Vec<Money> = seen.items.iter().map(|item| item.open).collect();
    assert_eq!(open, [eur(40_00), eur(50_00)], "the earliest due first");
    assert_eq!(seen.credits.len(), 1);
    assert_eq!(seen.credits[0].remaining, eur(35_00));
    assert!(!seen.more_items && !seen.more_credits);
    let nothing = reading::overview(&house.support(), "NOBODY").await;
    assert_eq!(nothing.unwrap_err(), AppError::NotFound);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn the_ledger_ends_with_the_net_balance(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let (abel, _) = company(&house).await;
    let ctx = house.accountant();
    let seen = reading::overview(&ctx, "ABEL").await.unwrap();
    let command = NewApplication {
        grant: seen.credits[0].grant.to_string(),
        invoice: seen.items[0].invoice.to_string(),
        amount: AmountText {
            amount: "10".to_owned(),
            currency: "EUR".to_owned(),
        },
        ..NewApplication::default()
    };
    applications::apply(&ctx, command)
        .await
        .expect("credit is left");
    let account = accounts::detail(&ctx, &abel.number, PageRequest::default())
        .await
        .unwrap();
    assert_eq!(account.customer_number, "ABEL");
    assert_eq!(account.total, 4);
    let rows: Vec<(i64, i64)> = account
        .ledger
        .iter()
        .map(|row| (row.change.minor, row.balance.minor))
        .collect();
    let newest_first = [
        (0, 55_00),
        (-95_00, 55_00),
        (50_00, 150_00),
        (100_00, 100_00),
    ];
    assert_eq!(rows, newest_first);
    assert_eq!(account.ledger[0].applied, Some(eur(10_00)));
    let applied_to = &account.ledger[0].document;
    assert!(
        matches!(applied_to, LedgerDocument::Application { invoice, .. }
        if *invoice == seen.items[0].invoice)
    );
    assert_eq!(account.ledger[0].balance, account.overview.balance.net);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn history_tells_what_a_change_changed(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let typed = NewCustomer {
        name: "Abel".to_owned(),
        currency: "EUR".to_owned(),
        ..NewCustomer::default()
    };
    let created = customers::create(&ctx, typed.clone()).await.unwrap();
    let change = NewCustomer {
        customer: created.number.clone(),
        tags: "vip".to_owned(),
        external_ids: vec![ExternalId {
            system: "crm".to_owned(),
            value: "7".to_owned(),
        }],
        ..typed
    };
    customers::change(&ctx, change).await.unwrap();
    let history = reading::history(&ctx, &created.number, PageRequest::default())
        .await
        .unwrap();
    assert_eq!(history.acts.total, 3);
    let latest = &history.acts.rows[0];
    assert_eq!(latest.act, "customer.changed");
    assert_eq!(latest.subject.label, created.number);
    let changed: Vec<&str> = latest
        .details
        .iter()
        .filter(|detail| detail.before.is_some())
        .map(|detail| detail.name.as_str())
        .collect();
    assert_eq!(changed, ["external_ids", "tags"]);
    let detail = reading::detail(&ctx, &created.number).await.unwrap();
    assert_eq!(detail.head.tags, ["vip"]);
    assert_eq!(detail.external_ids[0].value, "7");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn the_dashboard_adds_up_within_each_currency(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let (abel, _) = company(&house).await;
    let shown = dashboard::show(&house.cashier()).await.unwrap();
    let euro = &shown.currencies[0];
    assert_eq!((euro.due, euro.due_invoices), (eur(90_00), 2));
    assert_eq!((euro.overdue, euro.overdue_invoices), (eur(40_00), 1));
    assert_eq!(euro.credit, eur(35_00));
    assert_eq!((euro.applicable, euro.applicable_accounts), (eur(35_00), 1));
    let yen = &shown.currencies[1];
    assert_eq!(yen.credit, Money::new(500, Currency::JPY));
    assert_eq!(yen.credit_by_class[0].class, CreditClass::CreditNote);
    assert_eq!(yen.applicable.minor, 0);
    assert_eq!(shown.overdue.len(), 1);
    assert_eq!(shown.payments.len(), 1);

    let hold = "UPDATE receivable_accounts SET on_hold = $1 WHERE id = $2";
    house.run(hold, vec![true.into(), abel.id.0.into()]).await;
    let held = dashboard::show(&house.cashier()).await.unwrap();
    assert_eq!(
        held.currencies[0].applicable,
        eur(0),
        "a run would leave it alone"
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn staff_read_every_customer_and_customers_only_themselves(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let (abel, _) = company(&house).await;
    let first = PageRequest::default;
    for (who, ctx) in house.everyone(abel.customer) {
        let (own, staff_only) = match who {
            "nobody" => (Some(AppError::NotLoggedIn), Some(AppError::NotLoggedIn)),
            "customer" => (None, Some(AppError::Forbidden)),
            _ => (None, None),
        };
        let seen = reading::overview(&ctx, "ABEL").await.err();
        assert_eq!(seen, own, "{who}: overview");
        let seen = accounts::detail(&ctx, &abel.number, first()).await.err();
        assert_eq!(seen, own, "{who}: ledger");
        let seen = reading::list(&ctx, CustomerFilter::default(), first()).await;
        assert_eq!(seen.err(), staff_only, "{who}: list");
        let seen = reading::export(&ctx, &CustomerFilter::default(), "").await;
        assert_eq!(seen.err(), staff_only, "{who}: export");
        let seen = reading::history(&ctx, "ABEL", first()).await.err();
        assert_eq!(seen, staff_only, "{who}: history");
        assert_eq!(
            dashboard::show(&ctx).await.err(),
            staff_only,
            "{who}: dashboard"
        );
    }
    let stranger = house.customer(CustomerId(Uuid::now_v7()));
    let asked = reading::detail(&stranger, "ABEL").await;
    assert_eq!(asked.unwrap_err(), AppError::NotFound);
    let asked = accounts::detail(&stranger, &abel.number, first()).await;
    assert_eq!(asked.unwrap_err(), AppError::NotFound);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn the_portal_shows_a_customer_what_is_theirs_and_nothing_staff_note(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let (abel, baum) = company(&house).await;
    let note = "UPDATE customers SET notes = 'pays late' WHERE id = $1";
    house.run(note, vec![abel.customer.0.into()]).await;
    let tag = "INSERT INTO customer_tags (customer_id, tag) VALUES ($1, 'risky')";
    house.run(tag, vec![abel.customer.0.into()]).await;
    let home = reading::portal_home(&house.customer(abel.customer))
        .await
        .unwrap();
    assert_eq!(home.overview.head.number, "ABEL");
    assert_eq!(home.overview.head.notes, "");
    assert!(home.overview.head.tags.is_empty());
    assert_eq!(home.overview.items.len(), 2);
    assert_eq!(home.payments.len(), 1);
    let other = reading::portal_home(&house.customer(baum.customer))
        .await
        .unwrap();
    assert!(other.overview.items.is_empty() && other.payments.is_empty());
    assert_eq!(other.overview.credits.len(), 1);
    let staff = reading::portal_home(&house.support()).await;
    assert_eq!(
        staff.unwrap_err(),
        AppError::NotFound,
        "staff have no portal"
    );
}

/// The actor's context, and how many statements it has sent.
fn counted(mut ctx: Ctx) -> (Ctx, Arc<AtomicU32>) {
    let count = Arc::new(AtomicU32::new(0));
    let counting = count.clone();
    ctx.db.read.set_metric_callback(move |_| {
        counting.fetch_add(1, Ordering::Relaxed);
    });
    (ctx, count)
}

/// What a page may ask beside its session. Source: the bar of five statements per page.
const STATEMENTS_PER_PAGE: u32 = 4;

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn pages_ask_few_statements(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let (abel, _) = company(&house).await;
    let (staff, asked) = counted(house.support());
    let check = |page: &str| {
        let statements = asked.swap(0, Ordering::Relaxed);
        assert!(
            (1..=STATEMENTS_PER_PAGE).contains(&statements),
            "{page}: {statements}"
        );
    };
    listed(&staff, CustomerFilter::default(), "-due").await;
    check("list");
    reading::overview(&staff, "ABEL").await.unwrap();
    check("overview");
    reading::detail(&staff, "ABEL").await.unwrap();
    check("detail");
    reading::history(&staff, "ABEL", PageRequest::default())
        .await
        .unwrap();
    check("history");
    accounts::detail(&staff, &abel.number, PageRequest::default())
        .await
        .unwrap();
    check("account");
    dashboard::show(&staff).await.unwrap();
    check("dashboard");
    let (customer, asked) = counted(house.customer(abel.customer));
    reading::portal_home(&customer).await.unwrap();
    let statements = asked.load(Ordering::Relaxed);
    assert!(
        (1..=STATEMENTS_PER_PAGE).contains(&statements),
        "portal: {statements}"
    );
}
