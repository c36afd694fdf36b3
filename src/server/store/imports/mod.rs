//! Imports: what was read is staged in tables of its own, from which one transaction posts it into the books.

pub mod post;
pub mod stage;

use super::Tx;
use super::numbers::{self, Sequence};
use super::sql;
use crate::domain::ids::ImportId;
use crate::dto::imports::{ImportFinding, ImportKind, ImportState, ImportSummary, TextEncoding};
use crate::server::context::Ctx;
use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DatabaseBackend, DbErr, FromQueryResult, Value};
use uuid::Uuid;

/// An import about to be read.
pub struct NewImport<'a> {
    pub id: ImportId,
    pub kind: ImportKind,
    pub mapping: &'a str,
    pub file_name: &'a str,
    pub encoding: TextEncoding,
    pub rounding: bool,
}

pub async fn insert(tx: &Tx, ctx: &Ctx, import: &NewImport<'_>) -> Result<(), DbErr> {
    let number = numbers::next(tx, Sequence::Imports, 1).await?[0];
    let sql = "INSERT INTO imports (id, number, kind, mapping, file_name, encoding, rounding, state, summary,
            created_at, created_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let values: Vec<Value> = vec![
        import.id.0.into(),
        number.into(),
        import.kind.code().into(),
        import.mapping.into(),
        import.file_name.into(),
        import.encoding.code().into(),
        import.rounding.into(),
        ImportState::Reading.code().into(),
        "{}".into(),
        ctx.clock.now().into(),
        ctx.actor.label().into(),
    ];
    sql::execute(tx, sql, values).await?;
    Ok(())
}

/// An import whose row this transaction holds.
#[derive(Clone, Debug)]
pub struct LockedImport {
    pub id: ImportId,
    pub mapping: String,
    pub state: ImportState,
    pub summary: ImportSummary,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    mapping: String,
    state: String,
    summary: String,
}

/// Locks an import until the transaction ends.
pub async fn lock(tx: &Tx, id: ImportId) -> Result<Option<LockedImport>, DbErr> {
    let sql = format!(
        "SELECT id, mapping, state, summary FROM imports WHERE id = $1{}",
        for_update(tx)
    );
    let rows = sql::all::<Row>(tx, &sql, vec![id.0.into()]).await?;
    let Some(row) = rows.into_iter().next() else {
        return Ok(None);
    };
    Ok(Some(LockedImport {
        id: ImportId(row.id),
        mapping: row.mapping,
        state: ImportState::from_code(&row.state)
            .ok_or_else(|| DbErr::Type("imports.state holds an unknown value".to_owned()))?,
        summary: summary(&row.summary)?,
    }))
}

/// Row locks where the engine has them; SQLite has one writer.
fn for_update(tx: &Tx) -> &'static str {
    match tx.connection.get_database_backend() {
        DatabaseBackend::Postgres => " FOR UPDATE",
        _ => "",
    }
}

fn summary(text: &str) -> Result<ImportSummary, DbErr> {
    serde_json::from_str(text)
        .map_err(|_| DbErr::Type("imports.summary holds no summary".to_owned()))
}

/// Moves an import on, with its summary; posting notes who and when.
pub async fn set_state(
    tx: &Tx,
    ctx: &Ctx,
    id: ImportId,
    state: ImportState,
    summary: &ImportSummary,
) -> Result<(), DbErr> {
    let posted_at: Option<DateTime<Utc>> = (state == ImportState::Posted).then(|| ctx.clock.now());
    let posted_by = posted_at.map(|_| ctx.actor.label());
    let summary = serde_json::to_string(summary)
        .map_err(|_| DbErr::Type("a summary that cannot be written".to_owned()))?;
    let sql =
        "UPDATE imports SET state = $1, summary = $2, posted_at = $3, posted_by = $4 WHERE id = $5";
    let values: Vec<Value> = vec![
        state.code().into(),
        summary.into(),
        posted_at.into(),
        posted_by.into(),
        id.0.into(),
    ];
    sql::execute(tx, sql, values).await?;
    Ok(())
}

/// Keeps findings, the first of them at `first_position`.
pub async fn insert_findings(
    tx: &Tx,
    id: ImportId,
    first_position: u32,
    findings: &[ImportFinding],
) -> Result<(), DbErr> {
    let columns = [
        "import_id",
        "position",
        "line",
        "field",
        "given",
        "refused",
        "problem",
    ];
    let mut rows = Vec::with_capacity(findings.len());
    for (finding, position) in findings.iter().zip(first_position..) {
        let problem = serde_json::to_string(&finding.problem)
            .map_err(|_| DbErr::Type("a problem that cannot be written".to_owned()))?;
        rows.push(vec![
            id.0.into(),
            whole(position)?.into(),
            whole(finding.line)?.into(),
            finding.field.as_str().into(),
            finding.given.as_str().into(),
            finding.problem.refuses().into(),
            problem.into(),
        ]);
    }
    sql::insert_rows(tx, "import_findings", &columns, rows).await
}

fn whole(number: u32) -> Result<i32, DbErr> {
    i32::try_from(number).map_err(|_| DbErr::Type("more lines than can be counted".to_owned()))
}

/// The staging tables, in the order in which they are emptied.
const STAGED: &[&str] = &[
    "import_journal_lines",
    "import_applications",
    "import_payments",
    "import_invoice_taxes",
    "import_invoice_lines",
    "import_invoices",
    "import_accounts",
    "import_aliases",
    "import_customers",
];

/// Takes away what an import staged; the import and its findings stay.
pub async fn delete_staged(tx: &Tx, id: ImportId) -> Result<(), DbErr> {
    for table in STAGED {
        let sql = format!("DELETE FROM {table} WHERE import_id = $1");
        sql::execute(tx, &sql, vec![id.0.into()]).await?;
    }
    Ok(())
}

#[derive(FromQueryResult)]
struct IdRow {
    id: Uuid,
}

/// Imports begun before `before` that were never posted, or whose staged rows were left behind.
pub async fn abandoned(tx: &Tx, before: DateTime<Utc>) -> Result<Vec<ImportId>, DbErr> {
    let sql = "SELECT i.id FROM imports i
        WHERE i.created_at < $1 AND i.state IN ('reading', 'checked')
        UNION SELECT i.id FROM imports i
        WHERE i.state = 'posted' AND EXISTS (SELECT 1 FROM import_accounts a WHERE a.import_id = i.id)";
    let rows = sql::all::<IdRow>(tx, sql, vec![before.into()]).await?;
    Ok(rows.into_iter().map(|row| ImportId(row.id)).collect())
}

/// Says of an import that was never posted that it will not be.
pub async fn mark_discarded(tx: &Tx, id: ImportId) -> Result<(), DbErr> {
    let sql =
        "UPDATE imports SET state = 'discarded' WHERE id = $1 AND state IN ('reading', 'checked')";
    sql::execute(tx, sql, vec![id.0.into()]).await?;
    Ok(())
}
