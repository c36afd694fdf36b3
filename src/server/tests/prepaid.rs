//! Prepaid accounts through the API: drawdown, thresholds, the customer's choice, announced top-ups.

use super::rest::Api;
use super::support::{Engine, House, TestAccount};
use crate::domain::rights::Role;
use axum::http::StatusCode;
use rstest::rstest;
use serde_json::{Value, json};

fn eur(amount: &str) -> Value {
    json!({ "amount": amount, "currency": "EUR" })
}

struct Scene {
    house: House,
    account: TestAccount,
    accountant: Api,
    customer: Api,
}

/// A prepaid account with thresholds 20 and 5.
async fn scene(engine: Engine) -> Option<Scene> {
    let house = House::open(engine).await?;
    let account = house.account("A-1", "EUR").await;
    let accountant = Api::with_role(&house, Role::Accountant).await;
    let rules = json!({ "account": "A-1", "thresholds": [eur("5.00"), eur("20.00")] });
    let set_up = accountant.done("/prepaid-accounts", rules).await;
    assert_eq!(
        set_up["rules"]["thresholds"],
        json!([eur("20.00"), eur("5.00")])
    );
    assert_eq!(set_up["rules"]["whole_invoices_only"], false);
    let customer = Api::of_customer(&house, &account).await;
    Some(Scene {
        house,
        account,
        accountant,
        customer,
    })
}

impl Scene {
    async fn top_up(&self, amount: &str) -> Value {
        let body = json!({
            "account": "A-1", "amount": eur(amount), "received_on": "2026-06-15", "prepayment": true,
        });
        self.accountant.done("/payments", body).await
    }

    /// What is open of an invoice of this price, finalised now.
    async fn bill(&self, price: &str) -> String {
        let ctx = self.house.accountant();
        let invoice = self.account.invoice(&ctx, "2026-06-15", price).await;
        self.open(&invoice.invoice.to_string()).await
    }

