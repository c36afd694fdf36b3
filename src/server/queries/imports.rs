//! Imports: the list of them, what one found in its file, and the presets.

use super::sql::{self, unreadable};
use crate::domain::ids::ImportId;
use crate::domain::rights::Right;
use crate::dto::error::AppError;
use crate::dto::imports::{
    ImportFinding, ImportKind, ImportReport, ImportRow, ImportState, PresetRow, TextEncoding,
};
use crate::dto::page::{Page, PageRequest, ROWS_PER_PAGE};
use crate::server::context::Ctx;
use crate::server::error::unexpected;
use crate::server::import::mapping::{Mapping, preset_names};
use chrono::{DateTime, Utc};
use sea_orm::{DbErr, FromQueryResult};
use uuid::Uuid;

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    number: i64,
    kind: String,
    mapping: String,
    file_name: String,
    encoding: String,
    rounding: bool,
    state: String,
    summary: String,
    created_at: DateTime<Utc>,
    created_by: String,
    posted_at: Option<DateTime<Utc>>,
    posted_by: Option<String>,
}

const COLUMNS: &str =
    "id, number, kind, mapping, file_name, encoding, rounding, state, summary, created_at,
    created_by, posted_at, posted_by";

impl Row {
    fn read(self) -> Result<ImportRow, DbErr> {
        Ok(ImportRow {
            id: ImportId(self.id),
            number: self.number,
            kind: ImportKind::from_code(&self.kind)
                .ok_or_else(|| unreadable("imports.kind", &self.kind))?,
            mapping: self.mapping,
            file_name: self.file_name,
            encoding: TextEncoding::from_code(&self.encoding)
                .ok_or_else(|| unreadable("imports.encoding", &self.encoding))?,
            rounding: self.rounding,
            state: ImportState::from_code(&self.state)
                .ok_or_else(|| unreadable("imports.state", &self.state))?,
            summary: serde_json::from_str(&self.summary)
                .map_err(|_| unreadable("imports.summary", &self.summary))?,
            created_at: self.created_at,
            created_by: self.created_by,
            posted_at: self.posted_at,
            posted_by: self.posted_by,
        })
    }
}

/// Imports, newest first; one page of them.
pub async fn list(ctx: &Ctx, page: PageRequest) -> Result<Page<ImportRow>, AppError> {
    ctx.actor.require(Right::Import)?;
    let total = sql::count(ctx, "SELECT COUNT(*) AS count FROM imports", vec![]).await?;
    let statement = format!(
        "SELECT {COLUMNS} FROM imports ORDER BY number DESC LIMIT {ROWS_PER_PAGE} OFFSET {}",
        page.offset()
    );
    let rows = sql::all::<Row>(ctx, &statement, vec![]).await?;
    let rows = rows.into_iter().map(Row::read).collect::<Result<_, _>>()?;
    Ok(Page { rows, total })
}

/// An import with what is wrong in its file: everything that is kept, or one page of it.
pub async fn report(
    ctx: &Ctx,
    id: &str,
    page: Option<PageRequest>,
) -> Result<ImportReport, AppError> {
    ctx.actor.require(Right::Import)?;
    let id: Uuid = id.trim().parse().map_err(|_| AppError::NotFound)?;
    let statement = format!("SELECT {COLUMNS} FROM imports WHERE id = $1");
    let row = sql::one::<Row>(ctx, &statement, vec![id.into()]).await?;
    let import = row.ok_or(AppError::NotFound)?.read()?;
    let counting = "SELECT COUNT(*) AS count FROM import_findings WHERE import_id = $1";
    let total_findings = sql::count(ctx, counting, vec![id.into()]).await?;
    let limit = page.map_or(String::new(), |page| {
        format!(" LIMIT {ROWS_PER_PAGE} OFFSET {}", page.offset())
    });
    let statement = format!(
        "SELECT line, field, given, problem FROM import_findings WHERE import_id = $1
        ORDER BY line, position{limit}"
    );
    let rows = sql::all::<FindingRow>(ctx, &statement, vec![id.into()]).await?;
    Ok(ImportReport {
        import,
        findings: rows
            .into_iter()
            .map(FindingRow::read)
            .collect::<Result<_, _>>()?,
        total_findings,
    })
}

#[derive(FromQueryResult)]
struct FindingRow {
    line: i32,
    field: String,
    given: String,
    problem: String,
}

impl FindingRow {
    fn read(self) -> Result<ImportFinding, DbErr> {
        Ok(ImportFinding {
            line: u32::try_from(self.line)
                .map_err(|_| unreadable("import_findings.line", &self.line.to_string()))?,
            field: self.field,
            given: self.given,
            problem: serde_json::from_str(&self.problem)
                .map_err(|_| unreadable("import_findings.problem", &self.problem))?,
        })
    }
}

/// The presets files can be read with.
pub fn presets(ctx: &Ctx) -> Result<Vec<PresetRow>, AppError> {
    ctx.actor.require(Right::Import)?;
    let presets = preset_names().into_iter().filter_map(Mapping::preset);
    presets
        .map(|preset| {
            preset
                .map(|mapping| mapping.row())
                .map_err(|error| unexpected(&error))
        })
        .collect()
}
