//! `saldo demo`

use super::table::{Keep, table};
use super::{Answer, Failure, could_not, open_house_at, progress};
use crate::domain::rights::Role;
use crate::server::config::Config;
use crate::server::context::{Clock, Ctx, Db};
use crate::server::demo::{self, CUSTOMERS, FEWEST_CUSTOMERS, MOST_CUSTOMERS, Made, SEED, Wish};
use crate::server::queries::demo::{Holding, holding};
use crate::web::ui::format;
use chrono::NaiveDate;
use clap::Args;
use clap::value_parser;
use serde_json::json;

/// Fill an empty database with a demo company: customers, two years of invoices and payments, credit of every class
///
/// The same seed on the same day makes the same names, numbers and amounts. A database with anything in it is
/// refused.
#[derive(Args)]
pub struct Words {
    /// What chance starts from
    #[arg(long, default_value_t = SEED)]
    seed: u64,
    /// How many customers
    #[arg(long, default_value_t = CUSTOMERS, value_parser = value_parser!(u32).range(i64::from(FEWEST_CUSTOMERS)..=i64::from(MOST_CUSTOMERS)))]
    customers: u32,
    /// Last day of the history [default: today]
    #[arg(long, value_name = "YYYY-MM-DD")]
    test_clock: Option<NaiveDate>,
    /// Password of everybody who can log in; at least 12 characters [default: a fresh one, shown once]
    #[arg(long)]
    password: Option<String>,
    /// Nothing to do where the database already holds a demo company
    #[arg(long)]
    once: bool,
}

pub async fn run(words: Words, config: &Config) -> Result<Answer, Failure> {
    let clock = match words.test_clock {
        Some(today) => Clock::fixed(config.time_zone, today),
        None => Clock::system(config.time_zone),
    };
    let ctx = open_house_at(config, clock).await?;
    if words.once && holding(&ctx, &demo::email(Role::Customer)).await? == Holding::Demo {
        return already_there();
    }
    let wish = Wish {
        seed: words.seed,
        customers: words.customers,
        password: words.password.unwrap_or_else(demo::fresh_password),
    };
    let db = Db::connect_to_fill(&config.database_url).await;
    let db = db.map_err(|error| could_not("open the database", error))?;
    let made = make(&Ctx { db, ..ctx }, &wish).await?;
    let json = json!({ "made": true, "company": &made, "password": &wish.password });
    Answer::done(text(&made, &wish.password), &json)
}

async fn make(ctx: &Ctx, wish: &Wish) -> Result<Made, Failure> {
    let bar = progress("Making the demo company", Some(0));
    let made = demo::make(ctx, wish, &|done, of| {
        bar.set_length(of);
        bar.set_position(done);
    })
    .await;
    bar.finish_and_clear();
    Ok(made?)
}

fn already_there() -> Result<Answer, Failure> {
    let emails = Role::ALL.iter().map(|role| demo::email(*role));
    let emails: Vec<String> = emails.collect();
    let text = format!(
        "The demo company is there already. Its logins: {}.\nTheir password was shown when it was made.",
        emails.join(", ")
    );
    Answer::done(text, &json!({ "made": false, "logins": emails }))
}

fn text(made: &Made, password: &str) -> String {
    let columns = ["Role", "Name", "Log in as", "Customer"].map(|name| (name, Keep::Left));
    let logins = made.logins.iter().map(|login| {
        vec![
            login.role.code().to_owned(),
            login.name.clone(),
            login.email.clone(),
            login.customer.clone().unwrap_or_default(),
        ]
    });
    let logins: Vec<Vec<String>> = logins.collect();
    format!(
        "{} on {}: {} customers, {} invoices, {} payments, {} credit grants.\n\n{}\n\nEverybody's password: {password}",
        made.business,
        made.today,
        format::number(made.customers),
        format::number(made.invoices),
        format::number(made.payments),
        format::number(made.grants),
        table(&columns, &logins),
    )
}
