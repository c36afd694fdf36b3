//! A customer's own payments, and what each of them paid.

use super::api::{list_payments, show_payment};
use crate::dto::page::{Page, PageRequest};
use crate::dto::payments::{PaymentDetail, PaymentFilter, PaymentRow};
use crate::web::lineage::paid::PaidInSentences;
use crate::web::links;
use crate::web::ui::prelude::*;
use crate::web::ui::visit::route_id;

/// The customer's payments, newest first.
#[component]
pub fn PortalPaymentsPage() -> impl IntoView {
    let page: PageRequest = typed::query();
    view! {
        <PageHead title=t!(payments.title) />
        {load(list_payments(PaymentFilter::default(), page), table)}
    }
}

fn table(page: Page<PaymentRow>) -> AnyView {
    if page.rows.is_empty() {
        return view! { <Empty title=t!(payments.none_yours) text=t!(payments.none_yours_text) /> }
            .into_any();
    }
    let rows: Vec<_> = page.rows.into_iter().map(row).collect();
    let head = view! {
        <th scope="col">{t!(payments.received_on)}</th>
        <th scope="col">{t!(payments.method)}</th>
        <th scope="col">{t!(payments.status)}</th>
        <NumberHead label=t!(payments.left) />
        <NumberHead label=t!(payments.amount) />
    };
    view! {
        <DataTable caption=t!(payments.title) head=head.into_any() cards=true>{rows}</DataTable>
        <Pager total=page.total />
    }
    .into_any()
}

fn row(payment: PaymentRow) -> impl IntoView {
    let left = (!payment.left.is_zero()).then(|| format::money(payment.left));
    view! {
        <tr>
            <th scope="row">
                <a href=links::portal_payment(payment.payment)>{format::date(payment.received_on)}</a>
            </th>
            <Cell label=t!(payments.method)>{words::payment_method(payment.method)}</Cell>
            <Cell label=t!(payments.status)><words::PaymentBadge status=payment.status /></Cell>
            <NumberCell label=t!(payments.left)>{left}</NumberCell>
            <NumberCell label=t!(payments.amount)>{format::money(payment.amount)}</NumberCell>
        </tr>
    }
}

/// One payment of the customer's, and what it paid.
#[component]
pub fn PortalPaymentPage() -> impl IntoView {
    let payment = route_id("id");
    load(async move { show_payment(payment?).await }, page)
}

fn page(payment: PaymentDetail) -> impl IntoView {
    let row = payment.row;
    let title = t!(
        lineage.your_payment,
        date = format::long_date(row.received_on)
    );
    let crumbs = vec![Crumb::new(t!(payments.title), "/portal/payments")];
    let lead = view! { <p><words::PaymentBadge status=row.status /></p> };
    let confirmation = format!("{}/confirmation", links::portal_payment(row.payment));
    let reversed = payment.reversal.as_ref().map(|reversal| {
        let date = format::long_date(reversal.reversed_on);
        view! { <Notice tone=Tone::Bad><p>{t!(payments.yours_reversed, date = date)}</p></Notice> }
    });
    let slices = payment.slices.clone();
    let paid = match slices.is_empty() {
        true => view! { <p class="soft">{t!(payments.paid_nothing)}</p> }.into_any(),
        false => view! { <PaidInSentences slices /> }.into_any(),
    };
    let credit = payment.grant.as_ref().map(|grant| {
        let sentence = t!(
            payments.its_credit,
            amount = format::money(grant.remaining),
            class = words::credit_class(grant.class),
            lapses = words::lapses(grant.expires_on)
        );
        let href = links::portal_grant(grant.grant);
        view! {
            <Card title=t!(payments.credit_left)>
                <p><a href=href>{sentence}</a></p>
            </Card>
        }
    });
    let reference = (!row.reference.is_empty())
        .then(|| view! { <Fact label=t!(payments.reference)>{row.reference.clone()}</Fact> });
    view! {
        <PageHead title crumbs lead=lead.into_any()>
            <ButtonLink href=confirmation label=t!(payments.confirmation) icon="printer" />
        </PageHead>
        {reversed}
        <Tiles>
            <Tile label=t!(payments.amount) value=format::money(row.amount) />
            <Tile label=t!(payments.left) value=format::money(row.left) tone=Tone::Credit />
        </Tiles>
        <Card title=t!(payments.what_it_paid)>{paid}</Card>
        {credit}
        <Card title=t!(payments.facts)>
            <Facts>
                <Fact label=t!(payments.method)>{words::payment_method(row.method)}</Fact>
                {reference}
                <Fact label=t!(payments.account)>{row.on.account}</Fact>
            </Facts>
        </Card>
    }
}
