//! Who the customers are, and how each of them buys and pays.

use super::catalogue::{self, BUSINESS_LINES, EXTENSION, HOME_LINES, HOSTED};
use super::draw::Draw;
use super::names::{self, Country};
use super::plan::Span;
use crate::domain::payment::PaymentMethod;
use crate::dto::accounts::AccountSettings;
use crate::dto::customers::{Contact, ExternalId, NewCustomer};
use crate::dto::invoices::NewInvoiceLine;
use chrono::{Days, NaiveDate};
use std::collections::HashSet;

/// A receivable account to be, and how its customer behaves on it.
pub struct Profile {
    pub opens: Opens,
    pub opened_on: NaiveDate,
    /// What the account does differently from a new one; its number is filled in once there is one.
    pub settings: Option<AccountSettings>,
    pub country: Country,
    pub terms_days: u32,
    pub rhythm: Rhythm,
    pub billing_day: u32,
    pub habit: Habit,
    pub method: PaymentMethod,
    /// What is billed every time.
    pub contract: Vec<NewInvoiceLine>,
}

pub enum Opens {
    Customer(Box<NewCustomer>),
    /// One more account of the customer of another profile.
    Further {
        of: usize,
        currency: &'static str,
        name: &'static str,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rhythm {
    Monthly,
    Quarterly,
    /// An order now and then.
    Orders,
    /// By use, small amounts; paid from vouchers that lapse.
    Vouchers,
    /// By use; paid from top-ups.
    TopUps,
    /// Everything this customer does is told one by one.
    Told,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Habit {
    /// Collected on the due day.
    Collected,
    Prompt,
    Late,
    Slow,
    /// Nothing any more from this day on.
    StoppedOn(NaiveDate),
    /// The same sum every month, whatever is billed, in minor units.
    StandingOrder(i64),
}

impl Profile {
    pub fn german(&self) -> bool {
        self.country.speaks_german()
    }

    /// A person, not a company.
    pub fn is_private(&self) -> bool {
        match &self.opens {
            Opens::Customer(customer) => customer.tags.contains("private"),
            Opens::Further { .. } => false,
        }
    }

    pub fn tax_rate(&self) -> &'static str {
        self.country.tax_rate()
    }
}

/// Every profile that chance makes: about as many customers as asked for, some of them with a second account.
pub fn drawn(seed: u64, customers: u32, span: Span, already: usize) -> Vec<Profile> {
    let mut taken = HashSet::new();
    let mut profiles: Vec<Profile> = Vec::new();
    for number in 0..customers {
        let mut draw = Draw::new(seed, &format!("customer {number}"));
        let mut profile = if draw.percent(60) {
            business(&mut draw, span, &mut taken)
        } else {
            private(&mut draw, span, &mut taken)
        };
        if let Opens::Customer(customer) = &mut profile.opens
            && customer.tags.contains("business")
        {
            customer.external_ids = vec![crm_id(number)];
        }
        let further = second_account(&mut draw, &profile, already + profiles.len());
        profiles.push(profile);
        profiles.extend(further);
    }
    profiles
}

fn business(draw: &mut Draw, span: Span, taken: &mut HashSet<String>) -> Profile {
    let country = draw.weighted(&[
        (78, Country::Germany),
        (4, Country::Austria),
        (3, Country::Switzerland),
        (10, Country::Britain),
        (5, Country::UnitedStates),
    ]);
    let name = free(taken, || names::company(draw, country));
    let rhythm = draw.weighted(&[
        (55, Rhythm::Monthly),
        (20, Rhythm::Quarterly),
        (25, Rhythm::Orders),
    ]);
    let method = match country {
        Country::Britain | Country::UnitedStates => draw.weighted(&[
            (7, PaymentMethod::BankTransfer),
            (2, PaymentMethod::Card),
            (1, PaymentMethod::Cheque),
        ]),
        _ => draw.weighted(&[
            (7, PaymentMethod::BankTransfer),
            (3, PaymentMethod::DirectDebit),
        ]),
    };
    let terms_days = draw.weighted(&[(5, 14), (8, 30), (1, 60)]);
    let customer = company_customer(draw, country, &name, terms_days);
    Profile {
        opens: Opens::Customer(Box::new(customer)),
        opened_on: joined(draw, span),
        settings: settings(draw),
        country,
        terms_days,
        rhythm,
        billing_day: billing_day(draw),
        habit: habit(draw, method, span),
        method,
        contract: business_contract(draw, country),
    }
}

fn private(draw: &mut Draw, span: Span, taken: &mut HashSet<String>) -> Profile {
    let country = Country::Germany;
    let name = free(taken, || {
        let german = draw.percent(90);
        let (first, surname) = names::person(draw, german);
        format!("{first} {surname}")
    });
    let rhythm = draw.weighted(&[
        (70, Rhythm::Monthly),
        (14, Rhythm::Quarterly),
        (16, Rhythm::Vouchers),
    ]);
    let method = draw.weighted(&[
        (5, PaymentMethod::DirectDebit),
        (3, PaymentMethod::BankTransfer),
        (2, PaymentMethod::Card),
        (1, PaymentMethod::Cash),
    ]);
    let customer = private_customer(draw, &name, rhythm);
    let line = draw.one_of(HOME_LINES).line("1", true, country.tax_rate());
    Profile {
        opens: Opens::Customer(Box::new(customer)),
        opened_on: match rhythm {
            // The product is younger than the company.
            Rhythm::Vouchers => draw.days_after(span.in_saldo_from, 0, 45),
            _ => joined(draw, span),
        },
        settings: None,
        country,
        terms_days: 14,
        rhythm,
        billing_day: billing_day(draw),
        habit: habit(draw, method, span),
        method,
        contract: vec![line],
    }
}

/// Some companies abroad keep a second account in the demo company's own currency, or the other way round.
fn second_account(draw: &mut Draw, first: &Profile, of: usize) -> Option<Profile> {
    let Opens::Customer(customer) = &first.opens else {
        return None;
    };
    let is_company = customer.tags.contains("business");
    if !is_company || !draw.percent(7) {
        return None;
    }
    let (country, currency, name) = match first.country {
        Country::Germany | Country::Austria => *draw.one_of(&[
            (Country::UnitedStates, "USD", "US branch"),
            (Country::Britain, "GBP", "UK branch"),
        ]),
        _ => (Country::Austria, "EUR", "Europe"),
    };
    Some(Profile {
        opens: Opens::Further { of, currency, name },
        opened_on: first.opened_on,
        settings: None,
        country,
        terms_days: first.terms_days,
        rhythm: Rhythm::Quarterly,
        billing_day: first.billing_day,
        habit: first.habit,
        method: PaymentMethod::BankTransfer,
        contract: vec![
            draw.one_of(HOSTED)
                .line("2", country.speaks_german(), country.tax_rate()),
        ],
    })
}

/// The first name of those `make` comes up with that nobody has.
fn free(taken: &mut HashSet<String>, mut make: impl FnMut() -> String) -> String {
    const TRIES: u32 = 50;
    let mut name = make();
    for _ in 0..TRIES {
        if taken.insert(name.clone()) {
            break;
        }
        name = make();
    }
    name
}

pub fn company_customer(
    draw: &mut Draw,
    country: Country,
    name: &str,
    terms_days: u32,
) -> NewCustomer {
    let german = country.speaks_german();
    let domain = format!("{}.example", names::slug(name));
    let mailbox = if german { "buchhaltung" } else { "accounts" };
    let mut tags = vec!["business"];
    if draw.percent(8) {
        tags.push("key account");
    }
    if country != Country::Germany {
        tags.push("export");
    }
    let positions = match german {
        true => ["Buchhaltung", "Geschäftsführung"],
        false => ["Accounts payable", "Managing director"],
    };
    let mut contacts = vec![contact(draw, german, positions[0], &domain)];
    if draw.percent(35) {
        contacts.push(contact(draw, german, positions[1], &domain));
    }
    NewCustomer {
        email: format!("{mailbox}@{domain}"),
        tax_id: tax_id(draw, country),
        terms_days: terms_days.to_string(),
        tags: tags.join(", "),
        contacts,
        notes: note(draw, german),
        ..customer(draw, country, name)
    }
}

pub fn private_customer(draw: &mut Draw, name: &str, rhythm: Rhythm) -> NewCustomer {
    let tags = match rhythm {
        Rhythm::Vouchers => "private, prepaid",
        _ => "private",
    };
    let provider = draw.one_of(&["post.example", "mail.example", "kiste.example"]);
    NewCustomer {
        email: format!("{}@{provider}", names::slug(name).replace('-', ".")),
        terms_days: "14".to_owned(),
        tags: tags.to_owned(),
        ..customer(draw, Country::Germany, name)
    }
}

/// What the sales department's system calls a customer.
fn crm_id(number: u32) -> ExternalId {
    ExternalId {
        system: "crm".to_owned(),
        value: format!("A-{:05}", 10_000 + 7 * number),
    }
}

/// Name, address and telephone.
pub fn customer(draw: &mut Draw, country: Country, name: &str) -> NewCustomer {
    let address = names::address(draw, country);
    NewCustomer {
        name: name.to_owned(),
        phone: names::phone(draw, country),
        street: address.street,
        postal_code: address.postal_code.to_owned(),
        city: address.city.to_owned(),
        country: country.code().to_owned(),
        language: if country.speaks_german() { "de" } else { "en" }.to_owned(),
        currency: country.currency().to_owned(),
        ..NewCustomer::default()
    }
}

fn contact(draw: &mut Draw, german: bool, position: &str, domain: &str) -> Contact {
    let (first, surname) = names::person(draw, german);
    Contact {
        name: format!("{first} {surname}"),
        position: position.to_owned(),
        email: format!("{}.{}@{domain}", names::slug(first), names::slug(surname)),
        phone: String::new(),
    }
}

fn tax_id(draw: &mut Draw, country: Country) -> String {
    match country {
        Country::Germany => format!("DE{}", draw.digits(9)),
        Country::Austria => format!("ATU{}", draw.digits(8)),
        Country::Switzerland => format!(
            "CHE-{}.{}.{}",
            draw.digits(3),
            draw.digits(3),
            draw.digits(3)
        ),
        Country::Britain => format!("GB{}", draw.digits(9)),
        Country::UnitedStates => String::new(),
    }
}

fn note(draw: &mut Draw, german: bool) -> String {
    if !draw.percent(12) {
        return String::new();
    }
    let notes = match german {
        true => &[
            "Zahlt nach Erhalt der Sammelrechnung.",
            "Rechnungen bitte nur elektronisch.",
            "Ansprechpartner für Mahnungen ist die Geschäftsführung.",
        ],
        false => &[
            "Pays on receipt of the monthly summary.",
            "Sends remittance advice by e-mail.",
            "Purchase order number needed on every invoice.",
        ],
    };
    (*draw.one_of(notes)).to_owned()
}

fn joined(draw: &mut Draw, span: Span) -> NaiveDate {
    if draw.percent(70) {
        return span.first;
    }
    let days = (span.today - span.first).num_days();
    draw.days_after(span.first, 20, days - 40)
}

fn billing_day(draw: &mut Draw) -> u32 {
    u32::try_from(draw.between(1, 28)).expect("a day of a month")
}

fn habit(draw: &mut Draw, method: PaymentMethod, span: Span) -> Habit {
    if method == PaymentMethod::DirectDebit {
        return Habit::Collected;
    }
    let stopped = || span.today - Days::new(150);
    draw.weighted(&[
        (70, Habit::Prompt),
        (20, Habit::Late),
        (7, Habit::Slow),
        (3, Habit::StoppedOn(stopped())),
    ])
}

fn settings(draw: &mut Draw) -> Option<AccountSettings> {
    if !draw.percent(8) {
        return None;
    }
    let auto_apply = draw.weighted(&[(3, "all"), (1, "off")]);
    Some(AccountSettings {
        auto_apply: auto_apply.to_owned(),
        reason: "Agreed with the customer".to_owned(),
        ..AccountSettings::default()
    })
}

fn business_contract(draw: &mut Draw, country: Country) -> Vec<NewInvoiceLine> {
    let (german, rate) = (country.speaks_german(), country.tax_rate());
    // Lines are laid where the demo company has cables; telephony and hosting go everywhere.
    let mut lines = Vec::new();
    if country == Country::Germany {
        lines.push(draw.one_of(BUSINESS_LINES).line("1", german, rate));
    }
    if lines.is_empty() || draw.percent(60) {
        let extensions = draw.between(3, 25).to_string();
        lines.push(EXTENSION.line(&extensions, german, rate));
    }
    if draw.percent(35) {
        lines.push(draw.one_of(HOSTED).line("1", german, rate));
    }
    lines
}

/// Minutes that were used, as one line.
pub fn minutes(
    draw: &mut Draw,
    product: &catalogue::Product,
    low: i64,
    high: i64,
    profile: &Profile,
) -> NewInvoiceLine {
    let minutes = draw.between(low, high).to_string();
    product.line(&minutes, profile.german(), profile.tax_rate())
}
