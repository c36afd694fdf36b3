//! Fresh databases on both engines, and copies of a prepared one.

use anyhow::Context;
use clap::ValueEnum;
use saldo::server::context::{Actor, Clock, Ctx, Db, Events};
use saldo::server::services::setup;
use sea_orm::ConnectionTrait;
use std::path::PathBuf;
use tempfile::TempDir;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    /// The engine asked for, or all that are at hand.
    pub fn chosen(only: Option<Self>) -> Vec<Self> {
        let at_hand = |engine: &Self| {
            let there = *engine == Self::Sqlite || postgres_server().is_ok();
            if !there {
                println!("PostgreSQL skipped: SALDO_TEST_POSTGRES is not set");
            }
            there
        };
        let asked = only.map_or(vec![Self::Sqlite, Self::Postgres], |engine| vec![engine]);
        asked.into_iter().filter(at_hand).collect()
    }
}

fn postgres_server() -> anyhow::Result<String> {
    std::env::var("SALDO_TEST_POSTGRES").context("SALDO_TEST_POSTGRES is not set")
}

/// A database that can be copied as often as needed, so that both sides start from the same rows.
pub struct Original {
    engine: Engine,
    folder: TempDir,
    copies: u32,
}

impl Original {
    /// Makes a database with the schema and the chart and lets `fill` put rows into it.
    pub async fn make<F>(engine: Engine, fill: F) -> anyhow::Result<Self>
    where
        F: AsyncFnOnce(&Ctx) -> anyhow::Result<()>,
    {
        let original = Self {
            engine,
            folder: TempDir::new()?,
            copies: 0,
        };
        if engine == Engine::Postgres {
            administer(&[
                "DROP DATABASE IF EXISTS saldo_bench_original",
                "CREATE DATABASE saldo_bench_original",
            ])
            .await?;
        }
        let ctx = context(&original.url("original")?).await?;
        ctx.db.migrate().await?;
        setup::ensure_chart(&ctx).await?;
        fill(&ctx).await?;
        let tidy = if engine == Engine::Sqlite {
            "PRAGMA wal_checkpoint(TRUNCATE)"
        } else {
            "ANALYZE"
        };
        ctx.db.write.execute_unprepared(tidy).await?;
        close(ctx).await?;
        Ok(original)
    }

    /// Opens a fresh copy.
    pub async fn copy(&mut self) -> anyhow::Result<Ctx> {
        self.copies += 1;
        let name = format!("copy_{}", self.copies);
        match self.engine {
            Engine::Sqlite => {
                std::fs::copy(self.file("original"), self.file(&name))?;
            }
            Engine::Postgres => {
                let make =
                    format!("CREATE DATABASE saldo_bench_{name} TEMPLATE saldo_bench_original");
                let drop = format!("DROP DATABASE IF EXISTS saldo_bench_{name}");
                administer(&[&drop, &make, "CHECKPOINT"]).await?;
            }
        }
        context(&self.url(&name)?).await
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("{name}.db"))
    }

    fn url(&self, name: &str) -> anyhow::Result<String> {
        Ok(match self.engine {
            Engine::Sqlite => format!("sqlite://{}", self.file(name).display()),
            Engine::Postgres => {
                let server = postgres_server()?;
                let (base, _) = server
                    .rsplit_once('/')
                    .context("the server's address names a database")?;
                format!("{base}/saldo_bench_{name}")
            }
        })
    }
}

async fn context(url: &str) -> anyhow::Result<Ctx> {
    let today = "2026-06-15".parse()?;
    Ok(Ctx {
        db: Db::connect(url).await?,
        clock: Clock::fixed(chrono_tz::UTC, today),
        events: Events::default(),
        actor: Actor::System,
    })
}

pub async fn close(ctx: Ctx) -> anyhow::Result<()> {
    let Db { read, write } = ctx.db;
    read.close().await?;
    write.close().await?;
    Ok(())
}

async fn administer(statements: &[&str]) -> anyhow::Result<()> {
    let server = sea_orm::Database::connect(postgres_server()?).await?;
    for statement in statements {
        server.execute_unprepared(statement).await?;
    }
    server.close().await?;
    Ok(())
}
