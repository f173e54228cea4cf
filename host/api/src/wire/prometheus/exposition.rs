//! Samples in Prometheus's text format, with their timestamps. Names beyond the old alphabet are quoted, as version 1.0.0
//! of the format does.

use ballast_types::labels::METRIC_NAME;
use ballast_types::{Labels, Sample};

use super::number::push_value;

/// The format's media type.
pub(crate) const MEDIA_TYPE: &str = "text/plain; version=1.0.0; charset=utf-8; escaping=allow-utf-8";

/// The samples by metric name; series without one are left out.
pub(crate) fn text(samples: &[(Labels, Sample)]) -> Vec<u8> {
    let mut named: Vec<(&str, &Labels, &Sample)> =
        samples.iter().filter_map(|(labels, sample)| Some((labels.metric_name()?, labels, sample))).collect();
    named.sort_by_key(|(name, ..)| *name);
    let (mut out, mut last) = (Vec::new(), None);
    for (name, labels, sample) in named {
        if last != Some(name) {
            out.extend_from_slice(b"# TYPE ");
            push_name(&mut out, name);
            out.extend_from_slice(b" untyped\n");
            last = Some(name);
        }
        push_series(&mut out, name, labels);
        out.push(b' ');
        push_value(&mut out, sample.value);
        out.extend_from_slice(format!(" {}\n", sample.at.as_millis()).as_bytes());
    }
    out
}

fn push_series(out: &mut Vec<u8>, name: &str, labels: &Labels) {
    let is_plain = is_plain(name, true);
    let mut separator = b'{';
    if is_plain {
        out.extend_from_slice(name.as_bytes());
    } else {
        out.push(b'{');
        push_quoted(out, name);
        separator = b',';
    }
    for (name, value) in labels.iter().filter(|(name, _)| *name != METRIC_NAME) {
        out.push(separator);
        match self::is_plain(name, false) {
            true => out.extend_from_slice(name.as_bytes()),
            false => push_quoted(out, name),
        }
        out.push(b'=');
        push_quoted(out, value);
        separator = b',';
    }
    if separator == b',' {
        out.push(b'}');
    }
}

fn push_name(out: &mut Vec<u8>, name: &str) {
    match is_plain(name, true) {
        true => out.extend_from_slice(name.as_bytes()),
        false => push_quoted(out, name),
    }
}

fn is_plain(name: &str, colons: bool) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_' || (colons && byte == b':');
    let mut bytes = name.bytes();
    bytes.next().is_some_and(letter) && bytes.all(|byte| letter(byte) || byte.is_ascii_digit())
}

fn push_quoted(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' => out.extend_from_slice(br#"\""#),
            b'\\' => out.extend_from_slice(br"\\"),
            b'\n' => out.extend_from_slice(br"\n"),
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use ballast_formats::text::{BodyEnd, Format, Options, read_once};
    use ballast_types::{Interner, Timestamp};

    #[test]
    fn what_is_written_is_read_back() {
        let at = Timestamp::from_millis(1_500);
        let one = |pairs: &[(&str, &str)], value| (Labels::from_pairs(pairs.to_vec()), Sample { at, value });
        let samples = [
            one(&[("__name__", "plain"), ("a", "x\"\\\ny"), ("odd.label", "ü")], 1e-9),
            one(&[("__name__", "bare")], f64::INFINITY),
            one(&[("__name__", "odd.name"), ("a", "b")], 3.0),
            one(&[("a", "nameless")], 4.0),
        ];
        let text = text(&samples);
        insta::assert_snapshot!(String::from_utf8(text.clone()).unwrap(), @r#"
        # TYPE bare untyped
        bare +Inf 1500
        # TYPE "odd.name" untyped
        {"odd.name",a="b"} 3 1500
        # TYPE plain untyped
        plain{a="x\"\\\ny","odd.label"="ü"} 1e-09 1500
        "#);
        let options = Options::new(Format::Text, BodyEnd::Known, Timestamp::default());
        let mut read = read_once(&text, &options, 10, &Interner::default()).unwrap();
        assert!(read.refused.is_empty(), "{:?}", read.refused);
        read.samples.sort_by(|a, b| a.0.cmp(&b.0));
        let mut expected = samples[..3].to_vec();
        expected.sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!(read.samples, expected);
    }
}
