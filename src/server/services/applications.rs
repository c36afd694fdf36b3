//! Applying credit to invoices and undoing that, by whatever door; holding grants.

use super::expiry::{
    Lapsing, Returned, after_return, check_new_date, new_date, terms_for_new_grant,
};
use super::prepaid;
use super::replay::Replay;
use super::{calendar, date_or_today, id, previewed_lines, required_reason};
use crate::domain::allocation::{Allocation, OpenItem, StruckPairs, allocate};
use crate::domain::credit::CreditClass;
use crate::domain::expiry::GivenTerms;
use crate::domain::ids::{ApplicationId, CreditGrantId, CreditRunId, InvoiceId, JournalEntryId};
use crate::domain::ledger::EntrySource;
use crate::domain::money::Money;
use crate::domain::posting;
use crate::domain::prepaid::whole_invoices;
use crate::domain::rights::Right;
use crate::dto::accounts::AutoApply;
use crate::dto::credits::{
    ApplicationPreview, GrantHold, NewApplication, RecordedApplication, Unapplication,
};
use crate::dto::error::{AppError, Refusal};
use crate::server::context::Ctx;
use crate::server::store::accounts::{self, LockedAccount};
use crate::server::store::applications::{self, Application, Funds, Undoing};
use crate::server::store::audit::{self, AuditEvent};
use crate::server::store::grants::{
    self, MovementKind, NewGrant, NewMovement, Origin, StoredGrant,
};
use crate::server::store::invoices::{self, StoredInvoice};
use crate::server::store::journal::{self, Document, EntryToPost};
use crate::server::store::{Tx, ledger_accounts, payments};
use chrono::NaiveDate;
use serde_json::json;
use std::collections::HashMap;
use uuid::Uuid;

/// A slice of a grant settles a slice of an invoice of the same account; posts one ARP entry.
///
/// Fails when the grant is held, lapsed or not effective yet, when more is asked than remains or is open (the most
/// is named), and when the two belong to different accounts. Idempotent by key.
pub async fn apply(ctx: &Ctx, command: NewApplication) -> Result<RecordedApplication, AppError> {
    ctx.actor.require(Right::ApplyCredits)?;
    let tx = Tx::begin(ctx).await?;
    let grant = grants::find(&tx, id(&command.grant)?)
        .await?
        .ok_or(AppError::NotFound)?;
    let account = accounts::lock(&tx, grant.account).await?;
    let replay = Replay::of(ctx, "apply", &command.idempotency_key, &command)?;
    if let Some(answer) = replay.answer(ctx, &tx).await? {
        return Ok(answer);
    }
    let decided = decide(ctx, &tx, &account, &command).await?;
    let allocation = decided.allocation;
    let dated = DatedApplications {
        effective_on: decided.effective_on,
        posting_on: decided.posting_on,
        run: None,
    };
    let grants = HashMap::from([(decided.grant.id, decided.grant)]);
    let made = write(ctx, &tx, &account, &[allocation], &grants, dated).await?;
    let answer = RecordedApplication {
        application: made[0],
    };
    settle_caches(&tx, &account, &[allocation]).await?;
    audit::record(
        &tx,
        ctx,
        AuditEvent {
            act: "credit.applied",
            subject_kind: "grant",
            subject_id: allocation.grant.to_string(),
            customer: Some(account.customer),
            account: Some(account.id),
            reason: Some(&command.reason),
            details: json!({
                "invoice": allocation.invoice,
                "amount": Money::new(allocation.amount_minor, account.currency),
                "effective_on": decided.effective_on,
            }),
        },
    )
    .await?;
    replay.keep(ctx, &tx, &answer).await?;
    tx.note(account.event());
    tx.commit(ctx).await?;
    Ok(answer)
}

