//! Posting: set-based statements that move what an import staged into the books, all in the caller's transaction.
//!
//! ```text
//! lock accounts and invoices → what changed since the check? → accounting days → customers, accounts
//! → journal lines, journal entries (sealed and checked) → invoices, payments, grants, movements, applications
//! → open balances, cached balances
//! ```

use super::for_update;
use crate::domain::credit::{CreditClass, DEFAULT_PRIORITY};
use crate::domain::ids::{CustomerId, ImportId, ReceivableAccountId};
use crate::server::context::{Ctx, Event};
use crate::server::store::Tx;
use crate::server::store::numbers::{self, Sequence};
use crate::server::store::sql;
use chrono::NaiveDate;
use sea_orm::{DbErr, FromQueryResult, Value};
use uuid::Uuid;

#[derive(FromQueryResult)]
struct LockedRow {
    id: Uuid,
}

/// Locks the accounts and invoices that are in the books already, in the order of their ids.
pub async fn lock(tx: &Tx, id: ImportId) -> Result<(), DbErr> {
    for (table, staged) in [
        (
            "receivable_accounts",
            "SELECT account_id FROM import_accounts",
        ),
        ("invoices", "SELECT invoice_id FROM import_applications"),
    ] {
        let sql = format!(
            "SELECT id FROM {table} WHERE id IN ({staged} WHERE import_id = $1) ORDER BY id{}",
            for_update(tx)
        );
        sql::all::<LockedRow>(tx, &sql, vec![id.0.into()]).await?;
    }
    Ok(())
}

#[derive(FromQueryResult)]
struct NameRow {
    name: String,
}

/// Customers, accounts and documents that are not as the check saw them; at most a few of each are named.
pub async fn changed_since_check(tx: &Tx, id: ImportId) -> Result<Vec<String>, DbErr> {
    let mut changed = Vec::new();
    for statement in [
        "SELECT s.number AS name FROM import_customers s LEFT JOIN customers c ON c.number = s.number
        WHERE s.import_id = $1
            AND ((s.is_new AND c.id IS NOT NULL) OR (NOT s.is_new AND (c.id IS NULL OR c.id <> s.customer_id)))",
        "SELECT s.number AS name FROM import_accounts s LEFT JOIN receivable_accounts r ON r.number = s.number
        WHERE s.import_id = $1
            AND ((s.is_new AND r.id IS NOT NULL)
                OR (NOT s.is_new AND (r.id IS NULL OR r.id <> s.account_id OR r.currency <> s.currency)))",
        "SELECT s.number AS name FROM import_invoices s
            JOIN invoices i ON i.series = s.series AND i.number = s.number
        WHERE s.import_id = $1",
        "SELECT s.import_key AS name FROM import_payments s JOIN payments p ON p.import_key = s.import_key
        WHERE s.import_id = $1",
        // Less is open by now than the payments are to settle.
        "SELECT i.number AS name FROM invoices i
        JOIN (
            SELECT invoice_id, CAST(SUM(amount_minor) AS bigint) AS minor
            FROM import_applications WHERE import_id = $1 GROUP BY invoice_id
        ) s ON s.invoice_id = i.id
        WHERE i.open_minor < s.minor",
    ] {
        let statement = format!("{statement} ORDER BY 1 LIMIT 5");
        let rows = sql::all::<NameRow>(tx, &statement, vec![id.0.into()]).await?;
        changed.extend(rows.into_iter().map(|row| row.name));
    }
    Ok(changed)
}

