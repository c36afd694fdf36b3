//! What posting a request does, and what undoing it takes back. Preview, posting and contra come from the same entry.

use super::super::expiry::terms_for_new_grant;
use super::super::{calendar, previewed_lines};
use super::{Held, write_offs};
use crate::domain::approval::RequestKind;
use crate::domain::credit::CreditClass;
use crate::domain::expiry::{GivenTerms, GrantTerms};
use crate::domain::ids::{ApplicationId, CreditGrantId, InvoiceId, JournalEntryId};
use crate::domain::ledger::JournalEntry;
use crate::domain::payment::PaymentMethod;
use crate::domain::posting::{self, CreditSlice, PaidOut, SettledSlice};
use crate::dto::error::{AppError, Refusal};
use crate::dto::lineage::PostedLine;
use crate::server::context::Ctx;
use crate::server::store::accounts;
use crate::server::store::applications::{self, Application, Funds, Undoing};
use crate::server::store::grants::{
    self, MovementKind, NewGrant, NewMovement, Origin, StoredGrant,
};
use crate::server::store::journal::{self, Document, EntryToPost};
use crate::server::store::requests::{self as store, Posted, RequestSlice, StoredRequest};
use crate::server::store::{Tx, invoices, ledger_accounts};
use chrono::NaiveDate;
use std::collections::BTreeMap;
use uuid::Uuid;

/// A request with the grants it takes from and those it gives rise to.
struct Effects {
    slices: Vec<(RequestSlice, StoredGrant)>,
    born: Vec<Born>,
    /// Of a written-off invoice: relief from sales tax.
    tax_minor: i64,
}

/// A grant a request gives rise to.
struct Born {
    id: CreditGrantId,
    origin: Origin,
    class: CreditClass,
    amount_minor: i64,
    given: GivenTerms,
    /// Of a transferred slice: the grant whose terms it keeps.
    keeps: Option<StoredGrant>,
}

impl Effects {
    /// As they are to be: grants that will be born get fresh ids.
    async fn planned(tx: &Tx, request: &StoredRequest) -> Result<Self, AppError> {
        let slices = slices(tx, request).await?;
        let born = origins(request, &slices)
            .into_iter()
            .map(|(origin, from)| born(request, origin, from))
            .collect();
        let tax_minor = match request.invoice {
            Some(invoice) => write_offs::tax_relief(tx, invoice, request.amount_minor).await?,
            None => 0,
        };
        Ok(Self {
            slices,
            born,
            tax_minor,
        })
    }

    /// As they were posted.
    async fn done(tx: &Tx, request: &StoredRequest, tax_minor: i64) -> Result<Self, AppError> {
        let slices = slices(tx, request).await?;
        let mut found = Vec::new();
        for (origin, from) in origins(request, &slices) {
            let grant = grants::find_by_origin(tx, origin).await?;
            let grant = grant.ok_or(AppError::NotFound)?;
            found.push(Born {
                id: grant.id,
                ..born(request, origin, from)
            });
        }
        Ok(Self {
            slices,
            born: found,
            tax_minor,
        })
    }

    fn entry(&self, held: &Held, request: &StoredRequest) -> Result<JournalEntry, AppError> {
        let books = held.account(request.account)?.books();
        let source = request.kind.source();
        let credits = self.credits();
        let entry = match (request.kind, request.invoice) {
            (RequestKind::Adjustment, _) if request.goodwill.is_some() => {
                posting::goodwill_granted(books, self.born[0].slice())?
            }
            (RequestKind::Adjustment, _) | (RequestKind::WriteOff, None) => {
                posting::credit_given_up(source, books, &credits)?
            }
            (RequestKind::WriteOff, Some(invoice)) => {
                let amount_minor = request.amount_minor;
                let slice = SettledSlice {
                    invoice,
                    amount_minor,
                };
                posting::invoice_written_off(books, slice, self.tax_minor)?
            }
            (RequestKind::Refund, _) => posting::refund_paid(books, &self.paid_out())?,
            (RequestKind::Transfer, _) => {
                let to = request.to_account.ok_or(AppError::NotFound)?;
                let born = self.born.iter().map(Born::slice);
                let pairs: Vec<_> = credits.into_iter().zip(born).collect();
                posting::credit_transferred(books, to, &pairs)?
            }
        };
        Ok(entry)
    }

    fn credits(&self) -> Vec<CreditSlice> {
        let slices = self.slices.iter();
        slices
            .map(|(slice, grant)| grant.slice(slice.amount_minor))
            .collect()
    }

