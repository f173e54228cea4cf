//! Any bytes as OpenMetrics.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ballast_formats::fuzzing::openmetrics(bytes));