/// The accounting day is the document's own, or the first open day of its journal; a payment's is not before those
/// of the invoices it settles.
pub async fn set_posting_days(
    tx: &Tx,
    id: ImportId,
    sales_open: Option<NaiveDate>,
    cash_open: Option<NaiveDate>,
) -> Result<(), DbErr> {
    for (table, first_open) in [
        ("import_invoices", sales_open),
        ("import_payments", cash_open),
    ] {
        let Some(first_open) = first_open else {
            continue;
        };
        let sql =
            format!("UPDATE {table} SET posting_on = $1 WHERE import_id = $2 AND posting_on < $1");
        sql::execute(tx, &sql, vec![first_open.into(), id.0.into()]).await?;
    }
    let latest = "SELECT MAX(COALESCE(i.posting_on, s.posting_on)) FROM import_applications a
        LEFT JOIN invoices i ON i.id = a.invoice_id
        LEFT JOIN import_invoices s ON s.invoice_id = a.invoice_id
        WHERE a.payment_id = import_payments.payment_id";
    let sql = format!(
        "UPDATE import_payments SET posting_on = ({latest})
        WHERE import_id = $1 AND posting_on < ({latest})"
    );
    sql::execute(tx, &sql, vec![id.0.into()]).await?;
    Ok(())
}

/// A step of posting, for whoever shows progress.
pub const STEPS: u32 = 8;

/// Writes everything staged. `done` hears of each step.
pub async fn post(
    tx: &Tx,
    ctx: &Ctx,
    id: ImportId,
    done: &(dyn Fn(u32) + Send + Sync),
) -> Result<(), DbErr> {
    customers_and_accounts(tx, ctx, id).await?;
    done(1);
    journal_lines(tx, id).await?;
    done(2);
    journal_entries(tx, ctx, id).await?;
    done(3);
    invoices(tx, ctx, id).await?;
    done(4);
    payments(tx, ctx, id).await?;
    done(5);
    grants(tx, ctx, id).await?;
    done(6);
    applications(tx, ctx, id).await?;
    done(7);
    balances(tx, id).await?;
    done(8);
    Ok(())
}

/// `$1` the import, `$2` now, `$3` who.
fn recorded(ctx: &Ctx, id: ImportId) -> Vec<Value> {
    vec![
        id.0.into(),
        ctx.clock.now().into(),
        ctx.actor.label().into(),
    ]
}

async fn customers_and_accounts(tx: &Tx, ctx: &Ctx, id: ImportId) -> Result<(), DbErr> {
    let values = vec![id.0.into(), ctx.clock.now().into()];
    let sql = "INSERT INTO customers (id, number, name, email, phone, street, postal_code, city, country, language,
            tax_id, terms_days, notes, search_text, created_at)
        SELECT customer_id, number, name, '', '', '', '', '', country, language, '', terms_days, '', search_text, $2
        FROM import_customers WHERE import_id = $1 AND is_new";
    sql::execute(tx, sql, values.clone()).await?;
    let sql = "INSERT INTO customer_aliases (customer_id, name)
        SELECT s.customer_id, s.name FROM import_aliases s
        WHERE s.import_id = $1 AND NOT EXISTS (
            SELECT 1 FROM customer_aliases a WHERE a.customer_id = s.customer_id AND a.name = s.name)";
    sql::execute(tx, sql, vec![id.0.into()]).await?;
    let sql = "INSERT INTO receivable_accounts (id, number, customer_id, currency, name, auto_apply, surplus_choice,
            order_of_use, on_hold, created_at)
        SELECT account_id, number, customer_id, currency, '', 'prepayments', 'keep', 'lapsing_first', $3, $2
        FROM import_accounts WHERE import_id = $1 AND is_new";
    let mut values = values;
    values.push(false.into());
    sql::execute(tx, sql, values).await?;
    let sql = "UPDATE receivable_accounts SET opened_on = (
            SELECT s.first_on FROM import_accounts s
            WHERE s.import_id = $1 AND s.number = receivable_accounts.number)
        WHERE id IN (SELECT account_id FROM import_accounts WHERE import_id = $1)
            AND (opened_on IS NULL OR opened_on > (
                SELECT s.first_on FROM import_accounts s
                WHERE s.import_id = $1 AND s.number = receivable_accounts.number))";
    sql::execute(tx, sql, vec![id.0.into()]).await?;
    Ok(())
}

