//! A receivable account's page: what it owes and holds, and the journal entries that came to that.

use super::balances::{self, AccountClass};
use super::credits;
use super::sql::{self, Conditions, unreadable};
use crate::domain::approval::RequestKind;
use crate::domain::ids::{
    CreditGrantId, CreditNoteId, CreditRequestId, CustomerId, InvoiceId, JournalEntryId, PaymentId,
    PromotionId,
};
use crate::domain::ledger::{EntrySource, LedgerRole};
use crate::domain::money::{Currency, Money};
use crate::dto::accounts::{AccountDetail, LedgerDocument, LedgerRow};
use crate::dto::error::AppError;
use crate::dto::lineage::RequestRef;
use crate::dto::page::PageRequest;
use crate::server::context::{Actor, Ctx};
use chrono::NaiveDate;
use sea_orm::{DbErr, FromQueryResult};
use uuid::Uuid;

#[derive(FromQueryResult)]
struct OwnedAccount {
    customer_number: String,
    customer_name: String,
    #[sea_orm(nested)]
    account: AccountClass,
}

/// The account with this number and a page of its ledger. Another customer's account is not found.
pub async fn detail(ctx: &Ctx, number: &str, page: PageRequest) -> Result<AccountDetail, AppError> {
    if ctx.actor == Actor::Nobody {
        return Err(AppError::NotLoggedIn);
    }
    let mut which = Conditions::default();
    which.equal("a.number", number.trim());
    let today = which.bind(ctx.today());
    let statement = format!(
        "SELECT c.number AS customer_number, c.name AS customer_name, {}
        FROM receivable_accounts a JOIN customers c ON c.id = a.customer_id {}
        WHERE {} GROUP BY a.id, c.id, g.class",
        balances::columns(&today),
        balances::joined(&today),
        which.sql()
    );
    let rows = sql::all::<OwnedAccount>(ctx, &statement, which.values()).await?;
    let first = rows.first().ok_or(AppError::NotFound)?;
    let (customer_number, customer_name) =
        (first.customer_number.clone(), first.customer_name.clone());
    let (account, customer) = (
        first.account.account_id,
        CustomerId(first.account.customer_id),
    );
    ctx.actor.require_sight_of(customer)?;
    let classes: Vec<AccountClass> = rows.into_iter().map(|row| row.account).collect();
    let overview = balances::overview(&classes, ctx.today())?;
    let (ledger, total) = ledger(ctx, account, overview.balance.due.currency, &page).await?;
    let order = overview.settings.order_of_use;
    let (next_uses, more_uses) = credits::next_uses(ctx, account, order).await?;
    Ok(AccountDetail {
        next_uses,
        more_uses,
        customer,
        customer_number,
        customer_name,
        overview,
        ledger,
        total,
    })
}

#[derive(FromQueryResult)]
struct EntryRow {
    id: Uuid,
    number: i64,
    source: String,
    effective_on: NaiveDate,
    posting_on: NaiveDate,
    reverses_id: Option<Uuid>,
    change_minor: i64,
    balance_minor: i64,
    in_all: i64,
    applied_minor: Option<i64>,
    invoice_id: Option<Uuid>,
    invoice_number: Option<String>,
    payment_id: Option<Uuid>,
    payment_number: Option<i64>,
    lapsed_id: Option<Uuid>,
    lapsed_number: Option<i64>,
    promotion_id: Option<Uuid>,
    promotion_code: Option<String>,
    note_id: Option<Uuid>,
    note_number: Option<String>,
    request_id: Option<Uuid>,
    request_kind: Option<String>,
    request_number: Option<i64>,
}

impl EntryRow {
    fn request(&self) -> Option<RequestRef> {
        Some(RequestRef {
            request: CreditRequestId(self.request_id?),
            kind: RequestKind::from_code(self.request_kind.as_deref()?)?,
            number: self.request_number?,
        })
    }
}

