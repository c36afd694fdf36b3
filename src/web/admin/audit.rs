//! The audit trail: who did what to which record, when and why.

use super::api::list_audit;
use super::{crumbs, may};
use crate::domain::credit::OrderOfUse;
use crate::domain::ledger::{JournalKind, LedgerRole};
use crate::domain::payment::SurplusChoice;
use crate::domain::rights::{Right, Role};
use crate::dto::accounts::AutoApply;
use crate::dto::audit::{
    Act, AuditDetail, AuditFilter, AuditRow, AuditSubject, DetailValue, SubjectKind,
};
use crate::dto::credit_runs::RunScope;
use crate::dto::page::{Page, PageRequest};
use crate::dto::people::LinkPurpose;
use crate::web::accounts::settings::auto_apply_words;
use crate::web::customers::form::language_words;
use crate::web::ui::prelude::*;
use crate::web::ui::visit::escape;
use chrono::NaiveDate;

/// Details of an act that are shown at once; more wait behind a click.
const DETAILS_AT_ONCE: usize = 3;

/// Acts, newest first, with filters for what, who and when.
#[component]
pub fn AuditPage() -> impl IntoView {
    let filter: AuditFilter = typed::query();
    let page: PageRequest = typed::query();
    let filtered = filter != AuditFilter::default();
    view! {
        <PageHead title=t!(audit.title) crumbs=crumbs() lead=t!(audit.lead).into_any() />
        <FilterForm>
            <SelectField name="act" label=t!(audit.act) choices=act_choices() />
            <TextField name="actor" label=t!(audit.actor) kind="search" />
            <DateField name="from" label=t!(audit.from) />
            <DateField name="to" label=t!(audit.to) />
        </FilterForm>
        {load(list_audit(filter, page), move |page| table(page, filtered))}
    }
}

fn act_choices() -> Vec<(String, String)> {
    let any = (String::new(), t!(audit.any_act).to_owned());
    let acts = words::choices(Act::ALL, Act::code, words::known_act);
    std::iter::once(any).chain(acts).collect()
}

fn table(page: Page<AuditRow>, filtered: bool) -> AnyView {
    if page.rows.is_empty() {
        let text = if filtered {
            t!(audit.none_found)
        } else {
            t!(audit.none)
        };
        return view! { <Empty title=t!(audit.empty) text=text /> }.into_any();
    }
    let rows: Vec<_> = page.rows.into_iter().map(row).collect();
    let head = view! {
        <th scope="col">{t!(audit.when)}</th>
        <th scope="col">{t!(audit.actor)}</th>
        <th scope="col">{t!(audit.act)}</th>
        <th scope="col">{t!(audit.subject)}</th>
        <th scope="col">{t!(audit.details)}</th>
    };
    view! {
        <DataTable caption=t!(audit.title) head=head.into_any() cards=true>{rows}</DataTable>
        <Pager total=page.total />
    }
    .into_any()
}

fn row(event: AuditRow) -> impl IntoView {
    let by_actor = format!("/admin/audit?actor={}", escape(&event.actor));
    let reason = event.reason.map(|reason| view! { <q>{reason}</q> });
    let details = details(event.details);
    let why = if reason.is_none() && details.is_none() {
        view! { <td></td> }.into_any()
    } else {
        view! {
            <Cell label=t!(audit.details)><div class="act-details">{reason} {details}</div></Cell>
        }
        .into_any()
    };
    view! {
        <tr>
            <th scope="row">{format::instant(event.recorded_at)}</th>
            <Cell label=t!(audit.actor)><a href=by_actor>{event.actor}</a></Cell>
            <Cell label=t!(audit.act)>{words::act(&event.act)}</Cell>
            <Cell label=t!(audit.subject)>{subject(event.subject)}</Cell>
            {why}
        </tr>
    }
}

/// The kind of record, its number or name as a link, and whose it is.
pub fn subject(subject: AuditSubject) -> impl IntoView {
    let kind = SubjectKind::from_code(&subject.kind);
    let href = kind.and_then(|kind| page_of(kind, &subject));
    let name = name_of(kind, &subject);
    let name = match href {
        Some(href) => view! { <a href=href>{name}</a> }.into_any(),
        None => view! { <span>{name}</span> }.into_any(),
    };
    let of_whom = (!subject.of_whom.is_empty())
        .then(|| view! { <span class="soft">" · " {subject.of_whom}</span> });
    view! { <span>{name} {of_whom}</span> }
}

