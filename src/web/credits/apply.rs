//! Applying a grant to open invoices of its account, one by one, with what each would post shown before.

use super::api::{preview_application, start_application};
use crate::domain::allocation::OpenItem;
use crate::domain::money::Money;
use crate::dto::credits::{ApplicationPreview, ApplicationStart, GrantRow, NewApplication};
use crate::web::lineage::lines::PostedLines;
use crate::web::links;
use crate::web::ui::errors::error_sentence;
use crate::web::ui::prelude::*;
use crate::web::ui::visit::route_id;

const ENDPOINT: &str = "apply_credit";

/// The open invoices a grant could pay, each with its own small form.
#[component]
pub fn ApplyCreditPage() -> impl IntoView {
    let grant = route_id("id");
    let visit = visit();
    let typed: Option<NewApplication> = typed::command(ENDPOINT, "application");
    let asked = visit.query_value("invoice").and_then(|id| id.parse().ok());
    let first = typed.as_ref().and_then(|typed| typed.invoice.parse().ok());
    let to_preview = typed.filter(|_| visit.refused.is_none());
    let answer = async move {
        let start = start_application(grant?, first.or(asked)).await?;
        let previewed = match to_preview {
            Some(typed) => Some(preview_application(typed).await),
            None => None,
        };
        Ok((start, previewed))
    };
    load(answer, |(start, previewed)| {
        let preview = previewed.map(|previewed| match previewed {
            Ok(preview) => preview_card(preview).into_any(),
            Err(error) => {
                view! { <Notice tone=Tone::Bad><p>{error_sentence(&error)}</p></Notice> }.into_any()
            }
        });
        page(start, preview)
    })
}

fn page(start: ApplicationStart, preview: Option<AnyView>) -> impl IntoView {
    let grant = start.grant;
    let name = t!(credits.one, number = grant.number.to_string());
    let crumbs = vec![
        Crumb::new(t!(credits.title), "/credits"),
        Crumb::new(name, links::grant(grant.grant)),
    ];
    let lead = t!(
        credits.to_apply,
        amount = format::money(grant.remaining),
        class = words::credit_class(grant.class),
        lapses = words::lapses(grant.expires_on)
    );
    let lead = view! { <p>{lead}</p> };
    let more = (start.unlisted > 0).then(|| {
        view! { <p class="hint">{t!(payments.unlisted, count = start.unlisted)}</p> }
    });
    let body = match start.items.is_empty() {
        true => {
            let customer = links::customer(&grant.on.customer);
            view! {
                <Empty title=t!(credits.nothing_open) text=t!(credits.nothing_open_text)>
                    <ButtonLink href=customer label=grant.on.customer_name.clone() />
                </Empty>
            }
            .into_any()
        }
        false => table(&grant, start.items),
    };
    view! {
        <PageHead title=t!(credits.apply) crumbs lead=lead.into_any() />
        {preview}
        {body}
        {more}
    }
}

fn table(grant: &GrantRow, items: Vec<OpenItem>) -> AnyView {
    let rows: Vec<_> = items.into_iter().map(|item| row(grant, item)).collect();
    let head = view! {
        <th scope="col">{t!(payments.invoice)}</th>
        <th scope="col">{t!(payments.due_on)}</th>
        <NumberHead label=t!(payments.open) />
        <th scope="col">{t!(credits.apply)}</th>
    };
    view! {
        <DataTable caption=t!(payments.open_invoices) head=head.into_any() cards=true>{rows}</DataTable>
    }
    .into_any()
}

fn row(grant: &GrantRow, item: OpenItem) -> impl IntoView + use<> {
    let currency = grant.remaining.currency;
    let most = Money::new(grant.remaining.minor.min(item.open_minor), currency);
    let label = t!(credits.amount_for, invoice = item.number.clone());
    let disputed = item
        .disputed
        .then(|| view! { <Badge tone=Tone::Warn label=t!(payments.disputed) /> });
    let id = grant.grant.to_string();
    view! {
        <tr>
            <th scope="row"><a href=links::invoice(item.invoice)>{item.number}</a></th>
            <Cell label=t!(payments.due_on)><span>{format::date(item.due_on)} " " {disputed}</span></Cell>
            <NumberCell label=t!(payments.open)>{format::money(Money::new(item.open_minor, currency))}</NumberCell>
            <Cell>
                <Form
                    endpoint=ENDPOINT
                    arg="application"
                    instance=("invoice", item.invoice.to_string())
                    keyed=true
                    class="form-row"
                >
                    <Hidden name="grant" value=id />
                    <MoneyField name="amount" label currency value=format::typed_amount(most) required=true bare=true />
                    <Submit label=t!(credits.apply_now) />
                    <PreviewButton label=t!(payments.preview) />
                </Form>
            </Cell>
        </tr>
    }
}

fn preview_card(preview: ApplicationPreview) -> impl IntoView {
    let title = t!(
        credits.would_apply,
        amount = format::money(preview.amount),
        invoice = preview.invoice_number.clone()
    );
    let change = |before, after| {
        let (before, after) = (format::money(before), format::money(after));
        view! { <span>{before} " → " <strong>{after}</strong></span> }
    };
    view! {
        <Card title=title>
            <Facts>
                <Fact label=t!(credits.remaining)>{change(preview.remaining_before, preview.remaining_after)}</Fact>
                <Fact label=t!(credits.open_of_invoice)>{change(preview.open_before, preview.open_after)}</Fact>
                <Fact label=t!(credits.effective_on)>{format::date(preview.effective_on)}</Fact>
            </Facts>
            <PostedLines lines=preview.lines caption=t!(credits.would_post) />
        </Card>
    }
}
