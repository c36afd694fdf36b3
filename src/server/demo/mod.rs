//! A believable demo company: a telephone and internet provider on the Baltic coast with two years of history.
//!
//! ```text
//! names, profiles, cast   who the customers are: most are drawn, a few have a story of their own
//! plan                    what happens on which day, drawn before anything is recorded
//! before                  eighteen months from an earlier system, imported from two files
//! play                    the months since, recorded day by day through the same services that pages use
//! ```
//! The same seed on the same day makes the same names, numbers and amounts; only ids and instants differ.

mod before;
mod cast;
mod catalogue;
mod draw;
mod names;
mod people;
mod plan;
mod play;
mod profiles;

pub use people::{Login, email, fresh_password};

use crate::domain::rights::{Right, Role};
use crate::dto::business::BusinessSettings;
use crate::dto::error::{AppError, Refusal};
use crate::server::context::{Clock, Ctx};
use crate::server::queries::demo::{self as reading, Holding};
use crate::server::services::settings;
use chrono::{Days, NaiveDate};
use draw::Draw;
use plan::{Deed, Event, Span};
use play::Company;
use profiles::{Profile, Rhythm};
use serde::Serialize;

pub const BUSINESS_NAME: &str = "Fördewind Kommunikation GmbH";

/// The seed of a demo company that nobody asked to be another one.
pub const SEED: u64 = 1;
pub const CUSTOMERS: u32 = 300;
/// Enough for the cast and some others.
pub const FEWEST_CUSTOMERS: u32 = 10;
pub const MOST_CUSTOMERS: u32 = 5_000;

/// Drafts that lie about on the last day, and grants that are held.
const DRAFTS: usize = 5;
const HELD: usize = 2;

/// What kind of company is wanted.
pub struct Wish {
    pub seed: u64,
    pub customers: u32,
    /// Of everybody who can log in.
    pub password: String,
}

/// The company as it was made.
#[derive(Debug, Serialize)]
pub struct Made {
    pub business: &'static str,
    pub today: NaiveDate,
    pub customers: u64,
    pub invoices: u64,
    pub payments: u64,
    pub grants: u64,
    pub logins: Vec<Login>,
}

/// Told how many steps are done, of how many.
pub type Progress<'a> = &'a (dyn Fn(u64, u64) + Send + Sync);

/// An empty database holds the demo company afterwards, its last day being today. A database with anything in it is
/// refused. A password that is too weak is refused before anything is written.
///
/// Many transactions: when it stops half-way, the database is to be thrown away.
pub async fn make(ctx: &Ctx, wish: &Wish, progress: Progress<'_>) -> Result<Made, AppError> {
    ctx.actor.require(Right::ManageUsers)?;
    if reading::holding(ctx, &email(Role::Customer)).await? != Holding::Nothing {
        return Err(Refusal::DatabaseNotEmpty.of_act());
    }
    let span = Span::ending(ctx.today());
    let clock = Clock::fixed(ctx.clock.zone(), span.in_saldo_from);
    let ctx = Ctx {
        clock,
        ..ctx.clone()
    };
    let staff = people::employ(&ctx, &wish.password).await?;
    let business = BusinessSettings {
        business_name: BUSINESS_NAME.to_owned(),
        surplus_tolerance: "1".to_owned(),
        ..BusinessSettings::default()
    };
    settings::save(&staff.admin, business).await?;

    let (cast_size, profiles, events) = planned(wish, span);
    let of = events.len() as u64;
    let mut company = Company::new(staff, profiles);
    let (before, since): (Vec<Event>, Vec<Event>) = events
        .into_iter()
        .partition(|event| event.on < span.in_saldo_from);
    for (done, event) in before.iter().enumerate() {
        if matches!(event.deed, Deed::Open) {
            company.play(event).await?;
        }
        progress(done as u64, of);
    }
    company.take_over(&before).await?;
    for (done, event) in since.iter().enumerate() {
        ctx.clock.move_to(event.on);
        company.play(event).await?;
        progress((before.len() + done) as u64, of);
    }
    ctx.clock.move_to(span.today);
    company.hold_some(cast_size, HELD).await?;
    let guest = company.account(cast::GUEST)?.customer.clone();
    // Last, so that whoever finds this person finds the whole company.
    people::welcome(&ctx, &guest, &wish.password).await?;
    let counts = reading::counts(&ctx).await?;
    Ok(Made {
        business: BUSINESS_NAME,
        today: span.today,
        customers: counts.customers,
        invoices: counts.invoices,
        payments: counts.payments,
        grants: counts.grants,
        logins: people::logins(&guest),
    })
}

/// Everything that will have happened, in the order of days; how many of the profiles are the cast's.
fn planned(wish: &Wish, span: Span) -> (usize, Vec<Profile>, Vec<Event>) {
    let (mut profiles, mut events) = cast::tell(wish.seed, span);
    let cast = profiles.len();
    let others = wish.customers.saturating_sub(cast::CUSTOMERS);
    for profile in profiles::drawn(wish.seed, others, span, cast) {
        let index = profiles.len();
        let mut draw = Draw::new(wish.seed, &format!("events {index}"));
        events.extend(plan::of_profile(&mut draw, index, &profile, span));
        profiles.push(profile);
    }
    events.extend(plan::office(span));
    events.extend(drafts(&profiles, cast, span));
    events.sort_by_key(|event| (event.on, event.profile));
    (cast, profiles, events)
}

/// Invoices somebody is still working on.
fn drafts(profiles: &[Profile], cast: usize, span: Span) -> Vec<Event> {
    let monthly = profiles.iter().enumerate().skip(cast);
    let monthly = monthly.filter(|(_, profile)| profile.rhythm == Rhythm::Monthly);
    let drafts = monthly
        .take(DRAFTS)
        .zip(0..)
        .map(|((index, profile), days)| Event {
            on: span.today - Days::new(days % 3),
            profile: Some(index),
            deed: Deed::Draft {
                lines: profile.contract.clone(),
            },
        });
    drafts.collect()
}
