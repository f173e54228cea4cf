//! What was read of a body of samples on its way to the engine, and what is said of samples that were refused.

use ballast_engine::Received;
use ballast_formats::Parsed;
use ballast_types::ingest::{Appended, Refused};

/// What a decoder read, and the first thing that it refused.
pub(crate) fn received(parsed: Parsed) -> (Received, Option<String>) {
    let counts = parsed.refused.counts().iter().map(|(reason, count)| (reason.as_str(), *count));
    let unreadable = counts.collect();
    let first = parsed.refused.problems().first().cloned();
    let Parsed { samples, exemplars, metadata, created, .. } = parsed;
    (Received { samples, exemplars, metadata, created, unreadable }, first)
}

/// What is told of the first sample that was not kept, and how many there were.
pub(crate) fn not_kept(appended: &Appended) -> Option<String> {
    let (reason, labels, at) = appended.first_refused.as_ref()?;
    let more = match appended.refused_total() {
        0 | 1 => String::new(),
        all => format!("; {} more were refused", all - 1),
    };
    Some(format!("{} for series {labels} at {} ms{more}", words(*reason), at.as_millis()))
}

/// Prometheus's words where it has some: senders look for them.
fn words(reason: Refused) -> &'static str {
    match reason {
        Refused::OutOfOrder => "out of order sample",
        Refused::TooOld => "too old sample",
        Refused::Duplicate => "duplicate sample for timestamp",
        Refused::SeriesLimit => "the limit on series is reached",
        Refused::LabelLimit => "too many or too large labels",
        Refused::Timestamp => "out of bounds",
    }
}
