//! A credit grant: where it came from, what changed it, what it paid; holding it, and the way to applying it.

use super::api::show_credit;
use crate::domain::credit::GrantStatus;
use crate::domain::expiry::has_lapsed;
use crate::domain::rights::Right;
use crate::dto::credits::{GrantDetail, GrantMovement};
use crate::dto::expiry::ExpiryChanged;
use crate::web::lineage::entries::PostedEntries;
use crate::web::lineage::history::HistoryCard;
use crate::web::lineage::paid::WhatItPaid;
use crate::web::lineage::slices::{EntryLink, origin_link, origin_words};
use crate::web::links;
use crate::web::ui::prelude::*;
use crate::web::ui::visit::route_id;

/// One credit grant, for staff.
#[component]
pub fn CreditPage() -> impl IntoView {
    let grant = route_id("id");
    load(async move { show_credit(grant?).await }, page)
}

fn page(grant: GrantDetail) -> impl IntoView {
    let row = grant.row.clone();
    let title = t!(credits.one, number = row.number.to_string());
    let lead = view! {
        <p>
            <words::GrantBadge status=row.status /> " " {words::credit_class(row.class)} " · "
            <a href=links::customer(&row.on.customer)>{row.on.customer_name.clone()}</a> " · "
            <a href=links::account(&row.on.account)>{row.on.account.clone()}</a>
        </p>
    };
    let apply = (may(Right::ApplyCredits) && row.status == GrantStatus::Usable).then(|| {
        view! { <ButtonLink href=links::apply_grant(row.grant) label=t!(credits.apply) primary=true /> }
    });
    let requests = requests(&grant);
    let reserved = (!row.reserved.is_zero()).then(|| {
        view! { <Tile label=t!(credits.reserved) value=format::money(row.reserved) tone=Tone::Warn /> }
    });
    let entries = (!grant.entries.is_empty()).then(|| {
        let entries = grant.entries.clone();
        view! { <Card title=t!(payments.entries)><PostedEntries entries /></Card> }
    });
    let slices = grant.slices.clone();
    let (remaining, amount) = (format::money(row.remaining), format::money(row.amount));
    let lapses = words::lapses(row.expires_on);
    let paid = match slices.is_empty() {
        true => view! { <p class="soft">{t!(credits.paid_nothing)}</p> }.into_any(),
        false => view! { <WhatItPaid slices /> }.into_any(),
    };
    view! {
        <PageHead title crumbs=vec![Crumb::new(t!(credits.title), "/credits")] lead=lead.into_any()>
            {apply} {requests}
        </PageHead>
        <Tiles>
            <Tile
                label=t!(credits.remaining)
                value=remaining
                tone=Tone::Credit
                note=lapses
            />
            {reserved}
            <Tile label=t!(credits.amount) value=amount />
        </Tiles>
        {where_from(&grant)}
        <Card title=t!(credits.what_it_paid)>{paid}</Card>
        {movements(&grant)}
        <ExpiryChanges changes=grant.expiry_changes.clone() />
        <div class="row">{hold(&grant)} {extend(&grant)}</div>
        {entries}
        <HistoryCard items=grant.history />
    }
}

/// What can be asked for with what is left of the grant.
fn requests(grant: &GrantDetail) -> Option<impl IntoView + use<>> {
    let row = &grant.row;
    if row.remaining == row.reserved {
        return None;
    }
    let (id, account) = (row.grant.to_string(), row.on.account.clone());
    let about = [("account", account.as_str()), ("grant", id.as_str())];
    let link = |right, resource, label: &'static str| {
        may(right).then(|| {
            let form = links::new_request(resource, &about);
            view! { <ButtonLink href=form label=label /> }
        })
    };
    let refund = link(Right::RefundCredits, "refunds", t!(requests.refund));
    let transfer = link(Right::TransferCredits, "transfers", t!(requests.transfer));
    let correct = link(Right::AdjustCredits, "adjustments", t!(requests.correct));
    let write_off = link(Right::WriteOff, "write-offs", t!(requests.write_off));
    Some(view! { {refund} {transfer} {correct} {write_off} })
}

fn may(right: Right) -> bool {
    visit()
        .viewer
        .as_ref()
        .is_some_and(|viewer| viewer.may(right))
}

fn where_from(grant: &GrantDetail) -> impl IntoView + use<> {
    let row = &grant.row;
    let origin = view! { <a href=origin_link(&row.origin)>{origin_words(&row.origin)}</a> };
    let (effective_on, lapses) = (row.effective_on, words::lapses(row.expires_on));
    let priority = grant.priority.to_string();
    let recorded = t!(
        lineage.who_when,
        name = grant.recorded_by.clone(),
        when = format::instant(grant.recorded_at)
    );
    let posting_on = grant.posting_on;
    let posting = (posting_on != row.effective_on).then(|| {
        view! { <Fact label=t!(payments.posting_on)>{format::date(posting_on)}</Fact> }
    });
    view! {
        <Card title=t!(credits.where_from)>
            <Facts>
                <Fact label=t!(credits.origin)>{origin}</Fact>
                <Fact label=t!(credits.effective_on)>{format::date(effective_on)}</Fact>
                {posting}
                <Fact label=t!(credits.lapses)>{lapses}</Fact>
                <Fact label=t!(credits.priority)>{priority}</Fact>
                <Fact label=t!(payments.recorded)>{recorded}</Fact>
            </Facts>
        </Card>
    }
}

