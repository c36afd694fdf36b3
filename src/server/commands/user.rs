//! `saldo user add`

use super::{Answer, Failure, could_not, open_house, role_codes};
use crate::domain::ids::UserId;
use crate::domain::rights::Role;
use crate::dto::people::{IssuedLink, NewPortalUser, NewStaff};
use crate::server::config::Config;
use crate::server::context::Ctx;
use crate::server::services::users;
use clap::{Args, Subcommand};
use serde_json::json;
use std::io::stdin;

/// People who can log in
#[derive(Args)]
pub struct Words {
    #[command(subcommand)]
    act: Act,
}

#[derive(Subcommand)]
enum Act {
    Add(New),
}

/// Add a person; without --password a one-time link is shown with which they set one
#[derive(Args)]
struct New {
    /// Address the person logs in with
    email: String,
    /// What the person may do; may be given several times. A customer's person is named with --customer
    #[arg(
        long = "role",
        value_name = "ROLE",
        required_unless_present = "customer",
        value_parser = role_codes()
    )]
    roles: Vec<String>,
    /// Number of the customer whose portal the person sees
    #[arg(long, value_name = "NUMBER")]
    customer: Option<String>,
    /// How the person is called [default: what stands before the @]
    #[arg(long)]
    name: Option<String>,
    /// Set this password; without a value it is read from standard input
    #[arg(long, num_args = 0..=1)]
    #[expect(
        clippy::option_option,
        reason = "absent, without value and with value are three things"
    )]
    password: Option<Option<String>>,
}

pub async fn run(words: Words, config: &Config) -> Result<Answer, Failure> {
    let Act::Add(new) = words.act;
    let password = match new.password.clone() {
        Some(Some(password)) => Some(password),
        Some(None) => Some(typed_password()?),
        None => None,
    };
    let ctx = open_house(config).await?;
    match password {
        Some(password) => {
            let user = add(&ctx, &new, &password).await?;
            let text = format!("{} can log in.", new.email);
            Answer::done(text, &json!({ "user": user, "email": new.email }))
        }
        None => {
            let link = invite(&ctx, &new).await?;
            let url = format!("{}{}", config.seen_at(config.port), link.path);
            let text = format!(
                "{} sets a password here, once, within 7 days:\n{url}",
                new.email
            );
            let json = json!({
                "user": link.user,
                "email": link.email,
                "link": url,
                "expires_at": link.expires_at,
            });
            Answer::done(text, &json)
        }
    }
}

async fn add(ctx: &Ctx, new: &New, password: &str) -> Result<UserId, Failure> {
    Ok(match portal_user(new)? {
        Some(person) => users::add_customer(ctx, person, password).await?,
        None => users::add_staff(ctx, staff(new), password).await?,
    })
}

async fn invite(ctx: &Ctx, new: &New) -> Result<IssuedLink, Failure> {
    Ok(match portal_user(new)? {
        Some(person) => users::invite_customer(ctx, person).await?,
        None => users::invite_staff(ctx, staff(new)).await?,
    })
}

/// The person as a customer's, where they are one. A customer's person has no staff role.
fn portal_user(new: &New) -> Result<Option<NewPortalUser>, Failure> {
    let is_customer = |role: &String| role == Role::Customer.code();
    match &new.customer {
        Some(customer) if new.roles.iter().all(is_customer) => Ok(Some(NewPortalUser {
            customer: customer.clone(),
            email: new.email.clone(),
            name: name(new),
        })),
        Some(_) => Err(Failure::Usage(
            "--customer goes with the role customer only".to_owned(),
        )),
        None if new.roles.iter().any(is_customer) => Err(Failure::Usage(
            "the role customer needs --customer NUMBER".to_owned(),
        )),
        None => Ok(None),
    }
}

fn staff(new: &New) -> NewStaff {
    NewStaff {
        email: new.email.clone(),
        name: name(new),
        roles: new.roles.clone(),
    }
}

fn name(new: &New) -> String {
    let local = new.email.split('@').next().unwrap_or(&new.email);
    new.name.clone().unwrap_or_else(|| local.to_owned())
}

fn typed_password() -> Result<String, Failure> {
    let mut line = String::new();
    stdin()
        .read_line(&mut line)
        .map_err(|error| could_not("read the password", error))?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
