//! Promotions: how they are defined, what they gave, and to whom they would give.

use super::error::{AppError, Refusal};
use super::form::{Reader, Typed};
use super::lineage::AccountRef;
use crate::domain::credit::DEFAULT_PRIORITY;
use crate::domain::ids::{
    CreditGrantId, InvoiceId, PaymentId, PromotionGrantId, PromotionId, PromotionRunId,
};
use crate::domain::ledger::coded;
use crate::domain::money::{Currency, Money};
use crate::domain::promotion::{
    Audience, Gives, LapseRule, NotGiven, Offer, PromotionKind, PromotionState, Stacking,
    TermsRefusal, check_terms,
};
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Days after which credit may lapse at the latest: as far as dates go.
const MOST_DAYS: u32 = 36_500;
/// A document of any amount will do.
const NO_MINIMUM: i64 = 0;
/// Tags or customers one promotion names at most.
const MOST_NAMED: usize = 1_000;

/// A promotion as typed. Amounts are plain texts in `currency`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NewPromotion {
    /// Id of the draft to be changed, every field anew; empty for a new one.
    pub promotion: String,
    /// The version of it the person saw; empty for whoever did not look.
    pub seen: String,
    /// What customers and staff enter: letters, digits and hyphens; large and small letters are the same.
    pub code: String,
    pub name_en: String,
    /// Empty takes the English name.
    pub name_de: String,
    /// A code of `PromotionKind`.
    pub kind: String,
    pub currency: String,
    /// For kinds that give an amount.
    pub amount: String,
    /// For kinds that give a share.
    pub percent: String,
    /// Empty means today.
    pub starts_on: String,
    /// Empty: until it is ended.
    pub ends_on: String,
    /// A code of `Audience`; empty means all.
    pub audience: String,
    /// Tags, separated by commas or lines.
    pub tags: String,
    /// Customer numbers, separated by commas or lines.
    pub customers: String,
    pub budget: String,
    pub cap: String,
    pub minimum: String,
    /// A code of `Stacking`; empty means combinable.
    pub stacking: String,
    pub priority: String,
    pub lapse_days: String,
    pub lapses_on: String,
    pub idempotency_key: String,
}

impl Typed for NewPromotion {
    fn number_texts(&mut self) -> Vec<&mut String> {
        vec![
            &mut self.amount,
            &mut self.percent,
            &mut self.budget,
            &mut self.cap,
            &mut self.minimum,
        ]
    }
}

/// A promotion whose every field could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadPromotion {
    pub code: String,
    pub name_en: String,
    pub name_de: String,
    /// As it would be once active.
    pub offer: Offer,
    pub audience: Audience,
    pub tags: Vec<String>,
    /// Customer numbers.
    pub customers: Vec<String>,
    pub priority: i32,
}

impl NewPromotion {
    /// Reads every field; refuses terms under which nothing could be given.
    pub fn parse(&self, today: NaiveDate) -> Result<ReadPromotion, AppError> {
        let mut reader = Reader::default();
        let code = read_code(&mut reader, &self.code);
        let name_en = reader.required("name_en", &self.name_en, 100);
        let name_de = match reader.text("name_de", &self.name_de, 100) {
            name if name.is_empty() => name_en.clone(),
            name => name,
        };
        let audience = reader.choice(
            "audience",
            &self.audience,
            Audience::from_code,
            Some(Audience::All),
        );
        let tags = self.named(&mut reader, audience, Audience::Tags);
        let customers = self.named(&mut reader, audience, Audience::Customers);
        let priority = self.read_priority(&mut reader);
        let offer = self.read_offer(&mut reader, today);
        if let Some(offer) = &offer
            && let Err(refusal) = check_terms(offer)
        {
            refuse_terms(&mut reader, refusal);
        }
        let read = (|| {
            Some(ReadPromotion {
                code,
                name_en,
                name_de,
                offer: offer?,
                audience: audience?,
                tags,
                customers,
                priority: priority?,
            })
        })();
        reader.finish(read)
    }

