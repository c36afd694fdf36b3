//! Which days are closed, per kind of journal.

use super::api::list_periods;
use super::{crumbs, may};
use crate::domain::ledger::JournalKind;
use crate::domain::rights::Right;
use crate::dto::business::{PeriodExceptionRow, PeriodRow, PeriodsOverview};
use crate::web::ui::prelude::*;
use chrono::{Datelike, Days, NaiveDate};

/// How far each kind of journal is closed, and the form that closes it further.
#[component]
pub fn PeriodsPage() -> impl IntoView {
    view! {
        <PageHead title=t!(admin.periods) crumbs=crumbs() />
        <Notice>
            <p>{t!(admin.periods_explained)}</p>
            <p>{t!(admin.periods_reopen)}</p>
            <p>{t!(admin.periods_exceptions)}</p>
        </Notice>
        {load(list_periods(), cards)}
    }
}

fn cards(overview: PeriodsOverview) -> impl IntoView {
    let people: Vec<(String, String)> = overview
        .people
        .into_iter()
        .map(|(id, name)| (id.to_string(), name))
        .collect();
    let periods = overview.periods.into_iter();
    let cards: Vec<_> = periods.map(|period| card(period, &people)).collect();
    view! { <div class="columns columns-narrow">{cards}</div> }
}

fn card(period: PeriodRow, people: &[(String, String)]) -> impl IntoView {
    let (closed, open_from) = match period.closed_through {
        Some(day) => (
            format::long_date(day),
            format::long_date(day + Days::new(1)),
        ),
        None => (
            t!(admin.nothing_closed).to_owned(),
            t!(admin.every_day).to_owned(),
        ),
    };
    let locked = match period.locked_through {
        Some(day) => format::long_date(day),
        None => t!(admin.nothing_locked).to_owned(),
    };
    let may_close = may(Right::ClosePeriods);
    let forms = may_close.then(|| {
        view! {
            {closing(period.journal, period.closed_through)}
            {opening(&period, people)}
            {locking(&period)}
        }
    });
    let exceptions = exceptions(&period, may_close);
    view! {
        <Card title=words::journal_kind(period.journal)>
            <p class="soft">{holds(period.journal)}</p>
            <Facts>
                <Fact label=t!(admin.closed_through)>{closed}</Fact>
                <Fact label=t!(admin.open_from)>{open_from}</Fact>
                <Fact label=t!(admin.locked_through)>{locked}</Fact>
            </Facts>
            {exceptions}
            {forms}
        </Card>
    }
}

fn closing(journal: JournalKind, closed_through: Option<NaiveDate>) -> impl IntoView {
    let suggested = suggestion(visit().today, closed_through);
    view! {
        <Form
            endpoint="close_period"
            arg="period"
            instance=("journal", journal.code().to_owned())
        >
            <DateField
                name="closed_through"
                label=t!(admin.close_through)
                value=suggested.map(|day| day.to_string()).unwrap_or_default()
                required=true
            />
            <TextField name="reason" label=t!(admin.reason) hint=t!(admin.reason_to_open) />
            <Actions>
                <Submit label=t!(admin.close) />
            </Actions>
        </Form>
    }
}

/// Opens closed days to one person; nothing where every closed day is locked.
fn opening(period: &PeriodRow, people: &[(String, String)]) -> Option<AnyView> {
    let closed_through = period.closed_through?;
    if period.locked_through == Some(closed_through) {
        return None;
    }
    let journal = period.journal.code().to_owned();
    let first = first_of_month(closed_through).to_string();
    let mut choices = vec![(String::new(), t!(admin.choose_person).to_owned())];
    choices.extend_from_slice(people);
    let form = view! {
        <Confirm label=t!(admin.open_to)>
            <p>{t!(admin.open_to_text)}</p>
            <Form
                endpoint="open_period"
                arg="opening"
                instance=("journal", journal)
            >
                <SelectField name="user" label=t!(admin.person) choices=choices required=true />
                <DateField
                    name="opens_from"
                    label=t!(admin.opens_from)
                    value=first
                    required=true
                />
                <NumberField
                    name="hours"
                    label=t!(admin.hours)
                    value="4"
                    unit=t!(admin.hours_unit)
                />
                <TextField name="reason" label=t!(admin.why_opened) required=true />
                <Actions>
                    <Submit label=t!(admin.open_now) />
                </Actions>
            </Form>
        </Confirm>
    };
    Some(form.into_any())
}

