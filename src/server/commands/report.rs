//! `saldo report`

use super::table::{Keep, table};
use super::{Answer, Failure, open_house};
use crate::domain::money::Money;
use crate::dto::reports::{AgingAmounts, AgingFilter, AgingReport, TrialBalance};
use crate::server::config::Config;
use crate::server::queries::reports;
use chrono::NaiveDate;
use clap::{Args, Subcommand};

/// Reports as of a day
#[derive(Args)]
pub struct Words {
    #[command(subcommand)]
    report: Report,
}

#[derive(Subcommand)]
enum Report {
    Aging(AgingWords),
    TrialBalance(TrialBalanceWords),
}

/// Open items by days overdue, per receivable account, with the credit beside them
#[derive(Args)]
struct AgingWords {
    /// The day [default: today]
    #[arg(long, value_name = "YYYY-MM-DD")]
    as_of: Option<NaiveDate>,
    /// Only accounts in this currency
    #[arg(
        long,
        value_name = "CODE",
        default_value = "",
        hide_default_value = true
    )]
    currency: String,
    /// Only this customer (number, or part of the name) or receivable account
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    search: String,
}

/// Balances of all ledger accounts
#[derive(Args)]
struct TrialBalanceWords {
    /// The day [default: today]
    #[arg(long, value_name = "YYYY-MM-DD")]
    as_of: Option<NaiveDate>,
}

pub async fn run(words: Words, config: &Config) -> Result<Answer, Failure> {
    let ctx = open_house(config).await?;
    match words.report {
        Report::Aging(words) => {
            let filter = AgingFilter {
                as_of: written(words.as_of),
                search: words.search,
                currency: words.currency,
            };
            let report = reports::aging(&ctx, filter, None).await?;
            Answer::done(aging_text(&report), &report)
        }
        Report::TrialBalance(words) => {
            let balance = reports::trial_balance(&ctx, &written(words.as_of)).await?;
            Answer::done(trial_balance_text(&balance), &balance)
        }
    }
}

/// A day as filters take it; empty means today.
fn written(day: Option<NaiveDate>) -> String {
    day.map_or_else(String::new, |day| day.to_string())
}

fn aging_text(report: &AgingReport) -> String {
    let title = format!("Aging as of {}", report.as_of);
    if report.totals.is_empty() {
        return format!("{title}: nothing is open and there is no credit.");
    }
    let columns = [
        ("Account", Keep::Left),
        ("Customer", Keep::Left),
        ("Cur", Keep::Left),
        ("Open", Keep::Right),
        ("Not due", Keep::Right),
        ("1-30", Keep::Right),
        ("31-60", Keep::Right),
        ("61-90", Keep::Right),
        ("Over 90", Keep::Right),
        ("Credit", Keep::Right),
        ("Receivable", Keep::Right),
        ("Prepaid", Keep::Right),
        ("Promotional", Keep::Right),
        ("Goodwill", Keep::Right),
    ];
    let mut rows: Vec<Vec<String>> = report
        .rows
        .iter()
        .map(|row| {
            let names = [row.account_number.clone(), row.customer_name.clone()];
            aging_row(names, &row.amounts)
        })
        .collect();
    for total in &report.totals {
        let customers = format!("{} customers", total.customers);
        rows.push(aging_row(["TOTAL".to_owned(), customers], &total.amounts));
    }
    format!("{title}\n\n{}", table(&columns, &rows))
}

fn aging_row(names: [String; 2], amounts: &AgingAmounts) -> Vec<String> {
    let [account, customer] = names;
    let figures = [
        amounts.not_due,
        amounts.days_1_30,
        amounts.days_31_60,
        amounts.days_61_90,
        amounts.over_90,
        amounts.credit_in_receivable,
        amounts.receivable,
        amounts.prepayments,
        amounts.promotional_credit,
        amounts.goodwill_credit,
    ];
    let mut row = vec![
        account,
        customer,
        amounts.open.currency.to_string(),
        format!("{} ({})", amounts.open.plain(), amounts.open_invoices),
    ];
    row.extend(figures.into_iter().map(Money::plain));
    row
}

fn trial_balance_text(balance: &TrialBalance) -> String {
    let title = format!("Trial balance as of {}", balance.as_of);
    if balance.currencies.is_empty() {
        return format!("{title}: nothing is posted.");
    }
    let columns = [
        ("Code", Keep::Left),
        ("Account", Keep::Left),
        ("Debit", Keep::Right),
        ("Credit", Keep::Right),
    ];
    let plain = |amount: Option<Money>| amount.map_or(String::new(), Money::plain);
    let mut parts = vec![title];
    for currency in &balance.currencies {
        let mut rows: Vec<Vec<String>> = currency
            .rows
            .iter()
            .map(|row| {
                vec![
                    row.code.clone(),
                    row.name.clone(),
                    plain(row.debit),
                    plain(row.credit),
                ]
            })
            .collect();
        let totals = [currency.debits.plain(), currency.credits.plain()];
        rows.push(
            [String::new(), "TOTAL".to_owned()]
                .into_iter()
                .chain(totals)
                .collect(),
        );
        parts.push(format!("{}\n{}", currency.currency, table(&columns, &rows)));
    }
    parts.join("\n\n")
}
