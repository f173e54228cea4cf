//! Any bytes as OTLP metrics in JSON.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ballast_formats::fuzzing::otlp_json(bytes));
