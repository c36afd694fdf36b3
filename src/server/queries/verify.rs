//! The check of the books: one set-based statement per thing that must hold, each of which names the rows for which
//! it does not. Reads only; every statement sees one state of the database.

use super::sql;
use crate::domain::credit::CreditClass;
use crate::domain::ledger::LedgerRole;
use crate::domain::rights::Right;
use crate::dto::error::AppError;
use crate::dto::verify::{BooksCheck, CheckOutcome, Finding, FoundKind, VerifyReport};
use crate::server::context::Ctx;
use sea_orm::{DbErr, FromQueryResult};
use uuid::Uuid;

/// At most this many findings are listed per check.
pub const LISTED_FINDINGS: usize = 500;

/// Checks everything that must hold in the books. Source: domain rules, section 8.
pub async fn verify(ctx: &Ctx) -> Result<VerifyReport, AppError> {
    ctx.actor.require(Right::ReadJournal)?;
    let mut checks = Vec::with_capacity(BooksCheck::ALL.len());
    for check in BooksCheck::ALL {
        checks.push(run(ctx, *check).await?);
    }
    let count = |table: &str| format!("SELECT COUNT(*) AS count FROM {table}");
    Ok(VerifyReport {
        entries: sql::count(ctx, &count("journal_entries"), vec![]).await?,
        receivable_accounts: sql::count(ctx, &count("receivable_accounts"), vec![]).await?,
        invoices: sql::count(ctx, &count("invoices"), vec![]).await?,
        checks,
    })
}

async fn run(ctx: &Ctx, check: BooksCheck) -> Result<CheckOutcome, AppError> {
    let statement = format!(
        "SELECT * FROM ({}) AS found ORDER BY name LIMIT {}",
        statement(check),
        LISTED_FINDINGS + 1
    );
    let rows = sql::all::<FoundRow>(ctx, &statement, vec![]).await?;
    let more = rows.len() > LISTED_FINDINGS;
    let findings = rows
        .into_iter()
        .take(LISTED_FINDINGS)
        .map(|row| row.finding(check))
        .collect::<Result<_, _>>()?;
    Ok(CheckOutcome {
        check,
        findings,
        more,
    })
}

/// What each statement answers. `expected` and `found` are amounts where there is a currency, else numbers.
#[derive(FromQueryResult)]
struct FoundRow {
    kind: String,
    id: Option<Uuid>,
    name: String,
    account: Option<String>,
    role: Option<String>,
    currency: Option<String>,
    expected: Option<i64>,
    found: Option<i64>,
}

impl FoundRow {
    fn finding(self, check: BooksCheck) -> Result<Finding, DbErr> {
        let kind = FoundKind::from_code(&self.kind)
            .ok_or_else(|| sql::unreadable("kind of finding", &self.kind))?;
        // A row can be wrong in something else than what is compared; equal figures would only confuse.
        let differs = self.expected != self.found;
        let (expected, found) = (
            self.expected.filter(|_| differs),
            self.found.filter(|_| differs),
        );
        let money = |minor: Option<i64>| match (&self.currency, minor) {
            (Some(currency), Some(minor)) => sql::money(minor, currency).map(Some),
            _ => Ok(None),
        };
        let number = |value: Option<i64>| value.filter(|_| self.currency.is_none());
        Ok(Finding {
            check,
            kind,
            id: self
                .id
                .map_or_else(|| self.name.clone(), |id| id.to_string()),
            expected: money(expected)?,
            found: money(found)?,
            expected_count: number(expected),
            found_count: number(found),
            role: self.role.as_deref().and_then(LedgerRole::from_code),
            name: self.name,
            account: self.account,
        })
    }
}

/// The ledger role that carries grants of the class in `column`, as SQL.
pub(super) fn carrying_role(column: &str) -> String {
    let cases: Vec<String> = CreditClass::ALL
        .iter()
        .map(|class| {
            format!(
                "WHEN '{}' THEN '{}'",
                class.code(),
                class.carried_in().code()
            )
        })
        .collect();
    format!("CASE {column} {} END", cases.join(" "))
}

/// The codes of the control accounts, as an SQL list.
pub(super) fn control_roles() -> String {
    let codes: Vec<String> = LedgerRole::ALL
        .iter()
        .filter(|role| role.is_control())
        .map(|role| format!("'{}'", role.code()))
        .collect();
    codes.join(", ")
}

/// Debits less credits of the lines `l` as SQL.
const DEBITS_LESS_CREDITS: &str =
    "CAST(SUM(CASE l.side WHEN 'debit' THEN l.amount_minor ELSE -l.amount_minor END) AS bigint)";

/// Credits less debits of the lines `l` as SQL.
const CREDITS_LESS_DEBITS: &str =
    "CAST(SUM(CASE l.side WHEN 'credit' THEN l.amount_minor ELSE -l.amount_minor END) AS bigint)";

const NO_ROLE: &str = "CAST(NULL AS text) AS role";
const NO_CURRENCY: &str = "CAST(NULL AS text) AS currency";
const NO_COMPARISON: &str = "CAST(NULL AS text) AS currency, CAST(NULL AS bigint) AS expected, CAST(NULL AS bigint) AS found";

