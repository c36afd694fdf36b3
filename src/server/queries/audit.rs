//! The audit trail: who did what to which record, when and why.

use super::sql::{self, Conditions};
use crate::domain::ids::CustomerId;
use crate::domain::money::Money;
use crate::domain::rights::Right;
use crate::dto::audit::{
    Act, AuditDetail, AuditFilter, AuditRow, AuditSubject, DetailValue, SubjectKind,
};
use crate::dto::error::{AppError, Refusal};
use crate::dto::form::Reader;
use crate::dto::page::{Page, PageRequest};
use crate::server::context::Ctx;
use chrono::{DateTime, Datelike, Utc};
use sea_orm::{DbErr, FromQueryResult};
use serde_json::{Map, Value};
use std::collections::HashMap;
use uuid::Uuid;

/// Acts that match, newest first; one page of them. For whoever manages people or reads the journal.
pub async fn list(
    ctx: &Ctx,
    filter: &AuditFilter,
    page: &PageRequest,
) -> Result<Page<AuditRow>, AppError> {
    if !ctx.actor.holds(Right::ManageUsers) {
        ctx.actor.require(Right::ReadJournal)?;
    }
    let conditions = conditions(ctx, filter)?;
    page_of(ctx, &conditions, page).await
}

/// What was done to a customer and to what is its own, newest first. Who asks is checked by the caller.
pub(super) async fn of_customer(
    ctx: &Ctx,
    customer: CustomerId,
    page: &PageRequest,
) -> Result<Page<AuditRow>, AppError> {
    let mut conditions = Conditions::default();
    conditions.equal("h.customer_id", customer.0);
    page_of(ctx, &conditions, page).await
}

async fn page_of(
    ctx: &Ctx,
    conditions: &Conditions,
    page: &PageRequest,
) -> Result<Page<AuditRow>, AppError> {
    let counting = format!(
        "SELECT COUNT(*) AS count FROM audit_events h WHERE {}",
        conditions.sql()
    );
    let total = sql::count(ctx, &counting, conditions.values()).await?;
    let statement = format!(
        "SELECT h.recorded_at, h.actor, h.act, h.subject_kind, h.subject_id, h.reason, h.details
        FROM audit_events h WHERE {} ORDER BY h.recorded_at DESC, h.id DESC {}",
        conditions.sql(),
        sql::limit(page)
    );
    let events: Vec<EventRow> = sql::all(ctx, &statement, conditions.values()).await?;
    let names = names(ctx, &events).await?;
    let rows = events.into_iter().map(|event| row(event, &names)).collect();
    Ok(Page { rows, total })
}

fn conditions(ctx: &Ctx, filter: &AuditFilter) -> Result<Conditions, AppError> {
    let mut reader = Reader::default();
    let mut conditions = Conditions::default();
    if !filter.act.is_empty() {
        match Act::from_code(&filter.act) {
            Some(act) => conditions.equal("h.act", act.code()),
            None => reader.refuse("act", Refusal::UnknownChoice),
        }
    }
    if !filter.actor.trim().is_empty() {
        // SQLite makes only A to Z small, so that other letters must be found as they are typed.
        let small = conditions.bind(sql::contains(&filter.actor));
        let typed = conditions.bind(sql::contains_as_typed(&filter.actor));
        conditions.and(format!(
            "(lower(h.actor) LIKE {small} ESCAPE '!' OR h.actor LIKE {typed} ESCAPE '!')"
        ));
    }
    if !filter.from.trim().is_empty()
        && let Some(from) = reader.date("from", &filter.from)
    {
        conditions.with("h.recorded_at >= ?", ctx.clock.start_of(from));
    }
    if !filter.to.trim().is_empty()
        && let Some(to) = reader.date("to", &filter.to)
        // Nothing is recorded in a year of five digits, which the databases cannot compare.
        && let Some(next) = to.succ_opt().filter(|next| next.year() <= 9999)
    {
        conditions.with("h.recorded_at < ?", ctx.clock.start_of(next));
    }
    reader.finish(Some(conditions))
}

#[derive(FromQueryResult)]
struct EventRow {
    recorded_at: DateTime<Utc>,
    actor: String,
    act: String,
    subject_kind: String,
    subject_id: String,
    reason: Option<String>,
    details: String,
}

