//! The list of payments.

use super::api::list_payments;
use crate::domain::payment::{PaymentMethod, PaymentStatus};
use crate::domain::rights::Right;
use crate::dto::page::{Page, PageRequest};
use crate::dto::payments::{PaymentFilter, PaymentRow};
use crate::web::links;
use crate::web::ui::prelude::*;

/// Payments, filtered, sorted and paged by what stands in the URL.
#[component]
pub fn PaymentsPage() -> impl IntoView {
    let filter: PaymentFilter = typed::query();
    let page: PageRequest = typed::query();
    let may_record = may(Right::RecordPayments);
    view! {
        <PageHead title=t!(payments.title)>
            <ButtonLink href=links::export("/payments") label=t!(ui.export_csv) icon="download" />
            {may_record.then(|| view! {
                <ButtonLink href="/payments/new" label=t!(payments.record) icon="plus" primary=true />
            })}
        </PageHead>
        <FilterForm>
            <TextField name="search" label=t!(payments.search) kind="search" />
            <SelectField name="method" label=t!(payments.method) choices=methods() />
            <SelectField name="status" label=t!(payments.status) choices=statuses() />
            <DateField name="from" label=t!(payments.from) />
            <DateField name="to" label=t!(payments.to) />
        </FilterForm>
        {load(list_payments(filter, page), move |page| table(page, may_record))}
    }
}

fn may(right: Right) -> bool {
    visit()
        .viewer
        .as_ref()
        .is_some_and(|viewer| viewer.may(right))
}

fn methods() -> Vec<(String, String)> {
    let any = (String::new(), t!(payments.any_method).to_owned());
    let methods = words::choices(
        PaymentMethod::ALL,
        PaymentMethod::code,
        words::payment_method,
    );
    std::iter::once(any).chain(methods).collect()
}

fn statuses() -> Vec<(String, String)> {
    let any = (String::new(), t!(payments.any_status).to_owned());
    let statuses = words::choices(
        PaymentStatus::ALL,
        PaymentStatus::code,
        words::payment_status,
    );
    std::iter::once(any).chain(statuses).collect()
}

fn table(page: Page<PaymentRow>, may_record: bool) -> AnyView {
    if page.rows.is_empty() {
        let text = match may_record {
            true => t!(payments.none_text),
            false => t!(payments.none_text_reading),
        };
        return view! { <Empty title=t!(payments.none) text=text /> }.into_any();
    }
    let rows: Vec<_> = page.rows.into_iter().map(row).collect();
    let head = view! {
        <SortHead column="number" label=t!(payments.number) />
        <SortHead column="received_on" label=t!(payments.received_on) />
        <SortHead column="customer" label=t!(payments.customer) />
        <th scope="col">{t!(payments.method)}</th>
        <th scope="col">{t!(payments.reference)}</th>
        <th scope="col">{t!(payments.status)}</th>
        <SortHead column="left" label=t!(payments.left) number=true />
        <SortHead column="amount" label=t!(payments.amount) number=true />
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
            <th scope="row"><a href=links::payment(payment.payment)>{payment.number.to_string()}</a></th>
            <Cell label=t!(payments.received_on)>{format::date(payment.received_on)}</Cell>
            <Cell label=t!(payments.customer)>
                <span>
                    <a href=links::customer(&payment.on.customer)>{payment.on.customer_name}</a> " "
                    <a class="soft" href=links::account(&payment.on.account)>{payment.on.account.clone()}</a>
                </span>
            </Cell>
            <Cell label=t!(payments.method)>{words::payment_method(payment.method)}</Cell>
            <Cell label=t!(payments.reference)>{Some(payment.reference).filter(|text| !text.is_empty())}</Cell>
            <Cell label=t!(payments.status)><words::PaymentBadge status=payment.status /></Cell>
            <NumberCell label=t!(payments.left)>{left}</NumberCell>
            <NumberCell label=t!(payments.amount)>{format::money(payment.amount)}</NumberCell>
        </tr>
    }
}
