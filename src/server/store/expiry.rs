//! Expiry policies, changes of lapse dates, and which accounts hold credit that is due to lapse.

use super::Tx;
use super::sql;
use crate::domain::credit::CreditClass;
use crate::domain::expiry::{ExpiryCounting, ExpiryRule, GrantTerms, PolicyInForce};
use crate::domain::ids::{
    CreditGrantId, CustomerId, ExpiryPolicyId, ExpiryPolicyVersionId, ImportId, ReceivableAccountId,
};
use crate::domain::money::Currency;
use crate::server::context::Ctx;
use chrono::NaiveDate;
use sea_orm::{DbErr, FromQueryResult, Value};
use uuid::Uuid;

#[derive(FromQueryResult)]
struct PolicyRow {
    version_id: Uuid,
    tag: String,
    currency: String,
    counting: String,
    length: i32,
    minimum_life_days: i32,
}

/// The policies for a class, each with its version in force on `day`.
pub async fn in_force(
    tx: &Tx,
    class: CreditClass,
    day: NaiveDate,
) -> Result<Vec<PolicyInForce>, DbErr> {
    let statement =
        "SELECT v.id AS version_id, p.tag, p.currency, v.counting, v.length, v.minimum_life_days
        FROM expiry_policies p JOIN expiry_policy_versions v ON v.policy_id = p.id
        WHERE p.class = $1 AND v.in_force_from <= $2
            AND NOT EXISTS (SELECT 1 FROM expiry_policy_versions l
                WHERE l.policy_id = p.id AND l.in_force_from <= $2 AND l.version > v.version)";
    let values = vec![class.code().into(), day.into()];
    let rows = sql::all::<PolicyRow>(tx, statement, values).await?;
    rows.into_iter().map(|row| policy(row, class)).collect()
}

fn policy(row: PolicyRow, class: CreditClass) -> Result<PolicyInForce, DbErr> {
    let unreadable =
        |column: &str| DbErr::Type(format!("expiry policies: {column} holds an unknown value"));
    let whole = |number: i32| u32::try_from(number).map_err(|_| unreadable("length"));
    let currency = match row.currency.as_str() {
        "" => None,
        code => Some(
            code.parse::<Currency>()
                .map_err(|_| unreadable("currency"))?,
        ),
    };
    Ok(PolicyInForce {
        version: ExpiryPolicyVersionId(row.version_id),
        class,
        tag: Some(row.tag).filter(|tag| !tag.is_empty()),
        currency,
        rule: ExpiryRule {
            counting: ExpiryCounting::from_code(&row.counting)
                .ok_or_else(|| unreadable("counting"))?,
            length: whole(row.length)?,
            minimum_life_days: whole(row.minimum_life_days)?,
        },
    })
}

#[derive(FromQueryResult)]
struct TagRow {
    tag: String,
}

/// The tags of a customer.
pub async fn tags_of(tx: &Tx, customer: CustomerId) -> Result<Vec<String>, DbErr> {
    let statement = "SELECT tag FROM customer_tags WHERE customer_id = $1";
    let rows = sql::all::<TagRow>(tx, statement, vec![customer.0.into()]).await?;
    Ok(rows.into_iter().map(|row| row.tag).collect())
}

/// Where credit is due to lapse: something that no request has set aside is left past its last usable day.
const DUE: &str = "remaining_minor > 0 AND remaining_minor > reserved_minor AND expires_on < $1";

#[derive(FromQueryResult)]
struct AccountRow {
    account_id: Uuid,
}

/// The next accounts with credit that has lapsed by `day`, in the order of their ids.
pub async fn next_due(
    tx: &Tx,
    day: NaiveDate,
    after: Uuid,
    limit: u32,
) -> Result<Vec<ReceivableAccountId>, DbErr> {
    let statement = format!(
        "SELECT DISTINCT account_id FROM credit_grants WHERE {DUE} AND account_id > $2
        ORDER BY account_id LIMIT {limit}"
    );
    let rows = sql::all::<AccountRow>(tx, &statement, vec![day.into(), after.into()]).await?;
    let accounts = rows
        .into_iter()
        .map(|row| ReceivableAccountId(row.account_id));
    Ok(accounts.collect())
}

#[derive(FromQueryResult)]
struct Count {
    count: i64,
}

