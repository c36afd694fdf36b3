//! The fields of a customer, for the forms that create and change one.

use crate::dto::customers::{Contact, CustomerDetail, DEFAULT_TERMS_DAYS, ExternalId};
use crate::web::ui::prelude::*;
use crate::web::ui::typed::scope;

/// Rows offered beyond those that are filled.
const SPARE_ROWS: usize = 1;

/// Currencies offered while typing; any other code of ISO 4217 can be typed.
const COMMON_CURRENCIES: [&str; 12] = [
    "EUR", "USD", "GBP", "CHF", "JPY", "SEK", "NOK", "DKK", "PLN", "CZK", "CAD", "AUD",
];

/// The field for the currency of a new account.
#[component]
pub fn CurrencyField() -> impl IntoView {
    let options: Vec<_> = COMMON_CURRENCIES
        .into_iter()
        .map(|code| view! { <option value=code></option> })
        .collect();
    view! {
        <TextField
            name="currency"
            label=t!(customers.currency_field)
            hint=t!(customers.currency_hint)
            value="EUR"
            maxlength=3
            required=true
            list="currencies"
        />
        <datalist id="currencies">{options}</datalist>
    }
}

/// Everything recorded about a customer; `detail` is what it is now, `None` for a new one.
#[component]
pub fn CustomerFields(#[prop(optional_no_strip)] detail: Option<CustomerDetail>) -> impl IntoView {
    let number_hint = match detail {
        Some(_) => t!(customers.number_keep_hint),
        None => t!(customers.number_hint),
    };
    let is_new = detail.is_none();
    let now = |value: fn(&CustomerDetail) -> String| detail.as_ref().map(value).unwrap_or_default();
    let terms = match &detail {
        Some(detail) => detail.head.terms_days.to_string(),
        None => DEFAULT_TERMS_DAYS.to_string(),
    };
    let (contacts, ids) = detail
        .as_ref()
        .map(|detail| (detail.contacts.clone(), detail.external_ids.clone()))
        .unwrap_or_default();
    view! {
        <fieldset class="card">
            <legend class="fieldset-title">{t!(customers.who)}</legend>
            <div class="fields">
                <TextField name="name" label=t!(customers.name) value=now(|d| d.head.name.clone()) required=true maxlength=200 />
                <TextField
                    name="number"
                    label=t!(customers.number)
                    hint=number_hint
                    value=now(|d| d.head.number.clone())
                    required=!is_new
                    maxlength=40
                />
                <TextField name="tax_id" label=t!(customers.tax_id) value=now(|d| d.head.tax_id.clone()) maxlength=50 />
                <SelectField
                    name="language"
                    label=t!(customers.language)
                    choices=languages()
                    value=now(|d| d.head.language.clone())
                />
            </div>
            <TextAreaField
                name="aliases"
                label=t!(customers.aliases)
                hint=t!(customers.aliases_hint)
                value=now(|d| d.aliases.join("\n"))
                rows=2
            />
        </fieldset>
        <fieldset class="card">
            <legend class="fieldset-title">{t!(customers.reach)}</legend>
            <div class="fields">
                <TextField name="email" label=t!(customers.email) kind="email" value=now(|d| d.head.email.clone()) maxlength=200 />
                <TextField name="phone" label=t!(customers.phone) kind="tel" value=now(|d| d.head.phone.clone()) maxlength=50 />
                <TextField name="street" label=t!(customers.street) value=now(|d| d.head.street.clone()) maxlength=200 />
                <TextField name="postal_code" label=t!(customers.postal_code) value=now(|d| d.head.postal_code.clone()) maxlength=20 />
                <TextField name="city" label=t!(customers.city) value=now(|d| d.head.city.clone()) maxlength=100 />
                <TextField name="country" label=t!(customers.country) value=now(|d| d.head.country.clone()) maxlength=100 />
            </div>
        </fieldset>
        <fieldset class="card">
            <legend class="fieldset-title">{t!(customers.terms_and_tags)}</legend>
            <div class="fields">
                <NumberField
                    name="terms_days"
                    label=t!(customers.terms_days)
                    hint=t!(customers.terms_hint)
                    value=terms
                    unit=t!(customers.days)
                    required=true
                />
                <TextField name="tags" label=t!(customers.tags) hint=t!(customers.tags_hint) value=now(|d| d.head.tags.join(", ")) />
            </div>
            <TextAreaField
                name="notes"
                label=t!(customers.notes)
                hint=t!(customers.notes_hint)
                value=now(|d| d.head.notes.clone())
            />
        </fieldset>
        <Contacts contacts />
        <ExternalIds ids />
    }
}

