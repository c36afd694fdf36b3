//! What a payment would do, in finished texts: worked out by the same rules on the server and, while a person types,
//! in the browser. The server decides when the form is sent.

use crate::domain::allocation::OpenItem;
use crate::domain::credit::CreditClass;
use crate::domain::expiry::ExpiryRule;
use crate::domain::money::{Currency, Money, sum_minor};
use crate::domain::payment::{SurplusChoice, plan};
use crate::dto::error::{AppError, FieldRefusal, Refusal};
use crate::dto::form::Typed;
use crate::dto::payments::{NewPayment, PaymentPreview};
use crate::web::ui::format;
use crate::web::ui::text::{Locale, from_tag};
use serde::{Deserialize, Serialize};

/// Everything a preview stands on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeBasis {
    pub currency: Currency,
    pub surplus_default: SurplusChoice,
    pub tolerance: Money,
    pub due: Money,
    pub credit: Money,
    /// What the expiry policies say of credit the payment leaves, as overpayment and as prepayment.
    pub overpayment_rule: Option<ExpiryRule>,
    pub prepayment_rule: Option<ExpiryRule>,
    /// The invoice of each row of the form; `None` where it is no longer open.
    pub rows: Vec<Option<OpenItem>>,
    pub words: OutcomeWords,
}

/// The reader's words, with `{amount}` and its like where a figure goes in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeWords {
    /// Tag of the reader's language.
    pub language: String,
    pub title: String,
    pub heads: [String; 4],
    pub nothing_typed: String,
    pub applied_so_far: String,
    pub overpayment: String,
    pub prepayment: String,
    pub lapses: String,
    pub never_lapses: String,
    pub fee: String,
    pub exact: String,
    pub due: String,
    pub credit: String,
    pub spread: String,
    /// Code of a refusal and its sentence.
    pub refusals: Vec<(String, String)>,
}

impl OutcomeWords {
    fn locale(&self) -> Locale {
        from_tag(&self.language).unwrap_or(Locale::en)
    }

    pub fn decimal_comma(&self) -> bool {
        self.locale() == Locale::de
    }

    fn money(&self, money: Money) -> String {
        format::money_in(self.locale(), money)
    }
}

/// What is shown of a preview.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Invoice, open, paid, remains.
    pub rows: Vec<[String; 4]>,
    pub sentences: Vec<String>,
    pub refusals: Vec<String>,
}

/// What the payment would do as it is typed now.
pub fn outcome(payment: NewPayment, basis: &OutcomeBasis) -> Outcome {
    let payment = payment.plain(basis.words.decimal_comma());
    if payment.amount.amount.is_empty() {
        return not_yet(&payment, basis);
    }
    match preview(&payment, basis) {
        Ok(preview) => told(&preview, basis),
        Err(error) => Outcome {
            refusals: sentences(&error, basis),
            ..Outcome::default()
        },
    }
}

fn preview(payment: &NewPayment, basis: &OutcomeBasis) -> Result<PaymentPreview, AppError> {
    let items: Vec<OpenItem> = basis.rows.iter().flatten().cloned().collect();
    let read = payment.parse(basis.currency, basis.surplus_default, basis.tolerance.minor)?;
    let plan =
        plan(&read.terms, &items).map_err(|refusal| payment.refusal(refusal, basis.currency))?;
    let rule = match plan.credit_class {
        CreditClass::Prepayment => basis.prepayment_rule,
        _ => basis.overpayment_rule,
    };
    let by_policy = || rule.and_then(|rule| rule.last_usable_day(read.received_on));
    Ok(PaymentPreview {
        expires_on: read.credit.expires_on.or_else(by_policy),
        ..PaymentPreview::of(&plan, &items, basis.currency)
    })
}

/// The amount received is still to be typed.
fn not_yet(payment: &NewPayment, basis: &OutcomeBasis) -> Outcome {
    let words = &basis.words;
    let amounts = payment.applications.iter().filter_map(|slice| {
        let money = Money::parse(&slice.amount, basis.currency).ok()?;
        Some(money.minor)
    });
    let mut sentences = vec![words.nothing_typed.clone()];
    if let Ok(applied) = sum_minor(amounts)
        && applied > 0
    {
        let applied = words.money(Money::new(applied, basis.currency));
        sentences.push(words.applied_so_far.replace("{amount}", &applied));
    }
    Outcome {
        sentences,
        ..Outcome::default()
    }
}

