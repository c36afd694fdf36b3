//! Records the events of the company in Saldo, day by day, as its staff would.

use super::before::{self, PAYMENT_COLUMNS};
use super::catalogue::price;
use super::people::Staff;
use super::plan::{Deed, Event, How, Nth, terms};
use super::profiles::{Opens, Profile};
use crate::domain::credit::{CreditClass, GrantStatus};
use crate::domain::dates::last_of_previous_month;
use crate::domain::ids::{InvoiceId, PaymentId};
use crate::domain::ledger::JournalKind;
use crate::domain::money::Currency;
use crate::domain::payment::PaymentMethod;
use crate::dto::accounts::{AccountSettings, NewReceivableAccount};
use crate::dto::business::PeriodClosing;
use crate::dto::credit_runs::{CreditRunCommit, CreditRunUndo, NewCreditRun};
use crate::dto::credits::{
    GrantFilter, GrantHold, GrantRow, GrantsShown, NewApplication, Unapplication,
};
use crate::dto::error::{AppError, Refusal};
use crate::dto::form::AmountText;
use crate::dto::imports::ImportPosting;
use crate::dto::invoices::{
    InvoiceDispute, InvoiceVoiding, NewInvoice, NewInvoiceLine, running_totals,
};
use crate::dto::page::PageRequest;
use crate::dto::payments::{NewPayment, NewPaymentApplication, PaymentReversal};
use crate::server::context::Ctx;
use crate::server::error::unexpected;
use crate::server::import::mapping::Mapping;
use crate::server::queries;
use crate::server::services::imports::ImportFile;
use crate::server::services::{
    applications, credit_runs, customers, imports, invoices, payments, periods,
};
use chrono::NaiveDate;
use std::collections::HashMap;

/// A receivable account as it was opened.
#[derive(Clone, Debug)]
pub struct Account {
    pub customer: String,
    pub number: String,
    pub currency: Currency,
    pub terms_days: u32,
}

impl Account {
    /// What an invoice of these lines comes to, in minor units.
    pub fn total(&self, lines: &[NewInvoiceLine]) -> Result<i64, AppError> {
        let totals = running_totals(lines, "", self.currency).totals;
        let totals = totals.ok_or_else(|| unexpected("lines of the catalogue can be added up"))?;
        Ok(totals.total_minor)
    }
}

/// An invoice that was finalised, here or in the earlier system.
pub struct Billed {
    pub number: String,
    /// `None` for an imported one.
    pub invoice: Option<InvoiceId>,
    pub total_minor: i64,
}

/// The company as far as its history has been recorded.
pub struct Company {
    pub staff: Staff,
    profiles: Vec<Profile>,
    accounts: Vec<Option<Account>>,
    billed: HashMap<(usize, Nth), Billed>,
    /// The last payment of an invoice.
    paid: HashMap<(usize, Nth), PaymentId>,
    /// Top-ups sold by others, waiting for the next file.
    sold: Vec<[String; 12]>,
    files: u32,
}

impl Company {
    pub fn new(staff: Staff, profiles: Vec<Profile>) -> Self {
        let accounts = profiles.iter().map(|_| None).collect();
        Self {
            staff,
            profiles,
            accounts,
            billed: HashMap::new(),
            paid: HashMap::new(),
            sold: Vec::new(),
            files: 0,
        }
    }

    /// The account of a profile; it has been opened.
    pub fn account(&self, profile: usize) -> Result<&Account, AppError> {
        let account = self.accounts[profile].as_ref();
        account.ok_or_else(|| unexpected("an account is opened before anything happens on it"))
    }

    /// Everything that happened before is imported: invoices, then what was paid.
    pub async fn take_over(&mut self, events: &[Event]) -> Result<(), AppError> {
        let files = before::files(self, events)?;
        self.import(
            "invoices",
            "invoices-of-the-earlier-system.csv",
            &files.invoices,
        )
        .await?;
        self.import(
            "payments",
            "payments-of-the-earlier-system.csv",
            &files.payments,
        )
        .await?;
        self.billed.extend(files.billed);
        Ok(())
    }

