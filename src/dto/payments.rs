//! Payments as they come in, and what becomes of them.

use super::error::{AppError, FieldRefusal, Refusal};
use super::form::{AmountText, Reader, Typed};
use super::lineage::{AccountRef, AppliedSlice, HistoryItem, PostedEntry};
use crate::domain::allocation::OpenItem;
use crate::domain::credit::{CreditClass, LOWEST_PRIORITY};
use crate::domain::expiry::{ExpiryRule, GivenTerms, check_last_day};
use crate::domain::ids::{CreditGrantId, InvoiceId, JournalEntryId, PaymentId};
use crate::domain::invoice::InvoiceKind;
use crate::domain::money::{Currency, Money};
use crate::domain::payment::{
    PaymentMethod, PaymentPlan, PaymentRefusal, PaymentStatus, PaymentTerms, ReversalCause,
    SurplusChoice,
};
use crate::domain::posting::SettledSlice;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// Money received, as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NewPayment {
    /// Number of the receivable account.
    pub account: String,
    pub amount: AmountText,
    pub received_on: String,
    /// A code of `PaymentMethod`; empty means a bank transfer.
    pub method: String,
    pub reference: String,
    pub note: String,
    /// What the person wants paid; slices of nothing are left out.
    pub applications: Vec<NewPaymentApplication>,
    /// A code of `SurplusChoice`; empty takes the account's default.
    pub surplus: String,
    /// `yes`: what is not applied is a prepayment.
    pub prepayment: String,
    /// Of a prepayment, its last usable day; empty leaves it to the expiry policy.
    pub expires_on: String,
    /// Of a prepayment, smaller is used first; empty means 100.
    pub priority: String,
    /// Id of the announced top-up that has come with it, where there is one.
    pub top_up_request: String,
    /// Why it is dated back, where it is.
    pub reason: String,
    pub idempotency_key: String,
}

/// How much of which invoice a payment is to settle.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NewPaymentApplication {
    pub invoice: String,
    pub amount: String,
}

impl Typed for NewPayment {
    fn number_texts(&mut self) -> Vec<&mut String> {
        let slices = self.applications.iter_mut().map(|slice| &mut slice.amount);
        std::iter::once(&mut self.amount.amount)
            .chain(slices)
            .collect()
    }
}

/// A payment whose every field could be read.
#[derive(Clone, Debug)]
pub struct ReadPayment {
    pub amount: Money,
    pub received_on: NaiveDate,
    pub method: PaymentMethod,
    pub reference: String,
    pub note: String,
    pub terms: PaymentTerms,
    /// What was said about the credit it leaves.
    pub credit: GivenTerms,
}

impl NewPayment {
    /// Reads every field against the account's currency, default for a surplus and tolerance.
    pub fn parse(
        &self,
        currency: Currency,
        surplus_default: SurplusChoice,
        tolerance_minor: i64,
    ) -> Result<ReadPayment, AppError> {
        let mut reader = Reader::default();
        let amount = reader.money("amount", &self.amount, currency);
        if amount.is_some_and(|amount| amount.minor <= 0) {
            reader.refuse("amount", Refusal::AmountNotPositive);
        }
        let received_on = reader.date("received_on", &self.received_on);
        let method = reader.choice(
            "method",
            &self.method,
            PaymentMethod::from_code,
            Some(PaymentMethod::BankTransfer),
        );
        let surplus = reader.choice(
            "surplus",
            &self.surplus,
            SurplusChoice::from_code,
            Some(surplus_default),
        );
        let reference = reader.text("reference", &self.reference, 200);
        let note = reader.text("note", &self.note, 2_000);
        let wanted = self.read_applications(&mut reader, currency);
        let credit = self.read_credit_terms(&mut reader, received_on);
        let read = (|| {
            let terms = PaymentTerms {
                amount_minor: amount?.minor,
                wanted: wanted?,
                surplus: surplus?,
                prepayment: self.prepayment == "yes",
                tolerance_minor,
            };
            Some(ReadPayment {
                amount: amount?,
                received_on: received_on?,
                method: method?,
                reference,
                note,
                terms,
                credit: credit?,
            })
        })();
        reader.finish(read)
    }

    /// Priority and lapse date of a prepayment. The last usable day is not before the day of receipt.
    fn read_credit_terms(
        &self,
        reader: &mut Reader,
        received_on: Option<NaiveDate>,
    ) -> Option<GivenTerms> {
        let prepayment = self.prepayment == "yes";
        for (field, text) in [
            ("expires_on", &self.expires_on),
            ("priority", &self.priority),
        ] {
            if !prepayment && !text.trim().is_empty() {
                reader.refuse(field, Refusal::OnlyForPrepayments);
                return None;
            }
        }
        let expires_on = match self.expires_on.trim() {
            "" => None,
            text => {
                let date = reader.date("expires_on", text)?;
                if let Err(refusal) = check_last_day(date, received_on?) {
                    reader.refuse("expires_on", refusal.into());
                }
                Some(date)
            }
        };
        let priority = match self.priority.trim() {
            "" => None,
            text => {
                let priority = reader.whole_number("priority", text, LOWEST_PRIORITY)?;
                i32::try_from(priority).ok()
            }
        };
        Some(GivenTerms {
            expires_on,
            priority,
        })
    }