/// A preview in the reader's words.
pub fn told(preview: &PaymentPreview, basis: &OutcomeBasis) -> Outcome {
    let words = &basis.words;
    let rows = preview.slices.iter().map(|slice| {
        [
            slice.number.clone(),
            words.money(slice.open),
            words.money(slice.paid),
            words.money(slice.remains),
        ]
    });
    let mut sentences = Vec::new();
    if !preview.credit.is_zero() {
        let template = match preview.class {
            CreditClass::Prepayment => &words.prepayment,
            _ => &words.overpayment,
        };
        let amount = words.money(preview.credit);
        let lapses = match preview.expires_on {
            Some(last) => words
                .lapses
                .replace("{date}", &format::date_in(words.locale(), last)),
            None => words.never_lapses.clone(),
        };
        sentences.push(format!(
            "{} {lapses}",
            template.replace("{amount}", &amount)
        ));
    }
    if !preview.fee.is_zero() {
        sentences.push(words.fee.replace("{amount}", &words.money(preview.fee)));
    }
    if sentences.is_empty() {
        sentences.push(words.exact.clone());
    }
    sentences.extend(balances(preview, basis));
    Outcome {
        rows: rows.collect(),
        sentences,
        refusals: Vec::new(),
    }
}

/// Amount due and credit of the account, before and after.
fn balances(preview: &PaymentPreview, basis: &OutcomeBasis) -> Vec<String> {
    let words = &basis.words;
    let mut due = basis.due;
    for slice in &preview.slices {
        due = due.minus(slice.paid).unwrap_or(due);
    }
    let credit = basis.credit.plus(preview.credit).unwrap_or(basis.credit);
    let change = |template: &str, before, after| {
        template
            .replace("{before}", &words.money(before))
            .replace("{after}", &words.money(after))
    };
    vec![
        change(&words.due, basis.due, due),
        change(&words.credit, basis.credit, credit),
    ]
}

fn sentences(error: &AppError, basis: &OutcomeBasis) -> Vec<String> {
    match error {
        AppError::Refused(refusals) => refusals
            .iter()
            .map(|refusal| sentence(refusal, basis))
            .collect(),
        _ => Vec::new(),
    }
}

/// A refusal in the reader's words, naming the invoice it is about.
fn sentence(refused: &FieldRefusal, basis: &OutcomeBasis) -> String {
    let words = &basis.words;
    let code = refused.refusal.code();
    let template = words.refusals.iter().find(|(known, _)| known == code);
    let mut text = template.map_or_else(|| code.to_owned(), |(_, text)| text.clone());
    if let Some(amount) = figure(&refused.refusal) {
        text = text.replace("{amount}", &words.money(amount));
    }
    if let Refusal::TooManyDecimals { max } = &refused.refusal {
        text = text.replace("{max}", &max.to_string());
    }
    match refused
        .field
        .as_deref()
        .and_then(|field| invoice(field, basis))
    {
        Some(number) => format!("{number}: {text}"),
        None => text,
    }
}

fn figure(refusal: &Refusal) -> Option<Money> {
    match refusal {
        Refusal::SurplusRefused { surplus } => Some(*surplus),
        other => other.max_amount(),
    }
}

/// Number of the invoice in the row a field belongs to: `applications.3.amount`.
fn invoice(field: &str, basis: &OutcomeBasis) -> Option<String> {
    let row = field.strip_prefix("applications.")?.split('.').next()?;
    let item = basis.rows.get(row.parse::<usize>().ok()?)?.as_ref()?;
    Some(item.number.clone())
}

