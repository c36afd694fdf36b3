//! All that a use case may know of the outside: database, clock, live events and who acts.

use crate::domain::ids::{CustomerId, ReceivableAccountId, TokenId, UserId};
use crate::domain::rights::{Right, Role, holds};
use crate::dto::error::AppError;
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use migration::{Migrator, MigratorTrait};
use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{ConnectOptions, Database, DatabaseBackend, DatabaseConnection, DbErr};
use std::sync::{Arc, RwLock};
use std::time::Duration;
use tokio::sync::{broadcast, watch};

/// Handed to every use case and query. Cheap to clone.
#[derive(Clone)]
pub struct Ctx {
    pub db: Db,
    pub clock: Clock,
    pub events: Events,
    pub actor: Actor,
}

impl Ctx {
    /// The same outside, acted on by someone else.
    pub fn as_actor(&self, actor: Actor) -> Self {
        Self {
            actor,
            ..self.clone()
        }
    }

    /// Today in the business time zone.
    pub fn today(&self) -> NaiveDate {
        self.clock.today()
    }
}

/// Connections to the database. Reads and writes are apart because SQLite has one writer:
/// its write pool has a single connection, handed out first come, first served.
#[derive(Clone)]
pub struct Db {
    pub read: DatabaseConnection,
    pub write: DatabaseConnection,
}

const SQLITE_READERS: u32 = 4;
const POSTGRES_CONNECTIONS: u32 = 16;
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);

impl Db {
    /// Connects to `sqlite://FILE` or `postgres://…`. Does not touch the schema.
    pub async fn connect(url: &str) -> Result<Self, DbErr> {
        Self::connect_with(url, SqliteSynchronous::Full).await
    }

    /// As `connect`, for filling a database that is thrown away should the machine stop half-way: SQLite does not
    /// wait for the disk at every commit.
    pub async fn connect_to_fill(url: &str) -> Result<Self, DbErr> {
        Self::connect_with(url, SqliteSynchronous::Off).await
    }

    async fn connect_with(url: &str, synchronous: SqliteSynchronous) -> Result<Self, DbErr> {
        if url.starts_with("sqlite:") {
            let options = |connections| sqlite_options(url, connections, synchronous);
            let write = Database::connect(options(1)).await?;
            let read = Database::connect(options(SQLITE_READERS)).await?;
            return Ok(Self { read, write });
        }
        let mut options = ConnectOptions::new(url);
        options
            .max_connections(POSTGRES_CONNECTIONS)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .sqlx_logging(false);
        let pool = Database::connect(options).await?;
        Ok(Self {
            read: pool.clone(),
            write: pool,
        })
    }

    /// Brings the schema up to date.
    pub async fn migrate(&self) -> Result<(), DbErr> {
        Migrator::up(&self.write, None).await
    }

    /// Done when the database has answered.
    pub async fn ping(&self) -> Result<(), DbErr> {
        self.read.ping().await
    }

    pub fn is_sqlite(&self) -> bool {
        self.write.get_database_backend() == DatabaseBackend::Sqlite
    }
}

fn sqlite_options(url: &str, connections: u32, synchronous: SqliteSynchronous) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(move |sqlite| {
            sqlite
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(synchronous)
                .foreign_keys(true)
                .busy_timeout(ACQUIRE_TIMEOUT)
                .statement_cache_capacity(256)
        });
    options
}

/// The only reader of the system clock. The business date can be fixed for tests of what happens over time.
#[derive(Clone)]
pub struct Clock {
    zone: Tz,
    fixed_today: Option<Arc<RwLock<NaiveDate>>>,
}

impl Clock {
    /// Today follows the system clock in the business time zone.
    pub fn system(zone: Tz) -> Self {
        Self {
            zone,
            fixed_today: None,
        }
    }

    /// Today is `today` until it is moved on.
    pub fn fixed(zone: Tz, today: NaiveDate) -> Self {
        Self {
            zone,
            fixed_today: Some(Arc::new(RwLock::new(today))),
        }
    }

    /// Today in the business time zone.
    pub fn today(&self) -> NaiveDate {
        match &self.fixed_today {
            Some(today) => *today.read().expect("no holder of the clock panics"),
            None => self.now().with_timezone(&self.zone).date_naive(),
        }
    }

    /// This instant. Never fixed: sessions, tokens and `recorded_at` use real time.
    pub fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    /// Whether the business date is fixed and can be moved.
    pub fn is_fixed(&self) -> bool {
        self.fixed_today.is_some()
    }

    /// Moves a fixed clock on to `today`; a clock never goes back. Says whether it moved.
    pub fn move_to(&self, today: NaiveDate) -> bool {
        let Some(fixed) = &self.fixed_today else {
            return false;
        };
        let mut current = fixed.write().expect("no holder of the clock panics");
        let forward = today >= *current;
        if forward {
            *current = today;
        }
        forward
    }

    pub fn zone(&self) -> Tz {
        self.zone
    }

