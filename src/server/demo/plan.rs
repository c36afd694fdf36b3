//! What happens in the company's two years: the events of each profile, drawn before anything is recorded.

use super::catalogue::{self, CALLS, MOBILE, OUTAGE, TELEPHONE};
use super::draw::Draw;
use super::profiles::{Habit, Profile, Rhythm, minutes};
use crate::domain::allocation::OpenItem;
use crate::domain::payment::{PaymentMethod, PaymentTerms, SurplusChoice};
use crate::domain::posting::SettledSlice;
use crate::dto::invoices::NewInvoiceLine;
use chrono::{Datelike, Days, Months, NaiveDate, Weekday};

/// The days the company's history is made of.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// Two years before today.
    pub first: NaiveDate,
    /// From this day on everything was recorded in Saldo; what was before came in by import.
    pub in_saldo_from: NaiveDate,
    pub today: NaiveDate,
}

const MONTHS_BEFORE: u32 = 24;
const MONTHS_IN_SALDO: u32 = 6;

impl Span {
    pub fn ending(today: NaiveDate) -> Self {
        let span = Self {
            first: today,
            in_saldo_from: today,
            today,
        };
        Self {
            first: span.month(MONTHS_BEFORE, 1),
            in_saldo_from: span.month(MONTHS_IN_SALDO, 1),
            today,
        }
    }

    /// A day of the month so many months before today's.
    pub fn month(&self, months_before: u32, day: u32) -> NaiveDate {
        day_of(self.today - Months::new(months_before), day)
    }

    pub fn days_ago(&self, days: u64) -> NaiveDate {
        self.today - Days::new(days)
    }
}

/// The day of the month of `date`, or its last one.
fn day_of(date: NaiveDate, day: u32) -> NaiveDate {
    let first = date.with_day(1).expect("every month has a first day");
    let last = first + Months::new(1) - Days::new(1);
    first.with_day(day).unwrap_or(last)
}

/// Something happens on a day; `profile` is who it happens to, none for the company itself.
pub struct Event {
    pub on: NaiveDate,
    pub profile: Option<usize>,
    pub deed: Deed,
}

/// A document of a profile, by the order in which its events name it.
pub type Nth = u32;

pub enum Deed {
    /// The account is opened, with its customer where it is the first.
    Open,
    Bill {
        nth: Nth,
        lines: Vec<NewInvoiceLine>,
        due_on: Option<NaiveDate>,
        reference: String,
    },
    Draft {
        lines: Vec<NewInvoiceLine>,
    },
    Pay {
        nth: Nth,
        how: How,
        method: PaymentMethod,
    },
    /// Money before any invoice; what is left of it lapses after `expires_on`.
    TopUp {
        amount_minor: i64,
        method: PaymentMethod,
        expires_on: Option<NaiveDate>,
    },
    /// The last payment of this invoice is taken back by the bank.
    Bounce {
        nth: Nth,
    },
    /// The last payment of this invoice was booked on the wrong one.
    Unapply {
        nth: Nth,
    },
    /// Credit of the account pays this invoice.
    UseCredit {
        nth: Nth,
    },
    Dispute {
        nth: Nth,
    },
    Void {
        nth: Nth,
    },
    /// The account is handed over to collection.
    Suspend,
    /// The company applies credit balances.
    Run,
    /// It does so too early and undoes it.
    RunInError,
    /// The vouchers sold by shops come in as a file.
    Vouchers,
    /// The month before the last is closed.
    Close,
}

/// How a customer pays an invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    Exact,
    /// So many per cent of what is open.
    Part(i64),
    /// So much more than is open, in minor units.
    Plus(i64),
    /// A difference of a few cents that nobody wants back.
    Rounded(i64),
    /// The whole invoice, whatever is open of it: money on account.
    Again,
    /// Everything that is open, with one payment.
    Everything,
    /// A fixed sum: the oldest first.
    Sum(i64),
}

