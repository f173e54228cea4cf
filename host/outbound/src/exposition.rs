//! Reads Prometheus' text format 0.0.4: bytes in, samples and problems out. No I/O and no clock here.
//!
//! One pass over the bytes, a line at a time. A line that cannot be read is refused and reported with its number; it
//! never spoils the others. `HELP`, `TYPE` and comments are skipped: a histogram is just its series.
//!
//! Invariant: never panics, whatever the bytes are; every sample that comes out has a metric name and the target's
//! labels, and no two have the same labels.

mod line;
mod merge;

use std::collections::HashSet;

use ballast_ports::{Scrape, ScrapedSample};
use ballast_types::{Labels, Timestamp};

use self::line::ParsedLine;
use self::merge::LabelMerge;

/// Most problems that are kept in words; further ones are only counted.
pub const PROBLEMS_MAX: usize = 10;

/// Whether the end of the body is known to be the end of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyEnd {
    /// The length was announced or the body came in chunks: nothing can be missing.
    Known,
    /// The server just closed the connection: a last line without a line feed may be half a line, and half of `123`
    /// reads as a perfectly good `12`. It is refused.
    Unknown,
}

/// Parses a body. `target` are the labels that every sample gets; where a sample has a label of the same name, the
/// target's wins and the sample's own is kept as `exported_<name>`.
pub fn parse(body: &[u8], target: &Labels, end: BodyEnd) -> Scrape {
    let mut reader =
        Reader { merge: LabelMerge::new(target), seen: HashSet::new(), scrape: Scrape::default() };
    let mut number = 0usize;
    let mut lines = body.split(|byte| *byte == b'\n').peekable();
    while let Some(line) = lines.next() {
        number += 1;
        let is_unfinished = lines.peek().is_none() && end == BodyEnd::Unknown;
        if is_unfinished && !line.trim_ascii().is_empty() {
            reader.refuse(number, "the answer ends in the middle of this line");
        } else {
            reader.line(number, line);
        }
    }
    reader.scrape
}

struct Reader<'t> {
    merge: LabelMerge<'t>,
    seen: HashSet<Labels>,
    scrape: Scrape,
}

impl Reader<'_> {
    fn line(&mut self, number: usize, bytes: &[u8]) {
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        let Ok(text) = std::str::from_utf8(bytes) else {
            return self.refuse(number, "not UTF-8");
        };
        match line::parse(text) {
            Ok(Some(parsed)) => self.sample(number, parsed),
            Ok(None) => {}
            Err(reason) => self.refuse(number, &reason),
        }
    }

    fn sample(&mut self, number: usize, parsed: ParsedLine<'_>) {
        let labels = self.merge.labels(&parsed.labels);
        if !self.seen.insert(labels.clone()) {
            return self.refuse(
                number,
                &format!("{} came before; the first counts", line::excerpt(&labels.to_string())),
            );
        }
        let at = parsed.at_ms.map(Timestamp::from_millis);
        self.scrape.samples.push(ScrapedSample { labels, value: parsed.value, at });
    }

    fn refuse(&mut self, number: usize, reason: &str) {
        self.scrape.lines_refused += 1;
        if self.scrape.problems.len() < PROBLEMS_MAX {
            self.scrape.problems.push(format!("line {number}: {reason}"));
        }
    }
}

#[cfg(test)]
mod tests;
