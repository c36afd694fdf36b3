//! One receivable account: its balance, live, how it behaves, and every entry with the balance after it.

use super::api::show_account;
use super::settings::auto_apply_words;
use crate::domain::credit::OrderOfUse;
use crate::domain::rights::Right;
use crate::dto::accounts::{AccountDetail, LedgerDocument, LedgerRow, NextUse, ReadSettings};
use crate::web::customers::list::may;
use crate::web::links;
use crate::web::live::balance::BalanceTiles;
use crate::web::ui::prelude::*;
use crate::web::ui::visit::query_string;
use chrono::NaiveDate;
use leptos_router::hooks::use_params_map;

#[component]
pub fn AccountPage() -> impl IntoView {
    load(show_account(number_in_path(), typed::query()), page)
}

/// The account's number as it stands in the address.
pub(super) fn number_in_path() -> String {
    use_params_map()
        .get_untracked()
        .get("number")
        .unwrap_or_default()
}

fn page(account: AccountDetail) -> impl IntoView {
    let balance = account.overview.balance;
    let crumbs = vec![
        Crumb::new(t!(customers.title), "/customers"),
        Crumb::new(
            account.customer_name,
            links::customer(&account.customer_number),
        ),
    ];
    let held = account
        .overview
        .settings
        .on_hold
        .then(|| view! { <Badge tone=Tone::Warn label=t!(accounts.held) /> });
    let lead = view! {
        <span>{balance.due.currency.code()}</span>
        <span>{account.overview.settings.name.clone()}</span>
        {held}
    };
    let number = balance.number.clone();
    let order = account.overview.settings.order_of_use;
    view! {
        <PageHead title=t!(accounts.title, account = number.clone()) crumbs lead=lead.into_any()>
            <Acts number />
        </PageHead>
        <BalanceTiles balance />
        <NextUses uses=account.next_uses more=account.more_uses order />
        <Ledger rows=account.ledger total=account.total />
        <Settings settings=account.overview.settings opened_on=account.overview.opened_on />
    }
}

#[component]
fn Acts(number: String) -> impl IntoView {
    let bill = may(Right::EditInvoices).then(|| {
        let form = format!("/invoices/new?{}", query_string(&[("account", &number)]));
        view! { <ButtonLink href=form label=t!(customers.new_invoice) icon="file-text" /> }
    });
    let pay = may(Right::RecordPayments).then(|| {
        let form = links::new_payment(&number);
        view! { <ButtonLink href=form label=t!(customers.record_payment) icon="banknote" /> }
    });
    let set = may(Right::EditCustomers).then(|| {
        let form = format!("{}/settings", links::account(&number));
        view! { <ButtonLink href=form label=t!(accounts.settings) icon="settings" /> }
    });
    let prepaid = view! { <ButtonLink href=links::prepaid(&number) label=t!(accounts.prepaid) icon="hourglass" /> };
    let code = may(Right::GrantPromotions).then(|| {
        let form = format!("/promotions/code?{}", query_string(&[("account", &number)]));
        view! { <ButtonLink href=form label=t!(accounts.enter_code) icon="gift" /> }
    });
    let give = may(Right::AdjustCredits).then(|| {
        let form = links::new_request("adjustments", &[("account", &number)]);
        view! { <ButtonLink href=form label=t!(requests.goodwill) icon="plus" /> }
    });
    let refund = may(Right::RefundCredits).then(|| {
        let form = links::new_request("refunds", &[("account", &number)]);
        view! { <ButtonLink href=form label=t!(requests.refund) icon="undo-2" /> }
    });
    let transfer = may(Right::TransferCredits).then(|| {
        let form = links::new_request("transfers", &[("account", &number)]);
        view! { <ButtonLink href=form label=t!(requests.transfer) icon="arrow-up-down" /> }
    });
    view! { {bill} {pay} {prepaid} {code} {give} {refund} {transfer} {set} }
}

/// The credit that will be used next, in order, each with the reason why it goes before the next.
#[component]
fn NextUses(uses: Vec<NextUse>, more: u32, order: OrderOfUse) -> impl IntoView {
    if uses.is_empty() {
        return None;
    }
    let explained = t!(expiry.next_uses_by, order = words::order_of_use(order));
    let rows: Vec<_> = uses.into_iter().enumerate().map(next_use).collect();
    let head = view! {
        <th scope="col">{t!(expiry.first)}</th>
        <th scope="col">{t!(credits.class)}</th>
        <th scope="col">{t!(credits.lapses)}</th>
        <NumberHead label=t!(credits.priority) />
        <th scope="col">{t!(expiry.because)}</th>
        <NumberHead label=t!(credits.remaining) />
    };
    let more = (more > 0).then(|| {
        let text = t!(expiry.more_uses, count = format::number(more));
        view! { <p class="hint">{text}</p> }
    });
    Some(view! {
        <Card title=t!(expiry.next_uses)>
            <p class="soft">{explained}</p>
            <DataTable caption=t!(expiry.next_uses) head=head.into_any() cards=true>{rows}</DataTable>
            {more}
        </Card>
    })
}

