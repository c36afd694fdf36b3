//! `saldo expire-credits`

use super::{Answer, Failure, open_house, progress};
use crate::domain::money::Money;
use crate::dto::expiry::ExpirySummary;
use crate::server::config::Config;
use crate::server::services::expiry::{self, Done};
use crate::web::ui::format;
use chrono::NaiveDate;
use clap::Args;

/// Post the lapse of all credit whose last usable day has passed
#[derive(Args)]
pub struct Words {
    /// Only what has lapsed by this day [default: today]
    #[arg(long, value_name = "YYYY-MM-DD")]
    through: Option<NaiveDate>,
}

pub async fn run(words: Words, config: &Config) -> Result<Answer, Failure> {
    let ctx = open_house(config).await?;
    let through = words.through.unwrap_or_else(|| ctx.today());
    let bar = progress("Lapsing on accounts", Some(0));
    let shown = bar.clone();
    let told = move |done: Done| {
        shown.set_length(done.of.max(done.accounts));
        shown.set_position(done.accounts);
    };
    let summary = expiry::expire(&ctx, through, &told).await;
    bar.finish_and_clear();
    let summary = summary?;
    Ok(Answer {
        findings: !summary.failed_accounts.is_empty(),
        ..Answer::done(text(&summary), &summary)?
    })
}

fn text(summary: &ExpirySummary) -> String {
    let day = format::date(summary.through);
    let mut lines = vec![match summary.grants {
        0 => format!("Nothing to lapse through {day}."),
        1 => format!(
            "1 credit lapsed through {day}: {}.",
            amounts(&summary.totals)
        ),
        grants => format!(
            "{grants} credits lapsed through {day}: {}.",
            amounts(&summary.totals)
        ),
    }];
    if !summary.failed_accounts.is_empty() {
        lines.push(format!("Failed: {}", summary.failed_accounts.join(", ")));
    }
    lines.join("\n")
}

fn amounts(totals: &[Money]) -> String {
    let totals = totals.iter().map(|total| format::money(*total));
    totals.collect::<Vec<_>>().join(", ")
}
