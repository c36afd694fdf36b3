//! Who is looking: what pages may know about the person they are rendered for.

use crate::domain::ids::{CustomerId, UserId};
use crate::domain::rights::{Right, Role, holds};
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
}

impl Viewer {
    /// Whether to offer something; the service decides again.
    pub fn may(&self, right: Right) -> bool {
        holds(&self.roles, right)
    }
}
