//! Runs PromQL's own test scripts, where they are there, and holds the number that passes in each file: it may only rise.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::path::PathBuf;

use ballast_promql::script::{MemorySource, Report, run, run_all};

/// File, and how many of its evaluations pass at least, annotations and the same instant within a range compared as well.
/// What is missing to all of them selects native histograms, but for duration expressions.
const FLOOR: [(&str, usize); 17] = [
    ("aggregators", 121),
    ("at_modifier", 45),
    ("collision", 2),
    ("duration_expression", 8),
    ("functions", 322),
    ("histograms", 63),
    ("limit", 21),
    ("literals", 20),
    ("name_label_dropping", 20),
    ("native_histograms", 47),
    ("operators", 141),
    ("range_queries", 8),
    ("selectors", 31),
    ("staleness", 17),
    ("subquery", 34),
    ("trig_functions", 19),
    ("type_and_unit", 58),
];

/// The folder of scripts: `$BALLAST_SHARED/ecosystem/promqltest`, else beside the checkout.
#[allow(clippy::disallowed_methods, reason = "a test reads its fixtures")]
fn folder() -> Option<PathBuf> {
    let beside = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared"));
    let shared = std::env::var_os("BALLAST_SHARED").map_or_else(beside, PathBuf::from);
    Some(shared.join("ecosystem/promqltest")).filter(|folder| folder.is_dir())
}

#[allow(clippy::disallowed_methods, reason = "a test reads its fixtures")]
fn reports() -> Vec<(String, Report)> {
    let Some(folder) = folder() else {
        println!("note: the test scripts are not there (BALLAST_SHARED); nothing was compared");
        return Vec::new();
    };
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "test"));
    files.sort();
    let report = |file: &PathBuf| {
        let text = std::fs::read_to_string(file).unwrap();
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        (name, run(&text, &mut MemorySource::default()).unwrap())
    };
    files.iter().map(report).collect()
}

#[test]
fn every_evaluation_of_our_own_scripts_passes() {
    let own = [("windows", include_str!("own/windows.test")), ("vectors", include_str!("own/vectors.test"))];
    for (name, report) in run_all(own, &mut MemorySource::default()) {
        let report = report.unwrap();
        assert!(report.failed.is_empty() && report.skipped_native.is_empty(), "{name}: {:#?}", report.failed);
        assert!(report.total() > 0, "{name}");
    }
}

#[test]
fn as_many_evaluations_pass_as_ever_did() {
    let reports = reports();
    if reports.is_empty() {
        return;
    }
    let mut lost = Vec::new();
    for (name, report) in &reports {
        println!(
            "{name:22} {:4} of {:4} passed, {:3} failed, {:3} skipped",
            report.passed,
            report.total(),
            report.failed.len(),
            report.skipped_native.len()
        );
        for failure in &report.failed {
            println!("  {name}:{}: {}\n      {}", failure.line, failure.query, failure.reason);
        }
    }
    for (name, floor) in FLOOR {
        let passed = reports.iter().find(|(other, _)| other == name).map_or(0, |(_, report)| report.passed);
        if passed < floor {
            lost.push(format!("{name}: {passed} of {floor}"));
        }
    }
    assert!(lost.is_empty(), "fewer evaluations pass: {lost:?}");
}
