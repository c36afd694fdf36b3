//! Expiry: policies and their simulation, changed lapse dates, what the daily job did.

use super::error::{AppError, Refusal};
use super::form::Reader;
use super::lineage::AccountRef;
use crate::domain::credit::CreditClass;
use crate::domain::expiry::{
    DEFAULT_NOTICE_LEADS, ExpiryCounting, ExpiryRule, LONGEST_DAYS, LONGEST_MONTHS,
};
use crate::domain::ids::{CreditGrantId, ExpiryPolicyId};
use crate::domain::money::{Currency, Money};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// What a run of the daily job did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpirySummary {
    /// Everything that has lapsed by this day is posted.
    pub through: NaiveDate,
    /// Grants of which something lapsed.
    pub grants: u64,
    /// What lapsed, one amount per currency.
    pub totals: Vec<Money>,
    /// Ids of receivable accounts on which it did not work; the next run tries again.
    pub failed_accounts: Vec<String>,
}

/// A grant's lapse date to be extended or hastened.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GrantExtension {
    pub grant: String,
    /// The new last usable day; empty: it never lapses.
    pub expires_on: String,
    pub reason: String,
}

/// One change of a grant's lapse date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpiryChanged {
    pub changed_on: NaiveDate,
    pub before_on: Option<NaiveDate>,
    pub after_on: Option<NaiveDate>,
    /// For staff only; empty in the portal.
    pub reason: String,
    pub recorded_by: String,
    pub recorded_at: DateTime<Utc>,
}

/// An expiry policy, or its next version, as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NewExpiryPolicy {
    /// A code of `CreditClass`.
    pub class: String,
    /// Only customers with this tag; empty for all.
    pub tag: String,
    /// Only accounts in this currency; empty for all.
    pub currency: String,
    /// A code of `ExpiryCounting`.
    pub counting: String,
    /// Days or months.
    pub length: String,
    /// Empty means none.
    pub minimum_life_days: String,
    /// Days before the last usable day, separated by commas or spaces; empty takes the default, `-` means none.
    pub notice_leads: String,
    /// Empty means today.
    pub in_force_from: String,
    pub reason: String,
}

/// A policy whose every field could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadExpiryPolicy {
    pub class: CreditClass,
    pub tag: String,
    pub currency: Option<Currency>,
    pub rule: ExpiryRule,
    /// Longest first.
    pub leads: Vec<u32>,
    pub in_force_from: NaiveDate,
    pub reason: String,
}

/// Leads of one policy at most.
const MOST_LEADS: u32 = 20;

impl NewExpiryPolicy {
    pub fn parse(&self, today: NaiveDate) -> Result<ReadExpiryPolicy, AppError> {
        let mut reader = Reader::default();
        let class = reader.choice("class", &self.class, CreditClass::from_code, None);
        let tag = reader.text("tag", &self.tag, 100);
        let currency = match self.currency.trim() {
            "" => Some(None),
            code => reader.currency("currency", code).map(Some),
        };
        let rule = self.read_rule(&mut reader);
        let leads = self.read_leads(&mut reader);
        let in_force_from = match self.in_force_from.trim() {
            "" => Some(today),
            text => reader.date("in_force_from", text),
        };
        let reason = reader.text("reason", &self.reason, 2_000);
        let read = (|| {
            Some(ReadExpiryPolicy {
                class: class?,
                tag,
                currency: currency?,
                rule: rule?,
                leads: leads?,
                in_force_from: in_force_from?,
                reason,
            })
        })();
        reader.finish(read)
    }

    fn read_rule(&self, reader: &mut Reader) -> Option<ExpiryRule> {
        let counting = reader.choice(
            "counting",
            &self.counting,
            ExpiryCounting::from_code,
            Some(ExpiryCounting::Days),
        );
        let most = match counting {
            Some(ExpiryCounting::EndOfMonth) => LONGEST_MONTHS,
            _ => LONGEST_DAYS,
        };
        let length = match (counting, self.length.trim()) {
            (Some(ExpiryCounting::Never), _) => Some(0),
            (_, "") => {
                reader.refuse("length", Refusal::Required);
                None
            }
            (_, text) => reader.whole_number("length", text, most),
        };
        let minimum = match self.minimum_life_days.trim() {
            "" => Some(0),
            text => reader.whole_number("minimum_life_days", text, LONGEST_DAYS),
        };
        Some(ExpiryRule {
            counting: counting?,
            length: length?,
            minimum_life_days: minimum?,
        })
    }

    fn read_leads(&self, reader: &mut Reader) -> Option<Vec<u32>> {
        let text = self.notice_leads.trim();
        if text.is_empty() {
            return Some(DEFAULT_NOTICE_LEADS.to_vec());
        }
        if text == "-" {
            return Some(Vec::new());
        }
        let mut leads = Vec::new();
        let separated = text.split(|c: char| c == ',' || c.is_whitespace());
        for lead in separated.filter(|lead| !lead.is_empty()) {
            leads.push(reader.whole_number("notice_leads", lead, LONGEST_DAYS)?);
        }
        leads.sort_unstable_by(|a, b| b.cmp(a));
        leads.dedup();
        if leads.len() > MOST_LEADS as usize {
            reader.refuse("notice_leads", Refusal::TooMany { max: MOST_LEADS });
        }
        Some(leads)
    }
}