/// What applying would do; nothing is written.
pub async fn preview(ctx: &Ctx, command: NewApplication) -> Result<ApplicationPreview, AppError> {
    ctx.actor.require(Right::ApplyCredits)?;
    let tx = Tx::begin_reading(ctx).await?;
    let grant = grants::find(&tx, id(&command.grant)?)
        .await?
        .ok_or(AppError::NotFound)?;
    let account = accounts::lock(&tx, grant.account).await?;
    let decided = decide(ctx, &tx, &account, &command).await?;
    let money = |minor| Money::new(minor, account.currency);
    let amount_minor = decided.allocation.amount_minor;
    let credit = decided.grant.slice(amount_minor);
    let entry = posting::credit_applied(account.books(), credit, decided.invoice.id)?;
    let chart = ledger_accounts::chart(&tx).await?;
    Ok(ApplicationPreview {
        invoice: decided.invoice.id,
        invoice_number: decided.invoice.number.clone().unwrap_or_default(),
        amount: money(amount_minor),
        effective_on: decided.effective_on,
        posting_on: decided.posting_on,
        remaining_before: decided.grant.remaining(),
        remaining_after: money(decided.grant.remaining_minor - amount_minor),
        open_before: decided.invoice.open(),
        open_after: money(decided.invoice.open_minor - amount_minor),
        lines: previewed_lines(&chart, &entry),
    })
}

/// An application that can be written: everything that could refuse it has been asked.
struct Decided {
    allocation: Allocation,
    effective_on: NaiveDate,
    posting_on: NaiveDate,
    grant: StoredGrant,
    invoice: StoredInvoice,
}

async fn decide(
    ctx: &Ctx,
    tx: &Tx,
    account: &LockedAccount,
    command: &NewApplication,
) -> Result<Decided, AppError> {
    let grant = grants::find(tx, id(&command.grant)?)
        .await?
        .ok_or(AppError::NotFound)?;
    let invoice_id: InvoiceId = command
        .invoice
        .trim()
        .parse()
        .map_err(|_| Refusal::UnknownReference.at("invoice"))?;
    let invoice = invoices::find(tx, invoice_id)
        .await?
        .ok_or(Refusal::UnknownReference.at("invoice"))?;
    if invoice.account != grant.account {
        return Err(Refusal::DifferentAccounts.at("invoice"));
    }
    let mut reader = crate::dto::form::Reader::default();
    let amount = reader.money("amount", &command.amount, account.currency);
    let amount = reader.finish(amount)?;
    let effective_on = date_or_today(ctx, "effective_on", &command.effective_on)?;
    if amount.minor <= 0 {
        return Err(Refusal::AmountNotPositive.at("amount"));
    }
    if grant.on_hold || !grant.usable.is_usable(effective_on, ctx.today()) {
        return Err(Refusal::GrantNotUsable.at("grant"));
    }
    if amount.minor > grant.free().minor {
        return Err(Refusal::AmountExceedsRemainder {
            remaining: grant.free(),
        }
        .at("amount"));
    }
    if amount.minor > invoice.open_minor {
        return Err(Refusal::AmountExceedsOpenBalance {
            open: invoice.open(),
        }
        .at("amount"));
    }
    let allocation = Allocation {
        grant: grant.id,
        invoice: invoice.id,
        amount_minor: amount.minor,
    };
    let source = EntrySource::Application;
    let calendar = calendar(ctx, tx, Some(account), source, &command.reason).await?;
    let posting_on = calendar
        .posting_day(effective_on)
        .map_err(|refusal| Refusal::from(refusal).at("effective_on"))?;
    Ok(Decided {
        allocation,
        effective_on,
        posting_on,
        grant,
        invoice,
    })
}

/// When applications count, and the run they belong to.
#[derive(Clone, Copy, Debug)]
pub(super) struct DatedApplications {
    pub effective_on: NaiveDate,
    pub posting_on: NaiveDate,
    pub run: Option<CreditRunId>,
}

/// Writes planned applications of one account: an ARP entry and a row each. Caches are settled by the caller.
pub(super) async fn write(
    ctx: &Ctx,
    tx: &Tx,
    account: &LockedAccount,
    plan: &[Allocation],
    grants: &HashMap<CreditGrantId, StoredGrant>,
    dated: DatedApplications,
) -> Result<Vec<ApplicationId>, AppError> {
    let mut entries = Vec::with_capacity(plan.len());
    let mut rows = Vec::with_capacity(plan.len());
    for allocation in plan {
        let (entry, row) = planned(account, *allocation, &grants[&allocation.grant], dated)?;
        entries.push(entry);
        rows.push(row);
    }
    journal::post(tx, ctx, &entries).await?;
    applications::insert(tx, ctx, &rows).await?;
    Ok(rows.iter().map(|row| row.id).collect())
}

