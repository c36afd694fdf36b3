//! Rows to measure and test on, made by SQL: balanced books of many accounts in a moment.

use saldo::server::context::Ctx;
use sea_orm::{ConnectionTrait, TransactionTrait};

/// An id made of a kind and a number, in the engine's own way of writing one.
fn id(sqlite: bool, kind: &str, number: &str) -> String {
    match sqlite {
        true => format!("unhex(printf('{kind}%030x', {number}))"),
        false => format!("(lpad('{kind}', 2) || lpad(to_hex({number}), 30, '0'))::uuid"),
    }
}

fn series(sqlite: bool, count: u32) -> String {
    match sqlite {
        true => format!(
            "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) SELECT i FROM n) n"
        ),
        false => format!("(SELECT i FROM generate_series(1, {count}) i) n"),
    }
}

/// One grant from a payment on account and two open invoices per account, with balanced entries.
pub async fn accounts_to_apply(ctx: &Ctx, accounts: u32) -> anyhow::Result<()> {
    let sqlite = ctx.db.is_sqlite();
    let from = series(sqlite, accounts);
    let id = |kind: &str, number: &str| id(sqlite, kind, number);
    let (customer, account) = (id("c0", "i"), id("a0", "i"));
    let (payment, grant, movement) = (id("b0", "i"), id("d0", "i"), id("d1", "i"));
    let now = "'2026-04-01 00:00:00+00:00'";
    let no = "false";
    let mut statements = vec![
        format!(
            "INSERT INTO customers SELECT {customer}, 'C-' || i, 'Customer ' || i, '', '', '', '', '', '', 'en', '',
                30, '', 'c-' || i, 0, {now} FROM {from}"
        ),
        // 80.00 of credit against 50.00 and 45.00: both invoices are touched, one stays partly open.
        format!(
            "INSERT INTO receivable_accounts SELECT {account}, 'AR-' || i, {customer}, 'EUR', '', '2026-03-01',
                'prepayments', 'keep', 'lapsing_first', {no}, 9500, 8000, 3, {now} FROM {from}"
        ),
    ];
    let entry = |entry: &str, number: &str, source: &str, kind: &str, document: &str| {
        format!(
            "INSERT INTO journal_entries SELECT {entry}, {number}, '{source}', {account}, 'EUR', '2026-04-01',
                '2026-04-01', '{kind}', {document}, NULL, NULL, NULL, {now}, 'bench' FROM {from}"
        )
    };
    let line = |entry: &str,
                position: u32,
                role: &str,
                side: &str,
                amount: u32,
                invoice: &str,
                grant: &str| {
        format!(
            "INSERT INTO journal_lines SELECT {entry}, {position}, '{role}', '{side}', {amount}, NULL, {no},
                {account}, {invoice}, {grant} FROM {from}"
        )
    };
    let none = match sqlite {
        true => "NULL",
        false => "NULL::uuid",
    };
    let paid = id("e0", "i");
    statements.push(line(&paid, 1, "bank", "debit", 8000, none, none));
    statements.push(line(&paid, 2, "receivable", "credit", 8000, none, &grant));
    statements.push(entry(&paid, "i * 3", "PAY", "payment", &payment));
    statements.push(format!(
        "INSERT INTO payments (id, number, account_id, currency, amount_minor, fee_minor, method, reference, note,
            received_on, posting_on, prepayment, entry_id, recorded_at, recorded_by)
        SELECT {payment}, i, {account}, 'EUR', 8000, 0, 'bank_transfer', '', '', '2026-04-01',
            '2026-04-01', {no}, {paid}, {now}, 'bench' FROM {from}"
    ));
    statements.push(format!(
        "INSERT INTO credit_grants (id, number, account_id, currency, class, origin_kind, origin_id, amount_minor,
            remaining_minor, effective_on, posting_on, priority, on_hold, recorded_at, recorded_by)
        SELECT {grant}, i, {account}, 'EUR', 'overpayment', 'payment', {payment}, 8000,
            8000, '2026-04-01', '2026-04-01', 100, {no}, {now}, 'bench' FROM {from}"
    ));
    statements.push(format!(
        "INSERT INTO grant_movements (id, grant_id, account_id, kind, amount_minor, effective_on, posting_on, entry_id,
            recorded_at)
        SELECT {movement}, {grant}, {account}, 'issued', 8000, '2026-04-01',
            '2026-04-01', {paid}, {now} FROM {from}"
    ));
    for (n, amount) in [(1, 5000), (2, 4500)] {
        let invoice = id(&format!("f{n}"), "i");
        let billed = id(&format!("e{n}"), "i");
        statements.push(line(
            &billed,
            1,
            "receivable",
            "debit",
            amount,
            &invoice,
            none,
        ));
        statements.push(line(&billed, 2, "revenue", "credit", amount, none, none));
        statements.push(entry(
            &billed,
            &format!("i * 3 + {n}"),
            "INV",
            "invoice",
            &invoice,
        ));
        statements.push(format!(
            "INSERT INTO invoices (id, account_id, currency, series, number, issued_on, posting_on, due_on, net_minor,
                tax_minor, total_minor, open_minor, reference, note, disputed, entry_id, finalised_at, recorded_at,
                recorded_by)
            SELECT {invoice}, {account}, 'EUR', 'bench', 'B{n}-' || i, '2026-04-01', '2026-04-01', '2026-05-0{n}',
                {amount}, 0, {amount}, {amount}, '', '', {no}, {billed}, {now}, {now}, 'bench' FROM {from}"
        ));
        statements.push(format!(
            "INSERT INTO invoice_lines (invoice_id, position, description, service, quantity, unit_price,
                discount_minor, tax_rate, net_minor)
            SELECT {invoice}, 1, 'Service', '', '1', '{0}', 0, '0', {amount} FROM {from}",
            amount / 100
        ));
        statements.push(format!(
            "INSERT INTO invoice_taxes SELECT {invoice}, '0', {amount}, 0 FROM {from}"
        ));
    }
    if !sqlite {
        statements.push(format!(
            "SELECT setval('journal_entry_numbers', {0}), setval('payment_numbers', {0}), setval('credit_grant_numbers', {0})",
            accounts * 3 + 10
        ));
    }
    // One transaction: lines come before the entry they belong to.
    let tx = ctx.db.write.begin().await?;
    for statement in statements {
        tx.execute_unprepared(&statement).await?;
    }
    tx.commit().await?;
    Ok(())
}
