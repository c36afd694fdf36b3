//! The form for writing off an open invoice or a tiny remainder of credit.

use super::api::account_currency;
use super::{asked, crumbs};
use crate::dto::requests::WriteOffReason;
use crate::web::ui::prelude::*;

#[component]
pub fn WriteOffPage() -> impl IntoView {
    let (invoice, grant) = (asked("invoice"), asked("grant"));
    load(account_currency(asked("account")), move |currency| {
        let reasons = words::choices(
            WriteOffReason::ALL,
            WriteOffReason::code,
            words::write_off_reason,
        );
        let hint = match grant.is_empty() {
            true => t!(requests.all_open),
            false => t!(requests.all_left),
        };
        view! {
            <PageHead title=t!(requests.write_off) crumbs=crumbs() />
            <p class="soft">{t!(requests.write_off_text)}</p>
            <Card title=t!(requests.write_off)>
                <Form endpoint="write_off" arg="write_off" keyed=true>
                    <Hidden name="invoice" value=invoice />
                    <Hidden name="grant" value=grant />
                    <MoneyField name="amount" label=t!(requests.amount) currency hint=hint />
                    <SelectField name="reason_code" label=t!(requests.reason_code) choices=reasons />
                    <DateField name="effective_on" label=t!(requests.day) hint=t!(requests.day_hint) />
                    <TextField name="reason" label=t!(requests.why) required=true maxlength=500 />
                    <Actions><Submit label=t!(requests.write_off_now) /></Actions>
                </Form>
            </Card>
        }
    })
}
