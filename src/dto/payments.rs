//! Payments as they come in, and what becomes of them.

use super::error::{AppError, FieldRefusal, Refusal};
use super::form::{AmountText, Reader, Typed};
use crate::domain::ids::{CreditGrantId, InvoiceId, PaymentId};
use crate::domain::money::{Currency, Money};
use crate::domain::payment::{PaymentMethod, PaymentRefusal, PaymentTerms, SurplusChoice};
use crate::domain::posting::SettledSlice;
use chrono::NaiveDate;
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
            })
        })();
        reader.finish(read)
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
    /// What would be kept as fee income.
    pub fee: Money,
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
    pub reason: String,
    pub idempotency_key: String,
}
