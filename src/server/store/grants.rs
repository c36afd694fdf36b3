//! Credit grants and what changes their remainders.

use super::Tx;
use super::entity::{credit_grants, grant_movements};
use super::numbers::{self, Sequence};
use super::sql;
use crate::domain::credit::{CreditClass, UsableGrant};
use crate::domain::expiry::LapseCause;
use crate::domain::ids::{
    CreditGrantId, CreditNoteId, CreditRequestId, ExpiryPolicyVersionId, InvoiceId, JournalEntryId,
    PaymentId, PromotionGrantId, ReceivableAccountId, RequestSliceId,
};
use crate::domain::ledger::coded;
use crate::domain::money::{Currency, Money};
use crate::domain::posting::CreditSlice;
use crate::server::context::Ctx;
use chrono::NaiveDate;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect, Value,
};
use std::collections::HashSet;
use uuid::Uuid;

/// The document that gave rise to a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    Payment(PaymentId),
    /// A negative invoice.
    Invoice(InvoiceId),
    /// What a promotion gave.
    Promotion(PromotionGrantId),
    CreditNote(CreditNoteId),
    /// Goodwill given by staff.
    Adjustment(CreditRequestId),
    /// A slice of another grant that was transferred.
    Transfer(RequestSliceId),
}

impl Origin {
    fn parts(self) -> (&'static str, Uuid) {
        match self {
            Self::Payment(id) => ("payment", id.0),
            Self::Invoice(id) => ("invoice", id.0),
            Self::Promotion(id) => ("promotion", id.0),
            Self::CreditNote(id) => ("credit_note", id.0),
            Self::Adjustment(id) => ("adjustment", id.0),
            Self::Transfer(id) => ("transfer", id.0),
        }
    }
}

coded! {
    /// What changes a remainder apart from applications.
    MovementKind {
        Issued = "issued",
        /// The issue undone with its document.
        Reversed = "reversed",
        /// What was left when its last usable day had passed.
        Lapsed = "lapsed",
        /// A lapse undone: the slice is there again.
        Reinstated = "reinstated",
        /// Paid out.
        Refunded = "refunded",
        /// Moved to a grant of another receivable account.
        Transferred = "transferred",
        /// A tiny remainder written off.
        WrittenOff = "written_off",
        /// Taken back by the promotion that gave it.
        Revoked = "revoked",
        /// Corrected downwards by staff.
        Adjusted = "adjusted",
        /// What a request took is back: the request was reversed, or the money of a refund did not arrive.
        Returned = "returned",
    }
}

/// A grant as stored.
#[derive(Clone, Debug)]
pub struct StoredGrant {
    pub id: CreditGrantId,
    pub account: ReceivableAccountId,
    pub class: CreditClass,
    pub currency: Currency,
    pub remaining_minor: i64,
    /// What requests under way have set aside of it.
    pub reserved_minor: i64,
    pub on_hold: bool,
    pub usable: UsableGrant,
}

impl StoredGrant {
    pub fn remaining(&self) -> Money {
        Money::new(self.remaining_minor, self.currency)
    }

    /// What no request under way has set aside.
    pub fn free(&self) -> Money {
        Money::new(self.remaining_minor - self.reserved_minor, self.currency)
    }

    /// A slice of this grant, for posting.
    pub fn slice(&self, amount_minor: i64) -> CreditSlice {
        CreditSlice {
            grant: self.id,
            class: self.class,
            amount_minor,
        }
    }
}

/// A grant to be written; it holds nothing until a movement issues into it.
#[derive(Clone, Debug)]
pub struct NewGrant {
    pub id: CreditGrantId,
    pub account: ReceivableAccountId,
    pub currency: Currency,
    pub class: CreditClass,
    pub origin: Origin,
    pub effective_on: NaiveDate,
    pub posting_on: NaiveDate,
    /// The last usable day; `None`: it never lapses.
    pub expires_on: Option<NaiveDate>,
    /// Smaller is used first.
    pub priority: i32,
    /// The version of the expiry policy it is born under.
    pub policy_version: Option<ExpiryPolicyVersionId>,
}

