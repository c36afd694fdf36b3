//! Defining a promotion, and changing a draft.

use super::api::show_promotion;
use super::terms;
use crate::domain::money::Money;
use crate::domain::promotion::{Audience, PromotionKind, Stacking};
use crate::dto::promotions::PromotionDetail;
use crate::web::links;
use crate::web::ui::prelude::*;
use crate::web::ui::visit::route_id;
use chrono::NaiveDate;

/// The form for a new promotion.
#[component]
pub fn NewPromotionPage() -> impl IntoView {
    view! {
        <PageHead
            title=t!(promotions.new)
            crumbs=terms::crumbs()
            lead=view! { <p>{t!(promotions.new_explained)}</p> }.into_any()
        />
        <TermsForm start=Start::default() />
    }
}

/// The same form, with what a draft says.
#[component]
pub fn EditPromotionPage() -> impl IntoView {
    let promotion = route_id("id");
    load(async move { show_promotion(promotion?).await }, edit)
}

fn edit(promotion: PromotionDetail) -> impl IntoView {
    let mut crumbs = terms::crumbs();
    crumbs.push(Crumb::new(
        promotion.row.code.clone(),
        links::promotion(promotion.row.promotion),
    ));
    view! {
        <PageHead title=t!(promotions.edit) crumbs />
        <TermsForm start=Start::of(promotion) />
    }
}

/// What the fields start from.
#[derive(Default)]
struct Start {
    promotion: String,
    seen: String,
    code: String,
    name_en: String,
    name_de: String,
    kind: String,
    currency: String,
    amount: String,
    percent: String,
    starts_on: String,
    ends_on: String,
    audience: String,
    tags: String,
    customers: String,
    budget: String,
    cap: String,
    minimum: String,
    stacking: String,
    priority: String,
    lapse_days: String,
    lapses_on: String,
}

impl Start {
    fn of(promotion: PromotionDetail) -> Self {
        let customers: Vec<String> = promotion
            .customers
            .into_iter()
            .map(|(number, _)| number)
            .collect();
        let row = promotion.row;
        let money = |money: Option<Money>| money.map(format::typed_amount).unwrap_or_default();
        let date = |date: Option<NaiveDate>| date.map(|date| date.to_string()).unwrap_or_default();
        Self {
            promotion: row.promotion.to_string(),
            seen: row.version.to_string(),
            code: row.code,
            name_en: row.name_en,
            name_de: row.name_de,
            kind: row.kind.code().to_owned(),
            currency: row.currency.code().to_owned(),
            amount: money(row.amount),
            percent: row
                .percent
                .map(|percent| format::typed_number(&percent.to_string()))
                .unwrap_or_default(),
            starts_on: row.starts_on.to_string(),
            ends_on: date(row.ends_on),
            audience: row.audience.code().to_owned(),
            tags: promotion.tags.join(", "),
            customers: customers.join(", "),
            budget: money(row.budget),
            cap: money(row.cap),
            minimum: money(Some(row.minimum).filter(|minimum| !minimum.is_zero())),
            stacking: row.stacking.code().to_owned(),
            priority: row.priority.to_string(),
            lapse_days: row
                .lapse_days
                .map(|days| days.to_string())
                .unwrap_or_default(),
            lapses_on: date(row.lapses_on),
        }
    }
}

#[component]
fn TermsForm(start: Start) -> impl IntoView {
    let kinds = words::choices(PromotionKind::ALL, PromotionKind::code, terms::kind);
    let audiences = words::choices(Audience::ALL, Audience::code, terms::audience);
    let stackings = words::choices(
        &[Stacking::Combinable, Stacking::Exclusive],
        Stacking::code,
        terms::stacking,
    );
    let starts_on = match start.starts_on.is_empty() {
        true => visit().today.to_string(),
        false => start.starts_on,
    };
    view! {
        <Form endpoint="save_promotion" arg="promotion" keyed=true class="form form-wide">
            <Hidden name="promotion" value=start.promotion />
            <Hidden name="seen" value=start.seen />
            <div class="fields">
                <TextField name="code" label=t!(promotions.code) hint=t!(promotions.code_hint) value=start.code required=true maxlength=40 />
                <TextField name="name_en" label=t!(promotions.name_en) value=start.name_en required=true maxlength=100 />
                <TextField name="name_de" label=t!(promotions.name_de) hint=t!(promotions.name_de_hint) value=start.name_de maxlength=100 />
            </div>
            <div class="fields">
                <SelectField name="kind" label=t!(promotions.kind) hint=t!(promotions.kind_hint) choices=kinds value=start.kind required=true />
                <TextField name="currency" label=t!(promotions.currency) value=start.currency placeholder="EUR" required=true maxlength=3 />
                <NumberField name="amount" label=t!(promotions.amount) hint=t!(promotions.amount_hint) value=start.amount />
                <NumberField name="percent" label=t!(promotions.percent) hint=t!(promotions.percent_hint) value=start.percent unit="%" />
                <NumberField name="minimum" label=t!(promotions.minimum) hint=t!(promotions.minimum_hint) value=start.minimum />
            </div>
            <div class="fields">
                <DateField name="starts_on" label=t!(promotions.starts_on) value=starts_on />
                <DateField name="ends_on" label=t!(promotions.ends_on) hint=t!(promotions.ends_on_hint) value=start.ends_on />
                <NumberField name="lapse_days" label=t!(promotions.lapse_days) hint=t!(promotions.lapse_hint) value=start.lapse_days unit=t!(promotions.days) />
                <DateField name="lapses_on" label=t!(promotions.lapses_on) value=start.lapses_on />
            </div>
            <div class="fields">
                <SelectField name="audience" label=t!(promotions.audience) choices=audiences value=start.audience />
                <TextField name="tags" label=t!(promotions.tags) hint=t!(promotions.tags_hint) value=start.tags />
                <TextField name="customers" label=t!(promotions.customers) hint=t!(promotions.customers_hint) value=start.customers />
            </div>
            <div class="fields">
                <NumberField name="budget" label=t!(promotions.budget) hint=t!(promotions.budget_hint) value=start.budget />
                <NumberField name="cap" label=t!(promotions.cap) hint=t!(promotions.cap_hint) value=start.cap />
                <SelectField name="stacking" label=t!(promotions.stacking) hint=t!(promotions.stacking_hint) choices=stackings value=start.stacking />
                <NumberField name="priority" label=t!(promotions.priority) hint=t!(promotions.priority_hint) value=start.priority />
            </div>
            <Notice><p>{t!(promotions.not_a_discount)}</p></Notice>
            <Actions>
                <Submit label=t!(promotions.save_draft) />
            </Actions>
        </Form>
    }
}