/// How records of each kind are called: number or name, whose they are, and the document that shows them.
const NAMES: &[(SubjectKind, &str)] = &[
    (
        SubjectKind::Customer,
        "c.id, c.id AS shown_by, c.number AS label, c.name AS of_whom FROM customers c WHERE c.id",
    ),
    (
        SubjectKind::ReceivableAccount,
        "a.id, a.id AS shown_by, a.number AS label, c.name AS of_whom
        FROM receivable_accounts a JOIN customers c ON c.id = a.customer_id WHERE a.id",
    ),
    (
        SubjectKind::Invoice,
        "i.id, i.id AS shown_by, COALESCE(i.number, '') AS label, c.name AS of_whom
        FROM invoices i JOIN receivable_accounts a ON a.id = i.account_id
            JOIN customers c ON c.id = a.customer_id WHERE i.id",
    ),
    (
        SubjectKind::CreditNote,
        "n.id, n.id AS shown_by, COALESCE(n.number, '') AS label, c.name AS of_whom
        FROM credit_notes n JOIN receivable_accounts a ON a.id = n.account_id
            JOIN customers c ON c.id = a.customer_id WHERE n.id",
    ),
    (
        SubjectKind::Payment,
        "p.id, p.id AS shown_by, CAST(p.number AS text) AS label, c.name AS of_whom
        FROM payments p JOIN receivable_accounts a ON a.id = p.account_id
            JOIN customers c ON c.id = a.customer_id WHERE p.id",
    ),
    (
        SubjectKind::Application,
        "s.id, s.invoice_id AS shown_by, COALESCE(i.number, '') AS label, c.name AS of_whom
        FROM applications s JOIN invoices i ON i.id = s.invoice_id
            JOIN receivable_accounts a ON a.id = s.account_id
            JOIN customers c ON c.id = a.customer_id WHERE s.id",
    ),
    (
        SubjectKind::Grant,
        "g.id, g.id AS shown_by, CAST(g.number AS text) AS label, c.name AS of_whom
        FROM credit_grants g JOIN receivable_accounts a ON a.id = g.account_id
            JOIN customers c ON c.id = a.customer_id WHERE g.id",
    ),
    (
        SubjectKind::Request,
        "q.id, q.id AS shown_by, CAST(q.number AS text) AS label, c.name AS of_whom
        FROM requests q JOIN receivable_accounts a ON a.id = q.account_id
            JOIN customers c ON c.id = a.customer_id WHERE q.id",
    ),
    (
        SubjectKind::CreditRun,
        "r.id, r.id AS shown_by, CAST(r.number AS text) AS label, '' AS of_whom FROM credit_runs r WHERE r.id",
    ),
    (
        SubjectKind::Promotion,
        "m.id, m.id AS shown_by, m.code AS label, '' AS of_whom FROM promotions m WHERE m.id",
    ),
    (
        SubjectKind::PromotionRun,
        "n.id, n.id AS shown_by, m.code AS label, '' AS of_whom
        FROM promotion_runs n JOIN promotions m ON m.id = n.promotion_id WHERE n.id",
    ),
    (
        SubjectKind::User,
        "u.id, u.id AS shown_by, u.name AS label, u.email AS of_whom FROM users u WHERE u.id",
    ),
    (
        SubjectKind::Token,
        "t.id, t.id AS shown_by, t.name AS label, '' AS of_whom FROM api_tokens t WHERE t.id",
    ),
];

#[derive(FromQueryResult)]
struct NameRow {
    kind: String,
    id: Uuid,
    shown_by: Uuid,
    label: String,
    of_whom: String,
}

/// The names of all records on the page, in one statement.
async fn names(ctx: &Ctx, events: &[EventRow]) -> Result<HashMap<(String, Uuid), NameRow>, DbErr> {
    let mut conditions = Conditions::default();
    let mut selects = Vec::new();
    for (kind, select) in NAMES {
        let of_kind = events
            .iter()
            .filter(|event| event.subject_kind == kind.code());
        let mut ids: Vec<Uuid> = of_kind
            .filter_map(|event| event.subject_id.parse().ok())
            .collect();
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() {
            continue;
        }
        let ids: Vec<String> = ids.into_iter().map(|id| conditions.bind(id)).collect();
        selects.push(format!(
            "SELECT '{}' AS kind, {select} IN ({})",
            kind.code(),
            ids.join(", ")
        ));
    }
    if selects.is_empty() {
        return Ok(HashMap::new());
    }
    let statement = selects.join(" UNION ALL ");
    let rows: Vec<NameRow> = sql::all(ctx, &statement, conditions.values()).await?;
    let named = rows
        .into_iter()
        .map(|row| ((row.kind.clone(), row.id), row));
    Ok(named.collect())
}

fn row(event: EventRow, names: &HashMap<(String, Uuid), NameRow>) -> AuditRow {
    let id = event.subject_id.parse().ok();
    let name = id.and_then(|id| names.get(&(event.subject_kind.clone(), id)));
    AuditRow {
        recorded_at: event.recorded_at,
        actor: event.actor,
        act: event.act,
        subject: AuditSubject {
            kind: event.subject_kind,
            id: event.subject_id,
            shown_by: name.map(|name| name.shown_by),
            label: name.map_or_else(String::new, |name| name.label.clone()),
            of_whom: name.map_or_else(String::new, |name| name.of_whom.clone()),
        },
        reason: event.reason,
        details: details(&event.details),
    }
}

