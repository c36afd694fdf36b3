//! What staff see first: totals per currency, what is overdue, what came in.

use super::sql::{self, unreadable};
use super::{credits, invoices, payments};
use crate::domain::credit::CreditClass;
use crate::domain::money::{Currency, Money};
use crate::domain::rights::Right;
use crate::dto::balances::ClassCredit;
use crate::dto::dashboard::{CurrencyTotals, Dashboard};
use crate::dto::error::AppError;
use crate::dto::invoices::InvoiceFilter;
use crate::dto::payments::PaymentFilter;
use crate::server::context::Ctx;
use sea_orm::FromQueryResult;

const OVERDUE_ROWS: usize = 8;
const PAYMENT_ROWS: usize = 8;
const LAPSING_ROWS: usize = 8;

pub async fn show(ctx: &Ctx) -> Result<Dashboard, AppError> {
    ctx.actor.require(Right::ReadCustomers)?;
    let overdue = InvoiceFilter {
        overdue: "yes".to_owned(),
        ..InvoiceFilter::default()
    };
    Ok(Dashboard {
        currencies: totals(ctx).await?,
        overdue: invoices::to_be_paid(ctx, overdue, OVERDUE_ROWS).await?,
        lapsing: credits::lapsing_next(ctx, LAPSING_ROWS).await?,
        payments: payments::latest(ctx, PaymentFilter::default(), PAYMENT_ROWS).await?,
    })
}

/// One figure of one currency: an amount, and how many invoices or accounts it stands for.
#[derive(FromQueryResult)]
struct Figure {
    currency: String,
    kind: String,
    amount_minor: i64,
    count: i64,
}

/// Receivable, overdue, credit by class, and what credit could pay now: one statement, so that the figures belong
/// together. What could be paid leaves out what a run leaves out: holds, disputes, lapsed credit.
async fn totals(ctx: &Ctx) -> Result<Vec<CurrencyTotals>, AppError> {
    let statement = "SELECT currency, kind, CAST(amount AS bigint) AS amount_minor, count FROM (
            SELECT currency, 'due' AS kind, SUM(open_minor) AS amount, COUNT(*) AS count
                FROM invoices WHERE open_minor > 0 GROUP BY currency
            UNION ALL SELECT currency, 'overdue', SUM(open_minor), COUNT(*)
                FROM invoices WHERE open_minor > 0 AND due_on < $1 GROUP BY currency
            UNION ALL SELECT currency, class, SUM(remaining_minor), COUNT(*)
                FROM credit_grants WHERE remaining_minor > 0 AND (expires_on IS NULL OR expires_on >= $1)
                GROUP BY currency, class
            UNION ALL SELECT currency, 'applicable', SUM(CASE WHEN usable < payable THEN usable ELSE payable END),
                    COUNT(*)
                FROM (SELECT a.currency,
                        (SELECT SUM(g.remaining_minor) FROM credit_grants g
                            WHERE g.account_id = a.id AND g.remaining_minor > 0 AND NOT g.on_hold
                                AND g.effective_on <= $1
                                AND (g.expires_on IS NULL OR g.expires_on >= $1)) AS usable,
                        (SELECT SUM(i.open_minor) FROM invoices i
                            WHERE i.account_id = a.id AND i.open_minor > 0 AND NOT i.disputed) AS payable
                    FROM receivable_accounts a
                    WHERE a.credit_minor > 0 AND a.due_minor > 0 AND NOT a.on_hold) AS both_sides
                WHERE usable > 0 AND payable > 0 GROUP BY currency
            UNION ALL SELECT currency, 'accounts', 0, COUNT(*) FROM receivable_accounts GROUP BY currency
        ) AS figures ORDER BY kind, count DESC, currency";
    let figures = sql::all::<Figure>(ctx, statement, vec![ctx.today().into()]).await?;
    let used = figures.iter().filter(|figure| figure.kind == "accounts");
    let totals = used.map(|figure| of_currency(&figures, &figure.currency));
    totals.collect()
}

fn of_currency(figures: &[Figure], code: &str) -> Result<CurrencyTotals, AppError> {
    let currency: Currency = code
        .parse()
        .map_err(|_| unreadable("receivable_accounts.currency", code))?;
    let money = |minor| Money::new(minor, currency);
    let mine = || figures.iter().filter(|figure| figure.currency == code);
    // A figure that no row stands for is nothing.
    let figure = |kind: &str| {
        let found = mine().find(|figure| figure.kind == kind);
        found.map_or((money(0), 0), |figure| {
            (money(figure.amount_minor), figure.count.unsigned_abs())
        })
    };
    let mut credit = money(0);
    let mut credit_by_class = Vec::new();
    for class in CreditClass::ALL {
        let (amount, grants) = figure(class.code());
        if grants > 0 {
            credit = credit.plus(amount)?;
            credit_by_class.push(ClassCredit {
                class: *class,
                amount,
            });
        }
    }
    credit_by_class.sort_by_key(|credit| credit.class.rank());
    let (due, due_invoices) = figure("due");
    let (overdue, overdue_invoices) = figure("overdue");
    let (applicable, applicable_accounts) = figure("applicable");
    Ok(CurrencyTotals {
        due,
        due_invoices,
        overdue,
        overdue_invoices,
        credit,
        credit_by_class,
        applicable,
        applicable_accounts,
    })
}
