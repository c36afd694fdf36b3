//! Drafting, finalising, disputing and voiding invoices.

use super::applications::{
    NEW_DATE, Undo, apply_on_finalising, plan_on_finalising, returns_to, undo_one, undo_within,
};
use super::expiry::{
    check_new_date, new_date, reverse_lapses, standing_lapses, terms_for_new_grant,
};
use super::replay::Replay;
use super::requests;
use super::{calendar, id, required_reason};
use crate::domain::allocation::OpenItem;
use crate::domain::credit::CreditClass;
use crate::domain::expiry::GivenTerms;
use crate::domain::ids::{CreditGrantId, InvoiceId, JournalEntryId};
use crate::domain::invoice::InvoiceKind;
use crate::domain::ledger::{EntrySource, Subject};
use crate::domain::money::{Money, sum_minor};
use crate::domain::posting::{self, DocumentTotals, SettledSlice};
use crate::domain::rights::Right;
use crate::dto::error::{AppError, Refusal};
use crate::dto::invoices::{
    InvoiceDispute, InvoiceFinalisation, InvoicePreview, InvoiceTax, InvoiceVoiding, NewInvoice,
    PreviewedUse, SavedInvoice,
};
use crate::dto::lineage::GrantRef;
use crate::server::context::Ctx;
use crate::server::store::accounts::{self, LockedAccount};
use crate::server::store::applications::{self, Funds};
use crate::server::store::audit::{self, AuditEvent};
use crate::server::store::grants::{
    self, MovementKind, NewGrant, NewMovement, Origin, StoredGrant,
};
use crate::server::store::invoices::{self as store, Finalisation, StoredInvoice, Voiding};
use crate::server::store::journal::{self, Document, EntryToPost};
use crate::server::store::{Tx, credit_notes, customers, numbers};
use chrono::{Datelike, NaiveDate};
use serde_json::json;
use uuid::Uuid;

/// The series of invoices made in Saldo; numbers look like `INV-2026-00001`.
pub const SERIES: &str = "INV";

/// A draft is saved or changed; with `act = "finalise"` it is finalised in the same transaction.
///
/// Refused: fields that cannot be read, a draft that someone else changed meanwhile, an invoice that is final.
/// Idempotent by key.
pub async fn save(ctx: &Ctx, command: NewInvoice) -> Result<SavedInvoice, AppError> {
    ctx.actor.require(Right::EditInvoices)?;
    let tx = Tx::begin(ctx).await?;
    let account = accounts::lock_by_number(&tx, &command.account)
        .await?
        .ok_or(Refusal::UnknownReference.at("account"))?;
    let replay = Replay::of(ctx, "save_invoice", &command.idempotency_key, &command)?;
    if let Some(answer) = replay.answer(ctx, &tx).await? {
        return Ok(answer);
    }
    let terms_days = customers::terms_days(&tx, account.customer).await?;
    let read = command.parse(account.currency, terms_days)?;
    let invoice = match command.invoice.trim() {
        "" => {
            let invoice = InvoiceId(Uuid::now_v7());
            store::insert_draft(&tx, ctx, invoice, account.id, account.currency, &read).await?;
            invoice
        }
        existing => {
            let draft = store::find(&tx, id(existing)?)
                .await?
                .ok_or(AppError::NotFound)?;
            check_changeable(&draft, &account, command.version)?;
            store::replace_draft(&tx, &draft, &read).await?;
            draft.id
        }
    };
    let number = match command.act.as_str() {
        "finalise" => Some(finalise_in(ctx, &tx, &account, invoice, &command.reason).await?),
        _ => {
            record_act(ctx, &tx, &account, invoice, "invoice.drafted", "").await?;
            None
        }
    };
    let answer = SavedInvoice { invoice, number };
    replay.keep(ctx, &tx, &answer).await?;
    tx.note(account.event());
    tx.commit(ctx).await?;
    Ok(answer)
}

fn check_changeable(
    draft: &StoredInvoice,
    account: &LockedAccount,
    seen: i64,
) -> Result<(), AppError> {
    if draft.account != account.id {
        return Err(Refusal::DifferentAccounts.at("account"));
    }
    if draft.number.is_some() {
        return Err(Refusal::InvoiceFinal.of_act());
    }
    if draft.version != seen {
        return Err(AppError::Stale(vec!["draft".to_owned()]));
    }
    Ok(())
}

