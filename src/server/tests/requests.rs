//! Adjustments, refunds, transfers and write-offs, and who decides on them.

use super::rest::Api;
use super::support::{Engine, House};
use crate::domain::rights::Role;
use crate::dto::error::{AppError, Refusal};
use crate::dto::requests::RefundBatch;
use crate::server::services::requests::{preview_refund_batch, refund_batch};
use axum::http::StatusCode;
use rstest::rstest;
use serde_json::{Value, json};

fn eur(amount: &str) -> Value {
    json!({ "amount": amount, "currency": "EUR" })
}

fn id(document: &Value) -> &str {
    document["id"].as_str().expect("a document has an id")
}

fn goodwill(account: &str, amount: &str) -> Value {
    json!({ "account": account, "amount": eur(amount), "reason": "a late delivery" })
}

fn taxed(account: &str, price: &str) -> Value {
    json!({
        "account": account,
        "issued_on": "2026-06-15",
        "act": "finalise",
        "lines": [{ "description": "Service", "quantity": 1, "unit_price": price, "tax_rate": "20" }],
    })
}

/// Two people with the same rights: what one asks for the other may approve.
struct Office {
    house: House,
    asks: Api,
    decides: Api,
}

impl Office {
    async fn open(engine: Engine) -> Option<Self> {
        let house = House::open(engine).await?;
        house.account("A-1", "EUR").await;
        let asks = Api::with_role(&house, Role::Accountant).await;
        let decides = Api::with_role(&house, Role::Accountant).await;
        Some(Self {
            house,
            asks,
            decides,
        })
    }

