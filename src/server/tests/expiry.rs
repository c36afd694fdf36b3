//! Expiry: what lapses when, what comes back after it lapsed, changed dates, policies; through the API on both engines.

use super::browser::Browser;
use super::imports;
use super::people::PASSWORD;
use super::rest::{Api, amount, id};
use super::support::{Engine, House, TestAccount, day};
use crate::domain::rights::Role;
use crate::dto::credit_runs::NewCreditRun;
use crate::dto::page::PageRequest;
use crate::dto::people::NewStaff;
use crate::server::jobs::daily;
use crate::server::queries;
use crate::server::services::{credit_runs, expiry, users};
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

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_lapse_date_is_changed_with_a_reason_and_the_history_stays(#[case] engine: Engine) {
    let Some(stage) = Stage::set(engine).await else {
        return;
    };
    let grant = stage
        .prepayment("10.00", json!({ "expires_on": "2026-07-31" }))
        .await;
    let extend = format!("/credit-grants/{grant}/extend");
    for (expires_on, reason, code, field) in [
        ("2026-06-14", "r", "date_too_early", "expires_on"),
        ("2200-01-01", "r", "date_too_late", "expires_on"),
        ("soon", "r", "not_a_date", "expires_on"),
        ("2026-08-31", " ", "reason_required", "reason"),
    ] {
        let body = json!({ "expires_on": expires_on, "reason": reason });
        let problem = stage.staff.refused(&extend, body).await;
        assert_eq!(
            (&problem["code"], &problem["field"]),
            (&json!(code), &json!(field))
        );
    }
    let cashier = Api::with_role(&stage.house, Role::Cashier).await;
    let body = json!({ "expires_on": "2026-08-31", "reason": "kindness" });
    let reply = cashier.post(&extend, "", body.clone()).await;
    assert_eq!(reply.status, StatusCode::FORBIDDEN);

    let later = stage.staff.done(&extend, body.clone()).await;
    assert_eq!(later["expires_on"], "2026-08-31");
    let again = stage.staff.done(&extend, body).await;
    assert_eq!(
        again["expiry_changes"].as_array().unwrap().len(),
        1,
        "the same again is no event"
    );
    let sooner = json!({ "expires_on": "2026-06-15", "reason": "left the programme" });
    stage.staff.done(&extend, sooner).await;
    let never = json!({ "expires_on": null, "reason": "court order" });
    let kept = stage.staff.done(&extend, never).await;
    assert_eq!(kept["expires_on"], Value::Null);
    let changes: Vec<(Value, Value)> = kept["expiry_changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| (change["before"].clone(), change["after"].clone()))
        .collect();
    let expected = [
        (json!("2026-07-31"), json!("2026-08-31")),
        (json!("2026-08-31"), json!("2026-06-15")),
        (json!("2026-06-15"), Value::Null),
    ];
    assert_eq!(changes, expected);
    stage.on("2027-01-01").await;
    assert_eq!(stage.remainder(&grant).await, "10.00");

    // Past its day and not posted yet, it is brought back only by who may reinstate; once posted, nothing is left.
    let other = stage
        .prepayment("5.00", json!({ "expires_on": "2027-01-31" }))
        .await;
    let extend = format!("/credit-grants/{other}/extend");
    stage.on("2027-02-10").await;
    let body = json!({ "expires_on": "2027-12-31", "reason": "late" });
    let problem = stage.staff.refused(&extend, body).await;
    assert_eq!(problem["code"], "nothing_left");
    stage.house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn credit_is_born_under_the_policy_in_force_whatever_the_door(#[case] engine: Engine) {
    let Some(stage) = Stage::set(engine).await else {
        return;
    };
    stage.without_auto_apply().await;
    let policy =
        |class: &str, days: u32| json!({ "class": class, "counting": "days", "length": days });
    let reply = stage
        .staff
        .post("/expiry-policies", "", policy("overpayment", 30))
        .await;
    assert_eq!(reply.status, StatusCode::FORBIDDEN, "admins set policies");
    let first = stage
        .admin
        .done("/expiry-policies", policy("overpayment", 30))
        .await;
    assert_eq!(first["in_force"]["notice_leads"], json!([30, 7, 1]));
    let body = json!({ "class": "credit_note", "counting": "end_of_month", "length": 1, "minimum_life_days": 50,
        "notice_leads": [14] });
    stage.admin.done("/expiry-policies", body).await;

    let surplus =
        json!({ "account": "A-1", "amount": amount("6.00"), "received_on": "2026-06-15" });
    let payment = stage.staff.done("/payments", surplus).await;
    let by_payment = stage.grant(&text(&payment["grant"]["id"])).await;
    assert_eq!(by_payment["expires_on"], "2026-07-15");
    assert!(by_payment["policy_version"].is_string());
    let negative = stage.invoice("-20.00").await;
    let grants = stage.staff.list("/credit-grants?class=credit_note").await;
    assert_eq!(grants[0]["origin"]["id"], json!(negative));
    // The end of July is not fifty days away; that of August is.
    assert_eq!(grants[0]["expires_on"], "2026-08-31");
    // A prepayment has no policy and never lapses; a date given by hand goes before a policy.
    let prepaid = stage.prepayment("1.00", json!({})).await;
    assert_eq!(stage.grant(&prepaid).await["expires_on"], Value::Null);

    // The next version holds for what is born from its first day on.
    let next = json!({ "class": "overpayment", "counting": "days", "length": 90, "in_force_from": "2026-07-01" });
    let next = stage.admin.done("/expiry-policies", next).await;
    assert_eq!(
        (next["id"].clone(), next["in_force"]["version"].clone()),
        (first["id"].clone(), json!(1))
    );
    stage.on("2026-07-02").await;
    for (received_on, expires_on) in [("2026-06-30", "2026-07-30"), ("2026-07-02", "2026-09-30")] {
        let body =
            json!({ "account": "A-1", "amount": amount("2.00"), "received_on": received_on });
        let payment = stage.staff.done("/payments", body).await;
        let grant = stage.grant(&text(&payment["grant"]["id"])).await;
        assert_eq!(grant["expires_on"], expires_on, "received {received_on}");
    }
    let kept = stage.grant(by_payment["id"].as_str().unwrap()).await;
    assert_eq!(
        kept["expires_on"], "2026-07-15",
        "a grant keeps the version it was born under"
    );
    let back = json!({ "class": "overpayment", "counting": "days", "length": 5, "in_force_from": "2026-07-01" });
    let problem = stage.admin.refused("/expiry-policies", back).await;
    assert_eq!(
        (&problem["code"], &problem["field"]),
        (&json!("date_too_early"), &json!("in_force_from"))
    );
    stage.house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_simulation_says_what_would_lapse_and_writes_nothing(#[case] engine: Engine) {
    let Some(stage) = Stage::set(engine).await else {
        return;
    };
    let dollars = stage.house.account("A-2", "USD").await;
    let tag = "INSERT INTO customer_tags (customer_id, tag) VALUES ($1, 'gold')";
    stage
        .house
        .run(tag, vec![stage.account.customer.0.into()])
        .await;
    let old = stage.prepayment("10.00", json!({})).await;
    let dated = stage
        .prepayment("20.00", json!({ "expires_on": "2026-07-01" }))
        .await;
    let body = json!({ "account": dollars.number, "amount": { "amount": "30.00", "currency": "USD" },
        "received_on": "2026-06-15", "prepayment": true });
    stage.staff.done("/payments", body).await;
    stage.on("2026-06-20").await;
    stage.prepayment("40.00", json!({})).await;
    let try_out = |policy: Value, through: &str| json!({ "policy": policy, "through": through });
    let policy = json!({ "class": "prepayment", "length": 10 });

    let found = stage
        .admin
        .done(
            "/expiry-policies/simulate",
            try_out(policy.clone(), "2026-06-26"),
        )
        .await;
    assert_eq!(
        (&found["grants"], &found["of_grants"]),
        (&json!(3), &json!(4))
    );
    assert_eq!(
        found["totals"],
        json!([amount("30.00"), { "amount": "30.00", "currency": "USD" }])
    );
    assert_eq!(found["listed"][0]["grant"]["id"], json!(old));
    assert_eq!(found["listed"][0]["would_expire_on"], "2026-06-25");
    let today = stage
        .staff
        .done("/expiry-policies/simulate", try_out(policy.clone(), ""))
        .await;
    assert_eq!(
        (&today["grants"], &today["through"]),
        (&json!(0), &json!("2026-06-20"))
    );
    // What lapses anyway by then is not the policy's doing.
    let july = stage
        .admin
        .done(
            "/expiry-policies/simulate",
            try_out(policy.clone(), "2026-07-10"),
        )
        .await;
    let listed = july["listed"].as_array().unwrap();
    assert!(
        listed
            .iter()
            .all(|lapse| lapse["grant"]["id"] != json!(dated)),
        "{july}"
    );
    let gold = json!({ "class": "prepayment", "length": 10, "tag": "gold", "currency": "EUR" });
    let gold = stage
        .admin
        .done("/expiry-policies/simulate", try_out(gold, "2026-06-26"))
        .await;
    assert_eq!(
        (&gold["grants"], &gold["of_grants"]),
        (&json!(2), &json!(3))
    );
    let support = Api::with_role(&stage.house, Role::Support).await;
    let reply = support
        .post("/expiry-policies/simulate", "", try_out(policy, ""))
        .await;
    assert_eq!(reply.status, StatusCode::FORBIDDEN);
    assert_eq!(stage.house.count("expiry_policies").await, 0);
    assert_eq!(
        stage
            .house
            .count("grant_movements WHERE kind = 'lapsed'")
            .await,
        0
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn notices_are_due_once_per_grant_and_lead(#[case] engine: Engine) {
    let Some(stage) = Stage::set(engine).await else {
        return;
    };
    let body = json!({ "class": "prepayment", "counting": "days", "length": 10, "notice_leads": [7, 3, 20] });
    stage.admin.done("/expiry-policies", body).await;
    // By hand, with the default leads; under the policy, with its own, of which the first is before its birth.
    let by_hand = stage
        .prepayment("10.00", json!({ "expires_on": "2026-06-25" }))
        .await;
    let by_policy = stage.prepayment("20.00", json!({})).await;
    let ctx = stage.house.system();
    let mut told = Vec::new();
    for day in day("2026-06-15").iter_days().take(14) {
        for notice in queries::expiry::notices_due(&ctx, day).await.unwrap() {
            assert_eq!(notice.expires_on, super::support::day("2026-06-25"));
            told.push((notice.grant.to_string(), notice.lead_days, day.to_string()));
        }
    }
    let expected = [
        (&by_hand, 7, "2026-06-18"),
        (&by_policy, 7, "2026-06-18"),
        (&by_policy, 3, "2026-06-22"),
        (&by_hand, 1, "2026-06-24"),
    ];
    let expected: Vec<(String, u32, String)> = expected
        .iter()
        .map(|(grant, lead, on)| ((*grant).clone(), *lead, (*on).to_owned()))
        .collect();
    assert_eq!(told, expected);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn credit_past_its_day_counts_nowhere_even_when_the_job_is_late(#[case] engine: Engine) {
    let Some(stage) = Stage::set(engine).await else {
        return;
    };
    stage.without_auto_apply().await;
    stage
        .prepayment("25.00", json!({ "expires_on": "2026-06-20" }))
        .await;
    stage.prepayment("5.00", json!({})).await;
    let invoice = stage.invoice("30.00").await;
    let ctx = stage.house.accountant();
    ctx.clock.move_to(day("2026-06-21"));
    let start = queries::payments::start(&ctx, "A-1".to_owned(), None)
        .await
        .unwrap();
    assert_eq!(start.on.credit.to_string(), "5.00 EUR");
    let found = queries::payments::accounts_to_pay(&ctx, "A-1".to_owned())
        .await
        .unwrap();
    assert_eq!(found[0].credit.to_string(), "5.00 EUR");
    let detail = queries::invoices::detail(&ctx, &invoice).await.unwrap();
    assert_eq!(detail.account_credit.to_string(), "5.00 EUR");
    let command = NewCreditRun {
        effective_on: "2026-06-21".to_owned(),
        ..NewCreditRun::default()
    };
    let run = credit_runs::preview(&ctx, command).await.unwrap();
    let preview = credit_runs::previewed_pairs(&ctx, run, PageRequest::default(), None)
        .await
        .unwrap();
    let account = &preview.accounts.rows[0];
    assert_eq!(account.credit_before.to_string(), "5.00 EUR");
    assert_eq!(account.credit_after.to_string(), "0.00 EUR");
    assert_eq!(account.pairs.len(), 1);
    let page = queries::accounts::detail(&ctx, "A-1", PageRequest::default())
        .await
        .unwrap();
    assert_eq!(page.next_uses.len(), 1);
    let dashboard = queries::dashboard::show(&ctx).await.unwrap();
    assert!(dashboard.lapsing.is_empty());
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_run_undone_lapses_what_comes_back(#[case] engine: Engine) {
    let Some(stage) = Stage::set(engine).await else {
        return;
    };
    stage.without_auto_apply().await;
    let grant = stage
        .prepayment("25.00", json!({ "expires_on": "2026-06-20" }))
        .await;
    stage.invoice("10.00").await;
    let run = stage
        .staff
        .done("/credit-runs", json!({ "effective_on": "2026-06-15" }))
        .await;
    stage
        .staff
        .done(&format!("/credit-runs/{}/commit", id(&run)), json!({}))
        .await;
    stage.on("2026-06-25").await;
    stage
        .staff
        .done(
            &format!("/credit-runs/{}/undo", id(&run)),
            json!({ "reason": "wrong month" }),
        )
        .await;
    assert_eq!(
        stage.movements(&grant).await[2..],
        [
            "lapsed 15.00 2026-06-21",
            "reinstated 10.00 2026-06-25",
            "lapsed 10.00 2026-06-25",
        ]
    );
    stage.house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_slice_of_a_payment_goes_the_way_of_the_payments_own_credit(#[case] engine: Engine) {
    let Some(stage) = Stage::set(engine).await else {
        return;
    };
    stage.without_auto_apply().await;
    let invoice = stage.invoice("60.00").await;
    let body = json!({
        "account": "A-1", "amount": amount("100.00"), "received_on": "2026-06-15", "prepayment": true,
        "expires_on": "2026-06-20", "applications": [{ "invoice": invoice, "amount": "60.00" }],
    });
    let payment = stage.staff.done("/payments", body).await;
    let grant = text(&payment["grant"]["id"]);
    stage.on("2026-06-25").await;
    let applications = stage
        .staff
        .list(&format!("/applications?invoice={invoice}"))
        .await;
    let unapply = format!("/applications/{}/unapply", id(&applications[0]));
    stage
        .staff
        .done(&unapply, json!({ "reason": "wrong invoice" }))
        .await;
    assert_eq!(
        stage.movements(&grant).await,
        [
            "issued 40.00 2026-06-15",
            "lapsed 40.00 2026-06-21",
            "issued 60.00 2026-06-25",
            "lapsed 60.00 2026-06-25",
        ]
    );
    stage.house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_negative_invoice_whose_credit_lapsed_can_be_voided(#[case] engine: Engine) {
    let Some(stage) = Stage::set(engine).await else {
        return;
    };
    let body = json!({ "class": "credit_note", "counting": "days", "length": 3 });
    stage.admin.done("/expiry-policies", body).await;
    let negative = stage.invoice("-20.00").await;
    stage.on("2026-06-25").await;
    stage
        .staff
        .done(
            &format!("/invoices/{negative}/void"),
            json!({ "reason": "typing error" }),
        )
        .await;
    let grants = stage.staff.list("/credit-grants?class=credit_note").await;
    assert_eq!(
        stage.movements(id(&grants[0])).await,
        [
            "issued 20.00 2026-06-15",
            "lapsed 20.00 2026-06-19",
            "reinstated 20.00 2026-06-25",
            "taken_back 20.00 2026-06-25",
        ]
    );
    assert_eq!(stage.ledger("breakage_income").await, "0");
    stage.house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_new_date_is_a_right_and_only_for_credit_that_lapsed(#[case] engine: Engine) {
    let Some(stage) = Stage::set(engine).await else {
        return;
    };
    stage.without_auto_apply().await;
    let grant = stage
        .prepayment("60.00", json!({ "expires_on": "2026-06-20" }))
        .await;
    let invoice = stage.invoice("60.00").await;
    let application = stage.apply(&grant, &invoice, "60.00").await;
    let unapply = format!("/applications/{application}/unapply");
    let body = json!({ "reason": "r", "new_expires_on": "2026-12-31" });
    let problem = stage.staff.refused(&unapply, body.clone()).await;
    assert_eq!(
        (&problem["code"], &problem["field"]),
        (&json!("grant_not_lapsed"), &json!("new_expires_on"))
    );
    stage.on("2026-06-25").await;
    let cashier = Api::with_role(&stage.house, Role::Cashier).await;
    assert_eq!(
        cashier.post(&unapply, "k", body.clone()).await.status,
        StatusCode::FORBIDDEN
    );
    stage.staff.done(&unapply, body).await;
    let kept = stage.grant(&grant).await;
    assert_eq!(
        (&kept["remainder"]["amount"], &kept["expires_on"]),
        (&json!("60.00"), &json!("2026-12-31"))
    );
    stage.house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn the_job_and_people_at_the_same_grant_leave_the_books_whole(#[case] engine: Engine) {
    let Some(stage) = Stage::set(engine).await else {
        return;
    };
    stage.without_auto_apply().await;
    let grant = stage
        .prepayment("60.00", json!({ "expires_on": "2026-06-20" }))
        .await;
    let invoice = stage.invoice("40.00").await;
    let application = stage.apply(&grant, &invoice, "40.00").await;
    let ctx = stage.house.system();
    ctx.clock.move_to(day("2026-06-25"));
    let unapply = format!("/applications/{application}/unapply");
    let (first, second, undone) = tokio::join!(
        expiry::expire(&ctx, ctx.today(), &|_| {}),
        expiry::expire(&ctx, ctx.today(), &|_| {}),
        stage.staff.done(&unapply, json!({ "reason": "race" })),
    );
    assert_eq!(undone["status"], "unapplied");
    assert_eq!(first.unwrap().grants + second.unwrap().grants, 1);
    assert_eq!(stage.remainder(&grant).await, "0.00");
    assert_eq!(stage.ledger("breakage_income").await, "-6000");
    stage.house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn imported_credit_is_born_under_the_policy_too(#[case] engine: Engine) {
    let Some(stage) = Stage::set(engine).await else {
        return;
    };
    for class in ["overpayment", "prepayment"] {
        let body = json!({ "class": class, "counting": "days", "length": 10 });
        stage.admin.done("/expiry-policies", body).await;
    }
    let file = "key,account,amount,received_on,prepayment,expires_on,priority\n\
        P1,A-1,5.00,2026-06-15,,,\n\
        P2,A-1,6.00,2026-06-15,yes,2027-01-31,7\n\
        P3,A-1,7.00,2026-06-14,,,\n";
    imports::import(&stage.house.accountant(), "payments", file).await;
    let grants = stage.staff.list("/credit-grants").await;
    let mut dates: Vec<(String, Value)> = grants
        .iter()
        .map(|grant| {
            (
                text(&grant["amount"]["amount"]),
                grant["expires_on"].clone(),
            )
        })
        .collect();
    dates.sort_by(|a, b| a.0.cmp(&b.0));
    let expected = [
        ("5.00".to_owned(), json!("2026-06-25")),
        ("6.00".to_owned(), json!("2027-01-31")),
        // Before the policy was in force.
        ("7.00".to_owned(), Value::Null),
    ];
    assert_eq!(dates, expected);
    stage.house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn pages_show_order_dates_and_policies(#[case] engine: Engine) {
    let Some(stage) = Stage::set(engine).await else {
        return;
    };
    let person = NewStaff {
        email: "anna@example.com".to_owned(),
        name: "Anna".to_owned(),
        roles: vec!["admin".to_owned(), "accountant".to_owned()],
    };
    users::add_staff(&stage.house.system(), person, PASSWORD)
        .await
        .unwrap();
    let mut browser = Browser::at(&stage.house.system());
    browser.log_in("anna@example.com", PASSWORD).await;
    let soon = stage
        .prepayment("30.00", json!({ "expires_on": "2026-07-01" }))
        .await;
    stage.prepayment("50.00", json!({ "priority": 100 })).await;
    let account = browser.get("/accounts/A-1").await;
    assert!(
        account.shows("it lapses before the next"),
        "{}",
        account.body
    );
    assert!(account.shows("it is the last"));
    assert!(browser.get("/").await.shows("Lapses next"));

    let trial = "/admin/expiry/new?policy%5Bclass%5D=prepayment&policy%5Bcounting%5D=days&policy%5Blength%5D=10&policy%5Bthrough%5D=2026-06-26";
    let trial = browser.get(trial).await;
    assert!(
        trial.shows("2 of 2 credits would have lapsed by"),
        "{}",
        trial.body
    );
    let fields = [
        ("policy[class]", "prepayment"),
        ("policy[counting]", "days"),
        ("policy[length]", "400"),
        ("policy[notice_leads]", "30, 7"),
        ("policy[through]", "2026-06-26"),
    ];
    let set = browser
        .submit("/admin/expiry/new", "set_expiry_policy", &fields)
        .await;
    assert!(set.location().starts_with("/admin/expiry"), "{}", set.body);
    assert!(browser.get("/admin/expiry").await.shows("After 400 days."));

    let page = format!("/credits/{soon}");
    let fields = [
        ("extension[grant]", soon.as_str()),
        ("extension[expires_on]", "2026-06-14"),
        ("extension[reason]", "kindness"),
    ];
    let refused = browser.submit(&page, "extend_credit", &fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let fields = [
        ("extension[grant]", soon.as_str()),
        ("extension[expires_on]", "2026-09-30"),
        ("extension[reason]", "kindness"),
    ];
    browser.submit(&page, "extend_credit", &fields).await;
    let credit = browser.get(&page).await;
    assert!(credit.shows("Changes of the last usable day") && credit.shows("kindness"));

    let typed = "/payments/new?account=A-1&payment%5Baccount%5D=A-1&payment%5Bamount%5D%5Bamount%5D=5&payment%5Breceived_on%5D=2026-06-15&payment%5Bprepayment%5D=yes\
        &payment%5Bexpires_on%5D=2036-01-01";
    let typed = browser.get(typed).await;
    assert!(
        typed.shows("It can be used through 1\u{a0}Jan\u{a0}2036."),
        "{}",
        typed.body
    );
    stage.on("2026-10-01").await;
    assert!(browser.get(&page).await.shows("Lapsed"));
    assert!(browser.get("/accounts/A-1").await.shows("lapsed"));
    assert!(browser.get("/journal").await.shows("Credit 1"));
    assert!(browser.get("/admin/audit").await.shows("Credit lapsed"));
}
