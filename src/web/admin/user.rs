//! One person: their roles, and whether they can log in.

use super::api::show_user;
use super::crumbs_to;
use super::roles::{RoleBoxes, lets};
use super::shown::LinkOnce;
use crate::domain::rights::Role;
use crate::dto::people::{UserRow, UserState};
use crate::web::ui::prelude::*;
use leptos_router::hooks::use_params_map;

/// A person with what an admin can do for them.
#[component]
pub fn UserPage() -> impl IntoView {
    let user = use_params_map()
        .get_untracked()
        .get("user")
        .unwrap_or_default();
    load(show_user(user), page)
}

fn page(user: UserRow) -> impl IntoView {
    let lead = view! { <span>{user.email.clone()}</span> <words::UserBadge state=user.state /> };
    view! {
        <PageHead
            title=user.name.clone()
            crumbs=crumbs_to(t!(admin.users), "/admin/users")
            lead=lead.into_any()
        />
        <LinkOnce />
        <div class="columns">{roles(&user)} {access(user)}</div>
    }
}

fn roles(user: &UserRow) -> AnyView {
    if let Some((number, name)) = user.customer.clone() {
        let href = format!("/customers/{number}");
        return view! {
            <Card title=words::role(Role::Customer)>
                <p>{lets(Role::Customer)}</p>
                <p><a href=href>{number} " " {name}</a></p>
            </Card>
        }
        .into_any();
    }
    let id = user.user.to_string();
    let held = user.roles.clone();
    view! {
        <Card title=t!(admin.roles)>
            <Form endpoint="change_roles" arg="change">
                <Hidden name="user" value=id />
                <RoleBoxes held bare=true />
                <p class="hint">{t!(admin.roles_explained)}</p>
                <Actions>
                    <Submit label=t!(admin.save_roles) />
                </Actions>
            </Form>
        </Card>
    }
    .into_any()
}

fn access(user: UserRow) -> impl IntoView {
    let id = user.user.to_string();
    let is_reader = visit()
        .viewer
        .as_ref()
        .is_some_and(|viewer| viewer.user == user.user);
    let explained = match user.state {
        UserState::Invited => t!(admin.state_invited_text),
        UserState::Active => t!(admin.state_active_text),
        UserState::Disabled => t!(admin.state_disabled_text),
    };
    let acts = match user.state {
        UserState::Disabled => enable(id).into_any(),
        UserState::Invited | UserState::Active => {
            let disable = (!is_reader).then(|| disable(id.clone()));
            view! { {renew(id, user.state)} {disable} }.into_any()
        }
    };
    view! {
        <Card title=t!(admin.access)>
            <p>{explained}</p>
            <Facts>
                <Fact label=t!(admin.added)>{format::instant(user.created_at)}</Fact>
            </Facts>
            {acts}
        </Card>
    }
}

fn renew(id: String, state: UserState) -> impl IntoView {
    let (label, explained) = match state {
        UserState::Invited => (t!(admin.new_invitation), t!(admin.new_invitation_text)),
        UserState::Active | UserState::Disabled => {
            (t!(admin.reset_link), t!(admin.reset_link_text))
        }
    };
    view! {
        <Confirm label=label>
            <Form endpoint="renew_link" arg="person">
                <Hidden name="user" value=id />
                <p>{explained}</p>
                <Actions>
                    <Submit label=t!(admin.make_link) />
                </Actions>
            </Form>
        </Confirm>
    }
}

fn disable(id: String) -> impl IntoView {
    view! {
        <Confirm label=t!(admin.disable)>
            <Form endpoint="disable_user" arg="person">
                <Hidden name="user" value=id />
                <p>{t!(admin.disable_text)}</p>
                <Actions>
                    <Submit label=t!(admin.disable_now) class="button-danger" />
                </Actions>
            </Form>
        </Confirm>
    }
}

fn enable(id: String) -> impl IntoView {
    view! {
        <Form endpoint="enable_user" arg="person">
            <Hidden name="user" value=id />
            <Actions>
                <Submit label=t!(admin.enable) />
            </Actions>
        </Form>
    }
}
