//! Promotions and what they gave.

use super::Tx;
use super::sql;
use crate::domain::ids::{
    CreditGrantId, CustomerId, PaymentId, PromotionGrantId, PromotionId, PromotionRunId,
    ReceivableAccountId,
};
use crate::domain::money::Currency;
use crate::domain::promotion::{
    Audience, BasisKind, Gives, LapseRule, Offer, PromotionKind, PromotionState, Stacking,
};
use crate::dto::promotions::{GrantWay, ReadPromotion};
use crate::server::context::Ctx;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use sea_orm::{DbErr, FromQueryResult, Value};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// A promotion as stored.
#[derive(Clone, Debug)]
pub struct StoredPromotion {
    pub id: PromotionId,
    pub code: String,
    pub offer: Offer,
    pub audience: Audience,
    pub priority: i32,
    /// Given less revoked.
    pub given_minor: i64,
    pub version: i64,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    code: String,
    kind: String,
    currency: String,
    amount_minor: Option<i64>,
    percent: Option<String>,
    starts_on: NaiveDate,
    ends_on: Option<NaiveDate>,
    audience: String,
    budget_minor: Option<i64>,
    cap_minor: Option<i64>,
    minimum_minor: i64,
    stacking: String,
    priority: i32,
    lapse_days: Option<i32>,
    lapses_on: Option<NaiveDate>,
    state: String,
    given_minor: i64,
    version: i64,
}

const COLUMNS: &str = "id, code, kind, currency, amount_minor, percent, starts_on, ends_on, audience, budget_minor,
    cap_minor, minimum_minor, stacking, priority, lapse_days, lapses_on, state, given_minor, version";

fn unreadable(column: &str) -> DbErr {
    DbErr::Type(format!("promotions.{column} holds an unknown value"))
}

fn stored(row: Row) -> Result<StoredPromotion, DbErr> {
    let gives = match (row.amount_minor, &row.percent) {
        (Some(minor), None) => Gives::Amount(minor),
        (None, Some(percent)) => {
            Gives::Percent(Decimal::from_str_exact(percent).map_err(|_| unreadable("percent"))?)
        }
        _ => return Err(unreadable("amount_minor")),
    };
    let lapse = match (row.lapse_days, row.lapses_on) {
        (Some(days), _) => {
            LapseRule::AfterDays(u32::try_from(days).map_err(|_| unreadable("lapse_days"))?)
        }
        (None, Some(date)) => LapseRule::On(date),
        (None, None) => LapseRule::ByPolicy,
    };
    Ok(StoredPromotion {
        id: PromotionId(row.id),
        code: row.code,
        offer: Offer {
            state: PromotionState::from_code(&row.state).ok_or_else(|| unreadable("state"))?,
            kind: PromotionKind::from_code(&row.kind).ok_or_else(|| unreadable("kind"))?,
            gives,
            currency: row.currency.parse().map_err(|_| unreadable("currency"))?,
            starts_on: row.starts_on,
            ends_on: row.ends_on,
            budget_minor: row.budget_minor,
            cap_minor: row.cap_minor,
            minimum_minor: row.minimum_minor,
            stacking: Stacking::from_code(&row.stacking).ok_or_else(|| unreadable("stacking"))?,
            lapse,
        },
        audience: Audience::from_code(&row.audience).ok_or_else(|| unreadable("audience"))?,
        priority: row.priority,
        given_minor: row.given_minor,
        version: row.version,
    })
}

/// The values of a definition, in the order of [`TERMS`].
fn terms(promotion: &ReadPromotion) -> Vec<Value> {
    let offer = &promotion.offer;
    let (amount_minor, percent) = match offer.gives {
        Gives::Amount(minor) => (Some(minor), None),
        Gives::Percent(percent) => (None, Some(percent.normalize().to_string())),
    };
    let (lapse_days, lapses_on) = match offer.lapse {
        LapseRule::ByPolicy => (None, None),
        LapseRule::AfterDays(days) => (i32::try_from(days).ok(), None),
        LapseRule::On(date) => (None, Some(date)),
    };
    vec![
        promotion.code.clone().into(),
        promotion.name_en.clone().into(),
        promotion.name_de.clone().into(),
        offer.kind.code().into(),
        offer.currency.code().into(),
        amount_minor.into(),
        percent.into(),
        offer.starts_on.into(),
        offer.ends_on.into(),
        promotion.audience.code().into(),
        offer.budget_minor.into(),
        offer.cap_minor.into(),
        offer.minimum_minor.into(),
        offer.stacking.code().into(),
        promotion.priority.into(),
        lapse_days.into(),
        lapses_on.into(),
    ]
}