/// What finalising the invoice as typed would come to; nothing is written. Refused as [`save`] with
/// `act = "finalise"` would be.
pub async fn preview(ctx: &Ctx, command: NewInvoice) -> Result<InvoicePreview, AppError> {
    ctx.actor.require(Right::EditInvoices)?;
    let tx = Tx::begin_reading(ctx).await?;
    let account = accounts::lock_by_number(&tx, &command.account)
        .await?
        .ok_or(Refusal::UnknownReference.at("account"))?;
    let terms_days = customers::terms_days(&tx, account.customer).await?;
    let read = command.parse(account.currency, terms_days)?;
    posting_day(ctx, &tx, &account, read.issued_on, &command.reason).await?;
    let money = |minor| Money::new(minor, account.currency);
    let item = OpenItem {
        invoice: InvoiceId(Uuid::now_v7()),
        number: String::new(),
        issued_on: read.issued_on,
        due_on: read.due_on,
        open_minor: read.totals.total_minor.max(0),
        disputed: false,
    };
    let open_minor = item.open_minor;
    let uses = previewed_uses(ctx, &tx, &account, item).await?;
    let used = sum_minor(uses.iter().map(|one| one.amount.minor))?;
    let taxes = read.totals.taxes.iter().map(|tax| InvoiceTax {
        rate: tax.rate,
        net: money(tax.net_minor),
        tax: money(tax.tax_minor),
    });
    Ok(InvoicePreview {
        due_on: read.due_on,
        taxes: taxes.collect(),
        net: money(read.totals.net_minor),
        tax: money(read.totals.tax_minor),
        total: money(read.totals.total_minor),
        open: money(open_minor - used),
        uses,
    })
}

async fn previewed_uses(
    ctx: &Ctx,
    tx: &Tx,
    account: &LockedAccount,
    item: OpenItem,
) -> Result<Vec<PreviewedUse>, AppError> {
    if item.open_minor == 0 {
        return Ok(Vec::new());
    }
    let Some(planned) = plan_on_finalising(ctx, tx, account, item).await? else {
        return Ok(Vec::new());
    };
    let uses = planned.plan.iter().map(|allocation| {
        let grant = &planned.grants[&allocation.grant];
        PreviewedUse {
            grant: GrantRef {
                grant: grant.id,
                number: grant.usable.recorded_order,
                class: grant.class,
            },
            amount: Money::new(allocation.amount_minor, account.currency),
        }
    });
    Ok(uses.collect())
}

/// A saved draft becomes an invoice: it gets its number and never changes again. Idempotent by key.
pub async fn finalise(ctx: &Ctx, command: InvoiceFinalisation) -> Result<SavedInvoice, AppError> {
    ctx.actor.require(Right::EditInvoices)?;
    let tx = Tx::begin(ctx).await?;
    let invoice: InvoiceId = id(&command.invoice)?;
    let account = store::find(&tx, invoice)
        .await?
        .ok_or(AppError::NotFound)?
        .account;
    let account = accounts::lock(&tx, account).await?;
    let replay = Replay::of(ctx, "finalise_invoice", &command.idempotency_key, &command)?;
    if let Some(answer) = replay.answer(ctx, &tx).await? {
        return Ok(answer);
    }
    let number = finalise_in(ctx, &tx, &account, invoice, &command.reason).await?;
    let answer = SavedInvoice {
        invoice,
        number: Some(number),
    };
    replay.keep(ctx, &tx, &answer).await?;
    tx.note(account.event());
    tx.commit(ctx).await?;
    Ok(answer)
}

