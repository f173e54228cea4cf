//! Any bytes as a chunk, and as samples to make one of.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ballast_tsdb::fuzzing::chunk(bytes));
