//! The books check: every rule the books must keep, and the rows that do not.

use super::api::check_books;
use crate::domain::money::Money;
use crate::dto::verify::{BooksCheck, CheckOutcome, Finding, FoundKind, VerifyReport};
use crate::web::links;
use crate::web::ui::prelude::*;

#[component]
pub fn BooksCheckPage() -> impl IntoView {
    view! {
        <PageHead
            title=t!(reports.books_check)
            crumbs=vec![Crumb::new(t!(reports.title), "/reports")]
            lead=t!(reports.books_check_text).into_any()
        />
        {load(check_books(), whole)}
    }
}

fn whole(report: VerifyReport) -> impl IntoView {
    let looked_at = t!(
        reports.looked_at,
        entries = format::number(report.entries),
        accounts = format::number(report.receivable_accounts),
        invoices = format::number(report.invoices)
    );
    let (tone, title) = if report.is_clean() {
        (Tone::Good, t!(reports.clean))
    } else {
        (Tone::Bad, t!(reports.not_clean))
    };
    let found: Vec<_> = report
        .checks
        .iter()
        .filter(|outcome| !outcome.findings.is_empty())
        .map(findings)
        .collect();
    let rows: Vec<_> = report.checks.iter().map(row).collect();
    let head = view! {
        <th scope="col">{t!(reports.check)}</th>
        <th scope="col">{t!(reports.result)}</th>
    };
    view! {
        <Notice tone=tone title=title><p>{looked_at}</p></Notice>
        {found}
        <DataTable caption=t!(reports.check) head=head.into_any()>{rows}</DataTable>
    }
}

fn row(outcome: &CheckOutcome) -> AnyView {
    let rule = rule(outcome.check);
    let count = u32::try_from(outcome.findings.len()).unwrap_or(u32::MAX);
    let badge = if count == 0 {
        view! { <Badge tone=Tone::Good label=t!(reports.holds) /> }.into_any()
    } else {
        view! { <Badge tone=Tone::Bad label=t!(reports.findings, count = count) /> }.into_any()
    };
    view! { <tr><Cell>{rule}</Cell> <Cell>{badge}</Cell></tr> }.into_any()
}

fn findings(outcome: &CheckOutcome) -> AnyView {
    let rule = rule(outcome.check);
    let rows: Vec<_> = outcome.findings.iter().map(finding).collect();
    let head = view! {
        <th scope="col">{t!(reports.what)}</th>
        <th scope="col">{t!(reports.account)}</th>
        <NumberHead label=t!(reports.expected) />
        <NumberHead label=t!(reports.found) />
        <th scope="col">{t!(reports.id)}</th>
    };
    let more = outcome.more.then(|| view! { <p>{t!(reports.more)}</p> });
    view! {
        <Card title=rule>
            <DataTable caption=rule head=head.into_any() cards=true>{rows}</DataTable>
            {more}
        </Card>
    }
    .into_any()
}

fn finding(finding: &Finding) -> AnyView {
    let role = finding
        .role
        .map(|role| format!(", {}", words::ledger_role(role)));
    let shown = |money: Option<Money>, count: Option<i64>| {
        money
            .map(format::money)
            .or_else(|| count.map(format::number))
    };
    let expected = shown(finding.expected, finding.expected_count);
    let found = shown(finding.found, finding.found_count);
    let (kind, name, id) = (kind(finding.kind), finding.name.clone(), finding.id.clone());
    let account = finding.account.clone().map(|number| {
        view! { <a href=links::account(&number)>{number.clone()}</a> }
    });
    view! {
        <tr>
            <th scope="row">{kind} " " {name} {role}</th>
            <Cell label=t!(reports.account)>{account}</Cell>
            <NumberCell label=t!(reports.expected)>{expected}</NumberCell>
            <NumberCell label=t!(reports.found)>{found}</NumberCell>
            <Cell label=t!(reports.id)><code>{id}</code></Cell>
        </tr>
    }
    .into_any()
}

fn kind(kind: FoundKind) -> &'static str {
    match kind {
        FoundKind::Account => t!(reports.kind_account),
        FoundKind::Invoice => t!(reports.kind_invoice),
        FoundKind::CreditNote => t!(reports.kind_credit_note),
        FoundKind::Payment => t!(reports.kind_payment),
        FoundKind::Grant => t!(reports.kind_grant),
        FoundKind::Application => t!(reports.kind_application),
        FoundKind::Entry => t!(reports.kind_entry),
        FoundKind::Movement => t!(reports.kind_movement),
        FoundKind::Request => t!(reports.kind_request),
        FoundKind::Series => t!(reports.kind_series),
        FoundKind::Promotion => t!(reports.kind_promotion),
    }
}

/// What must hold, in one sentence.
fn rule(check: BooksCheck) -> &'static str {
    match check {
        BooksCheck::EntriesBalance => t!(reports.check_entries_balance),
        BooksCheck::LinesBelong => t!(reports.check_lines_belong),
        BooksCheck::ControlLines => t!(reports.check_control_lines),
        BooksCheck::Currencies => t!(reports.check_currencies),
        BooksCheck::SameAccount => t!(reports.check_same_account),
        BooksCheck::TieOut => t!(reports.check_tie_out),
        BooksCheck::InvoiceLedger => t!(reports.check_invoice_ledger),
        BooksCheck::GrantLedger => t!(reports.check_grant_ledger),
        BooksCheck::InvoiceTotals => t!(reports.check_invoice_totals),
        BooksCheck::InvoiceOpen => t!(reports.check_invoice_open),
        BooksCheck::InvoiceEntries => t!(reports.check_invoice_entries),
        BooksCheck::GrantAmounts => t!(reports.check_grant_amounts),
        BooksCheck::GrantRemainders => t!(reports.check_grant_remainders),
        BooksCheck::LapseEntries => t!(reports.check_lapse_entries),
        BooksCheck::MovementEntries => t!(reports.check_movement_entries),
        BooksCheck::CreditNoteTotals => t!(reports.check_credit_note_totals),
        BooksCheck::CreditNoteEntries => t!(reports.check_credit_note_entries),
        BooksCheck::CreditNoteLines => t!(reports.check_credit_note_lines),
        BooksCheck::PaymentEntries => t!(reports.check_payment_entries),
        BooksCheck::PaymentSplits => t!(reports.check_payment_splits),
        BooksCheck::ApplicationEntries => t!(reports.check_application_entries),
        BooksCheck::UndoneApplications => t!(reports.check_undone_applications),
        BooksCheck::Reservations => t!(reports.check_reservations),
        BooksCheck::RequestEntries => t!(reports.check_request_entries),
        BooksCheck::RequestSlices => t!(reports.check_request_slices),
        BooksCheck::CachedBalances => t!(reports.check_cached_balances),
        BooksCheck::PromotionBudgets => t!(reports.check_promotion_budgets),
        BooksCheck::PromotionGrants => t!(reports.check_promotion_grants),
        BooksCheck::NumberGaps => t!(reports.check_number_gaps),
        BooksCheck::NumberSeries => t!(reports.check_number_series),
    }
}
