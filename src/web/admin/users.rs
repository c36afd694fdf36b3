//! The list of people who can log in.

use super::api::{list_users, page_of_user};
use super::crumbs;
use crate::domain::rights::Role;
use crate::dto::page::{Page, PageRequest};
use crate::dto::people::{UserFilter, UserRow};
use crate::web::ui::prelude::*;

/// Everyone with an account, staff and customers, with roles and state.
#[component]
pub fn UsersPage() -> impl IntoView {
    let filter: UserFilter = typed::query();
    let page: PageRequest = typed::query();
    let filtered = filter != UserFilter::default();
    view! {
        <PageHead title=t!(admin.users) crumbs=crumbs()>
            <ButtonLink href="/admin/users/invite-customer" label=t!(admin.invite_customer) />
            <ButtonLink
                href="/admin/users/invite"
                label=t!(admin.invite_staff)
                icon="plus"
                primary=true
            />
        </PageHead>
        <FilterForm>
            <TextField name="search" label=t!(admin.name_or_email) kind="search" />
            <SelectField name="role" label=t!(admin.role) choices=role_choices() />
        </FilterForm>
        {load(list_users(filter, page), move |page| table(page, filtered))}
    }
}

fn role_choices() -> Vec<(String, String)> {
    let any = (String::new(), t!(admin.any_role).to_owned());
    let roles = words::choices(Role::ALL, Role::code, words::role);
    std::iter::once(any).chain(roles).collect()
}

fn table(page: Page<UserRow>, filtered: bool) -> AnyView {
    if page.rows.is_empty() {
        let text = if filtered {
            t!(admin.no_users_found)
        } else {
            t!(admin.no_users)
        };
        return view! { <Empty title=t!(admin.nobody) text=text /> }.into_any();
    }
    let rows: Vec<_> = page.rows.into_iter().map(row).collect();
    let head = view! {
        <SortHead column="name" label=t!(admin.name) />
        <SortHead column="email" label=t!(admin.email) />
        <th scope="col">{t!(admin.roles)}</th>
        <th scope="col">{t!(admin.state)}</th>
        <SortHead column="created" label=t!(admin.added) />
    };
    view! {
        <DataTable caption=t!(admin.users) head=head.into_any() cards=true>{rows}</DataTable>
        <Pager total=page.total />
    }
    .into_any()
}

fn row(user: UserRow) -> impl IntoView {
    let roles: Vec<&str> = user.roles.iter().map(|role| words::role(*role)).collect();
    let customer = user.customer.map(|(number, name)| {
        let href = format!("/customers/{number}");
        view! { " · " <a href=href>{name}</a> }
    });
    view! {
        <tr>
            <th scope="row"><a href=page_of_user(user.user)>{user.name}</a></th>
            <Cell label=t!(admin.email)>{user.email}</Cell>
            <Cell label=t!(admin.roles)><span>{roles.join(", ")} {customer}</span></Cell>
            <Cell label=t!(admin.state)><words::UserBadge state=user.state /></Cell>
            <Cell label=t!(admin.added)>{format::instant(user.created_at)}</Cell>
        </tr>
    }
}
