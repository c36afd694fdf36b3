//! Credit grants: where credit came from, what is left of it, what it paid.

use super::applications::{self, Application, Of, Origin};
use super::{Cut, Listed, Narrowing, by_document, for_staff, id, one};
use crate::domain::credit::{CreditClass, GrantFacts, GrantStatus, grant_status};
use crate::domain::ids::CustomerId;
use crate::domain::money::{Currency, Money};
use crate::dto::credits::GrantMovementKind;
use crate::dto::error::AppError;
use crate::server::context::Ctx;
use crate::server::queries::limit_to_sight;
use crate::server::queries::origins::{self, OriginRow, TAKEN_BACK};
use crate::server::queries::sql::{Conditions, unreadable};
use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{DbErr, FromQueryResult};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Usable credit with its class, remainder and lapse date.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CreditGrant {
    pub id: Uuid,
    pub number: i64,
    /// Derived, as of today.
    pub status: GrantStatus,
    /// Number of the receivable account.
    pub account: String,
    /// Customer number.
    pub customer: String,
    pub class: CreditClass,
    /// The document it came from.
    pub origin: Origin,
    /// All that was ever issued into it.
    pub amount: Money,
    pub remainder: Money,
    /// What requests under way have set aside of the remainder: it cannot be used and does not lapse.
    pub reserved: Money,
    pub effective_on: NaiveDate,
    pub posting_on: NaiveDate,
    /// Last usable day; null never lapses.
    pub expires_on: Option<NaiveDate>,
    /// Smaller is used first.
    pub priority: i32,
    /// Kept out of every use.
    pub on_hold: bool,
    /// The version of the expiry policy that gave it its lapse date.
    pub policy_version: Option<Uuid>,
    /// What it paid, oldest first, undone applications included.
    pub applications: Vec<Application>,
    /// Everything that changed the remainder, in the order it was posted.
    pub movements: Vec<Movement>,
    /// How its lapse date was changed, oldest first.
    pub expiry_changes: Vec<ExpiryChange>,
    pub journal_entries: Vec<Uuid>,
    pub recorded_at: DateTime<Utc>,
    /// Null for customers.
    pub recorded_by: Option<String>,
}

/// One change of a grant's remainder.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Movement {
    /// `reinstated` is a slice that came back after the grant had lapsed, or a lapse taken back.
    pub kind: GrantMovementKind,
    /// Positive; the kind says which way.
    pub amount: Money,
    pub effective_on: NaiveDate,
    pub posting_on: NaiveDate,
    pub journal_entry: Uuid,
    /// The application that was made or undone.
    pub application: Option<Uuid>,
}

/// A change of a grant's lapse date; null never lapses.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ExpiryChange {
    pub changed_on: NaiveDate,
    pub before: Option<NaiveDate>,
    pub after: Option<NaiveDate>,
    /// Null for customers.
    pub reason: Option<String>,
    /// Null for customers.
    pub recorded_by: Option<String>,
    pub recorded_at: DateTime<Utc>,
}

/// Which credit grants a list shows.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct CreditGrantList {
    #[param(required = false, example = "50")]
    pub limit: String,
    /// `next` of the part before.
    #[param(required = false)]
    pub cursor: String,
    /// Customer number.
    #[param(required = false)]
    pub customer: String,
    /// Number of the receivable account.
    #[param(required = false)]
    pub account: String,
    #[param(required = false)]
    pub class: String,
    /// One of the statuses a grant answers with.
    #[param(required = false)]
    pub status: String,
    #[param(required = false)]
    pub currency: String,
    /// `true` or `false`.
    #[param(required = false)]
    pub on_hold: String,
    /// Grants whose last usable day is this or earlier.
    #[param(required = false)]
    pub expires_to: String,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    number: i64,
    customer_id: Uuid,
    account: String,
    customer: String,
    currency: String,
    class: String,
    #[sea_orm(nested)]
    origin: OriginRow,
    amount_minor: i64,
    remaining_minor: i64,
    taken_back: bool,
    lapsed_minor: i64,
    reserved_minor: i64,
    policy_version_id: Option<Uuid>,
    effective_on: NaiveDate,
    posting_on: NaiveDate,
    expires_on: Option<NaiveDate>,
    priority: i32,
    on_hold: bool,
    recorded_at: DateTime<Utc>,
    recorded_by: String,
}

/// What lapsed and was not taken back.
const LAPSED: &str =
    "(SELECT CAST(COALESCE(SUM(CASE m.kind WHEN 'lapsed' THEN m.amount_minor ELSE -m.amount_minor END), 0) AS bigint)
        FROM grant_movements m WHERE m.grant_id = g.id AND m.kind IN ('lapsed', 'reinstated'))";

