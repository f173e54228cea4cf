//! Any bytes as an expression, which is evaluated where it is one.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ballast_promql::fuzzing::promql(bytes));
