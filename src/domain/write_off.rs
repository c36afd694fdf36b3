//! Writing off an open item: how much of it is relief from sales tax.

use super::money::MoneyError;

/// The sales tax in `written_minor` of an invoice of `total_minor` with `tax_minor` in it: written × tax ÷ total,
/// rounded half away from zero to whole minor units.
///
/// `total_minor` is positive and `written_minor` at most that. Source: domain rules, section 8.
pub fn tax_relief(written_minor: i64, tax_minor: i64, total_minor: i64) -> Result<i64, MoneyError> {
    if total_minor <= 0 {
        return Ok(0);
    }
    let product = i128::from(written_minor) * i128::from(tax_minor);
    let total = i128::from(total_minor);
    let half_up = (2 * product.abs() + total) / (2 * total);
    i64::try_from(half_up * product.signum()).map_err(|_| MoneyError::OutOfRange)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case(6_000, 2_000, 12_000, 1_000)]
    #[case(12_000, 2_000, 12_000, 2_000)]
    #[case(1, 2_000, 12_000, 0)]
    #[case(3, 2_000, 12_000, 1)]
    #[case(6_000, 0, 12_000, 0)]
    #[case(0, 2_000, 12_000, 0)]
    #[case(5, 1, 10, 1)]
    fn relief_is_the_tax_in_what_is_open(
        #[case] written: i64,
        #[case] tax: i64,
        #[case] total: i64,
        #[case] expected: i64,
    ) {
        assert_eq!(tax_relief(written, tax, total), Ok(expected));
    }

    proptest! {
        #[test]
        fn relief_is_never_more_than_the_tax_or_what_is_written_off(
            total in 1_i64..10_000_000, tax_share in 0_i64..=100, written_share in 0_i64..=100,
        ) {
            let tax = total * tax_share / 100;
            let written = total * written_share / 100;
            let relief = tax_relief(written, tax, total).unwrap();
            prop_assert!(relief <= tax && relief <= written && relief >= 0);
            prop_assert_eq!(tax_relief(total, tax, total), Ok(tax));
        }
    }
}
