//! What the business sets for itself.

use super::api::read_settings;
use super::crumbs;
use crate::dto::business::BusinessFacts;
use crate::web::ui::prelude::*;

/// The settings, and what only the machine's configuration can change.
#[component]
pub fn SettingsPage() -> impl IntoView {
    view! {
        <PageHead title=t!(admin.settings) crumbs=crumbs() />
        {load(read_settings(), form)}
    }
}

fn form(facts: BusinessFacts) -> impl IntoView {
    let settings = facts.settings;
    view! {
        <Card title=t!(admin.business)>
            <Form endpoint="save_settings" arg="settings">
                <TextField
                    name="business_name"
                    label=t!(admin.business_name)
                    hint=t!(admin.business_name_hint)
                    value=settings.business_name
                    maxlength=200
                />
                <NumberField
                    name="surplus_tolerance"
                    label=t!(admin.surplus_tolerance)
                    hint=t!(admin.surplus_tolerance_hint)
                    value=settings.surplus_tolerance
                    unit=t!(admin.currency_units)
                    required=true
                />
                <NumberField
                    name="approval_limit"
                    label=t!(admin.approval_limit)
                    hint=t!(admin.approval_limit_hint)
                    value=settings.approval_limit
                    unit=t!(admin.currency_units)
                    required=true
                />
                <CheckField
                    name="bad_debt_tax_relief"
                    label=t!(admin.tax_relief)
                    hint=t!(admin.tax_relief_hint)
                    ticked=settings.bad_debt_tax_relief == "yes"
                />
                <Actions>
                    <Submit label=t!(admin.save) />
                </Actions>
            </Form>
        </Card>
        <Card title=t!(admin.machine)>
            <p class="soft">{t!(admin.machine_text)}</p>
            <Facts>
                <Fact label=t!(admin.time_zone)>{facts.time_zone}</Fact>
                <Fact label=t!(admin.business_day)>{format::long_date(visit().today)}</Fact>
            </Facts>
        </Card>
    }
}
