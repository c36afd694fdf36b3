//! Reports as the API answers with them: the same figures as on the pages.

use crate::domain::ledger::{LedgerKind, LedgerRole};
use crate::domain::money::{Currency, Money};
use crate::dto::error::AppError;
use crate::dto::reports::{AgingAmounts, AgingFilter, TrialBalanceRow};
use crate::dto::verify::{CheckOutcome, Finding};
use crate::server::context::Ctx;
use crate::server::queries::{reports, verify};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Open items by days overdue as of the end of a day: every account with something open or credit, and the totals.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Aging {
    pub as_of: NaiveDate,
    pub items: Vec<AgingItem>,
    /// One per currency.
    pub totals: Vec<AgingTotal>,
}

/// One receivable account.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AgingItem {
    /// Number of the receivable account.
    pub account: String,
    /// Customer number.
    pub customer: String,
    pub customer_name: String,
    #[serde(flatten)]
    pub figures: AgingFigures,
}

/// All accounts in one currency.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AgingTotal {
    #[schema(value_type = String, example = "EUR")]
    pub currency: Currency,
    /// Customers with something open.
    pub customers: i64,
    #[serde(flatten)]
    pub figures: AgingFigures,
}

/// Open items by days overdue. Open less credit in receivable is the receivable ledger.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AgingFigures {
    pub open_invoices: i64,
    pub not_due: Money,
    pub days_1_30: Money,
    pub days_31_60: Money,
    pub days_61_90: Money,
    pub over_90: Money,
    /// Everything open, whether due or not.
    pub open: Money,
    /// Overpayments and credit notes, which stand in the receivable ledger and lower it.
    pub credit_in_receivable: Money,
    /// The receivable ledger.
    pub receivable: Money,
    pub prepayments: Money,
    pub promotional_credit: Money,
    pub goodwill_credit: Money,
    /// Part of the credit that has lapsed while its lapse is not posted yet.
    pub lapsed_not_posted: Money,
}

impl From<AgingAmounts> for AgingFigures {
    fn from(amounts: AgingAmounts) -> Self {
        Self {
            open_invoices: amounts.open_invoices,
            not_due: amounts.not_due,
            days_1_30: amounts.days_1_30,
            days_31_60: amounts.days_31_60,
            days_61_90: amounts.days_61_90,
            over_90: amounts.over_90,
            open: amounts.open,
            credit_in_receivable: amounts.credit_in_receivable,
            receivable: amounts.receivable,
            prepayments: amounts.prepayments,
            promotional_credit: amounts.promotional_credit,
            goodwill_credit: amounts.goodwill_credit,
            lapsed_not_posted: amounts.lapsed_not_posted,
        }
    }
}

/// What an aging report is asked for.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct AgingWanted {
    /// Today where it is empty.
    #[param(required = false, example = "2026-01-31")]
    pub as_of: String,
    /// Number or part of the name of a customer, or number of a receivable account.
    #[param(required = false)]
    pub search: String,
    #[param(required = false)]
    pub currency: String,
}

pub async fn aging(ctx: &Ctx, wanted: AgingWanted) -> Result<Aging, AppError> {
    let filter = AgingFilter {
        as_of: wanted.as_of,
        search: wanted.search,
        currency: wanted.currency,
    };
    let report = reports::aging(ctx, filter, None).await?;
    let items = report.rows.into_iter().map(|row| AgingItem {
        account: row.account_number,
        customer: row.customer_number,
        customer_name: row.customer_name,
        figures: row.amounts.into(),
    });
    let totals = report.totals.into_iter().map(|total| AgingTotal {
        currency: total.currency,
        customers: total.customers,
        figures: total.amounts.into(),
    });
    Ok(Aging {
        as_of: report.as_of,
        items: items.collect(),
        totals: totals.collect(),
    })
}

