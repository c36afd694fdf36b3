//! What stands in the cells of one document, read field by field; everything that is wrong is kept with its line.

use super::{Documents, MAX_ACCOUNT_NUMBER, Row};
use crate::domain::dates::{LAST_FUTURE_YEAR, last_of_month};
use crate::domain::money::{Currency, Money, parse_decimal, plain_decimal, round_to_minor};
use crate::dto::error::Refusal;
use crate::dto::imports::{ImportFinding, ImportProblem, first_date};
use crate::server::import::mapping::{ExtraDecimals, Field};
use chrono::NaiveDate;
use rust_decimal::Decimal;

/// Formats in which files of other systems write dates; to tell a date in another format from what is no date.
const KNOWN_FORMATS: &[&str] = &[
    "%Y-%m-%d", "%m/%d/%Y", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%Y%m%d", "%m/%d/%y", "%d/%m/%y",
];

/// `%m/%d/%Y` as people write it: `MM/DD/YYYY`.
fn shown_format(format: &str) -> String {
    [
        ("%Y", "YYYY"),
        ("%y", "YY"),
        ("%m", "MM"),
        ("%d", "DD"),
        ("%H", "hh"),
        ("%M", "mm"),
    ]
    .iter()
    .fold(format.to_owned(), |text, (code, shown)| {
        text.replace(code, shown)
    })
}

/// How much of what stands in a cell a finding repeats.
const GIVEN_CHARACTERS: usize = 80;

/// The lines of one document being read, and what is wrong with them.
pub(super) struct Scope<'d, 'a> {
    pub documents: &'d Documents<'a>,
    pub findings: Vec<ImportFinding>,
}

impl Scope<'_, '_> {
    pub(super) fn find(&mut self, row: &Row, field: Field, problem: ImportProblem) {
        let column = self.documents.columns.get(&field);
        let given = self.cell(row, field);
        self.findings.push(ImportFinding {
            line: row.line,
            field: column.map_or_else(|| field.code().to_owned(), |column| column.name.clone()),
            given: given.chars().take(GIVEN_CHARACTERS).collect(),
            problem,
        });
    }

    pub(super) fn refuse(&mut self, row: &Row, field: Field, refusal: Refusal) {
        self.find(row, field, ImportProblem::Refused(refusal));
    }

    pub(super) fn has(&self, field: Field) -> bool {
        self.documents.columns.contains_key(&field)
    }