    fn read_offer(&self, reader: &mut Reader, today: NaiveDate) -> Option<Offer> {
        let kind = reader.choice("kind", &self.kind, PromotionKind::from_code, None);
        let currency = reader.currency("currency", &self.currency);
        let starts_on = match self.starts_on.trim() {
            "" => Some(today),
            text => reader.date("starts_on", text),
        };
        let ends_on = optional(&self.ends_on, |text| future_date(reader, "ends_on", text));
        let stacking = reader.choice(
            "stacking",
            &self.stacking,
            Stacking::from_code,
            Some(Stacking::Combinable),
        );
        let lapse = self.read_lapse(reader);
        let gives = self.read_gives(reader, kind?, currency?);
        let bound = |reader: &mut Reader, field, text: &str| {
            optional(text, |text| positive(reader, field, text, currency?))
        };
        let budget = bound(reader, "budget", &self.budget);
        let cap = bound(reader, "cap", &self.cap);
        let minimum = bound(reader, "minimum", &self.minimum);
        Some(Offer {
            state: PromotionState::Active,
            kind: kind?,
            gives: gives?,
            currency: currency?,
            starts_on: starts_on?,
            ends_on: ends_on?,
            budget_minor: budget?,
            cap_minor: cap?,
            minimum_minor: minimum?.unwrap_or(NO_MINIMUM),
            stacking: stacking?,
            lapse: lapse?,
        })
    }

    fn read_gives(
        &self,
        reader: &mut Reader,
        kind: PromotionKind,
        currency: Currency,
    ) -> Option<Gives> {
        if kind.is_percentage() {
            let percent = self.percent.trim().trim_end_matches('%').trim_end();
            return reader.decimal("percent", percent).map(Gives::Percent);
        }
        let amount = reader.amount("amount", &self.amount, currency)?;
        Some(Gives::Amount(amount.minor))
    }

    fn read_lapse(&self, reader: &mut Reader) -> Option<LapseRule> {
        match (self.lapse_days.trim(), self.lapses_on.trim()) {
            ("", "") => Some(LapseRule::ByPolicy),
            ("", date) => future_date(reader, "lapses_on", date).map(LapseRule::On),
            (days, "") => reader
                .whole_number("lapse_days", days, MOST_DAYS)
                .map(LapseRule::AfterDays),
            _ => {
                reader.refuse("lapses_on", Refusal::LapseGivenTwice);
                None
            }
        }
    }

    fn read_priority(&self, reader: &mut Reader) -> Option<i32> {
        match self.priority.trim() {
            "" => Some(DEFAULT_PRIORITY),
            text => {
                let number = reader.whole_number("priority", text, 1_000_000)?;
                i32::try_from(number).ok()
            }
        }
    }

    /// The tags or customers it is for, each once, where it is for those.
    fn named(
        &self,
        reader: &mut Reader,
        audience: Option<Audience>,
        wanted: Audience,
    ) -> Vec<String> {
        let (field, text) = match wanted {
            Audience::Tags => ("tags", &self.tags),
            _ => ("customers", &self.customers),
        };
        if audience != Some(wanted) {
            return Vec::new();
        }
        let names: BTreeSet<String> = text
            .split([',', ';', '\n', '\r'])
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect();
        if names.is_empty() {
            reader.refuse(field, Refusal::Required);
        }
        if names.len() > MOST_NAMED {
            let max = u32::try_from(MOST_NAMED).unwrap_or(u32::MAX);
            reader.refuse(field, Refusal::TooMany { max });
        }
        names.into_iter().collect()
    }
}

/// `None` is a refusal, `Some(None)` an empty field.
fn optional<T>(text: &str, read: impl FnOnce(&str) -> Option<T>) -> Option<Option<T>> {
    match text.trim() {
        "" => Some(None),
        text => read(text).map(Some),
    }
}

fn positive(reader: &mut Reader, field: &str, text: &str, currency: Currency) -> Option<i64> {
    let amount = reader.amount(field, text, currency)?;
    if amount.minor <= 0 {
        reader.refuse(field, Refusal::AmountNotPositive);
        return None;
    }
    Some(amount.minor)
}

fn future_date(reader: &mut Reader, field: &str, text: &str) -> Option<NaiveDate> {
    let date = reader.date(field, text)?;
    match crate::domain::dates::check_future(date) {
        Ok(date) => Some(date),
        Err(refusal) => {
            reader.refuse(field, refusal.into());
            None
        }
    }
}

