//! Live updates: `GET /live` tells a reader which of the accounts they may see have changed, as server-sent events.
//!
//! ```text
//! event: changed   data: {"account": "<id>", "customer": "<id>"}     ask again for these
//! event: reset     data: {}                                          ask again for everything
//! ```
//! Only ids travel: the reader asks again, as themselves. On PostgreSQL the servers tell each other what they did,
//! after commit and gathered, so that readers of any server hear of it.

use super::auth::bearer;
use super::context::{Actor, Ctx, Event, Events, News};
use super::queries::{balances, customers};
use super::rest::problem::Problem;
use super::store::notices::{Line, NOTICE_LIMIT_BYTES};
use crate::domain::ids::{CustomerId, ReceivableAccountId};
use crate::domain::rights::Right;
use crate::dto::error::AppError;
use axum::extract::{Query, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderName};
use axum::response::sse::{Event as SentEvent, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use futures::{Stream, StreamExt, future, stream};
use serde::Deserialize;
use serde_json::json;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::sleep;
use tokio_stream::wrappers::BroadcastStream;
use uuid::Uuid;

/// A silent connection sends a comment this often, so that nothing between cuts it.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How soon a reader comes back after the connection broke.
const COME_BACK_AFTER: Duration = Duration::from_secs(1);
/// After this a connection ends, and the reader, who comes back, is asked again who they are.
const CONNECTION_LIFE: Duration = Duration::from_secs(15 * 60);
/// Keeps proxies from holding events back.
const NO_BUFFERING: (HeaderName, &str) = (HeaderName::from_static("x-accel-buffering"), "no");

/// The path of live updates.
pub fn routes(ctx: &Ctx) -> Router {
    Router::new()
        .route("/live", get(live))
        .with_state(ctx.clone())
}

#[derive(Deserialize)]
struct Wanted {
    /// Number of a receivable account.
    account: Option<String>,
    /// Number of a customer. Without either, everything the reader may see.
    customer: Option<String>,
}

async fn live(
    State(ctx): State<Ctx>,
    actor: Option<Extension<Actor>>,
    headers: HeaderMap,
    Query(wanted): Query<Wanted>,
) -> Response {
    let person = actor.map_or(Actor::Nobody, |Extension(actor)| actor);
    match sight_of(&ctx.as_actor(person), &headers, wanted).await {
        Ok(sight) => {
            let events = Sse::new(told(&ctx.events, sight))
                .keep_alive(KeepAlive::new().interval(KEEP_ALIVE));
            ([NO_BUFFERING], events).into_response()
        }
        Err(error) => Problem::from(error).into_response(),
    }
}

/// What the person of the session hears of, or the program whose token the request carries.
async fn sight_of(ctx: &Ctx, headers: &HeaderMap, wanted: Wanted) -> Result<Sight, AppError> {
    if headers.contains_key(AUTHORIZATION) {
        return sight(&bearer::ctx_of(ctx, headers).await?, wanted).await;
    }
    sight(ctx, wanted).await
}

/// What a reader hears of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sight {
    Everything,
    Customer(CustomerId),
    Account(ReceivableAccountId),
}

impl Sight {
    fn covers(self, event: Event) -> bool {
        match self {
            Self::Everything => true,
            Self::Customer(customer) => event.customer == customer,
            Self::Account(account) => event.account == account,
        }
    }
}

/// Staff hear of everything, a customer of their own accounts; both may ask for one account or customer they may see.
async fn sight(ctx: &Ctx, wanted: Wanted) -> Result<Sight, AppError> {
    if let Some(number) = wanted.account {
        let balance = balances::of_account_number(ctx, &number).await?;
        return Ok(Sight::Account(balance.account));
    }
    if let Some(number) = wanted.customer {
        let head = customers::head(ctx, &number).await?;
        return Ok(Sight::Customer(head.customer));
    }
    if let Some(customer) = ctx.actor.customer() {
        return Ok(Sight::Customer(customer));
    }
    ctx.actor.require(Right::ReadCustomers)?;
    Ok(Sight::Everything)
}

