//! Invoices as they come in and go out.

use super::credit_notes::CreditNoteRow;
use super::error::{AppError, Refusal};
use super::form::{Reader, Typed};
use super::lineage::{AccountRef, AppliedSlice, GrantRef, HistoryItem, PostedEntry};
use crate::domain::dates;
use crate::domain::ids::{CreditGrantId, InvoiceId};
use crate::domain::invoice::{
    DiscountRefusal, InvoiceKind, InvoiceStatus, PricedLine, Totals, line_net, spread_discount,
    totals,
};
use crate::domain::money::{Currency, Money};
use chrono::NaiveDate;
use rust_decimal::Decimal;
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
    /// Off the whole invoice before tax; spread over its lines.
    pub discount: String,
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

impl Typed for NewInvoiceLine {
    fn number_texts(&mut self) -> Vec<&mut String> {
        vec![
            &mut self.quantity,
            &mut self.unit_price,
            &mut self.discount,
            &mut self.tax_rate,
        ]
    }
}

impl Typed for NewInvoice {
    fn number_texts(&mut self) -> Vec<&mut String> {
        let lines = self.lines.iter_mut();
        lines
            .flat_map(NewInvoiceLine::number_texts)
            .chain(std::iter::once(&mut self.discount))
            .collect()
    }
}

/// In per cent. More is a slip of the keyboard.
const HIGHEST_TAX_RATE: Decimal = Decimal::ONE_HUNDRED;

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
    /// Off the whole, and how it is spread over the lines.
    pub discount_minor: i64,
    pub shares: Vec<i64>,
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
        let discount_minor = read_discount(&mut reader, &self.discount, currency);
        let priced = lines
            .as_ref()
            .zip(discount_minor)
            .and_then(|(lines, discount)| {
                let priced: Vec<PricedLine> =
                    lines.iter().map(|line| line.priced.clone()).collect();
                priced_whole(&priced, discount, currency)
                    .map_err(|(field, refusal)| reader.refuse(field, refusal))
                    .ok()
            });
        let (shares, totals) = priced.unzip();
        let read = (|| {
            Some(ReadInvoice {
                issued_on: issued_on?,
                due_on: due_on?,
                reference,
                note,
                lines: lines?,
                discount_minor: discount_minor?,
                shares: shares?,
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

fn read_discount(reader: &mut Reader, text: &str, currency: Currency) -> Option<i64> {
    match text.trim() {
        "" => Some(0),
        text => reader
            .amount("discount", text, currency)
            .map(|discount| discount.minor),
    }
}

/// Each line's share of a discount on the whole, and the totals; a refusal with its field.
fn priced_whole(
    lines: &[PricedLine],
    discount_minor: i64,
    currency: Currency,
) -> Result<(Vec<i64>, Totals), (&'static str, Refusal)> {
    let most = |minor| Refusal::AmountExceedsLines {
        most: Money::new(minor, currency),
    };
    let spread = spread_discount(lines, discount_minor, currency).map_err(|error| match error {
        DiscountRefusal::Negative => ("discount", Refusal::AmountNotPositive),
        DiscountRefusal::ExceedsLines { most_minor } => ("discount", most(most_minor)),
        DiscountRefusal::Money(error) => ("lines", error.into()),
    })?;
    let totals = totals(&spread, currency).map_err(|error| ("lines", error.into()))?;
    let shares = spread.iter().zip(lines);
    let shares = shares.map(|(spread, line)| spread.discount_minor - line.discount_minor);
    Ok((shares.collect(), totals))
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
        Some(ReadInvoiceLine {
            description,
            service,
            priced: self.price(reader, index, currency)?,
        })
    }

    fn price(&self, reader: &mut Reader, index: usize, currency: Currency) -> Option<PricedLine> {
        let field = |name: &str| format!("lines.{index}.{name}");
        let quantity = reader.decimal(&field("quantity"), &self.quantity);
        let unit_price = reader.decimal(&field("unit_price"), &self.unit_price);
        let discount_minor = match self.discount.trim() {
            "" => Some(0),
            text => reader
                .amount(&field("discount"), text, currency)
                .map(|discount| discount.minor),
        };
        let tax_rate = match self.tax_rate.trim() {
            "" => Some(Decimal::ZERO),
            text => reader.decimal(&field("tax_rate"), text),
        };
        let possible = |rate: &Decimal| *rate >= Decimal::ZERO && *rate <= HIGHEST_TAX_RATE;
        if tax_rate.is_some_and(|rate| !possible(&rate)) {
            reader.refuse(field("tax_rate"), Refusal::NotANumber);
        }
        Some(PricedLine {
            quantity: quantity?,
            unit_price: unit_price?,
            discount_minor: discount_minor?,
            tax_rate: tax_rate.filter(possible)?,
        })
    }
}

/// An act on a finalised invoice that needs a reason.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct InvoiceVoiding {
    pub invoice: String,
    /// Where credit that paid it has lapsed meanwhile: its new last usable day. Empty: it lapses the same day.
    pub new_expires_on: String,
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

/// A draft to be thrown away.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct InvoiceDiscard {
    pub invoice: String,
}

/// What typed lines add up to so far: shown while a person types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunningTotals {
    /// Net of each line; `None` where a line is empty or cannot be read yet.
    pub line_nets: Vec<Option<i64>>,
    /// `None` while nothing is typed or a line cannot be read.
    pub totals: Option<Totals>,
}

/// Adds up plain lines as [`NewInvoice::parse`] will, without asking for their descriptions. `discount` comes off the
/// whole.
pub fn running_totals(
    lines: &[NewInvoiceLine],
    discount: &str,
    currency: Currency,
) -> RunningTotals {
    let filled = lines.iter().filter(|line| !line.is_empty()).count();
    let priced: Vec<Option<PricedLine>> = lines
        .iter()
        .map(|line| {
            let typed = !line.unit_price.trim().is_empty();
            let priced = line.price(&mut Reader::default(), 0, currency);
            priced.filter(|_| typed)
        })
        .collect();
    let line_nets = priced
        .iter()
        .map(|line| line_net(line.as_ref()?, currency).ok())
        .collect();
    let readable: Vec<PricedLine> = priced.into_iter().flatten().collect();
    let complete = filled > 0 && readable.len() == filled;
    let discount_minor = read_discount(&mut Reader::default(), discount, currency);
    let totals = discount_minor.filter(|_| complete).and_then(|discount| {
        let priced = priced_whole(&readable, discount, currency);
        priced.ok().map(|(_, totals)| totals)
    });
    RunningTotals { line_nets, totals }
}

/// Which invoices a list shows. All of it stands in the URL; an empty field asks for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct InvoiceFilter {
    /// Part of a number, of a reference, or of what customers are found by.
    pub search: String,
    /// A code of `InvoiceStatus`, or [`UNPAID`].
    pub status: String,
    /// Number of the receivable account.
    pub account: String,
    /// Number of the customer.
    pub customer: String,
    pub currency: String,
    pub issued_from: String,
    /// Included.
    pub issued_to: String,
    /// `yes`: only what is past due.
    pub overdue: String,
    /// `yes`: only what is disputed.
    pub disputed: String,
}

