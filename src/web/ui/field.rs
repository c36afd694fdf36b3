//! Fields of forms: label, hint, what was typed, and what was refused about it, tied together for every reader.
//!
//! `name` is the field's name in the command (`reference`, `applications.0.amount`); the form around it makes
//! the HTML name. The value is what was typed, else `value`.

use super::errors::sentence;
use super::text::t;
use super::typed::{FormScope, scope};
use crate::domain::money::Currency;
use leptos::prelude::*;

/// What every kind of field shares, worked out once.
struct Common {
    id: String,
    html_name: String,
    value: String,
    hint_id: Option<String>,
    error_id: Option<String>,
    errors: Vec<String>,
}

impl Common {
    fn new(scope: &FormScope, name: &str, label: &str, hint: &str, default: String) -> Self {
        let id = scope.id(name);
        scope
            .labels
            .lock()
            .expect("no field panics while it notes its label")
            .push((name.to_owned(), label.to_owned()));
        let errors: Vec<String> = scope.refusals(name).iter().map(sentence).collect();
        Self {
            html_name: scope.html_name(name),
            value: scope.typed(name).unwrap_or(default),
            hint_id: (!hint.is_empty()).then(|| format!("{id}-hint")),
            error_id: (!errors.is_empty()).then(|| format!("{id}-error")),
            errors,
            id,
        }
    }

    fn described_by(&self) -> Option<String> {
        let ids: Vec<&str> = [self.error_id.as_deref(), self.hint_id.as_deref()]
            .into_iter()
            .flatten()
            .collect();
        (!ids.is_empty()).then(|| ids.join(" "))
    }

    fn invalid(&self) -> Option<&'static str> {
        self.error_id.is_some().then_some("true")
    }

    /// Label above, then the control, then hint and refusals.
    fn frame(
        self,
        label: String,
        hint: String,
        required: bool,
        bare: bool,
        control: AnyView,
    ) -> AnyView {
        let class = match (self.error_id.is_some(), bare) {
            (true, false) => "field field-bad",
            (false, false) => "field",
            (true, true) => "field field-bare field-bad",
            (false, true) => "field field-bare",
        };
        let label_class = if bare { "visually-hidden" } else { "" };
        let optional =
            (!required && !bare).then(|| view! { <span class="optional">{t!(ui.optional)}</span> });
        let hint = self
            .hint_id
            .map(|id| view! { <p class="hint" id=id>{hint}</p> });
        let error = self
            .error_id
            .map(|id| view! { <p class="field-error" id=id>{self.errors.join(" ")}</p> });
        view! {
            <div class=class>
                <label class=label_class for=self.id>{label} " " {optional}</label>
                {control}
                {error}
                {hint}
            </div>
        }
        .into_any()
    }
}

/// A line of text.
#[component]
pub fn TextField(
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    #[prop(optional, into)] hint: String,
    #[prop(optional, into)] value: String,
    #[prop(optional)] required: bool,
    /// `text`, `search`, `email`, `url`, `tel`.
    #[prop(default = "text")]
    kind: &'static str,
    #[prop(default = "off")] autocomplete: &'static str,
    #[prop(optional, into)] placeholder: Option<String>,
    #[prop(optional)] maxlength: Option<u32>,
    /// The label is for screen readers only: inside tables, where the column's head says it.
    #[prop(optional)]
    bare: bool,
    /// Id of a `datalist` with suggestions.
    #[prop(optional, into)]
    list: Option<String>,
) -> impl IntoView {
    let scope = scope();
    let common = Common::new(&scope, &name, &label, &hint, value);
    let control = view! {
        <input
            type=kind
            id=common.id.clone()
            name=common.html_name.clone()
            value=common.value.clone()
            required=required
            autocomplete=autocomplete
            placeholder=placeholder
            maxlength=maxlength
            list=list
            aria-describedby=common.described_by()
            aria-invalid=common.invalid()
        />
    };
    let control = control.into_any();
    common.frame(label, hint, required, bare, control)
}