/// Number, entry, credit where the total is negative, and automatic use of the account's credit.
async fn finalise_in(
    ctx: &Ctx,
    tx: &Tx,
    account: &LockedAccount,
    invoice: InvoiceId,
    reason: &str,
) -> Result<String, AppError> {
    let draft = store::find(tx, invoice).await?.ok_or(AppError::NotFound)?;
    if draft.number.is_some() {
        return Err(Refusal::InvoiceFinal.of_act());
    }
    let posting_on = posting_day(ctx, tx, account, draft.issued_on, reason).await?;
    let grant = (draft.total_minor < 0).then(|| CreditGrantId(Uuid::now_v7()));
    let subject = grant.map_or(Subject::Invoice(invoice), Subject::Grant);
    let entry = posting::invoice_finalised(account.books(), subject, draft.totals)?;
    let entry_id = entry.as_ref().map(|_| JournalEntryId(Uuid::now_v7()));

    accounts::open_on_first_document(tx, account, draft.issued_on).await?;
    if let (Some(entry), Some(id)) = (entry, entry_id) {
        let to_post = EntryToPost {
            id,
            entry,
            document: Document::Invoice(invoice.0),
            effective_on: draft.issued_on,
            posting_on,
            reverses: None,
            run: None,
            reason: Some(reason.to_owned()).filter(|reason| !reason.is_empty()),
        };
        journal::post(tx, ctx, &[to_post]).await?;
    }
    let year = posting_on.year();
    let sequence = numbers::next_in_series(tx, SERIES, year).await?;
    let number = format!("{SERIES}-{year}-{sequence:05}");
    let finalisation = Finalisation {
        series: SERIES.to_owned(),
        year,
        sequence,
        number: number.clone(),
        posting_on,
        entry: entry_id,
        open_minor: draft.total_minor.max(0),
    };
    store::finalise(tx, ctx, invoice, &finalisation).await?;
    if let (Some(grant), Some(entry)) = (grant, entry_id) {
        give_credit(ctx, tx, account, &draft, grant, entry, posting_on).await?;
    }
    apply_on_finalising(ctx, tx, account, invoice).await?;
    accounts::refresh(tx, &[account.id]).await?;
    record_act(ctx, tx, account, invoice, "invoice.finalised", reason).await?;
    Ok(number)
}

/// The accounting day of an invoice issued on a day a person typed.
async fn posting_day(
    ctx: &Ctx,
    tx: &Tx,
    account: &LockedAccount,
    issued_on: NaiveDate,
    reason: &str,
) -> Result<NaiveDate, AppError> {
    let calendar = calendar(ctx, tx, Some(account), EntrySource::Invoice, reason).await?;
    calendar
        .posting_day(issued_on)
        .map_err(|refusal| Refusal::from(refusal).at("issued_on"))
}

/// A negative invoice gives rise to credit of class credit note.
async fn give_credit(
    ctx: &Ctx,
    tx: &Tx,
    account: &LockedAccount,
    invoice: &StoredInvoice,
    id: CreditGrantId,
    entry: JournalEntryId,
    posting_on: NaiveDate,
) -> Result<(), AppError> {
    let terms = terms_for_new_grant(
        ctx,
        tx,
        account,
        CreditClass::CreditNote,
        invoice.issued_on,
        GivenTerms::default(),
    )
    .await?;
    let grant = NewGrant {
        id,
        account: account.id,
        currency: account.currency,
        class: CreditClass::CreditNote,
        origin: Origin::Invoice(invoice.id),
        effective_on: invoice.issued_on,
        posting_on,
        expires_on: terms.expires_on,
        priority: terms.priority,
        policy_version: terms.policy_version,
    };
    grants::insert(tx, ctx, &grant).await?;
    let issued = NewMovement {
        grant: id,
        account: account.id,
        kind: MovementKind::Issued,
        amount_minor: -invoice.total_minor,
        effective_on: invoice.issued_on,
        posting_on,
        entry,
    };
    grants::record_movement(tx, ctx, issued).await?;
    Ok(())
}

/// A draft is thrown away. A finalised invoice cannot be.
pub async fn discard(ctx: &Ctx, invoice: &str) -> Result<(), AppError> {
    ctx.actor.require(Right::EditInvoices)?;
    let tx = Tx::begin(ctx).await?;
    let draft = store::find(&tx, id(invoice)?)
        .await?
        .ok_or(AppError::NotFound)?;
    let account = accounts::lock(&tx, draft.account).await?;
    let draft = store::find(&tx, draft.id)
        .await?
        .ok_or(AppError::NotFound)?;
    if draft.number.is_some() {
        return Err(Refusal::InvoiceFinal.of_act());
    }
    store::delete_draft(&tx, draft.id).await?;
    record_act(ctx, &tx, &account, draft.id, "invoice.discarded", "").await?;
    tx.commit(ctx).await
}

