//! Customers as they come in and go out.

use super::accounts::AccountOverview;
use super::audit::AuditRow;
use super::credits::GrantRow;
use super::error::{AppError, Refusal};
use super::form::Reader;
use super::invoices::InvoiceRow;
use super::page::Page;
use super::payments::PaymentRow;
use crate::domain::ids::CustomerId;
use crate::domain::ledger::coded;
use crate::domain::money::{Currency, Money};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Days within which a customer pays unless agreed otherwise.
pub const DEFAULT_TERMS_DAYS: u32 = 30;

/// The longest payment terms: ten years.
pub const MAX_TERMS_DAYS: u32 = 3_650;

const MAX_TAGS: u32 = 20;

/// A customer as typed: a new one, or what the one named by `customer` and `version` is to become.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NewCustomer {
    /// Number of the customer being changed; empty for a new one.
    pub customer: String,
    /// The version the person saw.
    pub version: i64,
    /// Empty takes the next free number; for a change, leaves it.
    pub number: String,
    pub name: String,
    pub email: String,
    pub phone: String,
    pub street: String,
    pub postal_code: String,
    pub city: String,
    pub country: String,
    /// Language tag of what is sent to the customer; empty means the business's own.
    pub language: String,
    pub tax_id: String,
    /// Empty means thirty days.
    pub terms_days: String,
    pub notes: String,
    /// Separated by commas.
    pub tags: String,
    /// Other names, one a line.
    pub aliases: String,
    pub contacts: Vec<Contact>,
    pub external_ids: Vec<ExternalId>,
    /// Currency of the first receivable account; a change ignores it.
    pub currency: String,
    /// Number of the first receivable account; empty takes the next free one.
    pub account_number: String,
    pub idempotency_key: String,
}

/// A person at the customer's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Contact {
    pub name: String,
    pub position: String,
    pub email: String,
    pub phone: String,
}

/// What another system calls the customer.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct ExternalId {
    pub system: String,
    pub value: String,
}

/// A customer whose every field could be read. Serialised it is what the audit trail compares.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ReadCustomer {
    /// Empty where the next free number is wanted.
    pub number: String,
    pub name: String,
    pub email: String,
    pub phone: String,
    pub street: String,
    pub postal_code: String,
    pub city: String,
    pub country: String,
    pub language: String,
    pub tax_id: String,
    pub terms_days: u32,
    pub notes: String,
    /// Sorted, without repetitions.
    pub tags: Vec<String>,
    /// Sorted, without repetitions.
    pub aliases: Vec<String>,
    pub contacts: Vec<Contact>,
    /// Sorted by system.
    pub external_ids: Vec<ExternalId>,
}

impl NewCustomer {
    /// Reads every field; all refusals are collected with their fields.
    pub fn parse(&self) -> Result<ReadCustomer, AppError> {
        let mut reader = Reader::default();
        let read = self.read(&mut reader);
        reader.finish(read)
    }

    /// As [`Self::parse`], for a new customer with the currency of its first receivable account.
    pub fn parse_new(&self) -> Result<(ReadCustomer, Currency), AppError> {
        let mut reader = Reader::default();
        let read = self.read(&mut reader);
        let currency = reader.currency("currency", &self.currency);
        reader.text("account_number", &self.account_number, 40);
        reader.finish(read.zip(currency))
    }

    fn read(&self, reader: &mut Reader) -> Option<ReadCustomer> {
        let number = number(reader, "number", &self.number);
        let name = reader.required("name", &self.name, 200);
        let email = reader.email("email", &self.email);
        let phone = reader.text("phone", &self.phone, 50);
        let street = reader.text("street", &self.street, 200);
        let postal_code = reader.text("postal_code", &self.postal_code, 20);
        let city = reader.text("city", &self.city, 100);
        let country = reader.text("country", &self.country, 100);
        let language = reader.text("language", &self.language, 10);
        let tax_id = reader.text("tax_id", &self.tax_id, 50);
        let notes = reader.text("notes", &self.notes, 4_000);
        let terms_days = match self.terms_days.trim() {
            "" => Some(DEFAULT_TERMS_DAYS),
            text => reader.whole_number("terms_days", text, MAX_TERMS_DAYS),
        };
        let tags = self.read_tags(reader);
        let aliases = self.read_aliases(reader);
        let contacts = self.read_contacts(reader);
        let external_ids = self.read_external_ids(reader);
        Some(ReadCustomer {
            number,
            name,
            email,
            phone,
            street,
            postal_code,
            city,
            country,
            language,
            tax_id,
            terms_days: terms_days?,
            notes,
            tags,
            aliases,
            contacts,
            external_ids,
        })
    }

