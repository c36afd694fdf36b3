//! The API over HTTP: tokens, acts, refusals, lists, and the document that describes it.

use super::support::{Engine, House, TestAccount, ZONE};
use crate::domain::rights::Role;
use crate::dto::people::NewToken;
use crate::server::context::{Clock, Ctx};
use crate::server::services::tokens;
use crate::server::{queries, rest};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use rstest::rstest;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use tower::ServiceExt;

/// A program that calls the API with a token.
pub(super) struct Api {
    app: Router,
    token: String,
}

#[derive(Debug)]
pub(super) struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub json: Value,
}

impl Api {
    pub(super) async fn with_role(house: &House, role: Role) -> Self {
        Self::with(house, &house.system(), role, "").await
    }

    pub(super) async fn of_customer(house: &House, account: &TestAccount) -> Self {
        Self::with(house, &house.system(), Role::Customer, &account.number).await
    }

    pub(super) async fn with(house: &House, ctx: &Ctx, role: Role, customer: &str) -> Self {
        let command = NewToken {
            name: "Test".to_owned(),
            role: role.code().to_owned(),
            customer: customer.to_owned(),
        };
        let issued = tokens::issue(&house.admin(), command).await;
        Self {
            app: rest::routes(ctx),
            token: issued.expect("an admin issues tokens").secret,
        }
    }

    pub(super) async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, "", None).await
    }

    /// The items of a list.
    pub(super) async fn list(&self, path: &str) -> Vec<Value> {
        let reply = self.get(path).await;
        assert_eq!(reply.status, StatusCode::OK, "{path}: {}", reply.json);
        reply.json["items"]
            .as_array()
            .expect("a list has items")
            .clone()
    }

    /// Posts with this idempotency key; none where it is empty.
    pub(super) async fn post(&self, path: &str, key: &str, body: Value) -> Reply {
        self.send("POST", path, key, Some(body)).await
    }

    /// Posts what must be done, with a fresh key.
    pub(super) async fn done(&self, path: &str, body: Value) -> Value {
        let key = uuid::Uuid::now_v7().to_string();
        let reply = self.post(path, &key, body).await;
        assert!(
            reply.status.is_success(),
            "{path}: {} {}",
            reply.status,
            reply.json
        );
        reply.json
    }

    /// Posts what must be refused: the problem.
    pub(super) async fn refused(&self, path: &str, body: Value) -> Value {
        let key = uuid::Uuid::now_v7().to_string();
        let reply = self.post(path, &key, body).await;
        check_problem(&reply);
        reply.json
    }

    pub(super) async fn send(
        &self,
        method: &str,
        path: &str,
        key: &str,
        body: Option<Value>,
    ) -> Reply {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"));
        if !self.token.is_empty() {
            request = request.header("authorization", format!("Bearer {}", self.token));
        }
        if !key.is_empty() {
            request = request.header("idempotency-key", key);
        }
        let request = match body {
            Some(body) => request
                .header("content-type", "application/json")
                .body(Body::from(body.to_string())),
            None => request.body(Body::empty()),
        };
        self.answer(request.unwrap()).await
    }

    async fn answer(&self, request: Request<Body>) -> Reply {
        let response = self.app.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let json = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Reply {
            status,
            headers,
            json,
        }
    }
}

/// Every problem says what it is, in the form of RFC 9457.
pub(super) fn check_problem(reply: &Reply) {
    assert!(!reply.status.is_success(), "{}", reply.json);
    assert_eq!(reply.headers["content-type"], "application/problem+json");
    assert_eq!(reply.json["status"], reply.status.as_u16());
    for name in ["type", "title", "code", "detail", "incident"] {
        let text = reply.json[name].as_str().unwrap_or_default();
        assert!(!text.is_empty(), "{name} is missing: {}", reply.json);
    }
}

pub(super) fn amount(amount: &str) -> Value {
    json!({ "amount": amount, "currency": "EUR" })
}

pub(super) fn payment(account: &str, received: &str) -> Value {
    json!({ "account": account, "amount": amount(received), "received_on": "2026-06-15" })
}

pub(super) fn invoice(account: &str, price: &str) -> Value {
    json!({
        "account": account,
        "issued_on": "2026-06-15",
        "act": "finalise",
        "lines": [{ "description": "Service", "quantity": 1, "unit_price": price }],
    })
}

