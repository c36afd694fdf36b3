//! Expiry policies, what one that is tried would do, and the notices that are due on a day.

use super::sql::{self, Conditions, unreadable};
use crate::domain::credit::CreditClass;
use crate::domain::expiry::{
    DEFAULT_NOTICE_LEADS, ExpiryCounting, ExpiryRule, NewGrantFacts, PolicyInForce, governing,
};
use crate::domain::ids::{CreditGrantId, ExpiryPolicyId, ExpiryPolicyVersionId};
use crate::domain::money::Currency;
use crate::domain::rights::Right;
use crate::dto::error::{AppError, Refusal};
use crate::dto::expiry::{
    DueNotice, ExpiryPolicyRow, ExpiryPolicyVersionRow, ExpirySimulated, ExpirySimulation,
    SimulatedLapse,
};
use crate::dto::form::read_date;
use crate::dto::lineage::AccountRef;
use crate::server::context::Ctx;
use chrono::{DateTime, Days, NaiveDate, Utc};
use sea_orm::{DbErr, FromQueryResult};
use std::collections::HashMap;
use uuid::Uuid;

/// Grants a simulation lists at most; its totals count all.
const LISTED_GRANTS: u32 = 200;

#[derive(FromQueryResult)]
struct VersionRow {
    policy_id: Uuid,
    class: String,
    tag: String,
    currency: String,
    version_id: Uuid,
    version: i32,
    in_force_from: NaiveDate,
    counting: String,
    length: i32,
    minimum_life_days: i32,
    reason: String,
    recorded_by: String,
    recorded_at: DateTime<Utc>,
    grants: i64,
}

#[derive(FromQueryResult)]
struct LeadRow {
    version_id: Uuid,
    lead_days: i32,
}

/// All policies with all their versions, by class, tag and currency. For staff.
pub async fn policies(ctx: &Ctx) -> Result<Vec<ExpiryPolicyRow>, AppError> {
    ctx.actor.require(Right::ReadCustomers)?;
    let statement = "SELECT p.id AS policy_id, p.class, p.tag, p.currency, v.id AS version_id, v.version,
            v.in_force_from, v.counting, v.length, v.minimum_life_days, v.reason, v.recorded_by, v.recorded_at,
            (SELECT COUNT(*) FROM credit_grants g
                WHERE g.policy_version_id IS NOT NULL AND g.policy_version_id = v.id) AS grants
        FROM expiry_policies p JOIN expiry_policy_versions v ON v.policy_id = p.id
        ORDER BY p.class, p.tag, p.currency, v.version DESC";
    let versions = sql::all::<VersionRow>(ctx, statement, vec![]).await?;
    let mut leads = leads(ctx).await?;
    let mut policies: Vec<ExpiryPolicyRow> = Vec::new();
    for row in versions {
        let of_version = leads.remove(&row.version_id).unwrap_or_default();
        let policy = ExpiryPolicyId(row.policy_id);
        if policies.last().map(|last| last.policy) != Some(policy) {
            policies.push(policy_row(&row)?);
        }
        if let Some(last) = policies.last_mut() {
            last.versions.push(version(row, of_version)?);
        }
    }
    Ok(policies)
}

/// One policy by id.
pub async fn policy(ctx: &Ctx, id: &str) -> Result<ExpiryPolicyRow, AppError> {
    let policies = policies(ctx).await?;
    let id: ExpiryPolicyId = id.trim().parse().map_err(|_| AppError::NotFound)?;
    let found = policies.into_iter().find(|policy| policy.policy == id);
    found.ok_or(AppError::NotFound)
}

async fn leads(ctx: &Ctx) -> Result<HashMap<Uuid, Vec<u32>>, DbErr> {
    let statement = "SELECT version_id, lead_days FROM expiry_policy_leads ORDER BY lead_days DESC";
    let mut leads: HashMap<Uuid, Vec<u32>> = HashMap::new();
    for row in sql::all::<LeadRow>(ctx, statement, vec![]).await? {
        leads
            .entry(row.version_id)
            .or_default()
            .push(row.lead_days.unsigned_abs());
    }
    Ok(leads)
}

