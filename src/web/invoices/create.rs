//! A new invoice: first the account it is for, then the editor.

use super::api::{accounts_to_invoice, show_invoice_editing};
use super::form::InvoiceForm;
use super::preview::{WithPreview, preview_asked_for};
use crate::dto::invoices::{InvoiceDraft, NewInvoice};
use crate::dto::payments::PayableAccount;
use crate::web::links;
use crate::web::ui::prelude::*;
use crate::web::ui::visit::query_string;

#[component]
pub fn NewInvoicePage() -> impl IntoView {
    match visit().query_value("account") {
        Some(account) if !account.trim().is_empty() => {
            view! { <Editor account=account.to_owned() /> }.into_any()
        }
        _ => view! { <ChooseAccount /> }.into_any(),
    }
}

#[component]
fn Editor(account: String) -> impl IntoView {
    let today = visit().today;
    let preview = preview_asked_for();
    let editing = show_invoice_editing(account);
    let start = async move {
        let editing = editing.await?;
        let draft = InvoiceDraft {
            invoice: NewInvoice {
                account: editing.on.account.clone(),
                issued_on: today.to_string(),
                ..NewInvoice::default()
            },
            editing,
        };
        Ok((draft, preview.await))
    };
    load(start, |(draft, preview)| {
        let lead = view! {
            <a href=links::customer(&draft.editing.on.customer)>{draft.editing.on.customer_name.clone()}</a>
            <a href=links::account(&draft.editing.on.account)>{draft.editing.on.account.clone()}</a>
        };
        view! {
            <PageHead title=t!(invoices.new_invoice) crumbs=super::detail::crumbs() lead=lead.into_any() />
            <WithPreview preview><InvoiceForm draft /></WithPreview>
        }
    })
}

/// Finds the receivable account an invoice is for.
#[component]
fn ChooseAccount() -> impl IntoView {
    let search = visit().query_value("search").unwrap_or_default().to_owned();
    view! {
        <PageHead title=t!(invoices.new_invoice) crumbs=super::detail::crumbs() />
        <p>{t!(invoices.choose_account)}</p>
        <FilterForm submit=t!(invoices.find)>
            <TextField name="search" label=t!(invoices.search_account) kind="search" />
        </FilterForm>
        {load(accounts_to_invoice(search), accounts)}
    }
}

fn accounts(found: Vec<PayableAccount>) -> AnyView {
    if found.is_empty() {
        return view! {
            <Empty title=t!(invoices.no_account) text=t!(invoices.no_account_text)>
                <ButtonLink href="/customers" label=t!(nav.customers) />
            </Empty>
        }
        .into_any();
    }
    let rows: Vec<_> = found
        .into_iter()
        .map(|account| {
            let href = format!(
                "/invoices/new?{}",
                query_string(&[("account", account.on.account.as_str())])
            );
            view! {
                <tr>
                    <th scope="row"><a href=href>{account.on.customer_name}</a></th>
                    <Cell label=t!(invoices.account)>{account.on.account}</Cell>
                    <Cell label=t!(invoices.currency)>{account.due.currency.code()}</Cell>
                    <NumberCell label=t!(invoices.due_now)>{format::money(account.due)}</NumberCell>
                </tr>
            }
        })
        .collect();
    let head = view! {
        <th scope="col">{t!(invoices.customer)}</th>
        <th scope="col">{t!(invoices.account)}</th>
        <th scope="col">{t!(invoices.currency)}</th>
        <NumberHead label=t!(invoices.due_now) />
    };
    view! {
        <DataTable caption=t!(invoices.accounts) head=head.into_any() cards=true>{rows}</DataTable>
    }
    .into_any()
}
