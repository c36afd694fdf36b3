//! An invoice out of its lines: with quantities and prices, or only a total.

use super::cells::Scope;
use super::{InvoiceDocument, MAX_DESCRIPTION, MAX_NAME, MAX_NUMBER, Row};
use crate::domain::dates::due_on;
use crate::domain::invoice::{PricedLine, TaxTotal, Totals, totals};
use crate::domain::money::{Currency, Money, to_decimal};
use crate::dto::error::Refusal;
use crate::dto::imports::ImportProblem;
use crate::dto::invoices::ReadInvoiceLine;
use crate::server::import::mapping::{Field, NegativeTotal, ZeroTotal};
use chrono::NaiveDate;
use rust_decimal::Decimal;

/// What a single line says where a file gives totals and no lines.
const TOTAL_ONLY: &str = "Imported invoice";

impl Scope<'_, '_> {
    pub(super) fn invoice(&mut self, rows: &[Row]) -> Option<InvoiceDocument> {
        let first = &rows[0];
        let number = self.required(first, Field::Number, MAX_NUMBER);
        let account = self.account_number(first, Field::Account);
        if account.is_empty() {
            self.refuse(first, Field::Account, Refusal::Required);
        }
        let customer = self.account_number(first, Field::Customer);
        let customer_name = self.text(first, Field::CustomerName, MAX_NAME);
        for field in [
            Field::Account,
            Field::Customer,
            Field::Currency,
            Field::IssuedOn,
            Field::DueOn,
        ] {
            self.same_on_all(rows, field);
        }
        let issued_on = self.required_past_date(first, Field::IssuedOn);
        let due = self.invoice_due(first, issued_on);
        let settled_on = self.settlement(first, issued_on);
        let currency = self.currency(first);
        let reference = self.text(first, Field::Reference, MAX_NAME);
        let note = self.note(first);
        let country = self.country(first);
        let (lines, totals) = self.lines_and_totals(rows, currency?)?;
        self.check_total(first, &totals, settled_on.is_some());
        Some(InvoiceDocument {
            line: first.line,
            number,
            account,
            customer,
            customer_name,
            country,
            currency: currency?,
            issued_on: issued_on?,
            due_on: due?,
            settled_on,
            reference,
            note,
            lines,
            totals,
        })
    }

    /// When the invoice is due. Before its issue is unusual, but the other system's to say.
    fn invoice_due(&mut self, row: &Row, issued_on: Option<NaiveDate>) -> Option<NaiveDate> {
        if self.cell(row, Field::DueOn).is_empty() {
            return Some(due_on(issued_on?, self.documents.mapping.terms_days));
        }
        let due = self.future_date(row, Field::DueOn)?;
        if issued_on.is_some_and(|issued_on| due < issued_on) {
            self.find(row, Field::DueOn, ImportProblem::DueBeforeIssued);
        }
        Some(due)
    }

    /// The day on which the invoice was settled, not before it was issued.
    fn settlement(&mut self, row: &Row, issued_on: Option<NaiveDate>) -> Option<NaiveDate> {
        let settled_on = self.past_date(row, Field::SettledOn)?;
        match issued_on {
            Some(first) if settled_on < first => {
                self.refuse(row, Field::SettledOn, Refusal::DateTooEarly { first });
                None
            }
            _ => Some(settled_on),
        }
    }

    /// Whether the mapping has a meaning for the total.
    fn check_total(&mut self, row: &Row, totals: &Totals, settled: bool) {
        let field = if self.has(Field::Total) {
            Field::Total
        } else {
            Field::UnitPrice
        };
        let mapping = self.documents.mapping;
        let problem = match totals.total_minor.signum() {
            0 if mapping.zero_total == ZeroTotal::Refuse => ImportProblem::TotalIsZero,
            -1 if mapping.negative_total == NegativeTotal::Refuse => ImportProblem::TotalIsNegative,
            0 | -1 if settled => ImportProblem::CreditIsSettled,
            _ => return,
        };
        let field = match problem {
            ImportProblem::CreditIsSettled => Field::SettledOn,
            _ => field,
        };
        self.find(row, field, problem);
    }

    fn lines_and_totals(
        &mut self,
        rows: &[Row],
        currency: Currency,
    ) -> Option<(Vec<ReadInvoiceLine>, Totals)> {
        let has_prices = self.has(Field::Quantity) && self.has(Field::UnitPrice);
        let is_priced = |row: &Row| !self.cell(row, Field::UnitPrice).is_empty();
        if has_prices && (!self.has(Field::Total) || rows.iter().any(is_priced)) {
            return self.priced(rows, currency);
        }
        for row in &rows[1..] {
            let first_line = rows[0].line;
            self.find(
                row,
                Field::Number,
                ImportProblem::RepeatedNumber { first_line },
            );
        }
        self.total_only(&rows[0], currency)
    }

