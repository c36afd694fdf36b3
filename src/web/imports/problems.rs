//! What is wrong with a line of an imported file, in words; for pages and the command line.

use crate::dto::imports::{ImportKind, ImportProblem, ImportState, PresetRow};
use crate::web::ui::errors;
use crate::web::ui::format;
use crate::web::ui::text::t;

/// The problem in one sentence.
pub fn sentence(problem: &ImportProblem) -> String {
    let count = |value: &u32| format::number(*value);
    match problem {
        ImportProblem::Refused(refusal) => errors::sentence(refusal),
        ImportProblem::MissingColumn => t!(imports.p_missing_column).to_owned(),
        ImportProblem::UnevenLine { expected, found } => t!(
            imports.p_uneven_line,
            expected = count(expected),
            found = count(found)
        ),
        ImportProblem::OtherDateFormat { expected } => {
            t!(imports.p_other_date_format, expected = expected.as_str())
        }
        ImportProblem::RepeatedNumber { first_line } => {
            t!(imports.p_repeated_number, line = count(first_line))
        }
        ImportProblem::RepeatedLine { first_line } => {
            t!(imports.p_repeated_line, line = count(first_line))
        }
        ImportProblem::TotalIsZero => t!(imports.p_total_is_zero).to_owned(),
        ImportProblem::TotalIsNegative => t!(imports.p_total_is_negative).to_owned(),
        ImportProblem::TotalDiffers { computed } => {
            t!(imports.p_total_differs, computed = format::money(*computed))
        }
        ImportProblem::DiffersWithinDocument { first } => {
            t!(imports.p_differs_within_document, first = first.as_str())
        }
        ImportProblem::AccountOfOtherCustomer { customer } => {
            t!(
                imports.p_account_of_other_customer,
                customer = customer.as_str()
            )
        }
        ImportProblem::CreditIsSettled => t!(imports.p_credit_is_settled).to_owned(),
        ImportProblem::MoreThanOpen { open } => {
            t!(imports.p_more_than_open, open = format::money(*open))
        }
        ImportProblem::OtherLineRefused => t!(imports.p_other_line_refused).to_owned(),
        ImportProblem::Rounded { to } => t!(imports.p_rounded, to = format::money(*to)),
        ImportProblem::DueBeforeIssued => t!(imports.p_due_before_issued).to_owned(),
        ImportProblem::ReadAsWindows1252 => t!(imports.p_read_as_windows_1252).to_owned(),
    }
}

pub fn state(state: ImportState) -> &'static str {
    match state {
        ImportState::Reading => t!(imports.state_reading),
        ImportState::Checked => t!(imports.state_checked),
        ImportState::Posted => t!(imports.state_posted),
        ImportState::Discarded => t!(imports.state_discarded),
    }
}

pub fn kind(kind: ImportKind) -> &'static str {
    match kind {
        ImportKind::Invoices => t!(imports.kind_invoices),
        ImportKind::Payments => t!(imports.kind_payments),
    }
}

/// What a preset is called; a mapping of one's own by its own title.
pub fn preset(preset: &PresetRow) -> String {
    mapping(&preset.name).map_or_else(|| preset.title.clone(), str::to_owned)
}

/// What the preset of this name is called.
pub fn mapping(name: &str) -> Option<&'static str> {
    match name {
        "ibm" => Some(t!(imports.preset_ibm)),
        "online-retail" => Some(t!(imports.preset_online_retail)),
        "highradius" => Some(t!(imports.preset_highradius)),
        "invoices" => Some(t!(imports.preset_invoices)),
        "payments" => Some(t!(imports.preset_payments)),
        _ => None,
    }
}