/// What a customer pays who owes `items` and means the one called `number`; nothing when there is nothing to pay.
/// `billed_minor` is what that invoice came to.
pub fn terms(
    how: How,
    number: &str,
    billed_minor: i64,
    items: &[OpenItem],
) -> Option<PaymentTerms> {
    let item = items.iter().find(|item| item.number == number);
    let slice = |item: &OpenItem, amount_minor| SettledSlice {
        invoice: item.invoice,
        amount_minor,
    };
    let keep = SurplusChoice::KeepAsCredit;
    let (amount_minor, wanted, surplus) = match how {
        How::Exact => (item?.open_minor, vec![slice(item?, item?.open_minor)], keep),
        How::Part(percent) => {
            let part = item?.open_minor * percent / 100;
            (part, vec![slice(item?, part)], keep)
        }
        How::Plus(more) => (
            item?.open_minor + more,
            vec![slice(item?, item?.open_minor)],
            keep,
        ),
        How::Rounded(more) => {
            let wanted = vec![slice(item?, item?.open_minor)];
            (
                item?.open_minor + more,
                wanted,
                SurplusChoice::WriteOffDifference,
            )
        }
        How::Again => (billed_minor, Vec::new(), keep),
        How::Everything => {
            let wanted = items.iter().filter(|item| !item.disputed);
            let wanted: Vec<_> = wanted.map(|item| slice(item, item.open_minor)).collect();
            (
                wanted.iter().map(|slice| slice.amount_minor).sum(),
                wanted,
                keep,
            )
        }
        How::Sum(amount_minor) => (amount_minor, Vec::new(), SurplusChoice::ApplyToOldest),
    };
    (amount_minor > 0).then_some(PaymentTerms {
        amount_minor,
        wanted,
        surplus,
        prepayment: false,
        tolerance_minor: TOLERANCE_MINOR,
    })
}

/// Differences up to one unit of the currency are kept as fee income: the setting a new database has.
const TOLERANCE_MINOR: i64 = 100;

/// What the company itself does in the months it has Saldo.
pub fn office(span: Span) -> Vec<Event> {
    let mut events = Vec::new();
    let mut add = |on, deed| {
        events.push(Event {
            on,
            profile: None,
            deed,
        });
    };
    for months_before in (1..MONTHS_IN_SALDO).rev() {
        add(span.month(months_before, 2), Deed::Vouchers);
        if months_before == 2 {
            add(span.month(months_before, 3), Deed::RunInError);
        }
        add(span.month(months_before, 3), Deed::Run);
        add(span.month(months_before, 10), Deed::Close);
    }
    add(span.month(0, 2), Deed::Vouchers);
    add(span.month(0, 10), Deed::Close);
    events.retain(|event| event.on < span.today);
    events
}

/// The events of one drawn profile, in the order of their days.
pub fn of_profile(draw: &mut Draw, index: usize, profile: &Profile, span: Span) -> Vec<Event> {
    let mut told = Told {
        draw,
        profile,
        index,
        span,
        events: Vec::new(),
        next: 0,
    };
    told.open();
    match profile.rhythm {
        Rhythm::Told => {}
        Rhythm::Vouchers => told.vouchers(),
        Rhythm::TopUps => told.top_ups(),
        Rhythm::Monthly | Rhythm::Quarterly | Rhythm::Orders => told.bills(),
    }
    told.finish()
}

/// Writes down the events of one profile.
pub struct Told<'a> {
    pub draw: &'a mut Draw,
    pub profile: &'a Profile,
    pub index: usize,
    pub span: Span,
    pub events: Vec<Event>,
    pub next: Nth,
}

