//! Expiry policies: which are in force, their versions, and a new one, tried on the credit there is before it is set.

use super::api::{list_expiry_policies, simulate_expiry};
use super::{crumbs, crumbs_to, may};
use crate::domain::credit::CreditClass;
use crate::domain::expiry::{DEFAULT_NOTICE_LEADS, ExpiryCounting};
use crate::domain::rights::Right;
use crate::dto::expiry::{
    ExpiryPolicyRow, ExpiryPolicyVersionRow, ExpirySimulated, ExpirySimulation, NewExpiryPolicy,
    SimulatedLapse,
};
use crate::web::links;
use crate::web::ui::prelude::*;
use crate::web::ui::visit::query_string;
use serde::{Deserialize, Serialize};

const ENDPOINT: &str = "set_expiry_policy";

/// Every policy with the version in force and those before and after it.
#[component]
pub fn ExpiryPoliciesPage() -> impl IntoView {
    view! {
        <PageHead title=t!(expiry.title) crumbs=crumbs() lead=t!(expiry.lead).into_any()>
            <ButtonLink href="/admin/expiry/new" label=new_label() icon="plus" primary=true />
        </PageHead>
        {load(list_expiry_policies(), policies)}
    }
}

fn new_label() -> &'static str {
    match may(Right::ManageExpiry) {
        true => t!(expiry.new),
        false => t!(expiry.simulate),
    }
}

fn policies(policies: Vec<ExpiryPolicyRow>) -> AnyView {
    if policies.is_empty() {
        return view! { <Empty title=t!(expiry.none) text=t!(expiry.none_text) /> }.into_any();
    }
    let cards: Vec<_> = policies.into_iter().map(policy).collect();
    view! { <div class="stack">{cards}</div> }.into_any()
}

fn policy(policy: ExpiryPolicyRow) -> impl IntoView {
    let today = visit().today;
    let in_force = match policy.in_force(today) {
        Some(version) => rule_words(version.counting, version.length, version.minimum_life_days),
        None => t!(expiry.not_yet).to_owned(),
    };
    let next = may(Right::ManageExpiry).then(|| {
        let typed = typed_again(&policy);
        let pairs: Vec<(&str, &str)> = typed
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let form = format!("/admin/expiry/new?{}", query_string(&pairs));
        view! { <ButtonLink href=form label=t!(expiry.new_version) /> }.into_any()
    });
    let title = title(&policy);
    let current = policy.in_force(today).map(|version| version.version);
    let rows: Vec<_> = policy
        .versions
        .into_iter()
        .map(|version| {
            let is_current = current == Some(version.version);
            version_row(version, is_current)
        })
        .collect();
    let head = view! {
        <th scope="col">{t!(expiry.version)}</th>
        <th scope="col">{t!(expiry.in_force_from)}</th>
        <th scope="col">{t!(expiry.rule)}</th>
        <th scope="col">{t!(expiry.notice_leads)}</th>
        <th scope="col">{t!(expiry.set_by)}</th>
        <NumberHead label=t!(expiry.grants) />
    };
    let actions = next.unwrap_or_else(|| ().into_any());
    view! {
        <Card title=title.clone() actions=actions>
            <p>{in_force}</p>
            <DataTable caption=title head=head.into_any() cards=true>{rows}</DataTable>
        </Card>
    }
}

fn version_row(version: ExpiryPolicyVersionRow, is_current: bool) -> impl IntoView {
    let badge = is_current.then(|| view! { <Badge tone=Tone::Good label=t!(expiry.in_force) /> });
    let set_by = t!(
        lineage.who_when,
        name = version.recorded_by.clone(),
        when = format::instant(version.recorded_at)
    );
    let reason = (!version.reason.is_empty())
        .then(|| view! { <p class="note soft">{version.reason.clone()}</p> });
    let rule = rule_words(version.counting, version.length, version.minimum_life_days);
    view! {
        <tr>
            <th scope="row">{version.version.to_string()} " " {badge}</th>
            <Cell label=t!(expiry.in_force_from)>{format::date(version.in_force_from)}</Cell>
            <Cell label=t!(expiry.rule)>{rule}</Cell>
            <Cell label=t!(expiry.notice_leads)>{leads_words(&version.notice_leads)}</Cell>
            <Cell label=t!(expiry.set_by)><div><p>{set_by}</p> {reason}</div></Cell>
            <NumberCell label=t!(expiry.grants)>{format::number(version.grants)}</NumberCell>
        </tr>
    }
}

