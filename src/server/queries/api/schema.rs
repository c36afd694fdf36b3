//! How the domain's values stand in the API document.

use crate::domain::approval::{RequestKind, RequestState};
use crate::domain::credit::{CreditClass, GrantStatus, OrderOfUse};
use crate::domain::credit_note::{CreditNoteReason, CreditNoteStatus};
use crate::domain::expiry::ExpiryCounting;
use crate::domain::invoice::{InvoiceKind, InvoiceStatus};
use crate::domain::ledger::{EntrySource, JournalKind, LedgerKind, LedgerRole, LineSource, Side};
use crate::domain::money::Money;
use crate::domain::payment::{PaymentMethod, PaymentStatus, SurplusChoice};
use crate::domain::promotion::{Audience, PromotionKind, PromotionState, Stacking};
use crate::dto::accounts::AutoApply;
use crate::dto::credit_runs::{RunScope, RunState};
use crate::dto::credits::GrantMovementKind;
use crate::dto::journal::DocumentKind;
use crate::dto::prepaid::TopUpState;
use crate::dto::promotions::{GrantWay, PromotionRunState};
use crate::dto::requests::WriteOffReason;
use std::borrow::Cow;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{Object, ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

macro_rules! codes {
    ($($name:ident),* $(,)?) => {$(
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                one_of($name::ALL.iter().map(|value| value.code())).into()
            }
        }

        impl ToSchema for $name {}
    )*};
}

codes!(
    Audience,
    GrantWay,
    PromotionKind,
    PromotionRunState,
    PromotionState,
    Stacking,
    TopUpState,
    AutoApply,
    CreditClass,
    CreditNoteReason,
    CreditNoteStatus,
    DocumentKind,
    EntrySource,
    ExpiryCounting,
    GrantMovementKind,
    GrantStatus,
    InvoiceKind,
    InvoiceStatus,
    JournalKind,
    LedgerKind,
    LedgerRole,
    LineSource,
    OrderOfUse,
    PaymentMethod,
    PaymentStatus,
    RequestKind,
    RequestState,
    RunScope,
    RunState,
    Side,
    SurplusChoice,
    WriteOffReason,
);

fn one_of(codes: impl Iterator<Item = &'static str>) -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(codes))
        .build()
}

impl PartialSchema for Money {
    fn schema() -> RefOr<Schema> {
        let amount = ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(
                "Decimal with exactly the currency's decimals. May be negative in answers.",
            ))
            .examples(["12.30"]);
        let currency = ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("ISO 4217 code."))
            .examples(["EUR"]);
        ObjectBuilder::new()
            .property("amount", amount)
            .required("amount")
            .property("currency", currency)
            .required("currency")
            .into()
    }
}

impl ToSchema for Money {
    fn name() -> Cow<'static, str> {
        "Amount".into()
    }
}