const TERMS: &[&str] = &[
    "code",
    "name_en",
    "name_de",
    "kind",
    "currency",
    "amount_minor",
    "percent",
    "starts_on",
    "ends_on",
    "audience",
    "budget_minor",
    "cap_minor",
    "minimum_minor",
    "stacking",
    "priority",
    "lapse_days",
    "lapses_on",
];

/// Writes a new draft. Whom it is for is [`set_audience`]'s.
pub async fn insert(
    tx: &Tx,
    ctx: &Ctx,
    id: PromotionId,
    promotion: &ReadPromotion,
) -> Result<(), DbErr> {
    let mut columns = vec!["id", "state", "created_at", "created_by"];
    columns.extend(TERMS);
    let mut values: Vec<Value> = vec![
        id.0.into(),
        PromotionState::Draft.code().into(),
        ctx.clock.now().into(),
        ctx.actor.label().into(),
    ];
    values.extend(terms(promotion));
    sql::insert_rows(tx, "promotions", &columns, vec![values]).await
}

/// Replaces what a draft says.
pub async fn replace(tx: &Tx, id: PromotionId, promotion: &ReadPromotion) -> Result<(), DbErr> {
    let set: Vec<String> = TERMS
        .iter()
        .zip(2..)
        .map(|(column, n)| format!("{column} = ${n}"))
        .collect();
    let sql = format!(
        "UPDATE promotions SET {}, version = version + 1 WHERE id = $1",
        set.join(", ")
    );
    let mut values: Vec<Value> = vec![id.0.into()];
    values.extend(terms(promotion));
    sql::execute(tx, &sql, values).await?;
    Ok(())
}

#[derive(FromQueryResult)]
struct CustomerRow {
    id: Uuid,
    number: String,
}

/// The customers with these numbers, by number.
pub async fn customers_of(
    tx: &Tx,
    numbers: &[String],
) -> Result<HashMap<String, CustomerId>, DbErr> {
    if numbers.is_empty() {
        return Ok(HashMap::new());
    }
    let sql = format!(
        "SELECT id, number FROM customers WHERE number IN ({})",
        sql::placeholders(1, numbers.len())
    );
    let values = numbers
        .iter()
        .map(|number| number.as_str().into())
        .collect();
    let rows = sql::all::<CustomerRow>(tx, &sql, values).await?;
    let pairs = rows.into_iter().map(|row| (row.number, CustomerId(row.id)));
    Ok(pairs.collect())
}

/// Says whom a promotion is for, in place of what was said before.
pub async fn set_audience(
    tx: &Tx,
    id: PromotionId,
    tags: &[String],
    customers: &[CustomerId],
) -> Result<(), DbErr> {
    for table in ["promotion_tags", "promotion_customers"] {
        let sql = format!("DELETE FROM {table} WHERE promotion_id = $1");
        sql::execute(tx, &sql, vec![id.0.into()]).await?;
    }
    let rows = tags
        .iter()
        .map(|tag| vec![id.0.into(), tag.as_str().into()]);
    sql::insert_rows(
        tx,
        "promotion_tags",
        &["promotion_id", "tag"],
        rows.collect(),
    )
    .await?;
    let rows = customers
        .iter()
        .map(|customer| vec![id.0.into(), customer.0.into()]);
    let columns = ["promotion_id", "customer_id"];
    sql::insert_rows(tx, "promotion_customers", &columns, rows.collect()).await
}

pub async fn find(tx: &Tx, id: PromotionId) -> Result<Option<StoredPromotion>, DbErr> {
    let sql = format!("SELECT {COLUMNS} FROM promotions WHERE id = $1");
    one(tx, &sql, id.0.into()).await
}

/// The promotion, its row locked until the transaction ends. Locked after accounts, invoices and grants.
pub async fn lock(tx: &Tx, id: PromotionId) -> Result<Option<StoredPromotion>, DbErr> {
    let sql = format!(
        "SELECT {COLUMNS} FROM promotions WHERE id = $1{}",
        sql::for_update(tx)
    );
    one(tx, &sql, id.0.into()).await
}

/// The promotion with this code, as [`crate::dto::promotions::plain_code`] writes it.
pub async fn find_by_code(tx: &Tx, code: &str) -> Result<Option<StoredPromotion>, DbErr> {
    let sql = format!("SELECT {COLUMNS} FROM promotions WHERE code = $1");
    one(tx, &sql, code.into()).await
}

async fn one(tx: &Tx, sql: &str, key: Value) -> Result<Option<StoredPromotion>, DbErr> {
    let rows = sql::all::<Row>(tx, sql, vec![key]).await?;
    rows.into_iter().next().map(stored).transpose()
}

