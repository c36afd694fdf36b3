//! Resolves documents against the books, chunk by chunk, and stages those that can be posted. Keeps what the whole
//! file has said so far: accounts and customers met, what is left open of invoices, counts and findings.

mod invoices;
mod payments;

use super::KEPT_FINDINGS;
use crate::domain::ids::{ImportId, ReceivableAccountId};
use crate::domain::money::Currency;
use crate::dto::error::{AppError, Refusal};
use crate::dto::imports::{ImportFinding, ImportProblem, ImportSummary};
use crate::server::import::mapping::{Field, Mapping, Recognise};
use crate::server::import::read::{Document, Outcome, ReadDocument, ReadOptions, others_refused};
use crate::server::store::imports::stage::{self, KnownInvoice, StagedAccount, StagedCustomer};
use crate::server::store::{Tx, customers, imports as store};
use chrono::NaiveDate;
use std::collections::{BTreeSet, HashMap, HashSet};
use uuid::Uuid;

/// A receivable account the file names.
struct Account {
    id: ReceivableAccountId,
    customer_number: String,
    currency: Currency,
    is_new: bool,
    /// The earliest date of what is staged for it; `None` while nothing is.
    first_on: Option<NaiveDate>,
}

/// A customer the file names.
struct Customer {
    id: Uuid,
    name: String,
    country: String,
    is_new: bool,
    aliases: BTreeSet<String>,
    accounts: BTreeSet<String>,
    used: bool,
}

/// Books of this import alone: what the file needs and what the books already have.
pub struct Stager<'a> {
    import: ImportId,
    mapping: &'a Mapping,
    options: ReadOptions,
    pub summary: ImportSummary,
    /// Found and not yet written.
    pub findings: Vec<ImportFinding>,
    kept_findings: u32,
    position: u32,
    accounts: HashMap<String, Account>,
    customers: HashMap<String, Customer>,
    /// What payments of this file leave open of invoices that are in the books.
    open: HashMap<Uuid, i64>,
}

/// What the books know of the documents of one chunk.
#[derive(Default)]
struct Known {
    invoices: HashMap<String, Vec<KnownInvoice>>,
    payment_keys: HashSet<String>,
}

/// Why a document is not staged.
enum Refused {
    At(u32, Field, ImportProblem),
    Failed(AppError),
}

impl From<AppError> for Refused {
    fn from(error: AppError) -> Self {
        Self::Failed(error)
    }
}

impl<'a> Stager<'a> {
    pub fn new(import: ImportId, mapping: &'a Mapping, options: ReadOptions) -> Self {
        Self {
            import,
            mapping,
            options,
            summary: ImportSummary::default(),
            findings: Vec::new(),
            kept_findings: 0,
            position: 0,
            accounts: HashMap::new(),
            customers: HashMap::new(),
            open: HashMap::new(),
        }
    }

    /// Stages what can be posted of a chunk, and keeps what is wrong with the rest.
    pub async fn stage(&mut self, tx: &Tx, chunk: Vec<ReadDocument>) -> Result<(), AppError> {
        let documents: Vec<&Document> = chunk
            .iter()
            .filter_map(|read| match &read.outcome {
                Outcome::Good(document) => Some(document),
                _ => None,
            })
            .collect();
        self.learn_accounts(tx, &documents).await?;
        let known = self.known(tx, &documents).await?;
        let mut invoices = Vec::new();
        let mut payments = Vec::new();
        for read in chunk {
            let lines = u32::try_from(read.lines.len()).unwrap_or(u32::MAX);
            self.summary.lines += lines;
            self.summary.documents += 1;
            self.note_findings(read.findings);
            let staged = match read.outcome {
                Outcome::LeftOut => {
                    self.summary.left_out += 1;
                    continue;
                }
                Outcome::Refused => {
                    self.count_refused(lines);
                    continue;
                }
                Outcome::Good(Document::Invoice(document)) => {
                    self.invoice(*document, &known, &mut invoices, &mut payments)
                }
                Outcome::Good(Document::Payment(document)) => {
                    self.payment(*document, &known, &mut payments)
                }
            };
            match staged {
                Ok(()) => {}
                Err(Refused::Failed(error)) => return Err(error),
                Err(Refused::At(line, field, problem)) => {
                    let finding = self.finding(line, field, problem);
                    let others = others_refused(&read.lines, std::slice::from_ref(&finding));
                    self.note_findings(vec![finding]);
                    self.note_findings(others);
                    self.count_refused(lines);
                }
            }
        }
        stage::insert_invoices(tx, self.import, &self.mapping.series, &invoices).await?;
        stage::insert_payments(tx, self.import, &payments).await?;
        self.write_findings(tx).await
    }

