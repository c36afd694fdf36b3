//! Drafting, issuing and voiding credit notes.

use super::applications::{Undo, undo_part};
use super::expiry::{Lapsing, terms_for_new_grant};
use super::replay::Replay;
use super::{calendar, id, previewed_lines, required_reason};
use crate::domain::credit::CreditClass;
use crate::domain::credit_note::{
    CreditNoteReason, LineChoice, Outcome, PricedNote, Standing, WantedOutcome, everything,
    outcome, price_note,
};
use crate::domain::expiry::GivenTerms;
use crate::domain::ids::{ApplicationId, CreditGrantId, CreditNoteId, InvoiceId, JournalEntryId};
use crate::domain::invoice::InvoiceKind;
use crate::domain::ledger::{EntrySource, JournalEntry, LedgerRole};
use crate::domain::money::{Money, sum_minor};
use crate::domain::posting::{self, CreditSlice, DocumentTotals, SettledSlice};
use crate::domain::rights::Right;
use crate::dto::credit_notes::{
    CreditNoteDiscard, CreditNoteFinalisation, CreditNotePreview, CreditNoteVoiding, NewCreditNote,
    PreviewedCreditLine, PreviewedReturn, SavedCreditNote, outcome_refusal,
};
use crate::dto::error::{AppError, Refusal};
use crate::dto::invoices::InvoiceTax;
use crate::dto::lineage::GrantRef;
use crate::server::context::Ctx;
use crate::server::store::accounts::{self, LockedAccount};
use crate::server::store::applications::{self, Application, Funds, Undoing};
use crate::server::store::audit::{self, AuditEvent};
use crate::server::store::credit_notes::{
    self as store, Issue, NewDraft, StoredCreditNote, Voiding,
};
use crate::server::store::grants::{
    self, MovementKind, NewGrant, NewMovement, Origin, StoredGrant,
};
use crate::server::store::invoices::{self, StoredInvoice};
use crate::server::store::journal::{self, Document, EntryToPost};
use crate::server::store::{Tx, ledger_accounts, numbers};
use chrono::{Datelike, NaiveDate};
use serde_json::json;
use uuid::Uuid;

/// The series of credit notes; numbers look like `CRN-2026-00001`.
pub const SERIES: &str = "CRN";

/// A draft is saved; with `act = "finalise"` it is issued in the same transaction.
///
/// Refused: an invoice that cannot be credited, more of a line than is left of it (the most is named), amounts of the
/// outcome beyond what is possible, dates out of bounds. Idempotent by key. Source: domain rules, sections 1, 3 and 4.
pub async fn save(ctx: &Ctx, command: NewCreditNote) -> Result<SavedCreditNote, AppError> {
    ctx.actor.require(Right::EditInvoices)?;
    let tx = Tx::begin(ctx).await?;
    let account = account_of_invoice(&tx, &command.invoice).await?;
    let replay = Replay::of(ctx, "save_credit_note", &command.idempotency_key, &command)?;
    if let Some(answer) = replay.answer(ctx, &tx).await? {
        return Ok(answer);
    }
    let decided = decide_typed(ctx, &tx, &account, &command).await?;
    let note = CreditNoteId(Uuid::now_v7());
    let draft = NewDraft {
        id: note,
        account: account.id,
        currency: account.currency,
        invoice: decided.invoice.id,
        issued_on: decided.terms.issued_on,
        reason: decided.terms.reason,
        note: &decided.terms.note,
        wanted: decided.terms.wanted,
        priced: &decided.priced,
    };
    store::insert_draft(&tx, ctx, draft).await?;
    let answer = match command.act.as_str() {
        "finalise" => issue(ctx, &tx, &account, note, &decided, &command.reason).await?,
        _ => {
            record_act(ctx, &tx, &account, note, "credit_note.drafted", "").await?;
            SavedCreditNote {
                credit_note: note,
                number: None,
                grant: None,
            }
        }
    };
    replay.keep(ctx, &tx, &answer).await?;
    tx.note(account.event());
    tx.commit(ctx).await?;
    Ok(answer)
}

async fn account_of_invoice(tx: &Tx, invoice: &str) -> Result<LockedAccount, AppError> {
    let invoice: InvoiceId = invoice
        .trim()
        .parse()
        .map_err(|_| Refusal::UnknownReference.at("invoice"))?;
    let invoice = invoices::find(tx, invoice)
        .await?
        .ok_or(Refusal::UnknownReference.at("invoice"))?;
    Ok(accounts::lock(tx, invoice.account).await?)
}

