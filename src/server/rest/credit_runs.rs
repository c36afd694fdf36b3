//! Credit runs: preview, strike out, commit, undo.

use super::answer::{Answer, Created};
use super::invoices::ReasonBody;
use super::problem::Problem;
use super::request::{Body, Caller, Key, Params};
use crate::dto::credit_runs::{CreditRunCommit, CreditRunUndo, NewCreditRun};
use crate::dto::error::Refusal;
use crate::dto::page::{PageRequest, ROWS_PER_PAGE};
use crate::server::context::Ctx;
use crate::server::queries::api::Listed;
use crate::server::queries::api::credit_runs::{self, CreditRun, CreditRunList, PreviewedAccount};
use crate::server::{jobs, services};
use axum::Json;
use axum::extract::Path;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new()
        .routes(routes!(list, preview))
        .routes(routes!(find))
        .routes(routes!(pairs))
        .routes(routes!(strike))
        .routes(routes!(commit))
        .routes(routes!(undo))
}

/// The credit runs, previews included.
#[utoipa::path(get, path = "/credit-runs", tag = "credit-runs", params(CreditRunList),
    responses((status = 200, body = Listed<CreditRun>)))]
async fn list(
    Caller(ctx): Caller,
    Params(wanted): Params<CreditRunList>,
) -> Answer<Listed<CreditRun>> {
    Ok(Json(credit_runs::list(&ctx, wanted).await?))
}

/// One credit run by id.
#[utoipa::path(get, path = "/credit-runs/{id}", tag = "credit-runs", params(("id" = String, Path)),
    responses((status = 200, body = CreditRun)))]
async fn find(Caller(ctx): Caller, Path(id): Path<String>) -> Answer<CreditRun> {
    Ok(Json(credit_runs::find(&ctx, &id).await?))
}

/// A run to be previewed.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = NewCreditRun)]
struct RunBody {
    /// Empty means the last day of the previous month.
    #[schema(required = false, format = Date)]
    effective_on: String,
    /// `all` (or empty), `tag` or `customer`.
    #[schema(required = false, example = "all")]
    scope: String,
    /// The tag or the customer number, as the scope needs.
    #[schema(required = false)]
    scope_value: String,
    /// Empty means each account's own.
    #[schema(required = false)]
    order_of_use: String,
}

/// Previews a run: what credit could pay. Nothing is posted; the preview's id is the run's key.
#[utoipa::path(post, path = "/credit-runs", tag = "credit-runs", request_body = RunBody,
    responses((status = 201, body = CreditRun)))]
async fn preview(
    Caller(ctx): Caller,
    Body(body): Body<RunBody>,
) -> Result<Created<CreditRun>, Problem> {
    let command = NewCreditRun {
        effective_on: body.effective_on,
        scope: body.scope,
        scope_value: body.scope_value,
        order_of_use: body.order_of_use,
        key: String::new(),
    };
    let id = services::credit_runs::preview(&ctx, command)
        .await?
        .to_string();
    Ok(Created {
        path: format!("/credit-runs/{id}"),
        item: credit_runs::find(&ctx, &id).await?,
    })
}

/// Which part of a preview's accounts is asked for.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
struct PairList {
    /// `next` of the part before.
    #[param(required = false)]
    cursor: String,
}

/// What a previewed run would do now, account by account, with the pairs struck out so far.
#[utoipa::path(get, path = "/credit-runs/{id}/pairs", tag = "credit-runs",
    params(("id" = String, Path), PairList), responses((status = 200, body = Listed<PreviewedAccount>)))]
async fn pairs(
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Params(wanted): Params<PairList>,
) -> Answer<Listed<PreviewedAccount>> {
    let run = credit_runs::find(&ctx, &id).await?;
    let page: u32 = match wanted.cursor.trim() {
        "" => 1,
        text => text
            .parse()
            .map_err(|_| Refusal::UnknownReference.at("cursor"))?,
    };
    let request = PageRequest {
        page,
        sort: String::new(),
    };
    let run = crate::domain::ids::CreditRunId(run.id);
    let previewed = services::credit_runs::previewed_pairs(&ctx, run, request, None).await?;
    let shown = u64::from(page) * u64::from(ROWS_PER_PAGE);
    Ok(Json(Listed {
        items: previewed
            .accounts
            .rows
            .into_iter()
            .map(PreviewedAccount::from)
            .collect(),
        next: (shown < previewed.accounts.total).then(|| (page + 1).to_string()),
    }))
}

/// Pairs of a preview, each `GRANT:INVOICE` as the preview names it. Pairs that are not named stay as they were.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = StruckPairs)]
struct StruckBody {
    /// To be left out.
    #[schema(required = false)]
    struck: Vec<String>,
    /// To be taken in again.
    #[schema(required = false)]
    kept: Vec<String>,
}

impl StruckBody {
    fn command(self, run: String) -> CreditRunCommit {
        let shown = self.struck.into_iter().chain(self.kept.iter().cloned());
        CreditRunCommit {
            run,
            shown: shown.collect(),
            kept: self.kept,
        }
    }
}

/// Strikes pairs out of a preview, or takes them in again. Where a pair is struck out, credit goes on to the next
/// invoice: look at the pairs again before the commit.
#[utoipa::path(post, path = "/credit-runs/{id}/strike", tag = "credit-runs", request_body = StruckBody,
    params(("id" = String, Path)), responses((status = 200, body = CreditRun)))]
async fn strike(
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Body(body): Body<StruckBody>,
) -> Answer<CreditRun> {
    services::credit_runs::strike(&ctx, body.command(id.clone())).await?;
    Ok(Json(credit_runs::find(&ctx, &id).await?))
}

/// Commits a previewed run. Accounts that changed since the preview are left alone and named in the answer; the rest
/// goes through. A large run answers with the state `running` and is worked off meanwhile: read it again. Committing
/// again finishes a run that stopped half-way and changes nothing else.
#[utoipa::path(post, path = "/credit-runs/{id}/commit", tag = "credit-runs", request_body = StruckBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = CreditRun)))]
async fn commit(
    Caller(ctx): Caller,
    // The run itself makes a repetition the same request; the key is asked for as with every act that moves money.
    _: Key,
    Path(id): Path<String>,
    Body(body): Body<StruckBody>,
) -> Answer<CreditRun> {
    jobs::credit_runs::commit(&ctx, body.command(id.clone())).await?;
    Ok(Json(credit_runs::find(&ctx, &id).await?))
}

/// Undoes a whole run: every application that has not been undone since is undone by its contra entry.
#[utoipa::path(post, path = "/credit-runs/{id}/undo", tag = "credit-runs", request_body = ReasonBody,
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = CreditRun)))]
async fn undo(
    Caller(ctx): Caller,
    _: Key,
    Path(id): Path<String>,
    Body(body): Body<ReasonBody>,
) -> Answer<CreditRun> {
    let command = CreditRunUndo {
        run: id.clone(),
        reason: body.reason,
    };
    jobs::credit_runs::undo(&ctx, command).await?;
    Ok(Json(credit_runs::find(&ctx, &id).await?))
}
