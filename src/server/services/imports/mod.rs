//! Importing files of other systems: a check reads and stages them in chunks, posting moves all of it into the books
//! in one transaction. Until then nothing is visible; the same file twice adds nothing.

mod stager;

pub use stager::own_key;

use crate::domain::ids::ImportId;
use crate::domain::ledger::JournalKind;
use crate::domain::rights::Right;
use crate::dto::error::{AppError, Refusal};
use crate::dto::imports::{
    ImportDiscarding, ImportPosting, ImportState, ImportSummary, MAX_FILE_MEGABYTES,
};
use crate::server::context::Ctx;
use crate::server::import::mapping::Mapping;
use crate::server::import::read::{Documents, ReadOptions, encoding_notice};
use crate::server::import::text::{FileText, decode};
use crate::server::store::audit::{self, AuditEvent};
use crate::server::store::imports::{self as store, NewImport, post as posting};
use crate::server::store::{Tx, customers, periods};
use chrono::{Days, Duration, NaiveDate};
use serde_json::json;
use stager::Stager;
use uuid::Uuid;

/// Documents read, checked and staged per transaction.
const DOCUMENTS_PER_CHUNK: usize = 500;

/// Findings kept per import; what is beyond is counted only.
pub const KEPT_FINDINGS: u32 = 10_000;

/// Staged rows of an import nobody posted are thrown away after this long.
const STAGED_HOURS: i64 = 24;

/// A file to be imported.
pub struct ImportFile<'a> {
    pub name: &'a str,
    pub bytes: &'a [u8],
}

/// How far an import is, for whoever shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Lines read, of about as many as the file has.
    Read { lines: u32, of: u32 },
    /// Statements done, of those that post.
    Posted { steps: u32, of: u32 },
}

/// Hears how far an import is.
pub type Listener = dyn Fn(Progress) + Send + Sync;

/// The file is read, checked and staged; the books are as before. What is wrong with it stands in the import's
/// findings. With `round`, amounts with more decimals than their currency has are rounded instead of refused.
///
/// Fails when the bytes are no text or too many.
pub async fn check(
    ctx: &Ctx,
    mapping: &Mapping,
    file: ImportFile<'_>,
    round: bool,
    listener: &Listener,
) -> Result<ImportId, AppError> {
    ctx.actor.require(Right::Import)?;
    if file.bytes.len() > (MAX_FILE_MEGABYTES << 20) as usize {
        let max_megabytes = MAX_FILE_MEGABYTES;
        return Err(Refusal::FileTooLarge { max_megabytes }.at("file"));
    }
    let text = decode(file.bytes).ok_or_else(|| Refusal::NotATextFile.at("file"))?;
    discard_abandoned(ctx).await?;
    let id = begin(ctx, mapping, &file, &text, round).await?;
    let options = ReadOptions {
        round,
        today: ctx.today(),
    };
    let mut stager = Stager::new(id, mapping, options);
    stager.findings.extend(encoding_notice(&text));
    match Documents::open(&text, mapping, options) {
        Ok(documents) => {
            let of = u32::try_from(text.text.lines().count()).unwrap_or(u32::MAX);
            stage_all(ctx, &mut stager, documents, of, listener).await?;
        }
        Err(missing) => stager.findings.extend(missing),
    }
    let tx = Tx::begin(ctx).await?;
    stager.finish(&tx).await?;
    store::set_state(&tx, ctx, id, ImportState::Checked, &stager.summary).await?;
    tx.commit(ctx).await?;
    Ok(id)
}

async fn begin(
    ctx: &Ctx,
    mapping: &Mapping,
    file: &ImportFile<'_>,
    text: &FileText,
    round: bool,
) -> Result<ImportId, AppError> {
    let import = NewImport {
        id: ImportId(Uuid::now_v7()),
        kind: mapping.kind,
        mapping: &mapping.name,
        file_name: file.name,
        encoding: text.encoding,
        rounding: round,
    };
    let tx = Tx::begin(ctx).await?;
    store::insert(&tx, ctx, &import).await?;
    tx.commit(ctx).await?;
    Ok(import.id)
}

async fn stage_all(
    ctx: &Ctx,
    stager: &mut Stager<'_>,
    mut documents: Documents<'_>,
    of: u32,
    listener: &Listener,
) -> Result<(), AppError> {
    loop {
        let chunk: Vec<_> = documents.by_ref().take(DOCUMENTS_PER_CHUNK).collect();
        if chunk.is_empty() {
            return Ok(());
        }
        let tx = Tx::begin(ctx).await?;
        stager.stage(&tx, chunk).await?;
        tx.commit(ctx).await?;
        listener(Progress::Read {
            lines: stager.summary.lines,
            of,
        });
    }
}