fn statement(check: BooksCheck) -> String {
    match check {
        BooksCheck::EntriesBalance => entries_balance(),
        BooksCheck::LinesBelong => lines_belong(),
        BooksCheck::ControlLines => control_lines(),
        BooksCheck::Currencies => currencies(),
        BooksCheck::SameAccount => same_account(),
        BooksCheck::TieOut => tie_out(),
        BooksCheck::InvoiceLedger => invoice_ledger(),
        BooksCheck::GrantLedger => grant_ledger(),
        BooksCheck::InvoiceTotals => invoice_totals(),
        BooksCheck::InvoiceOpen => invoice_open(),
        BooksCheck::InvoiceEntries => invoice_entries(),
        BooksCheck::GrantAmounts => grant_amounts(),
        BooksCheck::GrantRemainders => grant_remainders(),
        BooksCheck::MovementEntries => movement_entries(),
        BooksCheck::LapseEntries => lapse_entries(),
        BooksCheck::CreditNoteTotals => credit_note_totals(),
        BooksCheck::CreditNoteEntries => credit_note_entries(),
        BooksCheck::CreditNoteLines => credit_note_lines(),
        BooksCheck::PaymentEntries => payment_entries(),
        BooksCheck::PaymentSplits => payment_splits(),
        BooksCheck::ApplicationEntries => application_entries(),
        BooksCheck::UndoneApplications => undone_applications(),
        BooksCheck::Reservations => reservations(),
        BooksCheck::RequestEntries => request_entries(),
        BooksCheck::RequestSlices => request_slices(),
        BooksCheck::CachedBalances => cached_balances(),
        BooksCheck::PromotionBudgets => promotion_budgets(),
        BooksCheck::PromotionGrants => promotion_grants(),
        BooksCheck::NumberGaps => number_gaps(),
        BooksCheck::NumberSeries => number_series(),
    }
}

fn entries_balance() -> String {
    format!(
        "SELECT 'entry' AS kind, e.id, CAST(e.number AS text) AS name, r.number AS account, {NO_ROLE}, e.currency,
            COALESCE(s.debits, 0) AS expected, COALESCE(s.credits, 0) AS found
        FROM journal_entries e
        LEFT JOIN receivable_accounts r ON r.id = e.account_id
        LEFT JOIN (
            SELECT l.entry_id,
                CAST(SUM(CASE l.side WHEN 'debit' THEN l.amount_minor ELSE 0 END) AS bigint) AS debits,
                CAST(SUM(CASE l.side WHEN 'credit' THEN l.amount_minor ELSE 0 END) AS bigint) AS credits
            FROM journal_lines l GROUP BY l.entry_id
        ) s ON s.entry_id = e.id
        WHERE s.entry_id IS NULL OR s.debits <> s.credits"
    )
}

fn lines_belong() -> String {
    format!(
        "SELECT DISTINCT 'entry' AS kind, l.entry_id AS id, COALESCE(CAST(e.number AS text), '?') AS name,
            r.number AS account, {NO_ROLE}, {NO_COMPARISON}
        FROM journal_lines l
        LEFT JOIN journal_entries e ON e.id = l.entry_id
        LEFT JOIN receivable_accounts r ON r.id = l.account_id
        WHERE e.id IS NULL OR (e.account_id <> l.account_id AND NOT EXISTS (
            SELECT 1 FROM requests q WHERE q.id = e.document_id AND e.source = 'TRF'
                AND q.to_account_id = l.account_id))"
    )
}

fn control_lines() -> String {
    format!(
        "SELECT DISTINCT 'entry' AS kind, e.id, CAST(e.number AS text) AS name, r.number AS account, l.role,
            {NO_COMPARISON}
        FROM journal_lines l
        JOIN journal_entries e ON e.id = l.entry_id
        LEFT JOIN receivable_accounts r ON r.id = l.account_id
        LEFT JOIN invoices i ON i.id = l.invoice_id
        LEFT JOIN credit_grants g ON g.id = l.grant_id
        WHERE (l.role IN ({control}) AND l.invoice_id IS NULL AND l.grant_id IS NULL)
            OR (l.invoice_id IS NOT NULL
                AND (i.id IS NULL OR i.account_id <> l.account_id OR l.role <> 'receivable'))
            OR (l.grant_id IS NOT NULL
                AND (g.id IS NULL OR g.account_id <> l.account_id OR l.role <> {carrying}))",
        control = control_roles(),
        carrying = carrying_role("g.class"),
    )
}

fn currencies() -> String {
    let documents = [
        ("invoice", "COALESCE(d.number, 'draft')", "invoices"),
        ("credit_note", "COALESCE(d.number, 'draft')", "credit_notes"),
        ("payment", "CAST(d.number AS text)", "payments"),
        ("grant", "CAST(d.number AS text)", "credit_grants"),
        ("entry", "CAST(d.number AS text)", "journal_entries"),
        ("request", "CAST(d.number AS text)", "requests"),
    ];
    let parts: Vec<String> = documents
        .iter()
        .map(|(kind, name, table)| {
            format!(
                "SELECT '{kind}' AS kind, d.id, {name} AS name, r.number AS account, {NO_ROLE}, {NO_COMPARISON}
                FROM {table} d JOIN receivable_accounts r ON r.id = d.account_id
                WHERE d.currency <> r.currency"
            )
        })
        .collect();
    parts.join(" UNION ALL ")
}