/// The active promotions that give for top-ups in this currency, locked in the order of their ids and answered in
/// the order in which they give: by priority, then code.
pub async fn lock_for_top_ups(tx: &Tx, currency: Currency) -> Result<Vec<StoredPromotion>, DbErr> {
    let sql = format!(
        "SELECT {COLUMNS} FROM promotions
        WHERE state = 'active' AND kind IN ('top_up_percentage', 'top_up_bonus') AND currency = $1
        ORDER BY id{}",
        sql::for_update(tx)
    );
    let rows = sql::all::<Row>(tx, &sql, vec![currency.code().into()]).await?;
    let mut promotions: Vec<StoredPromotion> =
        rows.into_iter().map(stored).collect::<Result<_, DbErr>>()?;
    promotions.sort_by(|a, b| (a.priority, &a.code).cmp(&(b.priority, &b.code)));
    Ok(promotions)
}

pub async fn set_state(tx: &Tx, id: PromotionId, state: PromotionState) -> Result<(), DbErr> {
    let sql = "UPDATE promotions SET state = $2, version = version + 1 WHERE id = $1";
    sql::execute(tx, sql, vec![id.0.into(), state.code().into()]).await?;
    Ok(())
}

/// Moves the budget counter of a promotion whose row this transaction holds. Negative for what is revoked.
pub async fn count_given(tx: &Tx, id: PromotionId, minor: i64) -> Result<(), DbErr> {
    let sql = "UPDATE promotions SET given_minor = given_minor + $2 WHERE id = $1";
    sql::execute(tx, sql, vec![id.0.into(), minor.into()]).await?;
    Ok(())
}

/// A condition on the customer in `column` that holds for the audience of promotion `$1`.
pub(super) fn audience_condition(audience: Audience, column: &str) -> String {
    match audience {
        Audience::All => "EXISTS (SELECT 1 FROM promotions w WHERE w.id = $1)".to_owned(),
        Audience::Tags => format!(
            "EXISTS (SELECT 1 FROM promotion_tags w JOIN customer_tags t ON t.tag = w.tag
                WHERE w.promotion_id = $1 AND t.customer_id = {column})"
        ),
        Audience::Customers => format!(
            "EXISTS (SELECT 1 FROM promotion_customers w WHERE w.promotion_id = $1 AND w.customer_id = {column})"
        ),
    }
}

/// Somebody who may get something, for a document where the promotion needs one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub account: ReceivableAccountId,
    pub customer: CustomerId,
    pub basis: Option<StoredBasis>,
}

/// A document a promotion may give for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredBasis {
    pub kind: BasisKind,
    pub id: Uuid,
    pub amount_minor: i64,
}

/// What was given before to those who ask, less what was revoked.
#[derive(Debug, Default)]
pub struct GivenBefore {
    pub audience: HashSet<CustomerId>,
    pub to_customer: HashMap<CustomerId, i64>,
    /// Other promotions of which the account still holds credit.
    pub on_account: HashMap<ReceivableAccountId, Vec<Stacking>>,
    /// Promotions that gave for the document, this one included.
    pub for_document: HashMap<Uuid, Vec<(PromotionId, Stacking)>>,
}

#[derive(FromQueryResult)]
struct IdRow {
    id: Uuid,
}

#[derive(FromQueryResult)]
struct SumRow {
    id: Uuid,
    minor: i64,
}

#[derive(FromQueryResult)]
struct BesideRow {
    id: Uuid,
    promotion_id: Uuid,
    stacking: String,
}

