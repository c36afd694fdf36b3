//! From the text of a file to documents: an iterator that gives each document once its last line is read, with
//! everything that is wrong with its lines. What the database has to say about them comes later.
//!
//! ```text
//! text ── CSV lines ── grouped by number ── Invoice or Payment, or refused with findings
//! ```

mod cells;
mod invoice;
mod payment;

use super::mapping::{Field, Mapping};
use super::text::FileText;
use crate::domain::invoice::Totals;
use crate::domain::money::Currency;
use crate::domain::payment::PaymentMethod;
use crate::dto::imports::{ImportFinding, ImportKind, ImportProblem, TextEncoding};
use crate::dto::invoices::ReadInvoiceLine;
use cells::Scope;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

/// What an import leaves to whoever asks for it.
#[derive(Clone, Copy, Debug)]
pub struct ReadOptions {
    /// Amounts with more decimals than the currency has are rounded instead of refused.
    pub round: bool,
    pub today: NaiveDate,
}

/// An invoice as the file has it.
#[derive(Clone, Debug)]
pub struct InvoiceDocument {
    /// Its first line.
    pub line: u32,
    pub number: String,
    pub account: String,
    /// The customer's number; empty where the file names only the account.
    pub customer: String,
    pub customer_name: String,
    pub country: String,
    pub currency: Currency,
    pub issued_on: NaiveDate,
    pub due_on: NaiveDate,
    /// Paid in full on this day.
    pub settled_on: Option<NaiveDate>,
    pub reference: String,
    pub note: String,
    pub lines: Vec<ReadInvoiceLine>,
    pub totals: Totals,
}

/// A payment as the file has it. Its currency is its account's, which the file may repeat.
#[derive(Clone, Debug)]
pub struct PaymentDocument {
    pub line: u32,
    pub key: String,
    pub account: String,
    pub currency: Option<Currency>,
    pub amount: Decimal,
    pub fee: Decimal,
    pub received_on: NaiveDate,
    pub method: PaymentMethod,
    pub reference: String,
    pub note: String,
    pub prepayment: bool,
    pub expires_on: Option<NaiveDate>,
    pub priority: i32,
    pub slices: Vec<SliceWanted>,
}

/// An invoice a payment is to settle, and how much of it; `None` for as much as the money covers.
#[derive(Clone, Debug)]
pub struct SliceWanted {
    pub line: u32,
    pub invoice: String,
    pub amount: Option<Decimal>,
}

#[derive(Clone, Debug)]
pub enum Document {
    Invoice(Box<InvoiceDocument>),
    Payment(Box<PaymentDocument>),
}

/// What became of the lines of one document.
pub enum Outcome {
    Good(Document),
    Refused,
    /// By what a column says, for example a draft.
    LeftOut,
}

pub struct ReadDocument {
    pub outcome: Outcome,
    /// The lines it stands on.
    pub lines: Vec<u32>,
    pub findings: Vec<ImportFinding>,
}

/// One line of the file.
#[derive(Clone)]
struct Row {
    line: u32,
    cells: csv::StringRecord,
}

/// Where a column stands, and what the file calls it.
#[derive(Clone)]
struct Column {
    index: usize,
    name: String,
}

/// The documents of a file, in the order in which they are complete.
pub struct Documents<'a> {
    mapping: &'a Mapping,
    options: ReadOptions,
    width: usize,
    columns: BTreeMap<Field, Column>,
    notes: Vec<(usize, String, Option<String>)>,
    /// The one format the file writes each date column in.
    date_formats: BTreeMap<Field, String>,
    reader: csv::Reader<&'a [u8]>,
    /// Grouped files: how many lines of each number are still to come, and those read so far.
    lines_to_come: HashMap<String, u32>,
    pending: HashMap<String, Vec<Row>>,
    /// Other files: where each number stood first, with a fingerprint of its line.
    seen: HashMap<String, (u32, u64)>,
}

impl<'a> Documents<'a> {
    /// Reads the header and looks over the file once. Fails with a finding per column that is not there.
    pub fn open(
        file: &'a FileText,
        mapping: &'a Mapping,
        options: ReadOptions,
    ) -> Result<Self, Vec<ImportFinding>> {
        let delimiter = delimiter(mapping, &file.text);
        let mut reader = reader(&file.text, delimiter);
        let header = reader.headers().cloned().unwrap_or_default();
        let (columns, notes) = columns(mapping, &header)?;
        let mut documents = Self {
            mapping,
            options,
            width: header.len(),
            columns,
            notes,
            date_formats: BTreeMap::new(),
            reader,
            lines_to_come: HashMap::new(),
            pending: HashMap::new(),
            seen: HashMap::new(),
        };
        documents.look_over(&file.text, delimiter);
        Ok(documents)
    }

