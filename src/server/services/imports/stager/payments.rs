//! Payments: split by the same decision as one that a person records.

use super::{Known, Refused, Stager};
use crate::domain::allocation::OpenItem;
use crate::domain::ids::{
    CreditGrantId, InvoiceId, JournalEntryId, PaymentId, ReceivableAccountId,
};
use crate::domain::ledger::JournalEntry;
use crate::domain::money::{Currency, Money, round_to_minor};
use crate::domain::payment::{PaymentPlan, PaymentRefusal, PaymentTerms, SurplusChoice, plan};
use crate::domain::posting::{Books, CreditSlice, PaymentSplit, SettledSlice, payment_received};
use crate::dto::error::{AppError, Refusal};
use crate::dto::imports::{ImportProblem, count_into};
use crate::server::import::mapping::{ExtraDecimals, Field};
use crate::server::import::read::{PaymentDocument, SliceWanted};
use crate::server::store::imports::stage::{StagedCredit, StagedPayment, StagedSlice};
use rust_decimal::Decimal;
use uuid::Uuid;

impl Stager<'_> {
    pub(super) fn payment(
        &mut self,
        document: PaymentDocument,
        known: &Known,
        payments: &mut Vec<StagedPayment>,
    ) -> Result<(), Refused> {
        let import_key = self.import_key(&document.key);
        if known.payment_keys.contains(&import_key) {
            self.summary.known += 1;
            return Ok(());
        }
        let (account, currency) = self.payment_account(&document)?;
        let amount = self.minor(document.line, Field::Amount, document.amount, currency)?;
        let fee_minor = self.minor(document.line, Field::Fee, document.fee, currency)?;
        let items = self.items_paid(&document, account, known)?;
        let wanted = self.wanted(&document, &items, amount, currency)?;
        let decided = self.decide(&document, amount, wanted, &items, currency)?;
        let credit_minor = decided.credit_minor - fee_minor;
        if credit_minor < 0 {
            let received = Money::new(amount, currency);
            let refusal = Refusal::AmountExceedsReceived { received };
            return Err(Refused::At(
                document.line,
                Field::Fee,
                ImportProblem::Refused(refusal),
            ));
        }
        let credit = (credit_minor > 0).then(|| StagedCredit {
            grant: CreditGrantId(Uuid::now_v7()),
            class: decided.credit_class,
            amount_minor: credit_minor,
            expires_on: document.expires_on,
        });
        let entry = payment_entry(
            account,
            currency,
            &document,
            &decided,
            credit.as_ref(),
            fee_minor,
        )?;
        for slice in &decided.settled {
            if let Some(open) = self.open.get_mut(&slice.invoice.0) {
                *open -= slice.amount_minor;
            }
        }
        count_into(&mut self.summary.payments, Money::new(amount, currency))
            .map_err(Refusal::of_act)?;
        self.use_known_account(&document);
        payments.push(StagedPayment {
            position: self.next_position(),
            id: PaymentId(Uuid::now_v7()),
            account,
            import_key,
            amount_minor: amount,
            fee_minor,
            method: document.method,
            reference: document.reference,
            note: document.note,
            received_on: document.received_on,
            prepayment: document.prepayment,
            entry: (JournalEntryId(Uuid::now_v7()), entry),
            credit,
            priority: document.priority,
            slices: decided
                .settled
                .iter()
                .map(|slice| StagedSlice {
                    invoice: slice.invoice,
                    amount_minor: slice.amount_minor,
                })
                .collect(),
        });
        Ok(())
    }

    /// A payment's account is in the books, in the currency the file says.
    fn payment_account(
        &self,
        document: &PaymentDocument,
    ) -> Result<(ReceivableAccountId, Currency), Refused> {
        let Some(account) = self.accounts.get(&document.account) else {
            let problem = ImportProblem::Refused(Refusal::UnknownReference);
            return Err(Refused::At(document.line, Field::Account, problem));
        };
        match document.currency {
            Some(given) if given != account.currency => {
                let refusal = Refusal::CurrencyMismatch {
                    expected: account.currency,
                    given,
                };
                let problem = ImportProblem::Refused(refusal);
                Err(Refused::At(document.line, Field::Currency, problem))
            }
            _ => Ok((account.id, account.currency)),
        }
    }

    fn use_known_account(&mut self, document: &PaymentDocument) {
        let Some(account) = self.accounts.get_mut(&document.account) else {
            return;
        };
        let first_on = document.received_on;
        account.first_on = Some(
            account
                .first_on
                .map_or(first_on, |first| first.min(first_on)),
        );
        if let Some(customer) = self.customers.get_mut(&account.customer_number) {
            customer.used = true;
        }
    }

    /// An amount in minor units; too many decimals are refused, or rounded where that was asked for.
    fn minor(
        &mut self,
        line: u32,
        field: Field,
        value: Decimal,
        currency: Currency,
    ) -> Result<i64, Refused> {
        let refused = |refusal| Refused::At(line, field, ImportProblem::Refused(refusal));
        let minor = round_to_minor(value, currency).map_err(|error| refused(error.into()))?;
        if value.normalize().scale() <= currency.decimals() {
            return Ok(minor);
        }
        if !self.options.round && self.mapping.extra_decimals == ExtraDecimals::Refuse {
            let max = currency.decimals();
            return Err(refused(Refusal::TooManyDecimals { max }));
        }
        let to = Money::new(minor, currency);
        let notice = self.finding(line, field, ImportProblem::Rounded { to });
        self.findings.push(notice);
        Ok(minor)
    }

    /// The invoices a payment names, with what is left open of them.
    fn items_paid(
        &mut self,
        document: &PaymentDocument,
        account: ReceivableAccountId,
        known: &Known,
    ) -> Result<Vec<OpenItem>, Refused> {
        let mut items: Vec<OpenItem> = Vec::new();
        for slice in &document.slices {
            let rows = known.invoices.get(&slice.invoice).into_iter().flatten();
            let Some(row) = rows.into_iter().find(|row| row.account_id == account.0) else {
                let problem = ImportProblem::Refused(Refusal::UnknownReference);
                return Err(Refused::At(slice.line, Field::Invoice, problem));
            };
            let open_minor = *self.open.entry(row.id).or_insert(row.open_minor);
            items.push(OpenItem {
                invoice: InvoiceId(row.id),
                number: row.number.clone(),
                issued_on: row.issued_on,
                due_on: row.due_on,
                open_minor,
                disputed: false,
            });
        }
        Ok(items)
    }

    /// How much of each invoice is to be paid; where the file does not say, as much as the money covers.
    fn wanted(
        &mut self,
        document: &PaymentDocument,
        items: &[OpenItem],
        amount: i64,
        currency: Currency,
    ) -> Result<Vec<SettledSlice>, Refused> {
        let mut left = amount;
        let mut wanted = Vec::with_capacity(items.len());
        for (slice, item) in document.slices.iter().zip(items) {
            let amount_minor = match slice.amount {
                Some(value) => self.minor(slice.line, Field::Applied, value, currency)?,
                None => item.open_minor.min(left),
            };
            if item.open_minor == 0 {
                let problem = ImportProblem::Refused(Refusal::InvoiceNotOpen);
                return Err(Refused::At(slice.line, Field::Invoice, problem));
            }
            left = left.saturating_sub(amount_minor);
            wanted.push(SettledSlice {
                invoice: item.invoice,
                amount_minor,
            });
        }
        Ok(wanted)
    }

    /// The same decision as for a payment that a person records.
    fn decide(
        &self,
        document: &PaymentDocument,
        amount_minor: i64,
        wanted: Vec<SettledSlice>,
        items: &[OpenItem],
        currency: Currency,
    ) -> Result<PaymentPlan, Refused> {
        let terms = PaymentTerms {
            amount_minor,
            wanted,
            surplus: SurplusChoice::KeepAsCredit,
            prepayment: document.prepayment,
            tolerance_minor: 0,
        };
        plan(&terms, items).map_err(|refusal| refused_plan(document, items, refusal, currency))
    }
}

