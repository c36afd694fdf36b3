//! Databases that tests make and throw away, on both engines. Also used by the tests of the program itself.

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DbErr};
use tempfile::TempDir;
use uuid::Uuid;

/// Names a PostgreSQL server tests may make databases on: `postgres://…/postgres`. Unset, those tests are skipped.
const POSTGRES_VARIABLE: &str = "SALDO_TEST_POSTGRES";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// An empty database, gone when this is dropped.
pub enum TestDatabase {
    Sqlite(TempDir),
    Postgres { server: String, name: String },
}

impl TestDatabase {
    /// `None`, said so, where the engine is not at hand.
    pub async fn open(engine: Engine) -> Option<Self> {
        match engine {
            Engine::Sqlite => Some(Self::sqlite()),
            Engine::Postgres => Self::postgres().await,
        }
    }

    fn sqlite() -> Self {
        Self::Sqlite(tempfile::tempdir().expect("there is room for temporary files"))
    }

    async fn postgres() -> Option<Self> {
        let Ok(server) = std::env::var(POSTGRES_VARIABLE) else {
            eprintln!("skipped: {POSTGRES_VARIABLE} names no PostgreSQL server");
            return None;
        };
        let name = format!("saldo_test_{}", Uuid::now_v7().simple());
        run_on_server(&server, &format!("CREATE DATABASE {name}"))
            .await
            .unwrap_or_else(|error| panic!("{POSTGRES_VARIABLE} makes no database: {error}"));
        Some(Self::Postgres { server, name })
    }

    pub fn url(&self) -> String {
        match self {
            Self::Sqlite(folder) => {
                format!("sqlite://{}", folder.path().join("saldo.db").display())
            }
            Self::Postgres { server, name } => with_database(server, name),
        }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let Self::Postgres { server, name } = self else {
            return;
        };
        let (server, drop) = (
            server.clone(),
            format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
        );
        // On a thread of its own: the test's runtime may be the one that is unwinding.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime
                .block_on(run_on_server(&server, &drop))
                .map_err(std::io::Error::other)
        });
        match dropping.join() {
            Ok(Ok(())) => {}
            Ok(Err(error)) => eprintln!("database {name} was not dropped: {error}"),
            Err(_) => eprintln!("database {name} was not dropped"),
        }
    }
}

async fn run_on_server(server: &str, sql: &str) -> Result<(), DbErr> {
    let mut options = ConnectOptions::new(server);
    options.max_connections(1).sqlx_logging(false);
    let connection = Database::connect(options).await?;
    connection.execute_unprepared(sql).await?;
    connection.close().await
}

/// `postgres://host/postgres?x=y` with another database: `postgres://host/NAME?x=y`.
fn with_database(server: &str, name: &str) -> String {
    let (address, query) = server.split_once('?').unwrap_or((server, ""));
    let (scheme, rest) = address.split_once("://").unwrap_or(("postgres", address));
    let host = rest.split('/').next().unwrap_or(rest);
    let query = if query.is_empty() {
        String::new()
    } else {
        format!("?{query}")
    };
    format!("{scheme}://{host}/{name}{query}")
}

#[cfg(test)]
mod checks {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("postgres://u@h:5432/postgres", "postgres://u@h:5432/t")]
    #[case("postgres://u@h", "postgres://u@h/t")]
    #[case(
        "postgres://u@h/postgres?host=/run/pg",
        "postgres://u@h/t?host=/run/pg"
    )]
    fn a_test_database_stands_on_the_named_server(#[case] server: &str, #[case] expected: &str) {
        assert_eq!(with_database(server, "t"), expected);
    }
}