/// How many accounts [`next_due`] will find.
pub async fn count_due(tx: &Tx, day: NaiveDate) -> Result<u64, DbErr> {
    let statement =
        format!("SELECT COUNT(DISTINCT account_id) AS count FROM credit_grants WHERE {DUE}");
    let rows = sql::all::<Count>(tx, &statement, vec![day.into()]).await?;
    Ok(rows.first().map_or(0, |row| row.count.unsigned_abs()))
}

/// A grant's lapse date changed.
#[derive(Clone, Debug)]
pub struct ExpiryChange<'a> {
    pub grant: CreditGrantId,
    pub before_on: Option<NaiveDate>,
    pub after_on: Option<NaiveDate>,
    pub reason: &'a str,
}

/// The grant has the new last usable day, and the change stands in its history.
pub async fn change_expiry(tx: &Tx, ctx: &Ctx, change: &ExpiryChange<'_>) -> Result<(), DbErr> {
    let statement = "UPDATE credit_grants SET expires_on = $1 WHERE id = $2";
    let values = vec![change.after_on.into(), change.grant.0.into()];
    sql::execute(tx, statement, values).await?;
    let columns = [
        "id",
        "grant_id",
        "changed_on",
        "before_on",
        "after_on",
        "reason",
        "recorded_at",
        "recorded_by",
    ];
    let row: Vec<Value> = vec![
        Uuid::now_v7().into(),
        change.grant.0.into(),
        ctx.today().into(),
        change.before_on.into(),
        change.after_on.into(),
        change.reason.into(),
        ctx.clock.now().into(),
        ctx.actor.label().into(),
    ];
    sql::insert_rows(tx, "grant_expiry_changes", &columns, vec![row]).await
}

/// Which credit a policy is for; `None` for all.
#[derive(Clone, Debug)]
pub struct PolicyKey<'a> {
    pub class: CreditClass,
    pub tag: &'a str,
    pub currency: Option<Currency>,
}

/// The latest version of a policy.
#[derive(Clone, Copy, Debug, FromQueryResult)]
pub struct LatestVersion {
    pub policy_id: Uuid,
    pub version: i32,
    pub in_force_from: NaiveDate,
}

/// The latest version of the policy for exactly this credit. Nobody else changes policies until the transaction ends.
pub async fn latest_version(tx: &Tx, key: &PolicyKey<'_>) -> Result<Option<LatestVersion>, DbErr> {
    sql::lock_table(tx, "expiry_policies").await?;
    let statement = "SELECT v.policy_id, v.version, v.in_force_from
        FROM expiry_policies p JOIN expiry_policy_versions v ON v.policy_id = p.id
        WHERE p.class = $1 AND p.tag = $2 AND p.currency = $3 ORDER BY v.version DESC LIMIT 1";
    let rows = sql::all::<LatestVersion>(tx, statement, key_values(key)).await?;
    Ok(rows.into_iter().next())
}

fn key_values(key: &PolicyKey<'_>) -> Vec<Value> {
    vec![
        key.class.code().into(),
        key.tag.into(),
        key.currency
            .map_or_else(String::new, |currency| currency.code().to_owned())
            .into(),
    ]
}

/// A policy for credit that has none yet; its first version is written apart.
pub async fn insert_policy(
    tx: &Tx,
    ctx: &Ctx,
    id: ExpiryPolicyId,
    key: &PolicyKey<'_>,
) -> Result<(), DbErr> {
    let mut row: Vec<Value> = vec![id.0.into()];
    row.extend(key_values(key));
    row.push(ctx.clock.now().into());
    let columns = ["id", "class", "tag", "currency", "created_at"];
    sql::insert_rows(tx, "expiry_policies", &columns, vec![row]).await
}

/// A version of a policy to be written.
#[derive(Clone, Debug)]
pub struct NewPolicyVersion<'a> {
    pub id: ExpiryPolicyVersionId,
    pub policy: ExpiryPolicyId,
    pub version: i32,
    pub in_force_from: NaiveDate,
    pub rule: ExpiryRule,
    pub leads: &'a [u32],
    pub reason: &'a str,
}

