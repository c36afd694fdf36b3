//! The list of credit grants.

use super::api::list_credits;
use crate::domain::credit::{CreditClass, GrantStatus};
use crate::domain::ids::InvoiceId;
use crate::dto::credits::{GrantFilter, GrantRow, GrantsShown};
use crate::dto::page::{Page, PageRequest};
use crate::web::lineage::slices::{origin_link, origin_words};
use crate::web::links;
use crate::web::ui::prelude::*;

/// Credit grants, filtered, sorted and paged by what stands in the URL.
#[component]
pub fn CreditsPage() -> impl IntoView {
    let filter: GrantFilter = typed::query();
    let page: PageRequest = typed::query();
    // Somebody looks for credit that pays this invoice.
    let to_pay: Option<InvoiceId> = visit()
        .query_value("invoice")
        .and_then(|id| id.parse().ok());
    let asked = to_pay.map(|invoice| {
        let back = links::invoice(invoice);
        view! { <Notice><p>{t!(credits.choose)} " " <a href=back>{t!(credits.back_to_invoice)}</a></p></Notice> }
    });
    let account = filter.account.clone();
    view! {
        <PageHead title=t!(credits.title)>
            <ButtonLink href=links::export("/credits") label=t!(ui.export_csv) icon="download" />
        </PageHead>
        {asked}
        <FilterForm>
            {(!account.is_empty()).then(|| view! { <Hidden name="account" value=account /> })}
            {to_pay.map(|invoice| view! { <Hidden name="invoice" value=invoice.to_string() /> })}
            <TextField name="search" label=t!(credits.search) kind="search" />
            <SelectField name="class" label=t!(credits.class) choices=classes() />
            <SelectField name="show" label=t!(credits.show) choices=shown() value=GrantsShown::Left.code() />
        </FilterForm>
        {load(list_credits(filter, page), move |page| table(page, to_pay))}
    }
}

fn classes() -> Vec<(String, String)> {
    let any = (String::new(), t!(credits.any_class).to_owned());
    let classes = words::choices(CreditClass::ALL, CreditClass::code, words::credit_class);
    std::iter::once(any).chain(classes).collect()
}

fn shown() -> Vec<(String, String)> {
    words::choices(GrantsShown::ALL, GrantsShown::code, words::grants_shown)
}

fn table(page: Page<GrantRow>, to_pay: Option<InvoiceId>) -> AnyView {
    if page.rows.is_empty() {
        return view! { <Empty title=t!(credits.none) text=t!(credits.none_text) /> }.into_any();
    }
    let rows: Vec<_> = page
        .rows
        .into_iter()
        .map(|grant| row(grant, to_pay))
        .collect();
    let head = view! {
        <SortHead column="number" label=t!(credits.number) />
        <SortHead column="customer" label=t!(credits.customer) />
        <th scope="col">{t!(credits.class)}</th>
        <th scope="col">{t!(credits.origin)}</th>
        <SortHead column="expires_on" label=t!(credits.lapses) />
        <th scope="col">{t!(credits.status)}</th>
        <SortHead column="remaining" label=t!(credits.remaining) number=true />
        <SortHead column="amount" label=t!(credits.amount) number=true />
        {to_pay.map(|_| view! { <th scope="col"><span class="visually-hidden">{t!(credits.apply)}</span></th> })}
    };
    view! {
        <DataTable caption=t!(credits.title) head=head.into_any() cards=true>{rows}</DataTable>
        <Pager total=page.total />
    }
    .into_any()
}

fn row(grant: GrantRow, to_pay: Option<InvoiceId>) -> impl IntoView {
    let lapses = grant
        .expires_on
        .map_or_else(|| t!(words.never_lapses).to_owned(), format::date);
    let apply = to_pay.map(|invoice| {
        let usable = grant.status == GrantStatus::Usable;
        let href = links::apply_grant_to(grant.grant, invoice);
        view! {
            <Cell>{usable.then(|| view! { <ButtonLink href label=t!(credits.apply_now) /> })}</Cell>
        }
    });
    view! {
        <tr>
            <th scope="row"><a href=links::grant(grant.grant)>{grant.number.to_string()}</a></th>
            <Cell label=t!(credits.customer)>
                <span>
                    <a href=links::customer(&grant.on.customer)>{grant.on.customer_name}</a> " "
                    <a class="soft" href=links::account(&grant.on.account)>{grant.on.account.clone()}</a>
                </span>
            </Cell>
            <Cell label=t!(credits.class)>{words::credit_class(grant.class)}</Cell>
            <Cell label=t!(credits.origin)>
                <a href=origin_link(&grant.origin)>{origin_words(&grant.origin)}</a>
            </Cell>
            <Cell label=t!(credits.lapses)>{lapses}</Cell>
            <Cell label=t!(credits.status)><words::GrantBadge status=grant.status /></Cell>
            <NumberCell label=t!(credits.remaining)>{format::money(grant.remaining)}</NumberCell>
            <NumberCell label=t!(credits.amount)>{format::money(grant.amount)}</NumberCell>
            {apply}
        </tr>
    }
}
