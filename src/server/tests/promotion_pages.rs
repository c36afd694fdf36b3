//! The pages of promotions and prepaid accounts, as staff and customers use them: forms, refusals, what they show.

use super::browser::Browser;
use super::people::PASSWORD;
use super::support::{Engine, House};
use crate::domain::rights::Role;
use crate::dto::people::{NewPortalUser, NewStaff};
use crate::server::services::users;
use axum::http::StatusCode;
use rstest::rstest;

/// Someone who is admin and accountant, and the customer of `A-1`, each at a browser.
async fn staff_and_customer(house: &House) -> (Browser, Browser) {
    let ctx = house.system();
    let person = NewStaff {
        name: "Ada".to_owned(),
        email: "ada@example.com".to_owned(),
        roles: [Role::Admin, Role::Accountant]
            .map(|role| role.code().to_owned())
            .to_vec(),
    };
    users::add_staff(&ctx, person, PASSWORD)
        .await
        .expect("staff can be added");
    let person = NewPortalUser {
        customer: "A-1".to_owned(),
        name: "Chris".to_owned(),
        email: "chris@example.com".to_owned(),
    };
    users::add_customer(&ctx, person, PASSWORD)
        .await
        .expect("a customer can be added");
    let mut staff = Browser::at(&ctx);
    let mut customer = staff.another();
    staff.log_in("ada@example.com", PASSWORD).await;
    customer.log_in("chris@example.com", PASSWORD).await;
    (staff, customer)
}