fn movements(grant: &GrantDetail) -> impl IntoView + use<> {
    let head = view! {
        <th scope="col">{t!(credits.when)}</th>
        <th scope="col">{t!(credits.movement)}</th>
        <th scope="col">{t!(credits.entry)}</th>
        <NumberHead label=t!(credits.change) />
        <NumberHead label=t!(credits.left_after) />
    };
    let rows: Vec<_> = grant.movements.iter().map(movement).collect();
    view! {
        <Card title=t!(credits.movements)>
            <DataTable caption=t!(credits.movements) head=head.into_any() cards=true>{rows}</DataTable>
        </Card>
    }
}

fn movement(moved: &GrantMovement) -> impl IntoView + use<> {
    let GrantMovement {
        kind,
        effective_on,
        amount,
        remaining_after,
        entry,
        entry_number,
        ..
    } = *moved;
    let invoice = moved.invoice.as_ref().map(|invoice| {
        view! { " " <a href=links::invoice(invoice.invoice)>{invoice.number.clone()}</a> }
    });
    let request = moved.request.as_ref().map(|request| {
        let label = words::request_name(request.kind, request.number);
        view! { " " <a href=links::request(request.request)>{label}</a> }
    });
    let amount = format::money(amount);
    let change = match kind.adds() {
        true => format!("+{amount}"),
        false => format!("\u{2212}{amount}"),
    };
    view! {
        <tr>
            <th scope="row">{format::date(effective_on)}</th>
            <Cell label=t!(credits.movement)><span>{words::grant_movement(kind)} {invoice} {request}</span></Cell>
            <Cell label=t!(credits.entry)>
                <EntryLink entry number=entry_number />
            </Cell>
            <NumberCell label=t!(credits.change)>{change}</NumberCell>
            <NumberCell label=t!(credits.left_after)>{format::money(remaining_after)}</NumberCell>
        </tr>
    }
}

/// Keeping the grant out of every use, or letting it be used again.
fn hold(grant: &GrantDetail) -> Option<impl IntoView + use<>> {
    if grant.row.remaining.is_zero() || !may(Right::HoldCredits) {
        return None;
    }
    let (label, explained) = match grant.on_hold {
        true => (t!(credits.release), t!(credits.release_explained)),
        false => (t!(credits.hold), t!(credits.hold_explained)),
    };
    let to_hold = (!grant.on_hold).to_string();
    let id = grant.row.grant.to_string();
    Some(view! {
        <Confirm label=label>
            <p>{explained}</p>
            <Form endpoint="hold_credit" arg="hold">
                <Hidden name="grant" value=id />
                <Hidden name="on_hold" value=to_hold />
                <TextField name="reason" label=t!(credits.reason) required=true maxlength=500 />
                <Actions>
                    <Submit label=label />
                </Actions>
            </Form>
        </Confirm>
    })
}

/// Another last usable day, for who may give one; credit whose day has passed needs a right of its own.
fn extend(grant: &GrantDetail) -> Option<impl IntoView + use<>> {
    let row = &grant.row;
    let right = match has_lapsed(row.expires_on, visit().today) {
        true => Right::ReinstateCredits,
        false => Right::ExtendCredits,
    };
    if row.remaining.is_zero() || !may(right) {
        return None;
    }
    let id = row.grant.to_string();
    let now = row
        .expires_on
        .map(|day| day.to_string())
        .unwrap_or_default();
    Some(view! {
        <Confirm label=t!(expiry.extend)>
            <p>{t!(expiry.extend_explained)}</p>
            <Form endpoint="extend_credit" arg="extension">
                <Hidden name="grant" value=id />
                <DateField
                    name="expires_on"
                    label=t!(expiry.new_last_day)
                    hint=t!(expiry.new_last_day_hint)
                    value=now
                />
                <TextField name="reason" label=t!(expiry.extend_reason) required=true maxlength=500 />
                <Actions>
                    <Submit label=t!(expiry.extend_now) />
                </Actions>
            </Form>
        </Confirm>
    })
}

/// How the last usable day was changed.
#[component]
fn ExpiryChanges(changes: Vec<ExpiryChanged>) -> impl IntoView {
    if changes.is_empty() {
        return None;
    }
    let rows: Vec<_> = changes
        .into_iter()
        .map(|change| {
            view! {
                <tr>
                    <th scope="row">{format::date(change.changed_on)}</th>
                    <Cell label=t!(expiry.before)>{words::lapses(change.before_on)}</Cell>
                    <Cell label=t!(expiry.after)>{words::lapses(change.after_on)}</Cell>
                    <Cell label=t!(expiry.by)>{change.recorded_by}</Cell>
                    <Cell label=t!(expiry.reason)>{change.reason}</Cell>
                </tr>
            }
        })
        .collect();
    let head = view! {
        <th scope="col">{t!(expiry.changed_on)}</th>
        <th scope="col">{t!(expiry.before)}</th>
        <th scope="col">{t!(expiry.after)}</th>
        <th scope="col">{t!(expiry.by)}</th>
        <th scope="col">{t!(expiry.reason)}</th>
    };
    Some(view! {
        <Card title=t!(expiry.changes)>
            <DataTable caption=t!(expiry.changes) head=head.into_any() cards=true>{rows}</DataTable>
        </Card>
    })
}
