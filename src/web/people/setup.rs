//! The first administrator of an empty house names themselves.

use super::api::login_link;
use crate::web::app::PlainFrame;
use crate::web::ui::prelude::*;
use leptos_router::hooks::use_params_map;

/// Reached by the one-time link that an empty server prints.
#[component]
pub fn SetupPage() -> impl IntoView {
    let token = use_params_map()
        .get_untracked()
        .get("token")
        .unwrap_or_default();
    let link = login_link(token.clone());
    view! { <PlainFrame>{load(link, move |_| form(token))}</PlainFrame> }
}

fn form(token: String) -> impl IntoView {
    view! {
        <PageHead title=t!(people.setup_title) lead=t!(people.setup_lead).into_any() />
        <Form endpoint="name_first_admin" arg="admin">
            <Hidden name="token" value=token />
            <TextField name="name" label=t!(people.name) autocomplete="name" required=true maxlength=200 />
            <TextField
                name="email"
                label=t!(people.email)
                kind="email"
                autocomplete="username"
                required=true
            />
            <super::password::NewPassword />
            <Actions>
                <Submit label=t!(people.setup_submit) />
            </Actions>
        </Form>
    }
}
