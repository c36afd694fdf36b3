//! People: inviting them, letting them in, giving and taking roles.

use super::id;
use crate::domain::ids::{CustomerId, UserId};
use crate::domain::rights::{Right, Role};
use crate::dto::error::{AppError, Refusal};
use crate::dto::form::Reader;
use crate::dto::people::{
    Acceptance, FirstAdmin, IssuedLink, LinkPurpose, NewPortalUser, NewStaff, PasswordChange,
    PersonChoice, RoleChange,
};
use crate::server::auth::{password, secret};
use crate::server::context::{Actor, Ctx};
use crate::server::queries::people;
use crate::server::store::audit::{self, AuditEvent};
use crate::server::store::login_links::{self, NewLink};
use crate::server::store::users::{self, NewUser, StoredUser, UNNAMED};
use crate::server::store::{Tx, customers, sessions};
use chrono::Duration;
use serde_json::{Value, json};
use uuid::Uuid;

/// How long a one-time link works.
const LINK_DAYS: i64 = 7;
/// Characters of a person's name at most.
const NAME_MAX: u32 = 200;

/// A member of staff has an account without password, and a link with which to set one.
pub async fn invite_staff(ctx: &Ctx, command: NewStaff) -> Result<IssuedLink, AppError> {
    ctx.actor.require(Right::ManageUsers)?;
    let person = read_staff(&command)?;
    let tx = Tx::begin(ctx).await?;
    let user = add(ctx, &tx, &person, None).await?;
    let link = issue_link(ctx, &tx, &user, LinkPurpose::Invitation).await?;
    tx.commit(ctx).await?;
    Ok(link)
}

/// A person of a customer has an account for the portal, and a link with which to set a password.
pub async fn invite_customer(ctx: &Ctx, command: NewPortalUser) -> Result<IssuedLink, AppError> {
    ctx.actor.require(Right::ManageUsers)?;
    let tx = Tx::begin(ctx).await?;
    let person = read_portal_user(&tx, &command).await?;
    let user = add(ctx, &tx, &person, None).await?;
    let link = issue_link(ctx, &tx, &user, LinkPurpose::Invitation).await?;
    tx.commit(ctx).await?;
    Ok(link)
}

/// A member of staff who can log in at once with this password.
pub async fn add_staff(ctx: &Ctx, command: NewStaff, password: &str) -> Result<UserId, AppError> {
    ctx.actor.require(Right::ManageUsers)?;
    let person = read_staff(&command)?;
    let hash = new_hash(password, password, &[&person.email, &person.name]).await?;
    let tx = Tx::begin(ctx).await?;
    let user = add(ctx, &tx, &person, Some(hash)).await?;
    tx.commit(ctx).await?;
    Ok(user.id)
}

/// A person of a customer who can log in to the portal at once with this password.
pub async fn add_customer(
    ctx: &Ctx,
    command: NewPortalUser,
    password: &str,
) -> Result<UserId, AppError> {
    ctx.actor.require(Right::ManageUsers)?;
    let hash = new_hash(password, password, &[&command.email, &command.name]).await?;
    let tx = Tx::begin(ctx).await?;
    let person = read_portal_user(&tx, &command).await?;
    let user = add(ctx, &tx, &person, Some(hash)).await?;
    tx.commit(ctx).await?;
    Ok(user.id)
}

/// A person to be added, read.
struct Newcomer {
    email: String,
    name: String,
    roles: Vec<Role>,
    customer: Option<CustomerId>,
}

fn read_staff(command: &NewStaff) -> Result<Newcomer, AppError> {
    let mut reader = Reader::default();
    let (email, name) = read_identity(&mut reader, &command.email, &command.name);
    let roles = read_roles(&mut reader, &command.roles);
    reader.finish(roles.map(|roles| Newcomer {
        email,
        name,
        roles,
        customer: None,
    }))
}

async fn read_portal_user(tx: &Tx, command: &NewPortalUser) -> Result<Newcomer, AppError> {
    let mut reader = Reader::default();
    let (email, name) = read_identity(&mut reader, &command.email, &command.name);
    let number = reader.required("customer", &command.customer, NAME_MAX);
    let customer = customers::find_by_number(tx, &number).await?;
    if customer.is_none() && !number.is_empty() {
        reader.refuse("customer", Refusal::UnknownReference);
    }
    reader.finish(customer.map(|customer| Newcomer {
        email,
        name,
        roles: vec![Role::Customer],
        customer: Some(customer),
    }))
}

