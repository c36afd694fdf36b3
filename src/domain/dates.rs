//! The three dates: when something counts (`effective_on`), its accounting day (`posting_on`), and the bounds
//! a typed date must keep. "Today" is always handed in.

use chrono::{Datelike, Days, Months, NaiveDate};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Dating something further back than this needs the backdating right and a reason.
/// Source: domain rules, section 1 (a setting; this is its default).
pub const BACKDATING_DAYS: u32 = 30;

/// The last due or lapse date that is accepted.
pub const LAST_FUTURE_YEAR: i32 = 2199;

/// Why a typed date is refused. Each carries the first or last date that would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum DateRefusal {
    #[error("the period is closed; the first open date is {first_open}")]
    PeriodClosed { first_open: NaiveDate },
    #[error("later than {last}")]
    TooLate { last: NaiveDate },
    #[error("before {first}, when the receivable account opened")]
    BeforeAccountOpened { first: NaiveDate },
    #[error("before {first}: backdating needs the right and a reason")]
    BackdatingNeedsReason { first: NaiveDate },
}

/// What decides the dates of one act: today, the closed period of the journal it posts to, the account's
/// opening and whether the person may backdate and said why.
#[derive(Clone, Copy, Debug)]
pub struct AccountingCalendar {
    pub today: NaiveDate,
    /// The last closed day of the kind of journal; nothing is posted on or before it.
    pub closed_through: Option<NaiveDate>,
    pub account_opened_on: Option<NaiveDate>,
    pub backdating_days: u32,
    /// The actor holds the backdating right and gave a reason.
    pub may_backdate: bool,
}

impl AccountingCalendar {
    /// The accounting day for something that counts on `effective_on`, typed by a person.
    ///
    /// A closed day is refused with the first open one unless backdating is allowed; then the first open day
    /// is returned. Source: domain rules, section 1.
    pub fn posting_day(&self, effective_on: NaiveDate) -> Result<NaiveDate, DateRefusal> {
        let last = last_of_month(self.today);
        if effective_on > last {
            return Err(DateRefusal::TooLate { last });
        }
        if let Some(first) = self.account_opened_on
            && effective_on < first
        {
            return Err(DateRefusal::BeforeAccountOpened { first });
        }
        let first_open = self.first_open();
        if let Some(first_open) = first_open
            && effective_on < first_open
            && !self.may_backdate
        {
            return Err(DateRefusal::PeriodClosed { first_open });
        }
        let first_normal = self.today - Days::new(self.backdating_days.into());
        if effective_on < first_normal && !self.may_backdate {
            let first = first_open.map_or(first_normal, |open| open.max(first_normal));
            return Err(DateRefusal::BackdatingNeedsReason { first });
        }
        Ok(self.system_posting_day(effective_on))
    }

    /// The accounting day for a system act: `effective_on`, or the first open day where that is closed.
    pub fn system_posting_day(&self, effective_on: NaiveDate) -> NaiveDate {
        self.first_open()
            .map_or(effective_on, |first_open| first_open.max(effective_on))
    }

    fn first_open(&self) -> Option<NaiveDate> {
        self.closed_through.map(|closed| closed + Days::new(1))
    }
}

/// Which days of a kind of journal take no postings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClosedDays {
    /// The last closed day.
    pub closed_through: NaiveDate,
    /// The last day that no exception opens; never after `closed_through`.
    pub locked_through: Option<NaiveDate>,
}

impl ClosedDays {
    /// The last closed day for somebody to whom the days from `opens_from` have been opened, if any have. What is
    /// locked stays closed. Source: domain rules, section 8.
    pub fn closed_through_for(self, opens_from: Option<NaiveDate>) -> NaiveDate {
        let Some(opens_from) = opens_from else {
            return self.closed_through;
        };
        let before = opens_from.pred_opt().unwrap_or(NaiveDate::MIN);
        let closed = self.locked_through.map_or(before, |lock| lock.max(before));
        closed.min(self.closed_through)
    }
}

/// Checks a due or lapse date: not after the year 2199.
pub fn check_future(date: NaiveDate) -> Result<NaiveDate, DateRefusal> {
    let last = NaiveDate::from_ymd_opt(LAST_FUTURE_YEAR, 12, 31).expect("a date of the calendar");
    if date > last {
        return Err(DateRefusal::TooLate { last });
    }
    Ok(date)
}

/// The day an invoice with these terms falls due.
pub fn due_on(issued_on: NaiveDate, terms_days: u32) -> NaiveDate {
    issued_on
        .checked_add_days(Days::new(terms_days.into()))
        .unwrap_or(NaiveDate::MAX)
}