pub async fn insert_version(
    tx: &Tx,
    ctx: &Ctx,
    version: &NewPolicyVersion<'_>,
) -> Result<(), DbErr> {
    let whole = |number: u32| {
        i32::try_from(number).map_err(|_| DbErr::Type("a policy counts too far".to_owned()))
    };
    let columns = [
        "id",
        "policy_id",
        "version",
        "in_force_from",
        "counting",
        "length",
        "minimum_life_days",
        "reason",
        "recorded_at",
        "recorded_by",
    ];
    let row: Vec<Value> = vec![
        version.id.0.into(),
        version.policy.0.into(),
        version.version.into(),
        version.in_force_from.into(),
        version.rule.counting.code().into(),
        whole(version.rule.length)?.into(),
        whole(version.rule.minimum_life_days)?.into(),
        version.reason.into(),
        ctx.clock.now().into(),
        ctx.actor.label().into(),
    ];
    sql::insert_rows(tx, "expiry_policy_versions", &columns, vec![row]).await?;
    let mut leads: Vec<Vec<Value>> = Vec::with_capacity(version.leads.len());
    for lead in version.leads {
        leads.push(vec![version.id.0.into(), whole(*lead)?.into()]);
    }
    sql::insert_rows(
        tx,
        "expiry_policy_leads",
        &["version_id", "lead_days"],
        leads,
    )
    .await
}

/// What decides the terms of a grant: grants that are alike in it are born alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BornAlike {
    pub customer: CustomerId,
    pub currency: Currency,
    pub class: CreditClass,
    pub effective_on: NaiveDate,
}

/// A grant an import wrote without a lapse date.
#[derive(Clone, Copy, Debug)]
pub struct ImportedGrant {
    pub id: CreditGrantId,
    pub born: BornAlike,
}

#[derive(FromQueryResult)]
struct ImportedRow {
    id: Uuid,
    customer_id: Uuid,
    currency: String,
    class: String,
    effective_on: NaiveDate,
}

/// The grants an import wrote without a lapse date, where a policy for their class is in force on their own day.
pub async fn imported_under_policies(
    tx: &Tx,
    import: ImportId,
) -> Result<Vec<ImportedGrant>, DbErr> {
    let statement = "SELECT g.id, a.customer_id, g.currency, g.class, g.effective_on
        FROM credit_grants g JOIN receivable_accounts a ON a.id = g.account_id
        WHERE g.expires_on IS NULL
            AND g.id IN (
                SELECT grant_id FROM import_invoices WHERE import_id = $1 AND grant_id IS NOT NULL
                UNION ALL
                SELECT grant_id FROM import_payments WHERE import_id = $1 AND grant_id IS NOT NULL)
            AND EXISTS (SELECT 1 FROM expiry_policies p JOIN expiry_policy_versions v ON v.policy_id = p.id
                WHERE p.class = g.class AND v.in_force_from <= g.effective_on)";
    let rows = sql::all::<ImportedRow>(tx, statement, vec![import.0.into()]).await?;
    let unreadable = || DbErr::Type("credit_grants holds an unknown value".to_owned());
    let grants = rows.into_iter().map(|row| {
        Ok(ImportedGrant {
            id: CreditGrantId(row.id),
            born: BornAlike {
                customer: CustomerId(row.customer_id),
                currency: row.currency.parse().map_err(|_| unreadable())?,
                class: CreditClass::from_code(&row.class).ok_or_else(unreadable)?,
                effective_on: row.effective_on,
            },
        })
    });
    grants.collect()
}

/// Grants named in one statement at most.
const GRANTS_PER_STATEMENT: usize = 500;

/// These grants, just written, have these terms; their priority stays.
pub async fn set_terms(tx: &Tx, terms: &GrantTerms, grants: &[CreditGrantId]) -> Result<(), DbErr> {
    for chunk in grants.chunks(GRANTS_PER_STATEMENT) {
        let statement = format!(
            "UPDATE credit_grants SET expires_on = $1, policy_version_id = $2 WHERE id IN ({})",
            sql::placeholders(3, chunk.len())
        );
        let mut values: Vec<Value> = vec![
            terms.expires_on.into(),
            terms.policy_version.map(|version| version.0).into(),
        ];
        values.extend(chunk.iter().map(|grant| Value::from(grant.0)));
        sql::execute(tx, &statement, values).await?;
    }
    Ok(())
}