    fn read_applications(
        &self,
        reader: &mut Reader,
        currency: Currency,
    ) -> Option<Vec<SettledSlice>> {
        let mut slices = Some(Vec::new());
        for (index, wanted) in self.applications.iter().enumerate() {
            if wanted.amount.trim().is_empty() {
                continue;
            }
            let field = format!("applications.{index}.amount");
            let invoice =
                reader.id::<InvoiceId>(&format!("applications.{index}.invoice"), &wanted.invoice);
            let amount = reader.amount(&field, &wanted.amount, currency);
            match (invoice, amount) {
                (Some(invoice), Some(amount)) => {
                    if let Some(slices) = &mut slices {
                        slices.push(SettledSlice {
                            invoice,
                            amount_minor: amount.minor,
                        });
                    }
                }
                _ => slices = None,
            }
        }
        slices
    }

    /// The refusal of a plan at the field it belongs to.
    pub fn refusal(&self, refusal: PaymentRefusal, currency: Currency) -> AppError {
        let money = |minor| Money::new(minor, currency);
        let at_invoice = |invoice: InvoiceId, refusal| {
            let index = self
                .applications
                .iter()
                .rposition(|a| a.invoice.parse() == Ok(invoice));
            let field = index.map(|index| format!("applications.{index}.amount"));
            AppError::Refused(vec![FieldRefusal { field, refusal }])
        };
        match refusal {
            PaymentRefusal::AmountNotPositive => Refusal::AmountNotPositive.at("amount"),
            PaymentRefusal::ExceedsOpenBalance {
                invoice,
                open_minor,
            } => at_invoice(
                invoice,
                Refusal::AmountExceedsOpenBalance {
                    open: money(open_minor),
                },
            ),
            PaymentRefusal::NotOpen { invoice } => at_invoice(invoice, Refusal::InvoiceNotOpen),
            PaymentRefusal::NamedTwice { invoice } => at_invoice(invoice, Refusal::NamedTwice),
            PaymentRefusal::ExceedsReceived { received_minor } => Refusal::AmountExceedsReceived {
                received: money(received_minor),
            }
            .at("amount"),
            PaymentRefusal::SurplusRefused { surplus_minor } => Refusal::SurplusRefused {
                surplus: money(surplus_minor),
            }
            .at("surplus"),
            PaymentRefusal::SurplusAboveTolerance {
                tolerance_minor, ..
            } => Refusal::SurplusAboveTolerance {
                tolerance: money(tolerance_minor),
            }
            .at("surplus"),
            PaymentRefusal::Money(error) => Refusal::from(error).at("amount"),
        }
    }
}

/// What became of a payment: the answer that a repeated request gets again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedPayment {
    pub payment: PaymentId,
    pub number: i64,
    /// The grant the surplus became, if there was one.
    pub grant: Option<CreditGrantId>,
}

/// What recording a payment would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentPreview {
    pub slices: Vec<PreviewedSlice>,
    /// What would become credit; zero for none.
    pub credit: Money,
    /// The class that credit would have.
    pub class: CreditClass,
    /// The last usable day that credit would have; `None` never lapses.
    pub expires_on: Option<NaiveDate>,
    /// What would be kept as fee income.
    pub fee: Money,
}

impl PaymentPreview {
    /// A plan in words of the wire; `items` are those it was made for. When its credit lapses, only the server knows.
    pub fn of(plan: &PaymentPlan, items: &[OpenItem], currency: Currency) -> Self {
        let money = |minor| Money::new(minor, currency);
        let slices = plan.settled.iter().filter_map(|slice| {
            let item = items.iter().find(|item| item.invoice == slice.invoice)?;
            Some(PreviewedSlice {
                invoice: item.invoice,
                number: item.number.clone(),
                open: money(item.open_minor),
                paid: money(slice.amount_minor),
                remains: money(item.open_minor - slice.amount_minor),
            })
        });
        Self {
            slices: slices.collect(),
            credit: money(plan.credit_minor),
            class: plan.credit_class,
            expires_on: None,
            fee: money(plan.fee_minor),
        }
    }
}

/// One invoice in a preview: what is open, what would be paid, what would remain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviewedSlice {
    pub invoice: InvoiceId,
    pub number: String,
    pub open: Money,
    pub paid: Money,
    pub remains: Money,
}

/// Reversing a payment: it bounced, was charged back or keyed wrongly.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PaymentReversal {
    pub payment: String,
    /// Empty means today.
    pub reversed_on: String,
    /// A code of `ReversalCause`; may be empty.
    pub cause: String,
    /// What the customer is charged for it; empty: nothing.
    pub fee: AmountText,
    pub reason: String,
    pub idempotency_key: String,
}

impl Typed for PaymentReversal {
    fn number_texts(&mut self) -> Vec<&mut String> {
        vec![&mut self.fee.amount]
    }
}