fn class(code: &str) -> Result<CreditClass, DbErr> {
    CreditClass::from_code(code).ok_or_else(|| unreadable("class", code))
}

fn currency(code: &str) -> Result<Option<Currency>, DbErr> {
    match code {
        "" => Ok(None),
        code => code
            .parse()
            .map(Some)
            .map_err(|_| unreadable("currency", code)),
    }
}

fn counting(code: &str) -> Result<ExpiryCounting, DbErr> {
    ExpiryCounting::from_code(code).ok_or_else(|| unreadable("counting", code))
}

fn policy_row(row: &VersionRow) -> Result<ExpiryPolicyRow, DbErr> {
    Ok(ExpiryPolicyRow {
        policy: ExpiryPolicyId(row.policy_id),
        class: class(&row.class)?,
        tag: row.tag.clone(),
        currency: currency(&row.currency)?,
        versions: Vec::new(),
    })
}

fn version(row: VersionRow, notice_leads: Vec<u32>) -> Result<ExpiryPolicyVersionRow, DbErr> {
    Ok(ExpiryPolicyVersionRow {
        version: row.version,
        in_force_from: row.in_force_from,
        counting: counting(&row.counting)?,
        length: row.length.unsigned_abs(),
        minimum_life_days: row.minimum_life_days.unsigned_abs(),
        notice_leads,
        reason: row.reason,
        recorded_by: row.recorded_by,
        recorded_at: row.recorded_at,
        grants: row.grants.unsigned_abs(),
    })
}

#[derive(FromQueryResult)]
struct RuleRow {
    version_id: Uuid,
    tag: String,
    currency: String,
    account_currency: String,
    counting: String,
    length: i32,
    minimum_life_days: i32,
}

/// What the policy in force on `day` says of new credit of this class on an account; `None` without one. For forms
/// that show it beforehand; the act itself asks again.
pub(super) async fn rule_for(
    ctx: &Ctx,
    account: Uuid,
    of: CreditClass,
    day: NaiveDate,
) -> Result<Option<ExpiryRule>, AppError> {
    let statement =
        "SELECT v.id AS version_id, p.tag, p.currency, a.currency AS account_currency, v.counting,
            v.length, v.minimum_life_days
        FROM expiry_policies p
            JOIN expiry_policy_versions v ON v.policy_id = p.id
            JOIN receivable_accounts a ON a.id = $1
        WHERE p.class = $2 AND p.currency IN ('', a.currency)
            AND (p.tag = '' OR EXISTS (SELECT 1 FROM customer_tags t
                WHERE t.customer_id = a.customer_id AND t.tag = p.tag))
            AND v.in_force_from <= $3
            AND NOT EXISTS (SELECT 1 FROM expiry_policy_versions l
                WHERE l.policy_id = p.id AND l.in_force_from <= $3 AND l.version > v.version)";
    let values = vec![account.into(), of.code().into(), day.into()];
    let rows = sql::all::<RuleRow>(ctx, statement, values).await?;
    let Some(own) = rows.first().map(|row| row.account_currency.clone()) else {
        return Ok(None);
    };
    let tags: Vec<String> = rows.iter().map(|row| row.tag.clone()).collect();
    let mut policies = Vec::with_capacity(rows.len());
    for row in rows {
        policies.push(PolicyInForce {
            version: ExpiryPolicyVersionId(row.version_id),
            class: of,
            tag: Some(row.tag).filter(|tag| !tag.is_empty()),
            currency: currency(&row.currency)?,
            rule: ExpiryRule {
                counting: counting(&row.counting)?,
                length: row.length.unsigned_abs(),
                minimum_life_days: row.minimum_life_days.unsigned_abs(),
            },
        });
    }
    let facts = NewGrantFacts {
        class: of,
        currency: own.parse().map_err(|_| unreadable("currency", &own))?,
        customer_tags: &tags,
        effective_on: day,
    };
    Ok(governing(&policies, facts).map(|policy| policy.rule))
}

