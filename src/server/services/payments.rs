//! Recording and reversing payments.

use super::applications::{Undo, undo_one, undo_within};
use super::expiry::{Lapsing, reverse_lapses, terms_for_new_grant};
use super::replay::Replay;
use super::requests;
use super::{calendar, date_or_today, id, required_reason};
use super::{prepaid, promotions};
use crate::domain::allocation::OpenItem;
use crate::domain::credit::CreditClass;
use crate::domain::dates::due_on;
use crate::domain::expiry::GrantTerms;
use crate::domain::ids::{ApplicationId, CreditGrantId, InvoiceId, JournalEntryId, PaymentId};
use crate::domain::invoice::InvoiceKind;
use crate::domain::ledger::EntrySource;
use crate::domain::money::{Currency, Money};
use crate::domain::payment::{PaymentPlan, ReversalCause, plan};
use crate::domain::posting::{self, PaymentSplit, SettledSlice};
use crate::domain::rights::Right;
use crate::dto::error::{AppError, Refusal};
use crate::dto::payments::{
    NewPayment, PaymentPreview, PaymentReversal, ReadPayment, RecordedPayment,
};
use crate::server::context::Ctx;
use crate::server::store::accounts::{self, LockedAccount};
use crate::server::store::applications::{self, Application, Funds, Undoing};
use crate::server::store::audit::{self, AuditEvent};
use crate::server::store::grants::{self, Moved, MovementKind, NewGrant, NewMovement, Origin};
use crate::server::store::invoices::Charge;
use crate::server::store::journal::{self, Document, EntryToPost};
use crate::server::store::payments::{self as store, NewPaymentRow, Reversal};
use crate::server::store::{Tx, customers, invoices, numbers, settings};
use chrono::{Datelike, NaiveDate};
use serde_json::json;
use uuid::Uuid;

/// The setting that bounds which surplus may be written off, in whole units of the currency.
pub const SURPLUS_TOLERANCE: &str = "surplus_tolerance";

/// One unit of the currency, unless the business sets something else.
pub const DEFAULT_SURPLUS_TOLERANCE: &str = "1";

/// Money received settles what the person named; a surplus becomes credit at once or goes where they chose.
/// Other grants are never touched.
///
/// Refused at the field: amounts beyond what is open or was received (the most is named), another currency, dates
/// out of bounds. Idempotent by key. Source: domain rules, section 3.
pub async fn record(ctx: &Ctx, command: NewPayment) -> Result<RecordedPayment, AppError> {
    ctx.actor.require(Right::RecordPayments)?;
    let tx = Tx::begin(ctx).await?;
    let account = accounts::lock_by_number(&tx, &command.account)
        .await?
        .ok_or(Refusal::UnknownReference.at("account"))?;
    let replay = Replay::of(ctx, "record_payment", &command.idempotency_key, &command)?;
    if let Some(answer) = replay.answer(ctx, &tx).await? {
        return Ok(answer);
    }
    let decided = decide(ctx, &tx, &account, &command).await?;
    let request = prepaid::request_to_pay(&tx, &account, &command.top_up_request).await?;
    let answer = write(ctx, &tx, &account, &decided).await?;
    if let Some(request) = request {
        prepaid::note_paid(&tx, request, answer.payment).await?;
    }
    audit::record(
        &tx,
        ctx,
        AuditEvent {
            act: "payment.recorded",
            subject_kind: "payment",
            subject_id: answer.payment.to_string(),
            customer: Some(account.customer),
            account: Some(account.id),
            reason: Some(&command.reason),
            details: json!({
                "amount": decided.payment.amount,
                "credit": Money::new(decided.plan.credit_minor, account.currency),
                "invoices": decided.plan.settled.len(),
            }),
        },
    )
    .await?;
    replay.keep(ctx, &tx, &answer).await?;
    tx.note(account.event());
    tx.commit(ctx).await?;
    Ok(answer)
}

/// What recording the payment would do; nothing is written.
pub async fn preview(ctx: &Ctx, command: NewPayment) -> Result<PaymentPreview, AppError> {
    ctx.actor.require(Right::RecordPayments)?;
    let tx = Tx::begin_reading(ctx).await?;
    let account = accounts::lock_by_number(&tx, &command.account)
        .await?
        .ok_or(Refusal::UnknownReference.at("account"))?;
    let decided = decide(ctx, &tx, &account, &command).await?;
    let preview = PaymentPreview::of(&decided.plan, &decided.items, account.currency);
    Ok(PaymentPreview {
        expires_on: decided.credit.expires_on,
        ..preview
    })
}