/// Days past due on `as_of`, zero when not yet due. The due day itself is not overdue.
pub fn days_overdue(due_on: NaiveDate, as_of: NaiveDate) -> i64 {
    (as_of - due_on).num_days().max(0)
}

/// Last day of the month of `date`.
pub fn last_of_month(date: NaiveDate) -> NaiveDate {
    let first = date.with_day(1).expect("every month has a first day");
    first + Months::new(1) - Days::new(1)
}

/// Last day of the month before `date`: the credit run's default effective date.
pub fn last_of_previous_month(date: NaiveDate) -> NaiveDate {
    date.with_day(1).expect("every month has a first day") - Days::new(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn calendar() -> AccountingCalendar {
        AccountingCalendar {
            today: day("2026-06-15"),
            closed_through: Some(day("2026-05-31")),
            account_opened_on: None,
            backdating_days: BACKDATING_DAYS,
            may_backdate: false,
        }
    }

    #[rstest]
    #[case(None, None, "2026-05-31")]
    #[case(None, Some("2026-04-01"), "2026-03-31")]
    #[case(Some("2026-03-31"), Some("2026-04-01"), "2026-03-31")]
    #[case(Some("2026-04-30"), Some("2026-04-01"), "2026-04-30")]
    #[case(Some("2026-05-31"), Some("2026-04-01"), "2026-05-31")]
    #[case(Some("2026-04-30"), None, "2026-05-31")]
    // Opened days that are open anyway close nothing.
    #[case(None, Some("2026-06-10"), "2026-05-31")]
    fn an_exception_opens_closed_days_and_no_locked_ones(
        #[case] locked: Option<&str>,
        #[case] opens_from: Option<&str>,
        #[case] expected: &str,
    ) {
        let days = ClosedDays {
            closed_through: day("2026-05-31"),
            locked_through: locked.map(day),
        };
        let closed = days.closed_through_for(opens_from.map(day));
        assert_eq!(closed, day(expected));
    }

    #[rstest]
    #[case("2026-06-15", Ok("2026-06-15"))]
    #[case("2026-06-01", Ok("2026-06-01"))]
    #[case("2026-06-30", Ok("2026-06-30"))]
    #[case("2026-07-01", Err(DateRefusal::TooLate { last: day("2026-06-30") }))]
    #[case("2026-05-31", Err(DateRefusal::PeriodClosed { first_open: day("2026-06-01") }))]
    fn a_typed_date_keeps_its_bounds(
        #[case] typed: &str,
        #[case] expected: Result<&str, DateRefusal>,
    ) {
        assert_eq!(calendar().posting_day(day(typed)), expected.map(day));
    }

    #[test]
    fn with_the_right_and_a_reason_the_posting_day_moves_to_the_first_open_one() {
        let calendar = AccountingCalendar {
            may_backdate: true,
            ..calendar()
        };
        assert_eq!(
            calendar.posting_day(day("2026-03-01")),
            Ok(day("2026-06-01"))
        );
    }

    #[test]
    fn more_than_thirty_days_back_needs_a_reason_even_in_an_open_period() {
        let calendar = AccountingCalendar {
            closed_through: None,
            ..calendar()
        };
        assert_eq!(
            calendar.posting_day(day("2026-05-16")),
            Ok(day("2026-05-16"))
        );
        assert_eq!(
            calendar.posting_day(day("2026-05-15")),
            Err(DateRefusal::BackdatingNeedsReason {
                first: day("2026-05-16")
            })
        );
    }

    #[test]
    fn nothing_happens_before_the_account_opened() {
        let calendar = AccountingCalendar {
            account_opened_on: Some(day("2026-06-10")),
            ..calendar()
        };
        assert_eq!(
            calendar.posting_day(day("2026-06-09")),
            Err(DateRefusal::BeforeAccountOpened {
                first: day("2026-06-10")
            })
        );
    }

    #[test]
    fn the_due_day_itself_is_not_overdue() {
        assert_eq!(days_overdue(day("2026-06-15"), day("2026-06-15")), 0);
        assert_eq!(days_overdue(day("2026-06-15"), day("2026-06-16")), 1);
        assert_eq!(days_overdue(day("2026-06-15"), day("2026-06-01")), 0);
    }

    #[test]
    fn months_end_where_the_calendar_says() {
        assert_eq!(last_of_month(day("2028-02-10")), day("2028-02-29"));
        assert_eq!(last_of_previous_month(day("2026-01-31")), day("2025-12-31"));
    }
}
