//! The audit trail: reading it.

use super::answer::Answer;
use super::request::{Caller, Params};
use crate::server::context::Ctx;
use crate::server::queries::api::Listed;
use crate::server::queries::api::audit_events::{self, AuditEvent, AuditEventList};
use axum::Json;
use axum::extract::Path;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn routes() -> OpenApiRouter<Ctx> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(find))
}

/// Who did what, when and why, oldest first.
#[utoipa::path(get, path = "/audit-events", tag = "audit-events", params(AuditEventList),
    responses((status = 200, body = Listed<AuditEvent>)))]
async fn list(
    Caller(ctx): Caller,
    Params(wanted): Params<AuditEventList>,
) -> Answer<Listed<AuditEvent>> {
    Ok(Json(audit_events::list(&ctx, wanted).await?))
}

/// One event by id.
#[utoipa::path(get, path = "/audit-events/{id}", tag = "audit-events", params(("id" = String, Path)),
    responses((status = 200, body = AuditEvent)))]
async fn find(Caller(ctx): Caller, Path(id): Path<String>) -> Answer<AuditEvent> {
    Ok(Json(audit_events::find(&ctx, &id).await?))
}
