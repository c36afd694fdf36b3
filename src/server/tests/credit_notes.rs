//! Credit notes through the API: what they add up to, where their amount goes, what is refused.

use super::exports::accountant_at;
use super::rest::{Api, id};
use super::support::{Engine, House};
use crate::domain::rights::Role;
use axum::http::StatusCode;
use rstest::rstest;
use serde_json::{Value, json};

/// A line of one piece at 20 %.
fn line(price: &str) -> Value {
    json!({ "description": "Goods", "quantity": "1", "unit_price": price, "tax_rate": "20" })
}

async fn invoice(api: &Api, lines: Vec<Value>) -> Value {
    let body =
        json!({ "account": "A-1", "issued_on": "2026-06-01", "lines": lines, "act": "finalise" });
    api.done("/invoices", body).await
}

/// An invoice of one line without tax.
async fn plain_invoice(api: &Api, price: &str) -> Value {
    let line = json!({ "description": "Goods", "quantity": "1", "unit_price": price });
    invoice(api, vec![line]).await
}

async fn pay(api: &Api, invoice: &Value, paid: &str) -> Value {
    let body = json!({
        "account": "A-1", "amount": { "amount": paid, "currency": "EUR" }, "method": "bank_transfer",
        "received_on": "2026-06-02",
        "applications": [{ "invoice": invoice["id"], "amount": paid }],
    });
    api.done("/payments", body).await
}

/// Credit for these quantities of these lines, issued at once.
fn note(invoice: &Value, lines: &[(usize, &str)]) -> Value {
    let lines: Vec<Value> = lines
        .iter()
        .map(|(position, quantity)| json!({ "position": position, "quantity": quantity }))
        .collect();
    json!({ "invoice": invoice["id"], "reason_code": "return", "lines": lines, "act": "finalise" })
}

fn whole(invoice: &Value) -> Value {
    json!({ "invoice": invoice["id"], "reason_code": "return", "everything": true, "act": "finalise" })
}

fn amounts(document: &Value) -> (&str, &str) {
    let text = |field: &str| document[field]["amount"].as_str().unwrap();
    (text("total"), text("tax"))
}

async fn account(api: &Api) -> Value {
    api.get("/receivable-accounts/A-1").await.json
}

