//! Who can log in to the demo company: one person per role, and one customer.

use super::cast::GUEST_PERSON;
use crate::domain::ids::UserId;
use crate::domain::rights::Role;
use crate::dto::error::AppError;
use crate::dto::people::{NewPortalUser, NewStaff};
use crate::server::context::{Actor, Ctx};
use crate::server::services::users;
use serde::Serialize;

/// Somebody who can log in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Login {
    pub role: Role,
    pub name: String,
    pub email: String,
    /// Number of the customer whose portal the person sees.
    pub customer: Option<String>,
}

/// The staff at work.
pub struct Staff {
    pub admin: Ctx,
    pub accountant: Ctx,
    pub cashier: Ctx,
    pub support: Ctx,
}

const ADMIN: &str = "Katharina Voss";
const ACCOUNTANT: &str = "Daniel Okafor";
const CASHIER: &str = "Mia Lindqvist";
const SUPPORT: &str = "Tom Whitaker";

/// Everyone who can log in, in the order of their roles. `guest` is the number of the demo customer.
pub fn logins(guest: &str) -> Vec<Login> {
    let staff = [
        (Role::Admin, ADMIN),
        (Role::Accountant, ACCOUNTANT),
        (Role::Cashier, CASHIER),
        (Role::Support, SUPPORT),
    ];
    let staff = staff.map(|(role, name)| Login {
        role,
        name: name.to_owned(),
        email: email(role),
        customer: None,
    });
    let customer = Login {
        role: Role::Customer,
        name: GUEST_PERSON.to_owned(),
        email: email(Role::Customer),
        customer: Some(guest.to_owned()),
    };
    staff.into_iter().chain([customer]).collect()
}

/// `accountant@demo.test`
pub fn email(role: Role) -> String {
    format!("{}@demo.test", role.code())
}

/// The staff can log in with this password, and act from now on.
pub async fn employ(ctx: &Ctx, password: &str) -> Result<Staff, AppError> {
    Ok(Staff {
        admin: add(ctx, Role::Admin, ADMIN, password).await?,
        accountant: add(ctx, Role::Accountant, ACCOUNTANT, password).await?,
        cashier: add(ctx, Role::Cashier, CASHIER, password).await?,
        support: add(ctx, Role::Support, SUPPORT, password).await?,
    })
}

async fn add(ctx: &Ctx, role: Role, name: &str, password: &str) -> Result<Ctx, AppError> {
    let person = NewStaff {
        email: email(role),
        name: name.to_owned(),
        roles: vec![role.code().to_owned()],
    };
    let user: UserId = users::add_staff(ctx, person, password).await?;
    Ok(ctx.as_actor(Actor::Staff {
        user,
        name: name.to_owned(),
        roles: vec![role],
    }))
}

/// A person of this customer can log in to the portal.
pub async fn welcome(ctx: &Ctx, customer: &str, password: &str) -> Result<(), AppError> {
    let person = NewPortalUser {
        customer: customer.to_owned(),
        email: email(Role::Customer),
        name: GUEST_PERSON.to_owned(),
    };
    users::add_customer(ctx, person, password).await?;
    Ok(())
}

/// A password nobody guesses, in groups that can be typed.
pub fn fresh_password() -> String {
    // Without letters and digits that look alike.
    const LETTERS: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";
    let drawn: [u8; 16] = rand::random();
    let letters: Vec<char> = drawn
        .iter()
        .map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]))
        .collect();
    let groups: Vec<String> = letters
        .chunks(4)
        .map(|group| group.iter().collect())
        .collect();
    groups.join("-")
}
