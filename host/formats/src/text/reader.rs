//! Reads a body: lines to samples by way of the cache, and the exact parser for what the cache does not know.

use ballast_types::ingest::{Exemplar, MetricType};
use ballast_types::{Interner, Labels, Sample, Timestamp};

use super::cache::{Created, Kind, SeriesCache, Touched};
use super::line::{self, ExactLine, ParsedLabels, Tail};
use super::meta::{MetaLine, Says};
use super::scan::{Line, RawSample, Scanner, series_length};
use super::{BodyEnd, Format};
use crate::parsed::{Parsed, Reason, excerpt};

/// How a body is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// The format that the sender claims.
    pub format: Format,
    /// Whether the last line is whole.
    pub end: BodyEnd,
    /// The time of samples that have none of their own.
    pub at: Timestamp,
    /// Whether a sample's own time counts.
    pub honor_timestamps: bool,
    /// Whether series with times of their own are reported as gone, too.
    pub track_timestamps_staleness: bool,
}

impl Options {
    /// Own times count, and series that have them are never gone, as Prometheus does unless told otherwise.
    pub fn new(format: Format, end: BodyEnd, at: Timestamp) -> Self {
        Options { format, end, at, honor_timestamps: true, track_timestamps_staleness: false }
    }
}

/// What a body brought, compared with the one before it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scraped {
    /// What it holds. Metadata and created timestamps are those that changed since the last body.
    pub parsed: Parsed,
    /// Series that the last body did not have.
    pub new: Vec<Labels>,
    /// Series that only the last body had.
    pub gone: Vec<Labels>,
    /// Samples whose series relabelling drops.
    pub dropped: usize,
}

/// Why a body brought nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// A web page, a protocol that was not asked for, or the like.
    #[error("no line of the answer is a metric ({lines_refused} refused); {first}")]
    NotMetrics {
        /// Lines that could not be read.
        lines_refused: usize,
        /// What is wrong with the first.
        first: String,
    },
}

/// Reads a body of a target that `cache` knows. `make` yields the labels of a series that was not there last time; `None`
/// drops it until it is gone. On an error the cache stays as it was.
pub fn read(
    body: &[u8],
    options: &Options,
    cache: &mut SeriesCache,
    make: impl FnMut(&ParsedLabels<'_>) -> Option<Labels>,
) -> Result<Scraped, ReadError> {
    cache.begin();
    cache.families.begin();
    let scanner = Scanner::new(body, options.format, options.end);
    let (group, kind, out) = (Vec::new(), MetricType::Unknown, Scraped::default());
    let mut reader = Reader { options, cache, make, scanner, group, kind, out };
    reader.out.parsed.samples.reserve(reader.cache.len());
    reader.lines();
    let mut out = reader.out;
    let refused = &out.parsed.refused;
    if out.parsed.samples.is_empty() && out.dropped == 0 && refused.count(Reason::Unreadable) > 0 {
        let first = refused.problems().first().cloned().unwrap_or_default();
        return Err(ReadError::NotMetrics { lines_refused: refused.total(), first });
    }
    out.gone = cache.finish();
    out.parsed.metadata = cache.families.finish();
    Ok(out)
}

/// Reads a body that nothing is known about: no cache, the labels as they are.
pub fn read_once(
    body: &[u8],
    options: &Options,
    series_max: usize,
    interner: &Interner,
) -> Result<Parsed, ReadError> {
    let mut cache = SeriesCache::new(series_max);
    read(body, options, &mut cache, |labels| Some(labels.labels(interner))).map(|scraped| scraped.parsed)
}

struct Reader<'o, 'b, 'c, M> {
    options: &'o Options,
    cache: &'c mut SeriesCache,
    make: M,
    scanner: Scanner<'b>,
    /// The slots of the lines since the last `TYPE`.
    group: Vec<u32>,
    /// What the last `TYPE` said.
    kind: MetricType,
    out: Scraped,
}

/// Why a line is not taken: a column from 1 where there is one.
struct Refusal(Reason, Option<usize>, String);

