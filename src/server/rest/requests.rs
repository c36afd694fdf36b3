//! What the resources of requests share: the body of a decision, and how a request is answered with.

use super::answer::{Answer, Created};
use super::problem::Problem;
use crate::domain::approval::RequestKind;
use crate::dto::requests::{RecordedRequest, RequestDecision};
use crate::server::context::Ctx;
use crate::server::queries::api::requests::{self, Request};
use axum::Json;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Why something is decided, and when it counts.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = Decision)]
pub struct DecisionBody {
    /// Needed for refusing, failing and reversing.
    #[schema(required = false)]
    pub reason: String,
    /// Paying, failing and reversing: the day it counts. Empty means today.
    #[schema(required = false, format = Date)]
    pub effective_on: String,
}

impl DecisionBody {
    pub fn command(self, request: String, key: String) -> RequestDecision {
        RequestDecision {
            request,
            reason: self.reason,
            effective_on: self.effective_on,
            idempotency_key: key,
        }
    }
}

/// A request that was just made or decided on, as it is answered.
pub trait Done {
    async fn answer(self, ctx: &Ctx) -> Answer<Request>;

    async fn created(
        self,
        ctx: &Ctx,
        kind: RequestKind,
        resource: &str,
    ) -> Result<Created<Request>, Problem>;
}

impl Done for RecordedRequest {
    async fn answer(self, ctx: &Ctx) -> Answer<Request> {
        let id = self.request.to_string();
        Ok(Json(requests::find(ctx, None, &id).await?))
    }

    async fn created(
        self,
        ctx: &Ctx,
        kind: RequestKind,
        resource: &str,
    ) -> Result<Created<Request>, Problem> {
        let id = self.request.to_string();
        Ok(Created {
            path: format!("{resource}/{id}"),
            item: requests::find(ctx, Some(kind), &id).await?,
        })
    }
}
