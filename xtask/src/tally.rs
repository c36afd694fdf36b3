//! Counts of tests, read from what the test runners print.

use std::fmt;
use std::ops::AddAssign;

/// How many tests passed, failed and were skipped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub passed: u32,
    pub failed: u32,
    pub skipped: u32,
}

impl Tally {
    /// Sums every closing line of cargo-nextest, `cargo test` and Playwright found in `text`.
    pub fn read(text: &str) -> Tally {
        let mut tally = Tally::default();
        for line in text.lines() {
            tally += of_line(&without_colours(line));
        }
        tally
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Tally) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, to: &mut fmt::Formatter) -> fmt::Result {
        let Tally {
            passed,
            failed,
            skipped,
        } = self;
        write!(to, "{passed} passed, {failed} failed, {skipped} skipped")
    }
}

fn of_line(line: &str) -> Tally {
    let line = line.trim();
    // cargo-nextest: "Summary [   1.2s] 12 tests run: 10 passed (1 slow), 1 failed, 1 timed out, 3 skipped"
    if line.starts_with("Summary [")
        && let Some((_, counts)) = line.split_once("run: ")
    {
        return of_counts(counts.split(','));
    }
    // cargo test: "test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out"
    if let Some(counts) = line.strip_prefix("test result: ") {
        let counts = counts.split_once(". ").map_or(counts, |(_, counts)| counts);
        return of_counts(counts.split(';'));
    }
    // Playwright: "12 passed (3.4s)", "1 failed", "2 skipped", each alone on its line
    let words: Vec<&str> = line.split_whitespace().collect();
    match words.as_slice() {
        [_, _] => of_counts([line]),
        [_, "did", "not", "run"] => of_counts([line]),
        [_, "passed", time] if time.starts_with('(') => of_counts([line]),
        _ => Tally::default(),
    }
}

fn of_counts<'a>(counts: impl IntoIterator<Item = &'a str>) -> Tally {
    let mut tally = Tally::default();
    for count in counts {
        let Some((number, what)) = count.trim().split_once(' ') else {
            continue;
        };
        let Ok(number) = number.parse::<u32>() else {
            continue;
        };
        match what.split([' ', '(']).next() {
            // A test that passed only when tried again counts as failed: nothing here is tried twice.
            Some("passed") => tally.passed += number,
            Some("failed" | "timed" | "flaky" | "interrupted") => tally.failed += number,
            Some("skipped" | "ignored" | "did") => tally.skipped += number,
            _ => {}
        }
    }
    tally
}

fn without_colours(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        if character == '\u{1b}' {
            // A colour is "ESC [ numbers m".
            characters.by_ref().find(|c| c.is_ascii_alphabetic());
        } else {
            plain.push(character);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, passed: u32, failed: u32, skipped: u32) {
        assert_eq!(
            Tally::read(text),
            Tally {
                passed,
                failed,
                skipped
            },
            "{text}"
        );
    }

    #[test]
    fn closing_lines_of_each_runner_are_counted() {
        check(
            "     Summary [   0.006s] 3 tests run: 3 passed, 0 skipped",
            3,
            0,
            0,
        );
        check(
            "     Summary [   9.5s] 7 tests run: 4 passed (1 slow), 2 failed, 1 timed out, 5 skipped",
            4,
            3,
            5,
        );
        check(
            "     Summary [   9.5s] 4/7 tests run: 3 passed, 1 failed, 0 skipped",
            3,
            1,
            0,
        );
        check(
            "\u{1b}[32;1m     Summary\u{1b}[0m [   0.0s] \u{1b}[1m2\u{1b}[0m tests run: \u{1b}[1m2\u{1b}[0m \u{1b}[32;1mpassed\u{1b}[0m, \u{1b}[1m0\u{1b}[0m skipped",
            2,
            0,
            0,
        );
        check(
            "test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.1s",
            5,
            0,
            1,
        );
        check(
            "test result: FAILED. 5 passed; 2 failed; 0 ignored; 0 measured",
            5,
            2,
            0,
        );
        check(
            "  2 failed\n    [chromium] › login.spec.ts\n  1 skipped\n  3 did not run\n  12 passed (3.4s)",
            12,
            2,
            4,
        );
    }

    #[test]
    fn other_lines_count_nothing() {
        check("12 rows passed to the importer", 0, 0, 0);
        check("   PASS [   0.1s] xtask tally::tests::other", 0, 0, 0);
        check("", 0, 0, 0);
    }
}