    /// One event has happened, on the day the clock shows.
    pub async fn play(&mut self, event: &Event) -> Result<(), AppError> {
        let Some(profile) = event.profile else {
            return self.at_the_office(&event.deed).await;
        };
        match &event.deed {
            Deed::Open => self.open(profile).await,
            Deed::Bill {
                nth,
                lines,
                due_on,
                reference,
            } => {
                let command = self.invoice(profile, event.on, lines, *due_on, reference)?;
                self.bill(profile, *nth, command).await
            }
            Deed::Draft { lines } => {
                let command = self.invoice(profile, event.on, lines, None, "")?;
                invoices::save(&self.staff.accountant, command).await?;
                Ok(())
            }
            Deed::Pay { nth, how, method } => self.pay(profile, *nth, *how, *method).await,
            Deed::TopUp {
                amount_minor,
                method,
                expires_on: None,
            } => self.top_up(profile, *amount_minor, *method).await,
            Deed::TopUp {
                amount_minor,
                method,
                expires_on,
            } => {
                let key = format!(
                    "partner-{}-{:04}",
                    event.on.format("%Y%m"),
                    self.sold.len() + 1
                );
                let row =
                    self.top_up_row(profile, event.on, *amount_minor, *method, *expires_on, key);
                self.sold.push(row);
                Ok(())
            }
            Deed::Bounce { nth } => self.bounce(profile, *nth).await,
            Deed::Unapply { nth } => self.unapply(profile, *nth).await,
            Deed::UseCredit { nth } => self.use_credit(profile, *nth).await,
            Deed::Dispute { nth } => self.dispute(profile, *nth).await,
            Deed::Void { nth } => self.void(profile, *nth).await,
            Deed::Suspend => self.suspend(profile).await,
            Deed::Run | Deed::RunInError | Deed::Vouchers | Deed::Close => Ok(()),
        }
    }

    async fn at_the_office(&mut self, deed: &Deed) -> Result<(), AppError> {
        match deed {
            Deed::Run => {
                run(&self.staff.accountant).await?;
                Ok(())
            }
            Deed::RunInError => {
                let run = run(&self.staff.accountant).await?;
                let reason = "Ran before the bank statement of the last day was booked".to_owned();
                credit_runs::undo(
                    &self.staff.accountant,
                    CreditRunUndo { run, reason },
                    &|_| {},
                )
                .await?;
                Ok(())
            }
            Deed::Vouchers => self.import_sold().await,
            Deed::Close => self.close().await,
            _ => Ok(()),
        }
    }

    async fn open(&mut self, index: usize) -> Result<(), AppError> {
        let ctx = &self.staff.accountant;
        let profile = &self.profiles[index];
        let (customer, number, currency) = match &profile.opens {
            Opens::Customer(customer) => {
                let saved = customers::create(ctx, (**customer).clone()).await?;
                let account = saved
                    .account
                    .ok_or_else(|| unexpected("a new customer has an account"))?;
                (saved.number, account, customer.currency.clone())
            }
            Opens::Further { of, currency, name } => {
                let customer = self.account(*of)?.customer.clone();
                let command = NewReceivableAccount {
                    customer: customer.clone(),
                    currency: (*currency).to_owned(),
                    name: (*name).to_owned(),
                    ..NewReceivableAccount::default()
                };
                let opened = customers::open_account(ctx, command).await?;
                (customer, opened.number, (*currency).to_owned())
            }
        };
        if let Some(settings) = &profile.settings {
            let command = AccountSettings {
                account: number.clone(),
                ..settings.clone()
            };
            customers::change_settings(ctx, command).await?;
        }
        self.accounts[index] = Some(Account {
            customer,
            number,
            currency: currency
                .parse()
                .map_err(|_| Refusal::UnknownCurrency.of_act())?,
            terms_days: profile.terms_days,
        });
        Ok(())
    }

