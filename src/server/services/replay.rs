//! Idempotency: the same request again gets the first answer; the same key with other content is a conflict.

use crate::dto::error::AppError;
use crate::server::context::Ctx;
use crate::server::error::unexpected;
use crate::server::store::Tx;
use crate::server::store::idempotency::{self, KeptAnswer};
use chrono::Duration;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// How long an answer is kept under its key. Source: domain rules, section 12.
const KEPT_DAYS: i64 = 30;

/// One request as the idempotency rule sees it. Without a key nothing is kept.
pub struct Replay {
    actor: String,
    key: String,
    fingerprint: String,
}

impl Replay {
    /// `act` and `command` together are the content that must be the same again.
    pub fn of(ctx: &Ctx, act: &str, key: &str, command: &impl Serialize) -> Result<Self, AppError> {
        let content = serde_json::to_vec(command).map_err(|error| unexpected(&error))?;
        let mut hasher = blake3::Hasher::new();
        hasher.update(act.as_bytes()).update(b"\n").update(&content);
        Ok(Self {
            actor: ctx.actor.key(),
            key: key.trim().to_owned(),
            fingerprint: hasher.finalize().to_string(),
        })
    }

    /// The answer the same request got before. To be asked after the account is locked, so that of two equal
    /// requests at once the second finds the first one's answer.
    pub async fn answer<T: DeserializeOwned>(
        &self,
        ctx: &Ctx,
        tx: &Tx,
    ) -> Result<Option<T>, AppError> {
        if self.key.is_empty() {
            return Ok(None);
        }
        let Some(kept) = idempotency::find(tx, &self.actor, &self.key).await? else {
            return Ok(None);
        };
        if kept.recorded_at < ctx.clock.now() - Duration::days(KEPT_DAYS) {
            return Ok(None);
        }
        if kept.fingerprint != self.fingerprint {
            return Err(AppError::KeyConflict);
        }
        serde_json::from_str(&kept.answer)
            .map(Some)
            .map_err(|error| unexpected(&error))
    }

    /// Keeps the answer with what it answers, in the same transaction.
    pub async fn keep<T: Serialize>(&self, ctx: &Ctx, tx: &Tx, answer: &T) -> Result<(), AppError> {
        if self.key.is_empty() {
            return Ok(());
        }
        let kept = KeptAnswer {
            fingerprint: self.fingerprint.clone(),
            answer: serde_json::to_string(answer).map_err(|error| unexpected(&error))?,
            recorded_at: ctx.clock.now(),
        };
        idempotency::keep(tx, &self.actor, &self.key, kept).await?;
        Ok(())
    }
}