/// What a reversal says besides its day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadReversal {
    pub cause: Option<ReversalCause>,
    /// Zero: no fee.
    pub fee_minor: i64,
}

impl PaymentReversal {
    /// Reads cause and fee; refusals are kept with their fields.
    pub fn parse(&self, currency: Currency) -> Result<ReadReversal, AppError> {
        let mut reader = Reader::default();
        let cause = match self.cause.trim() {
            "" => Some(None),
            text => reader
                .choice("cause", text, ReversalCause::from_code, None)
                .map(Some),
        };
        let fee_minor = match self.fee.amount.trim() {
            "" => Some(0),
            _ => reader
                .money("fee.amount", &self.fee, currency)
                .map(|fee| fee.minor),
        };
        if fee_minor.is_some_and(|fee| fee < 0) {
            reader.refuse("fee.amount", Refusal::AmountNotPositive);
        }
        let read = cause.zip(fee_minor);
        reader.finish(read.map(|(cause, fee_minor)| ReadReversal { cause, fee_minor }))
    }
}

/// Filters of the list of payments; all of them stand in the URL.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PaymentFilter {
    /// Customer, reference or number.
    pub search: String,
    /// A code of `PaymentMethod`; empty for all.
    pub method: String,
    /// A code of `PaymentStatus`; empty for all.
    pub status: String,
    /// First and last day of receipt.
    pub from: String,
    pub to: String,
    /// Number of the receivable account.
    pub account: String,
    /// Customer number.
    pub customer: String,
}

/// One payment of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentRow {
    pub payment: PaymentId,
    pub number: i64,
    pub on: AccountRef,
    pub received_on: NaiveDate,
    pub amount: Money,
    /// What of it is still credit.
    pub left: Money,
    pub method: PaymentMethod,
    pub reference: String,
    pub status: PaymentStatus,
}

/// A payment as an export writes it, with what the money itself paid: invoice numbers and amounts that stand now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportedPayment {
    /// By which an import recognises it.
    pub key: String,
    pub row: PaymentRow,
    pub fee: Money,
    /// For staff only; empty for a customer.
    pub note: String,
    pub prepayment: bool,
    pub paid: Vec<(String, Money)>,
}

/// A payment with everything that became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentDetail {
    pub row: PaymentRow,
    /// Kept as fee income, within tolerance.
    pub fee: Money,
    /// For staff only; empty in the portal.
    pub note: String,
    pub posting_on: NaiveDate,
    pub prepayment: bool,
    pub recorded_at: DateTime<Utc>,
    pub recorded_by: String,
    /// The grant its surplus became.
    pub grant: Option<OwnGrant>,
    /// What of its credit was paid out again.
    pub refunded: Money,
    /// What it settled itself and what its grant settled later, undone slices included, as recorded.
    pub slices: Vec<AppliedSlice>,
    pub reversal: Option<PaymentReversed>,
    /// Empty for who may not read the journal.
    pub entries: Vec<PostedEntry>,
    /// Empty in the portal.
    pub history: Vec<HistoryItem>,
}

/// The grant that belongs to a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnGrant {
    pub grant: CreditGrantId,
    pub number: i64,
    pub class: CreditClass,
    pub remaining: Money,
    pub expires_on: Option<NaiveDate>,
    pub on_hold: bool,
}

/// When and why a payment was reversed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentReversed {
    pub reversed_on: NaiveDate,
    pub posting_on: NaiveDate,
    pub entry: JournalEntryId,
    pub entry_number: i64,
    pub cause: Option<ReversalCause>,
    /// For staff only; empty in the portal.
    pub reason: String,
    /// What the customer owes because of it: money that had been paid out, and a fee.
    pub charges: Vec<ReversalCharge>,
}

/// An open item a reversal made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReversalCharge {
    pub invoice: InvoiceId,
    pub number: String,
    pub kind: InvoiceKind,
    pub total: Money,
}

/// What a customer is told about a payment: as it stood once the payment was recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentConfirmation {
    pub payment: PaymentDetail,
    /// The slices settled in the act that recorded the payment.
    pub paid: Vec<AppliedSlice>,
    /// What became credit then.
    pub credit: Money,
    /// What the receivable account owed and held right after.
    pub due_after: Money,
    pub credit_after: Money,
    /// Something of it was undone since.
    pub changed_since: bool,
}

/// A receivable account a payment can be recorded on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayableAccount {
    pub on: AccountRef,
    pub due: Money,
    pub credit: Money,
}

/// What the form for a payment starts from: the account and its open invoices in their order of being paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentStart {
    pub on: PayableAccount,
    pub surplus_default: SurplusChoice,
    /// The largest surplus that may be written off.
    pub tolerance: Money,
    /// What the expiry policies in force today say of credit the payment leaves.
    pub overpayment_rule: Option<ExpiryRule>,
    pub prepayment_rule: Option<ExpiryRule>,
    pub items: Vec<OpenItem>,
    /// Open invoices beyond those listed.
    pub unlisted: u32,
}
