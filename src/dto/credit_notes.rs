//! Credit notes as they come in and go out.

use super::error::{AppError, Refusal};
use super::form::{AmountText, Reader, Typed};
use super::invoices::{InvoiceRecipient, InvoiceTax};
use super::lineage::{AccountRef, AppliedSlice, GrantRef, HistoryItem, PostedEntry, PostedLine};
use crate::domain::credit_note::{
    CreditNoteReason, CreditNoteRefusal, CreditNoteStatus, LineChoice, OutcomeRefusal,
    WantedOutcome,
};
use crate::domain::ids::{CreditGrantId, CreditNoteId, InvoiceId};
use crate::domain::money::{Currency, Money};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// A credit note as typed. Saved as a draft, or issued at once by `act = "finalise"`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NewCreditNote {
    /// The invoice that is credited.
    pub invoice: String,
    /// Empty means today; not before the invoice.
    pub issued_on: String,
    /// A code of `CreditNoteReason`.
    pub reason_code: String,
    pub note: String,
    /// What is credited of which line; lines without a quantity are left alone.
    pub lines: Vec<NewCreditNoteLine>,
    /// `yes`: all that is left of the invoice, whatever the lines say.
    pub everything: String,
    /// How much covers what is open; empty: as much as possible.
    pub offset: AmountText,
    /// How much of the credit that arises the customer wants paid out; empty: nothing. It is credit until a refund of
    /// it is asked for.
    pub refund: AmountText,
    /// `draft` (or empty) or `finalise`.
    pub act: String,
    /// Why it is dated back, where it is.
    pub reason: String,
    pub idempotency_key: String,
}

/// How much of one line of the invoice is credited.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NewCreditNoteLine {
    /// Its place on the invoice, from 1.
    pub position: String,
    /// With the sign of the line's own.
    pub quantity: String,
}

impl Typed for NewCreditNote {
    fn number_texts(&mut self) -> Vec<&mut String> {
        let lines = self.lines.iter_mut().map(|line| &mut line.quantity);
        lines
            .chain([&mut self.offset.amount, &mut self.refund.amount])
            .collect()
    }
}

/// A credit note whose every field could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadCreditNote {
    pub issued_on: NaiveDate,
    pub reason: CreditNoteReason,
    pub note: String,
    /// `None`: all that is left.
    pub choices: Option<Vec<LineChoice>>,
    pub wanted: WantedOutcome,
}

impl NewCreditNote {
    /// Reads every field; refusals are kept with their fields.
    pub fn parse(&self, currency: Currency, today: NaiveDate) -> Result<ReadCreditNote, AppError> {
        let mut reader = Reader::default();
        let issued_on = match self.issued_on.trim() {
            "" => Some(today),
            text => reader.date("issued_on", text),
        };
        let reason = reader.choice(
            "reason_code",
            &self.reason_code,
            CreditNoteReason::from_code,
            None,
        );
        let note = reader.text("note", &self.note, 2_000);
        let choices = match self.everything.as_str() {
            "yes" => Some(None),
            _ => self.read_choices(&mut reader).map(Some),
        };
        let offset = self.read_amount(&mut reader, "offset", &self.offset, currency);
        let refund = self.read_amount(&mut reader, "refund", &self.refund, currency);
        let read = (|| {
            Some(ReadCreditNote {
                issued_on: issued_on?,
                reason: reason?,
                note,
                choices: choices?,
                wanted: WantedOutcome {
                    offset_minor: offset?,
                    refund_minor: refund?.map_or(0, |refund| refund),
                },
            })
        })();
        reader.finish(read)
    }

    fn read_choices(&self, reader: &mut Reader) -> Option<Vec<LineChoice>> {
        let chosen = self.lines.iter().enumerate();
        let choices: Vec<Option<LineChoice>> = chosen
            .filter(|(_, line)| !line.quantity.trim().is_empty())
            .map(|(index, line)| {
                let position = format!("lines.{index}.position");
                let quantity = format!("lines.{index}.quantity");
                let position = reader.whole_number(&position, &line.position, 1_000_000);
                let quantity = reader.decimal(&quantity, &line.quantity);
                Some(LineChoice {
                    position: i32::try_from(position?).ok()?,
                    quantity: quantity?,
                })
            })
            .collect();
        choices.into_iter().collect()
    }