fn payment_entry(
    account: ReceivableAccountId,
    currency: Currency,
    document: &PaymentDocument,
    decided: &PaymentPlan,
    credit: Option<&StagedCredit>,
    fee_minor: i64,
) -> Result<JournalEntry, AppError> {
    let split = PaymentSplit {
        settled: decided.settled.clone(),
        surplus: credit.map(|credit| CreditSlice {
            grant: credit.grant,
            class: credit.class,
            amount_minor: credit.amount_minor,
        }),
        fee_minor,
    };
    let books = Books { account, currency };
    Ok(payment_received(
        books,
        document.method.money_account(),
        &split,
    )?)
}

/// What the decision refuses, at the line and column it is about.
fn refused_plan(
    document: &PaymentDocument,
    items: &[OpenItem],
    refusal: PaymentRefusal,
    currency: Currency,
) -> Refused {
    let money = |minor| Money::new(minor, currency);
    let at_slice = |invoice: InvoiceId, problem: ImportProblem| {
        let index = items.iter().rposition(|item| item.invoice == invoice);
        let slice: Option<&SliceWanted> = index.and_then(|index| document.slices.get(index));
        let line = slice.map_or(document.line, |slice| slice.line);
        Refused::At(line, Field::Applied, problem)
    };
    let at_amount = |refusal| {
        Refused::At(
            document.line,
            Field::Amount,
            ImportProblem::Refused(refusal),
        )
    };
    match refusal {
        PaymentRefusal::AmountNotPositive => at_amount(Refusal::AmountNotPositive),
        PaymentRefusal::ExceedsOpenBalance {
            invoice,
            open_minor,
        } => {
            let open = money(open_minor);
            at_slice(invoice, ImportProblem::MoreThanOpen { open })
        }
        PaymentRefusal::NotOpen { invoice } => {
            at_slice(invoice, ImportProblem::Refused(Refusal::InvoiceNotOpen))
        }
        PaymentRefusal::NamedTwice { invoice } => {
            at_slice(invoice, ImportProblem::Refused(Refusal::NamedTwice))
        }
        PaymentRefusal::ExceedsReceived { received_minor } => {
            at_amount(Refusal::AmountExceedsReceived {
                received: money(received_minor),
            })
        }
        PaymentRefusal::SurplusRefused { surplus_minor } => at_amount(Refusal::SurplusRefused {
            surplus: money(surplus_minor),
        }),
        PaymentRefusal::SurplusAboveTolerance {
            tolerance_minor, ..
        } => at_amount(Refusal::SurplusAboveTolerance {
            tolerance: money(tolerance_minor),
        }),
        PaymentRefusal::Money(error) => at_amount(error.into()),
    }
}
