//! How servers on one PostgreSQL database tell each other something: LISTEN and NOTIFY on connections of their own,
//! so that no transaction ever notifies (which would queue all commits of the database behind each other).

use crate::server::context::Db;
use sea_orm::sqlx::postgres::{PgListener, PgPool, PgPoolOptions};
use sea_orm::sqlx::{self, Error};

const CHANNEL: &str = "saldo_changed";
/// One connection listens, one speaks.
const CONNECTIONS: u32 = 2;
/// PostgreSQL takes notices below 8,000 bytes.
pub const NOTICE_LIMIT_BYTES: usize = 7_900;

/// The line between the servers. Connects when it is first used.
#[derive(Clone)]
pub struct Line {
    pool: PgPool,
}

impl Line {
    /// `None` on SQLite, where there is only one server.
    pub fn of(db: &Db) -> Option<Self> {
        if db.is_sqlite() {
            return None;
        }
        let options = db.write.get_postgres_connection_pool().connect_options();
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_lazy_with((*options).clone());
        Some(Self { pool })
    }

    /// Tells every listening server, this one included.
    pub async fn tell(&self, notices: Vec<String>) -> Result<(), Error> {
        sqlx::query("SELECT pg_notify($1, notice) FROM unnest($2) AS notice")
            .bind(CHANNEL)
            .bind(notices)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Hears what is told from now on.
    pub async fn listen(&self) -> Result<Listener, Error> {
        let mut listener = PgListener::connect_with(&self.pool).await?;
        listener.listen(CHANNEL).await?;
        Ok(Listener { listener })
    }
}

/// One end of the line, on its own connection.
pub struct Listener {
    listener: PgListener,
}

impl Listener {
    /// The next notice. `None`: the connection was lost and made again, and notices may have been missed.
    pub async fn next(&mut self) -> Result<Option<String>, Error> {
        let notice = self.listener.try_recv().await?;
        Ok(notice.map(|notice| notice.payload().to_owned()))
    }
}
