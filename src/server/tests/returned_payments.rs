//! Payments that bounce, through the API: everything they paid is open again.

use super::rest::{Api, id};
use super::support::{Engine, House};
use crate::domain::rights::Role;
use rstest::rstest;
use serde_json::{Value, json};

async fn invoice(api: &Api, price: &str) -> Value {
    let line = json!({ "description": "Goods", "quantity": "1", "unit_price": price });
    let body =
        json!({ "account": "A-1", "issued_on": "2026-06-01", "lines": [line], "act": "finalise" });
    api.done("/invoices", body).await
}

fn eur(amount: &str) -> Value {
    json!({ "amount": amount, "currency": "EUR" })
}

async fn pay(api: &Api, invoice: &Value, paid: &str, received: &str) -> Value {
    let body = json!({
        "account": "A-1", "amount": eur(received), "method": "bank_transfer",
        "received_on": "2026-06-02",
        "applications": [{ "invoice": invoice["id"], "amount": paid }],
    });
    api.done("/payments", body).await
}

async fn account(api: &Api) -> Value {
    api.get("/receivable-accounts/A-1").await.json
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn what_the_surplus_paid_is_open_again_too(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    house.account("A-1", "EUR").await;
    let api = Api::with_role(&house, Role::Accountant).await;
    let first = invoice(&api, "100.00").await;
    let payment = pay(&api, &first, "100.00", "110.00").await;
    let second = invoice(&api, "10.00").await;
    let apply = json!({
        "grant": payment["grant"]["id"], "invoice": second["id"], "amount": eur("10.00"),
    });
    api.done("/applications", apply).await;
    assert_eq!(account(&api).await["amount_due"]["amount"], "0.00");
    let path = format!("/payments/{}/reverse", id(&payment));
    let body = json!({ "reason": "the bank sent it back", "cause": "bounced" });
    let reversed = api.done(&path, body).await;
    assert_eq!(reversed["status"], "reversed");
    assert_eq!(reversed["reversal_cause"], "bounced");
    assert_eq!(reversed["charges"], json!([]));
    for (invoice, open) in [(&first, "100.00"), (&second, "10.00")] {
        let invoice = api.get(&format!("/invoices/{}", id(invoice))).await.json;
        assert_eq!(invoice["open_balance"]["amount"], open);
    }
    let balance = account(&api).await;
    assert_eq!(balance["amount_due"]["amount"], "110.00");
    assert_eq!(balance["credit"]["amount"], "0.00");
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_fee_is_an_invoice_to_fee_income(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    house.account("A-1", "EUR").await;
    let api = Api::with_role(&house, Role::Accountant).await;
    let first = invoice(&api, "100.00").await;
    let payment = pay(&api, &first, "100.00", "100.00").await;
    let path = format!("/payments/{}/reverse", id(&payment));
    for (fee, field, code) in [
        ("-1.00", "fee.amount", "amount_not_positive"),
        ("1.001", "fee.amount", "too_many_decimals"),
    ] {
        let body = json!({ "reason": "bounced", "fee": eur(fee) });
        let problem = api.refused(&path, body).await;
        assert_eq!(
            (&problem["field"], &problem["code"]),
            (&json!(field), &json!(code))
        );
    }
    let problem = api
        .refused(&path, json!({ "reason": "x", "cause": "because" }))
        .await;
    assert_eq!(problem["code"], "unknown_choice");
    let body = json!({ "reason": "charged back", "cause": "chargeback", "fee": eur("5.00") });
    let reversed = api.done(&path, body).await;
    let fee = api
        .get(&format!("/invoices/{}", id(&reversed["charges"][0])))
        .await
        .json;
    assert_eq!(
        (&fee["kind"], &fee["payment"]),
        (&json!("fee"), &payment["id"])
    );
    assert_eq!(fee["number"], "INV-2026-00002");
    assert_eq!(fee["open_balance"]["amount"], "5.00");
    let entry = fee["journal_entries"][0].as_str().unwrap();
    let entry = api.get(&format!("/journal-entries/{entry}")).await.json;
    let roles: Vec<&str> = entry["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["ledger_account"]["role"].as_str().unwrap())
        .collect();
    assert_eq!(roles, ["receivable", "fee_income"]);
    assert_eq!(account(&api).await["amount_due"]["amount"], "105.00");
    house.check_books().await;
    // It can be credited, and what it credits is fee income.
    let whole = json!({
        "invoice": fee["id"], "reason_code": "other", "everything": true, "act": "finalise",
    });
    let note = api.done("/credit-notes", whole).await;
    let void = format!("/credit-notes/{}/void", id(&note));
    api.done(&void, json!({ "reason": "no goodwill" })).await;
    let void = format!("/invoices/{}/void", id(&fee));
    api.done(&void, json!({ "reason": "goodwill" })).await;
    assert_eq!(account(&api).await["amount_due"]["amount"], "100.00");
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn the_portal_says_which_payment_paid_what(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let owner = house.account("A-1", "EUR").await;
    let api = Api::with_role(&house, Role::Accountant).await;
    let settings = json!({ "auto_apply": "all", "surplus_choice": "apply_to_oldest" });
    let reply = api
        .send("PATCH", "/receivable-accounts/A-1", "", Some(settings))
        .await;
    assert!(reply.status.is_success(), "{}", reply.json);
    // In the order in which they happened; dates before today's window need a reason.
    let mut payments = Vec::new();
    let mut invoices = Vec::new();
    for (kind, on, amount) in [
        ("invoice", "2026-01-01", "10000.00"),
        ("payment", "2026-01-05", "15000.00"),
        ("payment", "2026-01-18", "20000.00"),
        ("invoice", "2026-02-01", "15000.00"),
        ("invoice", "2026-03-01", "18000.00"),
        ("payment", "2026-03-02", "10000.00"),
    ] {
        if kind == "invoice" {
            let line = json!({ "description": "Service", "quantity": "1", "unit_price": amount });
            let body = json!({
                "account": "A-1", "issued_on": on, "lines": [line], "act": "finalise",
                "reason": "as it happened",
            });
            invoices.push(api.done("/invoices", body).await);
            continue;
        }
        let body = json!({
            "account": "A-1", "amount": eur(amount), "received_on": on, "method": "bank_transfer",
            "surplus": "apply_to_oldest", "reason": "as it happened",
        });
        payments.push(api.done("/payments", body).await);
    }
    let customer = Api::of_customer(&house, &owner).await;
    let mut seen = Vec::new();
    for (n, payment) in payments.iter().enumerate() {
        let path = format!("/applications?payment={}", id(payment));
        for application in customer.list(&path).await {
            let invoice = invoices
                .iter()
                .position(|invoice| invoice["id"] == application["invoice"]["id"])
                .unwrap();
            let amount = application["amount"]["amount"].as_str().unwrap();
            seen.push(format!("P{}→I{} {amount}", n + 1, invoice + 1));
        }
    }
    assert_eq!(
        seen,
        [
            "P1→I1 10000.00",
            "P1→I2 5000.00",
            "P2→I2 10000.00",
            "P2→I3 10000.00",
            "P3→I3 8000.00",
        ]
    );
    let third = customer
        .get(&format!("/payments/{}", id(&payments[2])))
        .await
        .json;
    assert_eq!(third["remainder"]["amount"], "2000.00");
    let balance = customer.get("/receivable-accounts/A-1").await.json;
    assert_eq!(balance["amount_due"]["amount"], "0.00");
    assert_eq!(balance["available_credit"]["amount"], "2000.00");
    house.check_books().await;
}
