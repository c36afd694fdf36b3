//! People and programs: who is looking, how they log in, whom an admin invites, which tokens there are.

use crate::domain::ids::{CustomerId, TokenId, UserId};
use crate::domain::ledger::coded;
use crate::domain::rights::{Right, Role, holds};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The person a page is rendered for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Viewer {
    pub user: UserId,
    pub name: String,
    pub email: String,
    pub roles: Vec<Role>,
    /// Set for portal users.
    pub customer: Option<CustomerId>,
    /// The language the person chose, if they did.
    pub locale: Option<String>,
    /// Of staff: how many requests wait for a decision.
    pub waiting_requests: u32,
}

impl Viewer {
    /// Whether to offer something; the service decides again.
    pub fn may(&self, right: Right) -> bool {
        holds(&self.roles, right)
    }
}

/// Logging in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NewLogin {
    pub email: String,
    pub password: String,
    /// The page to go to afterwards; a path of this server.
    pub next: String,
}

/// The first admin of an empty house names themselves and sets a password, by the one-time link.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FirstAdmin {
    pub token: String,
    pub email: String,
    pub name: String,
    pub password: String,
    pub repeated: String,
}

/// An invited person sets their password by the one-time link; also one whose password is set anew.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Acceptance {
    pub token: String,
    pub password: String,
    pub repeated: String,
}

/// A person who is logged in takes another password.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PasswordChange {
    pub current: String,
    pub password: String,
    pub repeated: String,
}

/// A member of staff to be invited.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NewStaff {
    pub email: String,
    pub name: String,
    /// Codes of staff roles.
    pub roles: Vec<String>,
}

/// A person of a customer to be invited to the portal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NewPortalUser {
    /// Customer number.
    pub customer: String,
    pub email: String,
    pub name: String,
}

/// The roles a member of staff has from now on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RoleChange {
    pub user: String,
    pub roles: Vec<String>,
}

/// One person, by id: to be disabled, enabled or given a new link.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PersonChoice {
    pub user: String,
}

/// What a one-time link is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkInfo {
    pub purpose: LinkPurpose,
    pub email: String,
    pub name: String,
}

coded! {
    LinkPurpose {
        FirstAdmin = "first_admin",
        Invitation = "invitation",
        Reset = "reset",
    }
}

/// A link that lets one person set a password, once. Shown once; only its hash is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuedLink {
    pub user: UserId,
    pub email: String,
    /// Path on this server.
    pub path: String,
    pub expires_at: DateTime<Utc>,
}

/// A one-time link as its maker sees it, once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownLink {
    /// Where the link leads, with the address people reach this server at.
    pub url: String,
    pub email: String,
    pub expires_at: DateTime<Utc>,
}

coded! {
    /// Whether a person can log in.
    UserState {
        /// Has a link and no password yet.
        Invited = "invited",
        Active = "active",
        Disabled = "disabled",
    }
}

/// A person in the list of users.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserRow {
    pub user: UserId,
    pub email: String,
    pub name: String,
    pub roles: Vec<Role>,
    /// Number and name of a portal user's customer.
    pub customer: Option<(String, String)>,
    pub state: UserState,
    pub created_at: DateTime<Utc>,
}

/// Which users to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct UserFilter {
    /// Part of name or e-mail address.
    pub search: String,
    /// A code of `Role`; empty for all.
    pub role: String,
}

/// A token for a program.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NewToken {
    pub name: String,
    /// A code of `Role`.
    pub role: String,
    /// Customer number, for the role `customer`.
    pub customer: String,
}

/// A token just made: the only time its text is seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuedToken {
    pub token: TokenId,
    pub name: String,
    pub role: Role,
    pub customer: Option<String>,
    /// What the program sends as `Authorization: Bearer …`.
    pub secret: String,
}

/// One token, by id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TokenChoice {
    pub token: String,
}

/// A token in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenRow {
    pub token: TokenId,
    pub name: String,
    pub role: Role,
    pub customer: Option<(String, String)>,
    pub created_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
}