fn next_use((place, credit): (usize, NextUse)) -> impl IntoView {
    let label = t!(credits.one, number = credit.number.to_string());
    let place = t!(expiry.place, place = (place + 1).to_string());
    view! {
        <tr>
            <th scope="row">{place} " " <a href=links::grant(credit.grant)>{label}</a></th>
            <Cell label=t!(credits.class)>{words::credit_class(credit.class)}</Cell>
            <Cell label=t!(credits.lapses)>{words::lapses(credit.expires_on)}</Cell>
            <NumberCell label=t!(credits.priority)>{credit.priority.to_string()}</NumberCell>
            <Cell label=t!(expiry.because)>{words::use_reason(credit.reason)}</Cell>
            <NumberCell label=t!(credits.remaining)>{format::money(credit.usable)}</NumberCell>
        </tr>
    }
}

#[component]
fn Settings(settings: ReadSettings, opened_on: Option<NaiveDate>) -> impl IntoView {
    let opened_on = opened_on.map_or_else(|| t!(accounts.not_opened).to_owned(), format::date);
    view! {
        <Card title=t!(accounts.settings)>
            <Facts>
                <Fact label=t!(accounts.opened_on)>{opened_on}</Fact>
                <Fact label=t!(accounts.auto_apply)>{auto_apply_words(settings.auto_apply)}</Fact>
                <Fact label=t!(accounts.surplus_choice)>{words::surplus_choice(settings.surplus_choice)}</Fact>
                <Fact label=t!(accounts.order_of_use)>{words::order_of_use(settings.order_of_use)}</Fact>
            </Facts>
        </Card>
    }
}

#[component]
fn Ledger(rows: Vec<LedgerRow>, total: u64) -> impl IntoView {
    if rows.is_empty() {
        return view! {
            <Card title=t!(accounts.ledger)>
                <Empty title=t!(accounts.no_ledger) text=t!(accounts.no_ledger_text) />
            </Card>
        }
        .into_any();
    }
    let rows: Vec<_> = rows.into_iter().map(row).collect();
    let head = view! {
        <th scope="col">{t!(accounts.date)}</th>
        <th scope="col">{t!(accounts.document)}</th>
        <NumberHead label=t!(accounts.change) />
        <NumberHead label=t!(accounts.balance) />
    };
    view! {
        <Card title=t!(accounts.ledger)>
            <DataTable caption=t!(accounts.ledger) head=head.into_any() cards=true>{rows}</DataTable>
        </Card>
        <Pager total />
    }
    .into_any()
}

fn row(row: LedgerRow) -> impl IntoView {
    let posted = (row.posting_on != row.effective_on).then(|| {
        view! { <p class="note soft">{t!(accounts.posted_on, date = format::date(row.posting_on))}</p> }
    });
    let reversed = (row.reverses && row.applied.is_none())
        .then(|| view! { <Badge tone=Tone::Neutral label=t!(accounts.reversed) /> });
    let change = match row.change.is_zero() {
        true => "–".into_any(),
        false => words::balance(row.change).into_any(),
    };
    let document = document(&row);
    let day = match may(Right::ReadJournal) {
        true => {
            let entry = links::entry(row.entry);
            view! { <a href=entry>{format::date(row.effective_on)}</a> }.into_any()
        }
        false => format::date(row.effective_on).into_any(),
    };
    view! {
        <tr>
            <td data-label=t!(accounts.date)>
                <div>{day} " " {posted}</div>
            </td>
            <Cell label=t!(accounts.document)>
                <div>{document} " " {reversed}</div>
            </Cell>
            <NumberCell label=t!(accounts.change)>{change}</NumberCell>
            <NumberCell label=t!(accounts.balance)>{words::balance(row.balance)}</NumberCell>
        </tr>
    }
}

/// The document of a movement; for an application also how much was moved.
fn document(row: &LedgerRow) -> AnyView {
    match &row.document {
        LedgerDocument::Payment { payment, number } => {
            let label = t!(accounts.payment, number = number.to_string());
            view! { <a href=links::payment(*payment)>{label}</a> }.into_any()
        }
        LedgerDocument::Invoice { invoice, number } => {
            view! { <a href=links::invoice(*invoice)>{number.clone()}</a> }.into_any()
        }
        LedgerDocument::Lapse { grant, number } => {
            let label = t!(accounts.lapsed, number = number.to_string());
            view! { <a href=links::grant(*grant)>{label}</a> }.into_any()
        }
        LedgerDocument::Promotion { promotion, code } => {
            let label = t!(accounts.promotion, code = code.clone());
            view! { <a href=links::promotion(*promotion)>{label}</a> }.into_any()
        }
        LedgerDocument::CreditNote {
            credit_note,
            number,
        } => view! { <a href=links::credit_note(*credit_note)>{number.clone()}</a> }.into_any(),
        LedgerDocument::Request(request) => {
            let label = words::request_name(request.kind, request.number);
            view! { <a href=links::request(request.request)>{label}</a> }.into_any()
        }
        LedgerDocument::Application { invoice, number } => {
            let applied = row.applied.map(|amount| match row.reverses {
                true => t!(accounts.unapplied, amount = format::money(amount)),
                false => t!(accounts.applied, amount = format::money(amount)),
            });
            view! {
                <a href=links::invoice(*invoice)>{number.clone()}</a>
                <p class="note credit">{applied}</p>
            }
            .into_any()
        }
    }
}