/// A policy as it is now, with all its versions, the latest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpiryPolicyRow {
    pub policy: ExpiryPolicyId,
    pub class: CreditClass,
    pub tag: String,
    pub currency: Option<Currency>,
    pub versions: Vec<ExpiryPolicyVersionRow>,
}

impl ExpiryPolicyRow {
    /// The version in force on `day`, if one is yet.
    pub fn in_force(&self, day: NaiveDate) -> Option<&ExpiryPolicyVersionRow> {
        self.versions
            .iter()
            .find(|version| version.in_force_from <= day)
    }
}

/// One version of a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpiryPolicyVersionRow {
    pub version: i32,
    pub in_force_from: NaiveDate,
    pub counting: ExpiryCounting,
    pub length: u32,
    pub minimum_life_days: u32,
    /// Longest first.
    pub notice_leads: Vec<u32>,
    pub reason: String,
    pub recorded_by: String,
    pub recorded_at: DateTime<Utc>,
    /// Grants born under it.
    pub grants: u64,
}

/// What would lapse if a policy were in force.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ExpirySimulation {
    /// The policy that is tried; leads, first day and reason say nothing here.
    pub policy: NewExpiryPolicy,
    /// What would have lapsed by this day; empty means today.
    pub through: String,
}

/// What a simulation found: nothing is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpirySimulated {
    pub through: NaiveDate,
    /// Grants that would lapse, and how much of them, one amount per currency.
    pub grants: u64,
    pub totals: Vec<Money>,
    /// Grants of the class, tag and currency with something left that has not lapsed.
    pub of_grants: u64,
    /// The first of those that would lapse, oldest first.
    pub listed: Vec<SimulatedLapse>,
}

/// A grant that would lapse under a policy that is tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SimulatedLapse {
    pub grant: CreditGrantId,
    pub number: i64,
    pub on: AccountRef,
    pub class: CreditClass,
    /// What would lapse: what is left without what requests have set aside.
    pub amount: Money,
    pub effective_on: NaiveDate,
    /// The last usable day it has now, and the one it would have had.
    pub expires_on: Option<NaiveDate>,
    pub would_expire_on: NaiveDate,
}

/// A notice that is due: this customer is to hear that this grant is about to lapse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DueNotice {
    pub grant: CreditGrantId,
    pub number: i64,
    pub on: AccountRef,
    pub class: CreditClass,
    pub remaining: Money,
    pub expires_on: NaiveDate,
    /// Days before the last usable day; with the grant the key of the notice.
    pub lead_days: u32,
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn policy() -> NewExpiryPolicy {
        NewExpiryPolicy {
            class: "promotion".to_owned(),
            counting: "days".to_owned(),
            length: "180".to_owned(),
            ..NewExpiryPolicy::default()
        }
    }

    fn today() -> NaiveDate {
        "2026-06-15".parse().unwrap()
    }

    #[test]
    fn a_policy_needs_little() {
        let read = policy().parse(today()).unwrap();
        assert_eq!((read.rule.length, read.rule.minimum_life_days), (180, 0));
        assert_eq!(read.leads, [30, 7, 1]);
        assert_eq!((read.in_force_from, read.currency), (today(), None));
    }

    #[rstest]
    #[case("1, 7 30,7", &[30, 7, 1])]
    #[case("-", &[])]
    #[case("0", &[0])]
    fn leads_are_read_as_people_write_them(#[case] typed: &str, #[case] expected: &[u32]) {
        let policy = NewExpiryPolicy {
            notice_leads: typed.to_owned(),
            ..policy()
        };
        assert_eq!(policy.parse(today()).unwrap().leads, expected);
    }

    #[rstest]
    #[case(NewExpiryPolicy { class: "cash".to_owned(), ..policy() }, "class")]
    #[case(NewExpiryPolicy { length: String::new(), ..policy() }, "length")]
    #[case(NewExpiryPolicy { length: "36501".to_owned(), ..policy() }, "length")]
    #[case(NewExpiryPolicy { counting: "end_of_month".to_owned(), length: "1201".to_owned(), ..policy() }, "length")]
    #[case(NewExpiryPolicy { currency: "XXX1".to_owned(), ..policy() }, "currency")]
    #[case(NewExpiryPolicy { notice_leads: "soon".to_owned(), ..policy() }, "notice_leads")]
    fn what_cannot_be_read_is_refused_at_its_field(
        #[case] policy: NewExpiryPolicy,
        #[case] field: &str,
    ) {
        let AppError::Refused(refusals) = policy.parse(today()).unwrap_err() else {
            panic!("refused");
        };
        assert_eq!(refusals[0].field.as_deref(), Some(field));
    }
}
