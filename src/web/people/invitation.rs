//! A person sets their password by a one-time link: the first one, or another one after they forgot it.

use super::api::login_link;
use super::password::NewPassword;
use crate::dto::people::{LinkInfo, LinkPurpose};
use crate::web::app::PlainFrame;
use crate::web::ui::prelude::*;
use leptos_router::hooks::use_params_map;

/// Reached by the one-time link an administrator passed on.
#[component]
pub fn InvitationPage() -> impl IntoView {
    let token = use_params_map()
        .get_untracked()
        .get("token")
        .unwrap_or_default();
    let link = login_link(token.clone());
    view! { <PlainFrame>{load(link, move |link| form(link, token))}</PlainFrame> }
}

fn form(link: LinkInfo, token: String) -> impl IntoView {
    let title = match link.purpose {
        LinkPurpose::Reset => t!(people.reset_title).to_owned(),
        LinkPurpose::Invitation | LinkPurpose::FirstAdmin => {
            t!(people.invitation_title, name = link.name)
        }
    };
    let lead = t!(people.invitation_lead, email = link.email.clone());
    view! {
        <PageHead title=title lead=lead.into_any() />
        <Form endpoint="accept_invitation" arg="acceptance">
            <Hidden name="token" value=token />
            // For the browser's password keeper: which account the new password belongs to.
            <input type="email" autocomplete="username" value=link.email hidden readonly />
            <NewPassword />
            <Actions>
                <Submit label=t!(people.set_password) />
            </Actions>
        </Form>
    }
}