fn same_account() -> String {
    format!(
        "SELECT 'application' AS kind, a.id, COALESCE(i.number, '?') AS name, r.number AS account, {NO_ROLE},
            {NO_COMPARISON}
        FROM applications a
        LEFT JOIN receivable_accounts r ON r.id = a.account_id
        LEFT JOIN invoices i ON i.id = a.invoice_id
        LEFT JOIN credit_grants g ON g.id = a.grant_id
        LEFT JOIN payments p ON p.id = a.payment_id
        LEFT JOIN credit_notes n ON n.id = a.credit_note_id
        WHERE i.id IS NULL OR i.account_id <> a.account_id
            OR (a.grant_id IS NOT NULL AND (g.id IS NULL OR g.account_id <> a.account_id))
            OR (a.payment_id IS NOT NULL AND (p.id IS NULL OR p.account_id <> a.account_id))
            OR (a.credit_note_id IS NOT NULL AND (n.id IS NULL OR n.invoice_id <> a.invoice_id))"
    )
}

/// Receivable = open invoices − grants carried there; every other carrying account = minus its grants, as debits
/// less credits.
fn tie_out() -> String {
    format!(
        "SELECT 'account' AS kind, r.id, r.number AS name, r.number AS account, t.role, r.currency,
            t.expected, t.found
        FROM receivable_accounts r
        JOIN (
            SELECT account_id, role, CAST(SUM(expected) AS bigint) AS expected, CAST(SUM(found) AS bigint) AS found
            FROM (
                SELECT l.account_id, l.role, 0 AS expected, {DEBITS_LESS_CREDITS} AS found
                FROM journal_lines l WHERE l.role IN ({control}) GROUP BY l.account_id, l.role
                UNION ALL
                SELECT i.account_id, 'receivable', CAST(SUM(i.open_minor) AS bigint), 0
                FROM invoices i WHERE i.open_minor > 0 GROUP BY i.account_id
                UNION ALL
                SELECT g.account_id, {carrying}, -CAST(SUM(g.remaining_minor) AS bigint), 0
                FROM credit_grants g WHERE g.remaining_minor > 0 GROUP BY g.account_id, {carrying}
            ) AS sides
            GROUP BY account_id, role
        ) t ON t.account_id = r.id
        WHERE t.expected <> t.found",
        control = control_roles(),
        carrying = carrying_role("g.class"),
    )
}

fn invoice_ledger() -> String {
    format!(
        "SELECT 'invoice' AS kind, i.id, COALESCE(i.number, 'draft') AS name, r.number AS account, {NO_ROLE},
            i.currency, i.open_minor AS expected, COALESCE(s.minor, 0) AS found
        FROM invoices i
        LEFT JOIN receivable_accounts r ON r.id = i.account_id
        LEFT JOIN (
            SELECT l.invoice_id, {DEBITS_LESS_CREDITS} AS minor
            FROM journal_lines l WHERE l.invoice_id IS NOT NULL GROUP BY l.invoice_id
        ) s ON s.invoice_id = i.id
        WHERE i.open_minor <> COALESCE(s.minor, 0)"
    )
}

fn grant_ledger() -> String {
    format!(
        "SELECT 'grant' AS kind, g.id, CAST(g.number AS text) AS name, r.number AS account, {NO_ROLE},
            g.currency, g.remaining_minor AS expected, COALESCE(s.minor, 0) AS found
        FROM credit_grants g
        LEFT JOIN receivable_accounts r ON r.id = g.account_id
        LEFT JOIN (
            SELECT l.grant_id, {CREDITS_LESS_DEBITS} AS minor
            FROM journal_lines l WHERE l.grant_id IS NOT NULL GROUP BY l.grant_id
        ) s ON s.grant_id = g.id
        WHERE g.remaining_minor <> COALESCE(s.minor, 0)"
    )
}

fn invoice_totals() -> String {
    let part = |column: &str, rows: &str, sum: &str| {
        format!(
            "SELECT 'invoice' AS kind, i.id, COALESCE(i.number, 'draft') AS name, r.number AS account, {NO_ROLE},
                i.currency, i.{column} AS expected, COALESCE(s.minor, 0) AS found
            FROM invoices i
            LEFT JOIN receivable_accounts r ON r.id = i.account_id
            LEFT JOIN (SELECT invoice_id, CAST(SUM({sum}) AS bigint) AS minor FROM {rows} GROUP BY invoice_id) s
                ON s.invoice_id = i.id
            WHERE i.{column} <> COALESCE(s.minor, 0)"
        )
    };
    [
        part("net_minor", "invoice_lines", "net_minor"),
        part("net_minor", "invoice_taxes", "net_minor"),
        part("tax_minor", "invoice_taxes", "tax_minor"),
    ]
    .join(" UNION ALL ")
}