    async fn account(&self, number: &str) -> Value {
        let reply = self
            .asks
            .get(&format!("/receivable-accounts/{number}"))
            .await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.json);
        reply.json
    }

    async fn grant(&self, grant: &Value) -> Value {
        self.asks
            .get(&format!("/credit-grants/{}", id(grant)))
            .await
            .json
    }

    /// `Dr 5200 60.00` per line of the document's last entry.
    async fn last_entry(&self, document: &Value) -> Vec<String> {
        let entry = document["journal_entries"]
            .as_array()
            .and_then(|e| e.last());
        let entry = entry.and_then(Value::as_str).expect("it was posted");
        let entry = self
            .asks
            .get(&format!("/journal-entries/{entry}"))
            .await
            .json;
        let lines = entry["lines"].as_array().expect("an entry has lines");
        lines
            .iter()
            .map(|line| {
                let side = if line["side"] == "debit" { "Dr" } else { "Cr" };
                let role = line["ledger_account"]["role"].as_str().unwrap_or_default();
                let amount = line["amount"]["amount"].as_str().unwrap_or_default();
                format!("{side} {role} {amount}")
            })
            .collect()
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn goodwill_up_to_the_limit_is_there_at_once(#[case] engine: Engine) {
    let Some(office) = Office::open(engine).await else {
        return;
    };
    let body = json!({ "account": "A-1", "amount": eur("500.00"), "expires_on": "2026-12-31", "priority": 5,
        "reason": "a late delivery" });
    let made = office.asks.done("/adjustments", body).await;
    assert_eq!(
        (made["status"].as_str(), made["kind"].as_str()),
        (Some("posted"), Some("adjustment"))
    );
    assert_eq!(
        office.last_entry(&made).await,
        ["Dr goodwill_expense 500.00", "Cr goodwill_credit 500.00"]
    );
    let grant = office.grant(&made["grant"]).await;
    assert_eq!(grant["class"], "goodwill");
    assert_eq!(grant["expires_on"], "2026-12-31");
    assert_eq!(grant["priority"], 5);
    assert_eq!(grant["remainder"]["amount"], "500.00");
    assert_eq!(grant["origin"]["kind"], "adjustment");
    assert_eq!(grant["origin"]["id"], made["id"]);
    office.house.check_books().await;

    // Without a reason, in another currency, lapsed before it is born: refused at its field.
    for (body, code, field) in [
        (
            json!({ "account": "A-1", "amount": eur("5.00") }),
            "reason_required",
            "reason",
        ),
        (
            json!({ "account": "A-1", "amount": { "amount": "5.00", "currency": "USD" }, "reason": "x" }),
            "currency_mismatch",
            "amount",
        ),
        (
            json!({ "account": "A-1", "amount": eur("5.00"), "reason": "x", "expires_on": "2026-06-14" }),
            "date_too_early",
            "expires_on",
        ),
        (goodwill("A-1", "0.00"), "amount_not_positive", "amount"),
        (goodwill("B-7", "5.00"), "unknown_reference", "account"),
    ] {
        let problem = office.asks.refused("/adjustments", body).await;
        assert_eq!(
            (problem["code"].as_str(), problem["field"].as_str()),
            (Some(code), Some(field))
        );
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn above_the_limit_another_person_decides(#[case] engine: Engine) {
    let Some(office) = Office::open(engine).await else {
        return;
    };
    let asked = office
        .asks
        .done("/adjustments", goodwill("A-1", "500.01"))
        .await;
    assert_eq!(asked["status"], "requested");
    assert!(asked["grant"].is_null());
    let waiting = office.decides.list("/approvals").await;
    assert_eq!(waiting.len(), 1);
    assert_eq!(waiting[0]["id"], asked["id"]);
    let shown = office
        .decides
        .get(&format!("/approvals/{}", id(&asked)))
        .await;
    assert_eq!(shown.json["would_post"][0]["amount"]["amount"], "500.01");

    let approve = format!("/adjustments/{}/approve", id(&asked));
    let own = office.asks.refused(&approve, json!({})).await;
    assert_eq!(own["code"], "own_request");
    let cashier = Api::with_role(&office.house, Role::Cashier).await;
    let reply = cashier.post(&approve, "k", json!({})).await;
    assert_eq!(reply.status, StatusCode::FORBIDDEN);
    // Under another resource's name it is not there.
    let elsewhere = format!("/write-offs/{}/approve", id(&asked));
    let reply = office.decides.post(&elsewhere, "k", json!({})).await;
    assert_eq!(reply.status, StatusCode::NOT_FOUND);

    let approved = office
        .decides
        .done(&approve, json!({ "reason": "they are right" }))
        .await;
    assert_eq!(approved["status"], "posted");
    assert_eq!(approved["word"], "they are right");
    assert!(approved["approved_by"].is_string());
    assert!(office.decides.list("/approvals").await.is_empty());
    let again = office.decides.refused(&approve, json!({})).await;
    assert_eq!(again["code"], "request_not_in_state");
    office.house.check_books().await;

    let asked = office
        .asks
        .done("/adjustments", goodwill("A-1", "900.00"))
        .await;
    let refuse = format!("/approvals/{}/refuse", id(&asked));
    let wordless = office.decides.refused(&refuse, json!({})).await;
    assert_eq!(wordless["code"], "reason_required");
    let refused = office
        .decides
        .done(&refuse, json!({ "reason": "twice is enough" }))
        .await;
    assert_eq!(refused["status"], "refused");
    assert_eq!(office.account("A-1").await["credit"]["amount"], "500.01");
    office.house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_correction_is_set_aside_until_it_is_decided(#[case] engine: Engine) {
    let Some(office) = Office::open(engine).await else {
        return;
    };
    let paid = json!({ "account": "A-1", "amount": eur("1000.00"), "received_on": "2026-06-15" });
    let paid = office.asks.done("/payments", paid).await;
    let grant = id(&paid["grant"]).to_owned();
    let correct =
        |amount: &str| json!({ "grant": grant, "amount": eur(amount), "reason": "keyed wrongly" });
    let asked = office.asks.done("/adjustments", correct("600.00")).await;
    assert_eq!(asked["status"], "requested");
    let account = office.account("A-1").await;
    assert_eq!(
        [
            &account["on_hold"],
            &account["available_credit"],
            &account["credit"]
        ]
        .map(|money| money["amount"].as_str().unwrap().to_owned()),
        ["600.00", "400.00", "1000.00"]
    );
    // What is set aside cannot be used, nor asked for twice: the most is named.
    let more = office.asks.refused("/adjustments", correct("400.01")).await;
    assert_eq!(
        (more["code"].as_str(), more["max_amount"]["amount"].as_str()),
        (Some("amount_exceeds_remainder"), Some("400.00"))
    );
    let invoice = office.asks.done("/invoices", taxed("A-1", "1000.00")).await;
    let apply = json!({ "grant": grant, "invoice": id(&invoice), "amount": eur("400.01") });
    let more = office.asks.refused("/applications", apply).await;
    assert_eq!(more["max_amount"]["amount"], "400.00");

    let approve = format!("/adjustments/{}/approve", id(&asked));
    let posted = office.decides.done(&approve, json!({})).await;
    assert_eq!(
        office.last_entry(&posted).await,
        ["Dr receivable 600.00", "Cr breakage_income 600.00"]
    );
    assert_eq!(
        office.grant(&paid["grant"]).await["remainder"]["amount"],
        "400.00"
    );
    office.house.check_books().await;

    let reverse = format!("/adjustments/{}/reverse", id(&asked));
    let reversed = office
        .asks
        .done(&reverse, json!({ "reason": "it was right after all" }))
        .await;
    assert_eq!(reversed["status"], "reversed");
    assert_eq!(
        office.grant(&paid["grant"]).await["remainder"]["amount"],
        "1000.00"
    );
    office.house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn goodwill_that_was_used_is_not_reversed(#[case] engine: Engine) {
    let Some(office) = Office::open(engine).await else {
        return;
    };
    let made = office
        .asks
        .done("/adjustments", goodwill("A-1", "30.00"))
        .await;
    let invoice = office.asks.done("/invoices", taxed("A-1", "10.00")).await;
    let apply =
        json!({ "grant": id(&made["grant"]), "invoice": id(&invoice), "amount": eur("0.01") });
    let application = office.asks.done("/applications", apply).await;
    let reverse = format!("/adjustments/{}/reverse", id(&made));
    let body = json!({ "reason": "by mistake" });
    let problem = office.asks.refused(&reverse, body.clone()).await;
    assert_eq!(problem["code"], "credit_used");
    let undo = format!("/applications/{}/unapply", id(&application));
    office.asks.done(&undo, json!({})).await;
    let reversed = office.asks.done(&reverse, body).await;
    assert_eq!(reversed["status"], "reversed");
    let grant = office.grant(&made["grant"]).await;
    assert_eq!(
        (
            grant["status"].as_str(),
            grant["remainder"]["amount"].as_str()
        ),
        (Some("taken_back"), Some("0.00"))
    );
    office.house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite, "yes", &["Dr bad_debt_expense 50.00", "Dr sales_tax_payable 10.00", "Cr receivable 60.00"])]
#[case::sqlite_without_relief(Engine::Sqlite, "", &["Dr bad_debt_expense 60.00", "Cr receivable 60.00"])]
#[case::postgres(Engine::Postgres, "yes", &["Dr bad_debt_expense 50.00", "Dr sales_tax_payable 10.00", "Cr receivable 60.00"])]
#[tokio::test]
async fn an_invoice_nobody_pays_is_written_off_and_may_be_recovered(
    #[case] engine: Engine,
    #[case] relief: &str,
    #[case] expected: &[&str],
) {
    let Some(office) = Office::open(engine).await else {
        return;
    };
    let setting = "INSERT INTO settings (name, value) VALUES ('bad_debt_tax_relief', $1)";
    office.house.run(setting, vec![relief.into()]).await;
    let invoice = office.asks.done("/invoices", taxed("A-1", "100.00")).await;
    let path = format!("/invoices/{}", id(&invoice));
    let paid = json!({ "account": "A-1", "amount": eur("60.00"), "received_on": "2026-06-15",
        "applications": [{ "invoice": id(&invoice), "amount": "60.00" }] });
    office.asks.done("/payments", paid).await;

    let too_much = json!({ "invoice": id(&invoice), "amount": eur("60.01"), "reason": "gone" });
    let problem = office.asks.refused("/write-offs", too_much).await;
    assert_eq!(
        (
            problem["code"].as_str(),
            problem["max_amount"]["amount"].as_str()
        ),
        (Some("amount_exceeds_open_balance"), Some("60.00"))
    );
    let body = json!({ "invoice": id(&invoice), "reason_code": "insolvent", "reason": "bankrupt" });
    let written = office.asks.done("/write-offs", body).await;
    assert_eq!(written["status"], "posted");
    assert_eq!(written["reason_code"], "insolvent");
    assert_eq!(office.last_entry(&written).await, expected);
    let shown = office.asks.get(&path).await.json;
    assert_eq!(shown["status"], "written_off");
    assert_eq!(shown["open_balance"]["amount"], "0.00");
    let application = shown["applications"]
        .as_array()
        .unwrap()
        .last()
        .unwrap()
        .clone();
    assert_eq!(application["origin"]["kind"], "write_off");
    office.house.check_books().await;

    // The write-off is undone as a whole, not slice by slice; and the invoice is not voided meanwhile.
    let unapply = format!("/applications/{}/unapply", id(&application));
    let problem = office.asks.refused(&unapply, json!({})).await;
    assert_eq!(problem["code"], "written_off");
    let void = json!({ "reason": "x" });
    let problem = office.asks.refused(&format!("{path}/void"), void).await;
    assert_eq!(problem["code"], "written_off");

    let reverse = format!("/write-offs/{}/reverse", id(&written));
    let recovered = office
        .asks
        .done(&reverse, json!({ "reason": "they paid after all" }))
        .await;
    assert_eq!(recovered["status"], "reversed");
    let shown = office.asks.get(&path).await.json;
    assert_eq!(shown["open_balance"]["amount"], "60.00");
    assert_eq!(shown["status"], "partly_paid");
    office.house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn tiny_credit_is_written_off_and_an_invoice_paid_meanwhile_is_not(#[case] engine: Engine) {
    let Some(office) = Office::open(engine).await else {
        return;
    };
    let paid = json!({ "account": "A-1", "amount": eur("0.03"), "received_on": "2026-06-15" });
    let paid = office.asks.done("/payments", paid).await;
    let body = json!({ "grant": id(&paid["grant"]), "reason_code": "small_balance", "reason": "three cents" });
    let written = office.asks.done("/write-offs", body).await;
    assert_eq!(
        office.last_entry(&written).await,
        ["Dr receivable 0.03", "Cr breakage_income 0.03"]
    );
    assert_eq!(office.account("A-1").await["credit"]["amount"], "0.00");
    office.house.check_books().await;

    let invoice = office.asks.done("/invoices", taxed("A-1", "1000.00")).await;
    let body = json!({ "invoice": id(&invoice), "reason": "gone" });
    let asked = office.asks.done("/write-offs", body.clone()).await;
    assert_eq!(asked["status"], "requested");
    let problem = office.asks.refused("/write-offs", body).await;
    assert_eq!(problem["code"], "invoice_not_open");
    let paid = json!({ "account": "A-1", "amount": eur("1.00"), "received_on": "2026-06-15",
        "applications": [{ "invoice": id(&invoice), "amount": "1.00" }] });
    office.asks.done("/payments", paid).await;
    let approve = format!("/write-offs/{}/approve", id(&asked));
    let problem = office.decides.refused(&approve, json!({})).await;
    assert_eq!(
        (
            problem["code"].as_str(),
            problem["max_amount"]["amount"].as_str()
        ),
        (Some("amount_exceeds_open_balance"), Some("1199.00"))
    );
    office.house.check_books().await;
}

/// A payment of which nothing is applied: credit.
async fn credit(office: &Office, account: &str, amount: &str, prepayment: bool) -> Value {
    let body = json!({ "account": account, "amount": eur(amount), "received_on": "2026-06-15",
        "prepayment": prepayment });
    office.asks.done("/payments", body).await
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn only_money_that_was_received_is_paid_out(#[case] engine: Engine) {
    let Some(office) = Office::open(engine).await else {
        return;
    };
    office
        .asks
        .done("/adjustments", goodwill("A-1", "20.00"))
        .await;
    let paid = credit(&office, "A-1", "50.00", true).await;
    let refund =
        |amount: &str| json!({ "account": "A-1", "amount": eur(amount), "reason": "they asked" });
    let problem = office.asks.refused("/refunds", refund("60.00")).await;
    assert_eq!(
        (
            problem["code"].as_str(),
            problem["field"].as_str(),
            problem["max_amount"]["amount"].as_str()
        ),
        (Some("not_refundable"), Some("amount"), Some("50.00"))
    );
    let asked = office.asks.done("/refunds", refund("50.00")).await;
    // Not above the limit: approved by itself; the money has still to leave.
    assert_eq!(asked["status"], "approved");
    assert_eq!(asked["journal_entries"], json!([]));
    assert_eq!(asked["slices"][0]["payment"]["id"], paid["id"]);
    assert_eq!(asked["slices"][0]["method"], "bank_transfer");
    assert_eq!(
        office.grant(&paid["grant"]).await["reserved"]["amount"],
        "50.00"
    );
    let problem = office.asks.refused("/refunds", refund("0.01")).await;
    assert_eq!(problem["max_amount"]["amount"], "0.00");
    office.house.check_books().await;

    let pay = format!("/refunds/{}/pay", id(&asked));
    let done = office.asks.done(&pay, json!({})).await;
    assert_eq!(done["status"], "paid");
    assert_eq!(
        office.last_entry(&done).await,
        ["Dr customer_prepayments 50.00", "Cr bank 50.00"]
    );
    assert_eq!(
        office.grant(&paid["grant"]).await["remainder"]["amount"],
        "0.00"
    );
    office.house.check_books().await;

    // The bank sends it back: the credit is there again, and may be asked for again.
    let fail = format!("/refunds/{}/fail", id(&asked));
    let failed = office
        .asks
        .done(&fail, json!({ "reason": "account closed" }))
        .await;
    assert_eq!(failed["status"], "failed");
    assert_eq!(
        office.grant(&paid["grant"]).await["remainder"]["amount"],
        "50.00"
    );
    office.house.check_books().await;
    office.asks.done("/refunds", refund("50.00")).await;
    office.house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_refund_that_was_not_paid_puts_the_credit_back(#[case] engine: Engine) {
    let Some(office) = Office::open(engine).await else {
        return;
    };
    let paid = credit(&office, "A-1", "800.00", false).await;
    let body =
        json!({ "grant": id(&paid["grant"]), "amount": eur("800.00"), "reason": "they asked" });
    let asked = office.asks.done("/refunds", body).await;
    assert_eq!(asked["status"], "requested");
    let pay = format!("/refunds/{}/pay", id(&asked));
    let problem = office.asks.refused(&pay, json!({})).await;
    assert_eq!(problem["code"], "request_not_in_state");
    let approved = office
        .decides
        .done(&format!("/refunds/{}/approve", id(&asked)), json!({}))
        .await;
    assert_eq!(approved["status"], "approved");
    let fail = format!("/refunds/{}/fail", id(&asked));
    let problem = office.asks.refused(&fail, json!({})).await;
    assert_eq!(problem["code"], "reason_required");
    let failed = office
        .asks
        .done(&fail, json!({ "reason": "no such account" }))
        .await;
    assert_eq!(failed["status"], "failed");
    assert_eq!(
        office.account("A-1").await["available_credit"]["amount"],
        "800.00"
    );

    // A bounced payment ends what was asked for on its credit.
    let body = json!({ "account": "A-1", "amount": eur("300.00"), "reason": "they asked" });
    let asked = office.asks.done("/refunds", body).await;
    let reverse = format!("/payments/{}/reverse", id(&paid));
    office
        .asks
        .done(&reverse, json!({ "reason": "bounced" }))
        .await;
    let ended = office
        .asks
        .get(&format!("/refunds/{}", id(&asked)))
        .await
        .json;
    assert_eq!(ended["status"], "failed");
    assert_eq!(office.account("A-1").await["credit"]["amount"], "0.00");
    office.house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn credit_moves_to_another_account_and_stays_what_it_is(#[case] engine: Engine) {
    let Some(office) = Office::open(engine).await else {
        return;
    };
    office.house.account("U-1", "USD").await;
    office.house.account("U-2", "USD").await;
    let usd = |amount: &str| json!({ "amount": amount, "currency": "USD" });
    let body = json!({ "account": "U-1", "amount": usd("100.00"), "received_on": "2026-06-15", "prepayment": true,
        "expires_on": "2026-12-31", "priority": "7" });
    let paid = office.asks.done("/payments", body).await;
    let grant = id(&paid["grant"]).to_owned();
    let transfer = |to: &str, amount: &str| json!({ "grant": grant, "to_account": to, "amount": usd(amount), "reason": "one household" });
    let moved = office
        .asks
        .done("/transfers", transfer("U-2", "40.00"))
        .await;
    assert_eq!(moved["status"], "posted");
    assert_eq!(
        office.last_entry(&moved).await,
        [
            "Dr customer_prepayments 40.00",
            "Cr customer_prepayments 40.00"
        ]
    );
    assert_eq!(
        office.grant(&paid["grant"]).await["remainder"]["amount"],
        "60.00"
    );
    let received = office.grant(&moved["grant"]).await;
    assert_eq!(
        ["account", "class", "expires_on"].map(|name| received[name].as_str().unwrap().to_owned()),
        ["U-2", "prepayment", "2026-12-31"]
    );
    assert_eq!(received["priority"], 7);
    assert_eq!(received["remainder"]["amount"], "40.00");
    assert_eq!(received["origin"]["kind"], "transfer");
    assert_eq!(office.account("U-2").await["credit"]["amount"], "40.00");
    office.house.check_books().await;
    // Both accounts' journals show the entry, each line under its own account.
    for account in ["U-1", "U-2"] {
        let entries = office
            .asks
            .list(&format!("/journal-entries?account={account}&source=TRF"))
            .await;
        assert_eq!(entries.len(), 1, "{account}");
        let accounts: Vec<_> = entries[0]["lines"]
            .as_array()
            .unwrap()
            .iter()
            .map(|line| &line["account"])
            .collect();
        assert_eq!(accounts, ["U-1", "U-2"]);
    }

    let problem = office
        .asks
        .refused("/transfers", transfer("A-1", "10.00"))
        .await;
    assert_eq!(
        (problem["code"].as_str(), problem["field"].as_str()),
        (Some("currency_mismatch"), Some("to_account"))
    );
    for currency in ["USD", "EUR"] {
        assert!(
            problem["detail"].as_str().unwrap().contains(currency),
            "{problem}"
        );
    }
    let problem = office
        .asks
        .refused("/transfers", transfer("U-2", "70.00"))
        .await;
    assert_eq!(
        (
            problem["code"].as_str(),
            problem["max_amount"]["amount"].as_str()
        ),
        (Some("amount_exceeds_remainder"), Some("60.00"))
    );
    let problem = office
        .asks
        .refused("/transfers", transfer("U-1", "1.00"))
        .await;
    assert_eq!(problem["code"], "same_account");

    // The money behind it went along: it can be paid out there, and is then not paid out here a second time.
    let refund = json!({ "account": "U-2", "amount": usd("40.00"), "reason": "they asked" });
    let refunded = office.asks.done("/refunds", refund).await;
    assert_eq!(refunded["slices"][0]["payment"]["id"], paid["id"]);
    let more = json!({ "account": "U-1", "amount": usd("60.01"), "reason": "they asked" });
    let problem = office.asks.refused("/refunds", more).await;
    assert_eq!(problem["max_amount"]["amount"], "60.00");
    let reverse = format!("/transfers/{}/reverse", id(&moved));
    let problem = office
        .asks
        .refused(&reverse, json!({ "reason": "wrong account" }))
        .await;
    assert_eq!(problem["code"], "credit_used");
    let fail = format!("/refunds/{}/fail", id(&refunded));
    office
        .asks
        .done(&fail, json!({ "reason": "not after all" }))
        .await;
    let reversed = office
        .asks
        .done(&reverse, json!({ "reason": "wrong account" }))
        .await;
    assert_eq!(reversed["status"], "reversed");
    assert_eq!(
        office.grant(&paid["grant"]).await["remainder"]["amount"],
        "100.00"
    );
    assert_eq!(office.account("U-2").await["credit"]["amount"], "0.00");
    office.house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn two_requests_for_the_same_credit_at_once(#[case] engine: Engine) {
    let Some(office) = Office::open(engine).await else {
        return;
    };
    office.house.account("A-2", "EUR").await;
    let paid = credit(&office, "A-1", "100.00", false).await;
    let grant = id(&paid["grant"]);
    let refund = json!({ "grant": grant, "amount": eur("70.00"), "reason": "they asked" });
    let transfer = json!({ "grant": grant, "to_account": "A-2", "amount": eur("70.00"), "reason": "theirs too" });
    let (refunded, moved) = tokio::join!(
        office.asks.post("/refunds", "k-1", refund),
        office.decides.post("/transfers", "k-2", transfer),
    );
    let refused: Vec<_> = [&refunded, &moved]
        .into_iter()
        .filter(|reply| reply.status == StatusCode::UNPROCESSABLE_ENTITY)
        .collect();
    assert_eq!(refused.len(), 1, "{} {}", refunded.json, moved.json);
    assert_eq!(refused[0].json["max_amount"]["amount"], "30.00");
    office.house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn the_same_request_again_is_one_request(#[case] engine: Engine) {
    let Some(office) = Office::open(engine).await else {
        return;
    };
    let first = office
        .asks
        .post("/adjustments", "k", goodwill("A-1", "5.00"))
        .await;
    let again = office
        .asks
        .post("/adjustments", "k", goodwill("A-1", "5.00"))
        .await;
    assert_eq!((first.status, &first.json), (again.status, &again.json));
    let other = office
        .asks
        .post("/adjustments", "k", goodwill("A-1", "6.00"))
        .await;
    assert_eq!(other.status, StatusCode::CONFLICT);
    assert_eq!(office.account("A-1").await["credit"]["amount"], "5.00");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn all_balances_above_a_minimum_are_refunded_once(#[case] engine: Engine) {
    let Some(office) = Office::open(engine).await else {
        return;
    };
    let ctx = office.house.accountant();
    for (account, amount) in [("A-2", "10.00"), ("A-3", "9.99"), ("A-4", "700.00")] {
        office.house.account(account, "EUR").await;
        credit(&office, account, amount, false).await;
    }
    office
        .asks
        .done("/adjustments", goodwill("A-1", "80.00"))
        .await;
    let batch = RefundBatch {
        currency: "EUR".to_owned(),
        minimum: "10".to_owned(),
        reason: "end of the year".to_owned(),
        idempotency_key: "batch-1".to_owned(),
    };
    let preview = preview_refund_batch(&ctx, batch.clone())
        .await
        .expect("a preview");
    let rows: Vec<_> = preview
        .rows
        .iter()
        .map(|row| (row.account.as_str(), row.amount.minor))
        .collect();
    assert_eq!(rows, [("A-2", 1_000), ("A-4", 70_000)]);
    assert_eq!((preview.total.minor, preview.more), (71_000, false));
    let done = refund_batch(&ctx, batch.clone()).await.expect("it runs");
    assert_eq!((done.asked, done.failed), (2, 0));
    let again = refund_batch(&ctx, batch.clone())
        .await
        .expect("it runs again");
    assert_eq!(again.asked, 0);
    let refunds = office.asks.list("/refunds").await;
    let mut states: Vec<_> = refunds
        .iter()
        .map(|refund| refund["status"].as_str().unwrap())
        .collect();
    states.sort_unstable();
    assert_eq!(states, ["approved", "requested"]);
    office.house.check_books().await;
    let odd = RefundBatch {
        minimum: "0".to_owned(),
        ..batch
    };
    let refused = preview_refund_batch(&office.house.support(), odd.clone()).await;
    assert_eq!(refused, Err(AppError::Forbidden));
    let refused = preview_refund_batch(&ctx, odd).await;
    assert_eq!(refused, Err(Refusal::AmountNotPositive.at("minimum")));
}
