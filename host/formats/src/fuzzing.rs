//! One entry a decoder for the fuzzers: bytes in, nothing out, and no panic whatever the bytes are. Where a decoder keeps
//! something between bodies, the bytes are read twice, so that what was kept is used.

use ballast_types::{Interner, Labels, Timestamp};

use crate::text::{BodyEnd, Format, Options, ParsedLabels, SeriesCache};
use crate::{otlp, remote_write, text};

/// Both text formats, each without and with a cache, and what was read written and read again.
pub fn text(bytes: &[u8]) {
    for format in [Format::Text, Format::OpenMetrics] {
        for end in [BodyEnd::Known, BodyEnd::Unknown] {
            read_text(bytes, Options::new(format, end, Timestamp::from_millis(0)));
        }
    }
}

fn read_text(bytes: &[u8], options: Options) {
    let keep = |labels: &ParsedLabels<'_>| Some(Labels::from_pairs(labels.iter()));
    let mut cache = SeriesCache::new(1000);
    let Ok(first) = text::read(bytes, &options, &mut cache, keep) else { return };
    let second = text::read(bytes, &options, &mut cache, keep);
    let again = second.map(|second| second.parsed.samples.len());
    assert_eq!(again, Ok(first.parsed.samples.len()), "a cache changes nothing");
    let body = text::write(&first.parsed.samples, |_| None, options.format, text::Escaping::AllowUtf8);
    let written = text::read(body.as_bytes(), &options, &mut SeriesCache::new(1000), keep);
    assert!(written.is_ok_and(|written| written.parsed.refused.is_empty()), "what is written is read");
}

/// Remote write, both versions: the bytes as a request, and as the message that a request packs.
pub fn remote_write(bytes: &[u8]) {
    use remote_write::{LabelCache, Limits, Version, decode};
    let limits = Limits { unpacked_bytes_max: 1 << 20, ..Limits::default() };
    let packed = remote_write::pack(bytes);
    for version in [Version::V1, Version::V2] {
        let mut cache = LabelCache::new(Interner::default(), 64 << 10);
        for body in [bytes, &packed, &packed] {
            drop(decode(version, body, &limits, &mut cache));
        }
    }
}

/// OTLP metrics in both encodings.
pub fn otlp(bytes: &[u8]) {
    use otlp::{Encoding, Limits, Options, decode};
    let options =
        Options { promote_all_resource_attributes: true, promote_scope_metadata: true, ..Options::default() };
    for encoding in [Encoding::Protobuf, Encoding::Json] {
        drop(decode(encoding, bytes, &options, &Limits::default(), &Interner::default()));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), line in "[a-c]([{ ][ab=\"},# \\\\n]{0,9})? [0-9.# {}]{0,4}\n") {
            for bytes in [&*bytes, line.as_bytes()] {
                super::text(bytes);
                super::remote_write(bytes);
                super::otlp(bytes);
            }
        }
    }
}