/// What a payment of this amount would settle if the oldest invoices were paid first: an amount for each row, empty
/// where nothing is left for it.
pub fn spread(amount: &str, basis: &OutcomeBasis) -> Option<Vec<String>> {
    let plain = crate::domain::money::plain_decimal(amount, basis.words.decimal_comma());
    let mut left = Money::parse(&plain, basis.currency).ok()?.minor;
    let mut items: Vec<OpenItem> = basis.rows.iter().flatten().cloned().collect();
    crate::domain::allocation::sort_for_payment(&mut items);
    let mut amounts = vec![String::new(); basis.rows.len()];
    for item in items.iter().filter(|item| !item.disputed) {
        let paid = left.min(item.open_minor);
        let row = basis
            .rows
            .iter()
            .position(|row| row.as_ref().is_some_and(|row| row.invoice == item.invoice));
        if let Some(row) = row
            && paid > 0
        {
            let plain = Money::new(paid, basis.currency).plain();
            amounts[row] = match basis.words.decimal_comma() {
                true => plain.replace('.', ","),
                false => plain,
            };
            left -= paid;
        }
    }
    Some(amounts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::expiry::ExpiryCounting;
    use crate::domain::ids::InvoiceId;
    use crate::dto::form::AmountText;
    use crate::dto::payments::NewPaymentApplication;
    use uuid::Uuid;

    fn item(n: u128, open_minor: i64, due_on: &str) -> Option<OpenItem> {
        Some(OpenItem {
            invoice: InvoiceId(Uuid::from_u128(n)),
            number: format!("INV-{n}"),
            issued_on: "2026-01-01".parse().unwrap(),
            due_on: due_on.parse().unwrap(),
            open_minor,
            disputed: false,
        })
    }

    fn basis() -> OutcomeBasis {
        let text = |text: &str| text.to_owned();
        OutcomeBasis {
            currency: Currency::EUR,
            surplus_default: SurplusChoice::KeepAsCredit,
            tolerance: Money::new(100, Currency::EUR),
            due: Money::new(10_900, Currency::EUR),
            credit: Money::zero(Currency::EUR),
            overpayment_rule: None,
            prepayment_rule: Some(ExpiryRule {
                counting: ExpiryCounting::Days,
                length: 30,
                minimum_life_days: 0,
            }),
            rows: vec![item(1, 8_900, "2026-02-01"), item(2, 2_000, "2026-01-15")],
            words: OutcomeWords {
                language: text("en"),
                title: String::new(),
                heads: Default::default(),
                nothing_typed: text("type"),
                applied_so_far: text("so far {amount}"),
                overpayment: text("credit {amount}"),
                prepayment: text("prepaid {amount}"),
                lapses: text("until {date}"),
                never_lapses: text("for ever"),
                fee: text("fee {amount}"),
                exact: text("exact"),
                due: text("due {before} > {after}"),
                credit: text("held {before} > {after}"),
                spread: String::new(),
                refusals: vec![(text("amount_exceeds_open_balance"), text("only {amount}"))],
            },
        }
    }

    fn payment(amount: &str, first: &str) -> NewPayment {
        NewPayment {
            amount: AmountText {
                amount: amount.to_owned(),
                currency: "EUR".to_owned(),
            },
            received_on: "2026-01-20".to_owned(),
            applications: vec![NewPaymentApplication {
                invoice: Uuid::from_u128(1).to_string(),
                amount: first.to_owned(),
            }],
            ..NewPayment::default()
        }
    }

    #[test]
    fn the_whole_outcome_is_told_before_anything_is_saved() {
        let outcome = outcome(payment("95", "89.00"), &basis());
        assert_eq!(
            outcome.rows,
            [["INV-1", "€89.00", "€89.00", "€0.00"].map(str::to_owned)]
        );
        let told = [
            "credit €6.00 for ever",
            "due €109.00 > €20.00",
            "held €0.00 > €6.00",
        ];
        assert_eq!(outcome.sentences, told);
    }

    #[test]
    fn a_prepayment_lapses_as_typed_or_as_the_policy_says() {
        let prepaid = NewPayment {
            prepayment: "yes".to_owned(),
            ..payment("95", "89.00")
        };
        let by_policy = outcome(prepaid.clone(), &basis());
        assert_eq!(
            by_policy.sentences[0],
            "prepaid €6.00 until 19\u{a0}Feb\u{a0}2026"
        );
        let typed = NewPayment {
            expires_on: "2036-01-01".to_owned(),
            ..prepaid
        };
        let typed = outcome(typed, &basis());
        assert_eq!(
            typed.sentences[0],
            "prepaid €6.00 until 1\u{a0}Jan\u{a0}2036"
        );
    }

    #[test]
    fn a_refusal_names_its_invoice_and_the_most() {
        let outcome = outcome(payment("95", "89.01"), &basis());
        assert_eq!(outcome.refusals, ["INV-1: only €89.00"]);
    }

    #[test]
    fn amounts_are_read_as_the_reader_writes_them() {
        let mut basis = basis();
        basis.words.language = "de".to_owned();
        let outcome = outcome(payment("1.095,00", "89,00"), &basis);
        assert_eq!(outcome.sentences[0], "credit 1.006,00\u{a0}€ for ever");
    }

    #[test]
    fn without_an_amount_only_what_is_applied_so_far_is_told() {
        assert_eq!(
            outcome(payment("", "5"), &basis()).sentences,
            ["type", "so far €5.00"]
        );
    }

    #[test]
    fn spreading_pays_the_oldest_first() {
        assert_eq!(
            spread("25", &basis()),
            Some(vec!["5.00".to_owned(), "20.00".to_owned()])
        );
        assert_eq!(spread("x", &basis()), None);
    }
}