/// Filters invoices with something open, due or not.
pub const UNPAID: &str = "unpaid";

/// Which statuses a list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusFilter {
    Unpaid,
    Only(InvoiceStatus),
}

impl StatusFilter {
    fn from_code(code: &str) -> Option<Self> {
        match code {
            UNPAID => Some(Self::Unpaid),
            code => InvoiceStatus::from_code(code).map(Self::Only),
        }
    }
}

/// A filter whose every field could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadInvoiceFilter {
    pub search: String,
    pub status: Option<StatusFilter>,
    pub account: String,
    pub customer: String,
    pub currency: Option<Currency>,
    pub issued_from: Option<NaiveDate>,
    pub issued_to: Option<NaiveDate>,
    pub overdue: bool,
    pub disputed: bool,
}

impl InvoiceFilter {
    /// Reads every field; refusals are kept with their fields.
    pub fn parse(&self) -> Result<ReadInvoiceFilter, AppError> {
        let mut reader = Reader::default();
        let given = |text: &str| !text.trim().is_empty();
        let status = given(&self.status)
            .then(|| reader.choice("status", &self.status, StatusFilter::from_code, None));
        let currency = given(&self.currency).then(|| reader.currency("currency", &self.currency));
        let issued_from =
            given(&self.issued_from).then(|| reader.date("issued_from", &self.issued_from));
        let issued_to = given(&self.issued_to).then(|| reader.date("issued_to", &self.issued_to));
        let read = ReadInvoiceFilter {
            search: self.search.trim().to_owned(),
            status: status.flatten(),
            account: self.account.trim().to_owned(),
            customer: self.customer.trim().to_owned(),
            currency: currency.flatten(),
            issued_from: issued_from.flatten(),
            issued_to: issued_to.flatten(),
            overdue: self.overdue == "yes",
            disputed: self.disputed == "yes",
        };
        reader.finish(Some(read))
    }
}