fn invoice_open() -> String {
    format!(
        "SELECT 'invoice' AS kind, id, name, account, role, currency, expected, found FROM (
            SELECT i.id, COALESCE(i.number, 'draft') AS name, r.number AS account, {NO_ROLE}, i.currency,
                CASE WHEN i.voided_on IS NOT NULL OR i.total_minor < 0 OR i.finalised_at IS NULL THEN 0
                    ELSE i.total_minor END - COALESCE(s.minor, 0) AS expected,
                i.open_minor AS found
            FROM invoices i
            LEFT JOIN receivable_accounts r ON r.id = i.account_id
            LEFT JOIN (
                SELECT a.invoice_id, CAST(SUM(a.amount_minor) AS bigint) AS minor
                FROM applications a WHERE a.unapplied_on IS NULL GROUP BY a.invoice_id
            ) s ON s.invoice_id = i.id
        ) AS compared
        WHERE expected <> found"
    )
}

fn invoice_entries() -> String {
    format!(
        "SELECT 'invoice' AS kind, i.id, COALESCE(i.number, '?') AS name, r.number AS account, {NO_ROLE},
            i.currency, i.total_minor AS expected, COALESCE(s.minor, 0) AS found
        FROM invoices i
        LEFT JOIN receivable_accounts r ON r.id = i.account_id
        LEFT JOIN journal_entries e ON e.id = i.entry_id
        LEFT JOIN journal_entries v ON v.id = i.void_entry_id
        LEFT JOIN (
            SELECT l.entry_id, {DEBITS_LESS_CREDITS} AS minor
            FROM journal_lines l WHERE l.role = 'receivable' GROUP BY l.entry_id
        ) s ON s.entry_id = i.entry_id
        LEFT JOIN (
            SELECT l.entry_id, l.invoice_id, {DEBITS_LESS_CREDITS} AS minor
            FROM journal_lines l WHERE l.invoice_id IS NOT NULL GROUP BY l.entry_id, l.invoice_id
        ) t ON t.entry_id = i.entry_id AND t.invoice_id = i.id
        WHERE i.finalised_at IS NOT NULL AND i.total_minor <> 0
            AND (e.id IS NULL OR e.posting_on <> i.posting_on
                OR (i.kind <> 'payment_returned' AND (e.document_id <> i.id OR e.source <> 'INV'
                    OR COALESCE(s.minor, 0) <> i.total_minor))
                OR (i.kind = 'payment_returned' AND (e.document_id <> i.payment_id OR e.source <> 'PAY'
                    OR COALESCE(t.minor, 0) <> i.total_minor))
                OR (i.voided_on IS NOT NULL
                    AND (v.id IS NULL OR v.reverses_id IS NULL OR v.reverses_id <> i.entry_id)))"
    )
}

fn credit_note_totals() -> String {
    let part = |column: &str, rows: &str, sum: &str| {
        format!(
            "SELECT 'credit_note' AS kind, n.id, COALESCE(n.number, 'draft') AS name, r.number AS account, {NO_ROLE},
                n.currency, n.{column} AS expected, COALESCE(s.minor, 0) AS found
            FROM credit_notes n
            LEFT JOIN receivable_accounts r ON r.id = n.account_id
            LEFT JOIN (
                SELECT credit_note_id, CAST(SUM({sum}) AS bigint) AS minor FROM {rows} GROUP BY credit_note_id
            ) s ON s.credit_note_id = n.id
            WHERE n.{column} <> COALESCE(s.minor, 0)"
        )
    };
    [
        part("net_minor", "credit_note_lines", "net_minor"),
        part("net_minor", "credit_note_taxes", "net_minor"),
        part("tax_minor", "credit_note_taxes", "tax_minor"),
    ]
    .join(" UNION ALL ")
}

fn credit_note_entries() -> String {
    let receivable = format!(
        "SELECT l.entry_id, {CREDITS_LESS_DEBITS} AS minor
        FROM journal_lines l WHERE l.role = 'receivable' GROUP BY l.entry_id"
    );
    format!(
        "SELECT 'credit_note' AS kind, n.id, COALESCE(n.number, '?') AS name, r.number AS account, {NO_ROLE},
            n.currency, n.total_minor AS expected, COALESCE(a.minor, 0) + COALESCE(m.minor, 0) AS found
        FROM credit_notes n
        LEFT JOIN receivable_accounts r ON r.id = n.account_id
        LEFT JOIN journal_entries e ON e.id = n.entry_id
        LEFT JOIN ({receivable}) s ON s.entry_id = n.entry_id
        LEFT JOIN journal_entries v ON v.id = n.void_entry_id
        LEFT JOIN ({receivable}) b ON b.entry_id = n.void_entry_id
        LEFT JOIN (
            SELECT credit_note_id, CAST(SUM(amount_minor) AS bigint) AS minor
            FROM applications WHERE credit_note_id IS NOT NULL GROUP BY credit_note_id
        ) a ON a.credit_note_id = n.id
        LEFT JOIN (
            SELECT entry_id, CAST(SUM(amount_minor) AS bigint) AS minor
            FROM grant_movements WHERE kind = 'issued' GROUP BY entry_id
        ) m ON m.entry_id = n.entry_id
        WHERE n.finalised_at IS NOT NULL
            AND (e.id IS NULL OR e.document_id <> n.id OR e.source <> 'CRN' OR e.posting_on <> n.posting_on
                OR COALESCE(s.minor, 0) <> n.total_minor
                OR COALESCE(a.minor, 0) + COALESCE(m.minor, 0) <> n.total_minor
                OR (n.voided_on IS NOT NULL AND (v.id IS NULL OR v.reverses_id IS NULL
                    OR v.reverses_id <> n.entry_id OR COALESCE(b.minor, 0) <> -n.total_minor)))"
    )
}

