//! Sums and extremes of windows that move over a series, kept in two halves: what all that is left of the earlier half
//! comes to, and what the later half does, so that each sample is taken up twice at most.
//!
//! Where the earlier half is used up the later becomes it. Nothing is ever taken away from a sum, so nothing is lost.

use ballast_types::Sample;

use super::sliding::{Part, Track, each_part};
use super::window::Bounds;
use crate::numeric::{larger, smaller};

/// What samples come to, put together from parts in their order.
pub(super) trait Fold: Copy {
    /// Of one value.
    fn one(value: f64) -> Self;
    /// Of these and of later ones.
    fn with(self, later: Self) -> Self;
}

/// Fills in what `value` makes of what each window comes to, and of its samples.
#[inline]
pub(super) fn each_fold<F: Fold>(
    track: Track<'_>,
    values: &mut [f64],
    value: impl Fn(F, &[Sample], Bounds) -> f64,
) {
    let mut halves = Halves::<F> { earlier: Vec::new(), later: None, middle: 0, to: 0 };
    each_part(track, values, |part, bounds| Some(value(halves.fold(part)?, part.samples(), bounds)));
}

struct Halves<F> {
    /// What comes from each sample of the earlier half on to the half's end; the earliest is the last.
    earlier: Vec<F>,
    later: Option<F>,
    /// Where the halves meet.
    middle: usize,
    /// Where the later half ends.
    to: usize,
}

impl<F: Fold> Halves<F> {
    #[inline]
    fn fold(&mut self, part: &Part<'_>) -> Option<F> {
        if part.from >= self.middle {
            self.turn(part);
        } else {
            self.earlier.truncate(self.middle - part.from);
            let new = part.all.get(self.to..part.to).unwrap_or_default();
            for one in new.iter().map(|sample| F::one(sample.value)) {
                self.later = Some(self.later.map_or(one, |later| later.with(one)));
            }
            self.to = part.to;
        }
        match (self.earlier.last(), self.later) {
            (Some(earlier), Some(later)) => Some(earlier.with(later)),
            (earlier, later) => earlier.copied().or(later),
        }
    }

    /// Makes all of the window the earlier half.
    fn turn(&mut self, part: &Part<'_>) {
        self.earlier.clear();
        self.later = None;
        (self.middle, self.to) = (part.to, part.to);
        let mut later: Option<F> = None;
        for one in part.samples().iter().rev().map(|sample| F::one(sample.value)) {
            let both = later.map_or(one, |later| one.with(later));
            self.earlier.push(both);
            later = Some(both);
        }
    }
}

/// A sum with what rounding took from it, by Neumaier's method.
#[derive(Clone, Copy)]
pub(super) struct Sum {
    pub(super) sum: f64,
    pub(super) lost: f64,
}

impl Sum {
    /// Whether it may be used: an infinite or NaN sum may have overflowed on the way, which only the samples tell.
    pub(super) fn is_finite(self) -> bool {
        self.sum.is_finite() && self.lost.is_finite()
    }
}

impl Fold for Sum {
    fn one(value: f64) -> Self {
        Sum { sum: value, lost: 0.0 }
    }

    #[inline]
    fn with(self, later: Self) -> Self {
        let sum = self.sum + later.sum;
        let (large, small) =
            if self.sum.abs() >= later.sum.abs() { (self.sum, later.sum) } else { (later.sum, self.sum) };
        Sum { sum, lost: self.lost + later.lost + ((large - sum) + small) }
    }
}

/// The smallest; NaN only where there is nothing else.
#[derive(Clone, Copy)]
pub(super) struct Smallest(pub(super) f64);

impl Fold for Smallest {
    fn one(value: f64) -> Self {
        Smallest(value)
    }

    #[inline]
    fn with(self, later: Self) -> Self {
        Smallest(smaller(self.0, later.0))
    }
}

/// The largest; NaN only where there is nothing else.
#[derive(Clone, Copy)]
pub(super) struct Largest(pub(super) f64);

impl Fold for Largest {
    fn one(value: f64) -> Self {
        Largest(value)
    }

    #[inline]
    fn with(self, later: Self) -> Self {
        Largest(larger(self.0, later.0))
    }
}