fn read_identity(reader: &mut Reader, email: &str, name: &str) -> (String, String) {
    if email.trim().is_empty() {
        reader.refuse("email", Refusal::Required);
    }
    let email = reader.email("email", email).to_lowercase();
    let name = reader.required("name", name, NAME_MAX);
    (email, name)
}

/// At least one staff role; empty texts are boxes left unticked.
fn read_roles(reader: &mut Reader, texts: &[String]) -> Option<Vec<Role>> {
    let chosen = texts.iter().filter(|text| !text.is_empty());
    let mut roles = Vec::new();
    for text in chosen {
        match Role::from_code(text).filter(|role| Role::STAFF.contains(role)) {
            Some(role) if roles.contains(&role) => {}
            Some(role) => roles.push(role),
            None => {
                reader.refuse("roles", Refusal::UnknownChoice);
                return None;
            }
        }
    }
    if roles.is_empty() {
        reader.refuse("roles", Refusal::Required);
        return None;
    }
    Some(roles)
}

async fn add(
    ctx: &Ctx,
    tx: &Tx,
    person: &Newcomer,
    password_hash: Option<String>,
) -> Result<StoredUser, AppError> {
    let id = UserId(Uuid::now_v7());
    let user = NewUser {
        id,
        email: &person.email,
        name: &person.name,
        password_hash,
        customer: person.customer,
    };
    if !users::insert(tx, ctx, user).await? {
        return Err(Refusal::EmailTaken.at("email"));
    }
    users::set_roles(tx, id, &person.roles).await?;
    let details = json!({ "email": person.email, "roles": codes(&person.roles) });
    note(ctx, tx, "user.added", id, person.customer, details).await?;
    let user = users::lock(tx, id).await?;
    user.ok_or(AppError::NotFound)
}

/// A person gets a fresh link, to set a first password or another one. Earlier links stop working.
pub async fn renew_link(ctx: &Ctx, command: PersonChoice) -> Result<IssuedLink, AppError> {
    ctx.actor.require(Right::ManageUsers)?;
    let tx = Tx::begin(ctx).await?;
    let user = chosen(&tx, &command.user).await?;
    let purpose = match user.password_hash {
        Some(_) => LinkPurpose::Reset,
        None => LinkPurpose::Invitation,
    };
    let link = issue_link(ctx, &tx, &user, purpose).await?;
    let details = json!({ "purpose": purpose });
    note(
        ctx,
        &tx,
        "user.link_issued",
        user.id,
        user.customer,
        details,
    )
    .await?;
    tx.commit(ctx).await?;
    Ok(link)
}

/// The link with which the first admin names themselves, when nobody has been named yet. An earlier one stops
/// working. Source: the house is set up by whoever can start it.
pub async fn first_admin_link(ctx: &Ctx) -> Result<Option<IssuedLink>, AppError> {
    ctx.actor.require(Right::ManageUsers)?;
    let tx = Tx::begin(ctx).await?;
    if users::any_named(&tx).await? {
        return Ok(None);
    }
    let user = match users::find_by_email(&tx, UNNAMED).await? {
        Some(user) => user,
        None => {
            let unnamed = Newcomer {
                email: UNNAMED.to_owned(),
                name: UNNAMED.to_owned(),
                roles: vec![Role::Admin, Role::Accountant],
                customer: None,
            };
            add(ctx, &tx, &unnamed, None).await?
        }
    };
    let link = issue_link(ctx, &tx, &user, LinkPurpose::FirstAdmin).await?;
    tx.commit(ctx).await?;
    Ok(Some(link))
}

async fn issue_link(
    ctx: &Ctx,
    tx: &Tx,
    user: &StoredUser,
    purpose: LinkPurpose,
) -> Result<IssuedLink, AppError> {
    let token = secret::fresh();
    let expires_at = ctx.clock.now() + Duration::days(LINK_DAYS);
    let link = NewLink {
        hash: secret::hash(&token),
        user: user.id,
        purpose,
        expires_at,
    };
    login_links::replace(tx, ctx, link).await?;
    let page = match purpose {
        LinkPurpose::FirstAdmin => "setup",
        LinkPurpose::Invitation | LinkPurpose::Reset => "invitation",
    };
    Ok(IssuedLink {
        user: user.id,
        email: user.email.clone(),
        path: format!("/{page}/{token}"),
        expires_at,
    })
}

