//! One entry: its lines, what it is about, and what it takes back.

use super::api::journal_entry;
use super::list::DocumentLink;
use crate::domain::ids::{CreditGrantId, InvoiceId};
use crate::domain::ledger::{LineSource, Side};
use crate::domain::money::{Money, sum_minor};
use crate::dto::journal::{EntryDetail, EntryLink, LineRow};
use crate::web::links;
use crate::web::ui::prelude::*;

#[component]
pub fn EntryPage() -> impl IntoView {
    let id = leptos_router::hooks::use_params_map()
        .get_untracked()
        .get("id")
        .unwrap_or_default();
    load(journal_entry(id), whole)
}

fn whole(detail: EntryDetail) -> impl IntoView {
    let number = detail.entry.number.to_string();
    view! {
        <PageHead
            title=t!(journal.entry_title, number = number)
            crumbs=vec![Crumb::new(t!(journal.title), "/journal")]
        />
        <About detail=detail.clone() />
        <Card title=t!(journal.lines)><Lines lines=detail.lines /></Card>
    }
}

#[component]
fn About(detail: EntryDetail) -> impl IntoView {
    let entry = detail.entry;
    let document = entry.clone();
    let account = entry.account_number.clone();
    let reverses = detail.reverses.map(|link| {
        view! { <Fact label=t!(journal.reverses_entry)>{linked(link)}</Fact> }
    });
    let reversed_by = (!detail.reversed_by.is_empty()).then(|| {
        let links: Vec<_> = detail.reversed_by.into_iter().map(linked).collect();
        view! { <Fact label=t!(journal.reversed_by)>{links}</Fact> }
    });
    let reason = detail
        .reason
        .map(|reason| view! { <Fact label=t!(journal.reason)>{reason}</Fact> });
    let run = detail.run.map(|run| {
        view! { <Fact label=t!(journal.run)><a href=links::credit_run(run)>{t!(journal.run_link)}</a></Fact> }
    });
    let recorded = t!(
        journal.recorded_by,
        when = format::instant(detail.recorded_at),
        who = detail.recorded_by
    );
    view! {
        <Facts>
            <Fact label=t!(journal.source)>{words::entry_source(entry.source)} " (" {entry.source.code()} ")"</Fact>
            <Fact label=t!(journal.posting_on)>{format::date(entry.posting_on)}</Fact>
            <Fact label=t!(journal.effective_on)>{format::date(entry.effective_on)}</Fact>
            <Fact label=t!(journal.of_document)><DocumentLink entry=document /></Fact>
            <Fact label=t!(journal.account)>
                <a href=links::account(&account)>{account.clone()}</a>
                " " {entry.customer_name}
            </Fact>
            {reverses}
            {reversed_by}
            {run}
            {reason}
            <Fact label=t!(journal.recorded)>{recorded}</Fact>
        </Facts>
    }
}

fn linked(link: EntryLink) -> impl IntoView {
    view! { <a href=links::entry(link.id)>{link.number}</a> " " }
}

#[component]
fn Lines(lines: Vec<LineRow>) -> impl IntoView {
    let total = |side: Side| side_total(&lines, side).map(format::money);
    let foot = view! {
        <th scope="row" colspan="3">{t!(journal.total)}</th>
        <td class="number">{total(Side::Debit)}</td>
        <td class="number">{total(Side::Credit)}</td>
    }
    .into_any();
    let head = view! {
        <th scope="col">{t!(journal.code)}</th>
        <th scope="col">{t!(journal.ledger_account)}</th>
        <th scope="col">{t!(journal.about)}</th>
        <NumberHead label=words::side(Side::Debit) />
        <NumberHead label=words::side(Side::Credit) />
    };
    let rows: Vec<_> = lines.into_iter().map(line).collect();
    view! {
        <DataTable caption=t!(journal.lines) head=head.into_any() foot=foot>{rows}</DataTable>
    }
}

/// Sum of one side; entries are of one currency, and what cannot be added up is not shown.
fn side_total(lines: &[LineRow], side: Side) -> Option<Money> {
    let currency = lines.first()?.amount.currency;
    let of_side = lines.iter().filter(|line| line.side == side);
    let minor = sum_minor(of_side.map(|line| line.amount.minor)).ok()?;
    Some(Money::new(minor, currency))
}

fn line(line: LineRow) -> impl IntoView {
    let about = match (line.invoice, line.grant) {
        (Some(invoice), _) => view! {
            <a href=links::invoice(InvoiceId(invoice.id))>{t!(journal.invoice, number = invoice.number)}</a>
        }
        .into_any(),
        (None, Some(grant)) => view! {
            <a href=links::grant(CreditGrantId(grant.id))>{t!(journal.grant, number = grant.number)}</a>
        }
        .into_any(),
        (None, None) => ().into_any(),
    };
    let source = line.line_source.map(|source| {
        let words = match source {
            LineSource::Receivable => t!(journal.line_receivable),
            LineSource::Bank => t!(journal.line_bank),
        };
        view! { " " <Badge tone=Tone::Neutral label=words /> }
    });
    let wash = line
        .wash
        .then(|| view! { " " <span title=t!(journal.wash_hint)><Badge tone=Tone::Neutral label=t!(journal.wash) /></span> });
    let amount_on = |side: Side| (line.side == side).then(|| format::money(line.amount));
    let (debit, credit) = (amount_on(Side::Debit), amount_on(Side::Credit));
    view! {
        <tr>
            <Cell>{line.code}</Cell>
            <th scope="row">{line.name} {source} {wash}</th>
            <Cell>{about}</Cell>
            <NumberCell>{debit}</NumberCell>
            <NumberCell>{credit}</NumberCell>
        </tr>
    }
}