/// The entry and the row of one planned application.
pub(super) fn planned(
    account: &LockedAccount,
    allocation: Allocation,
    grant: &StoredGrant,
    dated: DatedApplications,
) -> Result<(EntryToPost, Application), AppError> {
    let application = ApplicationId(Uuid::now_v7());
    let entry = JournalEntryId(Uuid::now_v7());
    let credit = grant.slice(allocation.amount_minor);
    let to_post = EntryToPost {
        id: entry,
        entry: posting::credit_applied(account.books(), credit, allocation.invoice)?,
        document: Document::Application(application.0),
        effective_on: dated.effective_on,
        posting_on: dated.posting_on,
        reverses: None,
        run: dated.run,
        reason: None,
    };
    let row = Application {
        id: application,
        account: account.id,
        invoice: allocation.invoice,
        funds: Funds::Grant(allocation.grant),
        amount_minor: allocation.amount_minor,
        effective_on: dated.effective_on,
        posting_on: dated.posting_on,
        entry,
        run: dated.run,
        unapplied: false,
    };
    Ok((to_post, row))
}

/// Brings remainders, open balances and the account's cached balances in line with the applications.
pub(super) async fn settle_caches(
    tx: &Tx,
    account: &LockedAccount,
    plan: &[Allocation],
) -> Result<(), AppError> {
    let grants: Vec<CreditGrantId> = plan.iter().map(|allocation| allocation.grant).collect();
    let items: Vec<InvoiceId> = plan.iter().map(|allocation| allocation.invoice).collect();
    grants::refresh(tx, &grants).await?;
    invoices::refresh_open(tx, &items).await?;
    accounts::refresh(tx, &[account.id]).await?;
    Ok(())
}

/// Uses the account's credit on an invoice just finalised, as [`plan_on_finalising`] decides.
/// Caches of the account are the caller's.
pub(super) async fn apply_on_finalising(
    ctx: &Ctx,
    tx: &Tx,
    account: &LockedAccount,
    invoice: InvoiceId,
) -> Result<(), AppError> {
    let items = invoices::open_items(tx, &[account.id], None).await?;
    let Some(item) = items
        .into_iter()
        .map(|item| item.item)
        .find(|item| item.invoice == invoice)
    else {
        return Ok(());
    };
    let Some(planned) = plan_on_finalising(ctx, tx, account, item).await? else {
        return Ok(());
    };
    let calendar = calendar(ctx, tx, Some(account), EntrySource::Application, "").await?;
    let dated = DatedApplications {
        effective_on: planned.effective_on,
        posting_on: calendar.system_posting_day(planned.effective_on),
        run: None,
    };
    write(ctx, tx, account, &planned.plan, &planned.grants, dated).await?;
    settle_caches(tx, account, &planned.plan).await
}

/// What finalising an invoice will use of its account's credit.
pub(super) struct PlannedUse {
    pub effective_on: NaiveDate,
    pub plan: Vec<Allocation>,
    pub grants: HashMap<CreditGrantId, StoredGrant>,
}

/// Decides, as the account's setting says: prepayments only, or all. Holds, lapsed grants, disputes and accounts on
/// hold are left out.
pub(super) async fn plan_on_finalising(
    ctx: &Ctx,
    tx: &Tx,
    account: &LockedAccount,
    item: OpenItem,
) -> Result<Option<PlannedUse>, AppError> {
    if account.auto_apply == AutoApply::Off || account.on_hold {
        return Ok(None);
    }
    // Credit is used on the day it is used; an invoice dated later this month is paid on its own date.
    let effective_on = item.issued_on.max(ctx.today());
    let rules = prepaid::rules_of(tx, account).await?;
    let draws_down = rules.is_none_or(|rules| rules.draws_down());
    let usable: Vec<StoredGrant> = grants::with_remainder(tx, &[account.id])
        .await?
        .into_iter()
        .filter(|grant| match grant.class {
            CreditClass::Prepayment => draws_down,
            _ => account.auto_apply == AutoApply::All,
        })
        .filter(|grant| grant.usable.is_usable(effective_on, ctx.today()))
        .collect();
    if usable.is_empty() {
        return Ok(None);
    }
    let funds = usable.iter().map(|grant| grant.usable.clone()).collect();
    let item = [item];
    let mut plan = allocate(
        funds,
        item.to_vec(),
        account.order_of_use,
        &StruckPairs::new(),
    );
    if rules.is_some_and(|rules| rules.whole_invoices_only) {
        plan = whole_invoices(plan, &item);
    }
    Ok(Some(PlannedUse {
        effective_on,
        plan,
        grants: usable.into_iter().map(|grant| (grant.id, grant)).collect(),
    }))
}