/// What issuing the note as typed would come to; nothing is written. Refused as [`save`] would be.
pub async fn preview(ctx: &Ctx, command: NewCreditNote) -> Result<CreditNotePreview, AppError> {
    ctx.actor.require(Right::EditInvoices)?;
    let tx = Tx::begin_reading(ctx).await?;
    let account = account_of_invoice(&tx, &command.invoice).await?;
    let decided = decide_typed(ctx, &tx, &account, &command).await?;
    let money = |minor| Money::new(minor, account.currency);
    let (priced, outcome) = (&decided.priced, &decided.outcome);
    let entry = entry(&account, &decided, CreditGrantId(Uuid::now_v7()))?;
    let chart = ledger_accounts::chart(&tx).await?;
    let returned = decided.returned();
    let open_minor = decided.invoice.open_minor;
    Ok(CreditNotePreview {
        lines: priced
            .lines
            .iter()
            .map(|line| PreviewedCreditLine {
                position: line.position,
                quantity: line.quantity,
                net: money(line.net_minor),
            })
            .collect(),
        taxes: priced
            .taxes
            .iter()
            .map(|tax| InvoiceTax {
                rate: tax.rate,
                net: money(tax.net_minor),
                tax: money(tax.tax_minor),
            })
            .collect(),
        net: money(priced.net_minor),
        tax: money(priced.tax_minor),
        total: money(priced.total_minor),
        offset: money(outcome.offset_minor),
        returned: returned
            .map(|(slice, minor)| PreviewedReturn {
                grant: GrantRef {
                    grant: slice.grant.id,
                    number: slice.grant.usable.recorded_order,
                    class: slice.grant.class,
                },
                amount: money(minor),
                expires_on: slice.grant.usable.expires_on,
            })
            .collect(),
        kept: money(outcome.kept_minor),
        refundable: money(outcome.money_minor),
        refund: money(outcome.refund_minor),
        open_before: money(open_minor),
        open_after: money(open_minor - outcome.offset_minor),
        posted: previewed_lines(&chart, &entry),
    })
}

/// When, why and for what a note is issued, wherever that was typed.
struct Terms {
    issued_on: NaiveDate,
    reason: CreditNoteReason,
    note: String,
    wanted: WantedOutcome,
    /// `None`: all that is left of the invoice.
    choices: Option<Vec<LineChoice>>,
    backdating_reason: String,
}

/// A slice of credit that settled the invoice, with the grant it came from.
struct CreditUse {
    application: Application,
    grant: StoredGrant,
}

/// A note that can be issued: everything that could refuse it has been asked.
struct Decided {
    invoice: StoredInvoice,
    terms: Terms,
    posting_on: NaiveDate,
    priced: PricedNote,
    uses: Vec<CreditUse>,
    outcome: Outcome,
}

impl Decided {
    /// The slices of which something goes back to their grants, with how much.
    fn returned(&self) -> impl Iterator<Item = (&CreditUse, i64)> {
        let parts = self.outcome.returned.iter().copied();
        self.uses.iter().zip(parts).filter(|(_, minor)| *minor > 0)
    }
}

async fn decide_typed(
    ctx: &Ctx,
    tx: &Tx,
    account: &LockedAccount,
    command: &NewCreditNote,
) -> Result<Decided, AppError> {
    let invoice = invoices::find(tx, id(&command.invoice)?)
        .await?
        .ok_or(AppError::NotFound)?;
    let read = command.parse(account.currency, ctx.today().max(invoice.issued_on))?;
    let terms = Terms {
        issued_on: read.issued_on,
        reason: read.reason,
        note: read.note,
        wanted: read.wanted,
        choices: read.choices,
        backdating_reason: command.reason.clone(),
    };
    let refusal = |refusal| command.refusal(refusal, account.currency);
    decide(ctx, tx, account, invoice, terms, refusal).await
}

