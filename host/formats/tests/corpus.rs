//! The inputs that the fuzzers keep, through the same entries, on the compiler that everybody has.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
#![allow(clippy::disallowed_methods, reason = "a test reads its fixtures")]

use std::path::Path;

use ballast_formats::fuzzing;
use rstest::rstest;

#[rstest]
#[case("text", fuzzing::text)]
#[case("openmetrics", fuzzing::openmetrics)]
#[case("remote_write_v1", fuzzing::remote_write_v1)]
#[case("remote_write_v2", fuzzing::remote_write_v2)]
#[case("otlp_protobuf", fuzzing::otlp_protobuf)]
#[case("otlp_json", fuzzing::otlp_json)]
fn kept_inputs_are_read_without_a_panic(#[case] target: &str, #[case] entry: fn(&[u8])) {
    let fuzz = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fuzz"));
    let fuzzed = std::fs::read_to_string(fuzz.join(format!("fuzz_targets/{target}.rs"))).unwrap();
    assert!(
        fuzzed.contains(&format!("ballast_formats::fuzzing::{target}(")),
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