    /// A document whose lines have quantities and prices.
    fn priced(
        &mut self,
        rows: &[Row],
        currency: Currency,
    ) -> Option<(Vec<ReadInvoiceLine>, Totals)> {
        let lines: Vec<Option<ReadInvoiceLine>> =
            rows.iter().map(|row| self.line(row, currency)).collect();
        let lines: Vec<ReadInvoiceLine> = lines.into_iter().collect::<Option<_>>()?;
        let priced: Vec<PricedLine> = lines.iter().map(|line| line.priced.clone()).collect();
        let computed = match totals(&priced, currency) {
            Ok(totals) => totals,
            Err(error) => {
                self.refuse(&rows[0], Field::UnitPrice, error.into());
                return None;
            }
        };
        let given = self.optional_amount(&rows[0], Field::Total, currency);
        if given.is_some_and(|given| given != computed.total_minor) {
            let computed = Money::new(computed.total_minor, currency);
            self.find(
                &rows[0],
                Field::Total,
                ImportProblem::TotalDiffers { computed },
            );
        }
        Some((lines, computed))
    }

    fn line(&mut self, row: &Row, currency: Currency) -> Option<ReadInvoiceLine> {
        let description = self.text(row, Field::Description, MAX_DESCRIPTION);
        let service = self.text(row, Field::Service, 100);
        let quantity = self.decimal(row, Field::Quantity);
        let unit_price = self.decimal(row, Field::UnitPrice);
        let discount = self.optional_amount(row, Field::Discount, currency);
        let tax_rate = match self.cell(row, Field::TaxRate) {
            "" => Some(Decimal::ZERO),
            _ => self.decimal(row, Field::TaxRate),
        };
        if tax_rate.is_some_and(|rate| rate.is_sign_negative() && !rate.is_zero()) {
            self.refuse(row, Field::TaxRate, Refusal::NotANumber);
        }
        let discount_minor = if self.cell(row, Field::Discount).is_empty() {
            Some(0)
        } else {
            discount
        };
        Some(ReadInvoiceLine {
            description,
            service,
            priced: PricedLine {
                quantity: quantity?,
                unit_price: unit_price?,
                discount_minor: discount_minor?,
                tax_rate: tax_rate?,
            },
        })
    }

    /// A document of which only the total is known, perhaps with its net and tax.
    fn total_only(
        &mut self,
        row: &Row,
        currency: Currency,
    ) -> Option<(Vec<ReadInvoiceLine>, Totals)> {
        let total_minor = self.amount(row, Field::Total, currency)?;
        let tax_minor = match self.cell(row, Field::Tax) {
            "" => 0,
            _ => self.amount(row, Field::Tax, currency)?,
        };
        let net_minor = total_minor.checked_sub(tax_minor)?;
        let given = self.optional_amount(row, Field::Net, currency);
        if given.is_some_and(|given| given != net_minor) {
            let computed = Money::new(total_minor, currency);
            self.find(row, Field::Net, ImportProblem::TotalDiffers { computed });
        }
        let description = self.text(row, Field::Description, MAX_DESCRIPTION);
        let rate = tax_rate(net_minor, tax_minor);
        let line = ReadInvoiceLine {
            description: if description.is_empty() {
                TOTAL_ONLY.to_owned()
            } else {
                description
            },
            service: self.text(row, Field::Service, 100),
            priced: PricedLine {
                quantity: Decimal::ONE,
                unit_price: to_decimal(net_minor, currency),
                discount_minor: 0,
                tax_rate: rate,
            },
        };
        let totals = Totals {
            line_nets: vec![net_minor],
            taxes: vec![TaxTotal {
                rate,
                net_minor,
                tax_minor,
            }],
            net_minor,
            tax_minor,
            total_minor,
        };
        Some((vec![line], totals))
    }
}

/// The rate that a tax amounts to, in per cent with four decimals.
fn tax_rate(net_minor: i64, tax_minor: i64) -> Decimal {
    if net_minor == 0 || tax_minor == 0 {
        return Decimal::ZERO;
    }
    let rate = Decimal::from(tax_minor) * Decimal::ONE_HUNDRED / Decimal::from(net_minor);
    rate.round_dp(4).normalize()
}
