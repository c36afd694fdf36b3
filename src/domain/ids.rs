//! Identifiers, one type per noun, so that two of them cannot be confused.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    )*};
}

ids! {
    /// Who owes.
    CustomerId;
    /// Where a customer owes and holds credit, in one currency.
    ReceivableAccountId;
    InvoiceId;
    PaymentId;
    CreditGrantId;
    CreditNoteId;
    /// One recorded application of a slice of credit or money to an invoice.
    ApplicationId;
    JournalEntryId;
    CreditRunId;
    /// An adjustment, refund, transfer or write-off.
    CreditRequestId;
    /// What a request takes from one grant.
    RequestSliceId;
    ImportId;
    PromotionId;
    /// One grant of a promotion: the documented deduction.
    PromotionGrantId;
    PromotionRunId;
    TopUpRequestId;
    ExpiryPolicyId;
    /// A policy as it was from one day to the next version.
    ExpiryPolicyVersionId;
    /// A closed period opened to one person for a while.
    PeriodExceptionId;
    UserId;
    TokenId;
}
