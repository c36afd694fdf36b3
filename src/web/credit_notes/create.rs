//! Crediting an invoice: which lines, how much of each, what becomes of it; the whole outcome before it is issued.

use super::api::{preview_credit_note, start_credit_note};
use crate::domain::credit_note::CreditNoteReason;
use crate::dto::credit_notes::{
    CreditNotePreview, CreditNoteStart, CreditableLineRow, NewCreditNote, PreviewedReturn,
};
use crate::dto::error::AppError;
use crate::web::invoices::form::ReasonField;
use crate::web::lineage::lines::PostedLines;
use crate::web::lineage::slices::grant_words;
use crate::web::links;
use crate::web::ui::prelude::*;
use crate::web::ui::typed::{Refused, scope};
use crate::web::ui::visit::{Visit, route_id};
use leptos::context::Provider;
use std::sync::Arc;

const ENDPOINT: &str = "save_credit_note";
const ARG: &str = "note";

/// The form that credits the invoice of the address.
#[component]
pub fn CreditInvoicePage() -> impl IntoView {
    let invoice = route_id::<String>("id");
    let asked = visit().refused.is_none();
    let typed = asked
        .then(|| typed::command::<NewCreditNote>(ENDPOINT, ARG))
        .flatten();
    let answer = async move {
        let start = start_credit_note(invoice?).await?;
        let previewed = match typed {
            Some(typed) => Some(preview_credit_note(typed).await),
            None => None,
        };
        Ok((start, previewed))
    };
    load(answer, |(start, previewed)| page(start, previewed))
}

fn page(
    start: CreditNoteStart,
    previewed: Option<Result<CreditNotePreview, AppError>>,
) -> impl IntoView {
    let crumbs = vec![
        Crumb::new(t!(invoices.title), "/invoices"),
        Crumb::new(start.number.clone(), links::invoice(start.invoice)),
    ];
    let lead = view! {
        <p>
            <a href=links::customer(&start.on.customer)>{start.on.customer_name.clone()}</a> " · "
            <a href=links::account(&start.on.account)>{start.on.account.clone()}</a>
        </p>
    };
    let title = t!(credit_notes.credit_invoice, invoice = start.number.clone());
    let head = view! { <PageHead title crumbs lead=lead.into_any() /> };
    if start.lines.iter().all(|line| line.left.is_zero()) {
        let invoice = links::invoice(start.invoice);
        return view! {
            {head}
            <Empty title=t!(credit_notes.nothing_left) text=t!(credit_notes.nothing_left_text)>
                <ButtonLink href=invoice label=start.number />
            </Empty>
        }
        .into_any();
    }
    match previewed {
        None => view! { {head} <NoteForm start /> }.into_any(),
        Some(Ok(preview)) => view! { {head} <Outcome preview /> <NoteForm start /> }.into_any(),
        Some(Err(error)) => {
            // A refused preview is shown as a refused form: beside the fields.
            let visit = visit();
            let refused = Refused {
                endpoint: ENDPOINT.to_owned(),
                fields: visit.pairs.clone(),
                error,
            };
            let visit = Arc::new(Visit {
                refused: Some(refused),
                ..Visit::clone(&visit)
            });
            view! { {head} <Provider value=visit><NoteForm start /></Provider> }.into_any()
        }
    }
}

#[component]
fn NoteForm(start: CreditNoteStart) -> impl IntoView {
    view! {
        <Form endpoint=ENDPOINT arg=ARG keyed=true class="form form-wide">
            <Fields start />
        </Form>
    }
}

