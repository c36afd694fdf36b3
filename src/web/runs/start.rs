//! Asking for a run: its date, whose credit, and in which order.

use crate::domain::credit::OrderOfUse;
use crate::domain::dates::last_of_previous_month;
use crate::dto::credit_runs::RunScope;
use crate::web::ui::prelude::*;

/// The form for a run; nothing is applied before its preview is committed.
#[component]
pub fn NewCreditRunPage() -> impl IntoView {
    let effective_on = last_of_previous_month(visit().today).to_string();
    let own = (String::new(), t!(runs.own_order).to_owned());
    let orders = words::choices(OrderOfUse::ALL, OrderOfUse::code, words::order_of_use);
    let orders = std::iter::once(own).chain(orders).collect();
    let scopes = words::choices(RunScope::ALL, RunScope::code, words::run_scope);
    view! {
        <PageHead
            title=t!(runs.new)
            crumbs=vec![Crumb::new(t!(runs.title), "/credit-runs")]
            lead=view! { <p>{t!(runs.new_explained)}</p> }.into_any()
        />
        <Form endpoint="preview_credit_run" arg="run">
            <DateField
                name="effective_on"
                label=t!(runs.effective_on)
                hint=t!(runs.effective_on_hint)
                value=effective_on
                required=true
            />
            <SelectField name="scope" label=t!(runs.scope) choices=scopes required=true />
            <TextField name="scope_value" label=t!(runs.scope_value) hint=t!(runs.scope_value_hint) maxlength=200 />
            <SelectField name="order_of_use" label=t!(runs.order) hint=t!(runs.order_hint) choices=orders />
            <Actions>
                <Submit label=t!(runs.preview) />
            </Actions>
        </Form>
    }
}