#[derive(FromQueryResult)]
struct TotalRow {
    currency: String,
    count: i64,
    minor: i64,
}

#[derive(FromQueryResult)]
struct GrantRow {
    id: Uuid,
    number: i64,
    account: String,
    customer: String,
    customer_name: String,
    currency: String,
    usable_minor: i64,
    effective_on: NaiveDate,
    expires_on: Option<NaiveDate>,
}

const GRANTS: &str = "credit_grants g
    JOIN receivable_accounts a ON a.id = g.account_id
    JOIN customers c ON c.id = a.customer_id";

/// What would have lapsed by a day if a policy were in force for all credit of its class, tag and currency: which
/// grants, how much. Nothing is written. For whoever sets policies or works with credit.
pub async fn simulate(ctx: &Ctx, command: ExpirySimulation) -> Result<ExpirySimulated, AppError> {
    if !ctx.actor.holds(Right::ManageExpiry) {
        ctx.actor.require(Right::ApplyCredits)?;
    }
    let policy = command.policy.parse(ctx.today())?;
    let through = match command.through.trim() {
        "" => ctx.today(),
        text => read_date(text).ok_or_else(|| Refusal::NotADate.at("through"))?,
    };
    let mut conditions = Conditions::default();
    conditions.equal("g.class", policy.class.code());
    conditions.and("g.remaining_minor > 0 AND g.remaining_minor > g.reserved_minor");
    conditions.with("(g.expires_on IS NULL OR g.expires_on >= ?)", ctx.today());
    if let Some(currency) = policy.currency {
        conditions.equal("g.currency", currency.code());
    }
    if !policy.tag.is_empty() {
        let tag = "EXISTS (SELECT 1 FROM customer_tags t WHERE t.customer_id = a.customer_id AND t.tag = ?)";
        conditions.with(tag, policy.tag.clone());
    }
    let counting = format!(
        "SELECT COUNT(*) AS count FROM {GRANTS} WHERE {}",
        conditions.sql()
    );
    let of_grants = sql::count(ctx, &counting, conditions.values()).await?;
    let Some(border) = policy.rule.latest_lapsed_on(through) else {
        return Ok(ExpirySimulated {
            through,
            grants: 0,
            totals: Vec::new(),
            of_grants,
            listed: Vec::new(),
        });
    };
    conditions.with("g.effective_on <= ?", border);
    // What lapses by then anyway is not the policy's doing.
    conditions.with("(g.expires_on IS NULL OR g.expires_on >= ?)", through);
    let statement = format!(
        "SELECT g.currency, COUNT(*) AS count, CAST(SUM(g.remaining_minor - g.reserved_minor) AS bigint) AS minor
        FROM {GRANTS} WHERE {} GROUP BY g.currency ORDER BY count DESC, g.currency",
        conditions.sql()
    );
    let totals = sql::all::<TotalRow>(ctx, &statement, conditions.values()).await?;
    let statement = format!(
        "SELECT g.id, g.number, a.number AS account, c.number AS customer, c.name AS customer_name, g.currency,
            g.remaining_minor - g.reserved_minor AS usable_minor, g.effective_on, g.expires_on
        FROM {GRANTS} WHERE {} ORDER BY g.effective_on, g.number LIMIT {LISTED_GRANTS}",
        conditions.sql()
    );
    let rows = sql::all::<GrantRow>(ctx, &statement, conditions.values()).await?;
    let listed = rows
        .into_iter()
        .filter_map(|row| simulated(row, policy.class, policy.rule).transpose());
    Ok(ExpirySimulated {
        through,
        grants: totals.iter().map(|row| row.count.unsigned_abs()).sum(),
        of_grants,
        listed: listed.collect::<Result<_, DbErr>>()?,
        totals: totals
            .iter()
            .map(|row| sql::money(row.minor, &row.currency))
            .collect::<Result<_, DbErr>>()?,
    })
}

