//! The customers whose stories are told one by one, so that every company, however small, shows what Saldo is for.

use super::catalogue::{ACCESS_POINT, BUSINESS_LINES, EXTENSION, HELP, HOME_LINES, HOSTED, WORK};
use super::draw::Draw;
use super::names::Country;
use super::plan::{Deed, Event, How, Span, Told, VOUCHER_DAYS, of_profile, telephone_back};
use super::profiles::{Habit, Opens, Profile, Rhythm, company_customer, private_customer};
use crate::domain::payment::PaymentMethod;
use crate::dto::accounts::AccountSettings;
use crate::dto::customers::{Contact, NewCustomer};
use crate::dto::invoices::NewInvoiceLine;
use chrono::Days;

/// The customer whose portal the demo login shows is the first of the cast.
pub const GUEST: usize = 0;
/// Who logs in there.
pub const GUEST_PERSON: &str = "Julia Brandt";

/// The cast and everything that happens to them.
pub fn tell(seed: u64, span: Span) -> (Vec<Profile>, Vec<Event>) {
    type Telling = fn(&mut Told<'_>);
    let mut draw = Draw::new(seed, "cast");
    let cast: Vec<(Profile, Telling)> = vec![
        (guest(&mut draw, span), guests_year),
        (guests_shop(span), shops_year),
        (printer(&mut draw, span), printers_year),
        (kiosk(&mut draw, span), |_| {}),
        (taxi(&mut draw, span), |_| {}),
        (grandmother(&mut draw, span), |_| {}),
        (student(&mut draw, span), students_vouchers),
    ];
    let mut events = Vec::new();
    for (index, (profile, telling)) in cast.iter().enumerate() {
        let mut draw = Draw::new(seed, &format!("cast {index}"));
        if profile.rhythm != Rhythm::Told {
            events.extend(of_profile(&mut draw, index, profile, span));
            continue;
        }
        let mut told = Told {
            draw: &mut draw,
            profile,
            index,
            span,
            events: Vec::new(),
            next: 0,
        };
        told.open();
        telling(&mut told);
        events.extend(told.finish());
    }
    (
        cast.into_iter().map(|(profile, _)| profile).collect(),
        events,
    )
}

/// How many customers the cast are.
pub const CUSTOMERS: u32 = 6;

fn company(
    draw: &mut Draw,
    span: Span,
    name: &str,
    terms_days: u32,
    contract: Vec<NewInvoiceLine>,
) -> Profile {
    let country = Country::Germany;
    let customer = company_customer(draw, country, name, terms_days);
    Profile {
        opens: Opens::Customer(Box::new(customer)),
        opened_on: span.first,
        settings: None,
        country,
        terms_days,
        rhythm: Rhythm::Told,
        billing_day: 5,
        habit: Habit::Prompt,
        method: PaymentMethod::BankTransfer,
        contract,
    }
}

fn private(draw: &mut Draw, span: Span, name: &str, rhythm: Rhythm) -> Profile {
    let customer = private_customer(draw, name, rhythm);
    Profile {
        opens: Opens::Customer(Box::new(customer)),
        opened_on: span.first,
        settings: None,
        country: Country::Germany,
        terms_days: 14,
        rhythm,
        billing_day: 8,
        habit: Habit::Prompt,
        method: PaymentMethod::BankTransfer,
        contract: vec![HOME_LINES[1].line("1", true, "19")],
    }
}

/// Uses credit only when somebody says so: a contingent of support hours that lapses soon, money sent twice, a device
/// sent back, and beside them invoices late and not yet due.
fn guest(draw: &mut Draw, span: Span) -> Profile {
    let contract = vec![
        BUSINESS_LINES[0].line("1", true, "19"),
        EXTENSION.line("8", true, "19"),
    ];
    let mut profile = company(draw, span, "Wetterstein Outdoor GmbH", 14, contract);
    if let Opens::Customer(customer) = &mut profile.opens {
        let person = Contact {
            name: GUEST_PERSON.to_owned(),
            position: "Buchhaltung".to_owned(),
            email: "julia.brandt@wetterstein-outdoor-gmbh.example".to_owned(),
            phone: String::new(),
        };
        **customer = NewCustomer {
            tags: "business, key account".to_owned(),
            contacts: vec![person],
            aliases: "Wetterstein Bergsport".to_owned(),
            street: "Hafenstraße 12".to_owned(),
            postal_code: "24103".to_owned(),
            city: "Kiel".to_owned(),
            notes: String::new(),
            ..(**customer).clone()
        };
    }
    profile.settings = Some(AccountSettings {
        auto_apply: "off".to_owned(),
        reason: "The customer decides when credit is used".to_owned(),
        ..AccountSettings::default()
    });
    profile
}

fn guests_year(told: &mut Told<'_>) {
    let span = told.span;
    let contract = told.profile.contract.clone();
    // Lapsed unused a month ago.
    contingent(told, VOUCHER_DAYS + 35, 60_00);
    // The contingent of support hours: bought, used in part, lapsing soon.
    contingent(told, VOUCHER_DAYS - 12, 600_00);
    for months_before in (2..=24).rev() {
        let nth = told.bill(span.month(months_before, 5), contract.clone());
        if months_before == 4 {
            direct_debit_returned(told, nth);
        } else {
            told.pay(span.month(months_before, 17), nth, How::Exact);
        }
        if months_before == 3 {
            let help = vec![HELP.line("3", true, "19")];
            let nth = told.bill(span.month(3, 12), help);
            told.add(span.month(3, 13), Deed::UseCredit { nth });
        }
        if months_before == 2 {
            told.pay(span.month(1, 20), nth, How::Again);
        }
    }
    let late = told.bill(span.month(1, 5), contract.clone());
    told.pay(span.month(1, 17), late, How::Part(40));
    told.bill(span.month(1, 22), telephone_back(told.profile));
    let order = vec![
        ACCESS_POINT.line("2", true, "19"),
        WORK.line("3", true, "19"),
    ];
    told.bill_due(
        span.month(1, 24),
        order,
        Some(span.month(1, 24) + Days::new(45)),
    );
    told.bill(span.month(0, 5), contract);
}

/// Support hours paid in advance; what is left of them lapses.
fn contingent(told: &mut Told<'_>, sold_days_ago: u64, amount_minor: i64) {
    let sold_on = told.span.days_ago(sold_days_ago);
    let method = PaymentMethod::BankTransfer;
    let expires_on = Some(sold_on + Days::new(VOUCHER_DAYS));
    told.add(
        sold_on,
        Deed::TopUp {
            amount_minor,
            method,
            expires_on,
        },
    );
}

fn direct_debit_returned(told: &mut Told<'_>, nth: u32) {
    let span = told.span;
    let (how, method) = (How::Exact, PaymentMethod::DirectDebit);
    told.add(span.month(4, 17), Deed::Pay { nth, how, method });
    told.add(span.month(4, 20), Deed::Bounce { nth });
    told.pay(span.month(4, 24), nth, How::Exact);
}

/// The same customer's account in dollars.
fn guests_shop(span: Span) -> Profile {
    Profile {
        opens: Opens::Further {
            of: GUEST,
            currency: "USD",
            name: "Online shop US",
        },
        opened_on: span.month(13, 1),
        settings: None,
        country: Country::UnitedStates,
        terms_days: 14,
        rhythm: Rhythm::Told,
        billing_day: 8,
        habit: Habit::Prompt,
        method: PaymentMethod::Card,
        contract: vec![
            HOSTED[1].line("1", false, "0"),
            HOSTED[2].line("2", false, "0"),
        ],
    }
}

fn shops_year(told: &mut Told<'_>) {
    let span = told.span;
    for months_before in (1..=12).rev() {
        let nth = told.bill(span.month(months_before, 8), told.profile.contract.clone());
        if months_before > 1 {
            told.pay(span.month(months_before, 20), nth, How::Exact);
        }
    }
}

/// Pays twice and has long terms: the monthly run always finds something here.
fn printer(draw: &mut Draw, span: Span) -> Profile {
    let contract = vec![
        BUSINESS_LINES[1].line("1", true, "19"),
        HOSTED[0].line("1", true, "19"),
    ];
    company(draw, span, "Druckerei Asmussen GmbH & Co. KG", 60, contract)
}

fn printers_year(told: &mut Told<'_>) {
    let span = told.span;
    for months_before in (0..=20).rev() {
        let nth = told.bill(span.month(months_before, 20), told.profile.contract.clone());
        if months_before < 2 {
            continue;
        }
        told.pay(span.month(months_before - 2, 18), nth, How::Exact);
        if [3, 5, 8, 13].contains(&months_before) {
            told.pay(span.month(months_before - 2, 22), nth, How::Again);
        }
    }
}

/// Has not paid for half a year.
fn kiosk(draw: &mut Draw, span: Span) -> Profile {
    let contract = vec![BUSINESS_LINES[0].line("1", true, "19")];
    let profile = company(draw, span, "Kiosk am Nordhafen", 30, contract);
    Profile {
        rhythm: Rhythm::Monthly,
        billing_day: 12,
        habit: Habit::StoppedOn(span.days_ago(190)),
        ..profile
    }
}

/// Sends money before calling.
fn taxi(draw: &mut Draw, span: Span) -> Profile {
    let contract = vec![EXTENSION.line("4", true, "19")];
    let profile = company(draw, span, "Taxi Nissen e. K.", 14, contract);
    Profile {
        opened_on: span.in_saldo_from,
        rhythm: Rhythm::TopUps,
        billing_day: 28,
        ..profile
    }
}

/// Her bank sends forty-five euro every month, whatever the invoice says.
fn grandmother(draw: &mut Draw, span: Span) -> Profile {
    Profile {
        habit: Habit::StandingOrder(45_00),
        ..private(draw, span, "Frieda Martensen", Rhythm::Monthly)
    }
}

/// Buys vouchers and hardly calls anybody.
fn student(draw: &mut Draw, span: Span) -> Profile {
    private(draw, span, "Jannis Ohlsen", Rhythm::Told)
}

fn students_vouchers(told: &mut Told<'_>) {
    let span = told.span;
    for (days_ago, amount_minor) in [
        (400, 15_00),
        (VOUCHER_DAYS + 20, 15_00),
        (VOUCHER_DAYS - 25, 25_00),
        (60, 25_00),
    ] {
        let sold_on = span.days_ago(days_ago);
        let expires_on = Some(sold_on + Days::new(VOUCHER_DAYS));
        let method = PaymentMethod::Other;
        told.add(
            sold_on,
            Deed::TopUp {
                amount_minor,
                method,
                expires_on,
            },
        );
    }
}
