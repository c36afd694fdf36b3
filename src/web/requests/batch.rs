//! Paying out all credit balances above a minimum: first what would be asked for, then asking for it.

use super::api::preview_refunds;
use super::crumbs;
use crate::dto::requests::{RefundBatch, RefundBatchPreview};
use crate::web::links;
use crate::web::ui::errors::error_sentence;
use crate::web::ui::prelude::*;

const ENDPOINT: &str = "refund_balances";

#[component]
pub fn RefundBatchPage() -> impl IntoView {
    let typed: Option<RefundBatch> = typed::command(ENDPOINT, "batch");
    let to_preview = typed.filter(|typed| !typed.minimum.is_empty() && visit().refused.is_none());
    let shown = to_preview.map(|batch| {
        load(
            async move { Ok(preview_refunds(batch).await) },
            |previewed| match previewed {
                Ok(preview) => table(preview),
                Err(error) => {
                    view! { <Notice tone=Tone::Bad><p>{error_sentence(&error)}</p></Notice> }
                        .into_any()
                }
            },
        )
    });
    view! {
        <PageHead title=t!(requests.batch) crumbs=crumbs() />
        <p class="soft">{t!(requests.batch_text)}</p>
        <Card title=t!(requests.batch)>
            <Form endpoint=ENDPOINT arg="batch" keyed=true>
                <TextField name="currency" label=t!(requests.currency) value="EUR" required=true maxlength=3 />
                <NumberField name="minimum" label=t!(requests.minimum) required=true />
                <TextField name="reason" label=t!(requests.why) required=true maxlength=500 />
                <Actions>
                    <PreviewButton label=t!(requests.batch_preview) />
                    <Submit label=t!(requests.batch_now) />
                </Actions>
            </Form>
        </Card>
        {shown}
    }
}

fn table(preview: RefundBatchPreview) -> AnyView {
    if preview.rows.is_empty() {
        return view! { <Empty title=t!(requests.batch_none) text=t!(requests.batch_none_text) /> }
            .into_any();
    }
    let rows: Vec<_> = preview
        .rows
        .into_iter()
        .map(|row| {
            let href = links::account(&row.account);
            view! {
                <tr>
                    <th scope="row"><a href=href>{row.account.clone()}</a> " " {row.name}</th>
                    <NumberCell label=t!(requests.amount)>{format::money(row.amount)}</NumberCell>
                </tr>
            }
        })
        .collect();
    let head = view! {
        <th scope="col">{t!(requests.account)}</th>
        <NumberHead label=t!(requests.amount) />
    };
    let total = t!(requests.batch_total, amount = format::money(preview.total));
    let more = preview
        .more
        .then(|| view! { <p class="hint">{t!(requests.batch_more)}</p> });
    view! {
        <Card title=t!(requests.batch_preview)>
            <p>{total}</p>
            <DataTable caption=t!(requests.batch_preview) head=head.into_any() cards=true>{rows}</DataTable>
            {more}
        </Card>
    }
    .into_any()
}
