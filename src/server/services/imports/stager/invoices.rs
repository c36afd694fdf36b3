//! Invoices: new ones with their settlement, and settlements of those that are in the books already.

use super::{Account, Customer, Known, Refused, Stager};
use crate::domain::credit::DEFAULT_PRIORITY;
use crate::domain::ids::{
    CreditGrantId, InvoiceId, JournalEntryId, PaymentId, ReceivableAccountId,
};
use crate::domain::ledger::Subject;
use crate::domain::money::Money;
use crate::domain::posting::{
    Books, DocumentTotals, PaymentSplit, SettledSlice, invoice_finalised, payment_received,
};
use crate::dto::error::{AppError, Refusal};
use crate::dto::imports::{ImportProblem, count_into};
use crate::server::import::mapping::{Field, Recognise};
use crate::server::import::read::InvoiceDocument;
use crate::server::store::imports::stage::{
    KnownInvoice, StagedInvoice, StagedPayment, StagedSlice,
};
use chrono::NaiveDate;
use std::collections::BTreeSet;
use uuid::Uuid;

impl Stager<'_> {
    pub(super) fn invoice(
        &mut self,
        document: InvoiceDocument,
        known: &Known,
        invoices: &mut Vec<StagedInvoice>,
        payments: &mut Vec<StagedPayment>,
    ) -> Result<(), Refused> {
        self.check_account(&document)?;
        if let Some(there) = self.known_invoice(&document, known) {
            return self.known_again(&document, there, known, payments);
        }
        let account = self.use_account(&document);
        let id = InvoiceId(Uuid::now_v7());
        let total = Money::new(document.totals.total_minor, document.currency);
        let grant = (total.minor < 0).then(|| CreditGrantId(Uuid::now_v7()));
        let subject = grant.map_or(Subject::Invoice(id), Subject::Grant);
        let totals = DocumentTotals {
            net_minor: document.totals.net_minor,
            tax_minor: document.totals.tax_minor,
        };
        let books = Books {
            account,
            currency: document.currency,
        };
        let entry = invoice_finalised(books, subject, totals).map_err(AppError::from)?;
        let entry = entry.map(|entry| (JournalEntryId(Uuid::now_v7()), entry));
        if let Some(settled_on) = document.settled_on {
            let payment = self.settlement(&document, account, id, settled_on)?;
            payments.push(payment);
        }
        let counted = if total.minor < 0 {
            let credit = Money::zero(total.currency)
                .minus(total)
                .map_err(AppError::from)?;
            count_into(&mut self.summary.credits, credit)
        } else {
            count_into(&mut self.summary.invoices, total)
        };
        counted.map_err(Refusal::of_act)?;
        invoices.push(StagedInvoice {
            position: self.next_position(),
            id,
            account,
            document: Box::new(document),
            entry,
            grant,
        });
        Ok(())
    }

    /// The account is in the document's currency and belongs to its customer, where the books know it.
    fn check_account(&self, document: &InvoiceDocument) -> Result<(), Refused> {
        let Some(account) = self.accounts.get(&document.account) else {
            return Ok(());
        };
        if account.currency != document.currency {
            let refusal = Refusal::CurrencyMismatch {
                expected: account.currency,
                given: document.currency,
            };
            let field = match self.mapping.columns.contains_key(&Field::Currency) {
                true => Field::Currency,
                false => Field::Account,
            };
            return Err(Refused::At(
                document.line,
                field,
                ImportProblem::Refused(refusal),
            ));
        }
        if !document.customer.is_empty() && document.customer != account.customer_number {
            let customer = account.customer_number.clone();
            let problem = ImportProblem::AccountOfOtherCustomer { customer };
            return Err(Refused::At(document.line, Field::Customer, problem));
        }
        Ok(())
    }

    fn known_invoice<'k>(
        &self,
        document: &InvoiceDocument,
        known: &'k Known,
    ) -> Option<&'k KnownInvoice> {
        let rows = known.invoices.get(&document.number)?;
        match self.mapping.recognise {
            Recognise::Series => rows.first(),
            Recognise::Own => {
                let account = self.accounts.get(&document.account)?.id.0;
                rows.iter().find(|row| row.account_id == account)
            }
        }
    }

    /// The invoice is in the books. A settlement that is new since then is imported; anything else adds nothing.
    fn known_again(
        &mut self,
        document: &InvoiceDocument,
        there: &KnownInvoice,
        known: &Known,
        payments: &mut Vec<StagedPayment>,
    ) -> Result<(), Refused> {
        self.summary.known += 1;
        let Some(settled_on) = document.settled_on else {
            return Ok(());
        };
        let is_known = known
            .payment_keys
            .contains(&self.import_key(&document.number));
        if is_known || there.open_minor == 0 {
            return Ok(());
        }
        if there.open_minor != document.totals.total_minor {
            let open = Money::new(there.open_minor, document.currency);
            let problem = ImportProblem::MoreThanOpen { open };
            return Err(Refused::At(document.line, Field::SettledOn, problem));
        }
        let account = self.use_account(document);
        let invoice = InvoiceId(there.id);
        payments.push(self.settlement(document, account, invoice, settled_on)?);
        Ok(())
    }

    /// The account the document is booked on, opened for its customer where the books have none.
    fn use_account(&mut self, document: &InvoiceDocument) -> ReceivableAccountId {
        let customer_number = match self.accounts.get(&document.account) {
            Some(account) => account.customer_number.clone(),
            None if document.customer.is_empty() => document.account.clone(),
            None => document.customer.clone(),
        };
        let first_on = match document.settled_on {
            Some(settled_on) => settled_on.min(document.issued_on),
            None => document.issued_on,
        };
        let name = match document.customer_name.as_str() {
            "" => &customer_number,
            name => name,
        };
        let customer = self
            .customers
            .entry(customer_number.clone())
            .or_insert_with(|| Customer {
                id: Uuid::now_v7(),
                name: name.to_owned(),
                country: document.country.clone(),
                is_new: true,
                aliases: BTreeSet::new(),
                accounts: BTreeSet::new(),
                used: false,
            });
        customer.used = true;
        customer.accounts.insert(document.account.clone());
        // The first name wins; the others are kept beside it.
        if !document.customer_name.is_empty() && document.customer_name != customer.name {
            customer.aliases.insert(document.customer_name.clone());
        }
        let account = self
            .accounts
            .entry(document.account.clone())
            .or_insert_with(|| Account {
                id: ReceivableAccountId(Uuid::now_v7()),
                customer_number,
                currency: document.currency,
                is_new: true,
                first_on: None,
            });
        account.first_on = Some(
            account
                .first_on
                .map_or(first_on, |first| first.min(first_on)),
        );
        account.id
    }

    /// One payment of the whole invoice, for this invoice only.
    fn settlement(
        &mut self,
        document: &InvoiceDocument,
        account: ReceivableAccountId,
        invoice: InvoiceId,
        received_on: NaiveDate,
    ) -> Result<StagedPayment, Refused> {
        let amount = Money::new(document.totals.total_minor, document.currency);
        let method = self.mapping.settlement_method;
        let split = PaymentSplit {
            settled: vec![SettledSlice {
                invoice,
                amount_minor: amount.minor,
            }],
            surplus: None,
            fee_minor: 0,
        };
        let books = Books {
            account,
            currency: document.currency,
        };
        let entry =
            payment_received(books, method.money_account(), &split).map_err(AppError::from)?;
        count_into(&mut self.summary.payments, amount).map_err(Refusal::of_act)?;
        Ok(StagedPayment {
            position: self.next_position(),
            id: PaymentId(Uuid::now_v7()),
            account,
            import_key: self.import_key(&document.number),
            amount_minor: amount.minor,
            fee_minor: 0,
            method,
            reference: document.number.clone(),
            note: String::new(),
            received_on,
            prepayment: false,
            entry: (JournalEntryId(Uuid::now_v7()), entry),
            credit: None,
            priority: DEFAULT_PRIORITY,
            slices: vec![StagedSlice {
                invoice,
                amount_minor: amount.minor,
            }],
        })
    }
}
