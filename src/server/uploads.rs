//! Files that forms send: multipart, beside the server functions and with the same answers, so that a refused form
//! comes back on its page.

use super::context::{Actor, Ctx};
use super::forms::TypedBesideFiles;
use super::import::mapping::Mapping;
use super::services::imports::{self, ImportFile};
use crate::domain::ids::ImportId;
use crate::dto::error::{AppError, Refusal};
use crate::web::links;
use axum::extract::multipart::Field;
use axum::extract::{Multipart, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use axum::{Extension, Router};
use server_fn::error::{FromServerFnError, SERVER_FN_ERROR_HEADER};

/// The file to import, sent by the form of the page for new imports.
pub fn routes(ctx: &Ctx) -> Router {
    Router::new()
        .route("/api/fn/upload_import", post(upload_import))
        .with_state(ctx.clone())
}

/// Checks the file and leads to its report.
async fn upload_import(
    State(ctx): State<Ctx>,
    Extension(actor): Extension<Actor>,
    form: Multipart,
) -> Response {
    let mut upload = Upload::default();
    match check(&ctx.as_actor(actor), form, &mut upload).await {
        Ok(import) => Redirect::to(&links::import(&import.to_string())).into_response(),
        Err(error) => refused(&error, upload.typed()),
    }
}

async fn check(ctx: &Ctx, form: Multipart, upload: &mut Upload) -> Result<ImportId, AppError> {
    upload.read(form).await?;
    if upload.file.is_empty() {
        return Err(Refusal::Required.at("file"));
    }
    let mapping = Mapping::preset(&upload.mapping).and_then(Result::ok);
    let mapping = mapping.ok_or_else(|| Refusal::UnknownChoice.at("mapping"))?;
    let file = ImportFile {
        name: &upload.name,
        bytes: &upload.file,
    };
    imports::check(ctx, &mapping, file, upload.round, &|_| {}).await
}

const MAPPING: &str = "upload[mapping]";
const ROUND: &str = "upload[round]";

/// The fields of the form.
#[derive(Default)]
struct Upload {
    mapping: String,
    round: bool,
    name: String,
    file: Vec<u8>,
}

impl Upload {
    async fn read(&mut self, mut form: Multipart) -> Result<(), AppError> {
        while let Some(field) = form.next_field().await.map_err(|_| broken())? {
            match field.name() {
                Some(MAPPING) => self.mapping = text(field).await?,
                Some(ROUND) => self.round = text(field).await? == "yes",
                Some("upload[file]") => {
                    self.name = file_name(&field);
                    self.file = field.bytes().await.map_err(|_| broken())?.to_vec();
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// What the form shows again when it is refused.
    fn typed(self) -> Vec<(String, String)> {
        let round = self.round.then(|| (ROUND.to_owned(), "yes".to_owned()));
        std::iter::once((MAPPING.to_owned(), self.mapping))
            .chain(round)
            .collect()
    }
}

async fn text(field: Field<'_>) -> Result<String, AppError> {
    field.text().await.map_err(|_| broken())
}

/// The form was cut off, or its file is larger than any request may be.
fn broken() -> AppError {
    Refusal::FileTooLarge {
        max_megabytes: crate::dto::imports::MAX_FILE_MEGABYTES,
    }
    .at("file")
}

/// What lists show of a file's name.
const NAME_CHARACTERS: usize = 200;

fn file_name(field: &Field<'_>) -> String {
    let name = field.file_name().unwrap_or_default();
    name.chars()
        .filter(|c| !c.is_control())
        .take(NAME_CHARACTERS)
        .collect()
}

/// The answer a refused server function gives, which brings the form back on its page with what was typed.
fn refused(error: &AppError, typed: Vec<(String, String)>) -> Response {
    let headers = [(SERVER_FN_ERROR_HEADER, "/api/fn/upload_import")];
    let status = StatusCode::INTERNAL_SERVER_ERROR;
    (
        status,
        headers,
        Extension(TypedBesideFiles(typed)),
        error.ser(),
    )
        .into_response()
}
