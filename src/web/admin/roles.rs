//! Roles as boxes to tick, each with what it lets a person do.

use crate::domain::rights::Role;
use crate::web::ui::errors::sentence;
use crate::web::ui::prelude::*;
use crate::web::ui::typed::scope;

/// The roles of staff; those in `held` are ticked at first. Sends `roles[0]`, `roles[1]` …
#[component]
pub fn RoleBoxes(
    #[prop(optional)] held: Vec<Role>,
    /// A heading above says already what they are.
    #[prop(optional)]
    bare: bool,
) -> impl IntoView {
    let scope = scope();
    scope
        .labels
        .lock()
        .expect("no field panics while it notes its label")
        .push(("roles".to_owned(), t!(admin.roles).to_owned()));
    let legend = if bare {
        "visually-hidden"
    } else {
        "fieldset-title"
    };
    let refusals: Vec<String> = scope.refusals("roles").iter().map(sentence).collect();
    let error =
        (!refusals.is_empty()).then(|| view! { <p class="field-error">{refusals.join(" ")}</p> });
    let boxes: Vec<_> = Role::STAFF
        .iter()
        .enumerate()
        .map(|(index, role)| {
            view! {
                <CheckField
                    name=format!("roles.{index}")
                    value=role.code()
                    label=words::role(*role)
                    hint=lets(*role)
                    ticked=held.contains(role)
                />
            }
        })
        .collect();
    view! {
        <fieldset class="boxes" id=scope.id("roles") tabindex="-1">
            <legend class=legend>{t!(admin.roles)}</legend>
            {boxes}
            {error}
        </fieldset>
    }
}

/// What a role lets a person do, in a sentence. Source: domain rules, section 11.
pub fn lets(role: Role) -> &'static str {
    match role {
        Role::Admin => t!(admin.role_admin),
        Role::Accountant => t!(admin.role_accountant),
        Role::Cashier => t!(admin.role_cashier),
        Role::Support => t!(admin.role_support),
        Role::Customer => t!(admin.role_customer),
    }
}