    /// What stands in a column, without surrounding space; empty where the file has no such column.
    pub(super) fn cell<'r>(&self, row: &'r Row, field: Field) -> &'r str {
        let Some(column) = self.documents.columns.get(&field) else {
            return "";
        };
        let text = row.cells.get(column.index).unwrap_or_default().trim();
        if !self.documents.mapping.guarded_cells {
            return text;
        }
        match text.strip_prefix('\'') {
            Some(rest) if rest.starts_with(['=', '+', '-', '@']) => rest,
            _ => text,
        }
    }

    pub(super) fn is_left_out(&self, row: &Row) -> bool {
        let mut rules = self.documents.mapping.leave_out.iter();
        rules.any(|(field, values)| {
            let given = self.cell(row, *field);
            values.iter().any(|value| value == given)
        })
    }

    /// Whether the line has another number of cells than the header; says so.
    pub(super) fn is_uneven(&mut self, row: &Row) -> bool {
        let count = |cells: usize| u32::try_from(cells).unwrap_or(u32::MAX);
        let uneven = row.cells.len() != self.documents.width;
        if uneven {
            self.findings.push(ImportFinding {
                line: row.line,
                field: String::new(),
                given: String::new(),
                problem: ImportProblem::UnevenLine {
                    expected: count(self.documents.width),
                    found: count(row.cells.len()),
                },
            });
        }
        uneven
    }

    /// A text of at most `max` characters.
    pub(super) fn text(&mut self, row: &Row, field: Field, max: u32) -> String {
        let text = self.cell(row, field).to_owned();
        if text.chars().count() > max as usize {
            self.refuse(row, field, Refusal::TooLong { max });
        }
        text
    }

    pub(super) fn required(&mut self, row: &Row, field: Field, max: u32) -> String {
        let text = self.text(row, field, max);
        if text.is_empty() {
            self.refuse(row, field, Refusal::Required);
        }
        text
    }

    /// The number of an account or customer, which stands in addresses of pages.
    pub(super) fn account_number(&mut self, row: &Row, field: Field) -> String {
        let number = self.text(row, field, MAX_ACCOUNT_NUMBER);
        if number.chars().any(|c| c == '/' || c.is_control()) {
            self.refuse(row, field, Refusal::UnusableNumber);
        }
        number
    }

    /// The same on every line of the document, or said so.
    pub(super) fn same_on_all(&mut self, rows: &[Row], field: Field) {
        let first = self.cell(&rows[0], field).to_owned();
        for row in &rows[1..] {
            if self.cell(row, field) != first {
                let first = first.clone();
                self.find(row, field, ImportProblem::DiffersWithinDocument { first });
            }
        }
    }

    /// A date in the file's format, if there is one. `last` is the last that is accepted.
    fn date(&mut self, row: &Row, field: Field, last: NaiveDate) -> Option<NaiveDate> {
        let text = self.cell(row, field);
        if text.is_empty() {
            return None;
        }
        let format = self.documents.date_formats.get(&field)?.clone();
        let Ok(date) = NaiveDate::parse_from_str(text, &format) else {
            let others = self
                .documents
                .mapping
                .date_formats
                .iter()
                .map(String::as_str);
            let mut others = others.chain(KNOWN_FORMATS.iter().copied());
            let is_date = others.any(|other| NaiveDate::parse_from_str(text, other).is_ok());
            let problem = if is_date {
                let expected = shown_format(&format);
                ImportProblem::OtherDateFormat { expected }
            } else {
                ImportProblem::Refused(Refusal::NotADate)
            };
            self.find(row, field, problem);
            return None;
        };
        if date < first_date() {
            self.refuse(
                row,
                field,
                Refusal::DateTooEarly {
                    first: first_date(),
                },
            );
            return None;
        }
        if date > last {
            self.refuse(row, field, Refusal::DateTooLate { last });
            return None;
        }
        Some(date)
    }

    /// A date on which something happened: at most the end of the current month.
    pub(super) fn past_date(&mut self, row: &Row, field: Field) -> Option<NaiveDate> {
        self.date(row, field, last_of_month(self.documents.options.today))
    }

    pub(super) fn required_past_date(&mut self, row: &Row, field: Field) -> Option<NaiveDate> {
        if self.cell(row, field).is_empty() {
            self.refuse(row, field, Refusal::Required);
            return None;
        }
        self.past_date(row, field)
    }

    /// A due or lapse date.
    pub(super) fn future_date(&mut self, row: &Row, field: Field) -> Option<NaiveDate> {
        self.date(row, field, last_future_date())
    }

    /// An exact number such as a quantity or price. `None`, said so, where there is none.
    pub(super) fn decimal(&mut self, row: &Row, field: Field) -> Option<Decimal> {
        let text = self.cell(row, field);
        if text.is_empty() {
            self.refuse(row, field, Refusal::Required);
            return None;
        }
        let plain = plain_decimal(text, self.documents.mapping.decimal_comma);
        match parse_decimal(&plain) {
            Ok(value) => Some(value),
            Err(error) => {
                self.refuse(row, field, error.into());
                None
            }
        }
    }

    /// An amount in the currency; rounded with a notice, or refused, where it has more decimals.
    pub(super) fn amount(&mut self, row: &Row, field: Field, currency: Currency) -> Option<i64> {
        let value = self.decimal(row, field)?;
        self.in_minor_units(row, field, value, currency)
    }

    fn in_minor_units(
        &mut self,
        row: &Row,
        field: Field,
        value: Decimal,
        currency: Currency,
    ) -> Option<i64> {
        let minor = match round_to_minor(value, currency) {
            Ok(minor) => minor,
            Err(error) => {
                self.refuse(row, field, error.into());
                return None;
            }
        };
        if value.normalize().scale() <= currency.decimals() {
            return Some(minor);
        }
        let round = self.documents.options.round
            || self.documents.mapping.extra_decimals == ExtraDecimals::Round;
        if !round {
            let max = currency.decimals();
            self.refuse(row, field, Refusal::TooManyDecimals { max });
            return None;
        }
        let to = Money::new(minor, currency);
        self.find(row, field, ImportProblem::Rounded { to });
        Some(minor)
    }

    /// As `amount`; `None` without a word where the cell is empty.
    pub(super) fn optional_amount(
        &mut self,
        row: &Row,
        field: Field,
        currency: Currency,
    ) -> Option<i64> {
        if self.cell(row, field).is_empty() {
            return None;
        }
        self.amount(row, field, currency)
    }

    pub(super) fn currency(&mut self, row: &Row) -> Option<Currency> {
        let text = self.cell(row, Field::Currency);
        if text.is_empty() {
            if self.documents.mapping.currency.is_none() && self.has(Field::Currency) {
                self.refuse(row, Field::Currency, Refusal::Required);
            }
            return self.documents.mapping.currency;
        }
        let currency = text.parse().ok();
        if currency.is_none() {
            self.refuse(row, Field::Currency, Refusal::UnknownCurrency);
        }
        currency
    }

    /// The note's own column and what the mapping adds to it.
    pub(super) fn note(&mut self, row: &Row) -> String {
        let own = self.text(row, Field::Note, 2_000);
        let added = self
            .documents
            .notes
            .iter()
            .filter_map(|(index, label, unless)| {
                let value = row.cells.get(*index).unwrap_or_default().trim();
                let noted = !value.is_empty() && unless.as_deref() != Some(value);
                noted.then(|| format!("{label}: {value}"))
            });
        let parts = std::iter::once(own)
            .chain(added)
            .filter(|part| !part.is_empty());
        parts.collect::<Vec<String>>().join("\n")
    }

    pub(super) fn country(&self, row: &Row) -> String {
        let name = self.cell(row, Field::Country);
        match self.documents.mapping.countries.get(name) {
            Some(code) => code.clone(),
            None if name.len() == 2 => name.to_uppercase(),
            None => String::new(),
        }
    }
}

fn last_future_date() -> NaiveDate {
    NaiveDate::from_ymd_opt(LAST_FUTURE_YEAR, 12, 31).expect("a date of the calendar")
}
