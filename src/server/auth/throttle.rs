//! Slows down guessing: after some failed logins for one account from one address, each further attempt has to
//! wait, twice as long every time.
//!
//! Kept in memory: a restart forgets it, and each node of several counts for itself.

use chrono::{DateTime, Duration, Utc};
use std::collections::HashMap;
use std::sync::Mutex;

/// Failures that cost no waiting: people mistype.
const FREE_FAILURES: u32 = 5;
/// The longest wait, in seconds.
const LONGEST_WAIT: i64 = 15 * 60;
/// Failures this long ago are forgotten, in seconds.
const FORGOTTEN_AFTER: i64 = 60 * 60;
/// Accounts and addresses remembered at most; a stranger must not fill the memory.
const REMEMBERED: usize = 10_000;

/// Which account is tried from where.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Attempt {
    pub account: String,
    pub address: String,
}

#[derive(Default)]
pub struct Throttle {
    failures: Mutex<HashMap<Attempt, Failures>>,
}

#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    last_at: DateTime<Utc>,
}

impl Failures {
    fn is_forgotten(&self, now: DateTime<Utc>) -> bool {
        self.last_at + Duration::seconds(FORGOTTEN_AFTER) < now
    }

    /// Until when the next attempt has to wait.
    fn waits_until(&self) -> DateTime<Utc> {
        let seconds = match self.count.saturating_sub(FREE_FAILURES) {
            0 => 0,
            n => 2_i64.checked_pow(n - 1).unwrap_or(LONGEST_WAIT),
        };
        let seconds = seconds.min(LONGEST_WAIT);
        self.last_at + Duration::seconds(seconds)
    }
}

impl Throttle {
    /// Lets an attempt through, or says for how many seconds it has to wait. Counts it as failed at once, so that
    /// many attempts at the same time are all counted.
    pub fn admit(&self, attempt: &Attempt, now: DateTime<Utc>) -> Result<(), u32> {
        let mut all = self
            .failures
            .lock()
            .expect("no holder of the throttle panics");
        if all.len() >= REMEMBERED && !all.contains_key(attempt) {
            make_room(&mut all, now);
        }
        let fresh = Failures {
            count: 0,
            last_at: now,
        };
        let failures = all.entry(attempt.clone()).or_insert(fresh);
        if failures.is_forgotten(now) {
            *failures = fresh;
        }
        let wait = (failures.waits_until() - now).num_milliseconds();
        if wait > 0 {
            return Err(u32::try_from(wait / 1000 + 1).unwrap_or(u32::MAX));
        }
        failures.count += 1;
        failures.last_at = now;
        Ok(())
    }

    /// The attempt succeeded: what failed before is forgotten.
    pub fn succeeded(&self, attempt: &Attempt) {
        let mut all = self
            .failures
            .lock()
            .expect("no holder of the throttle panics");
        all.remove(attempt);
    }
}

/// Drops what is forgotten, and if that is not enough whatever waits least.
fn make_room(all: &mut HashMap<Attempt, Failures>, now: DateTime<Utc>) {
    all.retain(|_, failures| !failures.is_forgotten(now));
    if all.len() < REMEMBERED {
        return;
    }
    let mut ends: Vec<DateTime<Utc>> = all.values().map(Failures::waits_until).collect();
    ends.sort_unstable();
    let tenth = ends[ends.len() / 10];
    all.retain(|_, failures| failures.waits_until() > tenth);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_780_000_000 + seconds, 0).unwrap()
    }

    fn attempt(account: &str) -> Attempt {
        Attempt {
            account: account.to_owned(),
            address: "192.0.2.1".to_owned(),
        }
    }

    #[test]
    fn each_failure_beyond_the_free_ones_doubles_the_wait() {
        let throttle = Throttle::default();
        let ada = attempt("ada");
        for _ in 0..5 {
            assert_eq!(throttle.admit(&ada, at(0)), Ok(()));
        }
        assert_eq!(throttle.admit(&ada, at(0)), Ok(()));
        assert_eq!(throttle.admit(&ada, at(0)), Err(2));
        assert_eq!(throttle.admit(&ada, at(1)), Ok(()));
        assert_eq!(throttle.admit(&ada, at(2)), Err(2));
        assert_eq!(throttle.admit(&ada, at(3)), Ok(()));
        assert_eq!(throttle.admit(&ada, at(3)), Err(5));
        assert_eq!(throttle.admit(&attempt("bob"), at(3)), Ok(()));
    }

    #[test]
    fn the_wait_is_bounded_and_success_or_time_forgets() {
        let throttle = Throttle::default();
        let ada = attempt("ada");
        let mut now = 0;
        for _ in 0..40 {
            while throttle.admit(&ada, at(now)).is_err() {
                now += 1;
            }
        }
        let wait = throttle.admit(&ada, at(now)).unwrap_err();
        assert_eq!(i64::from(wait), LONGEST_WAIT + 1);
        throttle.succeeded(&ada);
        assert_eq!(throttle.admit(&ada, at(now)), Ok(()));
        for _ in 0..5 {
            assert_eq!(throttle.admit(&ada, at(now)), Ok(()));
        }
        assert!(throttle.admit(&ada, at(now)).is_err());
        assert_eq!(throttle.admit(&ada, at(now + FORGOTTEN_AFTER + 1)), Ok(()));
    }

    #[test]
    fn a_stranger_cannot_fill_the_memory() {
        let throttle = Throttle::default();
        for n in 0..REMEMBERED + 500 {
            assert_eq!(
                throttle.admit(&attempt(&n.to_string()), at(n as i64 / 100)),
                Ok(())
            );
        }
        assert!(throttle.failures.lock().unwrap().len() <= REMEMBERED);
    }
}
