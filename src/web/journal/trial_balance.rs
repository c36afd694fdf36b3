//! The trial balance as of any day.

use super::api::read_trial_balance;
use crate::domain::ledger::Side;
use crate::dto::reports::{TrialBalance, TrialBalanceCurrency, TrialBalanceRow};
use crate::web::links;
use crate::web::ui::prelude::*;

#[component]
pub fn TrialBalancePage() -> impl IntoView {
    let as_of = visit().query_value("as_of").unwrap_or_default().to_owned();
    view! {
        <PageHead
            title=t!(journal.trial_balance)
            crumbs=vec![Crumb::new(t!(journal.title), "/journal")]
            lead=t!(journal.trial_balance_lead).into_any()
        >
            <ButtonLink href=links::export("/journal/trial-balance") label=t!(ui.export_csv) icon="download" />
        </PageHead>
        <FilterForm>
            <DateField name="as_of" label=t!(journal.as_of) value=visit().today.to_string() />
        </FilterForm>
        {load(read_trial_balance(as_of), tables)}
    }
}

fn tables(balance: TrialBalance) -> AnyView {
    if balance.currencies.is_empty() {
        return view! { <Empty title=t!(journal.nothing_posted) text=t!(journal.nothing_posted_text) /> }.into_any();
    }
    let as_of = t!(journal.as_of_date, date = format::date(balance.as_of));
    balance
        .currencies
        .into_iter()
        .map(|currency| table(currency, &as_of))
        .collect::<Vec<_>>()
        .into_any()
}

fn table(currency: TrialBalanceCurrency, as_of: &str) -> impl IntoView {
    let title = format!("{} {as_of}", currency.currency);
    let rows: Vec<_> = currency.rows.into_iter().map(row).collect();
    let head = view! {
        <th scope="col">{t!(journal.code)}</th>
        <th scope="col">{t!(journal.ledger_account)}</th>
        <th scope="col">{t!(journal.kind)}</th>
        <NumberHead label=words::side(Side::Debit) />
        <NumberHead label=words::side(Side::Credit) />
    };
    let foot = view! {
        <th scope="row" colspan="3">{t!(journal.total)}</th>
        <NumberCell label=words::side(Side::Debit)>{format::money(currency.debits)}</NumberCell>
        <NumberCell label=words::side(Side::Credit)>{format::money(currency.credits)}</NumberCell>
    }
    .into_any();
    view! {
        <Card title=title.clone()>
            <DataTable caption=title head=head.into_any() foot=foot cards=true>{rows}</DataTable>
        </Card>
    }
}

fn row(row: TrialBalanceRow) -> impl IntoView {
    view! {
        <tr>
            <Cell label=t!(journal.code)>{row.code}</Cell>
            <th scope="row">{row.name}</th>
            <Cell label=t!(journal.kind)>{words::ledger_kind(row.kind)}</Cell>
            <NumberCell label=words::side(Side::Debit)>{row.debit.map(format::money)}</NumberCell>
            <NumberCell label=words::side(Side::Credit)>{row.credit.map(format::money)}</NumberCell>
        </tr>
    }
}