    fn count_refused(&mut self, lines: u32) {
        self.summary.refused_lines += lines;
        self.summary.refused_documents += 1;
    }

    fn note_findings(&mut self, findings: Vec<ImportFinding>) {
        self.findings.extend(findings);
    }

    /// A finding at a column, as the file names it.
    fn finding(&self, line: u32, field: Field, problem: ImportProblem) -> ImportFinding {
        let column = self.mapping.columns.get(&field);
        ImportFinding {
            line,
            field: column.map_or_else(|| field.code().to_owned(), Clone::clone),
            given: String::new(),
            problem,
        }
    }

    async fn write_findings(&mut self, tx: &Tx) -> Result<(), AppError> {
        let findings = std::mem::take(&mut self.findings);
        let notices = findings
            .iter()
            .filter(|finding| !finding.problem.refuses())
            .count();
        self.summary.notices += u32::try_from(notices).unwrap_or(u32::MAX);
        let count = u32::try_from(findings.len()).unwrap_or(u32::MAX);
        self.summary.findings = self.summary.findings.saturating_add(count);
        let room = KEPT_FINDINGS.saturating_sub(self.kept_findings).min(count);
        let kept = &findings[..room as usize];
        store::insert_findings(tx, self.import, self.kept_findings, kept).await?;
        self.kept_findings += room;
        Ok(())
    }

    /// Asks the books for accounts and customers the file has not named before.
    async fn learn_accounts(&mut self, tx: &Tx, documents: &[&Document]) -> Result<(), AppError> {
        let named = |document: &&Document| match document {
            Document::Invoice(invoice) => (invoice.account.clone(), invoice.customer.clone()),
            Document::Payment(payment) => (payment.account.clone(), String::new()),
        };
        let named: Vec<(String, String)> = documents.iter().map(named).collect();
        let unknown: BTreeSet<&str> = named
            .iter()
            .map(|(account, _)| account.as_str())
            .filter(|number| !self.accounts.contains_key(*number))
            .collect();
        let unknown: Vec<&str> = unknown.into_iter().collect();
        for row in stage::accounts(tx, &unknown).await? {
            let currency = row
                .currency
                .parse()
                .map_err(|_| Refusal::UnknownCurrency.of_act())?;
            self.learn_customer(row.customer_id, &row.customer_number, row.customer_name);
            let account = Account {
                id: ReceivableAccountId(row.id),
                customer_number: row.customer_number,
                currency,
                is_new: false,
                first_on: None,
            };
            self.accounts.insert(row.number, account);
        }
        let unknown: BTreeSet<&str> = named
            .iter()
            .map(|(account, customer)| {
                if customer.is_empty() {
                    account
                } else {
                    customer
                }
            })
            .map(String::as_str)
            .filter(|number| !self.customers.contains_key(*number))
            .collect();
        let unknown: Vec<&str> = unknown.into_iter().collect();
        for row in stage::customers(tx, &unknown).await? {
            self.learn_customer(row.id, &row.number, row.name);
        }
        Ok(())
    }

    fn learn_customer(&mut self, id: Uuid, number: &str, name: String) {
        self.customers.entry(number.to_owned()).or_insert(Customer {
            id,
            name,
            country: String::new(),
            is_new: false,
            aliases: BTreeSet::new(),
            accounts: BTreeSet::new(),
            used: false,
        });
    }

