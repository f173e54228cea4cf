//! The text formats: Prometheus's 0.0.4 and 1.0.0 (which adds quoted UTF-8 names), and OpenMetrics 1.0.
//!
//! [`read`] makes one pass over the bytes, a line at a time. A line that cannot be read is refused and reported with its
//! line and column; it never spoils the others. What a target's series are called is remembered in a [`SeriesCache`], so
//! that the labels of a line that was seen before are neither parsed nor relabelled again.
//!
//! Invariant: every sample that comes out has labels that the caller made, and none comes twice without a timestamp.

mod cache;
mod cursor;
mod escape;
mod families;
mod line;
mod meta;
mod reader;
mod scan;
mod write;

pub use cache::SeriesCache;
pub use escape::{Escaping, content_type, negotiate};
pub use line::{ParsedLabels, SERIES_BYTES_MAX};
pub use reader::{Options, ReadError, Scraped, read, read_once};
pub use write::write;

/// Which of the formats a body has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Prometheus's text format, 0.0.4 or 1.0.0: timestamps in milliseconds.
    Text,
    /// OpenMetrics 1.0: timestamps in seconds, exemplars, units, created timestamps, `# EOF`.
    OpenMetrics,
}

impl Format {
    /// The format that a content type names; what is not OpenMetrics is taken for the text format.
    pub fn of_content_type(content_type: &str) -> Self {
        let kind = content_type.split(';').next().unwrap_or_default().trim();
        match kind.eq_ignore_ascii_case("application/openmetrics-text") {
            true => Format::OpenMetrics,
            false => Format::Text,
        }
    }
}

/// Whether the end of the body is known to be the end of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyEnd {
    /// The length was announced or the body came in chunks: nothing can be missing.
    Known,
    /// The server just closed the connection: a last line without a line feed may be half a line, and half of `123`
    /// reads as a perfectly good `12`. It is refused.
    Unknown,
}

#[cfg(test)]
mod tests;