/// The page a notice leads to, without the notice.
fn path(location: &str) -> String {
    location.split('?').next().unwrap_or_default().to_owned()
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_promotion_is_defined_simulated_activated_given_and_seen(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    house.account("A-1", "EUR").await;
    house.account("A-2", "EUR").await;
    let (mut staff, mut customer) = staff_and_customer(&house).await;
    assert!(staff.get("/promotions").await.shows("No promotion yet"));
    let mut fields = vec![
        ("promotion[code]", "spring"),
        ("promotion[name_en]", "Spring greeting"),
        ("promotion[name_de]", "Frühlingsgruß"),
        ("promotion[kind]", "fixed_credit"),
        ("promotion[currency]", "EUR"),
        ("promotion[amount]", "20"),
        ("promotion[budget]", "19"),
        ("promotion[lapse_days]", "30"),
    ];
    let refused = staff
        .submit("/promotions/new", "save_promotion", &fields)
        .await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.shows("Spring greeting"), "what was typed is kept");
    assert!(refused.shows("This must hold at least one grant of €20.00"));
    fields[6].1 = "30";
    let saved = staff
        .submit("/promotions/new", "save_promotion", &fields)
        .await;
    let page = path(saved.location());
    let shown = staff.get(&page).await;
    assert!(
        shown.shows("SPRING") && shown.shows("Draft"),
        "{}",
        shown.body
    );
    assert!(shown.shows("before tax"), "a discount is something else");
    let simulated = staff.get(&format!("{page}/simulate")).await;
    assert!(
        simulated.shows("The budget would end the run"),
        "{}",
        simulated.body
    );
    assert!(
        staff
            .get(&format!("{page}/edit"))
            .await
            .shows("Frühlingsgruß")
    );

    let id = page.trim_start_matches("/promotions/").to_owned();
    let activate = [
        ("movement[promotion]", id.as_str()),
        ("movement[act]", "activate"),
    ];
    staff.submit(&page, "move_promotion", &activate).await;
    assert!(staff.get(&page).await.shows("Active"));

    let enter = [("entry[account]", "A-1"), ("entry[code]", "spring")];
    let given = customer
        .submit("/portal/code", "enter_promotion_code", &enter)
        .await;
    let credit = customer.get(given.location()).await;
    assert!(
        credit.shows("The promotion “Spring greeting”"),
        "{}",
        credit.body
    );
    assert!(credit.shows("€20.00") && credit.shows("15\u{a0}Jul\u{a0}2026"));
    let again = customer
        .submit("/portal/code", "enter_promotion_code", &enter)
        .await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(again.shows("already been given"));

    let run = [
        ("run[promotion]", id.as_str()),
        ("run[idempotency_key]", "k"),
    ];
    let run = staff.submit(&page, "start_promotion_run", &run).await;
    let run = staff.get(run.location()).await;
    assert!(
        run.shows("Budget spent") && run.shows("A-2"),
        "{}",
        run.body
    );
    let shown = staff.get(&page).await;
    assert!(
        shown.shows("By code") && shown.shows("of €30.00"),
        "{}",
        shown.body
    );
    let grants = staff.get("/credits").await;
    assert!(grants.shows("Promotion SPRING"));
    let ledger = staff.get("/accounts/A-1").await;
    assert!(ledger.shows("Promotion SPRING"));
    let journal = staff.get("/journal").await;
    assert!(journal.shows("Promotion SPRING"), "{}", journal.body);
    assert_eq!(customer.get(&page).await.location(), "/portal");
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_top_up_is_announced_in_the_portal_and_recorded_by_staff(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    house.account("A-1", "EUR").await;
    let (mut staff, mut customer) = staff_and_customer(&house).await;
    assert!(staff.get("/prepaid").await.shows("No prepaid account"));
    assert!(
        staff
            .get("/prepaid/A-1")
            .await
            .shows("Not a prepaid account yet")
    );
    let rules = [
        ("rules[account]", "A-1"),
        ("rules[thresholds][0]", "20"),
        ("rules[thresholds][1]", ""),
        ("rules[suggested]", "100"),
    ];
    let saved = staff
        .submit("/prepaid/A-1/rules", "set_prepaid_rules", &rules)
        .await;
    assert_eq!(path(saved.location()), "/prepaid/A-1");
    assert!(staff.get("/prepaid/A-1").await.shows("€20.00 (reached)"));

    let portal = customer.get("/portal/prepaid/A-1").await;
    assert!(
        portal.shows("Your balance is low") && portal.shows("100.00"),
        "{}",
        portal.body
    );
    assert!(portal.shows("No tax is posted"));
    let announce = [
        ("request[account]", "A-1"),
        ("request[amount][amount]", "75.00"),
        ("request[amount][currency]", "EUR"),
        ("request[note]", "On Friday"),
    ];
    customer
        .submit("/portal/prepaid/A-1", "request_top_up", &announce)
        .await;
    assert!(
        customer
            .get("/portal/prepaid/A-1")
            .await
            .shows("Waiting for the money")
    );
    assert!(staff.get("/prepaid").await.shows("On Friday"));
    let request = house
        .ids("SELECT id FROM top_up_requests")
        .await
        .pop()
        .expect("it was announced")
        .to_string();
    let payment = [
        ("payment[top_up_request]", request.as_str()),
        ("payment[account]", "A-1"),
        ("payment[prepayment]", "yes"),
        ("payment[surplus]", "keep"),
        ("payment[amount][amount]", "75.00"),
        ("payment[amount][currency]", "EUR"),
        ("payment[received_on]", "2026-06-15"),
    ];
    let recorded = staff.submit("/prepaid", "record_top_up", &payment).await;
    assert_eq!(path(recorded.location()), "/prepaid/A-1");
    assert!(customer.get("/portal/prepaid/A-1").await.shows("€75.00"));

    let choice = [("choice[account]", "A-1"), ("choice[opted_out]", "yes")];
    customer
        .submit("/portal/prepaid/A-1", "choose_drawdown", &choice)
        .await;
    let portal = customer.get("/portal/prepaid/A-1").await;
    assert!(portal.shows("Nothing is paid from this balance unless you say so"));
    assert!(staff.get("/prepaid").await.shows("Customer decides"));
    house.check_books().await;
}
