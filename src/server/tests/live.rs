//! Live updates: who hears of what, and that nothing is missed.

use super::support::{Engine, House, TestAccount};
use crate::server::context::{Actor, Ctx, Event, Events, News};
use crate::server::live;
use axum::Extension;
use axum::body::{Body, BodyDataStream};
use axum::http::{Request, StatusCode};
use futures::StreamExt;
use rstest::rstest;
use serde_json::Value;
use std::time::Duration;
use tokio::time::timeout;
use tower::ServiceExt;

/// Long enough for an event that comes; what must not come is looked for behind one that does.
const PATIENCE: Duration = Duration::from_secs(10);

/// A reader of `/live`.
struct Reader {
    body: BodyDataStream,
    unread: String,
}

#[derive(Debug, PartialEq)]
struct Heard {
    event: String,
    data: Value,
}

impl Reader {
    /// `query` as it stands in the URL, with its question mark, or empty.
    async fn open(ctx: &Ctx, query: &str) -> Result<Self, StatusCode> {
        let app = live::routes(ctx).layer(Extension::<Actor>(ctx.actor.clone()));
        let request = Request::get(format!("/live{query}"))
            .body(Body::empty())
            .unwrap();
        let response = app.oneshot(request).await.unwrap();
        if response.status() != StatusCode::OK {
            return Err(response.status());
        }
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut reader = Self {
            body: response.into_body().into_data_stream(),
            unread: String::new(),
        };
        // A server that shuts down ends the connection before it says anything.
        if let Some(opening) = reader.block().await {
            assert!(opening.starts_with("retry:"), "{opening}");
        }
        Ok(reader)
    }

    /// The next event; `None` once the server has ended the connection.
    async fn next(&mut self) -> Option<Heard> {
        let block = timeout(PATIENCE, self.block())
            .await
            .expect("something is heard in time")?;
        let field = |name: &str| {
            let line = block.lines().find_map(|line| line.strip_prefix(name));
            line.map(|value| value.trim().to_owned())
        };
        Some(Heard {
            event: field("event:").expect("an event has a name"),
            data: serde_json::from_str(&field("data:").expect("an event has data")).unwrap(),
        })
    }

    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.unread.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.unread = rest;
                if !block.starts_with(':') {
                    return Some(block);
                }
                continue;
            }
            let chunk = self.body.next().await?.expect("the connection stands");
            self.unread.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }
}

fn changed(account: &TestAccount) -> Heard {
    Heard {
        event: "changed".to_owned(),
        data: serde_json::json!({ "account": account.id, "customer": account.customer }),
    }
}