fn first_of_month(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day)
}

/// Locks closed days for good; nothing where there are none to lock.
fn locking(period: &PeriodRow) -> Option<AnyView> {
    let closed_through = period.closed_through?;
    if period.locked_through == Some(closed_through) {
        return None;
    }
    let journal = period.journal.code().to_owned();
    let form = view! {
        <Confirm label=t!(admin.lock)>
            <p>{t!(admin.lock_text)}</p>
            <Form
                endpoint="lock_period"
                arg="period"
                instance=("journal", journal)
            >
                <DateField name="locked_through" label=t!(admin.lock_through) required=true />
                <Actions>
                    <Submit label=t!(admin.lock_now) class="button-danger" />
                </Actions>
            </Form>
        </Confirm>
    };
    Some(form.into_any())
}

/// To whom the period is open for now.
fn exceptions(period: &PeriodRow, may_end: bool) -> Option<AnyView> {
    if period.exceptions.is_empty() {
        return None;
    }
    let items: Vec<_> = period
        .exceptions
        .iter()
        .map(|exception| exception_item(exception, may_end))
        .collect();
    let list = view! {
        <h3>{t!(admin.exceptions)}</h3>
        <ul class="stack">{items}</ul>
    };
    Some(list.into_any())
}

fn exception_item(exception: &PeriodExceptionRow, may_end: bool) -> AnyView {
    let id = exception.exception.to_string();
    let end = may_end.then(|| {
        view! {
            <Form
                endpoint="end_period_exception"
                arg="end"
                instance=("exception", id)
            >
                <Submit label=t!(admin.end_exception) />
            </Form>
        }
    });
    view! {
        <li>
            <p>
                {t!(
                    admin.exception_for,
                    name = exception.name.clone(),
                    from = format::date(exception.opens_from),
                    until = format::instant(exception.until)
                )}
            </p>
            <p class="soft">
                {t!(
                    admin.exception_why,
                    reason = exception.reason.clone(),
                    by = exception.granted_by.clone()
                )}
            </p>
            {end}
        </li>
    }
    .into_any()
}

/// The end of last month, unless that is closed already.
fn suggestion(today: NaiveDate, closed_through: Option<NaiveDate>) -> Option<NaiveDate> {
    let last_month_end = today.with_day(1)?.pred_opt()?;
    let is_closed = closed_through.is_some_and(|closed| closed >= last_month_end);
    (!is_closed).then_some(last_month_end)
}

/// What is posted in a kind of journal.
fn holds(journal: JournalKind) -> &'static str {
    match journal {
        JournalKind::Sales => t!(admin.journal_sales_holds),
        JournalKind::Cash => t!(admin.journal_cash_holds),
        JournalKind::Credit => t!(admin.journal_credit_holds),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("2026-06-15", None, Some("2026-05-31"))]
    #[case("2026-06-15", Some("2026-04-30"), Some("2026-05-31"))]
    #[case("2026-06-15", Some("2026-05-31"), None)]
    #[case("2026-06-15", Some("2026-06-10"), None)]
    #[case("2026-01-01", None, Some("2025-12-31"))]
    fn last_month_is_suggested_until_it_is_closed(
        #[case] today: &str,
        #[case] closed: Option<&str>,
        #[case] expected: Option<&str>,
    ) {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        assert_eq!(suggestion(day(today), closed.map(day)), expected.map(day));
    }
}