/// Staged rows nobody will post any more are thrown away.
async fn discard_abandoned(ctx: &Ctx) -> Result<(), AppError> {
    let tx = Tx::begin(ctx).await?;
    let before = ctx.clock.now() - Duration::hours(STAGED_HOURS);
    for id in store::abandoned(&tx, before).await? {
        store::delete_staged(&tx, id).await?;
        store::mark_discarded(&tx, id).await?;
    }
    tx.commit(ctx).await
}

/// Everything the import staged is in the books: customers and accounts that were not there, invoices with their
/// numbers, payments, the credit of negative invoices and surpluses, and the entries that post them.
///
/// All in one transaction. Refused when lines of the file were refused, unless `good_lines_only`; stale when the
/// books have changed since the check in what the import builds on.
pub async fn post(
    ctx: &Ctx,
    command: ImportPosting,
    listener: &Listener,
) -> Result<ImportSummary, AppError> {
    ctx.actor.require(Right::Import)?;
    let id: ImportId = super::id(&command.import)?;
    let tx = Tx::begin(ctx).await?;
    let import = store::lock(&tx, id).await?.ok_or(AppError::NotFound)?;
    if import.state != ImportState::Checked {
        return Err(Refusal::ImportNotChecked.of_act());
    }
    let mut summary = import.summary;
    if command.lines != "good" && summary.refused_lines > 0 {
        let count = summary.refused_lines;
        return Err(Refusal::ImportHasFindings { count }.of_act());
    }
    posting::lock(&tx, id).await?;
    let changed = posting::changed_since_check(&tx, id).await?;
    if !changed.is_empty() {
        return Err(AppError::Stale(changed));
    }
    let sales = first_open(ctx, &tx, JournalKind::Sales).await?;
    let cash = first_open(ctx, &tx, JournalKind::Cash).await?;
    posting::set_posting_days(&tx, id, sales, cash).await?;
    let done = |steps| {
        listener(Progress::Posted {
            steps,
            of: posting::STEPS,
        });
    };
    posting::post(&tx, ctx, id, &done).await?;
    super::expiry::date_imported(ctx, &tx, id).await?;
    let to_refresh = posting::customers_to_refresh(&tx, id).await?;
    customers::refresh_search_text(&tx, &to_refresh).await?;
    (summary.first_entry, summary.last_entry) = posting::entry_numbers(&tx, id).await?;
    store::set_state(&tx, ctx, id, ImportState::Posted, &summary).await?;
    record(ctx, &tx, id, &summary).await?;
    for event in posting::events(&tx, id).await? {
        tx.note(event);
    }
    tx.commit(ctx).await?;
    delete_staged(ctx, id).await;
    Ok(summary)
}

/// The first open day of a journal, if any day of it is closed. An import is an act of the system: historic days are
/// fine, closed ones move to the first open one.
async fn first_open(
    ctx: &Ctx,
    tx: &Tx,
    journal: JournalKind,
) -> Result<Option<NaiveDate>, AppError> {
    let closed_through = periods::closed_through(tx, ctx, journal).await?;
    Ok(closed_through.map(|closed| closed + Days::new(1)))
}

async fn record(ctx: &Ctx, tx: &Tx, id: ImportId, summary: &ImportSummary) -> Result<(), AppError> {
    let event = AuditEvent {
        act: "import.posted",
        subject_kind: "import",
        subject_id: id.to_string(),
        customer: None,
        account: None,
        reason: None,
        details: json!({
            "invoices": summary.invoices,
            "credits": summary.credits,
            "payments": summary.payments,
            "first_entry": summary.first_entry,
            "last_entry": summary.last_entry,
        }),
    };
    audit::record(tx, ctx, event).await?;
    Ok(())
}

/// The staged rows have done their work. Should this fail, the next check takes them away.
async fn delete_staged(ctx: &Ctx, id: ImportId) {
    let deleted = async {
        let tx = Tx::begin(ctx).await?;
        store::delete_staged(&tx, id).await?;
        tx.commit(ctx).await
    };
    let deleted: Result<(), AppError> = deleted.await;
    if let Err(error) = deleted {
        tracing::warn!(import = %id, %error, "staged rows were left behind");
    }
}

/// A checked import is thrown away; nothing of it was in the books.
pub async fn discard(ctx: &Ctx, command: ImportDiscarding) -> Result<(), AppError> {
    ctx.actor.require(Right::Import)?;
    let id: ImportId = super::id(&command.import)?;
    let tx = Tx::begin(ctx).await?;
    let import = store::lock(&tx, id).await?.ok_or(AppError::NotFound)?;
    if import.state == ImportState::Posted {
        return Err(Refusal::ImportNotChecked.of_act());
    }
    store::delete_staged(&tx, id).await?;
    store::mark_discarded(&tx, id).await?;
    tx.commit(ctx).await
}