fn simulated(
    row: GrantRow,
    class: CreditClass,
    rule: ExpiryRule,
) -> Result<Option<SimulatedLapse>, DbErr> {
    let Some(would_expire_on) = rule.last_usable_day(row.effective_on) else {
        return Ok(None);
    };
    Ok(Some(SimulatedLapse {
        grant: CreditGrantId(row.id),
        number: row.number,
        on: AccountRef {
            account: row.account,
            customer: row.customer,
            customer_name: row.customer_name,
        },
        class,
        amount: sql::money(row.usable_minor, &row.currency)?,
        effective_on: row.effective_on,
        expires_on: row.expires_on,
        would_expire_on,
    }))
}

#[derive(FromQueryResult)]
struct LeadDays {
    lead_days: i32,
}

#[derive(FromQueryResult)]
struct NoticeRow {
    id: Uuid,
    number: i64,
    account: String,
    customer: String,
    customer_name: String,
    class: String,
    currency: String,
    usable_minor: i64,
    expires_on: NaiveDate,
}

/// The notices due on `day`: each grant with something left whose last usable day is one of its leads away, by
/// customer. Leads are those of the policy version it was born under, else the default ones; a lead before the
/// grant's own day does not exist. Asked for every day that passes, each grant comes once per lead.
/// Source: domain rules, section 7.
pub async fn notices_due(ctx: &Ctx, day: NaiveDate) -> Result<Vec<DueNotice>, AppError> {
    ctx.actor.require(Right::ReadCustomers)?;
    let statement = "SELECT DISTINCT lead_days FROM expiry_policy_leads";
    let known = sql::all::<LeadDays>(ctx, statement, vec![]).await?;
    let mut leads: Vec<u32> = known
        .iter()
        .map(|row| row.lead_days.unsigned_abs())
        .collect();
    leads.extend(DEFAULT_NOTICE_LEADS);
    leads.sort_unstable();
    leads.dedup();
    let mut conditions = Conditions::default();
    conditions.and("g.remaining_minor > 0 AND g.remaining_minor > g.reserved_minor");
    conditions.with("g.effective_on <= ?", day);
    let mut due = Vec::with_capacity(leads.len());
    for lead in leads {
        let Some(expires_on) = day.checked_add_days(Days::new(lead.into())) else {
            continue;
        };
        let expires_on = conditions.bind(expires_on);
        let lead_days = conditions.bind(i64::from(lead));
        let by_default = match DEFAULT_NOTICE_LEADS.contains(&lead) {
            true => "g.policy_version_id IS NULL OR ",
            false => "",
        };
        due.push(format!(
            "(g.expires_on = {expires_on} AND ({by_default}EXISTS (SELECT 1 FROM expiry_policy_leads l
                WHERE l.version_id = g.policy_version_id AND l.lead_days = {lead_days})))"
        ));
    }
    conditions.and(format!("({})", due.join(" OR ")));
    let statement = format!(
        "SELECT g.id, g.number, a.number AS account, c.number AS customer, c.name AS customer_name, g.class,
            g.currency, g.remaining_minor - g.reserved_minor AS usable_minor, g.expires_on
        FROM {GRANTS} WHERE {} ORDER BY c.number, g.expires_on, g.number",
        conditions.sql()
    );
    let rows = sql::all::<NoticeRow>(ctx, &statement, conditions.values()).await?;
    let notices = rows.into_iter().map(|row| notice(row, day));
    Ok(notices.collect::<Result<_, DbErr>>()?)
}

fn notice(row: NoticeRow, day: NaiveDate) -> Result<DueNotice, DbErr> {
    let lead_days = u32::try_from((row.expires_on - day).num_days())
        .map_err(|_| unreadable("credit_grants.expires_on", &row.expires_on.to_string()))?;
    Ok(DueNotice {
        grant: CreditGrantId(row.id),
        number: row.number,
        on: AccountRef {
            account: row.account,
            customer: row.customer,
            customer_name: row.customer_name,
        },
        class: class(&row.class)?,
        remaining: sql::money(row.usable_minor, &row.currency)?,
        expires_on: row.expires_on,
        lead_days,
    })
}