    /// Counts the lines of each document, and finds the date format that reads most of each date column.
    fn look_over(&mut self, text: &str, delimiter: u8) {
        let dates: Vec<(Field, usize)> = DATES
            .iter()
            .filter_map(|field| Some((*field, self.columns.get(field)?.index)))
            .collect();
        let formats = &self.mapping.date_formats;
        let mut read_by = vec![vec![0_u32; formats.len()]; dates.len()];
        let mut reader = reader(text, delimiter);
        let mut cells = csv::StringRecord::new();
        while matches!(reader.read_record(&mut cells), Ok(true)) {
            if self.mapping.group_rows
                && let Some(number) = self.number(&cells)
            {
                *self.lines_to_come.entry(number.to_owned()).or_insert(0) += 1;
            }
            if formats.len() == 1 {
                continue;
            }
            for ((_, index), counts) in dates.iter().zip(&mut read_by) {
                let text = cells.get(*index).unwrap_or_default().trim();
                for (format, count) in formats.iter().zip(counts) {
                    *count += u32::from(NaiveDate::parse_from_str(text, format).is_ok());
                }
            }
        }
        for ((field, _), counts) in dates.iter().zip(read_by) {
            // The first of those that read the most.
            let best = (0..formats.len()).rev().max_by_key(|index| counts[*index]);
            if let Some(best) = best {
                self.date_formats.insert(*field, formats[best].clone());
            }
        }
    }

    /// The number of the document a line belongs to, if it has one.
    fn number<'r>(&self, cells: &'r csv::StringRecord) -> Option<&'r str> {
        let index = self.columns.get(&Field::Number)?.index;
        cells
            .get(index)
            .map(str::trim)
            .filter(|number| !number.is_empty())
    }

    /// The next line with anything in it.
    fn next_row(&mut self) -> Option<Row> {
        let mut cells = csv::StringRecord::new();
        while matches!(self.reader.read_record(&mut cells), Ok(true)) {
            if cells.iter().any(|cell| !cell.trim().is_empty()) {
                let line = cells.position().map_or(0, csv::Position::line);
                let line = u32::try_from(line).unwrap_or(u32::MAX);
                return Some(Row { line, cells });
            }
        }
        None
    }

    /// The lines of the document that `row` completes; `None` while more are to come.
    fn completed(&mut self, row: Row) -> Option<Vec<Row>> {
        if !self.mapping.group_rows {
            return Some(vec![row]);
        }
        let Some(number) = self.number(&row.cells).map(str::to_owned) else {
            return Some(vec![row]);
        };
        let to_come = self.lines_to_come.entry(number.clone()).or_insert(1);
        *to_come = to_come.saturating_sub(1);
        if *to_come > 0 {
            self.pending.entry(number).or_default().push(row);
            return None;
        }
        let mut rows = self.pending.remove(&number).unwrap_or_default();
        rows.push(row);
        Some(rows)
    }

    /// Where a file has one line per document, a number that stood before is a repetition.
    fn repetition(&mut self, row: &Row) -> Option<ImportProblem> {
        if self.mapping.group_rows {
            return None;
        }
        let number = self.number(&row.cells)?.to_owned();
        let fingerprint = fingerprint(&row.cells);
        match self.seen.get(&number) {
            None => {
                self.seen.insert(number, (row.line, fingerprint));
                None
            }
            Some((first_line, same)) if *same == fingerprint => Some(ImportProblem::RepeatedLine {
                first_line: *first_line,
            }),
            Some((first_line, _)) => Some(ImportProblem::RepeatedNumber {
                first_line: *first_line,
            }),
        }
    }

    fn document(&mut self, rows: Vec<Row>) -> ReadDocument {
        let repetition = self.repetition(&rows[0]);
        let mut scope = Scope {
            documents: self,
            findings: Vec::new(),
        };
        let lines: Vec<u32> = rows.iter().map(|row| row.line).collect();
        if scope.is_left_out(&rows[0]) {
            return ReadDocument {
                outcome: Outcome::LeftOut,
                lines,
                findings: Vec::new(),
            };
        }
        if let Some(problem) = repetition {
            scope.find(&rows[0], Field::Number, problem);
        }
        let uneven = rows.iter().filter(|row| scope.is_uneven(row)).count();
        let document = match (uneven, scope.documents.mapping.kind) {
            (0, ImportKind::Invoices) => scope.invoice(&rows).map(Box::new).map(Document::Invoice),
            (0, ImportKind::Payments) => scope.payment(&rows).map(Box::new).map(Document::Payment),
            _ => None,
        };
        let mut findings = scope.findings;
        let refused = findings.iter().any(|finding| finding.problem.refuses());
        let outcome = match document {
            Some(document) if !refused => Outcome::Good(document),
            _ => {
                findings.extend(others_refused(&lines, &findings));
                Outcome::Refused
            }
        };
        findings.sort_by_key(|finding| finding.line);
        ReadDocument {
            outcome,
            lines,
            findings,
        }
    }
}