pub async fn insert(tx: &Tx, ctx: &Ctx, grant: &NewGrant) -> Result<(), DbErr> {
    let (origin_kind, origin_id) = grant.origin.parts();
    let number = numbers::next(tx, Sequence::CreditGrants, 1).await?[0];
    let row = credit_grants::ActiveModel {
        id: Set(grant.id.0),
        number: Set(number),
        account_id: Set(grant.account.0),
        currency: Set(grant.currency.code().to_owned()),
        class: Set(grant.class.code().to_owned()),
        origin_kind: Set(origin_kind.to_owned()),
        origin_id: Set(origin_id),
        amount_minor: Set(0),
        remaining_minor: Set(0),
        effective_on: Set(grant.effective_on),
        posting_on: Set(grant.posting_on),
        reserved_minor: Set(0),
        expires_on: Set(grant.expires_on),
        priority: Set(grant.priority),
        policy_version_id: Set(grant.policy_version.map(|version| version.0)),
        on_hold: Set(false),
        recorded_at: Set(ctx.clock.now()),
        recorded_by: Set(ctx.actor.label()),
    };
    credit_grants::Entity::insert(row)
        .exec_without_returning(&tx.connection)
        .await?;
    Ok(())
}

/// One change of a grant's remainder, with the entry that posts it.
#[derive(Clone, Copy, Debug)]
pub struct NewMovement {
    pub grant: CreditGrantId,
    pub account: ReceivableAccountId,
    pub kind: MovementKind,
    /// Positive; the kind says which way.
    pub amount_minor: i64,
    pub effective_on: NaiveDate,
    pub posting_on: NaiveDate,
    pub entry: JournalEntryId,
}

pub async fn record_movement(tx: &Tx, ctx: &Ctx, movement: NewMovement) -> Result<(), DbErr> {
    let row = grant_movements::ActiveModel {
        id: Set(Uuid::now_v7()),
        grant_id: Set(movement.grant.0),
        account_id: Set(movement.account.0),
        kind: Set(movement.kind.code().to_owned()),
        amount_minor: Set(movement.amount_minor),
        effective_on: Set(movement.effective_on),
        posting_on: Set(movement.posting_on),
        entry_id: Set(movement.entry.0),
        cause: Set(None),
        recorded_at: Set(ctx.clock.now()),
    };
    grant_movements::Entity::insert(row)
        .exec_without_returning(&tx.connection)
        .await?;
    refresh(tx, &[movement.grant]).await
}

/// A lapse, with what caused it.
#[derive(Clone, Copy, Debug)]
pub struct LapseMovement {
    pub movement: NewMovement,
    pub cause: LapseCause,
}

/// Writes lapses. A grant lapses once per cause: the database refuses a second time. Remainders are the caller's to
/// refresh.
pub async fn record_lapses(tx: &Tx, ctx: &Ctx, lapses: &[LapseMovement]) -> Result<(), DbErr> {
    const COLUMNS: &[&str] = &[
        "id",
        "grant_id",
        "account_id",
        "kind",
        "amount_minor",
        "effective_on",
        "posting_on",
        "entry_id",
        "cause",
        "recorded_at",
    ];
    let rows = lapses.iter().map(|lapse| {
        let movement = lapse.movement;
        vec![
            Uuid::now_v7().into(),
            movement.grant.0.into(),
            movement.account.0.into(),
            movement.kind.code().into(),
            movement.amount_minor.into(),
            movement.effective_on.into(),
            movement.posting_on.into(),
            movement.entry.0.into(),
            lapse.cause.to_string().into(),
            ctx.clock.now().into(),
        ]
    });
    sql::insert_rows(tx, "grant_movements", COLUMNS, rows.collect()).await
}

#[derive(FromQueryResult)]
struct CauseRow {
    grant_id: Uuid,
    cause: String,
}

/// What grants have lapsed for before.
pub async fn lapse_causes(
    tx: &Tx,
    ids: &[CreditGrantId],
) -> Result<HashSet<(CreditGrantId, String)>, DbErr> {
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    let statement = format!(
        "SELECT grant_id, cause FROM grant_movements WHERE cause IS NOT NULL AND grant_id IN ({})",
        sql::placeholders(1, ids.len())
    );
    let values: Vec<Value> = ids.iter().map(|id| id.0.into()).collect();
    let rows = sql::all::<CauseRow>(tx, &statement, values).await?;
    let causes = rows
        .into_iter()
        .map(|row| (CreditGrantId(row.grant_id), row.cause));
    Ok(causes.collect())
}

