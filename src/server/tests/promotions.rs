//! Promotions through the API: what they give, what stops them, what takes it back.

use super::rest::Api;
use super::support::{Engine, House, TestAccount};
use crate::domain::rights::Role;
use crate::dto::error::{AppError, Refusal};
use crate::dto::promotions::{CodeEntry, NewPromotion, NewPromotionGrant};
use crate::dto::verify::BooksCheck;
use crate::server::queries::verify::verify;
use crate::server::services::promotions;
use axum::http::StatusCode;
use futures::future::join_all;
use rstest::rstest;
use serde_json::{Value, json};

fn eur(amount: &str) -> Value {
    json!({ "amount": amount, "currency": "EUR" })
}

/// A fixed credit of 20.00 as a draft, with these terms besides.
fn welcome(terms: Value) -> Value {
    let mut body = json!({
        "code": "WELCOME", "name_en": "Welcome", "name_de": "Willkommen", "kind": "fixed_credit",
        "currency": "EUR", "amount": eur("20.00"),
    });
    for (name, value) in terms.as_object().expect("terms are an object") {
        body[name] = value.clone();
    }
    body
}

/// Defines and activates a promotion; its path.
async fn active(admin: &Api, body: Value) -> String {
    let defined = admin.done("/promotions", body).await;
    let path = format!("/promotions/{}", defined["id"].as_str().unwrap());
    let activated = admin.done(&format!("{path}/activate"), json!({})).await;
    assert_eq!(activated["state"], "active");
    path
}