    async fn open(&self, invoice: &str) -> String {
        let invoice = self
            .accountant
            .get(&format!("/invoices/{invoice}"))
            .await
            .json;
        invoice["open_balance"]["amount"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    async fn seen(&self) -> Value {
        self.customer.get("/prepaid-accounts/A-1").await.json
    }

    /// Threshold and balance of every alert, oldest first.
    async fn alerts(&self) -> Vec<String> {
        let seen = self.seen().await;
        let mut alerts: Vec<String> = seen["alerts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|alert| {
                let text = |name: &str| alert[name]["amount"].as_str().unwrap().to_owned();
                format!("{} at {}", text("threshold"), text("balance"))
            })
            .collect();
        alerts.reverse();
        alerts
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn invoices_close_by_themselves_while_funds_suffice(#[case] engine: Engine) {
    let Some(scene) = scene(engine).await else {
        return;
    };
    let ctx = scene.house.accountant();
    let older = scene.account.invoice(&ctx, "2026-06-01", "30.00").await;
    let newer = scene.account.invoice(&ctx, "2026-06-10", "50.00").await;
    scene.top_up("60.00").await;
    assert_eq!(scene.open(&older.invoice.to_string()).await, "0.00");
    assert_eq!(scene.open(&newer.invoice.to_string()).await, "20.00");
    assert_eq!(scene.seen().await["balance"], eur("0.00"));
    scene.top_up("100.00").await;
    assert_eq!(scene.open(&newer.invoice.to_string()).await, "0.00");
    assert_eq!(scene.bill("25.00").await, "0.00");
    assert_eq!(scene.seen().await["balance"], eur("55.00"));
    scene.house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn with_whole_invoices_only_none_is_paid_in_part(#[case] engine: Engine) {
    let Some(scene) = scene(engine).await else {
        return;
    };
    let rules = json!({ "whole_invoices_only": true });
    let changed = scene
        .accountant
        .send("PATCH", "/prepaid-accounts/A-1", "", Some(rules))
        .await;
    assert_eq!(changed.json["rules"]["whole_invoices_only"], true);
    assert_eq!(
        changed.json["rules"]["thresholds"],
        json!([eur("20.00"), eur("5.00")])
    );
    let ctx = scene.house.accountant();
    let large = scene.account.invoice(&ctx, "2026-06-01", "80.00").await;
    let small = scene.account.invoice(&ctx, "2026-06-10", "50.00").await;
    scene.top_up("60.00").await;
    assert_eq!(scene.open(&large.invoice.to_string()).await, "80.00");
    assert_eq!(scene.open(&small.invoice.to_string()).await, "0.00");
    assert_eq!(scene.bill("10.01").await, "10.01");
    assert_eq!(scene.bill("10.00").await, "0.00");
    scene.house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn the_customer_may_opt_out_and_staff_may_hold(#[case] engine: Engine) {
    let Some(scene) = scene(engine).await else {
        return;
    };
    scene.top_up("100.00").await;
    let act = |verb: &str| format!("/prepaid-accounts/A-1/{verb}");
    assert_eq!(
        scene.customer.done(&act("opt-out"), json!({})).await["opted_out"],
        true
    );
    assert_eq!(scene.bill("10.00").await, "10.00");
    scene.customer.done(&act("opt-in"), json!({})).await;
    assert_eq!(scene.bill("11.00").await, "0.00");

    let refused = scene.accountant.refused(&act("hold"), json!({})).await;
    assert_eq!(refused["code"], "reason_required");
    let reason = json!({ "reason": "A dispute is open" });
    assert_eq!(
        scene.accountant.done(&act("hold"), reason.clone()).await["held"],
        true
    );
    assert_eq!(scene.bill("12.00").await, "12.00");
    let reply = scene
        .customer
        .post(&act("release"), "", reason.clone())
        .await;
    assert_eq!(reply.status, StatusCode::FORBIDDEN);
    scene.accountant.done(&act("release"), reason).await;
    // A top-up pays what stayed open meanwhile.
    scene.top_up("22.00").await;
    assert_eq!(scene.seen().await["amount_due"], eur("0.00"));
    scene.house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_low_balance_is_told_of_once_per_crossing(#[case] engine: Engine) {
    let Some(scene) = scene(engine).await else {
        return;
    };
    // An empty account is low from the start, at both thresholds.
    let first = ["20.00 at 0.00", "5.00 at 0.00"];
    let mut alerts = scene.alerts().await;
    alerts.sort();
    assert_eq!(alerts, first);
    scene.top_up("50.00").await;
    assert_eq!(scene.seen().await["low"], false);
    scene.bill("30.00").await;
    scene.bill("10.00").await;
    assert_eq!(scene.alerts().await[2..], ["20.00 at 20.00"]);
    assert_eq!(scene.seen().await["low"], true);
    scene.bill("5.00").await;
    assert_eq!(scene.alerts().await[3..], ["5.00 at 5.00"]);
    scene.top_up("50.00").await;
    scene.bill("40.00").await;
    assert_eq!(scene.alerts().await[4..], ["20.00 at 15.00"]);
    assert_eq!(
        scene.seen().await["rules"]["suggested_top_up"],
        eur("25.00")
    );
    scene.house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn an_announced_top_up_becomes_a_payment(#[case] engine: Engine) {
    let Some(scene) = scene(engine).await else {
        return;
    };
    let low = scene
        .customer
        .list("/prepaid-accounts?low=true&limit=1")
        .await;
    assert_eq!(low[0]["account"], "A-1");
    let other = scene.house.account("A-2", "EUR").await;
    let stranger = Api::of_customer(&scene.house, &other).await;
    let announce = "/prepaid-accounts/A-1/top-up-requests";
    let body = json!({ "amount": eur("75.00"), "note": "By transfer on Friday" });
    let reply = stranger.post(announce, "k", body.clone()).await;
    assert_eq!(reply.status, StatusCode::NOT_FOUND);
    let first = scene.customer.post(announce, "k", body.clone()).await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.json);
    let again = scene.customer.post(announce, "k", body).await;
    assert_eq!(again.json["top_up_requests"].as_array().unwrap().len(), 1);
    let request = again.json["top_up_requests"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(scene.seen().await["balance"], eur("0.00"));

    let payment = json!({
        "account": "A-1", "amount": eur("75.00"), "received_on": "2026-06-15", "prepayment": true,
        "top_up_request": request,
    });
    let paid = scene.accountant.done("/payments", payment.clone()).await;
    let refused = scene.accountant.refused("/payments", payment).await;
    assert_eq!(refused["code"], "top_up_request_closed");
    let seen = scene.seen().await;
    assert_eq!(seen["balance"], eur("75.00"));
    assert_eq!(seen["top_up_requests"][0]["state"], "paid");
    assert_eq!(seen["top_up_requests"][0]["payment"], paid["id"]);
    let withdraw = format!("/prepaid-accounts/top-up-requests/{request}/withdraw");
    let refused = scene.customer.refused(&withdraw, json!({})).await;
    assert_eq!(refused["code"], "top_up_request_closed");
    scene.house.check_books().await;
}
