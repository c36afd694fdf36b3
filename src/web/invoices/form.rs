//! The editor of an invoice: a plain form; its lines are an island that adds up while a person types.

use super::lines::{InvoiceLines, LineInput, LineStart, LineTexts, LinesStart};
use super::list::may;
use super::preview::MORE_LINES;
use crate::domain::rights::Right;
use crate::dto::error::Refusal;
use crate::dto::invoices::{InvoiceDraft, InvoiceEditing, NewInvoiceLine};
use crate::web::ui::errors::sentence;
use crate::web::ui::prelude::*;
use crate::web::ui::text::{locale, tag};
use crate::web::ui::typed::{FormScope, scope};

/// The server function the editor posts to, and its argument.
pub const ENDPOINT: &str = "save_invoice";
pub const ARG: &str = "invoice";

/// Lines an empty editor begins with, and those every other one has to spare.
const EMPTY_LINES: usize = 3;
const SPARE_LINES: usize = 1;

/// The form for a new invoice or a saved draft.
#[component]
pub fn InvoiceForm(draft: InvoiceDraft) -> impl IntoView {
    // Outside the command: where the page without script finds the account again.
    let account = draft.editing.on.account.clone();
    view! {
        <Form endpoint=ENDPOINT arg=ARG keyed=true class="form form-wide">
            // What the Enter key does in a field: the first button of a form is its default.
            <div class="visually-hidden" aria-hidden="true">
                <button type="submit" tabindex="-1" formmethod="get" formaction=visit().path.clone() formnovalidate>
                    {t!(invoices.preview)}
                </button>
            </div>
            <input type="hidden" name="account" value=account />
            <Fields draft />
        </Form>
    }
}

#[component]
fn Fields(draft: InvoiceDraft) -> impl IntoView {
    let InvoiceDraft { editing, invoice } = draft;
    let version = invoice.version.to_string();
    let act = |code: &str| (scope().html_name("act"), code.to_owned());
    let terms = t!(
        invoices.due_on_hint,
        days = format::number(editing.terms_days)
    );
    let lines = lines_start(&editing, &invoice.lines, &invoice.discount);
    view! {
        <Hidden name="invoice" value=invoice.invoice />
        <Hidden name="version" value=version />
        <Hidden name="account" value=editing.on.account.clone() />
        <Hidden name="currency" value=editing.currency.code() />
        <div class="fields">
            <DateField name="issued_on" label=t!(invoices.issued_on) value=invoice.issued_on required=true />
            <DateField name="due_on" label=t!(invoices.due_on) value=invoice.due_on hint=terms />
            <TextField
                name="reference"
                label=t!(invoices.reference)
                value=invoice.reference
                maxlength=200
                hint=t!(invoices.reference_hint)
            />
        </div>
        <ReasonField />
        <InvoiceLines start=lines />
        <TextAreaField name="note" label=t!(invoices.note) value=invoice.note hint=t!(invoices.note_hint) />
        <Actions>
            <Submit label=t!(invoices.finalise) sends=act("finalise") />
            <Submit label=t!(invoices.save_draft) class="" sends=act("draft") />
            <PreviewButton label=t!(invoices.preview) />
        </Actions>
        <p class="hint">{t!(invoices.finalise_hint)}</p>
    }
}

/// Asked for only when a date was refused for want of it, of those who may give one.
#[component]
pub fn ReasonField() -> impl IntoView {
    let scope = scope();
    let wanted = scope.field_refusals().iter().any(|refusal| {
        matches!(
            refusal.refusal,
            Refusal::BackdatingNeedsReason { .. } | Refusal::PeriodClosed { .. }
        )
    });
    let given = scope
        .typed("reason")
        .is_some_and(|reason| !reason.is_empty());
    ((wanted || given) && may(Right::Backdate)).then(|| {
        view! {
            <TextField
                name="reason"
                label=t!(invoices.backdating_reason)
                hint=t!(invoices.backdating_hint)
                maxlength=500
            />
        }
    })
}