/// By net per line, which is what quantities come to.
fn credit_note_lines() -> String {
    format!(
        "SELECT 'invoice' AS kind, i.id, COALESCE(i.number, '?') AS name, r.number AS account, {NO_ROLE},
            i.currency, l.net_minor AS expected, s.minor AS found
        FROM (
            SELECT n.invoice_id, c.position, CAST(SUM(c.net_minor) AS bigint) AS minor
            FROM credit_note_lines c JOIN credit_notes n ON n.id = c.credit_note_id
            WHERE n.finalised_at IS NOT NULL AND n.voided_on IS NULL GROUP BY n.invoice_id, c.position
        ) s
        JOIN invoices i ON i.id = s.invoice_id
        JOIN receivable_accounts r ON r.id = i.account_id
        LEFT JOIN invoice_lines l ON l.invoice_id = s.invoice_id AND l.position = s.position
        WHERE l.invoice_id IS NULL OR (l.net_minor >= 0 AND (s.minor < 0 OR s.minor > l.net_minor))
            OR (l.net_minor < 0 AND (s.minor > 0 OR s.minor < l.net_minor))"
    )
}

fn grant_amounts() -> String {
    format!(
        "SELECT 'grant' AS kind, g.id, CAST(g.number AS text) AS name, r.number AS account, {NO_ROLE},
            g.currency, COALESCE(s.minor, 0) AS expected, g.amount_minor AS found
        FROM credit_grants g
        LEFT JOIN receivable_accounts r ON r.id = g.account_id
        LEFT JOIN (
            SELECT m.grant_id, CAST(SUM(m.amount_minor) AS bigint) AS minor
            FROM grant_movements m WHERE m.kind = 'issued' GROUP BY m.grant_id
        ) s ON s.grant_id = g.id
        WHERE g.amount_minor <> COALESCE(s.minor, 0)"
    )
}

fn grant_remainders() -> String {
    format!(
        "SELECT 'grant' AS kind, g.id, CAST(g.number AS text) AS name, r.number AS account, {NO_ROLE},
            g.currency, COALESCE(m.minor, 0) - COALESCE(a.minor, 0) AS expected, g.remaining_minor AS found
        FROM credit_grants g
        LEFT JOIN receivable_accounts r ON r.id = g.account_id
        LEFT JOIN (
            SELECT grant_id,
                CAST(SUM(signed_minor) AS bigint) AS minor
            FROM grant_movements GROUP BY grant_id
        ) m ON m.grant_id = g.id
        LEFT JOIN (
            SELECT grant_id, CAST(SUM(amount_minor) AS bigint) AS minor
            FROM applications WHERE grant_id IS NOT NULL AND unapplied_on IS NULL GROUP BY grant_id
        ) a ON a.grant_id = g.id
        WHERE g.remaining_minor <> COALESCE(m.minor, 0) - COALESCE(a.minor, 0)"
    )
}

fn movement_entries() -> String {
    format!(
        "SELECT 'movement' AS kind, m.id, CAST(g.number AS text) AS name, r.number AS account, {NO_ROLE},
            g.currency, m.signed_minor AS expected, COALESCE(s.minor, 0) AS found
        FROM grant_movements m
        JOIN credit_grants g ON g.id = m.grant_id
        LEFT JOIN receivable_accounts r ON r.id = m.account_id
        LEFT JOIN (
            SELECT l.entry_id, l.grant_id, {CREDITS_LESS_DEBITS} AS minor
            FROM journal_lines l WHERE l.grant_id IS NOT NULL GROUP BY l.entry_id, l.grant_id
        ) s ON s.entry_id = m.entry_id AND s.grant_id = m.grant_id
        WHERE m.signed_minor <> COALESCE(s.minor, 0)"
    )
}

/// A lapse that is taken back names the entry it reverses, for the whole amount.
fn lapse_entries() -> String {
    format!(
        "SELECT 'movement' AS kind, m.id, CAST(g.number AS text) AS name, r.number AS account, {NO_ROLE},
            g.currency, w.amount_minor AS expected, m.amount_minor AS found
        FROM grant_movements m
        JOIN credit_grants g ON g.id = m.grant_id
        LEFT JOIN receivable_accounts r ON r.id = m.account_id
        LEFT JOIN journal_entries e ON e.id = m.entry_id
        LEFT JOIN grant_movements w ON w.entry_id = e.reverses_id AND w.grant_id = m.grant_id AND w.kind = 'lapsed'
        WHERE m.kind IN ('lapsed', 'reinstated')
            AND (e.id IS NULL OR e.source <> 'EXP' OR e.document_id <> m.grant_id
                OR (m.kind = 'lapsed' AND e.reverses_id IS NOT NULL)
                OR (m.kind = 'reinstated' AND (w.id IS NULL OR w.amount_minor <> m.amount_minor)))"
    )
}