    /// The first instant of a day in the business time zone.
    pub fn start_of(&self, day: NaiveDate) -> DateTime<Utc> {
        let midnight = day.and_time(NaiveTime::MIN);
        // Where clocks go forward at midnight the day begins up to an hour later; one that was left out altogether
        // begins with the next.
        let mut halves = (0..=48).map(|halves| midnight + TimeDelta::minutes(30 * halves));
        let start = halves.find_map(|local| local.and_local_timezone(self.zone).earliest());
        start.map_or_else(|| midnight.and_utc(), |start| start.with_timezone(&Utc))
    }
}

/// Something changed on an account; carries ids only, so that whoever listens asks again as themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    pub account: ReceivableAccountId,
    pub customer: CustomerId,
}

/// What a listener is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    Changed(Event),
    /// Events may have been missed: ask again for everything.
    Reset,
}

/// How many events a slow listener may fall behind before it has to ask for everything again.
const EVENT_BACKLOG: usize = 1024;

/// Publishes what changed, after commit.
#[derive(Clone)]
pub struct Events {
    /// What this server did, to be told to the other servers on the same database.
    own: broadcast::Sender<Event>,
    /// What any server did.
    all: broadcast::Sender<News>,
    ended: watch::Sender<bool>,
}

impl Default for Events {
    fn default() -> Self {
        Self {
            own: broadcast::channel(EVENT_BACKLOG).0,
            all: broadcast::channel(EVENT_BACKLOG).0,
            ended: watch::channel(false).0,
        }
    }
}

impl Events {
    /// Something changed by an act on this server.
    pub fn publish(&self, event: Event) {
        // Nobody listening is not a failure.
        let _ = self.own.send(event);
        let _ = self.all.send(News::Changed(event));
    }

    /// Something another server told.
    pub fn publish_told(&self, news: News) {
        let _ = self.all.send(news);
    }

    /// What any server does from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<News> {
        self.all.subscribe()
    }

    /// What this server does from now on.
    pub fn subscribe_own(&self) -> broadcast::Receiver<Event> {
        self.own.subscribe()
    }

    /// Ends everyone's listening: the server shuts down.
    pub fn end(&self) {
        self.ended.send_replace(true);
    }

    /// Done once listening has ended.
    pub async fn ended(&self) {
        let mut ended = self.ended.subscribe();
        // An error means that the sender, which is part of `self`, is gone.
        let _ = ended.wait_for(|ended| *ended).await;
    }
}

/// Who does this act now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    Nobody,
    Staff {
        user: UserId,
        name: String,
        roles: Vec<Role>,
    },
    Customer {
        user: UserId,
        name: String,
        customer: CustomerId,
    },
    /// A program with a token, bound to one role or to one customer.
    Token {
        token: TokenId,
        name: String,
        role: Role,
        customer: Option<CustomerId>,
    },
    /// Saldo itself: a job, a command of someone with access to the machine.
    System,
}

impl Actor {
    /// Fails with "not logged in" for nobody and with "forbidden" for whoever lacks the right.
    pub fn require(&self, right: Right) -> Result<(), AppError> {
        match self {
            Self::Nobody => Err(AppError::NotLoggedIn),
            _ if self.holds(right) => Ok(()),
            _ => Err(AppError::Forbidden),
        }
    }

    /// Fails with "not logged in" for nobody. What is looked at decides the rest.
    pub fn require_someone(&self) -> Result<(), AppError> {
        match self {
            Self::Nobody => Err(AppError::NotLoggedIn),
            _ => Ok(()),
        }
    }

    pub fn holds(&self, right: Right) -> bool {
        match self {
            Self::Nobody | Self::Customer { .. } => false,
            Self::Staff { roles, .. } => holds(roles, right),
            Self::Token { role, .. } => holds(&[*role], right),
            Self::System => true,
        }
    }

    /// The person who acts, if it is one.
    pub fn user(&self) -> Option<UserId> {
        match self {
            Self::Staff { user, .. } | Self::Customer { user, .. } => Some(*user),
            _ => None,
        }
    }

    /// The customer this actor is bound to, if any.
    pub fn customer(&self) -> Option<CustomerId> {
        match self {
            Self::Customer { customer, .. } => Some(*customer),
            Self::Token { customer, .. } => *customer,
            _ => None,
        }
    }

    /// May this actor read what belongs to `customer`? Another customer's data is not found, and that is logged.
    pub fn require_sight_of(&self, customer: CustomerId) -> Result<(), AppError> {
        match self.customer() {
            Some(own) if own == customer => Ok(()),
            Some(own) => {
                tracing::warn!(%own, asked = %customer, "a customer asked for another customer's data");
                Err(AppError::NotFound)
            }
            None => self.require(Right::ReadCustomers),
        }
    }

    /// How records name this actor.
    pub fn label(&self) -> String {
        match self {
            Self::Nobody => "nobody".to_owned(),
            Self::Staff { name, .. } | Self::Customer { name, .. } => name.clone(),
            Self::Token { name, .. } => format!("API: {name}"),
            Self::System => "Saldo".to_owned(),
        }
    }

    /// What idempotency keys of this actor are kept under.
    pub fn key(&self) -> String {
        match self {
            Self::Nobody => "nobody".to_owned(),
            Self::Staff { user, .. } | Self::Customer { user, .. } => format!("user:{user}"),
            Self::Token { token, .. } => format!("token:{token}"),
            Self::System => "system".to_owned(),
        }
    }
}