/// Reads what was given before to these candidates, with a bounded number of statements.
pub async fn given_before(
    tx: &Tx,
    promotion: &StoredPromotion,
    candidates: &[Candidate],
) -> Result<GivenBefore, DbErr> {
    let mut before = GivenBefore::default();
    if candidates.is_empty() {
        return Ok(before);
    }
    let ids = |key: fn(&Candidate) -> Option<Uuid>| -> Vec<Uuid> {
        let ids: HashSet<Uuid> = candidates.iter().filter_map(key).collect();
        ids.into_iter().collect()
    };
    let customers = ids(|candidate| Some(candidate.customer.0));
    let accounts = ids(|candidate| Some(candidate.account.0));
    let documents = ids(|candidate| candidate.basis.map(|basis| basis.id));
    let sql = format!(
        "SELECT c.id FROM customers c WHERE {} AND c.id IN ({})",
        audience_condition(promotion.audience, "c.id"),
        sql::placeholders(2, customers.len())
    );
    for row in sql::all::<IdRow>(tx, &sql, with_ids(promotion, &customers)).await? {
        before.audience.insert(CustomerId(row.id));
    }
    let sql = format!(
        "SELECT p.customer_id AS id, CAST(SUM(p.amount_minor - p.revoked_minor) AS bigint) AS minor
        FROM promotion_grants p WHERE p.promotion_id = $1 AND p.customer_id IN ({}) GROUP BY p.customer_id",
        sql::placeholders(2, customers.len())
    );
    for row in sql::all::<SumRow>(tx, &sql, with_ids(promotion, &customers)).await? {
        before.to_customer.insert(CustomerId(row.id), row.minor);
    }
    let sql = format!(
        "SELECT DISTINCT p.account_id AS id, p.promotion_id, o.stacking
        FROM promotion_grants p JOIN promotions o ON o.id = p.promotion_id
            JOIN credit_grants g ON g.id = p.grant_id
        WHERE p.promotion_id <> $1 AND g.remaining_minor > 0 AND p.account_id IN ({})",
        sql::placeholders(2, accounts.len())
    );
    for row in sql::all::<BesideRow>(tx, &sql, with_ids(promotion, &accounts)).await? {
        let beside = before.on_account.entry(ReceivableAccountId(row.id));
        beside.or_default().push(stacking(&row)?);
    }
    if documents.is_empty() {
        return Ok(before);
    }
    let sql = format!(
        "SELECT p.basis_id AS id, p.promotion_id, o.stacking
        FROM promotion_grants p JOIN promotions o ON o.id = p.promotion_id
        WHERE EXISTS (SELECT 1 FROM promotions w WHERE w.id = $1) AND p.amount_minor > p.revoked_minor AND p.basis_id IN ({})",
        sql::placeholders(2, documents.len())
    );
    for row in sql::all::<BesideRow>(tx, &sql, with_ids(promotion, &documents)).await? {
        let gave = before.for_document.entry(row.id);
        gave.or_default()
            .push((PromotionId(row.promotion_id), stacking(&row)?));
    }
    Ok(before)
}

fn with_ids(promotion: &StoredPromotion, ids: &[Uuid]) -> Vec<Value> {
    std::iter::once(promotion.id.0)
        .chain(ids.iter().copied())
        .map(Value::from)
        .collect()
}

fn stacking(row: &BesideRow) -> Result<Stacking, DbErr> {
    Stacking::from_code(&row.stacking).ok_or_else(|| unreadable("stacking"))
}

#[derive(FromQueryResult)]
struct BasisRow {
    id: Uuid,
    account_id: Uuid,
    customer_id: Uuid,
    minor: i64,
}

/// Which documents are asked for.
#[derive(Clone, Copy, Debug)]
pub enum Documents<'a> {
    One(Uuid),
    /// Those of these accounts, dated within the promotion's window.
    Of(&'a [ReceivableAccountId]),
}

/// Documents for which a promotion of this kind may give: finalised invoices that are not void, over their total;
/// prepayments that are not reversed, over what they put in.
pub async fn documents(
    tx: &Tx,
    promotion: &StoredPromotion,
    kind: BasisKind,
    wanted: Documents<'_>,
) -> Result<Vec<Candidate>, DbErr> {
    let (columns, date, from) = match kind {
        BasisKind::Invoice => (
            "d.total_minor AS minor",
            "d.issued_on",
            "invoices d JOIN receivable_accounts a ON a.id = d.account_id
            WHERE d.finalised_at IS NOT NULL AND d.voided_on IS NULL AND d.total_minor > 0",
        ),
        BasisKind::TopUp => (
            "m.amount_minor AS minor",
            "d.received_on",
            "payments d JOIN receivable_accounts a ON a.id = d.account_id
                JOIN grant_movements m ON m.entry_id = d.entry_id AND m.kind = 'issued'
                JOIN credit_grants g ON g.id = m.grant_id AND g.class = 'prepayment'
            WHERE d.reversed_on IS NULL",
        ),
    };
    let (narrowed, values) = match wanted {
        Documents::One(id) => ("d.id = $1".to_owned(), vec![id.into()]),
        Documents::Of([]) => return Ok(Vec::new()),
        Documents::Of(accounts) => {
            let last = promotion.offer.ends_on.unwrap_or(NaiveDate::MAX);
            let last = last.min(NaiveDate::from_ymd_opt(9999, 12, 31).unwrap_or(last));
            let mut values: Vec<Value> = vec![promotion.offer.starts_on.into(), last.into()];
            values.extend(accounts.iter().map(|id| Value::from(id.0)));
            let accounts = sql::placeholders(3, accounts.len());
            let narrowed =
                format!("{date} >= $1 AND {date} <= $2 AND d.account_id IN ({accounts})");
            (narrowed, values)
        }
    };
    let sql = format!(
        "SELECT d.id, d.account_id, a.customer_id, {columns} FROM {from} AND {narrowed}
        ORDER BY d.account_id, {date}, d.id"
    );
    let rows = sql::all::<BasisRow>(tx, &sql, values).await?;
    let candidates = rows.into_iter().map(|row| Candidate {
        account: ReceivableAccountId(row.account_id),
        customer: CustomerId(row.customer_id),
        basis: Some(StoredBasis {
            kind,
            id: row.id,
            amount_minor: row.minor,
        }),
    });
    Ok(candidates.collect())
}