pub(super) fn id(document: &Value) -> &str {
    document["id"].as_str().expect("a document has an id")
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn nobody_is_let_in_without_a_token_that_works(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    for token in ["", "saldo_0123456789abcdef"] {
        let api = Api {
            app: rest::routes(&house.system()),
            token: token.to_owned(),
        };
        for (method, path) in operations() {
            if path == "/openapi.json" {
                continue;
            }
            let path = path.replace("{id}", &uuid::Uuid::now_v7().to_string());
            let path = path
                .replace("{number}", "A-1")
                .replace("{journal}", "sales");
            let body = (method != "GET").then(|| json!({}));
            let reply = api.send(&method, &path, "k", body).await;
            assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{method} {path}");
            assert_eq!(reply.headers["www-authenticate"], "Bearer");
            check_problem(&reply);
        }
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_token_may_what_its_role_may(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    house.account("A-1", "EUR").await;
    let support = Api::with_role(&house, Role::Support).await;
    assert_eq!(support.get("/payments").await.status, StatusCode::OK);
    let reply = support.post("/payments", "k", payment("A-1", "5.00")).await;
    check_problem(&reply);
    assert_eq!(
        (reply.status, reply.json["code"].as_str()),
        (StatusCode::FORBIDDEN, Some("forbidden"))
    );
    let cashier = Api::with_role(&house, Role::Cashier).await;
    cashier.done("/payments", payment("A-1", "5.00")).await;
    for path in [
        "/journal-entries",
        "/audit-events",
        "/credit-runs",
        "/reports/trial-balance",
    ] {
        assert_eq!(
            cashier.get(path).await.status,
            StatusCode::FORBIDDEN,
            "{path}"
        );
    }
    let reply = cashier.post("/credit-runs", "", json!({})).await;
    assert_eq!(reply.status, StatusCode::FORBIDDEN);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_customers_token_sees_what_is_theirs_and_nothing_else(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let own = house.account("A-1", "EUR").await;
    house.account("A-2", "EUR").await;
    let staff = Api::with_role(&house, Role::Accountant).await;
    let mut documents = Vec::new();
    for account in ["A-1", "A-2"] {
        let invoice = staff.done("/invoices", invoice(account, "40.00")).await;
        let payment = staff.done("/payments", payment(account, "50.00")).await;
        let apply = json!({ "grant": payment["grant"]["id"], "invoice": id(&invoice), "amount": amount("40.00") });
        let application = staff.done("/applications", apply).await;
        let paths = [
            format!("/customers/{account}"),
            format!("/receivable-accounts/{account}"),
            format!("/invoices/{}", id(&invoice)),
            format!("/payments/{}", id(&payment)),
            format!("/credit-grants/{}", id(&payment["grant"])),
            format!("/applications/{}", id(&application)),
        ];
        documents.push(paths);
    }
    let customer = Api::of_customer(&house, &own).await;
    for path in &documents[0] {
        let reply = customer.get(path).await;
        assert_eq!(reply.status, StatusCode::OK, "{path}");
        let staffs = staff.get(path).await.json;
        if staffs.get("recorded_by").is_some() {
            assert!(staffs["recorded_by"].is_string(), "{path}");
            assert!(
                reply.json["recorded_by"].is_null(),
                "{path}: names of staff are for staff"
            );
        }
    }
    for path in &documents[1] {
        let reply = customer.get(path).await;
        check_problem(&reply);
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{path}");
    }
    for path in [
        "/customers",
        "/receivable-accounts",
        "/invoices",
        "/payments",
        "/credit-grants",
        "/applications",
    ] {
        assert_eq!(customer.list(path).await.len(), 1, "{path}");
        assert_eq!(staff.list(path).await.len(), 2, "{path}");
    }
    // Asking for someone else's by name finds nothing either.
    for path in ["/invoices", "/payments", "/credit-grants", "/applications"] {
        assert!(
            customer
                .list(&format!("{path}?account=A-2"))
                .await
                .is_empty(),
            "{path}"
        );
    }
    for path in ["/customers", "/receivable-accounts"] {
        assert!(
            customer
                .list(&format!("{path}?number=A-2"))
                .await
                .is_empty(),
            "{path}"
        );
    }
    let reply = customer
        .post("/payments", "k", payment("A-1", "5.00"))
        .await;
    assert_eq!(reply.status, StatusCode::FORBIDDEN);
    assert_eq!(
        customer.get("/reports/aging").await.status,
        StatusCode::FORBIDDEN
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn the_same_request_again_is_one_payment(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    house.account("A-1", "EUR").await;
    let api = Api::with_role(&house, Role::Cashier).await;
    let first = api
        .post("/payments", "key-1", payment("A-1", "95.00"))
        .await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.json);
    let location = format!("/api/v1/payments/{}", id(&first.json));
    assert_eq!(first.headers["location"], location.as_str());
    let again = api
        .post("/payments", "key-1", payment("A-1", "95.00"))
        .await;
    assert_eq!((again.status, &again.json), (first.status, &first.json));
    let other = api
        .post("/payments", "key-1", payment("A-1", "96.00"))
        .await;
    check_problem(&other);
    assert_eq!(other.status, StatusCode::CONFLICT);
    assert_eq!(other.json["code"], "idempotency_key_conflict");
    let without = api.post("/payments", "", payment("A-1", "95.00")).await;
    check_problem(&without);
    assert_eq!(without.status, StatusCode::BAD_REQUEST);
    assert_eq!(without.json["code"], "idempotency_key_required");
    // A refused request may be repeated, also with other content.
    let refused = api
        .post("/payments", "key-2", payment("A-1", "-1.00"))
        .await;
    assert_eq!(refused.json["code"], "amount_not_positive");
    let repeated = api.post("/payments", "key-2", payment("A-1", "1.00")).await;
    assert_eq!(repeated.status, StatusCode::CREATED);
    assert_eq!(api.list("/payments").await.len(), 2);
    // Keys are kept per program: another one may use the same.
    let colleague = Api::with_role(&house, Role::Cashier).await;
    let theirs = colleague
        .post("/payments", "key-1", payment("A-1", "96.00"))
        .await;
    assert_eq!(theirs.status, StatusCode::CREATED);
}

#[tokio::test]
async fn every_act_that_moves_money_asks_for_a_key() {
    let Some(house) = House::open(Engine::Sqlite).await else {
        return;
    };
    let api = Api::with_role(&house, Role::Accountant).await;
    let nowhere = uuid::Uuid::now_v7();
    for path in [
        "/payments".to_owned(),
        format!("/payments/{nowhere}/reverse"),
        "/invoices".to_owned(),
        format!("/invoices/{nowhere}/finalise"),
        format!("/invoices/{nowhere}/void"),
        "/applications".to_owned(),
        format!("/applications/{nowhere}/unapply"),
        format!("/credit-runs/{nowhere}/commit"),
        format!("/credit-runs/{nowhere}/undo"),
    ] {
        let reply = api.post(&path, "", json!({})).await;
        assert_eq!(reply.json["code"], "idempotency_key_required", "{path}");
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn an_overpayment_stays_as_credit_and_pays_the_next_invoice(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    house.account("A-1", "EUR").await;
    let api = Api::with_role(&house, Role::Accountant).await;
    let first = api.done("/invoices", invoice("A-1", "89.00")).await;
    assert_eq!(first["status"], "open");
    assert_eq!(first["open_balance"], amount("89.00"));
    assert_eq!(first["journal_entries"].as_array().unwrap().len(), 1);

    let mut body = payment("A-1", "95.00");
    body["applications"] = json!([{ "invoice": id(&first), "amount": amount("89.00") }]);
    let paid = api.done("/payments", body).await;
    assert_eq!(paid["status"], "partly_applied");
    assert_eq!(paid["remainder"], amount("6.00"));
    assert_eq!(paid["applications"][0]["invoice"]["id"], first["id"]);

    let first = api.get(&format!("/invoices/{}", id(&first))).await.json;
    assert_eq!(
        (first["status"].as_str(), &first["open_balance"]),
        (Some("paid"), &amount("0.00"))
    );
    assert_eq!(first["applications"][0]["origin"]["id"], paid["id"]);
    let account = api.get("/receivable-accounts/A-1").await.json;
    assert_eq!(account["amount_due"], amount("0.00"));
    assert_eq!(
        account["credit_by_class"],
        json!({ "overpayment": amount("6.00") })
    );
    assert_eq!(account["available_credit"], amount("6.00"));
    assert_eq!(account["on_hold"], amount("0.00"));
    assert_eq!(account["net"], amount("-6.00"));
    assert_eq!(account["as_of"], "2026-06-15");

    let second = api.done("/invoices", invoice("A-1", "10.00")).await;
    let apply =
        json!({ "grant": paid["grant"]["id"], "invoice": id(&second), "amount": amount("6.00") });
    let applied = api.done("/applications", apply).await;
    assert_eq!(
        (applied["status"].as_str(), &applied["origin"]["id"]),
        (Some("applied"), &paid["id"])
    );
    let entry = api
        .get(&format!(
            "/journal-entries/{}",
            applied["journal_entries"][0].as_str().unwrap()
        ))
        .await
        .json;
    assert_eq!(entry["source"], "ARP");
    assert_eq!(entry["lines"].as_array().unwrap().len(), 4);
    let grant = api
        .get(&format!("/credit-grants/{}", id(&paid["grant"])))
        .await
        .json;
    assert_eq!(
        (grant["status"].as_str(), &grant["remainder"]),
        (Some("used"), &amount("0.00"))
    );
    assert_eq!(grant["applications"][0]["id"], applied["id"]);
    assert_eq!(grant["journal_entries"].as_array().unwrap().len(), 2);

    let path = format!("/applications/{}/unapply", id(&applied));
    let undone = api.done(&path, json!({ "reason": "wrong invoice" })).await;
    assert_eq!(undone["status"], "unapplied");
    let [made, contra] = [0, 1].map(|n| undone["journal_entries"][n].as_str().unwrap().to_owned());
    let contra = api.get(&format!("/journal-entries/{contra}")).await.json;
    assert_eq!(contra["reverses"], made.as_str());
    let entry = api.get(&format!("/journal-entries/{made}")).await.json;
    assert_eq!(entry["reversed_by"], json!([contra["id"]]));
    assert_eq!(
        api.refused(&path, json!({})).await["code"],
        "already_unapplied"
    );

    let reversed = api
        .done(
            &format!("/payments/{}/reverse", id(&paid)),
            json!({ "reason": "bounced" }),
        )
        .await;
    assert_eq!(
        (reversed["status"].as_str(), &reversed["remainder"]),
        (Some("reversed"), &amount("0.00"))
    );
    assert_eq!(reversed["reversal_reason"], "bounced");
    let first = api.get(&format!("/invoices/{}", id(&first))).await.json;
    assert_eq!(first["status"], "open");
    let voided = api
        .done(
            &format!("/invoices/{}/void", id(&second)),
            json!({ "reason": "typo" }),
        )
        .await;
    assert_eq!(
        (voided["status"].as_str(), &voided["void_reason"]),
        (Some("void"), &json!("typo"))
    );
    let acts: Vec<Value> = api.list("/audit-events?account=A-1").await;
    assert!(
        acts.iter()
            .any(|event| event["act"] == "payment.reversed" && event["reason"] == "bounced")
    );
    let verified = queries::verify::verify(&house.accountant()).await.unwrap();
    assert!(verified.is_clean(), "{verified:?}");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_refusal_says_code_field_and_the_most_that_is_possible(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    house.account("A-1", "EUR").await;
    let api = Api::with_role(&house, Role::Accountant).await;
    let open = api.done("/invoices", invoice("A-1", "89.00")).await;
    let paying = |slice: Value| {
        let mut body = payment("A-1", "95.00");
        body["applications"] = json!([{ "invoice": id(&open), "amount": slice }]);
        body
    };
    let with = |name: &str, value: Value| {
        let mut body = payment("A-1", "95.00");
        body[name] = value;
        body
    };
    let other = |amount: &str, currency: &str| json!({ "amount": amount, "currency": currency });
    for (body, code, field, most) in [
        (
            paying(amount("89.01")),
            "amount_exceeds_open_balance",
            "applications.0.amount",
            Some("89.00"),
        ),
        (
            paying(json!("89.01")),
            "amount_exceeds_open_balance",
            "applications.0.amount",
            Some("89.00"),
        ),
        (
            paying(other("89.00", "USD")),
            "currency_mismatch",
            "applications.0.amount",
            None,
        ),
        (
            with("amount", other("95", "XXX")),
            "unknown_currency",
            "amount",
            None,
        ),
        (
            with("amount", other("95", "USD")),
            "currency_mismatch",
            "amount",
            None,
        ),
        (
            with("amount", amount("95.001")),
            "too_many_decimals",
            "amount",
            None,
        ),
        (
            with("amount", amount("95,00")),
            "not_an_amount",
            "amount",
            None,
        ),
        (
            with("amount", amount("99999999999999999999")),
            "amount_out_of_range",
            "amount",
            None,
        ),
        (
            with("amount", amount("0")),
            "amount_not_positive",
            "amount",
            None,
        ),
        (
            with("amount", json!({ "amount": 95, "currency": "EUR" })),
            "wrong_type",
            "amount.amount",
            None,
        ),
        (
            with("received_on", json!("15.06.2026")),
            "not_a_date",
            "received_on",
            None,
        ),
        (
            with("received_on", json!("2026-07-01")),
            "date_too_late",
            "received_on",
            None,
        ),
        (
            with("recieved_on", json!("2026-06-15")),
            "unknown_field",
            "recieved_on",
            None,
        ),
        (
            with("account", json!("nowhere")),
            "unknown_reference",
            "account",
            None,
        ),
        (
            with("method", json!("barter")),
            "unknown_choice",
            "method",
            None,
        ),
    ] {
        let problem = api.refused("/payments", body.clone()).await;
        assert_eq!(problem["status"], 422, "{body}: {problem}");
        assert_eq!(problem["code"], code, "{body}: {problem}");
        assert_eq!(problem["field"], field, "{body}: {problem}");
        match most {
            Some(most) => assert_eq!(problem["max_amount"], amount(most)),
            None => assert!(problem.get("max_amount").is_none(), "{problem}"),
        }
    }
    let two = api.refused("/payments", json!({ "account": "A-1" })).await;
    let codes: BTreeSet<&str> = two["errors"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|error| error["field"].as_str())
        .collect();
    assert!(
        codes.contains("amount") && codes.contains("received_on"),
        "{two}"
    );
    assert!(
        api.list("/payments").await.is_empty(),
        "nothing refused was written"
    );
}

#[tokio::test]
async fn requests_that_cannot_be_read_are_problems_too() {
    let Some(house) = House::open(Engine::Sqlite).await else {
        return;
    };
    let api = Api::with_role(&house, Role::Accountant).await;
    let raw = async |body: &'static str, kind: &str| {
        let request = Request::post("/api/v1/payments")
            .header("authorization", format!("Bearer {}", api.token))
            .header("idempotency-key", "k")
            .header("content-type", kind)
            .body(Body::from(body))
            .unwrap();
        let reply = api.answer(request).await;
        check_problem(&reply);
        (
            reply.status.as_u16(),
            reply.json["code"].as_str().unwrap().to_owned(),
        )
    };
    assert_eq!(
        raw("{\"account\": ", "application/json").await,
        (400, "malformed_json".to_owned())
    );
    assert_eq!(
        raw("account=A-1", "application/x-www-form-urlencoded").await,
        (415, "not_json".to_owned())
    );
    assert_eq!(
        raw("[]", "application/json").await,
        (422, "wrong_type".to_owned())
    );
    for (method, path, status, code) in [
        ("GET", "/nothing", 404, "not_found"),
        ("GET", "/payments/not-an-id", 404, "not_found"),
        ("DELETE", "/payments", 405, "method_not_allowed"),
        ("GET", "/payments?limt=5", 422, "unknown_parameter"),
        ("GET", "/payments?limit=0", 422, "not_a_number"),
        ("GET", "/payments?limit=five", 422, "not_a_number"),
        ("GET", "/payments?cursor=here", 422, "unknown_reference"),
        ("GET", "/payments?status=lost", 422, "unknown_choice"),
        ("GET", "/payments?currency=XXX", 422, "unknown_currency"),
        (
            "GET",
            "/payments?received_from=yesterday",
            422,
            "not_a_date",
        ),
        ("GET", "/reports/aging?as_of=now", 422, "not_a_date"),
    ] {
        let reply = api.send(method, path, "", None).await;
        check_problem(&reply);
        assert_eq!(
            (reply.status.as_u16(), reply.json["code"].as_str()),
            (status, Some(code)),
            "{path}"
        );
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn paging_through_a_list_meets_every_item_once(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    house.account("A-1", "EUR").await;
    house.account("A-2", "EUR").await;
    let api = Api::with_role(&house, Role::Accountant).await;
    let mut recorded = Vec::new();
    for n in 1..=7 {
        let account = if n % 3 == 0 { "A-2" } else { "A-1" };
        let payment = api
            .done("/payments", payment(account, &format!("{n}.00")))
            .await;
        recorded.push(id(&payment).to_owned());
    }
    let mut met = Vec::new();
    let mut path = "/payments?limit=3".to_owned();
    loop {
        let part = api.get(&path).await.json;
        let items = part["items"].as_array().unwrap();
        assert!(items.len() <= 3);
        met.extend(items.iter().map(|payment| id(payment).to_owned()));
        let Some(next) = part["next"].as_str() else {
            break;
        };
        path = format!("/payments?limit=3&cursor={next}");
        if met.len() == 3 {
            // What is added while someone pages comes behind and shifts nothing.
            let payment = api.done("/payments", payment("A-1", "8.00")).await;
            recorded.push(id(&payment).to_owned());
        }
    }
    assert_eq!(met, recorded);
    assert_eq!(api.list("/payments?account=A-2").await.len(), 2);
    assert_eq!(
        api.list("/payments?customer=A-1&status=recorded")
            .await
            .len(),
        6
    );
    assert!(api.list("/payments?status=reversed").await.is_empty());
    assert!(
        api.list("/payments?received_to=2026-06-14")
            .await
            .is_empty()
    );
    // More than there may be at once is cut, not refused.
    assert_eq!(api.list("/payments?limit=100000").await.len(), 8);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn statuses_filter_as_they_are_derived(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let account = house.account("A-1", "EUR").await;
    let ctx = house.accountant();
    let api = Api::with_role(&house, Role::Accountant).await;
    account.invoice(&ctx, "2026-05-01", "10").await;
    account.invoice(&ctx, "2026-06-15", "20").await;
    account.invoice(&ctx, "2026-06-15", "-5").await;
    let partly = account.invoice(&ctx, "2026-06-15", "30").await;
    let whole = account.invoice(&ctx, "2026-06-15", "40").await;
    account
        .payment(&ctx, "2026-06-15", "55", &[(&partly, "10"), (&whole, "40")])
        .await;
    let mut draft = invoice("A-1", "50.00");
    draft["act"] = json!("draft");
    let draft = api.done("/invoices", draft).await;
    let path = format!(
        "/invoices/{}/void",
        id(&api.done("/invoices", invoice("A-1", "60.00")).await)
    );
    api.done(&path, json!({ "reason": "typo" })).await;
    let all = api.list("/invoices").await;
    assert_eq!(all.len(), 7);
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for invoice in &all {
        *counts
            .entry(invoice["status"].as_str().unwrap().to_owned())
            .or_default() += 1;
    }
    let statuses = [
        "draft",
        "open",
        "partly_paid",
        "overdue",
        "paid",
        "credit",
        "void",
    ];
    for status in statuses {
        let found = api.list(&format!("/invoices?status={status}")).await;
        assert!(
            found.iter().all(|invoice| invoice["status"] == status),
            "{status}"
        );
        assert_eq!(found.len(), counts[status], "{status}");
    }
    let grants = api.list("/credit-grants").await;
    assert_eq!(grants.len(), 2);
    let held = api
        .done(
            &format!("/credit-grants/{}/hold", id(&grants[0])),
            json!({ "reason": "checking" }),
        )
        .await;
    assert_eq!(held["status"], "on_hold");
    for status in [
        "usable",
        "not_yet_effective",
        "on_hold",
        "lapsed",
        "used",
        "taken_back",
    ] {
        let found = api.list(&format!("/credit-grants?status={status}")).await;
        assert!(
            found.iter().all(|grant| grant["status"] == status),
            "{status}"
        );
        let expected = usize::from(matches!(status, "usable" | "on_hold"));
        assert_eq!(found.len(), expected, "{status}");
    }
    let account = api.get("/receivable-accounts/A-1").await.json;
    assert_eq!(account["on_hold"], held["remainder"]);
    let released = api
        .done(
            &format!("/credit-grants/{}/release", id(&held)),
            json!({ "reason": "checked" }),
        )
        .await;
    assert_eq!(released["status"], "usable");
    // A draft is changed from the version it was read in, finalised, and then never changed again.
    let mut change = invoice("A-1", "51.00");
    change["act"] = json!("draft");
    change["version"] = draft["version"].clone();
    let path = format!("/invoices/{}", id(&draft));
    let changed = api.send("PUT", &path, "", Some(change.clone())).await;
    assert_eq!(
        (changed.status, &changed.json["total"]),
        (StatusCode::OK, &amount("51.00"))
    );
    let stale = api.send("PUT", &path, "", Some(change.clone())).await;
    check_problem(&stale);
    assert_eq!(
        (stale.status, stale.json["code"].as_str()),
        (StatusCode::CONFLICT, Some("stale"))
    );
    let finalised = api.done(&format!("{path}/finalise"), json!({})).await;
    assert!(finalised["number"].is_string());
    assert_eq!(
        api.send("PUT", &path, "", Some(change)).await.json["code"],
        "invoice_final"
    );
    assert_eq!(
        api.send("DELETE", &path, "", None).await.json["code"],
        "invoice_final"
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn an_account_is_read_as_of_a_past_day(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let account = house.account("A-1", "EUR").await;
    let ctx = house.accountant();
    let api = Api::with_role(&house, Role::Accountant).await;
    let invoice = account.invoice(&ctx, "2026-05-01", "100").await;
    account.payment(&ctx, "2026-05-10", "30", &[]).await;
    account
        .payment(&ctx, "2026-06-01", "40", &[(&invoice, "40")])
        .await;
    let figures = async |as_of: &str| {
        let read = api
            .get(&format!("/receivable-accounts/A-1?as_of={as_of}"))
            .await
            .json;
        assert_eq!(read["as_of"], as_of);
        ["amount_due", "overdue", "credit", "net"]
            .map(|name| read[name]["amount"].as_str().unwrap().to_owned())
    };
    assert_eq!(
        figures("2026-04-30").await,
        ["0.00", "0.00", "0.00", "0.00"]
    );
    assert_eq!(
        figures("2026-05-09").await,
        ["100.00", "0.00", "0.00", "100.00"]
    );
    assert_eq!(
        figures("2026-05-31").await,
        ["100.00", "100.00", "30.00", "70.00"]
    );
    assert_eq!(
        figures("2026-06-15").await,
        ["60.00", "60.00", "30.00", "30.00"]
    );
    let now = api.get("/receivable-accounts/A-1").await.json;
    assert_eq!(now["net"], amount("30.00"));
    let aging = api.get("/reports/aging?as_of=2026-05-31").await.json;
    assert_eq!(aging["items"][0]["receivable"], amount("70.00"));
    assert_eq!(aging["totals"][0]["days_1_30"], amount("100.00"));
    let balance = api
        .get("/reports/trial-balance?as_of=2026-05-31")
        .await
        .json;
    assert_eq!(
        balance["items"][0]["debits"],
        balance["items"][0]["credits"]
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn customers_are_created_changed_and_given_accounts(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let api = Api::with_role(&house, Role::Accountant).await;
    let body = json!({
        "name": "Müller & Co", "currency": "EUR", "terms_days": 10, "tags": ["vip", "wholesale"],
        "contacts": [{ "name": "Ada", "email": "ada@example.com" }],
        "external_ids": [{ "system": "crm", "value": "4711" }],
    });
    let first = api.post("/customers", "key-1", body.clone()).await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.json);
    let again = api.post("/customers", "key-1", body.clone()).await;
    assert_eq!(again.json, first.json);
    let customer = first.json;
    let number = customer["number"].as_str().unwrap();
    assert_eq!(customer["terms_days"], 10);
    assert_eq!(customer["tags"], json!(["vip", "wholesale"]));
    assert_eq!(customer["contacts"][0]["email"], "ada@example.com");
    assert_eq!(customer["accounts"].as_array().unwrap().len(), 1);
    for filter in ["tag=vip", "external_id=4711", "search=m%C3%BCller"] {
        assert_eq!(
            api.list(&format!("/customers?{filter}")).await.len(),
            1,
            "{filter}"
        );
    }
    assert!(api.list("/customers?tag=none").await.is_empty());
    let by_id = api.get(&format!("/customers/{}", id(&customer))).await.json;
    assert_eq!(by_id, customer);

    let mut change = body.clone();
    change["name"] = json!("Müller AG");
    change["version"] = customer["version"].clone();
    let changed = api
        .send(
            "PUT",
            &format!("/customers/{number}"),
            "",
            Some(change.clone()),
        )
        .await;
    assert_eq!(
        (changed.status, &changed.json["name"]),
        (StatusCode::OK, &json!("Müller AG"))
    );
    change["name"] = json!("Müller GmbH");
    let stale = api
        .send("PUT", &format!("/customers/{number}"), "", Some(change))
        .await;
    check_problem(&stale);
    assert_eq!(
        (stale.status, &stale.json["changed"]),
        (StatusCode::CONFLICT, &json!(["name"]))
    );

    let opened = api
        .done(
            "/receivable-accounts",
            json!({ "customer": number, "currency": "USD" }),
        )
        .await;
    assert_eq!(opened["currency"], "USD");
    assert_eq!(opened["auto_apply"], "prepayments");
    let path = format!(
        "/receivable-accounts/{}",
        opened["number"].as_str().unwrap()
    );
    let set = api
        .send("PATCH", &path, "", Some(json!({ "auto_apply": "all" })))
        .await;
    assert_eq!(set.json["auto_apply"], "all", "{}", set.json);
    let set = api
        .send("PATCH", &path, "", Some(json!({ "account_on_hold": true })))
        .await;
    assert_eq!(
        (&set.json["auto_apply"], &set.json["account_on_hold"]),
        (&json!("all"), &json!(true))
    );
    let refused = api
        .send(
            "PATCH",
            &path,
            "",
            Some(json!({ "order_of_use": "random" })),
        )
        .await;
    assert_eq!(
        (
            refused.json["code"].as_str(),
            refused.json["field"].as_str()
        ),
        (Some("unknown_choice"), Some("order_of_use"))
    );
    let taken = api
        .refused(
            "/customers",
            json!({ "name": "B", "currency": "EUR", "number": number }),
        )
        .await;
    assert_eq!(
        (taken["code"].as_str(), taken["field"].as_str()),
        (Some("number_taken"), Some("number"))
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_credit_run_is_previewed_struck_committed_and_undone(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let api = Api::with_role(&house, Role::Accountant).await;
    for number in ["A-1", "A-2"] {
        let account = house.account(number, "EUR").await;
        account.invoice(&ctx, "2026-05-01", "20").await;
        account.payment(&ctx, "2026-05-02", "15", &[]).await;
    }
    let run = api
        .done("/credit-runs", json!({ "effective_on": "2026-05-31" }))
        .await;
    assert_eq!(run["state"], "preview");
    assert_eq!(
        run["previewed"],
        json!({ "applications": 2, "totals": [amount("30.00")] })
    );
    assert_eq!(run["applied"]["applications"], 0);
    let path = format!("/credit-runs/{}", id(&run));
    let accounts = api.list(&format!("{path}/pairs")).await;
    let pairs: Vec<&Value> = accounts
        .iter()
        .map(|account| &account["pairs"][0])
        .collect();
    assert_eq!(pairs.len(), 2);
    assert_eq!(pairs[0]["open_after"], amount("5.00"));
    let struck = pairs[1]["pair"].clone();
    api.done(&format!("{path}/strike"), json!({ "struck": [struck] }))
        .await;
    let accounts = api.list(&format!("{path}/pairs")).await;
    assert_eq!(accounts[1]["pairs"][0]["struck"], true);
    assert!(
        api.list("/applications").await.is_empty(),
        "a preview posts nothing"
    );

    let done = api.done(&format!("{path}/commit"), json!({})).await;
    assert_eq!(
        (done["state"].as_str(), &done["applied"]),
        (
            Some("done"),
            &json!({ "applications": 1, "totals": [amount("15.00")] })
        )
    );
    let again = api.done(&format!("{path}/commit"), json!({})).await;
    assert_eq!(
        again["applied"], done["applied"],
        "committing again changes nothing"
    );
    let made = api
        .list(&format!("/applications?credit_run={}", id(&run)))
        .await;
    assert_eq!(
        (made.len(), &made[0]["effective_on"]),
        (1, &json!("2026-05-31"))
    );
    let entries = api
        .list(&format!("/journal-entries?credit_run={}", id(&run)))
        .await;
    assert_eq!(entries[0]["lines"].as_array().unwrap().len(), 4);

    let undone = api
        .done(&format!("{path}/undo"), json!({ "reason": "wrong month" }))
        .await;
    assert_eq!(undone["state"], "undone");
    assert_eq!(api.list("/applications?status=applied").await.len(), 0);
    assert_eq!(
        api.refused(&format!("{path}/commit"), json!({})).await["code"],
        "run_not_in_preview"
    );
    assert_eq!(api.list("/credit-runs?state=undone").await.len(), 1);
    let verified = queries::verify::verify(&ctx).await.unwrap();
    assert!(verified.is_clean(), "{verified:?}");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn the_test_clock_moves_on_and_never_back(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let admin = Api::with_role(&house, Role::Admin).await;
    assert_eq!(
        admin.get("/test-clock").await.json,
        json!({ "today": "2026-06-15" })
    );
    let set = async |api: &Api, today: &str| {
        api.send("PUT", "/test-clock", "", Some(json!({ "today": today })))
            .await
    };
    let moved = set(&admin, "2036-01-01").await;
    assert_eq!(
        (moved.status, &moved.json["today"]),
        (StatusCode::OK, &json!("2036-01-01"))
    );
    assert_eq!(house.system().today().to_string(), "2036-01-01");
    let back = set(&admin, "2035-12-31").await;
    check_problem(&back);
    assert_eq!(
        (back.status.as_u16(), back.json["field"].as_str()),
        (422, Some("today"))
    );
    assert_eq!(set(&admin, "soon").await.json["code"], "not_a_date");
    let accountant = Api::with_role(&house, Role::Accountant).await;
    assert_eq!(
        set(&accountant, "2037-01-01").await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(house.system().today().to_string(), "2036-01-01");
}

#[tokio::test]
async fn a_server_without_the_flag_has_no_test_clock() {
    let Some(house) = House::open(Engine::Sqlite).await else {
        return;
    };
    let real = Ctx {
        clock: Clock::system(ZONE),
        ..house.system()
    };
    let admin = Api::with(&house, &real, Role::Admin, "").await;
    assert_eq!(admin.get("/test-clock").await.status, StatusCode::NOT_FOUND);
    let reply = admin
        .send(
            "PUT",
            "/test-clock",
            "",
            Some(json!({ "today": "2036-01-01" })),
        )
        .await;
    check_problem(&reply);
    assert_eq!(reply.status, StatusCode::NOT_FOUND);
}

/// Every operation of the document, as method and path.
fn operations() -> BTreeSet<(String, String)> {
    let document = serde_json::to_value(rest::api_document()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().keys();
        methods.map(move |method| (method.to_uppercase(), path.clone()))
    });
    operations.collect()
}

/// Every door written in the sources: what stands in `#[utoipa::path(METHOD, path = "…"`.
fn written_doors() -> BTreeSet<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/server/rest");
    let mut doors = BTreeSet::new();
    for file in fs::read_dir(folder).expect("the folder of the API can be listed") {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        for door in text.split("utoipa::path(").skip(1) {
            let (method, rest) = door.trim_start().split_once(',').unwrap();
            let path = rest.split('"').nth(1).unwrap();
            doors.insert((method.trim().to_uppercase(), path.to_owned()));
        }
    }
    doors
}

#[tokio::test]
async fn the_document_lists_every_door() {
    let Some(house) = House::open(Engine::Sqlite).await else {
        return;
    };
    let documented = operations();
    assert!(documented.len() > 30, "{documented:?}");
    assert_eq!(documented, written_doors());
    let api = Api {
        app: rest::routes(&house.system()),
        token: String::new(),
    };
    let served = api.get("/openapi.json").await;
    assert_eq!(served.status, StatusCode::OK);
    assert_eq!(
        served.json,
        serde_json::to_value(rest::api_document()).unwrap()
    );
    assert!(served.json["openapi"].as_str().unwrap().starts_with("3.1"));
    assert_eq!(served.json["servers"][0]["url"], "/api/v1");
    // Every reference leads somewhere, and every operation names its problems.
    let mut references = BTreeSet::new();
    collect_references(&served.json, &mut references);
    assert!(references.contains("#/components/schemas/Problem"));
    for reference in references {
        let target = served.json.pointer(reference.trim_start_matches('#'));
        assert!(target.is_some(), "{reference} leads nowhere");
    }
    let names: BTreeSet<&str> = served.json["components"]["schemas"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    for name in ["Amount", "Invoice", "NewPayment", "ReceivableAccount"] {
        assert!(names.contains(name), "{name} is not in {names:?}");
    }
}

fn collect_references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(reference)) = fields.get("$ref") {
                found.insert(reference.clone());
            }
            fields
                .values()
                .for_each(|value| collect_references(value, found));
        }
        Value::Array(items) => items
            .iter()
            .for_each(|value| collect_references(value, found)),
        _ => {}
    }
}

#[tokio::test]
async fn the_viewer_comes_out_of_the_program_and_loads_nothing_from_elsewhere() {
    let Some(house) = House::open(Engine::Sqlite).await else {
        return;
    };
    let app = rest::routes(&house.system());
    let get = async |path: &str| {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = app.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let text = to_bytes(body, usize::MAX).await.unwrap();
        (parts, String::from_utf8_lossy(&text).into_owned())
    };
    let (redirect, _) = get("/api/docs").await;
    assert_eq!(redirect.headers["location"], "/api/docs/");
    let (page, text) = get("/api/docs/").await;
    assert_eq!(page.status, StatusCode::OK);
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("script-src 'self';"), "{policy}");
    for part in text.split("src=\"").skip(1) {
        let file = part.split('"').next().unwrap().trim_start_matches("./");
        assert!(!file.contains("//"), "{file} comes from elsewhere");
        assert_eq!(
            get(&format!("/api/docs/{file}")).await.0.status,
            StatusCode::OK,
            "{file}"
        );
    }
    let (_, settings) = get("/api/docs/swagger-initializer.js").await;
    assert!(settings.contains("/api/v1/openapi.json"), "{settings}");
}
