//! The form that creates a customer with a first receivable account.

use super::form::{CurrencyField, CustomerFields};
use crate::web::ui::prelude::*;

#[component]
pub fn NewCustomerPage() -> impl IntoView {
    view! {
        <PageHead title=t!(customers.new) crumbs=vec![Crumb::new(t!(customers.title), "/customers")] />
        <Form endpoint="create_customer" arg="customer" keyed=true class="form form-wide">
            <NewCustomerFields />
            <Actions>
                <Submit label=t!(customers.create) />
            </Actions>
        </Form>
    }
}

#[component]
fn NewCustomerFields() -> impl IntoView {
    view! {
        <CustomerFields />
        <fieldset class="card">
            <legend class="fieldset-title">{t!(customers.first_account)}</legend>
            <div class="fields">
                <CurrencyField />
                <TextField
                    name="account_number"
                    label=t!(customers.account_number)
                    hint=t!(customers.number_hint)
                    maxlength=40
                />
            </div>
        </fieldset>
    }
}
