//! The start page of staff: what is owed, what is late, what credit could pay, and the next acts.

use super::api::show_dashboard;
use crate::domain::money::Currency;
use crate::domain::rights::Right;
use crate::dto::credits::GrantRow;
use crate::dto::dashboard::{CurrencyTotals, Dashboard};
use crate::dto::invoices::InvoiceRow;
use crate::dto::payments::PaymentRow;
use crate::web::customers::list::may;
use crate::web::customers::sides::overdue_note;
use crate::web::links;
use crate::web::ui::prelude::*;
use crate::web::ui::visit::query_string;

#[component]
pub fn DashboardPage() -> impl IntoView {
    let today = t!(dashboard.today, date = format::long_date(visit().today));
    view! {
        <PageHead title=t!(dashboard.title) lead=view! { <p>{today}</p> }.into_any()>
            <NextActs />
        </PageHead>
        {load(show_dashboard(), shown)}
    }
}

/// What this person most likely does next.
#[component]
fn NextActs() -> impl IntoView {
    let customer = may(Right::EditCustomers).then(
        || view! { <ButtonLink href="/customers/new" label=t!(customers.new) icon="users" /> },
    );
    let invoice = may(Right::EditInvoices).then(|| {
        view! { <ButtonLink href="/invoices/new" label=t!(customers.new_invoice) icon="file-text" /> }
    });
    let payment = may(Right::RecordPayments).then(|| {
        view! {
            <ButtonLink href="/payments/new" label=t!(customers.record_payment) icon="banknote" primary=true />
        }
    });
    view! { {customer} {invoice} {payment} }
}

fn shown(dashboard: Dashboard) -> AnyView {
    if dashboard.currencies.is_empty() {
        let customer = may(Right::EditCustomers).then(|| {
            view! { <ButtonLink href="/customers/new" label=t!(customers.new) icon="plus" primary=true /> }
        });
        let import = may(Right::Import).then(|| {
            view! { <ButtonLink href="/imports" label=t!(customers.to_import) icon="upload" /> }
        });
        return view! {
            <Empty title=t!(dashboard.empty) text=t!(dashboard.empty_text)>
                <div class="row">{customer} {import}</div>
            </Empty>
        }
        .into_any();
    }
    let several = dashboard.currencies.len() > 1;
    let currencies: Vec<_> = dashboard
        .currencies
        .into_iter()
        .map(|totals| currency(totals, several))
        .collect();
    view! {
        {currencies}
        <div class="columns">
            <Overdue invoices=dashboard.overdue />
            <LatestPayments payments=dashboard.payments />
            <LapsesNext credits=dashboard.lapsing />
        </div>
    }
    .into_any()
}

/// The totals of one currency; named where there are several, because nothing is added across them.
fn currency(totals: CurrencyTotals, several: bool) -> impl IntoView {
    let currency = totals.due.currency;
    let title =
        several.then(|| view! { <h2>{t!(dashboard.in_currency, currency = currency.code())}</h2> });
    let by_class: Vec<_> = totals
        .credit_by_class
        .iter()
        .map(|credit| {
            let amount = format::money(credit.amount);
            view! { <Fact label=words::credit_class(credit.class)>{amount}</Fact> }
        })
        .collect();
    let by_class = (by_class.len() > 1).then(|| view! { <Facts>{by_class}</Facts> });
    view! {
        <section class="stack">
            {title}
            <Tiles>
                <Tile
                    label=t!(dashboard.receivable)
                    value=format::money(totals.due)
                    note=t!(dashboard.invoices, count = count(totals.due_invoices))
                    href=invoices(currency, "status", "unpaid")
                />
                <Overdues totals=totals.clone() />
                <Tile
                    label=t!(dashboard.credit)
                    value=format::money(totals.credit)
                    note=classes(&totals)
                    tone=Tone::Credit
                    href="/credits"
                />
                <Applicable totals />
            </Tiles>
            {by_class}
        </section>
    }
}

/// The only class credit is of; several are listed below.
fn classes(totals: &CurrencyTotals) -> String {
    match totals.credit_by_class.as_slice() {
        [only] => words::credit_class(only.class).to_owned(),
        _ => String::new(),
    }
}

#[component]
fn Overdues(totals: CurrencyTotals) -> impl IntoView {
    if totals.overdue.is_zero() {
        return view! {
            <Tile
                label=t!(dashboard.overdue)
                value=format::money(totals.overdue)
                note=t!(dashboard.nothing_overdue)
            />
        }
        .into_any();
    }
    view! {
        <Tile
            label=t!(dashboard.overdue)
            value=format::money(totals.overdue)
            note=t!(dashboard.overdue_invoices, count = count(totals.overdue_invoices))
            tone=Tone::Bad
            href=invoices(totals.due.currency, "overdue", "yes")
        />
    }
    .into_any()
}

/// Credit that a run could use today, with the way to it for those who may.
#[component]
fn Applicable(totals: CurrencyTotals) -> impl IntoView {
    if totals.applicable.is_zero() {
        return view! {
            <Tile
                label=t!(dashboard.applicable)
                value=format::money(totals.applicable)
                note=t!(dashboard.nothing_applicable)
            />
        }
        .into_any();
    }
    let note = t!(
        dashboard.applicable_accounts,
        count = count(totals.applicable_accounts)
    );
    let value = format::money(totals.applicable);
    if !may(Right::ApplyCredits) {
        return view! { <Tile label=t!(dashboard.applicable) value note tone=Tone::Credit /> }
            .into_any();
    }
    let today = visit().today.to_string();
    let run = format!(
        "/credit-runs/new?{}",
        query_string(&[("run[effective_on]", &today)])
    );
    view! { <Tile label=t!(dashboard.applicable) value note tone=Tone::Credit href=run /> }
        .into_any()
}

