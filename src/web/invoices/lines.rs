//! The lines of an invoice as an island: lines come and go and the totals follow, by the rule the server uses.
//!
//! Without JavaScript the same markup is a part of the plain form; its button for more lines asks the server.

use crate::domain::invoice::Totals;
use crate::domain::money::{Currency, Money, plain_decimal};
use crate::dto::form::Typed;
use crate::dto::invoices::{NewInvoiceLine, running_totals};
use crate::web::ui::format::{money_in, percent_in};
use crate::web::ui::text::{Locale, from_tag};
use leptos::html;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{FormData, HtmlElement, HtmlFormElement, KeyboardEvent};
use serde::{Deserialize, Serialize};

/// Everything the island shows, in the reader's words.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LinesStart {
    pub rows: Vec<LineStart>,
    /// What a new line begins with.
    pub fresh: NewInvoiceLine,
    pub currency: String,
    /// The reader's language, for amounts and their decimal sign.
    pub language: String,
    /// The page to which the button for more lines leads without script.
    pub page: String,
    /// Tax rates to choose from.
    pub rates: Vec<String>,
    /// Off the whole invoice.
    pub discount: LineInput,
    /// What was refused about the lines as a whole.
    pub error: String,
    pub texts: LineTexts,
}

/// One line as it came from the server.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct LineStart {
    pub description: LineInput,
    pub service: LineInput,
    pub quantity: LineInput,
    pub unit_price: LineInput,
    pub discount: LineInput,
    pub tax_rate: LineInput,
}

/// What was typed into a field and what was refused about it; empty for nothing.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct LineInput {
    pub value: String,
    pub error: String,
}

/// The island's words. `{number}`, `{rate}` and `{net}` are filled in as lines change.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LineTexts {
    pub caption: String,
    pub amounts_in: String,
    pub description: String,
    pub service: String,
    pub quantity: String,
    pub unit_price: String,
    pub discount: String,
    pub discount_on_all: String,
    pub tax_rate: String,
    pub net: String,
    pub add: String,
    pub remove: String,
    pub remove_heading: String,
    pub tax_on: String,
    pub total: String,
    pub gives_credit: String,
    pub incomplete: String,
    pub leave_empty: String,
}

/// How many lines the button adds without script; with script it adds one at a time.
const MORE: usize = 3;

/// A line on screen; the key stays while its position changes.
#[derive(Clone)]
struct Row {
    key: usize,
    start: LineStart,
}

/// Where a row is and what all rows share.
#[derive(Clone, Copy)]
struct RowPlace {
    index: ReadSignal<usize>,
    texts: StoredValue<LineTexts>,
    /// Lines as last read from the page, plain.
    lines: RwSignal<Vec<NewInvoiceLine>>,
    currency: Currency,
    locale: Locale,
}

