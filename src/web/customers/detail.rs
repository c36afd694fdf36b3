//! One customer: accounts with their live balances, what is open beside what could pay it, details and history.

use super::api::{show_customer, show_customer_details, show_customer_history};
use super::details::Details;
use super::history::Acts;
use super::list::may;
use super::sides::{Credits, OpenItems};
use crate::domain::rights::Right;
use crate::dto::accounts::AccountOverview;
use crate::dto::customers::{CustomerHead, CustomerOverview};
use crate::web::links;
use crate::web::live::balance::BalanceTiles;
use crate::web::ui::prelude::*;
use crate::web::ui::visit::query_string;
use leptos_router::hooks::use_params_map;

#[component]
pub fn CustomerPage() -> impl IntoView {
    let number = number_in_path();
    match current_tab().as_str() {
        "details" => load(show_customer_details(number), |detail| {
            view! {
                <Head head=detail.head.clone() />
                <Details detail />
            }
        })
        .into_any(),
        "history" => load(show_customer_history(number, typed::query()), |history| {
            view! {
                <Head head=history.head />
                <Acts acts=history.acts />
            }
        })
        .into_any(),
        _ => load(show_customer(number), overview).into_any(),
    }
}

/// The customer's number as it stands in the address.
pub(super) fn number_in_path() -> String {
    use_params_map()
        .get_untracked()
        .get("number")
        .unwrap_or_default()
}

/// Name, number and tags, and the parts of the page.
#[component]
fn Head(head: CustomerHead) -> impl IntoView {
    let page = links::customer(&head.number);
    let edit = may(Right::EditCustomers).then(|| {
        view! {
            <ButtonLink href=format!("{page}/accounts/new") label=t!(customers.open_account) icon="plus" />
            <ButtonLink href=format!("{page}/edit") label=t!(customers.edit) icon="pencil" />
        }
    });
    let tags: Vec<_> = head
        .tags
        .iter()
        .map(|tag| {
            let list = format!("/customers?{}", query_string(&[("tag", tag)]));
            view! { <a class="badge" href=list>{tag.clone()}</a> }
        })
        .collect();
    let lead = view! { <span>{head.number.clone()}</span> {tags} };
    let tabs = vec![
        ("", t!(customers.tab_overview).to_owned()),
        ("details", t!(customers.tab_details).to_owned()),
        ("history", t!(customers.tab_history).to_owned()),
    ];
    view! {
        <PageHead
            title=head.name.clone()
            crumbs=vec![Crumb::new(t!(customers.title), "/customers")]
            lead=lead.into_any()
        >
            {edit}
        </PageHead>
        <TabNav label=t!(customers.tabs) tabs />
    }
}

fn overview(customer: CustomerOverview) -> impl IntoView {
    let CustomerOverview {
        head,
        items,
        more_items,
        credits,
        more_credits,
    } = customer;
    let number = head.number.clone();
    let several = head.accounts.len() > 1;
    let accounts: Vec<_> = head
        .accounts
        .iter()
        .map(|account| account_card(account, &number))
        .collect();
    let none = accounts.is_empty().then(|| no_accounts(&number));
    view! {
        <Head head />
        {accounts}
        {none}
        <div class="columns">
            <OpenItems items more=more_items number=number.clone() several />
            <Credits credits more=more_credits number several />
        </div>
    }
}

fn no_accounts(number: &str) -> impl IntoView + use<> {
    let open = format!("{}/accounts/new", links::customer(number));
    let open = may(Right::EditCustomers).then(|| {
        view! { <ButtonLink href=open label=t!(customers.open_account) icon="plus" primary=true /> }
    });
    view! { <Empty title=t!(customers.no_accounts) text=t!(customers.no_accounts_text)>{open}</Empty> }
}

/// One account: its balance, live, and the next acts on it.
fn account_card(account: &AccountOverview, customer: &str) -> impl IntoView + use<> {
    let balance = account.balance.clone();
    let number = balance.number.clone();
    let customer = customer.to_owned();
    let currency = balance.due.currency.code();
    let title = match account.settings.name.as_str() {
        "" => t!(
            customers.account_title,
            account = number.clone(),
            currency = currency
        ),
        name => t!(
            customers.account_named,
            account = number.clone(),
            currency = currency,
            name = name.to_owned()
        ),
    };
    let held = account
        .settings
        .on_hold
        .then(|| view! { <Badge tone=Tone::Warn label=t!(customers.on_hold) /> });
    let both = balance.available.minor > 0 && balance.due.minor > 0;
    let apply = (both && may(Right::ApplyCredits)).then(|| {
        view! { <ButtonLink href=start_run(&customer) label=t!(customers.apply_credit) icon="git-merge" /> }
    });
    let bill = may(Right::EditInvoices).then(|| {
        let form = format!("/invoices/new?{}", query_string(&[("account", &number)]));
        view! { <ButtonLink href=form label=t!(customers.new_invoice) icon="file-text" /> }
    });
    let pay = may(Right::RecordPayments).then(|| {
        let form = links::new_payment(&number);
        view! { <ButtonLink href=form label=t!(customers.record_payment) icon="banknote" /> }
    });
    let actions = view! {
        {held}
        {apply}
        {bill}
        {pay}
        <ButtonLink href=links::account(&number) label=t!(customers.ledger) icon="book-open" />
    };
    view! {
        <Card title actions=actions.into_any()>
            <BalanceTiles balance customer />
        </Card>
    }
}

/// The form for a run over this customer alone, with today's credit.
fn start_run(customer: &str) -> String {
    let today = visit().today.to_string();
    let asked = [
        ("run[scope]", "customer"),
        ("run[scope_value]", customer),
        ("run[effective_on]", &today),
    ];
    format!("/credit-runs/new?{}", query_string(&asked))
}