/// One application is undone by a contra entry of four lines; the slice returns to its grant. A slice that came
/// straight from a payment or credit note goes to that document's own grant, which is created or enlarged.
///
/// Fails when it was undone before, or when the date is before the application's own. Idempotent by key.
pub async fn unapply(ctx: &Ctx, command: Unapplication) -> Result<RecordedApplication, AppError> {
    ctx.actor.require(Right::ApplyCredits)?;
    let tx = Tx::begin(ctx).await?;
    let application_id: ApplicationId = id(&command.application)?;
    let account = applications::find(&tx, application_id)
        .await?
        .ok_or(AppError::NotFound)?
        .account;
    let account = accounts::lock(&tx, account).await?;
    let replay = Replay::of(ctx, "unapply", &command.idempotency_key, &command)?;
    if let Some(answer) = replay.answer(ctx, &tx).await? {
        return Ok(answer);
    }
    let application = applications::find(&tx, application_id)
        .await?
        .ok_or(AppError::NotFound)?;
    if application.unapplied {
        return Err(Refusal::AlreadyUnapplied.of_act());
    }
    let unapplied_on = undo_date(ctx, &command, &application)?;
    let calendar = calendar(
        ctx,
        &tx,
        Some(&account),
        EntrySource::Application,
        &command.reason,
    )
    .await?;
    let posting_on = calendar
        .posting_day(unapplied_on)
        .map_err(|refusal| Refusal::from(refusal).at("unapplied_on"))?;
    let undo = Undo {
        unapplied_on,
        posting_on,
        run: None,
        reason: Some(command.reason.clone()),
        lapsing: new_date(ctx, NEW_DATE, &command.new_expires_on, unapplied_on)?,
    };
    let grants = returns_to(&tx, std::slice::from_ref(&application)).await?;
    check_new_date(ctx, &tx, NEW_DATE, undo.lapsing, &grants, unapplied_on).await?;
    undo_one(ctx, &tx, &account, &application, &undo).await?;
    accounts::refresh(&tx, &[account.id]).await?;
    audit::record(
        &tx,
        ctx,
        AuditEvent {
            act: "credit.unapplied",
            subject_kind: "application",
            subject_id: application.id.to_string(),
            customer: Some(account.customer),
            account: Some(account.id),
            reason: Some(&command.reason),
            details: json!({
                "invoice": application.invoice,
                "amount": Money::new(application.amount_minor, account.currency),
            }),
        },
    )
    .await?;
    let answer = RecordedApplication {
        application: application.id,
    };
    replay.keep(ctx, &tx, &answer).await?;
    tx.note(account.event());
    tx.commit(ctx).await?;
    Ok(answer)
}

/// The field of a new last usable day for credit that comes back to lapsed grants.
pub(super) const NEW_DATE: &str = "new_expires_on";

/// The grants that exist already and to which the slices go back when these applications are undone.
pub(super) async fn returns_to(
    tx: &Tx,
    undone: &[Application],
) -> Result<Vec<CreditGrantId>, AppError> {
    let mut ids = Vec::with_capacity(undone.len());
    for application in undone {
        match application.funds {
            Funds::Grant(grant) => ids.push(grant),
            Funds::Payment(payment) => {
                let grant = grants::find_by_origin(tx, Origin::Payment(payment)).await?;
                ids.extend(grant.map(|grant| grant.id));
            }
            Funds::CreditNote(note) => {
                let grant = grants::find_by_origin(tx, Origin::CreditNote(note)).await?;
                ids.extend(grant.map(|grant| grant.id));
            }
            Funds::WriteOff(_) => {}
        }
    }
    Ok(ids)
}