/// `{"before": …, "after": …}` becomes what changed, field by field; other fields are stated as they are.
fn details(text: &str) -> Vec<AuditDetail> {
    let Ok(Value::Object(mut noted)) = serde_json::from_str(text) else {
        return Vec::new();
    };
    let before = noted.remove("before");
    let after = noted.remove("after");
    let mut details: Vec<AuditDetail> = noted
        .into_iter()
        .map(|(name, value)| stated(name, value))
        .collect();
    match (before, after) {
        (None, None) => {}
        (None, Some(Value::Object(after))) => {
            details.extend(after.into_iter().map(|(name, value)| stated(name, value)));
        }
        (Some(Value::Object(before)), Some(Value::Object(after))) => {
            details.extend(changes(before, after));
        }
        (before, after) => details.push(AuditDetail {
            name: String::new(),
            before: Some(read(before.unwrap_or_default())),
            after: read(after.unwrap_or_default()),
        }),
    }
    details
}

fn stated(name: String, value: Value) -> AuditDetail {
    AuditDetail {
        name,
        before: None,
        after: read(value),
    }
}

fn changes(mut before: Map<String, Value>, after: Map<String, Value>) -> Vec<AuditDetail> {
    let mut changes = Vec::new();
    for (name, after) in after {
        let before = before.remove(&name).unwrap_or_default();
        changes.push((name, before, after));
    }
    changes.extend(
        before
            .into_iter()
            .map(|(name, before)| (name, before, Value::Null)),
    );
    changes
        .into_iter()
        .filter(|(_, before, after)| before != after)
        .map(|(name, before, after)| AuditDetail {
            name,
            before: Some(read(before)),
            after: read(after),
        })
        .collect()
}

fn read(value: Value) -> DetailValue {
    match value {
        Value::Null => DetailValue::Nothing,
        Value::Bool(flag) => DetailValue::Flag(flag),
        Value::Number(number) => DetailValue::Text(number.to_string()),
        Value::String(text) if text.is_empty() => DetailValue::Nothing,
        Value::String(text) => DetailValue::Text(text),
        Value::Array(values) => list_of(values.into_iter().collect()),
        Value::Object(fields) => match serde_json::from_value::<Money>(fields.clone().into()) {
            Ok(amount) => DetailValue::Amount(amount),
            Err(_) => list_of(fields.into_iter().map(|(_, value)| value).collect()),
        },
    }
}

fn list_of(values: Vec<Value>) -> DetailValue {
    let values: Vec<DetailValue> = values
        .into_iter()
        .map(read)
        .filter(|value| *value != DetailValue::Nothing)
        .collect();
    match values.is_empty() {
        true => DetailValue::Nothing,
        false => DetailValue::List(values),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::Currency;

    fn text(text: &str) -> DetailValue {
        DetailValue::Text(text.to_owned())
    }

    fn detail(name: &str, before: Option<DetailValue>, after: DetailValue) -> AuditDetail {
        AuditDetail {
            name: name.to_owned(),
            before,
            after,
        }
    }

    #[test]
    fn only_what_changed_is_shown_of_before_and_after() {
        let noted = r#"{"before": {"name": "Ada", "city": "Bonn", "phone": ""},
            "after": {"name": "Ada", "city": "Köln", "phone": "1"}}"#;
        assert_eq!(
            details(noted),
            [
                detail("city", Some(text("Bonn")), text("Köln")),
                detail("phone", Some(DetailValue::Nothing), text("1")),
            ]
        );
    }

    #[test]
    fn a_value_without_a_name_changes_too() {
        assert_eq!(
            details(r#"{"before": null, "after": "2026-05-31"}"#),
            [detail("", Some(DetailValue::Nothing), text("2026-05-31"))]
        );
        assert_eq!(
            details(r#"{"before": ["cashier"], "after": ["admin", "cashier"]}"#),
            [detail(
                "",
                Some(DetailValue::List(vec![text("cashier")])),
                DetailValue::List(vec![text("admin"), text("cashier")])
            )]
        );
    }

    #[test]
    fn amounts_are_known_as_amounts_and_other_fields_stated() {
        let noted = r#"{"amount": {"amount": "95.00", "currency": "EUR"}, "invoices": 2}"#;
        let amount = DetailValue::Amount(Money::new(95_00, Currency::EUR));
        assert_eq!(
            details(noted),
            [
                detail("amount", None, amount),
                detail("invoices", None, text("2")),
            ]
        );
        assert_eq!(details("{}"), []);
        assert_eq!(details("not JSON"), []);
    }
}