/// "Invoice 2026-17"; the kind alone where the record has no name.
fn name_of(kind: Option<SubjectKind>, subject: &AuditSubject) -> String {
    let Some(kind) = kind else {
        return subject.kind.clone();
    };
    let own_words = match kind {
        SubjectKind::Period => JournalKind::from_code(&subject.id).map(words::journal_kind),
        SubjectKind::LedgerAccount => LedgerRole::from_code(&subject.id).map(words::ledger_role),
        SubjectKind::Setting => Some(name_of_field(&subject.id)),
        _ => None,
    };
    let label = own_words.unwrap_or(&subject.label);
    let kind = words::subject_kind(kind);
    if label.is_empty() {
        return kind.to_owned();
    }
    format!("{kind} {label}")
}

/// Where the record is shown, when there is such a page and the reader may open it.
fn page_of(kind: SubjectKind, subject: &AuditSubject) -> Option<String> {
    let by_label = |folder: &str| {
        (!subject.label.is_empty()).then(|| format!("/{folder}/{}", escape(&subject.label)))
    };
    let by_id = |folder: &str| subject.shown_by.map(|id| format!("/{folder}/{id}"));
    match kind {
        SubjectKind::Customer => by_label("customers"),
        SubjectKind::ReceivableAccount => by_label("accounts"),
        SubjectKind::Invoice | SubjectKind::Application => by_id("invoices"),
        SubjectKind::CreditNote => by_id("credit-notes"),
        SubjectKind::Payment => by_id("payments"),
        SubjectKind::Grant => by_id("credits"),
        SubjectKind::Request => by_id("requests"),
        SubjectKind::CreditRun => by_id("credit-runs"),
        SubjectKind::ExpiryPolicy => Some("/admin/expiry".to_owned()),
        SubjectKind::Job => None,
        SubjectKind::Promotion => by_id("promotions"),
        SubjectKind::PromotionRun => by_id("promotions/runs"),
        SubjectKind::Import => Some(format!("/imports/{}", subject.id)),
        SubjectKind::Period => Some("/admin/periods".to_owned()),
        SubjectKind::LedgerAccount => Some("/admin/chart".to_owned()),
        SubjectKind::Setting => may(Right::ManageSettings).then(|| "/admin/settings".to_owned()),
        SubjectKind::User => by_id("admin/users").filter(|_| may(Right::ManageUsers)),
        SubjectKind::Token => may(Right::ManageUsers).then(|| "/admin/tokens".to_owned()),
    }
}

/// What an act noted, in words.
pub fn details(details: Vec<AuditDetail>) -> Option<AnyView> {
    let lines: Vec<_> = details.into_iter().filter_map(line).collect();
    if lines.is_empty() {
        return None;
    }
    let many = lines.len() > DETAILS_AT_ONCE;
    let count = u32::try_from(lines.len()).unwrap_or(u32::MAX);
    let list = view! { <ul>{lines}</ul> };
    if !many {
        return Some(list.into_any());
    }
    let summary = t!(audit.more, count = count);
    Some(view! { <details><summary>{summary}</summary> {list}</details> }.into_any())
}

/// "City: Bonn → Köln". Counters that only programs need are left out.
fn line(detail: AuditDetail) -> Option<impl IntoView> {
    let name = detail.name.as_str();
    if name == "version" || (detail.before.is_none() && detail.after == DetailValue::Nothing) {
        return None;
    }
    let label = (!name.is_empty())
        .then(|| view! { <span class="soft">{name_of_field(name).to_owned()} ": "</span> });
    let before = detail.before.as_ref();
    let before = before.filter(|before| **before != DetailValue::Nothing);
    let before = before.map(|before| {
        let before = value_text(name, before);
        view! { <del>{before}</del> <span aria-hidden="true">" → "</span> }
    });
    let after = match (name, &detail.after) {
        ("invoice", DetailValue::Text(id)) => {
            let href = format!("/invoices/{}", escape(id));
            view! { <a href=href>{t!(audit.open_invoice)}</a> }.into_any()
        }
        (_, after) => value_text(name, after).into_any(),
    };
    Some(view! { <li>{label} {before} {after}</li> })
}