/// A payment that can be written: everything that could refuse it has been asked.
struct Decided {
    payment: ReadPayment,
    posting_on: NaiveDate,
    plan: PaymentPlan,
    items: Vec<OpenItem>,
    /// The terms of the credit it leaves.
    credit: GrantTerms,
}

async fn decide(
    ctx: &Ctx,
    tx: &Tx,
    account: &LockedAccount,
    command: &NewPayment,
) -> Result<Decided, AppError> {
    let tolerance_minor = surplus_tolerance(tx, account.currency).await?;
    let payment = command.parse(account.currency, account.surplus_choice, tolerance_minor)?;
    let calendar = calendar(
        ctx,
        tx,
        Some(account),
        EntrySource::Payment,
        &command.reason,
    )
    .await?;
    let posting_on = calendar
        .posting_day(payment.received_on)
        .map_err(|refusal| Refusal::from(refusal).at("received_on"))?;
    let items = invoices::open_items(tx, &[account.id], None).await?;
    let items: Vec<OpenItem> = items.into_iter().map(|item| item.item).collect();
    let plan = plan(&payment.terms, &items)
        .map_err(|refusal| command.refusal(refusal, account.currency))?;
    let credit = terms_for_new_grant(
        ctx,
        tx,
        account,
        plan.credit_class,
        payment.received_on,
        payment.credit,
    )
    .await?;
    Ok(Decided {
        payment,
        posting_on,
        plan,
        items,
        credit,
    })
}

async fn surplus_tolerance(tx: &Tx, currency: Currency) -> Result<i64, AppError> {
    let units = settings::find(tx, SURPLUS_TOLERANCE).await?;
    let units = units.unwrap_or_else(|| DEFAULT_SURPLUS_TOLERANCE.to_owned());
    Ok(Money::parse(&units, currency)?.minor)
}

async fn write(
    ctx: &Ctx,
    tx: &Tx,
    account: &LockedAccount,
    decided: &Decided,
) -> Result<RecordedPayment, AppError> {
    let payment_id = PaymentId(Uuid::now_v7());
    let entry_id = JournalEntryId(Uuid::now_v7());
    let received_on = decided.payment.received_on;
    let posting_on = decided.posting_on;
    let terms = decided.credit;
    let grant = (decided.plan.credit_minor > 0).then(|| NewGrant {
        id: CreditGrantId(Uuid::now_v7()),
        account: account.id,
        currency: account.currency,
        class: decided.plan.credit_class,
        origin: Origin::Payment(payment_id),
        effective_on: received_on,
        posting_on,
        expires_on: terms.expires_on,
        priority: terms.priority,
        policy_version: terms.policy_version,
    });
    let split = PaymentSplit {
        settled: decided.plan.settled.clone(),
        surplus: grant.as_ref().map(|grant| posting::CreditSlice {
            grant: grant.id,
            class: grant.class,
            amount_minor: decided.plan.credit_minor,
        }),
        fee_minor: decided.plan.fee_minor,
    };
    let money_account = decided.payment.method.money_account();
    let entry = EntryToPost {
        id: entry_id,
        entry: posting::payment_received(account.books(), money_account, &split)?,
        document: Document::Payment(payment_id.0),
        effective_on: received_on,
        posting_on,
        reverses: None,
        run: None,
        reason: None,
    };
    accounts::open_on_first_document(tx, account, received_on).await?;
    journal::post(tx, ctx, &[entry]).await?;
    let row = NewPaymentRow {
        id: payment_id,
        account: account.id,
        payment: &decided.payment,
        fee_minor: decided.plan.fee_minor,
        posting_on,
        entry: entry_id,
    };
    let number = store::insert(tx, ctx, &row).await?;
    let slices: Vec<Application> = decided
        .plan
        .settled
        .iter()
        .map(|slice| Application {
            id: ApplicationId(Uuid::now_v7()),
            account: account.id,
            invoice: slice.invoice,
            funds: Funds::Payment(payment_id),
            amount_minor: slice.amount_minor,
            effective_on: received_on,
            posting_on,
            entry: entry_id,
            run: None,
            unapplied: false,
        })
        .collect();
    applications::insert(tx, ctx, &slices).await?;
    if let Some(grant) = &grant {
        grants::insert(tx, ctx, grant).await?;
        let issued = NewMovement {
            grant: grant.id,
            account: account.id,
            kind: MovementKind::Issued,
            amount_minor: decided.plan.credit_minor,
            effective_on: received_on,
            posting_on,
            entry: entry_id,
        };
        grants::record_movement(tx, ctx, issued).await?;
    }
    let settled: Vec<InvoiceId> = slices.iter().map(|slice| slice.invoice).collect();
    invoices::refresh_open(tx, &settled).await?;
    if let Some(top_up) = grant
        .as_ref()
        .filter(|grant| grant.class == CreditClass::Prepayment)
    {
        let amount_minor = decided.plan.credit_minor;
        promotions::give_for_top_up(ctx, tx, account, payment_id, received_on, amount_minor)
            .await?;
        prepaid::draw_down(ctx, tx, account, top_up.id).await?;
    }
    accounts::refresh(tx, &[account.id]).await?;
    Ok(RecordedPayment {
        payment: payment_id,
        number,
        grant: grant.map(|grant| grant.id),
    })
}