/// The first admin has a name and a password; the link is used up. Says who they are.
pub async fn name_first_admin(ctx: &Ctx, command: FirstAdmin) -> Result<UserId, AppError> {
    let mut reader = Reader::default();
    let (email, name) = read_identity(&mut reader, &command.email, &command.name);
    let (email, name) = reader.finish(Some((email, name)))?;
    people::link(ctx, &command.token).await?;
    let hash = new_hash(&command.password, &command.repeated, &[&email, &name]).await?;
    let tx = Tx::begin(ctx).await?;
    let user = use_link(ctx, &tx, &command.token, &[LinkPurpose::FirstAdmin]).await?;
    if users::find_by_email(&tx, &email).await?.is_some() {
        return Err(Refusal::EmailTaken.at("email"));
    }
    users::set_name(&tx, user.id, &email, &name).await?;
    users::set_password(&tx, user.id, &hash).await?;
    let details = json!({ "email": email });
    let ctx = ctx.as_actor(staff(user.id, &name));
    note(&ctx, &tx, "user.first_admin_named", user.id, None, details).await?;
    tx.commit(&ctx).await?;
    Ok(user.id)
}

/// A person has set their password; the link is used up and what was logged in before is logged out. Says who.
pub async fn accept(ctx: &Ctx, command: Acceptance) -> Result<UserId, AppError> {
    let person = people::link(ctx, &command.token).await?;
    let known = [person.email.as_str(), person.name.as_str()];
    let hash = new_hash(&command.password, &command.repeated, &known).await?;
    let tx = Tx::begin(ctx).await?;
    let purposes = [LinkPurpose::Invitation, LinkPurpose::Reset];
    let user = use_link(ctx, &tx, &command.token, &purposes).await?;
    users::set_password(&tx, user.id, &hash).await?;
    sessions::delete_of_user(&tx, user.id).await?;
    let ctx = ctx.as_actor(staff(user.id, &user.name));
    note(
        &ctx,
        &tx,
        "user.password_set",
        user.id,
        user.customer,
        json!({}),
    )
    .await?;
    tx.commit(&ctx).await?;
    Ok(user.id)
}

async fn use_link(
    ctx: &Ctx,
    tx: &Tx,
    token: &str,
    purposes: &[LinkPurpose],
) -> Result<StoredUser, AppError> {
    let used = login_links::use_up(tx, ctx, &secret::hash(token)).await?;
    let user = match used {
        Some((user, purpose)) if purposes.contains(&purpose) => users::lock(tx, user).await?,
        _ => None,
    };
    user.filter(|user| !user.disabled)
        .ok_or_else(|| Refusal::LinkNotValid.of_act())
}

/// Who belongs to e-mail address and password. Unknown, disabled, without password, wrong password: one answer,
/// after the same time.
pub async fn log_in(ctx: &Ctx, email: &str, password: &str) -> Result<UserId, AppError> {
    let known = people::credentials(ctx, &email.trim().to_lowercase()).await?;
    let hash = known.as_ref().map(|known| known.password_hash.clone());
    let right = password::verify(password, hash).await?;
    let Some(known) = known.filter(|_| right) else {
        tracing::info!("a login was refused");
        return Err(Refusal::WrongCredentials.of_act());
    };
    let tx = Tx::begin(ctx).await?;
    let user = users::lock(&tx, known.user).await?;
    // Disabled while the password was compared.
    let user = user
        .filter(|user| !user.disabled)
        .ok_or_else(|| Refusal::WrongCredentials.of_act())?;
    let ctx = ctx.as_actor(staff(user.id, &user.name));
    note(
        &ctx,
        &tx,
        "user.logged_in",
        user.id,
        user.customer,
        json!({}),
    )
    .await?;
    tx.commit(&ctx).await?;
    Ok(user.id)
}

/// A person takes another password, knowing the one they have. What they are logged in with ends everywhere.
pub async fn change_password(ctx: &Ctx, command: PasswordChange) -> Result<UserId, AppError> {
    let user = ctx.actor.user().ok_or(AppError::NotLoggedIn)?;
    let known = people::credentials_of(ctx, user).await?;
    let known = known.ok_or(AppError::NotLoggedIn)?;
    if !password::verify(&command.current, Some(known.password_hash)).await? {
        return Err(Refusal::WrongCredentials.at("current"));
    }
    let person = [known.email.as_str(), known.name.as_str()];
    let hash = new_hash(&command.password, &command.repeated, &person).await?;
    let tx = Tx::begin(ctx).await?;
    users::set_password(&tx, user, &hash).await?;
    login_links::revoke_of_user(&tx, user).await?;
    sessions::delete_of_user(&tx, user).await?;
    let customer = ctx.actor.customer();
    note(ctx, &tx, "user.password_changed", user, customer, json!({})).await?;
    tx.commit(ctx).await?;
    Ok(user)
}