    fn read_tags(&self, reader: &mut Reader) -> Vec<String> {
        let tags = parts(&self.tags, ',');
        for tag in &tags {
            reader.text("tags", tag, 40);
        }
        if tags.len() > MAX_TAGS as usize {
            reader.refuse("tags", Refusal::TooMany { max: MAX_TAGS });
        }
        tags
    }

    fn read_aliases(&self, reader: &mut Reader) -> Vec<String> {
        let aliases = parts(&self.aliases, '\n');
        for alias in &aliases {
            reader.text("aliases", alias, 200);
        }
        aliases
    }

    fn read_contacts(&self, reader: &mut Reader) -> Vec<Contact> {
        let filled = self.contacts.iter().enumerate().filter(|(_, contact)| {
            [
                &contact.name,
                &contact.position,
                &contact.email,
                &contact.phone,
            ]
            .iter()
            .any(|text| !text.trim().is_empty())
        });
        let read = filled.map(|(index, contact)| {
            let field = |name: &str| format!("contacts.{index}.{name}");
            Contact {
                name: reader.required(&field("name"), &contact.name, 200),
                position: reader.text(&field("position"), &contact.position, 100),
                email: reader.email(&field("email"), &contact.email),
                phone: reader.text(&field("phone"), &contact.phone, 50),
            }
        });
        read.collect()
    }

    fn read_external_ids(&self, reader: &mut Reader) -> Vec<ExternalId> {
        let mut ids: Vec<ExternalId> = Vec::new();
        for (index, id) in self.external_ids.iter().enumerate() {
            if id.system.trim().is_empty() && id.value.trim().is_empty() {
                continue;
            }
            let system_field = format!("external_ids.{index}.system");
            let system = reader.required(&system_field, &id.system, 50);
            let value = reader.required(&format!("external_ids.{index}.value"), &id.value, 100);
            if ids.iter().any(|other| other.system == system) {
                reader.refuse(system_field, Refusal::NamedTwice);
            }
            ids.push(ExternalId { system, value });
        }
        ids.sort();
        ids
    }
}

/// A number people give: short, and usable in an address.
pub fn number(reader: &mut Reader, field: &str, text: &str) -> String {
    let number = reader.text(field, text, 40);
    if number.chars().any(|c| c == '/' || c.is_control()) {
        reader.refuse(field, Refusal::UnusableNumber);
    }
    number
}

/// The trimmed parts of a text, sorted, each once.
fn parts(text: &str, separator: char) -> Vec<String> {
    let mut parts: Vec<String> = text
        .split(separator)
        .map(|part| part.trim().to_owned())
        .filter(|part| !part.is_empty())
        .collect();
    parts.sort();
    parts.dedup();
    parts
}

/// What became of a customer: the answer that a repeated request gets again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedCustomer {
    pub customer: CustomerId,
    pub number: String,
    /// Number of the first receivable account, when it was opened by this act.
    pub account: Option<String>,
}

coded! {
    /// What a list of customers can be narrowed to.
    CustomerStanding {
        /// Something is due.
        Owing = "owing",
        /// Something is past its due date.
        Overdue = "overdue",
        /// Holds credit that has not lapsed.
        Credit = "credit",
        /// An account is on hold.
        OnHold = "on_hold",
    }
}

/// Which customers a list shows. All of it stands in the URL.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CustomerFilter {
    /// Words that must all occur in number, names, e-mail, tax id or account numbers.
    pub search: String,
    pub tag: String,
    /// Code of a currency: customers with an account in it.
    pub currency: String,
    /// A code of `CustomerStanding`; empty for all.
    pub standing: String,
}

/// A list of customers with what its filters can be set to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerList {
    pub rows: Vec<CustomerRow>,
    pub total: u64,
    /// Every tag in use, sorted.
    pub tags: Vec<String>,
    /// Every currency in use, the most used first.
    pub currencies: Vec<Currency>,
    /// The currency whose amounts the rows are sorted by, when they are.
    pub sorted_in: Option<Currency>,
}

/// One customer of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerRow {
    pub customer: CustomerId,
    pub number: String,
    pub name: String,
    pub email: String,
    pub city: String,
    pub on_hold: bool,
    /// One line per currency; never a sum across currencies.
    pub balances: Vec<CurrencyBalance>,
}

