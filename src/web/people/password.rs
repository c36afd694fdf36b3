//! A person who is logged in takes another password.

use crate::web::app::PlainFrame;
use crate::web::ui::load::login_path;
use crate::web::ui::prelude::*;
use leptos_router::components::Redirect;

/// Asks for the present password and twice for the new one.
#[component]
pub fn PasswordPage() -> impl IntoView {
    let Some(viewer) = visit().viewer.clone() else {
        return view! { <Redirect path=login_path() /> }.into_any();
    };
    view! {
        <PlainFrame>
            <PageHead
                title=t!(people.password_title)
                lead=t!(people.password_lead).into_any()
            />
            <Form endpoint="change_password" arg="change">
                <input type="email" autocomplete="username" value=viewer.email hidden readonly />
                <PasswordField
                    name="current"
                    label=t!(people.current_password)
                    autocomplete="current-password"
                />
                <NewPassword />
                <Actions>
                    <Submit label=t!(people.set_password) />
                    <ButtonLink href="/" label=t!(people.cancel) />
                </Actions>
            </Form>
        </PlainFrame>
    }
    .into_any()
}

/// The new password, twice, and what makes a good one.
#[component]
pub fn NewPassword() -> impl IntoView {
    view! {
        <PasswordField
            name="password"
            label=t!(people.new_password)
            hint=t!(people.password_hint)
            autocomplete="new-password"
        />
        <PasswordField
            name="repeated"
            label=t!(people.repeated_password)
            autocomplete="new-password"
        />
    }
}