/// A password. Never filled in again after a refusal.
#[component]
pub fn PasswordField(
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    #[prop(optional, into)] hint: String,
    /// `current-password` or `new-password`.
    autocomplete: &'static str,
) -> impl IntoView {
    let scope = scope();
    let common = Common::new(&scope, &name, &label, &hint, String::new());
    let control = view! {
        <input
            type="password"
            id=common.id.clone()
            name=common.html_name.clone()
            required
            autocomplete=autocomplete
            aria-describedby=common.described_by()
            aria-invalid=common.invalid()
        />
    };
    let control = control.into_any();
    common.frame(label, hint, true, false, control)
}

/// An amount of a fixed currency, shown beside it. Sends `NAME[amount]` and `NAME[currency]`, as `AmountText` reads
/// them; with `plain`, the amount alone under `NAME`.
#[component]
pub fn MoneyField(
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    currency: Currency,
    #[prop(optional, into)] hint: String,
    /// As the reader types it: `format::typed_amount`.
    #[prop(optional, into)]
    value: String,
    #[prop(optional)] required: bool,
    #[prop(optional)] bare: bool,
    /// The command takes the amount as text, without its currency.
    #[prop(optional)]
    plain: bool,
) -> impl IntoView {
    let scope = scope();
    let amount_name = if plain {
        name.clone()
    } else {
        format!("{name}.amount")
    };
    let mut common = Common::new(&scope, &amount_name, &label, &hint, value);
    if !plain {
        common.errors = scope.refusals(&name).iter().map(sentence).collect();
        common.error_id = (!common.errors.is_empty()).then(|| format!("{}-error", common.id));
    }
    let currency_name = scope.html_name(&format!("{name}.currency"));
    let currency_field = (!plain)
        .then(|| view! { <input type="hidden" name=currency_name value=currency.code() /> });
    let control = view! {
        <span class="money-input">
            <span class="money-currency" aria-hidden="true">{currency.code()}</span>
            <input
                type="text"
                inputmode="decimal"
                class="number"
                id=common.id.clone()
                name=common.html_name.clone()
                value=common.value.clone()
                required=required
                autocomplete="off"
                aria-describedby=common.described_by()
                aria-invalid=common.invalid()
            />
            {currency_field}
        </span>
    };
    let control = control.into_any();
    common.frame(label, hint, required, bare, control)
}

/// A number that is not money: quantity, rate, days.
#[component]
pub fn NumberField(
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    #[prop(optional, into)] hint: String,
    /// As the reader types it: `format::typed_number`.
    #[prop(optional, into)]
    value: String,
    #[prop(optional)] required: bool,
    #[prop(optional)] bare: bool,
    /// What it counts, shown behind the field: `%`, `days`.
    #[prop(optional, into)]
    unit: Option<String>,
) -> impl IntoView {
    let scope = scope();
    let common = Common::new(&scope, &name, &label, &hint, value);
    let unit = unit.map(|unit| view! { <span class="unit">{unit}</span> });
    let control = view! {
        <span class="number-input">
            <input
                type="text"
                inputmode="decimal"
                class="number"
                id=common.id.clone()
                name=common.html_name.clone()
                value=common.value.clone()
                required=required
                autocomplete="off"
                aria-describedby=common.described_by()
                aria-invalid=common.invalid()
            />
            {unit}
        </span>
    };
    let control = control.into_any();
    common.frame(label, hint, required, bare, control)
}

/// A day.
#[component]
pub fn DateField(
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    #[prop(optional, into)] hint: String,
    /// `YYYY-MM-DD`, as `NaiveDate` writes itself.
    #[prop(optional, into)]
    value: String,
    #[prop(optional)] required: bool,
    #[prop(optional)] bare: bool,
) -> impl IntoView {
    let scope = scope();
    let common = Common::new(&scope, &name, &label, &hint, value);
    let control = view! {
        <input
            type="date"
            id=common.id.clone()
            name=common.html_name.clone()
            value=common.value.clone()
            required=required
            max="2199-12-31"
            aria-describedby=common.described_by()
            aria-invalid=common.invalid()
        />
    };
    let control = control.into_any();
    common.frame(label, hint, required, bare, control)
}

