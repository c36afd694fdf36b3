//! How a file is to be read: which columns mean what, and how dates, amounts, negative totals and settled dates are
//! written. Presets are TOML files that travel in the binary; others are loaded from a path.

use crate::domain::ledger::coded;
use crate::domain::money::Currency;
use crate::domain::payment::PaymentMethod;
use crate::dto::customers::DEFAULT_TERMS_DAYS;
use crate::dto::imports::{ImportKind, PresetRow};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;
use thiserror::Error;

const PRESETS: &[(&str, &str)] = &[
    ("ibm", include_str!("../../../mappings/ibm.toml")),
    (
        "online-retail",
        include_str!("../../../mappings/online-retail.toml"),
    ),
    (
        "highradius",
        include_str!("../../../mappings/highradius.toml"),
    ),
    ("invoices", include_str!("../../../mappings/invoices.toml")),
    ("payments", include_str!("../../../mappings/payments.toml")),
];

/// Why there is no mapping of a name.
#[derive(Debug, Error)]
pub enum MappingError {
    #[error("there is no mapping {0}; the presets are {known}", known = preset_names().join(", "))]
    Unknown(String),
    #[error("the mapping {path} cannot be read: {error}")]
    Unreadable { path: String, error: std::io::Error },
    #[error("the mapping {name} is not valid: {error}")]
    NotToml {
        name: String,
        error: Box<toml::de::Error>,
    },
    #[error("the mapping {name} names no column for {missing}")]
    Incomplete { name: String, missing: &'static str },
}

coded! {
    /// What a column can mean. Not every one means something for every kind of file.
    Field {
        /// Number of the document; what an import recognises it by.
        Number = "number",
        /// Number of the receivable account.
        Account = "account",
        /// Number of the customer; without it, the account's.
        Customer = "customer",
        CustomerName = "customer_name",
        Country = "country",
        Currency = "currency",
        IssuedOn = "issued_on",
        DueOn = "due_on",
        /// The invoice was paid in full on this day.
        SettledOn = "settled_on",
        Status = "status",
        Reference = "reference",
        Note = "note",
        Net = "net",
        Tax = "tax",
        Total = "total",
        Description = "description",
        Service = "service",
        Quantity = "quantity",
        UnitPrice = "unit_price",
        Discount = "discount",
        TaxRate = "tax_rate",
        Amount = "amount",
        ReceivedOn = "received_on",
        Method = "method",
        Prepayment = "prepayment",
        Fee = "fee",
        /// Number of an invoice the payment settles.
        Invoice = "invoice",
        /// How much of that invoice.
        Applied = "applied",
        ExpiresOn = "expires_on",
        Priority = "priority",
    }
}

/// What to do with a document whose total is not positive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NegativeTotal {
    /// It is an invoice with a credit balance: it becomes credit.
    Credit,
    #[default]
    Refuse,
}

/// What to do with a document over nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ZeroTotal {
    Accept,
    #[default]
    Refuse,
}

/// What to do with more decimals than the currency has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExtraDecimals {
    #[default]
    Refuse,
    Round,
}

/// By what a document in the books is the same as one in the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recognise {
    /// Its number in the series of this source.
    #[default]
    Series,
    /// The file is written by Saldo: its number on the same receivable account in whatever series; a payment by the
    /// key its export gave it.
    Own,
}

/// A column that goes into the document's note as `label: value`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoteColumn {
    pub column: String,
    /// Empty: the column's own name.
    #[serde(default)]
    pub label: String,
    /// A value that is not worth noting.
    #[serde(default)]
    pub unless: Option<String>,
}

/// How a file is read.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    #[serde(skip)]
    pub name: String,
    pub title: String,
    pub kind: ImportKind,
    /// The series of imported documents; the mapping's name where it says nothing else.
    #[serde(default)]
    pub series: String,
    /// One character, or `auto`: the one of comma, semicolon and tabulator that is most frequent in the header.
    #[serde(default = "comma")]
    pub delimiter: String,
    /// The currency of every row, unless a column says it.
    #[serde(default)]
    pub currency: Option<Currency>,
    #[serde(default)]
    pub decimal_comma: bool,
    #[serde(default)]
    pub extra_decimals: ExtraDecimals,
    /// As `chrono` writes formats. A file keeps to one of them.
    pub date_formats: Vec<String>,
    /// Rows with one number are one document.
    #[serde(default)]
    pub group_rows: bool,
    #[serde(default)]
    pub negative_total: NegativeTotal,
    #[serde(default)]
    pub zero_total: ZeroTotal,
    #[serde(default)]
    pub recognise: Recognise,
    /// Due this many days after issue where no column says when; also the terms of new customers.
    #[serde(default = "default_terms")]
    pub terms_days: u32,
    /// Language of new customers.
    #[serde(default = "english")]
    pub language: String,
    /// How settled invoices were paid.
    #[serde(default = "bank_transfer")]
    pub settlement_method: PaymentMethod,
    /// Cells that a spreadsheet would take as a formula carry an apostrophe, which is dropped.
    #[serde(default)]
    pub guarded_cells: bool,
    pub columns: BTreeMap<Field, String>,
    /// Columns that a file may lack.
    #[serde(default)]
    pub optional: Vec<Field>,
    #[serde(default)]
    pub notes: Vec<NoteColumn>,
    /// Documents with one of these values are left out.
    #[serde(default)]
    pub leave_out: BTreeMap<Field, Vec<String>>,
    /// Names of countries as the file writes them, and their codes.
    #[serde(default)]
    pub countries: BTreeMap<String, String>,
}