/// A code as it is stored: large letters, no space around it.
pub fn plain_code(text: &str) -> String {
    text.trim().to_uppercase()
}

fn read_code(reader: &mut Reader, text: &str) -> String {
    let code = plain_code(&reader.required("code", text, 40));
    let fits = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-';
    if !code.chars().all(fits) {
        reader.refuse("code", Refusal::UnusableNumber);
    }
    code
}

fn refuse_terms(reader: &mut Reader, refusal: TermsRefusal) {
    let (field, refusal) = match refusal {
        TermsRefusal::EndsBeforeStart { first } => ("ends_on", Refusal::DateTooEarly { first }),
        TermsRefusal::LapsesBeforeEnd { first } => ("lapses_on", Refusal::DateTooEarly { first }),
        TermsRefusal::AmountNotPositive => ("amount", Refusal::AmountNotPositive),
        TermsRefusal::PercentOutOfRange => ("percent", Refusal::PercentOutOfRange),
        TermsRefusal::BudgetBelowGrant { amount } => {
            ("budget", Refusal::BelowOneGrant { least: amount })
        }
        TermsRefusal::CapBelowGrant { amount } => ("cap", Refusal::BelowOneGrant { least: amount }),
    };
    reader.refuse(field, refusal);
}

/// Why a promotion gives nothing, as a refusal of the act.
pub fn not_given(reason: NotGiven, currency: Currency) -> Refusal {
    let money = |minor| Money::new(minor, currency);
    match reason {
        NotGiven::NotInAudience => Refusal::NotInAudience,
        NotGiven::NotActive => Refusal::PromotionNotActive,
        NotGiven::NotYet { starts_on } => Refusal::PromotionNotYet { starts_on },
        NotGiven::Over { ended_on } => Refusal::PromotionOver { ended_on },
        NotGiven::OtherCurrency { expected } => Refusal::PromotionInOtherCurrency { expected },
        NotGiven::OtherBasis { .. } => Refusal::PromotionNeedsOtherDocument,
        NotGiven::BelowMinimum { minimum_minor } => Refusal::BelowMinimum {
            minimum: money(minimum_minor),
        },
        NotGiven::AlreadyGiven => Refusal::PromotionAlreadyGiven,
        NotGiven::NotCombinable => Refusal::PromotionNotCombinable,
        NotGiven::NothingToGive => Refusal::PromotionGivesNothing,
        NotGiven::CapReached { left_minor } => Refusal::PromotionCapReached {
            left: money(left_minor),
        },
        NotGiven::BudgetSpent { left_minor } => Refusal::PromotionBudgetSpent {
            left: money(left_minor),
        },
        NotGiven::OutOfRange => Refusal::AmountOutOfRange,
    }
}

/// Activate, pause or end. Ending takes a reason.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PromotionMove {
    pub promotion: String,
    /// A code of `PromotionAct`.
    pub act: String,
    pub reason: String,
}

/// Gives to one account, for a document where the promotion needs one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NewPromotionGrant {
    pub promotion: String,
    /// Number of the receivable account.
    pub account: String,
    /// Id of the invoice or payment, where the promotion needs one.
    pub document: String,
    /// Empty means today.
    pub granted_on: String,
    pub reason: String,
    pub idempotency_key: String,
}

/// A code entered for an account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CodeEntry {
    /// Number of the receivable account.
    pub account: String,
    pub code: String,
    pub idempotency_key: String,
}

/// The answer that a repeated request gets again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedPromotionGrant {
    pub promotion_grant: PromotionGrantId,
    pub promotion: PromotionId,
    pub grant: CreditGrantId,
    pub account: String,
    pub amount: Money,
    pub expires_on: Option<NaiveDate>,
}

/// Takes back what is left of a grant of a promotion. A reason is needed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PromotionRevocation {
    pub promotion_grant: String,
    pub reason: String,
    pub idempotency_key: String,
}

/// A run over the audience.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NewPromotionRun {
    pub promotion: String,
    pub idempotency_key: String,
}

/// Goes on with a run that stopped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PromotionRunResumption {
    pub run: String,
}

