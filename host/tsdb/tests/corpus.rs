//! The inputs that the fuzzers keep, through the same entries, on the compiler that everybody has.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::path::Path;

use ballast_tsdb::fuzzing;
use rstest::rstest;

#[rstest]
#[case("chunk", fuzzing::chunk)]
#[case("log", fuzzing::log)]
#[case("block", fuzzing::block)]
fn kept_inputs_are_read_without_a_panic(#[case] target: &str, #[case] entry: fn(&[u8])) {
    let fuzz = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fuzz"));
    let fuzzed = std::fs::read_to_string(fuzz.join(format!("fuzz_targets/{target}.rs"))).unwrap();
    assert!(
        fuzzed.contains(&format!("ballast_tsdb::fuzzing::{target}(")),
        "another entry is fuzzed: {fuzzed}"
    );
    let mut count = 0;
    for input in std::fs::read_dir(fuzz.join("corpus").join(target)).unwrap() {
        let path = input.unwrap().path();
        println!("{}", path.display());
        entry(&std::fs::read(&path).unwrap());
        count += 1;
    }
    assert!(count > 0, "no inputs are kept for {target}");
}
