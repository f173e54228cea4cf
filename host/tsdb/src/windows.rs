//! Many windows over one run of samples, such as the steps of a range query: each sample is looked at a few times in all,
//! however many windows it lies in.

use ballast_types::series::is_stale;
use ballast_types::{Sample, TimeRange, WindowSummary};

use crate::chunk::merged;

/// Windows of fewer samples than this are quicker summed up one by one.
const SHORT: usize = 12;
/// By so many windows it is judged how long they are.
const JUDGED: usize = 4;

/// A summary of each window; samples in rising time.
pub(crate) fn of_samples(samples: &[Sample], windows: &[TimeRange]) -> Vec<Option<WindowSummary>> {
    let rising = windows.windows(2).all(|pair| match pair {
        [before, after] => before.start <= after.start && before.end <= after.end,
        _ => true,
    });
    if !rising {
        return windows.iter().map(|window| WindowSummary::of(slice(samples, *window))).collect();
    }
    let some = windows.iter().step_by(windows.len() / JUDGED + 1);
    let longest = some.map(|window| slice(samples, *window).len()).max().unwrap_or_default();
    let mut sliding = Sliding::new(samples);
    match longest < SHORT {
        true => windows.iter().map(|window| sliding.look(*window)).collect(),
        false => windows.iter().map(|window| sliding.advance(*window)).collect(),
    }
}

/// The samples within a range.
pub(crate) fn slice(samples: &[Sample], range: TimeRange) -> &[Sample] {
    let from = samples.partition_point(|sample| sample.at < range.start);
    let to = samples.partition_point(|sample| sample.at <= range.end);
    samples.get(from..to).unwrap_or_default()
}

/// A window that moves forward: `front` has a summary from each of its samples to `middle`, `back` is one summary from
/// there on. Leaving takes nothing from a sum, so nothing cancels.
struct Sliding<'s> {
    samples: &'s [Sample],
    from: usize,
    middle: usize,
    to: usize,
    front: Vec<Option<WindowSummary>>,
    back: Option<WindowSummary>,
}

impl<'s> Sliding<'s> {
    fn new(samples: &'s [Sample]) -> Self {
        Sliding { samples, from: 0, middle: 0, to: 0, front: Vec::new(), back: None }
    }

    /// Sums up a window that begins and ends no earlier than the one before by itself.
    fn look(&mut self, window: TimeRange) -> Option<WindowSummary> {
        let before = |place: usize, is_before: &dyn Fn(&Sample) -> bool| {
            let rest = self.samples.get(place..).unwrap_or_default();
            place + rest.iter().take_while(|sample| is_before(sample)).count()
        };
        self.to = before(self.to, &|sample| sample.at <= window.end);
        self.from = before(self.from, &|sample| sample.at < window.start);
        WindowSummary::of(self.samples.get(self.from..self.to).unwrap_or_default())
    }

    /// Moves on to a window that begins and ends no earlier than the one before.
    fn advance(&mut self, window: TimeRange) -> Option<WindowSummary> {
        while let Some(sample) = self.samples.get(self.to).filter(|sample| sample.at <= window.end) {
            add(&mut self.back, *sample);
            self.to += 1;
        }
        let inside = self.samples.get(self.from..self.to).unwrap_or_default();
        self.from += inside.iter().take_while(|sample| sample.at < window.start).count();
        if self.from > self.middle {
            self.refill();
        }
        let places_left = self.middle - self.from;
        match self.front.len().checked_sub(places_left) {
            Some(place) if places_left > 0 => merged(self.front.get(place).copied().flatten(), self.back),
            _ => self.back,
        }
    }

    /// Makes the whole window the front.
    fn refill(&mut self) {
        self.front.clear();
        let mut window = None;
        for sample in self.samples.get(self.from..self.to).unwrap_or_default().iter().rev() {
            if !is_stale(sample.value) {
                window = merged(Some(WindowSummary::one(*sample)), window);
            }
            self.front.push(window);
        }
        self.front.reverse();
        self.middle = self.to;
        self.back = None;
    }
}

fn add(window: &mut Option<WindowSummary>, sample: Sample) {
    match window {
        _ if is_stale(sample.value) => {}
        Some(window) => window.push(sample),
        None => *window = Some(WindowSummary::one(sample)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ballast_types::Timestamp;
    use ballast_types::series::stale_nan;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn windows_that_move_agree_with_each_alone(
            values in prop::collection::vec(prop_oneof![9 => (0i32..50).prop_map(f64::from), 1 => Just(stale_nan())], 0..200),
            first in -20i64..50, step in 1i64..40, length in prop_oneof![0i64..9, 0i64..150], falling in any::<bool>()
        ) {
            let sample = |(at, value): (usize, &f64)| Sample { at: Timestamp::from_millis(at as i64), value: *value };
            let samples: Vec<Sample> = values.iter().enumerate().map(sample).collect();
            let window = |i: i64| TimeRange {
                start: Timestamp::from_millis(first + i * step),
                end: Timestamp::from_millis(first + i * step + length),
            };
            let mut windows: Vec<TimeRange> = (0..20).map(window).collect();
            if falling {
                windows.reverse();
            }
            let each = windows.iter().map(|window| WindowSummary::of(slice(&samples, *window)));
            prop_assert_eq!(of_samples(&samples, &windows), each.collect::<Vec<_>>());
        }
    }
}