    /// `Some(None)` where nothing is typed.
    fn read_amount(
        &self,
        reader: &mut Reader,
        field: &str,
        text: &AmountText,
        currency: Currency,
    ) -> Option<Option<i64>> {
        if text.amount.trim().is_empty() {
            return Some(None);
        }
        let amount = reader.money(&format!("{field}.amount"), text, currency)?;
        Some(Some(amount.minor))
    }

    /// A refusal of the lines, at the field that was typed.
    pub fn refusal(&self, refusal: CreditNoteRefusal, currency: Currency) -> AppError {
        let at = |position: i32, refusal: Refusal| {
            let typed = |line: &NewCreditNoteLine| line.position.trim() == position.to_string();
            match self.lines.iter().rposition(typed) {
                Some(index) => refusal.at(format!("lines.{index}.quantity")),
                None => refusal.of_act(),
            }
        };
        match refusal {
            CreditNoteRefusal::NothingChosen => Refusal::NothingToCredit.of_act(),
            CreditNoteRefusal::NoSuchLine { position } => at(position, Refusal::UnknownReference),
            CreditNoteRefusal::ChosenTwice { position } => at(position, Refusal::NamedTwice),
            CreditNoteRefusal::QuantityNotPositive { position } => at(position, Refusal::WrongSign),
            CreditNoteRefusal::ExceedsLine {
                position,
                left,
                left_net_minor,
            } => at(
                position,
                Refusal::QuantityExceedsLine {
                    left: left.normalize().to_string(),
                    left_net: Money::new(left_net_minor, currency),
                },
            ),
            CreditNoteRefusal::TotalNotPositive => Refusal::CreditNotPositive.of_act(),
            CreditNoteRefusal::Money(error) => Refusal::from(error).of_act(),
        }
    }
}

/// A refusal of where the amount of a note is to go.
pub fn outcome_refusal(refusal: OutcomeRefusal, currency: Currency) -> AppError {
    let money = |minor| Money::new(minor, currency);
    match refusal {
        OutcomeRefusal::AmountNegative => Refusal::AmountNotPositive.of_act(),
        OutcomeRefusal::OffsetExceedsOpen { most_minor } => Refusal::AmountExceedsOpenBalance {
            open: money(most_minor),
        }
        .at("offset.amount"),
        OutcomeRefusal::RefundExceedsPaid { most_minor } => Refusal::NotRefundable {
            most: money(most_minor),
        }
        .at("refund.amount"),
        OutcomeRefusal::ExceedsInvoice { most_minor } => Refusal::AmountExceedsLines {
            most: money(most_minor),
        }
        .of_act(),
        OutcomeRefusal::Money(error) => Refusal::from(error).of_act(),
    }
}

/// Issuing a saved draft as it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CreditNoteFinalisation {
    pub credit_note: String,
    /// Why it is dated back, where it is.
    pub reason: String,
    pub idempotency_key: String,
}

/// Taking back a credit note whose credit is unused.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CreditNoteVoiding {
    pub credit_note: String,
    pub reason: String,
    pub idempotency_key: String,
}

/// A draft to be thrown away.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CreditNoteDiscard {
    pub credit_note: String,
}

/// What became of a credit note: the answer that a repeated request gets again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedCreditNote {
    pub credit_note: CreditNoteId,
    /// `None` while a draft.
    pub number: Option<String>,
    /// The credit it gave, if any.
    pub grant: Option<CreditGrantId>,
}

/// What issuing a credit note as typed would come to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditNotePreview {
    pub lines: Vec<PreviewedCreditLine>,
    pub taxes: Vec<InvoiceTax>,
    pub net: Money,
    pub tax: Money,
    pub total: Money,
    /// Covers what is open.
    pub offset: Money,
    /// Credit that settled the invoice and goes back to where it came from.
    pub returned: Vec<PreviewedReturn>,
    /// Becomes credit of the customer's.
    pub kept: Money,
    /// The part of it that can be paid out, and the part that is asked for.
    pub refundable: Money,
    pub refund: Money,
    pub open_before: Money,
    pub open_after: Money,
    pub posted: Vec<PostedLine>,
}

/// One line a note would credit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviewedCreditLine {
    pub position: i32,
    #[serde(with = "rust_decimal::serde::str")]
    pub quantity: Decimal,
    pub net: Money,
}

/// Credit that would go back to its grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviewedReturn {
    pub grant: GrantRef,
    pub amount: Money,
    /// Its last usable day.
    pub expires_on: Option<NaiveDate>,
}

