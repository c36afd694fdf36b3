//! Server functions of the administration. Context, one call, on to the next page.

use crate::domain::ids::UserId;
use crate::dto::audit::{AuditFilter, AuditRow};
use crate::dto::business::{
    BusinessFacts, BusinessSettings, LedgerAccountNaming, LedgerAccountRow, PeriodClosing,
    PeriodExceptionEnd, PeriodLocking, PeriodOpening, PeriodsOverview,
};
use crate::dto::error::AppError;
use crate::dto::expiry::{ExpiryPolicyRow, ExpirySimulated, ExpirySimulation, NewExpiryPolicy};
use crate::dto::page::{Page, PageRequest};
use crate::dto::people::{
    IssuedToken, NewPortalUser, NewStaff, NewToken, PersonChoice, RoleChange, ShownLink,
    TokenChoice, TokenRow, UserFilter, UserRow,
};
use leptos::prelude::*;

#[server(prefix = "/api/fn", endpoint = "list_users")]
pub async fn list_users(filter: UserFilter, page: PageRequest) -> Result<Page<UserRow>, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::queries::people::users(&ctx, &filter, &page).await
}

#[server(prefix = "/api/fn", endpoint = "show_user")]
pub async fn show_user(user: String) -> Result<UserRow, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    let user = user.parse().map_err(|_| AppError::NotFound)?;
    crate::server::queries::people::user(&ctx, user).await
}

#[server(prefix = "/api/fn", endpoint = "invite_staff")]
pub async fn invite_staff(person: NewStaff) -> Result<(), AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    let link = crate::server::services::users::invite_staff(&ctx, person).await?;
    let handle = crate::server::auth::reveal::keep_for_reader(&ctx, &link)?;
    leptos_axum::redirect(&page_showing_link(link.user, &handle));
    Ok(())
}

#[server(prefix = "/api/fn", endpoint = "invite_customer")]
pub async fn invite_customer(person: NewPortalUser) -> Result<(), AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    let link = crate::server::services::users::invite_customer(&ctx, person).await?;
    let handle = crate::server::auth::reveal::keep_for_reader(&ctx, &link)?;
    leptos_axum::redirect(&page_showing_link(link.user, &handle));
    Ok(())
}

#[server(prefix = "/api/fn", endpoint = "renew_link")]
pub async fn renew_link(person: PersonChoice) -> Result<(), AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    let link = crate::server::services::users::renew_link(&ctx, person).await?;
    let handle = crate::server::auth::reveal::keep_for_reader(&ctx, &link)?;
    leptos_axum::redirect(&page_showing_link(link.user, &handle));
    Ok(())
}

/// Where a person is shown.
pub fn page_of_user(user: UserId) -> String {
    format!("/admin/users/{user}")
}

/// The page that shows a link that was just made.
pub fn page_showing_link(user: UserId, handle: &str) -> String {
    format!("{}?link={handle}", page_of_user(user))
}

/// A link that was just made, the first time its maker asks.
#[server(prefix = "/api/fn", endpoint = "take_link")]
pub async fn take_link(handle: String) -> Result<Option<ShownLink>, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    let link: Option<crate::dto::people::IssuedLink> =
        crate::server::auth::reveal::shown_to_reader(&ctx, &handle)?;
    let seen_at = crate::server::router::seen_at();
    Ok(link.map(|link| ShownLink {
        url: format!("{seen_at}{}", link.path),
        email: link.email,
        expires_at: link.expires_at,
    }))
}

#[server(prefix = "/api/fn", endpoint = "change_roles")]
pub async fn change_roles(change: RoleChange) -> Result<(), AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    let page = format!("/admin/users/{}", change.user);
    crate::server::services::users::change_roles(&ctx, change).await?;
    leptos_axum::redirect(&crate::web::ui::notice::Done::RolesChanged.on(&page));
    Ok(())
}

#[server(prefix = "/api/fn", endpoint = "disable_user")]
pub async fn disable_user(person: PersonChoice) -> Result<(), AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    let page = format!("/admin/users/{}", person.user);
    crate::server::services::users::disable(&ctx, person).await?;
    leptos_axum::redirect(&crate::web::ui::notice::Done::UserDisabled.on(&page));
    Ok(())
}

#[server(prefix = "/api/fn", endpoint = "enable_user")]
pub async fn enable_user(person: PersonChoice) -> Result<(), AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    let page = format!("/admin/users/{}", person.user);
    crate::server::services::users::enable(&ctx, person).await?;
    leptos_axum::redirect(&crate::web::ui::notice::Done::UserEnabled.on(&page));
    Ok(())
}

#[server(prefix = "/api/fn", endpoint = "list_tokens")]
pub async fn list_tokens(page: PageRequest) -> Result<Page<TokenRow>, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::queries::people::tokens(&ctx, &page).await
}