/// The day of undoing: today, but never before the application's own date.
fn undo_date(
    ctx: &Ctx,
    command: &Unapplication,
    application: &Application,
) -> Result<NaiveDate, AppError> {
    if command.unapplied_on.trim().is_empty() {
        return Ok(ctx.today().max(application.effective_on));
    }
    let date = date_or_today(ctx, "unapplied_on", &command.unapplied_on)?;
    if date < application.effective_on {
        return Err(Refusal::DateTooEarly {
            first: application.effective_on,
        }
        .at("unapplied_on"));
    }
    Ok(date)
}

/// When, for which run and why applications are undone.
#[derive(Clone, Debug)]
pub(super) struct Undo {
    pub unapplied_on: NaiveDate,
    pub posting_on: NaiveDate,
    pub run: Option<CreditRunId>,
    pub reason: Option<String>,
    /// What becomes of slices whose grants have lapsed meanwhile.
    pub lapsing: Lapsing,
}

/// The undoing of applications as a part of another act, on `unapplied_on` or on the day of the latest of them. A
/// contra entry stays in the credit journal, whatever journal the act itself posts to.
pub(super) async fn undo_within(
    ctx: &Ctx,
    tx: &Tx,
    unapplied_on: NaiveDate,
    undone: &[Application],
    reason: &str,
) -> Result<Undo, AppError> {
    let calendar = calendar(ctx, tx, None, EntrySource::Application, reason).await?;
    let latest = undone.iter().map(|application| application.effective_on);
    let unapplied_on = latest.fold(unapplied_on, NaiveDate::max);
    let posted = undone.iter().map(|application| application.posting_on);
    Ok(Undo {
        unapplied_on,
        posting_on: posted.fold(calendar.system_posting_day(unapplied_on), NaiveDate::max),
        run: None,
        reason: Some(reason.to_owned()),
        lapsing: Lapsing::ByRule,
    })
}

/// Undoes one standing application: contra entry, grant and invoice. A slice that comes back to a grant which has lapsed
/// meanwhile lapses the same day, or as `undo` says. The account's cached balances are the caller's.
pub(super) async fn undo_one(
    ctx: &Ctx,
    tx: &Tx,
    account: &LockedAccount,
    application: &Application,
    undo: &Undo,
) -> Result<(), AppError> {
    undo_part(
        ctx,
        tx,
        account,
        application,
        application.amount_minor,
        undo,
    )
    .await
}

/// Undoes a part of a standing application of a grant, or all of it: the whole is undone as one row, and what is not
/// given back is applied again on the same day, whatever has become of the grant meanwhile.
pub(super) async fn undo_part(
    ctx: &Ctx,
    tx: &Tx,
    account: &LockedAccount,
    application: &Application,
    part_minor: i64,
    undo: &Undo,
) -> Result<(), AppError> {
    let grant = match application.funds {
        Funds::Grant(grant) => grants::find(tx, grant).await?.ok_or(AppError::NotFound)?,
        Funds::Payment(payment) => {
            own_grant(ctx, tx, account, Origin::Payment(payment), undo).await?
        }
        Funds::CreditNote(note) => {
            own_grant(ctx, tx, account, Origin::CreditNote(note), undo).await?
        }
        Funds::WriteOff(_) => return Err(Refusal::WrittenOff.of_act()),
    };
    let entry = JournalEntryId(Uuid::now_v7());
    let credit = grant.slice(application.amount_minor);
    let to_post = EntryToPost {
        id: entry,
        entry: posting::application_undone(account.books(), credit, application.invoice)?,
        document: Document::Application(application.id.0),
        effective_on: undo.unapplied_on.max(application.effective_on),
        posting_on: undo.posting_on.max(application.posting_on),
        reverses: Some(application.entry),
        run: undo.run,
        reason: undo.reason.clone().filter(|reason| !reason.is_empty()),
    };
    journal::post(tx, ctx, std::slice::from_ref(&to_post)).await?;
    let returned = Returned {
        application: application.id,
        amount_minor: part_minor,
        returned_on: to_post.effective_on,
        posting_on: to_post.posting_on,
        lapsing: undo.lapsing,
        reason: undo.reason.as_deref().unwrap_or_default(),
    };
    let undoing = Undoing {
        application: application.id,
        entry,
        unapplied_on: to_post.effective_on,
        posting_on: to_post.posting_on,
        reinstates: matches!(application.funds, Funds::Grant(_))
            && returned.is_reinstated(ctx, &grant),
    };
    applications::mark_unapplied(tx, ctx, &[undoing]).await?;
    match application.funds {
        Funds::Grant(grant) => grants::refresh(tx, &[grant]).await?,
        Funds::WriteOff(_) => {}
        Funds::Payment(_) | Funds::CreditNote(_) => {
            let issued = NewMovement {
                grant: grant.id,
                account: account.id,
                kind: MovementKind::Issued,
                amount_minor: application.amount_minor,
                effective_on: to_post.effective_on,
                posting_on: to_post.posting_on,
                entry,
            };
            grants::record_movement(tx, ctx, issued).await?;
        }
    }
    invoices::refresh_open(tx, &[application.invoice]).await?;
    let kept_minor = application.amount_minor - part_minor;
    if kept_minor > 0 {
        let again = Allocation {
            grant: grant.id,
            invoice: application.invoice,
            amount_minor: kept_minor,
        };
        let dated = DatedApplications {
            effective_on: to_post.effective_on,
            posting_on: to_post.posting_on,
            run: None,
        };
        let grants = HashMap::from([(grant.id, grant.clone())]);
        write(ctx, tx, account, &[again], &grants, dated).await?;
        settle_caches(tx, account, &[again]).await?;
    }
    // Last, so that only what was given back lapses.
    after_return(ctx, tx, account, &grant, returned).await
}