coded! {
    PromotionRunState {
        Running = "running",
        Done = "done",
        /// The budget does not hold the next grant: it ended there.
        BudgetSpent = "budget_spent",
        /// The promotion was paused or ended under way.
        Stopped = "stopped",
    }
}

coded! {
    /// How a grant of a promotion came about.
    GrantWay {
        Staff = "staff",
        Code = "code",
        Run = "run",
        TopUp = "top_up",
    }
}

/// The terms of a promotion as pages and the API show them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromotionRow {
    pub promotion: PromotionId,
    pub code: String,
    pub name_en: String,
    pub name_de: String,
    pub kind: PromotionKind,
    pub state: PromotionState,
    pub currency: Currency,
    pub amount: Option<Money>,
    pub percent: Option<Decimal>,
    pub starts_on: NaiveDate,
    pub ends_on: Option<NaiveDate>,
    pub audience: Audience,
    pub budget: Option<Money>,
    pub cap: Option<Money>,
    pub minimum: Money,
    pub stacking: Stacking,
    pub priority: i32,
    pub lapse_days: Option<u32>,
    pub lapses_on: Option<NaiveDate>,
    /// Given less revoked.
    pub given: Money,
    /// Grants that stand.
    pub grants: i64,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub created_by: String,
}

impl PromotionRow {
    /// The name in a language; English where there is no other.
    pub fn name(&self, language: &str) -> String {
        localised(language, &self.name_en, &self.name_de)
    }

    pub fn lapse(&self) -> LapseRule {
        match (self.lapse_days, self.lapses_on) {
            (Some(days), _) => LapseRule::AfterDays(days),
            (None, Some(date)) => LapseRule::On(date),
            (None, None) => LapseRule::ByPolicy,
        }
    }
}

/// One of two names.
pub fn localised(language: &str, en: &str, de: &str) -> String {
    match language {
        "de" => de.to_owned(),
        _ => en.to_owned(),
    }
}

/// What a promotion cost and brought, each figure in its currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromotionResult {
    pub granted: Money,
    pub revoked: Money,
    pub used: Money,
    pub lapsed: Money,
    /// Transferred, written off or adjusted by staff.
    pub otherwise: Money,
    pub left: Money,
    pub grants: i64,
    pub customers: i64,
    /// Total of the invoices its credit paid, whole or in part.
    pub invoices_total: Money,
    pub invoices: i64,
    /// Total of the documents it gave for.
    pub basis_total: Money,
}

/// A promotion with whom it is for and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromotionDetail {
    pub row: PromotionRow,
    pub tags: Vec<String>,
    /// Customer number and name.
    pub customers: Vec<(String, String)>,
    pub result: PromotionResult,
    pub runs: Vec<PromotionRunRow>,
}

/// A grant run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromotionRunRow {
    pub run: PromotionRunId,
    pub promotion: PromotionId,
    pub code: String,
    pub state: PromotionRunState,
    pub granted_on: NaiveDate,
    pub grants: i64,
    pub total: Money,
    pub refused: i64,
    /// Accounts of the audience, and those the run is past.
    pub accounts: i64,
    pub done: i64,
    pub created_at: DateTime<Utc>,
    pub created_by: String,
    pub finished_at: Option<DateTime<Utc>>,
}

/// A run with who got nothing and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromotionRunDetail {
    pub row: PromotionRunRow,
    /// Account number and the code of the refusal; the first so many.
    pub refusals: Vec<(String, String)>,
}

/// One documented deduction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromotionGrantRow {
    pub promotion_grant: PromotionGrantId,
    pub promotion: PromotionId,
    pub code: String,
    pub on: AccountRef,
    pub grant: CreditGrantId,
    pub grant_number: i64,
    pub amount: Money,
    pub revoked: Money,
    pub used: Money,
    pub left: Money,
    pub expires_on: Option<NaiveDate>,
    pub granted_on: NaiveDate,
    pub way: GrantWay,
    pub basis: Option<GrantBasis>,
    pub recorded_at: DateTime<Utc>,
    pub recorded_by: String,
}

/// The document a promotion gave for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum GrantBasis {
    Invoice {
        invoice: InvoiceId,
        number: String,
        amount: Money,
    },
    Payment {
        payment: PaymentId,
        number: i64,
        amount: Money,
    },
}