#[server(prefix = "/api/fn", endpoint = "issue_token")]
pub async fn issue_token(token: NewToken) -> Result<(), AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    let token = crate::server::services::tokens::issue(&ctx, token).await?;
    let handle = crate::server::auth::reveal::keep_for_reader(&ctx, &token)?;
    leptos_axum::redirect(&format!("/admin/tokens?token={handle}"));
    Ok(())
}

/// A token that was just made, the first time its maker asks.
#[server(prefix = "/api/fn", endpoint = "take_token")]
pub async fn take_token(handle: String) -> Result<Option<IssuedToken>, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::auth::reveal::shown_to_reader(&ctx, &handle)
}

#[server(prefix = "/api/fn", endpoint = "revoke_token")]
pub async fn revoke_token(token: TokenChoice) -> Result<(), AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::services::tokens::revoke(&ctx, token).await?;
    leptos_axum::redirect(&crate::web::ui::notice::Done::TokenRevoked.on("/admin/tokens"));
    Ok(())
}

#[server(prefix = "/api/fn", endpoint = "list_periods")]
pub async fn list_periods() -> Result<PeriodsOverview, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::queries::business::periods_overview(&ctx).await
}

#[server(prefix = "/api/fn", endpoint = "lock_period")]
pub async fn lock_period(period: PeriodLocking) -> Result<(), AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::services::periods::lock(&ctx, period).await?;
    leptos_axum::redirect(&crate::web::ui::notice::Done::PeriodLocked.on("/admin/periods"));
    Ok(())
}

#[server(prefix = "/api/fn", endpoint = "open_period")]
pub async fn open_period(opening: PeriodOpening) -> Result<(), AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::services::periods::open_to(&ctx, opening).await?;
    leptos_axum::redirect(&crate::web::ui::notice::Done::PeriodOpened.on("/admin/periods"));
    Ok(())
}

#[server(prefix = "/api/fn", endpoint = "end_period_exception")]
pub async fn end_period_exception(end: PeriodExceptionEnd) -> Result<(), AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::services::periods::end_exception(&ctx, end).await?;
    leptos_axum::redirect(&crate::web::ui::notice::Done::PeriodExceptionEnded.on("/admin/periods"));
    Ok(())
}

#[server(prefix = "/api/fn", endpoint = "close_period")]
pub async fn close_period(period: PeriodClosing) -> Result<(), AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::services::periods::close(&ctx, period).await?;
    leptos_axum::redirect(&crate::web::ui::notice::Done::PeriodClosed.on("/admin/periods"));
    Ok(())
}

#[server(prefix = "/api/fn", endpoint = "list_chart")]
pub async fn list_chart() -> Result<Vec<LedgerAccountRow>, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::queries::business::chart(&ctx).await
}

#[server(prefix = "/api/fn", endpoint = "rename_ledger_account")]
pub async fn rename_ledger_account(account: LedgerAccountNaming) -> Result<(), AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::services::chart::rename(&ctx, account).await?;
    leptos_axum::redirect(&crate::web::ui::notice::Done::Saved.on("/admin/chart"));
    Ok(())
}

#[server(prefix = "/api/fn", endpoint = "read_settings")]
pub async fn read_settings() -> Result<BusinessFacts, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::queries::business::settings(&ctx).await
}

#[server(prefix = "/api/fn", endpoint = "save_settings")]
pub async fn save_settings(settings: BusinessSettings) -> Result<(), AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::services::settings::save(&ctx, settings).await?;
    leptos_axum::redirect(&crate::web::ui::notice::Done::Saved.on("/admin/settings"));
    Ok(())
}

#[server(prefix = "/api/fn", endpoint = "list_audit")]
pub async fn list_audit(
    filter: AuditFilter,
    page: PageRequest,
) -> Result<Page<AuditRow>, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::queries::audit::list(&ctx, &filter, &page).await
}

#[server(prefix = "/api/fn", endpoint = "list_expiry_policies")]
pub async fn list_expiry_policies() -> Result<Vec<ExpiryPolicyRow>, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::queries::expiry::policies(&ctx).await
}

#[server(prefix = "/api/fn", endpoint = "set_expiry_policy")]
pub async fn set_expiry_policy(policy: NewExpiryPolicy) -> Result<(), AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::services::expiry::set_policy(&ctx, policy).await?;
    leptos_axum::redirect(&crate::web::ui::notice::Done::Saved.on("/admin/expiry"));
    Ok(())
}

#[server(prefix = "/api/fn", endpoint = "simulate_expiry")]
pub async fn simulate_expiry(simulation: ExpirySimulation) -> Result<ExpirySimulated, AppError> {
    let ctx = crate::server::auth::page_ctx().await?;
    crate::server::queries::expiry::simulate(&ctx, simulation).await
}