async fn journal_lines(tx: &Tx, id: ImportId) -> Result<(), DbErr> {
    let sql = "INSERT INTO journal_lines (entry_id, position, role, side, amount_minor, line_source, wash,
            account_id, invoice_id, grant_id)
        SELECT entry_id, position, role, side, amount_minor, NULL, $2, account_id, invoice_id, grant_id
        FROM import_journal_lines WHERE import_id = $1";
    sql::execute(tx, sql, vec![id.0.into(), false.into()]).await?;
    Ok(())
}

/// Entries are numbered by the day they count, invoices before payments, then as in the file.
async fn journal_entries(tx: &Tx, ctx: &Ctx, id: ImportId) -> Result<(), DbErr> {
    let order = "s.effective_on, s.kind, s.position";
    let number = numbers::next_in_select(tx, Sequence::JournalEntries, order);
    let sql = format!(
        "INSERT INTO journal_entries (id, number, source, account_id, currency, effective_on, posting_on,
            document_kind, document_id, recorded_at, recorded_by)
        SELECT s.entry_id, {number}, s.source, s.account_id, s.currency, s.effective_on, s.posting_on, s.kind,
            s.document_id, $2, $3
        FROM (
            SELECT entry_id, 'INV' AS source, account_id, currency, issued_on AS effective_on, posting_on,
                'invoice' AS kind, invoice_id AS document_id, position
            FROM import_invoices WHERE import_id = $1 AND entry_id IS NOT NULL
            UNION ALL
            SELECT entry_id, 'PAY', account_id, currency, received_on, posting_on, 'payment', payment_id, position
            FROM import_payments WHERE import_id = $1
        ) s ORDER BY {order}"
    );
    sql::execute(tx, &sql, recorded(ctx, id)).await?;
    Ok(())
}

async fn invoices(tx: &Tx, ctx: &Ctx, id: ImportId) -> Result<(), DbErr> {
    let sql = "INSERT INTO invoices (id, account_id, currency, series, number, issued_on, posting_on, due_on,
            net_minor, tax_minor, total_minor, open_minor, reference, note, disputed, entry_id, finalised_at,
            recorded_at, recorded_by)
        SELECT i.invoice_id, i.account_id, i.currency, i.series, i.number, i.issued_on, i.posting_on, i.due_on,
            i.net_minor, i.tax_minor, i.total_minor,
            CASE WHEN i.total_minor > 0 THEN i.total_minor - COALESCE(a.minor, 0) ELSE 0 END,
            i.reference, i.note, $4, i.entry_id, $2, $2, $3
        FROM import_invoices i
        LEFT JOIN (
            SELECT invoice_id, CAST(SUM(amount_minor) AS bigint) AS minor
            FROM import_applications WHERE import_id = $1 GROUP BY invoice_id
        ) a ON a.invoice_id = i.invoice_id
        WHERE i.import_id = $1";
    let mut values = recorded(ctx, id);
    values.push(false.into());
    sql::execute(tx, sql, values).await?;
    let sql = "INSERT INTO invoice_lines (invoice_id, position, description, service, quantity, unit_price,
            discount_minor, tax_rate, net_minor)
        SELECT invoice_id, position, description, service, quantity, unit_price, discount_minor, tax_rate, net_minor
        FROM import_invoice_lines WHERE import_id = $1";
    sql::execute(tx, sql, vec![id.0.into()]).await?;
    let sql = "INSERT INTO invoice_taxes (invoice_id, rate, net_minor, tax_minor)
        SELECT invoice_id, rate, net_minor, tax_minor FROM import_invoice_taxes WHERE import_id = $1";
    sql::execute(tx, sql, vec![id.0.into()]).await?;
    Ok(())
}

