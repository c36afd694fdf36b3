//! Server functions of credit grants: context, one call, return.

use crate::domain::ids::{CreditGrantId, InvoiceId};
use crate::dto::credits::{
    ApplicationPreview, ApplicationStart, GrantDetail, GrantFilter, GrantHold, GrantRow,
    NewApplication, Unapplication,
};
use crate::dto::error::AppError;
use crate::dto::expiry::GrantExtension;
use crate::dto::page::{Page, PageRequest};
use leptos::prelude::*;

#[server(prefix = "/api/fn", endpoint = "list_credits")]
pub async fn list_credits(
    filter: GrantFilter,
    page: PageRequest,
) -> Result<Page<GrantRow>, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::queries::credits::list(&ctx, filter, page).await
}

#[server(prefix = "/api/fn", endpoint = "show_credit")]
pub async fn show_credit(grant: CreditGrantId) -> Result<GrantDetail, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::queries::credits::detail(&ctx, grant).await
}

/// What the page that applies a grant starts from.
#[server(prefix = "/api/fn", endpoint = "start_application")]
pub async fn start_application(
    grant: CreditGrantId,
    first: Option<InvoiceId>,
) -> Result<ApplicationStart, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::queries::credits::application_start(&ctx, grant, first).await
}

#[server(prefix = "/api/fn", endpoint = "preview_application")]
pub async fn preview_application(
    application: NewApplication,
) -> Result<ApplicationPreview, AppError> {
    use crate::dto::form::Typed;
    let ctx = crate::server::auth::page_ctx().await?;
    let application = application.plain(crate::web::ui::format::decimal_comma());
    crate::server::services::applications::preview(&ctx, application).await
}

#[server(prefix = "/api/fn", endpoint = "apply_credit")]
pub async fn apply_credit(application: NewApplication) -> Result<(), AppError> {
    use crate::dto::form::Typed;
    use crate::web::ui::notice::Done;
    let ctx = crate::server::auth::page_ctx().await?;
    let grant = application.grant.clone();
    let application = application.plain(crate::web::ui::format::decimal_comma());
    crate::server::services::applications::apply(&ctx, application).await?;
    leptos_axum::redirect(&Done::CreditApplied.on(&format!("/credits/{}", grant.trim())));
    Ok(())
}

/// Undoes one application and goes back to the page it was undone on.
#[server(prefix = "/api/fn", endpoint = "unapply_credit")]
pub async fn unapply_credit(unapplication: Unapplication) -> Result<(), AppError> {
    use crate::web::ui::notice::Done;
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::services::applications::unapply(&ctx, unapplication).await?;
    crate::server::forms::redirect_back(Done::CreditUnapplied);
    Ok(())
}

#[server(prefix = "/api/fn", endpoint = "hold_credit")]
pub async fn hold_credit(hold: GrantHold) -> Result<(), AppError> {
    use crate::web::ui::notice::Done;
    let ctx = crate::server::auth::page_ctx().await?;
    let done = match hold.on_hold {
        true => Done::CreditHeld,
        false => Done::CreditReleased,
    };
    crate::server::services::applications::hold(&ctx, hold).await?;
    crate::server::forms::redirect_back(done);
    Ok(())
}

/// Another last usable day for a credit.
#[server(prefix = "/api/fn", endpoint = "extend_credit")]
pub async fn extend_credit(extension: GrantExtension) -> Result<(), AppError> {
    use crate::web::ui::notice::Done;
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::services::expiry::extend(&ctx, extension).await?;
    crate::server::forms::redirect_back(Done::Saved);
    Ok(())
}