#[island]
pub fn InvoiceLines(start: LinesStart) -> impl IntoView {
    let locale = from_tag(&start.language).unwrap_or(Locale::en);
    let currency: Currency = start
        .currency
        .parse()
        .expect("the server writes codes of currencies");
    let texts = StoredValue::new(start.texts);
    let fresh = StoredValue::new(start.fresh);
    let lines = RwSignal::new(
        start
            .rows
            .iter()
            .map(|row| typed_line(row).plain(locale == Locale::de))
            .collect::<Vec<_>>(),
    );
    let discount = RwSignal::new(plain_decimal(&start.discount.value, locale == Locale::de));
    let count = start.rows.len();
    let rows = RwSignal::new(
        start
            .rows
            .into_iter()
            .enumerate()
            .map(|(key, start)| Row { key, start })
            .collect::<Vec<_>>(),
    );
    let next_key = RwSignal::new(count);
    let root = NodeRef::<html::Div>::new();
    let read = move || {
        if let Some(root) = root.get_untracked() {
            lines.set(read_lines(&root, rows.with_untracked(Vec::len), locale));
            discount.set(read_discount(&root, locale));
        }
    };
    let awake = RwSignal::new(false);
    // What was typed before the script arrived counts too; and rows renumber before they are read.
    Effect::new(move |_| {
        rows.track();
        awake.set(true);
        request_animation_frame(read);
    });
    let add = move || {
        let key = next_key.get_untracked();
        next_key.set(key + 1);
        let index = rows.with_untracked(Vec::len);
        rows.update(|rows| {
            rows.push(Row {
                key,
                start: start_of(fresh.get_value()),
            });
        });
        request_animation_frame(move || focus(&input_id(index, "description")));
    };
    let on_enter = move |event: KeyboardEvent| {
        if event.key() != "Enter" || !is_input(&event) {
            return;
        }
        event.prevent_default();
        add();
    };
    let remove = move |key: usize| {
        rows.update(|rows| rows.retain(|row| row.key != key));
        if rows.with_untracked(Vec::is_empty) {
            add();
        }
    };
    let place = move |index| RowPlace {
        index,
        texts,
        lines,
        currency,
        locale,
    };
    let rates: Vec<_> = start
        .rates
        .into_iter()
        .map(|rate| view! { <option value=rate></option> })
        .collect();
    let error = (!start.error.is_empty())
        .then(|| view! { <p class="field-error" id="invoice-lines-error">{start.error}</p> });
    let words = texts.get_value();
    view! {
        <div class="invoice-lines" node_ref=root on:input=move |_| read() on:keydown=on_enter>
            <div class="invoice-lines-head">
                <h2>{words.caption.clone()}</h2>
                <p class="hint">{words.amounts_in}</p>
            </div>
            {error}
            <table class="line-table">
                <caption class="visually-hidden">{words.caption}</caption>
                <thead>
                    <tr>
                        <th scope="col">{words.description}</th>
                        <th scope="col" class="number">{words.quantity}</th>
                        <th scope="col" class="number">{words.unit_price}</th>
                        <th scope="col" class="number">{words.discount}</th>
                        <th scope="col" class="number">{words.tax_rate}</th>
                        <th scope="col" class="number">{words.net}</th>
                        <th scope="col"><span class="visually-hidden">{words.remove_heading}</span></th>
                    </tr>
                </thead>
                <tbody>
                    <ForEnumerate
                        each=move || rows.get()
                        key=|row| row.key
                        children=move |index, row| line_row(place(index), row, awake, remove)
                    />
                </tbody>
            </table>
            <datalist id="invoice-tax-rates">{rates}</datalist>
            <div class="invoice-lines-foot">
                <div class="invoice-lines-more">
                    <button
                        type="submit"
                        class="button"
                        formmethod="get"
                        formaction=start.page
                        formnovalidate
                        name=super::preview::MORE_LINES
                        value=move || (rows.with(Vec::len) + MORE).to_string()
                        on:click=move |event| {
                            event.prevent_default();
                            add();
                        }
                    >
                        {words.add}
                    </button>
                    <Show when=move || !awake.get()>
                        <p class="hint">{texts.with_value(|texts| texts.leave_empty.clone())}</p>
                    </Show>
                </div>
                <div>
                    {whole_discount(words.discount_on_all, start.discount)}
                    {sums(lines, discount, texts, currency, locale)}
                </div>
            </div>
        </div>
    }
}