/// A lapse that was not taken back.
#[derive(Clone, Copy, Debug)]
pub struct StandingLapse {
    pub amount_minor: i64,
    pub effective_on: NaiveDate,
    pub posting_on: NaiveDate,
    pub entry: JournalEntryId,
}

#[derive(FromQueryResult)]
struct LapseRow {
    amount_minor: i64,
    effective_on: NaiveDate,
    posting_on: NaiveDate,
    entry_id: Uuid,
}

/// The lapses of a grant that were not taken back, newest first.
pub async fn standing_lapses(tx: &Tx, id: CreditGrantId) -> Result<Vec<StandingLapse>, DbErr> {
    let statement =
        "SELECT m.amount_minor, m.effective_on, m.posting_on, m.entry_id FROM grant_movements m
        WHERE m.grant_id = $1 AND m.kind = 'lapsed'
            AND NOT EXISTS (SELECT 1 FROM journal_entries r WHERE r.reverses_id = m.entry_id)
        ORDER BY m.id DESC";
    let rows = sql::all::<LapseRow>(tx, statement, vec![id.0.into()]).await?;
    let lapses = rows.into_iter().map(|row| StandingLapse {
        amount_minor: row.amount_minor,
        effective_on: row.effective_on,
        posting_on: row.posting_on,
        entry: JournalEntryId(row.entry_id),
    });
    Ok(lapses.collect())
}

/// Recomputes amount, remainder and reserved part of grants from their movements, applications and requests.
pub async fn refresh(tx: &Tx, ids: &[CreditGrantId]) -> Result<(), DbErr> {
    if ids.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "UPDATE credit_grants SET
            amount_minor = (SELECT CAST(COALESCE(SUM(m.amount_minor), 0) AS bigint) FROM grant_movements m
                WHERE m.grant_id = credit_grants.id AND m.kind = 'issued'),
            remaining_minor = (SELECT CAST(COALESCE(SUM(m.signed_minor), 0) AS bigint)
                FROM grant_movements m WHERE m.grant_id = credit_grants.id)
              - (SELECT CAST(COALESCE(SUM(a.amount_minor), 0) AS bigint) FROM applications a
                WHERE a.grant_id = credit_grants.id AND a.unapplied_on IS NULL),
            reserved_minor = (SELECT CAST(COALESCE(SUM(s.amount_minor), 0) AS bigint)
                FROM request_slices s JOIN requests q ON q.id = s.request_id
                WHERE s.grant_id = credit_grants.id AND q.entry_id IS NULL AND q.refused_at IS NULL
                    AND q.failed_at IS NULL)
        WHERE id IN ({})",
        sql::placeholders(1, ids.len())
    );
    let values: Vec<Value> = ids.iter().map(|id| id.0.into()).collect();
    sql::execute(tx, &sql, values).await?;
    Ok(())
}

/// The grants of accounts that have something left, locked, in the order of their ids.
pub async fn with_remainder(
    tx: &Tx,
    accounts: &[ReceivableAccountId],
) -> Result<Vec<StoredGrant>, DbErr> {
    let rows = credit_grants::Entity::find()
        .filter(credit_grants::Column::AccountId.is_in(accounts.iter().map(|id| id.0)))
        .filter(credit_grants::Column::RemainingMinor.gt(0))
        .order_by_asc(credit_grants::Column::Id)
        .lock_exclusive()
        .all(&tx.connection)
        .await?;
    rows.into_iter().map(stored).collect()
}

pub async fn find(tx: &Tx, id: CreditGrantId) -> Result<Option<StoredGrant>, DbErr> {
    let row = credit_grants::Entity::find_by_id(id.0)
        .one(&tx.connection)
        .await?;
    row.map(stored).transpose()
}

