//! Invoices as they come in and go out.

use super::error::{AppError, Refusal};
use super::form::{Reader, Typed};
use crate::domain::dates;
use crate::domain::ids::InvoiceId;
use crate::domain::invoice::{PricedLine, Totals, totals};
use crate::domain::money::Currency;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// An invoice as typed. Saved as a draft, or finalised at once by `act = "finalise"`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NewInvoice {
    /// The draft being changed; empty for a new invoice.
    pub invoice: String,
    /// The draft's version the person saw.
    pub version: i64,
    /// Number of the receivable account.
    pub account: String,
    pub currency: String,
    pub issued_on: String,
    /// Empty: the customer's payment terms.
    pub due_on: String,
    pub reference: String,
    pub note: String,
    pub lines: Vec<NewInvoiceLine>,
    /// `draft` (or empty) or `finalise`.
    pub act: String,
    /// Why it is dated back, where it is.
    pub reason: String,
    pub idempotency_key: String,
}

/// One line as typed; a line with nothing in it is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NewInvoiceLine {
    pub description: String,
    /// What statements group charges by.
    pub service: String,
    pub quantity: String,
    pub unit_price: String,
    pub discount: String,
    /// In per cent.
    pub tax_rate: String,
}

impl NewInvoiceLine {
    fn is_empty(&self) -> bool {
        self.description.trim().is_empty() && self.unit_price.trim().is_empty()
    }
}

impl Typed for NewInvoice {
    fn number_texts(&mut self) -> Vec<&mut String> {
        self.lines
            .iter_mut()
            .flat_map(|line| {
                [
                    &mut line.quantity,
                    &mut line.unit_price,
                    &mut line.discount,
                    &mut line.tax_rate,
                ]
            })
            .collect()
    }
}

/// A read and priced line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadInvoiceLine {
    pub description: String,
    pub service: String,
    pub priced: PricedLine,
}

/// An invoice whose every field could be read, with its totals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadInvoice {
    pub issued_on: NaiveDate,
    pub due_on: NaiveDate,
    pub reference: String,
    pub note: String,
    pub lines: Vec<ReadInvoiceLine>,
    pub totals: Totals,
}

impl NewInvoice {
    /// Reads every field; refusals are kept with their fields. `terms_days` fills an empty due date.
    pub fn parse(&self, currency: Currency, terms_days: u32) -> Result<ReadInvoice, AppError> {
        let mut reader = Reader::default();
        if !self.currency.is_empty()
            && let Some(given) = reader.currency("currency", &self.currency)
            && given != currency
        {
            reader.refuse(
                "currency",
                Refusal::CurrencyMismatch {
                    expected: currency,
                    given,
                },
            );
        }
        let issued_on = reader.date("issued_on", &self.issued_on);
        let due_on = self.read_due_on(&mut reader, issued_on, terms_days);
        let reference = reader.text("reference", &self.reference, 200);
        let note = reader.text("note", &self.note, 2_000);
        let lines = self.read_lines(&mut reader, currency);
        let totals = lines.as_ref().and_then(|lines| {
            let priced: Vec<PricedLine> = lines.iter().map(|line| line.priced.clone()).collect();
            totals(&priced, currency)
                .map_err(|error| reader.refuse("lines", error.into()))
                .ok()
        });
        let read = (|| {
            Some(ReadInvoice {
                issued_on: issued_on?,
                due_on: due_on?,
                reference,
                note,
                lines: lines?,
                totals: totals?,
            })
        })();
        reader.finish(read)
    }

    fn read_due_on(
        &self,
        reader: &mut Reader,
        issued_on: Option<NaiveDate>,
        terms_days: u32,
    ) -> Option<NaiveDate> {
        if self.due_on.trim().is_empty() {
            return issued_on.map(|issued_on| dates::due_on(issued_on, terms_days));
        }
        let due_on = reader.date("due_on", &self.due_on)?;
        if let Some(first) = issued_on.filter(|issued_on| due_on < *issued_on) {
            reader.refuse("due_on", Refusal::DateTooEarly { first });
        }
        dates::check_future(due_on)
            .map_err(|refusal| reader.refuse("due_on", refusal.into()))
            .ok()
    }

    fn read_lines(&self, reader: &mut Reader, currency: Currency) -> Option<Vec<ReadInvoiceLine>> {
        let filled = self
            .lines
            .iter()
            .enumerate()
            .filter(|(_, line)| !line.is_empty());
        let lines: Vec<Option<ReadInvoiceLine>> = filled
            .map(|(index, line)| line.parse(reader, index, currency))
            .collect();
        if lines.is_empty() {
            reader.refuse("lines.0.description", Refusal::InvoiceWithoutLines);
            return None;
        }
        lines.into_iter().collect()
    }
}

impl NewInvoiceLine {
    fn parse(
        &self,
        reader: &mut Reader,
        index: usize,
        currency: Currency,
    ) -> Option<ReadInvoiceLine> {
        let field = |name: &str| format!("lines.{index}.{name}");
        let description = reader.required(&field("description"), &self.description, 500);
        let service = reader.text(&field("service"), &self.service, 100);
        let quantity = reader.decimal(&field("quantity"), &self.quantity);
        let unit_price = reader.decimal(&field("unit_price"), &self.unit_price);
        let discount_minor = match self.discount.trim() {
            "" => Some(0),
            text => reader
                .amount(&field("discount"), text, currency)
                .map(|discount| discount.minor),
        };
        let tax_rate = match self.tax_rate.trim() {
            "" => Some(rust_decimal::Decimal::ZERO),
            text => reader.decimal(&field("tax_rate"), text),
        };
        if tax_rate.is_some_and(|rate| rate.is_sign_negative() && !rate.is_zero()) {
            reader.refuse(field("tax_rate"), Refusal::NotANumber);
        }
        let priced = PricedLine {
            quantity: quantity?,
            unit_price: unit_price?,
            discount_minor: discount_minor?,
            tax_rate: tax_rate?,
        };
        Some(ReadInvoiceLine {
            description,
            service,
            priced,
        })
    }
}

/// An act on a finalised invoice that needs a reason.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct InvoiceVoiding {
    pub invoice: String,
    pub reason: String,
    pub idempotency_key: String,
}

/// Finalising a saved draft as it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct InvoiceFinalisation {
    pub invoice: String,
    /// Why it is dated back, where it is.
    pub reason: String,
    pub idempotency_key: String,
}

/// What became of an invoice: the answer that a repeated request gets again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedInvoice {
    pub invoice: InvoiceId,
    /// `None` while a draft.
    pub number: Option<String>,
}

/// Marks an invoice as disputed (left out of runs) or no longer so.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct InvoiceDispute {
    pub invoice: String,
    pub disputed: bool,
    pub reason: String,
}