    fn invoice(
        &self,
        profile: usize,
        on: NaiveDate,
        lines: &[NewInvoiceLine],
        due_on: Option<NaiveDate>,
        reference: &str,
    ) -> Result<NewInvoice, AppError> {
        let account = self.account(profile)?;
        Ok(NewInvoice {
            account: account.number.clone(),
            currency: account.currency.code().to_owned(),
            issued_on: on.to_string(),
            due_on: due_on.map_or_else(String::new, |due_on| due_on.to_string()),
            reference: reference.to_owned(),
            lines: lines.to_vec(),
            ..NewInvoice::default()
        })
    }

    async fn bill(
        &mut self,
        profile: usize,
        nth: Nth,
        command: NewInvoice,
    ) -> Result<(), AppError> {
        let total_minor = self.account(profile)?.total(&command.lines)?;
        let command = NewInvoice {
            act: "finalise".to_owned(),
            ..command
        };
        let saved = invoices::save(&self.staff.accountant, command).await?;
        let billed = Billed {
            number: saved.number.unwrap_or_default(),
            invoice: Some(saved.invoice),
            total_minor,
        };
        self.billed.insert((profile, nth), billed);
        Ok(())
    }

    async fn pay(
        &mut self,
        profile: usize,
        nth: Nth,
        how: How,
        method: PaymentMethod,
    ) -> Result<(), AppError> {
        let (account, Some(billed)) = (self.account(profile)?, self.billed.get(&(profile, nth)))
        else {
            return Ok(());
        };
        let ctx = &self.staff.cashier;
        let start = queries::payments::start(ctx, account.number.clone(), None).await?;
        let Some(terms) = terms(how, &billed.number, billed.total_minor, &start.items) else {
            return Ok(());
        };
        let reference = match how {
            How::Sum(_) => "Dauerauftrag",
            _ => &billed.number,
        };
        let wanted = terms.wanted.iter().map(|slice| NewPaymentApplication {
            invoice: slice.invoice.to_string(),
            amount: price(slice.amount_minor),
        });
        let command = NewPayment {
            applications: wanted.collect(),
            surplus: terms.surplus.code().to_owned(),
            ..payment(ctx, account, terms.amount_minor, method, reference)
        };
        let recorded = payments::record(ctx, command).await?;
        self.paid.insert((profile, nth), recorded.payment);
        Ok(())
    }

    async fn top_up(
        &mut self,
        profile: usize,
        amount_minor: i64,
        method: PaymentMethod,
    ) -> Result<(), AppError> {
        let ctx = &self.staff.cashier;
        let command = NewPayment {
            prepayment: "yes".to_owned(),
            ..payment(
                ctx,
                self.account(profile)?,
                amount_minor,
                method,
                "Guthaben",
            )
        };
        payments::record(ctx, command).await?;
        Ok(())
    }

    /// A top-up as a line of a file of payments.
    pub fn top_up_row(
        &self,
        profile: usize,
        on: NaiveDate,
        amount_minor: i64,
        method: PaymentMethod,
        expires_on: Option<NaiveDate>,
        key: String,
    ) -> [String; 12] {
        let account = self.accounts[profile].as_ref();
        let (number, currency) = account.map_or_else(Default::default, |account| {
            (account.number.clone(), account.currency.code().to_owned())
        });
        let reference = match method {
            PaymentMethod::Other => format!(
                "Voucher {}",
                key.trim_start_matches(|c: char| !c.is_ascii_digit())
            ),
            _ if expires_on.is_some() => "Support contingent".to_owned(),
            _ => "Top-up".to_owned(),
        };
        [
            key,
            number,
            currency,
            price(amount_minor),
            on.to_string(),
            method.code().to_owned(),
            reference,
            "yes".to_owned(),
            String::new(),
            String::new(),
            String::new(),
            expires_on.map_or_else(String::new, |day| day.to_string()),
        ]
    }

