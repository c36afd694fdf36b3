//! How a receivable account behaves: automatic use of credit, surplus, order of use, hold.

use super::api::show_account;
use super::detail::number_in_path;
use crate::domain::credit::OrderOfUse;
use crate::domain::payment::SurplusChoice;
use crate::dto::accounts::{AccountDetail, AutoApply};
use crate::dto::page::PageRequest;
use crate::web::links;
use crate::web::ui::prelude::*;

#[component]
pub fn AccountSettingsPage() -> impl IntoView {
    load(show_account(number_in_path(), PageRequest::default()), form)
}

fn form(account: AccountDetail) -> impl IntoView {
    let number = account.overview.balance.number;
    let settings = account.overview.settings;
    let crumbs = vec![
        Crumb::new(
            account.customer_name,
            links::customer(&account.customer_number),
        ),
        Crumb::new(number.clone(), links::account(&number)),
    ];
    let lead = view! { <p>{t!(accounts.settings_explained)}</p> };
    let uses = words::choices(AutoApply::ALL, AutoApply::code, auto_apply_words);
    let surpluses = words::choices(
        SurplusChoice::ALL,
        SurplusChoice::code,
        words::surplus_choice,
    );
    let orders = words::choices(OrderOfUse::ALL, OrderOfUse::code, words::order_of_use);
    view! {
        <PageHead title=t!(accounts.settings_title, account = number.clone()) crumbs lead=lead.into_any() />
        <Form endpoint="change_account_settings" arg="settings">
            <Hidden name="account" value=number />
            <Hidden name="seen" value=settings.seen() />
            <TextField name="name" label=t!(accounts.name) hint=t!(accounts.name_hint) value=settings.name maxlength=100 />
            <SelectField
                name="auto_apply"
                label=t!(accounts.auto_apply)
                hint=t!(accounts.auto_apply_hint)
                choices=uses
                value=settings.auto_apply.code()
                required=true
            />
            <SelectField
                name="surplus_choice"
                label=t!(accounts.surplus_choice)
                hint=t!(accounts.surplus_hint)
                choices=surpluses
                value=settings.surplus_choice.code()
                required=true
            />
            <SelectField
                name="order_of_use"
                label=t!(accounts.order_of_use)
                hint=t!(accounts.order_hint)
                choices=orders
                value=settings.order_of_use.code()
                required=true
            />
            <CheckField name="on_hold" label=t!(accounts.on_hold) hint=t!(accounts.on_hold_hint) ticked=settings.on_hold />
            <TextField name="reason" label=t!(accounts.reason) hint=t!(accounts.reason_hint) maxlength=500 />
            <Actions>
                <Submit label=t!(accounts.save) />
            </Actions>
        </Form>
    }
}

/// What of its credit an account uses when an invoice is finalised.
pub fn auto_apply_words(choice: AutoApply) -> &'static str {
    match choice {
        AutoApply::Off => t!(accounts.auto_off),
        AutoApply::Prepayments => t!(accounts.auto_prepayments),
        AutoApply::All => t!(accounts.auto_all),
    }
}
