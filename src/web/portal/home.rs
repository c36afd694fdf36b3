//! What a customer sees first: what is to pay, what credit they hold, what they paid. Made for a phone.

use super::api::show_portal_home;
use crate::domain::credit::GrantStatus;
use crate::domain::dates::days_overdue;
use crate::domain::payment::PaymentStatus;
use crate::dto::accounts::AccountOverview;
use crate::dto::credits::GrantRow;
use crate::dto::customers::PortalHome;
use crate::dto::invoices::InvoiceRow;
use crate::dto::payments::PaymentRow;
use crate::web::links;
use crate::web::live::balance::BalanceTiles;
use crate::web::ui::prelude::*;

#[component]
pub fn PortalHomePage() -> impl IntoView {
    load(show_portal_home(), page)
}

fn page(home: PortalHome) -> impl IntoView {
    let PortalHome { overview, payments } = home;
    let head = overview.head;
    let lead = view! { <p>{t!(portal.customer_number, number = head.number.clone())}</p> };
    let several = head.accounts.len() > 1;
    let none = head.accounts.is_empty().then(|| {
        view! { <Empty title=t!(portal.no_account) text=t!(portal.no_account_text) /> }
    });
    let (items, credits) = (overview.items, overview.credits);
    let customer = head.number;
    let accounts: Vec<_> = head
        .accounts
        .into_iter()
        .map(|account| {
            let number = account.balance.number.clone();
            let items = of_account(&items, &number, |item| &item.on.account);
            let credits = of_account(&credits, &number, |credit| &credit.on.account);
            account_part(account, customer.clone(), items, credits, several)
        })
        .collect();
    view! {
        <PageHead title=t!(portal.hello, name = head.name) lead=lead.into_any() />
        {none}
        {accounts}
        <Payments payments />
    }
}

fn of_account<T: Clone>(rows: &[T], number: &str, account: fn(&T) -> &String) -> Vec<T> {
    let mine = rows.iter().filter(|row| account(row) == number);
    mine.cloned().collect()
}

fn account_part(
    account: AccountOverview,
    customer: String,
    items: Vec<InvoiceRow>,
    credits: Vec<GrantRow>,
    several: bool,
) -> impl IntoView {
    let balance = account.balance;
    let prepaid = links::portal_prepaid(&balance.number);
    let title = several.then(|| {
        let title = t!(
            portal.account,
            account = balance.number.clone(),
            currency = balance.due.currency.code()
        );
        view! { <h2>{title}</h2> }
    });
    view! {
        <section class="stack">
            {title}
            <BalanceTiles balance customer />
            <div class="row">
                <ButtonLink href=prepaid label=t!(portal.prepaid) icon="wallet" />
                <ButtonLink href="/portal/code" label=t!(portal.enter_code) icon="gift" />
            </div>
            <div class="columns">
                <ToPay items />
                <Credits credits />
            </div>
        </section>
    }
}

#[component]
fn ToPay(items: Vec<InvoiceRow>) -> impl IntoView {
    if items.is_empty() {
        return view! {
            <Card title=t!(portal.open_invoices)>
                <Empty title=t!(portal.nothing_open) text=t!(portal.nothing_open_text) />
            </Card>
        }
        .into_any();
    }
    let rows: Vec<_> = items.into_iter().map(to_pay).collect();
    let all = view! { <a href="/portal/invoices">{t!(portal.all_invoices)}</a> };
    view! {
        <Card title=t!(portal.open_invoices) actions=all.into_any()><ul class="entries-list">{rows}</ul></Card>
    }
    .into_any()
}

fn to_pay(item: InvoiceRow) -> impl IntoView {
    let late = days_overdue(item.due_on, visit().today) > 0;
    let date = format::date(item.due_on);
    let (class, due) = match late {
        true => ("note overdue", t!(portal.was_due, date = date)),
        false => ("note soft", t!(portal.due_on, date = date)),
    };
    let disputed = item
        .disputed
        .then(|| view! { <Badge tone=Tone::Warn label=t!(portal.disputed) /> });
    let part = (item.open != item.total).then(|| {
        view! { <p class="note soft">{t!(portal.of_total, amount = format::money(item.total))}</p> }
    });
    view! {
        <li>
            <div>
                <p><a href=links::portal_invoice(item.invoice)>{item.number.clone().unwrap_or_default()}</a> " " {disputed}</p>
                <p class=class>{due}</p>
            </div>
            <div class="number"><p>{format::money(item.open)}</p> {part}</div>
        </li>
    }
}

#[component]
fn Credits(credits: Vec<GrantRow>) -> impl IntoView {
    if credits.is_empty() {
        return view! {
            <Card title=t!(portal.credit)>
                <Empty title=t!(portal.no_credit) text=t!(portal.no_credit_text) />
            </Card>
        }
        .into_any();
    }
    let rows: Vec<_> = credits.into_iter().map(credit).collect();
    let all = view! { <a href="/portal/credits">{t!(portal.all_credit)}</a> };
    view! {
        <Card title=t!(portal.credit) actions=all.into_any()><ul class="entries-list">{rows}</ul></Card>
    }
    .into_any()
}

fn credit(credit: GrantRow) -> impl IntoView {
    let status = match credit.status {
        GrantStatus::OnHold => Some(t!(portal.held).to_owned()),
        GrantStatus::NotYetEffective => Some(t!(
            portal.usable_from,
            date = format::date(credit.effective_on)
        )),
        GrantStatus::Lapsed => Some(t!(portal.lapsed).to_owned()),
        GrantStatus::Usable | GrantStatus::Used | GrantStatus::TakenBack => None,
    };
    let status = status.map(|label| view! { <Badge tone=Tone::Warn label /> });
    let part = (credit.remaining != credit.amount).then(|| {
        view! { <p class="note soft">{t!(portal.of_total, amount = format::money(credit.amount))}</p> }
    });
    view! {
        <li>
            <div>
                <p><a href=links::portal_grant(credit.grant)>{words::credit_class(credit.class)}</a> " " {status}</p>
                <p class="note soft">{words::lapses(credit.expires_on)}</p>
            </div>
            <div class="number credit"><p>{format::money(credit.remaining)}</p> {part}</div>
        </li>
    }
}

#[component]
fn Payments(payments: Vec<PaymentRow>) -> impl IntoView {
    if payments.is_empty() {
        return view! {
            <Card title=t!(portal.payments)><Empty title=t!(portal.no_payments) /></Card>
        }
        .into_any();
    }
    let rows: Vec<_> = payments.into_iter().map(payment).collect();
    let all = view! { <a href="/portal/payments">{t!(portal.all_payments)}</a> };
    view! {
        <Card title=t!(portal.payments) actions=all.into_any()><ul class="entries-list">{rows}</ul></Card>
    }
    .into_any()
}

fn payment(payment: PaymentRow) -> impl IntoView {
    let reversed = (payment.status == PaymentStatus::Reversed)
        .then(|| view! { <Badge tone=Tone::Bad label=t!(portal.reversed) /> });
    let left = (!payment.left.is_zero()).then(|| {
        let amount = format::money(payment.left);
        view! { <p class="note credit">{t!(portal.left, amount = amount)}</p> }
    });
    view! {
        <li>
            <div>
                <p>
                    <a href=links::portal_payment(payment.payment)>{format::date(payment.received_on)}</a>
                    " "
                    {reversed}
                </p>
                <p class="note soft">{words::payment_method(payment.method)}</p>
            </div>
            <div class="number"><p>{format::money(payment.amount)}</p> {left}</div>
        </li>
    }
}