/// What the island begins with: everything typed so far, else the draft's lines, and room for more.
fn lines_start(editing: &InvoiceEditing, saved: &[NewInvoiceLine], discount: &str) -> LinesStart {
    let scope = scope();
    let visit = visit();
    let asked: usize = visit
        .query_value(MORE_LINES)
        .and_then(|rows| rows.parse().ok())
        .map_or(0, |rows: usize| rows.min(MOST_LINES));
    let begin = match saved.len() {
        0 => EMPTY_LINES,
        saved => saved + SPARE_LINES,
    };
    let rate = editing.tax_rates.first().map_or("", String::as_str);
    let empty = NewInvoiceLine {
        quantity: "1".to_owned(),
        tax_rate: rate.to_owned(),
        ..NewInvoiceLine::default()
    };
    let count = scope.rows("lines", begin.max(asked));
    let rows = (0..count)
        .map(|index| line_start(&scope, index, saved.get(index).unwrap_or(&empty)))
        .collect();
    LinesStart {
        rows,
        fresh: typed_values(&empty),
        currency: editing.currency.code().to_owned(),
        language: tag(locale()).to_owned(),
        page: visit.path.clone(),
        rates: editing
            .tax_rates
            .iter()
            .map(|rate| format::typed_number(rate))
            .collect(),
        discount: whole_discount(&scope, discount),
        error: joined(&scope, "lines"),
        texts: texts(editing),
    }
}

/// As many as an invoice of a page or two can want at once without script.
const MOST_LINES: usize = 200;

fn line_start(scope: &FormScope, index: usize, line: &NewInvoiceLine) -> LineStart {
    let values = typed_values(line);
    let input = |column: &str, value: String, label: &str| {
        let name = format!("lines.{index}.{column}");
        let number = format::number(index as u32 + 1);
        scope
            .labels
            .lock()
            .expect("no field panics while it notes its label")
            .push((
                name.clone(),
                t!(invoices.field_of_line, field = label, number = number),
            ));
        LineInput {
            value: scope.typed(&name).unwrap_or(value),
            error: joined(scope, &name),
        }
    };
    LineStart {
        description: input("description", values.description, t!(invoices.description)),
        service: input("service", values.service, t!(invoices.service)),
        quantity: input("quantity", values.quantity, t!(invoices.quantity)),
        unit_price: input("unit_price", values.unit_price, t!(invoices.unit_price)),
        discount: input("discount", values.discount, t!(invoices.discount)),
        tax_rate: input("tax_rate", values.tax_rate, t!(invoices.tax_rate)),
    }
}

fn whole_discount(scope: &FormScope, saved: &str) -> LineInput {
    scope
        .labels
        .lock()
        .expect("no field panics while it notes its label")
        .push((
            "discount".to_owned(),
            t!(invoices.discount_on_all).to_owned(),
        ));
    LineInput {
        value: scope
            .typed("discount")
            .unwrap_or_else(|| format::typed_number(saved)),
        error: joined(scope, "discount"),
    }
}

fn joined(scope: &FormScope, name: &str) -> String {
    let sentences: Vec<String> = scope.refusals(name).iter().map(sentence).collect();
    sentences.join(" ")
}

/// The line with its numbers as the reader types them.
fn typed_values(line: &NewInvoiceLine) -> NewInvoiceLine {
    NewInvoiceLine {
        quantity: format::typed_number(&line.quantity),
        unit_price: format::typed_number(&line.unit_price),
        discount: format::typed_number(&line.discount),
        tax_rate: format::typed_number(&line.tax_rate),
        ..line.clone()
    }
}

fn texts(editing: &InvoiceEditing) -> LineTexts {
    LineTexts {
        caption: t!(invoices.lines).to_owned(),
        amounts_in: t!(invoices.amounts_in, currency = editing.currency.code()),
        description: t!(invoices.description).to_owned(),
        service: t!(invoices.service).to_owned(),
        quantity: t!(invoices.quantity).to_owned(),
        unit_price: t!(invoices.unit_price).to_owned(),
        discount: t!(invoices.discount).to_owned(),
        discount_on_all: t!(invoices.discount_on_all).to_owned(),
        tax_rate: t!(invoices.tax_rate).to_owned(),
        net: t!(invoices.net).to_owned(),
        add: t!(invoices.add_lines).to_owned(),
        remove: t!(invoices.remove_line, number = "{number}"),
        remove_heading: t!(invoices.remove).to_owned(),
        tax_on: t!(invoices.tax_on, rate = "{rate}", net = "{net}"),
        total: t!(invoices.total).to_owned(),
        gives_credit: t!(invoices.gives_credit).to_owned(),
        incomplete: t!(invoices.incomplete).to_owned(),
        leave_empty: t!(invoices.leave_empty).to_owned(),
    }
}