fn payment_entries() -> String {
    let money = format!(
        "SELECT l.entry_id, {DEBITS_LESS_CREDITS} AS minor
        FROM journal_lines l
        WHERE l.role IN ('bank', 'cash_desk', 'payment_clearing') AND NOT l.wash GROUP BY l.entry_id"
    );
    format!(
        "SELECT 'payment' AS kind, p.id, CAST(p.number AS text) AS name, r.number AS account, {NO_ROLE},
            p.currency, p.amount_minor AS expected, COALESCE(s.minor, 0) AS found
        FROM payments p
        LEFT JOIN receivable_accounts r ON r.id = p.account_id
        LEFT JOIN journal_entries e ON e.id = p.entry_id
        LEFT JOIN ({money}) s ON s.entry_id = p.entry_id
        LEFT JOIN journal_entries v ON v.id = p.reversal_entry_id
        LEFT JOIN ({money}) b ON b.entry_id = p.reversal_entry_id
        WHERE e.id IS NULL OR e.document_id <> p.id OR COALESCE(s.minor, 0) <> p.amount_minor
            OR (p.reversed_on IS NOT NULL AND (v.id IS NULL OR v.reverses_id IS NULL
                OR v.reverses_id <> p.entry_id OR COALESCE(b.minor, 0) <> -p.amount_minor))"
    )
}

fn payment_splits() -> String {
    format!(
        "SELECT 'payment' AS kind, id, name, account, role, currency, expected, found FROM (
            SELECT p.id, CAST(p.number AS text) AS name, r.number AS account, {NO_ROLE}, p.currency,
                p.amount_minor AS expected,
                p.fee_minor + COALESCE(a.minor, 0) + COALESCE(m.minor, 0) AS found
            FROM payments p
            LEFT JOIN receivable_accounts r ON r.id = p.account_id
            LEFT JOIN (
                SELECT payment_id, CAST(SUM(amount_minor) AS bigint) AS minor
                FROM applications WHERE payment_id IS NOT NULL GROUP BY payment_id
            ) a ON a.payment_id = p.id
            LEFT JOIN (
                SELECT entry_id, CAST(SUM(amount_minor) AS bigint) AS minor
                FROM grant_movements WHERE kind = 'issued' GROUP BY entry_id
            ) m ON m.entry_id = p.entry_id
        ) AS compared
        WHERE expected <> found"
    )
}

fn application_entries() -> String {
    format!(
        "SELECT 'application' AS kind, a.id, COALESCE(i.number, '?') AS name, r.number AS account, {NO_ROLE},
            r.currency, a.amount_minor AS expected, COALESCE(c.minor, 0) AS found
        FROM applications a
        LEFT JOIN receivable_accounts r ON r.id = a.account_id
        LEFT JOIN invoices i ON i.id = a.invoice_id
        LEFT JOIN journal_entries e ON e.id = a.entry_id
        LEFT JOIN payments p ON p.id = a.payment_id
        LEFT JOIN credit_notes n ON n.id = a.credit_note_id
        LEFT JOIN requests q ON q.id = a.write_off_id
        LEFT JOIN (
            SELECT l.entry_id, l.invoice_id, {CREDITS_LESS_DEBITS} AS minor
            FROM journal_lines l WHERE l.invoice_id IS NOT NULL GROUP BY l.entry_id, l.invoice_id
        ) c ON c.entry_id = a.entry_id AND c.invoice_id = a.invoice_id
        LEFT JOIN ({four}) f ON f.entry_id = a.entry_id
        WHERE e.id IS NULL OR COALESCE(c.minor, 0) <> a.amount_minor
            OR (a.payment_id IS NOT NULL AND p.entry_id <> a.entry_id)
            OR (a.credit_note_id IS NOT NULL AND n.entry_id <> a.entry_id)
            OR (a.write_off_id IS NOT NULL AND (q.entry_id IS NULL OR q.entry_id <> a.entry_id
                OR q.invoice_id <> a.invoice_id))
            OR (a.grant_id IS NOT NULL
                AND (e.source <> 'ARP' OR e.document_id <> a.id OR e.reverses_id IS NOT NULL OR {not_four}))",
        four = application_lines(),
        not_four = not_four_lines("f"),
    )
}

