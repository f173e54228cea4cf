//! Any bytes as a segment of the log.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ballast_tsdb::fuzzing::log(bytes));
