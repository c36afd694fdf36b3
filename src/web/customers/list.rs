//! The list of customers: search, filters, sorting and pages, all in the URL, and the same as CSV.

use super::api::list_customers;
use crate::domain::money::Money;
use crate::domain::rights::Right;
use crate::dto::customers::{
    CurrencyBalance, CustomerFilter, CustomerList, CustomerRow, CustomerStanding,
};
use crate::dto::page::PageRequest;
use crate::web::links;
use crate::web::ui::prelude::*;

#[component]
pub fn CustomersPage() -> impl IntoView {
    let filter: CustomerFilter = typed::query();
    let page: PageRequest = typed::query();
    let filtered = filter != CustomerFilter::default();
    let create = may(Right::EditCustomers).then(|| {
        view! { <ButtonLink href="/customers/new" label=t!(customers.new) icon="plus" primary=true /> }
    });
    view! {
        <PageHead title=t!(customers.title)>
            <ButtonLink href=links::export("/customers") label=t!(ui.export_csv) icon="download" />
            {create}
        </PageHead>
        {load(list_customers(filter, page), move |list| found(list, filtered))}
    }
}

/// Whether to offer something to whoever is looking.
pub fn may(right: Right) -> bool {
    visit()
        .viewer
        .as_ref()
        .is_some_and(|viewer| viewer.may(right))
}

fn found(list: CustomerList, filtered: bool) -> AnyView {
    if list.rows.is_empty() && !filtered {
        return nobody().into_any();
    }
    let tags = choices(t!(customers.any_tag), list.tags.iter().map(String::as_str));
    let codes = list.currencies.iter().map(|currency| currency.code());
    let currencies = choices(t!(customers.any_currency), codes);
    let several = list.currencies.len() > 1;
    let tag = (!list.tags.is_empty())
        .then(|| view! { <SelectField name="tag" label=t!(customers.tag) choices=tags /> });
    let currency = several.then(|| {
        view! { <SelectField name="currency" label=t!(customers.currency) choices=currencies /> }
    });
    view! {
        <FilterForm>
            <TextField name="search" label=t!(customers.search) kind="search" placeholder=t!(customers.search_what) />
            <SelectField name="standing" label=t!(customers.standing) choices=standings() />
            {tag}
            {currency}
        </FilterForm>
        {table(list, several)}
    }
    .into_any()
}

fn choices<'a>(any: &str, values: impl Iterator<Item = &'a str>) -> Vec<(String, String)> {
    let any = (String::new(), any.to_owned());
    std::iter::once(any)
        .chain(values.map(|value| (value.to_owned(), value.to_owned())))
        .collect()
}

fn standings() -> Vec<(String, String)> {
    let any = (String::new(), t!(customers.any_standing).to_owned());
    let each = words::choices(CustomerStanding::ALL, CustomerStanding::code, standing);
    std::iter::once(any).chain(each).collect()
}

fn standing(standing: CustomerStanding) -> &'static str {
    match standing {
        CustomerStanding::Owing => t!(customers.standing_owing),
        CustomerStanding::Overdue => t!(customers.standing_overdue),
        CustomerStanding::Credit => t!(customers.standing_credit),
        CustomerStanding::OnHold => t!(customers.standing_on_hold),
    }
}

#[component]
fn Nobody() -> impl IntoView {
    let create = may(Right::EditCustomers).then(|| {
        view! { <ButtonLink href="/customers/new" label=t!(customers.new) icon="plus" primary=true /> }
    });
    let import = may(Right::Import).then(
        || view! { <ButtonLink href="/imports" label=t!(customers.to_import) icon="upload" /> },
    );
    view! {
        <Empty title=t!(customers.none) text=t!(customers.none_text)>
            <div class="row">{create} {import}</div>
        </Empty>
    }
}

fn nobody() -> impl IntoView {
    view! { <Nobody /> }
}

fn table(list: CustomerList, several_currencies: bool) -> AnyView {
    if list.rows.is_empty() {
        return view! { <Empty title=t!(customers.none_found) text=t!(customers.none_found_text) /> }
            .into_any();
    }
    let sorted_in = list
        .sorted_in
        .filter(|_| several_currencies)
        .map(|currency| {
            view! { <p class="soft">{t!(customers.sorted_in, currency = currency.code())}</p> }
        });
    let rows: Vec<_> = list.rows.into_iter().map(row).collect();
    let head = view! {
        <SortHead column="number" label=t!(customers.number) />
        <SortHead column="name" label=t!(customers.name) />
        <th scope="col">{t!(customers.place)}</th>
        <SortHead column="due" label=t!(customers.due) number=true />
        <SortHead column="credit" label=t!(customers.credit) number=true />
    };
    view! {
        {sorted_in}
        <DataTable caption=t!(customers.title) head=head.into_any() cards=true>{rows}</DataTable>
        <Pager total=list.total />
    }
    .into_any()
}

fn row(customer: CustomerRow) -> impl IntoView {
    let email = (!customer.email.is_empty())
        .then(|| view! { <p class="soft">{customer.email.clone()}</p> });
    let held = customer
        .on_hold
        .then(|| view! { <Badge tone=Tone::Warn label=t!(customers.on_hold) /> });
    let due: Vec<_> = customer.balances.iter().map(due).collect();
    let credit: Vec<_> = customer
        .balances
        .iter()
        .map(|balance| amount(balance.credit, "credit"))
        .collect();
    view! {
        <tr>
            <th scope="row"><a href=links::customer(&customer.number)>{customer.number.clone()}</a></th>
            <Cell label=t!(customers.name)>
                <div>
                    <p class="row"><span>{customer.name}</span> {held}</p>
                    {email}
                </div>
            </Cell>
            <Cell label=t!(customers.place)>{customer.city}</Cell>
            <NumberCell label=t!(customers.due)><div>{due}</div></NumberCell>
            <NumberCell label=t!(customers.credit)><div>{credit}</div></NumberCell>
        </tr>
    }
}

fn due(balance: &CurrencyBalance) -> AnyView {
    let overdue = (!balance.overdue.is_zero()).then(|| {
        let amount = format::money(balance.overdue);
        view! { <p class="note overdue">{t!(customers.overdue_of, amount = amount)}</p> }
    });
    view! { {amount(balance.due, "due")} {overdue} }.into_any()
}

/// An amount; what is nothing stands back.
fn amount(money: Money, class: &'static str) -> AnyView {
    let class = if money.is_zero() { "soft" } else { class };
    view! { <p class=class>{format::money(money)}</p> }.into_any()
}
