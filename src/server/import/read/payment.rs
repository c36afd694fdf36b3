//! A payment out of its lines, each of which may name an invoice it settles.

use super::cells::Scope;
use super::{MAX_NAME, MAX_NUMBER, PaymentDocument, Row, SliceWanted};
use crate::domain::credit::DEFAULT_PRIORITY;
use crate::domain::payment::PaymentMethod;
use crate::dto::error::Refusal;
use crate::server::import::mapping::Field;
use rust_decimal::Decimal;

impl Scope<'_, '_> {
    pub(super) fn payment(&mut self, rows: &[Row]) -> Option<PaymentDocument> {
        let first = &rows[0];
        let key = self.required(first, Field::Number, 100);
        let account = self.account_number(first, Field::Account);
        if account.is_empty() {
            self.refuse(first, Field::Account, Refusal::Required);
        }
        for field in [
            Field::Account,
            Field::Currency,
            Field::Amount,
            Field::ReceivedOn,
        ] {
            self.same_on_all(rows, field);
        }
        let currency = match self.cell(first, Field::Currency) {
            "" => self.documents.mapping.currency,
            _ => Some(self.currency(first)?),
        };
        let amount = self.decimal(first, Field::Amount);
        if amount.is_some_and(|amount| amount <= Decimal::ZERO) {
            self.refuse(first, Field::Amount, Refusal::AmountNotPositive);
        }
        let fee = match self.cell(first, Field::Fee) {
            "" => Some(Decimal::ZERO),
            _ => self.decimal(first, Field::Fee),
        };
        let received_on = self.required_past_date(first, Field::ReceivedOn);
        let method = self.method(first);
        let prepayment = self.yes_or_no(first, Field::Prepayment);
        let expires_on = self.future_date(first, Field::ExpiresOn);
        let priority = self.priority(first);
        let reference = self.text(first, Field::Reference, MAX_NAME);
        let note = self.note(first);
        let slices = self.slices(rows);
        Some(PaymentDocument {
            line: first.line,
            key,
            account,
            currency,
            amount: amount?,
            fee: fee?,
            received_on: received_on?,
            method: method?,
            reference,
            note,
            prepayment: prepayment?,
            expires_on,
            priority: priority?,
            slices: slices?,
        })
    }

    fn method(&mut self, row: &Row) -> Option<PaymentMethod> {
        match self.cell(row, Field::Method) {
            "" => Some(PaymentMethod::BankTransfer),
            code => {
                let method = PaymentMethod::from_code(code);
                if method.is_none() {
                    self.refuse(row, Field::Method, Refusal::UnknownChoice);
                }
                method
            }
        }
    }

    fn yes_or_no(&mut self, row: &Row, field: Field) -> Option<bool> {
        match self.cell(row, field) {
            "yes" | "true" => Some(true),
            "" | "no" | "false" => Some(false),
            _ => {
                self.refuse(row, field, Refusal::UnknownChoice);
                None
            }
        }
    }

    fn priority(&mut self, row: &Row) -> Option<i32> {
        match self.cell(row, Field::Priority) {
            "" => Some(DEFAULT_PRIORITY),
            text => {
                let priority = text.parse::<u16>().ok().map(i32::from);
                if priority.is_none() {
                    self.refuse(row, Field::Priority, Refusal::NotANumber);
                }
                priority
            }
        }
    }

    fn slices(&mut self, rows: &[Row]) -> Option<Vec<SliceWanted>> {
        let mut slices = Vec::new();
        for row in rows {
            let invoice = self.text(row, Field::Invoice, MAX_NUMBER);
            if invoice.is_empty() {
                if !self.cell(row, Field::Applied).is_empty() {
                    self.refuse(row, Field::Invoice, Refusal::Required);
                }
                continue;
            }
            let amount = match self.cell(row, Field::Applied) {
                "" => None,
                _ => Some(self.decimal(row, Field::Applied)?),
            };
            if amount.is_some_and(|amount| amount <= Decimal::ZERO) {
                self.refuse(row, Field::Applied, Refusal::AmountNotPositive);
                return None;
            }
            slices.push(SliceWanted {
                line: row.line,
                invoice,
                amount,
            });
        }
        Some(slices)
    }
}
