//! The demo company: in order, the same every time, and with something of everything that pages want to show.

use super::support::{Engine, House, today};
use crate::domain::credit::{CreditClass, GrantStatus};
use crate::domain::rights::Role;
use crate::dto::credit_runs::RunState;
use crate::dto::credits::{GrantFilter, GrantRow, GrantsShown};
use crate::dto::error::Refusal;
use crate::dto::page::PageRequest;
use crate::dto::reports::AgingFilter;
use crate::server::context::Ctx;
use crate::server::demo::{self, Made, Wish, email};
use crate::server::queries::demo::{Holding, holding};
use crate::server::queries::{business, credit_runs, credits, customers, people, reports};
use crate::server::services::users;
use chrono::Days;
use rstest::rstest;

const PASSWORD: &str = "correct lamp seven harbour";

/// As few customers as there can be: what must be there, must be there in the smallest company.
fn wish(seed: u64) -> Wish {
    Wish {
        seed,
        customers: demo::FEWEST_CUSTOMERS,
        password: PASSWORD.to_owned(),
    }
}

async fn made(house: &House, seed: u64) -> Made {
    let made = demo::make(&house.system(), &wish(seed), &|_, _| {}).await;
    made.expect("an empty database takes a demo company")
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn the_demo_company_has_something_of_everything(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let made = made(&house, 1).await;
    house.check_books().await;
    let ctx = house.accountant();
    let customers = u64::from(demo::FEWEST_CUSTOMERS);
    assert_eq!((made.today, made.customers), (today(), customers));

    let grants = grants(&ctx, GrantsShown::All, "").await;
    for class in [
        CreditClass::CreditNote,
        CreditClass::Overpayment,
        CreditClass::Prepayment,
    ] {
        assert!(grants.iter().any(|grant| grant.class == class), "{class:?}");
    }
    let lapsed = |grant: &&GrantRow| grant.status == GrantStatus::Lapsed;
    assert!(grants.iter().filter(lapsed).count() >= 2);
    assert!(grants.iter().any(|grant| grant.status == GrantStatus::Used));
    assert!(
        !self::grants(&ctx, GrantsShown::Lapsing, "")
            .await
            .is_empty()
    );
    check_aging(&ctx).await;
    check_runs(&ctx).await;
    check_documents(&house).await;
    let periods = business::periods(&ctx).await.unwrap();
    assert!(periods.iter().all(|period| period.closed_through.is_some()));
}

async fn grants(ctx: &Ctx, show: GrantsShown, customer: &str) -> Vec<GrantRow> {
    let filter = GrantFilter {
        show: show.code().to_owned(),
        customer: customer.to_owned(),
        ..GrantFilter::default()
    };
    let page = credits::list(ctx, filter, PageRequest::default()).await;
    page.expect("the list of grants can be read").rows
}

/// Every bucket of the aging holds something.
async fn check_aging(ctx: &Ctx) {
    let aging = reports::aging(ctx, AgingFilter::default(), None).await;
    let totals = aging.expect("the aging can be read").totals;
    let euro = totals.iter().find(|total| total.currency.code() == "EUR");
    let amounts = &euro.expect("the company's own currency").amounts;
    for bucket in [
        amounts.not_due,
        amounts.days_1_30,
        amounts.days_31_60,
        amounts.days_61_90,
        amounts.over_90,
        amounts.lapsed_not_posted,
    ] {
        assert!(bucket.minor > 0, "{amounts:?}");
    }
}

/// Runs were done; one was undone after it had applied something, and the one after it applied that again.
async fn check_runs(ctx: &Ctx) {
    let runs = credit_runs::list(ctx, PageRequest::default())
        .await
        .unwrap()
        .rows;
    let undone = runs
        .iter()
        .find(|run| run.state == RunState::Undone)
        .expect("a run that was undone");
    let after = runs
        .iter()
        .find(|run| run.number == undone.number + 1)
        .expect("the run after it");
    assert_eq!(
        (after.state, after.applications),
        (RunState::Done, undone.applications)
    );
    assert!(undone.applications > 0);
}

async fn check_documents(house: &House) {
    for (what, from) in [
        ("drafts", "invoices WHERE number IS NULL"),
        ("negative invoices", "invoices WHERE total_minor < 0"),
        (
            "partly paid invoices",
            "invoices WHERE open_minor > 0 AND open_minor < total_minor",
        ),
        (
            "reversed payments",
            "payments WHERE reversed_on IS NOT NULL",
        ),
        (
            "applications undone",
            "applications WHERE unapplied_on IS NOT NULL",
        ),
        (
            "money on account",
            "payments p WHERE NOT prepayment AND NOT EXISTS (SELECT 1 FROM applications a WHERE a.payment_id = p.id)",
        ),
        ("second accounts", "receivable_accounts WHERE name <> ''"),
        ("accounts on hold", "receivable_accounts WHERE on_hold"),
        ("imported invoices", "invoices WHERE series <> 'INV'"),
    ] {
        assert!(house.count(from).await > 0, "no {what}");
    }
    assert_eq!(
        house
            .count("receivable_accounts a WHERE a.currency NOT IN ('EUR', 'USD', 'GBP', 'CHF')")
            .await,
        0
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn one_person_per_role_and_one_customer_can_log_in(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let made = made(&house, 1).await;
    let ctx = house.system();
    let roles: Vec<Role> = made.logins.iter().map(|login| login.role).collect();
    assert_eq!(roles, Role::ALL);
    for login in &made.logins {
        assert_eq!(login.email, email(login.role));
        let user = users::log_in(&ctx, &login.email, PASSWORD).await.unwrap();
        let person = people::user(&house.admin(), user).await.unwrap();
        assert_eq!(person.roles, [login.role]);
    }
    check_portal(&house, &made).await;
}

/// The customer's portal shows invoices late and not yet due, credit to be used, and some of it lapsing soon.
async fn check_portal(house: &House, made: &Made) {
    let number = made.logins[4]
        .customer
        .as_ref()
        .expect("the guest is a customer's person");
    let head = customers::head(&house.accountant(), number).await.unwrap();
    let ctx = house.customer(head.customer);
    let home = customers::portal_home(&ctx).await.unwrap();
    assert_eq!(
        Some(&home.overview.head.number),
        made.logins[4].customer.as_ref()
    );
    assert_eq!(home.overview.head.accounts.len(), 2);
    let items = &home.overview.items;
    assert!(items.iter().any(|item| item.due_on < today()));
    assert!(items.iter().any(|item| item.due_on > today()));
    assert!(items.iter().any(|item| item.open != item.total));
    let lapsing = grants(&ctx, GrantsShown::Lapsing, number).await;
    assert!(
        lapsing
            .iter()
            .any(|grant| grant.expires_on == Some(today() + Days::new(12))
                && grant.remaining != grant.amount)
    );
    let usable = home
        .overview
        .credits
        .iter()
        .filter(|grant| grant.status == GrantStatus::Usable);
    assert!(usable.count() >= 3);
    assert!(!home.payments.is_empty());
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn the_same_seed_makes_the_same_company(#[case] engine: Engine) {
    let (Some(one), Some(same), Some(other)) = (
        House::open(engine).await,
        House::open(Engine::Sqlite).await,
        House::open(engine).await,
    ) else {
        return;
    };
    made(&one, 1).await;
    made(&same, 1).await;
    made(&other, 2).await;
    let figures = figures(&one).await;
    assert_eq!(figures, self::figures(&same).await);
    assert_ne!(figures, self::figures(&other).await);
}

/// Names, numbers and amounts of everything, and the trial balance.
async fn figures(house: &House) -> Vec<String> {
    let mut figures = Vec::new();
    for sql in [
        "SELECT number || name || street || city || email || phone AS text FROM customers ORDER BY number",
        "SELECT COALESCE(number, '') || ' ' || total_minor || ' ' || open_minor || ' ' || issued_on AS text FROM invoices
            ORDER BY 1",
        "SELECT number || ' ' || amount_minor || ' ' || method || ' ' || received_on AS text FROM payments ORDER BY 1",
        "SELECT number || ' ' || class || ' ' || remaining_minor || ' ' || COALESCE(CAST(expires_on AS text), '') AS text
            FROM credit_grants ORDER BY 1",
        "SELECT e.number || ' ' || e.posting_on || ' ' || l.position || ' ' || l.role || ' ' || l.side || ' ' || l.amount_minor
            AS text FROM journal_entries e JOIN journal_lines l ON l.entry_id = e.id ORDER BY 1",
    ] {
        let mut rows = house.texts(sql, vec![]).await;
        // Each engine sorts texts in its own way.
        rows.sort();
        assert!(!rows.is_empty(), "{sql}");
        figures.extend(rows);
    }
    let trial = reports::trial_balance(&house.accountant(), &today().to_string())
        .await
        .unwrap();
    figures.push(format!("{trial:?}"));
    figures
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn only_an_empty_database_takes_a_demo_company(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.system();
    let held = async || holding(&ctx, &email(Role::Customer)).await.unwrap();
    assert_eq!(held().await, Holding::Nothing);
    house.account("K-1", "EUR").await;
    assert_eq!(held().await, Holding::Other);
    let refused = demo::make(&ctx, &wish(1), &|_, _| {}).await;
    assert_eq!(refused.unwrap_err(), Refusal::DatabaseNotEmpty.of_act());
    assert_eq!(house.count("customers").await, 1);
    assert_eq!(house.count("users").await, 0);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_second_demo_company_is_refused_and_a_weak_password_writes_nothing(
    #[case] engine: Engine,
) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.system();
    let weak = Wish {
        password: "demo".to_owned(),
        ..wish(1)
    };
    let refused = demo::make(&ctx, &weak, &|_, _| {}).await;
    assert_eq!(
        refused.unwrap_err(),
        Refusal::PasswordTooWeak.at("password")
    );
    assert_eq!(house.count("users").await, 0);

    let first = made(&house, 1).await;
    assert_eq!(
        holding(&ctx, &email(Role::Customer)).await.unwrap(),
        Holding::Demo
    );
    let refused = demo::make(&ctx, &wish(1), &|_, _| {}).await;
    assert_eq!(refused.unwrap_err(), Refusal::DatabaseNotEmpty.of_act());
    assert_eq!(house.count("customers").await as u64, first.customers);
}
