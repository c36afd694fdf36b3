//! The login page.

use crate::web::app::PlainFrame;
use crate::web::ui::prelude::*;
use leptos_router::components::Redirect;

/// Asks who is there. Whoever is logged in already goes on.
#[component]
pub fn LoginPage() -> impl IntoView {
    if visit().viewer.is_some() {
        return view! { <Redirect path="/" /> }.into_any();
    }
    let next = visit().query_value("next").unwrap_or_default().to_owned();
    view! {
        <PlainFrame>
            <PageHead title=t!(people.login_title) />
            <Form endpoint="log_in" arg="login">
                <Hidden name="next" value=next />
                <TextField
                    name="email"
                    label=t!(people.email)
                    kind="email"
                    autocomplete="username"
                    required=true
                />
                <PasswordField
                    name="password"
                    label=t!(people.password)
                    autocomplete="current-password"
                />
                <Actions>
                    <Submit label=t!(ui.log_in) />
                </Actions>
            </Form>
            <p class="hint">{t!(people.forgotten)}</p>
        </PlainFrame>
    }
    .into_any()
}
