//! Pages of a large business over loopback, logged in, beside a handler that answers a constant page of the same
//! size. Server and client share the machine's cores on both sides.

use crate::database::{Engine, Original, close};
use crate::figures::{Figures, per_second};
use crate::fill;
use crate::http::{Connection, PASSWORD, log_in};
use axum::Router;
use axum::response::Html;
use axum::routing::get;
use saldo::dto::people::NewStaff;
use saldo::server::context::Ctx;
use saldo::server::router::{self, Outside};
use saldo::server::services::users;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

const CUSTOMERS: u32 = 10_000;
const CONNECTIONS: usize = 8;
/// How long each side is asked, each time.
const TURN: Duration = Duration::from_secs(2);
const EMAIL: &str = "anna@example.com";

pub async fn measure(engine: Engine, rounds: u32, figures: &mut Figures) -> anyhow::Result<()> {
    let mut original = Original::make(engine, async |ctx: &Ctx| {
        fill::accounts_to_apply(ctx, CUSTOMERS).await?;
        let anna = NewStaff {
            email: EMAIL.to_owned(),
            name: "Anna".to_owned(),
            roles: vec!["accountant".to_owned()],
        };
        users::add_staff(ctx, anna, PASSWORD).await?;
        Ok(())
    })
    .await?;
    let ctx = original.copy().await?;
    let (saldo, serving) = serve(router::app(&ctx, &Outside::default())?).await?;
    let cookie = log_in(saldo, EMAIL).await?;
    for (page, path) in [
        ("customer list of 10,000", "/customers"),
        ("customer detail", "/customers/C-5000"),
    ] {
        let size = Connection::to(saldo).await?.get(path, &cookie).await?;
        let constant: &'static str = "x".repeat(size).leak();
        let page_of_same_size =
            Router::new().route("/", get(move || async move { Html(constant) }));
        let (yardstick, yardstick_serving) = serve(page_of_same_size).await?;
        let (mut rates, mut yardstick_rates) = (Vec::new(), Vec::new());
        turn(saldo, path, &cookie).await?;
        for _ in 0..rounds {
            rates.push(turn(saldo, path, &cookie).await?);
            yardstick_rates.push(turn(yardstick, "/", &cookie).await?);
        }
        yardstick_serving.abort();
        let measure = format!("page, {engine:?}, {page}, {} kB", size / 1000);
        figures.rates(&measure, "requests/s", &rates, &yardstick_rates);
    }
    serving.abort();
    close(ctx).await
}

async fn serve(app: Router) -> anyhow::Result<(SocketAddr, JoinHandle<()>)> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    let serving = tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, service).await {
            println!("the server ended: {error}");
        }
    });
    Ok((address, serving))
}

/// Requests per second over several connections at once.
async fn turn(server: SocketAddr, path: &str, cookie: &str) -> anyhow::Result<u64> {
    let started = Instant::now();
    let clients: Vec<JoinHandle<anyhow::Result<u64>>> = (0..CONNECTIONS)
        .map(|_| {
            let (path, cookie) = (path.to_owned(), cookie.to_owned());
            tokio::spawn(async move {
                let mut connection = Connection::to(server).await?;
                let mut answered = 0;
                while started.elapsed() < TURN {
                    connection.get(&path, &cookie).await?;
                    answered += 1;
                }
                Ok(answered)
            })
        })
        .collect();
    let mut answered = 0;
    for client in clients {
        answered += client.await??;
    }
    Ok(per_second(answered, started.elapsed()))
}
