//! The indicator: the share of failed requests, now and since before any deployment that may be suspected.

use ballast_sdk::metrics::Sample;
use ballast_sdk::prelude::*;

use crate::Step;
use crate::parameters::Parameters;
use crate::words::percent;

/// How long before a deployment its predecessor is looked at.
pub(crate) const BEFORE_MS: i64 = 600_000;
const STEP: Duration = Duration::from_secs(5);

/// The share of failed requests over time.
#[derive(Debug)]
pub(crate) struct Errors {
    /// The present one.
    pub(crate) now: f64,
    /// Since when it has been at or above the least that counts, without a break; milliseconds since the epoch.
    pub(crate) onset_ms: i64,
    /// Oldest first.
    samples: Vec<Sample>,
}

/// Reads the indicator; ends the run where there is none or nothing is wrong any more.
pub(crate) fn read(service: &str, parameters: &Parameters) -> Step<Errors> {
    let query = parameters.error_ratio(service);
    let blind =
        |error| Outcome::needs_person(format!("the error ratio of {service} cannot be read: {error}"));
    let Some(now) = metrics::query_one(&query).map_err(blind)? else {
        let text =
            format!("the error ratio of {service} has no value: no requests, or error_ratio_query is wrong");
        return Err(Outcome::needs_person(text));
    };
    let least = parameters.min_error_ratio;
    if now < least {
        let (now, least) = (percent(now), percent(least));
        let text =
            format!("the error ratio of {service} is {now}, below {least}: there is nothing to repair");
        return Err(Outcome::declined(text));
    }
    let samples = history(&query, parameters).map_err(blind)?;
    let onset_ms = onset_ms(&samples, least).unwrap_or_else(timer::now_ms);
    Ok(Errors { now, onset_ms, samples })
}

impl Errors {
    /// The median in a span of time, its end not included; none where nothing was measured. Not the mean: trouble that
    /// is over would make it hide the new one.
    pub(crate) fn median(&self, from_ms: i64, until_ms: i64) -> Option<f64> {
        let inside = |sample: &&Sample| (from_ms..until_ms).contains(&sample.at_ms);
        let mut values: Vec<f64> = self.samples.iter().filter(inside).map(|sample| sample.value).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied()
    }
}

fn history(query: &str, parameters: &Parameters) -> Result<Vec<Sample>> {
    let lookback_ms = u64::try_from(parameters.recent_ms() + BEFORE_MS).unwrap_or_default();
    let series = metrics::query_range(query, Duration::from_millis(lookback_ms), STEP)?;
    let samples = series.into_iter().flat_map(|one| one.samples);
    Ok(samples.filter(|sample| sample.value.is_finite()).collect())
}

/// The first sample of the unbroken run at or above the least that ends with the newest sample.
fn onset_ms(samples: &[Sample], least: f64) -> Option<i64> {
    let failing = samples.iter().rev().take_while(|sample| sample.value >= least);
    failing.last().map(|sample| sample.at_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One column a second; '#' is half of the requests failing, '.' none, ' ' no measurement.
    fn samples(picture: &str) -> Vec<Sample> {
        let value = |c| match c {
            '#' => Some(0.5),
            '.' => Some(0.0),
            _ => None,
        };
        let columns = (0..).step_by(1_000).zip(picture.chars());
        columns.filter_map(|(at_ms, c)| Some(Sample { at_ms, value: value(c)? })).collect()
    }

    #[test]
    fn errors_began_where_the_last_unbroken_run_did() {
        let cases = [
            ("...###", Some(3_000)),
            ("###", Some(0)),
            (".#.##", Some(3_000)),
            ("..# ##", Some(2_000)),
            ("###.", None),
            ("", None),
        ];
        for (picture, onset) in cases {
            assert_eq!(onset_ms(&samples(picture), 0.1), onset, "{picture}");
        }
    }

    #[test]
    fn a_median_takes_only_what_was_measured_in_the_span() {
        let errors = Errors { now: 0.5, onset_ms: 0, samples: samples("..##  ") };
        assert_eq!(errors.median(0, 2_000), Some(0.0));
        assert_eq!(errors.median(0, 4_000), Some(0.5));
        assert_eq!(errors.median(4_000, 9_000), None);
    }
}