/// The balance of every ledger account at the end of a day, by accounting day.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TrialBalance {
    pub as_of: NaiveDate,
    /// One per currency.
    pub items: Vec<CurrencyBalances>,
}

/// All ledger accounts of one currency; debits and credits are equal.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CurrencyBalances {
    #[schema(value_type = String, example = "EUR")]
    pub currency: Currency,
    pub accounts: Vec<LedgerBalance>,
    pub debits: Money,
    pub credits: Money,
}

/// One ledger account; its balance is on the side on which it stands.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LedgerBalance {
    pub role: LedgerRole,
    pub code: String,
    pub name: String,
    pub kind: LedgerKind,
    pub debit: Option<Money>,
    pub credit: Option<Money>,
}

impl From<TrialBalanceRow> for LedgerBalance {
    fn from(row: TrialBalanceRow) -> Self {
        Self {
            role: row.role,
            code: row.code,
            name: row.name,
            kind: row.kind,
            debit: row.debit,
            credit: row.credit,
        }
    }
}

/// As of which day a trial balance is asked for.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct TrialBalanceWanted {
    /// Today where it is empty.
    #[param(required = false, example = "2026-01-31")]
    pub as_of: String,
}

pub async fn trial_balance(
    ctx: &Ctx,
    wanted: TrialBalanceWanted,
) -> Result<TrialBalance, AppError> {
    let balance = reports::trial_balance(ctx, &wanted.as_of).await?;
    let items = balance
        .currencies
        .into_iter()
        .map(|currency| CurrencyBalances {
            currency: currency.currency,
            accounts: currency.rows.into_iter().map(LedgerBalance::from).collect(),
            debits: currency.debits,
            credits: currency.credits,
        });
    Ok(TrialBalance {
        as_of: balance.as_of,
        items: items.collect(),
    })
}

/// The check of the books: what must hold everywhere, and where it does not.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TieOut {
    /// Every check holds.
    pub clean: bool,
    pub checks: Vec<BooksCheckOutcome>,
}

/// One thing that must hold, and the rows for which it does not.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BooksCheckOutcome {
    #[schema(example = "tie_out")]
    pub check: &'static str,
    /// What must hold.
    pub rule: &'static str,
    pub findings: Vec<BooksFinding>,
    /// There are more findings than are listed.
    pub more: bool,
}

/// One row for which a check does not hold.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BooksFinding {
    #[schema(example = "account")]
    pub kind: &'static str,
    pub id: String,
    /// How people name it.
    pub name: String,
    /// Number of the receivable account it belongs to.
    pub account: Option<String>,
    pub role: Option<LedgerRole>,
    /// What it should be and what it is, where two amounts are compared …
    pub expected: Option<Money>,
    pub found: Option<Money>,
    /// … or two numbers.
    pub expected_count: Option<i64>,
    pub found_count: Option<i64>,
    /// An English sentence.
    pub detail: String,
}

impl From<CheckOutcome> for BooksCheckOutcome {
    fn from(outcome: CheckOutcome) -> Self {
        Self {
            check: outcome.check.code(),
            rule: outcome.check.rule(),
            findings: outcome
                .findings
                .into_iter()
                .map(BooksFinding::from)
                .collect(),
            more: outcome.more,
        }
    }
}

impl From<Finding> for BooksFinding {
    fn from(finding: Finding) -> Self {
        Self {
            detail: finding.sentence(),
            kind: finding.kind.code(),
            id: finding.id,
            name: finding.name,
            account: finding.account,
            role: finding.role,
            expected: finding.expected,
            found: finding.found,
            expected_count: finding.expected_count,
            found_count: finding.found_count,
        }
    }
}

pub async fn tie_out(ctx: &Ctx) -> Result<TieOut, AppError> {
    let report = verify::verify(ctx).await?;
    Ok(TieOut {
        clean: report.is_clean(),
        checks: report
            .checks
            .into_iter()
            .map(BooksCheckOutcome::from)
            .collect(),
    })
}