    fn paid_out(&self) -> Vec<PaidOut> {
        let slices = self.slices.iter();
        slices
            .map(|(slice, grant)| {
                let method = slice.payment.map(|(_, method)| method);
                PaidOut {
                    credit: grant.slice(slice.amount_minor),
                    money_account: method
                        .unwrap_or(PaymentMethod::BankTransfer)
                        .money_account(),
                }
            })
            .collect()
    }

    /// What is taken of each grant: an entry moves a grant once, also where several payments' money leaves it.
    fn taken(&self) -> BTreeMap<CreditGrantId, i64> {
        let mut taken = BTreeMap::new();
        for (slice, grant) in &self.slices {
            *taken.entry(grant.id).or_default() += slice.amount_minor;
        }
        taken
    }
}

impl Born {
    fn slice(&self) -> CreditSlice {
        CreditSlice {
            grant: self.id,
            class: self.class,
            amount_minor: self.amount_minor,
        }
    }
}

async fn slices(
    tx: &Tx,
    request: &StoredRequest,
) -> Result<Vec<(RequestSlice, StoredGrant)>, AppError> {
    let mut slices = Vec::new();
    for slice in store::slices(tx, request.id).await? {
        let grant = grants::find(tx, slice.grant).await?;
        slices.push((slice, grant.ok_or(AppError::NotFound)?));
    }
    Ok(slices)
}

/// The origins of the grants a request gives rise to, each with the slice it continues, if it does.
fn origins<'a>(
    request: &StoredRequest,
    slices: &'a [(RequestSlice, StoredGrant)],
) -> Vec<(Origin, Option<&'a (RequestSlice, StoredGrant)>)> {
    match request.kind {
        RequestKind::Adjustment if request.goodwill.is_some() => {
            vec![(Origin::Adjustment(request.id), None)]
        }
        RequestKind::Transfer => slices
            .iter()
            .map(|slice| (Origin::Transfer(slice.0.id), Some(slice)))
            .collect(),
        _ => Vec::new(),
    }
}

/// A transferred slice keeps class, last usable day, priority and expiry policy.
fn born(
    request: &StoredRequest,
    origin: Origin,
    from: Option<&(RequestSlice, StoredGrant)>,
) -> Born {
    let id = CreditGrantId(Uuid::now_v7());
    match (from, request.goodwill) {
        (Some((slice, grant)), _) => Born {
            id,
            origin,
            class: grant.class,
            amount_minor: slice.amount_minor,
            given: GivenTerms::default(),
            keeps: Some(grant.clone()),
        },
        (None, goodwill) => Born {
            id,
            origin,
            class: CreditClass::Goodwill,
            amount_minor: request.amount_minor,
            given: GivenTerms {
                expires_on: goodwill.and_then(|goodwill| goodwill.expires_on),
                priority: goodwill.map(|goodwill| goodwill.priority),
            },
            keeps: None,
        },
    }
}

/// The journal lines a request would post now.
pub(super) async fn lines(
    tx: &Tx,
    held: &Held,
    request: &StoredRequest,
) -> Result<Vec<PostedLine>, AppError> {
    let entry = Effects::planned(tx, request).await?.entry(held, request)?;
    let chart = ledger_accounts::chart(tx).await?;
    Ok(previewed_lines(&chart, &entry))
}

/// Posts an approved request: its entry, what it takes from grants and what it gives rise to. It counts on `typed_on`;
/// else on the day it was asked for, or today, or when what it takes last moved, whichever is later. The caches of the
/// accounts are the caller's.
pub(super) async fn post(
    ctx: &Ctx,
    tx: &Tx,
    held: &Held,
    request: &StoredRequest,
    typed_on: Option<NaiveDate>,
) -> Result<(), AppError> {
    let effects = Effects::planned(tx, request).await?;
    let first = last_moves(tx, request, &effects).await?;
    if let Some(first) = too_early(typed_on, &first) {
        return Err(Refusal::DateTooEarly { first }.at("effective_on"));
    }
    let wanted_on = typed_on.or(request.wanted_on);
    let posted = dates(ctx, tx, request, wanted_on, first, effects.tax_minor).await?;
    let entry = to_post(request, posted, effects.entry(held, request)?, None, None);
    for account in &held.0 {
        accounts::open_on_first_document(tx, account, posted.effective_on).await?;
    }
    journal::post(tx, ctx, &[entry]).await?;
    store::mark_posted(tx, ctx, request.id, posted).await?;
    if let Some(kind) = taking(request.kind) {
        move_grants(ctx, tx, request, kind, &effects.taken(), posted).await?;
    }
    for born in &effects.born {
        give_birth(ctx, tx, held, request, born, posted).await?;
    }
    if let Some(invoice) = request.invoice {
        settle(ctx, tx, request, invoice, posted).await?;
    }
    Ok(())
}

