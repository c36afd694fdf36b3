//! `saldo migrate`

use super::{Answer, Failure, open_house};
use crate::server::config::Config;
use clap::Args;
use serde_json::json;

/// Bring the database's schema up to date
#[derive(Args)]
pub struct Words {}

pub async fn run(Words {}: Words, config: &Config) -> Result<Answer, Failure> {
    open_house(config).await?;
    Answer::done("The database is up to date.", &json!({ "migrated": true }))
}
