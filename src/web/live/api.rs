//! The figures of a live balance as finished texts, so that the browser needs no catalogue and no rule.

use crate::dto::error::AppError;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// What a receivable account owes and holds, in the reader's words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BalanceFigures {
    pub tiles: Vec<Figure>,
    /// Names the list of classes.
    pub classes_label: String,
    /// Credit by class; empty where there is none.
    pub classes: Vec<Figure>,
}

/// One figure with its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figure {
    pub label: String,
    pub value: String,
    /// More about the figure, empty for nothing.
    pub note: String,
    /// The CSS class that colours it, beside its words.
    pub class: String,
}

/// Amount due, overdue, available credit and net of one receivable account, by its number, and its credit by class.
#[server(prefix = "/api/fn", endpoint = "show_balance")]
pub async fn show_balance(account: String) -> Result<BalanceFigures, AppError> {
    let ctx: crate::server::context::Ctx = expect_context();
    let balance = crate::server::queries::balances::of_account_number(&ctx, &account).await?;
    Ok(super::balance::figures(&balance))
}
