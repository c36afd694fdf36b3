//! People and programs through the services: who may come in, who may invite, what links and tokens open.

use super::support::{Engine, House};
use crate::domain::ids::{CustomerId, UserId};
use crate::domain::rights::Role;
use crate::dto::error::{AppError, Refusal};
use crate::dto::page::PageRequest;
use crate::dto::people::{
    Acceptance, FirstAdmin, IssuedLink, NewPortalUser, NewStaff, NewToken, PasswordChange,
    PersonChoice, RoleChange, TokenChoice, UserFilter, UserRow, UserState,
};
use crate::server::auth::bearer;
use crate::server::context::{Actor, Ctx};
use crate::server::queries::people;
use crate::server::services::{tokens, users};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use rstest::rstest;
use uuid::Uuid;

pub const PASSWORD: &str = "correct lamp seven harbour";
const OTHER_PASSWORD: &str = "violet anchor eleven tables";

fn newcomer(email: &str, roles: &[&str]) -> NewStaff {
    NewStaff {
        email: email.to_owned(),
        name: "Nora Newcomer".to_owned(),
        roles: roles.iter().map(|&role| role.to_owned()).collect(),
    }
}

fn choice(user: UserId) -> PersonChoice {
    PersonChoice {
        user: user.to_string(),
    }
}

fn acceptance(link: &IssuedLink) -> Acceptance {
    Acceptance {
        token: token(link),
        password: PASSWORD.to_owned(),
        repeated: PASSWORD.to_owned(),
    }
}

fn token(link: &IssuedLink) -> String {
    let token = link.path.rsplit('/').next();
    token.expect("a link ends with its token").to_owned()
}

