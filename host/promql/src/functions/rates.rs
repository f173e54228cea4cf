//! How fast counters and gauges change: `rate`, `increase`, `delta`, `irate`, `idelta`, `resets`, `changes`.
//!
//! `rate`, `increase` and `delta` extrapolate from the samples to the bounds of the window as Prometheus does: to the
//! bound where it is nearer than 1.1 of the mean distance between samples, else by half of that distance; a counter never
//! below zero (Prometheus documentation, "rate()"; the behaviour is pinned by its test scripts).

use ballast_types::Sample;

use super::{Function, Window, window};

pub(super) fn find(name: &str) -> Option<Function> {
    Some(match name {
        "rate" => window(rate),
        "increase" => window(increase),
        "delta" => window(|w| extrapolated(w, false)),
        "irate" => window(|w| instant(w.samples, true)),
        "idelta" => window(|w| instant(w.samples, false)),
        "resets" => window(|w| Some(count_pairs(w.samples, |before, after| after < before))),
        "changes" => window(|w| Some(count_pairs(w.samples, differ))),
        _ => return None,
    })
}

fn increase(window: &Window<'_>) -> Option<f64> {
    extrapolated(window, true)
}

fn rate(window: &Window<'_>) -> Option<f64> {
    let seconds = (window.bounds.end_ms - window.bounds.start_ms) as f64 / 1000.0;
    increase(window).map(|increase| increase / seconds)
}

/// The change over the whole window, from at least two samples.
fn extrapolated(window: &Window<'_>, is_counter: bool) -> Option<f64> {
    let (first, last) = (window.samples.first()?, window.samples.last()?);
    let gaps = window.samples.len().checked_sub(1).filter(|gaps| *gaps > 0)? as f64;
    let mut change = last.value - first.value;
    if is_counter {
        change += lost_to_resets(window.samples);
    }
    let seconds = |from_ms: i64, to_ms: i64| (to_ms - from_ms) as f64 / 1000.0;
    let sampled = seconds(first.at.as_millis(), last.at.as_millis());
    let gap = sampled / gaps;
    let reach = |distance: f64| if distance >= gap * 1.1 { gap / 2.0 } else { distance };
    let mut before = reach(seconds(window.bounds.start_ms, first.at.as_millis()));
    let after = reach(seconds(last.at.as_millis(), window.bounds.end_ms));
    if is_counter && change > 0.0 && first.value >= 0.0 {
        // The counter was zero that long ago, and not lower before.
        before = before.min(sampled * (first.value / change));
    }
    Some(change * ((sampled + before + after) / sampled))
}

/// What the counter had each time before it began anew.
fn lost_to_resets(samples: &[Sample]) -> f64 {
    pairs(samples).filter(|(before, after)| after < before).map(|(before, _)| before).sum()
}

/// From the last two samples only.
fn instant(samples: &[Sample], is_rate: bool) -> Option<f64> {
    let [.., before, last] = samples else { return None };
    let seconds = (last.at.as_millis() - before.at.as_millis()) as f64 / 1000.0;
    let reset = is_rate && last.value < before.value;
    let change = if reset { last.value } else { last.value - before.value };
    match is_rate {
        true => (seconds > 0.0).then(|| change / seconds),
        false => Some(change),
    }
}

fn differ(before: f64, after: f64) -> bool {
    before != after && !(before.is_nan() && after.is_nan())
}

fn count_pairs(samples: &[Sample], holds: fn(f64, f64) -> bool) -> f64 {
    pairs(samples).filter(|(before, after)| holds(*before, *after)).count() as f64
}

fn pairs(samples: &[Sample]) -> impl Iterator<Item = (f64, f64)> + '_ {
    samples.iter().zip(samples.iter().skip(1)).map(|(before, after)| (before.value, after.value))
}