/// What the page that credits an invoice starts from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditNoteStart {
    pub invoice: InvoiceId,
    pub number: String,
    pub on: AccountRef,
    pub issued_on: NaiveDate,
    pub total: Money,
    pub open: Money,
    pub lines: Vec<CreditableLineRow>,
}

/// A line of an invoice and what is left of it to credit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditableLineRow {
    pub position: i32,
    pub description: String,
    #[serde(with = "rust_decimal::serde::str")]
    pub quantity: Decimal,
    #[serde(with = "rust_decimal::serde::str")]
    pub left: Decimal,
    /// In per cent.
    #[serde(with = "rust_decimal::serde::str")]
    pub tax_rate: Decimal,
    pub net: Money,
}

/// Which credit notes a list shows. All of it stands in the URL; an empty field asks for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CreditNoteFilter {
    /// Part of a number, of the invoice's, or of what customers are found by.
    pub search: String,
    /// A code of `CreditNoteStatus`.
    pub status: String,
    /// A code of `CreditNoteReason`.
    pub reason: String,
    /// Number of the receivable account.
    pub account: String,
    /// Number of the customer.
    pub customer: String,
    pub issued_from: String,
    /// Included.
    pub issued_to: String,
}

/// A filter whose every field could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadCreditNoteFilter {
    pub search: String,
    pub status: Option<CreditNoteStatus>,
    pub reason: Option<CreditNoteReason>,
    pub account: String,
    pub customer: String,
    pub issued_from: Option<NaiveDate>,
    pub issued_to: Option<NaiveDate>,
}

impl CreditNoteFilter {
    /// Reads every field; refusals are kept with their fields.
    pub fn parse(&self) -> Result<ReadCreditNoteFilter, AppError> {
        let mut reader = Reader::default();
        let given = |text: &str| !text.trim().is_empty();
        let status = given(&self.status)
            .then(|| reader.choice("status", &self.status, CreditNoteStatus::from_code, None));
        let reason = given(&self.reason)
            .then(|| reader.choice("reason", &self.reason, CreditNoteReason::from_code, None));
        let issued_from =
            given(&self.issued_from).then(|| reader.date("issued_from", &self.issued_from));
        let issued_to = given(&self.issued_to).then(|| reader.date("issued_to", &self.issued_to));
        let read = ReadCreditNoteFilter {
            search: self.search.trim().to_owned(),
            status: status.flatten(),
            reason: reason.flatten(),
            account: self.account.trim().to_owned(),
            customer: self.customer.trim().to_owned(),
            issued_from: issued_from.flatten(),
            issued_to: issued_to.flatten(),
        };
        reader.finish(Some(read))
    }
}

/// One credit note in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditNoteRow {
    pub credit_note: CreditNoteId,
    /// `None` while a draft.
    pub number: Option<String>,
    pub on: AccountRef,
    pub invoice: InvoiceId,
    pub invoice_number: String,
    pub issued_on: NaiveDate,
    pub reason: CreditNoteReason,
    pub net: Money,
    pub tax: Money,
    pub total: Money,
    /// What of it is still credit.
    pub left: Money,
    pub status: CreditNoteStatus,
}

/// A credit note with everything a page shows of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditNoteDetail {
    pub row: CreditNoteRow,
    pub recipient: InvoiceRecipient,
    /// What the business calls itself on documents; empty where nobody said.
    pub issuer: String,
    /// `None` while a draft.
    pub posting_on: Option<NaiveDate>,
    pub note: String,
    pub lines: Vec<CreditNoteLine>,
    pub taxes: Vec<InvoiceTax>,
    pub voided: Option<VoidedCreditNote>,
    /// The credit it gave.
    pub grant: Option<GrantRef>,
    /// What it settled itself and what its own credit settled later; also what was undone again.
    pub slices: Vec<AppliedSlice>,
    /// For those who may read the journal.
    pub entries: Vec<PostedEntry>,
    /// Newest first. Not for customers.
    pub history: Vec<HistoryItem>,
}

/// One line of a credit note, as the invoice calls it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditNoteLine {
    pub position: i32,
    pub description: String,
    #[serde(with = "rust_decimal::serde::str")]
    pub quantity: Decimal,
    /// In per cent.
    #[serde(with = "rust_decimal::serde::str")]
    pub tax_rate: Decimal,
    pub net: Money,
}

/// Since when and why a credit note is void.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoidedCreditNote {
    pub voided_on: NaiveDate,
    /// Empty for customers.
    pub reason: String,
}
