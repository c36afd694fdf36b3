//! One prepaid account: balance, top-ups, what they paid, thresholds and alerts.

use super::api::show_prepaid_account;
use super::list::{Badges, RecordTopUp};
use crate::domain::rights::Right;
use crate::dto::prepaid::{
    AlertRow, PrepaidDetail, ThresholdRow, TopUpRequestRow, TopUpRow, TopUpState,
};
use crate::web::customers::list::may;
use crate::web::lineage::paid::WhatItPaid;
use crate::web::links;
use crate::web::ui::prelude::*;
use leptos_router::hooks::use_params_map;

/// The number of the receivable account as it stands in the address.
pub(super) fn number_in_path() -> String {
    use_params_map()
        .get_untracked()
        .get("number")
        .unwrap_or_default()
}

#[component]
pub fn PrepaidAccountPage() -> impl IntoView {
    load(show_prepaid_account(number_in_path()), page)
}

fn page(account: PrepaidDetail) -> impl IntoView {
    let number = account.on.account.clone();
    let crumbs = vec![
        Crumb::new(t!(prepaid.title), "/prepaid"),
        Crumb::new(
            account.on.customer_name.clone(),
            links::customer(&account.on.customer),
        ),
    ];
    let low = account.thresholds.iter().any(|line| line.crossed);
    let lead = view! {
        <p>
            <a href=links::account(&number)>{t!(prepaid.whole_account)}</a> " "
            <Badges low held=account.held opted_out=account.opted_out />
        </p>
    };
    let rules = may(Right::EditCustomers).then(|| {
        let href = format!("{}/rules", links::prepaid(&number));
        view! { <ButtonLink href label=t!(prepaid.rules) icon="settings" /> }
    });
    let pay = may(Right::RecordPayments).then(|| {
        let href = links::new_payment(&number);
        view! { <ButtonLink href label=t!(prepaid.record_payment) icon="banknote" /> }
    });
    let suggested = (!account.suggested.is_zero()).then(|| {
        view! { <Tile label=t!(prepaid.suggested) value=format::money(account.suggested) /> }
    });
    let open: Vec<_> = account
        .requests
        .iter()
        .filter(|request| request.state == TopUpState::Open)
        .cloned()
        .collect();
    view! {
        <PageHead title=t!(prepaid.one, account = number.clone()) crumbs lead=lead.into_any()>{pay} {rules}</PageHead>
        <Tiles>
            <Tile label=t!(prepaid.balance) value=format::money(account.balance) tone=Tone::Credit />
            <Tile label=t!(prepaid.due) value=format::money(account.due) />
            {suggested}
        </Tiles>
        {requests(open)}
        <Rules account=account.clone() />
        {top_ups(account.top_ups, links::payment)}
        {drawdowns(account.drawdowns)}
        {alerts(account.alerts)}
        <p class="hint">{t!(prepaid.no_tax)}</p>
    }
}

fn requests(open: Vec<TopUpRequestRow>) -> AnyView {
    if open.is_empty() || !may(Right::RecordPayments) {
        return ().into_any();
    }
    let rows: Vec<_> = open
        .into_iter()
        .map(|request| {
            let (amount, note) = (format::money(request.amount), request.note.clone());
            let date = format::date(request.requested_on);
            view! {
                <li>
                    <div><p>{date} " " <span class="soft">{note}</span></p> <RecordTopUp request /></div>
                    <div class="number"><p>{amount}</p></div>
                </li>
            }
        })
        .collect();
    view! { <Card title=t!(prepaid.announced)><ul class="entries-list">{rows}</ul></Card> }
        .into_any()
}