/// A member of staff has these roles from their next request on. The last admin keeps theirs.
pub async fn change_roles(ctx: &Ctx, command: RoleChange) -> Result<(), AppError> {
    ctx.actor.require(Right::ManageUsers)?;
    let mut reader = Reader::default();
    let roles = read_roles(&mut reader, &command.roles);
    let roles = reader.finish(roles)?;
    let tx = Tx::begin(ctx).await?;
    let admins = users::lock_active_admins(&tx).await?;
    let user = chosen(&tx, &command.user).await?;
    if user.customer.is_some() {
        return Err(Refusal::UnknownChoice.at("roles"));
    }
    if !roles.contains(&Role::Admin) {
        refuse_last_admin(&admins, user.id)?;
    }
    let before = users::roles(&tx, user.id).await?;
    users::set_roles(&tx, user.id, &roles).await?;
    let details = json!({ "before": codes(&before), "after": codes(&roles) });
    note(ctx, &tx, "user.roles_changed", user.id, None, details).await?;
    tx.commit(ctx).await
}

/// A person can no longer log in, and what they were logged in with ends. The last admin stays.
pub async fn disable(ctx: &Ctx, command: PersonChoice) -> Result<(), AppError> {
    ctx.actor.require(Right::ManageUsers)?;
    let tx = Tx::begin(ctx).await?;
    let admins = users::lock_active_admins(&tx).await?;
    let user = chosen(&tx, &command.user).await?;
    refuse_last_admin(&admins, user.id)?;
    users::set_disabled(&tx, user.id, Some(ctx.clock.now())).await?;
    login_links::revoke_of_user(&tx, user.id).await?;
    sessions::delete_of_user(&tx, user.id).await?;
    note(ctx, &tx, "user.disabled", user.id, user.customer, json!({})).await?;
    tx.commit(ctx).await
}

/// A disabled person can log in again.
pub async fn enable(ctx: &Ctx, command: PersonChoice) -> Result<(), AppError> {
    ctx.actor.require(Right::ManageUsers)?;
    let tx = Tx::begin(ctx).await?;
    let user = chosen(&tx, &command.user).await?;
    users::set_disabled(&tx, user.id, None).await?;
    note(ctx, &tx, "user.enabled", user.id, user.customer, json!({})).await?;
    tx.commit(ctx).await
}

/// The language a person reads from now on, wherever they log in.
pub async fn choose_language(ctx: &Ctx, tag: &str) -> Result<(), AppError> {
    let user = ctx.actor.user().ok_or(AppError::NotLoggedIn)?;
    let tx = Tx::begin(ctx).await?;
    users::set_locale(&tx, user, tag).await?;
    tx.commit(ctx).await
}

async fn new_hash(password: &str, repeated: &str, person: &[&str]) -> Result<String, AppError> {
    password::check_new(password, repeated, person).await?;
    password::hash(password).await
}

/// The person an admin chose, locked. The one who has not named themselves yet is nobody's to choose.
async fn chosen(tx: &Tx, user: &str) -> Result<StoredUser, AppError> {
    let user = users::lock(tx, id(user)?).await?;
    user.filter(|user| user.email != UNNAMED)
        .ok_or(AppError::NotFound)
}

fn refuse_last_admin(active_admins: &[UserId], user: UserId) -> Result<(), AppError> {
    match active_admins {
        [last] if *last == user => Err(Refusal::LastAdmin.of_act()),
        _ => Ok(()),
    }
}

/// How the trail names a person who acts before they are logged in.
fn staff(user: UserId, name: &str) -> Actor {
    Actor::Staff {
        user,
        name: name.to_owned(),
        roles: Vec::new(),
    }
}

fn codes(roles: &[Role]) -> Vec<&'static str> {
    roles.iter().map(|role| role.code()).collect()
}

async fn note(
    ctx: &Ctx,
    tx: &Tx,
    act: &str,
    user: UserId,
    customer: Option<CustomerId>,
    details: Value,
) -> Result<(), AppError> {
    let event = AuditEvent {
        act,
        subject_kind: "user",
        subject_id: user.to_string(),
        customer,
        account: None,
        reason: None,
        details,
    };
    Ok(audit::record(tx, ctx, event).await?)
}
