//! What every server test stands on: a fresh, migrated database of its own on SQLite and on PostgreSQL, a business
//! date that stands still, and one `Ctx` per kind of actor.
//!
//! ```text
//! #[rstest]
//! #[case::sqlite(Engine::Sqlite)]
//! #[case::postgres(Engine::Postgres)]
//! #[tokio::test]
//! async fn overpayment_stays_as_credit(#[case] engine: Engine) {
//!     let Some(house) = House::open(engine).await else { return };
//!     let ctx = house.accountant();
//!     …
//! }
//! ```

use super::database::TestDatabase;
use crate::domain::ids::{ApplicationId, CustomerId, InvoiceId, ReceivableAccountId, UserId};
use crate::domain::rights::Role;
use crate::dto::form::AmountText;
use crate::dto::invoices::{NewInvoice, NewInvoiceLine, SavedInvoice};
use crate::dto::payments::{NewPayment, NewPaymentApplication, RecordedPayment};
use crate::dto::verify::Finding;
use crate::server::context::{Actor, Clock, Ctx, Db, Events};
use crate::server::queries::verify::verify;
use crate::server::services::{invoices, payments, setup};
use chrono::NaiveDate;
use chrono_tz::Tz;
use sea_orm::{ConnectionTrait, Statement, Value};
use uuid::Uuid;

pub use super::database::Engine;

/// The day on which tests happen.
pub fn today() -> NaiveDate {
    day("2026-06-15")
}

/// A date as tests write it.
pub fn day(text: &str) -> NaiveDate {
    text.parse().expect("tests write dates as YYYY-MM-DD")
}

/// The business time zone of tests: one whose days do not begin with UTC's.
pub const ZONE: Tz = chrono_tz::Europe::Berlin;

/// One test's own database with the chart of accounts in it, gone when the test ends.
pub struct House {
    ctx: Ctx,
    _database: TestDatabase,
}

impl House {
    /// `None`, said so, where the engine is not at hand.
    pub async fn open(engine: Engine) -> Option<Self> {
        let house = Self::open_empty(engine).await?;
        setup::ensure_chart(&house.ctx)
            .await
            .expect("the chart fits an empty database");
        Some(house)
    }

    /// As `open`, without the chart of accounts.
    pub async fn open_empty(engine: Engine) -> Option<Self> {
        let database = TestDatabase::open(engine).await?;
        let db = Db::connect_to_fill(&database.url())
            .await
            .expect("a fresh database takes connections");
        db.migrate()
            .await
            .expect("a fresh database takes the schema");
        let ctx = Ctx {
            db,
            clock: Clock::fixed(ZONE, today()),
            events: Events::default(),
            actor: Actor::System,
        };
        Some(Self {
            ctx,
            _database: database,
        })
    }

    /// The database's address, for what opens it by itself.
    pub fn database_url(&self) -> String {
        self._database.url()
    }

    /// Saldo itself.
    pub fn system(&self) -> Ctx {
        self.ctx.clone()
    }

    pub fn nobody(&self) -> Ctx {
        self.ctx.as_actor(Actor::Nobody)
    }

    pub fn admin(&self) -> Ctx {
        self.staff("Ada Admin", &[Role::Admin])
    }

    pub fn accountant(&self) -> Ctx {
        self.staff("Anna Accountant", &[Role::Accountant])
    }

    pub fn cashier(&self) -> Ctx {
        self.staff("Carl Cashier", &[Role::Cashier])
    }

    pub fn support(&self) -> Ctx {
        self.staff("Sue Support", &[Role::Support])
    }

    /// A member of staff with these roles.
    pub fn staff(&self, name: &str, roles: &[Role]) -> Ctx {
        self.ctx.as_actor(Actor::Staff {
            user: UserId(Uuid::now_v7()),
            name: name.to_owned(),
            roles: roles.to_vec(),
        })
    }

    /// A person who sees this customer's portal.
    pub fn customer(&self, customer: CustomerId) -> Ctx {
        self.ctx.as_actor(Actor::Customer {
            user: UserId(Uuid::now_v7()),
            name: "Chris Customer".to_owned(),
            customer,
        })
    }

