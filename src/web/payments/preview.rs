//! The live preview of a payment: what is typed is previewed at once, by the rules the server will use.

use super::outcome::{Outcome, OutcomeBasis, outcome, spread};
use crate::dto::form::AmountText;
use crate::dto::payments::{NewPayment, NewPaymentApplication};
use leptos::html::Div;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{FormData, HtmlFormElement, HtmlInputElement};

/// A day that can be read, where none is typed yet.
const ANY_DAY: &str = "2000-01-01";

/// Wraps the fields of the form and shows below them what they come to.
#[island]
pub fn LivePreview(
    basis: OutcomeBasis,
    /// What the server worked out, where something stood in the form already.
    initial: Outcome,
    /// The fields.
    children: Children,
) -> impl IntoView {
    let fields = NodeRef::<Div>::new();
    let shown = RwSignal::new(initial);
    let live = RwSignal::new(false);
    let words = basis.words.clone();
    let basis = StoredValue::new(basis);
    let look = move || {
        if let Some(form) = form_around(fields) {
            basis.with_value(|basis| shown.set(outcome(typed(&form, basis), basis)));
        }
    };
    // Runs in the browser only; what the person typed before the script was there counts too.
    Effect::new(move || {
        live.set(true);
        look();
    });
    let spread_oldest = move |_| {
        if let Some(form) = form_around(fields) {
            basis.with_value(|basis| fill_oldest(&form, basis));
            look();
        }
    };
    view! {
        <div node_ref=fields class="form form-wide" on:input=move |_| look() on:change=move |_| look()>
            {children()}
            <section class="card outcome" aria-live="polite">
                <h2>{words.title}</h2>
                {move || refusals(shown.get())}
                {move || rows(shown.get(), words.heads.clone())}
                {move || sentences(shown.get())}
                <button type="button" class="button" hidden=move || !live.get() on:click=spread_oldest>
                    {words.spread}
                </button>
            </section>
        </div>
    }
}

fn refusals(outcome: Outcome) -> Option<impl IntoView> {
    let lines: Vec<_> = outcome
        .refusals
        .into_iter()
        .map(|line| view! { <li>{line}</li> })
        .collect();
    (!lines.is_empty()).then(|| view! { <ul class="outcome-refusals">{lines}</ul> })
}

fn rows(outcome: Outcome, heads: [String; 4]) -> Option<impl IntoView> {
    if outcome.rows.is_empty() {
        return None;
    }
    let rows: Vec<_> = outcome.rows.into_iter().map(row).collect();
    let [invoice, open, paid, remains] = heads;
    Some(view! {
        <div class="table-scroll"><table class="table">
            <thead>
                <tr>
                    <th scope="col">{invoice}</th>
                    <th scope="col" class="number">{open}</th>
                    <th scope="col" class="number">{paid}</th>
                    <th scope="col" class="number">{remains}</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table></div>
    })
}

fn row([invoice, open, paid, remains]: [String; 4]) -> impl IntoView {
    view! {
        <tr>
            <th scope="row">{invoice}</th>
            <td class="number">{open}</td>
            <td class="number">{paid}</td>
            <td class="number">{remains}</td>
        </tr>
    }
}

fn sentences(outcome: Outcome) -> Option<impl IntoView> {
    let lines: Vec<_> = outcome
        .sentences
        .into_iter()
        .map(|line| view! { <li>{line}</li> })
        .collect();
    (!lines.is_empty()).then(|| view! { <ul class="outcome-sentences">{lines}</ul> })
}

fn form_around(fields: NodeRef<Div>) -> Option<HtmlFormElement> {
    let form = fields.get_untracked()?.closest("form").ok()??;
    form.dyn_into().ok()
}

/// The command as it stands in the form now.
fn typed(form: &HtmlFormElement, basis: &OutcomeBasis) -> NewPayment {
    let Ok(data) = FormData::new_with_form(form) else {
        return NewPayment::default();
    };
    let field = |name: &str| {
        data.get(&format!("payment{name}"))
            .as_string()
            .unwrap_or_default()
    };
    let applications = (0..basis.rows.len()).map(|row| NewPaymentApplication {
        invoice: field(&format!("[applications][{row}][invoice]")),
        amount: field(&format!("[applications][{row}][amount]")),
    });
    NewPayment {
        amount: AmountText {
            amount: field("[amount][amount]"),
            currency: field("[amount][currency]"),
        },
        received_on: match field("[received_on]") {
            day if day.is_empty() => ANY_DAY.to_owned(),
            day => day,
        },
        surplus: field("[surplus]"),
        prepayment: field("[prepayment]"),
        expires_on: field("[expires_on]"),
        priority: field("[priority]"),
        applications: applications.collect(),
        ..NewPayment::default()
    }
}

/// Types the amount received into the rows, oldest invoice first.
fn fill_oldest(form: &HtmlFormElement, basis: &OutcomeBasis) {
    let received = input(form, "[amount][amount]").map(|input| input.value());
    let Some(amounts) = received.and_then(|amount| spread(&amount, basis)) else {
        return;
    };
    for (row, amount) in amounts.iter().enumerate() {
        if let Some(input) = input(form, &format!("[applications][{row}][amount]")) {
            input.set_value(amount);
        }
    }
}

fn input(form: &HtmlFormElement, name: &str) -> Option<HtmlInputElement> {
    let selector = format!("[name=\"payment{name}\"]");
    let found = form.query_selector(&selector).ok()??;
    found.dyn_into().ok()
}
