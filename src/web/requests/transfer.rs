//! The form for a transfer of credit to another receivable account.

use super::api::account_currency;
use super::{asked, crumbs};
use crate::web::ui::prelude::*;

#[component]
pub fn TransferPage() -> impl IntoView {
    let (account, grant) = (asked("account"), asked("grant"));
    load(account_currency(account.clone()), move |currency| {
        view! {
            <PageHead title=t!(requests.transfer) crumbs=crumbs() />
            <p class="soft">{t!(requests.transfer_text)}</p>
            <Card title=t!(requests.transfer)>
                <Form endpoint="transfer_credit" arg="transfer" keyed=true>
                    <TextField name="account" label=t!(requests.from_account) value=account required=true />
                    <Hidden name="grant" value=grant />
                    <TextField name="to_account" label=t!(requests.to_account) required=true />
                    <MoneyField name="amount" label=t!(requests.amount) currency required=true />
                    <DateField name="effective_on" label=t!(requests.day) hint=t!(requests.day_hint) />
                    <TextField name="reason" label=t!(requests.why) required=true maxlength=500 />
                    <Actions><Submit label=t!(requests.transfer_now) /></Actions>
                </Form>
            </Card>
        }
    })
}