async fn payments(tx: &Tx, ctx: &Ctx, id: ImportId) -> Result<(), DbErr> {
    let order = "s.received_on, s.position";
    let number = numbers::next_in_select(tx, Sequence::Payments, order);
    let sql = format!(
        "INSERT INTO payments (id, number, account_id, currency, amount_minor, fee_minor, method, reference, note,
            received_on, posting_on, prepayment, entry_id, import_key, recorded_at, recorded_by)
        SELECT s.payment_id, {number}, s.account_id, s.currency, s.amount_minor, s.fee_minor, s.method, s.reference,
            s.note, s.received_on, s.posting_on, s.prepayment, s.entry_id, s.import_key, $2, $3
        FROM import_payments s WHERE s.import_id = $1 ORDER BY {order}"
    );
    sql::execute(tx, &sql, recorded(ctx, id)).await?;
    Ok(())
}

/// The grants that negative invoices and surpluses become, and the movements that issue them.
async fn grants(tx: &Tx, ctx: &Ctx, id: ImportId) -> Result<(), DbErr> {
    let staged = format!(
        "SELECT grant_id, '{}' AS class, 'invoice' AS origin_kind, invoice_id AS origin_id, account_id, currency,
            -total_minor AS minor, issued_on AS effective_on, posting_on, CAST(NULL AS date) AS expires_on,
            {DEFAULT_PRIORITY} AS priority, entry_id, position
        FROM import_invoices WHERE import_id = $1 AND grant_id IS NOT NULL
        UNION ALL
        SELECT grant_id, class, 'payment', payment_id, account_id, currency, credit_minor, received_on, posting_on,
            expires_on, priority, entry_id, position
        FROM import_payments WHERE import_id = $1 AND grant_id IS NOT NULL",
        CreditClass::CreditNote.code(),
    );
    let order = "s.effective_on, s.origin_kind, s.position";
    let number = numbers::next_in_select(tx, Sequence::CreditGrants, order);
    let sql = format!(
        "INSERT INTO credit_grants (id, number, account_id, currency, class, origin_kind, origin_id, amount_minor,
            remaining_minor, effective_on, posting_on, expires_on, priority, on_hold, recorded_at, recorded_by)
        SELECT s.grant_id, {number}, s.account_id, s.currency, s.class, s.origin_kind, s.origin_id, s.minor, s.minor,
            s.effective_on, s.posting_on, s.expires_on, s.priority, $4, $2, $3
        FROM ({staged}) s ORDER BY {order}"
    );
    let mut values = recorded(ctx, id);
    values.push(false.into());
    sql::execute(tx, &sql, values).await?;
    // A grant has one such movement, so its id is free to be the movement's too.
    let sql = format!(
        "INSERT INTO grant_movements (id, grant_id, account_id, kind, amount_minor, effective_on, posting_on,
            entry_id, recorded_at)
        SELECT s.grant_id, s.grant_id, s.account_id, 'issued', s.minor, s.effective_on, s.posting_on, s.entry_id, $2
        FROM ({staged}) s"
    );
    sql::execute(tx, &sql, vec![id.0.into(), ctx.clock.now().into()]).await?;
    Ok(())
}

async fn applications(tx: &Tx, ctx: &Ctx, id: ImportId) -> Result<(), DbErr> {
    let sql = "INSERT INTO applications (id, account_id, invoice_id, payment_id, amount_minor, effective_on,
            posting_on, entry_id, recorded_at, recorded_by)
        SELECT s.application_id, s.account_id, s.invoice_id, s.payment_id, s.amount_minor, p.received_on,
            p.posting_on, p.entry_id, $2, $3
        FROM import_applications s
        JOIN import_payments p ON p.payment_id = s.payment_id AND p.import_id = s.import_id
        WHERE s.import_id = $1";
    sql::execute(tx, sql, recorded(ctx, id)).await?;
    Ok(())
}

