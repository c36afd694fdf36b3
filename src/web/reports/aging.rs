//! Aging as of any day: what is open by days overdue, and the credit beside it.

use super::api::read_aging;
use crate::domain::money::Money;
use crate::dto::page::PageRequest;
use crate::dto::reports::{AgingAmounts, AgingFilter, AgingReport, AgingRow, AgingTotal};
use crate::web::links;
use crate::web::ui::prelude::*;

#[component]
pub fn AgingPage() -> impl IntoView {
    let filter: AgingFilter = typed::query();
    let page: PageRequest = typed::query();
    view! {
        <PageHead
            title=t!(reports.aging)
            crumbs=vec![Crumb::new(t!(reports.title), "/reports")]
            lead=t!(reports.aging_text).into_any()
        >
            <ButtonLink href=links::export("/reports/aging") label=t!(ui.export_csv) icon="download" />
        </PageHead>
        <FilterForm>
            <DateField name="as_of" label=t!(reports.as_of) value=visit().today.to_string() />
            <TextField name="search" label=t!(reports.search) kind="search" />
            <TextField name="currency" label=t!(reports.currency) maxlength=3 />
        </FilterForm>
        {load(read_aging(filter, page), whole)}
    }
}

fn whole(report: AgingReport) -> AnyView {
    if report.totals.is_empty() {
        return view! { <Empty title=t!(reports.none) text=t!(reports.none_text) /> }.into_any();
    }
    let totals: Vec<_> = report.totals.into_iter().map(total).collect();
    let rows: Vec<_> = report.rows.into_iter().map(row).collect();
    let head = view! {
        <SortHead column="account" label=t!(reports.account) />
        <SortHead column="customer" label=t!(reports.customer) />
        <NumberHead label=t!(reports.not_due) />
        <NumberHead label=t!(reports.days_1_30) />
        <NumberHead label=t!(reports.days_31_60) />
        <NumberHead label=t!(reports.days_61_90) />
        <SortHead column="over_90" label=t!(reports.over_90) number=true />
        <SortHead column="open" label=t!(reports.open) number=true />
        <NumberHead label=t!(reports.credit_in_receivable) />
        <SortHead column="receivable" label=t!(reports.receivable) number=true />
        <NumberHead label=t!(reports.prepayments) />
        <NumberHead label=t!(reports.promotional_credit) />
        <NumberHead label=t!(reports.goodwill_credit) />
    };
    view! {
        {totals}
        <DataTable caption=t!(reports.aging) head=head.into_any() cards=true>{rows}</DataTable>
        <Pager total=report.total_rows />
    }
    .into_any()
}

/// One currency: the buckets as tiles, and what they come to.
fn total(total: AgingTotal) -> impl IntoView {
    let amounts = total.amounts;
    let counted = t!(
        reports.open_count,
        count = format::number(amounts.open_invoices),
        customers = format::number(total.customers)
    );
    let others = [
        (t!(reports.prepayments), amounts.prepayments),
        (t!(reports.promotional_credit), amounts.promotional_credit),
        (t!(reports.goodwill_credit), amounts.goodwill_credit),
        (t!(reports.lapsed), amounts.lapsed_not_posted),
    ];
    let others: Vec<_> = others
        .into_iter()
        .filter(|(_, amount)| !amount.is_zero())
        .map(|(label, amount)| view! { <Tile label value=format::money(amount) tone=Tone::Credit /> })
        .collect();
    let overdue = |label: &'static str, amount: Money| {
        let value = format::money(amount);
        match amount.is_zero() {
            true => view! { <Tile label value /> }.into_any(),
            false => view! { <Tile label value tone=Tone::Bad /> }.into_any(),
        }
    };
    view! {
        <Card title=total.currency.code()>
            <p>{counted}</p>
            <Tiles>
                <Tile label=t!(reports.not_due) value=format::money(amounts.not_due) />
                {overdue(t!(reports.days_1_30), amounts.days_1_30)}
                {overdue(t!(reports.days_31_60), amounts.days_31_60)}
                {overdue(t!(reports.days_61_90), amounts.days_61_90)}
                {overdue(t!(reports.over_90), amounts.over_90)}
            </Tiles>
            <Tiles>
                <Tile label=t!(reports.open) value=format::money(amounts.open) />
                <Tile
                    label=t!(reports.credit_in_receivable)
                    value=format::money(amounts.credit_in_receivable)
                    note=t!(reports.credit_in_receivable_hint)
                    tone=Tone::Credit
                />
                <Tile
                    label=t!(reports.receivable)
                    value=format::money(amounts.receivable)
                    note=t!(reports.receivable_hint)
                />
                {others}
            </Tiles>
        </Card>
    }
}

fn row(row: AgingRow) -> impl IntoView {
    let figures = figures(&row.amounts);
    let cells: Vec<_> = figures
        .into_iter()
        .map(|(label, amount)| {
            // Empty cells let the eye find the others.
            let shown = (!amount.is_zero()).then(|| format::money(amount));
            view! { <NumberCell label=label>{shown}</NumberCell> }
        })
        .collect();
    view! {
        <tr>
            <th scope="row"><a href=links::account(&row.account_number)>{row.account_number.clone()}</a></th>
            <Cell label=t!(reports.customer)>
                <a href=links::customer(&row.customer_number)>{row.customer_name.clone()}</a>
            </Cell>
            {cells}
        </tr>
    }
}

fn figures(amounts: &AgingAmounts) -> [(&'static str, Money); 11] {
    [
        (t!(reports.not_due), amounts.not_due),
        (t!(reports.days_1_30), amounts.days_1_30),
        (t!(reports.days_31_60), amounts.days_31_60),
        (t!(reports.days_61_90), amounts.days_61_90),
        (t!(reports.over_90), amounts.over_90),
        (t!(reports.open), amounts.open),
        (
            t!(reports.credit_in_receivable),
            amounts.credit_in_receivable,
        ),
        (t!(reports.receivable), amounts.receivable),
        (t!(reports.prepayments), amounts.prepayments),
        (t!(reports.promotional_credit), amounts.promotional_credit),
        (t!(reports.goodwill_credit), amounts.goodwill_credit),
    ]
}