impl Told<'_> {
    pub fn add(&mut self, on: NaiveDate, deed: Deed) {
        self.events.push(Event {
            on,
            profile: Some(self.index),
            deed,
        });
    }

    pub fn open(&mut self) {
        self.add(self.profile.opened_on, Deed::Open);
    }

    /// An invoice by the terms of the customer.
    pub fn bill(&mut self, on: NaiveDate, lines: Vec<NewInvoiceLine>) -> Nth {
        self.bill_due(on, lines, None)
    }

    pub fn bill_due(
        &mut self,
        on: NaiveDate,
        lines: Vec<NewInvoiceLine>,
        due_on: Option<NaiveDate>,
    ) -> Nth {
        let nth = self.next;
        self.next += 1;
        let reference = String::new();
        self.add(
            on,
            Deed::Bill {
                nth,
                lines,
                due_on,
                reference,
            },
        );
        nth
    }

    pub fn pay(&mut self, on: NaiveDate, nth: Nth, how: How) {
        let method = self.profile.method;
        self.add(on, Deed::Pay { nth, how, method });
    }

    /// What has not happened yet does not happen; of one day, the order in which things were told.
    pub fn finish(mut self) -> Vec<Event> {
        let (opened_on, today) = (self.profile.opened_on, self.span.today);
        self.events
            .retain(|event| event.on >= opened_on && event.on <= today);
        self.events.sort_by_key(|event| event.on);
        self.events
    }

    /// The days on which this profile is billed.
    fn billing_days(&mut self) -> Vec<NaiveDate> {
        let mut days = Vec::new();
        let mut month = self.profile.opened_on;
        let mut nth = u32::from(self.draw.percent(50));
        while month <= self.span.today + Months::new(1) {
            let due = match self.profile.rhythm {
                Rhythm::Quarterly => nth.is_multiple_of(3),
                Rhythm::Orders => self.draw.percent(28),
                _ => true,
            };
            if due {
                days.push(day_of(month, self.profile.billing_day));
            }
            nth += 1;
            month = month + Months::new(1);
        }
        let (first, today) = (self.profile.opened_on, self.span.today);
        days.retain(|day| *day >= first && *day <= today);
        days
    }

    fn bills(&mut self) {
        for on in self.billing_days() {
            let mut lines = self.contract();
            let mut ordered = None;
            if self.orders_something() {
                let order =
                    catalogue::order(self.draw, self.profile.german(), self.profile.tax_rate());
                ordered = order.first().cloned();
                lines.extend(order);
            }
            let nth = self.bill(on, lines);
            self.outcome(on, nth);
            if let Some(device) = ordered.filter(|_| self.draw.percent(12)) {
                self.returned(on, device);
            } else if self.draw.percent(1) {
                self.line_was_down(on);
            }
        }
        if let Habit::StoppedOn(stopped) = self.profile.habit {
            self.add(stopped + Days::new(120), Deed::Suspend);
        }
    }

    fn orders_something(&mut self) -> bool {
        match self.profile.rhythm {
            Rhythm::Orders => true,
            _ => !self.profile.is_private() && self.draw.percent(5),
        }
    }

    /// What is billed every time, three times for a quarter, and the calls that cost extra.
    fn contract(&mut self) -> Vec<NewInvoiceLine> {
        if self.profile.rhythm == Rhythm::Orders {
            return Vec::new();
        }
        let mut lines = self.profile.contract.clone();
        if matches!(self.profile.habit, Habit::StandingOrder(_)) {
            return lines;
        }
        if self.profile.rhythm == Rhythm::Quarterly {
            for line in &mut lines {
                let months = line.quantity.parse::<i64>();
                line.quantity = months.map_or_else(|_| "3".to_owned(), |n| (3 * n).to_string());
            }
        }
        if self.draw.percent(30) {
            let most = if self.profile.is_private() { 180 } else { 900 };
            lines.push(minutes(self.draw, &CALLS, 20, most, self.profile));
        }
        lines
    }

    /// How an invoice ends: mostly paid, now and then otherwise.
    fn outcome(&mut self, on: NaiveDate, nth: Nth) {
        let due = on + Days::new(self.profile.terms_days.into());
        let in_saldo = on >= self.span.in_saldo_from;
        if in_saldo && self.draw.percent(1) {
            return self.add(on + Days::new(1), Deed::Void { nth });
        }
        if in_saldo && self.draw.percent(2) {
            let disputed_on = self.draw.days_after(on, 3, 10);
            return self.add(disputed_on, Deed::Dispute { nth });
        }
        let paid_on = match self.profile.habit {
            Habit::StoppedOn(stopped) if on >= stopped => return,
            Habit::StandingOrder(sum) => return self.standing_order(on, nth, sum),
            Habit::Collected => due,
            Habit::Prompt | Habit::StoppedOn(_) => {
                let days = i64::from(self.profile.terms_days);
                self.draw.days_after(on, days / 3, days + 1)
            }
            Habit::Late => self.draw.days_after(due, 2, 25),
            Habit::Slow => self.draw.days_after(due, 20, 80),
        };
        let paid_on = workday(paid_on);
        if self.profile.habit == Habit::Collected {
            return self.collected(paid_on, nth);
        }
        self.paid(paid_on, nth);
    }

    /// A customer who pays by themselves: to the cent, or as people do.
    fn paid(&mut self, on: NaiveDate, nth: Nth) {
        match self.draw.between(1, 100) {
            1..=4 => {
                let more =
                    self.draw
                        .weighted(&[(3, 10_00), (2, 5_00), (2, 90), (1, 100_00), (2, 18_00)]);
                self.pay(on, nth, How::Plus(more));
            }
            5..=8 => {
                let percent = self.draw.weighted(&[(3, 50), (2, 40), (1, 75)]);
                self.pay(on, nth, How::Part(percent));
                let rest_on = workday(self.draw.days_after(on, 20, 45));
                // Rests are forgotten, but not for ever.
                if on < self.span.days_ago(200) || self.draw.percent(75) {
                    self.pay(rest_on, nth, How::Exact);
                }
            }
            9..=10 => {
                self.pay(on, nth, How::Exact);
                let again_on = workday(self.draw.days_after(on, 3, 12));
                self.pay(again_on, nth, How::Again);
            }
            11..=12 => {
                let more = self.draw.between(1, 9) * 10;
                self.pay(on, nth, How::Rounded(more));
            }
            13..=15 => self.pay(on, nth, How::Everything),
            16 if on >= self.span.in_saldo_from => {
                self.pay(on, nth, How::Exact);
                let noticed_on = workday(self.draw.days_after(on, 2, 9));
                self.add(noticed_on, Deed::Unapply { nth });
            }
            _ => self.pay(on, nth, How::Exact),
        }
    }

    /// A direct debit, which the bank takes back now and then; then the customer pays by transfer.
    fn collected(&mut self, on: NaiveDate, nth: Nth) {
        self.pay(on, nth, How::Exact);
        if on < self.span.in_saldo_from || !self.draw.percent(2) {
            return;
        }
        let returned_on = workday(on + Days::new(4));
        self.add(returned_on, Deed::Bounce { nth });
        let method = PaymentMethod::BankTransfer;
        let paid_on = workday(self.draw.days_after(returned_on, 5, 14));
        let how = How::Exact;
        self.add(paid_on, Deed::Pay { nth, how, method });
    }

    fn standing_order(&mut self, billed_on: NaiveDate, nth: Nth, sum: i64) {
        let on = workday(day_of(billed_on, 15));
        self.pay(on, nth, How::Sum(sum));
    }

    /// One of the devices comes back: an invoice with a negative total.
    fn returned(&mut self, billed_on: NaiveDate, device: NewInvoiceLine) {
        let on = workday(self.draw.days_after(billed_on, 8, 25));
        let line = NewInvoiceLine {
            quantity: "-1".to_owned(),
            ..device
        };
        self.bill(on, vec![line]);
    }

    /// The customer gets some days back.
    fn line_was_down(&mut self, billed_on: NaiveDate) {
        let on = workday(self.draw.days_after(billed_on, 5, 20));
        let days = format!("-{}", self.draw.between(2, 9));
        let line = OUTAGE.line(&days, self.profile.german(), self.profile.tax_rate());
        self.bill(on, vec![line]);
    }

    /// Small bills by use, paid from vouchers bought in shops: whoever uses little loses the rest.
    fn vouchers(&mut self) {
        let most = self.draw.weighted(&[(3, 60), (3, 110), (1, 180)]);
        for on in self.billing_days() {
            let used = minutes(self.draw, &MOBILE, most / 4, most, self.profile);
            self.bill(on, vec![used]);
        }
        let mut on = self.draw.days_after(self.profile.opened_on, 0, 20);
        while on <= self.span.today {
            let amount_minor = self.draw.weighted(&[(3, 15_00), (4, 25_00), (2, 50_00)]);
            let method = PaymentMethod::Other;
            let usable_days = self
                .draw
                .weighted(&[(1, VOUCHER_DAYS / 2), (2, VOUCHER_DAYS)]);
            let expires_on = Some(on + Days::new(usable_days));
            self.add(
                on,
                Deed::TopUp {
                    amount_minor,
                    method,
                    expires_on,
                },
            );
            on = self.draw.days_after(on, 55, 110);
        }
    }

    /// Bills by use, paid from money sent before.
    fn top_ups(&mut self) {
        let mut on = self.profile.opened_on;
        while on <= self.span.today {
            let (amount_minor, method, expires_on) = (250_00, self.profile.method, None);
            self.add(
                on,
                Deed::TopUp {
                    amount_minor,
                    method,
                    expires_on,
                },
            );
            on = self.draw.days_after(on, 75, 95);
        }
        for on in self.billing_days() {
            let used = minutes(self.draw, &CALLS, 420, 860, self.profile);
            self.bill(on, vec![used]);
        }
    }
}

/// How long a voucher can be used.
pub const VOUCHER_DAYS: u64 = 180;

/// Banks book on working days.
fn workday(date: NaiveDate) -> NaiveDate {
    match date.weekday() {
        Weekday::Sat => date + Days::new(2),
        Weekday::Sun => date + Days::new(1),
        _ => date,
    }
}

/// A telephone comes back.
pub fn telephone_back(profile: &Profile) -> Vec<NewInvoiceLine> {
    vec![TELEPHONE.line("-1", profile.german(), profile.tax_rate())]
}