/// One of several choices, each a code and its words.
#[component]
pub fn SelectField(
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    /// Code and words; a code of nothing stands for "any" or "please choose".
    choices: Vec<(String, String)>,
    #[prop(optional, into)] hint: String,
    #[prop(optional, into)] value: String,
    /// The choice of nothing, "please choose", is refused.
    #[prop(optional)]
    required: bool,
    #[prop(optional)] bare: bool,
) -> impl IntoView {
    let scope = scope();
    let common = Common::new(&scope, &name, &label, &hint, value);
    let chosen = common.value.clone();
    let options: Vec<_> = choices
        .into_iter()
        .map(|(code, words)| {
            let selected = code == chosen;
            view! { <option value=code selected=selected>{words}</option> }
        })
        .collect();
    let control = view! {
        <select
            id=common.id.clone()
            name=common.html_name.clone()
            required=required
            autocomplete="off"
            aria-describedby=common.described_by()
            aria-invalid=common.invalid()
        >
            {options}
        </select>
    };
    let control = control.into_any();
    // There is always a choice, so none is left out.
    common.frame(label, hint, true, bare, control)
}

/// A box to tick. Sends `value` when ticked and nothing otherwise.
#[component]
pub fn CheckField(
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    #[prop(optional, into)] hint: String,
    #[prop(default = "yes".to_owned(), into)] value: String,
    #[prop(optional)] ticked: bool,
    #[prop(optional)] bare: bool,
) -> impl IntoView {
    let scope = scope();
    let common = Common::new(&scope, &name, &label, &hint, String::new());
    let ticked = scope.ticked(&name, &value, ticked);
    // Several boxes of one name differ by their value.
    let id = if value == "yes" || value == "true" {
        common.id.clone()
    } else {
        format!("{}-{value}", common.id)
    };
    let label_class = if bare { "visually-hidden" } else { "" };
    let hint_view =
        (!hint.is_empty()).then(|| view! { <p class="hint" id=common.hint_id.clone()>{hint}</p> });
    let error_view = common
        .error_id
        .clone()
        .map(|id| view! { <p class="field-error" id=id>{common.errors.join(" ")}</p> });
    view! {
        <div class="field field-check">
            <input
                type="checkbox"
                id=id.clone()
                name=common.html_name.clone()
                value=value
                checked=ticked
                autocomplete="off"
                aria-describedby=common.described_by()
                aria-invalid=common.invalid()
            />
            <label class=label_class for=id>{label}</label>
            {error_view}
            {hint_view}
        </div>
    }
}

/// Text of several lines.
#[component]
pub fn TextAreaField(
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    #[prop(optional, into)] hint: String,
    #[prop(optional, into)] value: String,
    #[prop(optional)] required: bool,
    #[prop(default = 3)] rows: u32,
) -> impl IntoView {
    let scope = scope();
    let common = Common::new(&scope, &name, &label, &hint, value);
    let control = view! {
        <textarea
            id=common.id.clone()
            name=common.html_name.clone()
            rows=rows
            required=required
            autocomplete="off"
            aria-describedby=common.described_by()
            aria-invalid=common.invalid()
        >
            {common.value.clone()}
        </textarea>
    };
    let control = control.into_any();
    common.frame(label, hint, required, false, control)
}

/// A file to be sent; its form must be `multipart`.
#[component]
pub fn FileField(
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    #[prop(optional, into)] hint: String,
    /// Kinds of files offered: `.csv,text/csv`.
    #[prop(optional, into)]
    accept: Option<String>,
) -> impl IntoView {
    let scope = scope();
    let common = Common::new(&scope, &name, &label, &hint, String::new());
    let control = view! {
        <input
            type="file"
            id=common.id.clone()
            name=common.html_name.clone()
            accept=accept
            required
            aria-describedby=common.described_by()
            aria-invalid=common.invalid()
        />
    };
    let control = control.into_any();
    common.frame(label, hint, true, false, control)
}

/// A value that travels with the form unseen.
#[component]
pub fn Hidden(#[prop(into)] name: String, #[prop(into)] value: String) -> impl IntoView {
    let html_name = scope().html_name(&name);
    view! { <input type="hidden" name=html_name value=value /> }
}