fn invoices(currency: Currency, filter: &str, value: &str) -> String {
    let asked = [(filter, value), ("currency", currency.code())];
    format!("/invoices?{}", query_string(&asked))
}

/// As many as plural rules count; beyond that any number is "many".
fn count(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[component]
fn Overdue(invoices: Vec<InvoiceRow>) -> impl IntoView {
    if invoices.is_empty() {
        return view! {
            <Card title=t!(dashboard.longest_overdue)>
                <Empty title=t!(dashboard.none_overdue) text=t!(dashboard.none_overdue_text) />
            </Card>
        }
        .into_any();
    }
    let rows: Vec<_> = invoices.into_iter().map(overdue_row).collect();
    let head = view! {
        <th scope="col">{t!(customers.invoice)}</th>
        <th scope="col">{t!(customers.due_on)}</th>
        <NumberHead label=t!(customers.open) />
    };
    let all = view! { <ButtonLink href="/invoices?overdue=yes" label=t!(dashboard.all_overdue) /> };
    view! {
        <Card title=t!(dashboard.longest_overdue) actions=all.into_any()>
            <DataTable caption=t!(dashboard.longest_overdue) head=head.into_any() cards=true>{rows}</DataTable>
        </Card>
    }
    .into_any()
}

fn overdue_row(invoice: InvoiceRow) -> impl IntoView {
    view! {
        <tr>
            <th scope="row">
                <a href=links::invoice(invoice.invoice)>{invoice.number.clone().unwrap_or_default()}</a>
                <p class="note"><a href=links::customer(&invoice.on.customer)>{invoice.on.customer_name.clone()}</a></p>
            </th>
            <Cell label=t!(customers.due_on)><div>{format::date(invoice.due_on)} {overdue_note(invoice.due_on)}</div></Cell>
            <NumberCell label=t!(customers.open)>{format::money(invoice.open)}</NumberCell>
        </tr>
    }
}

#[component]
fn LatestPayments(payments: Vec<PaymentRow>) -> impl IntoView {
    if payments.is_empty() {
        return view! {
            <Card title=t!(dashboard.latest_payments)>
                <Empty title=t!(dashboard.no_payments) text=t!(dashboard.no_payments_text) />
            </Card>
        }
        .into_any();
    }
    let rows: Vec<_> = payments.into_iter().map(payment_row).collect();
    let head = view! {
        <th scope="col">{t!(dashboard.payment)}</th>
        <th scope="col">{t!(dashboard.received)}</th>
        <NumberHead label=t!(dashboard.amount) />
    };
    let all = view! { <ButtonLink href="/payments" label=t!(dashboard.all_payments) /> };
    view! {
        <Card title=t!(dashboard.latest_payments) actions=all.into_any()>
            <DataTable caption=t!(dashboard.latest_payments) head=head.into_any() cards=true>{rows}</DataTable>
        </Card>
    }
    .into_any()
}

fn payment_row(payment: PaymentRow) -> impl IntoView {
    let label = t!(accounts.payment, number = payment.number.to_string());
    let left = (!payment.left.is_zero()).then(|| {
        let amount = format::money(payment.left);
        view! { <p class="note credit">{t!(portal.left, amount = amount)}</p> }
    });
    view! {
        <tr>
            <th scope="row">
                <a href=links::payment(payment.payment)>{label}</a>
                <p class="note"><a href=links::customer(&payment.on.customer)>{payment.on.customer_name.clone()}</a></p>
            </th>
            <Cell label=t!(dashboard.received)>
                <div>
                    {format::date(payment.received_on)}
                    <p class="note soft">{words::payment_method(payment.method)}</p>
                </div>
            </Cell>
            <NumberCell label=t!(dashboard.amount)><div><p>{format::money(payment.amount)}</p> {left}</div></NumberCell>
        </tr>
    }
}

/// Credit that lapses soon, soonest first.
#[component]
fn LapsesNext(credits: Vec<GrantRow>) -> impl IntoView {
    if credits.is_empty() {
        return view! {
            <Card title=t!(expiry.lapsing_next)>
                <Empty title=t!(expiry.nothing_lapsing) text=t!(expiry.nothing_lapsing_text) />
            </Card>
        }
        .into_any();
    }
    let rows: Vec<_> = credits.into_iter().map(lapsing_row).collect();
    let head = view! {
        <th scope="col">{t!(credits.title)}</th>
        <th scope="col">{t!(credits.lapses)}</th>
        <NumberHead label=t!(credits.remaining) />
    };
    let all = view! { <ButtonLink href="/credits?show=lapsing&sort=expires_on" label=t!(expiry.all_lapsing) /> };
    view! {
        <Card title=t!(expiry.lapsing_next) actions=all.into_any()>
            <DataTable caption=t!(expiry.lapsing_next) head=head.into_any() cards=true>{rows}</DataTable>
        </Card>
    }
    .into_any()
}

fn lapsing_row(credit: GrantRow) -> impl IntoView {
    let label = t!(credits.one, number = credit.number.to_string());
    view! {
        <tr>
            <th scope="row">
                <a href=links::grant(credit.grant)>{label}</a>
                <p class="note"><a href=links::customer(&credit.on.customer)>{credit.on.customer_name.clone()}</a></p>
            </th>
            <Cell label=t!(credits.lapses)>{words::lapses(credit.expires_on)}</Cell>
            <NumberCell label=t!(credits.remaining)>{format::money(credit.remaining)}</NumberCell>
        </tr>
    }
}
