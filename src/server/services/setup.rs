//! What every database needs before anything can be posted: the chart of accounts.

use crate::domain::ledger::LedgerRole;
use crate::dto::error::AppError;
use crate::server::context::Ctx;
use crate::server::store::{Tx, ledger_accounts};

/// Every role has its account in the chart afterwards; accounts that are there keep their code and name.
pub async fn ensure_chart(ctx: &Ctx) -> Result<(), AppError> {
    let tx = Tx::begin(ctx).await?;
    for role in LedgerRole::ALL {
        let (kind, code) = role.in_default_chart();
        ledger_accounts::insert_missing(&tx, *role, kind, code, default_name(*role)).await?;
    }
    tx.commit(ctx).await
}

/// English names of the default chart; admins rename accounts in the chart page.
fn default_name(role: LedgerRole) -> &'static str {
    match role {
        LedgerRole::Bank => "Bank",
        LedgerRole::CashDesk => "Cash desk",
        LedgerRole::PaymentClearing => "Payment clearing",
        LedgerRole::Receivable => "Accounts receivable",
        LedgerRole::CustomerPrepayments => "Customer prepayments",
        LedgerRole::PromotionalCredit => "Promotional credit issued",
        LedgerRole::GoodwillCredit => "Goodwill credit issued",
        LedgerRole::SalesTaxPayable => "Sales tax payable",
        LedgerRole::Revenue => "Revenue",
        LedgerRole::SalesReturns => "Sales returns",
        LedgerRole::PromotionExpense => "Promotion expense",
        LedgerRole::GoodwillExpense => "Goodwill expense",
        LedgerRole::BreakageIncome => "Credit breakage income",
        LedgerRole::BadDebtExpense => "Bad debt expense",
        LedgerRole::CashOverShort => "Cash over and short",
        LedgerRole::ExchangeGainLoss => "Exchange gain and loss",
        LedgerRole::EarlyPaymentDiscount => "Early-payment discount",
        LedgerRole::FeeIncome => "Fee income",
    }
}
