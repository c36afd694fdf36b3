//! What the customer is told about a payment, on one sheet: made to be printed.

use super::api::show_payment_confirmation;
use crate::domain::ids::PaymentId;
use crate::dto::error::AppError;
use crate::dto::payments::PaymentConfirmation;
use crate::web::links;
use crate::web::ui::prelude::*;
use crate::web::ui::visit::route_id;

/// The confirmation as staff print it.
#[component]
pub fn ConfirmationPage() -> impl IntoView {
    sheet(route_id("id"), links::payment)
}

/// The same in the portal.
#[component]
pub fn PortalConfirmationPage() -> impl IntoView {
    sheet(route_id("id"), links::portal_payment)
}

fn sheet(payment: Result<PaymentId, AppError>, back: fn(PaymentId) -> String) -> impl IntoView {
    load(
        async move { show_payment_confirmation(payment?).await },
        move |told| page(told, back),
    )
}

fn page(told: PaymentConfirmation, back: fn(PaymentId) -> String) -> impl IntoView {
    let row = told.payment.row.clone();
    let (paid, credit) = (paid(&told), credit(&told));
    let number = t!(payments.one, number = row.number.to_string());
    let crumbs = vec![Crumb::new(number.clone(), back(row.payment))];
    let changed = told.changed_since.then(|| {
        view! { <Notice tone=Tone::Warn><p>{t!(payments.changed_since)}</p></Notice> }
    });
    let reference = (!row.reference.is_empty())
        .then(|| view! { <Fact label=t!(payments.reference)>{row.reference.clone()}</Fact> });
    let thanks = t!(
        payments.thanks,
        amount = format::money(row.amount),
        date = format::long_date(row.received_on)
    );
    view! {
        <PageHead title=t!(payments.confirmation) crumbs=crumbs />
        {changed}
        <Card title=number>
            <p>{row.on.customer_name}</p>
            <p>{thanks}</p>
            <Facts>
                <Fact label=t!(payments.account)>{row.on.account}</Fact>
                <Fact label=t!(payments.method)>{words::payment_method(row.method)}</Fact>
                {reference}
            </Facts>
            {paid}
            {credit}
        </Card>
        <Card title=t!(payments.balance_after)>
            <Facts>
                <Fact label=t!(payments.due)>{format::money(told.due_after)}</Fact>
                <Fact label=t!(payments.credit)>{format::money(told.credit_after)}</Fact>
            </Facts>
        </Card>
    }
}

fn paid(told: &PaymentConfirmation) -> AnyView {
    if told.paid.is_empty() {
        return view! { <p>{t!(payments.told_on_account)}</p> }.into_any();
    }
    let rows: Vec<_> = told
        .paid
        .iter()
        .map(|slice| {
            view! {
                <tr>
                    <th scope="row">{slice.invoice_number.clone()}</th>
                    <td class="number">{format::money(slice.amount)}</td>
                </tr>
            }
        })
        .collect();
    let head = view! {
        <th scope="col">{t!(payments.invoice)}</th>
        <NumberHead label=t!(payments.paid) />
    };
    view! { <DataTable caption=t!(payments.what_it_paid) head=head.into_any()>{rows}</DataTable> }
        .into_any()
}

/// What became of a surplus, and until when it can be used.
fn credit(told: &PaymentConfirmation) -> AnyView {
    let fee = (!told.payment.fee.is_zero()).then(|| {
        let amount = format::money(told.payment.fee);
        view! { <p>{t!(payments.told_fee, amount = amount)}</p> }
    });
    let grant = told.payment.grant.as_ref();
    let credit = grant.filter(|_| !told.credit.is_zero()).map(|grant| {
        let sentence = t!(
            payments.told_credit,
            amount = format::money(told.credit),
            class = words::credit_class(grant.class)
        );
        view! { <p><strong>{sentence}</strong> " " {words::lapses(grant.expires_on)} "."</p> }
    });
    view! { {fee} {credit} }.into_any()
}