/// The grant that belongs to a payment or credit note; made, empty, where there is none yet.
async fn own_grant(
    ctx: &Ctx,
    tx: &Tx,
    account: &LockedAccount,
    origin: Origin,
    undo: &Undo,
) -> Result<StoredGrant, AppError> {
    if let Some(grant) = grants::find_by_origin(tx, origin).await? {
        return Ok(grant);
    }
    let class = match origin {
        Origin::Payment(payment) => {
            let stored = payments::find(tx, payment).await?;
            match stored.ok_or(AppError::NotFound)?.prepayment {
                true => CreditClass::Prepayment,
                false => CreditClass::Overpayment,
            }
        }
        Origin::Promotion(_) => CreditClass::Promotion,
        Origin::Invoice(_) | Origin::CreditNote(_) => CreditClass::CreditNote,
        Origin::Adjustment(_) => CreditClass::Goodwill,
        // It is born with its transfer, with the class of the grant it continues.
        Origin::Transfer(_) => return Err(AppError::NotFound),
    };
    let day = undo.unapplied_on;
    let terms = terms_for_new_grant(ctx, tx, account, class, day, GivenTerms::default()).await?;
    let grant = NewGrant {
        id: CreditGrantId(Uuid::now_v7()),
        account: account.id,
        currency: account.currency,
        class,
        origin,
        effective_on: day,
        posting_on: undo.posting_on,
        expires_on: terms.expires_on,
        priority: terms.priority,
        policy_version: terms.policy_version,
    };
    grants::insert(tx, ctx, &grant).await?;
    grants::find(tx, grant.id).await?.ok_or(AppError::NotFound)
}

/// A grant is kept out of every use, or may be used again. A reason is needed.
pub async fn hold(ctx: &Ctx, command: GrantHold) -> Result<(), AppError> {
    ctx.actor.require(Right::HoldCredits)?;
    let reason = required_reason(&command.reason)?;
    let tx = Tx::begin(ctx).await?;
    let grant = grants::find(&tx, id(&command.grant)?)
        .await?
        .ok_or(AppError::NotFound)?;
    let account = accounts::lock(&tx, grant.account).await?;
    grants::set_on_hold(&tx, grant.id, command.on_hold).await?;
    accounts::refresh(&tx, &[account.id]).await?;
    audit::record(
        &tx,
        ctx,
        AuditEvent {
            act: if command.on_hold {
                "grant.held"
            } else {
                "grant.released"
            },
            subject_kind: "grant",
            subject_id: grant.id.to_string(),
            customer: Some(account.customer),
            account: Some(account.id),
            reason: Some(&reason),
            details: json!({ "before": grant.on_hold, "after": command.on_hold }),
        },
    )
    .await?;
    tx.note(account.event());
    tx.commit(ctx).await
}