/// How what a request takes is called in the grant's movements.
fn taking(kind: RequestKind) -> Option<MovementKind> {
    Some(match kind {
        RequestKind::Adjustment => MovementKind::Adjusted,
        RequestKind::Refund => MovementKind::Refunded,
        RequestKind::Transfer => MovementKind::Transferred,
        RequestKind::WriteOff => MovementKind::WrittenOff,
    })
}

/// The last days on which something moved that a request builds on.
async fn last_moves(
    tx: &Tx,
    request: &StoredRequest,
    effects: &Effects,
) -> Result<Vec<(NaiveDate, NaiveDate)>, AppError> {
    let mut moves = Vec::new();
    let born = effects.born.iter().map(|born| born.id);
    for grant in effects.taken().into_keys().chain(born) {
        let moved = grants::last_moved(tx, grant).await?;
        moves.extend(moved.map(|moved| (moved.effective_on, moved.posting_on)));
    }
    if let Some(invoice) = request.invoice {
        moves.extend(write_offs::last_moved(tx, invoice).await?);
    }
    if let Some(posted) = request.posted {
        moves.push((posted.effective_on, posted.posting_on));
    }
    Ok(moves)
}

/// When an entry of a request counts and is posted: on the day wanted, else today, but not before what it builds on.
async fn dates(
    ctx: &Ctx,
    tx: &Tx,
    request: &StoredRequest,
    wanted_on: Option<NaiveDate>,
    first: Vec<(NaiveDate, NaiveDate)>,
    tax_minor: i64,
) -> Result<Posted, AppError> {
    let calendar = calendar(ctx, tx, None, request.kind.source(), &request.reason).await?;
    let effective = first.iter().map(|(effective_on, _)| *effective_on);
    let posting = first.iter().map(|(_, posting_on)| *posting_on);
    let effective_on = effective.fold(wanted_on.unwrap_or(ctx.today()), NaiveDate::max);
    Ok(Posted {
        entry: JournalEntryId(Uuid::now_v7()),
        effective_on,
        posting_on: posting.fold(calendar.system_posting_day(effective_on), NaiveDate::max),
        tax_minor,
    })
}

fn to_post(
    request: &StoredRequest,
    posted: Posted,
    entry: JournalEntry,
    reverses: Option<JournalEntryId>,
    reason: Option<&str>,
) -> EntryToPost {
    EntryToPost {
        id: posted.entry,
        entry,
        document: Document::Request(request.kind, request.id),
        effective_on: posted.effective_on,
        posting_on: posted.posting_on,
        reverses,
        run: None,
        reason: Some(reason.unwrap_or(&request.reason).to_owned()),
    }
}

async fn move_grants(
    ctx: &Ctx,
    tx: &Tx,
    request: &StoredRequest,
    kind: MovementKind,
    taken: &BTreeMap<CreditGrantId, i64>,
    posted: Posted,
) -> Result<(), AppError> {
    for (grant, amount_minor) in taken {
        let movement = NewMovement {
            grant: *grant,
            account: request.account,
            kind,
            amount_minor: *amount_minor,
            effective_on: posted.effective_on,
            posting_on: posted.posting_on,
            entry: posted.entry,
        };
        grants::record_movement(tx, ctx, movement).await?;
    }
    Ok(())
}

async fn give_birth(
    ctx: &Ctx,
    tx: &Tx,
    held: &Held,
    request: &StoredRequest,
    born: &Born,
    posted: Posted,
) -> Result<(), AppError> {
    let account = held.account(request.to_account.unwrap_or(request.account))?;
    let terms = match &born.keeps {
        Some(grant) => GrantTerms {
            expires_on: grant.usable.expires_on,
            priority: grant.usable.priority,
            policy_version: grants::policy_version(tx, grant.id).await?,
        },
        None => {
            let day = posted.effective_on;
            terms_for_new_grant(ctx, tx, account, born.class, day, born.given).await?
        }
    };
    let grant = NewGrant {
        id: born.id,
        account: account.id,
        currency: account.currency,
        class: born.class,
        origin: born.origin,
        effective_on: posted.effective_on,
        posting_on: posted.posting_on,
        expires_on: terms.expires_on,
        priority: terms.priority,
        policy_version: terms.policy_version,
    };
    grants::insert(tx, ctx, &grant).await?;
    let issued = NewMovement {
        grant: grant.id,
        account: account.id,
        kind: MovementKind::Issued,
        amount_minor: born.amount_minor,
        effective_on: posted.effective_on,
        posting_on: posted.posting_on,
        entry: posted.entry,
    };
    Ok(grants::record_movement(tx, ctx, issued).await?)
}