/// `12.30` as cents.
fn cents(amount: &str) -> i64 {
    amount.replace('.', "").parse().unwrap()
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn the_later_note_takes_the_cent_that_is_left(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    house.account("A-1", "EUR").await;
    let api = Api::with_role(&house, Role::Accountant).await;
    let invoice = invoice(&api, vec![line("68.33"), line("68.33")]).await;
    assert_eq!(amounts(&invoice), ("163.99", "27.33"));
    let first = api.done("/credit-notes", note(&invoice, &[(1, "1")])).await;
    assert_eq!(amounts(&first), ("82.00", "13.67"));
    let second = api.done("/credit-notes", note(&invoice, &[(2, "1")])).await;
    assert_eq!(amounts(&second), ("81.99", "13.66"));
    assert_eq!(first["number"], "CRN-2026-00001");
    assert_eq!(second["number"], "CRN-2026-00002");
    assert_eq!(second["status"], "applied");
    let invoice = api.get(&format!("/invoices/{}", id(&invoice))).await.json;
    assert_eq!(invoice["open_balance"]["amount"], "0.00");
    assert_eq!(invoice["lines"][0]["credited"], "1");
    assert_eq!(invoice["credit_notes"][1]["number"], "CRN-2026-00002");
    assert_eq!(invoice["applications"][0]["origin"]["kind"], "credit_note");
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn two_of_one_line_are_credited_one_by_one(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    house.account("A-1", "EUR").await;
    let api = Api::with_role(&house, Role::Accountant).await;
    let two =
        json!({ "description": "Goods", "quantity": "2", "unit_price": "68.33", "tax_rate": "20" });
    let invoice = invoice(&api, vec![two]).await;
    let mut came_to = Vec::new();
    for _ in 0..2 {
        let note = api.done("/credit-notes", note(&invoice, &[(1, "1")])).await;
        let (total, tax) = amounts(&note);
        came_to.push((total.to_owned(), tax.to_owned()));
    }
    let text = |total: &str, tax: &str| (total.to_owned(), tax.to_owned());
    assert_eq!(came_to, [text("82.00", "13.67"), text("81.99", "13.66")]);
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn ten_small_lines_add_up_to_the_invoice(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    house.account("A-1", "EUR").await;
    let api = Api::with_role(&house, Role::Accountant).await;
    let invoice = invoice(&api, vec![line("0.03"); 10]).await;
    assert_eq!(amounts(&invoice), ("0.36", "0.06"));
    let (mut total, mut tax) = (0, 0);
    for position in 1..=10 {
        let note = api
            .done("/credit-notes", note(&invoice, &[(position, "1")]))
            .await;
        let (note_total, note_tax) = amounts(&note);
        total += cents(note_total);
        tax += cents(note_tax);
    }
    assert_eq!((total, tax), (36, 6));
    let balance = account(&api).await;
    assert_eq!(balance["amount_due"]["amount"], "0.00");
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_spread_discount_comes_back_in_any_order(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    house.account("A-1", "EUR").await;
    let api = Api::with_role(&house, Role::Accountant).await;
    let prices = ["19.99", "68.33", "200.33"];
    for order in [
        [1, 2, 3],
        [1, 3, 2],
        [2, 1, 3],
        [2, 3, 1],
        [3, 1, 2],
        [3, 2, 1],
    ] {
        let lines: Vec<Value> = prices.iter().map(|price| line(price)).collect();
        let body = json!({
            "account": "A-1", "issued_on": "2026-06-01", "lines": lines, "discount": "10.00",
            "act": "finalise",
        });
        let invoice = api.done("/invoices", body).await;
        assert_eq!(amounts(&invoice).0, "334.38");
        assert_eq!(invoice["discount"]["amount"], "10.00");
        let shares: Vec<&str> = (0..3)
            .map(|n| {
                invoice["lines"][n]["discount_share"]["amount"]
                    .as_str()
                    .unwrap()
            })
            .collect();
        assert_eq!(shares, ["0.69", "2.37", "6.94"]);
        let mut total = 0;
        for position in order {
            let note = api
                .done("/credit-notes", note(&invoice, &[(position, "1")]))
                .await;
            total += cents(amounts(&note).0);
        }
        assert_eq!(total, 33_438, "{order:?}");
    }
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn what_is_open_is_offset_first_and_the_rest_is_the_customers_money(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    house.account("A-1", "EUR").await;
    let api = Api::with_role(&house, Role::Accountant).await;
    let invoice = plain_invoice(&api, "100.00").await;
    pay(&api, &invoice, "70.00").await;
    let note = api
        .done("/credit-notes", note(&invoice, &[(1, "0.5")]))
        .await;
    assert_eq!(note["offset"]["amount"], "30.00");
    assert_eq!(note["remainder"]["amount"], "20.00");
    assert_eq!(note["status"], "issued");
    let grant = api
        .get(&format!("/credit-grants/{}", id(&note["grant"])))
        .await
        .json;
    assert_eq!(grant["class"], "credit_note");
    assert_eq!(grant["origin"]["kind"], "credit_note");
    assert_eq!(grant["origin"]["number"], note["number"]);
    let entry = note["journal_entries"][0].as_str().unwrap();
    let entry = api.get(&format!("/journal-entries/{entry}")).await.json;
    assert_eq!(entry["source"], "CRN");
    assert_eq!(entry["document"]["kind"], "credit_note");
    let balance = account(&api).await;
    assert_eq!(balance["amount_due"]["amount"], "0.00");
    assert_eq!(balance["available_credit"]["amount"], "20.00");
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn credit_that_settled_the_invoice_goes_back_to_where_it_came_from(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    house.account("A-1", "EUR").await;
    let api = Api::with_role(&house, Role::Accountant).await;
    let gives = json!({ "description": "Bonus", "quantity": "-1", "unit_price": "60.00" });
    let negative = self::invoice(&api, vec![gives]).await;
    let invoice = plain_invoice(&api, "100.00").await;
    let grant = negative["grant"]["id"].clone();
    let slice = json!({ "amount": "60.00", "currency": "EUR" });
    let apply = json!({ "grant": grant, "invoice": invoice["id"], "amount": slice });
    api.done("/applications", apply).await;
    pay(&api, &invoice, "40.00").await;
    // Half of it first: the credit slice stays for the other half.
    let half = api
        .done("/credit-notes", note(&invoice, &[(1, "0.5")]))
        .await;
    assert_eq!(half["offset"]["amount"], "30.00");
    assert_eq!(half["remainder"]["amount"], "20.00");
    let path = format!("/credit-grants/{}", grant.as_str().unwrap());
    let returned = api.get(&path).await.json;
    assert_eq!(returned["remainder"]["amount"], "30.00");
    house.check_books().await;
    let rest = api.done("/credit-notes", whole(&invoice)).await;
    assert_eq!(rest["offset"]["amount"], "30.00");
    assert_eq!(rest["remainder"]["amount"], "20.00");
    let returned = api.get(&path).await.json;
    assert_eq!(returned["remainder"]["amount"], "60.00");
    let invoice = api.get(&format!("/invoices/{}", id(&invoice))).await.json;
    assert_eq!(invoice["open_balance"]["amount"], "0.00");
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn the_person_chooses_how_much_is_offset(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    house.account("A-1", "EUR").await;
    let api = Api::with_role(&house, Role::Accountant).await;
    let invoice = plain_invoice(&api, "100.00").await;
    let mut body = note(&invoice, &[(1, "0.5")]);
    body["offset"] = json!({ "amount": "10.00", "currency": "EUR" });
    let note = api.done("/credit-notes", body).await;
    assert_eq!(note["offset"]["amount"], "10.00");
    assert_eq!(note["remainder"]["amount"], "40.00");
    let balance = account(&api).await;
    assert_eq!(balance["amount_due"]["amount"], "90.00");
    house.check_books().await;
    // Nothing was paid, so nothing of it can be paid out.
    let mut body = whole(&invoice);
    body["refund"] = json!({ "amount": "1.00", "currency": "EUR" });
    let problem = api.refused("/credit-notes", body).await;
    assert_eq!(problem["code"], "not_refundable");
    assert_eq!(problem["max_amount"]["amount"], "0.00");
    let mut body = whole(&invoice);
    body["offset"] = json!({ "amount": "50.01", "currency": "EUR" });
    let problem = api.refused("/credit-notes", body).await;
    assert_eq!(problem["code"], "amount_exceeds_open_balance");
    assert_eq!(problem["field"], "offset.amount");
    assert_eq!(problem["max_amount"]["amount"], "50.00");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn more_than_is_left_of_a_line_is_refused_with_what_is_left(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    house.account("A-1", "EUR").await;
    let api = Api::with_role(&house, Role::Accountant).await;
    let invoice = invoice(&api, vec![line("10.00"), line("30.00")]).await;
    api.done("/credit-notes", note(&invoice, &[(1, "0.25")]))
        .await;
    let problem = api
        .refused("/credit-notes", note(&invoice, &[(2, "1"), (1, "0.76")]))
        .await;
    assert_eq!(problem["code"], "quantity_exceeds_line");
    assert_eq!(problem["field"], "lines.1.quantity");
    assert_eq!(problem["max_amount"]["amount"], "7.50");
    for (lines, code) in [
        (vec![], "nothing_to_credit"),
        (vec![(3, "1")], "unknown_reference"),
        (vec![(1, "0.1"), (1, "0.1")], "named_twice"),
        (vec![(1, "-1")], "wrong_sign"),
    ] {
        let problem = api.refused("/credit-notes", note(&invoice, &lines)).await;
        assert_eq!(problem["code"], code);
    }
    let mut early = whole(&invoice);
    early["issued_on"] = json!("2026-05-31");
    let problem = api.refused("/credit-notes", early).await;
    assert_eq!(problem["code"], "date_too_early");
    let mut unknown = whole(&invoice);
    unknown["reason_code"] = json!("because");
    let problem = api.refused("/credit-notes", unknown).await;
    assert_eq!(
        (&problem["code"], &problem["field"]),
        (&json!("unknown_choice"), &json!("reason_code"))
    );
    api.done("/credit-notes", whole(&invoice)).await;
    let problem = api.refused("/credit-notes", whole(&invoice)).await;
    assert_eq!(problem["code"], "nothing_to_credit");
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn what_is_no_final_invoice_over_something_cannot_be_credited(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    house.account("A-1", "EUR").await;
    let api = Api::with_role(&house, Role::Accountant).await;
    let body = json!({ "account": "A-1", "issued_on": "2026-06-01", "lines": [line("10.00")] });
    let draft = api.done("/invoices", body).await;
    let problem = api.refused("/credit-notes", whole(&draft)).await;
    assert_eq!(problem["code"], "invoice_is_draft");
    let gives = json!({ "description": "Bonus", "quantity": "-1", "unit_price": "60.00" });
    let negative = invoice(&api, vec![gives]).await;
    let problem = api.refused("/credit-notes", whole(&negative)).await;
    assert_eq!(problem["code"], "not_creditable");
    let void = plain_invoice(&api, "5.00").await;
    let path = format!("/invoices/{}/void", id(&void));
    api.done(&path, json!({ "reason": "twice" })).await;
    let problem = api.refused("/credit-notes", whole(&void)).await;
    assert_eq!(problem["code"], "invoice_void");
    // And what is credited cannot be voided.
    let credited = plain_invoice(&api, "5.00").await;
    api.done("/credit-notes", note(&credited, &[(1, "0.5")]))
        .await;
    let path = format!("/invoices/{}/void", id(&credited));
    let problem = api.refused(&path, json!({ "reason": "twice" })).await;
    assert_eq!(problem["code"], "invoice_credited");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_draft_moves_nothing_until_it_is_issued(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    house.account("A-1", "EUR").await;
    let api = Api::with_role(&house, Role::Accountant).await;
    let invoice = plain_invoice(&api, "100.00").await;
    let draft = |share: &str| {
        let mut body = note(&invoice, &[(1, share)]);
        body["act"] = json!("draft");
        body
    };
    let first = api.done("/credit-notes", draft("0.6")).await;
    assert_eq!(
        (&first["number"], &first["status"]),
        (&Value::Null, &json!("draft"))
    );
    let second = api.done("/credit-notes", draft("0.6")).await;
    assert_eq!(account(&api).await["amount_due"]["amount"], "100.00");
    let path = format!("/credit-notes/{}", id(&first));
    let issued = api.done(&format!("{path}/finalise"), json!({})).await;
    assert_eq!(issued["number"], "CRN-2026-00001");
    assert_eq!(issued["offset"]["amount"], "60.00");
    // Meanwhile most of the line is credited.
    let other = format!("/credit-notes/{}", id(&second));
    let problem = api.refused(&format!("{other}/finalise"), json!({})).await;
    assert_eq!(problem["code"], "quantity_exceeds_line");
    assert_eq!(problem["max_amount"]["amount"], "40.00");
    let gone = api.send("DELETE", &other, "", None).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert_eq!(api.get(&other).await.status, StatusCode::NOT_FOUND);
    let kept = api.send("DELETE", &path, "", None).await;
    assert_eq!(kept.json["code"], "credit_note_final");
    let problem = api.refused(&format!("{path}/finalise"), json!({})).await;
    assert_eq!(problem["code"], "credit_note_final");
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn an_unused_note_can_be_voided_and_what_it_credited_is_left_again(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    house.account("A-1", "EUR").await;
    let api = Api::with_role(&house, Role::Accountant).await;
    let invoice = plain_invoice(&api, "100.00").await;
    pay(&api, &invoice, "70.00").await;
    let note = api.done("/credit-notes", whole(&invoice)).await;
    let path = format!("/credit-notes/{}/void", id(&note));
    let problem = api.refused(&path, json!({})).await;
    assert_eq!(problem["code"], "reason_required");
    let void = api.done(&path, json!({ "reason": "wrong customer" })).await;
    assert_eq!(void["status"], "void");
    assert_eq!(void["remainder"]["amount"], "0.00");
    let balance = account(&api).await;
    assert_eq!(balance["amount_due"]["amount"], "30.00");
    assert_eq!(balance["available_credit"]["amount"], "0.00");
    house.check_books().await;
    let problem = api.refused(&path, json!({ "reason": "again" })).await;
    assert_eq!(problem["code"], "credit_note_void");
    // Its number stays taken, its lines are free again.
    let again = api.done("/credit-notes", whole(&invoice)).await;
    assert_eq!(again["number"], "CRN-2026-00002");
    let other = plain_invoice(&api, "15.00").await;
    let slice = json!({ "amount": "15.00", "currency": "EUR" });
    let apply = json!({ "grant": again["grant"]["id"], "invoice": other["id"], "amount": slice });
    api.done("/applications", apply).await;
    let path = format!("/credit-notes/{}/void", id(&again));
    let problem = api.refused(&path, json!({ "reason": "late" })).await;
    assert_eq!(problem["code"], "credit_used");
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_slice_straight_from_a_note_goes_to_the_notes_own_credit(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    house.account("A-1", "EUR").await;
    let api = Api::with_role(&house, Role::Accountant).await;
    let invoice = plain_invoice(&api, "100.00").await;
    let note = api
        .done("/credit-notes", note(&invoice, &[(1, "0.4")]))
        .await;
    assert_eq!(note["grant"], Value::Null);
    let application = id(&note["applications"][0]).to_owned();
    let path = format!("/applications/{application}/unapply");
    api.done(&path, json!({ "reason": "other invoice" })).await;
    let path = format!("/credit-notes/{}", id(&note));
    let moved = api.get(&path).await.json;
    assert_eq!(moved["offset"]["amount"], "0.00");
    assert_eq!(moved["remainder"]["amount"], "40.00");
    let balance = account(&api).await;
    assert_eq!(balance["amount_due"]["amount"], "100.00");
    assert_eq!(balance["available_credit"]["amount"], "40.00");
    house.check_books().await;
    let void = api
        .done(&format!("{path}/void"), json!({ "reason": "mistake" }))
        .await;
    assert_eq!(void["status"], "void");
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn the_same_request_again_is_one_note(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    house.account("A-1", "EUR").await;
    let api = Api::with_role(&house, Role::Accountant).await;
    let invoice = plain_invoice(&api, "100.00").await;
    let body = note(&invoice, &[(1, "0.5")]);
    let first = api.post("/credit-notes", "key-1", body.clone()).await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.json);
    let again = api.post("/credit-notes", "key-1", body).await;
    assert_eq!((again.status, &again.json), (first.status, &first.json));
    let other = api
        .post("/credit-notes", "key-1", note(&invoice, &[(1, "0.4")]))
        .await;
    assert_eq!(other.status, StatusCode::CONFLICT);
    assert_eq!(house.count("credit_notes").await, 1);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn of_two_notes_on_the_same_piece_at_once_one_is_issued(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    house.account("A-1", "EUR").await;
    let api = Api::with_role(&house, Role::Accountant).await;
    let invoice = plain_invoice(&api, "100.00").await;
    let send = |key: &'static str| api.post("/credit-notes", key, note(&invoice, &[(1, "1")]));
    let (first, second) = tokio::join!(send("one"), send("two"));
    let mut statuses = [first.status, second.status];
    statuses.sort();
    assert_eq!(
        statuses,
        [StatusCode::CREATED, StatusCode::UNPROCESSABLE_ENTITY]
    );
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn who_may_credit_and_who_sees_it(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let owner = house.account("A-1", "EUR").await;
    let api = Api::with_role(&house, Role::Accountant).await;
    let other = house.account("A-2", "EUR").await;
    let invoice = plain_invoice(&api, "100.00").await;
    for role in [Role::Cashier, Role::Support, Role::Admin] {
        let api = Api::with_role(&house, role).await;
        let reply = api.post("/credit-notes", "k", whole(&invoice)).await;
        assert_eq!(reply.status, StatusCode::FORBIDDEN, "{role:?}");
    }
    let mut body = note(&invoice, &[(1, "0.5")]);
    body["act"] = json!("draft");
    let draft = api.done("/credit-notes", body).await;
    let issued = api
        .done("/credit-notes", note(&invoice, &[(1, "0.1")]))
        .await;
    let theirs = Api::of_customer(&house, &owner).await;
    let reply = theirs.post("/credit-notes", "k", whole(&invoice)).await;
    assert_eq!(reply.status, StatusCode::FORBIDDEN);
    let listed = theirs.list("/credit-notes").await;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["id"], issued["id"]);
    assert_eq!(listed[0]["recorded_by"], Value::Null);
    let draft = format!("/credit-notes/{}", id(&draft));
    assert_eq!(theirs.get(&draft).await.status, StatusCode::NOT_FOUND);
    let stranger = Api::of_customer(&house, &other).await;
    assert!(stranger.list("/credit-notes").await.is_empty());
    let path = format!("/credit-notes/{}", id(&issued));
    assert_eq!(stranger.get(&path).await.status, StatusCode::NOT_FOUND);
    assert_eq!(theirs.get(&path).await.status, StatusCode::OK);
    let found = api
        .list("/credit-notes?status=applied&reason_code=return")
        .await;
    assert_eq!(found.len(), 1);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_closed_period_takes_no_note(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    house.account("A-1", "EUR").await;
    let api = Api::with_role(&house, Role::Accountant).await;
    let invoice = plain_invoice(&api, "100.00").await;
    house
        .run(
            "INSERT INTO closed_periods (journal, closed_through) VALUES ('sales', $1)",
            vec![crate::server::tests::support::day("2026-06-10").into()],
        )
        .await;
    let mut body = whole(&invoice);
    body["issued_on"] = json!("2026-06-05");
    let problem = api.refused("/credit-notes", body).await;
    assert_eq!(problem["code"], "period_closed");
    api.done("/credit-notes", whole(&invoice)).await;
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn an_invoice_is_credited_on_its_page_after_a_look_at_the_outcome(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    house.account("A-1", "EUR").await;
    let api = Api::with_role(&house, Role::Accountant).await;
    let invoice = plain_invoice(&api, "100.00").await;
    pay(&api, &invoice, "70.00").await;
    let mut browser = accountant_at(&house).await;
    let invoice_page = format!("/invoices/{}", id(&invoice));
    let page = format!("{invoice_page}/credit");
    assert!(browser.get(&invoice_page).await.shows(&page));
    assert_eq!(browser.get(&page).await.status, 200);
    let half = [
        ("note[invoice]", id(&invoice)),
        ("note[issued_on]", "2026-06-15"),
        ("note[reason_code]", "return"),
        ("note[lines][0][position]", "1"),
        ("note[lines][0][quantity]", "0.5"),
        ("note[act]", "finalise"),
        ("note[idempotency_key]", "k-1"),
    ];
    let typed = serde_urlencoded::to_string(half).unwrap();
    let preview = browser.get(&format!("{page}?{typed}")).await;
    assert!(
        preview.shows("€30.00 offsets the invoice"),
        "{}",
        preview.body
    );
    assert!(preview.shows("€20.00 becomes the customer"));
    assert_eq!(house.count("credit_notes").await, 0);
    // Refused, the form keeps what was typed and says the most.
    let mut much = half;
    much[4].1 = "1.5";
    let refused = browser.submit(&page, "save_credit_note", &much).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.shows("value=\"1.5\""), "{}", refused.body);
    assert!(refused.shows("€100.00 net"));
    let done = browser.submit(&page, "save_credit_note", &half).await;
    let location = done.location().to_owned();
    let note = browser.get(&location).await;
    assert!(note.shows("CRN-2026-00001"));
    assert!(note.shows("The credit note has been issued."));
    let path = location.split('?').next().unwrap();
    let paper = browser.get(&format!("{path}/print")).await;
    assert!(paper.shows("Credit note CRN-2026-00001"));
    assert!(browser.get("/credit-notes").await.shows("CRN-2026-00001"));
    assert!(browser.get(&invoice_page).await.shows("CRN-2026-00001"));
    let file = browser.get("/credit-notes/export.csv?status=issued").await;
    assert_eq!(file.body.lines().count(), 2, "{}", file.body);
    assert!(file.shows("CRN-2026-00001"));
}

/// An invoice of 100.00 settled by a promotion's 60.00 and 40.00 of money; with the promotion's grant.
async fn settled_by_promotion_and_money(house: &House, api: &Api) -> (Value, String) {
    let admin = Api::with_role(house, Role::Admin).await;
    let body = json!({
        "code": "SIXTY", "name_en": "Sixty", "name_de": "Sechzig", "kind": "fixed_credit",
        "currency": "EUR", "amount": { "amount": "60.00", "currency": "EUR" },
        "lapses_on": "2036-01-01",
    });
    let promotion = admin.done("/promotions", body).await;
    let path = format!("/promotions/{}", id(&promotion));
    admin.done(&format!("{path}/activate"), json!({})).await;
    admin
        .done(&format!("{path}/grant"), json!({ "account": "A-1" }))
        .await;
    let grants = api.list("/credit-grants?account=A-1").await;
    let grant = id(&grants[0]).to_owned();
    let body = json!({
        "account": "A-1", "issued_on": "2026-06-15", "act": "finalise",
        "lines": [{ "description": "Goods", "quantity": "1", "unit_price": "100.00" }],
    });
    let invoice = api.done("/invoices", body).await;
    let slice = json!({ "amount": "60.00", "currency": "EUR" });
    let apply = json!({ "grant": grant, "invoice": invoice["id"], "amount": slice });
    api.done("/applications", apply).await;
    let body = json!({
        "account": "A-1", "amount": { "amount": "40.00", "currency": "EUR" }, "method": "bank_transfer",
        "received_on": "2026-06-15",
        "applications": [{ "invoice": invoice["id"], "amount": "40.00" }],
    });
    api.done("/payments", body).await;
    (invoice, grant)
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_return_gives_a_promotion_back_with_its_old_date(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    house.account("A-1", "EUR").await;
    let api = Api::with_role(&house, Role::Accountant).await;
    let (invoice, grant) = settled_by_promotion_and_money(&house, &api).await;
    let note = api.done("/credit-notes", whole(&invoice)).await;
    assert_eq!(note["offset"]["amount"], "60.00");
    assert_eq!(note["remainder"]["amount"], "40.00");
    let path = format!("/credit-grants/{grant}");
    let promotion = api.get(&path).await.json;
    assert_eq!(promotion["class"], "promotion");
    assert_eq!(promotion["remainder"]["amount"], "60.00");
    assert_eq!(promotion["expires_on"], "2036-01-01");
    let balance = account(&api).await;
    assert_eq!(balance["amount_due"]["amount"], "0.00");
    assert_eq!(balance["credit"]["amount"], "100.00");
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn what_comes_back_after_its_date_lapses_and_only_that(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    house.account("A-1", "EUR").await;
    let api = Api::with_role(&house, Role::Accountant).await;
    let (invoice, grant) = settled_by_promotion_and_money(&house, &api).await;
    let later = crate::server::tests::support::day("2036-02-01");
    assert!(house.system().clock.move_to(later));
    let half = api
        .done("/credit-notes", note(&invoice, &[(1, "0.5")]))
        .await;
    assert_eq!(half["offset"]["amount"], "30.00");
    assert_eq!(half["remainder"]["amount"], "20.00");
    let path = format!("/credit-grants/{grant}");
    let promotion = api.get(&path).await.json;
    assert_eq!(promotion["remainder"]["amount"], "0.00");
    let invoice = api.get(&format!("/invoices/{}", id(&invoice))).await.json;
    assert_eq!(invoice["open_balance"]["amount"], "0.00");
    let balance = account(&api).await;
    assert_eq!(balance["credit"]["amount"], "20.00");
    house.check_books().await;
}
