//! Tokens with which programs use the API.

use super::api::list_tokens;
use super::roles::lets;
use super::shown::TokenOnce;
use super::{crumbs, crumbs_to};
use crate::domain::rights::Role;
use crate::dto::page::{Page, PageRequest};
use crate::dto::people::TokenRow;
use crate::web::ui::prelude::*;

/// Every token with its role and its last use. One that was just made is shown above.
#[component]
pub fn TokensPage() -> impl IntoView {
    let page: PageRequest = typed::query();
    view! {
        <PageHead title=t!(admin.tokens) crumbs=crumbs() lead=t!(admin.tokens_lead).into_any()>
            <ButtonLink href="/api/docs" label=t!(admin.api_docs) />
            <ButtonLink
                href="/admin/tokens/new"
                label=t!(admin.new_token)
                icon="plus"
                primary=true
            />
        </PageHead>
        <TokenOnce />
        {load(list_tokens(page), table)}
    }
}

fn table(page: Page<TokenRow>) -> AnyView {
    if page.rows.is_empty() {
        return view! {
            <Empty title=t!(admin.no_tokens) text=t!(admin.no_tokens_text)>
                <ButtonLink href="/admin/tokens/new" label=t!(admin.new_token) icon="plus" />
            </Empty>
        }
        .into_any();
    }
    let rows: Vec<_> = page.rows.into_iter().map(row).collect();
    let head = view! {
        <th scope="col">{t!(admin.name)}</th>
        <th scope="col">{t!(admin.acts_as)}</th>
        <th scope="col">{t!(admin.made)}</th>
        <th scope="col">{t!(admin.last_used)}</th>
        <th scope="col">{t!(admin.state)}</th>
    };
    view! {
        <DataTable caption=t!(admin.tokens) head=head.into_any() cards=true>{rows}</DataTable>
        <Pager total=page.total />
    }
    .into_any()
}

fn row(token: TokenRow) -> impl IntoView {
    let customer = token.customer.map(|(number, name)| {
        let href = format!("/customers/{number}");
        view! { " · " <a href=href>{name}</a> }
    });
    let used = match token.last_used_at {
        Some(at) => format::instant(at),
        None => t!(admin.never).to_owned(),
    };
    let state = match token.revoked_at {
        Some(at) => {
            let since = t!(admin.revoked_at, when = format::instant(at));
            view! { <span class="soft">{since}</span> }.into_any()
        }
        None => revoke(token.token.to_string()).into_any(),
    };
    view! {
        <tr>
            <th scope="row">{token.name}</th>
            <Cell label=t!(admin.acts_as)><span>{words::role(token.role)} {customer}</span></Cell>
            <Cell label=t!(admin.made)>{format::instant(token.created_at)}</Cell>
            <Cell label=t!(admin.last_used)>{used}</Cell>
            <Cell label=t!(admin.state)>{state}</Cell>
        </tr>
    }
}

fn revoke(id: String) -> impl IntoView {
    view! {
        <Confirm label=t!(admin.revoke)>
            <Form endpoint="revoke_token" arg="token" instance=("token", id)>
                <p>{t!(admin.revoke_text)}</p>
                <Actions>
                    <Submit label=t!(admin.revoke_now) class="button-danger" />
                </Actions>
            </Form>
        </Confirm>
    }
}

/// The form that makes a token.
#[component]
pub fn NewTokenPage() -> impl IntoView {
    let roles: Vec<_> = Role::ALL
        .iter()
        .map(|role| view! { <Fact label=words::role(*role)>{lets(*role)}</Fact> })
        .collect();
    view! {
        <PageHead
            title=t!(admin.new_token)
            crumbs=crumbs_to(t!(admin.tokens), "/admin/tokens")
            lead=t!(admin.new_token_lead).into_any()
        />
        <Form endpoint="issue_token" arg="token">
            <TextField
                name="name"
                label=t!(admin.token_name)
                hint=t!(admin.token_name_hint)
                required=true
                maxlength=200
            />
            <div class="fields">
                <SelectField
                    name="role"
                    label=t!(admin.role)
                    choices=role_choices()
                    required=true
                />
                <TextField
                    name="customer"
                    label=t!(admin.customer_number)
                    hint=t!(admin.token_customer_hint)
                />
            </div>
            <Facts>{roles}</Facts>
            <Actions>
                <Submit label=t!(admin.make_token) />
            </Actions>
        </Form>
    }
}

fn role_choices() -> Vec<(String, String)> {
    let choose = (String::new(), t!(admin.please_choose).to_owned());
    let roles = words::choices(Role::ALL, Role::code, words::role);
    std::iter::once(choose).chain(roles).collect()
}
