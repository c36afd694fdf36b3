//! What finalising would come to, shown on the editor's page when its preview button was pressed.

use super::api::preview_invoice;
use super::form::{ARG, ENDPOINT};
use crate::dto::error::AppError;
use crate::dto::invoices::{InvoicePreview, NewInvoice};
use crate::web::lineage::slices::grant_words;
use crate::web::ui::prelude::*;
use crate::web::ui::typed::Refused;
use crate::web::ui::visit::Visit;
use leptos::context::Provider;
use std::sync::Arc;

/// The button that asks for more lines without script; the preview is not asked for then.
pub const MORE_LINES: &str = "rows";

/// A preview, or why finalising would be refused.
pub type Previewed = Result<InvoicePreview, AppError>;

/// The preview the person asked for, if they did: what they typed stands in the query.
pub fn preview_asked_for() -> impl Future<Output = Option<Previewed>> + Send {
    let visit = visit();
    let asked = visit.refused.is_none() && visit.query_value(MORE_LINES).is_none();
    let typed = asked
        .then(|| typed::command::<NewInvoice>(ENDPOINT, ARG))
        .flatten();
    async move {
        match typed {
            Some(typed) => Some(preview_invoice(typed).await),
            None => None,
        }
    }
}

/// The editor below its preview. A refused preview is shown as a refused form: beside the fields.
#[component]
pub fn WithPreview(preview: Option<Previewed>, children: Children) -> impl IntoView {
    match preview {
        None => children().into_any(),
        Some(Ok(preview)) => view! { <Outcome preview /> {children()} }.into_any(),
        Some(Err(error)) => {
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
            view! { <Provider value=visit>{children()}</Provider> }.into_any()
        }
    }
}

#[component]
fn Outcome(preview: InvoicePreview) -> impl IntoView {
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
    let uses: Vec<_> = preview
        .uses
        .iter()
        .map(|one| {
            let from = t!(invoices.will_use, credit = grant_words(Some(&one.grant)));
            view! { <div><dt>{from}</dt><dd>{format::money(one.amount)}</dd></div> }
        })
        .collect();
    let end = if preview.total.minor < 0 {
        let credit = format::unsigned(preview.total);
        view! { <p>{t!(invoices.will_give_credit, amount = credit)}</p> }.into_any()
    } else {
        view! {
            <p>
                {t!(
                    invoices.will_be_open,
                    amount = format::money(preview.open),
                    date = format::date(preview.due_on)
                )}
            </p>
        }
        .into_any()
    };
    view! {
        <section class="notice notice-neutral" aria-label=t!(invoices.preview)>
            <p class="notice-title">{t!(invoices.preview_title)}</p>
            <dl class="sums">
                <div><dt>{t!(invoices.net)}</dt><dd>{format::money(preview.net)}</dd></div>
                {taxes}
                <div class="sums-total"><dt>{t!(invoices.total)}</dt><dd>{format::money(preview.total)}</dd></div>
                {uses}
            </dl>
            {end}
        </section>
    }
}
