//! Which pages a member of staff is let see at all, so that a page they may not see is refused whole. What is on a
//! page is decided below, again and for every door.

use crate::domain::rights::Right;
use crate::dto::people::Viewer;

/// Whether the page at `path` is for this person.
pub fn lets_in(viewer: &Viewer, path: &str) -> bool {
    let wanted = one_of(path);
    wanted.is_empty() || wanted.iter().any(|right| viewer.may(*right))
}

/// The rights of which one is needed; none where every member of staff may look.
fn one_of(path: &str) -> &'static [Right] {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        ["customers", "new"]
        | ["customers", _, "edit"]
        | ["customers", _, "accounts", "new"]
        | ["accounts", _, "settings"] => &[Right::EditCustomers],
        ["invoices", "new"] | ["invoices", _, "edit" | "credit"] => &[Right::EditInvoices],
        ["payments", "new"] => &[Right::RecordPayments],
        ["credits", _, "apply"] | ["credit-runs", "new"] => &[Right::ApplyCredits],
        ["credit-runs", ..] | ["journal", ..] | ["reports", "books"] => &[Right::ReadJournal],
        ["promotions", "new"] | ["promotions", _, "edit"] => &[Right::ManagePromotions],
        ["promotions", "code"] => &[Right::GrantPromotions],
        ["promotions", ..] => &[Right::ManagePromotions, Right::GrantPromotions],
        ["prepaid", _, "rules"] => &[Right::EditCustomers],
        ["approvals"] => &[Right::ApproveRequests],
        ["adjustments", "new"] => &[Right::AdjustCredits],
        ["refunds", "new" | "batch"] => &[Right::RefundCredits],
        ["transfers", "new"] => &[Right::TransferCredits],
        ["write-offs", "new"] => &[Right::WriteOff],
        ["imports", ..] => &[Right::Import],
        ["admin", "users" | "tokens", ..] => &[Right::ManageUsers],
        ["admin", "periods" | "chart", ..] => &[Right::ReadJournal],
        ["admin", "expiry", ..] => &[Right::ManageExpiry, Right::ApplyCredits],
        ["admin", "settings"] => &[Right::ManageSettings],
        ["admin", ..] => &[Right::ManageUsers, Right::ReadJournal],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, expected: &[Right]) {
        assert_eq!(one_of(path), expected, "{path}");
    }

    #[test]
    fn a_page_asks_for_the_right_its_act_needs() {
        check("/", &[]);
        check("/customers", &[]);
        check("/customers/new", &[Right::EditCustomers]);
        check("/customers/C-1", &[]);
        check("/customers/C-1/edit", &[Right::EditCustomers]);
        check("/promotions/0190/edit", &[Right::ManagePromotions]);
        check(
            "/promotions/0190",
            &[Right::ManagePromotions, Right::GrantPromotions],
        );
        check("/payments/new", &[Right::RecordPayments]);
        check("/credit-runs/new", &[Right::ApplyCredits]);
        check("/credit-runs/0190", &[Right::ReadJournal]);
        check("/journal/trial-balance", &[Right::ReadJournal]);
        check("/approvals", &[Right::ApproveRequests]);
        check("/refunds/new", &[Right::RefundCredits]);
        check("/requests/0190", &[]);
        check("/admin/chart/bank", &[Right::ReadJournal]);
        check(
            "/admin/expiry/new",
            &[Right::ManageExpiry, Right::ApplyCredits],
        );
        check("/admin", &[Right::ManageUsers, Right::ReadJournal]);
    }
}