/// What a customer owes and holds in one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CurrencyBalance {
    pub due: Money,
    pub overdue: Money,
    pub credit: Money,
}

/// A customer with its accounts: what every page of a customer starts from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerHead {
    pub customer: CustomerId,
    pub number: String,
    pub name: String,
    pub email: String,
    pub phone: String,
    pub street: String,
    pub postal_code: String,
    pub city: String,
    pub country: String,
    pub language: String,
    pub tax_id: String,
    pub terms_days: u32,
    /// For staff only; empty for the customer.
    pub notes: String,
    /// For staff only, sorted.
    pub tags: Vec<String>,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    /// Oldest first.
    pub accounts: Vec<AccountOverview>,
}

/// Everything recorded about one customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerDetail {
    pub head: CustomerHead,
    /// For staff only.
    pub aliases: Vec<String>,
    pub contacts: Vec<Contact>,
    /// For staff only.
    pub external_ids: Vec<ExternalId>,
}

/// A customer with what is open beside what could pay it; the first rows of both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerOverview {
    pub head: CustomerHead,
    /// In the order of being paid.
    pub items: Vec<InvoiceRow>,
    pub more_items: bool,
    /// What lapses first comes first.
    pub credits: Vec<GrantRow>,
    pub more_credits: bool,
}

/// A customer with a page of what was done to it and to what is its own, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerHistory {
    pub head: CustomerHead,
    pub acts: Page<AuditRow>,
}

/// What a customer sees first in the portal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortalHome {
    pub overview: CustomerOverview,
    /// Newest first.
    pub payments: Vec<PaymentRow>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn typed() -> NewCustomer {
        NewCustomer {
            name: "Müller".to_owned(),
            currency: "EUR".to_owned(),
            ..NewCustomer::default()
        }
    }

    fn refused_field(error: AppError) -> Option<String> {
        match error {
            AppError::Refused(refusals) => refusals[0].field.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn tags_are_trimmed_sorted_and_kept_once() {
        let customer = NewCustomer {
            tags: " vip, wholesale ,vip,, ".to_owned(),
            aliases: "Mueller, Ltd\n\nA. Müller\n".to_owned(),
            ..typed()
        };
        let (read, currency) = customer.parse_new().unwrap();
        assert_eq!(read.tags, ["vip", "wholesale"]);
        assert_eq!(read.aliases, ["A. Müller", "Mueller, Ltd"]);
        assert_eq!(read.terms_days, DEFAULT_TERMS_DAYS);
        assert_eq!(currency, Currency::EUR);
    }

    #[rstest]
    #[case::no_name(NewCustomer { name: " ".into(), ..typed() }, "name")]
    #[case::email(NewCustomer { email: "nobody".into(), ..typed() }, "email")]
    #[case::terms(NewCustomer { terms_days: "3651".into(), ..typed() }, "terms_days")]
    #[case::negative_terms(NewCustomer { terms_days: "-1".into(), ..typed() }, "terms_days")]
    #[case::number(NewCustomer { number: "a/b".into(), ..typed() }, "number")]
    #[case::currency(NewCustomer { currency: "XXX".into(), ..typed() }, "currency")]
    #[case::no_currency(NewCustomer { currency: "".into(), ..typed() }, "currency")]
    #[case::contact(
        NewCustomer { contacts: vec![Contact { phone: "1".into(), ..Contact::default() }], ..typed() },
        "contacts.0.name"
    )]
    #[case::external_id(
        NewCustomer { external_ids: vec![ExternalId { system: "crm".into(), value: "".into() }], ..typed() },
        "external_ids.0.value"
    )]
    #[case::same_system(
        NewCustomer {
            external_ids: vec![
                ExternalId { system: "crm".into(), value: "1".into() },
                ExternalId { system: "crm".into(), value: "2".into() },
            ],
            ..typed()
        },
        "external_ids.1.system"
    )]
    fn a_field_that_cannot_be_read_is_named(#[case] customer: NewCustomer, #[case] field: &str) {
        let refused = customer.parse_new().unwrap_err();
        assert_eq!(refused_field(refused).as_deref(), Some(field));
    }

    #[test]
    fn rows_without_anything_in_them_are_left_out() {
        let customer = NewCustomer {
            contacts: vec![Contact::default()],
            external_ids: vec![ExternalId::default()],
            ..typed()
        };
        let read = customer.parse().unwrap();
        assert!(read.contacts.is_empty());
        assert!(read.external_ids.is_empty());
    }
}