#[component]
fn Rules(account: PrepaidDetail) -> impl IntoView {
    if !account.has_rules {
        return view! {
            <Card title=t!(prepaid.rules)>
                <Empty title=t!(prepaid.no_rules) text=t!(prepaid.no_rules_text) />
            </Card>
        }
        .into_any();
    }
    let draws = account.auto_apply_on && !account.held && !account.opted_out;
    let draws = match draws {
        true => t!(prepaid.draws_down),
        false => t!(prepaid.does_not_draw_down),
    };
    let whole = match account.whole_invoices_only {
        true => t!(prepaid.whole_only),
        false => t!(prepaid.partly_too),
    };
    view! {
        <Card title=t!(prepaid.rules)>
            <Facts>
                <Fact label=t!(prepaid.drawdown)>{draws}</Fact>
                <Fact label=t!(prepaid.invoices)>{whole}</Fact>
                <Fact label=t!(prepaid.thresholds)>{thresholds(account.thresholds)}</Fact>
            </Facts>
        </Card>
    }
    .into_any()
}

/// `€20.00, €5.00 (reached)`.
pub(super) fn thresholds(rows: Vec<ThresholdRow>) -> String {
    if rows.is_empty() {
        return t!(prepaid.no_threshold).to_owned();
    }
    let words = rows.into_iter().map(|row| match row.crossed {
        true => t!(prepaid.reached, amount = format::money(row.threshold)),
        false => format::money(row.threshold),
    });
    words.collect::<Vec<_>>().join(", ")
}

/// Money paid in, newest first.
pub(super) fn top_ups(
    rows: Vec<TopUpRow>,
    link: fn(crate::domain::ids::PaymentId) -> String,
) -> AnyView {
    if rows.is_empty() {
        return view! {
            <Card title=t!(prepaid.top_ups)>
                <Empty title=t!(prepaid.no_top_ups) text=t!(prepaid.no_top_ups_text) />
            </Card>
        }
        .into_any();
    }
    let rows: Vec<_> = rows.into_iter().map(|row| top_up(row, link)).collect();
    let head = view! {
        <th scope="col">{t!(prepaid.received_on)}</th>
        <NumberHead label=t!(prepaid.received) />
        <NumberHead label=t!(prepaid.bonus) />
        <NumberHead label=t!(prepaid.left) />
    };
    view! {
        <Card title=t!(prepaid.top_ups)>
            <DataTable caption=t!(prepaid.top_ups) head=head.into_any() cards=true>{rows}</DataTable>
        </Card>
    }
    .into_any()
}

fn top_up(row: TopUpRow, link: fn(crate::domain::ids::PaymentId) -> String) -> impl IntoView {
    let reversed = row
        .reversed
        .then(|| view! { <Badge tone=Tone::Bad label=t!(portal.reversed) /> });
    view! {
        <tr>
            <th scope="row"><a href=link(row.payment)>{format::date(row.received_on)}</a> " " {reversed}</th>
            <NumberCell label=t!(prepaid.received)>{format::money(row.amount)}</NumberCell>
            <NumberCell label=t!(prepaid.bonus)>{format::money(row.bonus)}</NumberCell>
            <NumberCell label=t!(prepaid.left)>{format::money(row.left)}</NumberCell>
        </tr>
    }
}

fn drawdowns(slices: Vec<crate::dto::lineage::AppliedSlice>) -> AnyView {
    if slices.is_empty() {
        return view! {
            <Card title=t!(prepaid.drawdowns)>
                <Empty title=t!(prepaid.no_drawdowns) text=t!(prepaid.no_drawdowns_text) />
            </Card>
        }
        .into_any();
    }
    view! { <Card title=t!(prepaid.drawdowns)><WhatItPaid slices with_origin=true /></Card> }
        .into_any()
}

/// When the balance came to a threshold, newest first.
pub(super) fn alerts(rows: Vec<AlertRow>) -> AnyView {
    if rows.is_empty() {
        return ().into_any();
    }
    let rows: Vec<_> = rows
        .into_iter()
        .map(|row| {
            let sentence = t!(
                prepaid.alert,
                date = format::date(row.crossed_on),
                balance = format::money(row.balance),
                threshold = format::money(row.threshold)
            );
            view! { <li>{sentence}</li> }
        })
        .collect();
    view! { <Card title=t!(prepaid.alerts)><ul class="lineage">{rows}</ul></Card> }.into_any()
}