/// The version of the expiry policy a grant was born under.
pub async fn policy_version(
    tx: &Tx,
    id: CreditGrantId,
) -> Result<Option<ExpiryPolicyVersionId>, DbErr> {
    let row = credit_grants::Entity::find_by_id(id.0)
        .one(&tx.connection)
        .await?;
    Ok(row
        .and_then(|row| row.policy_version_id)
        .map(ExpiryPolicyVersionId))
}

/// The latest dates on which something came to a grant or left it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Moved {
    pub effective_on: NaiveDate,
    pub posting_on: NaiveDate,
}

/// When a grant last moved: issued, applied or unapplied. `None` where it never did.
pub async fn last_moved(tx: &Tx, id: CreditGrantId) -> Result<Option<Moved>, DbErr> {
    let sql = "SELECT MAX(effective_on) AS effective_on, MAX(posting_on) AS posting_on FROM (
            SELECT effective_on, posting_on FROM grant_movements WHERE grant_id = $1
            UNION ALL
            SELECT COALESCE(unapplied_on, effective_on), COALESCE(unapplied_posting_on, posting_on)
            FROM applications WHERE grant_id = $1) moved
        HAVING COUNT(*) > 0";
    let rows = sql::all::<Moved>(tx, sql, vec![id.0.into()]).await?;
    Ok(rows.into_iter().next())
}

#[derive(FromQueryResult)]
struct Sum {
    minor: i64,
}

/// What of a grant was paid out and has not come back.
pub async fn refunded(tx: &Tx, id: CreditGrantId) -> Result<i64, DbErr> {
    let sql = "SELECT CAST(COALESCE(SUM(amount_minor), 0) AS bigint) AS minor FROM grant_movements
        WHERE grant_id = $1 AND kind = 'refunded'";
    let rows = sql::all::<Sum>(tx, sql, vec![id.0.into()]).await?;
    rows.first()
        .map(|row| row.minor)
        .ok_or_else(|| DbErr::RecordNotFound("a sum always answers".to_owned()))
}

/// The accounts these grants belong to, each once.
pub async fn accounts_of(
    tx: &Tx,
    ids: Vec<CreditGrantId>,
) -> Result<Vec<ReceivableAccountId>, DbErr> {
    let accounts: Vec<Uuid> = credit_grants::Entity::find()
        .select_only()
        .column(credit_grants::Column::AccountId)
        .distinct()
        .filter(credit_grants::Column::Id.is_in(ids.iter().map(|id| id.0)))
        .into_tuple()
        .all(&tx.connection)
        .await?;
    Ok(accounts.into_iter().map(ReceivableAccountId).collect())
}

pub async fn find_by_origin(tx: &Tx, origin: Origin) -> Result<Option<StoredGrant>, DbErr> {
    let (kind, id) = origin.parts();
    let row = credit_grants::Entity::find()
        .filter(credit_grants::Column::OriginKind.eq(kind))
        .filter(credit_grants::Column::OriginId.eq(id))
        .one(&tx.connection)
        .await?;
    row.map(stored).transpose()
}

pub async fn set_on_hold(tx: &Tx, id: CreditGrantId, on_hold: bool) -> Result<(), DbErr> {
    let row = credit_grants::ActiveModel {
        id: Set(id.0),
        on_hold: Set(on_hold),
        ..Default::default()
    };
    credit_grants::Entity::update(row)
        .exec(&tx.connection)
        .await?;
    Ok(())
}

fn stored(row: credit_grants::Model) -> Result<StoredGrant, DbErr> {
    let unreadable =
        |column: &str| DbErr::Type(format!("credit_grants.{column} holds an unknown value"));
    let id = CreditGrantId(row.id);
    let class = CreditClass::from_code(&row.class).ok_or_else(|| unreadable("class"))?;
    Ok(StoredGrant {
        id,
        account: ReceivableAccountId(row.account_id),
        class,
        currency: row.currency.parse().map_err(|_| unreadable("currency"))?,
        remaining_minor: row.remaining_minor,
        reserved_minor: row.reserved_minor,
        on_hold: row.on_hold,
        usable: UsableGrant {
            id,
            class,
            usable_minor: match row.on_hold {
                true => 0,
                false => row.remaining_minor - row.reserved_minor,
            },
            effective_on: row.effective_on,
            expires_on: row.expires_on,
            priority: row.priority,
            recorded_order: row.number,
        },
    })
}
