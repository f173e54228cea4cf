//! Any bytes as Prometheus's text format.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ballast_formats::fuzzing::text(bytes));