/// What is open of the invoices that were in the books before, and what accounts owe and hold.
async fn balances(tx: &Tx, id: ImportId) -> Result<(), DbErr> {
    let sql = "UPDATE invoices SET open_minor = total_minor - (
            SELECT CAST(COALESCE(SUM(a.amount_minor), 0) AS bigint) FROM applications a
            WHERE a.invoice_id = invoices.id AND a.unapplied_on IS NULL)
        WHERE id IN (
            SELECT s.invoice_id FROM import_applications s
            WHERE s.import_id = $1
                AND NOT EXISTS (SELECT 1 FROM import_invoices i WHERE i.invoice_id = s.invoice_id))";
    sql::execute(tx, sql, vec![id.0.into()]).await?;
    let sql = "UPDATE receivable_accounts SET version = version + 1,
            due_minor = (SELECT CAST(COALESCE(SUM(i.open_minor), 0) AS bigint) FROM invoices i
                WHERE i.account_id = receivable_accounts.id AND i.open_minor > 0),
            credit_minor = (SELECT CAST(COALESCE(SUM(g.remaining_minor), 0) AS bigint) FROM credit_grants g
                WHERE g.account_id = receivable_accounts.id AND g.remaining_minor > 0)
        WHERE id IN (SELECT account_id FROM import_accounts WHERE import_id = $1)";
    sql::execute(tx, sql, vec![id.0.into()]).await?;
    Ok(())
}

#[derive(FromQueryResult)]
struct EntriesRow {
    first: Option<i64>,
    last: Option<i64>,
}

/// Numbers of the first and last entry an import posted.
pub async fn entry_numbers(tx: &Tx, id: ImportId) -> Result<(Option<i64>, Option<i64>), DbErr> {
    let sql = "SELECT MIN(e.number) AS first, MAX(e.number) AS last FROM journal_entries e
        WHERE e.id IN (
            SELECT entry_id FROM import_invoices WHERE import_id = $1 AND entry_id IS NOT NULL
            UNION ALL SELECT entry_id FROM import_payments WHERE import_id = $1)";
    let rows = sql::all::<EntriesRow>(tx, sql, vec![id.0.into()]).await?;
    Ok(rows
        .first()
        .map_or((None, None), |row| (row.first, row.last)))
}

/// Customers that were in the books before and got another name or account: their search text has to follow.
pub async fn customers_to_refresh(tx: &Tx, id: ImportId) -> Result<Vec<CustomerId>, DbErr> {
    let sql = "SELECT DISTINCT s.customer_id AS id FROM import_customers s
        WHERE s.import_id = $1 AND NOT s.is_new
            AND (EXISTS (SELECT 1 FROM import_aliases a
                    WHERE a.import_id = s.import_id AND a.customer_id = s.customer_id)
                OR EXISTS (SELECT 1 FROM import_accounts r
                    WHERE r.import_id = s.import_id AND r.customer_id = s.customer_id AND r.is_new))";
    let rows = sql::all::<LockedRow>(tx, sql, vec![id.0.into()]).await?;
    Ok(rows.into_iter().map(|row| CustomerId(row.id)).collect())
}

#[derive(FromQueryResult)]
struct EventRow {
    account_id: Uuid,
    customer_id: Uuid,
}

/// The accounts that changed and were there before: somebody may be looking at them. A reader who falls behind by
/// more than the first of them asks for everything again anyway.
pub async fn events(tx: &Tx, id: ImportId) -> Result<Vec<Event>, DbErr> {
    let sql = "SELECT account_id, customer_id FROM import_accounts WHERE import_id = $1 AND NOT is_new LIMIT 1000";
    let rows = sql::all::<EventRow>(tx, sql, vec![id.0.into()]).await?;
    let events = rows.into_iter().map(|row| Event {
        account: ReceivableAccountId(row.account_id),
        customer: CustomerId(row.customer_id),
    });
    Ok(events.collect())
}
