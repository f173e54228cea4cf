//! Results of queries as JSON, written straight to bytes: a range of a hundred series has a hundred thousand points, and a
//! tree of JSON values would cost more than their evaluation.
//!
//! An instant that many series share is formatted once; a label set is escaped once a series.

use ballast_engine::{Answer, Value};
use ballast_types::{Labels, Sample, Series, Timestamp};

use super::number::{push_seconds, push_value};

/// What a point takes, roughly.
const POINT_BYTES: usize = 34;
/// What the labels of a series take, roughly.
const SERIES_BYTES: usize = 160;
/// Most instants whose texts are kept.
const INSTANTS_MAX: usize = 11_000;

/// The whole envelope with the result of a query evaluated at `at`.
pub(crate) fn envelope(answer: &Answer, at: Timestamp) -> Vec<u8> {
    let mut out = Vec::with_capacity(256 + room(&answer.value));
    out.extend_from_slice(br#"{"status":"success","data":{"resultType":""#);
    out.extend_from_slice(kind(&answer.value).as_bytes());
    out.extend_from_slice(br#"","result":"#);
    push_result(&mut out, &answer.value, at);
    out.push(b'}');
    push_notes(&mut out, &answer.warnings, &answer.infos);
    out.push(b'}');
    out
}

/// The whole envelope with a list of label sets.
pub(crate) fn label_sets(sets: &[Labels], warnings: &[String]) -> Vec<u8> {
    let mut out = Vec::with_capacity(64 + sets.len() * SERIES_BYTES);
    out.extend_from_slice(br#"{"status":"success","data":"#);
    push_list(&mut out, sets, push_labels);
    push_notes(&mut out, warnings, &[]);
    out.push(b'}');
    out
}

/// The whole envelope with a list of texts.
pub(crate) fn texts<T: AsRef<str>>(texts: &[T], warnings: &[String]) -> Vec<u8> {
    let mut out = Vec::with_capacity(64 + texts.iter().map(|text| text.as_ref().len() + 3).sum::<usize>());
    out.extend_from_slice(br#"{"status":"success","data":"#);
    push_list(&mut out, texts, |out, text| push_text(out, text.as_ref()));
    push_notes(&mut out, warnings, &[]);
    out.push(b'}');
    out
}

fn room(value: &Value) -> usize {
    match value {
        Value::Matrix(series) => {
            series.iter().map(|series| SERIES_BYTES + series.samples.len() * POINT_BYTES).sum()
        }
        Value::Vector(samples) => samples.len() * (SERIES_BYTES + POINT_BYTES),
        Value::Scalar(_) | Value::String(_) => 0,
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Scalar(_) => "scalar",
        Value::Vector(_) => "vector",
        Value::Matrix(_) => "matrix",
        Value::String(_) => "string",
    }
}

fn push_result(out: &mut Vec<u8>, value: &Value, at: Timestamp) {
    match value {
        Value::Scalar(sample) => push_point(out, sample),
        Value::String(text) => {
            out.push(b'[');
            push_seconds(out, at);
            out.push(b',');
            push_text(out, text);
            out.push(b']');
        }
        Value::Vector(samples) => push_list(out, samples, |out, each| {
            out.extend_from_slice(br#"{"metric":"#);
            push_labels(out, &each.labels);
            out.extend_from_slice(br#","value":"#);
            push_point(out, &Sample { at: each.at, value: each.value });
            out.push(b'}');
        }),
        Value::Matrix(series) => {
            let mut instants = Instants::default();
            push_list(out, series, |out, each| push_series(out, each, &mut instants));
        }
    }
}

fn push_series(out: &mut Vec<u8>, series: &Series, instants: &mut Instants) {
    out.extend_from_slice(br#"{"metric":"#);
    push_labels(out, &series.labels);
    out.extend_from_slice(br#","values":"#);
    instants.rewind();
    push_list(out, &series.samples, |out, sample| {
        instants.push(out, sample.at);
        push_value(out, sample.value);
        out.extend_from_slice(br#""]"#);
    });
    out.push(b'}');
}

fn push_point(out: &mut Vec<u8>, sample: &Sample) {
    out.push(b'[');
    push_seconds(out, sample.at);
    out.extend_from_slice(br#",""#);
    push_value(out, sample.value);
    out.extend_from_slice(br#""]"#);
}

/// The texts of the instants seen so far, in order of time. Series of one range share them.
#[derive(Default)]
struct Instants {
    /// When, and where its text (`[1738324800,"`) ends; it begins where the one before ends.
    known: Vec<(Timestamp, usize)>,
    texts: Vec<u8>,
    next: usize,
}

impl Instants {
    /// A new series begins.
    fn rewind(&mut self) {
        self.next = 0;
    }

    fn push(&mut self, out: &mut Vec<u8>, at: Timestamp) {
        while self.known.get(self.next).is_some_and(|(known, _)| *known < at) {
            self.next += 1;
        }
        match self.known.get(self.next) {
            Some((known, end)) if *known == at => {
                let start =
                    self.next.checked_sub(1).and_then(|i| self.known.get(i)).map_or(0, |(_, end)| *end);
                out.extend_from_slice(self.texts.get(start..*end).unwrap_or_default());
                self.next += 1;
            }
            None if self.known.len() < INSTANTS_MAX => {
                let start = self.texts.len();
                push_opening(&mut self.texts, at);
                self.known.push((at, self.texts.len()));
                self.next += 1;
                out.extend_from_slice(self.texts.get(start..).unwrap_or_default());
            }
            // Between two that are known: not a range of common steps.
            _ => push_opening(out, at),
        }
    }
}

fn push_opening(out: &mut Vec<u8>, at: Timestamp) {
    out.push(b'[');
    push_seconds(out, at);
    out.extend_from_slice(br#",""#);
}

/// Appends a label set as an object.
pub(crate) fn push_labels(out: &mut Vec<u8>, labels: &Labels) {
    let mut separator = b'{';
    for (name, value) in labels.iter() {
        out.push(separator);
        push_text(out, name);
        out.push(b':');
        push_text(out, value);
        separator = b',';
    }
    if separator == b'{' {
        out.push(b'{');
    }
    out.push(b'}');
}

/// Appends a list; `push` appends an element.
pub(crate) fn push_list<T>(out: &mut Vec<u8>, list: &[T], mut push: impl FnMut(&mut Vec<u8>, &T)) {
    out.push(b'[');
    for (index, element) in list.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        push(out, element);
    }
    out.push(b']');
}

/// Appends a string.
pub(crate) fn push_text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let plain = |byte: u8| byte >= 0x20 && byte != b'"' && byte != b'\\';
    if text.bytes().all(plain) {
        out.extend_from_slice(text.as_bytes());
    } else {
        text.bytes().for_each(|byte| push_escaped(out, byte));
    }
    out.push(b'"');
}

fn push_escaped(out: &mut Vec<u8>, byte: u8) {
    match byte {
        b'"' => out.extend_from_slice(br#"\""#),
        b'\\' => out.extend_from_slice(br"\\"),
        b'\n' => out.extend_from_slice(br"\n"),
        b'\r' => out.extend_from_slice(br"\r"),
        b'\t' => out.extend_from_slice(br"\t"),
        0..0x20 => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
        _ => out.push(byte),
    }
}

/// Appends what there is to say about a result: nothing where there is nothing.
fn push_notes(out: &mut Vec<u8>, warnings: &[String], infos: &[String]) {
    for (key, notes) in [("warnings", warnings), ("infos", infos)] {
        if !notes.is_empty() {
            out.extend_from_slice(format!(",\"{key}\":").as_bytes());
            push_list(out, notes, |out, note| push_text(out, note));
        }
    }
}

#[cfg(test)]
mod tests;
