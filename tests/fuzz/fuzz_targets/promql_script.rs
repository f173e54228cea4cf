//! Any bytes as a script of PromQL's tests.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ballast_promql::fuzzing::promql_script(bytes));