/// One invoice in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceRow {
    pub invoice: InvoiceId,
    pub kind: InvoiceKind,
    /// `None` while a draft.
    pub number: Option<String>,
    pub on: AccountRef,
    pub issued_on: NaiveDate,
    pub due_on: NaiveDate,
    pub reference: String,
    pub net: Money,
    pub tax: Money,
    pub total: Money,
    pub open: Money,
    /// As of today.
    pub status: InvoiceStatus,
    pub disputed: bool,
}

/// A page of a list of invoices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceList {
    pub rows: Vec<InvoiceRow>,
    /// How many there are on all pages.
    pub total: u64,
    /// What is open on all pages, one amount per currency.
    pub open: Vec<Money>,
}

/// An invoice with everything a page or an API client shows of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceDetail {
    #[serde(flatten)]
    pub row: InvoiceRow,
    /// Moves on with every change of the draft.
    pub version: i64,
    pub recipient: InvoiceRecipient,
    pub account_name: String,
    /// What the account holds of credit, whatever its class.
    pub account_credit: Money,
    /// `None` while a draft.
    pub posting_on: Option<NaiveDate>,
    pub note: String,
    /// Off the whole, spread over the lines.
    pub discount: Money,
    pub lines: Vec<InvoiceLine>,
    pub taxes: Vec<InvoiceTax>,
    pub voided: Option<VoidedInvoice>,
    /// What settled it, oldest first; also what was undone again.
    pub slices: Vec<AppliedSlice>,
    /// For those who may read the journal.
    pub entries: Vec<PostedEntry>,
    /// The credit a negative invoice gave rise to.
    pub grant: Option<InvoiceGrant>,
    /// The credit notes on it, oldest first.
    pub credit_notes: Vec<CreditNoteRow>,
    /// What the business calls itself on documents; empty where nobody said.
    pub issuer: String,
    /// Newest first. Not for customers.
    pub history: Vec<HistoryItem>,
}

/// Whom an invoice is for, as it stands on the document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceRecipient {
    pub street: String,
    pub postal_code: String,
    pub city: String,
    pub country: String,
    pub tax_id: String,
    /// Tag of the language documents for this customer are written in.
    pub language: String,
}

/// One line of an invoice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceLine {
    pub description: String,
    pub service: String,
    #[serde(with = "rust_decimal::serde::str")]
    pub quantity: Decimal,
    #[serde(with = "rust_decimal::serde::str")]
    pub unit_price: Decimal,
    /// Its own and its share of the discount on the whole.
    pub discount: Money,
    /// In per cent.
    #[serde(with = "rust_decimal::serde::str")]
    pub tax_rate: Decimal,
    pub net: Money,
}

/// Net and tax of everything on one tax rate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceTax {
    /// In per cent.
    #[serde(with = "rust_decimal::serde::str")]
    pub rate: Decimal,
    pub net: Money,
    pub tax: Money,
}

/// Since when and why an invoice is void.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoidedInvoice {
    pub voided_on: NaiveDate,
    /// Empty for customers.
    pub reason: String,
}

/// The credit that a negative invoice gave rise to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceGrant {
    pub grant: CreditGrantId,
    pub number: i64,
    pub remaining: Money,
}

/// What the editor has to know of the account an invoice is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceEditing {
    pub on: AccountRef,
    pub currency: Currency,
    /// Days within which the customer pays.
    pub terms_days: u32,
    /// Tax rates used before, in per cent as plain text: this account's first, most used first.
    pub tax_rates: Vec<String>,
}

/// A draft as the editor shows it; numbers are plain text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceDraft {
    pub editing: InvoiceEditing,
    pub invoice: NewInvoice,
}

/// What finalising an invoice as typed would come to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoicePreview {
    pub due_on: NaiveDate,
    pub taxes: Vec<InvoiceTax>,
    pub net: Money,
    pub tax: Money,
    pub total: Money,
    /// Credit of the account that finalising would use at once, as the account is set.
    pub uses: Vec<PreviewedUse>,
    /// What would be open then; zero where the invoice gives credit.
    pub open: Money,
}

/// Credit that finalising would use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviewedUse {
    pub grant: GrantRef,
    pub amount: Money,
}