/// A payment that bounced, was charged back or keyed wrongly: everything it paid is open again, also what its
/// surplus paid as credit; nothing of it stays as credit.
///
/// Later applications of its credit are undone first, newest first, each by its own contra entry in the credit
/// journal; then one contra entry in the cash journal takes back where the money stands. A reason is needed.
/// Idempotent by key. Source: domain rules, section 4.
pub async fn reverse(ctx: &Ctx, command: PaymentReversal) -> Result<RecordedPayment, AppError> {
    ctx.actor.require(Right::UndoPayments)?;
    let reason = required_reason(&command.reason)?;
    let tx = Tx::begin(ctx).await?;
    let payment_id: PaymentId = id(&command.payment)?;
    let account = store::find(&tx, payment_id)
        .await?
        .ok_or(AppError::NotFound)?
        .account;
    let account = accounts::lock(&tx, account).await?;
    let replay = Replay::of(ctx, "reverse_payment", &command.idempotency_key, &command)?;
    if let Some(answer) = replay.answer(ctx, &tx).await? {
        return Ok(answer);
    }
    let payment = store::find(&tx, payment_id)
        .await?
        .ok_or(AppError::NotFound)?;
    if payment.reversed {
        return Err(Refusal::PaymentReversed.of_act());
    }
    let read = command.parse(account.currency)?;
    let effects = effects(&tx, &payment).await?;
    let reversed_on = reversal_day(ctx, &command, &payment, &effects)?;
    let credit_undo = Undo {
        lapsing: Lapsing::TakenBack,
        ..undo_within(ctx, &tx, reversed_on, &effects.later, &reason).await?
    };
    let calendar = calendar(ctx, &tx, Some(&account), EntrySource::Payment, &reason).await?;
    let posting_on = calendar
        .posting_day(reversed_on)
        .map_err(|refusal| Refusal::from(refusal).at("reversed_on"))?;
    let undo = Undo {
        unapplied_on: reversed_on,
        posting_on: posting_on.max(effects.last_posting_on(&payment)),
        ..credit_undo.clone()
    };
    if let Some(grant) = effects.grant {
        requests::withdraw_from_grant(ctx, &tx, grant, &reason).await?;
    }
    for application in &effects.later {
        undo_one(ctx, &tx, &account, application, &credit_undo).await?;
    }
    // What has lapsed of its credit was never the customer's to lose.
    if let Some(grant) = grants::find_by_origin(&tx, Origin::Payment(payment.id)).await? {
        reverse_lapses(ctx, &tx, &account, &grant, reversed_on, &reason).await?;
    }
    promotions::take_back_bonuses(ctx, &tx, &account, &effects.bonuses, &credit_undo).await?;
    let answer = take_back(
        ctx,
        &tx,
        &account,
        &payment,
        &effects.direct,
        &undo,
        read.cause,
    )
    .await?;
    if read.fee_minor > 0 {
        charge_fee(ctx, &tx, &account, &payment, read.fee_minor, &undo).await?;
    }
    accounts::refresh(&tx, &[account.id]).await?;
    audit::record(
        &tx,
        ctx,
        AuditEvent {
            act: "payment.reversed",
            subject_kind: "payment",
            subject_id: payment.id.to_string(),
            customer: Some(account.customer),
            account: Some(account.id),
            reason: Some(&reason),
            details: json!({
                "reversed_on": reversed_on,
                "cause": read.cause.map(ReversalCause::code),
                "fee": Money::new(read.fee_minor, account.currency),
            }),
        },
    )
    .await?;
    replay.keep(ctx, &tx, &answer).await?;
    tx.note(account.event());
    tx.commit(ctx).await?;
    Ok(answer)
}