/// "Promotion, tag gold, EUR".
fn title(policy: &ExpiryPolicyRow) -> String {
    let mut parts = vec![words::credit_class(policy.class).to_owned()];
    if !policy.tag.is_empty() {
        parts.push(t!(expiry.with_tag, tag = policy.tag.clone()));
    }
    parts.extend(policy.currency.map(|currency| currency.code().to_owned()));
    parts.join(", ")
}

fn rule_words(counting: ExpiryCounting, length: u32, minimum_life_days: u32) -> String {
    let rule = match (counting, length) {
        (ExpiryCounting::Never, _) => return t!(expiry.never_lapses).to_owned(),
        (ExpiryCounting::Days, days) => t!(expiry.lapses_after_days, count = days),
        (ExpiryCounting::EndOfMonth, 0) => t!(expiry.lapses_this_month).to_owned(),
        (ExpiryCounting::EndOfMonth, months) => t!(expiry.lapses_after_months, count = months),
    };
    match minimum_life_days {
        0 => rule,
        days => format!("{rule} {}", t!(expiry.not_before_days, count = days)),
    }
}

fn leads_words(leads: &[u32]) -> String {
    if leads.is_empty() {
        return t!(expiry.no_notice).to_owned();
    }
    let leads: Vec<String> = leads.iter().map(|lead| format::number(*lead)).collect();
    t!(expiry.days_before, days = leads.join(", "))
}

/// The address of the form with what the latest version says.
fn typed_again(policy: &ExpiryPolicyRow) -> Vec<(&'static str, String)> {
    let mut typed = vec![
        ("policy[class]", policy.class.code().to_owned()),
        ("policy[tag]", policy.tag.clone()),
        (
            "policy[currency]",
            policy
                .currency
                .map_or_else(String::new, |currency| currency.code().to_owned()),
        ),
    ];
    if let Some(latest) = policy.versions.first() {
        let leads: Vec<String> = latest.notice_leads.iter().map(u32::to_string).collect();
        typed.extend([
            ("policy[counting]", latest.counting.code().to_owned()),
            ("policy[length]", latest.length.to_string()),
            (
                "policy[minimum_life_days]",
                latest.minimum_life_days.to_string(),
            ),
            (
                "policy[notice_leads]",
                if leads.is_empty() {
                    "-".to_owned()
                } else {
                    leads.join(", ")
                },
            ),
        ]);
    }
    typed
}

/// The day a policy is tried for; it stands in the form beside the policy.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct TriedThrough {
    through: String,
}

/// The form for a policy or its next version, and what it would do to the credit there is.
#[component]
pub fn NewExpiryPolicyPage() -> impl IntoView {
    let typed: Option<NewExpiryPolicy> = typed::command(ENDPOINT, "policy");
    let through: Option<TriedThrough> = typed::command(ENDPOINT, "policy");
    let to_try = typed
        .filter(|policy| visit().refused.is_none() && !policy.counting.is_empty())
        .map(|policy| ExpirySimulation {
            policy,
            through: through.unwrap_or_default().through,
        });
    let tried = to_try.map(|command| load(simulate_expiry(command), simulated));
    let submit = may(Right::ManageExpiry).then(|| view! { <Submit label=t!(expiry.set) /> });
    let default_leads: Vec<String> = DEFAULT_NOTICE_LEADS.iter().map(u32::to_string).collect();
    let today = visit().today.to_string();
    view! {
        <PageHead title=new_label() crumbs=crumbs_to(t!(expiry.title), "/admin/expiry") />
        <Notice>
            <p>{t!(expiry.explained)}</p>
            <p>{t!(expiry.which_governs)}</p>
        </Notice>
        <Form endpoint=ENDPOINT arg="policy">
            <div class="fields">
                <SelectField name="class" label=t!(expiry.class) choices=classes() required=true />
                <TextField name="tag" label=t!(expiry.tag) hint=t!(expiry.tag_hint) maxlength=100 />
                <TextField name="currency" label=t!(expiry.currency) hint=t!(expiry.currency_hint) maxlength=3 />
            </div>
            <div class="fields">
                <SelectField name="counting" label=t!(expiry.counting) choices=countings() required=true />
                <NumberField name="length" label=t!(expiry.length) hint=t!(expiry.length_hint) />
                <NumberField
                    name="minimum_life_days"
                    label=t!(expiry.minimum_life)
                    hint=t!(expiry.minimum_life_hint)
                    unit=t!(expiry.days)
                />
                <TextField
                    name="notice_leads"
                    label=t!(expiry.notice_leads)
                    hint=t!(expiry.notice_leads_hint)
                    value=default_leads.join(", ")
                    maxlength=200
                />
            </div>
            <div class="fields">
                <DateField
                    name="in_force_from"
                    label=t!(expiry.in_force_from)
                    hint=t!(expiry.in_force_hint)
                    value=today.clone()
                />
                <DateField name="through" label=t!(expiry.through) hint=t!(expiry.through_hint) value=today />
                <TextField name="reason" label=t!(expiry.reason) maxlength=500 />
            </div>
            <Actions>
                {submit}
                <PreviewButton label=t!(expiry.try_it) />
            </Actions>
        </Form>
        {tried}
    }
}