impl Iterator for Documents<'_> {
    type Item = ReadDocument;

    fn next(&mut self) -> Option<ReadDocument> {
        loop {
            let row = self.next_row()?;
            if let Some(rows) = self.completed(row) {
                return Some(self.document(rows));
            }
        }
    }
}

/// The columns that hold dates.
const DATES: &[Field] = &[
    Field::IssuedOn,
    Field::DueOn,
    Field::SettledOn,
    Field::ReceivedOn,
    Field::ExpiresOn,
];

fn reader(text: &str, delimiter: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .from_reader(text.as_bytes())
}

fn delimiter(mapping: &Mapping, text: &str) -> u8 {
    if mapping.delimiter != "auto" {
        return mapping.delimiter.bytes().next().unwrap_or(b',');
    }
    let header = text.lines().next().unwrap_or_default();
    let frequency = |delimiter: &u8| header.bytes().filter(|byte| byte == delimiter).count();
    [b'\t', b';', b',']
        .into_iter()
        .max_by_key(frequency)
        .unwrap_or(b',')
}

fn fingerprint(cells: &csv::StringRecord) -> u64 {
    let mut hasher = DefaultHasher::new();
    for cell in cells {
        cell.trim().hash(&mut hasher);
    }
    hasher.finish()
}

type NoteColumns = Vec<(usize, String, Option<String>)>;

/// Where the mapping's columns stand in the file.
fn columns(
    mapping: &Mapping,
    header: &csv::StringRecord,
) -> Result<(BTreeMap<Field, Column>, NoteColumns), Vec<ImportFinding>> {
    let position = |name: &str| header.iter().position(|cell| cell.trim() == name);
    let mut columns = BTreeMap::new();
    let mut missing = Vec::new();
    for (field, name) in &mapping.columns {
        match position(name) {
            Some(index) => {
                let name = name.clone();
                columns.insert(*field, Column { index, name });
            }
            None if mapping.is_optional(*field) => {}
            None => missing.push(missing_column(name)),
        }
    }
    let mut notes = Vec::new();
    for note in &mapping.notes {
        let label = if note.label.is_empty() {
            &note.column
        } else {
            &note.label
        };
        match position(&note.column) {
            Some(index) => notes.push((index, label.clone(), note.unless.clone())),
            None => missing.push(missing_column(&note.column)),
        }
    }
    if missing.is_empty() {
        return Ok((columns, notes));
    }
    Err(missing)
}

fn missing_column(name: &str) -> ImportFinding {
    ImportFinding {
        line: 1,
        field: name.to_owned(),
        given: String::new(),
        problem: ImportProblem::MissingColumn,
    }
}

/// The notice that a whole file was not UTF-8.
pub fn encoding_notice(file: &FileText) -> Option<ImportFinding> {
    (file.encoding == TextEncoding::Windows1252).then(|| ImportFinding {
        line: 1,
        field: String::new(),
        given: String::new(),
        problem: ImportProblem::ReadAsWindows1252,
    })
}

/// Lines that have nothing wrong themselves and are kept out by another line of their document.
pub fn others_refused(lines: &[u32], findings: &[ImportFinding]) -> Vec<ImportFinding> {
    let is_named = |line: u32| {
        findings
            .iter()
            .any(|finding| finding.line == line && finding.problem.refuses())
    };
    let others = lines.iter().filter(|line| !is_named(**line));
    others
        .map(|line| ImportFinding {
            line: *line,
            field: String::new(),
            given: String::new(),
            problem: ImportProblem::OtherLineRefused,
        })
        .collect()
}

/// The last numbers and texts that are accepted, in characters.
const MAX_NUMBER: u32 = 60;
const MAX_ACCOUNT_NUMBER: u32 = 40;
const MAX_NAME: u32 = 200;
const MAX_DESCRIPTION: u32 = 500;
