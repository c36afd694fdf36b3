//! Tables of text: columns as wide as their widest cell, numbers to the right.

/// Which side the cells of a column keep to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    Left,
    Right,
}

/// A table with a header and a line below it; no line ends in spaces.
pub fn table(columns: &[(&str, Keep)], rows: &[Vec<String>]) -> String {
    let width = |index: usize| {
        let cells = rows.iter().filter_map(|row| row.get(index));
        let widest = cells.map(|cell| cell.chars().count()).max();
        widest.unwrap_or(0).max(columns[index].0.chars().count())
    };
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    let line = |cells: Vec<&str>| {
        let cells = cells.iter().zip(columns).zip(&widths);
        let padded: Vec<String> = cells
            .map(|((cell, (_, keep)), width)| match keep {
                Keep::Left => format!("{cell:<width$}"),
                Keep::Right => format!("{cell:>width$}"),
            })
            .collect();
        padded.join("  ").trim_end().to_owned()
    };
    let header = line(columns.iter().map(|(name, _)| *name).collect());
    let rule = widths.iter().sum::<usize>() + 2 * widths.len().saturating_sub(1);
    let mut lines = vec![header, "-".repeat(rule)];
    lines.extend(
        rows.iter()
            .map(|row| line(row.iter().map(String::as_str).collect())),
    );
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [
            vec!["1001".to_owned(), "5.00".to_owned()],
            vec!["7".to_owned(), "1234.50".to_owned()],
        ];
        let columns = [("Account", Keep::Left), ("Due", Keep::Right)];
        assert_eq!(
            table(&columns, &rows),
            "Account      Due\n----------------\n1001        5.00\n7        1234.50"
        );
    }
}