async fn decide(
    ctx: &Ctx,
    tx: &Tx,
    account: &LockedAccount,
    invoice: StoredInvoice,
    terms: Terms,
    refusal: impl Fn(crate::domain::credit_note::CreditNoteRefusal) -> AppError,
) -> Result<Decided, AppError> {
    check_creditable(&invoice)?;
    if terms.issued_on < invoice.issued_on {
        return Err(Refusal::DateTooEarly {
            first: invoice.issued_on,
        }
        .at("issued_on"));
    }
    let lines = store::creditable_lines(tx, invoice.id).await?;
    let choices = match &terms.choices {
        Some(choices) => choices.clone(),
        None => everything(&lines),
    };
    let priced = price_note(&lines, &choices, account.currency).map_err(refusal)?;
    let (uses, standing) = standing(tx, &invoice).await?;
    let outcome = outcome(priced.total_minor, &standing, terms.wanted)
        .map_err(|refusal| outcome_refusal(refusal, account.currency))?;
    let source = EntrySource::CreditNote;
    let calendar = calendar(ctx, tx, Some(account), source, &terms.backdating_reason).await?;
    let posting_on = calendar
        .posting_day(terms.issued_on)
        .map_err(|refusal| Refusal::from(refusal).at("issued_on"))?;
    Ok(Decided {
        invoice,
        terms,
        posting_on,
        priced,
        uses,
        outcome,
    })
}

/// Final, standing, for goods, services or a fee, and not giving credit itself.
fn check_creditable(invoice: &StoredInvoice) -> Result<(), AppError> {
    if invoice.number.is_none() {
        return Err(Refusal::InvoiceIsDraft.at("invoice"));
    }
    if invoice.voided_on.is_some() {
        return Err(Refusal::InvoiceVoid.at("invoice"));
    }
    if invoice.total_minor <= 0 || invoice.kind == InvoiceKind::PaymentReturned {
        return Err(Refusal::NotCreditable.at("invoice"));
    }
    Ok(())
}

/// How the invoice stands: what is open, which credit settled it, how much of the customer's own money.
///
/// Overpayments and prepayments are the customer's money. A slice of an earlier credit note's credit goes back to
/// that credit, so that it can be paid out as far as it could before and no further.
async fn standing(
    tx: &Tx,
    invoice: &StoredInvoice,
) -> Result<(Vec<CreditUse>, Standing), AppError> {
    let mut uses = Vec::new();
    let mut money = Vec::new();
    for application in applications::standing_of_invoice(tx, invoice.id).await? {
        match application.funds {
            Funds::Payment(_) => money.push(application.amount_minor),
            Funds::CreditNote(_) | Funds::WriteOff(_) => {}
            Funds::Grant(grant) => {
                let grant = grants::find(tx, grant).await?.ok_or(AppError::NotFound)?;
                match grant.class {
                    CreditClass::Overpayment | CreditClass::Prepayment => {
                        money.push(application.amount_minor);
                    }
                    CreditClass::Promotion | CreditClass::Goodwill | CreditClass::CreditNote => {
                        uses.push(CreditUse { application, grant });
                    }
                }
            }
        }
    }
    let given_back = store::money_given_back(tx, invoice.id).await?;
    let paid = sum_minor(money)?;
    let slices = uses.iter().map(|slice| slice.application.amount_minor);
    let standing = Standing {
        open_minor: invoice.open_minor,
        credit_slices: slices.collect(),
        // Less than was given back where a payment was reversed since.
        money_minor: (paid - given_back).max(0),
    };
    Ok((uses, standing))
}

/// The account sales of this kind are taken back from.
fn returns(invoice: &StoredInvoice) -> LedgerRole {
    match invoice.kind {
        InvoiceKind::Fee => LedgerRole::FeeIncome,
        InvoiceKind::Invoice | InvoiceKind::PaymentReturned => LedgerRole::SalesReturns,
    }
}

fn entry(
    account: &LockedAccount,
    decided: &Decided,
    grant: CreditGrantId,
) -> Result<JournalEntry, AppError> {
    let covered = SettledSlice {
        invoice: decided.invoice.id,
        amount_minor: decided.outcome.covered_minor()?,
    };
    let kept = CreditSlice {
        grant,
        class: CreditClass::CreditNote,
        amount_minor: decided.outcome.kept_minor,
    };
    let totals = DocumentTotals {
        net_minor: decided.priced.net_minor,
        tax_minor: decided.priced.tax_minor,
    };
    Ok(posting::credit_note_issued(
        account.books(),
        returns(&decided.invoice),
        totals,
        Some(covered).filter(|slice| slice.amount_minor > 0),
        Some(kept).filter(|slice| slice.amount_minor > 0),
    )?)
}