/// The written-off part of an invoice is settled by the write-off.
async fn settle(
    ctx: &Ctx,
    tx: &Tx,
    request: &StoredRequest,
    invoice: InvoiceId,
    posted: Posted,
) -> Result<(), AppError> {
    let application = Application {
        id: ApplicationId(Uuid::now_v7()),
        account: request.account,
        invoice,
        funds: Funds::WriteOff(request.id),
        amount_minor: request.amount_minor,
        effective_on: posted.effective_on,
        posting_on: posted.posting_on,
        entry: posted.entry,
        run: None,
        unapplied: false,
    };
    applications::insert(tx, ctx, &[application]).await?;
    Ok(invoices::refresh_open(tx, &[invoice]).await?)
}

/// Takes a posted request back by the contra of its entry, on `wanted_on` or today: what it took is there again, what
/// it gave rise to is gone. Refused where that has been used. The caches of the accounts are the caller's.
pub(super) async fn undo(
    ctx: &Ctx,
    tx: &Tx,
    held: &Held,
    request: &StoredRequest,
    original: Posted,
    wanted_on: Option<NaiveDate>,
    reason: &str,
) -> Result<(), AppError> {
    let effects = Effects::done(tx, request, original.tax_minor).await?;
    for born in &effects.born {
        let grant = grants::find(tx, born.id).await?.ok_or(AppError::NotFound)?;
        if grant.free().minor < born.amount_minor {
            return Err(Refusal::CreditUsed.of_act());
        }
    }
    let first = last_moves(tx, request, &effects).await?;
    if let Some(first) = too_early(wanted_on, &first) {
        return Err(Refusal::DateTooEarly { first }.at("effective_on"));
    }
    let contra = dates(ctx, tx, request, wanted_on, first, original.tax_minor).await?;
    let entry = effects.entry(held, request)?.contra();
    let entry = to_post(request, contra, entry, Some(original.entry), Some(reason));
    journal::post(tx, ctx, &[entry]).await?;
    store::mark_reversed(tx, ctx, request.id, contra, reason).await?;
    let kind = MovementKind::Returned;
    move_grants(ctx, tx, request, kind, &effects.taken(), contra).await?;
    for born in &effects.born {
        let reversed = NewMovement {
            grant: born.id,
            account: request.to_account.unwrap_or(request.account),
            kind: MovementKind::Reversed,
            amount_minor: born.amount_minor,
            effective_on: contra.effective_on,
            posting_on: contra.posting_on,
            entry: contra.entry,
        };
        grants::record_movement(tx, ctx, reversed).await?;
    }
    if let Some(invoice) = request.invoice {
        reopen(ctx, tx, request, invoice, contra).await?;
    }
    Ok(())
}

/// The first day that would do, where the one wanted is before it.
fn too_early(wanted_on: Option<NaiveDate>, moves: &[(NaiveDate, NaiveDate)]) -> Option<NaiveDate> {
    let wanted_on = wanted_on?;
    let first = moves.iter().map(|(effective_on, _)| *effective_on).max()?;
    (wanted_on < first).then_some(first)
}

async fn reopen(
    ctx: &Ctx,
    tx: &Tx,
    request: &StoredRequest,
    invoice: InvoiceId,
    contra: Posted,
) -> Result<(), AppError> {
    let standing = applications::standing_of_invoice(tx, invoice).await?;
    let undoings: Vec<Undoing> = standing
        .iter()
        .filter(|slice| slice.funds == Funds::WriteOff(request.id))
        .map(|slice| Undoing {
            application: slice.id,
            entry: contra.entry,
            unapplied_on: contra.effective_on,
            posting_on: contra.posting_on,
            reinstates: false,
        })
        .collect();
    applications::mark_unapplied(tx, ctx, &undoings).await?;
    Ok(invoices::refresh_open(tx, &[invoice]).await?)
}
