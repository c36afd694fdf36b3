//! Who may do what. Roles add up; the table below is the whole rule. Source: domain rules, section 11.

use super::ledger::coded;

coded! {
    Role {
        Admin = "admin",
        Accountant = "accountant",
        Cashier = "cashier",
        Support = "support",
        /// Sees their own accounts in the portal; never combined with a staff role.
        Customer = "customer",
    }
}

impl Role {
    pub const STAFF: &'static [Self] =
        &[Self::Admin, Self::Accountant, Self::Cashier, Self::Support];
}

coded! {
    /// One right per kind of act.
    Right {
        ReadCustomers = "read_customers",
        EditCustomers = "edit_customers",
        EditInvoices = "edit_invoices",
        RecordPayments = "record_payments",
        UndoPayments = "undo_payments",
        ApplyCredits = "apply_credits",
        HoldCredits = "hold_credits",
        /// Another lapse date for credit that has not lapsed.
        ExtendCredits = "extend_credits",
        /// A new lapse date for credit that has.
        ReinstateCredits = "reinstate_credits",
        ManageExpiry = "manage_expiry",
        /// Define promotions, activate, pause and end them.
        ManagePromotions = "manage_promotions",
        /// Give what an active promotion gives, and take it back.
        GrantPromotions = "grant_promotions",
        /// Goodwill credit and corrections of grants.
        AdjustCredits = "adjust_credits",
        RefundCredits = "refund_credits",
        TransferCredits = "transfer_credits",
        WriteOff = "write_off",
        /// Deciding on what others ask for.
        ApproveRequests = "approve_requests",
        Backdate = "backdate",
        ReadJournal = "read_journal",
        Import = "import",
        ClosePeriods = "close_periods",
        ManageUsers = "manage_users",
        ManageChart = "manage_chart",
        ManageSettings = "manage_settings",
    }
}

/// Whether a person with `roles` holds `right`.
pub fn holds(roles: &[Role], right: Right) -> bool {
    roles.iter().any(|role| role_holds(*role, right))
}

fn role_holds(role: Role, right: Right) -> bool {
    use Right::{
        AdjustCredits, ApplyCredits, ApproveRequests, Backdate, ClosePeriods, EditCustomers,
        EditInvoices, ExtendCredits, GrantPromotions, HoldCredits, Import, ManageChart,
        ManageExpiry, ManagePromotions, ManageSettings, ManageUsers, ReadCustomers, ReadJournal,
        RecordPayments, RefundCredits, ReinstateCredits, TransferCredits, UndoPayments, WriteOff,
    };
    match role {
        Role::Admin => matches!(
            right,
            ReadCustomers
                | ManageUsers
                | ManageChart
                | ManageExpiry
                | ManagePromotions
                | GrantPromotions
                | ManageSettings
                | ClosePeriods
                | ReadJournal
        ),
        Role::Accountant => matches!(
            right,
            ReadCustomers
                | EditCustomers
                | EditInvoices
                | RecordPayments
                | UndoPayments
                | ApplyCredits
                | HoldCredits
                | ExtendCredits
                | ReinstateCredits
                | GrantPromotions
                | AdjustCredits
                | RefundCredits
                | TransferCredits
                | WriteOff
                | ApproveRequests
                | Backdate
                | ReadJournal
                | Import
                | ClosePeriods
        ),
        Role::Cashier => matches!(right, ReadCustomers | RecordPayments),
        Role::Support => matches!(right, ReadCustomers),
        Role::Customer => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_add_up() {
        let roles = [Role::Cashier, Role::Admin];
        assert!(holds(&roles, Right::RecordPayments));
        assert!(holds(&roles, Right::ManageUsers));
        assert!(!holds(&roles, Right::ApplyCredits));
    }

    #[test]
    fn a_customer_holds_no_staff_right_and_every_right_is_held_by_someone() {
        for right in Right::ALL {
            assert!(!holds(&[Role::Customer], *right));
            assert!(holds(&[Role::Admin, Role::Accountant], *right), "{right:?}");
        }
    }
}