/// `class remainder expires_on` of an account's credit, in the order recorded.
async fn credit(api: &Api, account: &TestAccount) -> Vec<String> {
    let grants = api
        .list(&format!("/credit-grants?account={}", account.number))
        .await;
    let words = grants.iter().map(|grant| {
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        format!(
            "{} {} {}",
            text(&grant["class"]),
            text(&grant["remainder"]["amount"]),
            text(&grant["expires_on"])
        )
    });
    words.collect()
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_code_gives_its_credit_once(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let (one, other) = (
        house.account("A-1", "EUR").await,
        house.account("A-2", "EUR").await,
    );
    let admin = Api::with_role(&house, Role::Admin).await;
    let mine = Api::of_customer(&house, &one).await;
    let draft = admin
        .done("/promotions", welcome(json!({ "lapse_days": 30 })))
        .await;
    let path = format!("/promotions/{}", draft["id"].as_str().unwrap());
    let redeem = |code: &str| json!({ "account": "A-1", "code": code });

    let refused = mine.refused("/promotions/redeem", redeem("welcome")).await;
    assert_eq!(refused["code"], "promotion_not_active");
    admin.done(&format!("{path}/activate"), json!({})).await;
    let given = mine
        .post("/promotions/redeem", "k-1", redeem(" welcome "))
        .await;
    assert_eq!(given.status, StatusCode::OK, "{}", given.json);
    assert_eq!(given.json["amount"], eur("20.00"));
    let again = mine
        .post("/promotions/redeem", "k-1", redeem(" welcome "))
        .await;
    assert_eq!(again.json["id"], given.json["id"]);
    for (code, reason) in [
        ("WELCOME", "promotion_already_given"),
        ("NOBODYS", "unknown_code"),
    ] {
        let refused = mine.refused("/promotions/redeem", redeem(code)).await;
        assert_eq!(refused["code"], reason);
        assert_eq!(refused["field"], "code");
    }
    let body = json!({ "account": other.number, "code": "WELCOME" });
    let reply = mine.post("/promotions/redeem", "k-2", body).await;
    assert_eq!(reply.status, StatusCode::NOT_FOUND);

    assert_eq!(credit(&mine, &one).await, ["promotion 20.00 2026-07-15"]);
    let id = given.json["credit_grant"].as_str().unwrap();
    let grant = mine.get(&format!("/credit-grants/{id}")).await.json;
    assert_eq!(grant["origin"]["kind"], "promotion");
    assert_eq!(grant["origin"]["number"], "WELCOME");
    let deductions = admin.list(&format!("{path}/grants")).await;
    assert_eq!(deductions.len(), 1);
    assert_eq!(deductions[0]["way"], "code");
    assert_eq!(admin.get(&path).await.json["given"], eur("20.00"));
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn at_the_same_lapse_date_a_promotion_is_used_before_a_prepayment(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let account = house.account("A-1", "EUR").await;
    let admin = Api::with_role(&house, Role::Admin).await;
    let accountant = Api::with_role(&house, Role::Accountant).await;
    let path = active(&admin, welcome(json!({ "lapses_on": "2036-01-01" }))).await;
    let prepayment = json!({
        "account": "A-1", "amount": eur("50.00"), "received_on": "2026-06-15", "prepayment": true,
        "expires_on": "2036-01-01",
    });
    accountant.done("/payments", prepayment).await;
    accountant
        .done(&format!("{path}/grant"), json!({ "account": "A-1" }))
        .await;
    let settings = json!({ "auto_apply": "all" });
    let changed = accountant
        .send("PATCH", "/receivable-accounts/A-1", "", Some(settings))
        .await;
    assert_eq!(changed.status, StatusCode::OK);
    account
        .invoice(&house.accountant(), "2026-06-15", "30.00")
        .await;
    assert_eq!(
        credit(&accountant, &account).await,
        ["prepayment 40.00 2036-01-01", "promotion 0.00 2036-01-01"]
    );
    let result = accountant.get(&path).await.json["result"].clone();
    assert_eq!(result["used"], eur("20.00"));
    assert_eq!(result["left"], eur("0.00"));
    assert_eq!(result["invoices_total"], eur("30.00"));
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_budget_holds_however_many_ask_at_once(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let admin = Api::with_role(&house, Role::Admin).await;
    let path = active(&admin, welcome(json!({ "budget": eur("50.00") }))).await;
    let promotion = path.trim_start_matches("/promotions/").to_owned();
    let mut asks = Vec::new();
    for n in 0..8 {
        let account = house.account(&format!("A-{n}"), "EUR").await;
        let (ctx, promotion) = (house.accountant(), promotion.clone());
        asks.push(tokio::spawn(async move {
            let command = NewPromotionGrant {
                promotion,
                account: account.number,
                ..Default::default()
            };
            promotions::grant(&ctx, command).await
        }));
    }
    let answers = join_all(asks).await;
    let answers: Vec<_> = answers.into_iter().map(|answer| answer.unwrap()).collect();
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 2);
    for answer in answers {
        let Err(error) = answer else { continue };
        let AppError::Refused(refusals) = error else {
            panic!("{error}")
        };
        assert_eq!(refusals[0].refusal.code(), "promotion_budget_spent");
        assert_eq!(refusals[0].refusal.max_amount().unwrap().plain(), "10.00");
    }
    let now = admin.get(&path).await.json;
    assert_eq!(
        (&now["given"], &now["budget_left"]),
        (&eur("40.00"), &eur("10.00"))
    );
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_cap_holds_however_often_one_customer_asks_at_once(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let account = house.account("A-1", "EUR").await;
    let admin = Api::with_role(&house, Role::Admin).await;
    active(&admin, welcome(json!({ "cap": eur("45.00") }))).await;
    let asks = (0..6).map(|_| {
        let ctx = house.customer(account.customer);
        let command = CodeEntry {
            account: "A-1".to_owned(),
            code: "WELCOME".to_owned(),
            ..Default::default()
        };
        tokio::spawn(async move { promotions::enter_code(&ctx, command).await })
    });
    let answers = join_all(asks).await;
    let given = answers
        .iter()
        .filter(|answer| answer.as_ref().unwrap().is_ok());
    assert_eq!(given.count(), 2);
    let refused = answers.into_iter().find_map(|answer| answer.unwrap().err());
    let left = match refused.unwrap() {
        AppError::Refused(refusals) => refusals[0].refusal.clone(),
        other => panic!("{other}"),
    };
    assert!(
        matches!(&left, Refusal::PromotionCapReached { left } if left.plain() == "5.00"),
        "{left:?}"
    );
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_run_ends_exactly_where_its_budget_ends_and_says_who_got_it(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    // More than a chunk holds, so that the budget ends in the second one.
    for n in 1..=205 {
        house.account(&format!("A-{n:03}"), "EUR").await;
    }
    house.account("USD", "USD").await;
    let admin = Api::with_role(&house, Role::Admin).await;
    let path = active(&admin, welcome(json!({ "budget": eur("4049.99") }))).await;
    let simulated = admin.done(&format!("{path}/simulate"), json!({})).await;
    assert_eq!(simulated["grants"], 202);
    assert_eq!(simulated["total"], eur("4040.00"));
    assert_eq!(simulated["stops_at_budget"], true);
    assert_eq!(house.count("promotion_grants").await, 0);

    let accountant = house.accountant();
    let promotion = path.trim_start_matches("/promotions/").to_owned();
    let command = crate::dto::promotions::NewPromotionRun {
        promotion,
        idempotency_key: "run-1".to_owned(),
    };
    let (run, accounts) = promotions::start(&accountant, command.clone())
        .await
        .unwrap();
    assert_eq!(accounts, 205);
    // Two work it off at once; each account is done once.
    let (first, second) = tokio::join!(
        promotions::work_off(&accountant, run),
        promotions::work_off(&accountant, run)
    );
    first.unwrap();
    second.unwrap();
    assert_eq!(
        promotions::start(&accountant, command).await.unwrap(),
        (run, 0)
    );
    let done = admin.get(&format!("/promotions/runs/{run}")).await.json;
    assert_eq!(done["state"], "budget_spent");
    assert_eq!(
        (&done["grants"], &done["total"]),
        (&json!(202), &eur("4040.00"))
    );
    assert_eq!(
        (&done["accounts"], &done["done"]),
        (&json!(205), &json!(202))
    );
    let refused = done["refused"].as_array().unwrap();
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0]["account"], "A-203");
    assert_eq!(refused[0]["code"], "promotion_budget_spent");
    let got = admin
        .get(&format!("{path}/grants?run={run}&limit=2"))
        .await
        .json;
    let next = got["next"].as_str().unwrap();
    let rest = admin
        .list(&format!("{path}/grants?limit=1&cursor={next}"))
        .await;
    assert_eq!(rest[0]["account"], "A-200");
    let got = &got["items"];
    assert_eq!(got[0]["account"], "A-202");
    assert_eq!(got[0]["way"], "run");
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_run_asks_its_audience_only_and_nobody_twice(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let account = house.account("A-1", "EUR").await;
    house.account("A-2", "EUR").await;
    house
        .run(
            "INSERT INTO customer_tags (customer_id, tag) VALUES ($1, 'gold')",
            vec![account.customer.0.into()],
        )
        .await;
    let admin = Api::with_role(&house, Role::Admin).await;
    let accountant = Api::with_role(&house, Role::Accountant).await;
    let terms = json!({ "audience": "tags", "tags": ["gold", "silver"] });
    let path = active(&admin, welcome(terms)).await;
    for (key, grants) in [("r-1", 1), ("r-1", 1), ("r-2", 0)] {
        let reply = accountant
            .post(&format!("{path}/grant"), key, json!({}))
            .await;
        assert_eq!(reply.json["run"]["state"], "done", "{}", reply.json);
        assert_eq!(reply.json["run"]["grants"], grants);
    }
    let refused = accountant
        .refused(&format!("{path}/grant"), json!({ "account": "A-2" }))
        .await;
    assert_eq!(refused["code"], "not_in_audience");
    assert_eq!(house.count("promotion_grants").await, 1);
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_top_up_bonus_comes_and_goes_with_its_payment(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let account = house.account("A-1", "EUR").await;
    let admin = Api::with_role(&house, Role::Admin).await;
    let accountant = Api::with_role(&house, Role::Accountant).await;
    let bonus = json!({
        "code": "TOPUP", "name_en": "Pay 100, get 10", "kind": "top_up_bonus", "currency": "EUR",
        "amount": eur("10.00"), "minimum": eur("100.00"), "budget": eur("15.00"), "lapses_on": "2026-12-31",
    });
    let path = active(&admin, bonus).await;
    let top_up = |amount: &str| json!({ "account": "A-1", "amount": eur(amount), "received_on": "2026-06-15", "prepayment": true });
    accountant.done("/payments", top_up("99.99")).await;
    let paid = accountant.done("/payments", top_up("100.00")).await;
    // The budget does not hold a second bonus; the payment is recorded all the same.
    accountant.done("/payments", top_up("100.00")).await;
    assert_eq!(
        credit(&accountant, &account).await,
        [
            "prepayment 99.99 -",
            "prepayment 100.00 -",
            "promotion 10.00 2026-12-31",
            "prepayment 100.00 -"
        ]
    );
    let settings = json!({ "auto_apply": "all" });
    accountant
        .send("PATCH", "/receivable-accounts/A-1", "", Some(settings))
        .await;
    let invoice = account
        .invoice(&house.accountant(), "2026-06-15", "15.00")
        .await;
    let id = paid["id"].as_str().unwrap();
    accountant
        .done(
            &format!("/payments/{id}/reverse"),
            json!({ "reason": "Charged back" }),
        )
        .await;
    let now = admin.get(&path).await.json;
    assert_eq!(now["given"], eur("0.00"));
    assert_eq!(now["result"]["revoked"], eur("10.00"));
    let invoice = accountant
        .get(&format!("/invoices/{}", invoice.invoice))
        .await
        .json;
    assert_eq!(invoice["open_balance"], eur("10.00"), "{invoice}");
    let credit = credit(&accountant, &account).await;
    assert!(
        credit.contains(&"promotion 0.00 2026-12-31".to_owned()),
        "{credit:?}"
    );
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_share_of_an_invoice_is_given_once_and_only_the_rest_is_revoked(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let account = house.account("A-1", "EUR").await;
    let admin = Api::with_role(&house, Role::Admin).await;
    let accountant = Api::with_role(&house, Role::Accountant).await;
    let first = account
        .invoice(&house.accountant(), "2026-06-15", "163.99")
        .await;
    let share = json!({
        "code": "TEN", "name_en": "Ten percent back", "kind": "invoice_percentage", "currency": "EUR",
        "percent": "10", "starts_on": "2026-06-01", "stacking": "exclusive",
    });
    let path = active(&admin, share.clone()).await;
    let mut beside = share;
    beside["code"] = "TOO".into();
    let other = active(&admin, beside).await;
    let give = json!({ "account": "A-1", "document": first.invoice.to_string() });
    let given = accountant
        .done(&format!("{path}/grant"), give.clone())
        .await;
    assert_eq!(given["grant"]["amount"], eur("16.40"));
    for (path, code) in [
        (&path, "promotion_already_given"),
        (&other, "promotion_not_combinable"),
    ] {
        let refused = accountant
            .refused(&format!("{path}/grant"), give.clone())
            .await;
        assert_eq!(refused["code"], code);
    }
    let grant = given["grant"]["credit_grant"].as_str().unwrap();
    let apply = json!({
        "grant": grant, "invoice": first.invoice.to_string(), "amount": eur("10.00"),
    });
    accountant.done("/applications", apply).await;
    let revoke = format!(
        "/promotions/grants/{}/revoke",
        given["grant"]["id"].as_str().unwrap()
    );
    let refused = accountant.refused(&revoke, json!({})).await;
    assert_eq!(refused["code"], "reason_required");
    let reason = json!({ "reason": "Given to the wrong customer" });
    let revoked = accountant.done(&revoke, reason.clone()).await;
    assert_eq!(revoked["amount"], eur("6.40"));
    let refused = accountant.refused(&revoke, reason).await;
    assert_eq!(refused["code"], "nothing_to_revoke");
    assert_eq!(admin.get(&path).await.json["given"], eur("10.00"));
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn only_a_draft_is_changed_and_what_ended_stays_ended(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    house.account("A-1", "EUR").await;
    let admin = Api::with_role(&house, Role::Admin).await;
    let draft = admin.done("/promotions", welcome(json!({}))).await;
    let path = format!("/promotions/{}", draft["id"].as_str().unwrap());
    let taken = admin
        .refused("/promotions", welcome(json!({ "code": "welcome" })))
        .await;
    assert_eq!(
        (&taken["code"], &taken["field"]),
        (&json!("code_taken"), &json!("code"))
    );
    let change = json!({ "amount": eur("25.00"), "customers": ["A-1"], "audience": "customers" });
    let changed = admin.send("PATCH", &path, "", Some(change.clone())).await;
    assert_eq!(changed.json["amount"], eur("25.00"), "{}", changed.json);
    assert_eq!(changed.json["customers"], json!(["A-1"]));
    assert_eq!(changed.json["code"], "WELCOME");
    let unknown = json!({ "customers": ["NOBODY"] });
    let refused = admin.send("PATCH", &path, "", Some(unknown)).await;
    assert_eq!(refused.json["field"], "customers");

    let act = |verb: &str| format!("{path}/{verb}");
    for (verb, body, state) in [
        ("pause", json!({}), None),
        ("activate", json!({}), Some("active")),
        ("activate", json!({}), None),
        ("pause", json!({}), Some("paused")),
        ("activate", json!({}), Some("active")),
        ("end", json!({}), None),
        ("end", json!({ "reason": "Season is over" }), Some("ended")),
        ("activate", json!({}), None),
    ] {
        match state {
            Some(state) => assert_eq!(admin.done(&act(verb), body).await["state"], state),
            None => {
                let refused = admin.refused(&act(verb), body).await;
                assert_eq!(refused["status"], 422, "{verb}: {refused}");
            }
        }
    }
    let refused = admin.send("PATCH", &path, "", Some(change)).await;
    assert_eq!(refused.json["code"], "promotion_not_draft");
    let refused = admin
        .refused(&act("grant"), json!({ "account": "A-1" }))
        .await;
    assert_eq!(refused["code"], "promotion_not_active");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn who_may_define_and_who_may_give(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let account = house.account("A-1", "EUR").await;
    for (name, ctx) in house.everyone(account.customer) {
        let command = NewPromotion {
            code: format!("BY-{}", name.to_uppercase()),
            name_en: "Test".to_owned(),
            kind: "fixed_credit".to_owned(),
            currency: "EUR".to_owned(),
            amount: "1.00".to_owned(),
            ..Default::default()
        };
        let defined = promotions::save(&ctx, command).await;
        let expected = match name {
            "admin" => Ok(()),
            "nobody" => Err(AppError::NotLoggedIn),
            _ => Err(AppError::Forbidden),
        };
        assert_eq!(defined.map(|_| ()), expected, "{name}");
    }
    let admin = Api::with_role(&house, Role::Admin).await;
    let path = active(&admin, welcome(json!({}))).await;
    for (role, status) in [
        (Role::Support, StatusCode::FORBIDDEN),
        (Role::Cashier, StatusCode::FORBIDDEN),
        (Role::Accountant, StatusCode::OK),
    ] {
        let api = Api::with_role(&house, role).await;
        let body = json!({ "account": "A-1" });
        let reply = api.post(&format!("{path}/grant"), "k", body).await;
        assert_eq!(reply.status, status, "{role:?}");
        assert_eq!(api.get(&path).await.status, status, "{role:?}");
    }
    let mine = Api::of_customer(&house, &account).await;
    assert_eq!(mine.get(&path).await.status, StatusCode::FORBIDDEN);
    assert_eq!(mine.get("/promotions").await.status, StatusCode::FORBIDDEN);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn the_check_of_the_books_knows_promotions(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let account = house.account("A-1", "EUR").await;
    let admin = Api::with_role(&house, Role::Admin).await;
    let path = active(&admin, welcome(json!({}))).await;
    admin
        .done(
            &format!("{path}/grant"),
            json!({ "account": account.number }),
        )
        .await;
    house.check_books().await;
    house
        .run("UPDATE promotions SET given_minor = 1999", vec![])
        .await;
    house
        .run("UPDATE promotion_grants SET amount_minor = 1999", vec![])
        .await;
    let report = verify(&house.system()).await.unwrap();
    let found: Vec<BooksCheck> = report.findings().map(|finding| finding.check).collect();
    assert_eq!(found, [BooksCheck::PromotionGrants]);
    house
        .run("UPDATE promotions SET given_minor = 5", vec![])
        .await;
    let report = verify(&house.system()).await.unwrap();
    let found: Vec<BooksCheck> = report.findings().map(|finding| finding.check).collect();
    assert_eq!(
        found,
        [BooksCheck::PromotionBudgets, BooksCheck::PromotionGrants]
    );
}