/// What came of a payment.
struct Effects {
    /// Its own grant.
    grant: Option<CreditGrantId>,
    /// Standing applications of its credit, newest first.
    later: Vec<Application>,
    /// Standing slices it settled itself.
    direct: Vec<Application>,
    /// When its credit last moved.
    moved: Option<Moved>,
    /// What promotions gave for it.
    bonuses: Vec<promotions::Bonus>,
}

async fn effects(tx: &Tx, payment: &store::StoredPayment) -> Result<Effects, AppError> {
    let grant = grants::find_by_origin(tx, Origin::Payment(payment.id)).await?;
    let own = grant.as_ref().map(|grant| grant.id);
    let (mut later, moved) = match grant {
        Some(grant) => (
            applications::standing_of_grant(tx, grant.id).await?,
            grants::last_moved(tx, grant.id).await?,
        ),
        None => (Vec::new(), None),
    };
    let bonuses = promotions::bonuses_of(tx, payment.id).await?;
    later.extend(bonuses.iter().flat_map(|bonus| bonus.later.clone()));
    later.sort_by_key(|application| std::cmp::Reverse(application.id));
    Ok(Effects {
        grant: own,
        later,
        bonuses,
        direct: applications::standing_of_payment(tx, payment.id).await?,
        moved,
    })
}

impl Effects {
    /// The last day on which something counts that a reversal takes back.
    fn last_effective_on(&self, payment: &store::StoredPayment) -> NaiveDate {
        let moved = self.all_moved().map(|moved| moved.effective_on);
        moved.fold(payment.received_on, NaiveDate::max)
    }

    fn last_posting_on(&self, payment: &store::StoredPayment) -> NaiveDate {
        let moved = self.all_moved().map(|moved| moved.posting_on);
        moved.fold(payment.posting_on, NaiveDate::max)
    }

    /// When its own credit and every bonus last moved.
    fn all_moved(&self) -> impl Iterator<Item = Moved> {
        let bonuses = self.bonuses.iter().filter_map(|bonus| bonus.moved);
        self.moved.into_iter().chain(bonuses)
    }
}

/// The day of a reversal: today, or later where something it takes back counts from later on. A day a person typed
/// is not moved but refused with the first that would do.
fn reversal_day(
    ctx: &Ctx,
    command: &PaymentReversal,
    payment: &store::StoredPayment,
    effects: &Effects,
) -> Result<NaiveDate, AppError> {
    let first = effects.last_effective_on(payment);
    if command.reversed_on.trim().is_empty() {
        return Ok(ctx.today().max(first));
    }
    let typed = date_or_today(ctx, "reversed_on", &command.reversed_on)?;
    if typed < first {
        return Err(Refusal::DateTooEarly { first }.at("reversed_on"));
    }
    Ok(typed)
}

