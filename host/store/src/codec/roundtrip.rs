//! Whatever is written is read back, bit by bit; and what format 1 wrote stays readable.

use ballast_types::event::{Commit, Event, Record};
use ballast_types::{Labels, Timestamp};
use proptest::prelude::*;

use super::strategies::{commit, journal_entry, record, record_key};
use super::*;

/// Compared as text, because a NaN equals nothing; `Debug` hides a NaN's bits, which the encoded bytes show.
fn assert_survives<T: Coded + std::fmt::Debug>(value: &T) -> Result<(), TestCaseError> {
    let bytes = encode(value).unwrap();
    let read: T = decode(&bytes).unwrap();
    prop_assert_eq!(format!("{value:?}"), format!("{read:?}"));
    prop_assert_eq!(bytes, encode(&read).unwrap());
    Ok(())
}

proptest! {
    #[test]
    fn commits_survive(commit in commit()) {
        assert_survives(&commit)?;
    }

    #[test]
    fn records_survive(record in record()) {
        assert_survives(&record)?;
    }

    #[test]
    fn journal_entries_survive((execution, entry) in journal_entry()) {
        let bytes = encode_journal(&execution, &entry).unwrap();
        prop_assert_eq!(journal_execution(&bytes).unwrap(), execution);
        prop_assert_eq!(decode_journal(&bytes).unwrap(), entry);
    }

    #[test]
    fn two_keys_never_share_their_bytes(one in record_key(), two in record_key()) {
        prop_assert_eq!(one == two, key_bytes(&one) == key_bytes(&two));
    }

    #[test]
    fn rubbish_is_refused_and_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        prop_assert!(decode::<Commit>(&bytes).is_err());
        prop_assert!(decode_journal(&bytes).is_err());
    }
}

#[test]
fn a_later_format_is_named() {
    let mut bytes = encode(&Labels::empty()).unwrap();
    bytes[0] = 2;
    assert_eq!(decode::<Labels>(&bytes).unwrap_err().to_string(), "format 2 is unknown to this version");
}

#[test]
fn every_float_keeps_its_bits() {
    for bits in [
        0,
        1 << 63,
        f64::NAN.to_bits(),
        0x7ff0_0000_0000_0002,
        0xfff8_0000_0000_0001,
        f64::INFINITY.to_bits(),
        1,
    ] {
        let read: f64 = decode(&encode(&f64::from_bits(bits)).unwrap()).unwrap();
        assert_eq!(read.to_bits(), bits, "{bits:016x}");
    }
}

/// Lines as format 1 writes them. Never edit one: the logs out there have them so.
#[test]
fn what_format_1_wrote_is_read() {
    let line = b"\x01{\"at\":5,\"event\":{\"rules-loaded\":{\"rules\":2,\"files\":1}},\"mutations\":[\
        {\"put\":{\"plugin-state\":{\"plugin\":\"p\",\"key\":\"k\",\"value\":[1,2]}}},\
        {\"remove\":{\"alert\":{\"rule\":\"r\",\"fingerprint\":\"00000000000000ff\"}}}]}";
    let commit: Commit = decode(line).unwrap();
    assert_eq!(commit.at, Timestamp::from_millis(5));
    assert_eq!(commit.event, Event::RulesLoaded { rules: 2, files: 1 });
    assert_eq!(encode(&commit).unwrap(), line);
    let record: Record = decode(
        b"\x01{\"alert\":{\"key\":{\"rule\":\"r\",\"fingerprint\":\"0000000000000001\"},\"name\":\"Slow\",\
        \"labels\":{\"service\":\"api\"},\"annotations\":{},\"value\":\"nan:7ff8000000000000\",\
        \"state\":{\"firing\":{\"active_at\":1,\"since\":2,\"cleared_at\":null}},\"evaluated_at\":3}}",
    )
    .unwrap();
    assert!(matches!(record, Record::Alert(alert) if alert.value.is_nan() && alert.name == "Slow"));
}