/// Everyone in the list of users.
async fn everybody(house: &House) -> Vec<UserRow> {
    let (filter, page) = (UserFilter::default(), PageRequest::default());
    let list = people::users(&house.admin(), &filter, &page).await;
    list.expect("an admin lists users").rows
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn the_first_admin_names_themselves_once(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let first = users::first_admin_link(&house.system())
        .await
        .unwrap()
        .unwrap();
    let second = users::first_admin_link(&house.system())
        .await
        .unwrap()
        .unwrap();
    assert!(
        everybody(&house).await.is_empty(),
        "nobody is listed before they have a name"
    );
    let ada = |link: &IssuedLink| FirstAdmin {
        token: token(link),
        email: "Ada@Example.com".to_owned(),
        name: "Ada".to_owned(),
        password: PASSWORD.to_owned(),
        repeated: PASSWORD.to_owned(),
    };
    let late = users::name_first_admin(&house.nobody(), ada(&first)).await;
    assert_eq!(
        late,
        Err(Refusal::LinkNotValid.of_act()),
        "a newer link replaces it"
    );
    let user = users::name_first_admin(&house.nobody(), ada(&second))
        .await
        .unwrap();
    let again = users::name_first_admin(&house.nobody(), ada(&second)).await;
    assert_eq!(again, Err(Refusal::LinkNotValid.of_act()));
    assert_eq!(users::first_admin_link(&house.system()).await, Ok(None));
    let listed = everybody(&house).await;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].user, user);
    assert_eq!(listed[0].email, "ada@example.com");
    assert_eq!(listed[0].roles, [Role::Admin, Role::Accountant]);
    assert_eq!(
        users::log_in(&house.nobody(), "ADA@example.com", PASSWORD).await,
        Ok(user)
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn an_invited_person_sets_a_password_once(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let command = newcomer("nora@example.com", &["cashier", "", "support"]);
    let link = users::invite_staff(&house.admin(), command).await.unwrap();
    let invited = everybody(&house).await.remove(0);
    assert_eq!(invited.state, UserState::Invited);
    assert_eq!(invited.roles, [Role::Cashier, Role::Support]);
    let early = users::log_in(&house.nobody(), "nora@example.com", PASSWORD).await;
    assert_eq!(early, Err(Refusal::WrongCredentials.of_act()));

    let weak = Acceptance {
        password: "nora@example.com".to_owned(),
        repeated: "nora@example.com".to_owned(),
        ..acceptance(&link)
    };
    let refused = users::accept(&house.nobody(), weak).await;
    assert_eq!(
        refused,
        Err(Refusal::PasswordTooWeak.at("password")),
        "and the link is not used up"
    );
    assert_eq!(
        users::accept(&house.nobody(), acceptance(&link)).await,
        Ok(invited.user)
    );
    let again = users::accept(&house.nobody(), acceptance(&link)).await;
    assert_eq!(again, Err(Refusal::LinkNotValid.of_act()));
    let reader = people::link(&house.nobody(), &token(&link)).await;
    assert_eq!(reader, Err(Refusal::LinkNotValid.of_act()));
    assert_eq!(
        users::log_in(&house.nobody(), "nora@example.com", PASSWORD).await,
        Ok(invited.user)
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn two_uses_of_one_link_at_once_set_one_password(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let command = newcomer("nora@example.com", &["support"]);
    let link = users::invite_staff(&house.admin(), command).await.unwrap();
    let other = Acceptance {
        password: OTHER_PASSWORD.to_owned(),
        repeated: OTHER_PASSWORD.to_owned(),
        ..acceptance(&link)
    };
    let nobody = house.nobody();
    let both = tokio::join!(
        users::accept(&nobody, acceptance(&link)),
        users::accept(&nobody, other)
    );
    assert_ne!(both.0.is_ok(), both.1.is_ok(), "{both:?}");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn links_end_with_time_with_a_newer_one_and_with_disabling(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let admin = house.admin();
    let first = users::invite_staff(&admin, newcomer("nora@example.com", &["support"]));
    let first = first.await.unwrap();
    let second = users::renew_link(&admin, choice(first.user)).await.unwrap();
    let not_valid = Err(Refusal::LinkNotValid.of_act());
    assert_eq!(
        users::accept(&house.nobody(), acceptance(&first)).await,
        not_valid
    );
    house
        .run(
            "UPDATE login_links SET expires_at = $1",
            vec![house.system().clock.now().into()],
        )
        .await;
    assert_eq!(
        users::accept(&house.nobody(), acceptance(&second)).await,
        not_valid
    );
    let third = users::renew_link(&admin, choice(first.user)).await.unwrap();
    users::disable(&admin, choice(first.user)).await.unwrap();
    assert_eq!(
        users::accept(&house.nobody(), acceptance(&third)).await,
        not_valid
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn an_invitation_names_what_is_wrong_with_it(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let admin = house.admin();
    let refused = async |command| users::invite_staff(&admin, command).await.unwrap_err();
    let fine = newcomer("nora@example.com", &["support"]);
    users::invite_staff(&admin, fine.clone()).await.unwrap();
    assert_eq!(refused(fine).await, Refusal::EmailTaken.at("email"));
    let cases = [
        (
            newcomer("NORA@example.com ", &["support"]),
            Refusal::EmailTaken,
            "email",
        ),
        (newcomer("nora", &["support"]), Refusal::NotAnEmail, "email"),
        (newcomer("", &["support"]), Refusal::Required, "email"),
        (newcomer("n@example.com", &[]), Refusal::Required, "roles"),
        (
            newcomer("n@example.com", &["boss"]),
            Refusal::UnknownChoice,
            "roles",
        ),
        (
            newcomer("n@example.com", &["customer"]),
            Refusal::UnknownChoice,
            "roles",
        ),
        (
            NewStaff {
                name: " ".to_owned(),
                ..newcomer("n@example.com", &["support"])
            },
            Refusal::Required,
            "name",
        ),
    ];
    for (command, refusal, field) in cases {
        assert_eq!(
            refused(command.clone()).await,
            refusal.at(field),
            "{command:?}"
        );
    }
    let unknown = NewPortalUser {
        customer: "C-404".to_owned(),
        email: "c@example.com".to_owned(),
        name: "Chris".to_owned(),
    };
    let refused = users::invite_customer(&admin, unknown).await;
    assert_eq!(refused, Err(Refusal::UnknownReference.at("customer")));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn whoever_cannot_log_in_gets_one_and_the_same_answer(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let system = house.system();
    let nora = users::add_staff(
        &system,
        newcomer("nora@example.com", &["support"]),
        PASSWORD,
    );
    let nora = nora.await.unwrap();
    users::invite_staff(&system, newcomer("invited@example.com", &["support"]))
        .await
        .unwrap();
    users::first_admin_link(&system).await.unwrap();
    users::log_in(&house.nobody(), "nora@example.com", PASSWORD)
        .await
        .unwrap();
    users::disable(&system, choice(nora)).await.unwrap();
    for (email, password) in [
        ("unknown@example.com", PASSWORD),
        ("invited@example.com", PASSWORD),
        ("nora@example.com", PASSWORD),
        ("", ""),
        ("", "nobody has this password"),
    ] {
        let refused = users::log_in(&house.nobody(), email, password).await;
        assert_eq!(refused, Err(Refusal::WrongCredentials.of_act()), "{email}");
    }
    users::enable(&system, choice(nora)).await.unwrap();
    assert_eq!(
        users::log_in(&house.nobody(), "nora@example.com", PASSWORD).await,
        Ok(nora)
    );
    let wrong = users::log_in(&house.nobody(), "nora@example.com", OTHER_PASSWORD).await;
    assert_eq!(wrong, Err(Refusal::WrongCredentials.of_act()));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn the_last_admin_stays(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let system = house.system();
    let ada = users::add_staff(&system, newcomer("ada@example.com", &["admin"]), PASSWORD);
    let ada = ada.await.unwrap();
    let invited = users::invite_staff(&system, newcomer("bea@example.com", &["admin"]));
    let bea = invited.await.unwrap();
    let demotion = RoleChange {
        user: ada.to_string(),
        roles: vec!["support".to_owned()],
    };
    let last = Err(Refusal::LastAdmin.of_act());
    assert_eq!(
        users::disable(&system, choice(ada)).await,
        last,
        "an invited admin is none yet"
    );
    assert_eq!(users::change_roles(&system, demotion.clone()).await, last);
    users::accept(&house.nobody(), acceptance(&bea))
        .await
        .unwrap();
    users::change_roles(&system, demotion).await.unwrap();
    assert_eq!(users::disable(&system, choice(bea.user)).await, last);
    let roles = everybody(&house)
        .await
        .into_iter()
        .find(|row| row.user == ada);
    assert_eq!(roles.unwrap().roles, [Role::Support]);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn two_admins_cannot_demote_each_other_at_once(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let system = house.system();
    let mut ids = Vec::new();
    for email in ["ada@example.com", "bea@example.com"] {
        ids.push(
            users::add_staff(&system, newcomer(email, &["admin"]), PASSWORD)
                .await
                .unwrap(),
        );
    }
    let both = tokio::join!(
        users::disable(&system, choice(ids[0])),
        users::disable(&system, choice(ids[1]))
    );
    assert_ne!(both.0.is_ok(), both.1.is_ok(), "{both:?}");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_portal_user_takes_no_staff_role(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let account = house.account("C-1", "EUR").await;
    let command = NewPortalUser {
        customer: "C-1".to_owned(),
        email: "chris@example.com".to_owned(),
        name: "Chris".to_owned(),
    };
    let link = users::invite_customer(&house.admin(), command)
        .await
        .unwrap();
    let change = RoleChange {
        user: link.user.to_string(),
        roles: vec!["admin".to_owned()],
    };
    let refused = users::change_roles(&house.admin(), change).await;
    assert_eq!(refused, Err(Refusal::UnknownChoice.at("roles")));
    let listed = everybody(&house).await.remove(0);
    assert_eq!(listed.roles, [Role::Customer]);
    assert_eq!(listed.customer, Some(("C-1".to_owned(), "C-1".to_owned())));
    let trail = people_trail(&house, account.customer).await;
    assert_eq!(trail, ["user.added"], "the customer's own trail has it");
}

async fn people_trail(house: &House, customer: CustomerId) -> Vec<String> {
    house
        .texts(
            "SELECT act AS text FROM audit_events WHERE customer_id = $1 ORDER BY recorded_at",
            vec![customer.0.into()],
        )
        .await
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn another_password_needs_the_present_one(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let system = house.system();
    let nora = users::add_staff(
        &system,
        newcomer("nora@example.com", &["support"]),
        PASSWORD,
    );
    let nora = nora.await.unwrap();
    let ctx = system.as_actor(Actor::Staff {
        user: nora,
        name: "Nora".to_owned(),
        roles: vec![Role::Support],
    });
    let change = PasswordChange {
        current: PASSWORD.to_owned(),
        password: OTHER_PASSWORD.to_owned(),
        repeated: OTHER_PASSWORD.to_owned(),
    };
    let guess = PasswordChange {
        current: "a guess".to_owned(),
        ..change.clone()
    };
    let refused = users::change_password(&ctx, guess).await;
    assert_eq!(refused, Err(Refusal::WrongCredentials.at("current")));
    let nobody = users::change_password(&house.nobody(), change.clone()).await;
    assert_eq!(nobody, Err(AppError::NotLoggedIn));
    users::change_password(&ctx, change).await.unwrap();
    let old = users::log_in(&house.nobody(), "nora@example.com", PASSWORD).await;
    assert_eq!(old, Err(Refusal::WrongCredentials.of_act()));
    users::log_in(&house.nobody(), "nora@example.com", OTHER_PASSWORD)
        .await
        .unwrap();
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn only_admins_manage_people_and_tokens(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let account = house.account("C-1", "EUR").await;
    let someone = newcomer("s@example.com", &["support"]);
    let someone = users::add_staff(&house.system(), someone, PASSWORD).await;
    let someone = someone.unwrap();
    for (who, ctx) in house.everyone(account.customer) {
        let expected = match who {
            "admin" => None,
            "nobody" => Some(AppError::NotLoggedIn),
            _ => Some(AppError::Forbidden),
        };
        for (act, outcome) in every_admin_act(&ctx, who, someone).await {
            match &expected {
                Some(refusal) => assert_eq!(outcome.as_ref(), Err(refusal), "{who} {act}"),
                None => assert_eq!(outcome, Ok(()), "{who} {act}"),
            }
        }
    }
}

async fn every_admin_act(
    ctx: &Ctx,
    who: &str,
    someone: UserId,
) -> Vec<(&'static str, Result<(), AppError>)> {
    let portal = NewPortalUser {
        customer: "C-1".to_owned(),
        email: format!("portal-{who}@example.com"),
        name: "Chris".to_owned(),
    };
    let roles = RoleChange {
        user: someone.to_string(),
        roles: vec!["cashier".to_owned()],
    };
    let new_token = NewToken {
        name: who.to_owned(),
        role: "support".to_owned(),
        customer: String::new(),
    };
    let staff = newcomer(&format!("staff-{who}@example.com"), &["support"]);
    let by_password = newcomer(&format!("password-{who}@example.com"), &["support"]);
    let revoked = TokenChoice {
        token: Uuid::now_v7().to_string(),
    };
    let (filter, page) = (UserFilter::default(), PageRequest::default());
    vec![
        (
            "invites staff",
            users::invite_staff(ctx, staff).await.map(drop),
        ),
        (
            "adds staff",
            users::add_staff(ctx, by_password, PASSWORD).await.map(drop),
        ),
        (
            "invites a customer",
            users::invite_customer(ctx, portal).await.map(drop),
        ),
        (
            "renews a link",
            users::renew_link(ctx, choice(someone)).await.map(drop),
        ),
        ("changes roles", users::change_roles(ctx, roles).await),
        ("disables", users::disable(ctx, choice(someone)).await),
        ("enables", users::enable(ctx, choice(someone)).await),
        (
            "asks for the first admin's link",
            users::first_admin_link(ctx).await.map(drop),
        ),
        (
            "issues a token",
            tokens::issue(ctx, new_token).await.map(drop),
        ),
        ("revokes a token", tokens::revoke(ctx, revoked).await),
        (
            "lists users",
            people::users(ctx, &filter, &page).await.map(drop),
        ),
        (
            "looks at a user",
            people::user(ctx, someone).await.map(drop),
        ),
        ("lists tokens", people::tokens(ctx, &page).await.map(drop)),
    ]
}

fn bearing(token: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
    headers
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_token_acts_in_its_role_until_it_is_revoked(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let account = house.account("C-1", "EUR").await;
    let admin = house.admin();
    let new = |role: &str, customer: &str| NewToken {
        name: "Bookkeeping".to_owned(),
        role: role.to_owned(),
        customer: customer.to_owned(),
    };
    let issued = tokens::issue(&admin, new("accountant", "")).await.unwrap();
    let nobody = house.nobody();
    let ctx = bearer::ctx_of(&nobody, &bearing(&issued.secret))
        .await
        .unwrap();
    let expected = Actor::Token {
        token: issued.token,
        name: "Bookkeeping".to_owned(),
        role: Role::Accountant,
        customer: None,
    };
    assert_eq!(ctx.actor, expected);
    let listed = people::tokens(&admin, &PageRequest::default())
        .await
        .unwrap()
        .rows
        .remove(0);
    assert!(listed.last_used_at.is_some());
    let stored = house
        .texts("SELECT token_hash AS text FROM api_tokens", vec![])
        .await;
    assert!(
        !stored[0].contains(&issued.secret["saldo_".len()..]),
        "only a hash is stored"
    );

    let portal = tokens::issue(&admin, new("customer", "C-1")).await.unwrap();
    let ctx = bearer::ctx_of(&nobody, &bearing(&portal.secret))
        .await
        .unwrap();
    assert_eq!(ctx.actor.customer(), Some(account.customer));

    tokens::revoke(
        &admin,
        TokenChoice {
            token: issued.token.to_string(),
        },
    )
    .await
    .unwrap();
    let refused = bearer::ctx_of(&nobody, &bearing(&issued.secret)).await;
    assert_eq!(refused.map(|ctx| ctx.actor), Err(AppError::NotLoggedIn));
    for wrong in ["saldo_0000", "", " "] {
        let refused = bearer::ctx_of(&nobody, &bearing(wrong)).await;
        assert_eq!(refused.map(|ctx| ctx.actor), Err(AppError::NotLoggedIn));
    }
    for (command, refusal) in [
        (new("customer", ""), Refusal::Required.at("customer")),
        (
            new("customer", "C-404"),
            Refusal::UnknownReference.at("customer"),
        ),
        (new("accountant", "C-1"), Refusal::UnknownChoice.at("role")),
        (new("boss", ""), Refusal::UnknownChoice.at("role")),
        (new("", ""), Refusal::Required.at("role")),
    ] {
        assert_eq!(tokens::issue(&admin, command).await, Err(refusal));
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn users_are_found_by_name_address_and_role(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let system = house.system();
    for (email, role) in [("a_b@example.com", "admin"), ("axb@example.com", "support")] {
        users::invite_staff(&system, newcomer(email, &[role]))
            .await
            .unwrap();
    }
    let found = async |search: &str, role: &str| {
        let filter = UserFilter {
            search: search.to_owned(),
            role: role.to_owned(),
        };
        let list = people::users(&house.admin(), &filter, &PageRequest::default())
            .await
            .unwrap();
        assert_eq!(list.total, list.rows.len() as u64);
        list.rows
            .into_iter()
            .map(|row| row.email)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        found("A_B", "").await,
        ["a_b@example.com"],
        "an underscore stands for itself"
    );
    assert_eq!(found("newcomer", "").await.len(), 2);
    assert_eq!(found("", "support").await, ["axb@example.com"]);
    assert!(found("%", "").await.is_empty());
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn every_act_on_people_stands_in_the_trail(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let admin = house.admin();
    let link = users::invite_staff(&admin, newcomer("nora@example.com", &["support"]))
        .await
        .unwrap();
    users::accept(&house.nobody(), acceptance(&link))
        .await
        .unwrap();
    users::log_in(&house.nobody(), "nora@example.com", PASSWORD)
        .await
        .unwrap();
    users::disable(&admin, choice(link.user)).await.unwrap();
    users::enable(&admin, choice(link.user)).await.unwrap();
    let trail = house
        .texts(
            "SELECT act || ' by ' || actor AS text FROM audit_events WHERE subject_id = $1 ORDER BY recorded_at",
            vec![link.user.to_string().into()],
        )
        .await;
    let expected = [
        "user.added by Ada Admin",
        "user.password_set by Nora Newcomer",
        "user.logged_in by Nora Newcomer",
        "user.disabled by Ada Admin",
        "user.enabled by Ada Admin",
    ];
    assert_eq!(trail, expected);
    let secrets = house
        .texts("SELECT details AS text FROM audit_events", vec![])
        .await
        .concat();
    assert!(!secrets.contains(PASSWORD) && !secrets.contains(&token(&link)));
}
