//! The chart of accounts: what Saldo posts to, under the business's own codes and names.

use super::api::list_chart;
use super::{crumbs, crumbs_to, may};
use crate::domain::ledger::LedgerRole;
use crate::domain::rights::Right;
use crate::dto::business::LedgerAccountRow;
use crate::dto::error::AppError;
use crate::web::ui::load::Failure;
use crate::web::ui::prelude::*;
use leptos_router::hooks::use_params_map;

/// Every account of the chart with what Saldo uses it for.
#[component]
pub fn ChartPage() -> impl IntoView {
    view! {
        <PageHead title=t!(admin.chart) crumbs=crumbs() lead=t!(admin.chart_lead).into_any() />
        {load(list_chart(), table)}
    }
}

fn table(accounts: Vec<LedgerAccountRow>) -> impl IntoView {
    let may_rename = may(Right::ManageChart);
    let rows: Vec<_> = accounts
        .into_iter()
        .map(|account| row(account, may_rename))
        .collect();
    let act = may_rename.then(
        || view! { <th scope="col"><span class="visually-hidden">{t!(admin.rename)}</span></th> },
    );
    let head = view! {
        <th scope="col">{t!(admin.code)}</th>
        <th scope="col">{t!(admin.name)}</th>
        <th scope="col">{t!(admin.kind)}</th>
        <th scope="col">{t!(admin.used_for)}</th>
        {act}
    };
    view! { <DataTable caption=t!(admin.chart) head=head.into_any() cards=true>{rows}</DataTable> }
}

fn row(account: LedgerAccountRow, may_rename: bool) -> impl IntoView {
    let name = account.name.clone();
    let act = may_rename.then(|| {
        let href = format!("/admin/chart/{}", account.role.code());
        view! {
            <Cell>
                <a href=href>{t!(admin.rename)} <span class="visually-hidden">{name}</span></a>
            </Cell>
        }
    });
    view! {
        <tr>
            <th scope="row">{account.code}</th>
            <Cell label=t!(admin.name)>{account.name}</Cell>
            <Cell label=t!(admin.kind)>{words::ledger_kind(account.kind)}</Cell>
            <Cell label=t!(admin.used_for)><span class="soft">{use_of(account.role)}</span></Cell>
            {act}
        </tr>
    }
}

/// The form that gives one account another code and name.
#[component]
pub fn ChartAccountPage() -> impl IntoView {
    let role = use_params_map().get_untracked().get("role");
    let Some(role) = role.as_deref().and_then(LedgerRole::from_code) else {
        return view! { <Failure error=AppError::NotFound /> }.into_any();
    };
    if !may(Right::ManageChart) {
        return view! { <Failure error=AppError::Forbidden /> }.into_any();
    }
    load(list_chart(), move |accounts| {
        let account = accounts.into_iter().find(|account| account.role == role);
        match account {
            Some(account) => form(account).into_any(),
            None => view! { <Failure error=AppError::NotFound /> }.into_any(),
        }
    })
    .into_any()
}

fn form(account: LedgerAccountRow) -> impl IntoView {
    view! {
        <PageHead
            title=format!("{} {}", account.code, account.name)
            crumbs=crumbs_to(t!(admin.chart), "/admin/chart")
            lead=use_of(account.role).into_any()
        />
        <Form endpoint="rename_ledger_account" arg="account">
            <Hidden name="role" value=account.role.code() />
            <div class="fields">
                <TextField
                    name="code"
                    label=t!(admin.code)
                    hint=t!(admin.code_hint)
                    value=account.code
                    required=true
                    maxlength=20
                />
                <TextField
                    name="name"
                    label=t!(admin.name)
                    value=account.name
                    required=true
                    maxlength=200
                />
            </div>
            <p class="hint">{t!(admin.rename_explained)}</p>
            <Actions>
                <Submit label=t!(admin.save) />
                <ButtonLink href="/admin/chart" label=t!(admin.cancel) />
            </Actions>
        </Form>
    }
}

/// What Saldo posts to the account of a role. Source: domain rules, section 8.
fn use_of(role: LedgerRole) -> &'static str {
    match role {
        LedgerRole::Bank => t!(admin.use_bank),
        LedgerRole::CashDesk => t!(admin.use_cash_desk),
        LedgerRole::PaymentClearing => t!(admin.use_payment_clearing),
        LedgerRole::Receivable => t!(admin.use_receivable),
        LedgerRole::CustomerPrepayments => t!(admin.use_customer_prepayments),
        LedgerRole::PromotionalCredit => t!(admin.use_promotional_credit),
        LedgerRole::GoodwillCredit => t!(admin.use_goodwill_credit),
        LedgerRole::SalesTaxPayable => t!(admin.use_sales_tax_payable),
        LedgerRole::Revenue => t!(admin.use_revenue),
        LedgerRole::SalesReturns => t!(admin.use_sales_returns),
        LedgerRole::PromotionExpense => t!(admin.use_promotion_expense),
        LedgerRole::GoodwillExpense => t!(admin.use_goodwill_expense),
        LedgerRole::BreakageIncome => t!(admin.use_breakage_income),
        LedgerRole::BadDebtExpense => t!(admin.use_bad_debt_expense),
        LedgerRole::CashOverShort => t!(admin.use_cash_over_short),
        LedgerRole::ExchangeGainLoss => t!(admin.use_exchange_gain_loss),
        LedgerRole::EarlyPaymentDiscount => t!(admin.use_early_payment_discount),
        LedgerRole::FeeIncome => t!(admin.use_fee_income),
    }
}