/// The events a reader is sent until the server shuts down or the connection has had its time.
fn told(
    events: &Events,
    sight: Sight,
) -> impl Stream<Item = Result<SentEvent, Infallible>> + use<> {
    let news = BroadcastStream::new(events.subscribe())
        // Who lags behind has missed something.
        .map(|news| news.unwrap_or(News::Reset))
        .filter_map(move |news| future::ready(sent(news, sight)))
        .map(Ok);
    let opening = SentEvent::default().retry(COME_BACK_AFTER);
    let events = events.clone();
    let end = async move {
        tokio::select! {
            () = events.ended() => {}
            () = sleep(CONNECTION_LIFE) => {}
        }
    };
    stream::once(future::ready(Ok(opening)))
        .chain(news)
        .take_until(Box::pin(end))
}

fn sent(news: News, sight: Sight) -> Option<SentEvent> {
    match news {
        News::Changed(event) if sight.covers(event) => {
            let ids = json!({ "account": event.account, "customer": event.customer });
            Some(SentEvent::default().event("changed").data(ids.to_string()))
        }
        News::Changed(_) => None,
        News::Reset => Some(SentEvent::default().event("reset").data("{}")),
    }
}

/// How long what this server did is gathered before the others are told.
const GATHERED_FOR: Duration = Duration::from_millis(50);
/// Told one by one up to this many; beyond it everyone asks for everything again.
const TOLD_ONE_BY_ONE: usize = 2_000;
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// Joins this server to the others on the same database until live updates end. On SQLite there are no others.
pub fn join_other_servers(ctx: &Ctx) {
    let Some(line) = Line::of(&ctx.db) else {
        return;
    };
    let server = Uuid::now_v7();
    let own = ctx.events.subscribe_own();
    let telling = tell(line.clone(), own, server);
    let hearing = hear(line, ctx.events.clone(), server);
    tokio::spawn(until_ended(ctx.events.clone(), telling));
    tokio::spawn(until_ended(ctx.events.clone(), hearing));
}

async fn until_ended(events: Events, work: impl Future<Output = ()>) {
    tokio::select! {
        () = events.ended() => {}
        () = work => {}
    }
}

/// Tells the other servers what this one did. What cannot be told now becomes a reset later.
async fn tell(line: Line, mut own: Receiver<Event>, server: Uuid) {
    loop {
        let mut gathered = Gathered::default();
        if !gathered.add(own.recv().await) {
            return;
        }
        sleep(GATHERED_FOR).await;
        while let Ok(event) = own.try_recv() {
            gathered.add(Ok(event));
        }
        while let Err(error) = line.tell(gathered.notices(server)).await {
            tracing::warn!(%error, "other servers could not be told what changed; trying again");
            gathered.missed = true;
            sleep(TRY_AGAIN_AFTER).await;
        }
    }
}

/// Publishes what other servers tell. Whenever the line is new, something may have been missed.
async fn hear(line: Line, events: Events, server: Uuid) {
    loop {
        let mut listener = match line.listen().await {
            Ok(listener) => listener,
            Err(error) => {
                tracing::warn!(%error, "other servers cannot be heard; trying again");
                sleep(TRY_AGAIN_AFTER).await;
                continue;
            }
        };
        events.publish_told(News::Reset);
        loop {
            match listener.next().await {
                Ok(Some(notice)) => {
                    for news in read_notice(&notice, server) {
                        events.publish_told(news);
                    }
                }
                Ok(None) => events.publish_told(News::Reset),
                Err(error) => {
                    tracing::warn!(%error, "other servers cannot be heard; listening anew");
                    break;
                }
            }
        }
        sleep(TRY_AGAIN_AFTER).await;
    }
}

/// Events gathered for one telling, each once.
#[derive(Default)]
struct Gathered {
    events: Vec<Event>,
    missed: bool,
}