impl<M: FnMut(&ParsedLabels<'_>) -> Option<Labels>> Reader<'_, '_, '_, M> {
    fn lines(&mut self) {
        let mut has_end = false;
        while let Some(line) = self.scanner.next(self.cache.foretold()) {
            let taken = match line {
                Line::Sample(sample) => self.sample(sample),
                Line::Unclear => self.unclear(),
                Line::Meta(meta) => self.meta(meta),
                Line::Blank => Ok(()),
                Line::Unfinished => unreadable(None, "the answer ends in the middle of this line".to_owned()),
                Line::End => {
                    has_end = true;
                    break;
                }
            };
            if let Err(refusal) = taken {
                self.refuse(refusal);
            }
        }
        self.check_end(has_end);
    }

    fn check_end(&mut self, has_end: bool) {
        let reason = match (self.options.format, has_end) {
            (Format::OpenMetrics, false) => "the answer ends without `# EOF`",
            (Format::OpenMetrics, true) if self.scanner.has_more() => "something follows `# EOF`",
            _ => return,
        };
        self.refuse(Refusal(Reason::Unreadable, None, reason.to_owned()));
    }

    #[cold]
    fn refuse(&mut self, Refusal(reason, column, what): Refusal) {
        let line = self.scanner.number.max(1);
        self.out.parsed.refused.refuse(reason, || match column {
            Some(column) => format!("line {line}, column {column}: {what}"),
            None => format!("line {line}: {what}"),
        });
    }

    fn meta(&mut self, meta: MetaLine<'_>) -> Result<(), Refusal> {
        if let Says::BadType(text) = meta.says {
            let text = String::from_utf8_lossy(text);
            return unreadable(None, format!("there is no type {}", excerpt(&text)));
        }
        if let Says::Type(kind) = meta.says {
            self.group.clear();
            self.kind = kind;
        }
        self.cache.families.note(meta);
        Ok(())
    }

    fn sample(&mut self, sample: RawSample<'_>) -> Result<(), Refusal> {
        let known = match sample.is_foretold {
            true => Some(self.cache.foretold_slot()),
            false => self.cache.find(sample.series),
        };
        match known {
            Some(slot) => self.take(slot, &sample),
            None => self.unclear(),
        }
    }

    /// A line that the cache does not know, or that the quick scan could not cut.
    #[cold]
    fn unclear(&mut self) -> Result<(), Refusal> {
        let (text, exact) = exact_line(self.scanner.line, self.options.format)?;
        let start = text.trim_start_matches([' ', '\t']).as_bytes();
        let series = series_length(start).and_then(|length| start.get(..length)).unwrap_or(start);
        let tail = exact.tail;
        let sample =
            RawSample { series, value: tail.value, at: tail.at, exemplar: tail.exemplar, is_foretold: false };
        match self.cache.find(series) {
            Some(slot) => self.take(slot, &sample),
            None => {
                let labels = match self.kind {
                    MetricType::Histogram => exact.labels.with_float("le"),
                    MetricType::Summary => exact.labels.with_float("quantile"),
                    _ => exact.labels,
                };
                let slot = self.add(series, &labels)?;
                self.take(slot, &sample)
            }
        }
    }

    fn add(&mut self, series: &[u8], labels: &ParsedLabels<'_>) -> Result<u32, Refusal> {
        let kind = match self.created(labels) {
            Some(series) => Kind::Created(Box::new(Created { series, at: None })),
            None => (self.make)(labels).map_or(Kind::Dropped, Kind::Series),
        };
        let new = match &kind {
            Kind::Series(labels) => Some(labels.clone()),
            _ => None,
        };
        let Some(slot) = self.cache.add(series, kind) else {
            return Err(Refusal(Reason::SeriesLimit, None, "more series than the limit".to_owned()));
        };
        // An alias of a series that is known is not new.
        if !self.cache.is_alias(slot) {
            self.out.new.extend(new);
        }
        Ok(slot)
    }

    /// The series that a `_created` line speaks of: those with its labels among the lines just before it.
    fn created(&self, labels: &ParsedLabels<'_>) -> Option<Vec<Labels>> {
        let family = labels.name().strip_suffix("_created")?;
        let kind = self.cache.families.kind(family)?;
        if self.options.format != Format::OpenMetrics {
            return None;
        }
        let suffixes: &[&str] = match kind {
            MetricType::Counter => &["_total"],
            MetricType::Histogram => &["_bucket", "_sum", "_count"],
            MetricType::Summary => &["", "_sum", "_count"],
            _ => return None,
        };
        let mut found = Vec::new();
        for (text, series) in self.group.iter().rev().filter_map(|slot| self.cache.series(*slot)) {
            let Some(other) = std::str::from_utf8(text).ok().and_then(ParsedLabels::of_series) else { break };
            match other.name().strip_prefix(family) {
                Some("_created") => continue,
                Some(suffix) if suffixes.contains(&suffix) && same_point(labels, &other) => {
                    // A quantile is no count: it never was zero.
                    found.extend(series.filter(|_| !suffix.is_empty()).cloned());
                }
                _ => break,
            }
        }
        (!found.is_empty()).then_some(found)
    }

    fn take(&mut self, slot: u32, sample: &RawSample<'_>) -> Result<(), Refusal> {
        let own_time = sample.at.filter(|_| self.options.honor_timestamps);
        let ends = own_time.is_none() || self.options.track_timestamps_staleness;
        let at = own_time.unwrap_or(self.options.at);
        if self.options.format == Format::OpenMetrics {
            self.group.push(slot);
        }
        let out = &mut self.out;
        match self.cache.touch(slot, ends) {
            Some(Touched::Series { labels, again }) if again && own_time.is_none() => {
                let what = format!("{} came before; the first counts", excerpt(&labels.to_string()));
                return Err(Refusal(Reason::DuplicateSample, None, what));
            }
            Some(Touched::Series { labels, .. }) => {
                out.parsed.samples.push((labels.clone(), Sample { at, value: sample.value }));
                if let Some(text) = sample.exemplar {
                    return take_exemplar(&mut out.parsed, labels, text, at);
                }
            }
            Some(Touched::Created(created)) => return take_created(&mut out.parsed, created, sample.value),
            Some(Touched::Dropped) | None => out.dropped += 1,
        }
        Ok(())
    }
}

/// A line that the cache does not know, and as much of it as is UTF-8. An exemplar that is none is refused where it is
/// taken, and its sample is kept, as where the cache knows the line.
fn exact_line(line: &[u8], format: Format) -> Result<(&str, ExactLine<'_>), Refusal> {
    let valid = line.utf8_chunks().next().map_or("", |chunk| chunk.valid());
    let exact = line::parse(valid, format);
    if valid.len() == line.len() {
        return exact.map(|exact| (valid, exact)).map_err(|error| {
            let column = valid.get(..error.at).map(|before| before.chars().count() + 1);
            Refusal(Reason::Unreadable, column, error.reason)
        });
    }
    match exact {
        Ok(ExactLine { labels, tail: Tail { exemplar: Some(exemplar), value, at } }) => {
            let exemplar = line.get(valid.len() - exemplar.len()..);
            Ok((valid, ExactLine { labels, tail: Tail { value, at, exemplar } }))
        }
        _ => unreadable(None, "not UTF-8".to_owned()),
    }
}

fn unreadable<T>(column: Option<usize>, what: String) -> Result<T, Refusal> {
    Err(Refusal(Reason::Unreadable, column, what))
}

/// Whether two lines have the same labels but for what tells the series of one histogram or summary apart.
fn same_point(created: &ParsedLabels<'_>, other: &ParsedLabels<'_>) -> bool {
    fn own<'l>(labels: &'l ParsedLabels<'_>) -> impl Iterator<Item = (&'l str, &'l str)> {
        labels.iter().filter(|(name, _)| !matches!(*name, "__name__" | "le" | "quantile"))
    }
    own(created).eq(own(other))
}

fn take_exemplar(parsed: &mut Parsed, series: &Labels, text: &[u8], at: Timestamp) -> Result<(), Refusal> {
    let (labels, value, own_time) =
        line::exemplar(text).map_err(|what| Refusal(Reason::InvalidExemplar, None, what))?;
    let exemplar = Exemplar { labels, value, at: own_time.unwrap_or(at) };
    parsed.exemplars.push((series.clone(), exemplar));
    Ok(())
}

fn take_created(parsed: &mut Parsed, created: &mut Created, seconds: f64) -> Result<(), Refusal> {
    let millis = (seconds * 1000.0).round();
    if !(millis > 0.0 && millis < 9.0e15) {
        let what = format!("{seconds} is no time since when something counts");
        return Err(Refusal(Reason::InvalidCreated, None, what));
    }
    let at = Timestamp::from_millis(millis as i64);
    if created.at != Some(at) {
        created.at = Some(at);
        parsed.created.extend(created.series.iter().map(|labels| (labels.clone(), at)));
    }
    Ok(())
}
