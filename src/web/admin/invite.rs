//! Inviting people: staff with roles, and people of a customer to the portal.

use super::crumbs_to;
use super::roles::RoleBoxes;
use crate::web::ui::prelude::*;

/// The form that invites a member of staff.
#[component]
pub fn InviteStaffPage() -> impl IntoView {
    view! {
        <PageHead
            title=t!(admin.invite_staff)
            crumbs=crumbs_to(t!(admin.users), "/admin/users")
            lead=t!(admin.invite_lead).into_any()
        />
        <Form endpoint="invite_staff" arg="person">
            <div class="fields">{identity()}</div>
            <RoleBoxes />
            <Actions>
                <Submit label=t!(admin.make_invitation) />
            </Actions>
        </Form>
    }
}

/// The form that invites someone to a customer's portal. The customer may stand in the URL as `customer`.
#[component]
pub fn InviteCustomerPage() -> impl IntoView {
    let customer = visit()
        .query_value("customer")
        .unwrap_or_default()
        .to_owned();
    view! {
        <PageHead
            title=t!(admin.invite_customer)
            crumbs=crumbs_to(t!(admin.users), "/admin/users")
            lead=t!(admin.invite_customer_lead).into_any()
        />
        <Form endpoint="invite_customer" arg="person">
            <TextField
                name="customer"
                label=t!(admin.customer_number)
                hint=t!(admin.customer_number_hint)
                value=customer
                required=true
            />
            <div class="fields">{identity()}</div>
            <Actions>
                <Submit label=t!(admin.make_invitation) />
            </Actions>
        </Form>
    }
}

fn identity() -> impl IntoView {
    view! {
        <TextField name="name" label=t!(admin.name) required=true maxlength=200 />
        <TextField
            name="email"
            label=t!(admin.email)
            hint=t!(admin.email_hint)
            kind="email"
            required=true
        />
    }
}