/// An invoice that credit of a promotion paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaidInvoice {
    pub invoice: InvoiceId,
    pub number: String,
    pub on: AccountRef,
    pub issued_on: NaiveDate,
    pub total: Money,
    pub paid_by_promotion: Money,
}

/// Who would get what, were the run made now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromotionSimulation {
    /// Accounts looked at.
    pub accounts: i64,
    /// Grants there would be.
    pub grants: i64,
    pub total: Money,
    pub budget_left: Option<Money>,
    /// The budget would end the run before everyone was asked.
    pub stops_at_budget: bool,
    /// The first so many that would get something.
    pub shown: Vec<SimulatedGrant>,
    /// How many would get nothing, per code of the refusal.
    pub refusals: Vec<(String, i64)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SimulatedGrant {
    pub on: AccountRef,
    pub basis: Option<String>,
    pub amount: Money,
    pub expires_on: Option<NaiveDate>,
}

/// Filters of the list of promotions; all of them stand in the URL.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PromotionFilter {
    pub search: String,
    /// A code of `PromotionState`; empty for all.
    pub state: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dto::error::FieldRefusal;
    use rstest::rstest;

    fn today() -> NaiveDate {
        "2026-06-15".parse().unwrap()
    }

    fn typed() -> NewPromotion {
        NewPromotion {
            code: " welcome-20 ".to_owned(),
            name_en: "Welcome".to_owned(),
            kind: "fixed_credit".to_owned(),
            currency: "EUR".to_owned(),
            amount: "20.00".to_owned(),
            ..Default::default()
        }
    }

    #[test]
    fn what_is_left_empty_has_its_default() {
        let read = typed().parse(today()).unwrap();
        assert_eq!(read.code, "WELCOME-20");
        assert_eq!(read.name_de, "Welcome");
        assert_eq!(read.offer.starts_on, today());
        assert_eq!((read.offer.ends_on, read.offer.budget_minor), (None, None));
        assert_eq!(read.offer.lapse, LapseRule::ByPolicy);
        assert_eq!(read.priority, DEFAULT_PRIORITY);
    }

    #[rstest]
    #[case(NewPromotion { code: "20 %".to_owned(), ..typed() }, "code", Refusal::UnusableNumber)]
    #[case(NewPromotion { amount: "20.001".to_owned(), ..typed() }, "amount", Refusal::TooManyDecimals { max: 2 })]
    #[case(NewPromotion { amount: "-1".to_owned(), ..typed() }, "amount", Refusal::AmountNotPositive)]
    #[case(NewPromotion { kind: "top_up_percentage".to_owned(), ..typed() }, "percent", Refusal::Required)]
    #[case(NewPromotion { kind: "top_up_percentage".to_owned(), percent: "101".to_owned(), ..typed() }, "percent", Refusal::PercentOutOfRange)]
    #[case(NewPromotion { audience: "tags".to_owned(), tags: " , ".to_owned(), ..typed() }, "tags", Refusal::Required)]
    #[case(NewPromotion { lapse_days: "30".to_owned(), lapses_on: "2027-01-01".to_owned(), ..typed() }, "lapses_on", Refusal::LapseGivenTwice)]
    #[case(NewPromotion { ends_on: "2026-06-14".to_owned(), ..typed() }, "ends_on", Refusal::DateTooEarly { first: today() })]
    #[case(NewPromotion { lapses_on: "2200-01-01".to_owned(), ..typed() }, "lapses_on",
        Refusal::DateTooLate { last: "2199-12-31".parse().unwrap() })]
    #[case(NewPromotion { budget: "19.99".to_owned(), ..typed() }, "budget",
        Refusal::BelowOneGrant { least: Money::new(20_00, Currency::EUR) })]
    #[case(NewPromotion { cap: "0".to_owned(), ..typed() }, "cap", Refusal::AmountNotPositive)]
    fn a_definition_is_refused_at_its_field(
        #[case] typed: NewPromotion,
        #[case] field: &str,
        #[case] refusal: Refusal,
    ) {
        let expected = FieldRefusal {
            field: Some(field.to_owned()),
            refusal,
        };
        assert_eq!(
            typed.parse(today()).unwrap_err(),
            AppError::Refused(vec![expected])
        );
    }
}
