//! The rules of a prepaid account.

use super::api::show_prepaid_account;
use super::detail::number_in_path;
use crate::dto::prepaid::PrepaidDetail;
use crate::web::links;
use crate::web::ui::prelude::*;

/// Empty rows for further thresholds.
const SPARE_ROWS: usize = 2;

#[component]
pub fn PrepaidRulesPage() -> impl IntoView {
    load(show_prepaid_account(number_in_path()), page)
}

fn page(account: PrepaidDetail) -> impl IntoView {
    let number = account.on.account.clone();
    let crumbs = vec![
        Crumb::new(t!(prepaid.title), "/prepaid"),
        Crumb::new(number.clone(), links::prepaid(&number)),
    ];
    view! {
        <PageHead
            title=t!(prepaid.rules_of, account = number)
            crumbs
            lead=view! { <p>{t!(prepaid.rules_explained)}</p> }.into_any()
        />
        <Form endpoint="set_prepaid_rules" arg="rules">
            <Hidden name="account" value=account.on.account.clone() />
            <Thresholds account=account.clone() />
            <MoneyField
                name="suggested"
                label=t!(prepaid.agreed)
                hint=t!(prepaid.agreed_hint)
                currency=account.currency
                value=format::typed_amount(account.agreed)
                plain=true
            />
            <CheckField name="whole_invoices_only" label=t!(prepaid.whole_only) hint=t!(prepaid.whole_hint) ticked=account.whole_invoices_only />
            <CheckField name="held" label=t!(prepaid.hold) hint=t!(prepaid.hold_hint) ticked=account.held />
            <TextField name="reason" label=t!(prepaid.reason) hint=t!(prepaid.reason_hint) maxlength=500 />
            <Actions><Submit label=t!(prepaid.save) /></Actions>
        </Form>
    }
}

#[component]
fn Thresholds(account: PrepaidDetail) -> impl IntoView {
    let rows = typed::scope().rows("thresholds", account.thresholds.len() + SPARE_ROWS);
    let fields: Vec<_> = (0..rows)
        .map(|index| {
            let value = account
                .thresholds
                .get(index)
                .map(|row| format::typed_amount(row.threshold))
                .unwrap_or_default();
            let label = t!(prepaid.threshold, number = (index + 1).to_string());
            view! { <MoneyField name=format!("thresholds.{index}") label currency=account.currency value plain=true /> }
        })
        .collect();
    view! { <div class="fields">{fields}</div> <p class="hint">{t!(prepaid.threshold_hint)}</p> }
}