fn comma() -> String {
    ",".to_owned()
}

fn english() -> String {
    "en".to_owned()
}

fn default_terms() -> u32 {
    DEFAULT_TERMS_DAYS
}

fn bank_transfer() -> PaymentMethod {
    PaymentMethod::BankTransfer
}

impl Mapping {
    /// The preset of a name, or the mapping in a TOML file where the name is a path.
    pub fn load(name: &str) -> Result<Self, MappingError> {
        if let Some(preset) = Self::preset(name) {
            return preset;
        }
        if !name.ends_with(".toml") {
            return Err(MappingError::Unknown(name.to_owned()));
        }
        let text = std::fs::read_to_string(name).map_err(|error| MappingError::Unreadable {
            path: name.to_owned(),
            error,
        })?;
        let stem = Path::new(name)
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned());
        Self::parse(&stem.unwrap_or_else(|| name.to_owned()), &text)
    }

    /// The preset of a name; `None` where there is none.
    pub fn preset(name: &str) -> Option<Result<Self, MappingError>> {
        let (name, text) = PRESETS.iter().find(|(preset, _)| *preset == name)?;
        Some(Self::parse(name, text))
    }

    /// Reads a mapping and checks that it says where everything a document needs is found.
    pub fn parse(name: &str, text: &str) -> Result<Self, MappingError> {
        let mut mapping: Self = toml::from_str(text).map_err(|error| MappingError::NotToml {
            name: name.to_owned(),
            error: Box::new(error),
        })?;
        mapping.name = name.to_owned();
        if mapping.series.is_empty() {
            mapping.series = name.to_owned();
        }
        match mapping.missing() {
            Some(missing) => Err(MappingError::Incomplete {
                name: name.to_owned(),
                missing,
            }),
            None => Ok(mapping),
        }
    }

    /// What a document needs and the mapping has no column for.
    fn missing(&self) -> Option<&'static str> {
        let has = |field: Field| self.columns.contains_key(&field);
        let needed: &[Field] = match self.kind {
            ImportKind::Invoices => &[Field::Number, Field::Account, Field::IssuedOn],
            ImportKind::Payments => &[
                Field::Number,
                Field::Account,
                Field::Amount,
                Field::ReceivedOn,
            ],
        };
        if let Some(field) = needed.iter().find(|field| !has(**field)) {
            return Some(field.code());
        }
        if self.date_formats.is_empty() {
            return Some("date_formats");
        }
        let priced = has(Field::Quantity) && has(Field::UnitPrice);
        if self.kind == ImportKind::Invoices && !has(Field::Total) && !priced {
            return Some("total, or quantity and unit_price");
        }
        // A payment's currency is its account's.
        let has_currency = has(Field::Currency) || self.currency.is_some();
        if self.kind == ImportKind::Invoices && !has_currency {
            return Some("currency");
        }
        None
    }

    /// Whether a file without this column can still be read.
    pub fn is_optional(&self, field: Field) -> bool {
        self.optional.contains(&field)
    }

    /// What pages show of it.
    pub fn row(&self) -> PresetRow {
        let needed = self
            .columns
            .iter()
            .filter(|(field, _)| !self.is_optional(**field));
        PresetRow {
            name: self.name.clone(),
            title: self.title.clone(),
            kind: self.kind,
            columns: needed.map(|(_, column)| column.clone()).collect(),
            currency: self.currency,
        }
    }
}

/// Names of the presets, in the order in which they are offered.
pub fn preset_names() -> Vec<&'static str> {
    PRESETS.iter().map(|(name, _)| *name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_complete() {
        for name in preset_names() {
            let mapping = Mapping::load(name).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(mapping.series, name);
        }
    }

    #[test]
    fn a_mapping_that_cannot_work_is_refused_with_what_it_lacks() {
        let refused = |text: &str| {
            Mapping::parse("own", text)
                .map(|_| ())
                .unwrap_err()
                .to_string()
        };
        let start = "title = \"x\"\nkind = \"invoices\"\ndate_formats = [\"%Y\"]\n";
        let columns = "[columns]\nnumber = \"n\"\naccount = \"a\"\nissued_on = \"d\"\n";
        assert!(refused(&format!("{start}{columns}")).contains("total, or quantity"));
        assert!(refused(&format!("{start}{columns}total = \"t\"\n")).contains("currency"));
        assert!(refused(&format!("{start}colour = \"red\"\n{columns}")).contains("colour"));
        assert!(matches!(
            Mapping::load("nothing"),
            Err(MappingError::Unknown(_))
        ));
        assert!(matches!(
            Mapping::load("/nowhere/mine.toml"),
            Err(MappingError::Unreadable { .. })
        ));
    }
}
