//! What happened before the company had Saldo: two files of the earlier system, imported as anybody would.

use super::catalogue::price;
use super::plan::{Deed, Event, Nth, terms};
use super::play::{Billed, Company};
use crate::domain::allocation::OpenItem;
use crate::domain::ids::InvoiceId;
use crate::domain::payment::{PaymentMethod, PaymentPlan, plan};
use crate::dto::error::AppError;
use crate::server::error::unexpected;
use chrono::{Datelike, Days, NaiveDate};
use csv::Writer;
use std::collections::HashMap;
use uuid::Uuid;

const INVOICE_COLUMNS: [&str; 12] = [
    "number",
    "account",
    "customer",
    "currency",
    "issued_on",
    "due_on",
    "reference",
    "description",
    "service",
    "quantity",
    "unit_price",
    "tax_rate",
];

pub const PAYMENT_COLUMNS: [&str; 12] = [
    "key",
    "account",
    "currency",
    "amount",
    "received_on",
    "method",
    "reference",
    "prepayment",
    "fee",
    "invoice",
    "applied",
    "expires_on",
];

/// The two files, and what the earlier system knew about its invoices.
pub struct Files {
    pub invoices: Vec<u8>,
    pub payments: Vec<u8>,
    pub billed: HashMap<(usize, Nth), Billed>,
}

/// Plays the events on paper. The accounts are there; nothing is written.
pub fn files(company: &Company, events: &[Event]) -> Result<Files, AppError> {
    let mut paper = Paper {
        company,
        invoices: table(&INVOICE_COLUMNS)?,
        payments: table(&PAYMENT_COLUMNS)?,
        billed: HashMap::new(),
        open: HashMap::new(),
        invoices_made: 0,
        payments_made: 0,
    };
    for event in events {
        paper.play(event)?;
    }
    Ok(Files {
        invoices: paper
            .invoices
            .into_inner()
            .map_err(|error| unexpected(&error))?,
        payments: paper
            .payments
            .into_inner()
            .map_err(|error| unexpected(&error))?,
        billed: paper.billed,
    })
}

/// A CSV file with its header.
pub fn table(columns: &[&str]) -> Result<Writer<Vec<u8>>, AppError> {
    let mut writer = Writer::from_writer(Vec::new());
    writer
        .write_record(columns)
        .map_err(|error| unexpected(&error))?;
    Ok(writer)
}

struct Paper<'a> {
    company: &'a Company,
    invoices: Writer<Vec<u8>>,
    payments: Writer<Vec<u8>>,
    billed: HashMap<(usize, Nth), Billed>,
    /// What each profile owes, oldest first.
    open: HashMap<usize, Vec<OpenItem>>,
    invoices_made: u32,
    payments_made: u32,
}

impl Paper<'_> {
    fn play(&mut self, event: &Event) -> Result<(), AppError> {
        let Some(profile) = event.profile else {
            return Ok(());
        };
        match &event.deed {
            Deed::Bill { nth, .. } => self.bill(event.on, profile, *nth, &event.deed),
            Deed::Pay { nth, how, method } => {
                let Some(billed) = self.billed.get(&(profile, *nth)) else {
                    return Ok(());
                };
                let number = billed.number.clone();
                let items = self.open.entry(profile).or_default();
                let Some(terms) = terms(*how, &number, billed.total_minor, items) else {
                    return Ok(());
                };
                let plan = plan(&terms, items).map_err(|error| unexpected(&error))?;
                self.pay(
                    event.on,
                    profile,
                    *method,
                    terms.amount_minor,
                    &number,
                    &plan,
                )
            }
            Deed::TopUp {
                amount_minor,
                method,
                expires_on,
            } => {
                let row = self.company.top_up_row(
                    profile,
                    event.on,
                    *amount_minor,
                    *method,
                    *expires_on,
                    self.key(),
                );
                self.write_payment(&row)
            }
            _ => Ok(()),
        }
    }

    fn bill(
        &mut self,
        on: NaiveDate,
        profile: usize,
        nth: Nth,
        deed: &Deed,
    ) -> Result<(), AppError> {
        let Deed::Bill {
            lines,
            due_on,
            reference,
            ..
        } = deed
        else {
            return Ok(());
        };
        self.invoices_made += 1;
        let number = format!("R{}-{:05}", on.year(), self.invoices_made);
        let account = self.company.account(profile)?;
        let due_on = due_on.unwrap_or_else(|| on + Days::new(account.terms_days.into()));
        for line in lines {
            let row = [
                &number,
                &account.number,
                &account.customer,
                &account.currency.code().to_owned(),
                &on.to_string(),
                &due_on.to_string(),
                reference,
                &line.description,
                &line.service,
                &line.quantity,
                &line.unit_price,
                &line.tax_rate,
            ];
            self.invoices
                .write_record(row)
                .map_err(|error| unexpected(&error))?;
        }
        let total_minor = account.total(lines)?;
        if total_minor > 0 {
            self.open.entry(profile).or_default().push(OpenItem {
                invoice: InvoiceId(Uuid::from_u128(self.invoices_made.into())),
                number: number.clone(),
                issued_on: on,
                due_on,
                open_minor: total_minor,
                disputed: false,
            });
        }
        let billed = Billed {
            number,
            invoice: None,
            total_minor,
        };
        self.billed.insert((profile, nth), billed);
        Ok(())
    }

    fn pay(
        &mut self,
        on: NaiveDate,
        profile: usize,
        method: PaymentMethod,
        amount_minor: i64,
        reference: &str,
        plan: &PaymentPlan,
    ) -> Result<(), AppError> {
        let account = self.company.account(profile)?;
        let key = self.key();
        let row = |invoice: &str, applied: &str| -> [String; 12] {
            [
                key.clone(),
                account.number.clone(),
                account.currency.code().to_owned(),
                price(amount_minor),
                on.to_string(),
                method.code().to_owned(),
                reference.to_owned(),
                "no".to_owned(),
                price(plan.fee_minor),
                invoice.to_owned(),
                applied.to_owned(),
                String::new(),
            ]
        };
        let mut rows = Vec::new();
        let items = self.open.entry(profile).or_default();
        for slice in &plan.settled {
            let paid = items.iter_mut().find(|item| item.invoice == slice.invoice);
            let paid = paid.ok_or_else(|| unexpected("a plan pays open items only"))?;
            paid.open_minor -= slice.amount_minor;
            rows.push(row(&paid.number, &price(slice.amount_minor)));
        }
        items.retain(|item| item.open_minor > 0);
        if rows.is_empty() {
            rows.push(row("", ""));
        }
        rows.iter().try_for_each(|row| self.write_payment(row))
    }

    fn key(&mut self) -> String {
        self.payments_made += 1;
        format!("bank-{:06}", self.payments_made)
    }

    fn write_payment(&mut self, row: &[String]) -> Result<(), AppError> {
        self.payments
            .write_record(row)
            .map_err(|error| unexpected(&error))
    }
}
