//! The audit trail as it is read: who did what to which record, when and why.

use crate::domain::ledger::coded;
use crate::domain::money::Money;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

coded! {
    /// What can be done, noun and verb.
    Act {
        CustomerCreated = "customer.created",
        CustomerChanged = "customer.changed",
        AccountOpened = "account.opened",
        AccountChanged = "account.changed",
        InvoiceDrafted = "invoice.drafted",
        InvoiceDiscarded = "invoice.discarded",
        InvoiceFinalised = "invoice.finalised",
        InvoiceVoided = "invoice.voided",
        InvoiceDisputed = "invoice.disputed",
        InvoiceDisputeClosed = "invoice.dispute_closed",
        CreditNoteDrafted = "credit_note.drafted",
        CreditNoteDiscarded = "credit_note.discarded",
        CreditNoteIssued = "credit_note.issued",
        CreditNoteVoided = "credit_note.voided",
        PaymentRecorded = "payment.recorded",
        PaymentReversed = "payment.reversed",
        CreditApplied = "credit.applied",
        CreditUnapplied = "credit.unapplied",
        GrantHeld = "grant.held",
        GrantReleased = "grant.released",
        GrantExpiryChanged = "grant.expiry_changed",
        CreditsLapsed = "credits.lapsed",
        ExpiryPolicySet = "expiry_policy.set",
        RequestMade = "request.made",
        RequestApproved = "request.approved",
        RequestRefused = "request.refused",
        RequestPaid = "request.paid",
        RequestFailed = "request.failed",
        RequestReversed = "request.reversed",
        RunPreviewed = "credit_run.previewed",
        RunStarted = "credit_run.started",
        RunDone = "credit_run.done",
        RunUndone = "credit_run.undone",
        PromotionCreated = "promotion.created",
        PromotionChanged = "promotion.changed",
        PromotionActivated = "promotion.activated",
        PromotionPaused = "promotion.paused",
        PromotionEnded = "promotion.ended",
        PromotionGranted = "promotion.granted",
        PromotionRevoked = "promotion.revoked",
        PromotionRunStarted = "promotion_run.started",
        PromotionRunFinished = "promotion_run.finished",
        PrepaidChanged = "prepaid.changed",
        TopUpRequested = "top_up.requested",
        TopUpWithdrawn = "top_up.withdrawn",
        ImportPosted = "import.posted",
        PeriodClosed = "period.closed",
        PeriodLocked = "period.locked",
        PeriodOpened = "period.opened",
        PeriodExceptionEnded = "period.exception_ended",
        LedgerAccountRenamed = "ledger_account.renamed",
        SettingChanged = "setting.changed",
        UserAdded = "user.added",
        FirstAdminNamed = "user.first_admin_named",
        UserRolesChanged = "user.roles_changed",
        UserDisabled = "user.disabled",
        UserEnabled = "user.enabled",
        LinkIssued = "user.link_issued",
        PasswordSet = "user.password_set",
        PasswordChanged = "user.password_changed",
        LoggedIn = "user.logged_in",
        TokenIssued = "token.issued",
        TokenRevoked = "token.revoked",
    }
}

coded! {
    /// What kind of record an act was done to.
    SubjectKind {
        Customer = "customer",
        ReceivableAccount = "receivable_account",
        Invoice = "invoice",
        CreditNote = "credit_note",
        Payment = "payment",
        Application = "application",
        Grant = "grant",
        /// An adjustment, refund, transfer or write-off.
        Request = "request",
        CreditRun = "credit_run",
        ExpiryPolicy = "expiry_policy",
        /// Its id is the job's name.
        Job = "job",
        Promotion = "promotion",
        PromotionRun = "promotion_run",
        Import = "import",
        /// Its id is a code of `JournalKind`.
        Period = "period",
        /// Its id is a code of `LedgerRole`.
        LedgerAccount = "ledger_account",
        /// Its id is the setting's name.
        Setting = "setting",
        User = "user",
        Token = "token",
    }
}

/// Which acts to list. All of it stands in the URL.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AuditFilter {
    /// A code of `Act`; empty for all.
    pub act: String,
    /// Part of the name of who did it.
    pub actor: String,
    /// First and last day in the business time zone, `YYYY-MM-DD`; empty for no bound.
    pub from: String,
    pub to: String,
}

/// The record an act was done to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditSubject {
    /// A code of `SubjectKind`.
    pub kind: String,
    pub id: String,
    /// The record whose page shows it: itself, for an application its invoice. `None` where there is none, or it is
    /// gone.
    pub shown_by: Option<Uuid>,
    /// What people call the record: its number or name; empty where it has none, or is gone.
    pub label: String,
    /// Whose it is: the customer's name, a person's e-mail address.
    pub of_whom: String,
}

/// One act.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRow {
    pub recorded_at: DateTime<Utc>,
    pub actor: String,
    /// A code of `Act`, or one of another version of Saldo.
    pub act: String,
    pub subject: AuditSubject,
    pub reason: Option<String>,
    /// What the act noted, in its order.
    pub details: Vec<AuditDetail>,
}

/// One thing an act noted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditDetail {
    /// Name of the field, as commands call it.
    pub name: String,
    /// What it was before; `None` where the act only states something.
    pub before: Option<DetailValue>,
    pub after: DetailValue,
}

/// A value in the details of an act.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DetailValue {
    Nothing,
    Flag(bool),
    Amount(Money),
    /// A text, code, date or number as it was noted.
    Text(String),
    List(Vec<DetailValue>),
}
