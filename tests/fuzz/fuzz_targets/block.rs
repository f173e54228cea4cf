//! Any bytes as the file of a block.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ballast_tsdb::fuzzing::block(bytes));
