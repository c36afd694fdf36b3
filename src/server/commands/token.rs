//! `saldo token add`

use super::{Answer, Failure, open_house, role_codes};
use crate::domain::rights::Role;
use crate::dto::people::NewToken;
use crate::server::config::Config;
use crate::server::services::tokens;
use clap::{Args, Subcommand};

/// API tokens for programs
#[derive(Args)]
pub struct Words {
    #[command(subcommand)]
    act: Act,
}

#[derive(Subcommand)]
enum Act {
    Add(New),
}

/// Make a token, bound to a role or to one customer; its text is shown once
#[derive(Args)]
struct New {
    /// What the program may do; customer goes with --customer
    #[arg(long, required_unless_present = "customer", value_parser = role_codes())]
    role: Option<String>,
    /// Number of the customer whose data the program may see
    #[arg(long, value_name = "NUMBER")]
    customer: Option<String>,
    /// What the token is called in lists and in the history
    #[arg(long, default_value = "Command line")]
    name: String,
}

pub async fn run(words: Words, config: &Config) -> Result<Answer, Failure> {
    let Act::Add(new) = words.act;
    let ctx = open_house(config).await?;
    let token = NewToken {
        name: new.name,
        role: new.role.unwrap_or_else(|| Role::Customer.code().to_owned()),
        customer: new.customer.unwrap_or_default(),
    };
    let token = tokens::issue(&ctx, token).await?;
    Answer::done(token.secret.clone(), &token)
}