/// An invoice cancelled before it had effect: untouched, or settled only by credit, which goes back to its grants
/// in the same act. One settled in any part by a payment is credited instead. A reason is needed. Idempotent by key.
pub async fn void(ctx: &Ctx, command: InvoiceVoiding) -> Result<SavedInvoice, AppError> {
    ctx.actor.require(Right::EditInvoices)?;
    let reason = required_reason(&command.reason)?;
    let tx = Tx::begin(ctx).await?;
    let invoice_id: InvoiceId = id(&command.invoice)?;
    let account = store::find(&tx, invoice_id)
        .await?
        .ok_or(AppError::NotFound)?
        .account;
    let account = accounts::lock(&tx, account).await?;
    let replay = Replay::of(ctx, "void_invoice", &command.idempotency_key, &command)?;
    if let Some(answer) = replay.answer(ctx, &tx).await? {
        return Ok(answer);
    }
    let invoice = store::find(&tx, invoice_id)
        .await?
        .ok_or(AppError::NotFound)?;
    let standing = applications::standing_of_invoice(&tx, invoice_id).await?;
    if standing
        .iter()
        .any(|slice| matches!(slice.funds, Funds::WriteOff(_)))
    {
        return Err(Refusal::WrittenOff.of_act());
    }
    check_voidable(
        &invoice,
        standing
            .iter()
            .any(|slice| matches!(slice.funds, Funds::Payment(_))),
    )?;
    if invoice.kind == InvoiceKind::PaymentReturned {
        return Err(Refusal::ReturnedPaymentStays.of_act());
    }
    if credit_notes::any_standing(&tx, invoice_id).await? {
        return Err(Refusal::InvoiceCredited.of_act());
    }
    let grant = grants::find_by_origin(&tx, Origin::Invoice(invoice_id)).await?;
    if let Some(grant) = &grant {
        check_credit_untouched(&tx, &invoice, grant).await?;
    }
    if let Some(grant) = &grant {
        requests::withdraw_from_grant(ctx, &tx, grant.id, &reason).await?;
    }
    let earliest = ctx.today().max(invoice.issued_on);
    let credit_undo = undo_within(ctx, &tx, earliest, &standing, &reason).await?;
    let undone_on = credit_undo.unapplied_on;
    let credit_undo = Undo {
        lapsing: new_date(ctx, NEW_DATE, &command.new_expires_on, undone_on)?,
        ..credit_undo
    };
    let returned_to = returns_to(&tx, &standing).await?;
    let lapsing = credit_undo.lapsing;
    check_new_date(ctx, &tx, NEW_DATE, lapsing, &returned_to, undone_on).await?;
    // Its own credit may have come and gone since.
    let moved = match &grant {
        Some(grant) => grants::last_moved(&tx, grant.id).await?,
        None => None,
    };
    let voided_on = credit_undo.unapplied_on;
    let voided_on = moved.map_or(voided_on, |moved| voided_on.max(moved.effective_on));
    let calendar = calendar(ctx, &tx, Some(&account), EntrySource::Invoice, &reason).await?;
    let posting_on = calendar.system_posting_day(voided_on);
    let undo = Undo {
        unapplied_on: voided_on,
        posting_on: moved.map_or(posting_on, |moved| posting_on.max(moved.posting_on)),
        ..credit_undo.clone()
    };
    let posting_on = undo.posting_on;
    for application in &standing {
        undo_one(ctx, &tx, &account, application, &credit_undo).await?;
    }
    let subject = grant
        .as_ref()
        .map_or(Subject::Invoice(invoice_id), |grant| {
            Subject::Grant(grant.id)
        });
    if let Some(grant) = &grant {
        reverse_lapses(ctx, &tx, &account, grant, voided_on, &reason).await?;
    }
    let entry = post_contra(ctx, &tx, &account, &invoice, subject, &undo).await?;
    if let (Some(grant), Some(entry)) = (&grant, entry) {
        let reversed = NewMovement {
            grant: grant.id,
            account: account.id,
            kind: MovementKind::Reversed,
            amount_minor: -invoice.total_minor,
            effective_on: voided_on,
            posting_on,
            entry,
        };
        grants::record_movement(&tx, ctx, reversed).await?;
    }
    let voiding = Voiding {
        voided_on,
        posting_on,
        entry,
        reason: reason.clone(),
    };
    store::mark_void(&tx, invoice_id, &voiding).await?;
    accounts::refresh(&tx, &[account.id]).await?;
    record_act(ctx, &tx, &account, invoice_id, "invoice.voided", &reason).await?;
    let answer = SavedInvoice {
        invoice: invoice_id,
        number: invoice.number,
    };
    replay.keep(ctx, &tx, &answer).await?;
    tx.note(account.event());
    tx.commit(ctx).await?;
    Ok(answer)
}