/// A saved draft is issued: it gets its number and never changes again. What other notes credited since it was
/// drafted counts. Idempotent by key.
pub async fn finalise(
    ctx: &Ctx,
    command: CreditNoteFinalisation,
) -> Result<SavedCreditNote, AppError> {
    ctx.actor.require(Right::EditInvoices)?;
    let tx = Tx::begin(ctx).await?;
    let (account, note) = lock_note(&tx, &command.credit_note).await?;
    let replay = Replay::of(
        ctx,
        "finalise_credit_note",
        &command.idempotency_key,
        &command,
    )?;
    if let Some(answer) = replay.answer(ctx, &tx).await? {
        return Ok(answer);
    }
    if note.number.is_some() {
        return Err(Refusal::CreditNoteFinal.of_act());
    }
    let invoice = invoices::find(&tx, note.invoice)
        .await?
        .ok_or(AppError::NotFound)?;
    let terms = Terms {
        issued_on: note.issued_on,
        reason: note.reason,
        note: note.note,
        wanted: note.wanted,
        choices: Some(store::choices(&tx, note.id).await?),
        backdating_reason: command.reason.clone(),
    };
    let refusal = |refusal| NewCreditNote::default().refusal(refusal, account.currency);
    let reason = &command.reason;
    let decided = decide(ctx, &tx, &account, invoice, terms, refusal).await?;
    let answer = issue(ctx, &tx, &account, note.id, &decided, reason).await?;
    replay.keep(ctx, &tx, &answer).await?;
    tx.note(account.event());
    tx.commit(ctx).await?;
    Ok(answer)
}

/// The note as it is under the lock of its account.
async fn lock_note(tx: &Tx, note: &str) -> Result<(LockedAccount, StoredCreditNote), AppError> {
    let note: CreditNoteId = id(note)?;
    let found = store::find(tx, note).await?.ok_or(AppError::NotFound)?;
    let account = accounts::lock(tx, found.account).await?;
    let note = store::find(tx, note).await?.ok_or(AppError::NotFound)?;
    Ok((account, note))
}

/// Credit goes back to its grants, the note covers what is open then, and the rest becomes credit.
async fn issue(
    ctx: &Ctx,
    tx: &Tx,
    account: &LockedAccount,
    note: CreditNoteId,
    decided: &Decided,
    reason: &str,
) -> Result<SavedCreditNote, AppError> {
    give_back(ctx, tx, account, decided).await?;
    let grant = CreditGrantId(Uuid::now_v7());
    let entry_id = JournalEntryId(Uuid::now_v7());
    let (issued_on, posting_on) = (decided.terms.issued_on, decided.posting_on);
    let to_post = EntryToPost {
        id: entry_id,
        entry: entry(account, decided, grant)?,
        document: Document::CreditNote(note.0),
        effective_on: issued_on,
        posting_on,
        reverses: None,
        run: None,
        reason: Some(reason.to_owned()).filter(|reason| !reason.is_empty()),
    };
    journal::post(tx, ctx, &[to_post]).await?;
    let covered_minor = decided.outcome.covered_minor()?;
    if covered_minor > 0 {
        let row = Application {
            id: ApplicationId(Uuid::now_v7()),
            account: account.id,
            invoice: decided.invoice.id,
            funds: Funds::CreditNote(note),
            amount_minor: covered_minor,
            effective_on: issued_on,
            posting_on,
            entry: entry_id,
            run: None,
            unapplied: false,
        };
        applications::insert(tx, ctx, &[row]).await?;
    }
    let kept_minor = decided.outcome.kept_minor;
    if kept_minor > 0 {
        give_credit(ctx, tx, account, note, grant, decided, entry_id).await?;
    }
    let year = posting_on.year();
    let sequence = numbers::next_in_series(tx, SERIES, year).await?;
    let number = format!("{SERIES}-{year}-{sequence:05}");
    let issue = Issue {
        series: SERIES,
        year,
        sequence,
        number: &number,
        posting_on,
        entry: entry_id,
        priced: &decided.priced,
        money_minor: decided.outcome.money_minor,
    };
    store::finalise(tx, ctx, note, &issue).await?;
    invoices::refresh_open(tx, &[decided.invoice.id]).await?;
    accounts::refresh(tx, &[account.id]).await?;
    record_act(ctx, tx, account, note, "credit_note.issued", reason).await?;
    Ok(SavedCreditNote {
        credit_note: note,
        number: Some(number),
        grant: (kept_minor > 0).then_some(grant),
    })
}