async fn take_back(
    ctx: &Ctx,
    tx: &Tx,
    account: &LockedAccount,
    payment: &store::StoredPayment,
    direct: &[Application],
    undo: &Undo,
    cause: Option<ReversalCause>,
) -> Result<RecordedPayment, AppError> {
    // Read again: what was undone came back to it.
    let grant = grants::find_by_origin(tx, Origin::Payment(payment.id)).await?;
    let left = grant.as_ref().filter(|grant| grant.remaining_minor > 0);
    // What was paid out of it is owed again, as an open item of its own.
    let refunded_minor = match &grant {
        Some(grant) => grants::refunded(tx, grant.id).await?,
        None => 0,
    };
    let returned = (refunded_minor > 0).then(|| SettledSlice {
        invoice: InvoiceId(Uuid::now_v7()),
        amount_minor: refunded_minor,
    });
    let reopened = direct.iter().map(|slice| SettledSlice {
        invoice: slice.invoice,
        amount_minor: slice.amount_minor,
    });
    let split = PaymentSplit {
        settled: reopened.chain(returned).collect(),
        surplus: left.map(|grant| grant.slice(grant.remaining_minor)),
        fee_minor: payment.fee_minor,
    };
    let entry_id = JournalEntryId(Uuid::now_v7());
    let entry = EntryToPost {
        id: entry_id,
        entry: posting::payment_reversed(account.books(), payment.method.money_account(), &split)?,
        document: Document::Payment(payment.id.0),
        effective_on: undo.unapplied_on,
        posting_on: undo.posting_on,
        reverses: Some(payment.entry),
        run: None,
        reason: undo.reason.clone(),
    };
    journal::post(tx, ctx, &[entry]).await?;
    let undoings: Vec<Undoing> = direct
        .iter()
        .map(|slice| Undoing {
            application: slice.id,
            entry: entry_id,
            unapplied_on: undo.unapplied_on,
            posting_on: undo.posting_on,
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
            effective_on: undo.unapplied_on,
            posting_on: undo.posting_on,
            entry: entry_id,
        };
        grants::record_movement(tx, ctx, reversed).await?;
    }
    let reversal = Reversal {
        reversed_on: undo.unapplied_on,
        posting_on: undo.posting_on,
        entry: entry_id,
        reason: undo.reason.clone().unwrap_or_default(),
        cause,
    };
    store::mark_reversed(tx, payment.id, &reversal).await?;
    if let Some(slice) = returned {
        let charged = Charged {
            kind: InvoiceKind::PaymentReturned,
            slice,
            issued_on: undo.unapplied_on,
            posting_on: undo.posting_on,
            entry: entry_id,
        };
        write_charge(ctx, tx, account, payment, &charged).await?;
    }
    let reopened: Vec<InvoiceId> = direct.iter().map(|slice| slice.invoice).collect();
    invoices::refresh_open(tx, &reopened).await?;
    Ok(RecordedPayment {
        payment: payment.id,
        number: payment.number,
        grant: left.map(|grant| grant.id),
    })
}

/// The series of open items made by returned payments; numbers look like `RET-2026-00001`.
pub const RETURNED_SERIES: &str = "RET";

/// An open item that a reversal makes.
struct Charged {
    kind: InvoiceKind,
    slice: SettledSlice,
    issued_on: NaiveDate,
    posting_on: NaiveDate,
    entry: JournalEntryId,
}

/// What the reversal costs the customer: an invoice to fee income, due by the customer's terms.
async fn charge_fee(
    ctx: &Ctx,
    tx: &Tx,
    account: &LockedAccount,
    payment: &store::StoredPayment,
    fee_minor: i64,
    undo: &Undo,
) -> Result<(), AppError> {
    let calendar = calendar(ctx, tx, None, EntrySource::Invoice, "").await?;
    let charged = Charged {
        kind: InvoiceKind::Fee,
        slice: SettledSlice {
            invoice: InvoiceId(Uuid::now_v7()),
            amount_minor: fee_minor,
        },
        issued_on: undo.unapplied_on,
        posting_on: calendar.system_posting_day(undo.unapplied_on),
        entry: JournalEntryId(Uuid::now_v7()),
    };
    let to_post = EntryToPost {
        id: charged.entry,
        entry: posting::fee_charged(account.books(), charged.slice)?,
        document: Document::Invoice(charged.slice.invoice.0),
        effective_on: charged.issued_on,
        posting_on: charged.posting_on,
        reverses: None,
        run: None,
        reason: undo.reason.clone(),
    };
    journal::post(tx, ctx, &[to_post]).await?;
    write_charge(ctx, tx, account, payment, &charged).await
}

/// Writes the open item of a returned payment or its fee. A returned payment is due at once.
async fn write_charge(
    ctx: &Ctx,
    tx: &Tx,
    account: &LockedAccount,
    payment: &store::StoredPayment,
    charged: &Charged,
) -> Result<(), AppError> {
    let (series, days) = match charged.kind {
        InvoiceKind::PaymentReturned => (RETURNED_SERIES, 0),
        InvoiceKind::Fee | InvoiceKind::Invoice => (
            super::invoices::SERIES,
            customers::terms_days(tx, account.customer).await?,
        ),
    };
    let year = charged.posting_on.year();
    let sequence = numbers::next_in_series(tx, series, year).await?;
    let number = format!("{series}-{year}-{sequence:05}");
    let reference = payment.number.to_string();
    let charge = Charge {
        id: charged.slice.invoice,
        account: account.id,
        currency: account.currency,
        kind: charged.kind,
        payment: payment.id,
        issued_on: charged.issued_on,
        posting_on: charged.posting_on,
        due_on: due_on(charged.issued_on, days),
        amount_minor: charged.slice.amount_minor,
        reference: &reference,
        series,
        year,
        sequence,
        number: &number,
        entry: charged.entry,
    };
    invoices::insert_charge(tx, ctx, &charge).await?;
    Ok(())
}