/// The credit a negative invoice gave has paid nothing: all of it is there, or lapsed.
async fn check_credit_untouched(
    tx: &Tx,
    invoice: &StoredInvoice,
    grant: &StoredGrant,
) -> Result<(), AppError> {
    let lapses = standing_lapses(tx, grant.id).await?;
    let lapsed = sum_minor(lapses.iter().map(|lapse| lapse.amount_minor))?;
    if grant.remaining_minor + lapsed == -invoice.total_minor {
        return Ok(());
    }
    Err(Refusal::CreditUsed.of_act())
}

fn check_voidable(invoice: &StoredInvoice, settled_by_payment: bool) -> Result<(), AppError> {
    check_final(invoice)?;
    if settled_by_payment {
        return Err(Refusal::SettledByPayment.of_act());
    }
    Ok(())
}

/// Neither a draft nor void.
fn check_final(invoice: &StoredInvoice) -> Result<(), AppError> {
    if invoice.number.is_none() {
        return Err(Refusal::InvoiceIsDraft.of_act());
    }
    if invoice.voided_on.is_some() {
        return Err(Refusal::InvoiceVoid.of_act());
    }
    Ok(())
}

async fn post_contra(
    ctx: &Ctx,
    tx: &Tx,
    account: &LockedAccount,
    invoice: &StoredInvoice,
    subject: Subject,
    undo: &Undo,
) -> Result<Option<JournalEntryId>, AppError> {
    let fee = SettledSlice {
        invoice: invoice.id,
        amount_minor: invoice.total_minor,
    };
    let totals = DocumentTotals { ..invoice.totals };
    let entry = match invoice.kind {
        InvoiceKind::Fee => Some(posting::fee_charged(account.books(), fee)?),
        _ => posting::invoice_finalised(account.books(), subject, totals)?,
    };
    let Some(entry) = entry else {
        return Ok(None);
    };
    let id = JournalEntryId(Uuid::now_v7());
    let to_post = EntryToPost {
        id,
        entry: entry.contra(),
        document: Document::Invoice(invoice.id.0),
        effective_on: undo.unapplied_on,
        posting_on: undo.posting_on,
        reverses: invoice.entry,
        run: None,
        reason: undo.reason.clone(),
    };
    journal::post(tx, ctx, &[to_post]).await?;
    Ok(Some(id))
}

/// An invoice is marked as disputed, so that runs and automatic use leave it out, or no longer so.
pub async fn set_disputed(ctx: &Ctx, command: InvoiceDispute) -> Result<(), AppError> {
    ctx.actor.require(Right::ReadCustomers)?;
    let reason = required_reason(&command.reason)?;
    let tx = Tx::begin(ctx).await?;
    let invoice = store::find(&tx, id(&command.invoice)?)
        .await?
        .ok_or(AppError::NotFound)?;
    let account = accounts::lock(&tx, invoice.account).await?;
    let invoice = store::find(&tx, invoice.id)
        .await?
        .ok_or(AppError::NotFound)?;
    check_final(&invoice)?;
    store::set_disputed(&tx, invoice.id, command.disputed).await?;
    accounts::refresh(&tx, &[account.id]).await?;
    let act = if command.disputed {
        "invoice.disputed"
    } else {
        "invoice.dispute_closed"
    };
    record_act(ctx, &tx, &account, invoice.id, act, &reason).await?;
    tx.note(account.event());
    tx.commit(ctx).await
}

async fn record_act(
    ctx: &Ctx,
    tx: &Tx,
    account: &LockedAccount,
    invoice: InvoiceId,
    act: &str,
    reason: &str,
) -> Result<(), AppError> {
    let stored = store::find(tx, invoice).await?;
    let event = AuditEvent {
        act,
        subject_kind: "invoice",
        subject_id: invoice.to_string(),
        customer: Some(account.customer),
        account: Some(account.id),
        reason: Some(reason),
        details: json!({
            "number": stored.as_ref().and_then(|invoice| invoice.number.clone()),
            "total": stored.map(|invoice| Money::new(invoice.total_minor, invoice.currency)),
        }),
    };
    audit::record(tx, ctx, event).await?;
    Ok(())
}
