//! Applications: the recorded facts that slices of credit or money settle slices of invoices.

use super::Tx;
use super::entity::applications::{Column, Entity, Model};
use super::sql;
use crate::domain::ids::{
    ApplicationId, CreditGrantId, CreditNoteId, CreditRequestId, CreditRunId, InvoiceId,
    JournalEntryId, PaymentId, ReceivableAccountId,
};
use crate::server::context::Ctx;
use chrono::NaiveDate;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, Value};

/// Where the slice came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Funds {
    Grant(CreditGrantId),
    /// Straight from the payment, within its own entry.
    Payment(PaymentId),
    /// Straight from the credit note, within its own entry.
    CreditNote(CreditNoteId),
    /// Nobody pays it: the slice was written off.
    WriteOff(CreditRequestId),
}

/// An application, new or as stored.
#[derive(Clone, Copy, Debug)]
pub struct Application {
    pub id: ApplicationId,
    pub account: ReceivableAccountId,
    pub invoice: InvoiceId,
    pub funds: Funds,
    pub amount_minor: i64,
    pub effective_on: NaiveDate,
    pub posting_on: NaiveDate,
    pub entry: JournalEntryId,
    pub run: Option<CreditRunId>,
    pub unapplied: bool,
}

const COLUMNS: &[&str] = &[
    "id",
    "account_id",
    "invoice_id",
    "grant_id",
    "payment_id",
    "credit_note_id",
    "write_off_id",
    "amount_minor",
    "effective_on",
    "posting_on",
    "entry_id",
    "run_id",
    "recorded_at",
    "recorded_by",
];

pub async fn insert(tx: &Tx, ctx: &Ctx, applications: &[Application]) -> Result<(), DbErr> {
    let rows = applications
        .iter()
        .map(|application| row(ctx, application))
        .collect();
    sql::insert_rows(tx, "applications", COLUMNS, rows).await
}

fn row(ctx: &Ctx, application: &Application) -> Vec<Value> {
    let (grant_id, payment_id, credit_note_id, write_off_id) = match application.funds {
        Funds::Grant(id) => (Some(id.0), None, None, None),
        Funds::Payment(id) => (None, Some(id.0), None, None),
        Funds::CreditNote(id) => (None, None, Some(id.0), None),
        Funds::WriteOff(id) => (None, None, None, Some(id.0)),
    };
    vec![
        application.id.0.into(),
        application.account.0.into(),
        application.invoice.0.into(),
        grant_id.into(),
        payment_id.into(),
        credit_note_id.into(),
        write_off_id.into(),
        application.amount_minor.into(),
        application.effective_on.into(),
        application.posting_on.into(),
        application.entry.0.into(),
        application.run.map(|id| id.0).into(),
        ctx.clock.now().into(),
        ctx.actor.label().into(),
    ]
}

pub async fn find(tx: &Tx, id: ApplicationId) -> Result<Option<Application>, DbErr> {
    let row = Entity::find_by_id(id.0).one(&tx.connection).await?;
    row.map(stored).transpose()
}

/// The applications of an invoice that stand, newest first.
pub async fn standing_of_invoice(tx: &Tx, id: InvoiceId) -> Result<Vec<Application>, DbErr> {
    standing(tx, Column::InvoiceId.eq(id.0)).await
}

/// The applications of a grant that stand, newest first.
pub async fn standing_of_grant(tx: &Tx, id: CreditGrantId) -> Result<Vec<Application>, DbErr> {
    standing(tx, Column::GrantId.eq(id.0)).await
}

/// The slices settled straight by a payment that stand, newest first.
pub async fn standing_of_payment(tx: &Tx, id: PaymentId) -> Result<Vec<Application>, DbErr> {
    standing(tx, Column::PaymentId.eq(id.0)).await
}

/// The slices settled straight by a credit note that stand, newest first.
pub async fn standing_of_credit_note(tx: &Tx, id: CreditNoteId) -> Result<Vec<Application>, DbErr> {
    standing(tx, Column::CreditNoteId.eq(id.0)).await
}

/// The applications a run made on these accounts, newest first, whether they stand or not.
pub async fn of_run(
    tx: &Tx,
    run: CreditRunId,
    accounts: &[ReceivableAccountId],
) -> Result<Vec<Application>, DbErr> {
    let rows = Entity::find()
        .filter(Column::RunId.eq(run.0))
        .filter(Column::AccountId.is_in(accounts.iter().map(|id| id.0)))
        .order_by_desc(Column::Id)
        .all(&tx.connection)
        .await?;
    rows.into_iter().map(stored).collect()
}

async fn standing(
    tx: &Tx,
    filter: sea_orm::sea_query::SimpleExpr,
) -> Result<Vec<Application>, DbErr> {
    let rows = Entity::find()
        .filter(filter)
        .filter(Column::UnappliedOn.is_null())
        .order_by_desc(Column::Id)
        .all(&tx.connection)
        .await?;
    rows.into_iter().map(stored).collect()
}

fn stored(row: Model) -> Result<Application, DbErr> {
    let document = (row.payment_id, row.credit_note_id, row.write_off_id);
    let funds = match (row.grant_id, document) {
        (Some(grant), _) => Funds::Grant(CreditGrantId(grant)),
        (None, (Some(payment), ..)) => Funds::Payment(PaymentId(payment)),
        (None, (None, Some(note), _)) => Funds::CreditNote(CreditNoteId(note)),
        (None, (None, None, Some(write_off))) => Funds::WriteOff(CreditRequestId(write_off)),
        (None, (None, None, None)) => {
            return Err(DbErr::Type("an application names no funds".to_owned()));
        }
    };
    Ok(Application {
        id: ApplicationId(row.id),
        account: ReceivableAccountId(row.account_id),
        invoice: InvoiceId(row.invoice_id),
        funds,
        amount_minor: row.amount_minor,
        effective_on: row.effective_on,
        posting_on: row.posting_on,
        entry: JournalEntryId(row.entry_id),
        run: row.run_id.map(CreditRunId),
        unapplied: row.unapplied_on.is_some(),
    })
}

/// The undoing of one application.
#[derive(Clone, Copy, Debug)]
pub struct Undoing {
    pub application: ApplicationId,
    pub entry: JournalEntryId,
    pub unapplied_on: NaiveDate,
    pub posting_on: NaiveDate,
    /// It brings the slice back to a grant that had lapsed.
    pub reinstates: bool,
}

/// Marks applications as undone. Each must still stand; the count of those that did is returned.
pub async fn mark_unapplied(tx: &Tx, ctx: &Ctx, undoings: &[Undoing]) -> Result<u64, DbErr> {
    let sql = "UPDATE applications SET unapplied_on = $1, unapplied_posting_on = $2, unapplied_entry_id = $3,
            unapplied_at = $4, unapplied_by = $5, reinstated = $6
        WHERE id = $7 AND unapplied_on IS NULL";
    let mut marked = 0;
    for undoing in undoings {
        let values: Vec<Value> = vec![
            undoing.unapplied_on.into(),
            undoing.posting_on.into(),
            undoing.entry.0.into(),
            ctx.clock.now().into(),
            ctx.actor.label().into(),
            undoing.reinstates.into(),
            undoing.application.0.into(),
        ];
        marked += sql::execute(tx, sql, values).await?;
    }
    Ok(marked)
}
