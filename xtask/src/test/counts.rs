//! The counts of a test run, and how they are read from what the runners print.

use std::fmt;

use crate::error::{self, Result};

/// How many tests passed, failed and were skipped. Printed as CI expects it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Passed, at the first or at a later attempt.
    pub(crate) passed: u64,
    /// Failed, timed out, or not even started.
    pub(crate) failed: u64,
    /// Ignored or filtered out.
    pub(crate) skipped: u64,
}

impl Counts {
    /// Counts a step that is not a test: only its failure counts. Tells whether it held.
    pub(crate) fn check(&mut self, name: &str, outcome: Result<bool>) -> bool {
        let held = outcome.unwrap_or_else(|error| {
            eprintln!("test: failed to {}", error::chain(&error));
            false
        });
        if !held {
            eprintln!("test: {name} failed, which counts as one failure");
            self.failed += 1;
        }
        held
    }

    /// Adds another's counts.
    pub(crate) fn add(&mut self, other: &Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

/// From nextest's last summary: `Summary [ 1.2s] 5 tests run: 3 passed (1 slow), 1 failed, 1 timed out, 2 skipped`.
pub(crate) fn of_nextest(output: &str) -> Counts {
    let summary = output.lines().rev().find(|line| line.trim_start().starts_with("Summary ["));
    let list = summary.and_then(|line| line.split_once("run:")).map_or("", |(_, list)| list);
    let bad = ["failed", "timed out", "exec failed"];
    Counts {
        passed: number(list, "passed"),
        failed: bad.iter().map(|label| number(list, label)).sum(),
        skipped: number(list, "skipped"),
    }
}

/// From each `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.00s`.
pub(crate) fn of_cargo(output: &str) -> Counts {
    let mut counts = Counts::default();
    for list in output.lines().filter_map(|line| line.trim_start().strip_prefix("test result:")) {
        let list = list.split_once('.').map_or(list, |(_, list)| list);
        counts.passed += number(list, "passed");
        counts.failed += number(list, "failed");
        counts.skipped += number(list, "ignored") + number(list, "filtered out");
    }
    counts
}

/// The number of the list's item with this label; what stands in brackets belongs to the item.
fn number(list: &str, label: &str) -> u64 {
    let items = list.split([',', ';']).map(|item| item.split('(').next().unwrap_or_default().trim());
    let found = items.filter_map(|item| item.split_once(' ')).find(|(_, rest)| *rest == label);
    found.and_then(|(number, _)| number.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn nextests_summary_is_read_with_every_way_to_fail() {
        let output = "  PASS [ 0.1s] a\n------------\n     Summary [   0.012s] 9/9 tests run: 4 passed (1 slow, 2 leaky), 2 failed, 2 timed out, 1 exec failed, 3 skipped\n  FAIL b\n";
        assert_eq!(of_nextest(output).to_string(), "4 passed, 5 failed, 3 skipped");
        assert_eq!(
            of_nextest("     Summary [   1s] 1 test run: 1 passed, 0 skipped\n").to_string(),
            "1 passed, 0 failed, 0 skipped"
        );
    }

    #[test]
    fn cargos_results_are_summed_over_binaries() {
        let one =
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.00s\n";
        let two = "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.50s\n";
        assert_eq!(of_cargo(&format!("{one}noise\n{two}")).to_string(), "4 passed, 2 failed, 3 skipped");
    }

    #[test]
    fn a_build_that_failed_is_one_failure() {
        let mut counts = Counts::default();
        assert!(!counts.check("build", Err(error::Error::Said("compile".into()))));
        assert!(counts.check("tidy", Ok(true)));
        assert_eq!(counts.to_string(), "0 passed, 1 failed, 0 skipped");
    }
}