/// Promotional, goodwill and earlier credit notes' slices go back to their grants, each as far as its share goes.
async fn give_back(
    ctx: &Ctx,
    tx: &Tx,
    account: &LockedAccount,
    decided: &Decided,
) -> Result<(), AppError> {
    let calendar = calendar(ctx, tx, None, EntrySource::Application, "").await?;
    let undo = Undo {
        unapplied_on: decided.terms.issued_on,
        posting_on: calendar.system_posting_day(decided.terms.issued_on),
        run: None,
        reason: Some(decided.terms.reason.code().to_owned()),
        lapsing: Lapsing::ByRule,
    };
    for (slice, minor) in decided.returned() {
        undo_part(ctx, tx, account, &slice.application, minor, &undo).await?;
    }
    Ok(())
}

async fn give_credit(
    ctx: &Ctx,
    tx: &Tx,
    account: &LockedAccount,
    note: CreditNoteId,
    id: CreditGrantId,
    decided: &Decided,
    entry: JournalEntryId,
) -> Result<(), AppError> {
    let (effective_on, posting_on) = (decided.terms.issued_on, decided.posting_on);
    let class = CreditClass::CreditNote;
    let given = GivenTerms::default();
    let terms = terms_for_new_grant(ctx, tx, account, class, effective_on, given).await?;
    let grant = NewGrant {
        id,
        account: account.id,
        currency: account.currency,
        class,
        origin: Origin::CreditNote(note),
        effective_on,
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
        amount_minor: decided.outcome.kept_minor,
        effective_on,
        posting_on,
        entry,
    };
    grants::record_movement(tx, ctx, issued).await?;
    Ok(())
}

/// A draft is thrown away. An issued note cannot be.
pub async fn discard(ctx: &Ctx, command: CreditNoteDiscard) -> Result<InvoiceId, AppError> {
    ctx.actor.require(Right::EditInvoices)?;
    let tx = Tx::begin(ctx).await?;
    let (account, note) = lock_note(&tx, &command.credit_note).await?;
    if note.number.is_some() {
        return Err(Refusal::CreditNoteFinal.of_act());
    }
    record_act(ctx, &tx, &account, note.id, "credit_note.discarded", "").await?;
    store::delete_draft(&tx, note.id).await?;
    tx.commit(ctx).await?;
    Ok(note.invoice)
}

/// A note is taken back whose credit is unused: what it covered is open again, and its credit is gone. Credit that
/// went back to its grants stays there. A reason is needed. Idempotent by key.
pub async fn void(ctx: &Ctx, command: CreditNoteVoiding) -> Result<SavedCreditNote, AppError> {
    ctx.actor.require(Right::EditInvoices)?;
    let reason = required_reason(&command.reason)?;
    let tx = Tx::begin(ctx).await?;
    let (account, note) = lock_note(&tx, &command.credit_note).await?;
    let replay = Replay::of(ctx, "void_credit_note", &command.idempotency_key, &command)?;
    if let Some(answer) = replay.answer(ctx, &tx).await? {
        return Ok(answer);
    }
    let stands = check_voidable(&tx, &note).await?;
    let calendar = calendar(ctx, &tx, None, EntrySource::CreditNote, &reason).await?;
    let voided_on = ctx.today().max(stands.moved_on);
    let posting_on = calendar
        .system_posting_day(voided_on)
        .max(stands.moved_posting_on);
    let entry_id = take_back(
        ctx,
        &tx,
        &account,
        &note,
        &stands,
        (voided_on, posting_on),
        &reason,
    )
    .await?;
    let voiding = Voiding {
        voided_on,
        posting_on,
        entry: entry_id,
        reason: &reason,
    };
    store::mark_void(&tx, note.id, &voiding).await?;
    invoices::refresh_open(&tx, &[note.invoice]).await?;
    accounts::refresh(&tx, &[account.id]).await?;
    record_act(ctx, &tx, &account, note.id, "credit_note.voided", &reason).await?;
    let answer = SavedCreditNote {
        credit_note: note.id,
        number: note.number,
        grant: stands.grant.map(|grant| grant.id),
    };
    replay.keep(ctx, &tx, &answer).await?;
    tx.note(account.event());
    tx.commit(ctx).await?;
    Ok(answer)
}

/// Where the amount of an issued note stands.
struct Stands {
    entry: JournalEntryId,
    direct: Vec<Application>,
    grant: Option<StoredGrant>,
    /// When it last moved.
    moved_on: NaiveDate,
    moved_posting_on: NaiveDate,
}

