//! Requests: adjustments, refunds, transfers and write-offs, which reserve what they take until they are decided.
//!
//! ```text
//! requested ── approve ─► posted ── reverse ─► reversed        adjustment, transfer, write-off
//!     │    └── approve ─► approved ── pay ─► paid              refund
//!   refuse                    └── fail ─► failed ◄── fail ──┘
//!     ▼
//!  refused
//! ```
//! Source: domain rules, sections 3 and 4.

use super::ledger::{EntrySource, coded};
use super::rights::Right;

/// A request up to this many units of its currency approves itself, unless the business sets something else.
pub const DEFAULT_APPROVAL_LIMIT: &str = "500";

coded! {
    RequestKind {
        /// Goodwill credit, or a grant corrected downwards.
        Adjustment = "adjustment",
        /// Money back to the customer.
        Refund = "refund",
        /// Credit to another receivable account of the same currency.
        Transfer = "transfer",
        /// An open item nobody will pay, or a tiny credit balance.
        WriteOff = "write_off",
    }
}

impl RequestKind {
    /// The right to ask for it, and to pay, fail or reverse it.
    pub fn right(self) -> Right {
        match self {
            Self::Adjustment => Right::AdjustCredits,
            Self::Refund => Right::RefundCredits,
            Self::Transfer => Right::TransferCredits,
            Self::WriteOff => Right::WriteOff,
        }
    }

    /// The source of the entries it posts.
    pub fn source(self) -> EntrySource {
        match self {
            Self::Adjustment => EntrySource::Adjustment,
            Self::Refund => EntrySource::Refund,
            Self::Transfer => EntrySource::Transfer,
            Self::WriteOff => EntrySource::WriteOff,
        }
    }

    /// Whether approval posts it; a refund waits until the money has left.
    pub fn posts_when_approved(self) -> bool {
        self != Self::Refund
    }
}

coded! {
    /// Where a request stands. Derived from the facts, never stored beside them.
    RequestState {
        Requested = "requested",
        /// A refund whose money has not left yet.
        Approved = "approved",
        /// A refund whose money has left.
        Paid = "paid",
        /// In the books.
        Posted = "posted",
        Refused = "refused",
        /// A refund that did not reach the customer; the credit is back.
        Failed = "failed",
        Reversed = "reversed",
    }
}

impl RequestState {
    /// Whether what it takes is set aside.
    pub fn reserves(self) -> bool {
        matches!(self, Self::Requested | Self::Approved)
    }
}

coded! {
    /// What can be done with a request.
    RequestAct {
        Approve = "approve",
        Refuse = "refuse",
        Pay = "pay",
        Fail = "fail",
        Reverse = "reverse",
    }
}

/// The facts a request's state follows from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RequestFacts {
    pub approved: bool,
    pub refused: bool,
    pub failed: bool,
    pub posted: bool,
    pub reversed: bool,
}

/// The state of a request of this kind.
pub fn state(kind: RequestKind, facts: RequestFacts) -> RequestState {
    if facts.refused {
        return RequestState::Refused;
    }
    if facts.failed {
        return RequestState::Failed;
    }
    if facts.reversed {
        return RequestState::Reversed;
    }
    if facts.posted {
        return match kind {
            RequestKind::Refund => RequestState::Paid,
            _ => RequestState::Posted,
        };
    }
    match facts.approved {
        true => RequestState::Approved,
        false => RequestState::Requested,
    }
}

/// The state after `act`; `None` where it cannot be done now.
pub fn after(kind: RequestKind, state: RequestState, act: RequestAct) -> Option<RequestState> {
    use RequestState::{Approved, Failed, Paid, Posted, Refused, Requested, Reversed};
    match (state, act) {
        (Requested, RequestAct::Approve) if kind.posts_when_approved() => Some(Posted),
        (Requested, RequestAct::Approve) => Some(Approved),
        (Requested, RequestAct::Refuse) => Some(Refused),
        (Approved, RequestAct::Pay) => Some(Paid),
        (Approved | Paid, RequestAct::Fail) => Some(Failed),
        (Posted, RequestAct::Reverse) => Some(Reversed),
        _ => None,
    }
}

/// Whether another person must approve: above the limit. Exactly the limit still approves itself.
pub fn needs_another_person(amount_minor: i64, limit_minor: i64) -> bool {
    amount_minor > limit_minor
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    const NONE: RequestFacts = RequestFacts {
        approved: false,
        refused: false,
        failed: false,
        posted: false,
        reversed: false,
    };

    #[rstest]
    #[case(RequestKind::Refund, NONE, RequestState::Requested)]
    #[case(RequestKind::Refund, RequestFacts { approved: true, ..NONE }, RequestState::Approved)]
    #[case(RequestKind::Refund, RequestFacts { approved: true, posted: true, ..NONE }, RequestState::Paid)]
    #[case(RequestKind::Refund, RequestFacts { approved: true, failed: true, ..NONE }, RequestState::Failed)]
    #[case(
        RequestKind::Refund,
        RequestFacts { approved: true, posted: true, reversed: true, failed: true, ..NONE },
        RequestState::Failed
    )]
    #[case(RequestKind::Transfer, RequestFacts { approved: true, posted: true, ..NONE }, RequestState::Posted)]
    #[case(
        RequestKind::WriteOff,
        RequestFacts { approved: true, posted: true, reversed: true, ..NONE },
        RequestState::Reversed
    )]
    #[case(RequestKind::Adjustment, RequestFacts { refused: true, ..NONE }, RequestState::Refused)]
    fn the_state_follows_from_the_facts(
        #[case] kind: RequestKind,
        #[case] facts: RequestFacts,
        #[case] expected: RequestState,
    ) {
        assert_eq!(state(kind, facts), expected);
    }

    #[rstest]
    #[case(50_000, false)]
    #[case(50_001, true)]
    #[case(1, false)]
    fn above_the_limit_another_person_approves(#[case] amount_minor: i64, #[case] needed: bool) {
        assert_eq!(needs_another_person(amount_minor, 50_000), needed);
    }

    /// The facts once an act was done.
    fn done(facts: RequestFacts, kind: RequestKind, act: RequestAct) -> RequestFacts {
        match act {
            RequestAct::Approve => RequestFacts {
                approved: true,
                posted: kind.posts_when_approved(),
                ..facts
            },
            RequestAct::Refuse => RequestFacts {
                refused: true,
                ..facts
            },
            RequestAct::Pay => RequestFacts {
                posted: true,
                ..facts
            },
            RequestAct::Fail => RequestFacts {
                failed: true,
                reversed: facts.posted,
                ..facts
            },
            RequestAct::Reverse => RequestFacts {
                reversed: true,
                ..facts
            },
        }
    }

    proptest! {
        /// Whatever is tried in whatever order: facts and machine agree, it ends after at most three acts, and money
        /// is set aside only before it is posted, refused or failed.
        #[test]
        fn facts_and_machine_agree(kind in 0..4_usize, tried in prop::collection::vec(0..5_usize, 0..12)) {
            let kind = RequestKind::ALL[kind];
            let mut facts = NONE;
            let mut acts = 0;
            for act in tried {
                let act = RequestAct::ALL[act];
                let Some(expected) = after(kind, state(kind, facts), act) else {
                    continue;
                };
                facts = done(facts, kind, act);
                acts += 1;
                prop_assert_eq!(state(kind, facts), expected);
                prop_assert_eq!(expected.reserves(), !facts.posted && !facts.refused && !facts.failed);
            }
            prop_assert!(acts <= 3);
        }
    }
}