    /// What the books know of the documents: the invoices of these numbers, the payments of these keys.
    async fn known(&self, tx: &Tx, documents: &[&Document]) -> Result<Known, AppError> {
        let mut numbers: BTreeSet<&str> = BTreeSet::new();
        let mut keys: BTreeSet<String> = BTreeSet::new();
        for document in documents {
            match document {
                Document::Invoice(invoice) => {
                    numbers.insert(&invoice.number);
                    keys.insert(self.import_key(&invoice.number));
                }
                Document::Payment(payment) => {
                    numbers.extend(payment.slices.iter().map(|slice| slice.invoice.as_str()));
                    keys.insert(self.import_key(&payment.key));
                }
            }
        }
        let numbers: Vec<&str> = numbers.into_iter().collect();
        let is_payments = documents
            .iter()
            .any(|document| matches!(document, Document::Payment(_)));
        let rows = if is_payments || self.mapping.recognise == Recognise::Own {
            stage::invoices_numbered(tx, &numbers).await?
        } else {
            stage::invoices_of_series(tx, &self.mapping.series, &numbers).await?
        };
        let mut known = Known::default();
        for row in rows {
            known
                .invoices
                .entry(row.number.clone())
                .or_default()
                .push(row);
        }
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        known
            .payment_keys
            .extend(stage::payment_keys(tx, &keys).await?);
        let exported: Vec<Uuid> = keys
            .iter()
            .filter_map(|key| exported_payment(key))
            .collect();
        let there = stage::payments(tx, &exported).await?;
        known.payment_keys.extend(there.into_iter().map(own_key));
        Ok(known)
    }

    /// What a payment of this file is recognised by.
    fn import_key(&self, key: &str) -> String {
        match self.mapping.recognise {
            Recognise::Own => key.to_owned(),
            Recognise::Series => format!("{}:{key}", self.mapping.series),
        }
    }

    fn next_position(&mut self) -> u32 {
        self.position += 1;
        self.position
    }

    /// Stages the customers and accounts of everything staged before; nothing more is read.
    pub async fn finish(&mut self, tx: &Tx) -> Result<(), AppError> {
        self.write_findings(tx).await?;
        let used = self.accounts.iter().filter_map(|(number, account)| {
            let customer = self.customers.get(&account.customer_number)?;
            Some(StagedAccount {
                id: account.id,
                number,
                customer: customer.id,
                is_new: account.is_new,
                currency: account.currency,
                first_on: account.first_on?,
            })
        });
        let mut accounts: Vec<StagedAccount> = used.collect();
        accounts.sort_by(|a, b| a.number.cmp(b.number));
        let mut customers: Vec<StagedCustomer> = self
            .customers
            .iter()
            .filter(|(_, customer)| customer.used)
            .map(|(number, customer)| staged_customer(self.mapping, number, customer))
            .collect();
        customers.sort_by(|a, b| a.number.cmp(b.number));
        stage::insert_customers(tx, self.import, &customers).await?;
        stage::insert_accounts(tx, self.import, &accounts).await?;
        let count = |counted: usize| u32::try_from(counted).unwrap_or(u32::MAX);
        let aliases = customers
            .iter()
            .map(|customer| customer.aliases.len())
            .sum();
        self.summary.customers = count(customers.len());
        self.summary.new_customers = count(customers.iter().filter(|c| c.is_new).count());
        self.summary.accounts = count(accounts.len());
        self.summary.new_accounts = count(accounts.iter().filter(|a| a.is_new).count());
        self.summary.aliases = count(aliases);
        Ok(())
    }
}

fn staged_customer<'c>(
    mapping: &'c Mapping,
    number: &'c str,
    customer: &'c Customer,
) -> StagedCustomer<'c> {
    let further: BTreeSet<&str> = customer
        .aliases
        .iter()
        .chain(&customer.accounts)
        .map(String::as_str)
        .collect();
    StagedCustomer {
        id: customer.id,
        number,
        is_new: customer.is_new,
        name: &customer.name,
        country: &customer.country,
        language: &mapping.language,
        terms_days: mapping.terms_days,
        search_text: customers::search_text([number, &customer.name].into_iter().chain(further)),
        aliases: customer.aliases.iter().map(String::as_str).collect(),
    }
}

/// The key Saldo's export gives a payment that was recorded in Saldo itself.
const OWN_KEY: &str = "saldo:";

pub fn own_key(payment: Uuid) -> String {
    format!("{OWN_KEY}{payment}")
}

fn exported_payment(key: &str) -> Option<Uuid> {
    key.strip_prefix(OWN_KEY)?.parse().ok()
}