fn value_text(name: &str, value: &DetailValue) -> String {
    match value {
        DetailValue::Nothing => t!(audit.nothing).to_owned(),
        DetailValue::Flag(true) => t!(audit.yes).to_owned(),
        DetailValue::Flag(false) => t!(audit.no).to_owned(),
        DetailValue::Amount(amount) => format::money(*amount),
        DetailValue::Text(text) => text_of(name, text),
        DetailValue::List(values) => {
            let texts: Vec<String> = values.iter().map(|value| value_text(name, value)).collect();
            texts.join(", ")
        }
    }
}

/// Codes and days in the reader's words; anything else as it was noted.
fn text_of(name: &str, text: &str) -> String {
    let words = match name {
        "roles" | "role" | "" => Role::from_code(text).map(words::role),
        "auto_apply" => AutoApply::from_code(text).map(auto_apply_words),
        "language" => Some(language_words(text)),
        "scope" => RunScope::from_code(text).map(words::run_scope),
        "purpose" => LinkPurpose::from_code(text).map(words::link_purpose),
        "surplus_choice" => SurplusChoice::from_code(text).map(words::surplus_choice),
        "order_of_use" => OrderOfUse::from_code(text).map(words::order_of_use),
        _ => None,
    };
    if let Some(words) = words {
        return words.to_owned();
    }
    match text.parse::<NaiveDate>() {
        Ok(day) => format::date(day),
        Err(_) => text.to_owned(),
    }
}

/// What a field of a command is called; its own name where no person has typed it.
fn name_of_field(name: &str) -> &str {
    match name {
        "address" | "street" => t!(audit.field_street),
        "aliases" => t!(audit.field_aliases),
        "amount" => t!(audit.field_amount),
        "applications" => t!(audit.field_applications),
        "auto_apply" => t!(audit.field_auto_apply),
        "business_name" => t!(audit.field_business_name),
        "city" => t!(audit.field_city),
        "code" => t!(audit.field_code),
        "contacts" => t!(audit.field_contacts),
        "country" => t!(audit.field_country),
        "credit" => t!(audit.field_credit),
        "credits" => t!(audit.field_credits),
        "currency" => t!(audit.field_currency),
        "effective_on" => t!(audit.field_effective_on),
        "email" => t!(audit.field_email),
        "external_ids" => t!(audit.field_external_ids),
        "first_entry" => t!(audit.field_first_entry),
        "invoice" => t!(audit.field_invoice),
        "invoices" => t!(audit.field_invoices),
        "language" => t!(audit.field_language),
        "last_entry" => t!(audit.field_last_entry),
        "name" => t!(audit.field_name),
        "notes" => t!(audit.field_notes),
        "number" => t!(audit.field_number),
        "on_hold" => t!(audit.field_on_hold),
        "order_of_use" => t!(audit.field_order_of_use),
        "payments" => t!(audit.field_payments),
        "phone" => t!(audit.field_phone),
        "postal_code" => t!(audit.field_postal_code),
        "purpose" => t!(audit.field_purpose),
        "reversed_on" => t!(audit.field_reversed_on),
        "role" | "roles" => t!(audit.field_roles),
        "scope" => t!(audit.field_scope),
        "scope_value" => t!(audit.field_scope_value),
        "surplus_choice" => t!(audit.field_surplus_choice),
        "approval_limit" => t!(audit.field_approval_limit),
        "bad_debt_tax_relief" => t!(audit.field_tax_relief),
        "surplus_tolerance" => t!(audit.field_surplus_tolerance),
        "tags" => t!(audit.field_tags),
        "tax_id" => t!(audit.field_tax_id),
        "terms_days" => t!(audit.field_terms_days),
        "total" => t!(audit.field_total),
        "totals" => t!(audit.field_totals),
        "class" => t!(audit.field_class),
        "counting" => t!(audit.field_counting),
        "expires_on" => t!(audit.field_expires_on),
        "failed_accounts" => t!(audit.field_failed_accounts),
        "grants" => t!(audit.field_grants),
        "in_force_from" => t!(audit.field_in_force_from),
        "length" => t!(audit.field_length),
        "minimum_life_days" => t!(audit.field_minimum_life),
        "notice_leads" => t!(audit.field_notice_leads),
        "tag" => t!(audit.field_tag),
        "through" => t!(audit.field_through),
        other => other,
    }
}