fn line_row(
    place: RowPlace,
    row: Row,
    awake: RwSignal<bool>,
    remove: impl Fn(usize) + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let key = row.key;
    let RowPlace { index, texts, .. } = place;
    let words = texts.get_value();
    let start = row.start;
    let net = move || {
        place.lines.with(|lines| {
            let line = lines.get(index.get())?;
            let nets = running_totals(std::slice::from_ref(line), "", place.currency).line_nets;
            let net = *nets.first()?;
            Some(money_in(place.locale, Money::new(net?, place.currency)))
        })
    };
    let label = move || {
        texts.with_value(|texts| {
            texts
                .remove
                .replace("{number}", &(index.get() + 1).to_string())
        })
    };
    view! {
        <tr>
            <td data-label=words.description.clone()>
                {input(place, "description", words.description.clone(), start.description, "text")}
                {input(place, "service", words.service.clone(), start.service, "text")}
            </td>
            <td class="number" data-label=words.quantity.clone()>
                {input(place, "quantity", words.quantity.clone(), start.quantity, "decimal")}
            </td>
            <td class="number" data-label=words.unit_price.clone()>
                {input(place, "unit_price", words.unit_price.clone(), start.unit_price, "decimal")}
            </td>
            <td class="number" data-label=words.discount.clone()>
                {input(place, "discount", words.discount.clone(), start.discount, "decimal")}
            </td>
            <td class="number" data-label=words.tax_rate.clone()>
                {input(place, "tax_rate", words.tax_rate.clone(), start.tax_rate, "decimal")}
            </td>
            <td class="number line-net" data-label=words.net>{net}</td>
            <td class="line-remove">
                <Show when=move || awake.get()>
                    <button
                        type="button"
                        class="button button-quiet"
                        aria-label=label
                        title=label
                        on:click=move |_| remove(key)
                    >
                        "×"
                    </button>
                </Show>
            </td>
        </tr>
    }
}

/// One field of a line. Uncontrolled: the browser keeps what is typed, the island reads it.
fn input(
    place: RowPlace,
    column: &'static str,
    label: String,
    start: LineInput,
    mode: &'static str,
) -> impl IntoView {
    let index = place.index;
    let id = move || input_id(index.get(), column);
    let name = move || input_name(index.get(), column);
    let refused = !start.error.is_empty();
    let error_id = move || refused.then(|| format!("{}-error", id()));
    let error = refused.then(|| view! { <p class="field-error" id=error_id>{start.error}</p> });
    let class = if refused {
        "field field-bare field-bad"
    } else {
        "field field-bare"
    };
    let number = mode == "decimal";
    view! {
        <div class=class class:line-service=column == "service">
            <label class="visually-hidden" for=id>{label.clone()}</label>
            <input
                type="text"
                inputmode=mode
                class=if number { "number" } else { "" }
                id=id
                name=name
                value=start.value
                placeholder=(column == "service").then_some(label)
                list=(column == "tax_rate").then_some("invoice-tax-rates")
                autocomplete="off"
                aria-describedby=error_id
                aria-invalid=refused.then_some("true")
            />
            {error}
        </div>
    }
}

/// The discount on the whole invoice, which the server spreads over the lines.
fn whole_discount(label: String, start: LineInput) -> impl IntoView {
    let refused = !start.error.is_empty();
    let error_id = refused.then_some("invoice-discount-error");
    let error = refused.then(|| view! { <p class="field-error" id=error_id>{start.error}</p> });
    let class = if refused { "field field-bad" } else { "field" };
    view! {
        <div class=class>
            <label for="invoice-discount">{label}</label>
            <input
                type="text"
                inputmode="decimal"
                class="number"
                id="invoice-discount"
                name=WHOLE_DISCOUNT
                value=start.value
                autocomplete="off"
                aria-describedby=error_id
                aria-invalid=refused.then_some("true")
            />
            {error}
        </div>
    }
}

/// Net, tax per rate and total of what is typed so far.
fn sums(
    lines: RwSignal<Vec<NewInvoiceLine>>,
    discount: RwSignal<String>,
    texts: StoredValue<LineTexts>,
    currency: Currency,
    locale: Locale,
) -> impl IntoView {
    let totals = Memo::new(move |_| {
        lines.with(|lines| {
            discount.with(|discount| running_totals(lines, discount, currency).totals)
        })
    });
    move || match totals.get() {
        Some(totals) => known_sums(&totals, texts, currency, locale).into_any(),
        None => {
            let incomplete = texts.with_value(|texts| texts.incomplete.clone());
            view! { <p class="sums soft">{incomplete}</p> }.into_any()
        }
    }
}

