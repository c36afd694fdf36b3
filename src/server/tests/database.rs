//! Databases that tests make and throw away, on both engines. Also used by the tests of the program itself.

use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbErr, Statement};
use std::hash::{DefaultHasher, Hash, Hasher};
use tempfile::TempDir;
use uuid::Uuid;

/// Names a PostgreSQL server tests may make databases on: `postgres://…/postgres`. Unset, those tests are skipped.
const POSTGRES_VARIABLE: &str = "SALDO_TEST_POSTGRES";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// A database without data, gone when this is dropped.
pub enum TestDatabase {
    Sqlite(TempDir),
    Postgres { server: String, name: String },
}

impl TestDatabase {
    /// On PostgreSQL it has the schema, which takes longer to make than to copy. `None`, said so, where the engine is
    /// not at hand.
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
        create_from_template(&server, &name)
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

/// The test processes of one build share a template with the schema; the first of them makes it.
async fn create_from_template(server: &str, name: &str) -> Result<(), DbErr> {
    let template = format!("saldo_template_{}", build());
    let connection = connect(server).await?;
    let exists = format!("SELECT 1 FROM pg_database WHERE datname = '{template}'");
    let exists = Statement::from_string(connection.get_database_backend(), exists);
    // Held until the connection closes; the others wait for it only while the template is being made.
    if connection.query_one_raw(exists.clone()).await?.is_none() {
        connection.execute_unprepared(LOCK_TEMPLATES).await?;
        if connection.query_one_raw(exists).await?.is_none() {
            make_template(server, &connection, &template).await?;
        }
        connection.execute_unprepared(UNLOCK_TEMPLATES).await?;
    }
    let create = format!("CREATE DATABASE {name} TEMPLATE {template}");
    connection.execute_unprepared(&create).await?;
    connection.close().await
}

const LOCK_TEMPLATES: &str = "SELECT pg_advisory_lock(7325)";
const UNLOCK_TEMPLATES: &str = "SELECT pg_advisory_unlock(7325)";

/// It gets its name when it is complete.
async fn make_template(
    server: &str,
    connection: &DatabaseConnection,
    template: &str,
) -> Result<(), DbErr> {
    let making = format!("{template}_making");
    let run = async |sql: String| connection.execute_unprepared(&sql).await;
    run(format!("DROP DATABASE IF EXISTS {making}")).await?;
    run(format!("CREATE DATABASE {making}")).await?;
    let inside = connect(&with_database(server, &making)).await?;
    Migrator::up(&inside, None).await?;
    inside.close().await?;
    run(format!("ALTER DATABASE {making} RENAME TO {template}")).await?;
    Ok(())
}

/// Tells this build from others, whose schema may be another: when and where its program was linked.
fn build() -> String {
    let program = std::env::current_exe().expect("a test knows its program");
    let linked = std::fs::metadata(&program).and_then(|file| file.modified());
    let mut hasher = DefaultHasher::new();
    (program, linked.expect("files have a time")).hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

async fn connect(url: &str) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    Database::connect(options).await
}

async fn run_on_server(server: &str, sql: &str) -> Result<(), DbErr> {
    let connection = connect(server).await?;
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
