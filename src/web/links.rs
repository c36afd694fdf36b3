//! Where documents are shown to staff: one address per noun, so that a link is never spelled twice.

use crate::domain::ids::{
    CreditGrantId, CreditNoteId, CreditRequestId, CreditRunId, InvoiceId, JournalEntryId,
    PaymentId, PromotionId, PromotionRunId,
};
use crate::web::ui::visit::{escape, query_string, visit};

pub fn customer(number: &str) -> String {
    format!("/customers/{}", escape(number))
}

/// A receivable account, by its number.
pub fn account(number: &str) -> String {
    format!("/accounts/{}", escape(number))
}

pub fn invoice(id: InvoiceId) -> String {
    format!("/invoices/{id}")
}

pub fn credit_note(id: CreditNoteId) -> String {
    format!("/credit-notes/{id}")
}

/// The form that credits an invoice.
pub fn credit_invoice(id: InvoiceId) -> String {
    format!("/invoices/{id}/credit")
}

pub fn payment(id: PaymentId) -> String {
    format!("/payments/{id}")
}

pub fn grant(id: CreditGrantId) -> String {
    format!("/credits/{id}")
}

/// An adjustment, refund, transfer or write-off.
pub fn request(id: CreditRequestId) -> String {
    format!("/requests/{id}")
}

/// A form for a request, with what it is about: `new_request("refunds", &[("account", "AR-00001")])`.
pub fn new_request(resource: &str, about: &[(&str, &str)]) -> String {
    format!("/{resource}/new?{}", query_string(about))
}

pub fn entry(id: JournalEntryId) -> String {
    format!("/journal/{id}")
}

pub fn credit_run(id: CreditRunId) -> String {
    format!("/credit-runs/{id}")
}

pub fn promotion(id: PromotionId) -> String {
    format!("/promotions/{id}")
}

pub fn promotion_run(id: PromotionRunId) -> String {
    format!("/promotions/runs/{id}")
}

/// A prepaid account, by the number of its receivable account.
pub fn prepaid(number: &str) -> String {
    format!("/prepaid/{}", escape(number))
}

/// Its side in the customer's portal.
pub fn portal_prepaid(number: &str) -> String {
    format!("/portal/prepaid/{}", escape(number))
}

/// The form for a payment on a receivable account, by its number.
pub fn new_payment(account: &str) -> String {
    format!("/payments/new?account={}", escape(account))
}

/// An invoice, for the customer who owes it.
pub fn portal_invoice(id: InvoiceId) -> String {
    format!("/portal/invoices/{id}")
}

/// A credit note, for the customer it was issued to.
pub fn portal_credit_note(id: CreditNoteId) -> String {
    format!("/portal/credit-notes/{id}")
}

/// A payment, for the customer who made it.
pub fn portal_payment(id: PaymentId) -> String {
    format!("/portal/payments/{id}")
}

/// Credit, for the customer who holds it.
pub fn portal_grant(id: CreditGrantId) -> String {
    format!("/portal/credits/{id}")
}

/// The form that applies a grant to invoices of its account.
pub fn apply_grant(id: CreditGrantId) -> String {
    format!("/credits/{id}/apply")
}

/// The same form, with one invoice first.
pub fn apply_grant_to(id: CreditGrantId, invoice: InvoiceId) -> String {
    format!("{}?invoice={invoice}", apply_grant(id))
}

/// An import with its report, by its id.
pub fn import(id: &str) -> String {
    format!("/imports/{id}")
}

/// The journal entries of the documents with this number.
pub fn entries_of(number: &str) -> String {
    format!("/journal?document={}", escape(number))
}

/// The export of what the filters of the list at `path` show.
pub fn export(path: &str) -> String {
    match visit().query.as_str() {
        "" => format!("{path}/export.csv"),
        query => format!("{path}/export.csv?{query}"),
    }
}