fn known_sums(
    totals: &Totals,
    texts: StoredValue<LineTexts>,
    currency: Currency,
    locale: Locale,
) -> impl IntoView {
    let texts = texts.get_value();
    let money = |minor| money_in(locale, Money::new(minor, currency));
    let taxes: Vec<_> = totals
        .taxes
        .iter()
        .map(|tax| {
            let label = texts
                .tax_on
                .replace("{rate}", &percent_in(locale, tax.rate))
                .replace("{net}", &money(tax.net_minor));
            view! { <div><dt>{label}</dt><dd>{money(tax.tax_minor)}</dd></div> }
        })
        .collect();
    let credit = (totals.total_minor < 0)
        .then(|| view! { <p class="hint">{texts.gives_credit.clone()}</p> });
    view! {
        <div aria-live="polite">
            <dl class="sums">
                <div><dt>{texts.net}</dt><dd>{money(totals.net_minor)}</dd></div>
                {taxes}
                <div class="sums-total"><dt>{texts.total}</dt><dd>{money(totals.total_minor)}</dd></div>
            </dl>
            {credit}
        </div>
    }
}

fn typed_line(row: &LineStart) -> NewInvoiceLine {
    NewInvoiceLine {
        description: row.description.value.clone(),
        service: row.service.value.clone(),
        quantity: row.quantity.value.clone(),
        unit_price: row.unit_price.value.clone(),
        discount: row.discount.value.clone(),
        tax_rate: row.tax_rate.value.clone(),
    }
}

fn start_of(line: NewInvoiceLine) -> LineStart {
    let input = |value| LineInput {
        value,
        error: String::new(),
    };
    LineStart {
        description: input(line.description),
        service: input(line.service),
        quantity: input(line.quantity),
        unit_price: input(line.unit_price),
        discount: input(line.discount),
        tax_rate: input(line.tax_rate),
    }
}

/// As the form around the island names its fields.
fn input_name(index: usize, column: &str) -> String {
    format!("invoice[lines][{index}][{column}]")
}

fn input_id(index: usize, column: &str) -> String {
    format!("invoice-lines-{index}-{column}")
}

/// As the form around the island names the discount on the whole.
const WHOLE_DISCOUNT: &str = "invoice[discount]";

/// What stands in the field for the discount on the whole now, made plain.
fn read_discount(root: &HtmlElement, locale: Locale) -> String {
    let typed = fields_of(root).and_then(|fields| fields.get(WHOLE_DISCOUNT).as_string());
    plain_decimal(&typed.unwrap_or_default(), locale == Locale::de)
}

/// The fields of the form around the island.
fn fields_of(root: &HtmlElement) -> Option<FormData> {
    let form = root.closest("form").ok().flatten()?;
    let form = form.dyn_into::<HtmlFormElement>().ok()?;
    FormData::new_with_form(&form).ok()
}

/// What stands in the fields of the page now, made plain.
fn read_lines(root: &HtmlElement, count: usize, locale: Locale) -> Vec<NewInvoiceLine> {
    let Some(fields) = fields_of(root) else {
        return Vec::new();
    };
    let typed = |index: usize, column: &str| {
        fields
            .get(&input_name(index, column))
            .as_string()
            .unwrap_or_default()
    };
    (0..count)
        .map(|index| {
            let line = NewInvoiceLine {
                description: typed(index, "description"),
                service: typed(index, "service"),
                quantity: typed(index, "quantity"),
                unit_price: typed(index, "unit_price"),
                discount: typed(index, "discount"),
                tax_rate: typed(index, "tax_rate"),
            };
            line.plain(locale == Locale::de)
        })
        .collect()
}

fn focus(id: &str) {
    let found = document().get_element_by_id(id);
    if let Some(input) = found.and_then(|found| found.dyn_into::<HtmlElement>().ok()) {
        // A browser that refuses focus leaves the person where they were.
        let _ = input.focus();
    }
}

fn is_input(event: &KeyboardEvent) -> bool {
    event
        .target()
        .and_then(|target| target.dyn_into::<leptos::web_sys::HtmlInputElement>().ok())
        .is_some()
}