    async fn import_sold(&mut self) -> Result<(), AppError> {
        if self.sold.is_empty() {
            return Ok(());
        }
        let mut table = before::table(&PAYMENT_COLUMNS)?;
        for row in self.sold.drain(..) {
            table
                .write_record(&row)
                .map_err(|error| unexpected(&error))?;
        }
        let bytes = table.into_inner().map_err(|error| unexpected(&error))?;
        self.files += 1;
        let name = format!("partner-sales-{:02}.csv", self.files);
        self.import("payments", &name, &bytes).await
    }

    async fn import(&self, mapping: &str, name: &str, bytes: &[u8]) -> Result<(), AppError> {
        let ctx = &self.staff.accountant;
        let mapping = Mapping::load(mapping).map_err(|error| unexpected(&error))?;
        let file = ImportFile { name, bytes };
        let import = imports::check(ctx, &mapping, file, false, &|_| {}).await?;
        let command = ImportPosting {
            import: import.to_string(),
            lines: String::new(),
        };
        imports::post(ctx, command, &|_| {}).await?;
        Ok(())
    }

    async fn bounce(&mut self, profile: usize, nth: Nth) -> Result<(), AppError> {
        let Some(payment) = self.paid.remove(&(profile, nth)) else {
            return Ok(());
        };
        let command = PaymentReversal {
            payment: payment.to_string(),
            reason: "Direct debit returned: no funds".to_owned(),
            ..PaymentReversal::default()
        };
        payments::reverse(&self.staff.accountant, command).await?;
        Ok(())
    }

    async fn unapply(&mut self, profile: usize, nth: Nth) -> Result<(), AppError> {
        let Some(payment) = self.paid.get(&(profile, nth)) else {
            return Ok(());
        };
        let ctx = &self.staff.accountant;
        let detail = queries::payments::detail(ctx, *payment).await?;
        let Some(slice) = detail.slices.iter().find(|slice| slice.stands()) else {
            return Ok(());
        };
        let command = Unapplication {
            application: slice.application.to_string(),
            reason: "Meant for the next invoice".to_owned(),
            ..Unapplication::default()
        };
        applications::unapply(ctx, command).await?;
        Ok(())
    }

    /// The largest usable grant of the account pays as much of the invoice as it can.
    async fn use_credit(&mut self, profile: usize, nth: Nth) -> Result<(), AppError> {
        let (account, Some(billed)) = (self.account(profile)?, self.billed.get(&(profile, nth)))
        else {
            return Ok(());
        };
        let ctx = &self.staff.accountant;
        let items = queries::payments::start(ctx, account.number.clone(), None)
            .await?
            .items;
        let item = items.iter().find(|item| item.number == billed.number);
        let grants = usable(ctx, &account.number).await?;
        let largest = grants.iter().max_by_key(|grant| grant.remaining.minor);
        let (Some(item), Some(grant)) = (item, largest) else {
            return Ok(());
        };
        let command = NewApplication {
            grant: grant.grant.to_string(),
            invoice: item.invoice.to_string(),
            amount: amount(account, item.open_minor.min(grant.remaining.minor)),
            ..NewApplication::default()
        };
        applications::apply(ctx, command).await?;
        Ok(())
    }

    async fn dispute(&mut self, profile: usize, nth: Nth) -> Result<(), AppError> {
        let Some(invoice) = self
            .billed
            .get(&(profile, nth))
            .and_then(|billed| billed.invoice)
        else {
            return Ok(());
        };
        let command = InvoiceDispute {
            invoice: invoice.to_string(),
            disputed: true,
            reason: "Customer says the line was down for a week".to_owned(),
        };
        invoices::set_disputed(&self.staff.support, command).await
    }

