//! Values under way: for each series one number an instant, with a marker where the series is not there.
//!
//! The marker is the bit pattern of Prometheus's staleness marker: it never leaves a store as a value, and no arithmetic
//! yields it, since it is a signalling NaN and results are quiet. Invariant: a frame has at least one instant, and as many
//! numbers as series times instants; no two of its columns have the same labels and are there at the same instant.

use std::ops::Deref;
use std::sync::Arc;

use ballast_types::series::STALE_NAN_BITS;
use ballast_types::{Labels, Sample, Series};

pub(crate) use crate::functions::window::Bounds;
use crate::plan::Extended;
use crate::reserved::without_reserved;

/// What stands where a series has no value.
pub(crate) const ABSENT: f64 = f64::from_bits(STALE_NAN_BITS);

/// Whether a number is one.
#[inline]
pub(crate) fn is_present(value: f64) -> bool {
    value.to_bits() != STALE_NAN_BITS
}

/// What a column or a window belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) labels: Labels,
    /// The metric name is to be dropped from the result.
    pub(crate) drop_name: bool,
}

impl Header {
    /// Labels that stay as they are.
    pub(crate) fn new(labels: Labels) -> Self {
        Header { labels, drop_name: false }
    }

    /// The labels as a result shows them.
    pub(crate) fn shown(&self) -> Labels {
        if self.drop_name { without_reserved(&self.labels) } else { self.labels.clone() }
    }
}

/// An instant vector at each instant of a grid.
#[derive(Clone, Debug, Default)]
pub(crate) struct Frame {
    steps: usize,
    headers: Vec<Header>,
    values: Vec<f64>,
}

impl Frame {
    /// No series.
    pub(crate) fn new(steps: usize) -> Self {
        Frame { steps, headers: Vec::new(), values: Vec::new() }
    }

    /// No series yet, and room for some.
    pub(crate) fn with_room(steps: usize, columns: usize) -> Self {
        Frame {
            steps,
            headers: Vec::with_capacity(columns),
            values: Vec::with_capacity(columns.saturating_mul(steps)),
        }
    }

    /// How many instants.
    pub(crate) fn steps(&self) -> usize {
        self.steps
    }

    /// How many series.
    pub(crate) fn len(&self) -> usize {
        self.headers.len()
    }

    /// How many numbers.
    pub(crate) fn size(&self) -> usize {
        self.values.len()
    }

    /// The series.
    pub(crate) fn headers(&self) -> &[Header] {
        &self.headers
    }

    /// The series, to be changed. Columns must stay different.
    pub(crate) fn headers_mut(&mut self) -> &mut [Header] {
        &mut self.headers
    }

    /// All numbers, one column after the other.
    pub(crate) fn values_mut(&mut self) -> &mut [f64] {
        &mut self.values
    }

    /// The numbers of one series.
    pub(crate) fn column(&self, index: usize) -> &[f64] {
        let from = index * self.steps;
        self.values.get(from..from + self.steps).unwrap_or_default()
    }

    /// The series with their numbers.
    pub(crate) fn columns(&self) -> impl Iterator<Item = (&Header, &[f64])> {
        self.headers.iter().zip(self.values.chunks_exact(self.steps.max(1)))
    }

    /// The numbers of each series, to be changed.
    pub(crate) fn columns_mut(&mut self) -> impl Iterator<Item = (&mut Header, &mut [f64])> {
        self.headers.iter_mut().zip(self.values.chunks_exact_mut(self.steps.max(1)))
    }

    /// Adds a series with one number an instant.
    pub(crate) fn push(&mut self, header: Header, values: impl IntoIterator<Item = f64>) {
        self.headers.push(header);
        self.values.extend(values.into_iter().take(self.steps));
        self.values.resize(self.headers.len() * self.steps, ABSENT);
    }

    /// Adds a series that is nowhere yet, and gives its numbers.
    pub(crate) fn push_absent(&mut self, header: Header) -> &mut [f64] {
        let from = self.values.len();
        self.push(header, []);
        self.values.get_mut(from..).unwrap_or_default()
    }

    /// Drops the series that are there at no instant.
    pub(crate) fn compact(&mut self) {
        let steps = self.steps.max(1);
        let kept: Vec<bool> =
            self.values.chunks_exact(steps).map(|column| column.iter().any(|v| is_present(*v))).collect();
        if kept.iter().all(|kept| *kept) {
            return;
        }
        let mut to = 0;
        for (from, _) in kept.iter().enumerate().filter(|(_, kept)| **kept) {
            if from != to {
                self.values.copy_within(from * steps..(from + 1) * steps, to * steps);
                self.headers.swap(from, to);
            }
            to += 1;
        }
        self.values.truncate(to * steps);
        self.headers.truncate(to);
    }

    /// The series in another order: those of these indices.
    pub(crate) fn pick(&self, order: &[usize]) -> Frame {
        let mut picked = Frame::with_room(self.steps, order.len());
        for index in order {
            if let Some(header) = self.headers.get(*index) {
                picked.push(header.clone(), self.column(*index).iter().copied());
            }
        }
        picked
    }
}

/// Samples of one series, shared with what was read where nothing had to be left out.
#[derive(Clone, Debug)]
pub(crate) enum Samples {
    /// Those of the series of this index.
    Shared(Arc<Vec<Series>>, usize),
    /// Its own.
    Own(Vec<Sample>),
}

impl Deref for Samples {
    type Target = [Sample];
    fn deref(&self) -> &[Sample] {
        match self {
            Samples::Shared(all, index) => all.get(*index).map_or(&[], |series| &series.samples),
            Samples::Own(samples) => samples,
        }
    }
}

/// Windows of series: all samples once, and the bounds at each instant.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tracks {
    pub(crate) tracks: Vec<(Header, Samples)>,
    /// In rising order, one an instant.
    pub(crate) windows: Vec<Bounds>,
    /// `anchored` or `smoothed`
    pub(crate) extended: Option<Extended>,
}

impl Tracks {
    /// How many samples are its own.
    pub(crate) fn size(&self) -> usize {
        let own = |samples: &Samples| match samples {
            Samples::Shared(..) => 0,
            Samples::Own(samples) => samples.len(),
        };
        self.tracks.iter().map(|(_, samples)| own(samples)).sum()
    }
}

/// Slices of samples within windows that only move forward.
pub(crate) struct Slider<'s> {
    samples: &'s [Sample],
    from: usize,
    to: usize,
}

impl<'s> Slider<'s> {
    /// Before the first window.
    pub(crate) fn new(samples: &'s [Sample]) -> Self {
        Slider { samples, from: 0, to: 0 }
    }

    /// The places of the samples after the start and up to the end of the next window.
    #[inline]
    pub(crate) fn advance(&mut self, window: Bounds) -> (usize, usize) {
        let rest = |at: usize| self.samples.get(at..).unwrap_or_default();
        self.to += rest(self.to).iter().take_while(|s| s.at.as_millis() <= window.end_ms).count();
        self.from += rest(self.from).iter().take_while(|s| s.at.as_millis() <= window.start_ms).count();
        (self.from, self.to.max(self.from))
    }

    /// The samples after the start and up to the end of the next window.
    pub(crate) fn next(&mut self, window: Bounds) -> &'s [Sample] {
        let (from, to) = self.advance(window);
        self.samples.get(from..to).unwrap_or_default()
    }
}