fn select() -> String {
    format!(
        "SELECT g.id, g.number, r.customer_id, r.number AS account, c.number AS customer, g.currency, g.class,
            {origin}, g.amount_minor, g.remaining_minor, {TAKEN_BACK} AS taken_back, {LAPSED} AS lapsed_minor,
            g.reserved_minor, g.policy_version_id, g.effective_on, g.posting_on,
            g.expires_on, g.priority, g.on_hold, g.recorded_at, g.recorded_by
        FROM credit_grants g
        JOIN receivable_accounts r ON r.id = g.account_id
        JOIN customers c ON c.id = r.customer_id
        {joins}",
        origin = origins::COLUMNS,
        joins = origins::OF_GRANT,
    )
}

/// The credit grants the actor may see.
pub async fn list(ctx: &Ctx, wanted: CreditGrantList) -> Result<Listed<CreditGrant>, AppError> {
    let cut = narrowed(ctx, &wanted)?;
    let (rows, next) = cut.rows::<Row>(ctx, &select(), |row| row.id).await?;
    let items = whole(ctx, rows).await?;
    Ok(Listed { items, next })
}

fn narrowed(ctx: &Ctx, wanted: &CreditGrantList) -> Result<Cut, AppError> {
    let mut narrowing = Narrowing::default();
    limit_to_sight(ctx, &mut narrowing.conditions, "r.customer_id")?;
    narrowing.text("c.number", &wanted.customer);
    narrowing.text("r.number", &wanted.account);
    narrowing.code("class", "g.class", &wanted.class, CreditClass::from_code);
    narrowing.currency("currency", "g.currency", &wanted.currency);
    narrowing.flag("on_hold", "g.on_hold", &wanted.on_hold);
    narrowing.date("expires_to", "g.expires_on", "<=", &wanted.expires_to);
    if let Some(status) = narrowing.choice("status", &wanted.status, GrantStatus::from_code) {
        let condition = with_status(status, &mut narrowing.conditions, ctx.today());
        narrowing.conditions.and(condition);
    }
    narrowing.cut("g.id", &wanted.limit, &wanted.cursor)
}

/// The facts of `domain::credit::grant_status` as SQL.
fn with_status(status: GrantStatus, conditions: &mut Conditions, today: NaiveDate) -> String {
    match status {
        GrantStatus::Used => {
            return format!("g.remaining_minor = 0 AND NOT {TAKEN_BACK} AND {LAPSED} = 0");
        }
        GrantStatus::TakenBack => return format!("g.remaining_minor = 0 AND {TAKEN_BACK}"),
        _ => {}
    }
    let today = conditions.bind(today);
    let lapsed = format!("(g.expires_on IS NOT NULL AND g.expires_on < {today})");
    let state = match status {
        GrantStatus::Lapsed => {
            return format!(
                "((g.remaining_minor > 0 AND {lapsed})
                    OR (g.remaining_minor = 0 AND NOT {TAKEN_BACK} AND {LAPSED} > 0))"
            );
        }
        GrantStatus::OnHold => format!("NOT {lapsed} AND g.on_hold"),
        GrantStatus::NotYetEffective => {
            format!("NOT {lapsed} AND NOT g.on_hold AND g.effective_on > {today}")
        }
        _ => format!("NOT {lapsed} AND NOT g.on_hold AND g.effective_on <= {today}"),
    };
    format!("g.remaining_minor > 0 AND {state}")
}

/// One credit grant by id.
pub async fn find(ctx: &Ctx, key: &str) -> Result<CreditGrant, AppError> {
    let row: Row = one(ctx, &select(), "g.id", id(key)?).await?;
    ctx.actor.require_sight_of(CustomerId(row.customer_id))?;
    whole(ctx, vec![row]).await?.pop().ok_or(AppError::NotFound)
}

#[derive(FromQueryResult)]
struct MovementRow {
    grant_id: Uuid,
    kind: String,
    amount_minor: i64,
    effective_on: NaiveDate,
    posting_on: NaiveDate,
    entry_id: Uuid,
    application_id: Option<Uuid>,
}

/// Movements of grants and the applications of their slices, in the order in which their entries were posted.
fn movement_rows(ids: &str) -> String {
    format!(
        "SELECT x.*, e.number FROM (
            SELECT m.grant_id, CASE m.kind WHEN 'reversed' THEN 'taken_back' ELSE m.kind END AS kind, m.amount_minor,
                m.effective_on, m.posting_on, m.entry_id, CAST(NULL AS uuid) AS application_id
            FROM grant_movements m WHERE m.grant_id IN ({ids})
            UNION ALL
            SELECT a.grant_id, 'applied', a.amount_minor, a.effective_on, a.posting_on, a.entry_id, a.id
            FROM applications a WHERE a.grant_id IN ({ids})
            UNION ALL
            SELECT a.grant_id, CASE WHEN a.reinstated THEN 'reinstated' ELSE 'unapplied' END, a.amount_minor,
                a.unapplied_on, a.unapplied_posting_on, a.unapplied_entry_id, a.id
            FROM applications a WHERE a.grant_id IN ({ids}) AND a.unapplied_on IS NOT NULL
        ) x JOIN journal_entries e ON e.id = x.entry_id ORDER BY e.number"
    )
}