fn classes() -> Vec<(String, String)> {
    words::choices(CreditClass::ALL, CreditClass::code, words::credit_class)
}

fn countings() -> Vec<(String, String)> {
    words::choices(
        ExpiryCounting::ALL,
        ExpiryCounting::code,
        |counting| match counting {
            ExpiryCounting::Days => t!(expiry.count_days),
            ExpiryCounting::EndOfMonth => t!(expiry.count_end_of_month),
            ExpiryCounting::Never => t!(expiry.count_never),
        },
    )
}

/// "If promotional credit lapsed so: these grants, this much."
fn simulated(found: ExpirySimulated) -> AnyView {
    let through = format::date(found.through);
    if found.grants == 0 {
        let text = t!(
            expiry.nothing_would_lapse,
            date = through,
            grants = format::number(found.of_grants)
        );
        return view! { <Notice tone=Tone::Good><p>{text}</p></Notice> }.into_any();
    }
    let totals: Vec<String> = found
        .totals
        .iter()
        .map(|total| format::money(*total))
        .collect();
    let would = t!(
        expiry.would_lapse,
        grants = format::number(found.grants),
        of = format::number(found.of_grants),
        amount = totals.join(", "),
        date = through
    );
    let listed = found.listed.len() as u64;
    let more = (found.grants > listed).then(|| {
        let text = t!(
            expiry.more_listed,
            count = format::number(found.grants - listed)
        );
        view! { <p class="hint">{text}</p> }
    });
    let rows: Vec<_> = found.listed.into_iter().map(simulated_row).collect();
    let head = view! {
        <th scope="col">{t!(credits.number)}</th>
        <th scope="col">{t!(credits.customer)}</th>
        <th scope="col">{t!(credits.effective_on)}</th>
        <th scope="col">{t!(expiry.lapses_now)}</th>
        <th scope="col">{t!(expiry.would_lapse_on)}</th>
        <NumberHead label=t!(expiry.would_lapse_amount) />
    };
    view! {
        <Card title=t!(expiry.simulation)>
            <p>{would}</p>
            <DataTable caption=t!(expiry.simulation) head=head.into_any() cards=true>{rows}</DataTable>
            {more}
            <p class="hint">{t!(expiry.nothing_written)}</p>
        </Card>
    }
    .into_any()
}

fn simulated_row(lapse: SimulatedLapse) -> impl IntoView {
    view! {
        <tr>
            <th scope="row"><a href=links::grant(lapse.grant)>{lapse.number.to_string()}</a></th>
            <Cell label=t!(credits.customer)>
                <a href=links::customer(&lapse.on.customer)>{lapse.on.customer_name.clone()}</a>
            </Cell>
            <Cell label=t!(credits.effective_on)>{format::date(lapse.effective_on)}</Cell>
            <Cell label=t!(expiry.lapses_now)>{words::lapses(lapse.expires_on)}</Cell>
            <Cell label=t!(expiry.would_lapse_on)>{words::lapses(Some(lapse.would_expire_on))}</Cell>
            <NumberCell label=t!(expiry.would_lapse_amount)>{format::money(lapse.amount)}</NumberCell>
        </tr>
    }
}