async fn check_voidable(tx: &Tx, note: &StoredCreditNote) -> Result<Stands, AppError> {
    let (Some(entry), Some(issue_posting_on)) = (note.entry, note.posting_on) else {
        return Err(Refusal::CreditNoteIsDraft.of_act());
    };
    if note.voided_on.is_some() {
        return Err(Refusal::CreditNoteVoid.of_act());
    }
    let direct = applications::standing_of_credit_note(tx, note.id).await?;
    let grant = grants::find_by_origin(tx, Origin::CreditNote(note.id)).await?;
    let covered = sum_minor(direct.iter().map(|slice| slice.amount_minor))?;
    let left = grant.as_ref().map_or(0, |grant| grant.remaining_minor);
    let reserved = grant.as_ref().map_or(0, |grant| grant.reserved_minor);
    if sum_minor([covered, left])? != note.total_minor || reserved != 0 {
        return Err(Refusal::CreditUsed.of_act());
    }
    let moved = match &grant {
        Some(grant) => grants::last_moved(tx, grant.id).await?,
        None => None,
    };
    Ok(Stands {
        entry,
        direct,
        grant,
        moved_on: moved.map_or(note.issued_on, |moved| {
            moved.effective_on.max(note.issued_on)
        }),
        moved_posting_on: moved.map_or(issue_posting_on, |moved| {
            moved.posting_on.max(issue_posting_on)
        }),
    })
}

async fn take_back(
    ctx: &Ctx,
    tx: &Tx,
    account: &LockedAccount,
    note: &StoredCreditNote,
    stands: &Stands,
    (voided_on, posting_on): (NaiveDate, NaiveDate),
    reason: &str,
) -> Result<JournalEntryId, AppError> {
    let invoice = invoices::find(tx, note.invoice)
        .await?
        .ok_or(AppError::NotFound)?;
    let covered = SettledSlice {
        invoice: note.invoice,
        amount_minor: sum_minor(stands.direct.iter().map(|slice| slice.amount_minor))?,
    };
    let left = stands
        .grant
        .as_ref()
        .filter(|grant| grant.remaining_minor > 0);
    let totals = DocumentTotals {
        net_minor: note.net_minor,
        tax_minor: note.tax_minor,
    };
    let issued = posting::credit_note_issued(
        account.books(),
        returns(&invoice),
        totals,
        Some(covered).filter(|slice| slice.amount_minor > 0),
        left.map(|grant| grant.slice(grant.remaining_minor)),
    )?;
    let entry = JournalEntryId(Uuid::now_v7());
    let to_post = EntryToPost {
        id: entry,
        entry: issued.contra(),
        document: Document::CreditNote(note.id.0),
        effective_on: voided_on,
        posting_on,
        reverses: Some(stands.entry),
        run: None,
        reason: Some(reason.to_owned()),
    };
    journal::post(tx, ctx, &[to_post]).await?;
    let undoings: Vec<Undoing> = stands
        .direct
        .iter()
        .map(|slice| Undoing {
            application: slice.id,
            entry,
            unapplied_on: voided_on,
            posting_on,
            reinstates: false,
        })
        .collect();
    applications::mark_unapplied(tx, ctx, &undoings).await?;
    if let Some(grant) = left {
        let reversed = NewMovement {
            grant: grant.id,
            account: account.id,
            kind: MovementKind::Reversed,
            amount_minor: grant.remaining_minor,
            effective_on: voided_on,
            posting_on,
            entry,
        };
        grants::record_movement(tx, ctx, reversed).await?;
    }
    Ok(entry)
}

async fn record_act(
    ctx: &Ctx,
    tx: &Tx,
    account: &LockedAccount,
    note: CreditNoteId,
    act: &str,
    reason: &str,
) -> Result<(), AppError> {
    let stored = store::find(tx, note).await?.ok_or(AppError::NotFound)?;
    let event = AuditEvent {
        act,
        subject_kind: "credit_note",
        subject_id: note.to_string(),
        customer: Some(account.customer),
        account: Some(account.id),
        reason: Some(reason),
        details: json!({
            "number": stored.number,
            "total": Money::new(stored.total_minor, stored.currency),
            "invoice": stored.invoice,
            "reason_code": stored.reason.code(),
        }),
    };
    audit::record(tx, ctx, event).await?;
    Ok(())
}