    /// A receivable account of a new customer of the same number, with the default settings, made in the database
    /// itself so that tests of other acts do not depend on how customers are made.
    pub async fn account(&self, number: &str, currency: &str) -> TestAccount {
        let (customer, account) = (Uuid::now_v7(), Uuid::now_v7());
        self.run(
            "INSERT INTO customers (id, number, name, email, phone, street, postal_code, city, country, language,
                tax_id, terms_days, notes, search_text, created_at)
            VALUES ($1, $2, $2, '', '', '', '', '', 'DE', 'en', '', 14, '', $3, $4)",
            vec![customer.into(), number.into(), number.to_lowercase().into(), self.ctx.clock.now().into()],
        )
        .await;
        self.run(
            "INSERT INTO receivable_accounts (id, number, customer_id, currency, name, auto_apply, surplus_choice,
                order_of_use, on_hold, created_at)
            VALUES ($1, $2, $3, $4, '', 'prepayments', 'keep', 'lapsing_first', $5, $6)",
            vec![
                account.into(),
                number.into(),
                customer.into(),
                currency.into(),
                false.into(),
                self.ctx.clock.now().into(),
            ],
        )
        .await;
        TestAccount {
            id: ReceivableAccountId(account),
            customer: CustomerId(customer),
            number: number.to_owned(),
        }
    }

    /// Runs one statement in the database itself, past every rule but the database's own.
    pub async fn run(&self, sql: &str, values: Vec<Value>) -> u64 {
        let write = &self.ctx.db.write;
        let statement = Statement::from_sql_and_values(write.get_database_backend(), sql, values);
        let done = write.execute_raw(statement).await;
        done.unwrap_or_else(|error| panic!("{sql}: {error}"))
            .rows_affected()
    }

    /// How many rows there are of `FROM …`.
    pub async fn count(&self, from: &str) -> i64 {
        let read = &self.ctx.db.read;
        let sql = format!("SELECT COUNT(*) AS count FROM {from}");
        let statement = Statement::from_string(read.get_database_backend(), sql);
        let row = read.query_one_raw(statement).await;
        let row = row.unwrap_or_else(|error| panic!("{from}: {error}"));
        let row = row.expect("a count answers one row");
        row.try_get("", "count").expect("a count is a number")
    }

    /// The column `text` of every row, from the database itself.
    pub async fn texts(&self, sql: &str, values: Vec<Value>) -> Vec<String> {
        let read = &self.ctx.db.read;
        let statement = Statement::from_sql_and_values(read.get_database_backend(), sql, values);
        let rows = read.query_all_raw(statement).await;
        let rows = rows.unwrap_or_else(|error| panic!("{sql}: {error}"));
        rows.iter()
            .map(|row| row.try_get("", "text").expect("a column called text"))
            .collect()
    }

    /// The column `id` of every row, from the database itself.
    pub async fn ids(&self, sql: &str) -> Vec<Uuid> {
        let read = &self.ctx.db.read;
        let statement = Statement::from_string(read.get_database_backend(), sql);
        let rows = read.query_all_raw(statement).await;
        let rows = rows.unwrap_or_else(|error| panic!("{sql}: {error}"));
        rows.iter()
            .map(|row| row.try_get("", "id").expect("a column called id"))
            .collect()
    }

    /// The applications to an invoice, oldest first, whether they stand or not.
    pub async fn applications_of(&self, invoice: InvoiceId) -> Vec<ApplicationId> {
        let read = &self.ctx.db.read;
        let sql = "SELECT id FROM applications WHERE invoice_id = $1 ORDER BY id";
        let statement =
            Statement::from_sql_and_values(read.get_database_backend(), sql, [invoice.0.into()]);
        let rows = read
            .query_all_raw(statement)
            .await
            .expect("applications can be read");
        rows.iter()
            .map(|row| ApplicationId(row.try_get("", "id").expect("an application has an id")))
            .collect()
    }

    /// Fails unless everything that must hold in the books does.
    pub async fn check_books(&self) {
        let report = verify(&self.ctx).await.expect("the books can be checked");
        let findings: Vec<String> = report.findings().map(Finding::sentence).collect();
        assert!(report.is_clean(), "{}", findings.join("\n"));
    }

    /// Everyone who works with Saldo, with a name for messages: to ask each of them for one thing.
    pub fn everyone(&self, customer: CustomerId) -> Vec<(&'static str, Ctx)> {
        vec![
            ("nobody", self.nobody()),
            ("admin", self.admin()),
            ("accountant", self.accountant()),
            ("cashier", self.cashier()),
            ("support", self.support()),
            ("customer", self.customer(customer)),
        ]
    }
}

/// A receivable account made by [`House::account`].
pub struct TestAccount {
    pub id: ReceivableAccountId,
    pub customer: CustomerId,
    pub number: String,
}

impl TestAccount {
    /// An invoice of one line without tax, finalised on this day. A negative price gives credit.
    pub async fn invoice(&self, ctx: &Ctx, issued_on: &str, price: &str) -> SavedInvoice {
        let line = NewInvoiceLine {
            description: "Service".to_owned(),
            quantity: "1".to_owned(),
            unit_price: price.to_owned(),
            ..Default::default()
        };
        let command = NewInvoice {
            account: self.number.clone(),
            issued_on: issued_on.to_owned(),
            lines: vec![line],
            act: "finalise".to_owned(),
            reason: "test".to_owned(),
            ..Default::default()
        };
        let saved = invoices::save(ctx, command).await;
        saved.expect("the invoice can be finalised")
    }

    /// A bank transfer that pays these amounts of these invoices and keeps a surplus as credit.
    pub async fn payment(
        &self,
        ctx: &Ctx,
        received_on: &str,
        amount: &str,
        pays: &[(&SavedInvoice, &str)],
    ) -> RecordedPayment {
        let applications = pays.iter().map(|(invoice, amount)| NewPaymentApplication {
            invoice: invoice.invoice.to_string(),
            amount: (*amount).to_owned(),
        });
        let command = NewPayment {
            account: self.number.clone(),
            amount: AmountText {
                amount: amount.to_owned(),
                currency: String::new(),
            },
            received_on: received_on.to_owned(),
            applications: applications.collect(),
            surplus: "keep".to_owned(),
            reason: "test".to_owned(),
            ..Default::default()
        };
        let recorded = payments::record(ctx, command).await;
        recorded.expect("the payment can be recorded")
    }
}

#[cfg(test)]
mod checks {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::sqlite(Engine::Sqlite)]
    #[case::postgres(Engine::Postgres)]
    #[tokio::test]
    async fn each_test_has_a_house_of_its_own(#[case] engine: Engine) {
        let Some(first) = House::open(engine).await else {
            return;
        };
        let Some(second) = House::open(engine).await else {
            return;
        };
        assert_ne!(first.database_url(), second.database_url());
        assert_eq!(first.accountant().today(), today());
    }
}