async fn pay(house: &House, account: &TestAccount) {
    account
        .payment(&house.cashier(), "2026-06-15", "10", &[])
        .await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn who_may_see_an_account_hears_of_it_and_nobody_else(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let (one, other) = (
        house.account("A-1", "EUR").await,
        house.account("A-2", "EUR").await,
    );
    let mut staff = Reader::open(&house.support(), "").await.unwrap();
    let mut narrowed = Reader::open(&house.support(), "?account=A-2")
        .await
        .unwrap();
    let mut of_customer = Reader::open(&house.support(), "?customer=A-2")
        .await
        .unwrap();
    let mut customer = Reader::open(&house.customer(other.customer), "")
        .await
        .unwrap();
    let mut own_account = Reader::open(&house.customer(other.customer), "?account=A-2")
        .await
        .unwrap();
    pay(&house, &one).await;
    pay(&house, &other).await;
    assert_eq!(staff.next().await, Some(changed(&one)));
    assert_eq!(staff.next().await, Some(changed(&other)));
    // Had they heard of the first account, that would have come before.
    assert_eq!(narrowed.next().await, Some(changed(&other)));
    assert_eq!(of_customer.next().await, Some(changed(&other)));
    assert_eq!(customer.next().await, Some(changed(&other)));
    assert_eq!(own_account.next().await, Some(changed(&other)));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn who_may_not_see_an_account_cannot_listen_to_it(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let (one, other) = (
        house.account("A-1", "EUR").await,
        house.account("A-2", "EUR").await,
    );
    let refused =
        |ctx: Ctx, query: &'static str| async move { Reader::open(&ctx, query).await.err() };
    let own = || house.customer(one.customer);
    assert_eq!(
        refused(house.nobody(), "").await,
        Some(StatusCode::UNAUTHORIZED)
    );
    assert_eq!(
        refused(house.nobody(), "?account=A-1").await,
        Some(StatusCode::UNAUTHORIZED)
    );
    assert_eq!(
        refused(own(), "?account=A-2").await,
        Some(StatusCode::NOT_FOUND)
    );
    assert_eq!(
        refused(own(), "?account=nowhere").await,
        Some(StatusCode::NOT_FOUND)
    );
    assert_eq!(refused(own(), "?account=A-1").await, None);
    assert_eq!(
        refused(own(), "?customer=A-2").await,
        Some(StatusCode::NOT_FOUND)
    );
    assert_eq!(refused(own(), "?customer=A-1").await, None);
    assert_ne!(one.customer, other.customer);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_refused_act_is_not_heard_of(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let account = house.account("A-1", "EUR").await;
    let mut staff = Reader::open(&house.support(), "").await.unwrap();
    let refused = crate::server::services::payments::record(
        &house.cashier(),
        crate::dto::payments::NewPayment {
            account: account.number.clone(),
            ..Default::default()
        },
    )
    .await;
    assert!(refused.is_err());
    let other = house.account("A-2", "EUR").await;
    pay(&house, &other).await;
    assert_eq!(staff.next().await, Some(changed(&other)));
}

#[tokio::test]
async fn a_reader_who_lags_behind_is_told_to_ask_for_everything() {
    let Some(house) = House::open(Engine::Sqlite).await else {
        return;
    };
    let account = house.account("A-1", "EUR").await;
    let mut reader = Reader::open(&house.support(), "").await.unwrap();
    let event = Event {
        account: account.id,
        customer: account.customer,
    };
    for _ in 0..5_000 {
        house.system().events.publish(event);
    }
    assert_eq!(reader.next().await.unwrap().event, "reset");
    assert_eq!(reader.next().await, Some(changed(&account)));
}

#[tokio::test]
async fn connections_end_when_the_server_shuts_down() {
    let Some(house) = House::open(Engine::Sqlite).await else {
        return;
    };
    let mut reader = Reader::open(&house.support(), "").await.unwrap();
    house.system().events.end();
    assert_eq!(reader.next().await, None);
    let mut late = Reader::open(&house.support(), "").await.unwrap();
    assert_eq!(late.next().await, None);
}

/// Another server on the same database.
fn another_server(house: &House) -> Ctx {
    Ctx {
        events: Events::default(),
        ..house.support()
    }
}

#[tokio::test]
async fn servers_on_one_database_tell_each_other() {
    let Some(house) = House::open(Engine::Postgres).await else {
        return;
    };
    let account = house.account("A-1", "EUR").await;
    let there = another_server(&house);
    let mut news = there.events.subscribe();
    live::join_other_servers(&there);
    live::join_other_servers(&house.system());
    // Listening begins with a reset: what happened before was not heard.
    let first = timeout(PATIENCE, news.recv()).await.unwrap().unwrap();
    assert_eq!(first, News::Reset);
    let mut here = Reader::open(&house.support(), "").await.unwrap();
    let mut reader = Reader::open(&there, "?account=A-1").await.unwrap();
    pay(&house, &account).await;
    assert_eq!(reader.next().await, Some(changed(&account)));
    // The server that did it hears of it once, not again from the others.
    let other = house.account("A-2", "EUR").await;
    pay(&house, &other).await;
    let mut heard = Vec::new();
    while heard.last() != Some(&changed(&other)) {
        let next = here.next().await.unwrap();
        if next.event != "reset" {
            heard.push(next);
        }
    }
    assert_eq!(heard, [changed(&account), changed(&other)]);
    there.events.end();
    house.system().events.end();
}