#[component]
fn Contacts(contacts: Vec<Contact>) -> impl IntoView {
    let count = scope().rows("contacts", contacts.len() + SPARE_ROWS);
    let rows: Vec<_> = (0..count)
        .map(|index| contact_row(index, contacts.get(index).cloned().unwrap_or_default()))
        .collect();
    let head = view! {
        <th scope="col">{t!(customers.contact_name)}</th>
        <th scope="col">{t!(customers.contact_position)}</th>
        <th scope="col">{t!(customers.email)}</th>
        <th scope="col">{t!(customers.phone)}</th>
    };
    view! {
        <fieldset class="card">
            <legend class="fieldset-title">{t!(customers.contacts)}</legend>
            <p class="hint">{t!(customers.contacts_hint)}</p>
            <DataTable caption=t!(customers.contacts) head=head.into_any() cards=true>{rows}</DataTable>
        </fieldset>
    }
}

fn contact_row(index: usize, contact: Contact) -> impl IntoView {
    let name = move |field: &str| format!("contacts.{index}.{field}");
    view! {
        <tr>
            <Cell label=t!(customers.contact_name)>
                <TextField name=name("name") label=t!(customers.contact_name) value=contact.name bare=true maxlength=200 />
            </Cell>
            <Cell label=t!(customers.contact_position)>
                <TextField name=name("position") label=t!(customers.contact_position) value=contact.position bare=true maxlength=100 />
            </Cell>
            <Cell label=t!(customers.email)>
                <TextField name=name("email") label=t!(customers.email) kind="email" value=contact.email bare=true maxlength=200 />
            </Cell>
            <Cell label=t!(customers.phone)>
                <TextField name=name("phone") label=t!(customers.phone) kind="tel" value=contact.phone bare=true maxlength=50 />
            </Cell>
        </tr>
    }
}

#[component]
fn ExternalIds(ids: Vec<ExternalId>) -> impl IntoView {
    let count = scope().rows("external_ids", ids.len() + SPARE_ROWS);
    let rows: Vec<_> = (0..count)
        .map(|index| external_id_row(index, ids.get(index).cloned().unwrap_or_default()))
        .collect();
    let head = view! {
        <th scope="col">{t!(customers.system)}</th>
        <th scope="col">{t!(customers.value)}</th>
    };
    view! {
        <fieldset class="card">
            <legend class="fieldset-title">{t!(customers.external_ids)}</legend>
            <DataTable caption=t!(customers.external_ids) head=head.into_any() cards=true>{rows}</DataTable>
        </fieldset>
    }
}

fn external_id_row(index: usize, id: ExternalId) -> impl IntoView {
    let name = move |field: &str| format!("external_ids.{index}.{field}");
    view! {
        <tr>
            <Cell label=t!(customers.system)>
                <TextField name=name("system") label=t!(customers.system) value=id.system bare=true maxlength=50 />
            </Cell>
            <Cell label=t!(customers.value)>
                <TextField name=name("value") label=t!(customers.value) value=id.value bare=true maxlength=100 />
            </Cell>
        </tr>
    }
}

fn languages() -> Vec<(String, String)> {
    ["", "en", "de"]
        .into_iter()
        .map(|code| (code.to_owned(), language_words(code).to_owned()))
        .collect()
}

/// The language a customer is written in.
pub fn language_words(code: &str) -> &'static str {
    match code {
        "de" => t!(customers.german),
        "en" => t!(customers.english),
        _ => t!(customers.language_default),
    }
}