#[derive(FromQueryResult)]
struct ChangeRow {
    grant_id: Uuid,
    changed_on: NaiveDate,
    before_on: Option<NaiveDate>,
    after_on: Option<NaiveDate>,
    reason: String,
    recorded_by: String,
    recorded_at: DateTime<Utc>,
}

fn change_rows(ids: &str) -> String {
    format!(
        "SELECT grant_id, changed_on, before_on, after_on, reason, recorded_by, recorded_at
        FROM grant_expiry_changes WHERE grant_id IN ({ids}) ORDER BY id"
    )
}

/// What belongs to a grant besides its row.
#[derive(Default)]
struct Parts {
    applications: Vec<Application>,
    movements: Vec<MovementRow>,
    changes: Vec<ChangeRow>,
}

async fn whole(ctx: &Ctx, rows: Vec<Row>) -> Result<Vec<CreditGrant>, AppError> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let mut applications = applications::of(ctx, Of::Grants, &ids).await?;
    let mut movements =
        by_document(ctx, movement_rows, &ids, |row: &MovementRow| row.grant_id).await?;
    let mut changes = by_document(ctx, change_rows, &ids, |row: &ChangeRow| row.grant_id).await?;
    rows.into_iter()
        .map(|row| {
            let parts = Parts {
                applications: applications.remove(&row.id).unwrap_or_default(),
                movements: movements.remove(&row.id).unwrap_or_default(),
                changes: changes.remove(&row.id).unwrap_or_default(),
            };
            Ok(grant(ctx, row, parts)?)
        })
        .collect()
}

fn movement(row: MovementRow, currency: Currency) -> Result<Movement, DbErr> {
    Ok(Movement {
        kind: GrantMovementKind::from_code(&row.kind)
            .ok_or_else(|| unreadable("grant_movements.kind", &row.kind))?,
        amount: Money::new(row.amount_minor, currency),
        effective_on: row.effective_on,
        posting_on: row.posting_on,
        journal_entry: row.entry_id,
        application: row.application_id,
    })
}

fn change(ctx: &Ctx, row: ChangeRow) -> ExpiryChange {
    ExpiryChange {
        changed_on: row.changed_on,
        before: row.before_on,
        after: row.after_on,
        reason: for_staff(ctx, row.reason),
        recorded_by: for_staff(ctx, row.recorded_by),
        recorded_at: row.recorded_at,
    }
}

fn grant(ctx: &Ctx, row: Row, parts: Parts) -> Result<CreditGrant, DbErr> {
    let currency: Currency = row
        .currency
        .parse()
        .map_err(|_| unreadable("credit_grants.currency", &row.currency))?;
    let facts = GrantFacts {
        remaining_minor: row.remaining_minor,
        taken_back: row.taken_back,
        lapsed_minor: row.lapsed_minor,
        on_hold: row.on_hold,
        effective_on: row.effective_on,
        expires_on: row.expires_on,
    };
    Ok(CreditGrant {
        id: row.id,
        number: row.number,
        status: grant_status(facts, ctx.today()),
        account: row.account,
        customer: row.customer,
        class: CreditClass::from_code(&row.class)
            .ok_or_else(|| unreadable("credit_grants.class", &row.class))?,
        origin: applications::origin(row.origin)?,
        amount: Money::new(row.amount_minor, currency),
        remainder: Money::new(row.remaining_minor, currency),
        reserved: Money::new(row.reserved_minor, currency),
        effective_on: row.effective_on,
        posting_on: row.posting_on,
        expires_on: row.expires_on,
        priority: row.priority,
        on_hold: row.on_hold,
        policy_version: row.policy_version_id,
        journal_entries: parts.movements.iter().map(|row| row.entry_id).collect(),
        applications: parts.applications,
        movements: parts
            .movements
            .into_iter()
            .map(|row| movement(row, currency))
            .collect::<Result<_, _>>()?,
        expiry_changes: parts
            .changes
            .into_iter()
            .map(|row| change(ctx, row))
            .collect(),
        recorded_at: row.recorded_at,
        recorded_by: for_staff(ctx, row.recorded_by),
    })
}