#[component]
fn Fields(start: CreditNoteStart) -> impl IntoView {
    let currency = start.total.currency;
    let today = visit().today.max(start.issued_on).to_string();
    let reasons = std::iter::once((String::new(), t!(credit_notes.choose_reason).to_owned()))
        .chain(words::choices(
            CreditNoteReason::ALL,
            CreditNoteReason::code,
            words::credit_note_reason,
        ));
    let reasons: Vec<_> = reasons.collect();
    let rows: Vec<_> = start.lines.into_iter().enumerate().map(line).collect();
    let head = view! {
        <th scope="col">{t!(invoices.description)}</th>
        <NumberHead label=t!(invoices.quantity) />
        <NumberHead label=t!(credit_notes.left) />
        <NumberHead label=t!(invoices.tax_rate) />
        <NumberHead label=t!(invoices.net) />
        <th scope="col">{t!(credit_notes.to_credit)}</th>
    };
    let act = |code: &str| (scope().html_name("act"), code.to_owned());
    let open = t!(credit_notes.offset_hint, open = format::money(start.open));
    view! {
        <Hidden name="invoice" value=start.invoice.to_string() />
        <div class="fields">
            <SelectField name="reason_code" label=t!(credit_notes.reason) choices=reasons required=true />
            <DateField name="issued_on" label=t!(invoices.issued_on) value=today required=true />
        </div>
        <ReasonField />
        <DataTable caption=t!(credit_notes.lines) show_caption=true head=head.into_any() cards=true>{rows}</DataTable>
        <CheckField name="everything" label=t!(credit_notes.everything) hint=t!(credit_notes.everything_hint) />
        <div class="fields">
            <MoneyField name="offset" label=t!(credit_notes.offset) currency hint=open />
        </div>
        <TextAreaField name="note" label=t!(invoices.note) hint=t!(credit_notes.note_hint) />
        <Actions>
            <Submit label=t!(credit_notes.issue) sends=act("finalise") />
            <Submit label=t!(invoices.save_draft) class="" sends=act("draft") />
            <PreviewButton label=t!(invoices.preview) />
        </Actions>
        <p class="hint">{t!(credit_notes.issue_hint)}</p>
    }
}

fn line((index, line): (usize, CreditableLineRow)) -> impl IntoView {
    let position = format!("lines.{index}.position");
    let quantity = format!("lines.{index}.quantity");
    let label = t!(credit_notes.quantity_of, line = line.description.clone());
    let field = (!line.left.is_zero()).then(|| {
        view! {
            <Hidden name=position value=line.position.to_string() />
            <NumberField name=quantity label bare=true />
        }
    });
    view! {
        <tr>
            <th scope="row">{line.description}</th>
            <NumberCell label=t!(invoices.quantity)>{format::decimal(line.quantity)}</NumberCell>
            <NumberCell label=t!(credit_notes.left)>{format::decimal(line.left)}</NumberCell>
            <NumberCell label=t!(invoices.tax_rate)>{format::percent(line.tax_rate)}</NumberCell>
            <NumberCell label=t!(invoices.net)>{format::amount(line.net)}</NumberCell>
            <Cell label=t!(credit_notes.to_credit)><div>{field}</div></Cell>
        </tr>
    }
}

/// What issuing would come to: tax, what is covered, what goes back where, what becomes credit, what is posted.
#[component]
fn Outcome(preview: CreditNotePreview) -> impl IntoView {
    let taxes: Vec<_> = preview
        .taxes
        .iter()
        .map(|tax| {
            let label = t!(
                invoices.tax_on,
                rate = format::percent(tax.rate),
                net = format::money(tax.net)
            );
            view! { <div><dt>{label}</dt><dd>{format::money(tax.tax)}</dd></div> }
        })
        .collect();
    let returned: Vec<_> = preview.returned.iter().map(returned).collect();
    let kept = (!preview.kept.is_zero()).then(|| {
        let text = t!(
            credit_notes.will_be_credit,
            amount = format::money(preview.kept),
            refundable = format::money(preview.refundable)
        );
        view! { <li>{text}</li> }
    });
    let offset = (!preview.offset.is_zero()).then(|| {
        let text = t!(
            credit_notes.will_offset,
            amount = format::money(preview.offset),
            before = format::money(preview.open_before),
            after = format::money(preview.open_after)
        );
        view! { <li>{text}</li> }
    });
    view! {
        <section class="notice notice-neutral" aria-label=t!(invoices.preview)>
            <p class="notice-title">{t!(credit_notes.preview_title)}</p>
            <dl class="sums">
                <div><dt>{t!(invoices.net)}</dt><dd>{format::money(preview.net)}</dd></div>
                {taxes}
                <div class="sums-total"><dt>{t!(invoices.total)}</dt><dd>{format::money(preview.total)}</dd></div>
            </dl>
            <ul>{offset} {returned} {kept}</ul>
            <PostedLines lines=preview.posted caption=t!(credits.would_post) />
        </section>
    }
}

fn returned(slice: &PreviewedReturn) -> impl IntoView + use<> {
    let text = t!(
        credit_notes.will_return,
        amount = format::money(slice.amount),
        credit = grant_words(Some(&slice.grant)),
        lapses = words::lapses(slice.expires_on)
    );
    view! { <li>{text}</li> }
}