/// One documented deduction, to be written.
#[derive(Clone, Debug)]
pub struct NewPromotionGrantRow {
    pub id: PromotionGrantId,
    pub promotion: PromotionId,
    pub candidate: Candidate,
    pub grant: CreditGrantId,
    pub amount_minor: i64,
    pub granted_on: NaiveDate,
    pub way: GrantWay,
    pub run: Option<PromotionRunId>,
    pub reason: Option<String>,
}

pub async fn insert_grants(
    tx: &Tx,
    ctx: &Ctx,
    grants: &[NewPromotionGrantRow],
) -> Result<(), DbErr> {
    const COLUMNS: &[&str] = &[
        "id",
        "promotion_id",
        "account_id",
        "customer_id",
        "grant_id",
        "basis_kind",
        "basis_id",
        "basis_minor",
        "amount_minor",
        "granted_on",
        "way",
        "run_id",
        "reason",
        "recorded_at",
        "recorded_by",
    ];
    let rows = grants.iter().map(|grant| {
        let basis = grant.candidate.basis;
        vec![
            grant.id.0.into(),
            grant.promotion.0.into(),
            grant.candidate.account.0.into(),
            grant.candidate.customer.0.into(),
            grant.grant.0.into(),
            basis.map(|basis| basis.kind.code()).into(),
            basis.map(|basis| basis.id).into(),
            basis.map(|basis| basis.amount_minor).into(),
            grant.amount_minor.into(),
            grant.granted_on.into(),
            grant.way.code().into(),
            grant.run.map(|run| run.0).into(),
            grant.reason.clone().into(),
            ctx.clock.now().into(),
            ctx.actor.label().into(),
        ]
    });
    sql::insert_rows(tx, "promotion_grants", COLUMNS, rows.collect()).await
}

/// A documented deduction as stored.
#[derive(Clone, Copy, Debug, FromQueryResult)]
pub struct StoredPromotionGrant {
    pub id: Uuid,
    pub promotion_id: Uuid,
    pub account_id: Uuid,
    pub grant_id: Uuid,
    pub amount_minor: i64,
    pub revoked_minor: i64,
    /// The entry that posted it.
    pub entry_id: Uuid,
    pub granted_on: NaiveDate,
    pub posting_on: NaiveDate,
}

const GRANT_COLUMNS: &str = "p.id, p.promotion_id, p.account_id, p.grant_id, p.amount_minor, p.revoked_minor,
    p.granted_on, e.id AS entry_id, e.posting_on
    FROM promotion_grants p JOIN journal_entries e ON e.document_id = p.id AND e.reverses_id IS NULL";

pub async fn find_grant(
    tx: &Tx,
    id: PromotionGrantId,
) -> Result<Option<StoredPromotionGrant>, DbErr> {
    let sql = format!("SELECT {GRANT_COLUMNS} WHERE p.id = $1");
    let rows = sql::all::<StoredPromotionGrant>(tx, &sql, vec![id.0.into()]).await?;
    Ok(rows.into_iter().next())
}

/// What promotions gave for a payment and have not taken back whole, oldest first.
pub async fn grants_for_payment(
    tx: &Tx,
    payment: PaymentId,
) -> Result<Vec<StoredPromotionGrant>, DbErr> {
    let sql = format!(
        "SELECT {GRANT_COLUMNS}
        WHERE p.basis_id = $1 AND p.basis_kind = 'payment' AND p.amount_minor > p.revoked_minor ORDER BY p.id"
    );
    sql::all::<StoredPromotionGrant>(tx, &sql, vec![payment.0.into()]).await
}

/// Notes how much more of a deduction was taken back.
pub async fn note_revoked(tx: &Tx, id: PromotionGrantId, minor: i64) -> Result<(), DbErr> {
    let sql = "UPDATE promotion_grants SET revoked_minor = revoked_minor + $2 WHERE id = $1";
    sql::execute(tx, sql, vec![id.0.into(), minor.into()]).await?;
    Ok(())
}