fn undone_applications() -> String {
    format!(
        "SELECT 'application' AS kind, a.id, COALESCE(i.number, '?') AS name, r.number AS account, {NO_ROLE},
            r.currency, a.amount_minor AS expected, COALESCE(c.minor, 0) AS found
        FROM applications a
        LEFT JOIN receivable_accounts r ON r.id = a.account_id
        LEFT JOIN invoices i ON i.id = a.invoice_id
        LEFT JOIN journal_entries e ON e.id = a.unapplied_entry_id
        LEFT JOIN (
            SELECT l.entry_id, l.invoice_id, {DEBITS_LESS_CREDITS} AS minor
            FROM journal_lines l WHERE l.invoice_id IS NOT NULL GROUP BY l.entry_id, l.invoice_id
        ) c ON c.entry_id = a.unapplied_entry_id AND c.invoice_id = a.invoice_id
        LEFT JOIN ({four}) f ON f.entry_id = a.unapplied_entry_id
        WHERE a.unapplied_on IS NOT NULL
            AND (e.id IS NULL OR e.reverses_id IS NULL OR e.reverses_id <> a.entry_id
                OR a.unapplied_posting_on IS NULL OR e.posting_on <> a.unapplied_posting_on
                OR COALESCE(c.minor, 0) <> a.amount_minor
                OR (e.source = 'ARP' AND {not_four}))",
        four = application_lines(),
        not_four = not_four_lines("f"),
    )
}

/// Per ARP entry: its lines by line source, and the least and largest amount.
fn application_lines() -> &'static str {
    "SELECT l.entry_id, COUNT(*) AS lines, MIN(l.amount_minor) AS least, MAX(l.amount_minor) AS most,
        CAST(SUM(CASE WHEN l.line_source = 'AR' THEN 1 ELSE 0 END) AS bigint) AS receivable_lines,
        CAST(SUM(CASE WHEN l.wash THEN 1 ELSE 0 END) AS bigint) AS wash_lines
    FROM journal_lines l JOIN journal_entries j ON j.id = l.entry_id
    WHERE j.source = 'ARP' GROUP BY l.entry_id"
}

fn not_four_lines(alias: &str) -> String {
    format!(
        "COALESCE({alias}.lines, 0) <> 4 OR {alias}.least <> a.amount_minor OR {alias}.most <> a.amount_minor
            OR {alias}.receivable_lines <> 2 OR {alias}.wash_lines <> 2"
    )
}

fn reservations() -> String {
    format!(
        "SELECT 'grant' AS kind, g.id, CAST(g.number AS text) AS name, r.number AS account, {NO_ROLE},
            g.currency, COALESCE(s.minor, 0) AS expected, g.reserved_minor AS found
        FROM credit_grants g
        LEFT JOIN receivable_accounts r ON r.id = g.account_id
        LEFT JOIN (
            SELECT s.grant_id, CAST(SUM(s.amount_minor) AS bigint) AS minor
            FROM request_slices s JOIN requests q ON q.id = s.request_id
            WHERE q.entry_id IS NULL AND q.refused_at IS NULL AND q.failed_at IS NULL GROUP BY s.grant_id
        ) s ON s.grant_id = g.id
        WHERE g.reserved_minor <> COALESCE(s.minor, 0)"
    )
}

/// A posted request's entry debits its amount; a reversed one's contra takes that back.
fn request_entries() -> String {
    let debits = "SELECT l.entry_id, CAST(SUM(l.amount_minor) AS bigint) AS minor
        FROM journal_lines l WHERE l.side = 'debit' GROUP BY l.entry_id";
    format!(
        "SELECT 'request' AS kind, q.id, CAST(q.number AS text) AS name, r.number AS account, {NO_ROLE},
            q.currency, q.amount_minor AS expected, COALESCE(s.minor, 0) AS found
        FROM requests q
        LEFT JOIN receivable_accounts r ON r.id = q.account_id
        LEFT JOIN journal_entries e ON e.id = q.entry_id
        LEFT JOIN ({debits}) s ON s.entry_id = q.entry_id
        LEFT JOIN journal_entries v ON v.id = q.reversal_entry_id
        WHERE q.entry_id IS NOT NULL AND (e.id IS NULL OR e.document_id <> q.id OR e.document_kind <> q.kind
            OR e.account_id <> q.account_id OR e.posting_on <> q.posting_on OR COALESCE(s.minor, 0) <> q.amount_minor
            OR (q.reversal_entry_id IS NOT NULL AND (v.id IS NULL OR v.reverses_id IS NULL
                OR v.reverses_id <> q.entry_id OR v.posting_on <> q.reversed_posting_on)))"
    )
}

/// A request takes its whole amount from grants of its account, unless it makes credit or writes an invoice off.
fn request_slices() -> String {
    format!(
        "SELECT 'request' AS kind, q.id, CAST(q.number AS text) AS name, r.number AS account, {NO_ROLE},
            q.currency, q.amount_minor AS expected, COALESCE(s.minor, 0) AS found
        FROM requests q
        LEFT JOIN receivable_accounts r ON r.id = q.account_id
        LEFT JOIN (
            SELECT s.request_id, CAST(SUM(CASE WHEN g.account_id = q.account_id THEN s.amount_minor ELSE 0 END)
                AS bigint) AS minor
            FROM request_slices s JOIN requests q ON q.id = s.request_id
                JOIN credit_grants g ON g.id = s.grant_id
            GROUP BY s.request_id
        ) s ON s.request_id = q.id
        WHERE q.class IS NULL AND q.invoice_id IS NULL AND COALESCE(s.minor, 0) <> q.amount_minor"
    )
}

