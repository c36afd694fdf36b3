//! Expiry: what lapses when, what comes back after it lapsed, changed dates, policies; through the API on both engines.

use super::rest::{Api, amount, id};
use super::support::{Engine, House, TestAccount, day};
use crate::domain::rights::Role;
use crate::server::jobs::daily;
use crate::server::services::expiry;
use axum::http::StatusCode;
use rstest::rstest;
use serde_json::{Value, json};
use uuid::Uuid;

/// A house with an accountant and an admin who call the API, and one account in EUR.
struct Stage {
    house: House,
    account: TestAccount,
    staff: Api,
    admin: Api,
}

impl Stage {
    async fn set(engine: Engine) -> Option<Self> {
        let house = House::open(engine).await?;
        let account = house.account("A-1", "EUR").await;
        let staff = Api::with_role(&house, Role::Accountant).await;
        let admin = Api::with_role(&house, Role::Admin).await;
        Some(Self {
            house,
            account,
            staff,
            admin,
        })
    }

    /// Moves the business date on; the jobs of every day passed have run.
    async fn on(&self, day: &str) {
        let reply = self
            .admin
            .send("PUT", "/test-clock", "", Some(json!({ "today": day })))
            .await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.json);
        assert_eq!(reply.json["today"], day);
    }

    fn today(&self) -> String {
        self.house.system().today().to_string()
    }

    /// A prepayment of today; its grant's id.
    async fn prepayment(&self, minor: &str, terms: Value) -> String {
        let mut body = json!({
            "account": self.account.number,
            "amount": amount(minor),
            "received_on": self.today(),
            "prepayment": true,
        });
        for (name, value) in terms.as_object().expect("terms are an object") {
            body[name] = value.clone();
        }
        let payment = self.staff.done("/payments", body).await;
        text(&payment["grant"]["id"])
    }

    /// An invoice of today, not yet paid by anything: its id.
    async fn invoice(&self, price: &str) -> String {
        let body = json!({
            "account": self.account.number,
            "issued_on": self.today(),
            "act": "finalise",
            "lines": [{ "description": "Service", "quantity": 1, "unit_price": price }],
        });
        let invoice = self.staff.done("/invoices", body).await;
        id(&invoice).to_owned()
    }

    /// Nothing is applied by itself.
    async fn without_auto_apply(&self) {
        let sql = "UPDATE receivable_accounts SET auto_apply = 'off'";
        self.house.run(sql, vec![]).await;
    }

    async fn apply(&self, grant: &str, invoice: &str, minor: &str) -> String {
        let body = json!({ "grant": grant, "invoice": invoice, "amount": amount(minor) });
        let application = self.staff.done("/applications", body).await;
        id(&application).to_owned()
    }

    async fn grant(&self, id: &str) -> Value {
        let reply = self.staff.get(&format!("/credit-grants/{id}")).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.json);
        reply.json
    }

    /// Kind, amount and date of each movement of a grant.
    async fn movements(&self, id: &str) -> Vec<String> {
        let grant = self.grant(id).await;
        let movements = grant["movements"]
            .as_array()
            .expect("a grant has movements");
        let jotted = movements.iter().map(|movement| {
            format!(
                "{} {} {}",
                text(&movement["kind"]),
                text(&movement["amount"]["amount"]),
                text(&movement["effective_on"])
            )
        });
        jotted.collect()
    }

    async fn remainder(&self, id: &str) -> String {
        text(&self.grant(id).await["remainder"]["amount"])
    }

    /// Balance of a ledger role, debits less credits in minor units.
    async fn ledger(&self, role: &str) -> String {
        let sql = "SELECT CAST(COALESCE(SUM(CASE side WHEN 'debit' THEN amount_minor ELSE -amount_minor END), 0) AS text)
            AS text FROM journal_lines WHERE role = $1";
        self.house.texts(sql, vec![role.into()]).await.remove(0)
    }
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is a text"))
        .to_owned()
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn what_is_left_lapses_and_what_comes_back_lapses_the_same_day(#[case] engine: Engine) {
    let Some(stage) = Stage::set(engine).await else {
        return;
    };
    stage.without_auto_apply().await;
    stage.on("2036-01-10").await;
    let grant = stage
        .prepayment("100.00", json!({ "expires_on": "2036-01-31" }))
        .await;
    stage.on("2036-01-20").await;
    let invoice = stage.invoice("60.00").await;
    stage.apply(&grant, &invoice, "60.00").await;
    stage.on("2036-01-31").await;
    assert_eq!(stage.remainder(&grant).await, "40.00");
    stage.on("2036-02-05").await;
    let lapsed = stage.grant(&grant).await;
    assert_eq!(
        (&lapsed["status"], &lapsed["remainder"]["amount"]),
        (&json!("lapsed"), &json!("0.00"))
    );
    stage.house.check_books().await;

    let void = format!("/invoices/{invoice}/void");
    stage
        .staff
        .done(&void, json!({ "reason": "never delivered" }))
        .await;
    assert_eq!(
        stage.movements(&grant).await,
        [
            "issued 100.00 2036-01-10",
            "applied 60.00 2036-01-20",
            "lapsed 40.00 2036-02-01",
            "reinstated 60.00 2036-02-05",
            "lapsed 60.00 2036-02-05",
        ]
    );
    assert_eq!(stage.remainder(&grant).await, "0.00");
    assert_eq!(stage.ledger("breakage_income").await, "-10000");
    assert_eq!(stage.ledger("customer_prepayments").await, "0");
    let entries = stage.staff.list("/journal-entries?source=EXP").await;
    assert_eq!(entries.len(), 2);
    for entry in &entries {
        assert_eq!(entry["document"], json!({ "kind": "grant", "id": grant }));
    }
    stage.house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn with_the_right_what_comes_back_gets_a_new_date(#[case] engine: Engine) {
    let Some(stage) = Stage::set(engine).await else {
        return;
    };
    stage.without_auto_apply().await;
    stage.on("2036-01-10").await;
    let grant = stage
        .prepayment("100.00", json!({ "expires_on": "2036-01-31" }))
        .await;
    let invoice = stage.invoice("60.00").await;
    stage.apply(&grant, &invoice, "60.00").await;
    stage.on("2036-02-05").await;
    let void = format!("/invoices/{invoice}/void");
    let early = json!({ "reason": "r", "new_expires_on": "2036-02-04" });
    let problem = stage.staff.refused(&void, early).await;
    assert_eq!(
        (&problem["code"], &problem["field"]),
        (&json!("date_too_early"), &json!("new_expires_on"))
    );
    let body = json!({ "reason": "r", "new_expires_on": "2036-06-30" });
    stage.staff.done(&void, body).await;
    let kept = stage.grant(&grant).await;
    assert_eq!(
        (
            &kept["remainder"]["amount"],
            &kept["expires_on"],
            &kept["status"]
        ),
        (&json!("60.00"), &json!("2036-06-30"), &json!("usable"))
    );
    assert_eq!(kept["expiry_changes"][0]["before"], "2036-01-31");
    assert_eq!(
        stage.movements(&grant).await.last().unwrap(),
        "reinstated 60.00 2036-02-05"
    );
    stage.on("2036-07-01").await;
    assert_eq!(
        stage.movements(&grant).await.last().unwrap(),
        "lapsed 60.00 2036-07-01"
    );
    stage.house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn two_unapplies_on_one_day_lapse_both(#[case] engine: Engine) {
    let Some(stage) = Stage::set(engine).await else {
        return;
    };
    stage.without_auto_apply().await;
    stage.on("2036-01-10").await;
    let grant = stage
        .prepayment("60.00", json!({ "expires_on": "2036-01-31" }))
        .await;
    let invoice = stage.invoice("60.00").await;
    let twenty = stage.apply(&grant, &invoice, "20.00").await;
    let forty = stage.apply(&grant, &invoice, "40.00").await;
    stage.on("2036-02-05").await;
    for application in [&twenty, &forty] {
        let unapply = format!("/applications/{application}/unapply");
        stage
            .staff
            .done(&unapply, json!({ "reason": "wrong invoice" }))
            .await;
        let again = stage
            .staff
            .refused(&unapply, json!({ "reason": "again" }))
            .await;
        assert_eq!(again["code"], "already_unapplied");
    }
    assert_eq!(
        stage.movements(&grant).await[3..],
        [
            "reinstated 20.00 2036-02-05",
            "lapsed 20.00 2036-02-05",
            "reinstated 40.00 2036-02-05",
            "lapsed 40.00 2036-02-05",
        ]
    );
    stage.house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_late_job_keeps_the_day_and_twice_posts_once(#[case] engine: Engine) {
    let Some(stage) = Stage::set(engine).await else {
        return;
    };
    stage.on("2036-01-10").await;
    let grant = stage
        .prepayment("25.00", json!({ "expires_on": "2036-01-31" }))
        .await;
    let held = stage
        .prepayment("5.00", json!({ "expires_on": "2036-01-31" }))
        .await;
    let hold = format!("/credit-grants/{held}/hold");
    stage.staff.done(&hold, json!({ "reason": "asked" })).await;
    // The server sleeps: the date moves on without its jobs.
    let ctx = stage.house.system();
    ctx.clock.move_to(day("2036-04-20"));
    assert_eq!(stage.remainder(&grant).await, "25.00");
    let account = stage.staff.get("/receivable-accounts/A-1").await.json;
    assert_eq!(account["credit"]["amount"], "0.00", "{account}");
    let closing = json!({ "closed_through": "2036-03-31", "reason": "quarter" });
    stage.admin.done("/periods/credit/close", closing).await;
    let first = expiry::expire(&ctx, ctx.today(), &|_| {}).await.unwrap();
    assert_eq!((first.grants, first.failed_accounts.len()), (2, 0));
    assert_eq!(first.totals[0].to_string(), "30.00 EUR");
    let again = expiry::expire(&ctx, ctx.today(), &|_| {}).await.unwrap();
    assert_eq!(again.grants, 0);
    for grant in [&grant, &held] {
        let movements = stage.grant(grant).await["movements"].clone();
        assert_eq!(movements[1]["effective_on"], "2036-02-01");
        assert_eq!(movements[1]["posting_on"], "2036-04-01");
    }
    let early = expiry::expire(&ctx, day("2036-04-21"), &|_| {}).await;
    assert!(early.is_err(), "what may be used today has not lapsed");
    stage.house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn of_several_servers_one_makes_up_for_missed_days(#[case] engine: Engine) {
    let Some(stage) = Stage::set(engine).await else {
        return;
    };
    stage.on("2036-01-10").await;
    for _ in 0..5 {
        stage
            .prepayment("1.00", json!({ "expires_on": "2036-01-31" }))
            .await;
    }
    let ctx = stage.house.system();
    ctx.clock.move_to(day("2036-02-10"));
    let servers = [Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7()];
    let (a, b, c) = tokio::join!(
        daily::catch_up(&ctx, servers[0]),
        daily::catch_up(&ctx, servers[1]),
        daily::catch_up(&ctx, servers[2]),
    );
    let worked = [a.unwrap(), b.unwrap(), c.unwrap()];
    assert!(worked.contains(&true));
    assert!(
        !daily::catch_up(&ctx, servers[0]).await.unwrap(),
        "nothing is left to do"
    );
    assert_eq!(
        stage
            .house
            .count("grant_movements WHERE kind = 'lapsed'")
            .await,
        5
    );
    assert_eq!(stage.house.count("job_leases").await, 0);
    stage.house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn one_failing_account_does_not_stop_the_others(#[case] engine: Engine) {
    let Some(stage) = Stage::set(engine).await else {
        return;
    };
    stage.on("2036-01-10").await;
    let other = stage.house.account("A-2", "EUR").await;
    let grant = stage
        .prepayment("3.00", json!({ "expires_on": "2036-01-31" }))
        .await;
    let body = json!({
        "account": other.number, "amount": amount("4.00"), "received_on": "2036-01-10",
        "prepayment": true, "expires_on": "2036-01-31",
    });
    let payment = stage.staff.done("/payments", body).await;
    let fine = text(&payment["grant"]["id"]);
    // What lapses of this one would be a second lapse for the same cause, behind the job's back.
    let cause = "UPDATE credit_grants SET class = 'no such class' WHERE id = $1";
    let broken: Uuid = grant.parse().unwrap();
    let check = match engine {
        Engine::Sqlite => "PRAGMA ignore_check_constraints = ON",
        Engine::Postgres => "ALTER TABLE credit_grants DROP CONSTRAINT credit_grants_class_check",
    };
    stage.house.run(check, vec![]).await;
    stage.house.run(cause, vec![broken.into()]).await;
    let ctx = stage.house.system();
    ctx.clock.move_to(day("2036-02-01"));
    let summary = expiry::expire(&ctx, ctx.today(), &|_| {}).await.unwrap();
    assert_eq!(summary.grants, 1);
    assert_eq!(summary.failed_accounts, [stage.account.id.to_string()]);
    assert_eq!(stage.remainder(&fine).await, "0.00");
    let mend = "UPDATE credit_grants SET class = 'prepayment' WHERE id = $1";
    stage.house.run(mend, vec![broken.into()]).await;
    let summary = expiry::expire(&ctx, ctx.today(), &|_| {}).await.unwrap();
    assert_eq!((summary.grants, summary.failed_accounts.len()), (1, 0));
    stage.house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_bounced_payment_takes_its_lapsed_credit_back_too(#[case] engine: Engine) {
    let Some(stage) = Stage::set(engine).await else {
        return;
    };
    stage.without_auto_apply().await;
    stage.on("2036-01-10").await;
    let body = json!({
        "account": "A-1", "amount": amount("100.00"), "received_on": "2036-01-10",
        "prepayment": true, "expires_on": "2036-01-31",
    });
    let payment = stage.staff.done("/payments", body).await;
    let grant = text(&payment["grant"]["id"]);
    let invoice = stage.invoice("60.00").await;
    stage.apply(&grant, &invoice, "60.00").await;
    stage.on("2036-02-05").await;
    let reverse = format!("/payments/{}/reverse", id(&payment));
    stage
        .staff
        .done(&reverse, json!({ "reason": "bounced" }))
        .await;
    assert_eq!(
        stage.movements(&grant).await[3..],
        [
            "reinstated 60.00 2036-02-05",
            "reinstated 40.00 2036-02-05",
            "taken_back 100.00 2036-02-05",
        ]
    );
    assert_eq!(stage.grant(&grant).await["status"], "taken_back");
    for role in ["breakage_income", "customer_prepayments", "bank"] {
        assert_eq!(stage.ledger(role).await, "0", "{role}");
    }
    let account = stage.staff.get("/receivable-accounts/A-1").await.json;
    assert_eq!(account["amount_due"]["amount"], "60.00", "{account}");
    stage.house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn using_seventy_takes_what_lapses_first(#[case] engine: Engine) {
    let Some(stage) = Stage::set(engine).await else {
        return;
    };
    stage.on("2035-12-01").await;
    let mut grants = Vec::new();
    for (minor, expires_on) in [
        ("50.00", ""),
        ("30.00", "2036-01-01"),
        ("20.00", "2036-02-01"),
        ("100.00", "2036-03-01"),
    ] {
        grants.push(
            stage
                .prepayment(minor, json!({ "expires_on": expires_on }))
                .await,
        );
    }
    stage.invoice("70.00").await;
    let mut left = Vec::new();
    for grant in &grants {
        left.push(stage.remainder(grant).await);
    }
    assert_eq!(left, ["50.00", "0.00", "0.00", "80.00"]);
    let account = stage.staff.get("/receivable-accounts/A-1").await.json;
    assert_eq!(account["available_credit"]["amount"], "130.00", "{account}");
    stage.house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn smaller_priorities_are_used_first_then_age(#[case] engine: Engine) {
    let Some(stage) = Stage::set(engine).await else {
        return;
    };
    let mut grants = Vec::new();
    for (minor, priority) in [("25.00", 2), ("25.00", 2), ("30.00", 2), ("20.00", 1)] {
        grants.push(
            stage
                .prepayment(minor, json!({ "priority": priority }))
                .await,
        );
    }
    let invoice = stage.invoice("80.00").await;
    let applications = stage
        .staff
        .list(&format!("/applications?invoice={invoice}"))
        .await;
    let taken: Vec<(String, String)> = applications
        .iter()
        .map(|a| (text(&a["grant"]["id"]), text(&a["amount"]["amount"])))
        .collect();
    let expected = [(3, "20.00"), (0, "25.00"), (1, "25.00"), (2, "10.00")];
    let expected: Vec<(String, String)> = expected
        .iter()
        .map(|(n, minor)| (grants[*n].clone(), (*minor).to_owned()))
        .collect();
    assert_eq!(taken, expected);
    stage.house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_prepayments_terms_keep_their_bounds(#[case] engine: Engine) {
    let Some(stage) = Stage::set(engine).await else {
        return;
    };
    let body = |prepayment: bool, name: &str, value: Value| {
        let mut body = json!({
            "account": "A-1", "amount": amount("10.00"), "received_on": "2026-06-15", "prepayment": prepayment,
        });
        body[name] = value;
        body
    };
    for (prepayment, name, value, code) in [
        (true, "expires_on", json!("2026-06-14"), "date_too_early"),
        (true, "expires_on", json!("2200-01-01"), "date_too_late"),
        (true, "expires_on", json!("soon"), "not_a_date"),
        (true, "priority", json!("first"), "not_a_number"),
        (true, "priority", json!(-1), "not_a_number"),
        (
            false,
            "expires_on",
            json!("2027-01-01"),
            "only_for_prepayments",
        ),
        (false, "priority", json!(1), "only_for_prepayments"),
    ] {
        let problem = stage
            .staff
            .refused("/payments", body(prepayment, name, value.clone()))
            .await;
        assert_eq!(
            (&problem["code"], &problem["field"]),
            (&json!(code), &json!(name)),
            "{value}"
        );
    }
    let last = body(true, "expires_on", json!("2199-12-31"));
    let payment = stage.staff.done("/payments", last).await;
    let grant = stage.grant(&text(&payment["grant"]["id"])).await;
    assert_eq!(
        (&grant["expires_on"], &grant["priority"]),
        (&json!("2199-12-31"), &json!(100))
    );
}