    async fn void(&mut self, profile: usize, nth: Nth) -> Result<(), AppError> {
        let Some(invoice) = self
            .billed
            .get(&(profile, nth))
            .and_then(|billed| billed.invoice)
        else {
            return Ok(());
        };
        let command = InvoiceVoiding {
            invoice: invoice.to_string(),
            reason: "Billed twice".to_owned(),
            ..InvoiceVoiding::default()
        };
        invoices::void(&self.staff.accountant, command).await?;
        Ok(())
    }

    async fn suspend(&mut self, profile: usize) -> Result<(), AppError> {
        let command = AccountSettings {
            account: self.account(profile)?.number.clone(),
            on_hold: "yes".to_owned(),
            reason: "Handed over to collection".to_owned(),
            ..AccountSettings::default()
        };
        customers::change_settings(&self.staff.accountant, command).await
    }

    /// Sales and cash are closed through the month before the last, credit one month less.
    async fn close(&self) -> Result<(), AppError> {
        let ctx = &self.staff.accountant;
        let month_before_last = last_of_previous_month(last_of_previous_month(ctx.today()));
        let closings = [
            (JournalKind::Sales, month_before_last),
            (JournalKind::Cash, month_before_last),
            (
                JournalKind::Credit,
                last_of_previous_month(month_before_last),
            ),
        ];
        for (journal, through) in closings {
            let command = PeriodClosing {
                journal: journal.code().to_owned(),
                closed_through: through.to_string(),
                reason: String::new(),
            };
            periods::close(ctx, command).await?;
        }
        Ok(())
    }

    /// Some credit is kept out of use until somebody has clarified it. The cast's accounts are left alone.
    pub async fn hold_some(&self, cast: usize, count: usize) -> Result<(), AppError> {
        let ctx = &self.staff.accountant;
        let of_cast: Vec<&str> = self.accounts[..cast]
            .iter()
            .flatten()
            .map(|account| account.number.as_str())
            .collect();
        let grants = usable(ctx, "").await?;
        let others = grants.iter().filter(|grant| {
            grant.class == CreditClass::Overpayment && !of_cast.contains(&grant.on.account.as_str())
        });
        for grant in others.take(count) {
            let command = GrantHold {
                grant: grant.grant.to_string(),
                on_hold: true,
                reason: "Sender of the payment is being clarified".to_owned(),
            };
            applications::hold(ctx, command).await?;
        }
        Ok(())
    }
}

/// A payment received today.
fn payment(
    ctx: &Ctx,
    account: &Account,
    amount_minor: i64,
    method: PaymentMethod,
    reference: &str,
) -> NewPayment {
    NewPayment {
        account: account.number.clone(),
        amount: amount(account, amount_minor),
        received_on: ctx.today().to_string(),
        method: method.code().to_owned(),
        reference: reference.to_owned(),
        ..NewPayment::default()
    }
}

fn amount(account: &Account, minor: i64) -> AmountText {
    AmountText {
        amount: price(minor),
        currency: account.currency.code().to_owned(),
    }
}

/// Credit that can be used today, of one account or of all; the first page.
async fn usable(ctx: &Ctx, account: &str) -> Result<Vec<GrantRow>, AppError> {
    let filter = GrantFilter {
        account: account.to_owned(),
        show: GrantsShown::Left.code().to_owned(),
        ..GrantFilter::default()
    };
    let page = queries::credits::list(ctx, filter, PageRequest::default()).await?;
    let usable = page
        .rows
        .into_iter()
        .filter(|grant| grant.status == GrantStatus::Usable);
    Ok(usable.collect())
}

/// Credit balances are applied as of the end of last month, as previewed. Answers the run.
async fn run(ctx: &Ctx) -> Result<String, AppError> {
    let run = credit_runs::preview(ctx, NewCreditRun::default())
        .await?
        .to_string();
    let command = CreditRunCommit {
        run: run.clone(),
        ..CreditRunCommit::default()
    };
    credit_runs::commit(ctx, command, &|_| {}).await?;
    Ok(run)
}
