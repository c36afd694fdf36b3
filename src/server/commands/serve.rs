//! `saldo serve`

use super::{Answer, Failure, could_not, log_to_stderr, open_house_at, print};
use crate::server::auth::session;
use crate::server::config::{Config, Overrides};
use crate::server::context::{Clock, Ctx};
use crate::server::jobs;
use crate::server::live;
use crate::server::router::{self, Outside};
use crate::server::services::users;
use chrono::NaiveDate;
use clap::Args;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

/// Serve pages and the API
#[derive(Args)]
pub struct Words {
    /// Address to listen on [default: 127.0.0.1]
    #[arg(long)]
    host: Option<String>,
    /// Port to listen on; 0 takes a free one [default: 3000]
    #[arg(long)]
    port: Option<u16>,
    /// The business date stands still on this day and is moved through the API; for tests
    #[arg(long, value_name = "YYYY-MM-DD")]
    test_clock: Option<NaiveDate>,
}

/// How long requests that are being answered may take after the server was asked to end.
const LAST_ANSWERS_WITHIN: Duration = Duration::from_secs(10);

/// Returns once the server has been asked to end and has ended.
pub async fn run(words: Words, overrides: Overrides, json: bool) -> Result<Answer, Failure> {
    let overrides = Overrides {
        host: words.host,
        port: words.port,
        ..overrides
    };
    let config = Config::read(&overrides)?;
    log_to_stderr(&config, "info");
    let clock = match words.test_clock {
        Some(today) => Clock::fixed(config.time_zone, today),
        None => Clock::system(config.time_zone),
    };
    let ctx = open_house_at(&config, clock).await?;
    let listener = listen(&config).await?;
    let port = listener
        .local_addr()
        .map_err(|error| could_not("tell the port", error))?
        .port();
    let seen_at = config.seen_at(port);
    let first_admin = users::first_admin_link(&ctx).await?;
    let link = first_admin.map(|link| format!("{seen_at}{}", link.path));
    greet(json, &seen_at, link.as_deref());
    serve(ctx, config, listener).await?;
    Ok(Answer {
        text: String::new(),
        json: Value::Null,
        findings: false,
    })
}

async fn listen(config: &Config) -> Result<TcpListener, Failure> {
    let address = SocketAddr::new(config.host, config.port);
    TcpListener::bind(address).await.map_err(|error| {
        let what = format!("listen on {address} (--port 0 takes a free port)");
        could_not(&what, error)
    })
}

fn greet(json: bool, seen_at: &str, link: Option<&str>) {
    let mut text = format!("Saldo serves on {seen_at}");
    if let Some(link) = link {
        text.push_str(&format!(
            "\nNobody can log in yet. The first administrator sets a password here, once, within 7 days:\n{link}"
        ));
    }
    print(
        json,
        &text,
        &json!({ "url": seen_at, "first_admin_link": link }),
    );
}

async fn serve(ctx: Ctx, config: Config, listener: TcpListener) -> Result<(), Failure> {
    let outside = Outside {
        origin: config.public_url,
    };
    let app = router::app(&ctx, &outside).map_err(|error| Failure::Usage(error.to_string()))?;
    live::join_other_servers(&ctx);
    let sweeping = tokio::spawn(session::sweep(ctx.clone()));
    let daily = tokio::spawn(jobs::daily::keep_up(ctx.clone()));
    let (asked, asked_to_end) = oneshot::channel();
    let ending = async move {
        end_asked().await;
        tracing::info!("asked to end");
        ctx.events.end();
        // Nobody waits for it when the server ended by itself.
        let _ = asked.send(());
    };
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    let serving = axum::serve(listener, service).with_graceful_shutdown(ending);
    let result = tokio::select! {
        result = serving => result,
        () = too_late(asked_to_end) => Ok(()),
    };
    sweeping.abort();
    daily.abort();
    result.map_err(|error| could_not("serve", error))
}

/// Ctrl-C, or what service managers send.
async fn end_asked() {
    let terminate = async {
        match signal(SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(error) => {
                tracing::warn!(%error, "SIGTERM cannot be heard");
                std::future::pending::<()>().await;
            }
        }
    };
    tokio::select! {
        result = tokio::signal::ctrl_c() => if let Err(error) = result {
            tracing::warn!(%error, "Ctrl-C cannot be heard");
        },
        () = terminate => {}
    }
}

async fn too_late(asked_to_end: oneshot::Receiver<()>) {
    if asked_to_end.await.is_ok() {
        tokio::time::sleep(LAST_ANSWERS_WITHIN).await;
    } else {
        std::future::pending::<()>().await;
    }
}