impl Gathered {
    /// Takes what was received; `false` once nothing more will come.
    fn add(&mut self, received: Result<Event, RecvError>) -> bool {
        match received {
            Ok(event) if self.events.contains(&event) => {}
            Ok(event) if self.events.len() < TOLD_ONE_BY_ONE => self.events.push(event),
            Ok(_) | Err(RecvError::Lagged(_)) => self.missed = true,
            Err(RecvError::Closed) => return false,
        }
        true
    }

    /// `SERVER ACCOUNT,CUSTOMER ACCOUNT,CUSTOMER …`, or `SERVER *` where something was missed.
    fn notices(&self, server: Uuid) -> Vec<String> {
        let server = server.simple().to_string();
        if self.missed {
            return vec![format!("{server} *")];
        }
        let mut notices = vec![server.clone()];
        for event in &self.events {
            let ids = format!(
                " {},{}",
                event.account.0.simple(),
                event.customer.0.simple()
            );
            let full = notices
                .last()
                .is_some_and(|notice| notice.len() + ids.len() > NOTICE_LIMIT_BYTES);
            if full {
                notices.push(server.clone());
            }
            if let Some(notice) = notices.last_mut() {
                notice.push_str(&ids);
            }
        }
        notices
    }
}

/// What a notice says; nothing when it is this server's own. What cannot be read counts as missed.
fn read_notice(notice: &str, server: Uuid) -> Vec<News> {
    let mut words = notice.split(' ');
    let from = words.next().and_then(|word| word.parse::<Uuid>().ok());
    if from == Some(server) {
        return Vec::new();
    }
    words
        .map(|ids| read_ids(ids).map_or(News::Reset, News::Changed))
        .collect()
}

fn read_ids(ids: &str) -> Option<Event> {
    let (account, customer) = ids.split_once(',')?;
    Some(Event {
        account: account.parse().ok()?,
        customer: customer.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> Event {
        Event {
            account: ReceivableAccountId(Uuid::now_v7()),
            customer: CustomerId(Uuid::now_v7()),
        }
    }

    #[test]
    fn other_servers_read_what_one_told_and_its_own_notices_are_skipped() {
        let (here, there) = (Uuid::now_v7(), Uuid::now_v7());
        let mut gathered = Gathered::default();
        let events: Vec<Event> = (0..300).map(|_| event()).collect();
        for event in events.iter().chain(&events) {
            assert!(gathered.add(Ok(*event)));
        }
        let notices = gathered.notices(here);
        assert!(notices.len() > 1);
        assert!(
            notices
                .iter()
                .all(|notice| notice.len() <= NOTICE_LIMIT_BYTES)
        );
        let heard: Vec<News> = notices
            .iter()
            .flat_map(|notice| read_notice(notice, there))
            .collect();
        let expected: Vec<News> = events.into_iter().map(News::Changed).collect();
        assert_eq!(heard, expected);
        assert!(
            notices
                .iter()
                .all(|notice| read_notice(notice, here).is_empty())
        );
    }

    #[test]
    fn what_was_missed_is_a_reset() {
        let mut gathered = Gathered::default();
        assert!(gathered.add(Err(RecvError::Lagged(3))));
        assert!(gathered.add(Ok(event())));
        let heard = read_notice(&gathered.notices(Uuid::now_v7())[0], Uuid::now_v7());
        assert_eq!(heard, vec![News::Reset]);
    }

    #[test]
    fn a_reader_hears_only_of_what_they_see() {
        let seen = event();
        assert!(sent(News::Changed(seen), Sight::Customer(seen.customer)).is_some());
        assert!(sent(News::Changed(event()), Sight::Customer(seen.customer)).is_none());
        assert!(sent(News::Changed(event()), Sight::Account(seen.account)).is_none());
        assert!(sent(News::Changed(seen), Sight::Everything).is_some());
        assert!(sent(News::Reset, Sight::Account(seen.account)).is_some());
    }
}