/// The account's entries, the latest accounting day first, each with the balance after it; and how many there are.
async fn ledger(
    ctx: &Ctx,
    account: Uuid,
    currency: Currency,
    page: &PageRequest,
) -> Result<(Vec<LedgerRow>, u64), DbErr> {
    let control: Vec<String> = LedgerRole::ALL
        .iter()
        .filter(|role| role.is_control())
        .map(|role| format!("'{}'", role.code()))
        .collect();
    let control = control.join(", ");
    let statement = format!(
        "WITH moved AS (
            SELECT e.id, e.number, e.source, e.effective_on, e.posting_on, e.reverses_id, e.document_kind,
                e.document_id,
                CAST(SUM(CASE WHEN l.role NOT IN ({control}) THEN 0
                    WHEN l.side = 'debit' THEN l.amount_minor ELSE -l.amount_minor END) AS bigint) AS change_minor
            FROM journal_entries e
                JOIN journal_lines l ON l.entry_id = e.id AND l.account_id = $1
            WHERE e.id IN (
                SELECT own.id FROM journal_entries own WHERE own.account_id = $1
                UNION SELECT other.id FROM journal_entries other
                    JOIN requests t ON t.id = other.document_id WHERE t.to_account_id = $1)
            GROUP BY e.id
        ), page AS (
            SELECT moved.*, COUNT(*) OVER () AS in_all,
                CAST(SUM(change_minor) OVER (ORDER BY posting_on, number) AS bigint) AS balance_minor
            FROM moved ORDER BY posting_on DESC, number DESC {}
        )
        SELECT m.id, m.number, m.source, m.effective_on, m.posting_on, m.reverses_id, m.change_minor,
            m.balance_minor, m.in_all, ap.amount_minor AS applied_minor,
            i.id AS invoice_id, i.number AS invoice_number, p.id AS payment_id, p.number AS payment_number,
            lg.id AS lapsed_id, lg.number AS lapsed_number, po.id AS promotion_id, po.code AS promotion_code,
            n.id AS note_id, n.number AS note_number,
            q.id AS request_id, q.kind AS request_kind, q.number AS request_number
        FROM page m
            LEFT JOIN applications ap ON m.document_kind = 'application' AND ap.id = m.document_id
            LEFT JOIN payments p ON m.document_kind = 'payment' AND p.id = m.document_id
            LEFT JOIN credit_grants lg ON m.document_kind = 'grant' AND lg.id = m.document_id
            LEFT JOIN promotion_grants pg ON m.document_kind = 'promotion' AND pg.id = m.document_id
            LEFT JOIN promotions po ON po.id = pg.promotion_id
            LEFT JOIN credit_notes n ON m.document_kind = 'credit_note' AND n.id = m.document_id
            LEFT JOIN requests q ON q.id = m.document_id
            LEFT JOIN invoices i ON i.id = COALESCE(ap.invoice_id,
                CASE WHEN m.document_kind = 'invoice' THEN m.document_id END)
        ORDER BY m.posting_on DESC, m.number DESC",
        sql::limit(page)
    );
    let rows = sql::all::<EntryRow>(ctx, &statement, vec![account.into()]).await?;
    let total = rows.first().map_or(0, |row| row.in_all.unsigned_abs());
    let shown = rows.into_iter().map(|row| shown(row, currency));
    Ok((shown.collect::<Result<_, DbErr>>()?, total))
}

fn shown(row: EntryRow, currency: Currency) -> Result<LedgerRow, DbErr> {
    let money = |minor| Money::new(minor, currency);
    let request = row.request();
    let invoice = row.invoice_id.map(InvoiceId).zip(row.invoice_number);
    let payment = row.payment_id.map(PaymentId).zip(row.payment_number);
    let lapsed = row.lapsed_id.map(CreditGrantId).zip(row.lapsed_number);
    let promotion = row.promotion_id.map(PromotionId).zip(row.promotion_code);
    let note = row.note_id.map(CreditNoteId).zip(row.note_number);
    let document = match (row.applied_minor, invoice, payment, lapsed, note) {
        (Some(_), Some((invoice, number)), ..) => LedgerDocument::Application { invoice, number },
        (None, Some((invoice, number)), ..) => LedgerDocument::Invoice { invoice, number },
        (_, _, Some((payment, number)), ..) => LedgerDocument::Payment { payment, number },
        (_, _, _, Some((grant, number)), _) => LedgerDocument::Lapse { grant, number },
        (.., Some((credit_note, number))) => LedgerDocument::CreditNote {
            credit_note,
            number,
        },
        _ => match (promotion, request) {
            (Some((promotion, code)), _) => LedgerDocument::Promotion { promotion, code },
            (None, Some(request)) => LedgerDocument::Request(request),
            (None, None) => {
                let id = row.id.to_string();
                return Err(unreadable("journal_entries.document_id", &id));
            }
        },
    };
    Ok(LedgerRow {
        entry: JournalEntryId(row.id),
        entry_number: row.number,
        source: EntrySource::from_code(&row.source)
            .ok_or_else(|| unreadable("journal_entries.source", &row.source))?,
        reverses: row.reverses_id.is_some(),
        effective_on: row.effective_on,
        posting_on: row.posting_on,
        document,
        change: money(row.change_minor),
        applied: row.applied_minor.map(money),
        balance: money(row.balance_minor),
    })
}