fn cached_balances() -> String {
    let part = |column: &str, rows: &str, sum: &str| {
        format!(
            "SELECT 'account' AS kind, r.id, r.number AS name, r.number AS account, {NO_ROLE}, r.currency,
                COALESCE(s.minor, 0) AS expected, r.{column} AS found
            FROM receivable_accounts r
            LEFT JOIN (
                SELECT account_id, CAST(SUM({sum}) AS bigint) AS minor FROM {rows} GROUP BY account_id
            ) s ON s.account_id = r.id
            WHERE r.{column} <> COALESCE(s.minor, 0)"
        )
    };
    [
        part("due_minor", "invoices", "open_minor"),
        part("credit_minor", "credit_grants", "remaining_minor"),
    ]
    .join(" UNION ALL ")
}

fn promotion_budgets() -> String {
    format!(
        "SELECT 'promotion' AS kind, p.id, p.code AS name, CAST(NULL AS text) AS account, {NO_ROLE}, p.currency,
            COALESCE(s.minor, 0) AS expected, p.given_minor AS found
        FROM promotions p
        LEFT JOIN (
            SELECT promotion_id, CAST(SUM(amount_minor - revoked_minor) AS bigint) AS minor
            FROM promotion_grants GROUP BY promotion_id
        ) s ON s.promotion_id = p.id
        WHERE p.given_minor <> COALESCE(s.minor, 0)"
    )
}

/// Both ways: from the documented deduction to its credit and movements, and from credit of promotions back.
fn promotion_grants() -> String {
    format!(
        "SELECT 'grant' AS kind, g.id, CAST(g.number AS text) AS name, r.number AS account, {NO_ROLE}, g.currency,
            COALESCE(d.amount_minor - d.revoked_minor, 0) AS expected, COALESCE(s.minor, 0) AS found
        FROM credit_grants g
        LEFT JOIN receivable_accounts r ON r.id = g.account_id
        LEFT JOIN promotion_grants d ON d.id = g.origin_id AND d.grant_id = g.id
        LEFT JOIN (
            SELECT m.grant_id, CAST(SUM(CASE m.kind WHEN 'issued' THEN m.amount_minor ELSE -m.amount_minor END)
                AS bigint) AS minor
            FROM grant_movements m WHERE m.kind IN ('issued', 'revoked') GROUP BY m.grant_id
        ) s ON s.grant_id = g.id
        WHERE g.origin_kind = 'promotion'
            AND (d.id IS NULL OR d.account_id <> g.account_id OR g.class <> 'promotion'
                OR d.amount_minor - d.revoked_minor <> COALESCE(s.minor, 0))
        UNION ALL
        SELECT 'grant' AS kind, d.grant_id AS id, p.code AS name, r.number AS account, {NO_ROLE}, p.currency,
            d.amount_minor AS expected, CAST(0 AS bigint) AS found
        FROM promotion_grants d
        JOIN promotions p ON p.id = d.promotion_id
        LEFT JOIN receivable_accounts r ON r.id = d.account_id
        LEFT JOIN credit_grants g ON g.id = d.grant_id AND g.origin_kind = 'promotion' AND g.origin_id = d.id
        LEFT JOIN journal_entries e ON e.document_id = d.id AND e.source = 'PRM' AND e.reverses_id IS NULL
        WHERE g.id IS NULL OR e.id IS NULL"
    )
}

/// The documents whose numbers count gap-free. Imported ones have no year and are exempt.
const NUMBERED: &str = "SELECT series, year, sequence FROM invoices WHERE year IS NOT NULL
    UNION ALL SELECT series, year, sequence FROM credit_notes WHERE year IS NOT NULL";

fn number_gaps() -> String {
    format!(
        "SELECT 'series' AS kind, CAST(NULL AS uuid) AS id, series || '-' || CAST(year AS text) AS name,
            CAST(NULL AS text) AS account, {NO_ROLE}, {NO_CURRENCY}, previous + 1 AS expected, sequence AS found
        FROM (
            SELECT series, year, sequence,
                LAG(sequence, 1, CAST(0 AS bigint)) OVER (PARTITION BY series, year ORDER BY sequence) AS previous
            FROM ({NUMBERED}) AS documents
        ) AS numbered
        WHERE sequence <> previous + 1"
    )
}

fn number_series() -> String {
    format!(
        "SELECT 'series' AS kind, CAST(NULL AS uuid) AS id, series || '-' || CAST(year AS text) AS name,
            CAST(NULL AS text) AS account, {NO_ROLE}, {NO_CURRENCY},
            CAST(SUM(last_used) AS bigint) AS expected, CAST(SUM(last_sequence) AS bigint) AS found
        FROM (
            SELECT series, year, MAX(sequence) AS last_used, CAST(0 AS bigint) AS last_sequence
            FROM ({NUMBERED}) AS documents GROUP BY series, year
            UNION ALL
            SELECT series, year, 0, last_sequence FROM number_series
        ) AS both_sides
        GROUP BY series, year HAVING SUM(last_used) <> SUM(last_sequence)"
    )
}
