//! What is shown once, on the page after the one that made it: a one-time link, a token.

use super::api::{take_link, take_token};
use crate::dto::people::{IssuedToken, ShownLink};
use crate::web::ui::copy::CopyField;
use crate::web::ui::prelude::*;

/// The link that was just made, when the URL has its handle.
#[component]
pub fn LinkOnce() -> impl IntoView {
    let handle = visit().query_value("link")?.to_owned();
    Some(load(take_link(handle), |link| match link {
        Some(link) => link_card(link).into_any(),
        None => gone(t!(admin.link_gone)).into_any(),
    }))
}

fn link_card(link: ShownLink) -> impl IntoView {
    let expires = format::instant(link.expires_at);
    view! {
        <Notice tone=Tone::Good title=t!(admin.link_ready)>
            <p>{t!(admin.link_explained, email = link.email, expires = expires)}</p>
            <CopyField
                id="one-time-link".to_owned()
                label=t!(admin.link).to_owned()
                value=link.url
                copy=t!(admin.copy).to_owned()
                copied=t!(admin.copied).to_owned()
            />
        </Notice>
    }
}

/// The token that was just made, when the URL has its handle.
#[component]
pub fn TokenOnce() -> impl IntoView {
    let handle = visit().query_value("token")?.to_owned();
    Some(load(take_token(handle), |token| match token {
        Some(token) => token_card(token).into_any(),
        None => gone(t!(admin.token_gone)).into_any(),
    }))
}

fn token_card(token: IssuedToken) -> impl IntoView {
    view! {
        <Notice tone=Tone::Good title=t!(admin.token_ready, name = token.name)>
            <p>{t!(admin.token_explained)}</p>
            <CopyField
                id="api-token".to_owned()
                label=t!(admin.token).to_owned()
                value=token.secret
                copy=t!(admin.copy).to_owned()
                copied=t!(admin.copied).to_owned()
            />
            <p>{t!(admin.token_usage)} " " <code>"Authorization: Bearer saldo_…"</code></p>
        </Notice>
    }
}

fn gone(text: &'static str) -> impl IntoView {
    view! { <Notice tone=Tone::Warn><p>{text}</p></Notice> }
}
