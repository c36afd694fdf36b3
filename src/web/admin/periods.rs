//! Which days are closed, per kind of journal.

use super::api::list_periods;
use super::{crumbs, may};
use crate::domain::ledger::JournalKind;
use crate::domain::rights::Right;
use crate::dto::business::PeriodRow;
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
        </Notice>
        {load(list_periods(), cards)}
    }
}

fn cards(periods: Vec<PeriodRow>) -> impl IntoView {
    let cards: Vec<_> = periods.into_iter().map(card).collect();
    view! { <div class="columns columns-narrow">{cards}</div> }
}

fn card(period: PeriodRow) -> impl IntoView {
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
    let form = may(Right::ClosePeriods).then(|| closing(period.journal, period.closed_through));
    view! {
        <Card title=words::journal_kind(period.journal)>
            <p class="soft">{holds(period.journal)}</p>
            <Facts>
                <Fact label=t!(admin.closed_through)>{closed}</Fact>
                <Fact label=t!(admin.open_from)>{open_from}</Fact>
            </Facts>
            {form}
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
